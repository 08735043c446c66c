//! A Slack workspace as a recipient meets it: a channel with an app in it, people who press its
//! buttons and send its forms, and the socket or the signed calls by which the app hears of it.
//!
//! It refuses what Slack refuses (`judge`), answers faults with status 200 as Slack does, and keeps
//! what stands in the channel. Rules: docs.slack.dev (methods, Block Kit, Socket Mode, signatures).

mod api;
mod judge;
mod socket;
mod tests;

use super::trouble::Script;
use super::{Log, Server};
use ascolto::domain::Instant;
use axum::Router;
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use socket::Socket;
pub use socket::connect;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the app shows, and where it posts.
pub const TOKEN: &str = "xoxb-right";
pub const APP_TOKEN: &str = "xapp-right";
pub const SIGNING_SECRET: &str = "slack-signing-secret";
pub const CHANNEL: &str = "C0ALERTS";
/// The workspace.
pub const TEAM: &str = "T1";

/// One question to the Web API.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: String,
    /// What came with it; null if it was not JSON.
    pub body: Value,
    /// What Slack said, whether it arrived or not; null where it did nothing.
    pub answer: Value,
}

/// A message that stands in the channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Posted {
    /// By what it is known.
    pub ts: String,
    /// The message below which it stands.
    pub thread: Option<String>,
    /// Its text and blocks as they stand now.
    pub text: String,
    pub blocks: Value,
    /// How often it was changed.
    pub edits: usize,
}

#[derive(Default)]
struct Books {
    posted: Vec<Posted>,
    /// What one person alone was told: who, and what.
    whispers: Vec<(String, String)>,
    views: Vec<Value>,
    triggers: BTreeSet<String>,
    tickets: BTreeSet<String>,
    /// What the next calls are refused with.
    errors: VecDeque<String>,
    count: u64,
}

impl Books {
    fn next(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}{:06}", self.count)
    }
}

/// The workspace.
pub struct Slack {
    /// Its address.
    pub url: String,
    /// Every question to the Web API.
    pub log: Log<Call>,
    /// What came back by the socket.
    pub acks: Log<Value>,
    /// What goes wrong on the way; faults with status 200 come by `refuse`.
    pub script: Script,
    books: Arc<Mutex<Books>>,
    socket: Socket,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Call>,
    script: Script,
    books: Arc<Mutex<Books>>,
    socket: String,
}

impl Slack {
    /// Opens it.
    pub async fn start() -> Slack {
        let (books, acks) = (Arc::<Mutex<Books>>::default(), Log::default());
        let socket = Socket::start(acks.clone(), books.clone()).await;
        let (log, script) = (Log::default(), Script::default());
        let shared = Shared {
            log: log.clone(),
            script: script.clone(),
            books: books.clone(),
            socket: socket.url.clone(),
        };
        let router = Router::new().route("/api/{method}", post(api::call)).with_state(shared);
        let server = Server::start(router).await;
        Slack { url: server.url.clone(), log, acks, script, books, socket, _server: server }
    }

    /// The lines of a recipient that stands here, its presses by the socket.
    pub fn recipient(&self) -> String {
        format!(
            "notifier = \"slack\"\ntoken = \"{TOKEN}\"\nchannel = \"{CHANNEL}\"\n\
             app_token = \"{APP_TOKEN}\"\nsigning_secret = \"{SIGNING_SECRET}\"\n\
             server = \"{}\"\n",
            self.url
        )
    }

    /// The messages that stand in the channel, threads apart.
    pub fn standing(&self) -> Vec<Posted> {
        self.books().posted.iter().filter(|message| message.thread.is_none()).cloned().collect()
    }

    /// What stands in the thread below a message.
    pub fn thread(&self, ts: &str) -> Vec<String> {
        let books = self.books();
        let below = books.posted.iter().filter(|message| message.thread.as_deref() == Some(ts));
        below.map(|message| message.text.clone()).collect()
    }

    /// What one person alone was told.
    pub fn whispers(&self, user: &str) -> Vec<String> {
        let books = self.books();
        let told = books.whispers.iter().filter(|(who, _)| who == user);
        told.map(|(_, text)| text.clone()).collect()
    }

    /// The form that was opened last.
    pub fn view(&self) -> Option<Value> {
        self.books().views.last().cloned()
    }

    /// Somebody deletes a message.
    pub fn delete(&self, ts: &str) {
        self.books().posted.retain(|message| message.ts != ts);
    }

    /// The next call is refused with this error.
    pub fn refuse(&self, error: &str) {
        self.books().errors.push_back(error.to_owned());
    }

    /// Somebody presses a button of the newest message that has it; the app hears by the socket.
    /// Gives the envelope's id.
    pub fn press(&self, act: &str, user: &str) -> String {
        self.deliver(self.pressed(act, user))
    }

    /// Somebody sends the form that was opened last; the app hears by the socket.
    pub fn submit(&self, said: &Value, user: &str) -> String {
        self.deliver(self.submitted(said, user))
    }

    /// Slack says something else by the socket.
    pub fn say(&self, message: Value) {
        self.socket.say(message);
    }

    fn deliver(&self, payload: Value) -> String {
        let id = self.books().next("envelope-");
        self.say(json!({ "envelope_id": id, "type": "interactive",
                         "accepts_response_payload": true, "payload": payload }));
        id
    }

    /// What Slack tells of a press.
    pub fn pressed(&self, act: &str, user: &str) -> Value {
        let mut books = self.books();
        let mut found = books.posted.iter().rev().filter_map(|message| {
            let rows = message.blocks.as_array()?.iter().filter(|b| b["type"] == "actions");
            let mut buttons = rows
                .flat_map(|row| row["elements"].as_array().map(|all| (row, all)))
                .flat_map(|(row, all)| all.iter().map(move |button| (row, button)));
            let (row, button) = buttons.find(|(_, button)| button["action_id"] == act)?;
            Some((message.clone(), row["block_id"].clone(), button.clone()))
        });
        let (message, block, button) =
            found.next().unwrap_or_else(|| panic!("no message has a button {act}"));
        let trigger = books.next("13345224609.738474920.");
        books.triggers.insert(trigger.clone());
        let at = books.next("1763620100.");
        let mut action = json!({ "type": "button", "action_id": act, "block_id": block,
                                 "text": button["text"], "action_ts": at });
        if let Some(value) = button.get("value") {
            action["value"] = value.clone();
        }
        json!({
            "type": "block_actions",
            "user": person(user),
            "api_app_id": "A1",
            "container": { "type": "message", "message_ts": message.ts, "channel_id": CHANNEL,
                           "is_ephemeral": false },
            "trigger_id": trigger,
            "team": { "id": TEAM, "domain": "acme" },
            "enterprise": null,
            "channel": { "id": CHANNEL, "name": "alerts" },
            "message": { "type": "message", "ts": message.ts, "text": message.text,
                         "blocks": message.blocks, "team": TEAM, "bot_id": "B1" },
            "state": { "values": {} },
            "response_url": format!("{}/actions/T1/1/x", self.url),
            "actions": [action],
        })
    }

    /// What Slack tells of a form that was sent with these values (`{"block": "text"}`).
    pub fn submitted(&self, said: &Value, user: &str) -> Value {
        let mut books = self.books();
        let view = books.views.last().cloned().expect("a form is open");
        let mut values = json!({});
        for block in view["blocks"].as_array().expect("it was judged") {
            let Some(name) = block["block_id"].as_str() else { continue };
            let element = &block["element"];
            let (kind, given) = (&element["type"], &said[name]);
            let input = match kind.as_str() {
                Some("static_select") => {
                    let options = element["options"].as_array().expect("it was judged");
                    let chosen = options.iter().find(|option| option["value"] == *given);
                    json!({ "type": kind, "selected_option": chosen })
                }
                Some("datepicker") => json!({ "type": kind, "selected_date": given }),
                _ => json!({ "type": kind, "value": given }),
            };
            let action = element["action_id"].as_str().expect("it was judged");
            values[name] = json!({ action: input });
        }
        let trigger = books.next("13345224610.738474920.");
        books.triggers.insert(trigger.clone());
        json!({
            "type": "view_submission",
            "team": { "id": TEAM, "domain": "acme" },
            "user": person(user),
            "api_app_id": "A1",
            "trigger_id": trigger,
            "view": {
                "id": "V1",
                "type": "modal",
                "callback_id": view["callback_id"],
                "private_metadata": view["private_metadata"],
                "state": { "values": values },
                "app_installed_team_id": TEAM,
            },
            "response_urls": [],
        })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A payload as Slack posts it to the app's Request URL: its headers and its body.
pub fn signed(payload: &Value, at: Instant) -> (Vec<(String, String)>, String) {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    let time = at.0 / 1_000;
    let mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).expect("any length does");
    let tag = mac.chain_update(format!("v0:{time}:{body}")).finalize().into_bytes();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = vec![
        ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ("x-slack-request-timestamp".to_owned(), time.to_string()),
        ("x-slack-signature".to_owned(), format!("v0={hex}")),
    ];
    (headers, body)
}

/// Somebody of the workspace; `T9/U1` comes from another one.
fn person(user: &str) -> Value {
    let (team, id) = user.split_once('/').unwrap_or((TEAM, user));
    json!({ "id": id, "username": id.to_lowercase(), "name": id.to_lowercase(), "team_id": team })
}
