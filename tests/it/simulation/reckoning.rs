//! What must be true at the end of a day that was lived through: whatever waited was told, nobody was
//! woken for nothing or told more than they asked for, and the lead heard once.

use super::day::Day;
use super::house::House;
use super::life::{RATES, SLEEPERS};
use super::outside::plain;
use super::staff::Staff;
use super::{judge, watch};
use ascolto::domain::obligation::Owing;
use ascolto::domain::reason::Reason;
use ascolto::domain::time::{DAY, HOUR};
use ascolto::domain::{Instant, Risk};
use ascolto::store::cases::CaseFile;
use ascolto::store::ledger::statement::stated;
use ascolto::store::outbox::AlertRow;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// What a day left behind; the same seed leaves the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Lived {
    /// The head of the sealed log.
    pub head: String,
    /// Where its processes died.
    pub deaths: Vec<&'static str>,
    /// How many replies the house accepted.
    pub replies: usize,
    /// How often what was told, by its reason; `grouped` counts what was told with others, `woke`
    /// what broke somebody's quiet hours.
    pub told: BTreeMap<String, usize>,
}

/// The alerts made by `end` of which nobody knows yet what becomes of them: those that wait, and
/// those that were to be told with others by an alert that waits or is not there.
pub async fn untold(house: &House, end: Instant) -> Vec<String> {
    let mut tx = house.deps.store.read().await.unwrap();
    let alerts = watch::alerts(&mut tx).await;
    let left = alerts.iter().filter(|a| Instant(a.created_at) <= end && !is_settled(a, &alerts));
    left.map(|a| format!("{} ({}, held by {:?}): {}", a.key, a.state, a.held, a.fault)).collect()
}

fn is_settled(alert: &AlertRow, all: &[AlertRow]) -> bool {
    if alert.state != "grouped" {
        return alert.due_at.is_none();
    }
    let tells = |a: &&AlertRow| a.live == alert.told_in && a.recipient == alert.recipient;
    let mut tellers = all.iter().filter(tells).peekable();
    tellers.peek().is_some() && tellers.all(|teller| teller.due_at.is_none())
}

/// Holds what is there against what must be.
pub async fn reckon(seed: u64, house: House, day: &Day, staff: &Staff) -> Lived {
    let rome = TimeZone::get("Europe/Rome").unwrap();
    let mut tx = house.deps.store.read().await.unwrap();
    judge::books(seed, &mut tx, &house, day, &staff.texts, &staff.replies).await;
    let first = day.start.day_in(&rome);
    let statement = stated(&mut tx, "acme", &first).await.unwrap();
    let broken = statement.unwrap_or_else(|| panic!("seed {seed}: {first} is not stated")).broken;
    assert!(broken.is_empty(), "seed {seed}: the statement of {first}: {broken:?}");
    let alerts = watch::alerts(&mut tx).await;
    let files = watch::cases(&mut tx).await;
    let head = judge::head(&mut tx).await;
    drop(tx);
    judge::alerts_came_once(seed, &house, &alerts);
    every_alert_says_what_became_of_it(seed, &house, &alerts);
    nobody_sleeping_was_told(seed, &house, &alerts, &rome);
    no_rate_was_passed(seed, &house, &files, &alerts);
    the_lead_heard_once(seed, &files, &alerts);
    let (deaths, replies) = (house.deaths.clone(), staff.replies.len());
    house.close().await;
    Lived { head, deaths, replies, told: counts(&alerts) }
}

/// A non-send has the reason of one, and what was given up had been tried for a day.
fn every_alert_says_what_became_of_it(seed: u64, house: &House, alerts: &[AlertRow]) {
    for alert in alerts {
        let key = &alert.key;
        match alert.state.as_str() {
            "silent" => {
                let why: Reason = alert.reason.parse().unwrap();
                assert!(why.is_silence(), "seed {seed}: {key} was not sent for {why}");
            }
            "failed" => {
                let tried = house.clock.now() - Instant(alert.created_at);
                assert!(tried >= DAY, "seed {seed}: {key} was given up: {}", alert.fault);
            }
            "sent" => assert!(alert.sent_at.is_some(), "seed {seed}: {key} was sent at no time"),
            "due" => assert!(alert.due_at.is_some(), "seed {seed}: {key} waits for nothing"),
            "grouped" => {
                let tells =
                    |a: &AlertRow| a.live == alert.told_in && a.recipient == alert.recipient;
                let told = alerts.iter().any(tells);
                assert!(told, "seed {seed}: nothing tells {key} in {:?}", alert.told_in);
            }
            other => panic!("seed {seed}: {key} is {other}"),
        }
    }
}

/// What comes to somebody in quiet hours is what wakes, or the one alert of the night that tells
/// more of it.
fn nobody_sleeping_was_told(seed: u64, house: &House, alerts: &[AlertRow], rome: &TimeZone) {
    let by_key: BTreeMap<String, &AlertRow> = alerts.iter().map(|a| (plain(&a.key), a)).collect();
    for arrival in house.outside.arrivals() {
        let sleeps = SLEEPERS.iter().find(|(who, ..)| *who == arrival.to);
        let hour = arrival.at.timestamp().to_zoned(rome.clone()).hour();
        if sleeps.is_none_or(|(_, from, to)| (*to..*from).contains(&hour)) {
            continue;
        }
        let known = by_key.get(&arrival.key);
        let alert = known.unwrap_or_else(|| panic!("seed {seed}: who made {}?", arrival.key));
        let wakes = !alert.wake.is_empty() || alert.key.starts_with("night.");
        let (at, to) = (arrival.at, &arrival.to);
        assert!(wakes, "seed {seed}: {to} slept at {at} and was told {}", alert.key);
    }
}

/// In no hour anybody was told more than they asked for, but of what wakes, and where somebody may be
/// hurt. What changes an alert in place is no message.
fn no_rate_was_passed(seed: u64, house: &House, files: &[CaseFile], alerts: &[AlertRow]) {
    let risky = files.iter().filter(|f| f.stakes.risk.contains(&Risk::Safety));
    let grave: BTreeSet<String> = risky.map(|f| f.case.id.to_string()).collect();
    // As it came last: before an answer that was lost it may have come otherwise.
    let changes: BTreeMap<String, bool> =
        house.outside.arrivals().into_iter().map(|a| (a.key, a.changes)).collect();
    for (who, most) in RATES {
        let counts = |a: &&AlertRow| {
            let rings = changes.get(&plain(&a.key)) == Some(&false);
            let waits = a.wake.is_empty() && a.case_id.iter().all(|id| !grave.contains(id));
            a.recipient == *who && a.state == "sent" && waits && rings
        };
        let mut sent: Vec<i64> = alerts.iter().filter(counts).filter_map(|a| a.sent_at).collect();
        sent.sort_unstable();
        for (n, at) in sent.iter().enumerate() {
            let within = sent[..=n].iter().filter(|before| **before > at - HOUR).count();
            let until = Instant(*at);
            assert!(within <= *most, "seed {seed}: {who} got {within} in the hour until {until}");
        }
    }
}

/// The lead hears of somebody's third complaint, and of none twice.
fn the_lead_heard_once(seed: u64, files: &[CaseFile], alerts: &[AlertRow]) {
    for file in files {
        let id = file.case.id;
        let told = alerts.iter().filter(|a| {
            watch::is_about(a, file) && a.recipient == "lead" && a.key.contains(".third_strike.")
        });
        let told = told.count();
        let said = file.stakes.lead_told;
        assert_eq!(told, usize::from(said), "seed {seed}: the lead was told of {id} so often");
        let complains = file.case.opened().any(|o| o.owing == Owing::Complaint);
        // Of a muted author the lead hears nothing; when that ended, the case may not know it yet.
        let third = file.stakes.strikes >= 3 && file.muted_until == Instant(0);
        assert!(said || !third || !complains, "seed {seed}: the lead does not know of {id}");
    }
}

fn counts(alerts: &[AlertRow]) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    let mut count = |what: &str| *told.entry(what.to_owned()).or_insert(0) += 1;
    for alert in alerts {
        match alert.state.as_str() {
            "sent" => count(&alert.reason),
            "grouped" => {
                count(&alert.reason);
                count("grouped");
            }
            _ => {}
        }
        if !alert.wake.is_empty() {
            count("woke");
        }
    }
    told
}
