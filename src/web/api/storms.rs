//! `GET /api/v1/storms`, and one storm with its members.

use super::{Ask, lists, render};
use crate::domain::StormId;
use crate::store::{inbox, storms};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most members that one answer holds.
const MEMBERS: i64 = 500;

/// What may be asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    brand: String,
    after: Option<StormId>,
    limit: Option<i64>,
}

/// A page of storms, the newest first; `next` is the `after` of the following page, if there may be
/// more.
pub async fn list(
    State(front): State<Shared>,
    caller: Caller,
    Ask(asked): Ask<Asked>,
) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let limit = lists::rows(asked.limit);
    let mut tx = front.web.deps.store.read().await?;
    let mut lines = Vec::new();
    for storm in storms::newest(&mut tx, &asked.brand, asked.after, limit).await? {
        let figures = storms::figures(&mut tx, &storm.id, front.now()).await?;
        lines.push(render::storm(&storm, figures));
    }
    Ok(lists::page("storms", &lines, limit))
}

/// One storm with its members, what is owed first; `more` where it has more of them than are shown.
pub async fn show(
    State(front): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let id: StormId = id
        .parse()
        .map_err(|why: String| Problem::missing(format!("there is no such storm: {why}")))?;
    let mut tx = front.web.deps.store.read().await?;
    let storm = storms::by_id(&mut tx, id).await?;
    let storm = storm.ok_or_else(|| Problem::missing(format!("there is no storm {id}")))?;
    let now = front.now();
    let figures = storms::figures(&mut tx, &storm.id, now).await?;
    let cases = inbox::of_storm(&mut tx, &storm.id, now, MEMBERS, 0).await?;
    Ok(Json(json!({
        "storm": render::storm(&storm, figures),
        "cases": cases.iter().map(|line| render::case_line(line, now)).collect::<Vec<_>>(),
        "more": figures.members > MEMBERS,
    })))
}
