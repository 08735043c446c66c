//! The wish of a command that every running instance reads its configuration again.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;

statements! {
    ASK = Sql::same("INSERT INTO keep (name, value) VALUES ('reload', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    LAST = Sql::same("SELECT value FROM keep WHERE name = 'reload'");
}

/// Asks every running instance to read its configuration again.
pub async fn ask(tx: &mut Tx, now: Instant) -> Result<(), StoreError> {
    tx.exec(ASK, args![now.0.to_be_bytes().to_vec()]).await?;
    Ok(())
}

/// The last such wish, as a mark that tells it from others and nothing else.
pub async fn last(tx: &mut Tx) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>,)> = tx.first(LAST, args![]).await?;
    Ok(row.map(|(value,)| value))
}
