//! What hooks told of: noted once, leased, gone with what was read; and requests for deletion.

use super::desk::{furnish, hear, mention, owe, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::store::hints::{self, HintRow, MOST};
use ascolto::store::lanes::LEASE;
use ascolto::store::{StoreError, deletions, mentions, own, rechecks};
use ascolto::wire::Hint;

store_suite!(
    what_is_told_twice_is_one,
    what_is_read_goes_and_a_lost_lease_writes_nothing,
    what_is_told_while_it_is_read_is_read_again,
    no_more_wait_than_there_is_room_for,
    whose_deletion_is_asked_for_goes_and_is_counted,
);

async fn told(house: &House, channel: &str, keys: &[&str], at: ascolto::domain::Instant) -> bool {
    let all: Vec<Hint> = keys.iter().map(|key| Hint::new("mentions", key)).collect();
    let mut tx = house.begin().await;
    let noted = hints::add(&mut tx, channel, &all, at, at).await.unwrap();
    tx.commit().await.unwrap();
    noted
}

async fn take(house: &House, owner: &str, at: ascolto::domain::Instant) -> Vec<HintRow> {
    let mut tx = house.begin().await;
    let taken = hints::take_due(&mut tx, owner, at, 9).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

fn keys(rows: &[HintRow]) -> Vec<&str> {
    rows.iter().map(|row| row.key.as_str()).collect()
}

async fn what_is_told_twice_is_one(house: &House) {
    assert!(told(house, "shots", &["18/17", "18", "18/17"], T0).await);
    assert!(told(house, "shots", &["18", "19"], T0 + MINUTE).await);
    assert!(told(house, "other", &["18"], T0 + MINUTE).await);
    let mut tx = house.begin().await;
    assert_eq!(hints::waiting(&mut tx, "shots").await.unwrap(), 3);
    tx.commit().await.unwrap();
    let due = take(house, "a", T0).await;
    assert_eq!(keys(&due), ["18", "18/17"]);
    assert_eq!((due[0].told_at, due[1].told_at), ((T0 + MINUTE).0, T0.0), "when it was told last");
    let due = take(house, "a", T0 + MINUTE).await;
    assert_eq!((due.len(), due[0].channel.as_str()), (2, "other"), "the others are leased");
}

async fn what_is_read_goes_and_a_lost_lease_writes_nothing(house: &House) {
    told(house, "shots", &["17", "18"], T0).await;
    let old = take(house, "a", T0).await;
    assert!(take(house, "b", T0 + LEASE).await.is_empty(), "the lease still holds");
    let new = take(house, "b", T0 + LEASE + 1).await;
    assert_eq!(keys(&new), ["17", "18"]);
    let mut tx = house.begin().await;
    let lost = hints::settle(&mut tx, &old[0]).await;
    assert!(matches!(lost, Err(StoreError::Conflict)), "{lost:?}");
    hints::later(&mut tx, &old[1], 9, T0).await.unwrap();
    hints::settle(&mut tx, &new[0]).await.unwrap();
    hints::later(&mut tx, &new[1], 3, T0 + HOUR).await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(house, "c", T0 + HOUR - 1).await.is_empty());
    let left = take(house, "c", T0 + HOUR).await;
    assert_eq!((keys(&left), left[0].tries), (vec!["18"], 3));
    // A restart gives its lease back, and a new credential makes it due at once.
    let mut tx = house.begin().await;
    own::free_leases(&mut tx, "c").await.unwrap();
    tx.commit().await.unwrap();
    let again = take(house, "c", T0 + HOUR).await;
    assert_eq!(keys(&again), ["18"]);
    let mut tx = house.begin().await;
    hints::later(&mut tx, &again[0], 4, T0 + 9 * HOUR).await.unwrap();
    hints::start_over(&mut tx, "shots", T0 + 2 * HOUR).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(take(house, "c", T0 + 2 * HOUR).await.len(), 1);
}

async fn what_is_told_while_it_is_read_is_read_again(house: &House) {
    told(house, "shots", &["17"], T0).await;
    let read = take(house, "a", T0).await;
    told(house, "shots", &["17"], T0 + MINUTE).await;
    let mut tx = house.begin().await;
    hints::settle(&mut tx, &read[0]).await.unwrap();
    tx.commit().await.unwrap();
    let again = take(house, "a", T0 + MINUTE).await;
    assert_eq!((keys(&again), again[0].tries), (vec!["17"], 0), "it was edited, perhaps");
    let mut tx = house.begin().await;
    hints::settle(&mut tx, &again[0]).await.unwrap();
    assert_eq!(hints::waiting(&mut tx, "shots").await.unwrap(), 0);
}

async fn no_more_wait_than_there_is_room_for(house: &House) {
    let all: Vec<String> = (1..MOST).map(|n| n.to_string()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert!(told(house, "shots", &all, T0).await);
    assert!(!told(house, "shots", &["a", "b"], T0).await, "one too many");
    assert!(told(house, "shots", &["a"], T0).await);
    assert!(told(house, "other", &["a", "b"], T0).await, "each channel has its own room");
    let mut tx = house.begin().await;
    assert_eq!(hints::waiting(&mut tx, "shots").await.unwrap(), MOST);
}

async fn whose_deletion_is_asked_for_goes_and_is_counted(house: &House) {
    furnish(house).await;
    let page = [mention("1", "a", "uno"), mention("2", "a", "due"), mention("3", "b", "tre")];
    let all = hear(house, "2026-11-20", &page, &[]).await;
    owe(house, all[0], Owing::Complaint, T0).await;
    sort_out(house, all[2], T0).await;
    let mut tx = house.begin().await;
    // The first is due to be read again; that ends.
    let first = std::iter::once(all[0].to_string()).collect();
    rechecks::add(&mut tx, "masto", &first, T0, None).await.unwrap();
    assert!(deletions::add(&mut tx, "c0de", T0).await.unwrap());
    assert!(!deletions::add(&mut tx, "c0de", T0 + 1).await.unwrap(), "the same call");
    let found = deletions::ask(&mut tx, "c0de", "acme", "mastodon", "a", T0).await.unwrap();
    assert_eq!(found, 2);
    let other = deletions::ask(&mut tx, "c0de", "acme", "mastodon", "nobody", T0).await.unwrap();
    assert_eq!(other, 0);
    let row = deletions::one(&mut tx, "c0de").await.unwrap().expect("it is known");
    assert_eq!((row.asked_at, row.mentions, row.waiting), (T0.0, 2, 2));
    assert_eq!(deletions::one(&mut tx, "other").await.unwrap(), None);
    assert!(rechecks::due_channels(&mut tx, T0 + HOUR, 9).await.unwrap().is_empty());
    mentions::done_with(&mut tx, &[all[0].to_string()]).await.unwrap();
    let due = rechecks::blank_due(&mut tx, T0, 9).await.unwrap();
    assert_eq!(due.len(), 1, "triage looks at the other one first");
    rechecks::blank(&mut tx, &due, T0).await.unwrap();
    let row = deletions::one(&mut tx, "c0de").await.unwrap().expect("it is known");
    assert_eq!((row.mentions, row.waiting), (2, 1));
    let gone = mentions::by_id(&mut tx, all[0]).await.unwrap().unwrap();
    assert_eq!((gone.blanked.as_deref(), gone.text.as_str()), (Some("asked"), ""));
    assert_eq!(gone.gone_at, Some(T0.0), "it was open: triage withdraws it");
    let kept = mentions::by_id(&mut tx, all[2]).await.unwrap().unwrap();
    assert_eq!((kept.blanked, kept.text.as_str()), (None, "tre"));
}
