//! Reads `campaigns`: what a brand calls its own from one day to another.

use super::form::{Wrong, phrase};
use super::problem::instead;
use super::section::Raw;
use crate::domain::{Campaign, Instant, PerMillion};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The keys of one campaign; the first four are needed, the others stand in for the brand's own.
const KEYS: [&str; 7] = ["name", "terms", "from", "to", "storm_at", "alert_at", "look_at"];

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
    let Raw::List(list) = raw else {
        return Err(format!("wrong form: {}", raw.is()).into());
    };
    list.iter().map(one).collect()
}

fn one(raw: &Raw) -> Result<Written, Wrong> {
    let Raw::Table(keys) = raw else {
        return Err(format!("wrong form: {} in the list", raw.is()).into());
    };
    if let Some((key, _)) = keys.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        let what = format!("unknown key `{key}` in a campaign");
        return Err(Wrong { what, remedy: Some(instead(key, &KEYS)) });
    }
    let find = |key: &str| keys.iter().find(|(name, _)| name == key).map(|(_, raw)| raw);
    let name = match find("name") {
        Some(Raw::Text(name)) if !name.trim().is_empty() => name.trim().to_owned(),
        Some(Raw::Text(_)) | None => return Err("a campaign without a name".to_owned().into()),
        Some(other) => return Err(odd("a campaign", "name", other)),
    };
    let whose = format!("campaign `{name}`");
    let terms = match find("terms") {
        Some(Raw::List(list)) if !list.is_empty() => list.iter().map(|raw| match raw {
            Raw::Text(text) => phrase(text).map_err(Wrong::from),
            other => Err(odd(&whose, "terms", other)),
        }),
        Some(Raw::List(_)) | None => return Err(format!("{whose} has no terms").into()),
        Some(other) => return Err(odd(&whose, "terms", other)),
    };
    let terms = terms.collect::<Result<_, _>>()?;
    let day = |key: &str| match find(key) {
        Some(Raw::Text(text) | Raw::Date(text)) => text.parse::<Date>().map_err(|_| {
            let remedy = format!("Write {key} as year, month, day, as in {key} = \"2026-09-01\".");
            let what = format!("{whose}: `{text}` is no day");
            Wrong { what, remedy: Some(remedy) }
        }),
        None => Err(format!("{whose} has no day `{key}`").into()),
        Some(other) => Err(odd(&whose, key, other)),
    };
    let share = |key: &str| match find(key) {
        Some(Raw::Decimal(x)) if (0.0..=1.0).contains(x) => Ok(Some(PerMillion::from_share(*x))),
        Some(Raw::Whole(n @ (0 | 1))) => Ok(Some(PerMillion::from_share(*n as f64))),
        Some(Raw::Decimal(_) | Raw::Whole(_)) => {
            let remedy = format!("Write a share between 0 and 1, as in {key} = 0.7.");
            Err(Wrong { what: format!("{whose}: `{key}` is no share"), remedy: Some(remedy) })
        }
        Some(other) => Err(odd(&whose, key, other)),
        None => Ok(None),
    };
    let storm_at = match find("storm_at") {
        Some(Raw::Whole(n)) => {
            Some(u32::try_from(*n).ok().filter(|n| *n > 0).ok_or_else(|| {
                let remedy = "Write how many people make a storm, as in storm_at = 100.".to_owned();
                Wrong { what: format!("{whose}: `storm_at` is {n}"), remedy: Some(remedy) }
            })?)
        }
        Some(other) => return Err(odd(&whose, "storm_at", other)),
        None => None,
    };
    let (from, to) = (day("from")?, day("to")?);
    let (alert_at, look_at) = (share("alert_at")?, share("look_at")?);
    Ok(Written { name, terms, from, to, storm_at, alert_at, look_at })
}

fn odd(whose: &str, key: &str, raw: &Raw) -> Wrong {
    format!("{whose}: `{key}` is {}", raw.is()).into()
}
