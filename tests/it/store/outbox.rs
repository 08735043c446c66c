//! Alerts: one a key, leased, settled only by whoever holds the lease.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::reason::Reason;
use ascolto::domain::{AlertId, CaseId, Instant};
use ascolto::store::lanes::LEASE;
use ascolto::store::outbox::{self, AlertRow, NewAlert, Outcome};

store_suite!(
    a_key_is_told_once,
    an_old_fence_settles_nothing,
    each_outcome_is_stored_with_its_reason,
    non_sends_are_stored,
    what_waits_to_be_tried_again_is_hastened_and_nothing_else,
);

fn alert(house: &House, key: &str, due_at: Option<Instant>) -> NewAlert {
    NewAlert {
        id: AlertId(house.id()),
        key: key.to_owned(),
        brand: "acme".to_owned(),
        case: Some(CaseId(5)),
        channel: String::new(),
        recipient: "room".to_owned(),
        reason: Reason::NewComplaint,
        title: "a\0b".to_owned(),
        body: "😀".to_owned(),
        due_at,
        live: String::new(),
    }
}

async fn take(house: &House, owner: &str, at: Instant) -> Vec<AlertRow> {
    let mut tx = house.begin().await;
    let taken = outbox::take_due(&mut tx, owner, at, 50).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn add(house: &House, alerts: &[NewAlert]) {
    let mut tx = house.begin().await;
    outbox::add(&mut tx, alerts, T0).await.unwrap();
    tx.commit().await.unwrap();
}

async fn settle(house: &House, outcomes: &[(AlertRow, Outcome)], at: Instant) {
    let mut tx = house.begin().await;
    outbox::settle(&mut tx, outcomes, at).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_key_is_told_once(house: &House) {
    let twice = [alert(house, "k", Some(T0)), alert(house, "k", Some(T0))];
    add(house, &twice).await;
    add(house, &twice[1..]).await;
    add(house, &[]).await;
    let mut tx = house.begin().await;
    assert_eq!(outbox::waiting(&mut tx).await.unwrap(), 1);
    let row = outbox::by_id(&mut tx, twice[0].id).await.unwrap().unwrap();
    assert_eq!((row.title.as_str(), row.body.as_str()), ("a\u{FFFD}b", "😀"));
    drop(tx);
    let taken = take(house, "a", T0).await;
    settle(house, &[(taken[0].clone(), Outcome::Sent("remote-1".into()))], T0).await;
    add(house, &[alert(house, "k", Some(T0))]).await;
    assert!(take(house, "a", T0 + LEASE * 2).await.is_empty(), "sent, and told again");
}

async fn an_old_fence_settles_nothing(house: &House) {
    add(house, &[alert(house, "k", Some(T0))]).await;
    let old = take(house, "a", T0).await.remove(0);
    assert!(take(house, "b", T0 + LEASE).await.is_empty(), "the lease still holds");
    let new = take(house, "b", T0 + LEASE + 1).await.remove(0);
    assert_eq!((new.fence, new.attempts), (old.fence + 1, 2));
    settle(house, &[(old.clone(), Outcome::Failed("late".into()))], T0 + LEASE + 2).await;
    let mut tx = house.begin().await;
    let row = outbox::by_id(&mut tx, old.id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.fault.as_str()), ("due", ""));
    drop(tx);
    settle(house, &[(new, Outcome::Sent("r".into()))], T0 + LEASE + 3).await;
    let mut tx = house.begin().await;
    let row = outbox::by_id(&mut tx, old.id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.sent_at), ("sent", Some(T0.0 + LEASE + 3)));
}

async fn each_outcome_is_stored_with_its_reason(house: &House) {
    let keys = ["sent", "silent", "later", "failed"];
    let alerts: Vec<NewAlert> = keys.iter().map(|k| alert(house, k, Some(T0))).collect();
    add(house, &alerts).await;
    let taken = take(house, "a", T0).await;
    let outcomes: Vec<(AlertRow, Outcome)> = taken
        .into_iter()
        .map(|row| {
            let outcome = match row.key.as_str() {
                "sent" => Outcome::Sent("r".into()),
                "silent" => Outcome::Silent(Reason::AnsweredMeanwhile),
                "later" => Outcome::Later(T0 + 77, "503".into()),
                _ => Outcome::Failed("gone".into()),
            };
            (row, outcome)
        })
        .collect();
    assert_eq!(outcomes.len(), 4);
    settle(house, &outcomes, T0 + 1).await;
    let mut tx = house.begin().await;
    let rows = outbox::of_case(&mut tx, CaseId(5)).await.unwrap();
    let of = |key: &str| {
        let row = rows.iter().find(|r| r.key == key).unwrap();
        (row.state.as_str(), row.reason.as_str(), row.fault.as_str())
    };
    assert_eq!(of("sent"), ("sent", "new_complaint", ""));
    assert_eq!(of("silent"), ("silent", "answered_meanwhile", ""));
    assert_eq!(of("later"), ("due", "new_complaint", "503"));
    assert_eq!(of("failed"), ("failed", "new_complaint", "gone"));
    drop(tx);
    assert!(take(house, "b", T0 + 76).await.is_empty());
    assert_eq!(take(house, "b", T0 + 77).await.len(), 1);
}

async fn non_sends_are_stored(house: &House) {
    let silent = NewAlert { reason: Reason::NoRecipient, ..alert(house, "k", None) };
    add(house, std::slice::from_ref(&silent)).await;
    let mut tx = house.begin().await;
    let row = outbox::newest(&mut tx, 5).await.unwrap().remove(0);
    assert_eq!((row.state.as_str(), row.reason.as_str()), ("silent", "no_recipient"));
}

async fn what_waits_to_be_tried_again_is_hastened_and_nothing_else(house: &House) {
    let far = T0 + LEASE * 10;
    add(house, &[alert(house, "tried", Some(T0)), alert(house, "going", Some(T0 + 2))]).await;
    let other = NewAlert { recipient: "other".into(), ..alert(house, "other", Some(T0)) };
    add(house, &[other, alert(house, "new", Some(far))]).await;
    let later = Outcome::Later(far, "HTTP 503".into());
    let outcomes: Vec<(AlertRow, Outcome)> =
        take(house, "a", T0).await.into_iter().map(|row| (row, later.clone())).collect();
    settle(house, &outcomes, T0 + 1).await;
    assert_eq!(take(house, "a", T0 + 2).await.len(), 1);
    let mut tx = house.begin().await;
    outbox::hasten(&mut tx, "room", T0 + 3).await.unwrap();
    tx.commit().await.unwrap();
    let keys: Vec<String> = take(house, "a", T0 + 3).await.into_iter().map(|row| row.key).collect();
    assert_eq!(keys, ["tried"]);
}
