//! Alerts as messages of a Slack app, with buttons that work in them.
//!
//! A message is posted once and changed in place as its case moves; what rings is said again by a
//! short word in its thread. Presses come by Socket Mode, a connection that we open, or by calls to
//! `/hooks/recipient/NAME`; without either the buttons are links. Only presses of what we posted are
//! read: nothing that somebody types into a channel ever reaches us.
//!
//! | file | does |
//! |---|---|
//! | `mod` | settings, limits, which question is asked when |
//! | `api` | questions to the Web API, and what its answers mean |
//! | `blocks` | an alert in Slack's blocks |
//! | `press` | who pressed what: frames of the socket, signed calls |
//! | `modal` | what whoever pressed is told: a form, a line, a mark on a field |

mod api;
mod blocks;
mod modal;
mod press;

use super::form::InOrder;
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{
    Acts, Alert, Answer, Bucket, BucketRule, Called, Counts, Ctx, Delivered, Fault, Frame, Hears,
    HookRequest, Key, KeyFault, KeyKind, Notifier, NotifierMeta, Press, Response, Secret, Socket,
    Talk, is_one_word, read_settings,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::any::Any;
use url::Url;

/// Posts alerts to a channel.
pub(super) struct Slack;

/// One message a second and channel, of which short bursts are let through.
const POST: Bucket = Bucket("post");
/// Changes of messages: a method of tier 3, at least 50 a minute and workspace.
const UPDATE: Bucket = Bucket("update");
/// Lines for one person and forms: methods of tier 4, at least 100 a minute and workspace.
const TELL: Bucket = Bucket("tell");
/// Opening the socket: tier 1 by its older reference, one a minute.
const CONNECT: Bucket = Bucket("connect");

static META: NotifierMeta = NotifierMeta {
    name: "slack",
    title: "Slack",
    about: "Posts each alert to a Slack channel, with buttons that take, publish and put off \
            where it is read, and changes it in place as the case moves.",
    docs: "https://docs.slack.dev/apis/web-api/",
    buckets: &[
        BucketRule {
            bucket: POST,
            counts: Counts::Token,
            limit: 5,
            window_ms: 5 * SECOND,
            reserve: 0,
        },
        BucketRule {
            bucket: UPDATE,
            counts: Counts::Host,
            limit: 50,
            window_ms: MINUTE,
            reserve: 0,
        },
        BucketRule {
            bucket: TELL,
            counts: Counts::Host,
            limit: 100,
            window_ms: MINUTE,
            reserve: 0,
        },
        BucketRule {
            bucket: CONNECT,
            counts: Counts::Token,
            limit: 5,
            window_ms: 5 * MINUTE,
            reserve: 0,
        },
    ],
    keys: &[
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "The app's bot token (`xoxb-…`) with the scope `chat:write`. Invite the app to \
                  the channel.",
            example: "\"xoxb-example\"",
        },
        Key {
            name: "channel",
            kind: KeyKind::Text,
            required: true,
            doc: "The channel's id, not its name: it stands at the end of the channel's details \
                  in Slack.",
            example: "\"C0123456789\"",
        },
        Key {
            name: "app_token",
            kind: KeyKind::Secret,
            required: false,
            doc: "An app-level token (`xapp-…`) with the scope `connections:write`, of an app \
                  with Socket Mode and Interactivity switched on: presses then come by a \
                  connection that Ascolto opens, and no port has to be open to the outside. \
                  Default: none.",
            example: "\"xapp-example\"",
        },
        Key {
            name: "signing_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "The app's signing secret, where Slack calls for presses instead: enter \
                  `PUBLIC_URL/hooks/recipient/NAME` as the app's Request URL for Interactivity; \
                  there is one, so such an app serves one recipient. Without this and \
                  `app_token` buttons open pages of Ascolto. Default: none.",
            example: "\"example-signing-secret\"",
        },
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: false,
            doc: "Address of another Slack than the usual one (GovSlack), without a path. \
                  Default: https://slack.com.",
            example: "\"https://slack-gov.com\"",
        },
    ],
    edits: true,
    dedups: false,
    acts: Acts::Either,
    confirms: true,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    token: Secret,
    channel: String,
    app_token: Option<Secret>,
    signing_secret: Option<Secret>,
    server: Option<String>,
}

/// What a recipient's table says, checked.
struct Settings {
    token: Secret,
    channel: String,
    app_token: Option<Secret>,
    signing_secret: Option<Secret>,
    server: Url,
}

impl Settings {
    /// Whether presses reach us at all.
    fn presses(&self) -> bool {
        self.app_token.is_some() || self.signing_secret.is_some()
    }
}

impl Notifier for Slack {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let is_token = |token: &Secret, head: &str| {
            let text = token.expose();
            is_one_word(text) && text.len() > head.len() && text.starts_with(head)
        };
        if !is_token(&raw.token, "xoxb-") {
            let why = "is no bot token; write the one that begins with xoxb-, from the app's \
                       page OAuth & Permissions";
            return Err(fault("token", why));
        }
        if !press::is_channel(&raw.channel) {
            let why = "is no channel id; write the id at the end of the channel's details \
                       (C… or G…), not its name";
            return Err(fault("channel", why));
        }
        if raw.app_token.as_ref().is_some_and(|token| !is_token(token, "xapp-")) {
            let why = "is no app-level token; write the one that begins with xapp-, from the \
                       app's page Basic Information";
            return Err(fault("app_token", why));
        }
        if raw.signing_secret.as_ref().is_some_and(|secret| !is_one_word(secret.expose())) {
            let why = "is no signing secret; copy it from the app's page Basic Information";
            return Err(fault("signing_secret", why));
        }
        let server = Url::parse(raw.server.as_deref().unwrap_or("https://slack.com"))
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or_else(|| fault("server", "is no address; write https:// and the host"))?;
        if server.path() != "/" || server.query().is_some() || server.fragment().is_some() {
            return Err(fault("server", "holds more than the host; write https:// and the host"));
        }
        Ok(Box::new(Settings {
            token: raw.token,
            channel: raw.channel,
            app_token: raw.app_token,
            signing_secret: raw.signing_secret,
            server,
        }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let settings: &Settings = cx.settings();
        let body = api::message(settings, alert);
        let ask = api::ask(settings, "chat.postMessage", &body, &[(POST, 1)]);
        Box::new(InOrder::new(vec![ask], None, api::posted))
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
        let (channel, ts) = remote.split_once('/').unwrap_or((settings.channel.as_str(), remote));
        let change = api::change(settings, alert, channel, ts);
        // Slack rings for no change. The word waits for its own limit before the change is made,
        // so that no change is made over and over while there is no room for the word.
        let spend: &'static [(Bucket, u32)] =
            if alert.rings { &[(UPDATE, 1), (POST, 1)] } else { &[(UPDATE, 1)] };
        let mut asks = vec![api::ask(settings, "chat.update", &change, spend)];
        if alert.rings {
            let word = api::word(alert, channel, ts);
            asks.push(api::ask(settings, "chat.postMessage", &word, &[]));
        }
        Some(Box::new(InOrder::new(asks, Some(remote.to_owned()), api::posted)))
    }

    fn vouches(&self, cx: &Ctx<'_>) -> bool {
        let settings: &Settings = cx.settings();
        settings.presses()
    }

    fn hears(&self, cx: &Ctx<'_>) -> Hears {
        let settings: &Settings = cx.settings();
        if settings.app_token.is_some() { Hears::Socket } else { Hears::Called }
    }

    /// Slack hands each press to one of an app's connections, so recipients of one app share one.
    fn source(&self, cx: &Ctx<'_>) -> String {
        let settings: &Settings = cx.settings();
        let Some(secret) = settings.app_token.as_ref().or(settings.signing_secret.as_ref()) else {
            return String::new();
        };
        let digest = Sha256::digest(format!("ascolto source\0{}", secret.expose()).as_bytes());
        digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn is_mine(&self, press: &Press, cx: &Ctx<'_>) -> bool {
        let settings: &Settings = cx.settings();
        press::Held::of(press).channel == settings.channel
    }

    fn socket(&self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Socket> + '_>> {
        let settings: &Settings = cx.settings();
        let ask = api::connect(settings)?;
        Some(Box::new(api::Once { ask, read: api::socket }))
    }

    fn frame(&self, message: &[u8], _cx: &Ctx<'_>) -> Frame {
        press::frame(message)
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> Called {
        let settings: &Settings = cx.settings();
        press::call(req, settings.signing_secret.as_ref(), cx.now)
    }

    fn acked(&self, press: &Press, answer: &Answer, _cx: &Ctx<'_>) -> Vec<u8> {
        modal::acked(press, answer)
    }

    fn answer(
        &self,
        press: &Press,
        answer: &Answer,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        let settings: &Settings = cx.settings();
        let (method, body) = modal::answer(press, answer)?;
        let ask = api::ask(settings, method, &body, &[(TELL, 1)]);
        Some(Box::new(api::Once { ask, read: api::done }))
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        api::fault(res, cx.now)
    }
}

#[cfg(test)]
mod tests;
