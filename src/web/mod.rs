//! The web: API, inbox, case and coverage pages, action links, hooks in, log-in, live events, figures.
//!
//! `api/` speaks JSON to programs, `pages/` HTML to people; both do everything through
//! `pipeline::acts` and read through `store/`. `auth` says who asks, `problem` what went wrong.

mod api;
mod auth;
mod front;
mod hooks;
mod hooks_handover;
mod idempotent;
mod metrics;
mod pages;
pub mod password;
mod problem;
mod throttle;

use crate::domain::{Brand, Lang};
use crate::links::path;
use crate::pipeline::Deps;
use crate::store::ledger::Report;
use crate::wire::Secret;
pub use auth::{TOKEN_PREFIX, token_hash};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use front::{Front, Shared};
use problem::Problem;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the web works with.
pub struct Web {
    /// The house behind it.
    pub deps: Arc<Deps>,
    /// How long a log-in lasts, in hours.
    pub session_hours: i64,
    /// The session cookie is sent over https only; false where people open it by plain http.
    pub secure_cookies: bool,
    /// What stands behind `/login/once/` and logs in once without a password, for the demo.
    pub once: Option<Secret>,
}

/// Scripts, styles and connections of our own and nothing else; a page cannot be framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

/// Every route, without a socket. Open event streams of this router never end by themselves.
pub fn router(web: Web) -> Router {
    routes(web, CancellationToken::new())
}

/// Serves until `stop`: then no request is taken any more, open event streams end, and what is
/// under way is answered.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    web: Web,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let service = routes(web, stop.clone()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await
}

fn routes(web: Web, stop: CancellationToken) -> Router {
    let front: Shared = Arc::new(Front::new(web, stop));
    Router::new()
        .merge(api::routes())
        .merge(pages::routes())
        .merge(hooks::routes())
        .merge(hooks_handover::routes())
        .route(path::HEALTH, get(|| async { "alive\n" }))
        .route(path::READY, get(metrics::ready))
        .route(path::METRICS, get(metrics::metrics))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(pages::session::layer(&front))
        .with_state(front)
        .layer(axum::middleware::map_response(guarded))
}

/// The report as a page of its own, which needs nothing of this server to be read.
///
/// # Errors
/// When the page cannot be rendered, which only a change to its template can bring about.
pub fn report_html(
    report: &Report,
    brands: &BTreeMap<String, Brand>,
    language: Lang,
) -> Result<String, String> {
    pages::report_file(report, brands, language).map_err(|e| e.to_string())
}

async fn nothing_here(request: Request) -> Response {
    let detail = format!("there is no {}", request.uri().path());
    if request.uri().path().starts_with("/api/") {
        return Problem::missing(detail).into_response();
    }
    pages::not_found(request.headers())
}

async fn wrong_method(request: Request) -> Response {
    let detail = format!("{} does not take {}", request.uri().path(), request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
}

/// The headers that every answer bears.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // An action link is a capability: it must not travel on as a referrer.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert_with(|| HeaderValue::from_static("no-store"));
    response
}
