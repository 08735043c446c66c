//! `Inner`: a table within a value, as in `[{ who = "anna", from = … }]`, with its keys by name.

use super::form::{Wrong, phrase};
use super::problem::instead;
use super::section::Raw;
use jiff::civil::Date;

/// One table of a list.
pub(super) struct Inner<'r> {
    /// For messages: `a level`.
    what: String,
    keys: &'r [(String, Raw)],
}

impl<'r> Inner<'r> {
    /// Reads a list of tables that take these keys, each by `one`.
    pub(super) fn list<T>(
        raw: &'r Raw,
        what: &'static str,
        known: &[&str],
        one: impl Fn(&Inner<'r>) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Wrong> {
        let Raw::List(list) = raw else {
            return Err(format!("wrong form: {}", raw.is()).into());
        };
        let table = |raw: &'r Raw| {
            let Raw::Table(keys) = raw else {
                return Err(Wrong::from(format!("wrong form: {} in the list", raw.is())));
            };
            if let Some((key, _)) = keys.iter().find(|(key, _)| !known.contains(&key.as_str())) {
                let text = format!("unknown key `{key}` in {what}");
                return Err(Wrong { what: text, remedy: Some(instead(key, known)) });
            }
            one(&Inner { what: what.to_owned(), keys })
        };
        list.iter().map(table).collect()
    }

    /// The same table, called in messages by the name that it gives itself: ``campaign `fall` ``.
    pub(super) fn called(&self, what: String) -> Inner<'r> {
        Inner { what, keys: self.keys }
    }

    /// A key that is written as a text, without blanks around it.
    pub(super) fn words(&self, key: &str) -> Result<Option<&'r str>, Wrong> {
        match self.find(key) {
            None => Ok(None),
            Some(Raw::Text(text)) => Ok(Some(text.trim())),
            Some(other) => Err(self.odd(key, other)),
        }
    }

    /// A key that is written as a text or as a date.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'r str>, Wrong> {
        match self.find(key) {
            None => Ok(None),
            Some(Raw::Text(text) | Raw::Date(text)) => Ok(Some(text.trim())),
            Some(other) => Err(self.odd(key, other)),
        }
    }

    /// The same for one that must be there and say something.
    pub(super) fn must(&self, key: &str) -> Result<&'r str, Wrong> {
        let text = self.text(key)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| format!("{} without `{key}`", self.what).into())
    }

    /// A whole number.
    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, Wrong> {
        match self.find(key) {
            None => Ok(None),
            Some(Raw::Whole(number)) => Ok(Some(*number)),
            Some(other) => Err(self.odd(key, other)),
        }
    }

    /// A list of texts that is not empty.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<String>, Wrong> {
        let list = match self.find(key) {
            Some(Raw::List(list)) if !list.is_empty() => list,
            Some(Raw::List(_)) | None => {
                return Err(format!("{} without `{key}`", self.what).into());
            }
            Some(other) => return Err(self.odd(key, other)),
        };
        let texts = list.iter().map(|raw| match raw {
            Raw::Text(text) => Ok(text.clone()),
            other => Err(self.odd(key, other)),
        });
        texts.collect()
    }

    /// Phrases that are looked for in texts, at least one; `None` where the key is not there.
    pub(super) fn phrases(&self, key: &str) -> Result<Option<Vec<String>>, Wrong> {
        let list = match self.find(key) {
            None => return Ok(None),
            Some(Raw::List(list)) if !list.is_empty() => list,
            Some(Raw::List(_)) => return Err(self.lacks(key)),
            Some(other) => return Err(self.odd(key, other)),
        };
        let phrases = list.iter().map(|raw| match raw {
            Raw::Text(text) => phrase(text).map_err(Wrong::from),
            other => Err(self.odd(key, other)),
        });
        phrases.collect::<Result<_, _>>().map(Some)
    }

    /// A day that must be there; `example` is one, for whoever has to write it.
    pub(super) fn day(&self, key: &str, example: &str) -> Result<Date, Wrong> {
        let Some(text) = self.text(key)? else { return Err(self.lacks(&format!("day `{key}`"))) };
        text.parse().map_err(|_| {
            let remedy = format!("Write {key} as year, month, day, as in {key} = \"{example}\".");
            self.wrong(&format!("`{text}` is no day"), remedy)
        })
    }

    /// A key as it is written.
    pub(super) fn find(&self, key: &str) -> Option<&'r Raw> {
        self.keys.iter().find(|(name, _)| name == key).map(|(_, raw)| raw)
    }

    /// What is wrong with this table, and what to write instead.
    pub(super) fn wrong(&self, why: &str, remedy: String) -> Wrong {
        Wrong { what: format!("{}: {why}", self.what), remedy: Some(remedy) }
    }

    /// It says nothing where it must.
    pub(super) fn lacks(&self, what: &str) -> Wrong {
        format!("{} has no {what}", self.what).into()
    }

    /// A key is written in a form that it does not take.
    pub(super) fn odd(&self, key: &str, raw: &Raw) -> Wrong {
        format!("{}: `{key}` is {}", self.what, raw.is()).into()
    }
}
