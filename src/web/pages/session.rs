//! Log-in sessions: kept in the store, ended by our own clock, told apart from forged forms.

use super::render::asked_language;
use crate::domain::time::{HOUR, MINUTE};
use crate::domain::{Instant, Lang};
use crate::links::path;
use crate::store::{Store, access};
use crate::web::auth::Caller;
use crate::web::front::{Front, Shared};
use crate::web::problem::Problem;
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use subtle::ConstantTimeEq;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{self, Error};
use tower_sessions::{Session, SessionManagerLayer, SessionStore, cookie::SameSite};

const AGENT: &str = "agent";
const CSRF: &str = "csrf";
const UNTIL: &str = "until";
/// A session without a log-in is not kept for long; we make none.
const WITHOUT_LOGIN: i64 = 15 * MINUTE;

/// Sessions in the rows of the store.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: crate::clock::Clock,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

/// The layer that gives every request its session.
pub fn layer(front: &Front) -> SessionManagerLayer<Sessions> {
    let deps = &front.web.deps;
    let sessions = Sessions { store: deps.store.clone(), clock: deps.clock.clone() };
    SessionManagerLayer::new(sessions)
        .with_name("ascolto")
        .with_same_site(SameSite::Lax)
        .with_http_only(true)
        .with_secure(front.web.secure_cookies)
}

fn backend(e: impl std::fmt::Display) -> Error {
    Error::Backend(e.to_string())
}

impl Sessions {
    /// A log-in ends at its hour whatever happens in between.
    fn expires(&self, record: &Record) -> Instant {
        let until = record.data.get(UNTIL).and_then(serde_json::Value::as_i64);
        until.map_or(self.clock.now() + WITHOUT_LOGIN, Instant)
    }
}

type Done<'f, T> = Pin<Box<dyn Future<Output = session_store::Result<T>> + Send + 'f>>;

// The trait is written for `async_trait`; these are the signatures that it makes.
impl SessionStore for Sessions {
    fn create<'s, 'r, 'f>(&'s self, record: &'r mut Record) -> Done<'f, ()>
    where
        's: 'f,
        'r: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            loop {
                let data = serde_json::to_string(record).map_err(backend)?;
                let mut tx = self.store.begin().await.map_err(backend)?;
                let (id, expires) = (record.id.to_string(), self.expires(record));
                if access::new_session(&mut tx, &id, &data, expires).await.map_err(backend)? {
                    return tx.commit().await.map_err(backend);
                }
                record.id = Id::default();
            }
        })
    }

    fn save<'s, 'r, 'f>(&'s self, record: &'r Record) -> Done<'f, ()>
    where
        's: 'f,
        'r: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let data = serde_json::to_string(record).map_err(backend)?;
            let mut tx = self.store.begin().await.map_err(backend)?;
            let (id, expires) = (record.id.to_string(), self.expires(record));
            access::keep_session(&mut tx, &id, &data, expires).await.map_err(backend)?;
            tx.commit().await.map_err(backend)
        })
    }

    fn load<'s, 'r, 'f>(&'s self, id: &'r Id) -> Done<'f, Option<Record>>
    where
        's: 'f,
        'r: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let mut tx = self.store.read().await.map_err(backend)?;
            let id = id.to_string();
            let data = access::session(&mut tx, &id, self.clock.now()).await.map_err(backend)?;
            data.map(|d| serde_json::from_str(&d).map_err(|e| Error::Decode(e.to_string())))
                .transpose()
        })
    }

    fn delete<'s, 'r, 'f>(&'s self, id: &'r Id) -> Done<'f, ()>
    where
        's: 'f,
        'r: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let mut tx = self.store.begin().await.map_err(backend)?;
            access::drop_session(&mut tx, &id.to_string()).await.map_err(backend)?;
            tx.commit().await.map_err(backend)
        })
    }
}

/// An agent who is logged in.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The agent's name.
    pub name: String,
    /// The language of the agent's screens.
    pub language: Lang,
    /// What every form of this session carries.
    pub csrf: String,
}

/// Random text for forms and cookies.
pub fn nonce(front: &Front) -> String {
    front.web.deps.ids.bytes::<32>().iter().map(|b| format!("{b:02x}")).collect()
}

/// Begins a session for an agent, under a new id.
pub async fn begin(front: &Front, session: &Session, agent: &str) -> session_store::Result<()> {
    let until = front.now() + front.web.session_hours * HOUR;
    let kept = async {
        session.cycle_id().await?;
        session.insert(AGENT, agent).await?;
        session.insert(CSRF, nonce(front)).await?;
        session.insert(UNTIL, until.0).await
    };
    kept.await.map_err(backend)
}

/// Who is logged in, if anybody: an agent who was removed is not.
async fn current(parts: &Parts, front: &Front) -> Option<LoggedIn> {
    let session = parts.extensions.get::<Session>()?;
    let name: String = session.get(AGENT).await.ok()??;
    let csrf: String = session.get(CSRF).await.ok()??;
    let mut tx = front.web.deps.store.read().await.ok()?;
    let agent = access::agent(&mut tx, &name).await.ok()??;
    let language = Lang::parse(&agent.language);
    let language = language.unwrap_or_else(|| asked_language(&parts.headers));
    Some(LoggedIn { name, language, csrf })
}

impl FromRequestParts<Shared> for LoggedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, front: &Shared) -> Result<Self, Response> {
        match current(parts, front).await {
            Some(agent) => Ok(agent),
            None => {
                let wanted = parts.uri.path_and_query().map_or("/", |p| p.as_str());
                Err(log_in_first(if parts.method == Method::GET { wanted } else { "" }))
            }
        }
    }
}

/// Sends whoever is not logged in to the log-in, and from there on to this path of ours.
pub fn log_in_first(to: &str) -> Response {
    let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
    Redirect::to(&format!("{}?to={to}", path::LOGIN)).into_response()
}

// For pages that not everybody must be logged in for. Not imported by name, or its method would
// stand beside that of the other trait.
impl axum::extract::OptionalFromRequestParts<Shared> for LoggedIn {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        front: &Shared,
    ) -> Result<Option<Self>, Infallible> {
        Ok(current(parts, front).await)
    }
}

/// A form that an agent sent from a page of this session. There is no other way to get at the
/// fields, so no route can forget to check.
pub struct Posted {
    /// Who.
    pub agent: LoggedIn,
    fields: HashMap<String, String>,
}

impl Posted {
    /// Whether a field was sent.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A field, empty if it was not sent.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl FromRequest<Shared> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, front: &Shared) -> Result<Posted, Response> {
        let (mut parts, body) = request.into_parts();
        let agent = LoggedIn::from_request_parts(&mut parts, front).await?;
        let request = Request::from_parts(parts, body);
        let form = Form::<HashMap<String, String>>::from_request(request, front).await;
        let Form(mut fields) = form.map_err(IntoResponse::into_response)?;
        // Browsers send every line break of a text field as CR LF.
        fields.values_mut().for_each(|v| *v = v.replace("\r\n", "\n"));
        if !same(fields.get(CSRF).map_or("", String::as_str), &agent.csrf) {
            let page = super::render::Page::in_language(agent.language);
            return Err(page.says(StatusCode::FORBIDDEN, "screen.forbidden"));
        }
        Ok(Posted { agent, fields })
    }
}

/// Compares in the same time wherever the first difference lies.
pub fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// Who an API request without a token comes from: a page's script, which shows the session's
/// token in a header where it would change anything.
pub async fn caller(parts: &mut Parts, front: &Shared) -> Result<Caller, Problem> {
    let Some(agent) = current(parts, front).await else {
        let detail = "send an API token as `Authorization: Bearer asc_…`, or log in";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, detail));
    };
    let shown = parts.headers.get("x-csrf-token").and_then(|v| v.to_str().ok());
    if parts.method != Method::GET && !same(shown.unwrap_or_default(), &agent.csrf) {
        let detail = "the header X-CSRF-Token is missing or not of this session";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Ok(Caller::agent(&agent.name))
}

/// The value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(axum::http::header::COOKIE).iter();
    all.filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(n, value)| (n == name).then_some(value))
}
