//! Circuits: who outside failed how often in a row, and until when it is passed over.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;
use crate::domain::circuit::Circuit;

/// Somebody outside who failed once at least.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct CircuitRow {
    /// Its name: `recipient:NAME` or `lookup`.
    pub name: String,
    /// Failures in a row; 0 since it answered again.
    pub failures: i64,
    /// It is passed over before then.
    pub shut_until: i64,
    /// What the last failure was.
    pub fault: String,
    /// When that was.
    pub failed_at: i64,
    /// When the log was last told that it fails; 0 if it never was.
    pub said_at: i64,
}

impl CircuitRow {
    /// How it has done lately.
    pub fn circuit(&self) -> Circuit {
        Circuit { failures: self.failures, shut_until: Instant(self.shut_until) }
    }
}

statements! {
    ONE = Sql::same("SELECT name, failures, shut_until, fault, failed_at, said_at FROM circuits WHERE name = $1");
    FAILING = Sql::same("SELECT name, failures, shut_until, fault, failed_at, said_at FROM circuits WHERE failures > 0 ORDER BY name");
    KEEP = Sql::same("INSERT INTO circuits (name, failures, shut_until, fault, failed_at, said_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, shut_until = excluded.shut_until, fault = excluded.fault, failed_at = excluded.failed_at, said_at = excluded.said_at");
}

/// How somebody has done; `None` for who never failed.
pub async fn one(tx: &mut Tx, name: &str) -> Result<Option<CircuitRow>, StoreError> {
    tx.first(ONE, args![name]).await
}

/// All who fail now, by name.
pub async fn failing(tx: &mut Tx) -> Result<Vec<CircuitRow>, StoreError> {
    tx.all(FAILING, args![]).await
}

/// Stores how somebody has done.
pub async fn keep(tx: &mut Tx, row: &CircuitRow) -> Result<(), StoreError> {
    let CircuitRow { name, failures, shut_until, fault, failed_at, said_at } = row;
    let args = args![name, *failures, *shut_until, fault, *failed_at, *said_at];
    tx.exec(KEEP, args).await?;
    Ok(())
}
