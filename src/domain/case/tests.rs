//! The life of a case: its table of moves, its rules, its timers.

mod called;
mod clocks;
mod handed;
mod raised;
mod seen;

use super::*;
use crate::domain::commitment::{CommitmentKind, Source};
use crate::domain::deadline::SlaPolicy;
use crate::domain::hours::Calendar;
use crate::domain::obligation::Before;
use crate::domain::time::{DAY, HOUR};
use crate::domain::verdict::Lang;
use proptest::prelude::*;

fn debt(mention: u128, owing: Owing) -> Obligation {
    Obligation {
        mention: MentionId(mention),
        owing,
        severity: if owing == Owing::Complaint { 2 } else { 0 },
        language: Lang::IT,
        since: Instant(0),
        heard_at: Instant(0),
        due: Instant(4 * HOUR),
        first_look: false,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    }
}

/// A case that owes nothing yet.
pub(in crate::domain) fn empty() -> Case {
    Case {
        id: CaseId(1),
        brand: "acme".into(),
        channel: "masto".into(),
        network: "mastodon".into(),
        origin: String::new(),
        thread: "t".into(),
        author: "a".into(),
        opened_at: Instant(0),
        told_at: Instant(0),
        attention: Attention::Free,
        handed_over: None,
        resolution: Resolution::default(),
        obligations: Vec::new(),
        escalation: Escalation::default(),
        commitments: Vec::new(),
    }
}

pub(super) fn opened() -> Case {
    apply(empty(), CaseEvent::Owed(debt(1, Owing::Complaint)), Instant(0)).unwrap().0
}

fn answer(at: i64, covers: &[u128]) -> CaseEvent {
    CaseEvent::Answered {
        evidence: Evidence::Native { external_id: "r".into(), url: String::new() },
        at: Instant(at),
        covers: covers.iter().map(|m| MentionId(*m)).collect(),
    }
}

fn void(reason: VoidReason, note: &str) -> CaseEvent {
    sparing(reason, note, &[])
}

fn sparing(reason: VoidReason, note: &str, later: &[u128]) -> CaseEvent {
    let spares = later.iter().map(|m| MentionId(*m)).collect();
    CaseEvent::Voided { reason, by: "ada".into(), note: note.into(), spares }
}

fn take(by: &str, until: i64) -> CaseEvent {
    CaseEvent::Taken { by: by.into(), until: Instant(until) }
}

#[test]
fn a_complaint_rings_a_question_does_not() {
    let ring = |owing| {
        let (_, effects) = apply(empty(), CaseEvent::Owed(debt(1, owing)), Instant(0)).unwrap();
        effects.contains(&Effect::Alert(Reason::NewComplaint))
    };
    assert!(ring(Owing::Complaint));
    assert!(!ring(Owing::Question));
    assert!(!ring(Owing::Look));
}

#[test]
fn a_mention_stored_after_the_answer_stays_owed() {
    let (case, _) =
        apply(opened(), CaseEvent::Owed(debt(2, Owing::Complaint)), Instant(5)).unwrap();
    let (case, effects) = apply(case, answer(4, &[1]), Instant(6)).unwrap();
    assert_eq!(case.state(), State::Waiting);
    let done = Effect::Becomes { mention: MentionId(1), disposition: Disposition::Answered };
    assert_eq!(effects, [done]);
    let (case, _) = apply(case, answer(7, &[2]), Instant(7)).unwrap();
    assert_eq!(case.state(), State::Answered);
    assert_eq!(next_due(&case), None);
}

#[test]
fn a_take_is_a_lease() {
    let (case, _) = apply(opened(), take("ada", HOUR), Instant(0)).unwrap();
    let refused = apply(case.clone(), take("bob", HOUR), Instant(1)).unwrap_err();
    assert!(refused.0.contains("ada has taken this case until"));
    assert!(apply(case.clone(), CaseEvent::TakeRanOut, Instant(1)).is_err());
    assert_eq!(next_due(&case), Some((Instant(HOUR), EventName::TakeRanOut)));
    let (case, effects) = apply(case, CaseEvent::TakeRanOut, Instant(HOUR)).unwrap();
    assert_eq!(case.state(), State::Waiting);
    assert!(effects.contains(&Effect::Alert(Reason::TakeRanOut)));
}

#[test]
fn overdue_is_told_once_then_a_reminder_each_day() {
    let case = opened();
    assert_eq!(next_due(&case), Some((Instant(4 * HOUR), EventName::Overdue)));
    let (case, effects) = apply(case, CaseEvent::Overdue, Instant(4 * HOUR)).unwrap();
    assert_eq!(effects, [Effect::Alert(Reason::Overdue)]);
    assert_eq!(next_due(&case), Some((Instant(4 * HOUR + DAY), EventName::StillOwed)));
    let (_, effects) = apply(case, CaseEvent::Overdue, Instant(5 * HOUR)).unwrap();
    assert!(effects.is_empty());
}

fn past(mention: u128, owing: Owing) -> CaseEvent {
    CaseEvent::Owed(Obligation { first_look: true, ..debt(mention, owing) })
}

#[test]
fn a_first_look_rings_drafts_and_is_due_nowhere_until_it_is_opened() {
    let (case, effects) = apply(empty(), past(1, Owing::Complaint), Instant(0)).unwrap();
    let opens = Effect::Becomes { mention: MentionId(1), disposition: Disposition::Open };
    assert_eq!(effects, [opens]);
    assert_eq!((case.state(), next_due(&case), case.deadline()), (State::Waiting, None, None));
    let open = |mention, due| CaseEvent::Opened {
        by: "ada".into(),
        debts: vec![(MentionId(mention), Instant(due))],
    };
    assert!(apply(case.clone(), open(2, 1), Instant(1)).is_err(), "another mention");
    let (case, effects) = apply(case, open(1, DAY), Instant(HOUR)).unwrap();
    assert_eq!(effects, [Effect::Draft], "a person opened it, so nobody is told");
    assert_eq!(next_due(&case), Some((Instant(DAY), EventName::Overdue)));
    let (case, effects) = apply(case, CaseEvent::Overdue, Instant(DAY)).unwrap();
    assert_eq!(effects, [Effect::Alert(Reason::Overdue)]);
    assert!(apply(case, open(1, DAY), Instant(DAY)).is_err(), "it is open");
}

#[test]
fn what_is_left_in_a_first_look_ends_alone() {
    let (case, _) = apply(empty(), past(1, Owing::Complaint), Instant(0)).unwrap();
    let (case, effects) =
        apply(case, CaseEvent::Owed(debt(2, Owing::Complaint)), Instant(1)).unwrap();
    assert!(effects.contains(&Effect::Alert(Reason::Again)), "a new word rings as ever");
    let leave = CaseEvent::BeforeUs { by: "ada".into(), note: "before our time".into() };
    let (case, effects) = apply(case, leave.clone(), Instant(2)).unwrap();
    let waived = Effect::Becomes { mention: MentionId(1), disposition: Disposition::Waived };
    assert_eq!(effects, [waived]);
    assert_eq!(case.state(), State::Waiting, "the new debt stands");
    assert!(case.obligations[0].first_look, "nobody opened it");
    assert!(apply(case, leave, Instant(3)).is_err());
}

#[test]
fn whoever_acts_on_a_first_look_opens_it_and_a_native_answer_does_not() {
    let (case, _) = apply(empty(), past(1, Owing::Complaint), Instant(0)).unwrap();
    let (taken, effects) = apply(case.clone(), take("ada", 5 * HOUR), Instant(0)).unwrap();
    assert!(!taken.obligations[0].first_look && effects == [Effect::Draft]);
    assert_eq!(taken.deadline(), Some(Instant(5 * HOUR)), "not before the take runs out");
    let (waived, _) = apply(case.clone(), void(VoidReason::Waived, "settled"), Instant(1)).unwrap();
    assert!(!waived.obligations[0].first_look);
    let (answered, _) = apply(case, answer(1, &[1]), Instant(2)).unwrap();
    assert!(answered.obligations[0].first_look, "answered before anybody here looked");
    let open = CaseEvent::Opened { by: "ada".into(), debts: vec![(MentionId(1), Instant(DAY))] };
    let (opened, effects) = apply(answered, open, Instant(3)).unwrap();
    assert_eq!((opened.state(), effects), (State::Answered, vec![]));
    assert!(!opened.obligations[0].first_look, "opened, it counts as what it is");
}

#[test]
fn text_can_raise_and_never_lower() {
    let raise = |severity, due| CaseEvent::Raised {
        mention: MentionId(1),
        owing: Owing::Question,
        severity,
        due: Instant(due),
        grave: false,
    };
    let (case, _) = apply(opened(), raise(0, 9 * HOUR), Instant(1)).unwrap();
    let o = &case.obligations[0];
    assert_eq!((o.owing, o.severity, o.due), (Owing::Complaint, 2, Instant(4 * HOUR)));
    let (case, _) = apply(case, raise(3, HOUR), Instant(1)).unwrap();
    assert_eq!((case.severity(), case.deadline()), (3, Some(Instant(HOUR))));
}

#[test]
fn waiving_needs_a_reason_and_can_be_undone() {
    let waive = |note: &str| void(VoidReason::Waived, note);
    assert!(apply(opened(), waive(" "), Instant(1)).unwrap_err().0.contains("say why"));
    let (case, _) = apply(opened(), waive("troll"), Instant(1)).unwrap();
    assert_eq!(case.state(), State::Waived);
    let reopen =
        CaseEvent::Reopened { by: "ada".into(), note: "no troll".into(), due: Instant(DAY) };
    let (case, effects) = apply(case, reopen.clone(), Instant(2)).unwrap();
    assert_eq!(case.state(), State::Waiting);
    assert!(effects.contains(&Effect::Alert(Reason::Reopened)));
    let withdrawn = CaseEvent::Withdrawn { mention: MentionId(1) };
    let (case, _) = apply(case, withdrawn, Instant(3)).unwrap();
    assert_eq!(case.state(), State::Withdrawn);
    assert!(apply(case, reopen, Instant(4)).is_err());
}

fn hand_over(to: &str) -> CaseEvent {
    CaseEvent::HandedOver { by: "ada".into(), to: to.into(), reference: "#7".into() }
}

#[test]
fn the_private_contact_answers_and_without_it_the_case_is_owed_again() {
    let ask = CaseEvent::Moved { by: "ada".into(), until: Instant(DAY) };
    let (case, _) = apply(opened(), ask, Instant(1)).unwrap();
    assert_eq!(next_due(&case), Some((Instant(DAY), EventName::MoveLapsed)));
    let (owed, effects) = apply(case.clone(), CaseEvent::MoveLapsed, Instant(DAY)).unwrap();
    assert_eq!((owed.state(), effects), (State::Waiting, vec![Effect::Alert(Reason::StillOwed)]));
    let evidence = Evidence::Moved { by: String::new(), case: Some(CaseId(2)), url: String::new() };
    let contact = CaseEvent::Answered { evidence, at: Instant(3), covers: vec![MentionId(1)] };
    assert_eq!(contact.actor(), "contact");
    let (case, _) = apply(case, contact, Instant(4)).unwrap();
    assert_eq!((case.state(), next_due(&case)), (State::Answered, None));
}

#[test]
fn what_opens_a_case_again_is_told_as_that() {
    let again = |case: Case, mention| {
        let (_, effects) =
            apply(case, CaseEvent::Owed(debt(mention, Owing::Complaint)), Instant(9)).unwrap();
        effects.into_iter().find(|e| matches!(e, Effect::Alert(_))).unwrap()
    };
    let (answered, _) = apply(opened(), answer(1, &[1]), Instant(2)).unwrap();
    assert_eq!(again(answered.clone(), 2), Effect::Alert(Reason::Again));
    assert_eq!(again(answered, 1), Effect::Alert(Reason::Reopened), "it was changed since");
    for reason in [VoidReason::Waived, VoidReason::Closed, VoidReason::NotComplaint] {
        let (ended, _) = apply(opened(), void(reason, "n"), Instant(2)).unwrap();
        assert_eq!(again(ended, 2), Effect::Alert(Reason::Reopened));
    }
}

#[test]
fn an_answer_that_did_not_do_does_not_meet_what_was_opened_again() {
    let (case, _) = apply(opened(), answer(1, &[1]), Instant(2)).unwrap();
    let reopen = CaseEvent::Reopened { by: "ada".into(), note: "n".into(), due: Instant(DAY) };
    let (case, _) = apply(case, reopen, Instant(HOUR)).unwrap();
    let debt = &case.obligations[0];
    assert_eq!(debt.since, Instant(HOUR), "only what is posted later answers it");
    assert_eq!(debt.heard_at, Instant(HOUR), "and only what is approved later");
}

#[test]
fn the_picture_has_every_state() {
    let picture = mermaid();
    for state in State::ALL {
        assert!(picture.contains(state.as_str()), "{state} is missing");
    }
}

fn any_event() -> impl Strategy<Value = CaseEvent> {
    let mention = 1u128..4;
    let until = 1i64..200;
    prop_oneof![
        (mention.clone(), 0usize..3, any::<bool>()).prop_map(|(m, o, first)| {
            CaseEvent::Owed(Obligation { first_look: first, ..debt(m, Owing::ALL[o]) })
        }),
        (mention.clone(), 0u8..4, any::<bool>()).prop_map(|(m, severity, grave)| {
            let (mention, owing, due) = (MentionId(m), Owing::Complaint, Instant(HOUR));
            CaseEvent::Raised { mention, owing, severity, due, grave }
        }),
        (mention.clone(), 0usize..3, until.clone()).prop_map(|(m, o, u)| CaseEvent::Called {
            by: "ada".into(),
            owing: Owing::ALL[o],
            note: String::new(),
            debts: vec![(MentionId(m), Instant(u))],
        }),
        mention.clone().prop_map(|m| CaseEvent::Withdrawn { mention: MentionId(m) }),
        (0i64..200, proptest::collection::vec(mention.clone(), 0..3))
            .prop_map(|(at, m)| answer(at, &m)),
        until.clone().prop_map(|u| take("ada", u)),
        until.clone().prop_map(|u| take("bob", u)),
        Just(CaseEvent::Released { by: "ada".into() }),
        Just(CaseEvent::TakeRanOut),
        until.clone().prop_map(|u| CaseEvent::Snoozed { by: "ada".into(), until: Instant(u) }),
        Just(CaseEvent::SnoozeOver),
        until.clone().prop_map(|u| CaseEvent::Moved { by: "ada".into(), until: Instant(u) }),
        Just(CaseEvent::MoveLapsed),
        (0usize..5, proptest::collection::vec(mention.clone(), 0..2))
            .prop_map(|(r, later)| sparing(VoidReason::ALL[r], "n", &later)),
        Just(CaseEvent::Reopened { by: "ada".into(), note: String::new(), due: Instant(DAY) }),
        (mention.clone(), until.clone()).prop_map(|(m, u)| CaseEvent::Opened {
            by: "ada".into(),
            debts: vec![(MentionId(m), Instant(u))],
        }),
        Just(CaseEvent::BeforeUs { by: "ada".into(), note: "n".into() }),
        Just(hand_over("zammad")),
        Just(CaseEvent::TakenBack { by: "ada".into() }),
        Just(CaseEvent::TicketFiled { to: "zammad".into(), reference: "#7".into() }),
        Just(CaseEvent::TicketClosed { to: "zammad".into() }),
        Just(CaseEvent::TicketOpened { to: "zammad".into() }),
        Just(CaseEvent::Overdue),
        Just(CaseEvent::NotResolved),
        (0u8..4).prop_map(|level| CaseEvent::Escalated { level }),
        Just(CaseEvent::Acknowledged { by: "bob".into() }),
        Just(CaseEvent::StillOwed),
        any_date().prop_map(CaseEvent::Commitment),
    ]
}

fn any_date() -> impl Strategy<Value = CommitmentEvent> {
    let word = || Evidence::Word { by: "ada".into(), url: String::new() };
    let (number, until) = (1u32..4, 1i64..200);
    prop_oneof![
        (number.clone(), until.clone(), any::<bool>()).prop_map(|(number, due, promise)| {
            let (by, words) = (Source::Agent("ada".into()), String::new());
            let due = Instant(due);
            let set = Commitment::follow_up(number, due, words, Instant(0), by);
            let remind_at = promise.then_some(Instant(due.0 / 2));
            let kind = if promise { CommitmentKind::Promise } else { CommitmentKind::FollowUp };
            CommitmentEvent::Made(Commitment { kind, remind_at, ..set })
        }),
        (proptest::option::of(number.clone()), until.clone()).prop_map(move |(number, at)| {
            CommitmentEvent::Kept { number, evidence: word(), at: Instant(at) }
        }),
        (number.clone(), until).prop_map(|(number, due)| CommitmentEvent::Corrected {
            number,
            due: Instant(due),
            remind_at: None,
            by: "ada".into(),
            note: "n".into(),
        }),
        number.prop_map(|number| CommitmentEvent::Dropped {
            number,
            by: "ada".into(),
            note: "n".into(),
        }),
        Just(CommitmentEvent::Near),
        Just(CommitmentEvent::Broken),
        Just(CommitmentEvent::FollowUpDue),
    ]
}

proptest! {
    /// Whatever happens in whatever order: moves stay inside the table (`apply` asserts it), an
    /// open case has a due time (only what waits of a first look has its own elsewhere), and so has
    /// one that promised something; an ended one has none, and the dispositions fold without a break.
    #[test]
    fn any_life_obeys_the_rules(events in proptest::collection::vec(any_event(), 1..40)) {
        let mut case = opened();
        let mut moves = std::collections::BTreeMap::from([(MentionId(1), vec![Disposition::Open])]);
        let sla = SlaPolicy { resolution: Some(50), ..SlaPolicy::default() };
        let always = Calendar::always(jiff::tz::TimeZone::UTC);
        for (step, event) in events.into_iter().enumerate() {
            let now = Instant(step as i64 * 7);
            let Ok((next, effects)) = apply(case.clone(), event.clone(), now) else { continue };
            case = next;
            wind(&mut case, &event, &sla, &always, now);
            let complains = case.opened().any(|o| o.owing == Owing::Complaint);
            prop_assert_eq!(case.resolution.runs_since.is_some(), complains);
            let ran = case.resolution.runs_since.map_or(0, |since| now - since);
            prop_assert!(case.resolution.spent >= 0 && ran >= 0);
            prop_assert!(case.resolution.spent + ran <= now.0, "no time counts twice");
            for effect in effects {
                if let Effect::Becomes { mention, disposition } = effect {
                    moves.entry(mention).or_default().push(disposition);
                }
            }
            let waits = case.opened().next().is_none() && case.attention == Attention::Free;
            let owes = case.owed().next().is_some();
            let promised = case.is_awaited();
            prop_assert_eq!(next_due(&case).is_some(), owes && !waits || promised);
        }
        for o in &case.obligations {
            let folded = crate::domain::ledger::fold(moves[&o.mention].iter().copied());
            let stands = match &o.standing {
                Standing::Owed => Disposition::Open,
                Standing::Met { .. } => Disposition::Answered,
                Standing::Void { reason: VoidReason::Waived, .. } => Disposition::Waived,
                Standing::Void { reason: VoidReason::Closed, .. } => Disposition::Closed,
                Standing::Void { reason: VoidReason::Withdrawn, .. } => Disposition::Withdrawn,
                Standing::Void { .. } => Disposition::NotOwed,
            };
            prop_assert_eq!(folded, Ok(stands));
        }
    }
}
