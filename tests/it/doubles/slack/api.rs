//! Slack's Web API: who may ask, what is done, and what is said with status 200.

use super::super::line::Line;
use super::super::trouble::{Trouble, through};
use super::{APP_TOKEN, Books, CHANNEL, Call, Posted, Shared, TOKEN, judge};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::PoisonError;

/// Takes a call of a method.
pub(super) async fn call(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trouble = shared.script.take();
    let read: Value = serde_json::from_slice(&body).unwrap_or_default();
    let carried = trouble.is_none_or(Trouble::carries_out);
    let answer = if carried { answer(&shared, &method, &headers, &read) } else { Value::Null };
    shared.log.add(Call { method, body: read, answer: answer.clone() });
    through(trouble, &line, async { Json(answer).into_response() }).await
}

/// What Slack does and says.
fn answer(shared: &Shared, method: &str, headers: &HeaderMap, body: &Value) -> Value {
    let told = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = told(header::AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default();
    let connects = method == "apps.connections.open";
    let right = if connects { APP_TOKEN } else { TOKEN };
    let mut books = shared.books.lock().unwrap_or_else(PoisonError::into_inner);
    let done = if token.is_empty() {
        Err("not_authed".to_owned())
    } else if connects != token.starts_with("xapp-") {
        Err("not_allowed_token_type".to_owned())
    } else if token != right {
        Err("invalid_auth".to_owned())
    } else if let Some(error) = books.errors.pop_front() {
        Err(error)
    } else if connects {
        let ticket = books.next("ticket");
        books.tickets.insert(ticket.clone());
        Ok(json!({ "url": format!("{}/link/?ticket={ticket}", shared.socket) }))
    } else if !told(header::CONTENT_TYPE).starts_with("application/json") {
        Err("invalid_post_type".to_owned())
    } else {
        carried(&mut books, method, body)
    };
    match done {
        Ok(mut answer) => {
            answer["ok"] = json!(true);
            answer
        }
        Err(error) => {
            // What it says beside the error's name tells a developer what is wrong.
            let (error, why) = error.split_once(": ").unwrap_or((error.as_str(), ""));
            json!({ "ok": false, "error": error, "response_metadata": { "messages": [why] } })
        }
    }
}

fn carried(books: &mut Books, method: &str, body: &Value) -> Result<Value, String> {
    let invalid = |why: String| format!("invalid_arguments: {why}");
    let fields = body.as_object().ok_or_else(|| invalid("no JSON object".to_owned()))?;
    let known: &[&str] = match method {
        "chat.postMessage" => &[
            "channel",
            "text",
            "blocks",
            "thread_ts",
            "reply_broadcast",
            "metadata",
            "mrkdwn",
            "parse",
            "link_names",
            "unfurl_links",
            "unfurl_media",
        ],
        "chat.update" => &["channel", "ts", "text", "blocks", "metadata", "parse", "link_names"],
        "chat.postEphemeral" => {
            &["channel", "user", "text", "blocks", "thread_ts", "parse", "link_names"]
        }
        "views.open" => &["trigger_id", "view"],
        _ => return Err("unknown_method".to_owned()),
    };
    judge::only(fields, known).map_err(invalid)?;
    if method == "views.open" {
        let trigger = body["trigger_id"].as_str().unwrap_or_default();
        if !books.triggers.remove(trigger) {
            return Err("expired_trigger_id".to_owned());
        }
        judge::view(&body["view"]).map_err(invalid)?;
        books.views.push(body["view"].clone());
        return Ok(json!({ "view": { "id": "V1" } }));
    }
    if body["channel"] != CHANNEL {
        return Err("channel_not_found".to_owned());
    }
    let text = body["text"].as_str().filter(|text| !text.trim().is_empty()).ok_or("no_text")?;
    if text.chars().count() > 4_000 {
        return Err("msg_too_long".to_owned());
    }
    if let Some(blocks) = fields.get("blocks") {
        judge::blocks(blocks).map_err(|why| format!("invalid_blocks: {why}"))?;
    }
    if let Some(metadata) = fields.get("metadata")
        && !(metadata["event_type"].is_string() && metadata["event_payload"].is_object())
    {
        return Err("invalid_metadata_format".to_owned());
    }
    if method == "chat.postEphemeral" {
        let user = body["user"].as_str().filter(|user| user.starts_with('U'));
        let user = user.ok_or("user_not_in_channel")?.to_owned();
        books.whispers.push((user, text.to_owned()));
        return Ok(json!({ "message_ts": books.next("1763620200.") }));
    }
    if method == "chat.update" {
        let ts = &body["ts"];
        let message = books.posted.iter_mut().find(|message| message.ts == *ts);
        let message = message.ok_or("message_not_found")?;
        text.clone_into(&mut message.text);
        if let Some(blocks) = fields.get("blocks") {
            message.blocks = blocks.clone();
        }
        message.edits += 1;
        return Ok(json!({ "channel": CHANNEL, "ts": ts, "text": text }));
    }
    let thread = fields.get("thread_ts").map(|ts| ts.as_str().unwrap_or_default().to_owned());
    if thread.as_ref().is_some_and(|ts| !books.posted.iter().any(|m| m.ts == *ts)) {
        return Err("thread_not_found".to_owned());
    }
    let ts = books.next("1763620000.");
    let blocks = body["blocks"].clone();
    books.posted.push(Posted { ts: ts.clone(), thread, text: text.to_owned(), blocks, edits: 0 });
    Ok(json!({ "channel": CHANNEL, "ts": ts, "message": { "text": text } }))
}
