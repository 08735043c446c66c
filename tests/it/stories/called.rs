//! What is only to be looked at is called what it is: then it counts, is due and teaches as that.

use crate::town::Town;
use ascolto::domain::case::{EventName, State, next_due};
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::DAY;
use ascolto::pipeline::acts::Act;
use ascolto::store::ledger::BrandShare;
use ascolto::store::{events, labels};

/// A text in a language that is not judged.
const ODD: &str = r#"{"at":5,"do":"post","id":"odd","author":"suvi","handle":"suvi","lang":"fi","text":"@acme missä paketti on"}"#;

fn complaint() -> Act {
    Act::Called(Owing::Complaint, "chiede del pacco".to_owned())
}

/// The share unheard of the one brand.
async fn counted(t: &Town) -> BrandShare {
    t.ledger().await.shares.remove(0)
}

#[tokio::test]
async fn a_look_that_is_called_a_complaint_counts_as_one_and_its_deadline_stands() {
    let t = Town::new(ODD).await;
    t.pass(10).await;
    let file = t.case("odd").await;
    assert_eq!((file.case.owing(), file.stakes.strikes), (Some(Owing::Look), 0));
    assert_eq!(counted(&t).await.complaints.in_time, 0, "nobody has said what it is");

    t.act("odd", "ada", complaint()).await.unwrap();
    let file = t.case("odd").await;
    assert_eq!(file.case.owing(), Some(Owing::Complaint));
    assert!(file.case.severity() > 0, "as each complaint");
    assert_eq!(file.stakes.strikes, 1, "its author complained");
    assert_eq!(t.alerts("odd").await, ["not_alerted_kind silent", "new_complaint sent"]);
    assert_eq!(counted(&t).await.complaints.in_time, 1);
    let due = file.case.deadline().unwrap();
    assert_eq!(next_due(&file.case), Some((due, EventName::Overdue)));
    let mut tx = t.deps.store.read().await.unwrap();
    let said = labels::counts(&mut tx, "acme").await.unwrap();
    assert_eq!((said[0].source.as_str(), said[0].complaint), ("verdict", Some(true)));
    let log = events::of_subject(&mut tx, &file.case.id.to_string()).await.unwrap();
    let called = log.iter().find(|e| e.kind == "called").map(|e| e.actor.as_str());
    assert_eq!(called, Some("ada"), "the log names who said so");
    drop(tx);
    let again = t.act("odd", "bob", complaint()).await.unwrap_err().to_string();
    assert!(again.contains("it counts as one already"), "{again}");

    t.clock.advance(due - t.deps.now());
    t.settle().await;
    assert_eq!(t.alerts("odd").await[2..], ["overdue sent"]);
    t.clock.advance(8 * DAY);
    t.settle().await;
    t.pass(1).await;
    let share = counted(&t).await.complaints;
    assert_eq!((share.due, share.unheard), (1, 1));
    t.close().await;
}

#[tokio::test]
async fn one_that_was_answered_counts_as_answered_and_is_not_opened_again() {
    let t = Town::new(ODD).await;
    t.pass(10).await;
    t.act("odd", "ada", Act::Answered(String::new())).await.unwrap();
    t.act("odd", "ada", complaint()).await.unwrap();
    let file = t.case("odd").await;
    assert_eq!((file.case.state(), file.stakes.strikes), (State::Answered, 1));
    assert_eq!(t.alerts("odd").await, ["not_alerted_kind silent"], "nobody has to do anything");
    let share = counted(&t).await.complaints;
    assert_eq!((share.answered_early, share.in_time), (1, 0));
    t.close().await;
}
