//! Trap 18: the customer edits. Before the answer it can raise; after it, it is looked at again.

use crate::town::Town;
use ascolto::domain::case::{State, next_due};

/// Complains, is answered by a colleague, and edits.
fn script(edit: &str) -> String {
    format!(
        r#"{{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}}
{{"at":20,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo, ci pensiamo noi."}}
{{"at":60,"do":"edit","id":"p1","text":"{edit}"}}
{{"at":150,"do":"answer","id":"n2","parent":"p1","text":"Ciao, te lo rispediamo oggi."}}"#
    )
}

#[tokio::test]
async fn an_edit_after_the_answer_is_owed_again() {
    let t = Town::new(&script(
        "@acme mi avete scritto ma il pacco è sempre perso, nessuno risponde, vergogna!",
    ))
    .await;
    t.pass(50).await;
    assert_eq!(t.state("p1").await, State::Answered);
    t.pass(12).await;
    assert_eq!((t.state("p1").await, t.mention("p1").await.version), (State::Waiting, 2));
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "reopened sent"]);
    t.pass(60).await;
    assert_eq!(t.state("p1").await, State::Waiting, "the answer from before the edit is none");
    t.pass(50).await;
    assert_eq!(t.state("p1").await, State::Answered, "the one behind it is");
    t.close().await;
}

#[tokio::test]
async fn an_edit_that_only_asks_is_looked_at_and_rings_nobody() {
    let t = Town::new(&script("@acme a che ora apre lo sportello?")).await;
    t.pass(63).await;
    let case = t.case("p1").await.case;
    assert_eq!(case.owing(), Some(ascolto::domain::obligation::Owing::Look));
    assert!(next_due(&case).is_some());
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "not_alerted_kind silent"]);
    t.close().await;
}

#[tokio::test]
async fn an_edit_that_says_thanks_opens_nothing() {
    let t = Town::new(&script("Grazie mille per la risposta, buona giornata")).await;
    t.pass(63).await;
    assert_eq!((t.state("p1").await, t.mention("p1").await.version), (State::Answered, 2));
    t.close().await;
}
