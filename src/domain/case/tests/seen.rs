//! What an act ends: what whoever did it can have seen, and nothing that came after.

use super::*;

#[test]
fn what_came_after_the_look_stays_owed() {
    let two = apply(opened(), CaseEvent::Owed(debt(2, Owing::Complaint)), Instant(5)).unwrap().0;
    for reason in [VoidReason::Waived, VoidReason::Closed, VoidReason::NotComplaint] {
        let (case, effects) =
            apply(two.clone(), sparing(reason, "n", &[2, 3]), Instant(6)).unwrap();
        assert_eq!((case.state(), effects.len()), (State::Waiting, 1), "{reason}");
        assert!(!case.obligations[0].is_owed() && case.obligations[1].is_owed());
        let again = apply(case.clone(), sparing(reason, "n", &[2]), Instant(7)).unwrap_err();
        assert!(again.0.contains("nothing that is owed here"), "{again}");
        let (case, _) = apply(case, void(reason, "n"), Instant(7)).unwrap();
        assert!(case.owed().next().is_none(), "who has seen all of it ends all");
    }
    let taken = apply(two, take("ada", HOUR), Instant(6)).unwrap().0;
    let (case, _) = apply(taken, sparing(VoidReason::Waived, "n", &[2]), Instant(7)).unwrap();
    assert_eq!(case.state(), State::Taken, "whoever took it goes on with the rest");
}
