//! Presses that were brought, so that the same one acts once and nobody presses without end.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;
use crate::domain::time::DAY;

/// How long a press is remembered. Services bring one again within a day (Telegram keeps what was
/// not fetched for 24 hours).
pub const KEPT: i64 = 2 * DAY;

/// What is known of a press that is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// It is new, and is kept as begun.
    Anew,
    /// It was begun before; whether it was carried out nobody noted.
    Again,
    /// It was carried out before.
    Done,
}

statements! {
    BEGIN = Sql::same("INSERT INTO presses (service, key, presser, at) VALUES ($1, $2, $3, $4) ON CONFLICT (service, key) DO NOTHING");
    DONE = Sql::same("SELECT done FROM presses WHERE service = $1 AND key = $2");
    END = Sql::same("UPDATE presses SET done = TRUE WHERE service = $1 AND key = $2");
    SINCE = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM presses WHERE service = $1 AND presser = $2 AND at > $3");
    SWEEP = Sql::same("DELETE FROM presses WHERE at <= $1");
}

/// What is known of a press; a new one is kept, unless `most` of the same person came after `since`
/// already: `None`, and nothing is kept.
pub async fn begin(
    tx: &mut Tx,
    service: &str,
    key: &str,
    presser: &str,
    (most, since): (i64, Instant),
    now: Instant,
) -> Result<Option<Brought>, StoreError> {
    if let Some((done,)) = tx.first::<(bool,)>(DONE, args![service, key]).await? {
        return Ok(Some(if done { Brought::Done } else { Brought::Again }));
    }
    let lately: Option<(i64,)> = tx.first(SINCE, args![service, presser, since]).await?;
    if lately.is_some_and(|(presses,)| presses >= most) {
        return Ok(None);
    }
    // Another instance may have begun it since it was asked for.
    let mine = tx.exec(BEGIN, args![service, key, presser, now]).await? > 0;
    Ok(Some(if mine { Brought::Anew } else { Brought::Again }))
}

/// Notes that a press was carried out.
pub async fn end(tx: &mut Tx, service: &str, key: &str) -> Result<(), StoreError> {
    tx.exec(END, args![service, key]).await?;
    Ok(())
}

/// Forgets presses that nobody brings again.
pub async fn sweep(tx: &mut Tx, now: Instant) -> Result<(), StoreError> {
    tx.exec(SWEEP, args![now - KEPT]).await?;
    Ok(())
}
