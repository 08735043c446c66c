//! Lanes, their leases and fences; channels, sessions, brands, instances.

use super::desk::furnish;
use super::house::{House, T0};
use super::store_suite;
use ascolto::store::lanes::{self, LEASE, LaneRow};
use ascolto::store::{StoreError, own};
use ascolto::wire::{Cursor, Secret, Session};

store_suite!(
    a_lost_lease_writes_nothing,
    a_finished_lane_waits_for_its_time,
    a_lane_that_is_woken_while_it_is_read_is_read_again,
    a_restart_gives_leases_back,
    an_empty_refresh_keeps_the_secret,
    one_instance_seals_a_brand,
    clocks_are_compared,
    what_is_kept_is_kept_once,
);

async fn take(house: &House, owner: &str, at: ascolto::domain::Instant) -> Vec<LaneRow> {
    let mut tx = house.begin().await;
    let taken = lanes::take_due(&mut tx, owner, at, 9).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn a_lost_lease_writes_nothing(house: &House) {
    furnish(house).await;
    let old = take(house, "a", T0).await.remove(0);
    assert!(take(house, "b", T0 + LEASE).await.is_empty(), "the lease still holds");
    let mut tx = house.begin().await;
    assert!(lanes::renew(&mut tx, &old, T0 + 1).await.unwrap());
    tx.commit().await.unwrap();
    assert!(take(house, "b", T0 + LEASE + 1).await.is_empty(), "it was renewed");
    let new = take(house, "b", T0 + LEASE + 2).await.remove(0);
    assert_eq!(new.fence, old.fence + 1);

    let mut tx = house.begin().await;
    assert!(!lanes::renew(&mut tx, &old, T0).await.unwrap());
    let walked = LaneRow { cursor: Some("old".into()), covered_to: T0.0 + 5, ..old.clone() };
    let lost = lanes::progress(&mut tx, &walked, T0).await;
    assert!(matches!(lost, Err(StoreError::Conflict)), "{lost:?}");
    let lost = lanes::finish(&mut tx, &walked, &Cursor("old".into()), T0, T0).await;
    assert!(matches!(lost, Err(StoreError::Conflict)), "{lost:?}");
    lanes::fail(&mut tx, &walked, T0 + 7).await.unwrap();
    let row = lanes::lane(&mut tx, "masto", "mentions").await.unwrap().unwrap();
    assert_eq!((row.cursor.as_deref(), row.failures, row.next_at), (None, 0, T0.0));

    let walked = LaneRow { cursor: Some("new".into()), covered_to: T0.0 + 6, ..new };
    lanes::progress(&mut tx, &walked, T0).await.unwrap();
    let row = lanes::lane(&mut tx, "masto", "mentions").await.unwrap().unwrap();
    assert_eq!((row.cursor.as_deref(), row.covered_to), (Some("new"), T0.0 + 6));
}

async fn a_finished_lane_waits_for_its_time(house: &House) {
    furnish(house).await;
    let lane = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    lanes::fail(&mut tx, &lane, T0 + 500).await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(house, "a", T0 + 499).await.is_empty());
    let lane = take(house, "a", T0 + 500).await.remove(0);
    assert_eq!(lane.failures, 1);
    let mut tx = house.begin().await;
    lanes::finish(&mut tx, &lane, &Cursor("7".into()), T0 + 500, T0 + 9_000).await.unwrap();
    let row = lanes::lane(&mut tx, "masto", "mentions").await.unwrap().unwrap();
    assert_eq!((row.failures, row.finished_at, row.next_at), (0, Some(T0.0 + 500), T0.0 + 9_000));
    assert_eq!((row.cursor.as_deref(), row.resume, row.walk_start), (Some("7"), None, None));
    lanes::wake(&mut tx, "masto", "mentions", T0 + 600).await.unwrap();
    assert_eq!(lanes::wake_all(&mut tx, "masto", T0 + 700).await.unwrap(), 0, "due already");
    lanes::add_lane(&mut tx, "masto", "mentions", true, 5, T0 + 800).await.unwrap();
    let row = lanes::lane(&mut tx, "masto", "mentions").await.unwrap().unwrap();
    assert_eq!((row.next_at, row.settle_ms, row.added_at), (T0.0 + 600, 5, T0.0));
}

async fn a_lane_that_is_woken_while_it_is_read_is_read_again(house: &House) {
    furnish(house).await;
    // Read from one instant on, due after the reading at the other, woken meanwhile or not.
    let cases =
        [(T0, Some(T0 + 300), T0 + 9_000, T0 + 300), (T0 + 300, None, T0 + 9_300, T0 + 9_300)];
    for (from, woken, due, next) in cases {
        let lane = take(house, "a", from).await.remove(0);
        let mut tx = house.begin().await;
        if let Some(at) = woken {
            lanes::wake(&mut tx, "masto", "mentions", at).await.unwrap();
        }
        lanes::finish(&mut tx, &lane, &Cursor("7".into()), from, due).await.unwrap();
        let row = lanes::lane(&mut tx, "masto", "mentions").await.unwrap().unwrap();
        assert_eq!(row.next_at, next.0);
        tx.commit().await.unwrap();
    }
    let lane = take(house, "a", T0 + 9_300).await.remove(0);
    let mut tx = house.begin().await;
    lanes::wake(&mut tx, "masto", "mentions", T0 + 20_000).await.unwrap();
    lanes::finish(&mut tx, &lane, &Cursor("8".into()), T0 + 9_300, T0 + 18_000).await.unwrap();
    let row = lanes::lane(&mut tx, "masto", "mentions").await.unwrap().unwrap();
    assert_eq!(row.next_at, T0.0 + 18_000, "a wake never puts off");
}

async fn a_restart_gives_leases_back(house: &House) {
    furnish(house).await;
    let old = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    own::free_leases(&mut tx, "b").await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(house, "a", T0).await.is_empty(), "another instance gave back what is not its");
    let mut tx = house.begin().await;
    own::free_leases(&mut tx, "a").await.unwrap();
    assert!(matches!(lanes::progress(&mut tx, &old, T0).await, Err(StoreError::Conflict)));
    tx.commit().await.unwrap();
    assert_eq!(take(house, "a", T0).await.len(), 1);
}

async fn an_empty_refresh_keeps_the_secret(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    assert!(lanes::session(&mut tx, "masto").await.unwrap().is_none());
    let first = Session {
        secret: Some(Secret::new("token".to_owned())),
        own: vec!["42".to_owned()],
        facts: "limit=500".to_owned(),
        expires_at: Some(T0),
    };
    lanes::keep_session(&mut tx, "masto", &first).await.unwrap();
    let empty = Session { secret: Some(Secret::new(String::new())), ..Session::default() };
    lanes::keep_session(&mut tx, "masto", &empty).await.unwrap();
    let kept = lanes::session(&mut tx, "masto").await.unwrap().unwrap();
    assert_eq!(kept.secret.unwrap().expose(), "token");
    assert!(kept.own.is_empty());
    lanes::mark_channel(&mut tx, "masto", "deaf", "401", Some(T0), Some(T0 + 1)).await.unwrap();
    lanes::mark_channel(&mut tx, "masto", "hearing", "", None, None).await.unwrap();
    let row = lanes::channel(&mut tx, "masto").await.unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.heard_at), ("hearing", Some(T0.0 + 1)));
}

async fn one_instance_seals_a_brand(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    assert!(lanes::take_brand(&mut tx, "acme", "a", T0).await.unwrap());
    assert!(!lanes::take_brand(&mut tx, "acme", "b", T0 + LEASE).await.unwrap());
    assert!(lanes::take_brand(&mut tx, "acme", "a", T0 + 1).await.unwrap());
    assert!(lanes::take_brand(&mut tx, "acme", "b", T0 + 2 * LEASE).await.unwrap());
    assert!(lanes::hold(&mut tx, "acme", true, "ada", "storm").await.unwrap());
    assert!(!lanes::hold(&mut tx, "nobody", true, "ada", "storm").await.unwrap());
    let brand = lanes::brand(&mut tx, "acme").await.unwrap().unwrap();
    assert!(brand.held && brand.held_by == "ada" && brand.held_why == "storm");
}

async fn clocks_are_compared(house: &House) {
    let mut tx = house.begin().await;
    assert_eq!(lanes::instance_seen(&mut tx, "a", T0).await.unwrap(), None);
    assert_eq!(lanes::instance_seen(&mut tx, "b", T0 + 5).await.unwrap(), Some(T0));
    assert_eq!(lanes::instance_seen(&mut tx, "a", T0 + 9).await.unwrap(), Some(T0 + 5));
    let much_later = T0 + 120_000;
    assert_eq!(lanes::instance_seen(&mut tx, "a", much_later).await.unwrap(), None);
}

async fn what_is_kept_is_kept_once(house: &House) {
    let mut tx = house.begin().await;
    assert_eq!(lanes::kept(&mut tx, "key", &[0, 255]).await.unwrap(), [0, 255]);
    assert_eq!(lanes::kept(&mut tx, "key", b"other").await.unwrap(), [0, 255]);
}
