//! The simulation: seeded days on which everything fails, clocks jump, and the process dies at
//! every commit and every send. Whatever happens, nothing is lost, doubled or forgotten.

mod day;
pub mod fate;
pub mod house;
mod outside;
mod team;

use crate::chance::Chance;
use ascolto::domain::ReplyId;
use ascolto::domain::time::MINUTE;
use ascolto::store::outbox::AlertRow;
use ascolto::store::{events, ledger, mentions, outbox, replies};
use day::{Day, LENGTH};
use house::House;
use std::collections::BTreeMap;
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
    let options = ledger::Options { verify: true, ..ledger::Options::default() };
    let account = ledger::check(&mut tx, house.clock.now(), &options).await.unwrap();
    let table = account.table();
    assert!(account.balanced(), "seed {seed}, deaths {:?}:\n{table}", house.deaths);
    for id in &day.standing {
        let known = mentions::known(&mut tx, "acme", "rehearsal", &[("", id)]).await.unwrap();
        let quoted = format!("\"{id}\"");
        let about: Vec<&str> = day.script.lines().filter(|l| l.contains(&quoted)).collect();
        assert_eq!(
            known.len(),
            1,
            "seed {seed}, {} walk by {}: {id} was not heard\n{}\n{table}",
            day.walk,
            day.page,
            about.join("\n")
        );
    }
    assert_eq!(mentions::backlog(&mut tx).await.unwrap(), 0, "seed {seed}: untriaged mentions");
    for text in &team.texts {
        let stands = house.outside.standing(text);
        assert!(stands <= 1, "seed {seed}: {text:?} stands there {stands} times");
    }
    for reply in &team.replies {
        reply_is_accounted_for(seed, &mut tx, &house, *reply).await;
    }
    assert_eq!(outbox::waiting(&mut tx).await.unwrap(), 0, "seed {seed}: an alert waits");
    let alerts: Vec<AlertRow> = outbox::newest(&mut tx, 10_000).await.unwrap();
    let mut keys = BTreeMap::new();
    for alert in &alerts {
        *keys.entry(alert.key.as_str()).or_insert(0) += 1;
        let there = house.outside.delivered(&alert.key.replace('.', "_"));
        assert!(alert.state != "sent" || there > 0, "seed {seed}: {} never came", alert.key);
        assert_ne!(alert.state, "failed", "seed {seed}: {}", alert.fault);
    }
    assert!(keys.values().all(|n| *n == 1), "seed {seed}: an alert is there twice");
    let (_, _, head) = events::seal_of(&mut tx, "acme").await.unwrap().unwrap();
    drop(tx);
    let head = head.iter().map(|b| format!("{b:02x}")).collect();
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

/// A reply that was accepted stands once, or the store says why not.
async fn reply_is_accounted_for(
    seed: u64,
    tx: &mut ascolto::store::Tx,
    house: &House,
    reply: ReplyId,
) {
    for part in replies::parts(tx, &reply.to_string()).await.unwrap() {
        let stands = house.outside.standing(&part.text);
        let fits = match part.state.as_str() {
            "posted" => stands == 1,
            "refused" => stands == 0,
            // A person decides; nothing is known.
            "unknown" => true,
            _ => false,
        };
        assert!(fits, "seed {seed}: {} stands {stands} times: {}", part.state, part.fault);
        assert!(
            part.state == "posted" || !part.fault.is_empty(),
            "seed {seed}: nothing says why {reply} is {}",
            part.state
        );
    }
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
