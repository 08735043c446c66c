//! Business hours: when a brand works, in its zones, with holidays, closures, daylight saving.
//!
//! Hours are read off the clock on the wall: an instant counts if the clocks of the calendar's zone
//! then show a time within a span. An hour that daylight saving skips is never shown and counts for
//! nobody; one that comes twice counts twice. A span belongs to the day on which it begins, also
//! past midnight: on a holiday the night shift of the eve is worked to its end, and the one of the
//! holiday itself is not.
//!
//! | file | does |
//! |---|---|
//! | `mod` | the calendar, and what is asked of it |
//! | `span` | a stretch of a day |
//! | `stretches` | lists of instants: where clocks are moved, what overlaps, what is taken out |
//! | `holidays` | public holidays of countries, from `holidays.txt` |
//! | `waits` | where a deadline by business hours alone would come late |

mod holidays;
mod span;
mod stretches;
mod waits;

pub use holidays::Region;
pub use span::Span;
pub use waits::{Wait, waits};

use super::time::{DAY, Instant};
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use std::collections::{BTreeMap, BTreeSet};
use stretches::{Stretch, by_offset, merged, without};

/// How long an opening is waited for: no calendar that `check` lets pass is closed for longer.
pub const PATIENCE: i64 = 400 * DAY;

/// How far a walk looks at once: a few days at first, which nearly always do, then a month.
const STRIDES: [i64; 2] = [3 * DAY, 32 * DAY];

/// How many strides a walk takes at most: some ninety years, more than any deadline.
const MOST_STRIDES: usize = 1_000;

/// The longest time of which is asked how much of it was worked: ten years. Who dates a post in the
/// year 1 would else have every month since then walked through, and a clock that ran for ten years
/// is late by any policy.
pub const LONGEST: i64 = 3_660 * DAY;

/// When a brand works.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The zone on whose clocks its hours are read.
    pub zone: TimeZone,
    /// Working spans for Monday to Sunday; what overlaps counts once.
    pub week: [Vec<Span>; 7],
    /// Days on which nobody works.
    pub holidays: BTreeSet<Date>,
    /// Countries and regions whose public holidays nobody works on.
    pub regions: Vec<Region>,
    /// Days on which the company is closed, each with the name of the closure.
    pub closures: BTreeMap<Date, String>,
    /// Hours in which it is closed.
    pub pauses: Vec<Pause>,
    /// Other places of the company: what is worked there counts too, and once.
    pub also: Vec<Calendar>,
}

/// Hours in which a company is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// From here on.
    pub from: Instant,
    /// Up to here, exclusive.
    pub to: Instant,
    /// What it is called.
    pub name: String,
}

impl Calendar {
    /// One in which nobody works.
    pub fn empty(zone: TimeZone) -> Calendar {
        Calendar {
            zone,
            week: std::array::from_fn(|_| Vec::new()),
            holidays: BTreeSet::new(),
            regions: Vec::new(),
            closures: BTreeMap::new(),
            pauses: Vec::new(),
            also: Vec::new(),
        }
    }

    /// Every hour of every day counts.
    pub fn always(zone: TimeZone) -> Calendar {
        let whole = Span { from: Time::midnight(), to: Time::midnight() };
        Calendar { week: std::array::from_fn(|_| vec![whole]), ..Calendar::empty(zone) }
    }

    /// Monday to Friday, 9 to 18.
    pub fn office(zone: TimeZone) -> Calendar {
        let hours = Span { from: Time::constant(9, 0, 0, 0), to: Time::constant(18, 0, 0, 0) };
        let day = |d: usize| if d < 5 { vec![hours] } else { Vec::new() };
        Calendar { week: std::array::from_fn(day), ..Calendar::empty(zone) }
    }

    /// The instant at which `work` milliseconds of business time have passed since `start`; where
    /// `work` is 0 or less, the first instant from `start` on at which somebody works.
    ///
    /// A calendar without any working time for [`PATIENCE`] gives the end of that: a deadline must
    /// exist, and `check` refuses such a calendar.
    pub fn after(&self, start: Instant, work: i64) -> Instant {
        let mut left = work.max(0);
        self.walk(start, |(open, close)| {
            if close - open >= left {
                return Some(open + left);
            }
            left -= close - open;
            None
        })
    }

    /// Business time between two instants, in milliseconds; 0 where `to` is not after `from`. Of more
    /// than [`LONGEST`] the end counts.
    pub fn worked(&self, from: Instant, to: Instant) -> i64 {
        let open = strides(from, to).flat_map(|(from, to)| self.open_between(from, to));
        open.map(|(open, close)| close - open).sum()
    }

    /// Whether somebody works at this instant.
    pub fn is_open(&self, at: Instant) -> bool {
        !self.open_between(at, at + 1).is_empty()
    }

    /// The first instant from `at` on at which somebody works; `at` plus [`PATIENCE`] if nobody
    /// does for so long.
    pub fn next_open(&self, at: Instant) -> Instant {
        self.after(at, 0)
    }

    /// The stretches of working time between two instants, sorted, none touching another.
    pub fn open_between(&self, from: Instant, to: Instant) -> Vec<(Instant, Instant)> {
        let mut all = self.own_between(within(from), within(to));
        for other in &self.also {
            all.extend(other.open_between(from, to));
        }
        merged(all)
    }

    /// The first instant after `after` at which the clocks of the zone show one of `times`,
    /// whatever day it is; `None` where there are none.
    pub fn next_of(&self, times: &[Time], after: Instant) -> Option<Instant> {
        next_of(&self.zone, times, after)
    }

    /// Whether any day of the week has working time.
    pub fn works(&self) -> bool {
        self.week.iter().any(|day| !day.is_empty())
    }

    /// The name of the closure or holiday for which nobody works here on a day, empty where it has
    /// none; `None` where the day is like any other.
    pub fn closed_on(&self, day: Date) -> Option<String> {
        Days::of(self).closed(day).map(str::to_owned)
    }

    /// The first stretch of more than `longest` milliseconds in which nobody works although the
    /// week has hours: what is written down as closed leaves nothing of it. `longest` is more than
    /// a week.
    pub fn hole(&self, longest: i64) -> Option<(Instant, Instant)> {
        let days = self.holidays.iter().chain(self.closures.keys()).filter_map(|day| {
            let begins = self.zone.to_ambiguous_zoned(day.to_datetime(Time::midnight()));
            let begins = Instant(begins.compatible().ok()?.timestamp().as_millisecond());
            Some((begins, begins + DAY))
        });
        let closed = days.chain(self.pauses.iter().map(|pause| (pause.from, pause.to)));
        // Only there can a hole be; a week before, the week as such is at work.
        let doubtful = merged(closed.map(|(a, b)| (a - 8 * DAY, b + longest + DAY)).collect());
        for (mut from, until) in doubtful {
            let mut closed_since = from;
            while from < until {
                let to = from + STRIDES[1];
                for (open, close) in self.open_between(from, to) {
                    if open - closed_since > longest {
                        return Some((closed_since, open));
                    }
                    closed_since = close;
                }
                from = to;
            }
            if until - closed_since > longest {
                return Some((closed_since, until));
            }
        }
        None
    }

    /// What is worked here alone.
    fn own_between(&self, from: Instant, to: Instant) -> Vec<Stretch> {
        let mut days = Days::of(self);
        let mut open = Vec::new();
        for (begin, end, offset) in by_offset(&self.zone, from, to) {
            // Local midnights, as milliseconds of the clock on the wall. A span of the day before
            // may reach over midnight.
            let mut midnight = (begin.0 + offset).div_euclid(DAY) * DAY - DAY;
            while midnight < end.0 + offset {
                let day = Offset::UTC.to_datetime(Instant(midnight).timestamp()).date();
                let weekday = day.weekday().to_monday_zero_offset().unsigned_abs();
                let spans = &self.week[usize::from(weekday)];
                if !spans.is_empty() && days.closed(day).is_none() {
                    open.extend(spans.iter().filter_map(|span| {
                        let (from, to) = span.of_day();
                        let from = Instant(midnight + from - offset).max(begin);
                        let to = Instant(midnight + to - offset).min(end);
                        (from < to).then_some((from, to))
                    }));
                }
                midnight += DAY;
            }
        }
        without(merged(open), self.pauses.iter().map(|pause| (pause.from, pause.to)))
    }

    /// Goes through working time from `start` on until `each` gives an instant.
    fn walk(&self, start: Instant, mut each: impl FnMut(Stretch) -> Option<Instant>) -> Instant {
        let (mut from, mut worked_until) = (start, start);
        for stride in 0..MOST_STRIDES {
            let to = from + STRIDES[usize::from(stride > 0)];
            for stretch in self.open_between(from, to) {
                if let Some(found) = each(stretch) {
                    return found;
                }
                worked_until = stretch.1;
            }
            if to - worked_until > PATIENCE {
                break;
            }
            from = to;
        }
        worked_until + PATIENCE
    }
}

/// Says which days are closed, with the public holidays of one year at hand.
struct Days<'c> {
    calendar: &'c Calendar,
    year: Option<i16>,
    public: BTreeMap<Date, &'static str>,
}

impl<'c> Days<'c> {
    fn of(calendar: &'c Calendar) -> Days<'c> {
        Days { calendar, year: None, public: BTreeMap::new() }
    }

    /// The name of what closes a day, empty where it has none.
    fn closed(&mut self, day: Date) -> Option<&'c str> {
        let calendar = self.calendar;
        if let Some(name) = calendar.closures.get(&day) {
            return Some(name);
        }
        if !calendar.regions.is_empty() && self.year != Some(day.year()) {
            self.year = Some(day.year());
            self.public = calendar.regions.iter().flat_map(|r| r.year(day.year())).collect();
        }
        let public: Option<&'static str> = self.public.get(&day).copied();
        public.or_else(|| calendar.holidays.contains(&day).then_some(""))
    }
}

/// The first instant after `after` at which the clocks of `zone` show one of `times`; `None` where
/// there are none.
///
/// A time that daylight saving skips or repeats is read as jiff's `compatible` (RFC 5545) rule
/// says: the skipped one moves forward, the first of two is meant.
pub fn next_of(zone: &TimeZone, times: &[Time], after: Instant) -> Option<Instant> {
    let at = |day: Date, time: Time| {
        let there = zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().ok()?;
        Some(Instant(there.timestamp().as_millisecond()))
    };
    let mut day = after.timestamp().to_zoned(zone.clone()).date();
    // Today's may all have passed; a zone that moves over the date line can skip a whole day.
    for _ in 0..3 {
        let next = times.iter().filter_map(|t| at(day, *t)).filter(|at| *at > after).min();
        if next.is_some() {
            return next;
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// The pieces in which a time is walked through.
fn strides(from: Instant, to: Instant) -> impl Iterator<Item = Stretch> {
    let to = within(to);
    let mut at = within(from).max(to - LONGEST);
    std::iter::from_fn(move || {
        let from = at;
        at = (from + STRIDES[1]).min(to);
        (from < to).then_some((from, at))
    })
}

/// An instant that the calendar of dates can tell.
fn within(at: Instant) -> Instant {
    Instant(at.timestamp().as_millisecond())
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
