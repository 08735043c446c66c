//! A channel of Discord behind a webhook: messages posted and changed, nothing more.
//!
//! It refuses what Discord refuses, and also what it would quietly pass over: fields that it does
//! not know, and mentions that nobody ruled out. Rules: docs.discord.com (webhooks, messages).

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{patch, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The webhook's token.
const TOKEN: &str = "token-1";

/// The channel.
pub struct Discord {
    /// The webhook's address.
    pub url: String,
    /// Every message and change as it came.
    pub log: Log<Value>,
    /// What goes wrong. Discord's own 429 is `Refuse(429, Some(seconds))`.
    pub script: Script,
    standing: Standing,
    _server: Server,
}

/// The messages by their ids, as they stand.
type Standing = Arc<Mutex<BTreeMap<String, Value>>>;
type Pairs = BTreeMap<String, String>;
type Refused = (StatusCode, Value);

#[derive(Clone)]
struct Shared {
    log: Log<Value>,
    script: Script,
    standing: Standing,
}

impl Discord {
    /// Opens it.
    pub async fn start() -> Discord {
        let (log, script, standing) = (Log::default(), Script::default(), Standing::default());
        let shared =
            Shared { log: log.clone(), script: script.clone(), standing: standing.clone() };
        let router = Router::new()
            .route("/api/v10/webhooks/{id}/{token}", post(execute))
            .route("/api/v10/webhooks/{id}/{token}/messages/{message}", patch(edit))
            .with_state(shared);
        let server = Server::start(router).await;
        let url = format!("{}/api/webhooks/1/{TOKEN}", server.url);
        Discord { url, log, script, standing, _server: server }
    }

    /// The messages as they stand, oldest first.
    pub fn standing(&self) -> Vec<Value> {
        let all = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().cloned().collect()
    }

    /// Somebody deletes all of them.
    pub fn clear(&self) {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

async fn execute(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path((_, token)): Path<(String, String)>,
    Query(query): Query<Pairs>,
    body: Bytes,
) -> Response {
    let known = ["wait", "with_components", "thread_id"];
    let judged = judged(&token, &query, &known, &body).and_then(|message| {
        let waits = query.get("wait").is_some_and(|wait| wait == "true");
        if waits { Ok(message) } else { Err(invalid("without wait=true nobody learns the id")) }
    });
    carried(&shared, &line, judged, None).await
}

async fn edit(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path((_, token, message)): Path<(String, String, String)>,
    Query(query): Query<Pairs>,
    body: Bytes,
) -> Response {
    let judged = judged(&token, &query, &["with_components", "thread_id"], &body);
    carried(&shared, &line, judged, Some(message)).await
}

/// Does what was asked for, as far as the trouble has it.
async fn carried(
    shared: &Shared,
    line: &Line,
    judged: Result<Value, Refused>,
    over: Option<String>,
) -> Response {
    let trouble = shared.script.take();
    let answer = judged.and_then(|message| {
        shared.log.add(message.clone());
        let mut standing = shared.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let id = match over {
            Some(id) if standing.contains_key(&id) => id,
            Some(_) => return Err((StatusCode::NOT_FOUND, fault(10008, "Unknown Message"))),
            None => format!("{:020}", shared.log.all().len()),
        };
        if trouble.is_none_or(Trouble::carries_out) {
            standing.insert(id.clone(), message);
        }
        Ok(json!({ "id": id }))
    });
    through(trouble, line, async {
        match answer {
            Ok(answer) => Json(answer).into_response(),
            Err((status, fault)) => (status, Json(fault)).into_response(),
        }
    })
    .await
}

/// The message, if Discord takes it.
fn judged(token: &str, query: &Pairs, known: &[&str], body: &[u8]) -> Result<Value, Refused> {
    if token != TOKEN {
        return Err((StatusCode::NOT_FOUND, fault(10015, "Unknown Webhook")));
    }
    if let Some(key) = query.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(invalid(&format!("unknown parameter {key}")));
    }
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let components = query.get("with_components").is_some_and(|with| with == "true");
    match wrong(&message, components) {
        None => Ok(message),
        Some(why) => Err(invalid(&why)),
    }
}

fn fault(code: u32, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

fn invalid(why: &str) -> Refused {
    let mut said = fault(50035, "Invalid Form Body");
    said["errors"] = json!({ "_errors": [{ "message": why }] });
    (StatusCode::BAD_REQUEST, said)
}

/// What Discord has against a message.
fn wrong(message: &Value, components: bool) -> Option<String> {
    let Some(fields) = message.as_object() else { return Some("no JSON object".to_owned()) };
    let known = ["content", "embeds", "components", "allowed_mentions", "flags"];
    if let Some(key) = unknown(fields, &known) {
        return Some(format!("unknown field {key}"));
    }
    if message["allowed_mentions"] != json!({ "parse": [] }) {
        return Some("anybody may be pinged".to_owned());
    }
    let content = length(&message["content"]);
    let none = Vec::new();
    let embeds = message["embeds"].as_array().unwrap_or(&none);
    if content == 0 && embeds.is_empty() {
        return Some("an empty message".to_owned());
    }
    if content > 2_000 || embeds.len() > 10 {
        return Some("too long".to_owned());
    }
    let mut together = 0;
    for embed in embeds {
        match embed_length(embed) {
            Ok(length) => together += length,
            Err(why) => return Some(why),
        }
    }
    if together > 6_000 {
        return Some(format!("{together} characters in all embeds"));
    }
    let rows = message["components"].as_array().unwrap_or(&none);
    if !rows.is_empty() && !components {
        return Some("components without with_components".to_owned());
    }
    if rows.len() > 5 {
        return Some("too many rows".to_owned());
    }
    rows.iter().find_map(row_fault)
}

/// How long the texts of an embed are together.
fn embed_length(embed: &Value) -> Result<usize, String> {
    let fields = embed.as_object().ok_or("an embed is an object")?;
    let known = ["title", "url", "description", "color", "footer", "timestamp", "fields"];
    if let Some(key) = unknown(fields, &known) {
        return Err(format!("unknown field {key} in an embed"));
    }
    let most = |value: &Value, what: &str, most: usize| match length(value) {
        length if length > most => Err(format!("{what}: {length} of {most}")),
        length => Ok(length),
    };
    let mut sum = most(&embed["title"], "title", 256)?
        + most(&embed["description"], "description", 4_096)?
        + most(&embed["footer"]["text"], "footer", 2_048)?;
    let none = Vec::new();
    let all = embed["fields"].as_array().unwrap_or(&none);
    if all.len() > 25 {
        return Err("too many fields".to_owned());
    }
    for field in all {
        let (name, value) =
            (most(&field["name"], "name", 256)?, most(&field["value"], "value", 1_024)?);
        if name == 0 || value == 0 {
            return Err("a field without name or value".to_owned());
        }
        sum += name + value;
    }
    Ok(sum)
}

fn row_fault(row: &Value) -> Option<String> {
    let buttons = row["components"].as_array().filter(|_| row["type"] == 1);
    let Some(buttons) = buttons.filter(|all| (1..=5).contains(&all.len())) else {
        return Some("a row holds one to five buttons".to_owned());
    };
    buttons.iter().find_map(|button| {
        let url = button["url"].as_str().unwrap_or_default();
        if button["type"] != 2 || button["style"] != 5 {
            return Some("a plain webhook's buttons are links".to_owned());
        }
        if !(1..=80).contains(&length(&button["label"])) {
            return Some("a label has 1 to 80 characters".to_owned());
        }
        let fits = url.starts_with("http") && url.chars().count() <= 512;
        (!fits).then(|| format!("no url of a button: {url}"))
    })
}

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

fn unknown<'f>(fields: &'f Map<String, Value>, known: &[&str]) -> Option<&'f String> {
    fields.keys().find(|key| !known.contains(&key.as_str()))
}

#[tokio::test]
async fn it_refuses_what_discord_refuses_and_keeps_what_stands() {
    let discord = Discord::start().await;
    let client = super::client();
    let url = discord.url.replace("/api/", "/api/v10/");
    let send = async |query: &str, body: &Value| {
        let request = super::with_json(client.post(format!("{url}?{query}")), body);
        request.send().await.unwrap().status().as_u16()
    };
    let button = json!({ "type": 2, "style": 5, "label": "Open", "url": "https://a.example" });
    let good = json!({ "allowed_mentions": { "parse": [] },
        "embeds": [{ "title": "A complaint", "fields": [{ "name": "Why", "value": "late" }] }],
        "components": [{ "type": 1, "components": [button] }] });
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).expect("it stands there") = value;
        body
    };
    let right = "wait=true&with_components=true";
    for bad in [
        json!([]),
        json!({ "allowed_mentions": { "parse": [] } }),
        with("/allowed_mentions", json!({ "parse": ["everyone"] })),
        with("/embeds/0/title", json!("x".repeat(257))),
        with("/embeds/0/fields/0/value", json!("")),
        with("/embeds/0/fields/0/value", json!("x".repeat(1_025))),
        with("/embeds", json!(vec![json!({ "description": "x".repeat(3_001) }); 2])),
        with("/components/0/components", json!(vec![button.clone(); 6])),
        with("/components/0/components/0/style", json!(1)),
        with("/components/0/components/0/url", json!("x".repeat(513))),
    ] {
        assert_eq!(send(right, &bad).await, 400, "{bad}");
    }
    assert_eq!(send("with_components=true", &good).await, 400);
    assert_eq!(send("wait=true", &good).await, 400);
    assert!(discord.standing().is_empty());
    discord.script.then(Trouble::Refuse(429, Some(2)));
    assert_eq!(send(right, &good).await, 429);
    assert_eq!(send(right, &good).await, 200);
    assert_eq!(discord.standing(), std::slice::from_ref(&good));
    discord.clear();
    let gone = super::with_json(
        client.patch(format!("{url}/messages/1")),
        &json!({
        "content": "a", "allowed_mentions": { "parse": [] } }),
    );
    assert_eq!(gone.send().await.unwrap().status(), 404);
    assert_eq!(discord.log.all().len(), 3);
}
