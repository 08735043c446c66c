//! Ears: where presses are asked for again and again, how far that came, and who asks.

use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;

/// An ear in somebody's hands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EarRow {
    /// The notifier, and what its listeners share.
    pub name: String,
    /// From where it is gone on; `None`: from now on.
    pub cursor: Option<String>,
    /// Failures in a row.
    pub failures: i64,
    /// The lease.
    pub fence: i64,
}

statements! {
    ADD = Sql::same("INSERT INTO ears (name, due_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
    DUE = taking!("SELECT name, cursor, failures, fence FROM ears WHERE name = $1 AND due_at <= $2 AND until < $2");
    LEASE_EAR = Sql::same("UPDATE ears SET owner = $2, until = $3, fence = fence + 1 WHERE name = $1 AND fence = $4");
    HEARD = Sql::same("UPDATE ears SET cursor = $3, due_at = $4, failures = 0, owner = '', until = 0 WHERE name = $1 AND fence = $2");
    FAILED = Sql::same("UPDATE ears SET due_at = $3, failures = failures + 1, owner = '', until = 0 WHERE name = $1 AND fence = $2");
    DROP_LEASE = Sql::same("UPDATE ears SET owner = '', until = 0 WHERE name = $1 AND fence = $2");
}

/// Leases an ear if it is due and nobody has it; one that is new is due at once.
pub async fn take(
    tx: &mut Tx,
    name: &str,
    owner: &str,
    now: Instant,
) -> Result<Option<EarRow>, StoreError> {
    tx.exec(ADD, args![name, now]).await?;
    let due: Option<EarRow> = tx.first(DUE, args![name, now]).await?;
    let Some(mut row) = due else { return Ok(None) };
    if tx.exec(LEASE_EAR, args![name, owner, now + LEASE, row.fence]).await? == 0 {
        return Ok(None);
    }
    row.fence += 1;
    Ok(Some(row))
}

/// Stores from where it is gone on, once what was brought was carried out, and gives the ear back
/// until `due_at`.
///
/// # Errors
/// `Conflict` if the lease was lost: whoever has it now is brought the same again.
pub async fn heard(
    tx: &mut Tx,
    ear: &EarRow,
    cursor: &str,
    due_at: Instant,
) -> Result<(), StoreError> {
    let changed = tx.exec(HEARD, args![&ear.name, ear.fence, cursor, due_at]).await?;
    if changed == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Gives an ear back that could not be listened with, until `due_at`.
pub async fn failed(tx: &mut Tx, ear: &EarRow, due_at: Instant) -> Result<(), StoreError> {
    tx.exec(FAILED, args![&ear.name, ear.fence, due_at]).await?;
    Ok(())
}

/// Gives an ear back as it was.
pub async fn drop_lease(tx: &mut Tx, ear: &EarRow) -> Result<(), StoreError> {
    tx.exec(DROP_LEASE, args![&ear.name, ear.fence]).await?;
    Ok(())
}
