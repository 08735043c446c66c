//! Trap 22: somebody takes a case, or hands it over, and forgets it. A take is a lease; nothing but an
//! answer ends what is owed.

use crate::town::Town;
use ascolto::domain::case::State;
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::{Act, TAKE};

const COMPLAINT: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

async fn town() -> Town {
    let t = Town::new(COMPLAINT).await;
    t.pass(64).await;
    t
}

#[tokio::test]
async fn a_take_that_is_not_renewed_runs_out() {
    let t = town().await;
    t.act("p1", "ada", Act::Take).await.unwrap();
    let refused = t.act("p1", "bob", Act::Take).await.unwrap_err().to_string();
    assert!(refused.contains("ada has taken this case until"), "{refused}");
    t.pass(TAKE / MINUTE + 1).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert!(t.alerts("p1").await.contains(&"take_ran_out sent".to_owned()));
    t.close().await;
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let mut t = town().await;
    t.act("p1", "ada", Act::Take).await.unwrap();
    t.restart().await;
    t.pass(TAKE / MINUTE + 1).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    t.close().await;
}

#[tokio::test]
async fn whoever_renews_a_take_for_ever_is_told_of_the_deadline_all_the_same() {
    let t = town().await;
    let due = t.case("p1").await.case.deadline().unwrap();
    while t.deps.now() <= due {
        t.act("p1", "ada", Act::Take).await.unwrap();
        t.pass(20).await;
    }
    assert_eq!(t.state("p1").await, State::Taken);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "overdue sent"]);
    t.close().await;
}

#[tokio::test]
async fn handed_over_is_not_answered() {
    let t = town().await;
    let (to, reference) = ("magazzino".to_owned(), "M-17".to_owned());
    t.act("p1", "ada", Act::HandOver { to, reference }).await.unwrap();
    let case = t.case("p1").await.case;
    let flag = case.handed_over.clone().unwrap();
    assert_eq!(
        (flag.by.as_str(), flag.to.as_str(), case.state()),
        ("ada", "magazzino", State::Waiting)
    );
    let left = (case.deadline().unwrap() - t.deps.now()) / MINUTE;
    t.pass(left + 2).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "overdue sent"]);
    t.pass(24 * 60).await;
    assert_eq!(t.alerts("p1").await.last().unwrap(), "still_owed sent");
    t.act("p1", "bob", Act::TakeBack).await.unwrap();
    assert_eq!(t.case("p1").await.case.handed_over, None);
    t.close().await;
}
