//! PagerDuty's Events API as an integration of one service meets it, and the webhooks of that service.
//!
//! It refuses what the API refuses, in its words, and also what it would pass over (fields that it
//! does not know). Events of one key belong to one incident while it is open; a trigger after that
//! opens another one, anything else is dropped. Rules: developer.pagerduty.com (Events API v2,
//! webhooks v3).

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The longest summary and the longest key, in letters; the longest event, in bytes.
const MOST_SUMMARY: usize = 1_024;
const MOST_KEY: usize = 255;
const MOST_BYTES: usize = 512 << 10;
const FIELDS: &[&str] = &[
    "routing_key",
    "event_action",
    "dedup_key",
    "payload",
    "client",
    "client_url",
    "links",
    "images",
];
const PAYLOAD: &[&str] = &[
    "summary",
    "source",
    "severity",
    "timestamp",
    "component",
    "group",
    "class",
    "custom_details",
];

/// An incident as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The key of its events.
    pub key: String,
    /// `triggered`, `acknowledged` or `resolved`.
    pub status: &'static str,
    /// What its newest trigger said.
    pub summary: String,
    /// How often somebody was called for it.
    pub calls: u32,
}

/// The API, with one integration.
pub struct PagerDuty {
    /// Its address.
    pub url: String,
    /// Every event as it came, and why it was refused.
    pub log: Log<(Value, Option<String>)>,
    /// What goes wrong below the API.
    pub script: Script,
    incidents: Arc<Mutex<Vec<Incident>>>,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    key: Arc<str>,
    log: Log<(Value, Option<String>)>,
    script: Script,
    incidents: Arc<Mutex<Vec<Incident>>>,
}

fn locked(incidents: &Mutex<Vec<Incident>>) -> MutexGuard<'_, Vec<Incident>> {
    incidents.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PagerDuty {
    /// Starts it, with this integration key.
    pub async fn start(key: &str) -> PagerDuty {
        let shared = Shared {
            key: key.into(),
            log: Log::default(),
            script: Script::default(),
            incidents: Arc::default(),
        };
        let router = Router::new().route("/v2/enqueue", post(enqueue));
        let server = Server::start(router.with_state(shared.clone())).await;
        PagerDuty {
            url: server.url.clone(),
            log: shared.log,
            script: shared.script,
            incidents: shared.incidents,
            _server: server,
        }
    }

    /// All incidents, oldest first.
    pub fn incidents(&self) -> Vec<Incident> {
        locked(&self.incidents).clone()
    }

    /// Somebody acknowledges or resolves the newest incident in PagerDuty. Gives the body of the
    /// webhook's call, and its signature by this secret.
    pub fn by_hand(
        &self,
        user: &str,
        status: &'static str,
        at: &str,
        secret: &str,
    ) -> (String, String) {
        let mut incidents = locked(&self.incidents);
        let number = incidents.len();
        let incident = incidents.last_mut().expect("there is one");
        incident.status = status;
        let call = json!({ "event": {
            "id": format!("01{user}{status}{at}"),
            "event_type": format!("incident.{status}"),
            "resource_type": "incident",
            "occurred_at": at,
            "agent": { "id": user, "type": "user_reference", "summary": "Ada Lovelace",
                       "self": format!("https://api.pagerduty.com/users/{user}") },
            "client": null,
            "data": { "id": "PGR0VU2", "type": "incident", "number": number, "status": status,
                      "incident_key": incident.key, "title": incident.summary },
        } });
        let body = call.to_string();
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key does");
        let tag = mac.chain_update(&body).finalize().into_bytes();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        (body, format!("v1={hex}"))
    }
}

async fn enqueue(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    body: Bytes,
) -> Response {
    let trouble = shared.script.take();
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let fault = fault(&event, body.len(), &shared.key);
    shared.log.add((event.clone(), fault.clone()));
    if fault.is_none() && trouble.is_none_or(Trouble::carries_out) {
        carry_out(&mut locked(&shared.incidents), &event);
    }
    through(trouble, &line, async {
        match fault {
            Some(why) => {
                let answer = json!({ "status": "invalid event",
                    "message": "Event object is invalid", "errors": [why] });
                (StatusCode::BAD_REQUEST, Json(answer)).into_response()
            }
            None => {
                let answer = json!({ "status": "success", "message": "Event processed",
                    "dedup_key": event["dedup_key"] });
                (StatusCode::ACCEPTED, Json(answer)).into_response()
            }
        }
    })
    .await
}

fn carry_out(incidents: &mut Vec<Incident>, event: &Value) {
    let key = event["dedup_key"].as_str().unwrap_or_default().to_owned();
    let summary = event["payload"]["summary"].as_str().unwrap_or_default().to_owned();
    let open = incidents.iter_mut().find(|i| i.key == key && i.status != "resolved");
    match (event["event_action"].as_str(), open) {
        (Some("trigger"), None) => {
            incidents.push(Incident { key, status: "triggered", summary, calls: 1 });
        }
        (Some("trigger"), Some(incident)) => {
            incident.summary = summary;
            // Whoever acknowledged it is not called again.
            incident.calls += u32::from(incident.status == "triggered");
        }
        (Some("acknowledge"), Some(incident)) => incident.status = "acknowledged",
        (Some("resolve"), Some(incident)) => incident.status = "resolved",
        _ => {}
    }
}

/// What the API has against an event.
fn fault(event: &Value, bytes: usize, key: &str) -> Option<String> {
    if bytes > MOST_BYTES {
        return Some("the event is longer than 512 KB".to_owned());
    }
    let unknown = |value: &Value, known: &[&str]| {
        let fields = value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
        match fields {
            None => Some("an object was expected".to_owned()),
            Some(fields) => fields
                .into_iter()
                .find(|name| !known.contains(&name.as_str()))
                .map(|name| format!("unknown field {name}")),
        }
    };
    if let Some(why) = unknown(event, FIELDS) {
        return Some(why);
    }
    let told = event["routing_key"].as_str().unwrap_or_default();
    if told.len() != 32 {
        return Some("Length of 'routing_key' is incorrect (should be 32 characters)".to_owned());
    }
    if told != key {
        return Some("Invalid routing key".to_owned());
    }
    let dedup = event["dedup_key"].as_str().unwrap_or_default();
    if dedup.chars().count() > MOST_KEY {
        return Some("'dedup_key' is too long (maximum is 255 characters)".to_owned());
    }
    match event["event_action"].as_str() {
        Some("trigger") => {}
        Some("acknowledge" | "resolve") if dedup.is_empty() => {
            return Some("'dedup_key' is missing or blank".to_owned());
        }
        Some("acknowledge" | "resolve") => return None,
        _ => return Some("'event_action' is invalid".to_owned()),
    }
    let payload = &event["payload"];
    if let Some(why) = unknown(payload, PAYLOAD) {
        return Some(why);
    }
    for field in ["summary", "source", "severity"] {
        if payload[field].as_str().is_none_or(|text| text.trim().is_empty()) {
            return Some(format!("'payload.{field}' is missing or blank"));
        }
    }
    if payload["summary"].as_str().is_some_and(|text| text.chars().count() > MOST_SUMMARY) {
        return Some("'payload.summary' is too long (maximum is 1024 characters)".to_owned());
    }
    let severities = ["critical", "error", "warning", "info"];
    if !payload["severity"].as_str().is_some_and(|told| severities.contains(&told)) {
        return Some("'payload.severity' is invalid".to_owned());
    }
    let links = event["links"].as_array().map(Vec::as_slice).unwrap_or_default();
    let no_link =
        |link: &&Value| link["href"].as_str().is_none_or(|href| !href.starts_with("http"));
    links.iter().find(no_link).map(|_| "'links' holds no link".to_owned())
}

#[tokio::test]
async fn it_refuses_what_the_api_refuses_and_keeps_its_incidents() {
    let key = "e93facc04764012d7bfb002500d5d1a6";
    let pagerduty = PagerDuty::start(key).await;
    let client = super::client();
    let send = async |body: &Value| {
        let request = client.post(format!("{}/v2/enqueue", pagerduty.url));
        super::with_json(request, body).send().await.unwrap().status().as_u16()
    };
    let event = |action: &str| {
        json!({ "routing_key": key, "event_action": action, "dedup_key": "k",
            "payload": { "summary": "no parcel", "source": "x", "severity": "error" } })
    };
    let with = |place: &str, value: Value| {
        let mut bad = event("trigger");
        *bad.pointer_mut(place).expect("it is there") = value;
        bad
    };
    let mut more = event("trigger");
    more["colour"] = json!("red");
    let mut unlinked = event("trigger");
    unlinked["links"] = json!([{ "href": "javascript:x" }]);
    for bad in [
        json!([]),
        more,
        unlinked,
        with("/routing_key", json!("short")),
        with("/routing_key", json!("0".repeat(32))),
        with("/event_action", json!("open")),
        with("/dedup_key", json!("k".repeat(256))),
        with("/payload/summary", json!(" ")),
        with("/payload/summary", json!("é".repeat(1_025))),
        with("/payload/severity", json!("bad")),
        json!({ "routing_key": key, "event_action": "resolve" }),
    ] {
        assert_eq!(send(&bad).await, 400, "{bad}");
    }
    assert!(pagerduty.incidents().is_empty());
    pagerduty.script.then(Trouble::Refuse(429, None)).then(Trouble::FailAfter);
    assert_eq!(send(&event("trigger")).await, 429);
    assert_eq!(send(&event("trigger")).await, 500);
    assert_eq!(send(&event("trigger")).await, 202);
    let one =
        |status, calls| Incident { key: "k".into(), status, summary: "no parcel".into(), calls };
    assert_eq!(pagerduty.incidents(), [one("triggered", 2)], "one incident, whoever repeats it");
    assert_eq!(send(&event("acknowledge")).await, 202);
    assert_eq!(send(&event("trigger")).await, 202);
    assert_eq!(pagerduty.incidents(), [one("acknowledged", 2)]);
    for action in ["resolve", "resolve", "acknowledge"] {
        assert_eq!(send(&event(action)).await, 202);
    }
    assert_eq!(pagerduty.incidents(), [one("resolved", 2)]);
    assert_eq!(send(&event("trigger")).await, 202);
    assert_eq!(pagerduty.incidents(), [one("resolved", 2), one("triggered", 1)]);
    let refused = pagerduty.log.all().into_iter().filter(|(_, why)| why.is_some()).count();
    assert_eq!(refused, 11);
}
