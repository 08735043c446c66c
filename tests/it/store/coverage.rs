//! Coverage merges, gaps are leased, backfilled and ended.

use super::desk::furnish;
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::coverage::TimeSpan;
use ascolto::domain::{GapId, Instant};
use ascolto::store::coverage::{self, GapRow};
use ascolto::store::lanes::LEASE;
use ascolto::store::{StoreError, Tx};

store_suite!(
    touching_spans_become_one,
    a_backfilled_gap_becomes_coverage,
    a_lost_gap_writes_nothing,
    an_unfinished_walk_has_a_gap_below,
);

fn span(from: i64, to: i64) -> TimeSpan {
    TimeSpan { from: T0 + from, to: T0 + to }
}

async fn spans(tx: &mut Tx) -> Vec<(i64, i64)> {
    let spans = coverage::spans(tx, "masto", "mentions").await.unwrap();
    spans.into_iter().map(|s| (s.from - T0, s.to - T0)).collect()
}

async fn touching_spans_become_one(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    for (from, to) in [(10, 20), (40, 50), (60, 70), (20, 30), (45, 65), (0, 5), (12, 18)] {
        coverage::add(&mut tx, "masto", "mentions", span(from, to)).await.unwrap();
    }
    coverage::add(&mut tx, "masto", "other", span(0, 100)).await.unwrap();
    assert_eq!(spans(&mut tx).await, [(0, 5), (10, 30), (40, 70)]);
    coverage::add(&mut tx, "masto", "mentions", span(0, 100)).await.unwrap();
    assert_eq!(spans(&mut tx).await, [(0, 100)]);
}

async fn take(house: &House, owner: &str, at: Instant) -> Vec<GapRow> {
    let mut tx = house.begin().await;
    let taken = coverage::take_gaps(&mut tx, owner, at, 9).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn open(house: &House, from: i64, to: i64, due: Instant) {
    let (mut tx, id) = (house.begin().await, GapId(house.id()));
    let gap = span(from, to);
    coverage::open_gap(&mut tx, id, "masto", "mentions", gap, "outage", T0, due).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_backfilled_gap_becomes_coverage(house: &House) {
    furnish(house).await;
    open(house, 10, 20, T0 + 5).await;
    assert!(take(house, "a", T0 + 4).await.is_empty());
    let gap = take(house, "a", T0 + 5).await.remove(0);
    assert_eq!((gap.attempts, gap.state.as_str()), (1, "open"));
    let mut tx = house.begin().await;
    coverage::add(&mut tx, "masto", "mentions", span(0, 10)).await.unwrap();
    coverage::gap_progress(&mut tx, &gap, Some("page 2"), 3, T0).await.unwrap();
    coverage::gap_later(&mut tx, &gap, T0 + 50, "busy").await.unwrap();
    tx.commit().await.unwrap();
    let gap = take(house, "a", T0 + 50).await.remove(0);
    assert_eq!((gap.resume.as_deref(), gap.note.as_str()), (Some("page 2"), "busy"));
    let mut tx = house.begin().await;
    coverage::gap_progress(&mut tx, &gap, None, 4, T0).await.unwrap();
    coverage::end_gap(&mut tx, &gap, true, "", T0 + 60).await.unwrap();
    assert_eq!(spans(&mut tx).await, [(0, 20)]);
    let ended = coverage::gaps(&mut tx).await.unwrap().remove(0);
    assert_eq!((ended.state.as_str(), ended.backfilled), ("closed", 7));
}

async fn a_lost_gap_writes_nothing(house: &House) {
    furnish(house).await;
    open(house, 10, 20, T0).await;
    let old = take(house, "a", T0).await.remove(0);
    let new = take(house, "b", T0 + LEASE + 1).await.remove(0);
    let mut tx = house.begin().await;
    let lost = coverage::gap_progress(&mut tx, &old, Some("x"), 9, T0).await;
    assert!(matches!(lost, Err(StoreError::Conflict)), "{lost:?}");
    let lost = coverage::end_gap(&mut tx, &old, true, "", T0).await;
    assert!(matches!(lost, Err(StoreError::Conflict)), "{lost:?}");
    coverage::gap_later(&mut tx, &old, T0 + 999, "x").await.unwrap();
    coverage::end_gap(&mut tx, &new, false, "the network shows no past", T0).await.unwrap();
    let twice = coverage::end_gap(&mut tx, &new, true, "", T0).await;
    assert!(matches!(twice, Err(StoreError::Conflict)), "ended twice: {twice:?}");
    let ended = coverage::gaps(&mut tx).await.unwrap().remove(0);
    assert_eq!((ended.state.as_str(), ended.backfilled), ("unrecoverable", 0));
    assert_eq!(ended.note, "the network shows no past");
    assert!(spans(&mut tx).await.is_empty());
}

async fn an_unfinished_walk_has_a_gap_below(house: &House) {
    furnish(house).await;
    open(house, 200, 300, T0).await;
    let mut tx = house.begin().await;
    async fn walking(house: &House, tx: &mut Tx, still: Option<TimeSpan>) {
        let id = GapId(house.id());
        coverage::walking(tx, "masto", "mentions", still, id, T0).await.unwrap();
    }
    walking(house, &mut tx, Some(span(0, 90))).await;
    walking(house, &mut tx, Some(span(0, 50))).await;
    let gaps = coverage::gaps(&mut tx).await.unwrap();
    assert_eq!((gaps.len(), gaps[0].to_at), (2, T0.0 + 50));
    let due = coverage::take_gaps(&mut tx, "a", T0 + 9, 9).await.unwrap();
    assert_eq!(due.len(), 1, "the walk itself closes its gap");
    walking(house, &mut tx, None).await;
    walking(house, &mut tx, None).await;
    let left = coverage::gaps(&mut tx).await.unwrap();
    assert_eq!((left.len(), left[0].reason.as_str()), (1, "outage"));
}
