//! Tickets as signed JSON for any program: Standard Webhooks 1.0, both ways.
//!
//! The `webhook-id` is the ticket's key, the same for every attempt, so the receiver can drop what
//! came twice. It may answer with what it made; and it may call back, signed by the same secret,
//! when that is done with, since nothing of it can be asked.

use super::form::{cut, once};
use super::signed;
use crate::domain::Instant;
use crate::domain::text::{is_printable, one_line};
use crate::wire::{
    Ask, Body, Ctx, Fault, Filed, Got, HookRequest, Key, KeyFault, KeyKind, Method, Next, Request,
    Response, Secret, Talk, Ticket, TicketCall, TicketMeta, TicketState, TicketSystem, TicketWord,
    read_settings,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use url::Url;

/// Posts tickets to an address.
pub(super) struct Webhook;

/// The specification asks for less than 20 kB.
const MOST_BYTES: usize = 20_000;
/// A longer address is no address of a post; a cut one would be a false one.
const MOST_URL: usize = 2_000;

static META: TicketMeta = TicketMeta {
    name: "webhook",
    title: "Webhook",
    about: "Posts each case as signed JSON to an address of yours (Standard Webhooks 1.0). It may \
            answer `{\"name\": \"#4711\", \"url\": \"https://…\"}`.",
    docs: "https://www.standardwebhooks.com",
    buckets: &[],
    keys: &[
        Key {
            name: "url",
            kind: KeyKind::Secret,
            required: true,
            doc: "Address that takes the tickets. It is treated as a secret: whoever knows it can \
                  send there.",
            example: "\"https://hooks.example.com/tickets\"",
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
    reads_back: false,
    dedups: true,
    calls: "Post `{\"type\": \"ticket.closed\", \"data\": {\"key\": \"ascolto-…\"}}`, or \
            `ticket.opened`, `ticket.gone`, signed in the same way by the same secret.",
};

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

impl Settings {
    /// The ask that posts this, signed.
    fn post(&self, id: &str, body: &Value, now: Instant) -> Ask {
        let seconds = now.0.div_euclid(1_000);
        let json = body.to_string();
        let signature = standardwebhooks::Webhook::new(self.secret.expose())
            .and_then(|hook| hook.sign(id, seconds, json.as_bytes()))
            .expect("the secret was checked when it was read, and JSON is UTF-8");
        let mut request = Request::new(Method::Post, self.url.clone())
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signature);
        request.body = Body::Json(json.into_bytes());
        request.secret_url = true;
        Ask::open(request, 0)
    }
}

impl TicketSystem for Webhook {
    fn meta(&self) -> &'static TicketMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let url = Url::parse(raw.url.expose())
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or_else(|| fault("url", "is no address; write one that begins with https://"))?;
        let key = raw.secret.expose().strip_prefix("whsec_").and_then(signed::base64);
        if !key.is_some_and(|k| (24..=64).contains(&k.len())) {
            let why = "is no signing secret; write whsec_ and the base64 of 24 to 64 random \
                       bytes, for example from `openssl rand -base64 32`";
            return Err(fault("secret", why));
        }
        Ok(Box::new(Settings { url, secret: raw.secret }))
    }

    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        let settings: &Settings = cx.settings();
        let key = ticket.key.clone();
        let ask = settings.post(&key, &payload(ticket, cx.now), cx.now);
        once(ask, move |got| made(got, &key))
    }

    fn tell(
        &self,
        filed: &Filed,
        key: &str,
        text: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        let settings: &Settings = cx.settings();
        let data = json!({ "key": filed.remote, "text": cut(&clean(text), 4_000) });
        let body = json!({ "type": "case.moved", "timestamp": cx.now, "data": data });
        Some(once(settings.post(key, &body, cx.now), |got| got.http().map(drop)))
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> TicketCall {
        #[derive(Deserialize)]
        struct Call {
            r#type: String,
            data: Named,
        }
        #[derive(Deserialize)]
        struct Named {
            key: String,
        }
        let settings: &Settings = cx.settings();
        let head = |name| req.header(name).unwrap_or_default();
        let (id, time) = (head("webhook-id"), head("webhook-timestamp"));
        let key = settings.secret.expose().strip_prefix("whsec_").and_then(signed::base64);
        let key = key.unwrap_or_default();
        let parts = [id.as_bytes(), b".", time.as_bytes(), b".", req.body];
        let mut tags = head("webhook-signature").split(' ').filter_map(|s| s.strip_prefix("v1,"));
        let holds =
            |tag: &str| signed::base64(tag).is_some_and(|tag| signed::holds(&key, &parts, &tag));
        if req.method != Method::Post || !tags.any(holds) {
            return TicketCall::Refuse("a call whose signature is not that of `secret`");
        }
        let made = time.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
        if !made.is_some_and(|made| signed::is_fresh(Instant(made), cx.now)) {
            return TicketCall::Refuse("a call that is older than five minutes");
        }
        let Ok(call) = serde_json::from_slice::<Call>(req.body) else {
            return TicketCall::Refuse("a call that names no ticket; see its docs page");
        };
        let state = match call.r#type.as_str() {
            "ticket.closed" => TicketState::Closed,
            "ticket.opened" => TicketState::Open,
            "ticket.gone" => TicketState::Gone,
            _ => return TicketCall::Refuse("a call of a type that we know none of"),
        };
        TicketCall::Told(vec![(call.data.key, state)])
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

/// What the receiver made, as far as it says so.
fn made(got: Got, key: &str) -> Result<Filed, Fault> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Made {
        name: String,
        url: String,
    }
    let res = got.http()?;
    let made: Made = serde_json::from_slice(&res.body).unwrap_or_default();
    let is_link = |url: &str| {
        Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
    };
    Ok(Filed {
        remote: key.to_owned(),
        name: one_line(&made.name, 60),
        url: Some(made.url).filter(|u| u.len() <= MOST_URL && is_link(u)).unwrap_or_default(),
    })
}

/// The body: as much text as fits.
fn payload(ticket: &Ticket, now: Instant) -> Value {
    // Quotes and backslashes double in JSON, so a cut of the text alone proves nothing.
    let rooms = [4_000, 1_000, 200, 40];
    let of = |room| payload_within(ticket, room, now);
    let small = |value: &Value| value.to_string().len() < MOST_BYTES;
    rooms.into_iter().map(of).find(small).unwrap_or_else(|| of(1))
}

fn payload_within(ticket: &Ticket, room: usize, now: Instant) -> Value {
    let text = |text: &str, room: usize| cut(&clean(text), room);
    let newest = ticket.said.len().saturating_sub(20);
    let word = |word: &TicketWord| {
        let url = if word.url.len() <= MOST_URL.min(room) { word.url.as_str() } else { "" };
        json!({ "at": word.at, "text": text(&word.text, room), "language": word.language, "url": url })
    };
    json!({
        "type": "case.handed_over",
        "timestamp": now,
        "data": {
            "key": ticket.key,
            "case": ticket.case,
            "title": cut(&one_line(&ticket.title, 200), 400),
            "brand": ticket.brand,
            "network": ticket.network,
            "author": cut(&one_line(&ticket.author, 80), 200),
            "said": ticket.said[newest..].iter().map(word).collect::<Vec<_>>(),
            "private": ticket.private,
            "severity": ticket.severity,
            "topic": ticket.topic,
            "due": ticket.due,
            "draft": text(&ticket.draft, room),
            "note": text(&ticket.note, room),
            "link": ticket.link,
        },
    })
}

/// Text for a program: lines stay, other control and formatting characters go.
fn clean(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || is_printable(*c)).collect()
}
