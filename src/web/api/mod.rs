//! The API of programs: JSON in, JSON out, problems as RFC 9457.

mod acts;
mod alerts;
mod cases;
mod channels;
mod events;
mod first_look;
mod lists;
mod mentions;
mod persons;
mod receive;
mod render;
mod reports;
mod storms;

use super::front::Shared;
use super::problem::Problem;
use crate::links::path;
use axum::Router;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;

/// The routes under `/api/`.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(path::API_MENTIONS, get(mentions::list).post(receive::receive))
        .route(path::API_MENTION_OWED, post(mentions::owed))
        .route(path::API_CASES, get(cases::list))
        .route(path::API_CASE, get(cases::show))
        .route(path::API_CASE_ACT, post(acts::act))
        .route(path::API_REPLY_DECIDE, post(acts::decide))
        .route(path::API_ALERT_ACK, post(acts::acknowledge))
        .route(path::API_ALERT_WOKEN, post(alerts::in_vain))
        .route(path::API_PERSON_ACT, post(persons::act))
        .route(path::API_STORMS, get(storms::list))
        .route(path::API_STORM, get(storms::show))
        .route(path::API_CHANNELS, get(channels::channels))
        .route(path::API_FIRST_LOOK, post(first_look::choose))
        .route(path::API_LEDGER, get(channels::ledger))
        .route(path::API_REPORT, get(reports::summary))
        .route(path::API_EVENTS, get(events::events))
}

/// The query of an address; an unknown or wrong one is a problem and not ignored.
struct Ask<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Ask<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _front: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(asked)| Ask(asked))
            .map_err(|e| Problem::bad(format!("the query does not do: {}", e.body_text())))
    }
}
