//! Alerts that wait: for the end of quiet hours, for room in a recipient's rate; and those that one
//! alert tells together.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::outbox::{AlertRow, columns};
use super::value::{Sql, args, statements, taking};
use crate::domain::reason::Reason;
use crate::domain::{AlertId, Instant};

/// Alerts to one recipient that waited for the same and now may go.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeldRow {
    /// To whom.
    pub recipient: String,
    /// Why they waited.
    pub held: String,
    /// A brand of theirs.
    pub brand: String,
    /// How many different things they tell of.
    pub stories: i64,
}

/// What a recipient was told in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct SentRow {
    /// How many messages, without those that changed one in place.
    pub sent: i64,
    /// When the oldest of them was delivered.
    pub oldest: Option<i64>,
}

statements! {
    TURN = taking!("SELECT name FROM turns WHERE name = 'alerts'");
    HELD_DUE = Sql::same("SELECT recipient, held, MIN(brand) AS brand, CAST(COUNT(DISTINCT CASE WHEN live = '' THEN id ELSE live END) AS BIGINT) AS stories FROM outbox WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 AND held <> '' GROUP BY recipient, held ORDER BY recipient, held");
    GATHER = Sql::same("UPDATE outbox SET state = 'grouped', told_in = $4, due_at = NULL, held = '' WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 AND recipient = $2 AND held = $3");
    // What is on its way already may have been written down without the newest.
    OPEN_GROUP = Sql::same("SELECT live FROM outbox WHERE due_at IS NOT NULL AND until < $1 AND recipient = $2 AND reason = $3 ORDER BY id LIMIT 1");
    MEMBERS = Sql::same(concat!("SELECT ", columns!(), " FROM outbox WHERE told_in = $1 ORDER BY created_at, id"));
    SENT_SINCE = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) AS sent, MIN(sent_at) AS oldest FROM outbox WHERE recipient = $1 AND sent_at IS NOT NULL AND sent_at > $2 AND NOT edited");
    ON_THE_WAY = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox WHERE due_at IS NOT NULL AND recipient = $1 AND until >= $2");
    WOKEN_SINCE = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox WHERE recipient = $1 AND sent_at IS NOT NULL AND sent_at >= $2 AND wake <> '' AND reason <> 'woken_again' AND NOT edited");
    WAKING_NOW = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox WHERE due_at IS NOT NULL AND recipient = $1 AND until >= $2 AND wake <> '' AND reason <> 'woken_again'");
}

/// Takes the turn to hand alerts out, until the transaction ends. `false`: another instance has it.
/// Two at once would begin two alerts of one case, and pass a recipient's rate together.
pub async fn turn(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(TURN, args![]).await?.is_some())
}

/// Lets alerts wait: id, until when, and why (`quiet`, `rate`, or empty: only its turn comes later).
pub async fn hold(tx: &mut Tx, waits: &[(String, Instant, &str)]) -> Result<(), StoreError> {
    let rows = waits.iter().map(|(id, until, why)| args![id, *until, *why]).collect();
    let sql = "UPDATE outbox SET due_at = v.c2, held = v.c3 FROM {rows} \
               WHERE outbox.id = v.c1 AND outbox.due_at IS NOT NULL";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Big, Type::Text], rows)).await?;
    Ok(())
}

/// Ends alerts of which a newer one says all.
pub async fn supersede(tx: &mut Tx, ids: &[String]) -> Result<(), StoreError> {
    let rows = ids.iter().map(|id| args![id, Reason::Superseded.as_str()]).collect();
    let sql = "UPDATE outbox SET state = 'silent', reason = v.c2, due_at = NULL, held = '' \
               FROM {rows} WHERE outbox.id = v.c1 AND outbox.due_at IS NOT NULL";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text], rows)).await?;
    Ok(())
}

/// Lets one alert tell others: id, and the `live` of the one that tells it.
pub async fn group(tx: &mut Tx, members: &[(String, String)]) -> Result<(), StoreError> {
    let rows = members.iter().map(|(id, told_in)| args![id, told_in]).collect();
    let sql = "UPDATE outbox SET state = 'grouped', told_in = v.c2, due_at = NULL, held = '' \
               FROM {rows} WHERE outbox.id = v.c1 AND outbox.due_at IS NOT NULL";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text], rows)).await?;
    Ok(())
}

/// What waited and may go now, by recipient and by why it waited.
pub async fn due(tx: &mut Tx, now: Instant) -> Result<Vec<HeldRow>, StoreError> {
    tx.all(HELD_DUE, args![now]).await
}

/// Lets one alert tell all of a [`HeldRow`]; gives how many they are.
pub async fn gather(
    tx: &mut Tx,
    held: &HeldRow,
    told_in: &str,
    now: Instant,
) -> Result<u64, StoreError> {
    tx.exec(GATHER, args![now, &held.recipient, &held.held, told_in]).await
}

/// The `live` of an alert to a recipient that tells of several, and has not gone yet.
pub async fn open_group(
    tx: &mut Tx,
    recipient: &str,
    reason: Reason,
    now: Instant,
) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> =
        tx.first(OPEN_GROUP, args![now, recipient, reason.as_str()]).await?;
    Ok(found.map(|(live,)| live))
}

/// The alerts that one tells together, by its `live`.
pub async fn members(tx: &mut Tx, told_in: &str) -> Result<Vec<AlertRow>, StoreError> {
    tx.all(MEMBERS, args![told_in]).await
}

/// What a recipient was told after `since`; what is on its way counts too, without a time.
pub async fn sent_since(
    tx: &mut Tx,
    recipient: &str,
    since: Instant,
    now: Instant,
) -> Result<SentRow, StoreError> {
    let mut row: SentRow = tx.first(SENT_SINCE, args![recipient, since]).await?.unwrap_or_default();
    let going: Option<(i64,)> = tx.first(ON_THE_WAY, args![recipient, now]).await?;
    row.sent += going.map_or(0, |(n,)| n);
    Ok(row)
}

/// How many alerts have woken a recipient since `night` began, each by itself; those on their way
/// count too.
pub async fn woken_since(
    tx: &mut Tx,
    recipient: &str,
    night: Instant,
    now: Instant,
) -> Result<i64, StoreError> {
    let woken: Option<(i64,)> = tx.first(WOKEN_SINCE, args![recipient, night]).await?;
    let going: Option<(i64,)> = tx.first(WAKING_NOW, args![recipient, now]).await?;
    Ok(woken.map_or(0, |(n,)| n) + going.map_or(0, |(n,)| n))
}

/// Notes of new alerts why they break quiet hours, and when those began. One that was not stored,
/// because it was there already, is passed over.
pub async fn mark_wakes(tx: &mut Tx, wakes: &[(AlertId, &str, Instant)]) -> Result<(), StoreError> {
    let rows = wakes.iter().map(|(id, wake, night)| args![*id, *wake, *night]).collect();
    let sql = "UPDATE outbox SET wake = v.c2, night = v.c3 FROM {rows} WHERE outbox.id = v.c1";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text, Type::Big], rows)).await?;
    Ok(())
}

/// Lets alerts break quiet hours at once, by their keys, also those that wait already: key, why, and
/// when the quiet hours began.
pub async fn wake(
    tx: &mut Tx,
    wakes: &[(String, &str, Instant)],
    now: Instant,
) -> Result<(), StoreError> {
    let rows = wakes.iter().map(|(key, wake, night)| args![key, *wake, *night, now]).collect();
    let sql = "UPDATE outbox SET wake = v.c2, night = v.c3, due_at = v.c4, held = '' FROM {rows} \
               WHERE outbox.key = v.c1 AND outbox.due_at IS NOT NULL AND outbox.until < v.c4 \
               AND outbox.wake = ''";
    const TYPES: &[Type] = &[Type::Text, Type::Text, Type::Big, Type::Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}
