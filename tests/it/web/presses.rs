//! Calls of a recipient's own service: a genuine one acts once, of any other nobody learns anything.

use super::house::{COMPLAINT, House, Reply, T0};
use crate::doubles::desk::Service;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::links::{Act, Button};
use ascolto::store::identities;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

/// A house that a desk may call, and the token of a button of its newest alert.
pub(super) async fn house() -> (House, Service, String) {
    let desk = Service::start().await;
    let more = format!(
        "[fetch]\nallow_private = [\"127.0.0.1\"]\n{}",
        desk.recipient("desk", "secret = \"word\"")
    );
    let house = House::with(&more).await;
    house.agent("anna", "correct horse battery", "it").await;
    let mut tx = house.deps.store.begin().await.unwrap();
    identities::add(&mut tx, "desk", "U1", "anna", T0).await.unwrap();
    tx.commit().await.unwrap();
    let case = house.case("1", COMPLAINT).await.parse().unwrap();
    let button = Button { act: Act::Take, case, expires: T0 + HOUR };
    let token = house.deps.signer.sign_button(button, "desk");
    (house, desk, token)
}

pub(super) async fn called(house: &House, name: &str, word: &str, body: &Value) -> Reply {
    let request = Request::post(format!("/hooks/recipient/{name}")).header("x-desk-secret", word);
    house.ask(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_genuine_call_acts_and_whoever_pressed_is_told() {
    let (house, desk, button) = house().await;
    let press = json!({ "key": "k1", "by": "U1", "button": button });
    for n in 1..=2 {
        let heard = called(&house, "desk", "word", &press).await;
        assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
        assert!(heard.header("content-type").starts_with("application/json"));
        assert_eq!(heard.json(), json!({ "key": "k1", "done": true, "text": "Taken by anna" }));
        let told = desk.answers.wait_for(n).await;
        assert_eq!(told[n - 1]["text"], "Taken by anna");
    }
    let taken = house.get("/api/v1/cases?state=taken", "asc_read").await.json();
    assert_eq!(taken["cases"].as_array().map(Vec::len), Some(1), "{taken}");

    let both = json!([press, { "key": "k2", "by": "U2", "button": button }]);
    let heard = called(&house, "desk", "word", &both).await;
    assert_eq!((heard.status, heard.text.as_str()), (StatusCode::OK, ""), "one answer fits no two");
    let told = desk.answers.wait_for(4).await;
    assert!(told[3]["text"].as_str().unwrap().contains("user known YOU desk:U2"), "{told:?}");

    let there = Request::get("/hooks/recipient/desk").header("x-desk-secret", "word");
    let there = house.ask(there.body(Body::empty()).unwrap()).await;
    assert_eq!((there.status, there.text.as_str()), (StatusCode::OK, "there"));
}

#[tokio::test]
async fn what_is_not_genuine_is_told_the_same_as_what_is_not_there() {
    let (house, desk, button) = house().await;
    let press = json!({ "key": "k1", "by": "U1", "button": button });
    let mut told = Vec::new();
    for (name, word) in [("desk", "other"), ("desk", ""), ("nobody", "word"), ("..", "word")] {
        let refused = called(&house, name, word, &press).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}: {}", refused.text);
        told.push(refused.text);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    called(&house, "desk", "other", &press).await;
    let slowed = called(&house, "desk", "word", &press).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS, "five are enough");
    assert!(desk.answers.all().is_empty());
    house.deps.clock.advance(MINUTE);
    assert_eq!(called(&house, "desk", "word", &press).await.json()["done"], true);
}
