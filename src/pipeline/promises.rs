//! Promises and follow-ups: read in our answers, kept by the next one, corrected by people.

use super::Deps;
use super::casework::Work;
use crate::domain::brand::FollowUpRule;
use crate::domain::case::{Case, CaseEvent, CommitmentEvent};
use crate::domain::commitment::{Source, reminder};
use crate::domain::obligation::Evidence;
use crate::domain::promise::promises;
use crate::domain::reason::Reason;
use crate::domain::time::DAY;
use crate::domain::{CaseId, Commitment, CommitmentKind, CommitmentState, Instant, Lang, Topic};
use crate::speech::Catalogue;
use crate::store::mentions::MentionRow;
use serde_json::{Value, json};

/// A date that had passed so long before the answer with it was found is left out: nobody could be
/// reminded of it, and a backfill would ring for the past.
const STALE: i64 = DAY;

/// An answer of ours that stands on the network.
pub(super) struct Answer<'a> {
    /// What it says.
    pub text: &'a str,
    /// What it is said to be written in.
    pub language: Option<Lang>,
    /// When it was posted.
    pub at: Instant,
    /// What proves it.
    pub evidence: Evidence,
    /// Where its promises come from.
    pub source: Source,
    /// What the mention that it answers is about.
    pub topic: Option<Topic>,
}

/// What an agent does with the dates of a case.
#[derive(Clone, Debug)]
pub enum DateAct {
    /// Sets a follow-up.
    FollowUp {
        /// When to get in touch again.
        at: Instant,
        /// What is to be done; may be empty.
        note: String,
    },
    /// Says that a promise or follow-up was kept.
    Kept {
        /// Which.
        number: u32,
        /// Where that stands, if it stands anywhere.
        url: String,
    },
    /// Gives it another date.
    Correct {
        /// Which.
        number: u32,
        /// The new date.
        due: Instant,
        /// Why.
        note: String,
    },
    /// Takes it out.
    Drop {
        /// Which.
        number: u32,
        /// Why.
        note: String,
    },
}

/// Draws the consequences of an answer: it keeps what was promised before it, and what it promises
/// itself becomes a timer. The same answer found again changes nothing.
pub(super) fn answered(deps: &Deps, work: &mut Work<'_>, case: CaseId, answer: &Answer<'_>) {
    keep(work, case, answer.evidence.clone(), answer.at);
    let Some(file) = work.file(case) else { return };
    let Some(brand) = deps.brands.get(&file.case.brand) else { return };
    let known = |c: &Commitment| c.source == answer.source || set_for(c, answer.at);
    if file.case.commitments.iter().any(known) {
        return;
    }
    let calendar = &brand.calendar;
    for promise in promises(answer.text, answer.at, answer.language, calendar) {
        if promise.due <= deps.now() - STALE {
            continue;
        }
        let Some(number) = work.file(case).map(|f| f.case.next_commitment()) else { return };
        let source = answer.source.clone();
        make(work, case, Commitment::promise(number, promise, answer.at, source, calendar));
    }
    let Some(file) = work.file(case) else { return };
    let rule = answer.topic.and_then(|topic| brand.follow_up.iter().find(|r| r.topic == topic));
    let planned = |c: &Commitment| c.is_open() && c.kind == CommitmentKind::FollowUp;
    if let Some(FollowUpRule { topic, after }) = rule
        && !file.case.commitments.iter().any(planned)
    {
        // `after` with no work to do is the instant itself, or the next opening.
        let due = calendar.after(answer.at + *after, 0);
        if due > deps.now() {
            let (number, source) = (file.case.next_commitment(), Source::Rule(*topic));
            let set = Commitment::follow_up(number, due, String::new(), answer.at, source);
            make(work, case, set);
        }
    }
}

/// Whether a rule set this follow-up for an answer of that time.
fn set_for(c: &Commitment, at: Instant) -> bool {
    matches!(c.source, Source::Rule(_)) && c.made_at == at
}

/// All that was promised before an answer, or before a person's word of one, is kept by it.
pub(super) fn keep(work: &mut Work<'_>, case: CaseId, evidence: Evidence, at: Instant) {
    let kept = CommitmentEvent::Kept { number: None, evidence, at };
    // Refused where nothing was promised: the ordinary case.
    drop(work.apply(case, CaseEvent::Commitment(kept)));
}

fn make(work: &mut Work<'_>, case: CaseId, commitment: Commitment) {
    // Its number is the next one and it lies ahead of its answer, so it is never refused.
    drop(work.apply(case, CaseEvent::Commitment(CommitmentEvent::Made(commitment))));
}

/// The event that an agent's act causes.
pub(super) fn event(deps: &Deps, case: &Case, by: String, act: DateAct, now: Instant) -> CaseEvent {
    let event = match act {
        DateAct::FollowUp { at, note } => {
            let (number, source) = (case.next_commitment(), Source::Agent(by));
            let note = note.trim().to_owned();
            CommitmentEvent::Made(Commitment::follow_up(number, at, note, now, source))
        }
        DateAct::Kept { number, url } => {
            let evidence = Evidence::Word { by, url };
            CommitmentEvent::Kept { number: Some(number), evidence, at: now }
        }
        DateAct::Correct { number, due, note } => {
            let is_promise =
                |c: &&Commitment| c.number == number && c.kind == CommitmentKind::Promise;
            let promise = case.commitments.iter().find(is_promise);
            let calendar = deps.brands.get(&case.brand).map(|brand| &brand.calendar);
            let remind_at = promise.and(calendar).and_then(|calendar| reminder(now, due, calendar));
            CommitmentEvent::Corrected { number, due, remind_at, by, note }
        }
        DateAct::Drop { number, note } => CommitmentEvent::Dropped { number, by, note },
    };
    CaseEvent::Commitment(event)
}

/// What the log keeps of it.
pub(super) fn data_of(event: &CommitmentEvent) -> Value {
    match event {
        CommitmentEvent::Made(c) => {
            json!({ "number": c.number, "until": c.due, "text": c.words, "from": c.source })
        }
        CommitmentEvent::Kept { number, evidence, at } => {
            json!({ "number": number, "evidence": evidence, "at": at })
        }
        CommitmentEvent::Corrected { number, due, note, .. } => {
            json!({ "number": number, "until": due, "note": note })
        }
        CommitmentEvent::Dropped { number, note, .. } => json!({ "number": number, "note": note }),
        CommitmentEvent::Near | CommitmentEvent::Broken | CommitmentEvent::FollowUpDue => json!({}),
    }
}

/// The commitment that an alert for such a reason is about: the earliest that it still holds for.
pub(super) fn told(case: &Case, reason: Reason) -> Option<&Commitment> {
    let (kind, broken) = match reason {
        Reason::PromiseNear => (CommitmentKind::Promise, false),
        Reason::PromiseBroken => (CommitmentKind::Promise, true),
        Reason::FollowUpDue => (CommitmentKind::FollowUp, false),
        _ => return None,
    };
    let meant = case.commitments.iter().filter(|c| match &c.state {
        CommitmentState::Open => !broken,
        CommitmentState::Broken { .. } => broken,
        _ => false,
    });
    meant.filter(|c| c.kind == kind).min_by_key(|c| c.due)
}

/// What stands over an alert about a case: its reason, with the words of the promise that it is about,
/// unless they were said in private.
pub(super) fn title(
    case: &Case,
    mentions: &[MentionRow],
    reason: Reason,
    words: &Catalogue,
) -> String {
    let said = told(case, reason).map(|c| c.words.as_str()).filter(|said| !said.is_empty());
    let private = mentions.iter().any(|m| m.visibility == "private");
    match said.filter(|_| !private) {
        Some(said) => {
            words.fill("alert.promised", &[("reason", words.reason(reason)), ("words", said)])
        }
        None => words.reason(reason).to_owned(),
    }
}

/// Whether a reason is about a commitment, and if so, why its alert is not needed any more.
pub(super) fn meanwhile(case: &Case, reason: Reason) -> Option<Option<Reason>> {
    let about = matches!(reason, Reason::PromiseNear | Reason::PromiseBroken | Reason::FollowUpDue);
    if !about {
        return None;
    }
    if told(case, reason).is_some() {
        return Some(None);
    }
    let kept = |c: &Commitment| matches!(c.state, CommitmentState::Kept { .. });
    let answered = case.commitments.iter().any(kept);
    Some(Some(if answered { Reason::AnsweredMeanwhile } else { Reason::EndedMeanwhile }))
}
