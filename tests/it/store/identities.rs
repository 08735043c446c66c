//! Who presses: ids of agents, presses that were brought, and the ears that ask for them.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::time::{HOUR, MINUTE, SECOND};
use ascolto::store::access::{self, AgentRow};
use ascolto::store::lanes::LEASE;
use ascolto::store::presses::{self, Brought, KEPT};
use ascolto::store::{StoreError, ears, identities, own};

store_suite!(
    an_id_is_of_one_agent_and_goes_with_that_one,
    a_press_is_new_once_and_nobody_presses_without_end,
    one_instance_listens_and_a_lost_lease_moves_no_cursor,
    an_ear_that_failed_is_taken_up_later,
);

async fn agent(house: &House, name: &str) {
    let row = AgentRow {
        name: name.to_owned(),
        password: "x".to_owned(),
        role: "agent".to_owned(),
        language: "it".to_owned(),
        added_at: T0.0,
    };
    let mut tx = house.begin().await;
    assert!(access::add_agent(&mut tx, &row).await.unwrap());
    tx.commit().await.unwrap();
}

async fn an_id_is_of_one_agent_and_goes_with_that_one(house: &House) {
    agent(house, "ada").await;
    agent(house, "bob").await;
    let mut tx = house.begin().await;
    let whose = identities::add(&mut tx, "slack", "U1", "ada", T0).await.unwrap();
    assert_eq!(whose, "ada");
    assert_eq!(identities::add(&mut tx, "slack", "U1", "ada", T0 + 1).await.unwrap(), "ada");
    assert_eq!(identities::add(&mut tx, "slack", "U1", "bob", T0).await.unwrap(), "ada");
    assert_eq!(identities::add(&mut tx, "telegram", "U1", "bob", T0).await.unwrap(), "bob");
    let known = identities::one(&mut tx, "slack", "U1").await.unwrap().unwrap();
    assert_eq!((known.agent.as_str(), known.added_at), ("ada", T0.0));
    assert_eq!(identities::one(&mut tx, "slack", "U2").await.unwrap(), None);
    assert!(!identities::remove(&mut tx, "slack", "U1", "bob").await.unwrap(), "it is ada's");
    assert!(identities::remove(&mut tx, "slack", "U1", "ada").await.unwrap());
    assert_eq!(identities::add(&mut tx, "slack", "U1", "bob", T0).await.unwrap(), "bob");
    let all = identities::all(&mut tx).await.unwrap();
    let all: Vec<(&str, &str)> =
        all.iter().map(|i| (i.agent.as_str(), i.service.as_str())).collect();
    assert_eq!(all, [("bob", "slack"), ("bob", "telegram")]);
    access::remove_agent(&mut tx, "bob", T0 + HOUR).await.unwrap();
    assert_eq!(identities::one(&mut tx, "slack", "U1").await.unwrap(), None);
    tx.commit().await.unwrap();
    // Somebody else who is called bob is not known by what the first one was.
    agent(house, "bob").await;
    let mut tx = house.begin().await;
    assert_eq!(identities::one(&mut tx, "slack", "U1").await.unwrap(), None);
    assert!(identities::all(&mut tx).await.unwrap().is_empty());
}

async fn a_press_is_new_once_and_nobody_presses_without_end(house: &House) {
    let mut tx = house.begin().await;
    let minute = (3, T0 - MINUTE);
    let anew = presses::begin(&mut tx, "slack", "k1", "U1", minute, T0).await.unwrap();
    assert_eq!(anew, Some(Brought::Anew));
    let again = presses::begin(&mut tx, "slack", "k1", "U1", minute, T0).await.unwrap();
    assert_eq!(again, Some(Brought::Again));
    presses::end(&mut tx, "slack", "k1").await.unwrap();
    let done = presses::begin(&mut tx, "slack", "k1", "U1", minute, T0).await.unwrap();
    assert_eq!(done, Some(Brought::Done));
    let other = presses::begin(&mut tx, "telegram", "k1", "U1", minute, T0).await.unwrap();
    assert_eq!(other, Some(Brought::Anew), "keys are of one service");
    for key in ["k2", "k3"] {
        let next = presses::begin(&mut tx, "slack", key, "U1", minute, T0).await.unwrap();
        assert_eq!(next, Some(Brought::Anew));
    }
    let often = presses::begin(&mut tx, "slack", "k4", "U1", minute, T0).await.unwrap();
    assert_eq!(often, None);
    let known = presses::begin(&mut tx, "slack", "k1", "U1", minute, T0).await.unwrap();
    assert_eq!(known, Some(Brought::Done), "what is brought again is no press more");
    let bob = presses::begin(&mut tx, "slack", "k4", "U2", minute, T0).await.unwrap();
    assert_eq!(bob, Some(Brought::Anew));
    let later = presses::begin(&mut tx, "slack", "k5", "U1", (3, T0), T0 + MINUTE).await.unwrap();
    assert_eq!(later, Some(Brought::Anew));
    presses::sweep(&mut tx, T0 + KEPT).await.unwrap();
    let swept = presses::begin(&mut tx, "slack", "k1", "U1", (9, T0), T0 + KEPT).await.unwrap();
    assert_eq!(swept, Some(Brought::Anew));
    let kept = presses::begin(&mut tx, "slack", "k5", "U1", (9, T0), T0 + KEPT).await.unwrap();
    assert_eq!(kept, Some(Brought::Again));
}

async fn one_instance_listens_and_a_lost_lease_moves_no_cursor(house: &House) {
    let mut tx = house.begin().await;
    let old = ears::take(&mut tx, "telegram/1", "a", T0).await.unwrap().unwrap();
    assert_eq!((old.cursor.as_deref(), old.failures), (None, 0));
    assert_eq!(ears::take(&mut tx, "telegram/1", "b", T0 + LEASE).await.unwrap(), None);
    assert!(ears::take(&mut tx, "telegram/2", "b", T0).await.unwrap().is_some());
    let new = ears::take(&mut tx, "telegram/1", "b", T0 + LEASE + 1).await.unwrap().unwrap();
    let lost = ears::heard(&mut tx, &old, "7", T0).await;
    assert!(matches!(lost, Err(StoreError::Conflict)), "{lost:?}");
    ears::failed(&mut tx, &old, T0).await.unwrap();
    ears::heard(&mut tx, &new, "9", T0 + 2 * LEASE).await.unwrap();
    let early = ears::take(&mut tx, "telegram/1", "b", T0 + 2 * LEASE - 1).await.unwrap();
    assert_eq!(early, None, "it is not due");
    let next = ears::take(&mut tx, "telegram/1", "b", T0 + 2 * LEASE).await.unwrap().unwrap();
    assert_eq!(next.cursor.as_deref(), Some("9"));
    // Whoever stops gives it back, and so does a restart.
    ears::drop_lease(&mut tx, &next).await.unwrap();
    let next = ears::take(&mut tx, "telegram/1", "c", T0 + 2 * LEASE).await.unwrap();
    assert!(next.is_some());
    own::free_leases(&mut tx, "c").await.unwrap();
    assert!(ears::take(&mut tx, "telegram/1", "a", T0 + 2 * LEASE).await.unwrap().is_some());
}

async fn an_ear_that_failed_is_taken_up_later(house: &House) {
    let mut tx = house.begin().await;
    for failures in 0..3 {
        let at = T0 + failures * MINUTE;
        let ear = ears::take(&mut tx, "telegram/1", "a", at).await.unwrap().unwrap();
        assert_eq!(ear.failures, failures);
        ears::failed(&mut tx, &ear, at + MINUTE).await.unwrap();
        assert_eq!(ears::take(&mut tx, "telegram/1", "a", at + SECOND).await.unwrap(), None);
    }
    let ear = ears::take(&mut tx, "telegram/1", "a", T0 + HOUR).await.unwrap().unwrap();
    ears::heard(&mut tx, &ear, "1", T0 + HOUR).await.unwrap();
    let ear = ears::take(&mut tx, "telegram/1", "a", T0 + HOUR + 1).await.unwrap().unwrap();
    assert_eq!(ear.failures, 0);
}
