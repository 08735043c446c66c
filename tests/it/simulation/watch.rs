//! What must hold at any time at which the house has nothing left to do: nobody is forgotten, no date
//! of ours passes unseen, and what stands at a recipient tells how the case stands.

use super::house::House;
use super::outside::{Arrival, plain};
use ascolto::domain::case::{Attention, next_due};
use ascolto::domain::delivery::stands;
use ascolto::domain::{CaseId, CommitmentKind, CommitmentState, Instant};
use ascolto::store::Tx;
use ascolto::store::cases::{self, CaseFile};
use ascolto::store::inbox::{self, Filter};
use ascolto::store::live::{self, LiveRow};
use ascolto::store::outbox::{self, AlertRow};
use std::collections::BTreeSet;

/// More cases or alerts than any day has.
const ALL: i64 = 100_000;

/// Every case.
pub async fn cases(tx: &mut Tx) -> Vec<CaseFile> {
    let lines = inbox::by_urgency(tx, &Filter::default(), ALL, 0).await.unwrap();
    let ids: Vec<CaseId> = lines.iter().map(|line| line.id.parse().unwrap()).collect();
    cases::load(tx, &ids).await.unwrap()
}

/// Every alert, the newest first.
pub async fn alerts(tx: &mut Tx) -> Vec<AlertRow> {
    outbox::newest(tx, ALL).await.unwrap()
}

/// Whether an alert is about a case.
pub fn is_about(alert: &AlertRow, file: &CaseFile) -> bool {
    alert.case_id == Some(file.case.id.to_string())
}

/// Looks at a house that came to rest.
pub async fn look(seed: u64, house: &House) {
    let now = house.clock.now();
    let mut tx = house.deps.store.read().await.unwrap();
    let files = cases(&mut tx).await;
    let alerts = alerts(&mut tx).await;
    let standing = live::of_alerts(&mut tx, &alerts).await.unwrap();
    drop(tx);
    let arrivals = house.outside.arrivals();
    for file in &files {
        nobody_is_forgotten(seed, file, now);
        promises_are_kept_or_told(seed, file, &alerts, now);
    }
    for row in &standing {
        let of = |a: &&AlertRow| a.live == row.live && a.recipient == row.recipient;
        let about: Vec<&AlertRow> = alerts.iter().filter(of).collect();
        one_stands(seed, row, &about, &arrivals);
        let Some(file) = files.iter().find(|f| row.case_id == Some(f.case.id.to_string())) else {
            continue;
        };
        let waits = about.iter().any(|alert| alert.due_at.is_some());
        // What waited when its author was muted, a change among it, is told to nobody.
        let muted = alerts.iter().any(|a| is_about(a, file) && a.reason == "muted");
        if !waits && !muted {
            let (to, id) = (&row.recipient, file.case.id);
            assert_eq!(row.says, stands(&file.case), "seed {seed}: {to} is told so of {id}");
        }
    }
}

/// What stands at a recipient came there, and whatever came of the same since then changed it in
/// place.
fn one_stands(seed: u64, row: &LiveRow, about: &[&AlertRow], arrivals: &[Arrival]) {
    let (to, key) = (&row.recipient, plain(&row.key));
    let began = arrivals.iter().rposition(|a| a.to == *to && a.key == key && !a.changes);
    let began = began.unwrap_or_else(|| panic!("seed {seed}: {key} does not stand at {to}"));
    let keys: BTreeSet<String> = about.iter().map(|alert| plain(&alert.key)).collect();
    let later = arrivals[began + 1..].iter().filter(|a| a.to == *to && keys.contains(&a.key));
    for arrival in later {
        let (other, at) = (&arrival.key, arrival.at);
        assert!(
            arrival.changes,
            "seed {seed}: {key} stands at {to}, and {other} came beside at {at}"
        );
    }
}

/// What is owed has a time at which the clock acts, and none of these has passed: of a take, a
/// snooze and a wait for private contact neither.
fn nobody_is_forgotten(seed: u64, file: &CaseFile, now: Instant) {
    let (case, id) = (&file.case, file.case.id);
    let due = next_due(case);
    let owed = case.owed().next().is_some();
    assert!(!owed || due.is_some(), "seed {seed}: {id} is owed, and no clock runs: {case:?}");
    if let Some((at, timer)) = due {
        let timer = timer.as_str();
        assert!(at > now, "seed {seed}: `{timer}` of {id} was due at {at}, now it is {now}");
    }
    match &case.attention {
        Attention::Free => {}
        Attention::Taken { by, until }
        | Attention::Snoozed { by, until }
        | Attention::Moved { by, until } => {
            assert!(*until > now, "seed {seed}: {by} has {id} until {until}, now it is {now}");
        }
    }
}

/// A promise whose date passed is broken, and somebody was to be told.
fn promises_are_kept_or_told(seed: u64, file: &CaseFile, alerts: &[AlertRow], now: Instant) {
    let id = file.case.id;
    let promises = file.case.commitments.iter().filter(|c| c.kind == CommitmentKind::Promise);
    for promise in promises {
        let said = format!("seed {seed}: {:?} of {id}, due at {}", promise.words, promise.due);
        match promise.state {
            CommitmentState::Open => assert!(promise.due > now, "{said}, is open at {now}"),
            CommitmentState::Broken { .. } => {
                // Whatever became of the alert since, its key says why it was made.
                let broken = |a: &AlertRow| a.key.contains(".promise_broken.");
                let told = alerts.iter().any(|a| is_about(a, file) && broken(a));
                assert!(told, "{said}, is broken, and nobody is told");
            }
            CommitmentState::Kept { .. } | CommitmentState::Dropped { .. } => {}
        }
    }
}
