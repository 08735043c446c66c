//! What a network's terms ask of stored mentions: when each is read again, and when its content
//! goes.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::mention_row::{MentionRow, mention_columns};
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;
use std::collections::{BTreeSet, HashSet};

/// A mention that is due to be read again.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RecheckRow {
    /// The mention.
    pub mention_id: String,
    /// Tries in a row that told nothing of it.
    pub tries: i64,
    /// The lease.
    pub fence: i64,
}

/// A mention whose content is due to go.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BlankRow {
    /// The mention.
    pub id: String,
    /// Its case.
    pub case_id: Option<String>,
    /// The author's request by which it goes, if that is why.
    pub deletion: Option<String>,
}

statements! {
    DUE_CHANNELS = Sql::same("SELECT channel FROM rechecks WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 GROUP BY channel ORDER BY MIN(due_at), channel LIMIT $2");
    DUE = taking!("SELECT mention_id, tries, fence FROM rechecks WHERE channel = $1 AND due_at IS NOT NULL AND due_at <= $2 AND until < $2 AND tries = 0 ORDER BY due_at, mention_id LIMIT $3");
    // What told nothing among others is asked about alone, so that it costs no other its answer.
    DUE_ALONE = taking!("SELECT mention_id, tries, fence FROM rechecks WHERE channel = $1 AND due_at IS NOT NULL AND due_at <= $2 AND until < $2 AND tries > 0 ORDER BY due_at, mention_id LIMIT 1");
    HOLD_OFF = Sql::same("UPDATE rechecks SET due_at = $3, owner = '', until = 0 WHERE channel = $1 AND due_at IS NOT NULL AND due_at <= $2");
    ENDED = Sql::same("UPDATE rechecks SET due_at = NULL, blank_at = $5 WHERE mention_id = (SELECT m.id FROM mentions m WHERE m.brand = $1 AND m.network = $2 AND m.origin = $3 AND m.external_id = $4)");
    SHOWN = Sql::same("UPDATE rechecks SET due_at = $2, blank_at = $3, tries = 0 WHERE mention_id = $1 AND due_at IS NOT NULL");
    BLANK_DUE = taking!("SELECT m.id, m.case_id, r.deletion FROM rechecks r JOIN mentions m ON m.id = r.mention_id WHERE r.blank_at IS NOT NULL AND r.blank_at <= $1 AND NOT m.triage_due ORDER BY r.blank_at, m.id LIMIT $2");
    ANY_BLANK_DUE = Sql::same("SELECT m.id FROM rechecks r JOIN mentions m ON m.id = r.mention_id WHERE r.blank_at IS NOT NULL AND r.blank_at <= $1 AND NOT m.triage_due LIMIT 1");
    WAITING = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM rechecks WHERE channel = $1");
}

/// Notes mentions that were just stored: when each is read again and, where its content must be
/// fresh to be kept, until when it may stand unread.
pub async fn add(
    tx: &mut Tx,
    channel: &str,
    mentions: &HashSet<String>,
    due_at: Instant,
    blank_at: Option<Instant>,
) -> Result<(), StoreError> {
    let rows = mentions.iter().map(|id| args![id, channel, due_at, blank_at]).collect();
    let sql = "INSERT INTO rechecks (mention_id, channel, due_at, blank_at) \
               SELECT * FROM {rows} WHERE TRUE ON CONFLICT DO NOTHING";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text, Type::Big, Type::Big], rows)).await?;
    Ok(())
}

/// The channels of which mentions are due, the longest due first.
pub async fn due_channels(
    tx: &mut Tx,
    now: Instant,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx.all(DUE_CHANNELS, args![now, limit]).await?;
    Ok(rows.into_iter().map(|(channel,)| channel).collect())
}

/// Leases mentions of a channel that are due, up to `limit`, or one that told nothing the last
/// time.
pub async fn take(
    tx: &mut Tx,
    channel: &str,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<RecheckRow>, StoreError> {
    let mut due: Vec<RecheckRow> = tx.all(DUE, args![channel, now, limit]).await?;
    if due.is_empty() {
        due = tx.all(DUE_ALONE, args![channel, now]).await?;
    }
    let rows = due.iter().map(|r| args![&r.mention_id, owner, now + LEASE]).collect();
    let sql = "UPDATE rechecks SET owner = v.c2, until = v.c3, fence = fence + 1 FROM {rows} \
               WHERE rechecks.mention_id = v.c1";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text, Type::Big], rows)).await?;
    for row in &mut due {
        row.fence += 1;
    }
    Ok(due)
}

/// The mentions of leased rows, as they stand here.
pub async fn mentions(tx: &mut Tx, rows: &[RecheckRow]) -> Result<Vec<MentionRow>, StoreError> {
    let rows = rows.iter().map(|r| args![&r.mention_id]).collect();
    let sql = concat!(
        "SELECT ",
        mention_columns!(),
        " FROM {rows} JOIN mentions m ON m.id = v.c1 WHERE m.gone_at IS NULL ORDER BY m.id"
    );
    tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await
}

/// Mentions were shown by the network: they are read again at `due_at`. What went meanwhile, or is
/// another instance's by now, stays as it is.
pub async fn refreshed(
    tx: &mut Tx,
    rows: &[&RecheckRow],
    due_at: Instant,
    blank_at: Option<Instant>,
) -> Result<(), StoreError> {
    let rows = rows.iter().map(|r| args![&r.mention_id, r.fence, due_at, blank_at]).collect();
    let sql = "UPDATE rechecks SET due_at = v.c3, blank_at = v.c4, tries = 0, owner = '', until = 0 \
               FROM {rows} WHERE rechecks.mention_id = v.c1 AND rechecks.fence = v.c2 \
               AND rechecks.due_at IS NOT NULL";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Big, Type::Big, Type::Big], rows)).await?;
    Ok(())
}

/// A mention was shown in its thread.
pub async fn shown(
    tx: &mut Tx,
    mention: &str,
    due_at: Instant,
    blank_at: Option<Instant>,
) -> Result<(), StoreError> {
    tx.exec(SHOWN, args![mention, due_at, blank_at]).await?;
    Ok(())
}

/// Mentions of which nothing was told: each with when it is tried again.
pub async fn later(tx: &mut Tx, rows: &[(&RecheckRow, Instant)]) -> Result<(), StoreError> {
    let rows = rows.iter().map(|(r, at)| args![&r.mention_id, r.fence, *at]).collect();
    let sql = "UPDATE rechecks SET due_at = v.c3, tries = tries + 1, owner = '', until = 0 \
               FROM {rows} WHERE rechecks.mention_id = v.c1 AND rechecks.fence = v.c2 \
               AND rechecks.due_at IS NOT NULL";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Big, Type::Big], rows)).await?;
    Ok(())
}

/// Nothing of the channel can be read now, through no fault of a mention: all that is due waits.
pub async fn hold_off(
    tx: &mut Tx,
    channel: &str,
    now: Instant,
    until: Instant,
) -> Result<(), StoreError> {
    tx.exec(HOLD_OFF, args![channel, now, until]).await?;
    Ok(())
}

/// A mention is gone on its network: it is read no more, and its content goes.
pub(super) async fn ended(
    tx: &mut Tx,
    brand: &str,
    network: &str,
    origin: &str,
    external_id: &str,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(ENDED, args![brand, network, origin, external_id, now]).await?;
    Ok(())
}

/// Whether the content of any mention is due to go.
pub async fn any_blank_due(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(ANY_BLANK_DUE, args![now]).await?;
    Ok(row.is_some())
}

/// Takes mentions whose content is due to go. One that triage must still look at waits for that.
pub async fn blank_due(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<BlankRow>, StoreError> {
    tx.all(BLANK_DUE, args![now, limit]).await
}

/// How many mentions of a channel its network's terms still ask something of.
pub async fn waiting(tx: &mut Tx, channel: &str) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(WAITING, args![channel]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// Deletes the content of mentions: words and what finds their copies or their author elsewhere,
/// names, address, attachments, earlier texts, what people said that they are, and the network's own record; with the last
/// mention of a case, the author's name and the drafts there; with the last case that bears a name,
/// what the company's own system said of its author. What counts stays: ids, day,
/// disposition, verdict, events, what we answered. The log holds nothing of the customer's, and
/// neither does an alert once it is sent.
///
/// One that is still open though it could not be read again is gone for all that we can know, and
/// nobody can answer one whose author asked for its deletion: triage then withdraws it, as it does
/// with every tombstone.
pub async fn blank(tx: &mut Tx, rows: &[BlankRow], now: Instant) -> Result<(), StoreError> {
    let ids = || rows.iter().map(|r| args![&r.id]).collect();
    let with_time = rows.iter().map(|r| args![&r.id, now, r.deletion.is_some()]).collect();
    let mentions = "UPDATE mentions SET author_handle = '', author_name = '', followers = NULL, \
                    text = '', rating = NULL, url = '', attachments = '[]', why = '[]', \
                    like_1 = NULL, like_2 = NULL, like_3 = NULL, like_4 = NULL, \
                    blanked_at = v.c2, \
                    blanked = CASE WHEN v.c3 THEN 'asked' WHEN gone_at IS NULL THEN 'stale' \
                    ELSE 'gone' END, \
                    triage_due = (gone_at IS NULL AND disposition = 'open'), \
                    gone_at = CASE WHEN gone_at IS NULL AND disposition = 'open' THEN v.c2 \
                    ELSE gone_at END FROM {rows} WHERE mentions.id = v.c1";
    tx.bulk(Bulk::new(mentions, &[Type::Text, Type::Big, Type::Bool], with_time)).await?;
    for sql in [
        "UPDATE versions SET text = '' FROM {rows} WHERE versions.mention_id = v.c1",
        "DELETE FROM payloads WHERE mention_id IN (SELECT v.c1 FROM {rows})",
        "DELETE FROM labels WHERE mention_id IN (SELECT v.c1 FROM {rows})",
        "DELETE FROM traces WHERE mention_id IN (SELECT v.c1 FROM {rows})",
        "DELETE FROM rechecks WHERE mention_id IN (SELECT v.c1 FROM {rows})",
    ] {
        tx.bulk(Bulk::new(sql, &[Type::Text], ids())).await?;
    }
    let cases: BTreeSet<&str> = rows.iter().filter_map(|r| r.case_id.as_deref()).collect();
    for sql in [
        "UPDATE drafts SET text = '' FROM {rows} WHERE drafts.case_id = v.c1 AND NOT EXISTS \
         (SELECT 1 FROM mentions m WHERE m.case_id = drafts.case_id AND m.blanked_at IS NULL)",
        // A draft that is being written meanwhile holds the name: by the new `rev` it is dropped.
        "UPDATE cases SET author_handle = '', author_name = '', rev = rev + 1 FROM {rows} \
         WHERE cases.id = v.c1 AND NOT EXISTS \
         (SELECT 1 FROM mentions m WHERE m.case_id = cases.id AND m.blanked_at IS NULL)",
        "DELETE FROM customers WHERE EXISTS (SELECT 1 FROM {rows} JOIN cases k ON k.id = v.c1 \
         WHERE k.brand = customers.brand AND k.network = customers.network \
         AND k.origin = customers.origin AND k.author = customers.author_id) AND NOT EXISTS \
         (SELECT 1 FROM cases o WHERE o.brand = customers.brand AND o.network = customers.network \
         AND o.origin = customers.origin AND o.author = customers.author_id \
         AND (o.author_handle <> '' OR o.author_name <> ''))",
    ] {
        let rows = cases.iter().map(|id| args![*id]).collect();
        tx.bulk(Bulk::new(sql, &[Type::Text], rows)).await?;
    }
    Ok(())
}
