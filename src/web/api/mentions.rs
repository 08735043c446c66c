//! `GET /api/v1/mentions`: everything that was heard, in the order in which it was stored.

use super::{Ask, lists, render};
use crate::domain::MentionId;
use crate::store::inbox;
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

lists::asked!(disposition, MentionId);

/// A page of mentions; `next` is the `after` of the following one, if there may be more.
pub async fn list(
    State(front): State<Shared>,
    caller: Caller,
    Ask(asked): Ask<Asked>,
) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let (filter, after, limit) = asked.read();
    let mut tx = front.web.deps.store.read().await?;
    let rows = inbox::mentions(&mut tx, &filter, after, limit).await?;
    let mentions: Vec<Value> = rows.iter().map(render::mention).collect();
    Ok(lists::page("mentions", &mentions, limit))
}
