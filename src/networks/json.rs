//! JSON from outside, read so that one bad entry never costs the others.
//!
//! The envelope is read as raw entries; each entry is then read on its own. Bytes that are not
//! UTF-8 and lone surrogates (which JSON can write and Rust text cannot hold) become U+FFFD.

use crate::domain::text::without_lone_surrogates;
use crate::wire::{Fault, Next};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// An id: text, or a whole number that some servers send in its place. Never a float, since
/// digits would be lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Id, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id as text or a whole number")
            }
            fn visit_str<E>(self, text: &str) -> Result<Id, E> {
                Ok(Id(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }
        }
        d.deserialize_any(Reader)
    }
}

/// Reads a whole answer.
///
/// # Errors
/// A fault that names `what` was expected; `Retry` where the answer looks cut off or is a web
/// page (maintenance, a captive portal), `Bug` where it is JSON of another shape.
pub(super) fn answer<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Fault> {
    let text = String::from_utf8_lossy(body);
    let error = match serde_json::from_str(&text) {
        Ok(value) => return Ok(value),
        Err(error) if error.is_data() => match without_lone_surrogates(&text) {
            Some(text) => match serde_json::from_str(&text) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            },
            None => error,
        },
        Err(error) => error,
    };
    // Of serde's words only the place is told: the rest can quote what people wrote.
    let place = format!("line {}, column {}", error.line(), error.column());
    Err(if text.trim_start().starts_with('<') {
        Fault::retry(format!(
            "{what} was expected as JSON, but a web page came; is the address right, or is the server being repaired?"
        ))
    } else if error.is_data() {
        Fault::bug(format!("{what} has another shape than documented ({place})"))
    } else {
        let why = format!("{what} was expected as JSON, but it is cut off or damaged ({place})");
        Fault::new(Next::Retry { after: None }, why)
    })
}

/// The entries of an answer that is an array.
///
/// # Errors
/// As [`answer`].
pub(super) fn entries(body: &[u8], what: &str) -> Result<Vec<Box<RawValue>>, Fault> {
    answer(body, what)
}

/// Reads one entry. The error is for a person and one line long.
pub(super) fn entry<T: DeserializeOwned>(raw: &RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get())
        .or_else(|error| match without_lone_surrogates(raw.get()) {
            Some(text) => serde_json::from_str(&text),
            None => Err(error),
        })
        .map_err(|error| crate::domain::text::one_line(&error.to_string(), 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_is_read_beside_a_bad_one() {
        let all = entries(br#"["a\ud800", 7, "b"]"#, "a list").unwrap();
        let texts: Vec<_> = all.iter().map(|raw| entry::<String>(raw)).collect();
        assert_eq!(texts[0].as_deref(), Ok("a\u{FFFD}"));
        assert!(texts[1].is_err());
        assert_eq!(texts[2].as_deref(), Ok("b"));
    }

    #[test]
    fn ids_are_opaque() {
        let ids: Vec<Id> = answer(br#"["01J", 18446744073709551615, -3]"#, "ids").unwrap();
        assert_eq!(
            ids.iter().map(|i| i.0.as_str()).collect::<Vec<_>>(),
            ["01J", "18446744073709551615", "-3"]
        );
        assert!(answer::<Id>(b"1.5", "an id").is_err());
    }

    #[test]
    fn faults_tell_pages_from_damage() {
        let fault = |body: &[u8]| entries(body, "the list").unwrap_err();
        assert!(fault(b" <!DOCTYPE html>").why.contains("web page"));
        assert!(fault(b"[{\"id\":").why.contains("cut off"));
        assert_eq!(fault(b"{\"error\":\"x\"}").next, Next::Bug);
    }
}
