//! What waits for triage: whether, how many, and how they stand.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::mentions::MentionRow;
use super::value::{Sql, args, statements};

statements! {
    BACKLOG = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM mentions WHERE triage_due");
    NTH_DUE = Sql::same("SELECT id FROM mentions WHERE triage_due LIMIT 1 OFFSET $1");
    OLDEST_DUE = Sql::same("SELECT id FROM mentions WHERE triage_due ORDER BY id LIMIT 1");
}

/// What may have changed about a mention since it was read.
pub type Stamp = (String, i64, i64, Option<i64>);

impl MentionRow {
    /// As it was when it was read.
    pub fn stamp(&self) -> Stamp {
        (self.id.clone(), self.version, self.moves, self.gone_at)
    }
}

/// Of these mentions those that triage must still look at, as they stand now.
pub async fn still_untriaged(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Stamp>, StoreError> {
    let rows = ids.iter().map(|id| args![*id]).collect();
    let sql = "SELECT m.id, m.version, m.moves, m.gone_at FROM {rows} \
               JOIN mentions m ON m.id = v.c1 WHERE m.triage_due";
    tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await
}

/// Whether anything waits for triage.
pub async fn any_untriaged(tx: &mut Tx) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(OLDEST_DUE, args![]).await?;
    Ok(row.is_some())
}

/// How many mentions wait for triage.
pub async fn backlog(tx: &mut Tx) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(BACKLOG, args![]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// Whether more than so many wait; cheaper than to count them all.
pub async fn backlog_over(tx: &mut Tx, limit: i64) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(NTH_DUE, args![limit]).await?;
    Ok(row.is_some())
}
