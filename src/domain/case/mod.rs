//! `Case`: what the brand owes to one author in one thread, and where its life stands.
//!
//! A case holds obligations; its state follows from them and from who attends to it. `apply`
//! (in `life`) is the only way to change one; `edges` is the table of moves that a test checks.

mod commit;
mod due;
mod edges;
mod life;
#[cfg(test)]
mod tests;

pub use commit::CommitmentEvent;
pub use due::{REMIND_EVERY, Timer, next_due};
pub use edges::{EDGES, mermaid};
pub use life::apply;

use super::commitment::Commitment;
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
    /// The debts, oldest first. Never empty.
    pub obligations: Vec<Obligation>,
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

    /// The earliest deadline among the debts that stand; what a first look found has none.
    pub fn deadline(&self) -> Option<Instant> {
        self.opened().map(|o| o.due).min()
    }
}

/// What happens to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseEvent {
    /// A mention is owed an answer, for the first time or again after an edit.
    Owed(Obligation),
    /// A mention already owed weighs more than was thought. Text can raise, never lower.
    Raised {
        /// The mention.
        mention: MentionId,
        /// The kind of debt; the more urgent of old and new holds.
        owing: Owing,
        /// The severity; the higher holds.
        severity: u8,
        /// The deadline; the earlier holds.
        due: Instant,
    },
    /// The customer deleted a mention.
    Withdrawn {
        /// The mention.
        mention: MentionId,
    },
    /// A human answered.
    Answered {
        /// What proves it.
        evidence: Evidence,
        /// When the answer was posted.
        at: Instant,
        /// The mentions that were visible when it was posted.
        covers: Vec<MentionId>,
    },
    /// An agent takes the case, or renews the take.
    Taken {
        /// The agent.
        by: String,
        /// When the take runs out.
        until: Instant,
    },
    /// The agent gives it back.
    Released {
        /// The agent.
        by: String,
    },
    /// A take was not renewed.
    TakeRanOut,
    /// An agent puts it off.
    Snoozed {
        /// The agent.
        by: String,
        /// Until when.
        until: Instant,
    },
    /// A snooze ended.
    SnoozeOver,
    /// The customer was asked into private.
    Moved {
        /// The agent.
        by: String,
        /// When the case is owed again if nobody says that the contact happened.
        until: Instant,
    },
    /// Nobody said that the private contact happened.
    MoveLapsed,
    /// A person ends every debt without an answer.
    Voided {
        /// Why.
        reason: VoidReason,
        /// The agent.
        by: String,
        /// The agent's words; never empty for waived and closed.
        note: String,
    },
    /// A person opens it again.
    Reopened {
        /// The agent.
        by: String,
        /// Why.
        note: String,
        /// The new deadline.
        due: Instant,
    },
    /// A person opens debts of a first look.
    Opened {
        /// The agent.
        by: String,
        /// The mentions, each with the deadline that it gets if it is owed.
        debts: Vec<(MentionId, Instant)>,
    },
    /// A person leaves what still waits of a first look unopened: those debts end, no other.
    BeforeUs {
        /// The agent.
        by: String,
        /// Why.
        note: String,
    },
    /// A deadline passed.
    Overdue,
    /// A day passed since the team was last told.
    StillOwed,
    /// Something happens to a date that we gave or set.
    Commitment(CommitmentEvent),
}

words! {
    /// The events by name, as the log and the table of edges spell them.
    EventName {
        /// A debt began.
        Owed = "owed",
        /// A debt weighs more.
        Raised = "raised",
        /// The customer deleted a mention.
        Withdrawn = "withdrawn",
        /// A human answered.
        Answered = "answered",
        /// An agent took it.
        Taken = "taken",
        /// An agent gave it back.
        Released = "released",
        /// A take ran out.
        TakeRanOut = "take_ran_out",
        /// Put off.
        Snoozed = "snoozed",
        /// Back from a snooze.
        SnoozeOver = "snooze_over",
        /// Asked into private.
        Moved = "moved",
        /// The private contact did not happen in time.
        MoveLapsed = "move_lapsed",
        /// Ended by a person without an answer.
        Voided = "voided",
        /// Opened again.
        Reopened = "reopened",
        /// Opened out of a first look.
        Opened = "opened",
        /// Left unopened in a first look.
        BeforeUs = "before_us",
        /// A deadline passed.
        Overdue = "overdue",
        /// A day passed since the last word on it.
        StillOwed = "still_owed",
        /// A reply of ours gave a date.
        Promised = "promised",
        /// A follow-up was set.
        FollowUpSet = "follow_up_set",
        /// A promise or follow-up was kept.
        Kept = "kept",
        /// One got another date.
        Corrected = "corrected",
        /// One was taken out.
        Dropped = "dropped",
        /// A promise must be kept soon.
        PromiseNear = "promise_near",
        /// The date of a promise passed.
        PromiseBroken = "promise_broken",
        /// The time of a follow-up has come.
        FollowUpDue = "follow_up_due",
    }
}

impl CaseEvent {
    /// The event's name.
    pub fn name(&self) -> EventName {
        match self {
            CaseEvent::Owed(_) => EventName::Owed,
            CaseEvent::Raised { .. } => EventName::Raised,
            CaseEvent::Withdrawn { .. } => EventName::Withdrawn,
            CaseEvent::Answered { .. } => EventName::Answered,
            CaseEvent::Taken { .. } => EventName::Taken,
            CaseEvent::Released { .. } => EventName::Released,
            CaseEvent::TakeRanOut => EventName::TakeRanOut,
            CaseEvent::Snoozed { .. } => EventName::Snoozed,
            CaseEvent::SnoozeOver => EventName::SnoozeOver,
            CaseEvent::Moved { .. } => EventName::Moved,
            CaseEvent::MoveLapsed => EventName::MoveLapsed,
            CaseEvent::Voided { .. } => EventName::Voided,
            CaseEvent::Reopened { .. } => EventName::Reopened,
            CaseEvent::Opened { .. } => EventName::Opened,
            CaseEvent::BeforeUs { .. } => EventName::BeforeUs,
            CaseEvent::Overdue => EventName::Overdue,
            CaseEvent::StillOwed => EventName::StillOwed,
            CaseEvent::Commitment(event) => event.name(),
        }
    }

    /// Who caused it: an agent, the author, or the clock.
    pub fn actor(&self) -> &str {
        match self {
            CaseEvent::Taken { by, .. }
            | CaseEvent::Released { by }
            | CaseEvent::Snoozed { by, .. }
            | CaseEvent::Moved { by, .. }
            | CaseEvent::Voided { by, .. }
            | CaseEvent::Reopened { by, .. }
            | CaseEvent::Opened { by, .. }
            | CaseEvent::BeforeUs { by, .. }
            | CaseEvent::Answered { evidence: Evidence::Word { by, .. }, .. } => by,
            CaseEvent::Commitment(event) => event.actor(),
            CaseEvent::Owed(_) | CaseEvent::Raised { .. } => "triage",
            CaseEvent::Withdrawn { .. } => "author",
            CaseEvent::Answered { evidence: Evidence::Reply { .. }, .. } => "publish",
            CaseEvent::Answered { .. } => "thread",
            _ => "clock",
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
