//! Alerts as messages of a Telegram bot, with buttons that need no port open to the outside.
//!
//! Facts: core.telegram.org/bots/api (10.1) and the server's source. Presses are fetched by
//! `getUpdates`, with the number of whoever pressed, for which Telegram vouches. Nothing else is
//! asked for: what people type into the chat is never read.
//!
//! Telegram has no forms. What is chosen (until when, whether it is meant) is chosen by a second
//! press; what must be written is written on a page of ours, to which a message leads.
//!
//! The token stands in every address, and such an address is shown by its host alone.

mod answer;
mod message;
mod press;

use super::form::{Once, words};
use crate::domain::time::{MINUTE, SECOND};
use crate::wire::{
    Acts, Alert, Answer, Ask, Bucket, BucketRule, Counts, Ctx, Delivered, Fault, Fetched, Got,
    Hears, Key, KeyFault, KeyKind, Notifier, NotifierMeta, Press, Request, Response, Secret, Step,
    Talk, Via, read_settings,
};
use answer::{is_done, sent};
use message::{Message, keyboard, whole, word};
use serde::{Deserialize, Serialize};
use std::any::Any;
use url::Url;

/// Tells a chat, and hears its presses.
pub(super) struct Telegram;

/// All that a bot sends: 30 a second. Counted by server, which is on the safe side of several bots.
const ALL: Bucket = Bucket("all");
/// Messages to one chat: one a second, of which short bursts are let through.
const CHAT: Bucket = Bucket("chat");
/// Messages to one group: 20 a minute.
const GROUP: Bucket = Bucket("group");
/// What a message costs in a chat with one person, and in a group.
const TO_PERSON: &[(Bucket, u32)] = &[(ALL, 1), (CHAT, 1)];
const TO_GROUP: &[(Bucket, u32)] = &[(ALL, 1), (CHAT, 1), (GROUP, 1)];
/// What an answer to a press costs. Whoever pressed waits for it, so only the server itself may
/// say that it was too much for the chat.
const TO_PRESS: &[(Bucket, u32)] = &[(ALL, 1)];

static META: NotifierMeta = NotifierMeta {
    name: "telegram",
    title: "Telegram",
    about: "Sends each alert to a chat, a group or a topic, changes it as the case moves, and hears \
            its buttons. Make a bot for alerts alone at BotFather, let it into the group, and tell \
            who is who by `ascolto user known NAME telegram:NUMBER`. Telegram hands the presses of a \
            bot to one program only: a bot that is read as a channel, or that has a webhook, cannot \
            be this one. Whoever presses as an anonymous administrator is refused. Publishing takes a \
            second press; a draft too long for a message is published on its page. What must be \
            written (a reason, another text) is written on a page, to which the bot sends a link.",
    docs: "https://core.telegram.org/bots/api",
    buckets: &[
        BucketRule { bucket: ALL, counts: Counts::Host, limit: 30, window_ms: SECOND, reserve: 0 },
        BucketRule {
            bucket: CHAT,
            counts: Counts::Token,
            limit: 10,
            window_ms: 10 * SECOND,
            reserve: 0,
        },
        BucketRule {
            bucket: GROUP,
            counts: Counts::Token,
            limit: 20,
            window_ms: MINUTE,
            reserve: 0,
        },
    ],
    keys: &[
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "Token of the bot, from BotFather.",
            example: "\"123456:AAb0t-token\"",
        },
        Key {
            name: "chat",
            kind: KeyKind::Number,
            required: true,
            doc: "Number of the chat: of a group it is negative, of a person it is the person's own, \
                  who must have written to the bot first.",
            example: "-1001234567890",
        },
        Key {
            name: "topic",
            kind: KeyKind::Number,
            required: false,
            doc: "Number of the topic in a group that has topics (`message_thread_id`). Default: \
                  the general one.",
            example: "7",
        },
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: false,
            doc: "Address of the API, if you run a Bot API server of your own. Default: \
                  https://api.telegram.org.",
            example: "\"https://api.telegram.org\"",
        },
    ],
    edits: true,
    dedups: false,
    acts: Acts::Outbound {
        works: "yes, but what must be written (a reason, another text) opens a page, which must be \
                reached",
    },
    confirms: false,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    token: Secret,
    chat: i64,
    topic: Option<i64>,
    #[serde(default = "server")]
    server: Url,
}

fn server() -> Url {
    Url::parse("https://api.telegram.org").expect("it is an address")
}

impl Settings {
    /// The number of the bot, which is no secret.
    fn bot(&self) -> &str {
        self.token.expose().split_once(':').map_or("", |(bot, _)| bot)
    }

    /// A call of a method.
    fn ask(
        &self,
        method: &str,
        body: &impl Serialize,
        tag: u8,
        spend: &'static [(Bucket, u32)],
    ) -> Ask {
        let mut url = self.server.clone();
        url.set_path(&format!("/bot{}/{method}", self.token.expose()));
        let mut request = Request::post_json(url, body);
        request.secret_url = true;
        Ask { via: Via::Http(request), tag, spend, auth: false }
    }

    /// What a message to the chat costs.
    fn spend(&self) -> &'static [(Bucket, u32)] {
        if self.chat < 0 { TO_GROUP } else { TO_PERSON }
    }

    /// A new message.
    fn new_message(&self, text: String) -> Message {
        Message::new(self.chat, text).in_topic(self.topic)
    }
}

impl Notifier for Telegram {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let settings: Settings = read_settings(table)?;
        let wrong = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let sound = settings.token.expose().split_once(':').is_some_and(|(bot, key)| {
            !bot.is_empty()
                && bot.chars().all(|c| c.is_ascii_digit())
                && !key.is_empty()
                && key.chars().all(plain)
        });
        if !sound {
            return Err(wrong("token", "write the bot's token as BotFather shows it, no spaces"));
        }
        if settings.chat == 0 {
            return Err(wrong("chat", "is no chat; write its number, with the sign before it"));
        }
        if settings.topic.is_some_and(|topic| topic < 1) {
            return Err(wrong("topic", "is no topic; write its number, or leave it out"));
        }
        let server = &settings.server;
        let bare = server.username().is_empty()
            && server.password().is_none()
            && server.query().is_none()
            && server.path() == "/";
        if !matches!(server.scheme(), "https" | "http") || !server.has_host() || !bare {
            return Err(wrong("server", "write the bare address; the token has a key of its own"));
        }
        Ok(Box::new(settings))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let settings: &Settings = cx.settings();
        let words = words(alert);
        // A word about what stands shows no draft.
        let (text, buttons) = match alert.of {
            Some(_) => (word(alert, words, true), keyboard(alert, words, false)),
            None => whole(alert, words),
        };
        let new = settings.new_message(text).with(buttons);
        let ask = settings.ask("sendMessage", &new, 0, settings.spend());
        Box::new(Once { ask, read: sent })
    }

    fn edit(
        &self,
        alert: &Alert,
        remote: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        let (chat, id) = remote.split_once('/')?;
        let (chat, id): (i64, i64) = (chat.parse().ok()?, id.parse().ok()?);
        let settings: &Settings = cx.settings();
        let words = words(alert);
        let (text, buttons) = whole(alert, words);
        let changed = Message::new(chat, text).over(id).with(buttons);
        let mut asks = vec![settings.ask("editMessageText", &changed, 0, settings.spend())];
        if alert.rings {
            // No phone makes a sound for a change.
            let short = Message::new(chat, word(alert, words, false)).in_topic(settings.topic);
            let short = short.below(id);
            asks.push(settings.ask("sendMessage", &short, 1, settings.spend()));
        }
        Some(Box::new(Edit { asks, remote: remote.to_owned() }))
    }

    fn hears(&self, _cx: &Ctx<'_>) -> Hears {
        Hears::Asks
    }

    fn source(&self, cx: &Ctx<'_>) -> String {
        format!("telegram:{}", cx.settings::<Settings>().bot())
    }

    fn hear(
        &self,
        cursor: Option<&str>,
        wait_s: u32,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Fetched> + '_>> {
        Some(Box::new(press::Listener::new(cursor, wait_s)))
    }

    fn is_mine(&self, press: &Press, cx: &Ctx<'_>) -> bool {
        press::is_from(press, cx.settings())
    }

    fn answer(
        &self,
        press: &Press,
        answer: &Answer,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        Some(Box::new(press::Told::new(press, answer, cx.settings())?))
    }

    fn passes(&self, res: &Response) -> bool {
        answer::passes(res)
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        answer::fault(res, cx.settings::<Settings>().token.expose(), cx.now)
    }
}

/// Changes a message, and says so below it where it is to be noticed.
struct Edit {
    asks: Vec<Ask>,
    remote: String,
}

impl Talk<Delivered> for Edit {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Delivered> {
        Step::Ask(self.asks.clone())
    }

    fn read(&mut self, tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Delivered>, Fault> {
        is_done(&got.http()?)?;
        Ok(if usize::from(tag) + 1 < self.asks.len() {
            Step::Ask(Vec::new())
        } else {
            Step::Done(Delivered { remote: self.remote.clone() })
        })
    }
}

#[cfg(test)]
mod tests;
