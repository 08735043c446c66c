//! What a person says that a look is: it is due and told as that, and an answer to it stays one.

use super::*;

fn call(owing: Owing, due: i64) -> CaseEvent {
    let debts = [1, 2].map(|m| (MentionId(m), Instant(due))).to_vec();
    CaseEvent::Called { by: "ada".into(), owing, note: String::new(), debts }
}

fn look() -> Case {
    apply(empty(), CaseEvent::Owed(debt(1, Owing::Look)), Instant(0)).unwrap().0
}

#[test]
fn a_look_that_is_called_a_complaint_rings_and_has_the_earlier_deadline() {
    let (case, effects) = apply(look(), call(Owing::Complaint, HOUR), Instant(1)).unwrap();
    assert_eq!(effects, [Effect::Draft, Effect::Alert(Reason::NewComplaint)]);
    let o = &case.obligations[0];
    assert_eq!((o.counts_as(), o.severity, o.due), (Owing::Complaint, 1, Instant(HOUR)));
    assert_eq!(next_due(&case), Some((Instant(HOUR), EventName::Overdue)));
    let again = apply(case.clone(), call(Owing::Complaint, HOUR), Instant(2)).unwrap_err();
    assert!(again.0.contains("already"), "{again}");
    assert!(apply(case, call(Owing::Question, HOUR), Instant(2)).is_err(), "it lowers nothing");
    let (case, effects) = apply(look(), call(Owing::Question, HOUR), Instant(1)).unwrap();
    assert_eq!((case.owing(), effects), (Some(Owing::Question), vec![Effect::Draft]));
    let both = apply(look(), CaseEvent::Owed(debt(2, Owing::Complaint)), Instant(1)).unwrap().0;
    let (_, effects) = apply(both, call(Owing::Complaint, HOUR), Instant(2)).unwrap();
    assert_eq!(effects[1], Effect::Alert(Reason::Again), "of this case they know");
}

#[test]
fn the_passed_deadline_of_a_look_is_not_that_of_the_complaint() {
    let (case, effects) = apply(look(), CaseEvent::Overdue, Instant(5 * HOUR)).unwrap();
    assert!(effects.is_empty(), "a look rings nobody");
    let (case, _) = apply(case, call(Owing::Complaint, DAY), Instant(6 * HOUR)).unwrap();
    assert_eq!(next_due(&case), Some((Instant(DAY), EventName::Overdue)));
    let (case, effects) = apply(case, CaseEvent::Overdue, Instant(DAY)).unwrap();
    assert_eq!((case.state(), effects), (State::Waiting, vec![Effect::Alert(Reason::Overdue)]));
}

#[test]
fn what_was_answered_stays_answered_and_what_was_ended_is_left_alone() {
    let two = apply(look(), CaseEvent::Owed(debt(2, Owing::Look)), Instant(1)).unwrap().0;
    let (half, _) = apply(two, answer(2, &[1]), Instant(2)).unwrap();
    let (owed, _) = apply(half.clone(), call(Owing::Complaint, HOUR), Instant(3)).unwrap();
    let owing: Vec<Owing> = owed.obligations.iter().map(|o| o.owing).collect();
    assert_eq!(owing, [Owing::Look, Owing::Complaint], "what is owed is meant");
    let (done, _) = apply(half, answer(4, &[2]), Instant(4)).unwrap();
    let (case, effects) = apply(done, call(Owing::Complaint, HOUR), Instant(5)).unwrap();
    assert_eq!((case.state(), effects, next_due(&case)), (State::Answered, vec![], None));
    assert_eq!(case.obligations[0].owing, Owing::Look, "an earlier answer is another matter");
    let o = &case.obligations[1];
    assert_eq!((o.counts_as(), o.first_met_at()), (Owing::Complaint, Some(Instant(4))));
    let (waived, _) = apply(look(), void(VoidReason::Waived, "n"), Instant(2)).unwrap();
    assert!(apply(waived, call(Owing::Complaint, HOUR), Instant(3)).is_err());
}

#[test]
fn whoever_says_what_a_first_look_is_has_opened_it() {
    let (case, _) = apply(empty(), past(1, Owing::Look), Instant(0)).unwrap();
    let (case, _) = apply(case, call(Owing::Complaint, DAY), Instant(1)).unwrap();
    assert_eq!((case.deadline(), case.obligations[0].first_look), (Some(Instant(DAY)), false));
}
