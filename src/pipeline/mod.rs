//! The pipeline: from what a network says to what a person is told, one step a file.
//!
//! A step takes due rows, does its work and stores the outcome in one transaction. No step holds
//! a promise in memory: kill the process anywhere and the rows say what is left to do.

mod account;
pub mod acts;
mod around;
pub mod backfill;
pub mod callbacks;
pub mod casework;
mod circuits;
mod clocks;
pub mod consent;
mod contact;
pub mod customer;
pub mod digest;
pub mod drafting;
pub mod due;
pub mod exclusion;
pub mod first_look;
mod fresh;
pub mod handed;
pub mod handover;
mod hands;
mod health;
pub mod hints;
pub mod intake;
mod keep;
pub mod learn;
pub mod likeness;
mod logged;
pub mod lookup;
pub mod notify;
pub mod owed;
pub mod pace;
pub mod persons;
pub mod poll;
pub mod presses;
pub mod probe;
pub mod promises;
pub mod publish;
pub mod recheck;
pub mod reconnect;
pub mod replay;
pub mod rounds;
pub mod runner;
pub mod silence;
mod stand_in;
pub mod standing;
pub mod storm;
mod suggest;
pub mod sweep;
pub mod thread;
mod tray;
pub mod triage;
pub mod wake;
pub mod woken;

pub use fresh::Fresh;
pub use keep::{NoKeep, StoreKeep};
pub use learn::Corrections;
pub use lookup::Lookup;

use crate::classify::{Classifier, Scope};
use crate::clock::Clock;
use crate::domain::delivery::Rate;
use crate::domain::hours::Span;
use crate::domain::rota::Rotas;
use crate::domain::{Brand, CaseId, Instant, Lang};
use crate::draft::Drafts;
use crate::fetch::{Engine, Link};
use crate::ids::Ids;
use crate::links::{Links, Signer};
use crate::store::mentions::MentionRow;
use crate::store::{Store, StoreError};
use crate::wire::{Given, Network, Notifier, TicketSystem};
use futures_util::{StreamExt, stream};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::{Notify, broadcast};

/// A channel as configured, ready to be spoken to.
pub struct Channel {
    /// Its name.
    pub name: String,
    /// Whom it listens for.
    pub brand: String,
    /// Its network.
    pub network: &'static dyn Network,
    /// Its settings and session.
    pub link: Link,
    /// How often its lanes are polled, where the configuration says.
    pub every_ms: Option<i64>,
    /// How often its credential is tried, where the configuration says.
    pub probe_every_ms: Option<i64>,
    /// Who granted the credential.
    pub granted_by: Option<String>,
    /// Who owns it: a recipient's name, or whatever tells people whom to ask.
    pub owner: Option<String>,
    /// What its settings were read from; a person may put other secrets in place of these.
    pub given: Given,
    /// When a person put the credential that the link goes by, in milliseconds; 0 for that of the
    /// configuration.
    pub connected: AtomicI64,
    /// How far back it is read when it is new; `None`: there is no first look, and its network
    /// begins where it likes.
    pub first_look_ms: Option<i64>,
}

/// A recipient as configured.
pub struct Recipient {
    /// Its name.
    pub name: String,
    /// How it is told.
    pub notifier: &'static dyn Notifier,
    /// Its settings.
    pub link: Link,
    /// The language it is told in.
    pub language: Lang,
    /// How many messages it gets at most.
    pub at_most: Option<Rate>,
    /// Its quiet hours, on the clocks of its zone.
    pub quiet: Vec<Span>,
    /// The agent who alone reads it: what its links do is done in that name. `None`: what they do is
    /// done in the recipient's, or in that of who is logged in (`acts::Holder`).
    pub agent: Option<String>,
    /// The zone of whoever reads it; `None`: the brand's.
    pub zone: Option<TimeZone>,
}

impl Recipient {
    /// Whether its service vouches for who presses in its alerts.
    pub fn is_vouched_for(&self) -> bool {
        self.notifier.vouches(&self.link.settled().cx())
    }
}

/// A ticket system as configured.
pub struct Handover {
    /// Its name.
    pub name: String,
    /// Which it is.
    pub system: &'static dyn TicketSystem,
    /// Its settings.
    pub link: Link,
    /// The language of its tickets; `None`: the brand's.
    pub language: Option<Lang>,
    /// What was said in private may stand in its tickets.
    pub may_see_private: bool,
}

/// A case that changed, for live pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The case.
    pub case: CaseId,
}

/// Everything that the steps work with.
pub struct Deps {
    /// The rows.
    pub store: Store,
    /// The one that speaks to the outside.
    pub engine: Engine,
    /// The time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// The name under which this process takes leases.
    pub instance: String,
    /// How many conversations with the outside a step holds side by side.
    pub hands: usize,
    /// The brands by name.
    pub brands: BTreeMap<String, Brand>,
    /// By brand, what tells mentions of it from those of others.
    pub scopes: BTreeMap<String, Scope>,
    /// The channels by name.
    pub channels: BTreeMap<String, Channel>,
    /// The recipients by name.
    pub recipients: BTreeMap<String, Recipient>,
    /// Who of them is on duty when, by the rota's name.
    pub rotas: Rotas,
    /// The ticket systems by name.
    pub handovers: BTreeMap<String, Handover>,
    /// What judges mentions.
    pub classifier: Arc<Classifier>,
    /// What the brands' own people taught it.
    pub corrections: Corrections,
    /// What writes drafts.
    pub drafts: Drafts,
    /// The company's own system that says who a customer is, if there is one.
    pub lookup: Option<Lookup>,
    /// The shapes of all links.
    pub links: Links,
    /// What signs action links.
    pub signer: Signer,
    /// What was stored and not judged yet.
    pub fresh: Fresh,
    /// Rung whenever a step stored something that another may be waiting for.
    pub bell: Notify,
    /// Where changes of cases are told.
    pub changes: broadcast::Sender<Changed>,
}

impl Deps {
    /// Now.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Keeps what a committed transaction stored for triage. On PostgreSQL another instance may
    /// have locked it by now, so there triage reads what it locks.
    pub fn heard(&self, rows: Vec<MentionRow>) {
        if self.store.is_sqlite() {
            self.fresh.keep(rows);
        }
    }

    /// Carries out conversations with the outside, as many at once as there are hands; gives what
    /// came of them in their order.
    fn side_by_side<F: Future>(
        &self,
        all: Vec<F>,
    ) -> impl Future<Output = Vec<F::Output>> + use<F> {
        stream::iter(all).buffered(self.hands.max(1)).collect()
    }

    /// Tells live pages and waiting steps.
    pub fn tell(&self, cases: impl IntoIterator<Item = CaseId>) {
        for case in cases {
            // Nobody may be listening; that is no failure.
            drop(self.changes.send(Changed { case }));
        }
        self.bell.notify_waiters();
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Did {
    /// How many rows it handled.
    pub rows: usize,
    /// Whether more rows are due at once.
    pub more: bool,
}

impl Did {
    /// Handled a batch; a full one means that more may wait.
    pub fn batch(rows: usize, limit: i64) -> Did {
        Did { rows, more: i64::try_from(rows).is_ok_and(|n| n >= limit) }
    }
}

/// How long to wait before a try: doubled each time, from `first`, at most `most` milliseconds,
/// with up to a quarter of jitter so that instances do not march in step.
pub(crate) fn backoff(tries: i64, first: i64, most: i64, seed: u64) -> i64 {
    let doubled = first.saturating_mul(1 << tries.clamp(0, 20)).min(most);
    doubled + i64::try_from(seed % 256).unwrap_or(0) * doubled / 1024
}

/// What goes wrong in a step.
pub type StepResult<T> = Result<T, StoreError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_end() {
        assert_eq!(backoff(0, 1_000, 60_000, 0), 1_000);
        assert_eq!(backoff(3, 1_000, 60_000, 0), 8_000);
        assert_eq!(backoff(40, 1_000, 60_000, 0), 60_000);
        assert!(backoff(3, 1_000, 60_000, 255) <= 10_000);
    }
}
