//! Trap 7: a colleague answers in the network's own app. No alert, no second answer, never "unanswered".

use crate::town::Town;
use ascolto::domain::case::State;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

#[tokio::test]
async fn answered_before_our_poll_is_answered_without_an_alert() {
    let t = Town::new(&format!(
        "{}\n{}",
        COMPLAINT.replace("\"at\":2,", "\"at\":2.2,"),
        r#"{"at":2.5,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo, ci pensiamo noi."}"#
    ))
    .await;
    t.pass(4).await;
    assert_eq!(t.state("p1").await, State::Answered);
    assert_eq!(t.alerts("p1").await, ["answered_meanwhile silent"]);
    assert!(t.said().is_empty());
    t.close().await;
}

#[tokio::test]
async fn a_native_answer_after_the_alert_is_found_without_anybodys_doing() {
    let t = Town::new(&format!(
        "{COMPLAINT}\n{}",
        r#"{"at":20,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo."}"#
    ))
    .await;
    t.pass(10).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    t.pass(30).await;
    assert_eq!(t.state("p1").await, State::Answered);
    t.close().await;
}

#[tokio::test]
async fn a_passer_by_answers_nothing_and_a_new_word_is_owed_again() {
    let t = Town::new(&format!(
        "{COMPLAINT}\n{}\n{}\n{}",
        r#"{"at":5,"do":"post","id":"x1","author":"passer","parent":"p1","lang":"it","text":"anche io la penso così"}"#,
        r#"{"at":20,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo."}"#,
        r#"{"at":60,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"p1","lang":"it","text":"@acme ancora niente, pacco sempre perso e nessuno risponde, vergogna!"}"#
    ))
    .await;
    t.pass(10).await;
    assert_eq!(t.state("p1").await, State::Waiting, "a passer-by is not the brand");
    t.pass(40).await;
    assert_eq!(t.state("p1").await, State::Answered);
    t.pass(20).await;
    assert_eq!(t.state("p2").await, State::Waiting);
    assert_eq!(t.id("p1").await, t.id("p2").await, "one thread, one author, one case");
    t.close().await;
}

#[tokio::test]
async fn a_reply_overtaken_by_a_colleague_is_not_posted() {
    let t = Town::of(crate::town::Plan {
        script: &format!(
            "{COMPLAINT}\n{}",
            r#"{"at":9.5,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo."}"#
        ),
        posts: true,
        ..Default::default()
    })
    .await;
    t.pass(10).await;
    t.clock.advance(40_000);
    let reply = t.publish("p1", "ada").await.unwrap();
    assert_eq!(t.parts(reply).await[0].state, "refused");
    assert!(t.posts.as_ref().unwrap().standing().is_empty());
    assert_eq!(t.state("p1").await, State::Answered);
    t.close().await;
}
