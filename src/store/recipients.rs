//! How recipients fare: when something reached them last, what stands there, what went wrong.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::CaseId;

/// How a recipient fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fares {
    /// When an alert was delivered there last.
    pub sent_at: Option<i64>,
    /// How many alerts stand there and are changed as their cases move.
    pub live: i64,
    /// What went wrong last, if anything ever did.
    pub fault: Option<FaultRow>,
}

/// What went wrong with an alert.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FaultRow {
    /// What.
    pub fault: String,
    /// When the alert was made.
    pub created_at: i64,
}

statements! {
    LAST_SENT = Sql::same("SELECT MAX(sent_at) FROM outbox WHERE recipient = $1 AND sent_at IS NOT NULL");
    LIVE = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM live_alerts WHERE recipient = $1");
    LAST_FAULT = Sql::same("SELECT fault, created_at FROM outbox WHERE recipient = $1 AND fault <> '' ORDER BY id DESC LIMIT 1");
    // What was told stays findable when nothing is owed any more: a mark then deserves an answer too.
    OF_REMOTE = Sql::same("SELECT case_id FROM outbox WHERE recipient = $1 AND remote = $2 AND remote <> '' AND case_id IS NOT NULL ORDER BY id DESC LIMIT 1");
}

/// How a recipient fares.
pub async fn fares(tx: &mut Tx, recipient: &str) -> Result<Fares, StoreError> {
    let sent: Option<(Option<i64>,)> = tx.first(LAST_SENT, args![recipient]).await?;
    let live: Option<(i64,)> = tx.first(LIVE, args![recipient]).await?;
    Ok(Fares {
        sent_at: sent.and_then(|(at,)| at),
        live: live.map_or(0, |(alerts,)| alerts),
        fault: tx.first(LAST_FAULT, args![recipient]).await?,
    })
}

/// The case of an alert at a recipient, by the receiver's id of it.
pub async fn case_of(
    tx: &mut Tx,
    recipient: &str,
    remote: &str,
) -> Result<Option<CaseId>, StoreError> {
    let row: Option<(String,)> = tx.first(OF_REMOTE, args![recipient, remote]).await?;
    Ok(row.and_then(|(case,)| case.parse().ok()))
}
