//! When lanes bring mentions, and the silences that this does not explain.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;

/// A lane whose silence is to be judged.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct QuietRow {
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// Whether it is polled; else nobody knows what of its time was heard.
    pub polled: bool,
    /// When it was added.
    pub added_at: i64,
}

/// A silence that the lane's history does not explain.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SilenceRow {
    /// The channel.
    pub channel: String,
    /// The lane.
    pub lane: String,
    /// Since when nothing came: from here on it is doubtful whether the lane hears.
    pub since: i64,
    /// When it was found.
    pub found_at: i64,
}

statements! {
    DUE = taking!("SELECT channel, lane, polled, added_at FROM lanes WHERE silence_at <= $1 ORDER BY channel, lane LIMIT $2");
    JUDGED = Sql::same("UPDATE lanes SET silence_at = $3 WHERE channel = $1 AND lane = $2");
    HOURS = Sql::same("SELECT hour FROM rhythm WHERE channel = $1 AND lane = $2 ORDER BY hour");
    FORGET = Sql::same("DELETE FROM rhythm WHERE channel = $1 AND lane = $2 AND hour < $3");
    DOUBT = Sql::same("INSERT INTO silences (channel, lane, since, found_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    STANDING = Sql::same("SELECT channel, lane, since, found_at FROM silences WHERE ended_at IS NULL ORDER BY channel, lane, since");
    END = Sql::same("UPDATE silences SET ended_at = $4 WHERE channel = $1 AND lane = $2 AND ended_at IS NULL AND since <= $3");
}

/// Notes in which hours a lane brought mentions, with the page that brought them. The newest of
/// them, written at `newest`, ends a silence that began before it.
pub async fn note(
    tx: &mut Tx,
    channel: &str,
    lane: &str,
    hours: impl IntoIterator<Item = i64>,
    newest: Instant,
    now: Instant,
) -> Result<(), StoreError> {
    let rows = hours.into_iter().map(|hour| args![channel, lane, hour]).collect();
    let sql = "INSERT INTO rhythm (channel, lane, hour) SELECT * FROM {rows} WHERE TRUE \
               ON CONFLICT DO NOTHING";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text, Type::Big], rows)).await?;
    tx.exec(END, args![channel, lane, newest, now]).await?;
    Ok(())
}

/// Lanes whose silence is due to be judged, and not before `next_at` again. No other instance
/// judges them until this transaction ends.
pub async fn take_due(
    tx: &mut Tx,
    now: Instant,
    next_at: Instant,
    limit: i64,
) -> Result<Vec<QuietRow>, StoreError> {
    let due: Vec<QuietRow> = tx.all(DUE, args![now, limit]).await?;
    for row in &due {
        tx.exec(JUDGED, args![&row.channel, &row.lane, next_at]).await?;
    }
    Ok(due)
}

/// In which hours a lane brought mentions, oldest first.
pub async fn hours(tx: &mut Tx, channel: &str, lane: &str) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = tx.all(HOURS, args![channel, lane]).await?;
    Ok(rows.into_iter().map(|(hour,)| hour).collect())
}

/// Forgets what a lane brought before an hour.
pub async fn forget(tx: &mut Tx, channel: &str, lane: &str, before: i64) -> Result<(), StoreError> {
    tx.exec(FORGET, args![channel, lane, before]).await?;
    Ok(())
}

/// Records that a lane's silence is not explained. `false`: that is known already.
pub async fn doubt(
    tx: &mut Tx,
    channel: &str,
    lane: &str,
    since: Instant,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(DOUBT, args![channel, lane, since, now]).await? > 0)
}

/// The unexplained silences that last.
pub async fn standing(tx: &mut Tx) -> Result<Vec<SilenceRow>, StoreError> {
    tx.all(STANDING, args![]).await
}
