//! Points in time on the command line: RFC 3339, a day, or a span from now.

use crate::config::parse_duration;
use crate::domain::Instant;

/// A time as a person writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// A point in time.
    At(Instant),
    /// So many milliseconds from now, into the past or the future as the command means it.
    Span(i64),
}

impl When {
    /// Reads `2026-11-20T09:00:00Z`, `2026-11-20` (its beginning in UTC) or `30m`, `8h`, `3d`.
    pub(super) fn parse(text: &str) -> Result<When, String> {
        if let Ok(ms) = parse_duration(text) {
            return Ok(When::Span(ms));
        }
        let day = day(text).ok().and_then(|day| Instant::parse(&format!("{day}T00:00:00Z")).ok());
        day.map_or_else(|| Instant::parse(text), Ok).map(When::At).map_err(|_| {
            format!(
                "`{text}` is no time; write 2026-11-20T09:00:00Z, a day as 2026-11-20, or a span \
                 from now as 30m, 8h, 3d"
            )
        })
    }

    /// A span is meant into the past.
    pub(super) fn ago(self, now: Instant) -> Instant {
        match self {
            When::At(at) => at,
            When::Span(ms) => now - ms,
        }
    }

    /// A span is meant into the future.
    pub(super) fn ahead(self, now: Instant) -> Instant {
        match self {
            When::At(at) => at,
            When::Span(ms) => now + ms,
        }
    }
}

/// Reads a calendar day and gives it as `YYYY-MM-DD`.
pub(super) fn day(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is no day; write it as 2026-11-20");
    let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    // jiff reads other forms too; the rows know one.
    if date.to_string() == text { Ok(text.to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_are_read() {
        let midnight = Instant::parse("2026-11-20T00:00:00Z").unwrap();
        assert_eq!(When::parse("2026-11-20"), Ok(When::At(midnight)));
        assert_eq!(When::parse("2026-11-20T01:00:00+01:00"), Ok(When::At(midnight)));
        assert_eq!(When::parse("1m").unwrap().ago(midnight), midnight - 60_000);
        assert_eq!(When::parse("1m").unwrap().ahead(midnight), midnight + 60_000);
        assert!(When::parse("soon").unwrap_err().contains("30m, 8h, 3d"));
    }

    #[test]
    fn a_day_has_one_form() {
        assert_eq!(day("2026-11-20").as_deref(), Ok("2026-11-20"));
        for wrong in ["20261120", "2026-13-01", "2026-11-20T09:00:00Z", ""] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
