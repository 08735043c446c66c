//! Requests of authors that their data is deleted: what was found, and what is still to go.
//!
//! A request names nobody: it keeps the code by which whoever asked sees what was done, and counts.
//! The content goes by way of the rechecks, once triage has looked at it.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;

/// A request, and how far it is carried out.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeletionRow {
    /// When it came.
    pub asked_at: i64,
    /// How many mentions were found.
    pub mentions: i64,
    /// Of how many the content is still to go.
    pub waiting: i64,
}

statements! {
    ADD = Sql::same("INSERT INTO deletions (code, asked_at, mentions) VALUES ($1, $2, 0) ON CONFLICT (code) DO NOTHING");
    // What was blanked already has nothing that could go.
    ASK = Sql::same("INSERT INTO rechecks (mention_id, channel, due_at, blank_at, deletion) SELECT m.id, m.channel, CAST(NULL AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT) FROM mentions m WHERE m.brand = $1 AND m.network = $2 AND m.author_id = $3 AND m.blanked_at IS NULL ON CONFLICT (mention_id) DO UPDATE SET due_at = NULL, blank_at = excluded.blank_at, deletion = excluded.deletion");
    FOUND = Sql::same("UPDATE deletions SET mentions = mentions + $2 WHERE code = $1");
    ONE = Sql::same("SELECT d.asked_at, d.mentions, CAST((SELECT COUNT(*) FROM rechecks r WHERE r.deletion = d.code) AS BIGINT) AS waiting FROM deletions d WHERE d.code = $1");
}

/// Notes a request. `false`: the same one was noted before.
pub async fn add(tx: &mut Tx, code: &str, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.exec(ADD, args![code, now]).await? > 0)
}

/// Lets the content of all that an author wrote to a brand go; gives how many mentions that are.
pub async fn ask(
    tx: &mut Tx,
    code: &str,
    brand: &str,
    network: &str,
    author: &str,
    now: Instant,
) -> Result<u64, StoreError> {
    let found = tx.exec(ASK, args![brand, network, author, now, code]).await?;
    let count = i64::try_from(found).unwrap_or(i64::MAX);
    tx.exec(FOUND, args![code, count]).await?;
    Ok(found)
}

/// A request by its code.
pub async fn one(tx: &mut Tx, code: &str) -> Result<Option<DeletionRow>, StoreError> {
    tx.first(ONE, args![code]).await
}
