//! Credentials: leases, life and death, and the secrets that people put.

use super::desk::furnish;
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::store::credentials::{self, CredentialRow, Override};
use ascolto::store::lanes::{self, LEASE};
use ascolto::wire::{Cursor, Secret};

store_suite!(
    a_credential_is_tried_by_one_at_a_time,
    it_dies_once_and_lives_again,
    whoever_tried_the_old_one_writes_nothing,
    an_empty_secret_overrides_nothing,
    a_lane_that_hears_does_not_speak_for_the_others,
);

async fn add(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    credentials::add(&mut tx, "masto", T0).await.unwrap();
    tx.commit().await.unwrap();
}

async fn take(house: &House, owner: &str, at: ascolto::domain::Instant) -> Vec<CredentialRow> {
    let mut tx = house.begin().await;
    let taken = credentials::take_due(&mut tx, owner, at, 9).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn one(house: &House) -> CredentialRow {
    let mut tx = house.begin().await;
    credentials::one(&mut tx, "masto").await.unwrap().unwrap()
}

async fn a_credential_is_tried_by_one_at_a_time(house: &House) {
    add(house).await;
    let old = take(house, "a", T0).await.remove(0);
    assert!(take(house, "b", T0 + LEASE).await.is_empty(), "the lease still holds");
    let new = take(house, "b", T0 + LEASE + 1).await.remove(0);
    let mut tx = house.begin().await;
    assert!(!credentials::good(&mut tx, &old, None, T0 + HOUR, true, T0).await.unwrap());
    assert!(!credentials::later(&mut tx, &old, "x", 1, T0 + HOUR).await.unwrap());
    let ends = Some(T0 + 9 * HOUR);
    assert!(credentials::good(&mut tx, &new, ends, T0 + HOUR, true, T0 + 7).await.unwrap());
    tx.commit().await.unwrap();
    let row = one(house).await;
    assert_eq!((row.state.as_str(), row.since, row.tries), ("good", Some(T0.0 + 7), 0));
    assert_eq!((row.asked_at, row.ends_at), (Some(T0.0 + 7), Some(T0.0 + 9 * HOUR)));
    assert!(take(house, "a", T0 + HOUR - 1).await.is_empty());

    // A start makes it due, but not just after an answer.
    let mut tx = house.begin().await;
    credentials::add(&mut tx, "masto", T0 + MINUTE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(one(house).await.next_at, T0.0 + HOUR);
    let mut tx = house.begin().await;
    credentials::add(&mut tx, "masto", T0 + 10 * MINUTE).await.unwrap();
    tx.commit().await.unwrap();
    let again = take(house, "a", T0 + 10 * MINUTE).await.remove(0);
    let mut tx = house.begin().await;
    assert!(credentials::later(&mut tx, &again, "no route", 2, T0 + 11 * MINUTE).await.unwrap());
    tx.commit().await.unwrap();
    let row = one(house).await;
    assert_eq!((row.state.as_str(), row.fault.as_str(), row.tries), ("good", "no route", 2));
}

async fn it_dies_once_and_lives_again(house: &House) {
    add(house).await;
    let mut tx = house.begin().await;
    assert!(credentials::die(&mut tx, "masto", "HTTP 401", T0 + 1).await.unwrap());
    assert!(!credentials::die(&mut tx, "masto", "HTTP 401", T0 + 2).await.unwrap());
    assert!(!credentials::die(&mut tx, "nothing", "HTTP 401", T0).await.unwrap());
    let row = credentials::all(&mut tx).await.unwrap().remove(0);
    assert!(row.is_dead() && row.since == Some(T0.0 + 1) && row.fault == "HTTP 401");
    tx.commit().await.unwrap();
    // A probe that was answered wakes the lanes; where there are none it speaks for itself.
    let taken = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    assert!(credentials::good(&mut tx, &taken, None, T0, false, T0 + 2).await.unwrap());
    let row = credentials::one(&mut tx, "masto").await.unwrap().unwrap();
    assert!(row.is_dead() && row.since == Some(T0.0 + 1) && row.fault == "HTTP 401");
    assert!(credentials::good(&mut tx, &taken, None, T0, true, T0 + 2).await.unwrap());
    let row = credentials::one(&mut tx, "masto").await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.since, row.fault.as_str()), ("good", Some(T0.0 + 2), ""));
    assert!(credentials::die(&mut tx, "masto", "HTTP 401", T0 + 2).await.unwrap());
    credentials::revive(&mut tx, "masto", T0 + 3).await.unwrap();
    let row = credentials::one(&mut tx, "masto").await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.since, row.fault.as_str()), ("good", Some(T0.0 + 3), ""));
    assert!(credentials::die(&mut tx, "masto", "HTTP 401", T0 + 4).await.unwrap());
}

async fn whoever_tried_the_old_one_writes_nothing(house: &House) {
    add(house).await;
    let old = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    assert!(credentials::connected(&mut tx).await.unwrap().is_empty());
    credentials::die(&mut tx, "masto", "HTTP 401", T0).await.unwrap();
    let (at, next) = (T0 + 5, T0 + HOUR);
    credentials::connect(&mut tx, "masto", "link:desk", None, next, at).await.unwrap();
    assert!(!credentials::later(&mut tx, &old, "HTTP 401", 0, T0).await.unwrap());
    let row = credentials::one(&mut tx, "masto").await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.connected_by.as_str()), ("good", "link:desk"));
    let connected = credentials::connected(&mut tx).await.unwrap();
    assert_eq!(connected, [("masto".to_owned(), at.0)]);
}

async fn an_empty_secret_overrides_nothing(house: &House) {
    add(house).await;
    let mut tx = house.begin().await;
    let put = |secret: &str, digest: &str| Override {
        key: "token".to_owned(),
        secret: Secret::new(secret),
        digest: digest.to_owned(),
    };
    credentials::put(&mut tx, "masto", &put("tk-1", "d1"), T0).await.unwrap();
    credentials::put(&mut tx, "masto", &put("", "d2"), T0).await.unwrap();
    let kept = credentials::overrides(&mut tx, "masto").await.unwrap();
    assert_eq!((kept.len(), kept[0].secret.expose(), kept[0].digest.as_str()), (1, "tk-1", "d1"));
    assert!(!format!("{kept:?}").contains("tk-1"));
    credentials::put(&mut tx, "masto", &put("tk-2", "d1"), T0).await.unwrap();
    credentials::end_override(&mut tx, "masto", "token", "d1").await.unwrap();
    credentials::end_override(&mut tx, "masto", "other", "d9").await.unwrap();
    let kept = credentials::overrides(&mut tx, "masto").await.unwrap();
    assert_eq!((kept.len(), kept[0].secret.expose()), (1, "tk-2"));
    credentials::end_override(&mut tx, "masto", "token", "d9").await.unwrap();
    assert!(credentials::overrides(&mut tx, "masto").await.unwrap().is_empty());
}

async fn a_lane_that_hears_does_not_speak_for_the_others(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    lanes::add_lane(&mut tx, "masto", "tag:acme", true, 60_000, T0).await.unwrap();
    let taken = lanes::take_due(&mut tx, "a", T0, 9).await.unwrap();
    let (mentions, tag) = (&taken[0], &taken[1]);
    lanes::fail(&mut tx, mentions, T0 + MINUTE).await.unwrap();
    lanes::finish(&mut tx, tag, &Cursor("7".into()), T0, T0 + MINUTE).await.unwrap();
    assert!(lanes::others_fail(&mut tx, "masto", &tag.lane).await.unwrap());
    assert!(!lanes::others_fail(&mut tx, "masto", &mentions.lane).await.unwrap());
    lanes::start_over(&mut tx, "masto", T0 + 1).await.unwrap();
    assert!(!lanes::others_fail(&mut tx, "masto", &tag.lane).await.unwrap());
    let row = lanes::lane(&mut tx, "masto", &tag.lane).await.unwrap().unwrap();
    assert_eq!(row.next_at, T0.0 + 1);

    let again = lanes::take_due(&mut tx, "a", T0 + 2, 9).await.unwrap();
    lanes::fail(&mut tx, &again[0], T0 + 2).await.unwrap();
    let again = lanes::take_due(&mut tx, "a", T0 + 2, 9).await.unwrap();
    assert_eq!(again[0].failures, 1);
    lanes::put_off(&mut tx, &again[0], T0 + HOUR).await.unwrap();
    let row = lanes::lane(&mut tx, "masto", &again[0].lane).await.unwrap().unwrap();
    assert_eq!((row.failures, row.next_at), (0, T0.0 + HOUR), "a limit is no fault");
}
