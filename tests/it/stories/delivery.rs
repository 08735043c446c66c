//! Trap 24: a recipient that is down, that asks us to wait, that lost an alert or refuses them all:
//! nothing is dropped, nothing told twice, and nobody waits for who cannot be reached.

use crate::doubles::ntfy::Ntfy;
use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::app::Running;
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::Act;
use ascolto::store::circuits;
use serde_json::Value;
use std::time::Duration;

/// No deadline passes while a story lasts.
const SLOW: &str = "[sla.slow]\nfirst_response = \"8h\"\n";

/// What somebody posts, so many minutes after eight.
fn post(id: &str, at: i64) -> String {
    let text = "@acme pacco perso, nessuno risponde, vergogna!";
    serde_json::json!({ "at": at, "do": "post", "id": id, "author": id, "handle": id, "lang": "it",
        "text": text })
    .to_string()
}

/// A town whose brand is told by a phone, and by whoever else is named.
async fn with_a_phone(posts: &[(&str, i64)], recipients: &[&str]) -> (Town, Ntfy) {
    let ntfy = Ntfy::start(None).await;
    let more = format!(
        "[recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n{SLOW}",
        ntfy.url
    );
    let script: Vec<String> = posts.iter().map(|(id, at)| post(id, *at)).collect();
    let (script, brand) = (script.join("\n"), "sla = \"slow\"\nstorm_at = 1000");
    let plan = Plan { script: &script, brand, recipients, more: &more, ..Plan::default() };
    (Town::of(plan).await, ntfy)
}

/// How many of the bodies tell of a case.
async fn tell_of(t: &Town, bodies: &[Value], id: &str) -> usize {
    let link = format!("/cases/{}", t.id(id).await);
    bodies.iter().filter(|body| body["message"].as_str().unwrap().ends_with(&link)).count()
}

/// Who fails now, by name.
async fn failing(t: &Town) -> Vec<String> {
    let mut tx = t.deps.store.read().await.unwrap();
    circuits::failing(&mut tx).await.unwrap().into_iter().map(|row| row.name).collect()
}

/// The state of the phone's alerts about a case, and what went wrong with the last one.
async fn phone(t: &Town, id: &str) -> (String, String) {
    let rows = t.told(id).await;
    let last = rows.into_iter().rfind(|row| row.recipient == "phone").unwrap();
    (last.state, last.fault)
}

#[tokio::test]
async fn a_recipient_is_down_three_hours_and_all_alerts_arrive_in_their_current_state() {
    let (mut t, ntfy) = with_a_phone(&[("p1", 2), ("p2", 3), ("p3", 30)], &["phone"]).await;
    ntfy.script.round([Some(Trouble::Refuse(503, None))]);
    t.pass(100).await;
    t.act("p2", "ada", Act::Answered("https://social.example/9".into())).await.unwrap();
    t.restart().await;
    t.pass(80).await;
    let asked = ntfy.log.all().len();
    assert!((10..30).contains(&asked), "{asked} tries in three hours");
    assert!(ntfy.delivered().is_empty());
    assert_eq!(failing(&t).await, ["recipient:phone"]);
    ntfy.script.round([]);
    // Whoever takes a case says so again while working on it.
    for _ in 0..6 {
        t.act("p1", "ada", Act::Take).await.unwrap();
        t.pass(15).await;
    }
    let told = ntfy.delivered();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((tell_of(&t, &told, "p1").await, tell_of(&t, &told, "p3").await), (1, 1));
    let link = format!("/cases/{}", t.id("p1").await);
    let p1 = told.iter().find(|body| body["message"].as_str().unwrap().ends_with(&link)).unwrap();
    assert!(p1["title"].as_str().unwrap().starts_with("Nuovo reclamo"), "{p1}");
    assert!(p1["message"].as_str().unwrap().contains("Preso in carico da ada"), "{p1}");
    assert_eq!(t.alerts("p2").await, ["answered_meanwhile silent"]);
    assert_eq!(t.updates("p1").await, [""; 0], "what it says is how it stands");
    t.act("p1", "ada", Act::Answered("https://social.example/10".into())).await.unwrap();
    assert_eq!((ntfy.delivered().len(), ntfy.changed().len()), (2, 1), "one alert a case");
    t.close().await;
}

#[tokio::test]
async fn a_storm_of_429_drops_nothing() {
    let ids: Vec<String> = (1..=12).map(|n| format!("p{n}")).collect();
    let posts: Vec<(&str, i64)> = ids.iter().map(|id| (id.as_str(), 2)).collect();
    let (t, ntfy) = with_a_phone(&posts, &["phone"]).await;
    let wait = |seconds| Some(Trouble::Refuse(429, seconds));
    ntfy.script.round([wait(Some(30)), wait(Some(90)), wait(None), None]);
    t.pass(60).await;
    let told = ntfy.delivered();
    assert_eq!(told.len(), 12);
    for id in &ids {
        assert_eq!(tell_of(&t, &told, id).await, 1, "{id}");
        assert_eq!(t.alerts(id).await, ["new_complaint sent"]);
    }
    assert!(ntfy.log.all().len() > 12, "it was told to wait");
    assert!(failing(&t).await.is_empty(), "who asks us to wait fails at nothing");
    t.close().await;
}

#[tokio::test]
async fn where_a_recipient_asks_for_hours_of_patience_others_are_told() {
    let (t, ntfy) = with_a_phone(&[("p1", 2)], &["phone", "room"]).await;
    ntfy.script.then(Trouble::Refuse(429, Some(3_600)));
    t.pass(6).await;
    let dead = t.said().iter().filter(|line| line.contains("phone")).count();
    assert_eq!(dead, 1, "{:?}", t.said());
    assert_eq!(phone(&t, "p1").await.0, "due");
    t.pass(60).await;
    assert_eq!(tell_of(&t, &ntfy.delivered(), "p1").await, 1);
    assert!(failing(&t).await.is_empty(), "who asks us to wait fails at nothing");
    t.close().await;
}

#[tokio::test]
async fn an_alert_that_was_deleted_there_begins_anew_and_its_recipient_is_not_dead() {
    let (t, ntfy) = with_a_phone(&[("p1", 2)], &["phone", "room"]).await;
    t.pass(4).await;
    assert_eq!(ntfy.delivered().len(), 1);
    ntfy.script.then(Trouble::Refuse(404, None));
    t.act("p1", "ada", Act::Take).await.unwrap();
    let told = ntfy.delivered();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].get("sequence_id").is_none(), "{}", told[1]);
    assert!(told[1]["title"].as_str().unwrap().starts_with("Preso in carico da ada"));
    assert_eq!(phone(&t, "p1").await, ("sent".to_owned(), String::new()));
    assert!(failing(&t).await.is_empty());
    t.act("p1", "ada", Act::Release).await.unwrap();
    let changed = ntfy.changed();
    assert_eq!(changed.len(), 1, "what came anew is what is changed from then on");
    assert_eq!(changed[0]["sequence_id"], "ntfy2", "{}", changed[0]);
    let dead = t.said().iter().any(|line| line.contains("phone"));
    assert!(!dead, "{:?}", t.said());
    t.close().await;
}

#[tokio::test]
async fn a_change_that_is_refused_with_a_new_alert_too_is_the_recipients_failure() {
    let (t, ntfy) = with_a_phone(&[("p1", 2)], &["phone", "room"]).await;
    t.pass(4).await;
    ntfy.script.then(Trouble::Refuse(400, None)).then(Trouble::Refuse(403, None));
    t.act("p1", "ada", Act::Take).await.unwrap();
    let (state, fault) = phone(&t, "p1").await;
    assert_eq!(state, "failed");
    assert!(fault.contains("403"), "{fault}");
    assert_eq!(failing(&t).await, ["recipient:phone"]);
    // The others hear of it a moment later.
    t.pass(6).await;
    t.close().await;
}

#[tokio::test]
async fn who_fails_three_times_is_passed_over_for_a_while_and_then_tried_again() {
    let posts = [("p1", 2), ("p2", 6), ("p3", 10), ("p4", 14), ("p5", 40)];
    let (mut t, ntfy) = with_a_phone(&posts, &["phone", "room"]).await;
    ntfy.script.round([Some(Trouble::Refuse(403, None))]);
    t.pass(13).await;
    assert_eq!((failing(&t).await, ntfy.log.all().len()), (vec!["recipient:phone".to_owned()], 3));
    t.restart().await;
    t.pass(7).await;
    assert_eq!(ntfy.log.all().len(), 3, "it is left alone");
    let (state, fault) = phone(&t, "p4").await;
    assert_eq!(state, "due");
    assert!(fault.starts_with("passed over until 2026-11-20T07:"), "{fault}");
    assert!(fault.contains("3 times in a row") && fault.contains("403"), "{fault}");
    let link = format!("/cases/{}", t.id("p4").await);
    assert!(t.said().iter().any(|line| line.contains(&link)), "the room heard of it at once");
    ntfy.script.round([]);
    t.pass(25).await;
    let told = ntfy.delivered();
    assert_eq!((tell_of(&t, &told, "p4").await, tell_of(&t, &told, "p5").await), (1, 1));
    assert_eq!(failing(&t).await, [""; 0]);
    t.close().await;
}

#[tokio::test]
async fn for_who_cannot_be_reached_others_are_told_in_minutes_and_it_is_told_all_the_same() {
    let (t, ntfy) = with_a_phone(&[("p1", 2), ("p2", 3)], &["phone", "room"]).await;
    ntfy.script.round([Some(Trouble::CutBefore)]);
    let dead = || t.said().iter().filter(|line| line.contains("phone")).count();
    t.pass(3).await;
    assert_eq!(dead(), 0, "such troubles end in seconds: {:?}", t.said());
    t.pass(4).await;
    assert_eq!(dead(), 2, "{:?}", t.said());
    t.pass(50).await;
    assert_eq!(dead(), 2, "once for each case: {:?}", t.said());
    for id in ["p1", "p2"] {
        assert_eq!(phone(&t, id).await.0, "due");
    }
    ntfy.script.round([]);
    t.pass(16).await;
    let told = ntfy.delivered();
    assert_eq!((tell_of(&t, &told, "p1").await, tell_of(&t, &told, "p2").await), (1, 1));
    assert_eq!(failing(&t).await, [""; 0]);
    t.close().await;
}

#[tokio::test]
async fn what_waited_goes_with_the_first_that_arrives() {
    let posts: Vec<(String, i64)> = (1..=6).map(|n| (format!("p{n}"), 2)).collect();
    let posts: Vec<(&str, i64)> = posts.iter().map(|(id, at)| (id.as_str(), *at)).collect();
    let (t, ntfy) = with_a_phone(&posts, &["phone"]).await;
    // All meet trouble at once, and it is over.
    for _ in 0..posts.len() {
        ntfy.script.then(Trouble::Refuse(503, None));
    }
    t.pass(3).await;
    assert_eq!((ntfy.delivered().len(), failing(&t).await.len()), (0, 1));
    t.pass(1).await;
    let told = ntfy.delivered();
    for (id, _) in &posts {
        assert_eq!(tell_of(&t, &told, id).await, 1, "{id} went with the first that arrived");
    }
    t.close().await;
}

#[tokio::test]
async fn a_recipient_that_hangs_holds_up_no_other() {
    let (t, ntfy) = with_a_phone(&[("p1", 2), ("p2", 5)], &["phone", "room"]).await;
    ntfy.script.round([Some(Trouble::Late(Duration::from_secs(600)))]);
    let running = Running::start(t.deps.clone());
    for stories in 1..=2 {
        let mut changes = t.deps.changes.subscribe();
        t.clock.advance(3 * MINUTE);
        let is_new = |line: &&String| line.contains("Nuovo reclamo");
        let told = async {
            while t.said().iter().filter(is_new).count() < stories {
                drop(changes.recv().await);
            }
        };
        let told = tokio::time::timeout(Duration::from_secs(20), told).await;
        assert!(told.is_ok(), "the room waited for the phone: {:?}", t.said());
    }
    // What hangs is not waited for: it ends with the test.
    running.stopping().cancel();
}

#[tokio::test]
async fn where_nobody_else_would_be_told_an_alert_waits_for_who_is_passed_over() {
    let posts = [("p1", 2), ("p2", 6), ("p3", 10), ("p4", 14)];
    let (t, ntfy) = with_a_phone(&posts, &["phone"]).await;
    ntfy.script.round([Some(Trouble::Refuse(403, None))]);
    t.pass(16).await;
    let (state, fault) = phone(&t, "p4").await;
    assert_eq!(state, "due");
    assert!(fault.starts_with("passed over until"), "{fault}");
    ntfy.script.round([]);
    t.pass(15).await;
    assert_eq!(tell_of(&t, &ntfy.delivered(), "p4").await, 1);
    t.close().await;
}
