//! A hand-over: a flag, and what happens to the ticket there ends nothing here.

use super::*;

#[test]
fn a_hand_over_is_a_flag_and_stops_no_clock() {
    let (case, effects) = apply(opened(), hand_over("zammad"), Instant(5)).unwrap();
    let flag = case.handed_over.clone().unwrap();
    assert_eq!((flag.to.as_str(), flag.reference.as_str(), flag.at), ("zammad", "#7", Instant(5)));
    assert_eq!((case.state(), effects), (State::Waiting, vec![]));
    assert_eq!(next_due(&case), next_due(&opened()));
    let back = CaseEvent::TakenBack { by: "ada".into() };
    let (case, _) = apply(case, back.clone(), Instant(6)).unwrap();
    assert_eq!(case.handed_over, None);
    assert!(apply(case, back, Instant(7)).is_err(), "it is nobody's");
    assert!(apply(opened(), hand_over(" "), Instant(5)).is_err(), "to whom?");
}

#[test]
fn a_ticket_that_is_closed_answers_nothing() {
    let filed = CaseEvent::TicketFiled { to: "zammad".into(), reference: "#4711".into() };
    assert!(apply(opened(), filed.clone(), Instant(5)).is_err(), "it was never handed over");
    let (case, _) = apply(opened(), hand_over("zammad"), Instant(5)).unwrap();
    let (case, effects) = apply(case, filed, Instant(6)).unwrap();
    assert_eq!(case.handed_over.as_ref().unwrap().reference, "#4711");
    assert!(effects.is_empty());
    let closed = CaseEvent::TicketClosed { to: "zammad".into() };
    assert_eq!(closed.actor(), "zammad");
    let (case, effects) = apply(case, closed, Instant(7)).unwrap();
    assert_eq!(case.handed_over.as_ref().unwrap().closed_at, Some(Instant(7)));
    assert_eq!((case.state(), effects), (State::Waiting, vec![]), "it stays owed");
    assert_eq!(next_due(&case), next_due(&opened()));
    let opened_there = CaseEvent::TicketOpened { to: "zammad".into() };
    let (case, _) = apply(case, opened_there, Instant(8)).unwrap();
    assert_eq!(case.handed_over.as_ref().unwrap().closed_at, None);
    let (case, _) = apply(case, hand_over("warehouse"), Instant(9)).unwrap();
    let late = CaseEvent::TicketClosed { to: "zammad".into() };
    assert!(apply(case, late, Instant(10)).is_err(), "it is the warehouse's now");
}
