//! Alerts into a Matrix room, changed in place, with reactions as actions.
//!
//! The transaction id of an event is made of the alert's key, so a message that is sent twice
//! stands there once (client-server API, "Transaction identifiers"). Matrix knows no buttons: whoever
//! reacts to an alert with one of [`MARKS`] does what it stands for, and the server vouches for who
//! that is. Everything else is a link. Rooms must not be encrypted: we hold no keys of devices.

mod hear;
mod page;

use super::form::{InOrder, Tries, cut, heading, words};
use crate::domain::text::one_line;
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{
    Acts, Alert, Answer, Ask, Body, Bucket, BucketRule, Counts, Ctx, Delivered, Fault, Fetched,
    Got, Hears, Key, KeyFault, KeyKind, Method, Next, Notifier, NotifierMeta, Press, Pressed,
    Request, Response, Secret, Step, Talk, is_one_word, read_settings,
};
use hear::Syncs;
use page::{MOST_TEXT, content};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::any::Any;
use url::Url;

/// Writes alerts into a room.
pub(super) struct Matrix;

/// What a homeserver allows an account by default: ten at once, then one each five seconds (Synapse,
/// `rc_message`: 0.2 a second, a burst of 10). Other servers tell their own by 429.
const SEND: Bucket = Bucket("send");

static META: NotifierMeta = NotifierMeta {
    name: "matrix",
    title: "Matrix",
    about: "Writes each alert into a room that is not encrypted, and changes it there as the case \
            moves. Reactions of people whom Ascolto knows are actions: 👀 takes the case, 👌 says \
            that it was seen, 🚫 leads to the page that asks why no answer is needed. None \
            publishes, since a reaction does not say which draft was seen.",
    docs: "https://spec.matrix.org/latest/client-server-api/",
    buckets: &[BucketRule {
        bucket: SEND,
        counts: Counts::Token,
        limit: 22,
        window_ms: MINUTE,
        reserve: 0,
    }],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of the homeserver's client API, without a path.",
            example: "\"https://matrix.example.com\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "Access token of the account that writes; it must have joined the room.",
            example: "\"syt_example\"",
        },
        Key {
            name: "room",
            kind: KeyKind::Text,
            required: true,
            doc: "The room's internal id, which begins with `!`.",
            example: "\"!AbCdEf:example.com\"",
        },
    ],
    edits: true,
    dedups: true,
    acts: Acts::Outbound {
        works: "to take a case and to say that it was seen; all else opens a page, which must be \
                reached",
    },
    confirms: false,
};

/// What a reaction does. The eyes say "I look at it", as people do anyway. One for publishing is shown
/// nowhere and known here, so that whoever sets it is told why nothing is published.
const MARKS: &[(&str, &str)] = &[("👀", "take"), ("📤", "publish"), ("🚫", "waive"), ("👌", "ack")];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: String,
    token: Secret,
    room: String,
}

struct Settings {
    server: Url,
    token: Secret,
    room: String,
}

impl Notifier for Matrix {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let server = Url::parse(&raw.server)
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or_else(|| fault("server", "is no address; write https:// and the host"))?;
        if server.path() != "/" || server.query().is_some() || server.fragment().is_some() {
            return Err(fault("server", "holds more than the host; leave the path out"));
        }
        if !is_one_word(raw.token.expose()) {
            return Err(fault("token", "is no token; write it as the server gave it (syt_…)"));
        }
        if !raw.room.starts_with('!') || !is_one_word(&raw.room) {
            let why = "is no room id; write the internal id, which begins with `!` (the room's \
                       settings show it under Advanced)";
            return Err(fault("room", why));
        }
        Ok(Box::new(Settings { server, token: raw.token, room: raw.room }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let content = content(alert);
        let asks = vec![put(cx, &alert.key, &content.message(alert))];
        Box::new(InOrder::new(asks, None, event_id))
    }

    fn edit(
        &self,
        alert: &Alert,
        remote: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        if remote.is_empty() {
            return None;
        }
        let content = content(alert);
        let mut asks = vec![put(cx, &alert.key, &content.over(alert, remote))];
        if alert.rings {
            // Nobody is told of a change, so a word in the thread says that there is one.
            let word = heading(alert, words(alert));
            let word = thread(remote, &cut(&word, 600), "m.text", &json!({}));
            asks.push(put(cx, &format!("{}.word", alert.key), &word));
        }
        Some(Box::new(InOrder::new(asks, Some(remote.to_owned()), event_id)))
    }

    fn probe(&self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        #[derive(Deserialize)]
        struct Joined {
            joined_rooms: Vec<String>,
        }
        let settings: &Settings = cx.settings();
        let room = settings.room.clone();
        let url = endpoint(settings, &["joined_rooms"]);
        let request = Request::get(url).bearer(settings.token.expose());
        let judge = move |res: &Response| match serde_json::from_slice::<Joined>(&res.body) {
            Ok(joined) if joined.joined_rooms.contains(&room) => Ok(()),
            Ok(_) => Err(Fault::refused("the account has not joined `room`; invite it there")),
            Err(_) => Err(Fault::refused(
                "the answer is no Matrix server's; write the homeserver's address",
            )),
        };
        Some(Box::new(Tries { ask: Ask::open(request, 0), judge }))
    }

    fn hears(&self, _cx: &Ctx<'_>) -> Hears {
        Hears::Asks
    }

    fn hear(
        &self,
        cursor: Option<&str>,
        wait_s: u32,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Fetched> + '_>> {
        let settings: &Settings = cx.settings();
        let mut url = endpoint(settings, &["sync"]);
        let only = hear::filter(&settings.room, cursor.is_some());
        url.query_pairs_mut().append_pair("filter", &only);
        match cursor {
            Some(since) => {
                let wait = (i64::from(wait_s) * SECOND).to_string();
                url.query_pairs_mut().append_pair("since", since).append_pair("timeout", &wait);
            }
            None => {
                url.query_pairs_mut().append_pair("timeout", "0");
            }
        }
        let request = Request::get(url).bearer(settings.token.expose());
        let room = settings.room.clone();
        let ask = Ask::open(request, 0);
        Some(Box::new(Syncs::new(ask, room, cursor.is_none())))
    }

    fn answer(
        &self,
        press: &Press,
        answer: &Answer,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        let Pressed::Mark { remote, .. } = &press.did else { return None };
        let mut text = one_line(&answer.text, 500);
        if answer.form.is_some() || !answer.done {
            text = format!("{text} {}", answer.link).trim().to_owned();
        }
        // Named, so that whoever reacted is told, and nobody else.
        let named = json!({ "user_ids": [press.by] });
        let word = thread(remote, &cut(&text, MOST_TEXT), "m.notice", &named);
        Some(Box::new(Says(put(cx, &format!("answer.{}", press.key), &word))))
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Error {
            errcode: String,
            retry_after_ms: Option<i64>,
        }
        let error: Error = serde_json::from_slice(&res.body).unwrap_or_default();
        let (next, why) = match (res.status, error.errcode.as_str()) {
            // Deprecated, and all that some servers say.
            (429, _) if res.header("retry-after").is_none() => {
                let after = error.retry_after_ms.unwrap_or(5 * SECOND).clamp(0, 60 * MINUTE);
                let until = cx.now + after;
                (Next::Throttled { bucket: None, until }, "the homeserver asks us to wait")
            }
            (401, _) => {
                (Next::Auth, "the homeserver refuses the access token; write a new `token`")
            }
            (403, _) => (
                Next::Auth,
                "the account may not write there; invite it to `room`, let it join, and give it \
                 the right to send messages",
            ),
            (404, _) => {
                (Next::Gone, "the homeserver knows no such room; correct `server` or `room`")
            }
            (413, _) => (Next::Refused, "the homeserver takes no event of this size"),
            _ => return None,
        };
        Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
    }
}

/// The address of something of the client API; parts are escaped.
fn endpoint(settings: &Settings, parts: &[&str]) -> Url {
    let mut url = settings.server.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["_matrix", "client", "v3"]).extend(parts);
    }
    url
}

/// Sends a message whose transaction is named after `key`.
fn put(cx: &Ctx<'_>, key: &str, content: &Value) -> Ask {
    let settings: &Settings = cx.settings();
    // Any length and any sign of a key make an id that every server takes.
    let digest = Sha256::digest(key.as_bytes());
    let txn: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
    let url = endpoint(settings, &["rooms", &settings.room, "send", "m.room.message", &txn]);
    let mut request = Request::new(Method::Put, url).bearer(settings.token.expose());
    request.body = Body::Json(content.to_string().into_bytes());
    Ask { spend: &[(SEND, 1)], ..Ask::open(request, 0) }
}

/// A word in the thread of an event.
fn thread(remote: &str, text: &str, kind: &str, mentions: &Value) -> Value {
    json!({
        "msgtype": kind,
        "body": text,
        "m.mentions": mentions,
        "m.relates_to": { "rel_type": "m.thread", "event_id": remote },
    })
}

/// Writes one event, whose id nobody needs.
struct Says(Ask);

impl Talk<()> for Says {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<()> {
        Step::Ask(vec![self.0.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        event_id(got).map(|_| Step::Done(()))
    }
}

/// The id of an event that was written: whatever else answers 200 has told nobody.
fn event_id(got: Got) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Written {
        event_id: String,
    }
    let res = got.http()?;
    serde_json::from_slice::<Written>(&res.body).map(|written| written.event_id).map_err(|_| {
        Fault::refused("the answer is no Matrix server's; write the homeserver's address")
    })
}

#[cfg(test)]
mod tests;
