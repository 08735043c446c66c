//! Alerts as cards in a channel of Microsoft Teams, by the webhook of a workflow.
//!
//! A workflow vouches for nobody who clicks, so buttons only open pages of ours. It answers that a
//! card is queued, with no id: a card cannot be changed, a short one follows, and whether any was
//! posted nobody tells. All texts stand in text runs, in which Teams reads no Markdown.

use super::form::{Once, cut, heading, is_link, pieces, risks, said, strikes, whys, words};
use crate::domain::text::one_line;
use crate::domain::time::SECOND;
use crate::speech::Catalogue;
use crate::wire::{
    Acts, Alert, AlertCase, AlertLine, Ask, Bucket, BucketRule, Counts, Ctx, Delivered, Fault, Key,
    KeyFault, KeyKind, Next, Notifier, NotifierMeta, Request, Response, Secret, Talk, Via,
    read_settings,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use url::Url;

/// Posts alerts as cards.
pub(super) struct Teams;

/// Beyond four requests a second Teams slows a webhook down.
const POSTS: Bucket = Bucket("post");

static META: NotifierMeta = NotifierMeta {
    name: "teams",
    title: "Microsoft Teams",
    about: "Posts each alert as a card to a channel, by a workflow made from the template “Post to \
            a channel when a webhook request is received”. Teams only says that a card is queued, \
            so delivery is unconfirmed: a channel that was deleted, or a workflow whose owner left, \
            loses cards and tells nobody. Look at the channel after a test, keep two owners of the \
            workflow, and give what must be heard a second recipient. The older connectors \
            (webhook.office.com) are retired.",
    docs: "https://learn.microsoft.com/en-us/connectors/teams/",
    buckets: &[BucketRule {
        bucket: POSTS,
        counts: Counts::Token,
        limit: 4,
        window_ms: SECOND,
        reserve: 0,
    }],
    keys: &[Key {
        name: "url",
        kind: KeyKind::Secret,
        required: true,
        doc: "The workflow's address, whole. It is a secret: whoever knows it can post there.",
        example: "\"https://prod-00.westeurope.logic.azure.com/workflows/0a1b/triggers/manual/\
                  paths/invoke?api-version=2016-06-01&sig=example\"",
    }],
    edits: false,
    dedups: false,
    acts: Acts::Links,
    confirms: false,
};

/// Teams takes messages of about 28 KB by its own count, in which a card grows: libraries that
/// tried it met refusals from 21 kB of JSON on.
const MOST_BYTES: usize = 21_000;
/// Teams shows so many buttons in a row and hides further ones.
const MOST_BUTTONS: usize = 6;
/// How many bytes of a text and how many lines are tried, until a card is small enough.
const ROOMS: [(usize, usize); 6] =
    [(4_000, 60), (2_000, 60), (1_000, 50), (400, 50), (100, 20), (0, 5)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    url: Secret,
}

struct Settings {
    url: Url,
}

impl Notifier for Teams {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |why: &str| KeyFault { key: "url".into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        let url = Url::parse(raw.url.expose())
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
            .ok_or_else(|| {
                fault("is no address; copy the workflow's, which begins with https://")
            })?;
        if is_retired(&url) {
            return Err(fault(
                "is the address of a connector, which Microsoft has retired; make a workflow from \
                 the template “Post to a channel when a webhook request is received” and write its \
                 address",
            ));
        }
        Ok(Box::new(Settings { url }))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let settings: &Settings = cx.settings();
        let mut request = Request::post_json(settings.url.clone(), &message(alert, words(alert)));
        request.secret_url = true;
        let ask = Ask { via: Via::Http(request), tag: 0, spend: &[(POSTS, 1)], auth: false };
        Box::new(Once { ask, read: |_| Ok(Delivered::default()) })
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        let (next, why) = match res.status {
            400 => (
                Next::Refused,
                "the workflow takes no card; make it anew from the template “Post to a channel \
                 when a webhook request is received”",
            ),
            401 | 403 => (
                Next::Auth,
                "the workflow refuses this address or its caller; copy its address anew into \
                 `url`, and let anyone trigger it",
            ),
            404 | 410 => (
                Next::Gone,
                "the workflow is gone or switched off; switch it on, or make a new one and write \
                 its address as `url`",
            ),
            413 => (Next::Refused, "the workflow takes no card of this size"),
            _ => return None,
        };
        Some(Fault::new(next, format!("{why} (HTTP {})", res.status)))
    }
}

/// Whether an address is one of Office 365's connectors.
fn is_retired(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let connector = host == "webhook.office.com" || host.ends_with(".webhook.office.com");
    connector || (host == "outlook.office.com" && url.path().starts_with("/webhook"))
}

/// The message with its card: as much text as fits.
fn message(alert: &Alert, words: &Catalogue) -> Value {
    let of = |(room, lines)| {
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "msteams": { "width": "Full" },
                    "body": body(alert, words, room, lines),
                },
            }],
        })
    };
    // Quotes double in JSON, so only the whole tells how large it is.
    let small = |message: &Value| message.to_string().len() <= MOST_BYTES;
    let smallest = || of(ROOMS[ROOMS.len() - 1]);
    ROOMS.into_iter().map(of).find(small).unwrap_or_else(smallest)
}

/// All of an alert, or the short word that follows a card: how it stands now, and where somebody is
/// to act, by when and how.
fn body(alert: &Alert, words: &Catalogue, room: usize, most_lines: usize) -> Vec<Value> {
    let whole = alert.of.is_none();
    let shown = whole || alert.rings;
    let mut head = run(&cut(&heading(alert, words), 300 + room / 4));
    (head["weight"], head["size"], head["color"]) =
        (json!("Bolder"), json!("Medium"), colour(alert));
    let mut head = block(vec![head]);
    // Nobody sees it there; by it a program, and a test, can tell a duplicate.
    head["id"] = json!(alert.key);
    let mut body = vec![head];
    if alert.not_rechecked {
        body.push(block(vec![run(words.get("alert.not_rechecked"))]));
    }
    let text = cut(&one_line(&alert.body, 2_000), room.max(1_000));
    if !text.is_empty() {
        let runs = pieces(&text).into_iter();
        body.push(block(
            runs.map(|p| if p.link { link(&p.text, &p.text) } else { run(&p.text) }).collect(),
        ));
    }
    if let Some(case) = alert.case.as_ref().filter(|_| shown) {
        body.extend(told(case, words, room, whole));
    }
    let each = room / 10;
    let line = |line: &AlertLine| {
        let text = cut(&one_line(&line.text, 300), each);
        block(vec![run(&format!("{text} ")), link(words.get("alert.open"), &line.link)])
    };
    body.extend(alert.lines.iter().take(most_lines).map(line));
    let hidden = alert.lines.len().saturating_sub(most_lines);
    if hidden > 0 {
        let more = words.fill("alert.more", &[("count", &hidden.to_string())]);
        body.push(block(vec![subtle(&more)]));
    }
    let mut buttons = Vec::new();
    if let Some(case) = &alert.case {
        let acts = case.actions.iter().filter(|_| shown);
        buttons.extend(acts.map(|act| open(&one_line(&act.label, 60), &act.url)));
        buttons.push(open(words.get("alert.open"), &case.link));
    }
    body.extend(
        buttons.chunks(MOST_BUTTONS).map(|row| json!({"type": "ActionSet", "actions": row})),
    );
    body
}

/// What was said, and what else is known of it.
fn told(case: &AlertCase, words: &Catalogue, room: usize, whole: bool) -> Vec<Value> {
    let quote = block(vec![run(&cut(&said(case, words, 1_000), room.max(100)))]);
    let mut told = vec![json!({"type": "Container", "style": "emphasis", "items": [quote]})];
    let mut fact = |label: &str, text: String| {
        if !text.is_empty() {
            told.push(block(vec![subtle(&format!("{}: ", words.get(label))), run(&text)]));
        }
    };
    fact("alert.deadline", one_line(&case.due_text, 60));
    if !whole {
        return told;
    }
    fact("alert.window", one_line(&case.window_text, 60));
    fact("alert.reply_limit", case.reply_limit.map_or_else(String::new, |n| n.to_string()));
    fact("alert.risk", risks(case, words));
    fact("alert.why", cut(&whys(case, words), room / 2));
    fact("alert.draft", cut(&one_line(&case.draft, 2_000), room));
    let repeated = strikes(case, words);
    if !repeated.is_empty() {
        told.insert(1, block(vec![run(&repeated)]));
    }
    if is_link(&case.url) {
        told.push(block(vec![link(words.get("alert.original"), &case.url)]));
    }
    told
}

/// A paragraph of runs.
fn block(runs: Vec<Value>) -> Value {
    json!({"type": "RichTextBlock", "inlines": runs})
}

/// Text as it is. Between doubled braces Teams would put a date.
fn run(text: &str) -> Value {
    json!({"type": "TextRun", "text": text.replace("{{", "{ {")})
}

/// The same in a weaker colour.
fn subtle(text: &str) -> Value {
    let mut run = run(text);
    run["isSubtle"] = json!(true);
    run
}

/// Text that opens an address.
fn link(text: &str, url: &str) -> Value {
    let mut run = run(text);
    run["selectAction"] = json!({"type": "Action.OpenUrl", "url": url});
    run
}

/// A button that opens an address.
fn open(title: &str, url: &str) -> Value {
    json!({"type": "Action.OpenUrl", "title": title, "url": url})
}

/// How grave it is.
fn colour(alert: &Alert) -> Value {
    let severity = alert.case.as_ref().map_or(0, |case| case.severity);
    json!(match (alert.rings, alert.urgent, severity) {
        (false, _, _) => "Default",
        (_, true, _) | (_, _, 3..) => "Attention",
        (_, _, 2) => "Warning",
        _ => "Accent",
    })
}

#[cfg(test)]
mod tests;
