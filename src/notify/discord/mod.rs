//! Alerts as messages of a Discord webhook, changed in place as the case moves.
//!
//! A plain webhook vouches for nobody and carries buttons that open pages only, so that is what the
//! buttons do. Facts: docs.discord.com (webhooks, messages, rate limits).

mod message;

use super::form::InOrder;
use crate::domain::text::one_line;
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{
    Acts, Alert, Ask, Body, Bucket, BucketRule, Counts, Ctx, Delivered, Fault, Got, Key, KeyFault,
    KeyKind, Method, Next, Notifier, NotifierMeta, Request, Response, Secret, Talk, Told, Via,
    read_settings,
};
use message::{message, word};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use url::Url;

/// Posts alerts by a webhook of a channel.
pub(super) struct Discord;

/// New messages. What is allowed the answers' headers say; this much was let through where a
/// webhook was tried, and is kept to until they do.
const EXECUTE: Bucket = Bucket("execute");
/// Changes of messages, which are counted apart.
const EDIT: Bucket = Bucket("edit");

static META: NotifierMeta = NotifierMeta {
    name: "discord",
    title: "Discord",
    about: "Posts each alert to a Discord channel by a webhook and changes it in place as the \
            case moves. Its buttons open pages of Ascolto.",
    docs: "https://docs.discord.com/developers/resources/webhook",
    buckets: &[
        BucketRule {
            bucket: EXECUTE,
            counts: Counts::Token,
            limit: 30,
            window_ms: MINUTE,
            reserve: 0,
        },
        BucketRule {
            bucket: EDIT,
            counts: Counts::Token,
            limit: 30,
            window_ms: MINUTE,
            reserve: 0,
        },
    ],
    keys: &[
        Key {
            name: "url",
            kind: KeyKind::Secret,
            required: true,
            doc: "The webhook's address, from the channel's settings under Integrations. It is a \
                  secret: whoever knows it can post there.",
            example: "\"https://discord.com/api/webhooks/123456789012345678/example-token\"",
        },
        Key {
            name: "thread_id",
            kind: KeyKind::Text,
            required: false,
            doc: "The id of a thread of that channel in which the alerts stand; a forum needs \
                  one. Default: none.",
            example: "\"123456789012345679\"",
        },
    ],
    edits: true,
    dedups: false,
    acts: Acts::Links,
    confirms: false,
};

/// A message with this flag makes no sound (SUPPRESS_NOTIFICATIONS).
const SILENT: u32 = 1 << 12;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    url: Secret,
    thread_id: Option<String>,
}

struct Settings {
    /// `…/api/webhooks/ID/TOKEN`, a version of the API between.
    url: Url,
    thread_id: Option<String>,
}

impl Notifier for Discord {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let Some(url) = Url::parse(raw.url.expose()).ok().and_then(webhook) else {
            let why = "is no address of a webhook; copy it from Discord: \
                       https://discord.com/api/webhooks/, a number, / and a token";
            return Err(fault("url", why));
        };
        if raw.thread_id.as_deref().is_some_and(|id| !is_snowflake(id)) {
            let why = "is no id of a thread; write the number that Discord copies as its id";
            return Err(fault("thread_id", why));
        }
        Ok(Box::new(Settings { url, thread_id: raw.thread_id }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let settings: &Settings = cx.settings();
        let mut body = message(alert);
        if !alert.rings {
            body["flags"] = json!(SILENT);
        }
        let ask = execute(settings, &body, &[(EXECUTE, 1)]);
        Box::new(InOrder::new(vec![ask], None, posted))
    }

    fn edit(
        &self,
        alert: &Alert,
        remote: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        let settings: &Settings = cx.settings();
        if remote.is_empty() {
            return None;
        }
        let spend: &'static [(Bucket, u32)] =
            if alert.rings { &[(EDIT, 1), (EXECUTE, 1)] } else { &[(EDIT, 1)] };
        let mut asks = vec![patch(settings, remote, &message(alert), spend)];
        if alert.rings {
            // Discord rings for no change, so a short word says where to look.
            asks.push(execute(settings, &word(alert), &[]));
        }
        Some(Box::new(InOrder::new(asks, Some(remote.to_owned()), posted)))
    }

    fn told(&self, res: &Response, cx: &Ctx<'_>) -> Vec<Told> {
        let edits = res.url.as_ref().is_some_and(|url| url.path().contains("/messages/"));
        let bucket = if edits { EDIT } else { EXECUTE };
        let remaining = res.header("x-ratelimit-remaining").and_then(|n| n.trim().parse().ok());
        let after = res.header("x-ratelimit-reset-after").and_then(|n| n.trim().parse().ok());
        let after = after.filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
        let told = remaining.zip(after).map(|(remaining, after): (u32, f64)| {
            let reset = cx.now + (after * SECOND as f64).ceil() as i64;
            Told { bucket, remaining, reset }
        });
        told.into_iter().collect()
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Said {
            code: i64,
            message: String,
        }
        if !matches!(res.status, 400..=404) {
            return None;
        }
        let said: Said = serde_json::from_slice(&res.body).unwrap_or_default();
        let (next, why) = match (res.status, said.code) {
            (_, 10015) => {
                (Next::Gone, "the webhook was deleted; make a new one and write its `url`")
            }
            (_, 10008) => (Next::Gone, "the alert was deleted in Discord"),
            (_, 10003) => {
                (Next::Gone, "the thread or channel is gone; correct `thread_id` or `url`")
            }
            (_, 220_001..=220_003) => {
                (Next::Refused, "the webhook's channel is a forum; write a `thread_id`")
            }
            (_, 50_083) => (
                Next::Refused,
                "the thread is archived; open it again, or write another `thread_id`",
            ),
            (401 | 403, _) => (Next::Auth, "Discord refuses the webhook; write its `url` anew"),
            (404, _) => (Next::Gone, "no webhook is at this address; correct `url`"),
            _ => {
                let said = one_line(&said.message, 120);
                let why = format!(
                    "Discord takes no such message; this is a fault of Ascolto: please report it \
                     ({said}, HTTP {})",
                    res.status
                );
                return Some(Fault::refused(why));
            }
        };
        Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
    }
}

/// The address as it is spoken to, if it is a webhook's.
fn webhook(mut url: Url) -> Option<Url> {
    let spoken = matches!(url.scheme(), "http" | "https") && url.has_host();
    let bare = url.query().is_none() && url.fragment().is_none() && url.password().is_none();
    let path: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let (id, token) = match path.as_slice() {
        ["api", "webhooks", id, token] => (id, token),
        ["api", version, "webhooks", id, token] if version.starts_with('v') => (id, token),
        _ => return None,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fits = spoken && bare && is_snowflake(id) && token.chars().all(plain);
    let path = format!("/api/v10/webhooks/{id}/{token}");
    url.set_path(&path);
    fits.then_some(url)
}

/// Whether this is an id of Discord's.
fn is_snowflake(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

/// Posts a message. Without `wait` Discord says nothing of one that it could not keep.
fn execute(settings: &Settings, body: &Value, spend: &'static [(Bucket, u32)]) -> Ask {
    let mut url = settings.url.clone();
    url.query_pairs_mut().append_pair("wait", "true");
    ask(settings, Method::Post, url, body, spend)
}

/// Puts a message in the place of one that stands.
fn patch(settings: &Settings, remote: &str, body: &Value, spend: &'static [(Bucket, u32)]) -> Ask {
    let mut url = settings.url.clone();
    // Each becomes one part of the address, whatever stands in it.
    if let Ok(mut path) = url.path_segments_mut() {
        path.extend(["messages", remote]);
    }
    ask(settings, Method::Patch, url, body, spend)
}

fn ask(
    settings: &Settings,
    method: Method,
    mut url: Url,
    body: &Value,
    spend: &'static [(Bucket, u32)],
) -> Ask {
    url.query_pairs_mut().append_pair("with_components", "true");
    if let Some(thread) = &settings.thread_id {
        url.query_pairs_mut().append_pair("thread_id", thread);
    }
    let mut request = Request::new(method, url);
    request.body = Body::Json(body.to_string().into_bytes());
    request.secret_url = true;
    Ask { via: Via::Http(request), tag: 0, spend, auth: false }
}

/// Reads the id of the message that stands there now.
fn posted(got: Got) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Message {
        id: String,
    }
    let res = got.http()?;
    serde_json::from_slice::<Message>(&res.body)
        .map(|message| message.id)
        .map_err(|_| Fault::refused("the answer is not Discord's; write a webhook of Discord"))
}

#[cfg(test)]
mod tests;
