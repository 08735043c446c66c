//! What reading each lane costs of the limits, and the pace that the plan gives it.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;

/// What one reading of a lane costs of one bucket.
#[derive(Clone, Debug)]
pub struct Cost<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The lane.
    pub lane: &'a str,
    /// Whose bucket.
    pub scope: &'a str,
    /// The bucket.
    pub bucket: &'a str,
    /// Smoothed, in thousandths.
    pub cost: i64,
    /// How often the lane would be read, in milliseconds.
    pub every_ms: i64,
}

/// A lane that spends from a bucket.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ReaderRow {
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// What one reading costs, smoothed, in thousandths.
    pub cost: i64,
    /// How often it would be read, in milliseconds.
    pub every_ms: i64,
    /// The hour of its newest mention.
    pub newest: Option<i64>,
    /// How many open cases its channel has, 0 or 1: more is not asked.
    pub open: i64,
}

/// The pace that a bucket's plan gives a lane.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PaceRow {
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// The bucket.
    pub bucket: String,
    /// How often it would be read, in milliseconds.
    pub every_ms: i64,
    /// How often it is read, in milliseconds.
    pub planned_ms: i64,
}

statements! {
    KNOWN = Sql::same("SELECT cost FROM costs WHERE channel = $1 AND lane = $2 AND scope = $3 AND bucket = $4");
    NOTE = Sql::same("INSERT INTO costs (channel, lane, scope, bucket, cost, every_ms, planned_ms, at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (channel, lane, scope, bucket) DO UPDATE SET cost = excluded.cost, every_ms = excluded.every_ms, at = excluded.at");
    PLANNED = Sql::same("UPDATE costs SET planned_ms = $5 WHERE channel = $1 AND lane = $2 AND scope = $3 AND bucket = $4");
    READERS = Sql::same("SELECT c.channel, c.lane, c.cost, c.every_ms, (SELECT MAX(r.hour) FROM rhythm r WHERE r.channel = c.channel AND r.lane = c.lane) AS newest, CAST(CASE WHEN EXISTS (SELECT 1 FROM cases k WHERE k.channel = c.channel AND k.due_at IS NOT NULL) THEN 1 ELSE 0 END AS BIGINT) AS open FROM costs c WHERE c.scope = $1 AND c.bucket = $2 AND c.at >= $3 ORDER BY c.channel, c.lane");
    PACES = Sql::same("SELECT channel, lane, bucket, every_ms, planned_ms FROM costs WHERE at >= $1 ORDER BY channel, lane, planned_ms DESC, bucket");
}

/// What a reading of a lane was known to cost of a bucket.
pub async fn known(
    tx: &mut Tx,
    channel: &str,
    lane: &str,
    scope: &str,
    bucket: &str,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = tx.first(KNOWN, args![channel, lane, scope, bucket]).await?;
    Ok(row.map(|(cost,)| cost))
}

/// Notes what a reading costs.
pub async fn note(tx: &mut Tx, new: &Cost<'_>, now: Instant) -> Result<(), StoreError> {
    let Cost { channel, lane, scope, bucket, cost, every_ms } = *new;
    tx.exec(NOTE, args![channel, lane, scope, bucket, cost, every_ms, now]).await?;
    Ok(())
}

/// Notes the pace that the plan gives a lane.
pub async fn planned(tx: &mut Tx, of: &Cost<'_>, planned_ms: i64) -> Result<(), StoreError> {
    let args = args![of.channel, of.lane, of.scope, of.bucket, planned_ms];
    tx.exec(PLANNED, args).await?;
    Ok(())
}

/// The lanes that spend from a bucket and were read since an instant.
pub async fn readers(
    tx: &mut Tx,
    scope: &str,
    bucket: &str,
    since: Instant,
) -> Result<Vec<ReaderRow>, StoreError> {
    tx.all(READERS, args![scope, bucket, since]).await
}

/// The paces of all lanes that were read since an instant, of each lane the slowest first.
pub async fn paces(tx: &mut Tx, since: Instant) -> Result<Vec<PaceRow>, StoreError> {
    tx.all(PACES, args![since]).await
}
