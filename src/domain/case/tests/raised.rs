//! What an edit makes of a debt: worse is told, and comes back to whoever had put it off.

use super::*;

fn edit(owing: Owing, severity: u8, grave: bool) -> CaseEvent {
    let (mention, due) = (MentionId(1), Instant(4 * HOUR));
    CaseEvent::Raised { mention, owing, severity, due, grave }
}

fn snoozed(case: Case) -> Case {
    let event = CaseEvent::Snoozed { by: "ada".into(), until: Instant(9 * DAY) };
    apply(case, event, Instant(1)).unwrap().0
}

#[test]
fn what_an_edit_makes_worse_rings_and_ends_a_snooze_and_a_wait_for_private_contact() {
    let ask = CaseEvent::Moved { by: "ada".into(), until: Instant(DAY) };
    let moved = apply(opened(), ask, Instant(1)).unwrap().0;
    for off in [snoozed(opened()), moved] {
        for (severity, grave) in [(3, false), (2, true)] {
            let worse = edit(Owing::Complaint, severity, grave);
            let (case, effects) = apply(off.clone(), worse, Instant(2)).unwrap();
            assert_eq!(effects, [Effect::Alert(Reason::Again), Effect::Draft]);
            assert_eq!(case.state(), State::Waiting);
        }
        let (same, effects) =
            apply(off.clone(), edit(Owing::Complaint, 2, false), Instant(2)).unwrap();
        assert_eq!((same.state(), effects), (off.state(), vec![Effect::Draft]), "no worse");
    }
    let look = apply(empty(), CaseEvent::Owed(debt(1, Owing::Look)), Instant(0)).unwrap().0;
    let (look, effects) = apply(snoozed(look), edit(Owing::Look, 1, false), Instant(2)).unwrap();
    assert_eq!((look.state(), effects), (State::Waiting, vec![Effect::Draft]), "a look is silent");
}

#[test]
fn whoever_took_it_keeps_it_and_what_was_acknowledged_was_less() {
    let worse = || edit(Owing::Complaint, 3, true);
    let taken = apply(opened(), take("ada", HOUR), Instant(1)).unwrap().0;
    let (case, effects) = apply(taken, worse(), Instant(2)).unwrap();
    assert_eq!((case.state(), effects[0].clone()), (State::Taken, Effect::Alert(Reason::Again)));
    let seen = CaseEvent::Acknowledged { by: "ada".into() };
    let seen = apply(opened(), seen, Instant(1)).unwrap().0;
    let (same, _) = apply(seen.clone(), edit(Owing::Complaint, 1, false), Instant(2)).unwrap();
    assert!(same.escalation.acked.is_some());
    let (case, _) = apply(seen, worse(), Instant(2)).unwrap();
    assert_eq!(case.escalation.acked, None);
    let (past, _) = apply(empty(), past(1, Owing::Complaint), Instant(0)).unwrap();
    let (_, effects) = apply(past, worse(), Instant(1)).unwrap();
    assert!(effects.is_empty(), "what nobody has opened waits for the choice about it");
}
