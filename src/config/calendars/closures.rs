//! Reads `closures`: days on which a company is closed, and countries whose holidays it keeps.

use crate::config::form::Wrong;
use crate::config::problem::{instead, nearest};
use crate::config::section::Raw;
use crate::domain::hours::Region;
use jiff::civil::Date;

/// The keys of one closure; all are needed.
const KEYS: [&str; 3] = ["name", "from", "to"];

/// A closure as it is written.
#[derive(Clone, Debug)]
pub(in crate::config) struct Closure {
    pub name: String,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
}

/// Reads a list of closures.
pub(in crate::config) fn read(raw: &Raw) -> Result<Vec<Closure>, Wrong> {
    let Raw::List(list) = raw else {
        return Err(format!("wrong form: {}", raw.is()).into());
    };
    list.iter().map(one).collect()
}

fn one(raw: &Raw) -> Result<Closure, Wrong> {
    let Raw::Table(keys) = raw else {
        return Err(format!("wrong form: {} in the list", raw.is()).into());
    };
    if let Some((key, _)) = keys.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        let what = format!("unknown key `{key}` in a closure");
        return Err(Wrong { what, remedy: Some(instead(key, &KEYS)) });
    }
    let find = |key: &str| keys.iter().find(|(name, _)| name == key).map(|(_, raw)| raw);
    let name = match find("name") {
        Some(Raw::Text(name)) if !name.trim().is_empty() => name.trim().to_owned(),
        Some(Raw::Text(_)) | None => return Err("a closure without a name".to_owned().into()),
        Some(other) => return Err(odd("a closure", "name", other)),
    };
    let whose = format!("closure `{name}`");
    let day = |key: &str| match find(key) {
        Some(Raw::Text(text) | Raw::Date(text)) => text.parse::<Date>().map_err(|_| {
            let remedy = format!("Write {key} as year, month, day, as in {key} = \"2026-08-10\".");
            let what = format!("{whose}: `{text}` is no day");
            Wrong { what, remedy: Some(remedy) }
        }),
        None => Err(format!("{whose} has no day `{key}`").into()),
        Some(other) => Err(odd(&whose, key, other)),
    };
    let (from, to) = (day("from")?, day("to")?);
    if to < from {
        let remedy = "Write its first day into from and its last day into to.".to_owned();
        let what = format!("{whose} ends before it begins");
        return Err(Wrong { what, remedy: Some(remedy) });
    }
    Ok(Closure { name, from, to })
}

fn odd(whose: &str, key: &str, raw: &Raw) -> Wrong {
    format!("{whose}: `{key}` is {}", raw.is()).into()
}

/// Reads a country or region, or a list of them.
pub(in crate::config) fn regions(raw: &Raw) -> Result<Vec<Region>, Wrong> {
    match raw {
        Raw::Text(code) => Ok(vec![region(code)?]),
        Raw::List(list) => list
            .iter()
            .map(|raw| match raw {
                Raw::Text(code) => region(code),
                other => Err(format!("wrong form: {} in the list", other.is()).into()),
            })
            .collect(),
        other => Err(format!("wrong form: {}", other.is()).into()),
    }
}

fn region(code: &str) -> Result<Region, Wrong> {
    Region::parse(code).ok_or_else(|| {
        let remedy = match nearest(code, Region::codes()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => {
                "Write it, de, fr, es, pt, uk, us or a part of one as de-by; give the holidays \
                     of others in holidays, or as an iCalendar file in files."
                    .to_owned()
            }
        };
        let what = format!("the holidays of `{code}` are not built in");
        Wrong { what, remedy: Some(remedy) }
    })
}
