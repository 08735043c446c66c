//! Turns, nights, overrides, absences, and a slow model that must agree.

use super::*;
use crate::domain::time::{DAY, HOUR, MINUTE};
use proptest::prelude::*;

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

fn at(text: &str) -> Instant {
    let zoned: jiff::Zoned = format!("{text}[Europe/Rome]").parse().unwrap();
    Instant(zoned.timestamp().as_millisecond())
}

fn stint(who: &str, from: &str, to: &str) -> Stint {
    Stint { who: who.to_owned(), from: at(from), to: at(to) }
}

/// Changes on Mondays at nine; Monday 2 November 2026 is ada's.
fn weekly() -> Rota {
    Rota {
        name: "duty".to_owned(),
        people: ["ada", "bob", "eve"].map(str::to_owned).to_vec(),
        zone: rome(),
        first: "2026-11-02".parse().unwrap(),
        every: 7,
        change: Time::constant(9, 0, 0, 0),
        hours: Vec::new(),
        overrides: Vec::new(),
        absences: Vec::new(),
    }
}

#[test]
fn turns_change_on_the_day_and_at_the_hour() {
    let rota = weekly();
    let table = [
        ("2026-11-02T08:59", "eve"),
        ("2026-11-02T09:00", "ada"),
        ("2026-11-09T08:59", "ada"),
        ("2026-11-09T09:00", "bob"),
        ("2026-11-20T03:00", "eve"),
        ("2026-11-23T09:00", "ada"),
        ("2026-01-05T10:00", "eve"),
    ];
    for (when, who) in table {
        assert_eq!(rota.on_duty(at(when)), Some(who), "{when}");
    }
}

#[test]
fn a_turn_over_the_change_of_clocks_is_an_hour_longer_or_shorter() {
    let rota = Rota { every: 1, change: Time::constant(3, 30, 0, 0), ..weekly() };
    let length = |day: &str| {
        let begin = at(day);
        let same = |h: &i64| rota.on_duty(begin + *h * HOUR) == rota.on_duty(begin);
        (0..).take_while(same).count()
    };
    assert_eq!(length("2026-10-24T03:30"), 25, "clocks go back in the night that follows");
    assert_eq!(length("2027-03-27T03:30"), 23);
    assert_eq!(length("2027-03-28T03:30"), 24);
}

#[test]
fn an_override_holds_and_who_is_away_is_stood_in_for() {
    let mut rota = weekly();
    rota.overrides = vec![
        stint("bob", "2026-11-03T00:00", "2026-11-05T00:00"),
        stint("zoe", "2026-11-04T00:00", "2026-11-05T00:00"),
    ];
    rota.absences = vec![stint("zoe", "2026-11-04T12:00", "2026-11-06T00:00")];
    let on_duty = |when| rota.on_duty(at(when));
    assert_eq!(on_duty("2026-11-02T23:59"), Some("ada"));
    assert_eq!(on_duty("2026-11-03T00:00"), Some("bob"));
    assert_eq!(on_duty("2026-11-04T11:59"), Some("zoe"), "the later of two");
    assert_eq!(on_duty("2026-11-04T12:00"), Some("bob"), "zoe is away");
    assert_eq!(on_duty("2026-11-05T00:00"), Some("ada"), "it is over");
    rota.absences.push(stint("ada", "2026-11-05T00:00", "2026-11-06T00:00"));
    assert_eq!(rota.on_duty(at("2026-11-05T08:00")), Some("bob"), "the next in turn");
    let everybody: BTreeSet<&str> = rota.everybody().collect();
    assert_eq!(everybody, BTreeSet::from(["ada", "bob", "eve", "zoe"]));
}

#[test]
fn holes_are_named_from_their_first_instant_to_their_last() {
    let mut rota = weekly();
    let (from, to) = (at("2026-11-02T00:00"), at("2026-12-02T00:00"));
    assert!(rota.holes(from, to).is_empty());
    rota.absences = ["ada", "bob", "eve"]
        .map(|who| stint(who, "2026-11-10T00:00", "2026-11-12T00:00"))
        .to_vec();
    rota.absences[2].from = at("2026-11-11T06:00");
    rota.overrides = vec![stint("zoe", "2026-11-11T10:00", "2026-11-11T12:00")];
    let holes = rota.holes(from, to);
    let expected = [
        (at("2026-11-11T06:00"), at("2026-11-11T10:00")),
        (at("2026-11-11T12:00"), at("2026-11-12T00:00")),
    ];
    assert_eq!(holes, expected);
    assert_eq!(rota.holes(expected[0].0 + MINUTE, expected[0].1 - MINUTE).len(), 1, "from inside");
    assert!(rota.holes(to, from).is_empty(), "no time at all");
}

#[test]
fn a_rota_of_nights_leaves_the_days_to_another() {
    let night = Rota { hours: vec![Span::parse("18:00-08:00").unwrap()], ..weekly() };
    let day = Rota { hours: vec![Span::parse("08:00-18:00").unwrap()], ..weekly() };
    let (from, to) = (at("2026-11-20T00:00"), at("2026-11-22T00:00"));
    let days: Vec<_> = ["2026-11-20", "2026-11-21"]
        .map(|d| (at(&format!("{d}T08:00")), at(&format!("{d}T18:00"))))
        .to_vec();
    assert_eq!(night.holes(from, to), days);
    let rotas = Rotas::from([("night".to_owned(), night), ("day".to_owned(), day)]);
    assert_eq!(nobody(["night"], &rotas, from, to), days);
    assert!(nobody(["night", "day"], &rotas, from, to).is_empty());
    assert!(nobody(["night", "room"], &rotas, from, to).is_empty(), "a recipient is always there");
    assert_eq!(nobody([], &rotas, from, to), [(from, to)]);
    assert_eq!(resolve("night", &rotas, from), Some("eve".to_owned()));
    assert_eq!(resolve("night", &rotas, days[0].0), None);
    assert_eq!(resolve("room", &rotas, from), Some("room".to_owned()));
}

/// Who is on duty by going through the change-overs one by one, and by the clock on the wall.
fn by_hand(rota: &Rota, at: Instant) -> Option<String> {
    let local = at.timestamp().to_zoned(rota.zone.clone());
    let minute = |t: Time| i64::from(t.hour()) * 60 + i64::from(t.minute());
    let now = minute(local.time());
    let open = rota.hours.iter().any(|span| {
        let (from, to) = (minute(span.from), minute(span.to));
        if to > from { from <= now && now < to } else { now >= from || now < to }
    });
    if !rota.hours.is_empty() && !open {
        return None;
    }
    let mut turn = 0;
    let mut day = rota.first;
    loop {
        for _ in 0..rota.every {
            day = day.tomorrow().unwrap();
        }
        let begins = day.to_datetime(rota.change).to_zoned(rota.zone.clone()).unwrap();
        if begins.timestamp() > at.timestamp() {
            break;
        }
        turn += 1;
    }
    let away =
        |who: &String| rota.absences.iter().any(|a| a.who == *who && a.from <= at && at < a.to);
    let mut wanted: Vec<String> = Vec::new();
    for o in &rota.overrides {
        if o.from <= at && at < o.to {
            wanted.insert(0, o.who.clone());
        }
    }
    for n in 0..rota.people.len() {
        wanted.push(rota.people[(turn + n) % rota.people.len()].clone());
    }
    wanted.into_iter().find(|who| !away(who))
}

fn any_stint() -> impl Strategy<Value = Stint> {
    let who = prop_oneof!["ada", "bob", "eve"];
    (who, 0i64..400 * 24, 1i64..40 * 24).prop_map(|(who, from, hours)| {
        let from = at("2026-11-02T09:00") + from * HOUR;
        Stint { who, from, to: from + hours * HOUR }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// A slow model agrees at any time of more than a year, and the holes are where it finds
    /// nobody. Hours and change-overs keep clear of those that daylight saving skips or repeats.
    #[test]
    fn agrees_with_going_through_the_turns(
        every in 1i64..16,
        change in 4i8..24,
        hours in proptest::option::of((4i8..24, 4i8..24)),
        overrides in proptest::collection::vec(any_stint(), 0..4),
        absences in proptest::collection::vec(any_stint(), 0..6),
        looks in proptest::collection::vec(0i64..400 * 24 * 60, 20),
    ) {
        let hour = |h: i8| Time::constant(h, 0, 0, 0);
        let span = hours.filter(|(a, b)| a != b).map(|(a, b)| Span { from: hour(a), to: hour(b) });
        let rota = Rota {
            every,
            change: hour(change),
            hours: span.into_iter().collect(),
            overrides,
            absences,
            ..weekly()
        };
        let begin = at("2026-11-02T09:00") + DAY;
        let holes = rota.holes(begin, begin + 400 * DAY);
        prop_assert!(holes.windows(2).all(|two| two[0].1 < two[1].0), "apart and in order");
        for look in looks {
            let now = begin + look * MINUTE;
            let model = by_hand(&rota, now);
            prop_assert_eq!(rota.on_duty(now), model.as_deref(), "{}", now);
            let in_hole = holes.iter().any(|(from, to)| *from <= now && now < *to);
            prop_assert_eq!(in_hole, model.is_none(), "{}", now);
        }
    }
}
