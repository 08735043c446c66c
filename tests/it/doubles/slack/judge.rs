//! What Slack has against blocks and forms: kinds, fields and sizes, as its reference has them.
//!
//! It refuses what Slack refuses, and also fields that Slack does not know and would pass over.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The most blocks of a message, and of a form.
const MOST_BLOCKS: usize = 50;
const MOST_VIEW_BLOCKS: usize = 100;

/// What is wrong, in words of Slack's kind.
type Fault = Result<(), String>;

/// Judges the blocks of a message.
pub fn blocks(blocks: &Value) -> Fault {
    let all = list(blocks, "blocks", 0, MOST_BLOCKS)?;
    let mut known = BTreeSet::new();
    for block in all {
        let fields = object(block, "block")?;
        if let Some(id) = fields.get("block_id") {
            let id = short(Some(id), "block_id", 1, 255)?;
            if !known.insert(id.to_owned()) {
                return Err(format!("block_id {id} stands twice"));
            }
        }
        match kind(fields) {
            "header" => {
                only(fields, &["type", "block_id", "text"])?;
                text(fields.get("text"), "header", 150, false)?;
            }
            "section" => {
                only(fields, &["type", "block_id", "text"])?;
                text(fields.get("text"), "section", 3_000, true)?;
            }
            "context" => {
                only(fields, &["type", "block_id", "elements"])?;
                for element in list(&block["elements"], "elements", 1, 10)? {
                    text(Some(element), "context", 3_000, true)?;
                }
            }
            "actions" => {
                only(fields, &["type", "block_id", "elements"])?;
                actions(&block["elements"])?;
            }
            "divider" => only(fields, &["type", "block_id"])?,
            other => return Err(format!("unsupported type: {other}")),
        }
    }
    Ok(())
}

fn actions(elements: &Value) -> Fault {
    let mut known = BTreeSet::new();
    for element in list(elements, "elements", 1, 25)? {
        let fields = object(element, "element")?;
        if kind(fields) != "button" {
            return Err(format!("unsupported element: {}", kind(fields)));
        }
        only(fields, &["type", "action_id", "text", "url", "value", "style", "confirm"])?;
        let id = short(fields.get("action_id"), "action_id", 1, 255)?;
        if !known.insert(id) {
            return Err(format!("action_id {id} stands twice in its block"));
        }
        text(fields.get("text"), "button", 75, false)?;
        if let Some(url) = fields.get("url") {
            let url = short(Some(url), "url", 1, 3_000)?;
            if !url.starts_with("https://") && !url.starts_with("http://") {
                return Err(format!("invalid url {url}"));
            }
        }
        if let Some(value) = fields.get("value") {
            short(Some(value), "value", 1, 2_000)?;
        }
        if fields.get("style").is_some_and(|style| style != "primary" && style != "danger") {
            return Err(format!("invalid style {}", element["style"]));
        }
        if let Some(confirm) = fields.get("confirm") {
            let confirm = object(confirm, "confirm")?;
            only(confirm, &["title", "text", "confirm", "deny", "style"])?;
            text(confirm.get("title"), "confirm title", 100, false)?;
            text(confirm.get("text"), "confirm text", 300, true)?;
            text(confirm.get("confirm"), "confirm button", 30, false)?;
            text(confirm.get("deny"), "deny button", 30, false)?;
        }
    }
    Ok(())
}

/// Judges a form.
pub fn view(view: &Value) -> Fault {
    let fields = object(view, "view")?;
    only(
        fields,
        &["type", "callback_id", "private_metadata", "title", "submit", "close", "blocks"],
    )?;
    if kind(fields) != "modal" {
        return Err("a view that opens is a modal".to_owned());
    }
    short(fields.get("callback_id"), "callback_id", 1, 255)?;
    short(fields.get("private_metadata"), "private_metadata", 0, 3_000)?;
    for name in ["title", "submit", "close"] {
        text(fields.get(name), name, 24, false)?;
    }
    let mut known = BTreeSet::new();
    for block in list(&view["blocks"], "blocks", 1, MOST_VIEW_BLOCKS)? {
        let fields = object(block, "block")?;
        match kind(fields) {
            "section" => {
                only(fields, &["type", "block_id", "text"])?;
                text(fields.get("text"), "section", 3_000, true)?;
            }
            "input" => {
                only(fields, &["type", "block_id", "label", "element", "optional"])?;
                let id = short(fields.get("block_id"), "block_id", 1, 255)?;
                if !known.insert(id) {
                    return Err(format!("block_id {id} stands twice"));
                }
                text(fields.get("label"), "label", 2_000, false)?;
                if fields.get("optional").is_some_and(|optional| !optional.is_boolean()) {
                    return Err("optional must be true or false".to_owned());
                }
                input(&block["element"])?;
            }
            other => return Err(format!("unsupported type: {other}")),
        }
    }
    Ok(())
}

fn input(element: &Value) -> Fault {
    let fields = object(element, "element")?;
    short(fields.get("action_id"), "action_id", 1, 255)?;
    match kind(fields) {
        "plain_text_input" => {
            only(fields, &["type", "action_id", "multiline", "max_length", "initial_value"])?;
            let most = fields.get("max_length").map_or(Some(3_000), Value::as_u64);
            let most = most.and_then(|most| usize::try_from(most).ok());
            let Some(most) = most.filter(|most| (1..=3_000).contains(most)) else {
                return Err("max_length must be from 1 to 3000".to_owned());
            };
            if let Some(text) = fields.get("initial_value") {
                short(Some(text), "initial_value", 1, most)?;
            }
        }
        "static_select" => {
            only(fields, &["type", "action_id", "options", "initial_option"])?;
            let options = list(&element["options"], "options", 1, 100)?;
            for option in options {
                let option = object(option, "option")?;
                only(option, &["text", "value"])?;
                text(option.get("text"), "option", 75, false)?;
                short(option.get("value"), "option value", 1, 150)?;
            }
            if fields.get("initial_option").is_some_and(|first| !options.contains(first)) {
                return Err("initial_option is none of the options".to_owned());
            }
        }
        "datepicker" => only(fields, &["type", "action_id"])?,
        other => return Err(format!("unsupported element: {other}")),
    }
    Ok(())
}

/// A text object.
fn text(value: Option<&Value>, what: &str, most: usize, marked: bool) -> Fault {
    let fields = object(value.unwrap_or(&Value::Null), what)?;
    match kind(fields) {
        "plain_text" => only(fields, &["type", "text", "emoji"])?,
        "mrkdwn" if marked => only(fields, &["type", "text", "verbatim"])?,
        other => return Err(format!("{what}: no text of type {other}")),
    }
    short(fields.get("text"), what, 1, most).map(drop)
}

fn kind(fields: &Map<String, Value>) -> &str {
    fields.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{what} must be an object"))
}

fn list<'a>(
    value: &'a Value,
    what: &str,
    least: usize,
    most: usize,
) -> Result<&'a [Value], String> {
    let all = value.as_array().ok_or_else(|| format!("{what} must be a list"))?;
    if !(least..=most).contains(&all.len()) {
        return Err(format!("{what}: {} of at most {most}", all.len()));
    }
    Ok(all)
}

/// A text of a length that Slack takes; it counts characters.
fn short<'a>(
    value: Option<&'a Value>,
    what: &str,
    least: usize,
    most: usize,
) -> Result<&'a str, String> {
    let text = value.and_then(Value::as_str).ok_or_else(|| format!("{what} must be text"))?;
    let length = text.chars().count();
    if !(least..=most).contains(&length) {
        return Err(format!("{what}: {length} characters of at most {most}"));
    }
    Ok(text)
}

/// No other fields than these.
pub fn only(fields: &Map<String, Value>, known: &[&str]) -> Fault {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("unknown field {key}")),
        None => Ok(()),
    }
}
