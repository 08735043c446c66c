//! Trap 8: a new comment below a case that was closed, waived or answered opens it again and is told;
//! thanks do not.

use crate::town::Town;
use ascolto::domain::case::{State, next_due};
use ascolto::pipeline::acts::Act;

const TWICE: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":90,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"p1","lang":"it","text":"@acme ancora niente, pacco sempre perso e nessuno risponde, vergogna!"}"#;

#[tokio::test]
async fn a_complaint_below_what_a_person_ended_opens_it_again() {
    let why = || "risolto al telefono".to_owned();
    for ends in [Act::Close(why()), Act::Waive(why()), Act::NotComplaint(why())] {
        let t = Town::new(TWICE).await;
        t.pass(64).await;
        t.act("p1", "ada", ends).await.unwrap();
        assert_eq!(next_due(&t.case("p1").await.case), None);
        t.pass(28).await;
        let case = t.case("p2").await.case;
        assert_eq!((case.id, case.state()), (t.id("p1").await, State::Waiting));
        assert!(next_due(&case).is_some());
        assert_eq!(t.alerts("p1").await, ["new_complaint sent", "reopened sent"]);
        t.close().await;
    }
}

#[tokio::test]
async fn a_complaint_below_an_answer_is_owed_and_told() {
    let answer = r#"{"at":70,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo."}"#;
    let t = Town::new(&format!("{TWICE}\n{answer}")).await;
    t.pass(88).await;
    assert_eq!(t.state("p1").await, State::Answered);
    t.pass(4).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "again sent"]);
    assert_eq!(t.mention("p1").await.disposition, "answered", "each has a debt of its own");
    t.close().await;
}

#[tokio::test]
async fn thanks_below_an_answer_start_no_clock() {
    let t = Town::new(
        r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":20,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo, ci pensiamo noi."}
{"at":60,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"n1","lang":"it","text":"Grazie mille per la risposta, buona giornata"}"#,
    )
    .await;
    t.pass(63).await;
    assert_eq!(t.mention("p2").await.disposition, "not_owed");
    let case = t.case("p1").await.case;
    assert_eq!((case.state(), next_due(&case)), (State::Answered, None));
    t.close().await;
}
