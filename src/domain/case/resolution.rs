//! `Resolution`: how long the complaints of a case have been ours to resolve.
//!
//! The clock starts when the customer first complains and runs in business hours while an answer to a
//! complaint is owed. While nothing is owed we wait for the customer: that time is not counted, and
//! the clock goes on where it stood when the customer comes back. A person who ends the case ends the
//! clock; what is complained of later has one of its own. When it runs longer than the policy allows,
//! that is told once.

use super::{Case, CaseEvent, State};
use crate::domain::deadline::SlaPolicy;
use crate::domain::hours::Calendar;
use crate::domain::obligation::Owing;
use crate::domain::time::Instant;

/// The clock of a case's resolution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Business time that it ran before it last stood still, in milliseconds.
    pub spent: i64,
    /// Since when it runs; `None` while it stands still.
    pub runs_since: Option<Instant>,
    /// When it last stood still: what was before is counted already.
    pub stood_at: Instant,
    /// When it will have run longer than the policy allows, if it runs and that is measured.
    pub due: Option<Instant>,
    /// Whether that was told.
    pub told: bool,
}

impl Resolution {
    /// When it is to be told that it takes too long.
    pub fn late_at(&self) -> Option<Instant> {
        self.due.filter(|_| !self.told)
    }
}

/// Keeps the clock behind an event that was applied at `now`.
pub fn wind(
    case: &mut Case,
    event: &CaseEvent,
    sla: &SlaPolicy,
    calendar: &Calendar,
    now: Instant,
) {
    // Of several complaints the one that must be resolved first counts.
    let complaints = case.opened().filter(|o| o.owing == Owing::Complaint);
    let allowed: Vec<Option<i64>> =
        complaints.map(|o| sla.resolution(&case.owed_anew(o, now))).collect();
    let began = case.resolution.runs_since.is_none() && !allowed.is_empty();
    if began {
        case.resolution.runs_since = Some(beginning(case, event, now));
    } else if allowed.is_empty()
        && let Some(since) = case.resolution.runs_since.take()
    {
        let until = match event {
            CaseEvent::Answered { at, .. } => (*at).min(now),
            _ => now,
        };
        let until = until.max(since);
        case.resolution.spent += calendar.worked(since, until);
        case.resolution.stood_at = until;
    }
    let ended = [State::Waived, State::Closed, State::NotOwed, State::Withdrawn];
    if ended.contains(&case.state()) {
        case.resolution = Resolution::default();
        return;
    }
    let clock = &mut case.resolution;
    let allowed = allowed.into_iter().flatten().min();
    clock.due = clock
        .runs_since
        .zip(allowed)
        .map(|(since, allowed)| calendar.after(since, (allowed - clock.spent).max(0)));
    // What had passed before anybody here could know of it rings no alert of its own.
    let heard_late = matches!(event, CaseEvent::Owed(o) if o.overdue_told);
    if began && heard_late && clock.due.is_some_and(|due| due <= now) {
        clock.told = true;
    }
}

/// When the clock starts, or goes on: with what the customer wrote, but never within a time that is
/// counted already.
fn beginning(case: &Case, event: &CaseEvent, now: Instant) -> Instant {
    match event {
        CaseEvent::Owed(o) => o.since.min(o.heard_at).max(case.resolution.stood_at).min(now),
        _ => now,
    }
}
