//! What rules sort out is listed with the rule, and one click takes it up again.

use crate::town::Town;
use ascolto::domain::case::State;
use ascolto::domain::obligation::Owing;
use ascolto::pipeline::acts::Act;
use ascolto::pipeline::owed;
use ascolto::store::unowed::{self, SortedRow};
use ascolto::store::{events, labels};

const THANKS: &str = r#"{"at":5,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme grazie mille per la risposta, buona giornata"}
{"at":6,"do":"post","id":"p2","author":"al","handle":"al","lang":"it","text":"@acme grazie mille, buona serata"}"#;

async fn sorted(t: &Town) -> Vec<SortedRow> {
    let mut tx = t.deps.store.read().await.unwrap();
    unowed::sorted(&mut tx, "acme", "", None, 100).await.unwrap()
}

#[tokio::test]
async fn what_a_rule_sorted_out_is_owed_on_a_persons_word() {
    let t = Town::new(THANKS).await;
    t.pass(10).await;
    let out = sorted(&t).await;
    let rules: Vec<_> = out.iter().map(|row| row.sorted_as.as_str()).collect();
    assert_eq!(rules, ["thanks", "thanks"], "the newest first, each with its rule");
    let id = out[1].mention.mention_id().unwrap();
    let case = owed::owe(&t.deps, id, "ada", Owing::Complaint).await.unwrap();
    t.settle().await;
    assert_eq!((t.mention("p1").await.disposition.as_str(), sorted(&t).await.len()), ("open", 1));
    assert_eq!(t.state("p1").await, State::Waiting);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);

    let mut tx = t.deps.store.read().await.unwrap();
    let said = labels::counts(&mut tx, "acme").await.unwrap();
    assert_eq!((said[0].source.as_str(), said[0].complaint), ("verdict", Some(true)));
    let log = events::of_subject(&mut tx, &case.to_string()).await.unwrap();
    let owed_by = log.iter().find(|e| e.kind == "owed").map(|e| e.actor.as_str());
    assert_eq!(owed_by, Some("ada"), "the log names who said so");
    let noted = log.iter().find(|e| e.kind == "called_owed").map(|e| e.data.as_str());
    assert!(noted.is_some_and(|data| data.contains("\"thanks\"")), "{noted:?}");
    drop(tx);

    let again = owed::owe(&t.deps, id, "bob", Owing::Complaint).await.unwrap_err().to_string();
    assert!(again.contains(&format!("case {case}")), "{again}");
    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();
    let share = t.ledger().await.shares[0].complaints;
    assert_eq!((share.answered_early, share.in_time), (1, 0));
    t.close().await;
}

#[tokio::test]
async fn what_its_author_took_back_is_left_alone() {
    let script = format!("{THANKS}\n{{\"at\":20,\"do\":\"delete\",\"id\":\"p1\"}}");
    let t = Town::new(&script).await;
    t.pass(45).await;
    let row = t.mention("p1").await;
    assert_eq!(row.disposition, "withdrawn");
    let id = row.mention_id().unwrap();
    let refused = owed::owe(&t.deps, id, "ada", Owing::Complaint).await.unwrap_err();
    assert!(refused.to_string().contains("took it back"), "{refused}");
    t.close().await;
}
