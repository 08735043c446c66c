//! Hints: what hooks told of and no list shows, until it is read.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;
use crate::wire::Hint;
use std::collections::BTreeSet;

/// So many hints of a channel wait at most. Whoever told of more is asked to come again.
pub const MOST: i64 = 10_000;

/// A hint that is due.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HintRow {
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// By what its network finds it.
    pub key: String,
    /// When it was told last.
    pub told_at: i64,
    /// Tries that could not read it.
    pub tries: i64,
    /// The lease.
    pub fence: i64,
}

statements! {
    WAITING = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM hints WHERE channel = $1");
    DUE = taking!("SELECT channel, lane, key, told_at, tries, fence FROM hints WHERE due_at <= $1 AND until < $1 ORDER BY due_at, channel, lane, key LIMIT $2");
    SETTLE = Sql::same("DELETE FROM hints WHERE channel = $1 AND lane = $2 AND key = $3 AND fence = $4 AND told_at = $5");
    // Told once more while it was being read: what was read may be older than that.
    ONCE_MORE = Sql::same("UPDATE hints SET due_at = told_at, tries = 0, owner = '', until = 0 WHERE channel = $1 AND lane = $2 AND key = $3 AND fence = $4");
    LATER = Sql::same("UPDATE hints SET due_at = $5, tries = $6, owner = '', until = 0 WHERE channel = $1 AND lane = $2 AND key = $3 AND fence = $4");
    START_OVER = Sql::same("UPDATE hints SET due_at = $2 WHERE channel = $1 AND due_at > $2");
}

/// Notes what a hook told of; what is noted already is told once more. `false`: too many wait, and
/// none of these was noted.
pub async fn add(
    tx: &mut Tx,
    channel: &str,
    hints: &[Hint],
    due_at: Instant,
    now: Instant,
) -> Result<bool, StoreError> {
    // A statement cannot touch one row twice.
    let once: BTreeSet<&Hint> = hints.iter().collect();
    let more = i64::try_from(once.len()).unwrap_or(i64::MAX);
    if waiting(tx, channel).await?.saturating_add(more) > MOST {
        return Ok(false);
    }
    let rows = once.iter().map(|h| args![channel, &h.lane, &h.key, now, due_at]).collect();
    let sql = "INSERT INTO hints (channel, lane, key, told_at, due_at) \
               SELECT * FROM {rows} WHERE TRUE ON CONFLICT (channel, lane, key) \
               DO UPDATE SET told_at = excluded.told_at";
    let types = &[Type::Text, Type::Text, Type::Text, Type::Big, Type::Big];
    tx.bulk(Bulk::new(sql, types, rows)).await?;
    Ok(true)
}

/// How many hints of a channel wait.
pub async fn waiting(tx: &mut Tx, channel: &str) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(WAITING, args![channel]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// Leases hints that are due, the longest due first.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<HintRow>, StoreError> {
    let mut due: Vec<HintRow> = tx.all(DUE, args![now, limit]).await?;
    let rows = due.iter().map(|r| args![&r.channel, &r.lane, &r.key, owner, now + LEASE]).collect();
    let sql = "UPDATE hints SET owner = v.c4, until = v.c5, fence = fence + 1 FROM {rows} \
               WHERE hints.channel = v.c1 AND hints.lane = v.c2 AND hints.key = v.c3";
    let types = &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Big];
    tx.bulk(Bulk::new(sql, types, rows)).await?;
    for row in &mut due {
        row.fence += 1;
    }
    Ok(due)
}

/// What a hint told of was read, in this transaction: the hint goes. One that was told once more
/// meanwhile stays, and is read again.
///
/// # Errors
/// `Conflict` if the lease was lost: what was read must not be committed.
pub async fn settle(tx: &mut Tx, row: &HintRow) -> Result<(), StoreError> {
    let held = args![&row.channel, &row.lane, &row.key, row.fence, row.told_at];
    if tx.exec(SETTLE, held).await? > 0 {
        return Ok(());
    }
    let held = args![&row.channel, &row.lane, &row.key, row.fence];
    if tx.exec(ONCE_MORE, held).await? == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Puts a hint off that could not be read, after so many tries.
pub async fn later(
    tx: &mut Tx,
    row: &HintRow,
    tries: i64,
    due_at: Instant,
) -> Result<(), StoreError> {
    let held = args![&row.channel, &row.lane, &row.key, row.fence, due_at, tries];
    tx.exec(LATER, held).await?;
    Ok(())
}

/// Makes every hint of a channel due at once: its credential was renewed.
pub async fn start_over(tx: &mut Tx, channel: &str, now: Instant) -> Result<(), StoreError> {
    tx.exec(START_OVER, args![channel, now]).await?;
    Ok(())
}
