//! Levels by the clock, acknowledgements, who stands in for whom.

use super::*;
use crate::domain::case::tests::empty;
use crate::domain::case::{CaseEvent, EventName, apply, next_due};
use crate::domain::obligation::{Before, Owing, Standing};
use crate::domain::rota::{Rota, Stint};
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Lang, MentionId};
use jiff::civil::Time;
use jiff::tz::TimeZone;

fn level(at: At, to: &[&str]) -> Level {
    let to = to.iter().map(|name| (*name).to_owned()).collect();
    Level { at, to, repeat: None, severity_from: 1 }
}

fn policy() -> EscalationPolicy {
    EscalationPolicy {
        name: "desk".into(),
        levels: vec![
            level(At::Share(0), &["room"]),
            Level { repeat: Some(30 * MINUTE), ..level(At::Share(50), &["duty", "room"]) },
            Level { severity_from: 2, ..level(At::Share(80), &["lead"]) },
            level(At::Overdue(0), &["lead"]),
            level(At::Overdue(2 * HOUR), &["boss"]),
        ],
        fallback: Some("lead".into()),
        last_resort: Some("boss".into()),
    }
}

fn debt(mention: u128, owing: Owing, severity: u8, heard: i64, due: i64) -> CaseEvent {
    CaseEvent::Owed(Obligation {
        mention: MentionId(mention),
        owing,
        severity,
        language: Lang::IT,
        since: Instant(heard),
        heard_at: Instant(heard),
        due: Instant(due),
        first_look: false,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    })
}

/// What the pipeline does: the event, then the plan.
fn step(case: Case, event: CaseEvent, now: i64) -> Case {
    use crate::domain::case::Effect;
    let (policy, always) = (policy(), Calendar::always(TimeZone::UTC));
    let (mut case, effects) = apply(case, event, Instant(now)).unwrap();
    let told = effects.iter().any(|e| matches!(e, Effect::Alert(_)));
    case.escalation = plan(Some((&policy, &always)), &case, told, Instant(now));
    case
}

/// A complaint heard at 0 and due after ten hours.
fn complained(severity: u8) -> Case {
    step(empty(), debt(1, Owing::Complaint, severity, 0, 10 * HOUR), 0)
}

/// Lets the clock act until `now`; gives the levels to which it brought the case, and when.
fn run(mut case: Case, now: i64) -> (Case, Vec<(u8, i64)>) {
    let (policy, always) = (policy(), Calendar::always(TimeZone::UTC));
    let (mut seen, mut clock) = (Vec::new(), Instant(0));
    while let Some((at, timer)) = next_due(&case).filter(|(at, _)| at.0 <= now) {
        clock = clock.max(at);
        let at = clock;
        let event = match timer {
            EventName::Escalated => {
                let level = rises(&policy, &always, &case, at).expect("its time has come");
                seen.push((level, at.0 / MINUTE));
                CaseEvent::Escalated { level }
            }
            EventName::Overdue => CaseEvent::Overdue,
            EventName::TakeRanOut => CaseEvent::TakeRanOut,
            EventName::SnoozeOver => CaseEvent::SnoozeOver,
            other => panic!("{other} at {at}"),
        };
        case = step(case, event, at.0);
    }
    (case, seen)
}

#[test]
fn levels_come_at_their_share_of_the_wait_and_repeat_until_the_next() {
    let (case, seen) = run(complained(2), 13 * HOUR);
    let repeats: Vec<(u8, i64)> = (0..6).map(|n| (2, 300 + 30 * n)).collect();
    let after = [(3, 480), (4, 600), (5, 720)];
    assert_eq!(seen, [&repeats[..], &after[..]].concat());
    assert_eq!((case.escalation.level, case.escalation.due()), (5, None));
    let (case, seen) = run(complained(1), 10 * HOUR);
    assert!(!seen.iter().any(|(level, _)| *level == 3), "that level begins at severity 2");
    assert_eq!(case.escalation.next, Some(Coming { level: 5, at: Instant(12 * HOUR) }));
}

#[test]
fn an_acknowledgement_stops_the_repeats_and_not_the_next_level() {
    let (case, _) = run(complained(2), 5 * HOUR);
    let ack = |by: &str| CaseEvent::Acknowledged { by: by.into() };
    let case = step(case, ack("ada"), 5 * HOUR + MINUTE);
    assert_eq!(case.escalation.acked.as_ref().unwrap().by, "ada");
    let again = apply(case.clone(), ack("bob"), Instant(5 * HOUR + 2 * MINUTE)).unwrap_err();
    assert!(again.0.contains("ada has acknowledged"), "{again}");
    let (case, seen) = run(case, 8 * HOUR);
    assert_eq!(seen, [(3, 480)], "no repeat, and the next level all the same");
    assert_eq!(case.escalation.acked, None, "nobody has acknowledged this one");
}

#[test]
fn a_take_acknowledges_and_one_that_runs_out_goes_to_the_level_that_holds() {
    let (case, _) = run(complained(2), 5 * HOUR);
    let take = |until| CaseEvent::Taken { by: "ada".into(), until: Instant(until) };
    let taken = step(case.clone(), take(6 * HOUR), 5 * HOUR + 1);
    assert_eq!((taken.escalation.level, taken.escalation.repeat_at), (2, None));
    let (back, seen) = run(taken, 6 * HOUR);
    assert!(seen.is_empty());
    assert_eq!((back.escalation.level, &back.escalation.acked), (2, &None));
    assert_eq!(back.escalation.repeat_at, Some(Instant(6 * HOUR + 30 * MINUTE)), "told again");

    let (late, seen) = run(step(case.clone(), take(9 * HOUR), 5 * HOUR + 1), 9 * HOUR);
    assert_eq!(seen, [(3, 480)], "a take stops no clock");
    assert_eq!(late.escalation.told_at, Some(Instant(9 * HOUR)), "and what holds hears of its end");
    let snooze = CaseEvent::Snoozed { by: "ada".into(), until: Instant(11 * HOUR) };
    let (woken, seen) = run(step(case, snooze, 5 * HOUR + 1), 11 * HOUR);
    assert_eq!((seen.len(), woken.escalation.level), (0, 4), "the level that holds by then");
}

#[test]
fn questions_climb_nowhere_and_an_answer_ends_it() {
    let case = step(empty(), debt(1, Owing::Question, 0, 0, HOUR), 0);
    assert_eq!(case.escalation, Escalation::default());
    assert_eq!(next_due(&case), Some((Instant(HOUR), EventName::Overdue)));
    let (case, _) = run(complained(2), 8 * HOUR);
    let waive = CaseEvent::Voided {
        reason: crate::domain::obligation::VoidReason::Waived,
        by: "ada".into(),
        note: "n".into(),
        spares: Vec::new(),
    };
    assert_eq!(step(case, waive, 8 * HOUR).escalation, Escalation::default());
}

#[test]
fn the_most_urgent_complaint_leads_and_a_later_deadline_takes_a_level_back() {
    let (case, _) = run(complained(2), 8 * HOUR);
    let case = step(case, debt(2, Owing::Complaint, 2, 8 * HOUR, 28 * HOUR), 8 * HOUR);
    assert_eq!(case.escalation.level, 3, "the older one leads");
    let gone = CaseEvent::Withdrawn { mention: MentionId(1) };
    let case = step(case, gone, 9 * HOUR);
    assert_eq!(case.escalation.level, 1);
    assert_eq!(case.escalation.next, Some(Coming { level: 2, at: Instant(18 * HOUR) }));
}

#[test]
fn a_later_complaint_climbs_by_its_own_deadline_where_the_case_is_late_already() {
    let (case, _) = run(complained(2), 13 * HOUR);
    let case = step(case, debt(2, Owing::Complaint, 2, 13 * HOUR, 23 * HOUR), 13 * HOUR);
    assert_eq!(case.escalation.level, 5, "the first one stands there");
    assert_eq!(case.escalation.next, Some(Coming { level: 2, at: Instant(18 * HOUR) }));
    let (case, seen) = run(case, 22 * HOUR);
    assert_eq!(seen, [(2, 18 * 60), (3, 21 * 60)]);
    assert_eq!((case.escalation.level, case.escalation.rang), (5, 3));
    assert!(policy().told_overdue(&case, Instant(22 * HOUR)), "of the first one it was said");
    assert!(!policy().told_overdue(&case, Instant(23 * HOUR)), "of the second one it was not");
    let (case, seen) = run(case, 26 * HOUR);
    assert_eq!(seen, [(4, 23 * 60), (5, 25 * 60)]);
    assert!(policy().told_overdue(&case, Instant(26 * HOUR)));
    let own: Vec<u8> = case.escalation.own.values().map(|own| own.level).collect();
    assert_eq!((own, case.escalation.due()), (vec![5, 5], None));
}

#[test]
fn posts_in_a_row_are_told_of_once() {
    let (five, ten) = (5 * MINUTE, 10 * HOUR);
    let again = debt(2, Owing::Complaint, 2, five, ten + five);
    let (case, seen) = run(step(complained(2), again, five), 13 * HOUR);
    let (_, alone) = run(complained(2), 13 * HOUR);
    assert_eq!(seen, alone);
    assert!(case.escalation.own.values().all(|own| own.level == 5));
    let later = debt(2, Owing::Complaint, 2, NEAR, ten + NEAR);
    let (_, seen) = run(step(complained(2), later, NEAR), 13 * HOUR);
    assert!(seen.len() > alone.len() && seen.ends_with(&[(5, 720), (5, 735)]), "{seen:?}");
}

#[test]
fn of_a_flood_those_that_are_due_first_climb() {
    let hours = |n: u128| i64::try_from(n).unwrap() * HOUR;
    let all = (2..=100).fold(complained(2), |case, n| {
        step(case, debt(n, Owing::Complaint, 2, 0, hours(9 + n)), 1)
    });
    let climbing = |case: &Case, now: i64| {
        let (policy, always) = (policy(), Calendar::always(TimeZone::UTC));
        let all = climbers(&policy, &always, case, Instant(now));
        all.iter().filter(|climber| climber.times.is_some()).count()
    };
    assert_eq!((all.escalation.own.len(), climbing(&all, 2)), (100, MOST));
    let (case, seen) = run(all, 13 * HOUR);
    assert_eq!(seen.iter().filter(|(level, _)| *level == 5).count(), 2, "due at 10 and at 11");
    // Two are done, of which the first leads still; others have come in for them.
    assert_eq!(climbing(&case, 13 * HOUR), MOST + 1);
}

#[test]
fn shares_count_business_time() {
    let office = Calendar::office(TimeZone::UTC);
    let friday = Instant::parse("2026-11-20T17:00:00Z").unwrap();
    let monday = Instant::parse("2026-11-23T12:00:00Z").unwrap();
    let at = |at: At| at.instant(&office, friday, monday).to_string();
    assert_eq!(at(At::Share(0)), "2026-11-20T17:00:00.000Z");
    assert_eq!(at(At::Share(50)), "2026-11-23T10:00:00.000Z", "not on Sunday");
    assert_eq!(at(At::Overdue(HOUR)), "2026-11-23T13:00:00.000Z");
    let (night, morning) = (friday + 3 * HOUR, friday + 13 * HOUR);
    assert_eq!(At::Share(50).instant(&office, night, morning), night + 5 * HOUR, "by the wall");
}

#[test]
fn whoever_is_there_is_told_else_the_fallback_else_the_last_resort() {
    let begin = Instant::parse("2026-11-20T00:00:00Z").unwrap();
    let away = Stint { who: "ada".into(), from: begin + DAY, to: begin + 2 * DAY };
    let duty = Rota {
        name: "duty".into(),
        people: vec!["ada".into()],
        zone: TimeZone::UTC,
        first: "2026-11-20".parse().unwrap(),
        every: 7,
        change: Time::midnight(),
        hours: Vec::new(),
        overrides: Vec::new(),
        absences: vec![away],
    };
    let rotas = Rotas::from([("duty".to_owned(), duty)]);
    let all = |_: &str| true;
    let mut policy = policy();
    assert_eq!(policy.told(2, &rotas, all, begin), ["ada", "room"]);
    assert_eq!(policy.told(2, &rotas, all, begin + DAY), ["room"], "ada is away");
    assert_eq!(policy.told(0, &rotas, all, begin), ["room"], "before the first level its people");
    policy.levels[1].to = vec!["duty".into()];
    assert_eq!(policy.told(2, &rotas, all, begin + DAY), ["lead"]);
    let gone = |who: &str| !["ada", "lead"].contains(&who);
    assert_eq!(policy.told(2, &rotas, gone, begin), ["boss"], "ada and lead are removed");
    let last = policy.levels[1].clone();
    assert!(policy.holes(&last, &rotas, begin, begin + 9 * DAY).is_empty());
    (policy.fallback, policy.last_resort) = (None, None);
    let hole = (begin + DAY, begin + 2 * DAY);
    assert_eq!(policy.holes(&last, &rotas, begin, begin + 9 * DAY), [hole]);
    assert!(policy.told(2, &rotas, all, begin + DAY).is_empty());
    let everybody: Vec<&str> = policy.everybody(&rotas).collect();
    assert_eq!(everybody, ["room", "duty", "ada", "lead", "lead", "boss"]);
}

#[test]
fn without_a_policy_nothing_climbs() {
    let (case, _) = run(complained(2), 5 * HOUR);
    assert_eq!(plan(None, &case, false, Instant(5 * HOUR)), Escalation::default());
}

#[test]
fn what_is_late_beside_the_debts_goes_to_the_first_level_behind_the_deadline() {
    let desk = policy();
    assert_eq!((desk.late(0), desk.late(3)), (4, 4));
    let early = EscalationPolicy { levels: desk.levels[..3].to_vec(), ..desk.clone() };
    assert_eq!((early.late(1), early.late(2)), (2, 3), "else to the last to which it comes");
}
