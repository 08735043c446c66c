//! Reads the files of a configuration and parses them as TOML, with the line of every fault.

use super::problem::{Place, Problems};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::DeTable;

/// One file.
pub(super) struct Source {
    /// Its path as it was given.
    pub file: Arc<Path>,
    /// Its text.
    pub text: String,
}

impl Source {
    /// The place of a byte of the file.
    pub(super) fn place(&self, byte: usize) -> Place {
        Place::Line(self.file.clone(), line_of(&self.text, byte))
    }
}

/// Reads one file, or all `*.toml` files of a folder by name.
pub(super) fn read(path: &Path, problems: &mut Problems) -> Vec<Source> {
    files(path, problems)
        .into_iter()
        .filter_map(|file| match std::fs::read_to_string(&file) {
            Ok(text) => Some(Source { file: file.into(), text }),
            Err(why) => {
                unreadable(&file, &why, problems);
                None
            }
        })
        .collect()
}

fn files(path: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_path_buf()];
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(why) => {
            unreadable(path, &why, problems);
            return Vec::new();
        }
    };
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.is_file() && file.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        problems.add(
            &Place::Line(path.into(), 0),
            "",
            "the folder holds no file that ends in .toml",
            "Copy config/ascolto.example.toml into it and fill it in.",
        );
    }
    files
}

fn unreadable(path: &Path, why: &std::io::Error, problems: &mut Problems) {
    let (what, remedy) = match why.kind() {
        std::io::ErrorKind::NotFound => (
            "there is no such file or folder".to_owned(),
            "Copy config/ascolto.example.toml to it and fill it in, or name another with --config.",
        ),
        std::io::ErrorKind::InvalidData => {
            ("the file is not UTF-8".to_owned(), "Save it as UTF-8 text.")
        }
        _ => (
            format!("it cannot be read ({})", why.kind()),
            "Let the user who runs Ascolto read it.",
        ),
    };
    problems.add(&Place::Line(path.into(), 0), "", what, remedy);
}

/// Parses a file. What it gives is whole only if no problem was added.
pub(super) fn parse<'s>(source: &'s Source, problems: &mut Problems) -> DeTable<'s> {
    let Source { file, text } = source;
    let (table, faults) = DeTable::parse_recoverable(text);
    let mut told = None;
    for fault in faults {
        let byte = fault.span().map_or(text.len(), |span| span.start);
        let line = line_of(text, byte);
        // One slip often makes the parser complain about the rest of its line too.
        if told.replace(line) == Some(line) {
            continue;
        }
        let (what, remedy) = match fault.message() {
            "duplicate key" => twice(file, text, line),
            _ if bare(text, line) => (
                "no TOML: neither a number, nor true or false, nor text in quotes".to_owned(),
                QUOTES.to_owned(),
            ),
            message => (format!("no TOML: {message}"), remedy(message).to_owned()),
        };
        problems.add(&Place::Line(file.clone(), line), header_above(text, line), what, remedy);
    }
    table.into_inner()
}

const QUOTES: &str = "Put the text in quotes that close on the same line, as in title = \"Acme\".";

/// Whether the line gives a value without quotes or brackets: by its first letter the parser takes
/// it for a number, a date or a truth, and would talk about those.
fn bare(text: &str, line: usize) -> bool {
    let value = text.lines().nth(line - 1).and_then(|l| l.split_once('='));
    value.is_some_and(|(_, v)| v.trim_start().starts_with(|c| !"\"'[{#".contains(c)))
}

/// What to write, by what the parser misses. Its messages hold no text of the file.
fn remedy(message: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["quoted", "string", "quote"]) {
        QUOTES
    } else if says(&["unclosed table", "table open", "array table"]) {
        "Write the header of a section in square brackets on a line of its own, as in [web]."
    } else if says(&["array"]) {
        "Write a list as [\"one\", \"two\"], with commas and both brackets."
    } else {
        "Write one `key = value` a line below the [section] it belongs to; text in quotes."
    }
}

fn twice(file: &Path, text: &str, line: usize) -> (String, String) {
    let lines: Vec<_> = text.lines().collect();
    let head = |line: &str| line.split(['=', '#']).next().unwrap_or_default().trim().to_owned();
    let again = lines.get(line - 1).map(|l| head(l)).unwrap_or_default();
    let first = lines[..line - 1].iter().rposition(|l| head(l) == again);
    let what = match first {
        Some(above) => format!("defined twice, first at {}:{}", file.display(), above + 1),
        None => "defined twice".to_owned(),
    };
    let remedy = if again.starts_with('[') {
        "Keep one of the two sections, or give one another name."
    } else {
        "Keep one of the two lines."
    };
    (what, remedy.to_owned())
}

/// The section that a line stands in, for want of a parsed key. Nothing but the header is quoted:
/// in a broken file, any other text may be the middle of a secret.
fn header_above(text: &str, line: usize) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.lines()
        .take(line)
        .filter_map(|l| l.trim().strip_prefix('[')?.split_once(']'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.is_empty() && name.chars().all(plain))
        .last()
        .unwrap_or_default()
        .to_owned()
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes()[..byte.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let mut problems = Problems::default();
        let source = Source { file: Path::new("a.toml").into(), text: text.to_owned() };
        parse(&source, &mut problems);
        problems.sorted().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_slip_has_its_line() {
        let said = said(
            "[web]\nlisten = 127.0.0.1:1\n\n[channel.a]\ntoken = tk_secret\nevery = 2m\nx = \"a\n",
        );
        let starts =
            ["a.toml:2: web:", "a.toml:5: channel.a:", "a.toml:6: channel.a:", "a.toml:7:"];
        assert_eq!(said.len(), starts.len(), "{said:#?}");
        for (told, start) in said.iter().zip(starts) {
            assert!(told.starts_with(start) && told.contains("Put the text in quotes"), "{told}");
            assert!(!told.contains("tk_secret"), "{told}");
        }
    }

    #[test]
    fn what_stands_twice_names_both_places() {
        let said =
            said("[sla.a]\nquestion = \"1h\"\nquestion = \"2h\"\n[sla.b]\n[sla.a] # again\n");
        assert!(
            said[0].starts_with("a.toml:3: sla.a: defined twice, first at a.toml:2"),
            "{said:?}"
        );
        assert!(
            said[1].starts_with("a.toml:5: sla.a: defined twice, first at a.toml:1"),
            "{said:?}"
        );
    }
}
