//! Days that are lived through: 26 hours with a night in them, in which everything fails, processes
//! die, agents forget and clocks change. While each goes by nobody may be forgotten; at its end
//! whatever waited must have been told.
//!
//! 200 in an ordinary run, 10,000 in the campaign, in parts that run side by side. What fails names
//! its seed: `ASCOLTO_SEED=N ./tests/run lived_days_1` plays that day first.

use super::house::House;
use super::reckoning::{self, Lived};
use super::staff::Staff;
use super::{campaign, life, watch};
use crate::chance::Chance;
use ascolto::domain::time::MINUTE;
use std::collections::BTreeMap;

/// How many tests share the days.
const PARTS: u64 = 8;

/// The house is looked at each time it was woken so often.
const LOOK_EVERY: u64 = 3;

/// How long a day is let rest at its end, in tens of minutes: a look for a reply comes after twelve
/// and a half minutes, and what is beyond a rate or waits for another try comes within hours.
const REST: std::ops::Range<u64> = 8..40;

/// How long the machine sleeps until it does what is due: mostly for an hour or more, so that much is
/// due at once. Now and then its clock is set back; twice a day at most, since a day is stated five
/// minutes after its end.
fn nap(chance: &mut Chance, set_back: &mut u32) -> i64 {
    let minutes = match chance.below(20) {
        0 if *set_back < 2 => {
            *set_back += 1;
            return -3 * MINUTE;
        }
        0 | 1 => 2 + chance.below(4),
        2..=5 => 6 + chance.below(12),
        _ => 45 + chance.below(75),
    };
    i64::try_from(minutes).unwrap() * MINUTE
}

/// Lives through the day of a seed.
async fn live(seed: u64) -> Lived {
    let day = life::day(seed);
    let end = day.start + i64::try_from(life::LENGTH).unwrap() * MINUTE;
    let (mut chance, mut death) = (Chance::new(seed ^ 0x0A9), Chance::new(seed ^ 0xDEAD));
    let mut dies = || Some(20 + death.below(400));
    let mut house = House::open(seed, &day, dies()).await;
    let mut staff = Staff::new(seed);
    let (mut naps, mut set_back) = (0, 0);
    while house.clock.now() < end {
        house.clock.advance(nap(&mut chance, &mut set_back));
        naps += 1;
        house.settle().await;
        // Who died has left things undone.
        if house.fate.died().is_none() && naps % LOOK_EVERY == 0 {
            watch::look(seed, &house).await;
        }
        house.revive(&mut dies).await;
        for _ in 0..1 + chance.below(4) {
            staff.act(&house).await;
            house.revive(&mut dies).await;
        }
    }
    house.outside.calm();
    house.fate.begin(None);
    let mut left = Vec::new();
    for rest in 0..REST.end {
        house.clock.advance(10 * MINUTE);
        house.settle().await;
        if rest < REST.start {
            continue;
        }
        left = reckoning::untold(&house, end).await;
        if left.is_empty() {
            break;
        }
    }
    assert!(left.is_empty(), "seed {seed}: what waits is never told: {left:#?}");
    watch::look(seed, &house).await;
    // What is sealed is some seconds old.
    for _ in 0..2 {
        house.clock.advance(MINUTE);
        house.settle().await;
    }
    reckoning::reckon(seed, house, &day, &staff).await
}

/// Lives through the days of a part.
async fn days(part: u64) {
    let all = if campaign() { 10_000 } else { 200 };
    let each = all / PARTS;
    let first = Chance::seed() + part * each;
    let (mut deaths, mut replies) = (0, 0);
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for seed in first..first + each {
        let lived = live(seed).await;
        deaths += lived.deaths.len();
        replies += lived.replies;
        for (what, n) in lived.told {
            *told.entry(what).or_default() += n;
        }
    }
    let last = first + each - 1;
    println!("days of seeds {first} to {last}: {deaths} deaths, {replies} replies; told {told:?}");
    assert!(deaths > 0 && replies > 0, "seeds {first} to {last}");
    // Days in which none of this happens would show nothing.
    let happens = [
        "new_complaint",
        "escalated",
        "take_ran_out",
        "promise_broken",
        "follow_up_due",
        "third_strike",
        "storm",
        "quiet_digest",
        "many_at_once",
        "grouped",
        "woke",
    ];
    for what in happens {
        assert!(told.contains_key(what), "seeds {first} to {last}: no {what} in {told:?}");
    }
}

macro_rules! parts {
    ($($name:ident = $part:literal,)+) => {$(
        #[tokio::test]
        async fn $name() {
            days($part).await;
        }
    )+};
}

parts! {
    lived_days_1 = 0,
    lived_days_2 = 1,
    lived_days_3 = 2,
    lived_days_4 = 3,
    lived_days_5 = 4,
    lived_days_6 = 5,
    lived_days_7 = 6,
    lived_days_8 = 7,
}

#[tokio::test]
async fn the_same_seed_lives_the_same_day() {
    let first = Chance::seed() ^ 0x11FE;
    let days = if campaign() { 50 } else { 3 };
    for seed in first..first + days {
        assert_eq!(live(seed).await, live(seed).await, "seed {seed}");
    }
}
