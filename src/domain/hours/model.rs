//! Random calendars against a model that looks at the clock on the wall, minute by minute.

use super::*;
use crate::domain::time::{HOUR, MINUTE};
use jiff::ToSpan;
use proptest::prelude::*;

/// How many minutes a case looks at: eight days.
const HORIZON: usize = 8 * 24 * 60;

/// The first minute of the ten years: 1 January 2021, UTC.
const FIRST: i64 = 1_609_459_200_000;

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Rome",
    "America/New_York",
    // Its clocks are moved by half an hour.
    "Australia/Lord_Howe",
    // It left out 30 December 2011.
    "Pacific/Apia",
    "America/St_Johns",
];

/// Some days before clocks were moved in one of the zones, and where a year begins.
const TURNS: [&str; 10] = [
    "2011-12-27T00:00:00Z",
    "2011-10-31T00:00:00Z",
    "2026-10-20T00:00:00Z",
    "2027-03-24T00:00:00Z",
    "2026-10-28T00:00:00Z",
    "2027-03-10T00:00:00Z",
    "2026-10-01T00:00:00Z",
    "2027-04-01T00:00:00Z",
    "2026-12-21T00:00:00Z",
    "2027-12-27T00:00:00Z",
];

/// A calendar as chance has it; days and pauses count from where the case begins.
#[derive(Clone, Debug)]
struct Drawn {
    zone: usize,
    week: Vec<Vec<(i8, i8, i8, i8)>>,
    holidays: Vec<i64>,
    closures: Vec<i64>,
    region: usize,
    pauses: Vec<(i64, i64)>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let span = (0..24i8, 0..60i8, 0..24i8, 0..60i8);
    let week = prop::collection::vec(prop::collection::vec(span, 0..4), 7);
    let days = || prop::collection::vec(-1..9i64, 0..3);
    let pauses = prop::collection::vec((0..11_000i64, 1..3_000i64), 0..3);
    (0..ZONES.len(), week, days(), days(), 0..4usize, pauses).prop_map(
        |(zone, week, holidays, closures, region, pauses)| Drawn {
            zone,
            week,
            holidays,
            closures,
            region,
            pauses,
        },
    )
}

/// Where a case begins: anywhere in the ten years, half of the time where something happens.
fn start() -> impl Strategy<Value = Instant> {
    let anywhere = (0..10 * 365 * 24 * 60i64).prop_map(|minute| Instant(FIRST + minute * MINUTE));
    let turn = (0..TURNS.len(), 0..4 * 24 * 60i64)
        .prop_map(|(turn, minute)| Instant::parse(TURNS[turn]).unwrap() + minute * MINUTE);
    prop_oneof![anywhere, turn]
}

impl Drawn {
    fn calendar(&self, start: Instant) -> Calendar {
        let zone = TimeZone::get(ZONES[self.zone]).unwrap();
        let first = zone.to_datetime(start.timestamp()).date();
        let day = |days: &i64| first.checked_add(days.days()).unwrap();
        let time = |hour: i8, minute: i8| Time::constant(hour, minute, 0, 0);
        let mut calendar = Calendar::empty(zone);
        for (at, spans) in self.week.iter().enumerate() {
            calendar.week[at] = spans
                .iter()
                .map(|(h, m, to_h, to_m)| Span { from: time(*h, *m), to: time(*to_h, *to_m) })
                .collect();
        }
        calendar.holidays = self.holidays.iter().map(day).collect();
        calendar.closures = self.closures.iter().map(|d| (day(d), "closed".to_owned())).collect();
        let regions = ["it", "uk-sct", "us"];
        calendar.regions =
            regions.get(self.region).and_then(|code| Region::parse(code)).into_iter().collect();
        calendar.pauses = self
            .pauses
            .iter()
            .map(|(from, length)| {
                let from = start + from * MINUTE;
                Pause { from, to: from + length * MINUTE, name: "pause".to_owned() }
            })
            .collect();
        calendar
    }
}

/// A calendar with the days of a case on which nobody begins to work.
struct Wall<'c> {
    calendar: &'c Calendar,
    free: BTreeSet<Date>,
    also: Vec<Wall<'c>>,
}

impl<'c> Wall<'c> {
    fn of(calendar: &'c Calendar, start: Instant) -> Wall<'c> {
        let first = calendar.zone.to_datetime(start.timestamp()).date();
        let free = |day: &Date| {
            calendar.holidays.contains(day)
                || calendar.closures.contains_key(day)
                || calendar.regions.iter().any(|r| r.year(day.year()).contains_key(day))
        };
        let days = (-3..15i64).map(|n| first.checked_add(n.days()).unwrap());
        let also = calendar.also.iter().map(|other| Wall::of(other, start)).collect();
        Wall { calendar, free: days.filter(free).collect(), also }
    }

    /// Whether somebody works in the minute that begins here.
    fn open(&self, minute: Instant) -> bool {
        let shown = self.calendar.zone.to_datetime(minute.timestamp());
        let (today, now) = (shown.date(), shown.time());
        let yesterday = today.yesterday().unwrap();
        let of_today = self.spans(today).any(|span| {
            let over_midnight = span.to <= span.from;
            span.from <= now && (over_midnight || now < span.to)
        });
        let of_yesterday = self.spans(yesterday).any(|span| span.to <= span.from && now < span.to);
        let works = (of_today && !self.free.contains(&today))
            || (of_yesterday && !self.free.contains(&yesterday));
        let paused = self.calendar.pauses.iter().any(|p| p.from <= minute && minute < p.to);
        (works && !paused) || self.also.iter().any(|other| other.open(minute))
    }

    fn spans(&self, day: Date) -> impl Iterator<Item = &Span> {
        let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap();
        self.calendar.week[weekday].iter()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_clock_on_the_wall(
        start in start(),
        one in drawn(),
        other in prop::option::weighted(0.3, drawn()),
        works in prop::collection::vec(0..4_000i64, 8),
        looks in prop::collection::vec((0..HORIZON, 0..HORIZON), 40),
    ) {
        let mut calendar = one.calendar(start);
        calendar.also = other.iter().map(|other| other.calendar(start)).collect();
        let minute = |n: usize| start + i64::try_from(n).unwrap() * MINUTE;
        let wall = Wall::of(&calendar, start);
        let opens: Vec<bool> = (0..HORIZON).map(|n| wall.open(minute(n))).collect();
        let end = minute(HORIZON);

        // What is worked, and whether somebody works.
        let total = opens.iter().filter(|open| **open).count();
        prop_assert_eq!(calendar.worked(start, end), i64::try_from(total).unwrap() * MINUTE);
        for (a, b) in &looks {
            prop_assert_eq!(calendar.is_open(minute(*a)), opens[*a], "at {}", minute(*a));
            let (a, b) = (*a.min(b), *a.max(b));
            let counted = opens[a..b].iter().filter(|open| **open).count();
            let worked = calendar.worked(minute(a), minute(b));
            prop_assert_eq!(worked, i64::try_from(counted).unwrap() * MINUTE);
            let next = calendar.next_open(minute(a));
            match (a..HORIZON).find(|n| opens[*n]) {
                Some(n) => prop_assert_eq!(next, minute(n)),
                None => prop_assert!(next >= end),
            }
        }

        // When so much is done, and that so much is done by then.
        for work in works {
            let after = calendar.after(start, work * MINUTE);
            if work > 0 {
                let open = (0..HORIZON).filter(|n| opens[*n]);
                match open.take(usize::try_from(work).unwrap()).enumerate().last() {
                    Some((count, n)) if count + 1 == usize::try_from(work).unwrap() => {
                        prop_assert_eq!(after, minute(n + 1));
                    }
                    _ => prop_assert!(after > end),
                }
            }
            let worked = calendar.worked(start, after);
            if calendar.works() || calendar.also.iter().any(Calendar::works) {
                prop_assert_eq!(worked, work * MINUTE);
            } else {
                prop_assert_eq!((after, worked), (start + PATIENCE, 0));
            }
        }
    }

    /// Between whole minutes too, and over a year.
    #[test]
    fn what_is_worked_until_then_is_what_was_asked_for(
        start in start(),
        ms in 0..HOUR,
        one in drawn(),
        work in 0..60 * HOUR,
    ) {
        let calendar = one.calendar(start);
        let start = start + ms;
        let after = calendar.after(start, work);
        if calendar.works() {
            prop_assert_eq!(calendar.worked(start, after), work);
            if work > 0 {
                prop_assert_eq!(calendar.worked(start, after - 1_i64), work - 1);
            }
        }
    }
}
