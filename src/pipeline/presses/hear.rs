//! Asking for presses again and again, where a service neither calls us nor keeps a line open.
//!
//! One instance asks at a time, under a lease, and for all recipients that share a credential at
//! once: two who ask with one bot's token take each other's updates away. Presses are carried out
//! before it is stored how far that came, so one is brought again rather than lost; it then acts
//! no second time.

use super::ear::{Ear, ears};
use crate::clock::Stopwatch;
use crate::domain::time::{MINUTE, SECOND};
use crate::fetch::{Peer, Purpose};
use crate::pipeline::notify::deaf_recipient;
use crate::pipeline::{Deps, Did, StepResult, backoff};
use crate::store::ears::EarRow;
use crate::store::{self, outbox};
use crate::wire::{Fault, Fetched, Hears, Next};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long the service may let us wait for a press, in seconds: shorter than `[fetch] timeout`
/// where nothing is said.
const WAIT_S: u32 = 20;
/// An ear that another instance has, or that is not due, is looked at again after this.
const IDLE: Duration = Duration::from_secs(2);
/// A service that answers at once with nothing is asked no more often than this.
const LEAST: Duration = Duration::from_secs(1);
/// Wait after a first failure; doubled each time.
const FIRST: i64 = 2 * SECOND;
/// Longest wait after failures.
const LONGEST: i64 = 5 * MINUTE;

/// What listening once came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// So many presses were carried out.
    Presses(usize),
    /// It was not our turn, or nothing could be asked.
    NotNow,
}

/// Asks everywhere once, without waiting for a press: for tests and whatever drains by hand.
///
/// # Errors
/// When the store fails.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let mut rows = 0;
    for ear in ears(deps, Hears::Asks) {
        if let Heard::Presses(presses) = once(deps, &ear, 0, &CancellationToken::new()).await? {
            rows += presses;
        }
    }
    Ok(Did { rows, more: false })
}

/// Asks by one ear until `stop`.
pub(super) async fn listen(deps: Arc<Deps>, ear: Ear, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let asked = Stopwatch::start();
        let wait = match once(&deps, &ear, WAIT_S, &stop).await {
            Ok(Heard::Presses(0)) if asked.elapsed_ms() < SECOND => LEAST,
            Ok(Heard::Presses(_)) => continue,
            Ok(Heard::NotNow) => IDLE,
            Err(error) => {
                tracing::warn!(ear = %ear.name, error = %error, "presses could not be heard");
                IDLE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Asks once, and carries out what comes.
async fn once(deps: &Deps, ear: &Ear, wait_s: u32, stop: &CancellationToken) -> StepResult<Heard> {
    let mut tx = deps.store.begin().await?;
    let taken = store::ears::take(&mut tx, &ear.name, &deps.instance, deps.now()).await?;
    let Some(row) = taken else { return Ok(Heard::NotNow) };
    tx.commit().await?;
    // Whoever waits for a press when the house stops has heard nothing yet.
    let fetched = tokio::select! {
        () = stop.cancelled() => None,
        fetched = fetch(deps, ear, row.cursor.as_deref(), wait_s) => Some(fetched),
    };
    let fetched = match fetched {
        Some(Ok(fetched)) => fetched,
        Some(Err(fault)) => {
            failed(deps, ear, &row, &fault).await?;
            return Ok(Heard::NotNow);
        }
        None => {
            let mut tx = deps.store.begin().await?;
            store::ears::drop_lease(&mut tx, &row).await?;
            tx.commit().await?;
            return Ok(Heard::NotNow);
        }
    };
    for press in &fetched.presses {
        ear.take(deps, press).await?;
    }
    let mut tx = deps.store.begin().await?;
    store::ears::heard(&mut tx, &row, &fetched.cursor, deps.now()).await?;
    tx.commit().await?;
    Ok(Heard::Presses(fetched.presses.len()))
}

/// Asks by the first of the recipients that share the credential.
async fn fetch(
    deps: &Deps,
    ear: &Ear,
    cursor: Option<&str>,
    wait_s: u32,
) -> Result<Fetched, Fault> {
    let gone = || Fault::bug("this way of hearing is nobody's");
    let (notifier, link) = ear.first(deps).ok_or_else(gone)?;
    let peer = Peer::Notifier(notifier);
    let talk = {
        let owned = deps.engine.ctx(peer, link).await?;
        notifier.hear(cursor, wait_s, &owned.cx())
    };
    let Some(talk) = talk else {
        return Err(Fault::bug("this notifier says that it asks for presses, and asks nothing"));
    };
    deps.engine.begin(peer, link, talk, Purpose::Alert, None).finish().await
}

/// Puts the next try off, and has somebody told where only a person can mend it.
async fn failed(deps: &Deps, ear: &Ear, row: &EarRow, fault: &Fault) -> StepResult<()> {
    let now = deps.now();
    let due_at = match fault.next {
        Next::Throttled { until, .. } => until,
        Next::Retry { after: Some(ms) } => now + ms,
        _ => now + backoff(row.failures, FIRST, LONGEST, deps.ids.number()),
    };
    tracing::warn!(ear = %ear.name, error = %fault.why, failures = row.failures + 1, "presses could not be fetched");
    let mut tx = deps.store.begin().await?;
    store::ears::failed(&mut tx, row, due_at).await?;
    outbox::add(&mut tx, &deaf(deps, ear, fault), now).await?;
    tx.commit().await
}

/// Who is to hear that presses of these recipients do not reach us, where that is no passing fault.
pub(super) fn deaf(deps: &Deps, ear: &Ear, fault: &Fault) -> Vec<outbox::NewAlert> {
    if !matches!(fault.next, Next::Auth | Next::Refused | Next::Gone) {
        return Vec::new();
    }
    let all = ear.recipients.iter();
    all.flat_map(|recipient| deaf_recipient(deps, recipient, &fault.why)).collect()
}
