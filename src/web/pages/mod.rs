//! What people see: pages rendered on the server, escaped by the templates' engine.

mod act;
mod render;
pub(super) mod session;

use super::front::Shared;
use crate::links::path;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use minijinja::context;

/// The routes of people.
pub(super) fn routes(_front: &Shared) -> Router<Shared> {
    Router::new()
        .route(path::ACT, get(act::show).post(act::act))
        .route(path::STATIC, get(render::asset))
}

/// The page that stands where nothing is.
pub(super) fn not_found(headers: &HeaderMap) -> Response {
    let page = render::Page::for_visitor(headers);
    page.says(StatusCode::NOT_FOUND, "screen.not_found", context! {})
}
