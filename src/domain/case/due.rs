//! When a case must be looked at next, and why.

use super::{Attention, Case, EventName, commit};
use crate::domain::time::{DAY, Instant};

/// An open case is told again this long after the last word on it.
pub const REMIND_EVERY: i64 = DAY;

/// Nobody puts a case off for longer: a snooze hides its deadlines, and what comes back after more
/// than a month was forgotten, not put off. A figure of ours.
pub const LONGEST_SNOOZE: i64 = 30 * DAY;

/// What the clock does to a case. Stored beside the due time on its row.
pub type Timer = EventName;

/// The next instant at which the clock acts on the case, and the event it then causes.
///
/// `Some` for every case that owes anything: an open case without a due time would be forgotten.
/// Only what a first look found has its due time elsewhere: with the choice about its channel. A
/// case whose debts are all met may still have promised something.
pub fn next_due(case: &Case) -> Option<(Instant, Timer)> {
    let all = [debt_due(case), commit::next_due(case)];
    all.into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// The same for what is owed.
fn debt_due(case: &Case) -> Option<(Instant, Timer)> {
    case.owed().next()?;
    let passes = case
        .opened()
        .filter(|o| !o.overdue_told)
        .map(|o| (o.due, EventName::Overdue))
        .min_by_key(|(at, _)| *at);
    let resolves = case.resolution.late_at().map(|at| (at, EventName::NotResolved));
    let deadline = passes.into_iter().chain(resolves).min_by_key(|(at, _)| *at);
    // Whoever waits for a deadline that was not told yet needs no reminder before it.
    let reminder = (case.told_at + REMIND_EVERY, EventName::StillOwed);
    let reminder = passes.is_none().then_some(reminder);
    // First among equals: whoever a level tells that a deadline passed needs no second word.
    let level = case.escalation.due().map(|at| (at, EventName::Escalated));
    let first = |other: (Instant, Timer)| level.filter(|l| l.0 <= other.0).unwrap_or(other);
    match &case.attention {
        Attention::Free => {
            case.opened().next()?;
            deadline.into_iter().chain(reminder).min_by_key(|(at, _)| *at).map(first)
        }
        // Whoever took it still answers to the clock: a take stops no deadline.
        Attention::Taken { until, .. } => {
            let ends = (*until, EventName::TakeRanOut);
            Some(first(deadline.filter(|(at, _)| at < until).unwrap_or(ends)))
        }
        Attention::Snoozed { until, .. } => Some((*until, EventName::SnoozeOver)),
        Attention::Moved { until, .. } => Some((*until, EventName::MoveLapsed)),
    }
}
