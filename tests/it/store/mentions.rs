//! Mentions: once each, edited with their versions, tombstones, taken by triage.

use super::desk::{furnish, hear, insert, mention, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::{Mention, MentionId};
use ascolto::store::mentions;
use std::collections::BTreeSet;

store_suite!(
    heard_twice_is_stored_once,
    an_edit_keeps_the_text_before,
    a_deletion_leaves_a_tombstone,
    a_judged_mention_leaves_the_list,
    own_posts_are_known_by_id,
    records_are_kept_beside,
);

const DAY_ONE: &str = "2026-11-20";

async fn heard_twice_is_stored_once(house: &House) {
    furnish(house).await;
    let page: Vec<Mention> = (0..60).map(|n| mention(&n.to_string(), "a", "ciao")).collect();
    hear(house, DAY_ONE, &page, &[]).await;
    hear(house, "2026-11-21", &page, &[]).await;
    assert_eq!(house.number("SELECT COUNT(*) FROM mentions").await, 60);
    let counted = "SELECT CAST(SUM(new) * 1000 + SUM(again) AS BIGINT) FROM intake";
    assert_eq!(house.number(counted).await, 60_060);
    let moved = "SELECT COUNT(*) FROM mentions WHERE heard_day <> '2026-11-20'";
    assert_eq!(house.number(moved).await, 0, "the day never moves");
    // The same id in another name space is another mention.
    let other = Mention { origin: "elsewhere.example".to_owned(), ..page[0].clone() };
    let mut tx = house.begin().await;
    assert_eq!(insert(&mut tx, DAY_ONE, &[(MentionId(house.id()), &other)]).await, 1);
}

async fn an_edit_keeps_the_text_before(house: &House) {
    furnish(house).await;
    let id = hear(house, DAY_ONE, &[mention("1", "a", "first")], &[]).await[0];
    sort_out(house, id, T0).await;
    let mut tx = house.begin().await;
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "1")]).await.unwrap();
    assert!(mentions::edit(&mut tx, &known[0], "second", None, T0 + 5).await.unwrap());
    let again = mentions::edit(&mut tx, &known[0], "third", None, T0 + 6).await.unwrap();
    assert!(!again, "an edit of a version that is not the newest changes nothing");
    let row = mentions::by_id(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((row.text.as_str(), row.version), ("second", 2));
    assert_eq!(row.disposition, "not_owed", "an edit alone moves nothing");
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "1")]).await.unwrap();
    let restarred = mentions::revise(&mut tx, &known[0], "second", Some(1), None, T0 + 7).await;
    assert!(restarred.unwrap(), "other stars are an edit");
    let row = mentions::by_id(&mut tx, id).await.unwrap().unwrap();
    assert_eq!((row.rating, row.version), (Some(1), 3));
    assert!(mentions::any_untriaged(&mut tx).await.unwrap(), "it is triaged again");
    tx.commit().await.unwrap();
    let kept = "SELECT COUNT(*) FROM versions WHERE version = 1 AND text = 'first'";
    assert_eq!(house.number(kept).await, 1);
}

async fn a_deletion_leaves_a_tombstone(house: &House) {
    furnish(house).await;
    let id = hear(house, DAY_ONE, &[mention("1", "a", "text")], &[]).await[0];
    let mut tx = house.begin().await;
    assert!(mentions::gone(&mut tx, "acme", "mastodon", "", "1", T0 + 9).await.unwrap());
    assert!(!mentions::gone(&mut tx, "acme", "mastodon", "", "1", T0 + 10).await.unwrap());
    assert!(!mentions::gone(&mut tx, "acme", "mastodon", "", "2", T0 + 9).await.unwrap());
    let row = mentions::by_id(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(row.gone_at, Some(T0.0 + 9));
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "1")]).await.unwrap();
    assert!(known[0].gone);
    assert!(!mentions::edit(&mut tx, &known[0], "back", None, T0 + 11).await.unwrap());
    let again = [(MentionId(house.id()), &mention("1", "a", "text"))];
    assert_eq!(insert(&mut tx, DAY_ONE, &again).await, 0, "what is gone is not heard as new again");
}

async fn a_judged_mention_leaves_the_list(house: &House) {
    furnish(house).await;
    let page: Vec<Mention> = (0..5).map(|n| mention(&n.to_string(), "a", "bravi")).collect();
    let ids = hear(house, DAY_ONE, &page, &[]).await;
    sort_out(house, ids[1], T0).await;
    let mut tx = house.begin().await;
    assert_eq!(mentions::backlog(&mut tx).await.unwrap(), 4);
    assert!(mentions::backlog_over(&mut tx, 3).await.unwrap());
    assert!(!mentions::backlog_over(&mut tx, 4).await.unwrap());
    let taken = mentions::take_untriaged(&mut tx, 3).await.unwrap();
    let taken: Vec<MentionId> = taken.iter().map(|m| m.mention_id().unwrap()).collect();
    assert_eq!(taken, [ids[0], ids[2], ids[3]], "oldest first");
    mentions::done_with(&mut tx, &[ids[0].to_string(), ids[2].to_string()]).await.unwrap();
    assert_eq!(mentions::backlog(&mut tx).await.unwrap(), 2);
    let row = mentions::by_id(&mut tx, ids[1]).await.unwrap().unwrap();
    assert_eq!((row.judged.as_deref(), row.probability), (Some("praise"), Some(900_000)));
}

async fn own_posts_are_known_by_id(house: &House) {
    let mut tx = house.begin().await;
    for _ in 0..2 {
        mentions::remember_own(&mut tx, "mastodon", "", "9", None, T0).await.unwrap();
    }
    assert!(mentions::is_own(&mut tx, "mastodon", "", "9").await.unwrap());
    assert!(!mentions::is_own(&mut tx, "mastodon", "x", "9").await.unwrap());
}

async fn records_are_kept_beside(house: &House) {
    let mut tx = house.begin().await;
    let id = MentionId(house.id());
    let record = r#"{"content":"<p>ciao</p>"}"#.repeat(100);
    mentions::keep_payloads(&mut tx, &[(id, "{}")]).await.unwrap();
    mentions::keep_payloads(&mut tx, &[(id, &record)]).await.unwrap();
    tx.commit().await.unwrap();
    let length = house.number("SELECT CAST(LENGTH(body) AS BIGINT) FROM payloads").await;
    assert!((10..200).contains(&length), "{length} bytes");
}

/// On PostgreSQL two transactions at once get different rows and neither waits; SQLite has one
/// writer at a time.
#[tokio::test]
async fn two_instances_take_different_mentions() {
    let house = House::postgres().await;
    furnish(&house).await;
    let page: Vec<Mention> = (0..20).map(|n| mention(&n.to_string(), "a", "ciao")).collect();
    hear(&house, DAY_ONE, &page, &[]).await;
    let (mut one, mut other) = (house.begin().await, house.begin().await);
    let ids = |rows: Vec<mentions::MentionRow>| rows.into_iter().map(|r| r.id).collect();
    let first: BTreeSet<String> = ids(mentions::take_untriaged(&mut one, 12).await.unwrap());
    let second: BTreeSet<String> = ids(mentions::take_untriaged(&mut other, 12).await.unwrap());
    assert_eq!((first.len(), second.len()), (12, 8));
    assert!(first.is_disjoint(&second));
    drop((one, other));
    house.leave().await;
}
