//! Business hours: when a brand works, in its own zone, with holidays and daylight saving.

use super::time::Instant;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

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
}

/// When a brand works.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The brand's zone.
    pub zone: TimeZone,
    /// Working spans for Monday to Sunday.
    pub week: [Vec<Span>; 7],
    /// Days on which nobody works.
    pub holidays: BTreeSet<Date>,
}

impl Calendar {
    /// Every hour of every day counts.
    pub fn always(zone: TimeZone) -> Calendar {
        let whole = Span { from: Time::midnight(), to: Time::midnight() };
        Calendar { zone, week: std::array::from_fn(|_| vec![whole]), holidays: BTreeSet::new() }
    }

    /// Monday to Friday, 9 to 18.
    pub fn office(zone: TimeZone) -> Calendar {
        let hours = Span { from: Time::constant(9, 0, 0, 0), to: Time::constant(18, 0, 0, 0) };
        let day = |d: usize| if d < 5 { vec![hours] } else { Vec::new() };
        Calendar { zone, week: std::array::from_fn(day), holidays: BTreeSet::new() }
    }

    /// The instant at which `work` milliseconds of business time have passed since `start`.
    ///
    /// A calendar without any working time within 400 days gives `start` + 400 days: a deadline
    /// must exist, and `check` refuses such a calendar.
    pub fn after(&self, start: Instant, work: i64) -> Instant {
        let mut left = work.max(0);
        let mut done = start;
        let first = start.timestamp().to_zoned(self.zone.clone()).date();
        // A span of the day before may reach over midnight into the first day.
        let Ok(mut day) = first.yesterday() else {
            return start;
        };
        for _ in 0..402 {
            for (from, to) in self.spans_of(day) {
                let from = from.max(done);
                if to <= from {
                    continue;
                }
                if to - from >= left {
                    return from + left;
                }
                left -= to - from;
                done = to;
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        start + 400 * super::time::DAY
    }

    /// The first instant after `after` at which the clocks of the zone show one of `times`,
    /// whatever day it is; `None` where there are none.
    pub fn next_of(&self, times: &[Time], after: Instant) -> Option<Instant> {
        let mut day = after.timestamp().to_zoned(self.zone.clone()).date();
        // Today's may all have passed; a zone that moves over the date line can skip a whole day.
        for _ in 0..3 {
            let next = times.iter().filter_map(|t| self.at(day, *t)).filter(|at| *at > after).min();
            if next.is_some() {
                return next;
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// Whether any day of the week has working time.
    pub fn works(&self) -> bool {
        self.week.iter().any(|day| !day.is_empty())
    }

    /// The working spans that begin on `day`, as instants, sorted, overlaps left to the caller's
    /// `max` with what is already counted.
    fn spans_of(&self, day: Date) -> Vec<(Instant, Instant)> {
        if self.holidays.contains(&day) {
            return Vec::new();
        }
        let index = match day.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        let mut spans: Vec<_> = self.week[index]
            .iter()
            .filter_map(|span| {
                let end_day = if span.to <= span.from { day.tomorrow().ok()? } else { day };
                Some((self.at(day, span.from)?, self.at(end_day, span.to)?))
            })
            .collect();
        spans.sort();
        spans
    }

    /// When the clocks of the zone show `time` on `date`; `None` beyond the ends of the calendar.
    ///
    /// A local time that daylight saving skips or repeats is read as jiff's `compatible`
    /// (RFC 5545) rule says: the skipped hour moves forward, the first of two is meant.
    fn at(&self, date: Date, time: Time) -> Option<Instant> {
        let there = self.zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
        Some(Instant(there.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{HOUR, MINUTE};
    use proptest::prelude::*;

    fn rome() -> TimeZone {
        TimeZone::get("Europe/Rome").unwrap()
    }

    fn at(text: &str) -> Instant {
        let zoned: jiff::Zoned = format!("{text}[Europe/Rome]").parse().unwrap();
        Instant(zoned.timestamp().as_millisecond())
    }

    #[test]
    fn friday_evening_is_due_on_monday() {
        let office = Calendar::office(rome());
        assert_eq!(office.after(at("2026-11-20T17:30"), 2 * HOUR), at("2026-11-23T10:30"));
        assert_eq!(office.after(at("2026-11-21T12:00"), HOUR), at("2026-11-23T10:00"));
    }

    #[test]
    fn holidays_do_not_count() {
        let mut office = Calendar::office(rome());
        office.holidays.insert("2026-12-25".parse().unwrap());
        assert_eq!(office.after(at("2026-12-24T17:00"), 2 * HOUR), at("2026-12-28T10:00"));
    }

    #[test]
    fn daylight_saving_moves_the_wall_clock_not_the_hours() {
        let always = Calendar::always(rome());
        // Clocks go back at 03:00 on 25 October 2026: 24 hours later it is 11:00, not 12:00.
        assert_eq!(always.after(at("2026-10-24T12:00"), 24 * HOUR), at("2026-10-25T11:00"));
        let mut night = Calendar::office(rome());
        night.week = std::array::from_fn(|_| vec![Span::parse("22:00-06:00").unwrap()]);
        // The night of the change has nine hours.
        assert_eq!(night.after(at("2026-10-24T22:00"), 9 * HOUR), at("2026-10-25T06:00"));
    }

    #[test]
    fn a_span_over_midnight_reaches_the_early_morning() {
        let mut night = Calendar::office(rome());
        night.week = std::array::from_fn(|_| vec![Span::parse("22:00-06:00").unwrap()]);
        assert_eq!(night.after(at("2026-11-20T03:00"), 4 * HOUR), at("2026-11-20T23:00"));
    }

    #[test]
    fn times_of_day_come_once_a_day_whatever_the_clocks_do() {
        let rome = Calendar::office(rome());
        let times =
            |all: &[&str]| -> Vec<Time> { all.iter().map(|t| t.parse().unwrap()).collect() };
        let usual = times(&["09:00", "15:00"]);
        let next = |after: &str| rome.next_of(&usual, at(after)).unwrap();
        assert_eq!(next("2026-11-20T08:59"), at("2026-11-20T09:00"));
        assert_eq!(next("2026-11-20T09:00"), at("2026-11-20T15:00"), "the one at hand is over");
        assert_eq!(next("2026-11-20T15:00"), at("2026-11-21T09:00"), "a Saturday has them too");
        // Clocks go back on 25 October 2026, and forward on 28 March 2027.
        assert_eq!(next("2026-10-24T15:00") - at("2026-10-24T15:00"), 19 * HOUR);
        assert_eq!(next("2027-03-27T15:00") - at("2027-03-27T15:00"), 17 * HOUR);
        let night = times(&["02:30"]);
        let skipped = rome.next_of(&night, at("2027-03-27T12:00")).unwrap();
        assert_eq!(skipped, at("2027-03-28T03:30"), "a time that is skipped comes an hour later");
        let twice = rome.next_of(&night, at("2026-10-24T12:00")).unwrap();
        let after = rome.next_of(&night, twice).unwrap();
        assert_eq!(after - twice, 25 * HOUR, "a time that comes twice counts once");
        assert_eq!(rome.next_of(&[], at("2026-11-20T08:00")), None);
    }

    #[test]
    fn spans_are_read_or_refused() {
        assert!(Span::parse("9-18").unwrap_err().contains("09:00-18:00"));
        assert!(Span::parse("09:00-24:00").is_ok());
    }

    proptest! {
        /// A slow model that steps minute by minute must agree.
        #[test]
        fn agrees_with_counting_minutes(start in 0i64..10 * 365 * 24 * 60, work in 0i64..60 * 24) {
            let start = Instant(1_767_225_600_000 + start * MINUTE);
            let mut office = Calendar::office(rome());
            office.holidays.insert("2027-05-01".parse().unwrap());
            let fast = office.after(start, work * MINUTE);
            let (mut now, mut left) = (start, work);
            while left > 0 {
                let local = now.timestamp().to_zoned(rome());
                let open = (local.weekday().to_monday_zero_offset() < 5)
                    && (9..18).contains(&local.hour())
                    && !office.holidays.contains(&local.date());
                left -= i64::from(open);
                now = now + MINUTE;
            }
            if work > 0 {
                prop_assert_eq!(fast, now);
            }
        }
    }
}
