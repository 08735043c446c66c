//! What people see: pages rendered on the server, escaped by the templates' engine.

mod act;
mod alike;
mod case;
mod connect;
mod coverage;
mod customer;
mod dates;
mod deeds;
mod deletion;
mod first_look;
mod inbox;
mod level;
mod limit;
mod login;
mod render;
mod report;
mod sample;
pub(super) mod session;
mod sorted_out;
mod storms;
mod story;
mod view;
mod woken;

use super::front::Shared;
use crate::links::path;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
pub(super) use deletion::show as deletion;
pub(super) use report::file as report_file;

/// The demo's one-time log-in.
const ONCE: &str = "/login/once/{token}";

/// The routes of people.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(path::INBOX, get(inbox::show))
        .route(path::CASE, get(case::show).post(deeds::act))
        .route(path::STORMS, get(storms::list))
        .route(path::STORM, get(storms::show))
        .route(path::COVERAGE, get(coverage::show))
        .route(path::FIRST_LOOK, get(first_look::show).post(first_look::choose))
        .route(path::SORTED_OUT, get(sorted_out::show).post(sorted_out::owe))
        .route(path::SAMPLE, get(sample::show).post(sample::label))
        .route(path::REPORT, get(report::show))
        .route(path::LOGIN, get(login::show).post(login::log_in))
        .route(ONCE, get(login::once))
        .route(path::LOGOUT, post(login::log_out))
        .route(path::ACT, get(act::show).post(act::act))
        .route(path::CONNECT, get(connect::show).post(connect::connect))
        .route(path::CONNECT_BACK, get(connect::come_back))
        .route(path::STATIC, get(render::asset))
}

/// The page that stands where nothing is.
pub(super) fn not_found(headers: &HeaderMap) -> Response {
    render::Page::for_visitor(headers).says(StatusCode::NOT_FOUND, "screen.not_found")
}
