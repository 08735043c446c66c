//! Cases, acts, events and figures over the API.

use super::house::{COMPLAINT, House, mention};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

#[tokio::test]
async fn a_complaint_is_a_case_with_all_that_is_known_of_it() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let told = house.get(&format!("/api/v1/cases/{id}"), "asc_read").await.json();
    assert_eq!(told["case"]["state"], "waiting");
    assert_eq!(told["case"]["owing"], "complaint");
    assert_eq!(told["case"]["obligations"][0]["standing"]["is"], "owed");
    let mention = &told["mentions"][0];
    assert_eq!(mention["verdict"]["kind"], "complaint");
    assert!(!mention["verdict"]["why"].as_array().unwrap().is_empty());
    assert_eq!(told["drafts"][0]["rev"], 1);
    assert_eq!(told["events"][0]["kind"], "owed");
    let none = house.get("/api/v1/cases?state=open&brand=globex", "asc_read").await.json();
    assert_eq!(none["cases"], json!([]));
    let odd = house.get("/api/v1/cases?status=open", "asc_read").await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST, "{}", odd.text);
}

#[tokio::test]
async fn acts_change_a_case_under_the_agents_name() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let act = async |name: &str, body: Value| {
        house.post(&format!("/api/v1/cases/{id}/{name}"), "asc_act", body.to_string()).await
    };
    let taken = house.post(&format!("/api/v1/cases/{id}/take"), "asc_act", "").await;
    assert_eq!(taken.json()["case"]["attention"]["by"], "anna");
    assert_eq!(act("release", json!({})).await.json()["case"]["state"], "waiting");
    assert_eq!(act("note", json!({ "text": "chiamato" })).await.status, StatusCode::OK);
    let over = act("hand-over", json!({ "to": "magazzino", "reference": "M-17" })).await.json();
    assert_eq!(
        (&over["case"]["state"], &over["case"]["handed_over"]["to"]),
        (&json!("waiting"), &json!("magazzino"))
    );
    let list = house.get("/api/v1/cases?state=open", "asc_read").await.json();
    assert_eq!(list["cases"][0]["handed_to"], "magazzino");
    let back = act("hand-over", json!({ "back": true })).await.json();
    assert_eq!(back["case"]["handed_over"], Value::Null);
    assert_eq!(act("hand-over", json!({})).await.status, StatusCode::CONFLICT, "to whom?");
    let far = act("snooze", json!({ "until": "9999-12-01T00:00:00Z" })).await;
    assert_eq!(far.status, StatusCode::CONFLICT);
    assert!(far.text.contains("more than 30 days away"), "{}", far.text);
    let snoozed = act("snooze", json!({ "until": "2026-11-20T12:00:00Z" })).await.json();
    assert_eq!(snoozed["case"]["state"], "snoozed");
    let empty = act("waive", json!({ "note": " " })).await;
    assert_eq!(empty.status, StatusCode::CONFLICT, "{}", empty.text);
    assert_eq!(act("waive", json!({ "reason": "spam" })).await.json()["case"]["state"], "waived");
    let late = act("take", json!({})).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert_eq!(act("reopen", json!({ "note": "no" })).await.json()["case"]["state"], "waiting");
    assert_eq!(act("moved", json!({})).await.json()["case"]["state"], "moved");
    let contact = act("moved", json!({ "happened": true })).await.json();
    assert_eq!(contact["case"]["obligations"][0]["standing"]["evidence"]["moved"]["by"], "anna");
    assert_eq!(act("reopen", json!({ "note": "no" })).await.json()["case"]["state"], "waiting");
    let verdict = json!({ "verdict": "not_complaint", "note": "ironia" });
    assert_eq!(act("verdict", verdict).await.json()["case"]["state"], "not_owed");
    for (name, body, status) in [
        ("dance", json!({}), StatusCode::NOT_FOUND),
        ("snooze", json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        ("verdict", json!({ "verdict": "fine" }), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(act(name, body).await.status, status, "{name}");
    }
    let read_only = house.post(&format!("/api/v1/cases/{id}/take"), "asc_read", "").await;
    assert_eq!(read_only.status, StatusCode::FORBIDDEN);
    let missing = house.post("/api/v1/cases/nonsense/take", "asc_act", "").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_act_ends_what_was_seen_and_what_came_since_stays_owed() {
    let house = House::new().await;
    let told = |id: &str, parent: &str| {
        let mut one = mention(id, COMPLAINT);
        one["author"] = json!({ "id": "jo", "handle": "jo", "name": "Jo" });
        one["thread_id"] = json!("t");
        if !parent.is_empty() {
            one["parent_id"] = json!(parent);
        }
        one
    };
    house.hear("asc_wall", json!([told("1", "")])).await;
    let cases = house.get("/api/v1/cases?state=open", "asc_read").await.json();
    let at = format!("/api/v1/cases/{}", cases["cases"][0]["id"].as_str().unwrap());
    let seen = house.get(&at, "asc_read").await.json()["case"]["seen"].clone();
    house.hear("asc_wall", json!([told("2", "1")])).await;
    let close = format!("{at}/close");
    let body = |seen: &Value| json!({ "note": "al telefono", "seen": seen }).to_string();
    let done = house.post(&close, "asc_act", body(&seen)).await;
    assert_eq!(done.json()["case"]["state"], "waiting", "{}", done.text);
    let stands = |n: usize| done.json()["case"]["obligations"][n]["standing"]["is"].clone();
    assert_eq!([stands(0), stands(1)], [json!("void"), json!("owed")]);
    assert_eq!(house.post(&close, "asc_act", body(&seen)).await.status, StatusCode::CONFLICT);
    let far = house.post(&close, "asc_act", body(&json!(999))).await;
    assert_eq!(far.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", far.text);
    let all = house.post(&close, "asc_act", r#"{"note":"al telefono"}"#).await;
    assert_eq!(all.json()["case"]["state"], "closed", "without it, all that is owed now is meant");
}

#[tokio::test]
async fn only_the_draft_that_was_read_is_published() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let at = |act: &str| format!("/api/v1/cases/{id}/{act}");
    let body = |rev: i64| json!({ "draft_rev": rev, "text": "Ci scusiamo." }).to_string();
    let mine = house.post(&at("draft"), "asc_act", r#"{"text":"Ci scusiamo."}"#).await.json();
    assert_eq!(mine["draft_rev"], 2);
    let stale = house.post(&at("publish"), "asc_act", body(1)).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert_eq!(stale.json()["draft"]["rev"], 2);
    assert_eq!(stale.json()["draft"]["text"], "Ci scusiamo.");
    let published = house.post(&at("publish"), "asc_act", body(2)).await;
    assert_eq!(published.status, StatusCode::ACCEPTED, "{}", published.text);
    let twice = house.post(&at("publish"), "asc_act", body(2)).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    let told = house.get(&format!("/api/v1/cases/{id}"), "asc_read").await.json();
    assert_eq!(told["replies"][0]["parts"][0]["state"], "approved");
    assert_eq!(told["replies"][0]["by"], "anna");
    let reply = published.json()["reply"].as_str().unwrap().to_owned();
    let decide = format!("/api/v1/replies/{reply}/decide");
    let early = house.post(&decide, "asc_act", r#"{"posted":true}"#).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.text);
}

#[tokio::test]
async fn an_alert_is_acknowledged_once_and_its_case_stays_owed() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let told = house.get(&format!("/api/v1/cases/{id}"), "asc_read").await.json();
    let alert = told["alerts"][0]["id"].as_str().expect("why nobody was told is a row too");
    let ack = format!("/api/v1/alerts/{alert}/ack");
    assert_eq!(house.post(&ack, "asc_read", "").await.status, StatusCode::FORBIDDEN);
    let done = house.post(&ack, "asc_act", "").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["case"]["state"], "waiting");
    let twice = house.post(&ack, "asc_act", "").await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.text.contains("anna has acknowledged"), "{}", twice.text);
    let none = ack.replace(alert, "01JD3V8R2M4Y6ZQKX0T5W7N9PB");
    assert_eq!(house.post(&none, "asc_act", "").await.status, StatusCode::NOT_FOUND);
    let told = house.get(&format!("/api/v1/cases/{id}"), "asc_read").await.json();
    let last = told["events"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["kind"], &last["actor"]), (&json!("acknowledged"), &json!("anna")));
}

/// An open stream of events.
struct Events(axum::body::BodyDataStream);

impl Events {
    async fn open(house: &House, query: &str) -> Events {
        let request = Request::get(format!("/api/v1/events{query}"))
            .header(header::AUTHORIZATION, "Bearer asc_read")
            .body(Body::empty())
            .unwrap();
        let response = house.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events(response.into_body().into_data_stream())
    }

    async fn next(&mut self) -> String {
        let chunk = futures_util::StreamExt::next(&mut self.0).await.unwrap().unwrap();
        String::from_utf8(chunk.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn events_stream_and_go_on_where_they_ended() {
    let house = House::new().await;
    let id = house.case("1", COMPLAINT).await;
    let mut all = Events::open(&house, "?after=00000000000000000000000000").await;
    let first = all.next().await;
    assert!(first.contains(r#""kind":"owed""#) && first.contains(&id), "{first}");
    let mut later = Events::open(&house, "").await;
    house.deps.clock.advance(60_000);
    let taken = house.post(&format!("/api/v1/cases/{id}/take"), "asc_act", "").await;
    assert_eq!(taken.status, StatusCode::OK);
    let second = later.next().await;
    assert!(second.contains(r#""kind":"taken""#), "only what came later: {second}");
    assert!(all.next().await.contains(r#""kind":"taken""#));
    // Long after, a stream goes on behind the last event.
    let last = second.lines().find_map(|l| l.strip_prefix("id: ")).unwrap();
    house.deps.clock.advance(60_000);
    let mut resumed = Events::open(&house, &format!("?after={last}")).await;
    house.post(&format!("/api/v1/cases/{id}/release"), "asc_act", "").await;
    let mut told = resumed.next().await;
    while !told.contains("released") {
        assert!(!told.contains("owed"), "{told}");
        told = resumed.next().await;
    }
}

#[tokio::test]
async fn health_readiness_and_figures() {
    let house = House::new().await;
    house.case("1", COMPLAINT).await;
    let bare = async |path: &str| house.ask(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(bare("/healthz").await.status, StatusCode::OK);
    assert_eq!(bare("/readyz").await.text, "ready\n");
    let figures = bare("/metrics").await;
    let line = r#"ascolto_cases_open{owing="complaint",state="waiting"} 1"#;
    assert!(figures.text.contains(line), "{}", figures.text);
    assert!(figures.text.contains("ascolto_mentions_untriaged 0"), "{}", figures.text);
    house.deps.store.close().await;
    assert_eq!(bare("/healthz").await.status, StatusCode::OK, "the process still lives");
    assert_eq!(bare("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn channels_and_the_ledger_are_told() {
    let house = House::new().await;
    house.case("1", COMPLAINT).await;
    let channels = house.get("/api/v1/channels", "asc_read").await.json();
    assert_eq!(channels["channels"][0]["name"], "posts");
    assert_eq!(channels["channels"][0]["lanes"][0]["polled"], false);
    let ledger = house.get("/api/v1/ledger", "asc_read").await;
    assert_eq!(ledger.json()["balanced"], true, "{}", ledger.text);
    assert_eq!(ledger.json()["totals"]["mentions"], 1);
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_problem() {
    let house = House::new().await;
    let none = house.get("/api/v2/cases", "asc_read").await;
    assert_eq!((none.status, none.json()["status"].as_i64()), (StatusCode::NOT_FOUND, Some(404)));
    let wrong = house.post("/api/v1/cases", "asc_read", "").await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.header("content-type"), "application/problem+json");
    assert!(wrong.header("content-security-policy").contains("default-src 'none'"));
}

#[tokio::test]
async fn ledger_report_and_figures_agree() {
    let house = House::new().await;
    house.case("1", COMPLAINT).await;
    house.deps.clock.advance(8 * 24 * 3_600_000);
    let ledger = house.get("/api/v1/ledger", "asc_read").await.json();
    let report = house.get("/api/v1/reports/summary", "asc_read").await.json();
    assert_eq!(ledger["shares"][0]["brand"], "acme");
    assert_eq!(ledger["shares"][0]["complaints"], report["brands"][0]["complaints"]);
    assert_eq!(report["brands"][0]["complaints"]["unheard"], 1, "{report}");
    let figures = house.get("/metrics", "asc_read").await.text;
    let line = r#"ascolto_mentions_unheard{brand="acme",kind="complaint"} 1"#;
    assert!(figures.contains(line), "{figures}");
    let later = house.get("/api/v1/reports/summary?from=2026-11-21T00:00:00Z", "asc_read").await;
    assert_eq!(later.json()["brands"][0]["complaints"]["due"], 0, "it was written before");
    let wrong = "/api/v1/reports/summary?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z";
    assert_eq!(house.get(wrong, "asc_read").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_was_sorted_out_can_be_asked_for_and_called_owed() {
    let house = House::new().await;
    house
        .hear(
            "asc_wall",
            json!([mention("t", "Acme grazie mille per la risposta, buona giornata")]),
        )
        .await;
    let out = house.get("/api/v1/mentions?sorted_as=any", "asc_read").await.json();
    assert_eq!(out["mentions"][0]["verdict"]["sorted_as"], "thanks", "{out}");
    let none = house.get("/api/v1/mentions?sorted_as=spam", "asc_read").await.json();
    assert_eq!(none["mentions"], json!([]));
    let path = format!("/api/v1/mentions/{}/owed", out["mentions"][0]["id"].as_str().unwrap());
    let body = r#"{"as":"complaint"}"#;
    assert_eq!(house.post(&path, "asc_read", body).await.status, StatusCode::FORBIDDEN);
    let wrong = house.post(&path, "asc_act", r#"{"as":"dog"}"#).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = house.post(&path, "asc_act", body).await;
    let case = done.json()["case"].as_str().unwrap_or_else(|| panic!("{}", done.text)).to_owned();
    let told = house.get(&format!("/api/v1/cases/{case}"), "asc_read").await.json();
    assert_eq!(told["case"]["owing"], "complaint", "{told}");
    assert_eq!(house.post(&path, "asc_act", body).await.status, StatusCode::CONFLICT);
}
