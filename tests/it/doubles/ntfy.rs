//! An ntfy server as a recipient meets it: JSON published to the root, nothing more.
//!
//! It refuses what ntfy refuses, and also what ntfy would quietly turn into something else: a
//! text over 4,096 bytes (an attachment there) and fields that it does not know (ignored there).
//! Rules: ntfy's documentation of publishing.

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

/// The longest text, in bytes.
const MOST_TEXT: usize = 4096;
/// The most buttons below an alert.
const MOST_ACTIONS: usize = 3;
const FIELDS: &[&str] = &[
    "topic",
    "message",
    "title",
    "tags",
    "priority",
    "actions",
    "click",
    "attach",
    "markdown",
    "icon",
    "filename",
    "delay",
    "email",
    "call",
    "sequence_id",
];
const ACTION_FIELDS: &[&str] =
    &["action", "label", "url", "method", "headers", "body", "clear", "intent", "extras", "value"];

/// One request to publish.
#[derive(Clone, Debug)]
pub struct Published {
    /// The body as it came; null if it was not JSON.
    pub body: Value,
    /// The request's headers.
    pub headers: HeaderMap,
    /// Whether the alert went out to the phones, whatever was answered.
    pub delivered: bool,
}

/// The server.
pub struct Ntfy {
    /// Its address; alerts are published to the root.
    pub url: String,
    /// Every request.
    pub log: Log<Published>,
    /// What goes wrong. ntfy's own 429 is `Refuse(429, None)`.
    pub script: Script,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Published>,
    script: Script,
    token: Option<String>,
}

impl Ntfy {
    /// Starts it; with a token, only requests that bear it may publish.
    pub async fn start(token: Option<&str>) -> Ntfy {
        let shared = Shared {
            log: Log::default(),
            script: Script::default(),
            token: token.map(str::to_owned),
        };
        let router = Router::new().route("/", post(publish).put(publish));
        let server = Server::start(router.with_state(shared.clone())).await;
        Ntfy { url: server.url.clone(), log: shared.log, script: shared.script, _server: server }
    }

    /// The bodies of the alerts that went out and that a phone tells of, in order.
    pub fn delivered(&self) -> Vec<Value> {
        let all = self.log.all().into_iter().filter(|p| p.delivered).map(|p| p.body);
        all.filter(|body| !is_silent_change(body)).collect()
    }

    /// The bodies of those that only changed an alert that stood there, without a sound.
    pub fn changed(&self) -> Vec<Value> {
        let all = self.log.all().into_iter().filter(|p| p.delivered).map(|p| p.body);
        all.filter(is_silent_change).collect()
    }
}

async fn publish(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trouble = shared.script.take();
    let read: Value = serde_json::from_slice(&body).unwrap_or_default();
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let refused = match (&shared.token, bearer) {
        (Some(token), given) if given != Some(&format!("Bearer {token}")) => {
            Some((StatusCode::UNAUTHORIZED, 40101, "unauthorized".to_owned()))
        }
        _ => fault(&read).map(|why| (StatusCode::BAD_REQUEST, 40024, why)),
    };
    let delivered = refused.is_none() && trouble.is_none_or(Trouble::carries_out);
    let answer = answer(&read);
    let number = shared.log.add(Published { body: read, headers, delivered });
    through(trouble, &line, async {
        if let Some((status, code, why)) = refused {
            let body = json!({"code": code, "http": status.as_u16(), "error": why});
            return (status, Json(body)).into_response();
        }
        let mut answer = answer;
        answer["id"] = json!(format!("ntfy{number}"));
        Json(answer).into_response()
    })
    .await
}

/// Below the usual priority a phone makes no sound.
fn is_silent_change(body: &Value) -> bool {
    body.get("sequence_id").is_some() && body["priority"].as_u64() == Some(2)
}

/// What ntfy echoes.
fn answer(body: &Value) -> Value {
    json!({"time": 1_763_620_000, "expires": 1_763_663_200, "event": "message",
           "topic": body["topic"], "message": body["message"]})
}

/// What ntfy has against it.
fn fault(body: &Value) -> Option<String> {
    let Some(fields) = body.as_object() else {
        return Some("invalid request: request body must be a JSON object".to_owned());
    };
    if let Some(unknown) = fields.keys().find(|k| !FIELDS.contains(&k.as_str())) {
        return Some(format!("unknown field {unknown}"));
    }
    let topic = body["topic"].as_str().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if topic.is_empty() || topic.len() > 64 || !topic.chars().all(plain) {
        return Some("invalid topic: 1 to 64 letters, digits, - and _".to_owned());
    }
    let texts = ["message", "title", "click", "icon", "attach", "filename", "delay", "sequence_id"];
    if let Some(field) = texts.iter().find(|f| fields.get(**f).is_some_and(|v| !v.is_string())) {
        return Some(format!("{field} must be text"));
    }
    if body["message"].as_str().is_some_and(|m| m.len() > MOST_TEXT) {
        return Some(format!("message is longer than {MOST_TEXT} bytes"));
    }
    let priority = fields.get("priority").map_or(Some(3), Value::as_u64);
    if !priority.is_some_and(|p| (1..=5).contains(&p)) {
        return Some("invalid priority: 1 to 5".to_owned());
    }
    let tags =
        fields.get("tags").map(|t| t.as_array().is_some_and(|t| t.iter().all(Value::is_string)));
    if tags == Some(false) {
        return Some("tags must be a list of texts".to_owned());
    }
    let Some(actions) =
        fields.get("actions").map_or(Some(&[][..]), |a| a.as_array().map(Vec::as_slice))
    else {
        return Some("actions must be a list".to_owned());
    };
    if actions.len() > MOST_ACTIONS {
        return Some(format!("too many actions, only {MOST_ACTIONS} allowed"));
    }
    actions.iter().find_map(action_fault)
}

fn action_fault(action: &Value) -> Option<String> {
    let fields = action.as_object()?;
    if let Some(unknown) = fields.keys().find(|k| !ACTION_FIELDS.contains(&k.as_str())) {
        return Some(format!("unknown field {unknown} in an action"));
    }
    let kind = action["action"].as_str().unwrap_or_default();
    if !["view", "broadcast", "http"].contains(&kind) {
        return Some("action must be view, broadcast or http".to_owned());
    }
    if action["label"].as_str().is_none_or(str::is_empty) {
        return Some("an action needs a label".to_owned());
    }
    let url = action["url"].as_str().unwrap_or_default();
    let needs_url = kind != "broadcast";
    (needs_url && !url.starts_with("http")).then(|| format!("a {kind} action needs a url"))
}

#[tokio::test]
async fn it_refuses_what_ntfy_refuses_and_logs_what_it_delivers() {
    let ntfy = Ntfy::start(Some("tk_right")).await;
    let client = super::client();
    let send = async |token: &str, body: &Value| {
        let request = client.post(&ntfy.url).bearer_auth(token).body(body.to_string());
        request.send().await.unwrap().status().as_u16()
    };
    let good = json!({"topic": "acme", "message": "no parcel yet", "priority": 4, "tags": ["eyes"],
        "actions": [{"action": "view", "label": "Open", "url": "https://inbox.example/c/1"}]});
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    let view = good["actions"][0].clone();
    for bad in [
        json!([]),
        with("topic", json!("a b")),
        with("sound", json!("loud")),
        with("message", json!("é".repeat(2049))),
        with("priority", json!(6)),
        with("tags", json!("eyes")),
        with("actions", json!("Open")),
        with("actions", json!([view, view, view, view])),
        with("actions", json!([{"action": "view", "label": "Open"}])),
        with("actions", json!([{"action": "call", "label": "Open"}])),
        with("actions", json!([{"action": "http", "label": "", "url": "https://a.example"}])),
        with("actions", json!([{"action": "http", "label": "Go", "uri": "https://a.example"}])),
    ] {
        assert_eq!(send("tk_right", &bad).await, 400, "{bad}");
    }
    assert_eq!(send("tk_wrong", &good).await, 401);
    assert!(ntfy.delivered().is_empty());
    ntfy.script.then(Trouble::Refuse(429, None)).then(Trouble::FailAfter);
    assert_eq!(send("tk_right", &good).await, 429);
    assert_eq!(send("tk_right", &good).await, 500);
    assert_eq!(send("tk_right", &with("message", json!("é".repeat(2048)))).await, 200);
    assert_eq!(ntfy.delivered().len(), 2);
    assert!(ntfy.log.all().iter().all(|p| p.headers.contains_key(header::AUTHORIZATION)));
}
