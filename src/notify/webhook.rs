//! Alerts as signed JSON for any program: Standard Webhooks 1.0.
//!
//! The `webhook-id` is the alert's key, the same for every attempt; time and signature are new
//! each time, as the specification wants. What changes an alert that stands is an event of its own,
//! `alert.updated`, with the same `alert` and a key of its own.

use super::form::{Once, cut};
use crate::domain::text::one_line;
use crate::wire::{
    Acts, Alert, AlertCase, AlertLine, Ask, Body, Ctx, Delivered, Fault, Key, KeyFault, KeyKind,
    Method, Next, Notifier, NotifierMeta, Request, Response, Secret, Talk, read_settings,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use url::Url;

/// Posts alerts to an address.
pub(super) struct Webhook;

static META: NotifierMeta = NotifierMeta {
    name: "webhook",
    title: "Webhook",
    about: "Posts each alert as signed JSON to an address of yours (Standard Webhooks 1.0).",
    docs: "https://www.standardwebhooks.com",
    buckets: &[],
    keys: &[
        Key {
            name: "url",
            kind: KeyKind::Secret,
            required: true,
            doc: "Address that takes the alerts. It is treated as a secret: whoever knows it can \
                  send there.",
            example: "\"https://hooks.example.com/ascolto\"",
        },
        Key {
            name: "secret",
            kind: KeyKind::Secret,
            required: true,
            doc: "Signing secret, shared with the receiver: `whsec_` and the base64 of 24 to 64 \
                  random bytes.",
            example: "\"whsec_YW4gZXhhbXBsZSwgbm90IGEgc2VjcmV0IQ==\"",
        },
    ],
    edits: true,
    dedups: true,
    acts: Acts::Links,
    confirms: false,
};

/// The specification asks for less than 20 kB.
const MOST_BYTES: usize = 20_000;
/// Of so many things one alert tells at most; the receiver finds the others in the inbox.
const MOST_LINES: usize = 100;
/// More acts than there are; an alert stays within its size whatever it carries.
const MOST_ACTS: usize = 16;
/// A longer address is no address of a post; a cut one would be a false one.
const MOST_URL: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    url: Secret,
    secret: Secret,
}

struct Settings {
    url: Url,
    /// Checked to be `whsec_` and base64.
    secret: Secret,
}

impl Notifier for Webhook {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let url = Url::parse(raw.url.expose())
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or_else(|| fault("url", "is no address; write one that begins with https://"))?;
        let key = raw.secret.expose().strip_prefix("whsec_").and_then(|k| STANDARD.decode(k).ok());
        if !key.is_some_and(|k| (24..=64).contains(&k.len())) {
            let why = "is no signing secret; write whsec_ and the base64 of 24 to 64 random \
                       bytes, for example from `openssl rand -base64 32`";
            return Err(fault("secret", why));
        }
        Ok(Box::new(Settings { url, secret: raw.secret }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let settings: &Settings = cx.settings();
        let id = id(&alert.key);
        let seconds = cx.now.0.div_euclid(1_000);
        let json = payload(alert).to_string();
        let signature = standardwebhooks::Webhook::new(settings.secret.expose())
            .and_then(|hook| hook.sign(&id, seconds, json.as_bytes()))
            .expect("the secret was checked when it was read, and JSON is UTF-8");
        let mut request = Request::new(Method::Post, settings.url.clone())
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signature);
        request.body = Body::Json(json.into_bytes());
        request.secret_url = true;
        Box::new(Once { ask: Ask::open(request, 0), read: |_| Ok(Delivered::default()) })
    }

    fn edit(
        &self,
        alert: &Alert,
        _remote: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        Some(self.send(alert, cx))
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        let (next, why) = match res.status {
            401 | 403 => (
                Next::Auth,
                "the receiver refuses our signature; write the same whsec_ secret on both sides",
            ),
            404 => (Next::Gone, "no receiver is at this address; correct `url`"),
            410 => (Next::Gone, "the receiver switched this webhook off; write a new `url`"),
            413 => (Next::Refused, "the receiver takes no body of this size; raise its limit"),
            _ => return None,
        };
        Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
    }
}

/// The key as a `webhook-id`: a dot would blur what is signed, and a header takes no other signs.
fn id(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    key.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}

/// The body: as much text as fits.
fn payload(alert: &Alert) -> Value {
    // Quotes and backslashes double in JSON, so a cut of the text alone proves nothing.
    let rooms = [6_000, 3_000, 1_000, 200];
    let of = |room| payload_within(alert, room);
    let small = |value: &Value| value.to_string().len() < MOST_BYTES;
    rooms.into_iter().map(of).find(small).unwrap_or_else(|| of(0))
}

fn payload_within(alert: &Alert, room: usize) -> Value {
    let kind = if alert.of.is_some() { "updated" } else { alert.reason.as_str() };
    let line = |line: &AlertLine| json!({ "text": text(&line.text, room / 20), "url": line.link });
    json!({
        "type": format!("alert.{kind}"),
        "timestamp": alert.at,
        "data": {
            "key": alert.key,
            "alert": alert.of.as_ref().unwrap_or(&alert.key),
            "reason": alert.reason,
            "title": cut(&one_line(&alert.title, 200), 800),
            "body": text(&alert.body, room),
            "lines": alert.lines.iter().take(MOST_LINES).map(line).collect::<Vec<_>>(),
            "urgent": alert.urgent,
            "not_rechecked": alert.not_rechecked,
            "case": alert.case.as_ref().map(|case| case_within(case, room)),
        },
    })
}

fn case_within(case: &AlertCase, room: usize) -> Value {
    let url = if case.url.len() <= MOST_URL { case.url.as_str() } else { "" };
    let why = case.why.iter().map(|why| &why.words).filter(|words| !words.is_empty());
    let why = why.take(10).map(|words| cut(&one_line(words, 60), 200));
    let actions = case.actions.iter().take(MOST_ACTS);
    json!({
        "id": case.id,
        "brand": case.brand,
        "network": case.network,
        "author": cut(&one_line(&case.author, 60), 200),
        "private": case.text.trim().is_empty(),
        "text": text(&case.text, room),
        "language": case.language,
        "severity": case.severity,
        "strikes": case.strikes,
        "customer": cut(&one_line(&case.customer, 300), 600),
        "topic": case.topic,
        "risk": case.risk,
        "why": why.collect::<Vec<_>>(),
        "due": case.due,
        "draft": text(&case.draft, room / 2),
        "url": url,
        "link": case.link,
        "reply_limit": case.reply_limit,
        "reply_until": case.window_text,
        "actions": actions.map(|act| json!({"name": act.name, "label": act.label, "url": act.url})).collect::<Vec<_>>(),
    })
}

/// Text for a program: lines stay, other control and formatting characters go.
fn text(text: &str, room: usize) -> String {
    let keeps = |c: &char| *c == '\n' || crate::domain::text::is_printable(*c);
    cut(&text.chars().filter(keeps).collect::<String>(), room)
}

#[cfg(test)]
mod tests;
