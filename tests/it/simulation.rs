//! The simulation: seeded days on which everything fails, clocks jump, and the process dies at
//! every commit and every send. Whatever happens, nothing is lost, doubled or forgotten.

mod day;
pub mod fate;
pub mod house;
mod judge;
mod life;
mod lives;
mod outside;
mod reckoning;
mod staff;
mod team;
mod watch;

use crate::chance::Chance;
use ascolto::domain::time::MINUTE;
use ascolto::store::outbox;
use day::{Day, LENGTH};
use house::House;
use team::Team;

/// How long a day is let rest at its end, in minutes: the last look for a reply comes after
/// twelve and a half, an alert is tried again for longer.
const REST: u64 = 60;

fn campaign() -> bool {
    std::env::var_os("ASCOLTO_CAMPAIGN").is_some()
}

/// What a day left behind.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// The head of the sealed log: a hash over everything that ever happened.
    head: String,
    deaths: Vec<&'static str>,
    passed: u64,
    mentions: u64,
    replies: usize,
    alerts: usize,
}

/// Plays a day. `dies` says of each process at which boundary it dies.
async fn play(seed: u64, day: &Day, mut dies: impl FnMut() -> Option<u64>) -> Outcome {
    let mut house = House::open(seed, day, dies()).await;
    let mut team = Team::new(seed);
    let mut chance = Chance::new(seed ^ 0xC10C);
    for minute in 0..LENGTH + REST {
        house.minute(&mut chance);
        if minute == LENGTH {
            house.outside.calm();
        }
        house.settle().await;
        house.revive(&mut dies).await;
        if minute < LENGTH {
            team.act(&house).await;
            house.revive(&mut dies).await;
        }
    }
    house.fate.begin(None);
    for _ in 0..3 {
        house.clock.advance(MINUTE);
        house.settle().await;
    }
    judge(seed, house, day, &team).await
}

/// Holds what is there against what must be.
async fn judge(seed: u64, house: House, day: &Day, team: &Team) -> Outcome {
    let mut tx = house.deps.store.read().await.unwrap();
    let account = judge::books(seed, &mut tx, &house, day, &team.texts, &team.replies).await;
    assert_eq!(outbox::waiting(&mut tx).await.unwrap(), 0, "seed {seed}: an alert waits");
    let alerts = watch::alerts(&mut tx).await;
    judge::alerts_came_once(seed, &house, &alerts);
    for alert in &alerts {
        assert_ne!(alert.state, "failed", "seed {seed}: {}", alert.fault);
    }
    let head = judge::head(&mut tx).await;
    drop(tx);
    let outcome = Outcome {
        head,
        deaths: house.deaths.clone(),
        passed: house.passed + house.fate.passed(),
        mentions: account.totals.mentions,
        replies: team.replies.len(),
        alerts: alerts.len(),
    };
    house.close().await;
    outcome
}

#[tokio::test]
async fn a_death_at_every_boundary() {
    let seed = Chance::seed();
    let day = day::day(seed, 8);
    let whole = play(seed, &day, || None).await;
    let last = if campaign() { whole.passed } else { whole.passed.min(120) };
    for at in 1..=last {
        let mut first = Some(at);
        let outcome = play(seed, &day, || first.take()).await;
        assert_eq!(outcome.deaths.len(), 1, "boundary {at}");
        assert_eq!(outcome.mentions, whole.mentions, "boundary {at}");
    }
    println!("simulation: seed {seed}, a death at each of {last} boundaries of {}", whole.passed);
}

#[tokio::test]
async fn simulation_figures_days_full_of_deaths() {
    let first = Chance::seed();
    let days = if campaign() { 60 } else { 6 };
    let (mut deaths, mut boundaries, mut mentions, mut replies, mut alerts) = (0, 0, 0, 0, 0);
    for seed in first..first + days {
        let day = day::day(seed, 30);
        let mut chance = Chance::new(seed);
        let outcome = play(seed, &day, || Some(3 + chance.below(60))).await;
        deaths += outcome.deaths.len();
        boundaries += outcome.passed;
        mentions += outcome.mentions;
        replies += outcome.replies;
        alerts += outcome.alerts;
    }
    println!(
        "simulation: seeds {first} to {}: {deaths} deaths at {boundaries} boundaries; {mentions} \
         mentions, {replies} replies, {alerts} alerts; none lost, none twice",
        first + days - 1
    );
    assert!(deaths > 0 && replies > 0 && alerts > 0);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_log() {
    let seed = Chance::seed() ^ 0x5A3E;
    let day = day::day(seed, 20);
    let play = async || {
        let mut chance = Chance::new(seed);
        play(seed, &day, || Some(3 + chance.below(60))).await
    };
    assert_eq!(play().await, play().await);
}
