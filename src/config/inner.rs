//! `Inner`: a table within a value, as in `[{ who = "anna", from = … }]`, with its keys by name.

use super::form::Wrong;
use super::problem::instead;
use super::section::Raw;

/// One table of a list.
pub(super) struct Inner<'r> {
    /// For messages: `a level`.
    what: &'static str,
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
            one(&Inner { what, keys })
        };
        list.iter().map(table).collect()
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

    fn find(&self, key: &str) -> Option<&'r Raw> {
        self.keys.iter().find(|(name, _)| name == key).map(|(_, raw)| raw)
    }

    fn odd(&self, key: &str, raw: &Raw) -> Wrong {
        format!("{}: `{key}` is {}", self.what, raw.is()).into()
    }
}
