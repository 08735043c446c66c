//! Lanes: whether coverage and gaps, without overlap, account for all the time since each began.

use super::types::{Findings, GapAccount, LaneAccount};
use crate::domain::Instant;
use crate::domain::coverage::{TimeSpan, fills};
use crate::store::coverage::{self, GapRow};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lanes::{self, LaneRow};
use crate::store::rhythm;
use crate::store::value::{Sql, args, statements};
use std::collections::HashMap;

statements! {
    COVERAGE = Sql::same("SELECT channel, lane, from_at, to_at FROM coverage ORDER BY channel, lane, from_at");
}

type Key = (String, String);

/// The account of every lane.
pub(super) async fn accounts(
    tx: &mut Tx,
    broken: &mut Findings,
) -> Result<Vec<LaneAccount>, StoreError> {
    let mut covered: HashMap<Key, Vec<TimeSpan>> = HashMap::new();
    for (channel, lane, from, to) in tx.all::<(String, String, i64, i64)>(COVERAGE, args![]).await?
    {
        let (from, to) = (Instant(from), Instant(to));
        match TimeSpan::new(from, to) {
            Some(span) => covered.entry((channel, lane)).or_default().push(span),
            None => {
                broken.add(name(&channel, &lane), format!("its coverage {from} … {to} is empty"));
            }
        }
    }
    let mut gaps: HashMap<Key, Vec<GapRow>> = HashMap::new();
    for gap in coverage::gaps(tx).await? {
        gaps.entry((gap.channel.clone(), gap.lane.clone())).or_default().push(gap);
    }
    let silences = rhythm::standing(tx).await?;
    let mut doubtful: HashMap<Key, Instant> =
        silences.into_iter().map(|s| ((s.channel, s.lane), Instant(s.since))).collect();
    let mut accounts = Vec::new();
    for lane in lanes::lanes(tx).await? {
        let key = (lane.channel.clone(), lane.lane.clone());
        let covered = covered.remove(&key).unwrap_or_default();
        let gaps = gaps.remove(&key).unwrap_or_default();
        let doubtful = doubtful.remove(&key);
        let account = account(&lane, &covered, gaps, broken);
        accounts.push(LaneAccount { doubtful_since: doubtful, ..account });
    }
    Ok(accounts)
}

fn account(
    lane: &LaneRow,
    covered: &[TimeSpan],
    gaps: Vec<GapRow>,
    broken: &mut Findings,
) -> LaneAccount {
    let from = Instant(lane.reads_from);
    let to = lane.finished_at.filter(|_| lane.polled).map(|at| Instant(at) - lane.settle_ms);
    let mut account = LaneAccount {
        channel: lane.channel.clone(),
        lane: lane.lane.clone(),
        polled: lane.polled,
        from,
        to,
        covered_ms: 0,
        open_ms: 0,
        unrecoverable_ms: 0,
        doubtful_since: None,
        gaps: gaps.into_iter().map(gap).collect(),
    };
    // Nothing is due of a lane before its first poll is finished and what it read has settled.
    let Some(whole) = to.and_then(|to| TimeSpan::new(from, to)) else { return account };
    let clip = |s: TimeSpan| TimeSpan::new(s.from.max(whole.from), s.to.min(whole.to));
    let of = |state: &str| -> Vec<TimeSpan> {
        let gaps = account.gaps.iter().filter(|g| g.state == state);
        gaps.filter_map(|g| clip(TimeSpan { from: g.from, to: g.to })).collect()
    };
    let covered: Vec<TimeSpan> = covered.iter().copied().filter_map(clip).collect();
    let (open, lost) = (of("open"), of("unrecoverable"));
    let length = |spans: &[TimeSpan]| spans.iter().map(|s| s.to - s.from).sum();
    (account.covered_ms, account.open_ms, account.unrecoverable_ms) =
        (length(&covered), length(&open), length(&lost));
    // What a closed gap held is coverage already.
    if let Err(why) = fills(&covered, &[open, lost].concat(), whole) {
        broken.add(name(&lane.channel, &lane.lane), why);
    }
    account
}

fn gap(row: GapRow) -> GapAccount {
    GapAccount {
        id: row.id,
        from: Instant(row.from_at),
        to: Instant(row.to_at),
        state: row.state,
        reason: row.reason,
        note: row.note,
        backfilled: row.backfilled,
    }
}

fn name(channel: &str, lane: &str) -> String {
    format!("channel {channel}, lane {lane}")
}
