//! `CaseEvent`: what happens to a case, by name and by whom.

use super::CommitmentEvent;
use crate::domain::id::MentionId;
use crate::domain::obligation::{Evidence, Obligation, Owing, VoidReason};
use crate::domain::time::Instant;
use crate::domain::verdict::words;

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
        /// It says now, and did not before, that somebody may be harmed, or names a court.
        grave: bool,
    },
    /// A person who looked says what debts are. What is owed is due and told as that from now on; what
    /// was answered counts as that, and stays answered.
    Called {
        /// The agent.
        by: String,
        /// What they are: a complaint, or a question.
        owing: Owing,
        /// Why; may be empty.
        note: String,
        /// The mentions, each with the deadline that it gets if it is owed.
        debts: Vec<(MentionId, Instant)>,
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
    /// A person ends every debt without an answer, but for those that began after that person
    /// looked.
    Voided {
        /// Why.
        reason: VoidReason,
        /// The agent.
        by: String,
        /// The agent's words; never empty for waived and closed.
        note: String,
        /// The mentions that the agent cannot have seen as they are owed now: they stay owed.
        spares: Vec<MentionId>,
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
    /// A person hands it over to a ticket system or a department. A flag: it stays owed here.
    HandedOver {
        /// The agent.
        by: String,
        /// To whom.
        to: String,
        /// What it is called there; may be empty.
        reference: String,
    },
    /// A person takes it back from where it was handed over to.
    TakenBack {
        /// The agent.
        by: String,
    },
    /// The ticket system has it now.
    TicketFiled {
        /// The system, by its name in configuration.
        to: String,
        /// What the ticket is called there, and where it is.
        reference: String,
    },
    /// The ticket was closed there. It stays owed here.
    TicketClosed {
        /// The system.
        to: String,
    },
    /// The ticket was opened again there.
    TicketOpened {
        /// The system.
        to: String,
    },
    /// A deadline passed.
    Overdue,
    /// Its complaints took longer to resolve than the policy allows.
    NotResolved,
    /// A day passed since the team was last told.
    StillOwed,
    /// The time of a level has come: a higher one, or the one that holds once more.
    Escalated {
        /// The level.
        level: u8,
    },
    /// An agent has seen it and goes after it: the level is told no more, the next one still comes.
    Acknowledged {
        /// The agent.
        by: String,
    },
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
        /// A person said what it is.
        Called = "called",
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
        /// Handed over.
        HandedOver = "handed_over",
        /// Taken back from there.
        TakenBack = "taken_back",
        /// A ticket stands there.
        TicketFiled = "ticket_filed",
        /// That ticket was closed.
        TicketClosed = "ticket_closed",
        /// It was opened again.
        TicketOpened = "ticket_opened",
        /// A deadline passed.
        Overdue = "overdue",
        /// It takes too long to resolve.
        NotResolved = "not_resolved",
        /// A day passed since the last word on it.
        StillOwed = "still_owed",
        /// A level of its escalation was told.
        Escalated = "escalated",
        /// An agent has seen it.
        Acknowledged = "acknowledged",
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
            CaseEvent::Called { .. } => EventName::Called,
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
            CaseEvent::HandedOver { .. } => EventName::HandedOver,
            CaseEvent::TakenBack { .. } => EventName::TakenBack,
            CaseEvent::TicketFiled { .. } => EventName::TicketFiled,
            CaseEvent::TicketClosed { .. } => EventName::TicketClosed,
            CaseEvent::TicketOpened { .. } => EventName::TicketOpened,
            CaseEvent::Overdue => EventName::Overdue,
            CaseEvent::NotResolved => EventName::NotResolved,
            CaseEvent::StillOwed => EventName::StillOwed,
            CaseEvent::Escalated { .. } => EventName::Escalated,
            CaseEvent::Acknowledged { .. } => EventName::Acknowledged,
            CaseEvent::Commitment(event) => event.name(),
        }
    }

    /// Who caused it: an agent, the author, or the clock.
    pub fn actor(&self) -> &str {
        match self {
            CaseEvent::Taken { by, .. }
            | CaseEvent::Called { by, .. }
            | CaseEvent::Released { by }
            | CaseEvent::Snoozed { by, .. }
            | CaseEvent::Moved { by, .. }
            | CaseEvent::Voided { by, .. }
            | CaseEvent::Reopened { by, .. }
            | CaseEvent::Opened { by, .. }
            | CaseEvent::BeforeUs { by, .. }
            | CaseEvent::HandedOver { by, .. }
            | CaseEvent::TakenBack { by }
            | CaseEvent::Acknowledged { by }
            | CaseEvent::Answered { evidence: Evidence::Word { by, .. }, .. } => by,
            CaseEvent::Answered { evidence: Evidence::Moved { by, .. }, .. } if !by.is_empty() => {
                by
            }
            CaseEvent::Commitment(event) => event.actor(),
            CaseEvent::TicketFiled { to, .. }
            | CaseEvent::TicketClosed { to }
            | CaseEvent::TicketOpened { to } => to,
            CaseEvent::Owed(_) | CaseEvent::Raised { .. } => "triage",
            CaseEvent::Withdrawn { .. } => "author",
            CaseEvent::Answered { evidence: Evidence::Reply { .. }, .. } => "publish",
            CaseEvent::Answered { evidence: Evidence::Moved { .. }, .. } => "contact",
            CaseEvent::Answered { .. } => "thread",
            _ => "clock",
        }
    }
}
