//! The loop of polling: a hand of its own reads each lane that is due, so that a network which
//! does not answer holds up nobody else's lanes.

use super::runner::{self, PAUSE, StepName};
use super::{Deps, StepResult, poll};
use crate::clock::Stopwatch;
use crate::store::StoreError;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// A hand that has been at one lane for so long, in milliseconds, waits for its network and no
/// more: another is lent in its place.
const PATIENCE_MS: i64 = 2_000;
/// For each hand so many lanes are read at once at most, with those that wait.
const LENT: usize = 5;

/// The lanes that are being read.
struct Hands {
    deps: Arc<Deps>,
    reading: JoinSet<StepResult<()>>,
    since: HashMap<Id, Stopwatch>,
    /// More lanes may be due than there were hands for.
    more: bool,
    /// Why the store did not take what was read.
    fault: Option<StoreError>,
}

/// Reads lanes as they come due, until `stop`; then lets each hand end what it reads.
pub(super) async fn run(deps: Arc<Deps>, stop: CancellationToken) {
    let mut hands = Hands {
        deps: deps.clone(),
        reading: JoinSet::new(),
        since: HashMap::new(),
        more: false,
        fault: None,
    };
    let mut failures = 0;
    while !stop.is_cancelled() {
        // Interest is registered before looking, so a ring in between is not lost.
        let bell = deps.bell.notified();
        let wait = match hands.begin().await {
            Ok(()) => {
                failures = 0;
                PAUSE
            }
            Err(StoreError::Conflict) => continue,
            Err(error) => {
                failures += 1;
                runner::failed(&deps, StepName::Poll, &error, failures)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
            () = bell, if failures == 0 => {}
            Some(ended) = hands.reading.join_next_with_id(), if failures == 0 && hands.more => {
                hands.note(ended);
            }
        }
    }
    while let Some(ended) = hands.reading.join_next_with_id().await {
        hands.note(ended);
    }
}

impl Hands {
    /// Begins to read what is due, as far as there are hands.
    async fn begin(&mut self) -> StepResult<()> {
        while let Some(ended) = self.reading.try_join_next_with_id() {
            self.note(ended);
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let free = self.free();
        self.more = true;
        if free > 0 {
            let due = poll::take(&self.deps, i64::try_from(free).unwrap_or(i64::MAX)).await?;
            self.more = due.len() == free;
            for lane in due {
                let deps = self.deps.clone();
                let hand = self.reading.spawn(async move { poll::poll(&deps, lane).await });
                self.since.insert(hand.id(), Stopwatch::start());
            }
        }
        Ok(())
    }

    /// How many more lanes can be begun.
    fn free(&self) -> usize {
        let hands = self.deps.hands.max(1);
        let busy = self.since.values().filter(|since| since.elapsed_ms() < PATIENCE_MS).count();
        let room = (LENT * hands).saturating_sub(self.since.len());
        hands.saturating_sub(busy).min(room)
    }

    /// A hand is done with its lane.
    fn note(&mut self, ended: Result<(Id, StepResult<()>), JoinError>) {
        match ended {
            Ok((id, outcome)) => {
                self.since.remove(&id);
                match outcome {
                    // Another instance has the lane now: what it commits is the truth.
                    Ok(()) | Err(StoreError::Conflict) => {}
                    Err(error) => self.fault = Some(error),
                }
            }
            Err(error) => {
                self.since.remove(&error.id());
                tracing::error!(error = %error, "a walk broke off; its lane is read again in a minute");
            }
        }
    }
}
