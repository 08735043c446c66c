//! The clock that is wrong elsewhere past midnight, on holidays and when clocks are moved (trap 21).

use crate::town::{MORNING, Plan, Town};
use ascolto::domain::Instant;
use ascolto::domain::time::MINUTE;

const WEEK: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A brand with these hours on the first so many days of the week and four hours for each answer,
/// to which somebody complains then.
async fn complaint(days: usize, hours: &str, more: &str, at: &str) -> Town {
    let minute = (Instant::parse(at).unwrap() - MORNING) / MINUTE;
    let post = format!(
        r#"{{"at":{minute},"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}}"#
    );
    let week: String = WEEK[..days].iter().map(|day| format!("{day} = [{hours}]\n")).collect();
    let brand = format!(
        "sla = \"flat\"\ncalendar = \"shop\"\n[sla.flat]\nfirst_response = \"4h\"\n\
         answer_at_latest = \"5d\"\n[calendar.shop]\n{week}{more}\n"
    );
    let plan = Plan { script: &post, brand: &brand, opens_after: minute - 1, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(3).await;
    t
}

/// When the answer is due, and that it is overdue then and not a minute before.
async fn due(t: Town, expected: &str) {
    let due = t.case("p1").await.case.deadline().unwrap();
    assert_eq!(due, Instant::parse(expected).unwrap(), "{due} is not {expected}");
    t.clock.advance(due - t.deps.now() - MINUTE);
    t.settle().await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.pass(2).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "overdue sent"]);
    t.close().await;
}

const NIGHT: &str = "\"22:00-06:00\"";

#[tokio::test]
async fn a_shift_past_midnight_goes_on_the_next_evening() {
    let t = complaint(7, NIGHT, "", "2026-11-21T05:30:00+01:00").await;
    due(t, "2026-11-22T01:30:00+01:00").await;
}

#[tokio::test]
async fn spans_that_overlap_count_once() {
    let hours = "\"09:00-13:00\", \"12:00-18:00\", \"22:00-02:00\"";
    let t = complaint(7, hours, "", "2026-11-20T11:30:00+01:00").await;
    due(t, "2026-11-20T15:30:00+01:00").await;
}

#[tokio::test]
async fn nobody_works_on_a_holiday_that_is_a_saturday() {
    let t = complaint(6, "\"09:00-18:00\"", "country = \"it\"", "2026-12-24T17:30:00+01:00").await;
    due(t, "2026-12-28T12:30:00+01:00").await;
}

#[tokio::test]
async fn a_closure_of_the_company_is_waited_for() {
    let closed = "closures = [{ name = \"trasloco\", from = 2026-11-20, to = 2026-11-21 }]";
    let t = complaint(7, "\"09:00-18:00\"", closed, "2026-11-20T11:30:00+01:00").await;
    due(t, "2026-11-22T13:00:00+01:00").await;
}

#[tokio::test]
async fn the_hour_that_spring_takes_is_not_worked() {
    let t = complaint(7, NIGHT, "", "2027-03-27T23:30:00+01:00").await;
    due(t, "2027-03-28T04:30:00+02:00").await;
}

#[tokio::test]
async fn the_hour_that_autumn_gives_is_worked_twice() {
    let t = complaint(7, NIGHT, "", "2027-10-30T23:30:00+02:00").await;
    due(t, "2027-10-31T02:30:00+01:00").await;
}
