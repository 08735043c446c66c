//! What whoever pressed is told: a form that opens over the alert, a line that they alone see, or
//! what is wrong with what they wrote.

use super::super::form::{fitted, lines_of, units};
use super::blocks::{escaped, in_link, plain, section};
use super::press::{Carried, DAY, Held, SAID};
use crate::domain::Lang;
use crate::domain::text::one_line;
use crate::speech::Catalogue;
use crate::wire::{Answer, Asks, Form, Press, Pressed};
use serde_json::{Value, json};

/// The longest title and the longest labels of a form's buttons.
const MOST_TITLE: usize = 24;
/// The longest text that a field takes.
const MOST_FIELD: usize = 3_000;
/// The longest line below a field, and of what one person alone is told.
const MOST_LINE: usize = 2_000;

/// What is asked of Slack to answer a press: the method and its body.
pub(super) fn answer(press: &Press, answer: &Answer) -> Option<(&'static str, Value)> {
    let held = Held::of(press);
    let sent = matches!(press.did, Pressed::Form { .. });
    if sent && !answer.done {
        // The acknowledgement says it where it was written.
        return None;
    }
    let view = answer.form.as_ref().and_then(|form| view(form, &held, ""));
    if let Some(view) = view.filter(|_| !held.trigger.is_empty()) {
        return Some(("views.open", json!({ "trigger_id": held.trigger, "view": view })));
    }
    let asked = answer.form.as_ref().map_or("", |form| form.label.as_str());
    let text = if answer.text.trim().is_empty() { asked } else { answer.text.as_str() };
    let mut text = fitted(&one_line(text, MOST_LINE), MOST_LINE, escaped);
    if let Some(url) = in_link(&answer.link).filter(|url| units(url) < MOST_LINE) {
        let gap = if text.is_empty() { "" } else { "\n" };
        text = format!("{text}{gap}<{url}>");
    }
    if text.is_empty() || held.channel.is_empty() {
        return None;
    }
    let body = json!({
        "channel": held.channel,
        "user": held.user,
        "text": text,
        "parse": "none",
        "link_names": false,
    });
    Some(("chat.postEphemeral", body))
}

/// What a press is acknowledged with. A form that was done closes; what was not done is said below
/// its field, or the form is shown anew where something else is asked by now.
pub(super) fn acked(press: &Press, answer: &Answer) -> Vec<u8> {
    let held = Held::of(press);
    let sent = matches!(press.did, Pressed::Form { .. });
    let payload = sent.then(|| match &answer.form {
        _ if answer.done => json!({ "response_action": "clear" }),
        Some(form) => match view(form, &held, &answer.text) {
            Some(view) => json!({ "response_action": "update", "view": view }),
            None => errors(answer),
        },
        None => errors(answer),
    });
    let ack = match (held.envelope.as_str(), payload) {
        ("", None) => return Vec::new(),
        ("", Some(payload)) => payload,
        (envelope, None) => json!({ "envelope_id": envelope }),
        (envelope, Some(payload)) => json!({ "envelope_id": envelope, "payload": payload }),
    };
    ack.to_string().into_bytes()
}

fn errors(answer: &Answer) -> Value {
    let text = fitted(&one_line(&answer.text, MOST_LINE), MOST_LINE, str::to_owned);
    // Slack wants a text there.
    let text = if text.is_empty() { "…".to_owned() } else { text };
    json!({ "response_action": "errors", "errors": { SAID: text } })
}

/// The form as Slack opens it; `None` where it has no field for what is asked, or the field takes
/// less than what stands in it: a draft that is cut would be published cut.
fn view(form: &Form, held: &Held, note: &str) -> Option<Value> {
    let words = Catalogue::of(Lang::parse(&held.language).unwrap_or(Lang::EN));
    let text = lines_of(&form.text);
    if units(&text) > MOST_FIELD {
        return None;
    }
    let [title, send, label] = [&form.title, &form.send, &form.label].map(|t| one_line(t, 500));
    let title = if title.is_empty() { label.clone() } else { title };
    let mut blocks: Vec<Value> = Vec::new();
    // The head of a form holds three words; what is longer stands whole below it.
    let long = if units(&title) > MOST_TITLE { title.as_str() } else { "" };
    for line in [one_line(note, 500).as_str(), long] {
        if !line.is_empty() {
            blocks.push(section(plain(line, MOST_LINE)));
        }
    }
    blocks.push(field(form, &text, &label, words)?);
    if form.asks == Asks::Until {
        blocks.push(json!({
            "type": "input",
            "block_id": DAY,
            "label": plain(words.get("chat.day"), MOST_LINE),
            "optional": true,
            "element": { "type": "datepicker", "action_id": SAID },
        }));
    }
    let carried = Carried {
        button: form.button.clone(),
        channel: held.channel.clone(),
        language: held.language.clone(),
    };
    let send = if send.is_empty() { words.get("link.confirm").to_owned() } else { send };
    Some(json!({
        "type": "modal",
        "callback_id": "ascolto",
        "private_metadata": serde_json::to_string(&carried).ok()?,
        "title": plain(&title, MOST_TITLE),
        "submit": plain(&send, MOST_TITLE),
        "close": plain(words.get("chat.cancel"), MOST_TITLE),
        "blocks": blocks,
    }))
}

/// The field for what is asked.
fn field(form: &Form, text: &str, label: &str, words: &Catalogue) -> Option<Value> {
    let element = match form.asks {
        Asks::Until => {
            let choice = |key: &str, value: &str| json!({ "text": plain(words.get(key), 75), "value": value });
            let choices = [
                choice("chat.hour", "1h"),
                choice("chat.hours", "4h"),
                choice("chat.morning", "morning"),
            ];
            json!({
                "type": "static_select",
                "action_id": SAID,
                "initial_option": choices[0],
                "options": choices,
            })
        }
        Asks::Text | Asks::Reason | Asks::Link => {
            // Slack counts otherwise than a network does; what is too long there is said after.
            let limit = form.limit.map_or(MOST_FIELD, |most| most.max(units(text)).max(1));
            let mut field = json!({
                "type": "plain_text_input",
                "action_id": SAID,
                "multiline": form.asks != Asks::Link,
                "max_length": limit.min(MOST_FIELD),
            });
            if !text.is_empty() {
                field["initial_value"] = json!(text);
            }
            field
        }
        Asks::Nothing | Asks::Sure => return None,
    };
    let label = if label.is_empty() { "…" } else { label };
    Some(json!({
        "type": "input",
        "block_id": SAID,
        "label": plain(label, MOST_LINE),
        "optional": form.asks == Asks::Link,
        "element": element,
    }))
}

#[cfg(test)]
mod tests;
