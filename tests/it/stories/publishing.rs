//! A reply is posted at most once, whatever the network does (invariant 4).

use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::pipeline::acts::{self, ActError};
use std::time::Duration;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

async fn town() -> Town {
    let t = Town::of(Plan { script: COMPLAINT, posts: true, ..Plan::default() }).await;
    t.pass(3).await;
    t
}

/// Publishes while the network does `trouble` with the post, and waits for the looks.
async fn through(trouble: Trouble) -> (Town, String) {
    let t = town().await;
    t.posts.as_ref().unwrap().script.then(trouble);
    let reply = t.publish("p1", "ada").await.unwrap();
    t.pass(15).await;
    let state = t.parts(reply).await[0].state.clone();
    (t, state)
}

#[tokio::test]
async fn an_ordinary_reply_answers_the_case() {
    let t = town().await;
    let reply = t.publish("p1", "ada").await.unwrap();
    assert_eq!(t.parts(reply).await[0].state, "posted");
    assert_eq!(t.state("p1").await, State::Answered);
    let posts = t.posts.as_ref().unwrap();
    assert_eq!(posts.standing().len(), 1);
    assert!(posts.standing()[0].text.starts_with("@jo "));
    t.close().await;
}

#[tokio::test]
async fn cut_after_the_post_was_carried_out() {
    let (t, state) = through(Trouble::CutAfter).await;
    assert_eq!(state, "posted", "it was found in the thread");
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    assert_eq!(t.state("p1").await, State::Answered);
    t.close().await;
}

#[tokio::test]
async fn answered_500_after_the_post_was_carried_out() {
    let (t, state) = through(Trouble::FailAfter).await;
    assert_eq!(state, "posted");
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn answered_late_is_answered_once() {
    let (t, state) = through(Trouble::Late(Duration::from_millis(300))).await;
    assert_eq!(state, "posted");
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn cut_before_it_was_carried_out_is_left_to_a_person() {
    let (t, state) = through(Trouble::CutBefore).await;
    assert_eq!(state, "unknown", "absent alone never resends");
    assert!(t.posts.as_ref().unwrap().standing().is_empty());
    assert_eq!(t.state("p1").await, State::Waiting);
    assert!(t.alerts("p1").await.contains(&"reply_unknown sent".to_owned()));
    let id = t.id("p1").await;
    let mut tx = t.deps.store.read().await.unwrap();
    let reply = ascolto::store::replies::of_case(&mut tx, id).await.unwrap().remove(0);
    drop(tx);
    acts::decide(&t.deps, &reply.id, "ada", false, "").await.unwrap();
    t.publish("p1", "ada").await.unwrap();
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    assert_eq!(t.state("p1").await, State::Answered);
    t.close().await;
}

#[tokio::test]
async fn hidden_for_a_minute_and_cut() {
    let t = town().await;
    let posts = t.posts.as_ref().unwrap();
    posts.hide_for(60_000);
    posts.script.then(Trouble::CutAfter);
    let reply = t.publish("p1", "ada").await.unwrap();
    t.pass(15).await;
    assert_eq!(t.parts(reply).await[0].state, "posted");
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn a_limit_is_waited_for_and_sent_again() {
    let (t, state) = through(Trouble::Refuse(429, Some(60))).await;
    assert_eq!(state, "posted");
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn a_refusal_is_told_and_the_case_stays_owed() {
    let (t, state) = through(Trouble::Refuse(422, None)).await;
    assert_eq!(state, "refused");
    assert_eq!(t.state("p1").await, State::Waiting);
    assert!(t.alerts("p1").await.contains(&"reply_failed sent".to_owned()));
    t.close().await;
}

#[tokio::test]
async fn a_restart_while_sending_looks_before_anything_else() {
    let mut t = town().await;
    t.posts.as_ref().unwrap().script.then(Trouble::CutAfter);
    let reply = t.publish("p1", "ada").await.unwrap();
    t.restart().await;
    t.pass(15).await;
    assert_eq!(t.parts(reply).await[0].state, "posted");
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn another_draft_revision_is_refused_with_the_current_one() {
    let t = town().await;
    let id = t.id("p1").await;
    acts::draft(&t.deps, id, "bob", "Un altro testo").await.unwrap();
    let refused = acts::publish(&t.deps, id, "ada", 1, "Il vecchio testo").await.unwrap_err();
    assert!(matches!(refused, ActError::Stale(d) if d.text == "Un altro testo" && d.rev == 2));
    t.close().await;
}

#[tokio::test]
async fn a_hold_stops_publishing_at_once() {
    let t = town().await;
    acts::hold(&t.deps, "acme", true, "lea", "crisis").await.unwrap();
    let refused = t.publish("p1", "ada").await.unwrap_err();
    assert!(refused.to_string().contains("on hold by lea: crisis"), "{refused}");
    acts::hold(&t.deps, "acme", false, "lea", "").await.unwrap();
    t.publish("p1", "ada").await.unwrap();
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    t.close().await;
}
