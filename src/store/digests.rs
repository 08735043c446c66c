//! Complaints heard too late for an alert each, summed up until one digest tells of them.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;

/// What is to be told of one channel.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DigestRow {
    /// The channel.
    pub channel: String,
    /// The brand.
    pub brand: String,
    /// When the first of them was judged.
    pub began_at: i64,
    /// How many there are.
    pub complaints: i64,
    /// When the oldest was written.
    pub oldest_at: i64,
}

statements! {
    ADD = Sql::same("INSERT INTO digests (channel, brand, began_at, last_at, complaints, oldest_at) VALUES ($1, $2, $3, $3, $4, $5) ON CONFLICT (channel) DO UPDATE SET last_at = excluded.last_at, complaints = digests.complaints + excluded.complaints, oldest_at = CASE WHEN excluded.oldest_at < digests.oldest_at THEN excluded.oldest_at ELSE digests.oldest_at END");
    // What a backfill under way brings is told at its end.
    ANY_DUE = Sql::same("SELECT d.channel FROM digests d WHERE d.began_at <= $2 OR (d.last_at <= $1 AND NOT EXISTS (SELECT 1 FROM gaps g WHERE g.channel = d.channel AND g.state = 'open' AND g.resume IS NOT NULL)) LIMIT 1");
    DUE = taking!("SELECT d.channel, d.brand, d.began_at, d.complaints, d.oldest_at FROM digests d WHERE d.began_at <= $2 OR (d.last_at <= $1 AND NOT EXISTS (SELECT 1 FROM gaps g WHERE g.channel = d.channel AND g.state = 'open' AND g.resume IS NOT NULL)) ORDER BY d.channel");
    DROP = Sql::same("DELETE FROM digests WHERE channel = $1");
}

/// Adds complaints to what is to be told of a channel.
pub async fn add(
    tx: &mut Tx,
    channel: &str,
    brand: &str,
    complaints: i64,
    oldest: Instant,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(ADD, args![channel, brand, now, complaints, oldest]).await?;
    Ok(())
}

/// Whether anything is to be told: nothing came since `quiet` and no backfill is under way, or the
/// first has waited since `longest`.
pub async fn any_due(tx: &mut Tx, quiet: Instant, longest: Instant) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(ANY_DUE, args![quiet, longest]).await?.is_some())
}

/// Takes what is to be told, by the same rule, off the list; the caller tells it in the same
/// transaction.
pub async fn take_due(
    tx: &mut Tx,
    quiet: Instant,
    longest: Instant,
) -> Result<Vec<DigestRow>, StoreError> {
    let due: Vec<DigestRow> = tx.all(DUE, args![quiet, longest]).await?;
    for digest in &due {
        tx.exec(DROP, args![&digest.channel]).await?;
    }
    Ok(due)
}
