//! One event: what it does to its incident, and what the incident says.

use super::super::form::{cut, heading, risks, said, strikes, whys};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertCase, AlertStands};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The longest summary, in letters; we count bytes, which are no fewer.
const MOST_SUMMARY: usize = 1_024;
/// The longest key of an incident, in letters.
const MOST_KEY: usize = 255;
/// Of so many things one incident tells at most; the others stand in the inbox.
const MOST_LINES: usize = 100;
/// A longer address is no address of a post; a cut one would be a false one.
const MOST_URL: usize = 2_000;

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Opens the incident, or adds to the one that is open.
    Trigger,
    /// Somebody is on it.
    Acknowledge,
    /// Nothing is owed any more.
    Resolve,
}

impl Act {
    /// What a change of an alert that stands does to its incident. A change that need not be noticed
    /// triggers nothing: were the incident resolved by hand meanwhile, it would call somebody anew.
    pub(super) fn of_change(alert: &Alert) -> Option<Act> {
        let stands = match &alert.case {
            Some(case) => case.stands,
            // Of what was told together nothing is left to be named.
            None if alert.reason.is_group() && alert.lines.is_empty() => AlertStands::Ended,
            None if alert.reason == Reason::StormOver => AlertStands::Ended,
            None => AlertStands::Open,
        };
        match stands {
            AlertStands::Open => alert.rings.then_some(Act::Trigger),
            AlertStands::Taken => Some(Act::Acknowledge),
            AlertStands::Ended => Some(Act::Resolve),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Act::Trigger => "trigger",
            Act::Acknowledge => "acknowledge",
            Act::Resolve => "resolve",
        }
    }
}

/// The key of the incident of an alert: its own, or the digest of one that is too long.
pub(super) fn dedup_key(key: &str) -> String {
    if key.len() <= MOST_KEY {
        return key.to_owned();
    }
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An event as the API takes it.
#[derive(Serialize)]
pub(super) struct Event<'a> {
    routing_key: &'a str,
    event_action: &'static str,
    dedup_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Payload<'a> {
    summary: String,
    source: &'a str,
    severity: &'static str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    class: &'static str,
    custom_details: Map<String, Value>,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: String,
}

impl<'a> Event<'a> {
    /// The event. Only a trigger says more than which incident it is.
    pub(super) fn new(
        act: Act,
        alert: &'a Alert,
        routing_key: &'a str,
        dedup_key: &'a str,
        words: &Catalogue,
    ) -> Event<'a> {
        let event = Event {
            routing_key,
            event_action: act.as_str(),
            dedup_key,
            payload: None,
            client: None,
            client_url: None,
            links: Vec::new(),
        };
        if act != Act::Trigger {
            return event;
        }
        let case = alert.case.as_ref();
        Event {
            payload: Some(Payload {
                summary: summary(alert, words),
                source: case.map_or("ascolto", |case| case.network.as_str()),
                severity: severity(alert),
                timestamp: alert.at.to_string(),
                component: case.map(|case| case.network.as_str()),
                group: case.map(|case| case.brand.as_str()),
                class: alert.reason.as_str(),
                custom_details: details(alert, words),
            }),
            client: Some("Ascolto"),
            client_url: case.map(|case| case.link.as_str()),
            links: links(alert, words),
            ..event
        }
    }
}

/// What the phone reads out: the head of the alert and what was said, on one line.
fn summary(alert: &Alert, words: &Catalogue) -> String {
    let head = heading(alert, words);
    let more = match &alert.case {
        Some(case) => said(case, words, 600),
        None => one_line(&alert.body, 600),
    };
    let all = if more.is_empty() { head } else { format!("{head} | {more}") };
    cut(&one_line(&all, MOST_SUMMARY), MOST_SUMMARY)
}

/// How much it matters. A service may call people by it or not.
fn severity(alert: &Alert) -> &'static str {
    if alert.urgent {
        return "critical";
    }
    match (alert.reason, &alert.case) {
        (Reason::ChannelBack | Reason::StormOver, _) => "info",
        (_, Some(AlertCase { severity: 3.., .. })) => "critical",
        (_, Some(AlertCase { severity: 2, .. })) => "error",
        (
            Reason::ChannelDeaf
            | Reason::ChannelQuiet
            | Reason::BudgetSpent
            | Reason::RecipientDead
            | Reason::ReplyUnknown,
            None,
        ) => "error",
        _ => "warning",
    }
}

/// What stands below the summary, by its label in the reader's language.
fn details(alert: &Alert, words: &Catalogue) -> Map<String, Value> {
    let mut details = Map::new();
    let mut tell = |label: &str, text: String| {
        if !text.is_empty() {
            details.insert(label.to_owned(), Value::String(text));
        }
    };
    tell("alert", alert.key.clone());
    let unread = if alert.not_rechecked { words.get("alert.not_rechecked") } else { "" };
    let again = alert.case.as_ref().map_or_else(String::new, |case| strikes(case, words));
    let body = one_line(&alert.body, 1_000);
    let notes = [unread, again.as_str(), body.as_str()].into_iter().filter(|note| !note.is_empty());
    tell("note", cut(&notes.collect::<Vec<_>>().join(" "), 4_000));
    if let Some(case) = &alert.case {
        tell(&case.network, cut(&said(case, words, 1_000), 4_000));
        tell(words.get("alert.deadline"), one_line(&case.due_text, 60));
        tell(words.get("alert.window"), one_line(&case.window_text, 60));
        let limit = case.reply_limit.map_or_else(String::new, |limit| limit.to_string());
        tell(words.get("alert.limit"), limit);
        tell(words.get("alert.risk"), risks(case, words));
        tell(words.get("alert.why"), cut(&whys(case, words), 1_000));
        tell(words.get("alert.draft"), cut(&one_line(&case.draft, 1_000), 4_000));
    }
    details
}

/// The post, what can be done, and each thing where it tells of several.
fn links(alert: &Alert, words: &Catalogue) -> Vec<Link> {
    let link = |href: &str, text: &str| Link {
        href: href.to_owned(),
        text: cut(&one_line(text, 200), 400),
    };
    let mut links = Vec::new();
    if let Some(case) = &alert.case {
        links.push(link(&case.link, words.get("alert.open")));
        if is_address(&case.url) {
            links.push(link(&case.url, words.get("alert.original")));
        }
        links.extend(case.actions.iter().map(|act| link(&act.url, &act.label)));
    }
    links.extend(alert.lines.iter().take(MOST_LINES).map(|line| link(&line.link, &line.text)));
    links.retain(|link| !link.href.is_empty());
    links
}

/// Whether what a network calls the address of a post can be one that people follow.
fn is_address(url: &str) -> bool {
    url.len() <= MOST_URL
        && url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
