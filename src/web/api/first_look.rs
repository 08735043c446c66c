//! `POST /api/v1/channels/{name}/first-look`: how much of a channel's first look is opened.

use super::render;
use crate::domain::first_look::Opening;
use crate::pipeline::first_look;
use crate::store::looks;
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::idempotent::once;
use crate::web::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

/// Largest body: one word.
const BODY_LIMIT: usize = 1 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    open: Opening,
}

/// Makes the choice; answers with the first look as it stands then. Its cases follow at once.
pub async fn choose(
    State(front): State<Shared>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Act)?;
    let deps = &front.web.deps;
    once(&front, &caller, request, BODY_LIMIT, async |body| {
        let Chosen { open } = serde_json::from_slice(&body).map_err(|e| {
            let detail = format!(
                "the body does not do: {e}; send {{\"open\":\"all\"}}, \"week\" or \"none\""
            );
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        })?;
        first_look::choose(deps, &name, &caller.agent, open).await?;
        let mut tx = deps.store.read().await?;
        let look = looks::of_channel(&mut tx, &name).await?.into_iter().next();
        Ok((StatusCode::OK, json!({ "first_look": look.as_ref().map(render::first_look) })))
    })
    .await
}
