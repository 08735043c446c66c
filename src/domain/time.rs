//! `Instant`, the one type for a point in time: milliseconds since the Unix epoch, UTC.
//!
//! The domain never reads a clock; every instant is handed in by the caller.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, Sub};

/// Milliseconds in a second, a minute, an hour and a day.
pub const SECOND: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

/// A point in time in milliseconds since 1970-01-01T00:00:00Z. In JSON it is RFC 3339 text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// Reads RFC 3339 (`2026-11-20T09:00:00Z`, also with an offset). The error is for a person.
    pub fn parse(text: &str) -> Result<Instant, String> {
        text.parse::<jiff::Timestamp>().map(|t| Instant(t.as_millisecond())).map_err(|_| {
            format!("`{text}` is not a time; write RFC 3339, for example 2026-11-20T09:00:00Z")
        })
    }

    /// The same instant for calendar arithmetic. Values outside jiff's range (years -9999 to
    /// 9999) are clamped to it: such a date can only come from a broken or hostile source.
    pub fn timestamp(self) -> jiff::Timestamp {
        let limit = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(limit)
    }

    /// The calendar day in `zone`, as `YYYY-MM-DD`.
    pub fn day_in(self, zone: &jiff::tz::TimeZone) -> String {
        self.timestamp().to_zoned(zone.clone()).date().to_string()
    }

    /// When a calendar day (`YYYY-MM-DD`) begins in `zone`, and when the next one does. `None` if
    /// `day` is none.
    pub fn day_of(day: &str, zone: &jiff::tz::TimeZone) -> Option<(Instant, Instant)> {
        let date: jiff::civil::Date = day.parse().ok()?;
        let begins = |day: jiff::civil::Date| {
            let zoned = day.to_zoned(zone.clone()).ok()?;
            Some(Instant(zoned.timestamp().as_millisecond()))
        };
        Some((begins(date)?, begins(date.tomorrow().ok()?)?))
    }

    /// The Monday of its week in `zone`, as `YYYY-MM-DD`.
    pub fn week_in(self, zone: &jiff::tz::TimeZone) -> String {
        let date = self.timestamp().to_zoned(zone.clone()).date();
        let since = jiff::Span::new().days(date.weekday().to_monday_zero_offset());
        date.checked_sub(since).unwrap_or(date).to_string()
    }

    /// When the seven days from `monday` on begin in `zone`, and when they end. `None` if it is no
    /// day.
    pub fn week_of(monday: &str, zone: &jiff::tz::TimeZone) -> Option<(Instant, Instant)> {
        let date: jiff::civil::Date = monday.parse().ok()?;
        let last = date.checked_add(jiff::Span::new().days(6)).ok()?;
        let (from, _) = Instant::day_of(monday, zone)?;
        let (_, to) = Instant::day_of(&last.to_string(), zone)?;
        Some((from, to))
    }

    /// The calendar month in UTC: its name as `YYYY-MM`, its first instant, the first after it.
    pub fn month(self) -> (String, Instant, Instant) {
        let utc = jiff::tz::TimeZone::UTC;
        let date = self.timestamp().to_zoned(utc.clone()).date();
        let begins = |day: jiff::civil::Date| {
            let zoned = day.to_zoned(utc.clone()).ok()?;
            Some(Instant(zoned.timestamp().as_millisecond()))
        };
        let first = begins(date.first_of_month()).unwrap_or(self);
        let next = date.last_of_month().tomorrow().ok().and_then(begins);
        (date.strftime("%Y-%m").to_string(), first, next.unwrap_or(self))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl Add<i64> for Instant {
    type Output = Instant;
    fn add(self, ms: i64) -> Instant {
        Instant(self.0.saturating_add(ms))
    }
}

impl Sub<i64> for Instant {
    type Output = Instant;
    fn sub(self, ms: i64) -> Instant {
        Instant(self.0.saturating_sub(ms))
    }
}

impl Sub<Instant> for Instant {
    type Output = i64;
    /// Milliseconds from `earlier` to `self`.
    fn sub(self, earlier: Instant) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Instant, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Instant::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_rfc_3339() {
        let t = Instant::parse("2026-11-20T10:00:00+01:00").unwrap();
        assert_eq!(t.to_string(), "2026-11-20T09:00:00.000Z");
        assert!(Instant::parse("yesterday").unwrap_err().contains("RFC 3339"));
    }

    #[test]
    fn days_follow_the_zone() {
        let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
        let t = Instant::parse("2026-11-20T23:30:00Z").unwrap();
        assert_eq!(t.day_in(&rome), "2026-11-21");
    }

    #[test]
    fn a_day_has_as_many_hours_as_the_clocks_give_it() {
        let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
        let hours = |day: &str| {
            let (from, to) = Instant::day_of(day, &rome).unwrap();
            assert_eq!((from.day_in(&rome).as_str(), (to - 1).day_in(&rome).as_str()), (day, day));
            (to - from) / HOUR
        };
        assert_eq!(hours("2026-11-20"), 24);
        assert_eq!((hours("2026-10-25"), hours("2027-03-28")), (25, 23));
        assert_eq!(Instant::day_of("soon", &rome), None);
    }

    #[test]
    fn weeks_begin_on_monday() {
        let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
        let week = |at: &str| Instant::parse(at).unwrap().week_in(&rome);
        assert_eq!(week("2026-11-22T22:59:59Z"), "2026-11-16", "Sunday, a second before midnight");
        assert_eq!(week("2026-11-22T23:00:00Z"), "2026-11-23");
        let (from, to) = Instant::week_of("2026-10-19", &rome).unwrap();
        assert_eq!((to - from) / HOUR, 7 * 24 + 1, "the clocks go back on its Sunday");
        assert_eq!((to - 1).week_in(&rome), "2026-10-19");
    }

    #[test]
    fn months_end_where_the_next_begin() {
        let t = Instant::parse("2026-12-31T23:59:59.999Z").unwrap();
        let (name, first, next) = t.month();
        assert_eq!(name, "2026-12");
        assert_eq!(first, Instant::parse("2026-12-01T00:00:00Z").unwrap());
        assert_eq!(next, t + 1);
        assert_eq!(next.month().0, "2027-01");
        assert!(Instant(i64::MAX).month().0.starts_with("9999"));
    }

    #[test]
    fn absurd_instants_do_not_panic() {
        assert!(Instant(i64::MAX).to_string().starts_with("9999"));
        assert_eq!(Instant(i64::MAX) + 1, Instant(i64::MAX));
    }
}
