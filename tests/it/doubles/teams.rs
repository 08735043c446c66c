//! A Teams workflow's webhook as a caller meets it: it checks the envelope, says that the card is
//! queued, and posts it later or not, without a word to the caller.
//!
//! What the trigger refuses is answered; what only the channel refuses (an invalid card, one that is
//! too large, buttons that need a bot) is kept as a fault and posted nowhere. Rules: Microsoft's
//! pages on the Teams connector and the schema of Adaptive Cards 1.4.

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The largest message that is posted.
const MOST_BYTES: usize = 28 * 1024;
/// So many buttons are shown in a row.
const MOST_ACTIONS: usize = 6;
const CARD: &str = "application/vnd.microsoft.card.adaptive";
/// What each part of a card may hold beside its type.
const PARTS: &[(&str, &[&str])] = &[
    ("AdaptiveCard", &["$schema", "version", "body", "actions", "msteams", "fallbackText", "lang"]),
    ("Container", &["id", "items", "style", "spacing", "separator", "bleed"]),
    ("RichTextBlock", &["id", "inlines", "spacing", "separator", "horizontalAlignment"]),
    ("TextRun", &["text", "color", "weight", "size", "isSubtle", "italic", "selectAction"]),
    ("TextBlock", &["id", "text", "color", "weight", "size", "isSubtle", "wrap", "spacing"]),
    ("ActionSet", &["id", "actions", "spacing"]),
    ("Action.OpenUrl", &["id", "title", "url", "style", "tooltip"]),
];
/// The values of what takes some only.
const VALUES: &[(&str, &[&str])] = &[
    ("color", &["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]),
    ("weight", &["Lighter", "Default", "Bolder"]),
    ("size", &["Small", "Default", "Medium", "Large", "ExtraLarge"]),
];

/// One call of the webhook.
#[derive(Clone, Debug)]
pub struct Called {
    /// The card; null if there was none.
    pub card: Value,
    /// What the workflow or the channel has against it.
    pub fault: Option<String>,
    /// Whether it stands in the channel, whatever was answered.
    pub posted: bool,
}

/// The workflow and its channel.
pub struct Teams {
    /// The webhook's address, with its signature.
    pub url: String,
    /// Every call.
    pub log: Log<Called>,
    /// What goes wrong.
    pub script: Script,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Called>,
    script: Script,
}

/// The signature in the address.
const SIGNATURE: &str = "5ecret-signature";

impl Teams {
    /// Starts it.
    pub async fn start() -> Teams {
        let shared = Shared { log: Log::default(), script: Script::default() };
        let path = "/workflows/0a1b/triggers/manual/paths/invoke";
        let router = Router::new().route(path, post(invoke)).with_state(shared.clone());
        let server = Server::start(router).await;
        let url = format!("{}{path}?api-version=2016-06-01&sig={SIGNATURE}", server.url);
        Teams { url, log: shared.log, script: shared.script, _server: server }
    }

    /// The cards that stand in the channel, in order.
    pub fn posted(&self) -> Vec<Value> {
        self.log.all().into_iter().filter(|call| call.posted).map(|call| call.card).collect()
    }

    /// What was found wrong with any.
    pub fn faults(&self) -> Vec<String> {
        self.log.all().into_iter().filter_map(|call| call.fault).collect()
    }
}

/// What a reader sees of a card: its texts, then its buttons' titles, in order.
pub fn shown(card: &Value) -> Vec<String> {
    let mut seen = Vec::new();
    walk(card, &mut |part: &Value| {
        for field in ["text", "title"] {
            seen.extend(part[field].as_str().map(str::to_owned));
        }
    });
    seen
}

/// Where a card leads.
pub fn links(card: &Value) -> Vec<String> {
    let mut urls = Vec::new();
    walk(card, &mut |part: &Value| urls.extend(part["url"].as_str().map(str::to_owned)));
    urls
}

fn walk(value: &Value, see: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => {
            see(value);
            fields.values().for_each(|inside| walk(inside, see));
        }
        Value::Array(values) => values.iter().for_each(|inside| walk(inside, see)),
        _ => {}
    }
}

async fn invoke(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trouble = shared.script.take();
    let read: Value = serde_json::from_slice(&body).unwrap_or_default();
    let refused = if query.get("sig").map(String::as_str) != Some(SIGNATURE) {
        Some((StatusCode::UNAUTHORIZED, "DirectApiAuthorizationRequired".to_owned()))
    } else {
        let why = envelope_fault(&headers, &read);
        why.map(|why| (StatusCode::BAD_REQUEST, format!("TriggerInputSchemaMismatch: {why}")))
    };
    let card = read["attachments"][0]["content"].clone();
    let large = body.len() > MOST_BYTES;
    let wrong = large.then(|| format!("{} bytes: request entity too large", body.len()));
    let wrong = wrong.or_else(|| card_fault(&card));
    let fault = refused.as_ref().map(|(_, why)| why.clone()).or(wrong);
    let posted = fault.is_none() && trouble.is_none_or(Trouble::carries_out);
    shared.log.add(Called { card, fault, posted });
    through(trouble, &line, async {
        match refused {
            Some((status, why)) => {
                (status, Json(json!({"error": {"code": why, "message": why}}))).into_response()
            }
            None => StatusCode::ACCEPTED.into_response(),
        }
    })
    .await
}

/// What the trigger has against a call.
fn envelope_fault(headers: &HeaderMap, read: &Value) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Some("the body is not called JSON".to_owned());
    }
    if read["type"] != "message" {
        return Some("type must be message".to_owned());
    }
    let one = read["attachments"].as_array().filter(|all| all.len() == 1);
    let Some(attachment) = one.and_then(|all| all.first()) else {
        return Some("attachments must hold one card".to_owned());
    };
    let good = attachment["contentType"] == CARD && attachment["content"].is_object();
    (!good).then(|| format!("an attachment must be of {CARD}"))
}

/// What the channel has against a card.
fn card_fault(card: &Value) -> Option<String> {
    if card["type"] != "AdaptiveCard" || card["version"] != "1.4" {
        return Some("no card of version 1.4".to_owned());
    }
    if card["body"].as_array().is_none_or(Vec::is_empty) {
        return Some("a card without a body".to_owned());
    }
    let mut fault: Option<String> = None;
    let mut ids: Vec<String> = Vec::new();
    walk(card, &mut |part: &Value| {
        fault = fault.take().or_else(|| part_fault(part));
        if let Some(id) = part["id"].as_str() {
            if ids.iter().any(|known| known == id) {
                fault = Some(format!("the id {id} is there twice"));
            }
            ids.push(id.to_owned());
        }
    });
    fault
}

fn part_fault(part: &Value) -> Option<String> {
    // What Teams itself reads beside the card's parts.
    if part.get("width").is_some() && part.get("type").is_none() {
        return (part["width"] != "Full").then(|| "width must be Full".to_owned());
    }
    let kind = part["type"].as_str().unwrap_or_default();
    if ["Action.Submit", "Action.Execute"].contains(&kind) {
        return Some(format!("{kind} needs a bot"));
    }
    let Some((_, fields)) = PARTS.iter().find(|(name, _)| *name == kind) else {
        return Some(format!("`{kind}` is no part of a card"));
    };
    let known = |name: &str| name == "type" || fields.contains(&name);
    if let Some(name) = part.as_object()?.keys().find(|name| !known(name)) {
        return Some(format!("{kind} has no {name}"));
    }
    for (field, values) in VALUES {
        let value = part.get(*field);
        if value.is_some_and(|v| v.as_str().is_none_or(|v| !values.contains(&v))) {
            return Some(format!("{kind}: {field} is none of {values:?}"));
        }
    }
    let filled = |field: &str| part[field].as_array().is_some_and(|all| !all.is_empty());
    let text = |field: &str| part[field].as_str().is_some_and(|text| !text.is_empty());
    let whole = match kind {
        "Container" => filled("items"),
        "RichTextBlock" => filled("inlines"),
        "TextRun" | "TextBlock" => text("text"),
        "ActionSet" => {
            filled("actions") && part["actions"].as_array().is_some_and(|a| a.len() <= MOST_ACTIONS)
        }
        "Action.OpenUrl" => part["url"].as_str().is_some_and(|url| url.starts_with("http")),
        _ => true,
    };
    (!whole).then(|| format!("{kind} lacks what it needs"))
}

#[tokio::test]
async fn it_refuses_what_a_workflow_refuses_and_keeps_silent_about_the_rest() {
    let teams = Teams::start().await;
    let client = super::client();
    let send = async |url: &str, body: &Value| {
        let request = super::with_json(client.post(url), body);
        request.send().await.unwrap().status().as_u16()
    };
    let button = json!({"type": "Action.OpenUrl", "title": "Open", "url": "https://a.example"});
    let message = |body: Value| {
        json!({"type": "message", "attachments": [{"contentType": CARD, "contentUrl": null,
            "content": {"type": "AdaptiveCard", "version": "1.4", "body": body}}]})
    };
    let good = message(json!([
        {"type": "RichTextBlock", "id": "k", "inlines": [{"type": "TextRun", "text": "no parcel"}]},
        {"type": "ActionSet", "actions": [button]},
    ]));
    assert_eq!(send(&teams.url.replace(SIGNATURE, "forged"), &good).await, 401);
    for bad in [json!([]), json!({"type": "message"}), json!({"type": "MessageCard"})] {
        assert_eq!(send(&teams.url, &bad).await, 400, "{bad}");
    }
    for bad in [
        json!([]),
        json!([{"type": "Table"}]),
        json!([{"type": "TextBlock", "text": ""}]),
        json!([{"type": "TextBlock", "text": "a", "colour": "Good"}]),
        json!([{"type": "TextBlock", "text": "a", "color": "red"}]),
        json!([{"type": "RichTextBlock", "inlines": []}]),
        json!([{"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "Take"}]}]),
        json!([{"type": "ActionSet", "actions": vec![button.clone(); 7]}]),
        json!([{"type": "TextBlock", "text": "a", "id": "k"}, {"type": "TextBlock", "text": "b", "id": "k"}]),
        json!([{"type": "TextBlock", "text": "x".repeat(30_000)}]),
    ] {
        assert_eq!(send(&teams.url, &message(bad.clone())).await, 202, "{bad}");
    }
    assert!(teams.posted().is_empty(), "queued, and never posted");
    assert_eq!(teams.faults().len(), 14);
    teams.script.then(Trouble::Refuse(429, Some(5))).then(Trouble::CutAfter);
    assert_eq!(send(&teams.url, &good).await, 429);
    assert!(super::with_json(client.post(&teams.url), &good).send().await.is_err());
    assert_eq!(send(&teams.url, &good).await, 202);
    let posted = teams.posted();
    assert_eq!(posted.len(), 2);
    assert_eq!(shown(&posted[0]), ["no parcel", "Open"]);
    assert_eq!(links(&posted[0]), ["https://a.example"]);
}
