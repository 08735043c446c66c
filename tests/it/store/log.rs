//! The event log: appended once, sealed in order.

use super::desk::{furnish, log};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::time::SECOND;
use ascolto::store::{StoreError, events};

store_suite!(a_place_in_a_subject_is_taken_once, sealing_goes_on_where_it_ended);

async fn a_place_in_a_subject_is_taken_once(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    log(house, &mut tx, "masto", 1, None, "deaf", T0).await;
    log(house, &mut tx, "masto", 2, None, "back", T0).await;
    assert_eq!(events::last_seq(&mut tx, "masto").await.unwrap(), 2);
    assert_eq!(events::last_seq(&mut tx, "nobody").await.unwrap(), 0);
    let rows = events::of_subject(&mut tx, "masto").await.unwrap();
    assert_eq!(rows.iter().map(|r| r.kind.as_str()).collect::<Vec<_>>(), ["deaf", "back"]);
    let mut again = events::Entry {
        id: ascolto::domain::EventId(house.id()),
        brand: "acme".to_owned(),
        subject: "masto".to_owned(),
        seq: 3,
        moves: None,
        kind: "deaf".to_owned(),
        at: T0,
        actor: "poll".to_owned(),
        data: "{}".to_owned(),
    };
    events::append(&mut tx, std::slice::from_ref(&again)).await.unwrap();
    tx.commit().await.unwrap();
    again.id = ascolto::domain::EventId(house.id());
    let mut tx = house.begin().await;
    let twice = events::append(&mut tx, &[again]).await;
    assert!(matches!(twice, Err(StoreError::Conflict)), "{twice:?}");
}

async fn sealing_goes_on_where_it_ended(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    for n in 1..=70 {
        log(house, &mut tx, "masto", n, None, "deaf", T0 + n).await;
    }
    log(house, &mut tx, "masto", 71, None, "back", T0 + 20 * SECOND).await;
    let before = T0 + 10 * SECOND;
    assert_eq!(events::seal(&mut tx, "acme", before, 60).await.unwrap(), 60);
    assert_eq!(events::seal(&mut tx, "acme", before, 60).await.unwrap(), 10);
    assert_eq!(events::seal(&mut tx, "acme", before, 60).await.unwrap(), 0, "too young");
    assert_eq!(events::seal(&mut tx, "nobody", before, 60).await.unwrap(), 0);
    let (salt, sealed, head) = events::seal_of(&mut tx, "acme").await.unwrap().unwrap();
    assert_eq!((salt.as_slice(), sealed), ([3; 32].as_slice(), 70));
    let rows = events::sealed(&mut tx, "acme", 0, 100).await.unwrap();
    let computed = rows.iter().fold(Vec::new(), |head, event| events::link(&head, event));
    assert_eq!(computed, head);
    assert_eq!(rows.iter().map(|r| r.position).collect::<Vec<_>>(), (1..=70).collect::<Vec<_>>());
    assert_eq!(events::sealed(&mut tx, "acme", 68, 100).await.unwrap().len(), 2);
}
