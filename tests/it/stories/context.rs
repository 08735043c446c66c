//! What stands around a mention: the same few words are one thing from a stranger, and another from
//! who complained before, answers us, or answers a complaint.

use crate::town::{Plan, Town};
use ascolto::domain::case::State;

const COMPLAINT: &str = r#"{"at":1,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme terza settimana senza internet, nessuno risponde, vergogna!"}"#;

/// A town whose brand owes answers to complaints alone.
async fn town(script: &str) -> Town {
    Town::of(Plan { script, brand: "owes = [\"complaint\"]", ..Plan::default() }).await
}

/// The reasons of a mention's verdict, as stored.
async fn why(t: &Town, id: &str) -> String {
    t.mention(id).await.why.unwrap_or_default()
}

#[tokio::test]
async fn a_follow_up_of_who_complained_before_is_put_before_a_person() {
    let t = town(&format!(
        "{COMPLAINT}\n{}\n{}\n{}",
        r#"{"at":30,"do":"post","id":"p2","author":"jo","handle":"jo","lang":"it","text":"allora?"}"#,
        r#"{"at":30,"do":"post","id":"p3","author":"ann","lang":"it","text":"allora?"}"#,
        r#"{"at":40,"do":"post","id":"p4","author":"jo","handle":"jo","lang":"it","text":"ancora niente"}"#,
    ))
    .await;
    t.pass(50).await;
    assert_eq!(t.state("p2").await, State::Waiting);
    assert!(why(&t, "p2").await.contains("context.earlier"), "{}", why(&t, "p2").await);
    assert_eq!(t.mention("p3").await.disposition, "not_owed", "a stranger just says so");
    assert!(why(&t, "p4").await.contains("context.earlier"), "{}", why(&t, "p4").await);
    assert_eq!(t.alerts("p4").await, ["new_complaint sent"]);
    t.close().await;
}

#[tokio::test]
async fn who_agrees_with_a_complaint_gets_a_case() {
    let t = town(&format!(
        "{COMPLAINT}\n{}\n{}\n{}\n{}",
        r#"{"at":2,"do":"post","id":"x0","author":"zoe","lang":"it","text":"Complimenti @acme, servizio gentilissimo e veloce, grazie!"}"#,
        r#"{"at":5,"do":"post","id":"x1","author":"bob","parent":"p1","lang":"it","text":"anche a me"}"#,
        r#"{"at":5,"do":"post","id":"x2","author":"eve","lang":"it","text":"anche a me"}"#,
        r#"{"at":5,"do":"post","id":"x3","author":"kim","parent":"x0","lang":"it","text":"anche a me"}"#,
    ))
    .await;
    t.pass(8).await;
    assert_eq!(t.state("x1").await, State::Waiting);
    let row = t.mention("x1").await;
    assert_eq!(row.judged.as_deref(), Some("complaint"));
    assert!(why(&t, "x1").await.contains("context.agrees"), "{}", why(&t, "x1").await);
    assert_eq!(t.mention("x2").await.disposition, "not_owed", "with what does it agree?");
    assert_eq!(t.mention("x3").await.disposition, "not_owed", "with praise");
    t.close().await;
}

#[tokio::test]
async fn who_asks_on_below_our_own_post_is_heard() {
    let t = town(
        r#"{"at":1,"do":"own","id":"o1","text":"Il guasto è risolto, grazie della pazienza."}
{"at":5,"do":"post","id":"p1","author":"jo","handle":"jo","parent":"o1","lang":"it","text":"allora?"}"#,
    )
    .await;
    t.pass(8).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert!(why(&t, "p1").await.contains("context.reply"), "{}", why(&t, "p1").await);
    t.close().await;
}
