//! `POST /api/v1/mentions`: mentions that other programs hand over, each read on its own.

use crate::domain::Mention;
use crate::pipeline::{Channel, handed, poll};
use crate::store::coverage::Intake;
use crate::store::mentions;
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::idempotent::once;
use crate::web::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Largest body.
const BODY_LIMIT: usize = 8 << 20;
/// Most mentions of one request.
const LINES: usize = 10_000;

/// Stores mentions and answers after the commit: how many were new, known, changed, and which
/// were rejected and why. `index` counts the array's elements, or the lines that hold anything.
pub async fn receive(
    State(front): State<Shared>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Ingest)?;
    let channel = channel(&front, &caller)?;
    let kind = request.headers().get(header::CONTENT_TYPE);
    let lines = kind.and_then(|v| v.to_str().ok()).is_some_and(|v| {
        let essence = v.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(
            essence.as_str(),
            "application/x-ndjson" | "application/jsonl" | "application/ndjson"
        )
    });
    once(&front, &caller, request, BODY_LIMIT, async |body| {
        let (good, rejected) = read(&body, lines, &channel.name)?;
        let count = store(&front, channel, good).await?;
        let Intake { new, again, edited, own, .. } = count;
        let answer = json!({
            "new": new, "again": again, "edited": edited, "own": own, "rejected": rejected
        });
        Ok((StatusCode::OK, answer))
    })
    .await
}

/// The ingest channel that a token names.
fn channel<'a>(front: &'a Shared, caller: &Caller) -> Result<&'a Channel, Problem> {
    let no = |detail: String| Problem::new(StatusCode::FORBIDDEN, detail);
    if caller.channel.is_empty() {
        return Err(no("this token names no channel; make one for an ingest channel with \
                       `ascolto user token`"
            .to_owned()));
    }
    let channel = front.web.deps.channels.get(&caller.channel).ok_or_else(|| {
        no(format!("the channel {} of this token is not configured", caller.channel))
    })?;
    if channel.network.meta().can.poll {
        return Err(no(format!(
            "the channel {} listens by itself; name one whose network is `ingest`",
            channel.name
        )));
    }
    Ok(channel)
}

/// Reads a body; what cannot be read is told by its index, the rest goes on.
fn read(body: &[u8], lines: bool, channel: &str) -> Result<(Vec<Mention>, Vec<Value>), Problem> {
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    let entries: Vec<&[u8]> = match first {
        None => Vec::new(),
        Some(b'[') if !lines => serde_json::from_slice::<Vec<&RawValue>>(body)
            .map_err(|e| Problem::bad(format!("the body is no JSON array: {e}")))?
            .into_iter()
            .map(|raw| raw.get().as_bytes())
            .collect(),
        // One mention alone, written over several lines.
        Some(b'{') if !lines && serde_json::from_slice::<&RawValue>(body).is_ok() => vec![body],
        Some(_) => body
            .split(|b| *b == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
            .collect(),
    };
    if entries.len() > LINES {
        let detail = format!(
            "{} mentions are more than {LINES}; send them in several requests",
            entries.len()
        );
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    let mut good = Vec::with_capacity(entries.len());
    let mut rejected = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        match one(entry, channel) {
            Ok(mention) => good.push(mention),
            Err(why) => rejected.push(json!({ "index": index, "why": why })),
        }
    }
    Ok((good, rejected))
}

fn one(entry: &[u8], channel: &str) -> Result<Mention, String> {
    match serde_json::from_slice::<Mention>(entry) {
        Ok(mention) => mention.checked(),
        Err(e) => match without_channel(entry, channel)? {
            Some(entry) => serde_json::from_slice::<Mention>(&entry)
                .map_err(|e| unreadable(&e))
                .and_then(Mention::checked),
            None => Err(unreadable(&e)),
        },
    }
}

/// What is wrong with an entry, in words of this API where serde's own are obscure.
fn unreadable(e: &serde_json::Error) -> String {
    let said = e.to_string();
    if said.contains("hex escape") || said.contains("surrogate") {
        return format!(
            "a lone surrogate, half of a character, cannot be stored; send it whole ({said})"
        );
    }
    said
}

/// The form of the API lets a mention name its channel; it must be the token's.
fn without_channel(entry: &[u8], channel: &str) -> Result<Option<Vec<u8>>, String> {
    let Ok(mut members) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(entry) else {
        return Ok(None);
    };
    let Some(named) = members.remove("channel") else { return Ok(None) };
    if serde_json::from_str::<&str>(named.get()).ok() != Some(channel) {
        return Err(format!(
            "`channel` is {}, but this token writes to {channel}; leave it out",
            named.get()
        ));
    }
    Ok(serde_json::to_vec(&members).ok())
}

/// Stores what is good, all of it in one transaction.
async fn store(front: &Shared, channel: &Channel, good: Vec<Mention>) -> Result<Intake, Problem> {
    let deps = &front.web.deps;
    let Some(brand) = deps.brands.get(&channel.brand) else {
        let detail = format!("the brand {} is not configured", channel.brand);
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    };
    let now = front.now();
    let mut tx = deps.store.begin().await?;
    if mentions::backlog_over(&mut tx, poll::BACKLOG_LIMIT).await? {
        let detail = "triage is behind; nothing of this was stored. Send the same again later";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry(10));
    }
    let (sum, stored) = handed::store(deps, &mut tx, brand, channel, good, now).await?;
    tx.commit().await?;
    deps.heard(stored);
    deps.tell([]);
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"network":"x","external_id":"1","kind":"post","visibility":"public","author":{"id":"a"},"text":"ciao","created_at":"2026-11-20T09:00:00Z","url":"","thread_id":""}"#;

    fn why(body: &str) -> Vec<(u64, String)> {
        let (_, rejected) = read(body.as_bytes(), false, "in").unwrap();
        let told =
            |v: &Value| (v["index"].as_u64().unwrap(), v["why"].as_str().unwrap().to_owned());
        rejected.iter().map(told).collect()
    }

    #[test]
    fn every_form_is_read() {
        let pretty = GOOD.replace(',', ",\n");
        for body in [GOOD.to_owned(), format!("[{GOOD}]"), format!("\n{GOOD}\r\n\n"), pretty] {
            let (good, rejected) = read(body.as_bytes(), false, "in").unwrap();
            assert_eq!((good.len(), rejected.len()), (1, 0), "{body}");
        }
        assert!(read(b"", false, "in").unwrap().0.is_empty());
        assert!(read(b"[{]", false, "in").is_err());
    }

    #[test]
    fn one_bad_entry_stops_nothing() {
        let surrogate = GOOD.replace("ciao", r"\ud800");
        let body = format!("{GOOD}\n{surrogate}\n{{\"a\n{GOOD}\nnull\n");
        let rejected = why(&body);
        assert_eq!(rejected.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [1, 2, 4]);
        assert!(rejected[0].1.contains("surrogate"), "{}", rejected[0].1);
        let rejected = why(&format!("[{GOOD},{surrogate},{{}}]"));
        assert_eq!(rejected.len(), 2);
        assert!(rejected[1].1.contains("missing field"), "{}", rejected[1].1);
        let empty = GOOD.replace(r#""external_id":"1""#, r#""external_id":" ""#);
        assert!(why(&empty)[0].1.contains("`external_id` is empty"));
    }

    #[test]
    fn a_mention_may_name_its_own_channel_only() {
        let named = GOOD.replacen('{', r#"{"channel":"in","#, 1);
        assert!(why(&named).is_empty());
        let other = named.replace("\"in\"", "\"out\"");
        assert!(why(&other)[0].1.contains("writes to in"));
    }
}
