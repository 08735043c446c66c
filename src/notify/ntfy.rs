//! Alerts as push messages by ntfy, one's own server or ntfy.sh.
//!
//! ntfy proves nobody's identity: whoever subscribes can press a button. So buttons only open
//! pages of ours (`view`), which ask for a log-in where one is needed.

use super::form::{Once, Tries, cut, heading, risks, said, strikes, whys, words};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::domain::time::MINUTE;
use crate::speech::Catalogue;
use crate::wire::{
    Acts, Alert, AlertAct, AlertLine, Ask, Bucket, BucketRule, Counts, Ctx, Delivered, Fault, Got,
    Key, KeyFault, KeyKind, Next, Notifier, NotifierMeta, Request, Response, Secret, Talk, Via,
    is_one_word, read_settings,
};
use serde::{Deserialize, Serialize};
use std::any::Any;
use url::Url;

/// Publishes alerts to a topic.
pub(super) struct Ntfy;

/// What a server allows a visitor by default: 60 at once, then one each five seconds, which over
/// five minutes is at least 60 (ntfy server configuration, `visitor-request-limit-*`).
const PUBLISH: Bucket = Bucket("publish");

static META: NotifierMeta = NotifierMeta {
    name: "ntfy",
    title: "ntfy",
    about: "Pushes each alert to phones and desktops that subscribe to a topic.",
    docs: "https://docs.ntfy.sh/publish/",
    buckets: &[BucketRule {
        bucket: PUBLISH,
        counts: Counts::Host,
        limit: 60,
        window_ms: 5 * MINUTE,
        reserve: 0,
    }],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: false,
            doc: "Address of the server, without the topic. Default: https://ntfy.sh.",
            example: "\"https://ntfy.example.com\"",
        },
        Key {
            name: "topic",
            kind: KeyKind::Secret,
            required: true,
            doc: "Topic: 1 to 64 letters, digits, `-` and `_`. On an open server whoever knows \
                  it reads the alerts, so make it long and random.",
            example: "\"acme-alerts-h7Kq2vXw9\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: false,
            doc: "Access token (`tk_…`) with the right to write to the topic. Default: none.",
            example: "\"tk_example\"",
        },
    ],
    edits: true,
    dedups: false,
    acts: Acts::Links,
    confirms: false,
};

/// A longer message becomes an attachment.
const MOST_MESSAGE: usize = 4_096;
/// More buttons are refused.
const MOST_ACTIONS: usize = 3;
/// What a phone offers before all else, where it is offered at all.
static FIRST: [&str; 4] = ["take", "publish", "woken", "ack"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: Option<String>,
    topic: Secret,
    token: Option<Secret>,
}

struct Settings {
    server: Url,
    topic: Secret,
    token: Option<Secret>,
}

/// A message as the server takes it at its root.
#[derive(Serialize)]
struct Publication<'a> {
    topic: &'a str,
    title: String,
    message: String,
    priority: u8,
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Button<'a>>,
    /// The message that this one replaces on the phones (ntfy 2.16); an older server passes over
    /// it, and the change is a message of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Button<'a> {
    action: &'static str,
    label: String,
    url: &'a str,
}

impl Notifier for Ntfy {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let server = Url::parse(raw.server.as_deref().unwrap_or("https://ntfy.sh"))
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or_else(|| fault("server", "is no address; write https:// and the host"))?;
        if server.path() != "/" || server.query().is_some() || server.fragment().is_some() {
            return Err(fault("server", "holds more than the host; write the topic as `topic`"));
        }
        let sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let topic = raw.topic.expose();
        if !(1..=64).contains(&topic.len()) || !topic.chars().all(sign) {
            return Err(fault("topic", "is no topic; write 1 to 64 letters, digits, `-` and `_`"));
        }
        if raw.token.as_ref().is_some_and(|t| !is_one_word(t.expose())) {
            return Err(fault("token", "is no token; write it as the server gave it (tk_…)"));
        }
        Ok(Box::new(Settings { server, topic: raw.topic, token: raw.token }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        publish(alert, None, cx)
    }

    fn edit(
        &self,
        alert: &Alert,
        remote: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        (!remote.is_empty()).then(|| publish(alert, Some(remote), cx))
    }

    fn probe(&self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        #[derive(Deserialize)]
        struct Health {
            healthy: bool,
        }
        let settings: &Settings = cx.settings();
        let url = settings.server.join("v1/health").ok()?;
        let judge = |res: &Response| match serde_json::from_slice::<Health>(&res.body) {
            Ok(Health { healthy: true }) => Ok(()),
            Ok(_) => Err(Fault::retry("the ntfy server says of itself that it is not healthy")),
            Err(_) => {
                Err(Fault::refused("the answer is not ntfy's; write the address of an ntfy server"))
            }
        };
        Some(Box::new(Tries { ask: Ask::open(Request::get(url), 0), judge }))
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        let (next, why) = match res.status {
            401 | 403 => (
                Next::Auth,
                "the server refuses; write a `token` that may write to the topic, or another topic",
            ),
            404 => (Next::Gone, "no ntfy server is at this address; correct `server`"),
            _ => return None,
        };
        Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
    }
}

/// The conversation that publishes an alert, over the message of that id if one is given.
fn publish(alert: &Alert, over: Option<&str>, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered>> {
    let settings: &Settings = cx.settings();
    let body = Publication {
        sequence_id: over,
        ..publication(alert, settings.topic.expose(), words(alert))
    };
    let mut request = Request::post_json(settings.server.clone(), &body);
    if let Some(token) = &settings.token {
        request = request.bearer(token.expose());
    }
    let ask = Ask { via: Via::Http(request), tag: 0, spend: &[(PUBLISH, 1)], auth: false };
    Box::new(Once { ask, read: echo })
}

/// Reads the message that the server echoes: whatever else answers 200 (a proxy, a log-in page of
/// a hotel) has told nobody.
fn echo(got: Got) -> Result<Delivered, Fault> {
    #[derive(Deserialize)]
    struct Echo {
        id: String,
    }
    let res = got.http()?;
    serde_json::from_slice::<Echo>(&res.body).map(|echo| Delivered { remote: echo.id }).map_err(
        |_| Fault::refused("the answer is not ntfy's; write the address of an ntfy server"),
    )
}

fn publication<'a>(alert: &'a Alert, topic: &'a str, words: &Catalogue) -> Publication<'a> {
    let case = alert.case.as_ref();
    let (priority, tag) = weight(alert);
    let mut tags = vec![tag];
    tags.extend(case.map(|c| c.network.as_str()));
    // The server knows no key of ours; here a person, and a test, can tell a duplicate.
    tags.push(&alert.key);
    let actions = buttons(case.map(|c| c.actions.as_slice()).unwrap_or_default());
    Publication {
        topic,
        title: cut(&heading(alert, words), 600),
        message: message(alert, words),
        priority,
        tags,
        click: case.map(|c| c.link.as_str()),
        actions: actions
            .map(|act| Button { action: "view", label: one_line(&act.label, 40), url: &act.url })
            .collect(),
        sequence_id: None,
    }
}

/// The three acts that a phone has buttons for: those that come first for whoever is told, then
/// what else is offered in its order.
fn buttons(acts: &[AlertAct]) -> impl Iterator<Item = &AlertAct> {
    let first = FIRST.iter().filter_map(move |name| acts.iter().find(|act| act.name == *name));
    let rest = acts.iter().filter(|act| !FIRST.contains(&act.name));
    first.chain(rest).take(MOST_ACTIONS)
}

/// Priority 5 breaks a phone's silence, so only what may wake people gets it.
fn weight(alert: &Alert) -> (u8, &'static str) {
    if !alert.rings {
        return (2, "arrows_counterclockwise");
    }
    if alert.urgent {
        return (5, "rotating_light");
    }
    match (alert.reason, alert.case.as_ref().map_or(0, |c| c.severity)) {
        (Reason::ChannelBack, _) => (2, "white_check_mark"),
        (
            Reason::ChannelDeaf
            | Reason::CredentialEnds
            | Reason::ChannelQuiet
            | Reason::BudgetSpent
            | Reason::RecipientDead
            | Reason::HandoverFailed
            | Reason::ReplyUnknown,
            _,
        ) => (4, "warning"),
        (_, 3..) => (4, "red_circle"),
        (_, 2) => (4, "orange_circle"),
        _ => (3, "speech_balloon"),
    }
}

/// The message: what was said first, the link last and whole.
fn message(alert: &Alert, words: &Catalogue) -> String {
    let mut lines = Vec::new();
    let mut line = |label: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("{}: {text}", words.get(label)));
        }
    };
    let mut link = "";
    let mut first = cut(&one_line(&alert.body, 1_000), 1_500);
    if let Some(case) = &alert.case {
        first = cut(&said(case, words, 1_000), 1_500);
        line("alert.deadline", one_line(&case.due_text, 60));
        line("alert.window", one_line(&case.window_text, 60));
        line("alert.reply_limit", case.reply_limit.map_or_else(String::new, |n| n.to_string()));
        line("alert.risk", risks(case, words));
        line("alert.why", cut(&whys(case, words), 400));
        line("alert.draft", cut(&one_line(&case.draft, 1_000), 1_200));
        link = &case.link;
        if !alert.body.is_empty() {
            lines.insert(0, cut(&one_line(&alert.body, 500), 600));
        }
    }
    let repeated = alert.case.as_ref().map_or(String::new(), |case| strikes(case, words));
    if !repeated.is_empty() {
        lines.insert(0, repeated);
    }
    if alert.not_rechecked {
        lines.insert(0, words.get("alert.not_rechecked").to_owned());
    }
    lines.insert(0, first);
    let taken: usize = lines.iter().map(|line| line.len() + 1).sum();
    lines.extend(named(&alert.lines, MOST_MESSAGE.saturating_sub(taken)));
    let head = cut(&lines.join("\n"), MOST_MESSAGE.saturating_sub(link.len() + 1));
    format!("{head}\n{link}").trim().to_owned()
}

/// All of several things, each shortened so that they fit into so many bytes together; what does not
/// fit even then is left out, whole.
fn named(things: &[AlertLine], room: usize) -> Vec<String> {
    let each = room / things.len().max(1);
    let mut left = room;
    let shown = things.iter().map(|thing| {
        let text = each.saturating_sub(thing.link.len() + 2);
        format!("{} {}", cut(&one_line(&thing.text, 200), text), thing.link).trim_start().to_owned()
    });
    shown
        .take_while(|line| {
            let fits = line.len() < left;
            left = left.saturating_sub(line.len() + 1);
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests;
