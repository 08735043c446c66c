//! `GET /api/v1/mentions`: everything that was heard, in the order in which it was stored; and
//! `POST /api/v1/mentions/{id}/owed`: one of them is owed an answer after all.

use super::{Ask, lists, render};
use crate::domain::MentionId;
use crate::domain::obligation::Owing;
use crate::pipeline::owed;
use crate::store::inbox::{self, Filter};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::idempotent::once;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

/// Largest body: one word.
const BODY_LIMIT: usize = 1 << 10;

/// What may be asked. `sorted_as` asks for what that rule sorted out (`spam`, `automatic` …), `any`
/// for what any did.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    disposition: String,
    #[serde(default)]
    brand: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    sorted_as: String,
    after: Option<MentionId>,
    limit: Option<i64>,
}

/// A page of mentions; `next` is the `after` of the following one, if there may be more.
pub async fn list(
    State(front): State<Shared>,
    caller: Caller,
    Ask(asked): Ask<Asked>,
) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let limit = lists::rows(asked.limit);
    let filter = Filter {
        brand: asked.brand,
        state: asked.disposition,
        channel: asked.channel,
        language: asked.language,
        sorted_as: asked.sorted_as,
        ..Filter::default()
    };
    let mut tx = front.web.deps.store.read().await?;
    let rows = inbox::mentions(&mut tx, &filter, asked.after, limit).await?;
    let mentions: Vec<Value> = rows.iter().map(render::mention).collect();
    Ok(lists::page("mentions", &mentions, limit))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Complaint,
    Question,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    #[serde(rename = "as")]
    kind: Kind,
}

/// A person says that a mention is owed an answer though triage let it pass; answers with its case.
pub async fn owed(
    State(front): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Act)?;
    let id: MentionId = id
        .parse()
        .map_err(|why: String| Problem::missing(format!("there is no such mention: {why}")))?;
    let deps = &front.web.deps;
    once(&front, &caller, request, BODY_LIMIT, async |body| {
        let Called { kind } = serde_json::from_slice(&body).map_err(|e| {
            let detail =
                format!("the body does not do: {e}; send {{\"as\":\"complaint\"}} or \"question\"");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        })?;
        let owing = match kind {
            Kind::Complaint => Owing::Complaint,
            Kind::Question => Owing::Question,
        };
        let case = owed::owe(deps, id, &caller.agent, owing).await?;
        Ok((StatusCode::OK, json!({ "mention": id, "case": case })))
    })
    .await
}
