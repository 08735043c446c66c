//! Priorities: every part with its weight, and an order in which complaints come first.

use super::*;
use crate::domain::case::tests::empty;
use crate::domain::obligation::{Before, Evidence, Obligation, Standing};
use crate::domain::{Lang, MentionId};
use proptest::prelude::*;

fn debt(owing: Owing, severity: u8, due: i64) -> Obligation {
    Obligation {
        mention: MentionId(7),
        owing,
        severity,
        language: Lang::IT,
        since: Instant(0),
        heard_at: Instant(0),
        due: Instant(due),
        first_look: false,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    }
}

fn case(obligations: Vec<Obligation>) -> Case {
    Case { opened_at: Instant(5), told_at: Instant(5), obligations, ..empty() }
}

fn told(stakes: &Stakes, debts: Vec<Obligation>) -> Vec<(&'static str, i64)> {
    let priority = Weights::default().priority(&case(debts), stakes);
    let told: Vec<_> = priority.parts.iter().map(|p| (p.part.name().as_str(), p.points)).collect();
    assert_eq!(priority.points, told.iter().map(|(_, n)| n).sum::<i64>());
    told
}

#[test]
fn every_part_is_told_with_its_weight() {
    let complaint = || vec![debt(Owing::Complaint, 3, 8 * HOUR)];
    let mut stakes = Stakes::default();
    assert_eq!(told(&stakes, complaint()), [("severity", 12)]);
    assert_eq!(told(&stakes, vec![debt(Owing::Complaint, 1, HOUR)]), [], "nothing weighs");
    stakes.raise(&[Risk::Legal, Risk::Sarcasm, Risk::Legal]);
    (stakes.strikes, stakes.reach) = (2, 12_000);
    let all = [("severity", 12), ("risk", 24), ("strikes", 72), ("reach", 8)];
    assert_eq!(told(&stakes, complaint()), all);
    for (value, points) in [("low", 0), ("normal", 0), ("high", 12), ("vip", 24)] {
        stakes.customer = value.parse().ok();
        let told = told(&stakes, complaint());
        let part = told.iter().find(|(name, _)| *name == "customer").map(|(_, points)| *points);
        assert_eq!(part, (points > 0).then_some(points), "{value}");
    }
    stakes.strikes = 9;
    assert!(told(&stakes, complaint()).contains(&("strikes", 144)));
    let met = Evidence::Word { by: "ada".into(), url: String::new() };
    let mut ended = complaint();
    ended[0].standing = Standing::Met { evidence: met, at: Instant(9) };
    assert_eq!(told(&stakes, ended), [], "what owes nothing is not urgent");
}

#[test]
fn risks_begin_anew_where_nothing_is_owed_any_more() {
    let mut debts = vec![debt(Owing::Complaint, 1, HOUR)];
    let mut stakes = Stakes::default();
    stakes.begin(&case(Vec::new()), &[Risk::Legal]);
    stakes.begin(&case(debts.clone()), &[Risk::Churn]);
    assert_eq!(stakes.risk, BTreeSet::from([Risk::Churn, Risk::Legal]), "text lowers nothing");
    assert!(stakes.breaks_through());
    let met = Evidence::Word { by: "ada".into(), url: String::new() };
    debts[0].standing = Standing::Met { evidence: met, at: Instant(9) };
    stakes.begin(&case(debts), &[Risk::Churn]);
    assert_eq!(stakes.risk, BTreeSet::from([Risk::Churn]));
    assert!(!stakes.breaks_through());
}

#[test]
fn a_window_that_closes_before_the_deadline_takes_its_place() {
    let at = |window| {
        let stakes = Stakes { window: Some(window), ..Stakes::default() };
        let case = case(vec![debt(Owing::Complaint, 1, 30 * HOUR)]);
        let priority = Weights::default().priority(&case, &stakes);
        (priority.points, place(&case, priority.points).1)
    };
    assert_eq!(at(7 * DAY), (0, Instant(30 * HOUR)), "it closes long after");
    assert_eq!(at(24 * HOUR), (10, Instant(20 * HOUR)), "four hours before it closes");
    assert_eq!(at(32 * HOUR), (2, Instant(28 * HOUR)));
    assert_eq!(at(24 * HOUR + 1), (10, Instant(20 * HOUR)), "hours are rounded up");
    let stakes = Stakes { window: Some(7 * DAY), ..Stakes::default() };
    let old = Obligation { heard_at: Instant(30 * DAY), ..debt(Owing::Complaint, 1, 31 * DAY) };
    assert_eq!(told(&stakes, vec![old]), [], "it had closed before we heard");
}

#[test]
fn reach_counts_by_powers_of_ten() {
    let found = [0, 999, 1_000, 9_999, 10_000, 1_000_000, u64::MAX].map(steps);
    assert_eq!(found, [0, 0, 1, 1, 2, 4, 17]);
}

#[test]
fn what_ended_and_what_waits_in_a_first_look_stand_behind() {
    let mut waits = debt(Owing::Complaint, 3, HOUR);
    waits.first_look = true;
    let mut met = debt(Owing::Complaint, 3, HOUR);
    let evidence = Evidence::Word { by: "ada".into(), url: String::new() };
    met.standing = Standing::Met { evidence, at: Instant(9) };
    let of = |debts| place(&case(debts), 1_000);
    assert_eq!(of(vec![waits]), (FIRST_LOOK, Instant(5)));
    assert_eq!(of(vec![met]), (ENDED, Instant(-5)));
    assert_eq!(of(vec![debt(Owing::Look, 0, HOUR)]).0, LOOK);
}

proptest! {
    #[test]
    fn complaints_come_before_questions_whatever_they_weigh(
        points in 0i64..100_000, due in 0i64..1_000_000_000, other in 0i64..1_000_000_000,
    ) {
        let complaint = place(&case(vec![debt(Owing::Complaint, 1, due)]), 0);
        let question = place(&case(vec![debt(Owing::Question, 0, other)]), points);
        let look = place(&case(vec![debt(Owing::Look, 0, other)]), points);
        prop_assert!(complaint < question && question < look);
    }

    #[test]
    fn a_point_is_an_hour(points in 0i64..1_000, due in 0i64..1_000_000_000) {
        let (_, at) = place(&case(vec![debt(Owing::Complaint, 1, due)]), points);
        prop_assert_eq!(at, Instant(due - points * HOUR));
    }
}
