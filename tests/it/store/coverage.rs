//! Coverage merges, gaps are leased, backfilled and ended.

use super::desk::furnish;
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::coverage::TimeSpan;
use ascolto::domain::{GapId, Instant};
use ascolto::ids::Ids;
use ascolto::store::coverage::{self, Account, GapRow, WALKING};
use ascolto::store::lanes::LEASE;
use ascolto::store::{StoreError, Tx};

store_suite!(
    touching_spans_become_one,
    a_backfilled_gap_becomes_coverage,
    a_lost_gap_writes_nothing,
    an_unfinished_walk_has_a_gap_below,
    what_is_heard_after_all_is_cut_out_of_gaps,
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
    let ids = Ids::seeded(5);
    let account = Account { channel: "masto", lane: "mentions", ids: &ids, now: T0 };
    account.walking(&mut tx, span(0, 90)).await.unwrap();
    account.heard(&mut tx, span(50, 90)).await.unwrap();
    assert_eq!(standing(&mut tx).await, [(0, 50, WALKING), (200, 300, "outage")]);
    let due = coverage::take_gaps(&mut tx, "a", T0 + 9, 9).await.unwrap();
    assert_eq!(due.len(), 1, "the walk itself closes its gap");
    // It begins anew from a later top: what it had read stays read.
    account.walking(&mut tx, span(0, 120)).await.unwrap();
    let gaps = [(0, 50, WALKING), (90, 120, WALKING), (200, 300, "outage")];
    assert_eq!(standing(&mut tx).await, gaps);
    account.lost(&mut tx, span(20, 100), "forgotten").await.unwrap();
    let gaps = [
        (0, 20, WALKING),
        (20, 50, "forgotten"),
        (90, 100, "forgotten"),
        (100, 120, WALKING),
        (200, 300, "outage"),
    ];
    assert_eq!(standing(&mut tx).await, gaps);
    account.heard(&mut tx, span(0, 120)).await.unwrap();
    assert_eq!(standing(&mut tx).await, [(200, 300, "outage")]);
    assert_eq!(spans(&mut tx).await, [(0, 120)]);
}

async fn what_is_heard_after_all_is_cut_out_of_gaps(house: &House) {
    furnish(house).await;
    open(house, 0, 100, T0).await;
    let gap = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    let ids = Ids::seeded(6);
    let account = Account { channel: "masto", lane: "mentions", ids: &ids, now: T0 };
    account.heard(&mut tx, span(40, 60)).await.unwrap();
    assert_eq!(standing(&mut tx).await, [(0, 40, "outage"), (60, 100, "outage")]);
    // A backfill that was under way ends what is left of its gap and no more.
    coverage::end_gap(&mut tx, &gap, true, "", T0).await.unwrap();
    assert_eq!(standing(&mut tx).await, [(60, 100, "outage")]);
    assert_eq!(spans(&mut tx).await, [(0, 60)]);
    let rest = coverage::take_gaps(&mut tx, "a", T0, 9).await.unwrap().remove(0);
    coverage::end_gap(&mut tx, &rest, false, "it shows no past", T0).await.unwrap();
    account.heard(&mut tx, span(50, 120)).await.unwrap();
    assert_eq!(spans(&mut tx).await, [(0, 60), (100, 120)], "declared is declared");
    account.lost(&mut tx, span(90, 130), "again").await.unwrap();
    assert_eq!(standing(&mut tx).await, [(60, 100, "outage"), (120, 130, "again")]);
}

/// The gaps that stand: from, to, reason.
async fn standing(tx: &mut Tx) -> Vec<(i64, i64, &'static str)> {
    let known = ["outage", WALKING, "forgotten", "again"];
    let reason = |r: &str| *known.iter().find(|k| **k == r).unwrap();
    let gaps = coverage::gaps(tx).await.unwrap();
    let standing = gaps.iter().filter(|g| g.state != "closed");
    standing.map(|g| (g.from_at - T0.0, g.to_at - T0.0, reason(&g.reason))).collect()
}
