//! Lines of text from outside: of any length up to a limit, of any bytes, JSON made readable.

use crate::domain::text::without_lone_surrogates;
use std::io::{self, BufRead};

/// The longest line that is read; what is longer is no text that anybody wrote.
pub(super) const LONGEST: usize = 16 * 1024 * 1024;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its text without the line break; what was no UTF-8 is U+FFFD.
    Text(String),
    /// It is longer than [`LONGEST`]; it was passed over.
    TooLong,
}

/// Reads lines one by one.
pub(super) struct Lines<R> {
    source: R,
    /// How many were read.
    count: u64,
}

impl<R: BufRead> Lines<R> {
    /// Over a source that is read from its start.
    pub(super) fn new(source: R) -> Lines<R> {
        Lines { source, count: 0 }
    }

    /// The number of the line read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.count
    }

    /// Where they come from.
    pub(super) fn source(&self) -> &R {
        &self.source
    }

    /// The next line; `None` at the end. A last line without a line break counts.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let (mut any, mut long) = (false, false);
        loop {
            let chunk = self.source.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = chunk.iter().position(|b| *b == b'\n');
            let (piece, used) = match end {
                Some(at) => (&chunk[..at], at + 1),
                None => (chunk, chunk.len()),
            };
            if bytes.len() + piece.len() > LONGEST {
                long = true;
                bytes = Vec::new();
            } else if !long {
                bytes.extend_from_slice(piece);
            }
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.count += 1;
        if long {
            return Ok(Some(Line::TooLong));
        }
        let mut bytes = bytes.as_slice();
        if self.count == 1 {
            bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
        }
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Ok(Some(Line::Text(String::from_utf8_lossy(bytes).into_owned())))
    }
}

/// Reads JSON. Escapes of lone surrogates, which JSON can write and Rust text cannot hold, become
/// U+FFFD.
///
/// # Errors
/// What is wrong and what to write, for a person. The text itself is not quoted.
pub(super) fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let first = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(e) => e,
    };
    let repaired = without_lone_surrogates(text);
    let error = match repaired.as_deref().map(serde_json::from_str) {
        Some(Ok(value)) => return Ok(value),
        Some(Err(e)) => e,
        None => first,
    };
    let column = error.column();
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    Err(if error.is_data() {
        format!("{what}, at column {column}")
    } else {
        format!("no JSON: {what}, at column {column}. Write one whole JSON object a line")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Line> {
        let mut lines = Lines::new(io::BufReader::with_capacity(3, bytes));
        std::iter::from_fn(|| lines.next().unwrap()).collect()
    }

    #[test]
    fn lines_are_told_apart_whatever_they_hold() {
        let text = |t: &str| Line::Text(t.to_owned());
        assert_eq!(
            read("\u{FEFF}è\r\n\n\u{FEFF}x".as_bytes()),
            [text("è"), text(""), text("\u{FEFF}x")]
        );
        assert_eq!(read(b"a\xFFb\n"), [text("a\u{FFFD}b")]);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut bytes = vec![b'x'; LONGEST + 1];
        bytes.extend_from_slice(b"\nnext\n");
        let mut lines = Lines::new(bytes.as_slice());
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong));
        assert_eq!(lines.next().unwrap(), Some(Line::Text("next".to_owned())));
        assert_eq!((lines.next().unwrap(), lines.number()), (None, 2));
    }

    #[test]
    fn lone_surrogates_are_repaired_and_the_rest_is_left() {
        let read = |json: &str| parse::<String>(json);
        assert_eq!(read(r#""a\ud83db""#).as_deref(), Ok("a\u{FFFD}b"));
        assert_eq!(read(r#""\udc00\ud83d\ude00\\ud800""#).as_deref(), Ok("\u{FFFD}😀\\ud800"));
        assert_eq!(read(r#""\ud800\ud83d\ude00""#).as_deref(), Ok("\u{FFFD}😀"));
        assert!(read(r#""\u12"#).unwrap_err().contains("Write one whole JSON object a line"));
        assert!(parse::<u8>("\"secret\"").unwrap_err().contains("column"));
    }
}
