//! What people said of mentions, and what was learned of it: the newest word holds, content that
//! goes takes its word along, and the newest correction decides.

use super::desk::{furnish, hear, mention, owe, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::label::{Label, Source};
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::DAY;
use ascolto::domain::{Instant, Kind, MentionId};
use ascolto::store::corrections::{self, CorrectionRow};
use ascolto::store::labels::{self, CountRow};
use ascolto::store::{StoreError, mentions, own, rechecks};
use std::collections::BTreeMap;

store_suite!(
    the_newest_word_holds_and_can_be_taken_back,
    what_is_learned_from_is_read_in_pages_newest_first,
    a_text_that_changed_or_went_teaches_nothing,
    a_brand_is_due_once_and_a_lost_lease_stores_nothing,
    the_newest_correction_decides,
);

const DAY_ONE: &str = "2026-11-20";
const TOP: (Instant, &str) = (Instant(i64::MAX), "");

fn no() -> Label {
    let (source, by) = (Source::Verdict, "ada".to_owned());
    Label { complaint: Some(false), about: None, kind: None, source, by }
}

fn yes() -> Label {
    Label {
        complaint: Some(true),
        about: Some(true),
        kind: Some(Kind::Complaint),
        source: Source::Answered,
        by: "bob".to_owned(),
    }
}

fn not_us() -> Label {
    Label { complaint: None, about: Some(false), ..no() }
}

async fn keep(house: &House, said: &[(MentionId, Option<Label>)], at: Instant) {
    let said: BTreeMap<_, _> = said.iter().cloned().collect();
    let mut tx = house.begin().await;
    labels::keep(&mut tx, &said, at, at + DAY).await.unwrap();
    tx.commit().await.unwrap();
}

async fn hear_three(house: &House) -> Vec<MentionId> {
    furnish(house).await;
    let page = ["1", "2", "3"].map(|id| mention(id, "a", &format!("text {id}")));
    hear(house, DAY_ONE, &page, &[]).await
}

fn count(source: &str, complaint: Option<bool>, about: Option<bool>, labels: i64) -> CountRow {
    CountRow { source: source.to_owned(), complaint, about, labels }
}

async fn the_newest_word_holds_and_can_be_taken_back(house: &House) {
    let all = hear_three(house).await;
    owe(house, all[0], Owing::Complaint, T0).await;
    let first = [(all[0], Some(no())), (all[1], Some(no())), (all[2], Some(not_us()))];
    keep(house, &first, T0).await;
    keep(house, &[(all[1], Some(yes()))], T0 + 1).await;
    let mut tx = house.begin().await;
    let mut counts = labels::counts(&mut tx, "acme").await.unwrap();
    counts.sort_by_key(|row| (row.source.clone(), row.complaint));
    let wanted = [
        count("answered", Some(true), Some(true), 1),
        count("verdict", None, Some(false), 1),
        count("verdict", Some(false), None, 1),
    ];
    assert_eq!(counts, wanted);
    assert!(labels::counts(&mut tx, "other").await.unwrap().is_empty());
    // What says nothing of complaints is nothing to learn from.
    assert_eq!(labels::since(&mut tx, "acme", Instant(0)).await.unwrap(), 2);
    assert_eq!(labels::since(&mut tx, "acme", T0).await.unwrap(), 1);
    drop(tx);
    let judged = "SELECT COUNT(*) FROM labels WHERE model = 'rules-1' AND probability = 900000";
    assert_eq!(house.number(judged).await, 1, "with what had judged it, where that was done");
    keep(house, &[(all[1], None), (all[2], None)], T0 + 2).await;
    assert_eq!(house.number("SELECT COUNT(*) FROM labels").await, 1);
}

async fn what_is_learned_from_is_read_in_pages_newest_first(house: &House) {
    let all = hear_three(house).await;
    keep(house, &[(all[0], Some(no()))], T0 + 1).await;
    keep(house, &[(all[1], Some(yes())), (all[2], Some(no()))], T0).await;
    let mut tx = house.begin().await;
    let first = labels::page(&mut tx, "acme", TOP, 2).await.unwrap();
    assert_eq!(
        (first[0].mention_id.clone(), first[0].text.as_str()),
        (all[0].to_string(), "text 1")
    );
    assert!(!first[0].complaint && first[0].source().unwrap() == Source::Verdict);
    let below = (Instant(first[1].at), first[1].mention_id.as_str());
    let second = labels::page(&mut tx, "acme", below, 2).await.unwrap();
    assert_eq!(second.len(), 1);
    let mut ids = [first[1].mention_id.clone(), second[0].mention_id.clone()];
    ids.sort();
    let mut wanted = [all[1].to_string(), all[2].to_string()];
    wanted.sort();
    assert_eq!(ids, wanted);
}

async fn a_text_that_changed_or_went_teaches_nothing(house: &House) {
    let all = hear_three(house).await;
    keep(house, &all.iter().map(|id| (*id, Some(no()))).collect::<Vec<_>>(), T0).await;
    let mut tx = house.begin().await;
    let known = mentions::known(&mut tx, "acme", "mastodon", &[("", "1")]).await.unwrap();
    assert!(mentions::edit(&mut tx, &known[0], "other", None, T0).await.unwrap());
    assert!(mentions::gone(&mut tx, "acme", "mastodon", "", "2", T0).await.unwrap());
    let left = labels::page(&mut tx, "acme", TOP, 9).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].mention_id, all[2].to_string());
    tx.commit().await.unwrap();
    sort_out(house, all[2], T0).await;
    let mut tx = house.begin().await;
    let ids = [all[2].to_string()].into_iter().collect();
    rechecks::add(&mut tx, "masto", &ids, T0 + DAY, Some(T0)).await.unwrap();
    let due = rechecks::blank_due(&mut tx, T0, 9).await.unwrap();
    rechecks::blank(&mut tx, &due, T0).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.number("SELECT COUNT(*) FROM labels").await, 2);
    keep(house, &[(all[2], Some(no()))], T0 + 1).await;
    assert_eq!(house.number("SELECT COUNT(*) FROM labels").await, 2, "nothing is left to label");
}

async fn a_brand_is_due_once_and_a_lost_lease_stores_nothing(house: &House) {
    let all = hear_three(house).await;
    keep(house, &[(all[0], Some(no()))], T0).await;
    keep(house, &[(all[1], Some(no()))], T0 + 5).await;
    let mut tx = house.begin().await;
    assert!(!corrections::any_due(&mut tx, T0 + DAY - 1).await.unwrap());
    let now = T0 + DAY;
    assert!(corrections::any_due(&mut tx, now).await.unwrap(), "by the first label");
    let lesson = corrections::take_due(&mut tx, "a", now).await.unwrap().unwrap();
    assert_eq!(lesson.brand, "acme");
    assert!(corrections::take_due(&mut tx, "b", now).await.unwrap().is_none());
    own::free_leases(&mut tx, "a").await.unwrap();
    let again = corrections::take_due(&mut tx, "b", now).await.unwrap().unwrap();
    assert!(!corrections::done(&mut tx, &lesson, now + DAY).await.unwrap());
    assert!(corrections::done(&mut tx, &again, now + DAY).await.unwrap());
    assert!(!corrections::any_due(&mut tx, now).await.unwrap());
    assert!(corrections::any_due(&mut tx, now + DAY).await.unwrap());
}

fn made(version: i64, reason: &str) -> CorrectionRow {
    CorrectionRow {
        brand: "acme".to_owned(),
        version,
        model: "cascade-1".to_owned(),
        made_at: T0.0 + version,
        labels: 200,
        complaints: 90,
        loss_without: 1_100_000,
        loss_with: 400_000,
        f1_without: 600_000,
        f1_with: 900_000,
        recall_without: 950_000,
        recall_with: 950_000,
        in_use: reason.is_empty(),
        reason: reason.to_owned(),
        blob: vec![1, 2, 3],
    }
}

async fn the_newest_correction_decides(house: &House) {
    let mut tx = house.begin().await;
    assert!(corrections::in_use(&mut tx).await.unwrap().is_empty());
    corrections::add(&mut tx, &made(1, "")).await.unwrap();
    assert_eq!(corrections::in_use(&mut tx).await.unwrap(), [("acme".to_owned(), 1)]);
    corrections::add(&mut tx, &made(2, "")).await.unwrap();
    assert_eq!(corrections::in_use(&mut tx).await.unwrap(), [("acme".to_owned(), 2)]);
    let first = corrections::one(&mut tx, "acme", 1).await.unwrap().unwrap();
    assert_eq!((first.in_use, first.blob.len(), first.loss_with), (false, 0, 400_000));
    assert_eq!(corrections::last(&mut tx, "acme").await.unwrap(), Some(made(2, "")));
    corrections::add(&mut tx, &made(3, "recall_fell")).await.unwrap();
    assert!(corrections::in_use(&mut tx).await.unwrap().is_empty(), "what fails is not used on");
    assert_eq!(corrections::last(&mut tx, "other").await.unwrap(), None);
    // Another instance was faster.
    let twice = corrections::add(&mut tx, &made(3, "")).await;
    assert!(matches!(twice, Err(StoreError::Database(_))), "{twice:?}");
}
