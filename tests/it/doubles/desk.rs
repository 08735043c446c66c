//! `Desk`: a service with rooms, buttons, forms and marks; and the notifier that speaks to it. What
//! is pressed there is asked for, comes by a socket, or by a call: as the settings say.
//!
//! The service refuses an alert without key or title and a change of what it never took, keeps what
//! stands and what whoever pressed was told, and refuses to be asked when told to.

use super::{Log, Server};
use ascolto::app;
use ascolto::config::Registry;
use ascolto::wire::{
    Acts, Alert, Answer, Ask, Back, Called, Ctx, Delivered, Fault, Fetched, Frame, Got, Hears,
    HookRequest, Key, KeyFault, KeyKind, Notifier, NotifierMeta, Press, Pressed, Request, Secret,
    Socket, Step, StreamOp, Talk, read_settings,
};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use url::Url;

/// The product's own, and the desk.
pub const REGISTRY: Registry = Registry {
    network: |name| (app::registry().network)(name),
    networks: || (app::registry().networks)(),
    notifier: |name| if name == "desk" { Some(&Desk) } else { (app::registry().notifier)(name) },
    notifiers: || [(app::registry().notifiers)(), vec!["desk"]].concat(),
    ticket_system: |name| (app::registry().ticket_system)(name),
    ticket_systems: || (app::registry().ticket_systems)(),
};

/// The notifier.
pub struct Desk;

const fn key(name: &'static str, kind: KeyKind, required: bool, example: &'static str) -> Key {
    Key { name, kind, required, doc: "As its name says.", example }
}

static META: NotifierMeta = NotifierMeta {
    name: "desk",
    title: "Desk",
    about: "A desk of the tests.",
    docs: "",
    buckets: &[],
    keys: &[
        key("url", KeyKind::Url, true, "\"https://desk.example/\""),
        key("secret", KeyKind::Secret, false, "\"word\""),
        key("way", KeyKind::Text, false, "\"asks\""),
        key("room", KeyKind::Text, false, "\"hall\""),
        key("source", KeyKind::Text, false, "\"telegram:7\""),
    ],
    edits: true,
    dedups: false,
    acts: Acts::Either,
    confirms: true,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: Url,
    #[serde(default)]
    secret: Option<Secret>,
    #[serde(default)]
    way: String,
    #[serde(default)]
    room: String,
    #[serde(default)]
    source: String,
}

impl Settings {
    fn at(&self, path: &str) -> Url {
        self.url.join(path).expect("the paths of the double are sound")
    }
}

/// One question and its answer.
struct Once<T> {
    ask: Option<Ask>,
    read: fn(&Value) -> T,
}

impl<T> Once<T> {
    fn of(request: Request, read: fn(&Value) -> T) -> Box<Once<T>> {
        Box::new(Once { ask: Some(Ask::open(request, 0)), read })
    }
}

impl<T> Talk<T> for Once<T> {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<T> {
        Step::Ask(self.ask.take().into_iter().collect())
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<T>, Fault> {
        let body = serde_json::from_slice(&got.http()?.body);
        let body = body.map_err(|_| Fault::bug("the desk answers with JSON"))?;
        Ok(Step::Done((self.read)(&body)))
    }
}

fn told(alert: &Alert) -> Value {
    let actions = alert.case.iter().flat_map(|case| &case.actions);
    let buttons: HashMap<&str, &str> = actions.map(|a| (a.name, a.button.as_str())).collect();
    json!({ "key": alert.key, "title": alert.title, "buttons": buttons })
}

/// A press as the desk writes it.
pub fn pressed(value: &Value) -> Press {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let did = match (value["remote"].as_str(), value["said"].as_str()) {
        (Some(remote), _) => Pressed::Mark {
            remote: remote.to_owned(),
            act: match value["act"].as_str() {
                Some("take") => "take",
                Some("publish") => "publish",
                Some("waive") => "waive",
                _ => "nothing",
            },
        },
        (None, Some(said)) => Pressed::Form { button: text("button"), said: said.to_owned() },
        (None, None) => Pressed::Button(text("button")),
    };
    Press { key: text("key"), by: text("by"), name: text("by"), did, back: Back(text("room")) }
}

fn said(press: &Press, answer: &Answer) -> Value {
    let form = answer.form.as_ref().map(|form| {
        json!({ "label": form.label, "text": form.text, "button": form.button, "limit": form.limit })
    });
    json!({
        "key": press.key, "by": press.by, "text": answer.text, "done": answer.done,
        "form": form, "link": answer.link,
    })
}

impl Notifier for Desk {
    fn meta(&self) -> &'static NotifierMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(read_settings::<Settings>(table)?))
    }

    fn send(&self, alert: &Alert, cx: &Ctx<'_>) -> Box<dyn Talk<Delivered> + '_> {
        let url = cx.settings::<Settings>().at("alerts");
        Once::of(Request::post_json(url, &told(alert)), |body| Delivered {
            remote: body["id"].as_str().unwrap_or_default().to_owned(),
        })
    }

    fn edit(
        &self,
        alert: &Alert,
        remote: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Delivered> + '_>> {
        let url = cx.settings::<Settings>().at(&format!("alerts/{remote}"));
        Some(Once::of(Request::post_json(url, &told(alert)), |_| Delivered::default()))
    }

    fn hears(&self, cx: &Ctx<'_>) -> Hears {
        match cx.settings::<Settings>().way.as_str() {
            "asks" => Hears::Asks,
            "socket" => Hears::Socket,
            _ => Hears::Called,
        }
    }

    fn source(&self, cx: &Ctx<'_>) -> String {
        cx.settings::<Settings>().source.clone()
    }

    fn hear(
        &self,
        cursor: Option<&str>,
        _wait_s: u32,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Fetched> + '_>> {
        let mut url = cx.settings::<Settings>().at("presses");
        url.query_pairs_mut().append_pair("after", cursor.unwrap_or("0"));
        Some(Once::of(Request::get(url), |body| Fetched {
            presses: body["presses"].as_array().into_iter().flatten().map(pressed).collect(),
            cursor: body["cursor"].as_str().unwrap_or_default().to_owned(),
        }))
    }

    fn is_mine(&self, press: &Press, cx: &Ctx<'_>) -> bool {
        let room = &cx.settings::<Settings>().room;
        press.back.0.is_empty() || press.back.0 == *room
    }

    fn socket(&self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Socket> + '_>> {
        let url = cx.settings::<Settings>().at("socket");
        Some(Once::of(Request::get(url), |body| {
            let url = Url::parse(body["url"].as_str().unwrap_or_default());
            let url = url.unwrap_or_else(|_| Url::parse("http://127.0.0.1:9").expect("sound"));
            Socket { open: StreamOp::web_socket(Request::get(url), 0) }
        }))
    }

    fn frame(&self, message: &[u8], _cx: &Ctx<'_>) -> Frame {
        let value: Value = serde_json::from_slice(message).unwrap_or_default();
        let hello = value["hello"].is_string();
        Frame {
            press: value["key"].is_string().then(|| pressed(&value)),
            answer: hello.then(|| b"hello to you".to_vec()),
            ends: value["ends"] == true,
        }
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> Called {
        let secret = cx.settings::<Settings>().secret.as_ref().map(Secret::expose);
        if secret.is_none() || req.header("x-desk-secret") != secret {
            return Called::Refuse("the word is another one");
        }
        let Ok(body) = serde_json::from_slice::<Value>(req.body) else {
            return Called::Answer { status: 200, kind: "text/plain", body: b"there".to_vec() };
        };
        match body {
            Value::Array(all) => Called::Presses(all.iter().map(pressed).collect()),
            one => Called::Presses(vec![pressed(&one)]),
        }
    }

    fn acked(&self, press: &Press, answer: &Answer, _cx: &Ctx<'_>) -> Vec<u8> {
        json!({ "key": press.key, "done": answer.done, "text": answer.text })
            .to_string()
            .into_bytes()
    }

    fn answer(
        &self,
        press: &Press,
        answer: &Answer,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        let url = cx.settings::<Settings>().at("answers");
        Some(Once::of(Request::post_json(url, &said(press, answer)), |_| ()))
    }
}

/// The service.
pub struct Service {
    /// Its address, with a slash at the end.
    pub url: String,
    /// What whoever pressed was told.
    pub answers: Log<Value>,
    /// Each time that presses were asked for: from where on.
    pub asked: Log<String>,
    state: Shared,
    _server: Server,
}

type Shared = Arc<Mutex<Stands>>;

#[derive(Default)]
struct Stands {
    /// Every alert as it was told first.
    alerts: Vec<Value>,
    /// Every change.
    changes: Vec<Value>,
    presses: Vec<Value>,
    /// With what whoever asks for presses or the socket is refused.
    refuses: Option<u16>,
    socket: String,
}

#[derive(Clone)]
struct Rooms(Shared, Log<Value>, Log<String>);

impl Service {
    /// Serves on a free port.
    pub async fn start() -> Service {
        let state = Shared::default();
        let (answers, asked) = (Log::default(), Log::default());
        let router = Router::new()
            .route("/alerts", post(take))
            .route("/alerts/{id}", post(change))
            .route("/presses", get(fetch))
            .route("/answers", post(answer))
            .route("/socket", get(socket))
            .with_state(Rooms(state.clone(), answers.clone(), asked.clone()));
        let server = Server::start(router).await;
        Service { url: format!("{}/", server.url), answers, asked, state, _server: server }
    }

    /// The section of a recipient that is told here, by its name, and more of its lines.
    pub fn recipient(&self, name: &str, more: &str) -> String {
        format!("[recipient.{name}]\nnotifier = \"desk\"\nurl = \"{}\"\n{more}\n", self.url)
    }

    /// Somebody presses; the next who asks is brought it.
    pub fn press(&self, press: Value) {
        self.state.lock().unwrap().presses.push(press);
    }

    /// The button of an act in the newest alert.
    pub fn button(&self, act: &str) -> String {
        let state = self.state.lock().unwrap();
        let newest = state.alerts.last().expect("an alert was told");
        let button = newest["buttons"][act].as_str();
        button.unwrap_or_else(|| panic!("{newest} offers no {act}")).to_owned()
    }

    /// Every alert as it was told first.
    pub fn alerts(&self) -> Vec<Value> {
        self.state.lock().unwrap().alerts.clone()
    }

    /// The titles of all changes.
    pub fn changes(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let titles = state.changes.iter().filter_map(|change| change["title"].as_str());
        titles.map(str::to_owned).collect()
    }

    /// What the press with this key was answered last.
    pub fn answer(&self, key: &str) -> Value {
        let all = self.answers.all();
        let answer = all.iter().rfind(|answer| answer["key"] == key);
        answer.unwrap_or_else(|| panic!("nobody was told of {key}: {all:?}")).clone()
    }

    /// Refuses from now on to say what was pressed; `None`: says it again.
    pub fn refuse(&self, status: Option<u16>) {
        self.state.lock().unwrap().refuses = status;
    }

    /// Where its socket is.
    pub fn opens(&self, url: &str) {
        self.state.lock().unwrap().socket = url.to_owned();
    }
}

async fn take(
    State(Rooms(state, ..)): State<Rooms>,
    Json(alert): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let filled = |key: &str| alert[key].as_str().is_some_and(|text| !text.is_empty());
    if !filled("key") || !filled("title") {
        return Err(StatusCode::BAD_REQUEST);
    }
    let mut state = state.lock().unwrap();
    state.alerts.push(alert);
    Ok(Json(json!({ "id": format!("m{}", state.alerts.len()) })))
}

async fn change(
    State(Rooms(state, ..)): State<Rooms>,
    Path(id): Path<String>,
    Json(alert): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let mut state = state.lock().unwrap();
    let known = id.strip_prefix('m').and_then(|n| n.parse().ok());
    if !known.is_some_and(|n: usize| (1..=state.alerts.len()).contains(&n)) {
        return Err(StatusCode::NOT_FOUND);
    }
    state.changes.push(alert);
    Ok(Json(json!({})))
}

async fn fetch(
    State(Rooms(state, _, asked)): State<Rooms>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let after = query.get("after").cloned().unwrap_or_default();
    asked.add(after.clone());
    let state = state.lock().unwrap();
    refused(&state)?;
    let from: usize = after.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let presses: Vec<&Value> = state.presses.iter().skip(from).collect();
    Ok(Json(json!({ "presses": presses, "cursor": state.presses.len().to_string() })))
}

async fn answer(State(Rooms(_, answers, _)): State<Rooms>, Json(said): Json<Value>) -> Json<Value> {
    answers.add(said);
    Json(json!({}))
}

async fn socket(State(Rooms(state, ..)): State<Rooms>) -> Result<Json<Value>, StatusCode> {
    let state = state.lock().unwrap();
    refused(&state)?;
    Ok(Json(json!({ "url": state.socket })))
}

fn refused(state: &Stands) -> Result<(), StatusCode> {
    match state.refuses.and_then(|status| StatusCode::from_u16(status).ok()) {
        Some(status) => Err(status),
        None => Ok(()),
    }
}
