//! What happens to the dates that a case holds: promises of our replies, follow-ups.

use super::{Case, Effect, EventName, NotAllowed, REMIND_EVERY, Timer};
use crate::domain::commitment::{Commitment, CommitmentKind, CommitmentState, Source};
use crate::domain::obligation::Evidence;
use crate::domain::reason::Reason;
use crate::domain::time::Instant;

/// What happens to a date that we gave or set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitmentEvent {
    /// A reply of ours gave it, or it was set.
    Made(Commitment),
    /// We got in touch.
    Kept {
        /// The one that a person names; `None`: all that was open when we did.
        number: Option<u32>,
        /// What proves it.
        evidence: Evidence,
        /// When.
        at: Instant,
    },
    /// A person gives it another date.
    Corrected {
        /// Which.
        number: u32,
        /// The new date.
        due: Instant,
        /// When the team is reminded of it.
        remind_at: Option<Instant>,
        /// The agent.
        by: String,
        /// Why; never empty.
        note: String,
    },
    /// A person takes it out.
    Dropped {
        /// Which.
        number: u32,
        /// The agent.
        by: String,
        /// Why; never empty.
        note: String,
    },
    /// A promise must be kept soon.
    Near,
    /// The date of a promise passed, or a day since it was told that it had.
    Broken,
    /// The time of a follow-up has come.
    FollowUpDue,
}

impl CommitmentEvent {
    pub(super) fn name(&self) -> EventName {
        match self {
            CommitmentEvent::Made(c) => match c.kind {
                CommitmentKind::Promise => EventName::Promised,
                CommitmentKind::FollowUp => EventName::FollowUpSet,
            },
            CommitmentEvent::Kept { .. } => EventName::Kept,
            CommitmentEvent::Corrected { .. } => EventName::Corrected,
            CommitmentEvent::Dropped { .. } => EventName::Dropped,
            CommitmentEvent::Near => EventName::PromiseNear,
            CommitmentEvent::Broken => EventName::PromiseBroken,
            CommitmentEvent::FollowUpDue => EventName::FollowUpDue,
        }
    }

    pub(super) fn actor(&self) -> &str {
        match self {
            CommitmentEvent::Made(c) => match &c.source {
                Source::Agent(by) => by,
                Source::Reply(_) => "publish",
                Source::Native(_) => "thread",
                Source::Rule(_) => "rule",
            },
            CommitmentEvent::Kept { evidence, .. } => match evidence {
                Evidence::Word { by, .. } => by,
                Evidence::Moved { by, .. } if !by.is_empty() => by,
                Evidence::Moved { .. } => "contact",
                Evidence::Reply { .. } => "publish",
                Evidence::Native { .. } => "thread",
            },
            CommitmentEvent::Corrected { by, .. } | CommitmentEvent::Dropped { by, .. } => by,
            _ => "clock",
        }
    }
}

impl Case {
    /// The number of the next commitment.
    pub fn next_commitment(&self) -> u32 {
        self.commitments.iter().map(|c| c.number).max().unwrap_or(0) + 1
    }

    /// Whether the customer waits for something that we promised or planned.
    pub fn is_awaited(&self) -> bool {
        self.commitments.iter().any(Commitment::is_awaited)
    }
}

/// When the clock acts next on one of the dates, and the event that it then causes.
pub(super) fn next_due(case: &Case) -> Option<(Instant, Timer)> {
    let awaited = case.commitments.iter().filter(|c| c.is_awaited());
    let due = awaited.map(|c| match (c.kind, c.remind_at) {
        (CommitmentKind::Promise, Some(at)) if c.is_open() && c.reminded_at.is_none() => {
            (at, EventName::PromiseNear)
        }
        (CommitmentKind::Promise, _) => (told_next(c), EventName::PromiseBroken),
        (CommitmentKind::FollowUp, _) => (told_next(c), EventName::FollowUpDue),
    });
    due.min_by_key(|(at, _)| *at)
}

/// When it is told that the date of one that is awaited has come: first then, and like what is still
/// owed each day, until somebody does it or takes it out.
fn told_next(c: &Commitment) -> Instant {
    let told = match c.state {
        CommitmentState::Broken { at } => c.told_at.or(Some(at)),
        _ => c.told_at,
    };
    told.map_or(c.due, |told| told + REMIND_EVERY)
}

/// Lets one such event happen.
pub(super) fn apply(
    case: &mut Case,
    event: CommitmentEvent,
    now: Instant,
    effects: &mut Vec<Effect>,
) -> Result<(), NotAllowed> {
    match event {
        CommitmentEvent::Made(new) => commit(case, new)?,
        CommitmentEvent::Kept { number, evidence, at } => keep(case, number, &evidence, at)?,
        CommitmentEvent::Corrected { number, due, remind_at, note, .. } => {
            correct(case, number, due, remind_at, &note, now)?;
        }
        CommitmentEvent::Dropped { number, by, note } => take_out(case, number, by, note, now)?,
        CommitmentEvent::Near => near(case, now, effects),
        CommitmentEvent::Broken => broken(case, now, effects),
        CommitmentEvent::FollowUpDue => follow_up(case, now, effects),
    }
    Ok(())
}

fn commit(case: &mut Case, new: Commitment) -> Result<(), NotAllowed> {
    if new.number != case.next_commitment() {
        return Err(NotAllowed("somebody else set a date here; reload the case".to_owned()));
    }
    if new.due <= new.made_at {
        return Err(NotAllowed(format!("{} is not in the future; name a later time", new.due)));
    }
    case.commitments.push(new);
    Ok(())
}

/// An answer keeps all that was promised before it; a person's word the one that is named.
fn keep(
    case: &mut Case,
    number: Option<u32>,
    evidence: &Evidence,
    at: Instant,
) -> Result<(), NotAllowed> {
    let mut any = false;
    for c in &mut case.commitments {
        let meant = match number {
            Some(number) => c.number == number && c.is_awaited(),
            None => c.is_kept_by(at),
        };
        if meant {
            c.state = CommitmentState::Kept { evidence: evidence.clone(), at };
            any = true;
        }
    }
    match (any, number) {
        (true, _) => Ok(()),
        (false, Some(number)) => Err(none_open(number)),
        (false, None) => Err(NotAllowed("no promise and no follow-up is open here".to_owned())),
    }
}

fn correct(
    case: &mut Case,
    number: u32,
    due: Instant,
    remind_at: Option<Instant>,
    note: &str,
    now: Instant,
) -> Result<(), NotAllowed> {
    reasoned(note)?;
    if due <= now {
        return Err(NotAllowed(format!("{due} is not in the future; name a later time")));
    }
    let c = find(case, number)?;
    (c.due, c.remind_at, c.reminded_at, c.told_at) = (due, remind_at, None, None);
    c.state = CommitmentState::Open;
    Ok(())
}

fn take_out(
    case: &mut Case,
    number: u32,
    by: String,
    note: String,
    now: Instant,
) -> Result<(), NotAllowed> {
    reasoned(&note)?;
    find(case, number)?.state = CommitmentState::Dropped { by, note, at: now };
    Ok(())
}

/// Promises whose reminder is due are told; one whose date has passed too is broken, not near.
fn near(case: &mut Case, now: Instant, effects: &mut Vec<Effect>) {
    let mut ring = false;
    for c in case.commitments.iter_mut().filter(|c| c.is_open() && c.reminded_at.is_none()) {
        if c.remind_at.is_some_and(|at| at <= now) {
            c.reminded_at = Some(now);
            ring |= c.due > now;
        }
    }
    effects.extend(ring.then_some(Effect::Alert(Reason::PromiseNear)));
}

/// Promises whose date has passed are broken; that is told then, and each day until one is kept.
fn broken(case: &mut Case, now: Instant, effects: &mut Vec<Effect>) {
    let promises = case.commitments.iter_mut().filter(|c| c.kind == CommitmentKind::Promise);
    let mut ring = false;
    for c in promises.filter(|c| c.is_awaited() && told_next(c) <= now) {
        if c.is_open() {
            c.state = CommitmentState::Broken { at: now };
        }
        c.told_at = Some(now);
        ring = true;
    }
    effects.extend(ring.then_some(Effect::Alert(Reason::PromiseBroken)));
}

/// Follow-ups whose time has come are told.
fn follow_up(case: &mut Case, now: Instant, effects: &mut Vec<Effect>) {
    let set = case.commitments.iter_mut().filter(|c| c.kind == CommitmentKind::FollowUp);
    let mut ring = false;
    for c in set.filter(|c| c.is_open() && told_next(c) <= now) {
        c.told_at = Some(now);
        ring = true;
    }
    effects.extend(ring.then_some(Effect::Alert(Reason::FollowUpDue)));
}

fn find(case: &mut Case, number: u32) -> Result<&mut Commitment, NotAllowed> {
    let found = case.commitments.iter_mut().find(|c| c.number == number && c.is_awaited());
    found.ok_or_else(|| none_open(number))
}

fn none_open(number: u32) -> NotAllowed {
    NotAllowed(format!(
        "no promise or follow-up {number} is open here; the case shows which there are"
    ))
}

fn reasoned(note: &str) -> Result<(), NotAllowed> {
    if note.trim().is_empty() {
        return Err(NotAllowed("say why: the reason stands in the log".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{CaseEvent, next_due};
    use super::*;
    use crate::domain::case::tests::empty as case;
    use crate::domain::commitment::Source;
    use crate::domain::time::{DAY, HOUR};

    fn promise(number: u32, due: i64) -> Commitment {
        Commitment {
            number,
            kind: CommitmentKind::Promise,
            made_at: Instant(0),
            due: Instant(due),
            words: "by Friday".into(),
            source: Source::Native("9".into()),
            remind_at: Some(Instant(due - HOUR)),
            reminded_at: None,
            told_at: None,
            state: CommitmentState::Open,
        }
    }

    fn apply(
        case: Case,
        event: CommitmentEvent,
        now: Instant,
    ) -> Result<(Case, Vec<Effect>), NotAllowed> {
        super::super::apply(case, CaseEvent::Commitment(event), now)
    }

    fn with(commitment: Commitment) -> Case {
        apply(case(), CommitmentEvent::Made(commitment), Instant(0)).unwrap().0
    }

    fn word(by: &str) -> Evidence {
        Evidence::Word { by: by.into(), url: String::new() }
    }

    #[test]
    fn a_promise_is_near_then_broken_and_told_each_day_until_it_is_kept_late() {
        let case = with(promise(1, DAY));
        assert_eq!(next_due(&case), Some((Instant(DAY - HOUR), EventName::PromiseNear)));
        let (case, effects) = apply(case, CommitmentEvent::Near, Instant(DAY - HOUR)).unwrap();
        assert_eq!(effects, [Effect::Alert(Reason::PromiseNear)]);
        assert_eq!(next_due(&case), Some((Instant(DAY), EventName::PromiseBroken)));
        let (case, effects) = apply(case, CommitmentEvent::Broken, Instant(DAY)).unwrap();
        assert_eq!(effects, [Effect::Alert(Reason::PromiseBroken)]);
        assert_eq!(next_due(&case), Some((Instant(2 * DAY), EventName::PromiseBroken)));
        assert!(case.commitments[0].is_awaited(), "and stays visible");
        let (case, effects) = apply(case, CommitmentEvent::Broken, Instant(2 * DAY - 1)).unwrap();
        assert!(effects.is_empty(), "not before the next day");
        let (case, effects) = apply(case, CommitmentEvent::Broken, Instant(2 * DAY)).unwrap();
        assert_eq!(effects, [Effect::Alert(Reason::PromiseBroken)]);
        let broken = CommitmentState::Broken { at: Instant(DAY) };
        assert_eq!(case.commitments[0].state, broken, "since then");
        let late =
            CommitmentEvent::Kept { number: None, evidence: word("ada"), at: Instant(2 * DAY) };
        let (case, _) = apply(case, late.clone(), Instant(2 * DAY)).unwrap();
        assert!(case.commitments[0].is_late() && !case.commitments[0].is_awaited());
        assert_eq!(next_due(&case), None);
        assert!(apply(case, late, Instant(2 * DAY)).is_err(), "nothing is left to keep");
    }

    #[test]
    fn one_that_was_slept_through_is_broken_and_not_near() {
        let case = with(promise(1, DAY));
        let (case, effects) = apply(case, CommitmentEvent::Near, Instant(2 * DAY)).unwrap();
        assert!(effects.is_empty());
        assert_eq!(next_due(&case), Some((Instant(DAY), EventName::PromiseBroken)));
    }

    #[test]
    fn a_follow_up_comes_back_each_day_until_it_is_done() {
        let source = Source::Agent("ada".into());
        let set = Commitment::follow_up(1, Instant(DAY), "call back".into(), Instant(0), source);
        let (case, effects) = apply(with(set), CommitmentEvent::FollowUpDue, Instant(DAY)).unwrap();
        assert_eq!(effects, [Effect::Alert(Reason::FollowUpDue)]);
        assert_eq!(next_due(&case), Some((Instant(2 * DAY), EventName::FollowUpDue)));
        let (case, effects) = apply(case, CommitmentEvent::FollowUpDue, Instant(DAY + 1)).unwrap();
        assert!(effects.is_empty(), "not before the next day");
        let done =
            CommitmentEvent::Kept { number: Some(1), evidence: word("ada"), at: Instant(DAY + 2) };
        let (case, _) = apply(case, done, Instant(DAY + 2)).unwrap();
        assert_eq!(next_due(&case), None);
    }

    #[test]
    fn a_person_corrects_and_drops_with_a_reason() {
        let case = with(promise(1, DAY));
        let correct = |due, note: &str| CommitmentEvent::Corrected {
            number: 1,
            due: Instant(due),
            remind_at: None,
            by: "ada".into(),
            note: note.into(),
        };
        let refused = |event| apply(case.clone(), event, Instant(HOUR)).unwrap_err().0;
        assert!(refused(correct(3 * DAY, " ")).contains("say why"));
        assert!(refused(correct(HOUR, "sooner")).contains("not in the future"));
        let (moved, _) = apply(case.clone(), correct(3 * DAY, "strike"), Instant(HOUR)).unwrap();
        assert_eq!(next_due(&moved), Some((Instant(3 * DAY), EventName::PromiseBroken)));
        let drop = |number, note: &str| CommitmentEvent::Dropped {
            number,
            by: "ada".into(),
            note: note.into(),
        };
        assert!(refused(drop(1, "")).contains("say why"));
        assert!(refused(drop(2, "no date")).contains("no promise or follow-up 2"));
        let (gone, _) = apply(moved, drop(1, "no date"), Instant(HOUR)).unwrap();
        assert_eq!(next_due(&gone), None);
    }
}
