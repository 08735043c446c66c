//! Limits that outlive the process.

use super::house::{House, T0};
use super::store_suite;
use ascolto::store::buckets::{shut, spend, told};
use ascolto::wire::{Bucket, BucketRule, Counts, Told};

store_suite!(a_window_is_spent_once, polling_leaves_the_reserve, the_server_knows_better);

const API: BucketRule = BucketRule {
    bucket: Bucket("api"),
    counts: Counts::Token,
    limit: 10,
    window_ms: 900_000,
    reserve: 3,
};

async fn a_window_is_spent_once(house: &House) {
    let mut tx = house.begin().await;
    let end = T0 + API.window_ms;
    assert_eq!(spend(&mut tx, "masto", API, 4, true, T0).await.unwrap(), Ok(()));
    assert_eq!(spend(&mut tx, "masto", API, 6, true, T0 + 1).await.unwrap(), Ok(()));
    assert_eq!(spend(&mut tx, "masto", API, 1, true, T0 + 2).await.unwrap(), Err(end));
    assert_eq!(spend(&mut tx, "other", API, 1, true, T0 + 2).await.unwrap(), Ok(()));
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    assert_eq!(spend(&mut tx, "masto", API, 1, true, end - 1).await.unwrap(), Err(end));
    assert_eq!(spend(&mut tx, "masto", API, 10, true, end).await.unwrap(), Ok(()), "a new window");
}

async fn polling_leaves_the_reserve(house: &House) {
    let mut tx = house.begin().await;
    let end = T0 + API.window_ms;
    assert_eq!(spend(&mut tx, "masto", API, 7, false, T0).await.unwrap(), Ok(()));
    assert_eq!(spend(&mut tx, "masto", API, 1, false, T0).await.unwrap(), Err(end));
    assert_eq!(spend(&mut tx, "masto", API, 3, true, T0).await.unwrap(), Ok(()));
}

async fn the_server_knows_better(house: &House) {
    let mut tx = house.begin().await;
    let reset = T0 + 60_000;
    let word = Told { bucket: API.bucket, remaining: 1, reset };
    told(&mut tx, "masto", &word).await.unwrap();
    assert_eq!(spend(&mut tx, "masto", API, 2, true, T0).await.unwrap(), Err(reset));
    assert_eq!(spend(&mut tx, "masto", API, 1, true, T0).await.unwrap(), Ok(()));
    shut(&mut tx, "masto", API, reset + 5).await.unwrap();
    shut(&mut tx, "masto", API, reset).await.unwrap();
    let refused = spend(&mut tx, "masto", API, 1, true, reset + 1).await.unwrap();
    assert_eq!(refused, Err(reset + 5), "a shorter closing does not open it");
    assert_eq!(spend(&mut tx, "masto", API, 1, true, reset + 5).await.unwrap(), Ok(()));
}
