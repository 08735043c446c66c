//! Makes an instant of what was said of a time, in the brand's zone and business hours.

use super::expression::Expression;
use super::lexicon::{Period, Unit};
use crate::domain::Instant;
use crate::domain::hours::Calendar;
use crate::domain::time::{DAY, HOUR, MINUTE};
use jiff::Span;
use jiff::civil::{Date, Time};

/// A date without a year lies no further ahead: what would, is one of the past.
const AHEAD: i64 = 183;
/// Nothing that is promised lies further ahead than this.
const FURTHEST: i64 = 400 * DAY;

/// The calendar as seen from a reply.
pub(super) struct Seen<'c> {
    calendar: &'c Calendar,
    at: Instant,
    today: Date,
}

impl Seen<'_> {
    /// From the instant at which the reply was posted.
    pub(super) fn from(calendar: &Calendar, at: Instant) -> Seen<'_> {
        Seen { calendar, at, today: at.timestamp().to_zoned(calendar.zone.clone()).date() }
    }

    /// By when it must be done; `None` where that is no instant after the reply.
    pub(super) fn due(&self, said: &Expression) -> Option<Instant> {
        let due = match said.span {
            Some((count, unit)) => self.span(i64::from(count), unit),
            None => self.day_and_time(said),
        };
        due.filter(|due| *due > self.at && *due <= self.at + FURTHEST)
    }

    fn span(&self, n: i64, unit: Unit) -> Option<Instant> {
        // Longer ones are no promise but a slip of the pen, or hostile.
        let most = match unit {
            Unit::Minute => 7 * 24 * 60,
            Unit::Hour | Unit::WorkHour => 2_000,
            Unit::Day => 366,
            Unit::WorkDay => 60,
            Unit::Week => 53,
            Unit::Month => 12,
        };
        if !(1..=most).contains(&n) {
            return None;
        }
        match unit {
            Unit::Minute => Some(self.at + n * MINUTE),
            Unit::Hour => Some(self.at + n * HOUR),
            Unit::WorkHour => Some(self.calendar.after(self.at, n * HOUR)),
            Unit::Day => self.end(plus(self.today, n)?),
            Unit::Week => self.end(plus(self.today, 7 * n)?),
            Unit::Month => self.end(self.today.checked_add(Span::new().months(n)).ok()?),
            Unit::WorkDay => self.end(self.work_day(n)?),
        }
    }

    /// The nth day after today on which the brand works.
    fn work_day(&self, n: i64) -> Option<Date> {
        let (mut day, mut left) = (self.today, n);
        for _ in 0..200 {
            day = day.tomorrow().ok()?;
            left -= i64::from(self.works(day)?);
            if left == 0 {
                return Some(day);
            }
        }
        None
    }

    fn day_and_time(&self, said: &Expression) -> Option<Instant> {
        let time = time_of(said);
        let day = match self.day(said) {
            Some(day) => day?,
            None => {
                if let Some((first, last)) = self.stretch(said) {
                    return self.last_closing(first, last);
                }
                self.today
            }
        };
        // A time alone is the next one.
        let named = self.day(said).is_some() || said.period == Some(Period::Day);
        if let Some((hour, minute)) = time {
            let at = self.clock(day, hour, minute)?;
            let next = || self.clock(day.tomorrow().ok()?, hour, minute);
            return if at <= self.at && !named { next() } else { Some(at) };
        }
        if (said.before || said.ago) && said.period != Some(Period::Day) {
            return self.end(day.yesterday().ok().filter(|day| *day >= self.today)?);
        }
        self.end(day)
    }

    /// The day that is named, if one is; inside, `None` where there is no such day ahead.
    fn day(&self, said: &Expression) -> Option<Option<Date>> {
        let monday = self.monday();
        if let Some(date) = said.date {
            return Some(match date.year {
                Some(year) => Date::new(year, date.month, date.day).ok(),
                None => self.without_year(date.day, date.month),
            });
        }
        if let Some(days) = said.offset {
            return Some(plus(self.today, days));
        }
        if let Some(day) = said.day_of_month {
            return Some(self.day_of_month(day));
        }
        if let Some(weekday) = said.weekday.map(|day| i64::from(day) - 1) {
            let next_week = matches!(
                said.period,
                Some(Period::NextWeek | Period::EarlyNextWeek | Period::MidNextWeek)
            );
            let today = i64::from(self.today.weekday().to_monday_zero_offset());
            // Whoever writes "by Friday" on a Friday means the next one: this one is "today".
            let ahead = match (weekday - today).rem_euclid(7) {
                0 => 7,
                days => days,
            };
            return Some(match next_week {
                true => plus(monday?, 7 + weekday),
                false => plus(self.today, ahead),
            });
        }
        match said.period {
            Some(Period::EarlyNextWeek) => Some(plus(monday?, 8)),
            Some(Period::MidNextWeek) => Some(plus(monday?, 9)),
            _ => None,
        }
    }

    /// The stretch of days that is named, if one is.
    fn stretch(&self, said: &Expression) -> Option<(Date, Date)> {
        let monday = self.monday()?;
        let month = |day: Date| (day.first_of_month().max(self.today), day.last_of_month());
        if let Some((number, year)) = said.month {
            let passed = number < self.today.month();
            let year = year.unwrap_or(self.today.year() + i16::from(passed));
            return Some(month(Date::new(year, number, 1).ok()?));
        }
        match said.period? {
            Period::Week => Some((self.today, plus(monday, 6)?)),
            Period::Weekend => Some((plus(monday, 6)?, plus(monday, 6)?)),
            Period::NextWeek => Some((plus(monday, 7)?, plus(monday, 13)?)),
            Period::Month => Some(month(self.today)),
            Period::NextMonth => Some(month(self.today.last_of_month().tomorrow().ok()?)),
            Period::Year => {
                let december = Date::new(self.today.year(), 12, 1).ok()?;
                Some(month(december))
            }
            Period::Day | Period::EarlyNextWeek | Period::MidNextWeek => None,
        }
    }

    fn monday(&self) -> Option<Date> {
        plus(self.today, -i64::from(self.today.weekday().to_monday_zero_offset()))
    }

    fn without_year(&self, day: i8, month: i8) -> Option<Date> {
        let this = Date::new(self.today.year(), month, day).ok().filter(|d| *d >= self.today);
        let next = || Date::new(self.today.year() + 1, month, day).ok();
        let near = |d: &Date| d.duration_since(self.today).as_hours() <= 24 * AHEAD;
        this.or_else(next).filter(near)
    }

    /// The next day of that number, today among them.
    fn day_of_month(&self, number: i8) -> Option<Date> {
        let mut month = self.today.first_of_month();
        for _ in 0..12 {
            let day = Date::new(month.year(), month.month(), number).ok();
            if let Some(day) = day.filter(|d| *d >= self.today) {
                return Some(day);
            }
            month = month.last_of_month().tomorrow().ok()?;
        }
        None
    }

    /// When work ends on the last day of a stretch on which there still is some; else when the
    /// stretch ends.
    fn last_closing(&self, first: Date, last: Date) -> Option<Instant> {
        let mut day = last;
        while day >= first {
            if let Some(closing) = self.closing(day).filter(|at| *at > self.at) {
                return Some(closing);
            }
            day = day.yesterday().ok()?;
        }
        self.midnight(last)
    }

    /// When a day ends for the customer: with the day's work where there still is some, else with
    /// the day.
    fn end(&self, day: Date) -> Option<Instant> {
        let closing = self.closing(day).filter(|at| *at > self.at);
        closing.or_else(|| self.midnight(day))
    }

    /// When the brand's work of a day ends; `None` on a day without any. What reaches over midnight
    /// counts up to midnight.
    fn closing(&self, day: Date) -> Option<Instant> {
        if !self.works(day)? {
            return None;
        }
        let (from, to) = (self.clock(day, 0, 0)?, self.midnight(day)?);
        let worked = |ms: i64| self.calendar.after(from, ms) <= to;
        // The most work that fits into the day, halved in: `after` never goes back.
        let (mut fits, mut over) = (1, to - from + 1);
        while over - fits > 1 {
            let middle = fits + (over - fits) / 2;
            if worked(middle) {
                fits = middle;
            } else {
                over = middle;
            }
        }
        Some(self.calendar.after(from, fits))
    }

    /// Whether the brand works on a day at all.
    fn works(&self, day: Date) -> Option<bool> {
        Some(self.calendar.after(self.clock(day, 0, 0)?, 1) <= self.midnight(day)?)
    }

    fn midnight(&self, day: Date) -> Option<Instant> {
        self.clock(day, 24, 0)
    }

    /// When the clocks of the zone show a time; 24:00 is where the next day begins.
    fn clock(&self, day: Date, hour: i8, minute: i8) -> Option<Instant> {
        let (day, hour) = if hour == 24 { (day.tomorrow().ok()?, 0) } else { (day, hour) };
        let time = Time::new(hour, minute, 0, 0).ok()?;
        let local = self.calendar.zone.to_ambiguous_zoned(day.to_datetime(time));
        Some(Instant(local.compatible().ok()?.timestamp().as_millisecond()))
    }
}

/// The time of day that is said: that of the clock, else the end of the part of the day. An hour
/// up to 7 in one digit is one of the afternoon, and so is any in an afternoon or evening.
fn time_of(said: &Expression) -> Option<(i8, i8)> {
    let Some(clock) = said.clock else { return said.part };
    let afternoon = match said.part {
        Some((hour, _)) => hour > 12,
        None => !clock.sure,
    };
    let later = clock.hour < 12 && afternoon;
    Some((if later { clock.hour + 12 } else { clock.hour }, clock.minute))
}

fn plus(day: Date, days: i64) -> Option<Date> {
    day.checked_add(Span::new().days(days)).ok()
}
