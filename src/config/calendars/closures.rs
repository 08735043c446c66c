//! Reads `closures`: days on which a company is closed, and countries whose holidays it keeps.

use crate::config::form::Wrong;
use crate::config::inner::Inner;
use crate::config::problem::nearest;
use crate::config::section::Raw;
use crate::domain::hours::Region;
use jiff::civil::Date;

/// The keys of one closure; all are needed.
const KEYS: [&str; 3] = ["name", "from", "to"];

/// A day, for whoever writes one otherwise.
const EXAMPLE: &str = "2026-08-10";

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
    Inner::list(raw, "a closure", &KEYS, one)
}

fn one(inner: &Inner<'_>) -> Result<Closure, Wrong> {
    let Some(name) = inner.words("name")?.filter(|name| !name.is_empty()) else {
        return Err("a closure without a name".to_owned().into());
    };
    let inner = inner.called(format!("closure `{name}`"));
    let (from, to) = (inner.day("from", EXAMPLE)?, inner.day("to", EXAMPLE)?);
    if to < from {
        let remedy = "Write its first day into from and its last day into to.".to_owned();
        let what = format!("closure `{name}` ends before it begins");
        return Err(Wrong { what, remedy: Some(remedy) });
    }
    Ok(Closure { name: name.to_owned(), from, to })
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
