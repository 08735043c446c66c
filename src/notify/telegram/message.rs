//! The message of an alert: its text, its buttons, and that nothing in them pings or passes for ours.
//!
//! Text goes without `parse_mode`, so no markup in it counts. Telegram finds some things in plain
//! text all the same: `@name` calls a member of the group, `/word` is a command at a touch. In what
//! people wrote an invisible sign (U+2060, word joiner) stands behind these. Whole addresses stay
//! as they are: they lead where they say.

use super::super::form::{calm, fitted, heading, lines_of, risks, said, strikes, units, whys};
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertAct, AlertLine, Asks};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The longest text; Telegram counts less for what it reads as formatting, which there is none of.
const MOST_TEXT: usize = 4_096;
/// The longest token of a button, in bytes.
const MOST_DATA: usize = 64;
/// So many buttons stand side by side: more would cut their labels on a phone.
const A_ROW: usize = 2;
/// A longer address is no address of a post; a cut one would be a false one.
const MOST_URL: usize = 300;

/// A message as `sendMessage` and the methods that change one take it.
#[derive(Serialize)]
pub(super) struct Message {
    chat_id: i64,
    /// The message that is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<i64>,
    /// The topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i64>,
    text: String,
    link_preview_options: Preview,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_parameters: Option<Below>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<Keyboard>,
}

#[derive(Serialize)]
struct Preview {
    is_disabled: bool,
}

#[derive(Serialize)]
struct Below {
    message_id: i64,
    /// It is news also where somebody deleted the other one.
    allow_sending_without_reply: bool,
}

impl Message {
    /// A message without buttons.
    pub(super) fn new(chat_id: i64, text: String) -> Message {
        Message {
            chat_id,
            message_id: None,
            message_thread_id: None,
            text,
            // A preview would fetch what a customer wrote, and show it below our text.
            link_preview_options: Preview { is_disabled: true },
            reply_parameters: None,
            reply_markup: None,
        }
    }

    /// The same in a topic of the group.
    pub(super) fn in_topic(self, topic: Option<i64>) -> Message {
        Message { message_thread_id: topic, ..self }
    }

    /// The same in the place of another one.
    pub(super) fn over(self, message_id: i64) -> Message {
        Message { message_id: Some(message_id), ..self }
    }

    /// The same with buttons.
    pub(super) fn with(self, keyboard: Option<Keyboard>) -> Message {
        Message { reply_markup: keyboard, ..self }
    }

    /// The same as an answer to another one.
    pub(super) fn below(self, message_id: i64) -> Message {
        let below = Below { message_id, allow_sending_without_reply: true };
        Message { reply_parameters: Some(below), ..self }
    }
}

/// The buttons below a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keyboard {
    /// Row by row.
    pub(super) inline_keyboard: Vec<Vec<Button>>,
}

/// One button: it brings its data back, or opens an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Button {
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) callback_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
}

impl Button {
    /// One that is pressed. `None` for data that Telegram would refuse together with the alert.
    pub(super) fn press(label: &str, data: String) -> Option<Button> {
        let fits = (1..=MOST_DATA).contains(&data.len());
        fits.then(|| Button { text: one_line(label, 40), callback_data: Some(data), url: None })
    }

    /// One that opens an address. `None` for what Telegram would refuse together with the alert.
    pub(super) fn open(label: &str, url: &str) -> Option<Button> {
        is_public(url).then(|| Button {
            text: one_line(label, 40),
            callback_data: None,
            url: Some(url.to_owned()),
        })
    }
}

/// The buttons of an alert: what can be done, two side by side, and the case. `shown`: the draft
/// stands in the text to its end. Where it does not, the page shows it and publishes it.
pub(super) fn keyboard(alert: &Alert, words: &Catalogue, shown: bool) -> Option<Keyboard> {
    let case = alert.case.as_ref()?;
    let language = alert.language;
    let button = |act: &AlertAct| {
        if act.asks == Asks::Sure && !shown {
            return Button::open(&act.label, &act.url);
        }
        // With the language, so that whoever answers the press knows it. It needs two letters
        // where 64 bytes leave eight.
        let told = format!("{}:{}", act.button, language.as_str());
        let data = if told.len() <= MOST_DATA { told } else { act.button.clone() };
        Button::press(&act.label, data)
    };
    let acts: Vec<Button> = case.actions.iter().filter_map(button).collect();
    let mut rows: Vec<Vec<Button>> = acts.chunks(A_ROW).map(<[Button]>::to_vec).collect();
    rows.extend(Button::open(words.get("alert.open"), &case.link).map(|open| vec![open]));
    (!rows.is_empty()).then_some(Keyboard { inline_keyboard: rows })
}

/// Whether Telegram takes an address for a button: it wants a host with a dot in it, and the
/// phones of a team reach nothing that only this machine or this house knows.
pub(super) fn is_public(link: &str) -> bool {
    let Ok(url) = Url::parse(link) else { return false };
    let host = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let inner = [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".invalid"];
            name.contains('.') && !inner.iter().any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(ip)) => {
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified())
        }
        Some(Host::Ipv6(_)) | None => false,
    };
    host && matches!(url.scheme(), "http" | "https")
}

/// The whole alert and its buttons. What was said stands first; the link, where no button opens it,
/// and the key last. The draft keeps its lines, and all the room that the rest leaves.
pub(super) fn whole(alert: &Alert, words: &Catalogue) -> (String, Option<Keyboard>) {
    let labelled = |label: &str, text: String| match text.as_str() {
        "" => String::new(),
        text => format!("{}: {text}", words.get(label)),
    };
    let outside = |text: &str, limit: usize| cut(&still(&one_line(text, 1_000)), limit);
    let mut lines = vec![cut(&still(&heading(alert, words)), 400)];
    if alert.not_rechecked {
        lines.push(words.get("alert.not_rechecked").to_owned());
    }
    let body = outside(&alert.body, if alert.case.is_some() { 500 } else { 1_500 });
    let (mut draft, mut below) = (String::new(), Vec::new());
    if let Some(case) = &alert.case {
        lines.extend([strikes(case, words), body, cut(&still(&said(case, words, 1_000)), 1_200)]);
        lines.extend([
            labelled("alert.deadline", outside(&case.due_text, 60)),
            labelled("alert.window", outside(&case.window_text, 60)),
            labelled("alert.risk", risks(case, words)),
            labelled("alert.why", cut(&still(&whys(case, words)), 300)),
        ]);
        let kept: Vec<String> = lines_of(&case.draft).lines().map(still).collect();
        draft = kept.join("\n");
        let limit = case.reply_limit.map_or_else(String::new, |n| n.to_string());
        below.push(labelled("alert.reply_limit", limit));
        let url = Some(&case.url).filter(|url| url.len() <= MOST_URL);
        let url = url.map_or_else(String::new, |url| still(&one_line(url, MOST_URL)));
        below.push(labelled("alert.original", url));
    } else {
        lines.push(body);
    }
    for part in [&mut lines, &mut below] {
        part.retain(|text| !text.is_empty());
    }
    let tail = tail(alert);
    let room = MOST_TEXT.saturating_sub(units(&tail) + 1);
    let taken = |lines: &[String]| -> usize { lines.iter().map(|line| units(line) + 1).sum() };
    let label = format!("{}: ", words.get("alert.draft"));
    let left = room.saturating_sub(taken(&lines) + taken(&below) + units(&label) + 1);
    let shown = cut(&draft, left);
    if !shown.is_empty() {
        lines.push(format!("{label}{shown}"));
    }
    lines.append(&mut below);
    lines.extend(named(&alert.lines, room.saturating_sub(taken(&lines))));
    let text = format!("{}\n{tail}", cut(&lines.join("\n"), room));
    (text, keyboard(alert, words, shown == draft))
}

/// A short word about what stands, with the way to the case where it stands alone.
pub(super) fn word(alert: &Alert, words: &Catalogue, alone: bool) -> String {
    let head = cut(&still(&heading(alert, words)), 400);
    let body = cut(&still(&one_line(&alert.body, 300)), 400);
    let tail = if alone { tail(alert) } else { String::new() };
    let lines = [head, body, tail];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// What must never be cut off: the way to the case, where no button opens it, and the key, by which
/// a person and a test can tell a duplicate.
fn tail(alert: &Alert) -> String {
    let link = alert.case.as_ref().map(|case| case.link.as_str());
    let link = link.filter(|link| !is_public(link)).map(|link| format!("{link}\n"));
    let key = one_line(alert.of.as_ref().unwrap_or(&alert.key), 200);
    format!("{}[{key}]", link.unwrap_or_default())
}

/// All of several things, each shortened so that they fit into so many letters together; what does
/// not fit even then is left out, whole.
fn named(things: &[AlertLine], room: usize) -> Vec<String> {
    let each = room / things.len().max(1);
    let mut left = room;
    let shown = things.iter().map(|thing| {
        let text = each.saturating_sub(units(&thing.link) + 2);
        let text = cut(&still(&one_line(&thing.text, 200)), text);
        format!("{text} {}", thing.link).trim_start().to_owned()
    });
    shown
        .take_while(|line| {
            let fits = units(line) < left;
            left = left.saturating_sub(units(line) + 1);
            fits
        })
        .collect()
}

/// Cuts at so many letters as Telegram counts at most.
fn cut(text: &str, limit: usize) -> String {
    fitted(text, limit, str::to_owned)
}

/// What people wrote, so that Telegram reads nothing into it; whole addresses stay as they are.
pub(super) fn still(text: &str) -> String {
    let word = |word: &str| if is_address(word) { word.to_owned() } else { calm(word) };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a word is an address from its first letter to its last, so that Telegram finds nothing
/// else in it: of plain letters only, and not longer than it reads in one piece.
fn is_address(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@%&=+".contains(c);
    word.len() <= 200
        && (word.starts_with("https://") || word.starts_with("http://"))
        && word.chars().all(plain)
        && Url::parse(word).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default();
            let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            // Without a dot it is none to Telegram.
            let told = host.contains('.') || !word.contains('@');
            told && url.username().is_empty() && host.chars().all(named)
        })
}

#[cfg(test)]
mod tests;
