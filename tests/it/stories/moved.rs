//! Asked into private: answered once the private contact happened, and owed again if it did not.

use crate::town::Town;
use ascolto::domain::case::State;
use ascolto::domain::obligation::{Evidence, Standing};
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::{Act, MOVED};

const PUBLIC: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;
const PRIVATE: &str = r#"{"at":90,"do":"post","id":"d1","author":"jo","handle":"jo","visibility":"private","lang":"it","text":"Come chiesto vi scrivo qui: pacco perso, nessuno risponde, vergogna!"}
{"at":100,"do":"answer","id":"n1","parent":"d1","text":"Ciao, te lo rispediamo oggi."}"#;

async fn town(script: &str) -> Town {
    let t = Town::new(script).await;
    t.pass(64).await;
    t
}

/// What answered the public complaint.
async fn evidence(t: &Town) -> Evidence {
    match &t.case("p1").await.case.obligations[0].standing {
        Standing::Met { evidence, .. } => evidence.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_the_contact_it_is_owed_again_after_a_day() {
    let t = town(PUBLIC).await;
    t.act("p1", "ada", Act::Moved).await.unwrap();
    t.pass(MOVED / MINUTE - 1).await;
    assert_eq!(t.state("p1").await, State::Moved);
    assert_eq!(t.mention("p1").await.disposition, "open", "asked is not answered");
    t.pass(2).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    // Its deadline passed meanwhile: of two alerts at once the one that says more goes out.
    let told = ["new_complaint sent", "superseded silent", "overdue sent"];
    assert_eq!(t.alerts("p1").await, told);
    t.close().await;
}

#[tokio::test]
async fn a_person_says_that_the_contact_happened() {
    let t = town(PUBLIC).await;
    t.act("p1", "ada", Act::Moved).await.unwrap();
    t.act("p1", "bob", Act::Contacted(String::new())).await.unwrap();
    assert_eq!(t.state("p1").await, State::Answered);
    let word = Evidence::Moved { by: "bob".to_owned(), case: None, url: String::new() };
    assert_eq!(evidence(&t).await, word);
    t.close().await;
}

#[tokio::test]
async fn the_authors_private_message_is_the_contact_once_it_is_answered() {
    let t = town(&format!("{PUBLIC}\n{PRIVATE}")).await;
    t.act("p1", "ada", Act::Moved).await.unwrap();
    t.pass(34).await;
    assert_eq!(t.state("d1").await, State::Waiting);
    assert_eq!(t.state("p1").await, State::Moved, "a message alone is no answer");
    t.pass(40).await;
    assert_eq!((t.state("d1").await, t.state("p1").await), (State::Answered, State::Answered));
    let case = Some(t.id("d1").await);
    assert_eq!(evidence(&t).await, Evidence::Moved { by: String::new(), case, url: String::new() });
    t.close().await;
}

#[tokio::test]
async fn whoever_marks_it_after_the_contact_need_not_wait() {
    let t = town(&format!("{PUBLIC}\n{PRIVATE}")).await;
    t.pass(74).await;
    assert_eq!((t.state("d1").await, t.state("p1").await), (State::Answered, State::Waiting));
    t.act("p1", "ada", Act::Moved).await.unwrap();
    assert_eq!(t.state("p1").await, State::Answered);
    t.close().await;
}
