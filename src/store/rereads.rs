//! Re-reads: which threads are to be read again, channel by channel, and how long a channel waits.

use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements};
use crate::domain::{CaseId, Instant};

/// A channel whose threads are being re-read under a lease.
#[derive(Clone, Debug)]
pub struct RereadRow {
    /// The channel.
    pub channel: String,
    /// Counts the leases of the row.
    pub fence: i64,
}

statements! {
    DUE = Sql::same("SELECT channel FROM cases WHERE due_at IS NOT NULL AND reread_at <= $1 AND channel NOT IN (SELECT r.channel FROM rereads r WHERE r.next_at > $1 OR r.until >= $1) GROUP BY channel ORDER BY MIN(reread_at), channel LIMIT $2");
    DUE_PAST = Sql::same("SELECT channel FROM cases WHERE due_at IS NULL AND owing = 'complaint' AND reread_at = 0 AND channel NOT IN (SELECT r.channel FROM rereads r WHERE r.next_at > $1 OR r.until >= $1) GROUP BY channel ORDER BY channel LIMIT $2");
    ADD = Sql::same("INSERT INTO rereads (channel) VALUES ($1) ON CONFLICT DO NOTHING");
    LEASE_ONE = Sql::same("UPDATE rereads SET owner = $2, until = $3, fence = fence + 1 WHERE channel = $1 AND next_at <= $4 AND until < $4");
    FENCE = Sql::same("SELECT fence FROM rereads WHERE channel = $1");
    GIVE_BACK = Sql::same("UPDATE rereads SET next_at = $2, owner = '', until = 0 WHERE channel = $1 AND fence = $3");
    THREADS = Sql::same("SELECT id FROM cases WHERE channel = $1 AND due_at IS NOT NULL AND reread_at <= $2 ORDER BY reread_at, id LIMIT $3");
    THREADS_PAST = Sql::same("SELECT id FROM cases WHERE channel = $1 AND due_at IS NULL AND owing = 'complaint' AND reread_at = 0 ORDER BY id LIMIT $2");
    LEAVE_PAST = Sql::same("UPDATE cases SET reread_at = $2 WHERE channel = $1 AND due_at IS NULL AND owing = 'complaint' AND reread_at = 0");
}

/// Leases channels of which a thread is due, the one that has waited longest first; behind them
/// those that have none but complaints of a first look.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<RereadRow>, StoreError> {
    let mut due: Vec<(String,)> = tx.all(DUE, args![now, limit]).await?;
    let most = usize::try_from(limit).unwrap_or(0);
    if due.len() < most {
        let past: Vec<(String,)> = tx.all(DUE_PAST, args![now, limit]).await?;
        for channel in past {
            if !due.contains(&channel) {
                due.push(channel);
            }
        }
        due.truncate(most);
    }
    // In one order everywhere, so that two instances do not wait for each other's rows.
    due.sort_unstable();
    let mut taken = Vec::with_capacity(due.len());
    for (channel,) in due {
        tx.exec(ADD, args![&channel]).await?;
        // Another instance may have leased it since.
        if tx.exec(LEASE_ONE, args![&channel, owner, now + LEASE, now]).await? == 0 {
            continue;
        }
        if let Some((fence,)) = tx.first::<(i64,)>(FENCE, args![&channel]).await? {
            taken.push(RereadRow { channel, fence });
        }
    }
    Ok(taken)
}

/// The cases of a channel whose threads are due: first those never tried, then the longest unread;
/// behind them complaints of a first look, once each.
pub async fn threads(
    tx: &mut Tx,
    channel: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<CaseId>, StoreError> {
    let mut found: Vec<(String,)> = tx.all(THREADS, args![channel, now, limit]).await?;
    let room = limit - i64::try_from(found.len()).unwrap_or(limit);
    if room > 0 {
        found.extend(tx.all::<(String,)>(THREADS_PAST, args![channel, room]).await?);
    }
    found.into_iter().map(|(id,)| id.parse().map_err(|e| StoreError::broken(&id, e))).collect()
}

/// Gives a channel back; its threads are due again at `next_at` at the earliest. If the lease was
/// lost, nothing changes.
pub async fn give_back(tx: &mut Tx, row: &RereadRow, next_at: Instant) -> Result<(), StoreError> {
    tx.exec(GIVE_BACK, args![&row.channel, next_at, row.fence]).await?;
    Ok(())
}

/// Counts the complaints of a channel's first look as tried, where waiting for them would hold up
/// the choice about it.
pub async fn leave_past(tx: &mut Tx, channel: &str, now: Instant) -> Result<(), StoreError> {
    tx.exec(LEAVE_PAST, args![channel, now]).await?;
    Ok(())
}
