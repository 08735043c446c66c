//! `POST /api/v1/alerts/{id}/woken`: an alert should not have woken whoever it woke.

use crate::domain::AlertId;
use crate::pipeline::woken;
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::idempotent::once;
use crate::web::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

/// Largest body: there is nothing to say in it.
const BODY_LIMIT: usize = 1 << 10;

/// Keeps that word.
pub async fn in_vain(
    State(front): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Act)?;
    let alert: AlertId = id.parse().map_err(Problem::missing)?;
    let deps = &front.web.deps;
    once(&front, &caller, request, BODY_LIMIT, async |_body| {
        woken::in_vain(deps, alert, &caller.agent).await?;
        Ok((StatusCode::OK, json!({ "alert": alert, "should_have_woken": false })))
    })
    .await
}
