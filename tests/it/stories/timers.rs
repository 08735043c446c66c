//! Deadlines, snoozes, waivers: nothing is forgotten.

use crate::town::Town;
use ascolto::domain::case::State;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::pipeline::acts::Act;

const COMPLAINT: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

async fn town() -> Town {
    let t = Town::new(COMPLAINT).await;
    t.pass(64).await;
    t
}

#[tokio::test]
async fn an_unanswered_complaint_is_told_when_overdue_and_each_day_after() {
    let t = town().await;
    let due = t.case("p1").await.case.deadline().unwrap();
    let minutes = (due - t.deps.now()) / MINUTE;
    t.pass(minutes - 1).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.pass(2).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "overdue sent"]);
    t.pass(24 * 60 + 1).await;
    assert_eq!(t.alerts("p1").await.last().unwrap(), "still_owed sent");
    t.close().await;
}

#[tokio::test]
async fn a_snooze_comes_back() {
    let t = town().await;
    let until = t.deps.now() + HOUR;
    t.act("p1", "ada", Act::Snooze(until)).await.unwrap();
    assert_eq!(t.state("p1").await, State::Snoozed);
    t.pass(61).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert!(t.alerts("p1").await.contains(&"snooze_over sent".to_owned()));
    t.close().await;
}

#[tokio::test]
async fn waiving_needs_a_reason_and_counts() {
    let t = town().await;
    assert!(t.act("p1", "ada", Act::Waive(String::new())).await.is_err());
    t.act("p1", "ada", Act::Waive("troll".into())).await.unwrap();
    assert_eq!(t.mention("p1").await.disposition, "waived");
    t.act("p1", "ada", Act::Reopen("non era un troll".into())).await.unwrap();
    assert_eq!(t.state("p1").await, State::Waiting);
    t.close().await;
}
