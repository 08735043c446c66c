//! Telegram by a bot: what people write to it, and in the groups that it is in.
//!
//! Facts: core.telegram.org/bots/api (10.1) and the server's source. Telegram hands over what is
//! new in order, keeps it for 24 hours, and forgets what we say we have; there is no reading back,
//! so no thread, no backfill and no look for our own reply. Ids of messages belong to a chat, so
//! a mention's origin is the chat's id. All that one person writes in a private chat, a group or
//! a topic is one thread.
//!
//! The token stands in every address; it is put in when a request is signed, and such an address
//! is shown by its host alone.

mod listen;
mod login;
mod reply;
mod wire;

use crate::domain::MentionRef;
use crate::domain::length::{Counting, LengthRule};
use crate::domain::text::one_line;
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::wire::{
    Bucket, BucketRule, Capabilities, Counts, Ctx, Cursor, Fault, Key, KeyFault, KeyKind, Lane,
    Meta, Network, Next, Part, Request, Response, Secret, Sent, Session, Talk, Terms, Walk,
    read_settings,
};
use serde::Deserialize;
use std::any::Any;
use url::Url;

/// Questions of a bot; no figure is published, this is ours.
const API: Bucket = Bucket("api");
/// Messages to a group: 20 a minute.
const SEND: Bucket = Bucket("send");
/// The cost of a question and of a message.
const ONE: &[(Bucket, u32)] = &[(API, 1)];
const MESSAGE: &[(Bucket, u32)] = &[(API, 1), (SEND, 1)];

/// How often is asked where an answer does not wait for something new.
const EVERY: i64 = 5 * SECOND;
const SETTLE: i64 = 10 * SECOND;
/// The longest that an answer may wait, in seconds: the engine's own patience ends at 30, unless
/// the configuration gives it less.
const LONGEST_WAIT: u32 = 20;
/// How soon is asked again while another program asks by the same token.
const OTHER_READER: i64 = MINUTE;

/// What a Telegram channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    token: Secret,
    #[serde(default)]
    ours: bool,
    #[serde(default)]
    wait: u32,
    #[serde(default = "api")]
    api: Url,
}

fn api() -> Url {
    Url::parse("https://api.telegram.org").expect("it is an address")
}

impl Settings {
    /// The address of a method, without the token.
    fn at(&self, method: &str) -> Url {
        let mut url = self.api.clone();
        url.set_path(method);
        url
    }

    /// Whether an author is the brand.
    fn is_own(author: &str, cx: &Ctx<'_>) -> bool {
        cx.own.iter().any(|id| id == author)
    }
}

static META: Meta = Meta {
    name: "telegram",
    title: "Telegram",
    about: "Reads what people write to the brand's bot, and in the groups that the bot is in, and \
            posts approved replies. In groups a bot sees everything only once its privacy mode is \
            switched off at BotFather and it has joined again, or where it is an administrator. \
            Telegram tells a bot neither of deletions nor of what it wrote before.",
    docs: "https://core.telegram.org/bots/api",
    can: Capabilities { poll: true, reply: true, thread: false, stream: false, backfill: false },
    length: LengthRule { counting: Counting::Utf16, limit: 4_096 },
    buckets: &[
        BucketRule {
            bucket: API,
            counts: Counts::Token,
            limit: 120,
            window_ms: MINUTE,
            reserve: 20,
        },
        BucketRule {
            bucket: SEND,
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
            doc: "Token of the bot, from BotFather. Ids of the people who answer for the brand go \
                  into own_ids.",
            example: "\"123456:AAb0t-token\"",
        },
        Key {
            name: "ours",
            kind: KeyKind::Flag,
            required: false,
            doc: "Whether the groups are the brand's own, so that all that is written there is \
                  about it. Default false: only what names the brand.",
            example: "true",
        },
        Key {
            name: "wait",
            kind: KeyKind::Number,
            required: false,
            doc: "For how many seconds, 20 at most, Telegram holds an answer back until something \
                  is written; keep it well below `timeout` in [fetch]. Default 0: it is asked \
                  every 5 seconds.",
            example: "0",
        },
        Key {
            name: "api",
            kind: KeyKind::Url,
            required: false,
            doc: "Address of the API, if you run a Bot API server of your own. Default \
                  https://api.telegram.org.",
            example: "\"https://api.telegram.org\"",
        },
    ],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        // Bots that answer by themselves are what bots are for.
        automated_replies_allowed: true,
    },
    natural_key: false,
};

/// Telegram as a network.
pub(super) struct Telegram;

impl Network for Telegram {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let settings: Settings = read_settings(table)?;
        let wrong = |key: &str, why: &str| KeyFault { key: key.to_owned(), why: why.to_owned() };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let token = settings.token.expose().split_once(':');
        let sound = token.is_some_and(|(id, key)| {
            !id.is_empty()
                && id.chars().all(|c| c.is_ascii_digit())
                && !key.is_empty()
                && key.chars().all(plain)
        });
        if !sound {
            return Err(wrong("token", "write the bot's token as BotFather shows it, no spaces"));
        }
        if settings.wait > LONGEST_WAIT {
            return Err(wrong("wait", "20 seconds are the most; others wait for the answer too"));
        }
        let api = &settings.api;
        let bare = api.username().is_empty() && api.password().is_none() && api.query().is_none();
        if !matches!(api.scheme(), "https" | "http") || api.host_str().is_none() || !bare {
            return Err(wrong("api", "write the bare address; the token has a key of its own"));
        }
        Ok(Box::new(settings))
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let settings = cx.settings::<Settings>();
        vec![Lane {
            id: listen::UPDATES.to_owned(),
            walk: Walk::Ascending,
            every_ms: if settings.wait > 0 { SECOND } else { EVERY },
            overlap_ms: 0,
            settle_ms: SETTLE,
            // What is written to the bot is private, and so addressed to us in any case.
            addressed: settings.ours,
            gap: None,
        }]
    }

    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        Some(Box::new(login::Login))
    }

    fn sign(&self, mut request: Request, cx: &Ctx<'_>) -> Request {
        let token = cx.settings::<Settings>().token.expose();
        let path = format!("/bot{token}{}", request.url.path());
        request.url.set_path(&path);
        request.secret_url = true;
        request
    }

    /// The bot's id, which its messages show anyhow: updates are handed out once a bot.
    fn source(&self, cx: &Ctx<'_>) -> String {
        let token = cx.settings::<Settings>().token.expose();
        let id = token.split_once(':').map_or("", |(id, _)| id);
        format!("telegram:{id}")
    }

    fn listen(
        &self,
        _lane: &Lane,
        cursor: Option<&Cursor>,
        _resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        // Every page moves the cursor, so a broken walk simply begins at the cursor again.
        Box::new(listen::Walker::new(cursor, cx))
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        super::parts(self.length(cx), "", text)
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        Some(Box::new(reply::Reply::new(part, of)))
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        if res.is_success() {
            return None;
        }
        let problem = wire::Problem::of(res);
        let said = one_line(&problem.description, 200);
        let said = said.replace(cx.settings::<Settings>().token.expose(), "[secret]");
        let says = |words: &str| said.to_lowercase().contains(words);
        let sends = res.url.as_ref().is_some_and(|url| url.path().ends_with("/sendMessage"));
        let refused = |why: String| Some(Fault::refused(why));
        match res.status {
            401 | 404 => Some(Fault::new(
                Next::Auth,
                format!(
                    "Telegram does not know the token (HTTP {}); copy it from BotFather again",
                    res.status
                ),
            )),
            409 if says("webhook") => refused(
                "the bot has a webhook, and Telegram hands updates out one way only (HTTP 409); \
                 call deleteWebhook, or make a bot for Ascolto alone"
                    .to_owned(),
            ),
            409 => Some(Fault::new(
                Next::Retry { after: Some(OTHER_READER) },
                "another program reads the bot's updates by the same token (HTTP 409); stop it, \
                 or make a bot for Ascolto alone",
            )),
            429 => {
                // A day at most: a wrong figure must not silence a channel for years.
                let wait = problem.retry_after?.clamp(0, DAY / SECOND) * SECOND;
                let bucket = Some(if sends { SEND } else { API });
                let next = Next::Throttled { bucket, until: cx.now + wait };
                Some(Fault::new(next, "the limit is used up (HTTP 429)"))
            }
            400 if problem.moved_to.is_some() => refused(format!(
                "the group became a supergroup with the id {}, where the message cannot be \
                 answered; write there by hand (HTTP 400)",
                problem.moved_to.unwrap_or_default()
            )),
            400 if says("replied not found") || says("reply not found") => {
                Some(Fault::new(Next::Gone, "the message was deleted (HTTP 400)"))
            }
            403 => refused(format!(
                "the bot may not write there: {said} (HTTP 403); it was blocked or removed"
            )),
            400 => refused(format!("Telegram refuses it: {said} (HTTP 400)")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
