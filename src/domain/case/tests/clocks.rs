//! The clocks that run beside a case's deadlines: of its resolution and of its levels.

use super::*;

#[test]
fn a_resolution_counts_what_was_ours_and_is_told_once() {
    let sla = SlaPolicy { resolution: Some(10 * HOUR), ..SlaPolicy::default() };
    let always = Calendar::always(jiff::tz::TimeZone::UTC);
    let step = |case: Case, event: CaseEvent, hour: i64| {
        let now = Instant(hour * HOUR);
        let (mut case, effects) = apply(case, event.clone(), now).unwrap();
        wind(&mut case, &event, &sla, &always, now);
        (case, effects)
    };
    let again = |m, hour| {
        let at = Instant(hour * HOUR);
        let (since, heard_at, due) = (at, at, at + DAY);
        CaseEvent::Owed(Obligation { since, heard_at, due, ..debt(m, Owing::Complaint) })
    };
    let (case, _) = step(empty(), again(1, 0), 0);
    assert_eq!(case.resolution.due, Some(Instant(10 * HOUR)));
    let (case, _) = step(case, answer(6 * HOUR, &[1]), 7);
    assert_eq!((case.resolution.spent, case.resolution.due), (6 * HOUR, None), "we wait");
    let (case, _) = step(case, again(2, 100), 101);
    assert_eq!(case.resolution.due, Some(Instant(104 * HOUR)), "four hours are left");
    assert_eq!(next_due(&case), Some((Instant(104 * HOUR), EventName::NotResolved)));
    let (case, effects) = step(case, CaseEvent::NotResolved, 104);
    assert_eq!(effects, [Effect::Alert(Reason::NotResolved)]);
    assert_eq!(next_due(&case).unwrap().1, EventName::Overdue, "told once");
    let (case, _) = step(case, void(VoidReason::Closed, "n"), 110);
    assert_eq!(case.resolution, Resolution::default());
    let (case, _) = step(case, again(3, 200), 200);
    assert_eq!(case.resolution.due, Some(Instant(210 * HOUR)), "a clock of its own");
}

#[test]
fn levels_come_while_it_waits_or_is_taken_and_none_comes_back() {
    use State::{Moved, Snoozed, Taken, Waiting};
    let may = |event| -> Vec<State> {
        State::ALL.iter().copied().filter(|state| edges::allowed(*state, event)).collect()
    };
    assert_eq!(may(EventName::Escalated), [Waiting, Taken]);
    assert_eq!(may(EventName::Acknowledged), [Waiting, Taken, Snoozed, Moved]);
    let escalated = |level| CaseEvent::Escalated { level };
    assert!(apply(opened(), escalated(0), Instant(1)).is_err());
    let (case, effects) = apply(opened(), escalated(2), Instant(1)).unwrap();
    assert_eq!((case.escalation.level, effects), (2, vec![Effect::Alert(Reason::Escalated)]));
    assert!(apply(case.clone(), escalated(1), Instant(2)).is_err());
    let (case, effects) = apply(case, escalated(2), Instant(2)).unwrap();
    assert_eq!((case.told_at, effects.len()), (Instant(2), 1), "told once more");
    let (case, _) = apply(case, answer(3, &[1]), Instant(3)).unwrap();
    assert_eq!(case.escalation, Escalation::default());
}

#[test]
fn a_snooze_lies_ahead_and_within_a_month() {
    let now = Instant(9 * DAY);
    let snooze = |until| {
        let event = CaseEvent::Snoozed { by: "ada".into(), until };
        apply(opened(), event, now).map(|(case, _)| case.state()).map_err(|e| e.0)
    };
    assert_eq!(snooze(now + 1), Ok(State::Snoozed));
    assert_eq!(snooze(now + LONGEST_SNOOZE), Ok(State::Snoozed));
    for (until, says) in [
        (now, "name a time after 1970-01-10"),
        (now - DAY, "has passed"),
        (now + (LONGEST_SNOOZE + 1), "name a time up to 1970-02-09"),
        (Instant::parse("9999-01-01T00:00:00Z").unwrap(), "more than 30 days away"),
    ] {
        let refused = snooze(until).unwrap_err();
        assert!(refused.contains(says), "{refused}");
    }
}
