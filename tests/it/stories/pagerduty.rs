//! A night watch on PagerDuty: an incident follows its case, and who takes the one takes the other.

use crate::doubles::pagerduty::PagerDuty;
use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::Act;
use ascolto::wire::{Called, HookRequest, Method, Pressed};

const KEY: &str = "e93facc04764012d7bfb002500d5d1a6";
const SECRET: &str = "an-example-webhook-secret";
const COMPLAINT: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

async fn watched() -> (Town, PagerDuty) {
    let pagerduty = PagerDuty::start(KEY).await;
    let more = format!(
        "[recipient.watch]\nnotifier = \"pagerduty\"\nrouting_key = \"{KEY}\"\n\
         webhook_secret = \"{SECRET}\"\nserver = \"{}\"\n",
        pagerduty.url
    );
    let plan = Plan { script: COMPLAINT, recipients: &["watch"], more: &more, ..Plan::default() };
    (Town::of(plan).await, pagerduty)
}

/// Each incident: how it stands, and how often it called.
fn stand(pagerduty: &PagerDuty) -> Vec<(&'static str, u32)> {
    pagerduty.incidents().into_iter().map(|incident| (incident.status, incident.calls)).collect()
}

/// What a call of PagerDuty's webhook comes to.
async fn called(t: &Town, signature: &str, body: &str) -> Called {
    let watch = &t.deps.recipients["watch"];
    let peer = ascolto::fetch::Peer::Notifier(watch.notifier);
    let owned = t.deps.engine.ctx(peer, &watch.link).await.unwrap();
    let headers = [("x-pagerduty-signature".to_owned(), signature.to_owned())];
    let body = body.as_bytes();
    let req = HookRequest { method: Method::Post, query: &[], headers: &headers, body };
    watch.notifier.hook(&req, &owned.cx())
}

#[tokio::test]
async fn an_incident_opens_is_taken_and_ends_with_its_case() {
    let (t, pagerduty) = watched().await;
    t.pass(64).await;
    assert_eq!(stand(&pagerduty), [("triggered", 1)]);
    assert!(pagerduty.incidents()[0].summary.starts_with("Nuovo reclamo: acme"));
    t.act("p1", "ada", Act::Take).await.unwrap();
    assert_eq!(stand(&pagerduty), [("acknowledged", 1)]);
    t.act("p1", "ada", Act::Release).await.unwrap();
    assert_eq!(stand(&pagerduty), [("acknowledged", 1)], "no event takes that back");
    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();
    assert_eq!(stand(&pagerduty), [("resolved", 1)]);
    t.act("p1", "ada", Act::Reopen("non era risolto".into())).await.unwrap();
    assert_eq!(stand(&pagerduty), [("resolved", 1), ("triggered", 1)], "that is news");
    assert!(pagerduty.log.all().iter().all(|(_, refused)| refused.is_none()));
    t.close().await;
}

#[tokio::test]
async fn who_acknowledges_it_there_takes_the_case_and_resolving_it_is_no_answer() {
    let (t, pagerduty) = watched().await;
    t.pass(64).await;
    let now = t.deps.now().to_string();
    let (body, signature) = pagerduty.by_hand("PLH1HKV", "acknowledged", &now, SECRET);
    let Called::Presses(presses) = called(&t, &signature, &body).await else { panic!("genuine") };
    let [press] = presses.as_slice() else { panic!("{presses:?}") };
    assert_eq!(press.by, "PLH1HKV");
    let remote = pagerduty.incidents()[0].key.clone();
    let mark = Pressed::Mark { remote: remote.clone(), act: "take" };
    assert_eq!(press.did, mark);
    let told = t.told("p1").await;
    let first = told.iter().find(|row| row.reason == "new_complaint").expect("it was told");
    assert_eq!(first.key, remote, "the incident bears the alert's own key");
    assert!(matches!(called(&t, &signature, "{}").await, Called::Refuse(_)));
    let (body, signature) = pagerduty.by_hand("PLH1HKV", "resolved", &now, SECRET);
    assert_eq!(called(&t, &signature, &body).await, Called::Presses(Vec::new()));
    // A change that need not be noticed opens no incident anew; what rings does.
    t.act("p1", "ada", Act::Take).await.unwrap();
    t.act("p1", "ada", Act::Release).await.unwrap();
    assert_eq!(stand(&pagerduty), [("resolved", 1)]);
    let due = t.case("p1").await.case.deadline().unwrap();
    t.pass((due - t.deps.now()) / MINUTE + 1).await;
    assert_eq!(stand(&pagerduty), [("resolved", 1), ("triggered", 1)]);
    t.close().await;
}

#[tokio::test]
async fn an_event_of_unknown_fate_is_said_again_and_stays_one_incident() {
    let (t, pagerduty) = watched().await;
    pagerduty.script.then(Trouble::CutAfter).then(Trouble::Refuse(429, None));
    t.pass(70).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    let incidents = pagerduty.incidents();
    assert_eq!(incidents.len(), 1, "{incidents:?}");
    assert_eq!(incidents[0].calls, 2, "it was said twice, with one key");
    t.close().await;
}
