//! `GET /api/v1/mentions`: everything that was heard, in the order in which it was stored.

use super::{Ask, limit, render};
use crate::domain::MentionId;
use crate::store::inbox::{self, Filter};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

/// What may be asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    brand: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    disposition: String,
    #[serde(default)]
    language: String,
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
    let limit = limit(asked.limit);
    let filter = Filter {
        brand: asked.brand,
        state: asked.disposition,
        channel: asked.channel,
        language: asked.language,
        taken_by: String::new(),
    };
    let mut tx = front.web.deps.store.read().await?;
    let rows = inbox::mentions(&mut tx, &filter, asked.after, limit).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
    let next = rows.last().filter(|_| full).map(|m| m.row.id.clone());
    let mentions: Vec<Value> = rows.iter().map(render::mention).collect();
    Ok(Json(json!({ "mentions": mentions, "next": next })))
}
