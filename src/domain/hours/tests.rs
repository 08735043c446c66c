//! Tests of business hours on days that people know: weekends, holidays, nights, moved clocks.

use super::*;
use crate::domain::time::HOUR;

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

fn at(text: &str) -> Instant {
    let zoned: jiff::Zoned = format!("{text}[Europe/Rome]").parse().unwrap();
    Instant(zoned.timestamp().as_millisecond())
}

fn spans(all: &[&str]) -> Vec<Span> {
    all.iter().map(|text| Span::parse(text).unwrap()).collect()
}

/// Every day the same hours.
fn daily(all: &[&str]) -> Calendar {
    Calendar { week: std::array::from_fn(|_| spans(all)), ..Calendar::empty(rome()) }
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
    assert_eq!(office.worked(at("2026-12-24T17:00"), at("2026-12-28T10:00")), 2 * HOUR);
    assert!(office.is_open(at("2026-12-24T17:59")) && !office.is_open(at("2026-12-25T10:00")));
    assert_eq!(office.next_open(at("2026-12-24T18:00")), at("2026-12-28T09:00"));
    assert_eq!(office.next_open(at("2026-12-24T12:00")), at("2026-12-24T12:00"));
}

#[test]
fn public_holidays_and_closures_say_what_they_are() {
    let mut office = Calendar::office(rome());
    office.regions = vec![Region::parse("it").unwrap()];
    office.closures.insert("2026-12-24".parse().unwrap(), "Ponte".to_owned());
    assert_eq!(office.next_open(at("2026-12-23T18:00")), at("2026-12-28T09:00"));
    let closed = |day: &str| office.closed_on(day.parse().unwrap());
    assert_eq!(closed("2026-12-23"), None);
    assert_eq!(closed("2026-12-24").as_deref(), Some("Ponte"));
    assert_eq!(closed("2026-12-25").as_deref(), Some("Natale"));
    // 1 January is looked up in its own year.
    assert_eq!(office.next_open(at("2026-12-31T18:00")), at("2027-01-04T09:00"));
}

#[test]
fn daylight_saving_moves_the_wall_clock_not_the_hours() {
    let always = Calendar::always(rome());
    // Clocks go back at 03:00 on 25 October 2026: 24 hours later it is 11:00, not 12:00.
    assert_eq!(always.after(at("2026-10-24T12:00"), 24 * HOUR), at("2026-10-25T11:00"));
    let night = daily(&["22:00-06:00"]);
    // The night of the change has nine hours, and the one in March seven.
    assert_eq!(night.after(at("2026-10-24T22:00"), 9 * HOUR), at("2026-10-25T06:00"));
    assert_eq!(night.after(at("2027-03-27T22:00"), 7 * HOUR), at("2027-03-28T06:00"));
}

#[test]
fn an_hour_that_clocks_skip_is_worked_by_nobody_and_one_that_comes_twice_twice() {
    let early = daily(&["02:00-03:00"]);
    assert_eq!(early.worked(at("2027-03-28T00:00"), at("2027-03-29T00:00")), 0);
    assert_eq!(early.worked(at("2026-10-25T00:00"), at("2026-10-26T00:00")), 2 * HOUR);
    // A day that Samoa left out has no hours, and the next none too many.
    let apia = TimeZone::get("Pacific/Apia").unwrap();
    let samoa = Calendar { zone: apia.clone(), ..daily(&["09:00-18:00"]) };
    let midnight = |day: &str| {
        let day: Date = day.parse().unwrap();
        Instant(day.to_zoned(apia.clone()).unwrap().timestamp().as_millisecond())
    };
    assert_eq!(samoa.worked(midnight("2011-12-29"), midnight("2012-01-01")), 18 * HOUR);
}

#[test]
fn a_span_over_midnight_reaches_the_early_morning() {
    let night = daily(&["22:00-06:00"]);
    assert_eq!(night.after(at("2026-11-20T03:00"), 4 * HOUR), at("2026-11-20T23:00"));
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let mut night = daily(&["22:00-06:00"]);
    night.holidays.insert("2026-12-25".parse().unwrap());
    // The night from Christmas Eve is worked to its end, the one from Christmas Day is not.
    assert!(night.is_open(at("2026-12-25T05:59")) && !night.is_open(at("2026-12-25T06:00")));
    assert!(!night.is_open(at("2026-12-25T22:00")) && !night.is_open(at("2026-12-26T05:59")));
    assert_eq!(night.after(at("2026-12-25T05:00"), 2 * HOUR), at("2026-12-26T23:00"));
}

#[test]
fn what_overlaps_counts_once() {
    let mixed = daily(&["22:00-06:00", "05:00-09:00", "08:00-10:00", "08:30-09:30"]);
    let (from, to) = (at("2026-11-20T00:00"), at("2026-11-21T00:00"));
    assert_eq!(mixed.worked(from, to), 12 * HOUR);
    assert_eq!(mixed.after(from, 11 * HOUR), at("2026-11-20T23:00"));
    assert_eq!(daily(&["00:00-24:00", "09:00-09:00"]).worked(from, to), 24 * HOUR);
}

#[test]
fn pauses_are_taken_out() {
    let mut office = Calendar::office(rome());
    let (from, to) = (at("2026-11-20T15:00"), at("2026-11-23T10:00"));
    office.pauses = vec![Pause { from, to, name: "Trasloco".to_owned() }];
    assert_eq!(office.after(at("2026-11-20T14:00"), 2 * HOUR), at("2026-11-23T11:00"));
    assert!(!office.is_open(from) && office.is_open(to));
}

#[test]
fn places_in_several_zones_take_turns() {
    let new_york = TimeZone::get("America/New_York").unwrap();
    let both = Calendar { also: vec![Calendar::office(new_york)], ..Calendar::office(rome()) };
    // New York begins at 15:00 in Rome and ends at midnight: fifteen hours from nine on.
    let (from, to) = (at("2026-11-20T00:00"), at("2026-11-21T00:00"));
    assert_eq!(both.worked(from, to), 15 * HOUR);
    assert_eq!(both.after(at("2026-11-20T17:30"), 2 * HOUR), at("2026-11-20T19:30"));
    assert_eq!(both.after(at("2026-11-20T23:30"), HOUR), at("2026-11-23T09:30"));
}

#[test]
fn times_of_day_come_once_a_day_whatever_the_clocks_do() {
    let rome = Calendar::office(rome());
    let times = |all: &[&str]| -> Vec<Time> { all.iter().map(|t| t.parse().unwrap()).collect() };
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

#[test]
fn a_calendar_that_never_opens_still_gives_a_deadline() {
    let never = Calendar::empty(rome());
    let start = at("2026-11-20T08:00");
    assert_eq!(never.after(start, HOUR), start + PATIENCE);
    assert_eq!((never.worked(start, start + PATIENCE), never.works()), (0, false));
    for absurd in [Instant(i64::MIN), Instant(i64::MAX)] {
        assert!(Calendar::office(rome()).after(absurd, HOUR) >= absurd);
        assert!(!Calendar::office(rome()).is_open(absurd));
    }
}

#[test]
fn a_hole_is_named_by_its_ends() {
    let year = 366 * DAY;
    let mut office = Calendar::office(rome());
    assert_eq!(office.hole(year), None);
    let close = |office: &mut Calendar, from: &str, days: i64| {
        let first: Date = from.parse().unwrap();
        for day in first.series(jiff::Span::new().days(1)).take(usize::try_from(days).unwrap()) {
            office.closures.insert(day, "Restauro".to_owned());
        }
    };
    close(&mut office, "2026-01-01", 365);
    assert_eq!(office.hole(year), None, "a year is long, but it ends");
    close(&mut office, "2027-01-01", 31);
    let hole = Some((at("2025-12-31T18:00"), at("2027-02-01T09:00")));
    assert_eq!(office.hole(year), hole);
    // Far from it another day says nothing of the time between.
    office.holidays.insert("9000-01-01".parse().unwrap());
    assert_eq!(office.hole(year), hole);
    office.pauses =
        vec![Pause { from: at("2030-01-01T00:00"), to: at("2033-01-01T00:00"), name: "x".into() }];
    office.closures.clear();
    assert_eq!(office.hole(year), Some((at("2029-12-31T18:00"), at("2033-01-03T09:00"))));
}

#[test]
fn a_date_of_the_year_1_or_9999_costs_no_more_than_ten_years() {
    let office = Calendar::office(TimeZone::UTC);
    let now = Instant::parse("2026-11-20T12:00:00Z").unwrap();
    let first = Instant::parse("0001-01-01T00:00:00Z").unwrap();
    let last = Instant::parse("9999-12-01T00:00:00Z").unwrap();
    for (from, to) in [(first, now), (now, last), (Instant(i64::MIN), Instant(i64::MAX))] {
        let pieces: Vec<Stretch> = strides(from, to).collect();
        assert_eq!(pieces.len(), 115, "from {from} to {to}");
        assert!(pieces.windows(2).all(|two| two[0].1 == two[1].0), "none is left out");
    }
    assert_eq!(office.worked(first, now), office.worked(now - LONGEST, now));
    assert_eq!(office.worked(now, first), 0);
    let (year, week) = (now - 364 * DAY, 5 * 9 * 3_600_000);
    assert_eq!(office.worked(year, now), 52 * week, "what is shorter counts in full");
}
