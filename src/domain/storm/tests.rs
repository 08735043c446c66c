//! Tests of storms: what is usual, what is not, and how often a steady brand is wronged.

use super::*;
use crate::domain::Bands;
use crate::domain::silence::hour_of;
use crate::domain::verdict::Topic;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A Monday, 00:00 UTC.
const MONDAY: Instant = Instant(1_795_392_000_000);
const WEEK: i64 = 7 * DAY;

fn sign(minute: i64, author: &str, topic: Topic, band: i64) -> Sign {
    let bands = [Some(band), None, None, Some(-band)];
    Sign { at: MONDAY + minute * MINUTE, author: author.to_owned(), topic, bands }
}

#[test]
fn the_fullest_hour_counts_people_and_not_posts() {
    let one = |minute, who: &str| sign(minute, who, Topic::Outage, 1);
    let signs = [
        one(0, "ann"),
        one(10, "ann"),
        one(30, "bob"),
        one(61, "cem"),
        one(65, "ann"),
        one(89, "dai"),
        one(90, "eve"),
    ];
    let all: Vec<&Sign> = signs.iter().collect();
    // From 00:30 on bob, cem, ann and dai wrote; eve wrote an hour after bob.
    assert_eq!(densest(&all), Some(Dense { from: MONDAY + 30 * MINUTE, people: 4 }));
    assert_eq!(densest(&all[..2]), Some(Dense { from: MONDAY, people: 1 }));
    assert_eq!(densest(&[]), None);
}

#[test]
fn what_has_a_band_in_common_is_one_group() {
    let mut signs: Vec<Sign> =
        (0..6).map(|n| sign(n, "a", Topic::Outage, [7, 8, 7, 9, 8, 7][n as usize])).collect();
    // A bridge between two groups, and a text without words.
    signs[3].bands = [Some(8), Some(5), None, None];
    signs.push(Sign { bands: Bands::default(), ..signs[0].clone() });
    signs.push(Sign { bands: [None, Some(5), None, None], ..signs[0].clone() });
    let all: Vec<&Sign> = signs.iter().collect();
    assert_eq!(alike(&all), [vec![1, 3, 4, 7], vec![0, 2, 5]]);
    // The same number in another place is no common band.
    let apart = [
        sign(0, "a", Topic::App, 1),
        Sign { bands: [Some(-1), None, None, None], ..sign(0, "b", Topic::App, 2) },
    ];
    assert_eq!(alike(&apart.iter().collect::<Vec<_>>()), Vec::<Vec<usize>>::new());
}

/// The chance of at least so many by adding up what is below, as textbooks have it.
fn slow_chance(complaints: f64, spans: f64, people: u32) -> f64 {
    let (shape, hit) = (complaints + 0.5, spans / (spans + 1.0));
    let mut term = hit.powf(shape);
    let mut below = 0.0;
    for n in 0..people {
        below += term;
        term *= (f64::from(n) + shape) / (f64::from(n) + 1.0) * (1.0 - hit);
    }
    1.0 - below
}

#[test]
fn the_chance_is_that_of_the_negative_binomial_law() {
    for (complaints, spans, people) in
        [(0.0, 1.0, 3), (2.0, 4.0, 3), (58.0, 7.0, 16), (300.0, 7.0, 62), (12.0, 1.0, 30)]
    {
        let (fast, slow) =
            (Usual::new(complaints, spans).chance(people), slow_chance(complaints, spans, people));
        assert!((fast - slow).abs() < 1e-9, "{complaints} in {spans}: {fast} and {slow}");
    }
    // Far out, where adding up from below loses everything, it is still above nothing.
    let far = Usual::new(8_000.0, 8.0).chance(3_000);
    assert!((0.0..1e-12).contains(&far), "{far}");
}

#[test]
fn a_storm_is_far_above_the_usual_and_never_of_a_few() {
    let quiet = Some(Usual::new(0.0, 8.0));
    assert!(!breaks(StormKind::Topic, 19, 20, quiet), "the brand asks for 20");
    assert!(breaks(StormKind::Topic, 20, 20, quiet));
    // Eight an hour are usual: 24 are three times that, and yet come by chance now and then.
    let busy = Some(Usual::new(56.0, 7.0));
    assert!(!breaks(StormKind::Rate, 23, 20, busy));
    assert!(breaks(StormKind::Rate, 40, 20, busy));
    // A hundred an hour: a fifth more is rare by the law, and no storm to anybody.
    let large = Some(Usual::new(700.0, 7.0));
    assert!(!breaks(StormKind::Rate, 160, 20, large));
    assert!(breaks(StormKind::Rate, 300, 20, large));
    assert!(!breaks(StormKind::Rate, 300, 400, large), "a threshold of its own");
    for (kind, storm) in
        [(StormKind::Like, true), (StormKind::Topic, false), (StormKind::Rate, false)]
    {
        assert_eq!(breaks(kind, 50, 20, None), storm, "{kind}, and nobody knows what is usual");
    }
}

#[test]
fn a_storm_lasts_below_where_it_began() {
    let busy = Some(Usual::new(56.0, 7.0));
    assert!(lasts(16, 20, busy) && !lasts(15, 20, busy));
    assert!(lasts(10, 20, Some(Usual::new(0.0, 8.0))) && !lasts(9, 20, None));
}

#[test]
fn growth_is_told_at_once_when_it_doubled_and_else_each_quarter_of_an_hour() {
    assert_eq!(next_word(0, Instant(0), 40, false), Some(Instant(0)), "nobody was told yet");
    assert_eq!(next_word(40, MONDAY, 40, false), None);
    assert_eq!(next_word(40, MONDAY, 41, false), Some(MONDAY + RETELL));
    assert_eq!(next_word(40, MONDAY, 80, false), Some(MONDAY));
    assert_eq!(next_word(40, MONDAY, 40, true), Some(MONDAY + RETELL));
    assert_eq!(next_word(0, Instant(0), 0, false), None);
}

/// A tide of so many complaints in each of some hours after Monday, all about one topic.
fn tide(hours: &[(i64, i64)]) -> Tide {
    let base = hour_of(MONDAY);
    Tide::new(MONDAY - HOUR, hours.iter().map(|(hour, n)| (base + hour, Topic::Outage, *n)))
}

#[test]
fn the_same_hour_of_the_last_weeks_says_what_is_usual() {
    let at = MONDAY + 4 * WEEK + 10 * HOUR;
    let known = tide(&[(10, 8), (178, 9), (346, 70), (514, 7), (11, 80), (9, 80)]);
    // Of four weeks the highest is left out: it was a storm.
    assert_eq!(known.usual(at, None), Some(Usual::new(24.0, 3.0)));
    assert_eq!(known.usual(at, Some(Topic::Outage)), Some(Usual::new(24.0, 3.0)));
    assert_eq!(known.usual(at, Some(Topic::Refund)), Some(Usual::new(0.0, 3.0)));
    // A window across two hours of the clock has its part of both.
    let half = known.usual(at + 30 * MINUTE, None).unwrap();
    assert!((half.expected() - (4.5 + 35.0 + 3.5) / 3.0).abs() < 1e-9, "{half:?}");
    let needs = Tide::needs(MONDAY - HOUR, at, at + MINUTE);
    let weekly = |hour: i64| (0..4).map(move |week| hour_of(MONDAY) + hour + week * 168);
    assert_eq!(needs, weekly(10).chain(weekly(11)).collect::<BTreeSet<i64>>());
}

#[test]
fn a_young_brand_is_held_against_all_it_heard_so_far() {
    let known = tide(&[(0, 30), (5, 18)]);
    assert_eq!(known.usual(MONDAY + 23 * HOUR, None), None, "nobody knows within a day");
    // 48 in 48 hours are one an hour, and three in a busy one.
    let usual = known.usual(MONDAY + 48 * HOUR, None).unwrap();
    assert!((usual.expected() - 3.0).abs() < 1e-9, "{usual:?}");
    let needs = Tide::needs(MONDAY - HOUR, MONDAY + 48 * HOUR, MONDAY + 49 * HOUR);
    assert_eq!(needs.len(), 50, "all of them");
    assert!(known.usual(MONDAY + WEEK - 1, None).is_some());
}

/// Chance from a seed (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How many come where so many are expected (D. Knuth's way, for small means).
    fn poisson(&mut self, mean: f64) -> u32 {
        let (least, mut product, mut n) = ((-mean).exp(), self.share(), 0);
        while product > least {
            product *= self.share();
            n += 1;
        }
        n
    }
}

/// How busy an hour of the week is, on average 1.
fn weight(hour: i64) -> f64 {
    let busy = |hour: i64| match (hour / 24 < 5, hour % 24) {
        (true, 9..18) => 2.5,
        (_, 8..23) => 1.0,
        _ => 0.2,
    };
    let mean = (0..168).map(busy).sum::<f64>() / 168.0;
    busy(hour.rem_euclid(168)) / mean
}

/// Plays a brand that never changes: how many storms are called. One complaint in ten says what
/// others say too, and half are about three of the topics.
fn false_storms(a_day: f64, days: i64, seed: u64) -> u32 {
    let (mut chance, base) = (Chance(seed), hour_of(MONDAY));
    let mut heard: BTreeMap<(i64, Topic), i64> = BTreeMap::new();
    let mut lately: VecDeque<(Instant, Topic, bool)> = VecDeque::new();
    let (mut known, mut copies, mut storms, mut last) = (Tide::default(), 0, 0, Instant(0));
    for minute in 0..days * 1_440 {
        let now = MONDAY + minute * MINUTE;
        let hour = hour_of(now);
        if minute % 60 == 0 {
            let needs = Tide::needs(MONDAY, now - WINDOW, now + HOUR);
            let rows = needs.into_iter().flat_map(|hour| {
                let of = |topic: &Topic| heard.get(&(hour, *topic)).map(|n| (hour, *topic, *n));
                Topic::ALL.iter().filter_map(of).collect::<Vec<_>>()
            });
            known = Tide::new(MONDAY, rows);
        }
        for _ in 0..chance.poisson(a_day / 1_440.0 * weight(hour - base)) {
            let place = (chance.share() * chance.share() * Topic::ALL.len() as f64) as usize;
            let (topic, copy) = (Topic::ALL[place], chance.share() < 0.1);
            *heard.entry((hour, topic)).or_default() += 1;
            copies += i64::from(copy);
            lately.push_back((now, topic, copy));
        }
        while lately.front().is_some_and(|(at, ..)| *at <= now - WINDOW) {
            lately.pop_front();
        }
        let Some(from) = lately.front().map(|(at, ..)| *at) else { continue };
        let count = |of: &dyn Fn(Topic, bool) -> bool| {
            u32::try_from(lately.iter().filter(|(_, topic, copy)| of(*topic, *copy)).count())
                .unwrap()
        };
        let rate = count(&|_, _| true);
        if rate < LEAST {
            continue;
        }
        let mut storm = breaks(StormKind::Rate, rate, LEAST, known.usual(from, None));
        for topic in Topic::ALL {
            let people = count(&|of, _| of == *topic);
            storm |= breaks(StormKind::Topic, people, LEAST, known.usual(from, Some(*topic)));
        }
        let like = count(&|_, copy| copy);
        let before = Usual::of_any(copies - i64::from(like), hour - base);
        storm |= breaks(StormKind::Like, like, LEAST, before);
        if storm {
            storms += u32::from(now - last > QUIET);
            last = now;
        }
    }
    storms
}

#[test]
fn a_steady_brand_is_called_a_storm_less_than_once_a_month() {
    // Twenty weeks from its first hour on, with one complaint a day and with a thousand.
    const DAYS: i64 = 140;
    for (seed, a_day) in [1.0, 10.0, 40.0, 100.0, 300.0, 1_000.0].into_iter().enumerate() {
        let storms = false_storms(a_day, DAYS, seed as u64);
        assert!(i64::from(storms) * 30 < DAYS, "{a_day} a day: {storms} storms in {DAYS} days");
    }
}

#[test]
fn the_play_of_steady_brands_could_fail() {
    // The same play with a storm in it: an hour that brings two days' worth.
    let usual = Usual::of_any(1_000, 240).unwrap();
    assert!(!usual.explains(200), "{usual:?}");
    let mut chance = Chance(7);
    let mean = (0..10_000).map(|_| f64::from(chance.poisson(2.0))).sum::<f64>() / 10_000.0;
    assert!((mean - 2.0).abs() < 0.1, "{mean}");
    let week = (0..168).map(weight).sum::<f64>() / 168.0;
    assert!((week - 1.0).abs() < 1e-9);
}
