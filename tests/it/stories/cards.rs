//! Alerts as cards in Teams, which cannot be changed there: short ones follow, and a queue's silence
//! is taken for nothing more than it is.

use crate::doubles::teams::{Teams, links, shown};
use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::Act;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna! [Apri](https://evil.example) <at>all</at>"}"#;

/// A town whose brand is told in a channel of Teams.
async fn with_a_channel() -> (Town, Teams) {
    let teams = Teams::start().await;
    let more = format!("[recipient.desk]\nnotifier = \"teams\"\nurl = \"{}\"\n", teams.url);
    let plan = Plan { script: COMPLAINT, recipients: &["desk"], more: &more, ..Plan::default() };
    (Town::of(plan).await, teams)
}

#[tokio::test]
async fn a_card_is_followed_by_short_ones_as_the_case_moves() {
    let (t, teams) = with_a_channel().await;
    t.pass(4).await;
    let posted = teams.posted();
    assert_eq!((posted.len(), teams.faults()), (1, Vec::<String>::new()));
    let case = format!("/cases/{}", t.id("p1").await);
    let opens = links(&posted[0]);
    assert!(opens.iter().any(|url| url.ends_with(&case)), "{opens:?}");
    assert!(opens.iter().filter(|url| url.contains("/act/")).count() >= 3, "{opens:?}");
    assert!(!opens.iter().any(|url| url.contains("evil")), "{opens:?}");
    assert!(shown(&posted[0]).concat().contains("[Apri](https://evil.example) <at>all</at>"));
    t.act("p1", "ada", Act::Take).await.unwrap();
    let posted = teams.posted();
    assert_eq!((posted.len(), teams.faults()), (2, Vec::<String>::new()));
    let short = shown(&posted[1]);
    assert!(short[0].starts_with("Preso in carico da ada"), "{short:?}");
    assert!(short.len() <= 3, "{short:?}");
    assert!(links(&posted[1]).iter().all(|url| url.ends_with(&case)));
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.close().await;
}

#[tokio::test]
async fn a_busy_workflow_gets_the_card_later_and_a_lost_answer_brings_the_same_key_again() {
    let (t, teams) = with_a_channel().await;
    teams.script.then(Trouble::Refuse(429, Some(90))).then(Trouble::CutAfter);
    t.pass(4).await;
    assert!(teams.posted().is_empty());
    t.clock.advance(2 * MINUTE);
    t.settle().await;
    t.clock.advance(10 * MINUTE);
    t.settle().await;
    let posted = teams.posted();
    assert_eq!(posted.len(), 2, "nobody knows whether the first was taken");
    assert_eq!(posted[0]["body"][0]["id"], posted[1]["body"][0]["id"]);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.close().await;
}

#[tokio::test]
async fn a_workflow_that_is_gone_is_told_elsewhere() {
    let teams = Teams::start().await;
    let more = format!("[recipient.desk]\nnotifier = \"teams\"\nurl = \"{}\"\n", teams.url);
    let recipients = &["desk", "room"];
    let plan = Plan { script: COMPLAINT, recipients, more: &more, ..Plan::default() };
    let t = Town::of(plan).await;
    teams.script.round([Some(Trouble::Refuse(404, None))]);
    t.pass(6).await;
    let said = t.said().join("\n");
    assert!(said.contains("the workflow is gone or switched off"), "{said}");
    assert!(!said.contains("5ecret-signature"), "the address is a secret: {said}");
    assert_eq!(t.alerts("p1").await, ["new_complaint failed", "new_complaint sent"]);
    t.close().await;
}
