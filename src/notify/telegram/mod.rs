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

mod message;
mod press;

use super::form::{Once, words};
use crate::domain::text::{one_line, without_lone_surrogates};
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::wire::{
    Acts, Alert, Answer, Ask, Bucket, BucketRule, Counts, Ctx, Delivered, Fault, Fetched, Got,
    Hears, Key, KeyFault, KeyKind, Next, Notifier, NotifierMeta, Press, Request, Response, Secret,
    Step, Talk, Via, read_settings,
};
use message::{Message, keyboard, whole, word};
use serde::de::DeserializeOwned;
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

/// How soon is asked again while another program asks by the same token.
const OTHER_READER: i64 = MINUTE;

static META: NotifierMeta = NotifierMeta {
    name: "telegram",
    title: "Telegram",
    about: "Sends each alert to a chat, a group or a topic, changes it as the case moves, and hears \
            its buttons. Make a bot for alerts alone at BotFather, let it into the group, and tell \
            who is who by `ascolto user known NAME telegram:NUMBER`. Telegram hands the presses of a \
            bot to one program only: a bot that is read as a channel, or that has a webhook, cannot \
            be this one. Whoever presses as an anonymous administrator is refused. What must be \
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
    acts: Acts::Outbound,
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
        let text = if alert.of.is_some() { word(alert, words, true) } else { whole(alert, words) };
        let new = settings.new_message(text).with(keyboard(alert, words));
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
        let changed = Message::new(chat, whole(alert, words)).over(id);
        let changed = changed.with(keyboard(alert, words));
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
        // What was to be written stands there; or the press is so old that nobody waits any more.
        let fine = ["message is not modified", "query is too old", "query id is invalid"];
        res.status == 400 && fine.iter().any(|words| Problem::of(res).says(words))
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        if res.is_success() {
            return None;
        }
        let problem = Problem::of(res);
        let said = one_line(&problem.description, 200);
        let said = said.replace(cx.settings::<Settings>().token.expose(), "[secret]");
        let fault =
            |next, why: &str| Some(Fault::new(next, format!("{why} (HTTP {})", res.status)));
        match res.status {
            401 | 404 => {
                fault(Next::Auth, "Telegram does not know the token; copy it from BotFather again")
            }
            403 => fault(
                Next::Auth,
                &format!(
                    "the bot may not write there: {said}; let it into the chat again, or write \
                     another `chat`"
                ),
            ),
            409 if problem.says("webhook") => fault(
                Next::Refused,
                "the bot has a webhook, and Telegram hands presses out one way only; call \
                 deleteWebhook, or make a bot for these alerts alone",
            ),
            409 => fault(
                Next::Retry { after: Some(OTHER_READER) },
                "another program reads by the same token; stop it, or make a bot for these alerts \
                 alone",
            ),
            429 => {
                // A day at most: a wrong figure must not silence a recipient for years.
                let wait = problem.retry_after?.clamp(0, DAY / SECOND) * SECOND;
                let method = res.url.as_ref().map_or("", Url::path);
                let writes = ["/sendMessage", "/editMessageText"];
                let of_chat = writes.iter().any(|name| method.ends_with(name));
                let bucket = Some(if of_chat { CHAT } else { ALL });
                fault(Next::Throttled { bucket, until: cx.now + wait }, "the limit is used up")
            }
            400 => {
                let (next, why) = problem.refusal(&said);
                fault(next, &why)
            }
            _ => None,
        }
    }
}

/// Reads JSON of the server; what is no UTF-8 in names becomes U+FFFD.
fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let text = String::from_utf8_lossy(body);
    let repaired = || without_lone_surrogates(&text).and_then(|t| serde_json::from_str(&t).ok());
    serde_json::from_str(&text).ok().or_else(repaired)
}

/// Reads where the message stands that was sent.
fn sent(got: Got) -> Result<Delivered, Fault> {
    #[derive(Deserialize)]
    struct Sent {
        result: Stands,
    }
    #[derive(Deserialize)]
    struct Stands {
        message_id: i64,
        chat: Chat,
    }
    #[derive(Deserialize)]
    struct Chat {
        id: i64,
    }
    let Sent { result } = read(&got.http()?.body).ok_or_else(foreign)?;
    Ok(Delivered { remote: format!("{}/{}", result.chat.id, result.message_id) })
}

/// Whatever else answers 200 (a proxy, a log-in page of a hotel) has told nobody.
fn foreign() -> Fault {
    Fault::refused("the answer is not Telegram's; write the address of a Bot API server")
}

/// Whether an answer says that it was done, or done before.
fn is_done(res: &Response) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Done {
        ok: bool,
    }
    let done = !res.is_success() || read::<Done>(&res.body).is_some_and(|done| done.ok);
    if done { Ok(()) } else { Err(foreign()) }
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

/// Telegram's own words about what went wrong, and what it says beside them.
#[derive(Default)]
struct Problem {
    description: String,
    retry_after: Option<i64>,
    moved_to: Option<i64>,
}

impl Problem {
    /// Reads the problem of an answer; nothing known if it carries none.
    fn of(res: &Response) -> Problem {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            description: String,
            parameters: Option<Parameters>,
        }
        #[derive(Deserialize)]
        struct Parameters {
            retry_after: Option<i64>,
            migrate_to_chat_id: Option<i64>,
        }
        let Some(answer) = read::<Answer>(&res.body) else { return Problem::default() };
        let told = answer.parameters;
        Problem {
            description: answer.description,
            retry_after: told.as_ref().and_then(|told| told.retry_after),
            moved_to: told.and_then(|told| told.migrate_to_chat_id),
        }
    }

    fn says(&self, words: &str) -> bool {
        self.description.to_lowercase().contains(words)
    }

    /// What a refusal means, and what to do about it; `said` is its text as it may be shown.
    fn refusal(&self, said: &str) -> (Next, String) {
        let any = |all: &[&str]| all.iter().any(|words| self.says(words));
        if let Some(chat) = self.moved_to {
            let why = format!("the group became a supergroup; write `chat = {chat}` instead");
            return (Next::Gone, why);
        }
        if any(&["chat not found"]) {
            let why = "Telegram shows the bot no such chat; write its number with the sign, and let \
                       the bot in, or let the person write to it first";
            return (Next::Gone, why.to_owned());
        }
        if any(&["to edit not found", "can't be edited", "message_id_invalid"]) {
            return (Next::Gone, "the message was deleted".to_owned());
        }
        if any(&["thread not found", "topic_closed", "topic_deleted"]) {
            let why = format!("the topic is closed or not there: {said}; write another `topic`");
            return (Next::Gone, why);
        }
        if any(&["not enough rights", "have no rights", "administrator rights"]) {
            let why = format!("the bot may not write there: {said}; give it that right");
            return (Next::Auth, why);
        }
        (Next::Refused, format!("Telegram refuses it: {said}"))
    }
}

#[cfg(test)]
mod tests;
