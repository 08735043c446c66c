//! The API of a ticket system, as far as its documentation describes what we ask: the base of the
//! doubles of all of them. Each says by its rules what it takes, and refuses the rest.

use super::line::Line;
use super::trouble::{Script, through};
use super::{Log, Server};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// No system here takes a longer body.
const MOST_BYTES: usize = 1 << 20;

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method and the path, as in `GET /api/v1/tickets/1`.
    pub what: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if there was none.
    pub body: Value,
}

impl Call {
    /// A header, if it is there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// What stands in the path behind this beginning; `None` where it is another path.
    pub fn rest(&self, begins: &str) -> Option<&str> {
        self.what.strip_prefix(begins)
    }
}

/// One ticket that stands.
#[derive(Clone, Debug, Default)]
pub struct Ticket {
    /// Its id.
    pub id: u64,
    /// What it was made of.
    pub body: Value,
    /// Somebody closed it.
    pub closed: bool,
    /// What was added to it.
    pub notes: Vec<Value>,
}

/// What a system holds.
#[derive(Default)]
pub struct Held {
    /// The tickets.
    pub tickets: Vec<Ticket>,
    /// The customers.
    pub contacts: Vec<Value>,
    /// What was made by an idempotency key.
    pub keys: BTreeMap<String, (Value, Value)>,
}

impl Held {
    /// Keeps a new ticket; gives its id.
    pub fn add(&mut self, body: Value) -> u64 {
        let id = 4711 + self.tickets.len() as u64;
        self.tickets.push(Ticket { id, body, ..Ticket::default() });
        id
    }

    /// The ticket of that id, as it stands in an address.
    pub fn find(&mut self, id: &str) -> Option<&mut Ticket> {
        let id: u64 = id.parse().ok()?;
        self.tickets.iter_mut().find(|t| t.id == id)
    }
}

/// What is answered: a status and JSON.
pub type Answer = (u16, Value);
/// What a system does with a request.
pub type Rules = fn(&Call, &mut Held) -> Answer;

/// A running system.
pub struct Desk {
    /// Its address.
    pub url: String,
    /// Every request.
    pub log: Log<Call>,
    /// What goes wrong.
    pub script: Script,
    held: Arc<Mutex<Held>>,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    rules: Rules,
    log: Log<Call>,
    script: Script,
    held: Arc<Mutex<Held>>,
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// Starts a system with these rules.
    pub async fn start(rules: Rules) -> Desk {
        let (log, script, held) = <(Log<Call>, Script, Arc<Mutex<Held>>)>::default();
        let shared = Shared { rules, log: log.clone(), script: script.clone(), held: held.clone() };
        let server = Server::start(Router::new().fallback(answer).with_state(shared)).await;
        Desk { url: server.url.clone(), log, script, held, _server: server }
    }

    /// The tickets that stand.
    pub fn tickets(&self) -> Vec<Ticket> {
        lock(&self.held).tickets.clone()
    }

    /// Somebody there closes every ticket, or opens them again.
    pub fn close_all(&self, closed: bool) {
        lock(&self.held).tickets.iter_mut().for_each(|t| t.closed = closed);
    }

    /// Somebody there removes every ticket.
    pub fn remove_all(&self) {
        lock(&self.held).tickets.clear();
    }
}

async fn answer(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    let query = request.uri().query().unwrap_or_default();
    let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let headers = request.headers().clone();
    let body = axum::body::to_bytes(request.into_body(), MOST_BYTES).await;
    let body: Bytes = body.unwrap_or_default();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let call = Call { what, query, headers, body };
    shared.log.add(call.clone());
    let trouble = shared.script.take();
    through(trouble, &line, async {
        let (status, body) = (shared.rules)(&call, &mut lock(&shared.held));
        let status = StatusCode::from_u16(status).expect("rules answer with statuses that exist");
        (status, Json(body)).into_response()
    })
    .await
}

/// A refusal.
pub fn no(status: u16, why: impl Into<String>) -> Answer {
    (status, json!({ "error": why.into() }))
}

/// The header of a log-in by name and password.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Why an object does not do: a field that is none of these, or one of the first that is missing.
pub fn fields(body: &Value, must: &[&str], may: &[&str]) -> Result<(), String> {
    let Some(all) = body.as_object() else { return Err("the body is no object".to_owned()) };
    for name in all.keys() {
        if !must.contains(&name.as_str()) && !may.contains(&name.as_str()) {
            return Err(format!("{name} is no field"));
        }
    }
    match must.iter().find(|name| body[**name].is_null() || body[**name] == "") {
        Some(name) => Err(format!("{name} is missing")),
        None => Ok(()),
    }
}
