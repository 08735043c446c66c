//! Housekeeping: states days and draws samples once these are over, seals the event log, says that
//! this instance lives, compares clocks.

use super::{Deps, Did, StepResult, rounds};
use crate::domain::time::SECOND;
use crate::store::{events, lanes};

/// How many entries of a brand one transaction seals.
const BATCH: i64 = 1_000;
/// Entries younger than this are left to settle: an open transaction may hold an earlier id.
const SETTLE: i64 = 10 * SECOND;
/// A clock that differs more than this from another instance's takes no work.
pub const DRIFT: i64 = 2 * SECOND;

/// Seals, then does the rounds that are due: a row that no statement can count keeps no log open.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let (sealed, rounds) = (seal(deps).await?, rounds::step(deps).await?);
    Ok(Did { rows: rounds.rows + sealed.rows, more: rounds.more || sealed.more })
}

/// Seals what is old enough, for every brand that no other instance is sealing.
async fn seal(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut sealed = 0;
    let mut more = false;
    for brand in deps.brands.keys() {
        let mut tx = deps.store.begin().await?;
        if !lanes::take_brand(&mut tx, brand, &deps.instance, now).await? {
            continue;
        }
        let count = events::seal(&mut tx, brand, now - SETTLE, BATCH).await?;
        if count > 0 {
            tx.commit().await?;
            sealed += count;
            more |= i64::try_from(count).is_ok_and(|n| n >= BATCH);
        }
    }
    Ok(Did { rows: sealed, more })
}

/// Says that this instance lives. `false`: its clock differs by more than two seconds from what
/// another instance wrote last, so it must take no work.
pub async fn heartbeat(deps: &Deps) -> StepResult<bool> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let newest = lanes::instance_seen(&mut tx, &deps.instance, now).await?;
    tx.commit().await?;
    // Others write at most every minute, so only being behind them shows.
    Ok(newest.is_none_or(|seen| seen - now <= DRIFT))
}
