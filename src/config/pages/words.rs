//! Spans, limits and lengths in words, and texts that fit into a cell of a table.

use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};

/// A text in a table: a bar would begin the next cell, an angle bracket a tag.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// For tables of what can be done.
pub(super) fn yes(so: bool) -> &'static str {
    if so { "yes" } else { "no" }
}

/// `12,000`.
pub(super) fn number(n: impl ToString) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Millionths of a currency as an amount: `0.005`.
pub(super) fn money(micros: i64) -> String {
    let amount = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    amount.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A span of milliseconds in the largest unit that leaves no rest.
pub(super) fn span(ms: i64) -> String {
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")];
    match units.iter().find(|(unit, _)| ms >= *unit && ms % *unit == 0) {
        Some((unit, name)) if ms == *unit => format!("1 {name}"),
        Some((unit, name)) => format!("{} {name}s", ms / unit),
        None => format!("{ms} ms"),
    }
}

/// How long a reply may be, and how that is counted.
pub(super) fn length(rule: LengthRule) -> String {
    let limit = number(rule.limit);
    match rule.counting {
        Counting::Graphemes => format!("{limit} characters as a person counts them"),
        Counting::Bytes => format!("{limit} bytes of UTF-8"),
        Counting::GraphemesAndBytes { bytes } => format!(
            "{limit} characters as a person counts them, and {} bytes of UTF-8",
            number(bytes)
        ),
        Counting::Mastodon => format!(
            "{limit} characters, of which every link counts 23 and `@user@host` as much as `@user`"
        ),
        Counting::XWeighted => format!(
            "{limit} by X's weights: most letters of Latin script 1, others 2, an emoji 2, a link 23"
        ),
        Counting::Utf16 => {
            format!("{limit} UTF-16 code units: most characters 1, an emoji 2 or more")
        }
    }
}

/// What a key does, and its default: the docs of keys end with it.
pub(super) fn split_default(doc: &str) -> (&str, &str) {
    let begins = |at: usize| at == 0 || doc[..at].ends_with(". ");
    let told = doc.rfind("Default").filter(|at| begins(*at)).and_then(|at| {
        let default = doc[at + "Default".len()..].strip_prefix([':', ' '])?.trim();
        Some((doc[..at].trim_end(), default.strip_suffix('.').unwrap_or(default)))
    });
    told.unwrap_or((doc, "none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(
            ["0", "999", "1,000", "4,096", "1,234,567"],
            [number(0), number(999), number(1_000), number(4_096), number(1_234_567)]
        );
        assert_eq!(
            ["1 minute", "90 minutes", "1 day", "2 hours", "1500 ms"],
            [span(MINUTE), span(90 * MINUTE), span(DAY), span(2 * HOUR), span(1_500)]
        );
    }

    #[test]
    fn money_has_the_digits_that_it_needs() {
        let amounts = [5_000, 1_500_000, 20_000_000, 0].map(money);
        assert_eq!(amounts, ["0.005", "1.5", "20", "0"]);
    }

    #[test]
    fn a_default_is_told_from_the_help() {
        assert_eq!(
            split_default("Address. Default https://a.example."),
            ("Address.", "https://a.example")
        );
        assert_eq!(split_default("Title. Default: the feed's own."), ("Title.", "the feed's own"));
        assert_eq!(split_default("Defaults are good."), ("Defaults are good.", "none"));
        assert_eq!(split_default("Who granted it."), ("Who granted it.", "none"));
    }
}
