//! `Case`: what the brand owes to one author in one thread, and where its life stands.
//!
//! A case holds obligations; its state follows from them and from who attends to it. `apply`
//! (in `life`) is the only way to change one, but for `wind`, which keeps the clock of its resolution
//! behind each event; `edges` is the table of moves that a test checks.

mod commit;
mod due;
mod edges;
mod event;
mod life;
mod raised;
mod resolution;
mod taker;
#[cfg(test)]
pub(in crate::domain) mod tests;

pub use commit::CommitmentEvent;
pub use due::{LONGEST_SNOOZE, REMIND_EVERY, Timer, next_due};
pub use edges::{EDGES, mermaid};
pub use event::{CaseEvent, EventName};
pub use life::apply;
pub use resolution::{Resolution, wind};
pub use taker::{by_link, link_of};

use super::commitment::Commitment;
use super::deadline::Owed;
use super::escalation::Escalation;
use super::id::{CaseId, MentionId};
use super::ledger::Disposition;
use super::obligation::{Evidence, Obligation, Owing, Standing, VoidReason};
use super::reason::Reason;
use super::time::Instant;
use super::verdict::words;

/// Who attends to a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// Nobody.
    #[default]
    Free,
    /// An agent took it: a lease that runs out.
    Taken {
        /// The agent.
        by: String,
        /// When the take runs out and the case is owed again.
        until: Instant,
    },
    /// Put off by an agent.
    Snoozed {
        /// The agent.
        by: String,
        /// When it comes back.
        until: Instant,
    },
    /// The customer was asked into private; waits until that contact happened.
    Moved {
        /// The agent.
        by: String,
        /// When it is owed again.
        until: Instant,
    },
}

words! {
    /// The state of a case by name.
    State {
        /// Owed, and nobody is on it.
        Waiting = "waiting",
        /// Owed, an agent is on it.
        Taken = "taken",
        /// Owed, put off.
        Snoozed = "snoozed",
        /// Owed until the private contact happened.
        Moved = "moved",
        /// Nothing owed; the last thing that happened was an answer.
        Answered = "answered",
        /// Nothing owed; a person decided that no answer is needed.
        Waived = "waived",
        /// Nothing owed; a person closed it.
        Closed = "closed",
        /// Nothing owed; the customer took it back.
        Withdrawn = "withdrawn",
        /// Nothing owed; a person judged it no complaint or not about us.
        NotOwed = "not_owed",
    }
}

/// Where a case was handed over to. It stays owed here: only an answer ends that (invariant 11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// The agent who did it.
    pub by: String,
    /// To whom: a ticket system or a department.
    pub to: String,
    /// When.
    pub at: Instant,
    /// What it is called there; may be empty.
    pub reference: String,
    /// Since when it is closed there. That is no public answer: the case waits for one, or for a
    /// person's word.
    pub closed_at: Option<Instant>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The brand that owes.
    pub brand: String,
    /// The channel that heard its first mention and through which replies go.
    pub channel: String,
    /// The network.
    pub network: String,
    /// The ids' name space there.
    pub origin: String,
    /// The thread, or the mention's own id where there is none.
    pub thread: String,
    /// The author's id.
    pub author: String,
    /// When it began.
    pub opened_at: Instant,
    /// When it was last told to the team, for the reminder.
    pub told_at: Instant,
    /// Who attends to it.
    pub attention: Attention,
    /// Where it was handed over to, if it was: a flag, not an end.
    pub handed_over: Option<HandedOver>,
    /// How long its complaints have been ours to resolve.
    pub resolution: Resolution,
    /// The debts, oldest first. Never empty.
    pub obligations: Vec<Obligation>,
    /// How far its escalation has come.
    pub escalation: Escalation,
    /// The dates that we gave or set, in the order in which that was done.
    pub commitments: Vec<Commitment>,
}

impl Case {
    /// The debts that stand.
    pub fn owed(&self) -> impl Iterator<Item = &Obligation> {
        self.obligations.iter().filter(|o| o.is_owed())
    }

    /// What the case is, derived from its obligations and who attends to it.
    pub fn state(&self) -> State {
        if self.owed().next().is_some() {
            return match self.attention {
                Attention::Free => State::Waiting,
                Attention::Taken { .. } => State::Taken,
                Attention::Snoozed { .. } => State::Snoozed,
                Attention::Moved { .. } => State::Moved,
            };
        }
        let ended = |o: &Obligation| match &o.standing {
            Standing::Owed => (Instant(i64::MIN), State::Waiting),
            Standing::Met { at, .. } => (*at, State::Answered),
            Standing::Void { reason, at, .. } => (
                *at,
                match reason {
                    VoidReason::Waived => State::Waived,
                    VoidReason::Closed => State::Closed,
                    VoidReason::Withdrawn => State::Withdrawn,
                    VoidReason::NotComplaint | VoidReason::NotAboutUs => State::NotOwed,
                },
            ),
        };
        let last = self.obligations.iter().map(ended).max_by_key(|(at, _)| *at);
        last.map_or(State::Closed, |(_, state)| state)
    }

    /// The most urgent kind of debt that stands.
    pub fn owing(&self) -> Option<Owing> {
        self.owed().map(|o| o.owing).min()
    }

    /// The highest severity among the debts that stand.
    pub fn severity(&self) -> u8 {
        self.owed().map(|o| o.severity).max().unwrap_or(0)
    }

    /// The debts that stand and are not of a first look that waits to be opened.
    pub fn opened(&self) -> impl Iterator<Item = &Obligation> {
        self.owed().filter(|o| !o.first_look)
    }

    /// The complaint whose deadline comes first: what an escalation goes by. A first look that waits
    /// has none.
    pub fn pressing(&self) -> Option<&Obligation> {
        self.opened().filter(|o| o.owing == Owing::Complaint).min_by_key(|o| o.due)
    }

    /// The earliest deadline among the debts that stand; what a first look found has none.
    pub fn deadline(&self) -> Option<Instant> {
        self.opened().map(|o| o.due).min()
    }

    /// Whether what was written then follows an answer of ours here.
    pub fn follows_answer(&self, since: Instant) -> bool {
        let answered =
            |o: &Obligation| matches!(o.standing, Standing::Met { at, .. } if at <= since);
        self.obligations.iter().any(answered)
    }

    /// A debt of this case as a policy asks about it if its clock begins anew now.
    pub fn owed_anew(&self, o: &Obligation, now: Instant) -> Owed<'_> {
        Owed {
            network: &self.network,
            language: o.language,
            owing: o.owing,
            severity: o.severity,
            since: now,
            heard_at: now,
            next: self.follows_answer(now),
        }
    }
}

/// What must follow from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A mention's disposition changes; one entry of the event log each.
    Becomes {
        /// The mention.
        mention: MentionId,
        /// Its new disposition.
        disposition: Disposition,
    },
    /// Tell the recipients.
    Alert(Reason),
    /// Write a reply draft.
    Draft,
}

/// Why an event may not happen now, for the person who asked for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAllowed(pub String);
