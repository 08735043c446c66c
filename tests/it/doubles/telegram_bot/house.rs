//! What the server keeps, and what it refuses.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The longest text, in UTF-16 units.
const MOST_TEXT: usize = 4_096;
/// The longest data of a button, in bytes.
const MOST_DATA: usize = 64;
/// The longest text that appears when a button was pressed.
const MOST_TOAST: usize = 200;

/// What a method takes: what it needs, and what else it knows.
type Fields = (&'static [&'static str], &'static [&'static str]);

fn fields(method: &str) -> Option<Fields> {
    let fields: Fields = match method {
        "sendMessage" => (
            &["chat_id", "text"],
            &["message_thread_id", "link_preview_options", "reply_parameters", "reply_markup"],
        ),
        "editMessageText" => {
            (&["chat_id", "message_id", "text"], &["link_preview_options", "reply_markup"])
        }
        "editMessageReplyMarkup" => (&["chat_id", "message_id"], &["reply_markup"]),
        "answerCallbackQuery" => (&["callback_query_id"], &["text", "show_alert"]),
        "getUpdates" => (&[], &["offset", "limit", "timeout", "allowed_updates"]),
        _ => return None,
    };
    Some(fields)
}

/// A message of the bot as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its number in the chat.
    pub id: i64,
    /// The topic.
    pub topic: Option<i64>,
    /// The text.
    pub text: String,
    /// The rows of buttons.
    pub rows: Vec<Vec<Value>>,
    /// The message that it answers.
    pub answers: Option<i64>,
}

/// The chats, what stands in them, and what was pressed there.
#[derive(Default)]
pub(super) struct House {
    pub(super) chats: BTreeSet<i64>,
    pub(super) topics: BTreeSet<i64>,
    pub(super) shut_out: bool,
    pub(super) moved: BTreeMap<i64, i64>,
    pub(super) floods: u32,
    pub(super) messages: BTreeMap<(i64, i64), Standing>,
    pub(super) numbers: i64,
    pub(super) updates: Vec<Value>,
    /// Presses that nobody answered yet.
    pub(super) open: BTreeSet<String>,
    pub(super) toasts: Vec<Value>,
    pub(super) called: Vec<String>,
}

/// A refusal: its code, its words, and what stands beside them.
pub(super) type Refusal = (u16, String, Value);

fn bad(words: impl Into<String>) -> Refusal {
    (400, format!("Bad Request: {}", words.into()), Value::Null)
}

/// A message as the server shows it.
pub(super) fn shown(chat: i64, message: &Standing) -> Value {
    let kind = if chat < 0 { "supergroup" } else { "private" };
    let mut shown = json!({
        "message_id": message.id, "date": 1_763_620_000, "text": message.text,
        "chat": { "id": chat, "type": kind },
        "from": { "id": 1, "is_bot": true, "first_name": "Alerts" },
    });
    if let Some(topic) = message.topic {
        shown["is_topic_message"] = json!(true);
        shown["message_thread_id"] = json!(topic);
    }
    if !message.rows.is_empty() {
        shown["reply_markup"] = json!({ "inline_keyboard": message.rows });
    }
    shown
}

impl House {
    pub(super) fn carry_out(&mut self, method: &str, body: &Value) -> Result<Value, Refusal> {
        let not_found = || (404, "Not Found: method not found".to_owned(), Value::Null);
        let (needed, others) = fields(method).ok_or_else(not_found)?;
        let given = body.as_object().ok_or_else(|| bad("the body is no JSON object"))?;
        let unknown = given
            .keys()
            .find(|name| !needed.contains(&name.as_str()) && !others.contains(&name.as_str()));
        if let Some(unknown) = unknown {
            return Err(bad(format!("{method} has no parameter {unknown}")));
        }
        if let Some(missing) = needed.iter().find(|name| body[**name].is_null()) {
            return Err(bad(format!("parameter {missing} is required")));
        }
        match method {
            "getUpdates" => Ok(self.updates(body)),
            "answerCallbackQuery" => self.answer(body),
            _ => self.write(method, body),
        }
    }

    /// What was not confirmed, of the kinds that are asked for. An update is confirmed by an offset
    /// behind it.
    fn updates(&mut self, body: &Value) -> Value {
        if let Some(offset) = body["offset"].as_i64() {
            self.updates.retain(|update| update["update_id"].as_i64() >= Some(offset));
        }
        let kinds = body["allowed_updates"].as_array().cloned().unwrap_or_default();
        let asked = |update: &&Value| {
            kinds.iter().any(|kind| update.get(kind.as_str().unwrap_or_default()).is_some())
        };
        let most = body["limit"].as_u64().map_or(100, |limit| limit.clamp(1, 100));
        let most = usize::try_from(most).expect("a hundred at most");
        Value::from(self.updates.iter().filter(asked).take(most).cloned().collect::<Vec<_>>())
    }

    fn answer(&mut self, body: &Value) -> Result<Value, Refusal> {
        let text = body["text"].as_str().unwrap_or_default();
        if text.encode_utf16().count() > MOST_TOAST {
            return Err(bad("MESSAGE_TOO_LONG"));
        }
        if !self.open.remove(body["callback_query_id"].as_str().unwrap_or_default()) {
            return Err(bad(
                "query is too old and response timeout expired or query ID is invalid",
            ));
        }
        self.toasts.push(body.clone());
        Ok(json!(true))
    }

    fn write(&mut self, method: &str, body: &Value) -> Result<Value, Refusal> {
        if self.floods > 0 {
            self.floods -= 1;
            let words = "Too Many Requests: retry after 14".to_owned();
            return Err((429, words, json!({ "retry_after": 14 })));
        }
        let chat = body["chat_id"].as_i64().ok_or_else(|| bad("chat_id is empty"))?;
        if let Some(to) = self.moved.get(&chat) {
            let words = "Bad Request: group chat was upgraded to a supergroup chat".to_owned();
            return Err((400, words, json!({ "migrate_to_chat_id": to })));
        }
        if !self.chats.contains(&chat) {
            return Err(bad("chat not found"));
        }
        if self.shut_out {
            let words = "Forbidden: bot was kicked from the supergroup chat".to_owned();
            return Err((403, words, Value::Null));
        }
        let rows = keyboard(&body["reply_markup"])?;
        let text = body["text"].as_str().unwrap_or_default();
        if method != "editMessageReplyMarkup" {
            if text.trim().is_empty() {
                return Err(bad("message text is empty"));
            }
            if text.encode_utf16().count() > MOST_TEXT {
                return Err(bad("message is too long"));
            }
        }
        if method == "sendMessage" {
            return self.send(chat, body, text, rows);
        }
        let id = body["message_id"].as_i64().unwrap_or_default();
        let old = self.messages.get(&(chat, id)).cloned();
        let old = old.ok_or_else(|| bad("message to edit not found"))?;
        let text = if method == "editMessageText" { text.to_owned() } else { old.text.clone() };
        let new = Standing { text, rows, ..old.clone() };
        if new == old {
            return Err(bad(
                "message is not modified: specified new message content and reply markup are \
                 exactly the same as a current content and reply markup of the message",
            ));
        }
        // A change calls nobody.
        let answer = shown(chat, &new);
        self.messages.insert((chat, id), new);
        Ok(answer)
    }

    fn send(
        &mut self,
        chat: i64,
        body: &Value,
        text: &str,
        rows: Vec<Vec<Value>>,
    ) -> Result<Value, Refusal> {
        let topic = body["message_thread_id"].as_i64();
        if topic.is_some_and(|topic| !self.topics.contains(&topic)) {
            return Err(bad("message thread not found"));
        }
        let below = &body["reply_parameters"];
        let answers = below["message_id"].as_i64();
        let answers = answers.filter(|id| self.messages.contains_key(&(chat, *id)));
        if !below.is_null() && answers.is_none() && below["allow_sending_without_reply"] != true {
            return Err(bad("message to be replied not found"));
        }
        self.numbers += 1;
        let id = self.numbers;
        let message = Standing { id, topic, text: text.to_owned(), rows, answers };
        self.called.extend(names(text));
        let answer = shown(chat, &message);
        self.messages.insert((chat, id), message);
        Ok(answer)
    }
}

/// The rows of a keyboard, each button of which is one that the server takes.
fn keyboard(markup: &Value) -> Result<Vec<Vec<Value>>, Refusal> {
    if markup.is_null() {
        return Ok(Vec::new());
    }
    let rows: Vec<Vec<Value>> = serde_json::from_value(markup["inline_keyboard"].clone())
        .map_err(|_| bad("can't parse inline keyboard"))?;
    for button in rows.iter().flatten() {
        let known = ["text", "callback_data", "url"];
        let fields = button.as_object().ok_or_else(|| bad("a button must be an object"))?;
        if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(bad(format!("a button has no field {unknown}")));
        }
        if button["text"].as_str().is_none_or(str::is_empty) {
            return Err(bad("inline keyboard button text is empty"));
        }
        match (button["callback_data"].as_str(), button["url"].as_str()) {
            (Some(data), None) if (1..=MOST_DATA).contains(&data.len()) => {}
            (Some(_), None) => return Err(bad("BUTTON_DATA_INVALID")),
            (None, Some(url)) if has_dot(url) => {}
            (None, Some(url)) => {
                let why = format!("inline keyboard button URL '{url}' is invalid: Wrong HTTP URL");
                return Err(bad(why));
            }
            _ => return Err(bad("a button does exactly one thing")),
        }
    }
    Ok(rows)
}

fn has_dot(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = host.and_then(|rest| rest.split(['/', ':', '?']).next());
    host.is_some_and(|host| host.contains('.'))
}

/// The names that Telegram finds in plain text, but for those inside of addresses.
fn names(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|word| !word.starts_with("http"));
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = words.flat_map(|word| {
        word.match_indices('@').filter_map(move |(at, _)| {
            let name: String = word[at + 1..].chars().take_while(|c| is_part(*c)).collect();
            let apart = !word[..at].ends_with(is_part);
            (apart && name.len() > 1).then_some(name)
        })
    });
    named.collect()
}
