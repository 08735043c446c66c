//! An alert in Slack's blocks, within their limits.
//!
//! What came from outside stands in texts of the kind `plain_text`, in which Slack reads no markup,
//! no name and no link. Only where our own links have to stand beside it is it `mrkdwn`: there the
//! three signs by which a link, a mention or `<!channel>` begins are escaped, and so are backticks,
//! between which a link of ours would be no link.

use super::super::form::{
    address, fitted, heading, lines_of, linked, risks, said, strikes, units, whys, words,
};
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertAct, AlertCase, AlertLine, Asks};
use serde_json::{Value, json};

/// The longest text of a section.
const MOST_TEXT: usize = 3_000;
/// The longest header.
const MOST_HEADER: usize = 150;
/// The longest label of a button.
const MOST_LABEL: usize = 75;
/// The longest address of a button.
const MOST_URL: usize = 3_000;
/// A longer text without blocks is cut by some programs that show it.
const MOST_FALLBACK: usize = 1_000;
/// The most buttons in a row of them.
const MOST_BUTTONS: usize = 25;
/// So many acts stand in the first row, the rest in a second one.
const FIRST: usize = 5;
/// All lines of an alert together are shortened to about so much.
const MOST_LISTED: usize = 12_000;
/// The most sections with lines; a message takes 50 blocks, and these may be longer than meant
/// where links take all the room.
const MOST_SECTIONS: usize = 12;

/// The blocks of an alert. With `presses` its buttons come back to us, else they open pages.
pub(super) fn blocks(alert: &Alert, presses: bool) -> Vec<Value> {
    let words = words(alert);
    let mut blocks = Vec::new();
    let head = heading(alert, words);
    if !head.is_empty() {
        blocks.push(json!({ "type": "header", "text": plain(&head, MOST_HEADER) }));
    }
    if let Some(case) = &alert.case {
        blocks.push(section(plain(&said(case, words, 1_500), MOST_TEXT)));
    }
    let link = |word: &str| in_link(word).map(|url| format!("<{url}>"));
    let body = linked(&one_line(&alert.body, 2_500), MOST_TEXT, link, escaped);
    if !body.is_empty() {
        blocks.push(section(marked(&body)));
    }
    blocks.extend(listed(&alert.lines, words).iter().map(|text| section(marked(text))));
    let around = around(alert, words);
    if !around.is_empty() {
        let elements = [plain(&around, MOST_TEXT)];
        blocks.push(json!({ "type": "context", "elements": elements }));
    }
    if let Some(case) = &alert.case {
        let draft = format!("{}: {}", words.get("alert.draft"), lines_of(&case.draft));
        // Of what ended there is nothing left to publish.
        if !case.draft.trim().is_empty() && !case.actions.is_empty() {
            blocks.push(section(plain(&draft, MOST_TEXT)));
        }
        let whole = units(&draft) <= MOST_TEXT;
        blocks.extend(buttons(case, alert, presses, whole, words));
    }
    blocks
}

/// What phones and readers of screens say instead of the blocks. Slack reads it for mentions.
pub(super) fn fallback(alert: &Alert) -> String {
    let words = words(alert);
    let rest = match &alert.case {
        Some(case) => said(case, words, 400),
        None => one_line(&alert.body, 400),
    };
    let text = [heading(alert, words), rest].join("\n");
    match text.trim() {
        "" => fitted(&alert.key, MOST_FALLBACK, escaped),
        text => fitted(text, MOST_FALLBACK, escaped),
    }
}

/// The head alone, for the short word in a thread.
pub(super) fn head(alert: &Alert) -> String {
    let head = heading(alert, words(alert));
    let text = if head.is_empty() { &alert.key } else { &head };
    fitted(text, MOST_FALLBACK, escaped)
}

/// A text without markup.
pub(super) fn plain(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": fitted(text, most, str::to_owned), "emoji": false })
}

/// A text with markup of ours; Slack adds no links of its own to it.
fn marked(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// A block of text.
pub(super) fn section(text: Value) -> Value {
    json!({ "type": "section", "text": text })
}

/// A grapheme so that it begins nothing in Slack's markup.
pub(super) fn escaped(grapheme: &str) -> String {
    let mut out = String::with_capacity(grapheme.len());
    for sign in grapheme.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // There is no escape for it.
            '`' => out.push('ˋ'),
            other => out.push(other),
        }
    }
    out
}

/// An address as it stands inside a link; `None` for what is none of the web, or too long.
pub(super) fn in_link(link: &str) -> Option<String> {
    address(link, MOST_URL).map(|url| url.replace('|', "%7C").replace('&', "&amp;"))
}

/// All of several things, as few sections as hold them: each shortened so that they fit together,
/// its link whole.
fn listed(things: &[AlertLine], words: &Catalogue) -> Vec<String> {
    let each = (MOST_LISTED / things.len().max(1)).min(400);
    let open = fitted(words.get("alert.open"), MOST_LABEL, escaped);
    let mut sections: Vec<String> = Vec::new();
    for thing in things {
        let link = in_link(&thing.link).map_or(String::new(), |url| format!(" <{url}|{open}>"));
        let room = each.saturating_sub(units(&link) + 2);
        let line = format!("• {}{link}", fitted(&one_line(&thing.text, 300), room, escaped));
        if units(&line) > MOST_TEXT {
            continue;
        }
        let fits = |last: &&mut String| units(last) + 1 + units(&line) <= MOST_TEXT;
        if let Some(last) = sections.last_mut().filter(fits) {
            last.push('\n');
            last.push_str(&line);
        } else if sections.len() < MOST_SECTIONS {
            sections.push(line);
        } else {
            break;
        }
    }
    sections
}

/// What else there is to know of a case, each on its line.
fn around(alert: &Alert, words: &Catalogue) -> String {
    let mut lines = Vec::new();
    if alert.not_rechecked {
        lines.push(words.get("alert.not_rechecked").to_owned());
    }
    if let Some(case) = &alert.case {
        let labelled = |label: &str, text: String| match text.as_str() {
            "" => String::new(),
            text => format!("{}: {text}", words.get(label)),
        };
        let filled = |key: &str, name: &str, value: String| match value.as_str() {
            "" => String::new(),
            value => words.fill(key, &[(name, value)]),
        };
        let limit = case.reply_limit.map_or(String::new(), |limit| limit.to_string());
        lines.push(strikes(case, words));
        lines.push(labelled("alert.deadline", one_line(&case.due_text, 60)));
        lines.push(filled("chat.window", "time", one_line(&case.window_text, 60)));
        lines.push(filled("chat.limit", "count", limit));
        lines.push(labelled("alert.risk", risks(case, words)));
        lines.push(labelled("alert.why", one_line(&whys(case, words), 500)));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// The rows of buttons: what can be done, then where it is looked at. Their names carry the
/// language, since a press tells no other; `whole`: the draft is shown to its end.
fn buttons(
    case: &AlertCase,
    alert: &Alert,
    presses: bool,
    whole: bool,
    words: &Catalogue,
) -> Vec<Value> {
    let mut known: Vec<&str> = Vec::new();
    let mut acts: Vec<Value> = Vec::new();
    for act in &case.actions {
        // Names are unique within a row; of the same act twice the first is the more useful.
        if known.contains(&act.name) {
            continue;
        }
        known.push(act.name);
        // Nobody publishes here what is not shown to its end: the page shows it.
        let pressed = presses && (whole || act.asks != Asks::Sure);
        acts.extend(button(act, pressed, acts.is_empty(), words));
    }
    let mut more = acts.split_off(acts.len().min(FIRST));
    more.truncate(MOST_BUTTONS - 1);
    acts.extend(opens("open", words.get("alert.open"), &case.link));
    more.extend(opens("original", words.get("alert.original"), &case.url));
    let rows = [("acts", acts), ("more", more)].into_iter().filter(|(_, row)| !row.is_empty());
    let named = rows.map(|(name, row)| {
        let name = format!("{name}-{}", alert.language);
        json!({ "type": "actions", "block_id": name, "elements": row })
    });
    named.collect()
}

fn button(act: &AlertAct, presses: bool, first: bool, words: &Catalogue) -> Option<Value> {
    let label = one_line(&act.label, 75);
    let label = if label.is_empty() { act.name.to_owned() } else { label };
    let mut button = json!({
        "type": "button",
        "action_id": act.name,
        "text": plain(&label, MOST_LABEL),
    });
    if first {
        button["style"] = json!("primary");
    }
    if !presses {
        button["url"] = json!(address(&act.url, MOST_URL)?);
        return Some(button);
    }
    button["value"] = json!(act.button);
    if act.asks == Asks::Sure {
        button["confirm"] = json!({
            "title": plain(&label, 100),
            "text": plain(words.get("chat.public"), 300),
            "confirm": plain(&label, 30),
            "deny": plain(words.get("chat.cancel"), 30),
        });
    }
    Some(button)
}

/// A button that only opens a page.
fn opens(name: &str, label: &str, url: &str) -> Option<Value> {
    let url = address(url, MOST_URL)?;
    Some(json!({
        "type": "button",
        "action_id": name,
        "text": plain(label, MOST_LABEL),
        "url": url,
    }))
}

#[cfg(test)]
mod tests;
