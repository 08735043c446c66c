//! Log in by name and password, by the demo's one-time link, and out.

use super::render::{Page, asked_language};
use super::session::{self, Posted, cookie, nonce, same};
use crate::domain::{Instant, Lang};
use crate::links::path;
use crate::store::access::{self, AgentRow};
use crate::store::{Store, StoreError};
use crate::web::front::{self, Shared};
use crate::web::password;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;
use serde::Deserialize;
use std::sync::atomic::Ordering;
use tower_sessions::Session;

/// Ties the log-in form to the browser that asked for it, before there is a session.
const FORM_COOKIE: &str = "ascolto_form";
/// Longest name and password that are looked at.
const FIELD_LIMIT: usize = 1_024;
/// Who the demo's one-time link logs in.
const GUEST: &str = "demo";

/// Where to go on after the log-in.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    to: String,
}

/// The log-in form.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    to: String,
}

/// Shows the form.
pub async fn show(
    State(front): State<Shared>,
    Query(Wanted { to }): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    form(&front, &headers, StatusCode::OK, "", "", &to)
}

fn form(
    front: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    why: &str,
    name: &str,
    to: &str,
) -> Response {
    let page = Page::for_visitor(headers);
    let csrf = nonce(front);
    let secure = if front.web.secure_cookies { "; Secure" } else { "" };
    let set =
        format!("{FORM_COOKIE}={csrf}; Path={}; HttpOnly; SameSite=Strict{secure}", path::LOGIN);
    let shown = page.show(status, "login", context! { csrf, why, name, to });
    ([(header::SET_COOKIE, set)], shown).into_response()
}

/// Checks name and password and begins a session.
pub async fn log_in(
    State(front): State<Shared>,
    session: Session,
    extensions: Extensions,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let words = Page::for_visitor(&headers).words;
    let (now, from) = (front.now(), front::address(&extensions, &headers));
    let again = |status, why: &str| form(&front, &headers, status, why, &sent.name, &sent.to);
    if let Some(seconds) = front.throttle.wait(from, now) {
        let why = words.fill("screen.login_often", &[("seconds", &seconds.to_string())]);
        let told = again(StatusCode::TOO_MANY_REQUESTS, &why);
        return ([(header::RETRY_AFTER, seconds.to_string())], told).into_response();
    }
    if !same(&sent.csrf, cookie(&headers, FORM_COOKIE).unwrap_or_default()) {
        return again(StatusCode::FORBIDDEN, words.get("screen.session_over"));
    }
    // Counted before the check: attempts that run side by side count too.
    front.throttle.failed(from, now);
    match check(&front, &sent).await {
        Ok(false) => again(StatusCode::UNAUTHORIZED, words.get("screen.login_failed")),
        Ok(true) => {
            front.throttle.forget(from);
            front.sweep().await;
            enter(&front, &session, &sent.name, &sent.to, words).await
        }
        Err(e) => failed(&e, words),
    }
}

async fn enter(
    front: &Shared,
    session: &Session,
    name: &str,
    to: &str,
    words: &'static crate::speech::Catalogue,
) -> Response {
    match session::begin(front, session, name).await {
        Ok(()) => Redirect::to(local(to)).into_response(),
        Err(e) => failed(&e, words),
    }
}

fn failed(e: &dyn std::error::Error, words: &'static crate::speech::Catalogue) -> Response {
    tracing::error!(error = %e, "a log-in failed");
    let page = Page { words };
    let text = words.fill("screen.failed", &[("why", "the log says how")]);
    page.says_text(StatusCode::SERVICE_UNAVAILABLE, &text, path::LOGIN)
}

/// A path of ours, never the address of somebody else.
fn local(to: &str) -> &str {
    let bytes = to.as_bytes();
    let ours = bytes.first() == Some(&b'/')
        && !matches!(bytes.get(1), Some(b'/' | b'\\'))
        && bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'\\');
    if ours { to } else { path::INBOX }
}

/// Whether name and password belong together. One hash at a time, off the threads that serve.
async fn check(front: &Shared, sent: &Sent) -> Result<bool, StoreError> {
    if sent.name.len() > FIELD_LIMIT || sent.password.len() > FIELD_LIMIT {
        return Ok(false);
    }
    let mut tx = front.web.deps.store.read().await?;
    let agent = access::agent(&mut tx, &sent.name).await?;
    drop(tx);
    let known = agent.is_some();
    let hash = agent.map_or(password::NOBODY.to_owned(), |a| a.password);
    let given = sent.password.clone();
    let Ok(_one) = front.hashing.acquire().await else { return Ok(false) };
    let fits = tokio::task::spawn_blocking(move || password::fits(&given, &hash)).await;
    Ok(known && fits.unwrap_or(false))
}

/// The demo's link: logs in once, without a password.
pub async fn once(
    State(front): State<Shared>,
    Path(token): Path<String>,
    session: Session,
    headers: HeaderMap,
) -> Response {
    let page = Page::for_visitor(&headers);
    let good = front.web.once.as_ref().is_some_and(|o| same(&token, o.expose()));
    if !good || front.once_used.swap(true, Ordering::SeqCst) {
        let text = page.words.get(if good { "link.used" } else { "link.forged" });
        return page.says_text(StatusCode::GONE, text, path::LOGIN);
    }
    let language = asked_language(&headers);
    match add_guest(&front.web.deps.store, language, front.now()).await {
        Ok(()) => enter(&front, &session, GUEST, path::INBOX, page.words).await,
        Err(e) => failed(&e, page.words),
    }
}

async fn add_guest(store: &Store, language: Lang, now: Instant) -> Result<(), StoreError> {
    let guest = AgentRow {
        name: GUEST.to_owned(),
        // No hash: no password fits.
        password: String::new(),
        role: "lead".to_owned(),
        language: language.to_string(),
        added_at: now.0,
    };
    let mut tx = store.begin().await?;
    access::add_agent(&mut tx, &guest).await?;
    tx.commit().await
}

/// Ends the session.
pub async fn log_out(session: Session, _posted: Posted) -> Response {
    if let Err(e) = session.flush().await {
        tracing::warn!(error = %e, "a session could not be removed; it ends by its time");
    }
    Redirect::to(path::LOGIN).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_nowhere_else() {
        assert_eq!(local("/cases/1?a=b"), "/cases/1?a=b");
        for elsewhere in
            ["", "//evil.example", "/\\evil.example", "https://evil", "/a\r\nb", "/\t/e"]
        {
            assert_eq!(local(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
