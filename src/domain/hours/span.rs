//! `Span`: a stretch of a working day, as people write it.

use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use jiff::civil::Time;

/// A stretch of a working day. An end at or before the start lies on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First moment that counts.
    pub from: Time,
    /// First moment that no longer counts.
    pub to: Time,
}

impl Span {
    /// Reads `09:00-18:00`; `22:00-06:00` ends on the next day, `00:00-24:00` is the whole day.
    ///
    /// # Errors
    /// What to write instead, for a person.
    pub fn parse(text: &str) -> Result<Span, String> {
        let wrong = || {
            format!("`{text}` is no span of hours; write for example 09:00-18:00 or 22:00-06:00")
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let read = |t: &str| match t.trim() {
            "24:00" => Ok(Time::midnight()),
            t => Time::strptime("%H:%M", t).map_err(|_| wrong()),
        };
        Ok(Span { from: read(from)?, to: read(to)? })
    }

    /// Its two ends in milliseconds from the midnight at which its day begins.
    pub(super) fn of_day(self) -> (i64, i64) {
        let (from, to) = (of_day(self.from), of_day(self.to));
        (from, if to <= from { to + DAY } else { to })
    }
}

fn of_day(time: Time) -> i64 {
    let unit = |n: i8, unit: i64| i64::from(n) * unit;
    unit(time.hour(), HOUR) + unit(time.minute(), MINUTE) + unit(time.second(), SECOND)
}
