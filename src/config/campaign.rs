//! Reads `campaigns`: what a brand calls its own from one day to another.

use super::form::Wrong;
use super::inner::Inner;
use super::section::Raw;
use crate::domain::{Campaign, Instant, PerMillion};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The keys of one campaign; the first four are needed, the others stand in for the brand's own.
const KEYS: [&str; 7] = ["name", "terms", "from", "to", "storm_at", "alert_at", "look_at"];

/// A day, for whoever writes one otherwise.
const EXAMPLE: &str = "2026-09-01";

/// A campaign as it is written; its days belong to no zone yet.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub name: String,
    terms: Vec<String>,
    /// Its first day.
    from: Date,
    /// Its last day.
    to: Date,
    storm_at: Option<u32>,
    pub alert_at: Option<PerMillion>,
    pub look_at: Option<PerMillion>,
}

impl Written {
    /// Whether its last day comes before its first.
    pub(super) fn ends_early(&self) -> bool {
        self.to < self.from
    }

    /// With its days in the brand's zone; the last one counts to its end.
    pub(super) fn in_zone(self, zone: &TimeZone) -> Campaign {
        let begin = |day: Date| {
            day.to_zoned(zone.clone()).map(|day| Instant(day.timestamp().as_millisecond()))
        };
        Campaign {
            name: self.name,
            terms: self.terms,
            // Only days at the ends of the calendar have no beginning.
            from: begin(self.from).unwrap_or(Instant(i64::MIN)),
            to: self.to.tomorrow().and_then(begin).unwrap_or(Instant(i64::MAX)),
            storm_at: self.storm_at,
            alert_at: self.alert_at,
            look_at: self.look_at,
        }
    }
}

/// Reads a list of campaigns.
pub(super) fn read(raw: &Raw) -> Result<Vec<Written>, Wrong> {
    Inner::list(raw, "a campaign", &KEYS, one)
}

fn one(inner: &Inner<'_>) -> Result<Written, Wrong> {
    let Some(name) = inner.words("name")?.filter(|name| !name.is_empty()) else {
        return Err("a campaign without a name".to_owned().into());
    };
    let inner = inner.called(format!("campaign `{name}`"));
    let terms = inner.phrases("terms")?.ok_or_else(|| inner.lacks("terms"))?;
    let (from, to) = (inner.day("from", EXAMPLE)?, inner.day("to", EXAMPLE)?);
    let (alert_at, look_at) = (share(&inner, "alert_at")?, share(&inner, "look_at")?);
    let storm_at = inner.number("storm_at")?.map(|n| {
        u32::try_from(n).ok().filter(|n| *n > 0).ok_or_else(|| {
            let remedy = "Write how many people make a storm, as in storm_at = 100.".to_owned();
            inner.wrong(&format!("`storm_at` is {n}"), remedy)
        })
    });
    let (name, storm_at) = (name.to_owned(), storm_at.transpose()?);
    Ok(Written { name, terms, from, to, storm_at, alert_at, look_at })
}

fn share(inner: &Inner<'_>, key: &str) -> Result<Option<PerMillion>, Wrong> {
    match inner.find(key) {
        Some(Raw::Decimal(x)) if (0.0..=1.0).contains(x) => Ok(Some(PerMillion::from_share(*x))),
        Some(Raw::Whole(n @ (0 | 1))) => Ok(Some(PerMillion::from_share(*n as f64))),
        Some(Raw::Decimal(_) | Raw::Whole(_)) => {
            let remedy = format!("Write a share between 0 and 1, as in {key} = 0.7.");
            Err(inner.wrong(&format!("`{key}` is no share"), remedy))
        }
        Some(other) => Err(inner.odd(key, other)),
        None => Ok(None),
    }
}
