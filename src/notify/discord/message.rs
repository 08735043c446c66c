//! An alert as a message of Discord, within its limits.

use super::super::form::{
    address, fitted, heading, lines_of, linked, risks, said, strikes, units, whys, words,
};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertCase};
use serde_json::{Value, json};

/// The longest title, text and value of a field, and label and address of a button.
const MOST_TITLE: usize = 256;
const MOST_TEXT: usize = 4_096;
/// Discord takes names of fields of 256; ours are labels.
const MOST_NAME: usize = 80;
const MOST_VALUE: usize = 1_024;
const MOST_LABEL: usize = 80;
const MOST_URL: usize = 512;
/// The most buttons in a row, and rows.
const MOST_BUTTONS: usize = 5;
const MOST_ROWS: usize = 5;
/// The longest text of all parts of a message together.
const MOST_TOGETHER: usize = 6_000;

/// The alert as a message. Nobody is pinged, whatever stands in it.
pub(super) fn message(alert: &Alert) -> Value {
    let words = words(alert);
    let case = alert.case.as_ref();
    let mut embed = json!({
        "title": fitted(&heading(alert, words), MOST_TITLE, escaped),
        "color": colour(alert),
        "footer": { "text": one_line(alert.of.as_ref().unwrap_or(&alert.key), 100) },
        "timestamp": alert.at,
    });
    if let Some(url) = case.and_then(|case| address(&case.link, 2_000)) {
        embed["url"] = json!(url);
    }
    let fields = case.map_or_else(Vec::new, |case| fields(case, words));
    let taken = embed["title"].as_str().map_or(0, units)
        + embed["footer"]["text"].as_str().map_or(0, units)
        + fields.iter().map(|(name, value)| units(name) + units(value)).sum::<usize>();
    let room = MOST_TOGETHER.saturating_sub(taken).min(MOST_TEXT);
    embed["description"] = json!(description(alert, words, room));
    let field = |(name, value): &(String, String)| json!({ "name": name, "value": value });
    embed["fields"] = fields.iter().map(field).collect();
    json!({
        "embeds": [embed],
        "components": case.map_or_else(Vec::new, |case| rows(case, words)),
        "allowed_mentions": { "parse": [] },
    })
}

/// The short word about one that stands.
pub(super) fn word(alert: &Alert) -> Value {
    let head = fitted(&heading(alert, words(alert)), 500, escaped);
    let link = alert.case.as_ref().and_then(|case| address(&case.link, 1_000));
    // In angle brackets an address shows no page below it.
    let link = link.map_or(String::new(), |url| format!(" <{url}>"));
    json!({ "content": format!("{head}{link}"), "allowed_mentions": { "parse": [] } })
}

fn colour(alert: &Alert) -> u32 {
    match (alert.reason, alert.case.as_ref().map(|case| (case.severity, case.actions.is_empty()))) {
        // Nothing is left to do.
        (_, Some((_, true))) | (Reason::ChannelBack, _) => 0x002e_7d32,
        _ if alert.urgent => 0x00c6_2828,
        (_, Some((3.., _))) => 0x00c6_2828,
        (_, Some((2, _))) => 0x00ef_6c00,
        _ => 0x0054_6e7a,
    }
}

/// What was said, or what it tells of: each of several things with its link, whole.
fn description(alert: &Alert, words: &Catalogue, room: usize) -> String {
    let mut lines = Vec::new();
    if alert.not_rechecked {
        lines.push(fitted(words.get("alert.not_rechecked"), 250, escaped));
    }
    if let Some(case) = &alert.case {
        lines.push(fitted(&said(case, words, 1_300), 1_300, escaped));
    }
    // In angle brackets an address shows no page below it.
    let link = |word: &str| address(word, 800).map(|url| format!("<{url}>"));
    lines.push(linked(&one_line(&alert.body, 1_500), 900, link, escaped));
    lines.retain(|line| !line.is_empty());
    let open = fitted(words.get("alert.open"), 40, escaped);
    let taken: usize = lines.iter().map(|line| units(line) + 1).sum();
    let mut left = room.saturating_sub(taken);
    let each = left / alert.lines.len().max(1);
    for thing in &alert.lines {
        let link = address(&thing.link, 2_000);
        let link = link.map_or(String::new(), |url| format!(" [{open}](<{url}>)"));
        let text = each.saturating_sub(units(&link) + 3);
        let line = format!("- {}{link}", fitted(&one_line(&thing.text, 300), text, escaped));
        let Some(rest) = left.checked_sub(units(&line) + 1) else { break };
        left = rest;
        lines.push(line);
    }
    lines.join("\n")
}

/// What else there is to know of a case: names and values.
fn fields(case: &AlertCase, words: &Catalogue) -> Vec<(String, String)> {
    let name = |text: &str| fitted(text, MOST_NAME, escaped);
    let mut fields = Vec::new();
    let mut field = |label: &str, text: &str, most: usize| {
        if !text.trim().is_empty() {
            fields.push((name(label), fitted(text, most, escaped)));
        }
    };
    let filled = |key: &str, name: &str, value: &str| match value {
        "" => String::new(),
        value => words.fill(key, &[(name, value)]),
    };
    let limit = case.reply_limit.map_or(String::new(), |limit| limit.to_string());
    let notes = [
        strikes(case, words),
        filled("chat.window", "time", &one_line(&case.window_text, 60)),
        filled("chat.limit", "count", &limit),
    ];
    let notes: Vec<String> = notes.into_iter().filter(|note| !note.is_empty()).collect();
    let due = [vec![one_line(&case.due_text, 60)], notes].concat();
    field(words.get("alert.deadline"), due.join("\n").trim(), 400);
    field(words.get("alert.risk"), &risks(case, words), 300);
    field(words.get("alert.why"), &one_line(&whys(case, words), 500), 600);
    // Of what ended there is nothing left to publish.
    if !case.actions.is_empty() {
        field(words.get("alert.draft"), &lines_of(&case.draft), MOST_VALUE);
    }
    fields
}

/// The buttons in rows, the most useful first, then where it is looked at.
fn rows(case: &AlertCase, words: &Catalogue) -> Vec<Value> {
    let button = |label: &str, url: &str| {
        let label = fitted(&one_line(label, MOST_LABEL), MOST_LABEL, str::to_owned);
        let url = address(url, MOST_URL).filter(|_| !label.is_empty())?;
        Some(json!({ "type": 2, "style": 5, "label": label, "url": url }))
    };
    let acts = case.actions.iter().filter_map(|act| button(&act.label, &act.url));
    let open = button(words.get("alert.open"), &case.link);
    let original = button(words.get("alert.original"), &case.url);
    let mut buttons: Vec<Value> = acts.take(MOST_BUTTONS * MOST_ROWS - 2).collect();
    buttons.extend(open.into_iter().chain(original));
    let row = |row: &[Value]| json!({ "type": 1, "components": row });
    buttons.chunks(MOST_BUTTONS).map(row).collect()
}

/// A grapheme so that it begins nothing in Discord's Markdown: no mention, no link, no head, no
/// list, no emoji, no time. A backslash before a sign that needs none is not shown.
fn escaped(grapheme: &str) -> String {
    let mut out = String::with_capacity(grapheme.len() + 1);
    for sign in grapheme.chars() {
        if sign.is_ascii_punctuation() && !matches!(sign, '.' | ',' | ';' | '!' | '?' | '\'' | '"')
        {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

#[cfg(test)]
mod tests;
