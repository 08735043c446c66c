//! The loop of whatever speaks to networks: each piece of work that is due gets a hand of its own,
//! so that a network which does not answer holds up nobody else's.

use super::runner::{self, PAUSE, StepName};
use super::{Deps, Did, StepResult};
use crate::clock::Stopwatch;
use crate::store::StoreError;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// A hand that has been at one piece for so long, in milliseconds, waits for its network and no
/// more: another is lent in its place.
const PATIENCE_MS: i64 = 2_000;
/// For each hand so many pieces are in work at once at most, with those that wait.
const LENT: usize = 5;

/// Pieces that were leased.
pub(super) struct Taken<P> {
    /// They.
    pub(super) pieces: Vec<P>,
    /// How many rows that was, and whether more are due at once.
    pub(super) did: Did,
}

impl<P> Taken<P> {
    /// Pieces of a row each, of so many at most.
    pub(super) fn batch(pieces: Vec<P>, most: i64) -> Taken<P> {
        let did = Did::batch(pieces.len(), most);
        Taken { pieces, did }
    }
}

impl<P> Default for Taken<P> {
    fn default() -> Taken<P> {
        Taken { pieces: Vec::new(), did: Did::default() }
    }
}

/// Work that comes due in pieces, each of them leased: a lane, a gap, a credential, the alerts to one
/// recipient.
pub(super) trait Errand: 'static {
    /// The step that it is.
    const STEP: StepName;
    /// How many pieces are in work side by side at most, but for those that wait.
    const AT_ONCE: i64;
    /// One piece, leased.
    type Piece: Send + 'static;

    /// Leases what is due, so many at most.
    fn take(deps: &Deps, most: i64) -> impl Future<Output = StepResult<Taken<Self::Piece>>> + Send;

    /// Carries out one piece and gives it back.
    fn carry_out(deps: &Deps, piece: Self::Piece) -> impl Future<Output = StepResult<()>> + Send;

    /// How many hands the running loop has for it.
    fn hands(deps: &Deps) -> usize {
        deps.hands.min(usize::try_from(Self::AT_ONCE).unwrap_or(1))
    }
}

/// Carries out what is due as one step, and waits for all of it.
pub(super) async fn step<E: Errand>(deps: &Deps) -> StepResult<Did> {
    let Taken { pieces, did } = E::take(deps, E::AT_ONCE).await?;
    let all = pieces.into_iter().map(|piece| E::carry_out(deps, piece)).collect();
    for outcome in deps.side_by_side(all).await {
        match outcome {
            // Another instance has it now: what that one commits is the truth.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(did)
}

/// The pieces that are in work.
struct Hands {
    deps: Arc<Deps>,
    working: JoinSet<StepResult<()>>,
    since: HashMap<Id, Stopwatch>,
    /// More may be due than there were hands for.
    more: bool,
    /// Why the store did not take what a hand brought.
    fault: Option<StoreError>,
}

/// Carries out pieces as they come due, until `stop`; then lets each hand end what it does.
pub(super) async fn run<E: Errand>(deps: Arc<Deps>, stop: CancellationToken) {
    let mut hands = Hands {
        deps: deps.clone(),
        working: JoinSet::new(),
        since: HashMap::new(),
        more: false,
        fault: None,
    };
    let mut failures = 0;
    while !stop.is_cancelled() {
        // Interest is registered before looking, so a ring in between is not lost.
        let bell = deps.bell.notified();
        let wait = match hands.begin::<E>().await {
            Ok(()) => {
                failures = 0;
                PAUSE
            }
            Err(StoreError::Conflict) => continue,
            Err(error) => {
                failures += 1;
                runner::failed(&deps, E::STEP, &error, failures)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
            () = bell, if failures == 0 => {}
            Some(ended) = hands.working.join_next_with_id(), if failures == 0 && hands.more => {
                hands.note(ended);
            }
        }
    }
    while let Some(ended) = hands.working.join_next_with_id().await {
        hands.note(ended);
    }
}

impl Hands {
    /// Begins what is due, as far as there are hands.
    async fn begin<E: Errand>(&mut self) -> StepResult<()> {
        while let Some(ended) = self.working.try_join_next_with_id() {
            self.note(ended);
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let free = self.free(E::hands(&self.deps));
        self.more = true;
        if free > 0 {
            let taken = E::take(&self.deps, i64::try_from(free).unwrap_or(i64::MAX)).await?;
            self.more = taken.did.more;
            for piece in taken.pieces {
                let deps = self.deps.clone();
                let hand = self.working.spawn(async move { E::carry_out(&deps, piece).await });
                self.since.insert(hand.id(), Stopwatch::start());
            }
        }
        Ok(())
    }

    /// Of so many hands, how many can begin something.
    fn free(&self, hands: usize) -> usize {
        let hands = hands.max(1);
        let busy = self.since.values().filter(|since| since.elapsed_ms() < PATIENCE_MS).count();
        let room = (LENT * hands).saturating_sub(self.since.len());
        hands.saturating_sub(busy).min(room)
    }

    /// A hand is done with its piece.
    fn note(&mut self, ended: Result<(Id, StepResult<()>), JoinError>) {
        match ended {
            Ok((id, outcome)) => {
                self.since.remove(&id);
                match outcome {
                    // Another instance has it now: what that one commits is the truth.
                    Ok(()) | Err(StoreError::Conflict) => {}
                    Err(error) => self.fault = Some(error),
                }
            }
            Err(error) => {
                self.since.remove(&error.id());
                tracing::error!(error = %error, "work broke off; it is taken up again in a minute");
            }
        }
    }
}
