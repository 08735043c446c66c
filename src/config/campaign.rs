//! Reads `campaigns`: what a brand calls its own from one day to another.

use super::form::{Wrong, phrase};
use super::problem::instead;
use super::section::Raw;
use crate::domain::{Campaign, Instant};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The keys of one campaign; all are needed.
const KEYS: [&str; 4] = ["name", "terms", "from", "to"];

/// A campaign as it is written; its days belong to no zone yet.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub name: String,
    terms: Vec<String>,
    /// Its first day.
    from: Date,
    /// Its last day.
    to: Date,
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
    let (from, to) = (day("from")?, day("to")?);
    Ok(Written { name, terms, from, to })
}

fn odd(whose: &str, key: &str, raw: &Raw) -> Wrong {
    format!("{whose}: `{key}` is {}", raw.is()).into()
}
