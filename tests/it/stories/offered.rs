//! What an alert offers about a fresh case can be done: each act, by a press and with what it asks.

use super::presses::{brought, press};
use crate::doubles::desk::{self, Service};
use crate::doubles::helpdesk::Desk;
use crate::doubles::zammad::zammad;
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::obligation::{Evidence, Standing, VoidReason};
use ascolto::wire::Asks;
use serde_json::json;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

/// A town whose brand is told at a desk that knows ada, and has a ticket system; after the complaint.
async fn town() -> (Town, Service, Desk) {
    let (service, tickets) = (Service::start().await, Desk::start(zammad).await);
    let more = format!(
        "{}[handover.there]\nsystem = \"zammad\"\nserver = \"{}\"\ntoken = \"z-t0ken\"\n\
         group = \"Social\"\n",
        service.recipient("desk", "way = \"asks\""),
        tickets.url
    );
    let plan = Plan {
        script: COMPLAINT,
        brand: "handovers = [\"there\"]",
        posts: true,
        recipients: &["desk"],
        more: &more,
        registry: desk::REGISTRY,
        ..Plan::default()
    };
    let t = Town::of(plan).await;
    t.know("ada", "desk", "U1").await;
    t.pass(4).await;
    (t, service, tickets)
}

/// The names of all that the alert offers.
fn offered(desk: &Service) -> Vec<String> {
    let alerts = desk.alerts();
    let buttons = alerts.last().expect("an alert was told")["buttons"].as_object().unwrap().clone();
    let mut names: Vec<String> = buttons.into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

/// Whether the case stands as this act of ada's leaves it.
async fn stands(t: &Town, act: &str) -> bool {
    let case = t.case("p1").await.case;
    let standing = case.obligations[0].standing.clone();
    let void = |wanted: VoidReason| match &standing {
        Standing::Void { reason, by, .. } => *reason == wanted && by == "ada",
        _ => false,
    };
    match act {
        "take" => case.state() == State::Taken,
        "snooze" => case.state() == State::Snoozed,
        "hand_over" => case.handed_over.is_some_and(|there| there.to == "there"),
        "publish" | "edit" | "answered" => match &standing {
            Standing::Met { evidence: Evidence::Reply { .. }, .. } => act != "answered",
            Standing::Met { evidence: Evidence::Word { by, .. }, .. } => {
                act == "answered" && by == "ada"
            }
            _ => false,
        },
        "waive" => void(VoidReason::Waived),
        "not_complaint" => void(VoidReason::NotComplaint),
        "not_about_us" => void(VoidReason::NotAboutUs),
        other => panic!("{other} is offered, and nobody says here what it does"),
    }
}

#[tokio::test]
async fn whatever_is_offered_is_done_by_a_press() {
    let (t, desk, _tickets) = town().await;
    let all = offered(&desk);
    t.close().await;
    let known = [
        "answered",
        "edit",
        "hand_over",
        "not_about_us",
        "not_complaint",
        "publish",
        "snooze",
        "take",
        "waive",
    ];
    assert_eq!(all, known);
    for act in &all {
        let (t, desk, _tickets) = town().await;
        let mut answer = brought(&t, &press("k1", "U1", &desk.button(act))).await;
        if let Some(form) = answer.form.take() {
            let said = match form.asks {
                Asks::Nothing => panic!("{act} asks nothing, and yet by a form"),
                Asks::Sure => "sure".to_owned(),
                Asks::Reason => "per sbaglio".to_owned(),
                Asks::Until => "1h".to_owned(),
                Asks::Text => form.text,
                Asks::Link => "https://acme.example/risposta".to_owned(),
            };
            let sent = json!({ "key": "k2", "by": "U1", "button": form.button, "said": said });
            answer = brought(&t, &sent).await;
        }
        assert!(answer.done, "{act}: {answer:?}");
        t.settle().await;
        assert!(stands(&t, act).await, "{act}: {:?}", t.case("p1").await.case);
        t.close().await;
    }
}
