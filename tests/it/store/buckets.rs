//! Limits that outlive the process, and what reading each lane costs of them.

use super::desk::{furnish, hear, mention, owe};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::Instant;
use ascolto::domain::obligation::Owing;
use ascolto::domain::plan::Window;
use ascolto::pipeline::StoreKeep;
use ascolto::store::Tx;
use ascolto::store::buckets::{all, charge, of_month, one, shut, spend, told};
use ascolto::store::costs::{self, Cost};
use ascolto::store::rhythm;
use ascolto::wire::{Bucket, BucketRule, Counts, Keep, Purpose, Told, Toll, UsedUp};

store_suite!(
    a_window_is_spent_once,
    polling_leaves_the_reserve,
    the_server_knows_better,
    an_ask_is_paid_from_all_its_buckets_or_from_none,
    what_an_answer_cost_is_charged_and_booked,
    a_new_window_forgets_who_spent_the_old_one,
    lanes_tell_what_they_cost_and_how_they_fare,
);

const API: BucketRule = BucketRule {
    bucket: Bucket("api"),
    counts: Counts::Token,
    limit: 10,
    window_ms: 900_000,
    reserve: 3,
};

async fn a_window_is_spent_once(house: &House) {
    let mut tx = house.begin().await;
    assert_eq!(spend(&mut tx, "masto", API, 4, Purpose::Reply, T0).await.unwrap(), Ok(()));
    assert_eq!(spend(&mut tx, "masto", API, 6, Purpose::Reply, T0 + 1).await.unwrap(), Ok(()));
    let end = spend(&mut tx, "masto", API, 1, Purpose::Reply, T0 + 2).await.unwrap().unwrap_err();
    // A window later, or the twelfth of one by which it is reckoned.
    assert!(T0 + API.window_ms <= end && end <= T0 + API.window_ms / 12 * 13, "{end}");
    assert_eq!(spend(&mut tx, "other", API, 1, Purpose::Reply, T0 + 2).await.unwrap(), Ok(()));
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    assert_eq!(spend(&mut tx, "masto", API, 1, Purpose::Reply, end - 1).await.unwrap(), Err(end));
    assert_eq!(
        spend(&mut tx, "masto", API, 10, Purpose::Reply, end).await.unwrap(),
        Ok(()),
        "a new window"
    );
}

async fn polling_leaves_the_reserve(house: &House) {
    let mut tx = house.begin().await;
    assert_eq!(spend(&mut tx, "masto", API, 7, Purpose::Poll, T0).await.unwrap(), Ok(()));
    assert!(spend(&mut tx, "masto", API, 1, Purpose::Poll, T0).await.unwrap().is_err());
    assert_eq!(spend(&mut tx, "masto", API, 3, Purpose::Reply, T0).await.unwrap(), Ok(()));
}

async fn the_server_knows_better(house: &House) {
    let mut tx = house.begin().await;
    let reset = T0 + 60_000;
    let word = Told { bucket: API.bucket, remaining: 1, reset };
    told(&mut tx, "masto", &word, T0).await.unwrap();
    assert_eq!(spend(&mut tx, "masto", API, 2, Purpose::Reply, T0).await.unwrap(), Err(reset));
    assert_eq!(spend(&mut tx, "masto", API, 1, Purpose::Reply, T0).await.unwrap(), Ok(()));
    shut(&mut tx, "masto", API, reset + 5).await.unwrap();
    shut(&mut tx, "masto", API, reset).await.unwrap();
    let refused = spend(&mut tx, "masto", API, 1, Purpose::Reply, reset + 1).await.unwrap();
    assert_eq!(refused, Err(reset + 5), "a shorter closing does not open it");
    assert_eq!(spend(&mut tx, "masto", API, 1, Purpose::Reply, reset + 5).await.unwrap(), Ok(()));
}

async fn an_ask_is_paid_from_all_its_buckets_or_from_none(house: &House) {
    let keep = StoreKeep(house.store.clone());
    let month = BucketRule { bucket: Bucket("month"), limit: 5, reserve: 0, ..API };
    let toll = |scope: &str, rule, amount| Toll { scope: scope.to_owned(), rule, amount };
    let both = |api, of_month| vec![toll("x@host", month, of_month), toll("x", API, api)];
    assert_eq!(keep.spend(both(2, 3), Purpose::Reply, T0).await, Ok(Ok(())));
    let refused = keep.spend(both(2, 3), Purpose::Reply, T0).await.unwrap().unwrap_err();
    let UsedUp { scope, bucket, .. } = &refused;
    assert_eq!((scope.as_str(), *bucket), ("x@host", month.bucket));
    let mut tx = house.begin().await;
    assert_eq!(window(&mut tx, T0).await.remaining, 8, "what was refused cost nothing");
    let units = |scope: &str, name: &str, units: i64| (scope.to_owned(), name.to_owned(), units);
    let booked = [units("x", "api", 2), units("x@host", "month", 3)];
    assert_eq!(of_month(&mut tx, "2026-11").await.unwrap(), booked);
    // Of two that are used up the one that opens last is told.
    shut(&mut tx, "x", API, refused.until + 1).await.unwrap();
    tx.commit().await.unwrap();
    let last = UsedUp { scope: "x".to_owned(), bucket: API.bucket, until: refused.until + 1 };
    assert_eq!(keep.spend(both(2, 3), Purpose::Reply, T0).await, Ok(Err(last)));
    assert_eq!(keep.spend(both(0, 0), Purpose::Reply, refused.until + 1).await, Ok(Ok(())));
}

async fn what_an_answer_cost_is_charged_and_booked(house: &House) {
    let mut tx = house.begin().await;
    // An amount of 0 is a question whether there is something left.
    assert_eq!(spend(&mut tx, "x", API, 0, Purpose::Poll, T0).await.unwrap(), Ok(()));
    charge(&mut tx, "x", API, 7, Purpose::Poll, T0).await.unwrap();
    let end =
        spend(&mut tx, "x", API, 0, Purpose::Poll, T0).await.unwrap().expect_err("the reserve");
    assert!(T0 + API.window_ms <= end, "{end}");
    assert_eq!(spend(&mut tx, "x", API, 0, Purpose::Reply, T0).await.unwrap(), Ok(()));
    charge(&mut tx, "x", API, 9, Purpose::Reply, T0).await.unwrap();
    assert_eq!(
        spend(&mut tx, "x", API, 0, Purpose::Reply, T0).await.unwrap(),
        Err(end),
        "all is spent"
    );
    charge(&mut tx, "y", API, 1, Purpose::Poll, T0).await.unwrap();
    // Another month, another account.
    charge(&mut tx, "x", API, 5, Purpose::Poll, T0 + 40 * 86_400_000).await.unwrap();
    let owned = |scope: &str, units| (scope.to_owned(), "api".to_owned(), units);
    assert_eq!(of_month(&mut tx, "2026-11").await.unwrap(), [owned("x", 16), owned("y", 1)]);
    assert_eq!(of_month(&mut tx, "2026-12").await.unwrap(), [owned("x", 5)]);
}

async fn a_new_window_forgets_who_spent_the_old_one(house: &House) {
    let mut tx = house.begin().await;
    let end = T0 + API.window_ms;
    spend(&mut tx, "x", API, 2, Purpose::Poll, T0).await.unwrap().unwrap();
    spend(&mut tx, "x", API, 3, Purpose::Reply, T0).await.unwrap().unwrap();
    let own = window(&mut tx, T0).await;
    assert_eq!((own.limit, own.reserve, own.length_ms), (10, 3, API.window_ms));
    assert_eq!((own.remaining, own.others), (5, 3));
    assert!(own.began <= T0 && end <= own.end, "{own:?}");
    let word = |reset| Told { bucket: API.bucket, remaining: 8, reset };
    told(&mut tx, "x", &word(end), T0 + 1).await.unwrap();
    let servers = window(&mut tx, T0 + 1).await;
    assert_eq!((servers.began, servers.end), (T0, end));
    assert_eq!((servers.remaining, servers.others), (8, 3));
    told(&mut tx, "x", &word(end + API.window_ms), end).await.unwrap();
    assert_eq!(window(&mut tx, end).await.others, 0);
    spend(&mut tx, "x", API, 1, Purpose::Reply, end + 1).await.unwrap().unwrap();
    let next = window(&mut tx, end + 1).await;
    assert_eq!((next.remaining, next.others), (7, 1));
    let all = all(&mut tx).await.unwrap();
    let all: Vec<_> = all.iter().map(|row| (row.scope.as_str(), row.bucket.as_str())).collect();
    assert_eq!(all, [("x", "api")]);
}

/// How the bucket of x stands.
async fn window(tx: &mut Tx, now: Instant) -> Window {
    one(tx, "x", "api").await.unwrap().unwrap().window(API, now)
}

async fn lanes_tell_what_they_cost_and_how_they_fare(house: &House) {
    furnish(house).await;
    let heard = hear(house, "2026-11-20", &[mention("1", "jo", "where is it?")], &[]).await;
    owe(house, heard[0], Owing::Complaint, T0).await;
    let mut tx = house.begin().await;
    rhythm::note(&mut tx, "masto", "mentions", [5, 7], T0, T0).await.unwrap();
    let cost = |channel, lane, cost| Cost {
        channel,
        lane,
        scope: "net@host",
        bucket: "api",
        cost,
        every_ms: 60_000,
    };
    let mine = cost("masto", "mentions", 1_000);
    costs::note(&mut tx, &mine, T0).await.unwrap();
    costs::note(&mut tx, &Cost { cost: 2_500, ..mine.clone() }, T0 + 5).await.unwrap();
    costs::planned(&mut tx, &mine, 90_000).await.unwrap();
    costs::note(&mut tx, &cost("other", "feed", 3), T0).await.unwrap();
    costs::note(&mut tx, &cost("old", "feed", 3), T0 - 9).await.unwrap();
    let elsewhere = Cost { scope: "net@elsewhere", ..cost("far", "feed", 3) };
    costs::note(&mut tx, &elsewhere, T0).await.unwrap();
    let known = costs::known(&mut tx, "masto", "mentions", "net@host", "api").await.unwrap();
    assert_eq!(known, Some(2_500));
    let readers = costs::readers(&mut tx, "net@host", "api", T0).await.unwrap();
    let told: Vec<_> =
        readers.iter().map(|r| (r.channel.as_str(), r.cost, r.newest, r.open)).collect();
    assert_eq!(told, [("masto", 2_500, Some(7), 1), ("other", 3, None, 0)]);
    let paces = costs::paces(&mut tx, T0).await.unwrap();
    let paces: Vec<_> = paces.iter().map(|p| (p.channel.as_str(), p.planned_ms)).collect();
    assert_eq!(paces, [("far", 60_000), ("masto", 90_000), ("other", 60_000)]);
}
