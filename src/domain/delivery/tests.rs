//! Quiet hours over midnight and over changes of the clock, who is woken, and what fits a rate.

use super::*;
use crate::domain::time::{HOUR, MINUTE};

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

#[test]
fn a_night_is_found_from_both_sides_of_midnight() {
    let quiet = spans(&["22:00-07:00"]);
    let whole = Night { from: at("2026-11-20T22:00"), to: at("2026-11-21T07:00") };
    for inside in ["2026-11-20T22:00", "2026-11-20T23:59", "2026-11-21T06:59"] {
        assert_eq!(night(&quiet, &rome(), at(inside)), Some(whole), "{inside}");
    }
    for outside in ["2026-11-20T21:59", "2026-11-21T07:00", "2026-11-21T12:00"] {
        assert_eq!(night(&quiet, &rome(), at(outside)), None, "{outside}");
    }
    assert_eq!(night(&[], &rome(), at("2026-11-20T23:00")), None);
}

#[test]
fn spans_that_follow_on_one_another_are_one_night() {
    let quiet = spans(&["20:00-24:00", "00:00-06:00", "13:00-14:00"]);
    let whole = Night { from: at("2026-11-20T20:00"), to: at("2026-11-21T06:00") };
    assert_eq!(night(&quiet, &rome(), at("2026-11-20T21:00")), Some(whole));
    assert_eq!(night(&quiet, &rome(), at("2026-11-21T05:00")), Some(whole));
    let noon = Night { from: at("2026-11-21T13:00"), to: at("2026-11-21T14:00") };
    assert_eq!(night(&quiet, &rome(), at("2026-11-21T13:30")), Some(noon));
}

#[test]
fn the_night_of_a_change_is_longer_or_shorter_and_ends_at_seven() {
    let quiet = spans(&["22:00-07:00"]);
    let long = night(&quiet, &rome(), at("2026-10-24T23:00")).unwrap();
    assert_eq!((long.to, long.to - long.from), (at("2026-10-25T07:00"), 10 * HOUR));
    let short = night(&quiet, &rome(), at("2027-03-27T23:00")).unwrap();
    assert_eq!((short.to, short.to - short.from), (at("2027-03-28T07:00"), 8 * HOUR));
    // 02:30 is skipped on 28 March 2027, and comes as 03:30.
    let skipped = night(&spans(&["23:00-02:30"]), &rome(), at("2027-03-28T01:00")).unwrap();
    assert_eq!(skipped.to, at("2027-03-28T03:30"));
}

#[test]
fn all_nights_between_two_instants_are_found() {
    let (from, to) = (at("2026-11-20T23:00"), at("2026-11-22T23:30"));
    let found = nights(&spans(&["22:00-07:00"]), &rome(), from, to);
    let wanted = [
        (from, at("2026-11-21T07:00")),
        (at("2026-11-21T22:00"), at("2026-11-22T07:00")),
        (at("2026-11-22T22:00"), to),
    ];
    assert_eq!(found, wanted);
    assert!(nights(&[], &rome(), from, to).is_empty());
}

#[test]
fn hours_that_never_end_are_known() {
    assert!(ends(&spans(&["22:00-07:00"])) && ends(&[]));
    assert!(ends(&spans(&["07:00-06:59"])));
    assert!(!ends(&spans(&["00:00-24:00"])));
    assert!(!ends(&spans(&["06:00-18:00", "17:30-06:30"])));
    // Whatever was let through: a held alert moves on.
    let always = night(&spans(&["00:00-24:00"]), &rome(), at("2026-11-20T12:00")).unwrap();
    assert!(always.to > at("2026-11-20T12:00"));
}

#[test]
fn only_what_is_listed_wakes() {
    let usual = Wake::USUAL;
    let (safety, legal) = (&[Risk::Legal, Risk::Safety][..], &[Risk::Legal][..]);
    assert_eq!(Wake::of(&usual, Reason::NewComplaint, safety), Some(Wake::Safety));
    assert_eq!(Wake::of(&usual, Reason::NewComplaint, legal), None);
    assert_eq!(Wake::of(&[Wake::Legal], Reason::Again, safety), Some(Wake::Legal));
    assert_eq!(Wake::of(&usual, Reason::ChannelDeaf, &[]), Some(Wake::Deaf));
    assert_eq!(Wake::of(&usual, Reason::ChannelBack, &[]), None);
    assert_eq!(Wake::of(&[], Reason::ChannelDeaf, safety), None);
}

#[test]
fn the_person_on_call_is_woken_alone() {
    let whole = Night { from: Instant(0), to: Instant(MINUTE) };
    let night = Some(whole);
    let (wake, of) = (Some(Wake::Deaf), |night, wake, on_call| fate(night, wake, "desk", on_call));
    assert_eq!(of(None, wake, Some("ada")), Fate::Goes);
    assert_eq!(of(night, None, Some("desk")), Fate::Waits(whole));
    assert_eq!(of(night, wake, Some("desk")), Fate::Wakes(Wake::Deaf, whole));
    assert_eq!(of(night, wake, Some("ada")), Fate::WaitsBehind(Wake::Deaf, whole));
    assert_eq!(of(night, wake, None), Fate::Wakes(Wake::Deaf, whole), "else nobody would hear");
}

#[test]
fn the_fourth_of_a_night_rings_no_more_unless_somebody_may_be_hurt() {
    assert!((0..3).all(|before| rings_alone(Wake::Legal, before)));
    assert!(!rings_alone(Wake::Legal, 3) && !rings_alone(Wake::Deaf, 9));
    assert!(rings_alone(Wake::Safety, 9));
}

#[test]
fn what_does_not_fit_goes_into_the_last_message() {
    let rate = Rate { most: 20, window_ms: HOUR };
    assert_eq!((rate.room(0), rate.room(19), rate.room(20), rate.room(30)), (20, 1, 0, 0));
    assert_eq!((one_by_one(20, 20), one_by_one(20, 50), one_by_one(1, 2)), (20, 19, 0));
    assert_eq!((one_by_one(0, 1), one_by_one(0, 0), one_by_one(1, 1)), (0, 0, 1));
    let now = Instant(10 * HOUR);
    assert_eq!(rate.next(Some(now - 20 * MINUTE), now), now + 40 * MINUTE);
    assert!(rate.next(None, now) > now && rate.next(Some(now - 2 * HOUR), now) > now);
}
