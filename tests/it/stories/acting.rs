//! Acts from where an alert is read: what is offered follows the case, a scanner that opens every
//! link does nothing, and who was removed is neither told nor obeyed.

use crate::doubles::webhook::Receiver;
use crate::town::{MORNING, Plan, Town};
use ascolto::clock::Clock;
use ascolto::domain::case::State;
use ascolto::domain::time::HOUR;
use ascolto::pipeline::acts::{self, Act};
use ascolto::store::access::{self, AgentRow};
use ascolto::store::events;
use ascolto::web::{Web, router};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use std::collections::BTreeSet;
use tower::ServiceExt;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
/// Where the house says that people open it.
const BASE: &str = "http://127.0.0.1:7070";

/// A town whose brand is told by a program of its own, and then in a room.
async fn with_a_hook(more: &str) -> (Town, Receiver) {
    let receiver = Receiver::start(SECRET, Clock::manual(MORNING)).await;
    let hook = format!(
        "[recipient.hook]\nnotifier = \"webhook\"\nurl = \"{}\"\nsecret = \"{SECRET}\"\n{more}\n",
        receiver.url
    );
    let recipients = &["hook", "room"];
    let plan = Plan { script: COMPLAINT, recipients, more: &hook, ..Plan::default() };
    (Town::of(plan).await, receiver)
}

/// The acts that the newest alert offers: name, label, link.
fn offered(receiver: &Receiver) -> Vec<[String; 3]> {
    let last = receiver.log.all().pop().expect("something was told");
    let acts = last.body["data"]["case"]["actions"].as_array().cloned().unwrap_or_default();
    let text = |act: &Value, key: &str| act[key].as_str().unwrap().to_owned();
    acts.iter().map(|act| ["name", "label", "url"].map(|key| text(act, key))).collect()
}

fn names(receiver: &Receiver) -> Vec<String> {
    offered(receiver).into_iter().map(|[name, _, _]| name).collect()
}

fn front(t: &Town) -> Router {
    let deps = t.deps.clone();
    router(Web { deps, session_hours: 12, secure_cookies: false, once: None })
}

async fn ask(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let location = response.headers().get(header::LOCATION).cloned();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    let location = location.map_or(String::new(), |l| l.to_str().unwrap().to_owned());
    (status, if location.is_empty() { body } else { format!("href=\"{location}\"") })
}

/// Opens addresses as a scanner of mails does: each twice, by HEAD and by GET, and then all that
/// stands on their pages, forms too. Gives how many it opened.
async fn scan(router: &Router, addresses: Vec<String>) -> usize {
    let mut seen = BTreeSet::new();
    let mut waiting = addresses;
    while let Some(address) = waiting.pop() {
        let path = address.strip_prefix(BASE).unwrap_or(&address).to_owned();
        if !path.starts_with('/') || !seen.insert(path.clone()) {
            continue;
        }
        for method in [Method::HEAD, Method::GET, Method::GET] {
            let request = Request::builder().method(method).uri(&path);
            let (status, page) = ask(router, request.body(Body::empty()).unwrap()).await;
            assert!(!status.is_server_error(), "{path}: {status}");
            for mark in ["href=\"", "src=\"", "action=\""] {
                let found = page.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
                let plain = found.map(|link| link.replace("&#x2f;", "/").replace("&amp;", "&"));
                waiting.extend(plain);
            }
        }
    }
    seen.len()
}

#[tokio::test]
async fn a_link_scanner_opens_every_link_and_nothing_happens() {
    let (t, receiver) = with_a_hook("").await;
    t.pass(4).await;
    let case = t.id("p1").await;
    let log = async || {
        let mut tx = t.deps.store.read().await.unwrap();
        events::of_subject(&mut tx, &case.to_string()).await.unwrap().len()
    };
    let before = log().await;
    let acts = offered(&receiver);
    assert_eq!(acts.len(), 8, "{acts:?}");
    let router = front(&t);
    let links = acts.iter().map(|[_, _, url]| url.clone()).collect();
    let opened = scan(&router, links).await;
    assert!(opened > acts.len(), "it followed what stands on the pages: {opened}");
    t.settle().await;
    assert_eq!((log().await, t.state("p1").await), (before, State::Waiting));
    assert_eq!(receiver.delivered().len(), 1, "nobody was told of anything");
    // Then a person clicks, on one of the same links.
    let [name, _, url] = &acts[0];
    assert_eq!(name, "take");
    let form = Request::post(url.strip_prefix(BASE).unwrap())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (status, page) = ask(&router, form.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(t.state("p1").await, State::Taken);
    t.close().await;
}

#[tokio::test]
async fn what_is_offered_follows_the_case() {
    let (t, receiver) = with_a_hook("").await;
    t.pass(4).await;
    let all = ["take", "publish", "edit", "snooze", "not_complaint", "not_about_us", "waive"];
    assert_eq!(names(&receiver), [&all[..], &["answered"]].concat());
    let [_, label, _] = &offered(&receiver)[1];
    assert!(label.starts_with("Pubblica come @acme su "), "{label}");
    // A link proves nobody, so what ada has taken is hers; that it was answered anybody can say.
    t.act("p1", "ada", Act::Take).await.unwrap();
    assert_eq!(names(&receiver), ["answered"]);
    t.act("p1", "ada", Act::Release).await.unwrap();
    assert_eq!(names(&receiver).len(), 8);
    acts::hold(&t.deps, "acme", true, "ada", "a mistake").await.unwrap();
    let until = t.deps.now() + HOUR;
    t.act("p1", "ada", Act::Snooze(until)).await.unwrap();
    let held = ["take", "snooze", "not_complaint", "not_about_us", "waive", "answered"];
    assert_eq!(names(&receiver), held, "nothing is published while the brand is on hold");
    t.act("p1", "ada", Act::Waive("spam".into())).await.unwrap();
    assert!(names(&receiver).is_empty(), "nothing is left to do");
    t.close().await;
}

#[tokio::test]
async fn what_was_taken_by_a_link_is_offered_to_a_person_and_to_no_other_link() {
    for (more, offered) in [("", 1), ("agent = \"bruno\"", 8)] {
        let (t, receiver) = with_a_hook(more).await;
        t.pass(4).await;
        assert_eq!(names(&receiver).len(), 8);
        t.act("p1", "link:hall", Act::Take).await.unwrap();
        let names = names(&receiver);
        assert_eq!(names.len(), offered, "{names:?}");
        assert_eq!(names.contains(&"take".to_owned()), offered > 1, "{names:?}");
        t.close().await;
    }
}

#[tokio::test]
async fn what_was_taken_by_a_link_waits_for_no_lease_before_a_person_answers() {
    let plan = Plan { script: COMPLAINT, posts: true, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(4).await;
    t.act("p1", "link:hall", Act::Take).await.unwrap();
    let other = t.act("p1", "link:room", Act::Waive("spam".into())).await.unwrap_err();
    assert!(other.to_string().starts_with("link:hall has taken this case until"), "{other}");
    t.act("p1", "ada", Act::Take).await.unwrap();
    let late = t.act("p1", "link:hall", Act::Waive("spam".into())).await.unwrap_err();
    assert!(late.to_string().starts_with("ada has taken this case until"), "{late}");
    t.act("p1", "ada", Act::Release).await.unwrap();
    t.act("p1", "link:hall", Act::Take).await.unwrap();
    t.publish("p1", "bob").await.unwrap();
    assert_eq!(t.state("p1").await, State::Answered);
    t.close().await;
}

#[tokio::test]
async fn who_was_removed_is_told_nothing_and_others_hear_of_it() {
    let (t, receiver) = with_a_hook("agent = \"bruno\"").await;
    let row = AgentRow {
        name: "bruno".to_owned(),
        password: String::new(),
        role: "agent".to_owned(),
        language: "it".to_owned(),
        added_at: 0,
    };
    let mut tx = t.deps.store.begin().await.unwrap();
    assert!(access::add_agent(&mut tx, &row).await.unwrap());
    assert!(access::remove_agent(&mut tx, "bruno", t.deps.now()).await.unwrap());
    tx.commit().await.unwrap();
    t.pass(4).await;
    assert!(receiver.log.all().is_empty(), "nothing of the case goes out to who was removed");
    let told = t.told("p1").await;
    let hook = told.iter().find(|a| a.recipient == "hook").unwrap();
    assert_eq!(hook.state, "failed");
    assert!(hook.fault.contains("its agent bruno was removed"), "{}", hook.fault);
    let room = t.said();
    assert!(room.iter().any(|said| said.contains("@jo")), "{room:?}");
    assert!(room.iter().any(|said| said.contains("bruno was removed")), "{room:?}");
    t.close().await;
}

#[tokio::test]
async fn a_deadline_is_told_on_the_clocks_of_who_reads_it() {
    let more = "zone = \"Asia/Tokyo\"";
    let t = Town::of(Plan { script: COMPLAINT, more, ..Plan::default() }).await;
    t.pass(4).await;
    let said = t.said().join("\n");
    let due = said.lines().find(|line| line.contains("Rispondere entro")).unwrap();
    assert!(due.ends_with(" JST"), "{due}");
    t.close().await;
}
