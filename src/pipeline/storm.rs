//! Storms: looks through the complaints that came for those that are one storm, tells of it in one
//! alert that grows with it, and ends it when it is quiet.
//!
//! A look reads rows: triage leaves a row for each batch in which complaints came, and whoever looks
//! takes them in the commit in which the storm begins, grows and is told. Once a storm stands,
//! alerts of its members that have not gone out become non-sends; each member stays owed an answer
//! of its own, with its deadline, and what is overdue of them is told by the storm's alert, after its
//! end too. What a member complains of after the end rings by itself, and what is grave always does.

mod arrivals;
mod gather;
mod tell;

pub(super) use arrivals::Arrivals;

use super::{Deps, Did, StepResult};
use crate::domain::silence::hour_of;
use crate::domain::storm::WEEKS;
use crate::domain::time::HOUR;
use crate::domain::{CaseId, Instant};
use crate::store::tides::{self, WatchRow};
use crate::store::{StoreError, Tx, storms};

/// Hours of a week.
const WEEK: i64 = 168;

/// Looks at the brands of which complaints came, and at those whose storms have something due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.read().await?;
    if !tides::any_due(&mut tx, now).await? {
        return Ok(Did::default());
    }
    let due = tides::due(&mut tx, now).await?;
    drop(tx);
    let mut did = Did::default();
    for brand in due {
        let mut tx = deps.store.begin().await?;
        let Some((watch, since)) = tides::take(&mut tx, &brand).await? else { continue };
        let joined = look(deps, &mut tx, &watch, since, now).await?;
        tx.commit().await?;
        deps.tell(joined);
        did.rows += 1;
    }
    Ok(did)
}

/// Before alerts go out: looks for storms first, so that no member of one rings by itself, and makes
/// what is due of members a non-send.
pub(super) async fn settle(deps: &Deps, now: Instant) -> StepResult<()> {
    match step(deps).await {
        // Alarm wins over order: a row that cannot be read holds no alert up.
        Err(error @ StoreError::Broken { .. }) => {
            tracing::error!(error = %error, "storms could not be looked for; alerts go out one by one");
        }
        other => {
            other?;
        }
    }
    if !storms::rings(&mut deps.store.read().await?, now).await? {
        return Ok(());
    }
    let mut tx = deps.store.begin().await?;
    storms::hush(&mut tx, now).await?;
    tx.commit().await
}

/// One look at a brand; `since` says when the oldest of what came was written. Gives the cases that
/// became members.
async fn look(
    deps: &Deps,
    tx: &mut Tx,
    watch: &WatchRow,
    since: Option<Instant>,
    now: Instant,
) -> StepResult<Vec<CaseId>> {
    let Some(brand) = deps.brands.get(&watch.brand) else {
        // It left the configuration: nobody is to be told, until it comes back.
        tides::plan(tx, &watch.brand, None, watch.counted).await?;
        return Ok(Vec::new());
    };
    let mut all = storms::of_brand(tx, &brand.name).await?;
    let (mut counted, mut joined) = (watch.counted, Vec::new());
    if let Some(since) = since {
        counted = Some(count(tx, watch, since, now).await?);
        let added = Instant(watch.added_at);
        joined = gather::gather(deps, tx, brand, added, since, &mut all, now).await?;
    }
    let mut next = None;
    for storm in &all {
        let due = tell::tell(deps, tx, brand, storm, now).await?;
        next = [next, due].into_iter().flatten().min();
    }
    tides::plan(tx, &brand.name, next, counted).await?;
    Ok(joined)
}

/// Counts the hours that are over into the history, those to which something was added again; gives
/// the hour before which all are counted.
async fn count(tx: &mut Tx, watch: &WatchRow, since: Instant, now: Instant) -> StepResult<i64> {
    let (this, since) = (hour_of(now), hour_of(since));
    let from = watch.counted.map_or(since, |counted| counted.min(since));
    if from < this {
        let (from, to) = (Instant(from * HOUR), Instant(this * HOUR));
        tides::count(tx, &watch.brand, from, to, this - (WEEKS + 1) * WEEK).await?;
    }
    Ok(this)
}
