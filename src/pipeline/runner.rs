//! The loops: each step runs until nothing is due, then waits for the bell or half a second.

use super::backfill::Gaps;
use super::handover::Handovers;
use super::hints::Hints;
use super::notify::Alerts;
use super::poll::Polls;
use super::probe::Probes;
use super::thread::Rereads;
use super::{
    Deps, Did, StepResult, backfill, digest, drafting, due, first_look, handover, hands, hints,
    learn, lookup, notify, poll, presses, probe, publish, recheck, silence, storm, sweep, thread,
    triage, wake,
};
use crate::domain::time::{MINUTE, SECOND};
use crate::store::StoreError;
use crate::wire::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a loop waits when nobody rings: commands of other processes show within a second.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// Longest wait after a failure of the store.
const LONGEST: i64 = 30 * SECOND;

/// The steps of the pipeline by name, in the order of the way of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepName {
    /// Tries credentials.
    Probe,
    /// Reads lanes.
    Poll,
    /// Reads what hooks told of.
    Hints,
    /// Fills gaps.
    Backfill,
    /// Judges mentions.
    Triage,
    /// Asks the company's own system who a customer is.
    Lookup,
    /// Makes one storm of many like complaints, tells of it, ends it.
    Storm,
    /// Acts on deadlines.
    Due,
    /// Tells of first looks, and carries out the choice about them.
    FirstLook,
    /// Tells of what was heard too late for an alert each, and of what waits to be looked at.
    Digest,
    /// Writes drafts.
    Drafting,
    /// Delivers alerts.
    Notify,
    /// Asks for what people pressed in alerts.
    Presses,
    /// Posts replies.
    Publish,
    /// Hands cases over to ticket systems, and asks how their tickets stand.
    Handover,
    /// Re-reads threads.
    Thread,
    /// Reads mentions again as their network's terms ask, and blanks what must go.
    Recheck,
    /// Doubts lanes that bring nothing.
    Silence,
    /// Learns from what people said of mentions.
    Learn,
    /// Seals the log.
    Sweep,
}

impl StepName {
    /// Every step.
    pub const ALL: [StepName; 20] = [
        StepName::Probe,
        StepName::Poll,
        StepName::Hints,
        StepName::Backfill,
        StepName::Triage,
        StepName::Lookup,
        StepName::Storm,
        StepName::Due,
        StepName::FirstLook,
        StepName::Digest,
        StepName::Drafting,
        StepName::Notify,
        StepName::Presses,
        StepName::Publish,
        StepName::Handover,
        StepName::Thread,
        StepName::Recheck,
        StepName::Silence,
        StepName::Learn,
        StepName::Sweep,
    ];

    /// Runs it once. Boxed, so that nobody who runs a step is compiled around all of them.
    pub fn run(self, deps: &Deps) -> BoxFuture<'_, StepResult<Did>> {
        match self {
            StepName::Probe => Box::pin(probe::step(deps)),
            StepName::Poll => Box::pin(poll::step(deps)),
            StepName::Hints => Box::pin(hints::step(deps)),
            StepName::Backfill => Box::pin(backfill::step(deps)),
            StepName::Triage => Box::pin(triage::step(deps)),
            StepName::Lookup => Box::pin(lookup::step(deps)),
            StepName::Storm => Box::pin(storm::step(deps)),
            StepName::Due => Box::pin(due::step(deps)),
            StepName::FirstLook => Box::pin(first_look::step(deps)),
            StepName::Digest => Box::pin(digest::step(deps)),
            StepName::Drafting => Box::pin(drafting::step(deps)),
            StepName::Notify => Box::pin(notify::step(deps)),
            StepName::Presses => Box::pin(presses::hear::step(deps)),
            StepName::Publish => Box::pin(publish::step(deps)),
            StepName::Handover => Box::pin(handover::step(deps)),
            StepName::Thread => Box::pin(thread::step(deps)),
            StepName::Recheck => Box::pin(recheck::step(deps)),
            StepName::Silence => Box::pin(silence::step(deps)),
            StepName::Learn => Box::pin(learn::step(deps)),
            StepName::Sweep => Box::pin(sweep::step(deps)),
        }
    }
}

/// Starts every loop; they end when `stop` is cancelled, each after the batch it is in.
pub fn start(deps: &Arc<Deps>, stop: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    // Presses are waited for, each way of hearing by itself.
    presses::start(deps, stop, &tasks);
    for step in StepName::ALL.into_iter().filter(|step| *step != StepName::Presses) {
        let (deps, stop) = (deps.clone(), stop.clone());
        match step {
            StepName::Probe => tasks.spawn(hands::run::<Probes>(deps, stop)),
            StepName::Poll => tasks.spawn(hands::run::<Polls>(deps, stop)),
            StepName::Hints => tasks.spawn(hands::run::<Hints>(deps, stop)),
            StepName::Backfill => tasks.spawn(hands::run::<Gaps>(deps, stop)),
            StepName::Notify => tasks.spawn(hands::run::<Alerts>(deps, stop)),
            StepName::Handover => tasks.spawn(hands::run::<Handovers>(deps, stop)),
            StepName::Thread => tasks.spawn(hands::run::<Rereads>(deps, stop)),
            other => tasks.spawn(run(deps, other, stop)),
        };
    }
    tasks.spawn(heartbeats(deps.clone(), stop.clone()));
    for name in deps.channels.keys() {
        tasks.spawn(wake::listen(deps.clone(), name.clone(), stop.clone()));
    }
    tasks.close();
    tasks
}

async fn run(deps: Arc<Deps>, step: StepName, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        // Interest is registered before looking, so a ring in between is not lost.
        let bell = deps.bell.notified();
        let wait = match step.run(&deps).await {
            Ok(did) => {
                failures = 0;
                if did.more {
                    continue;
                }
                PAUSE
            }
            Err(StoreError::Conflict) => continue,
            Err(error) => {
                failures += 1;
                failed(&deps, step, &error, failures)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
            () = bell, if failures == 0 => {}
        }
    }
}

/// Says that a step failed so often in a row; gives how long to wait before it is tried again.
pub(super) fn failed(deps: &Deps, step: StepName, error: &StoreError, failures: i64) -> Duration {
    tracing::error!(step = ?step, error = %error, failures, "a step failed; it is tried again");
    let ms = super::backoff(failures, SECOND / 2, LONGEST, deps.ids.number());
    Duration::from_millis(ms.unsigned_abs())
}

async fn heartbeats(deps: Arc<Deps>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match sweep::heartbeat(&deps).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(
                    "this machine's clock is more than two seconds behind another instance's; stopping. Set it by NTP, then start again"
                );
                stop.cancel();
            }
            Err(error) => tracing::warn!(error = %error, "the heartbeat failed"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(MINUTE.unsigned_abs())) => {}
        }
    }
}

/// Runs every step by hand until nothing is due, for tests, the headless demo and `replay`.
/// Gives how many rows were handled.
///
/// # Errors
/// The first failure of a step, and `Broken` if there is no end to the work.
pub async fn drain(deps: &Deps) -> StepResult<usize> {
    let mut handled = 0;
    for _ in 0..100_000 {
        let mut did = 0;
        for step in StepName::ALL {
            did += match step.run(deps).await {
                Err(StoreError::Conflict) => 1,
                other => other?.rows,
            };
        }
        if did == 0 {
            return Ok(handled);
        }
        handled += did;
    }
    Err(StoreError::Broken {
        row: "the pipeline".to_owned(),
        why: "it never comes to rest".to_owned(),
    })
}
