//! `GET /api/v1/cases` and one case with all that is known of it.

use super::{Ask, limit, render};
use crate::domain::CaseId;
use crate::store::inbox::{self, Filter};
use crate::store::{cases, events, outbox, replies};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// What may be asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    brand: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    language: String,
    after: Option<CaseId>,
    limit: Option<i64>,
}

/// A page of cases in the order in which they began; `state=open` asks for all that is owed, and
/// `next` is the `after` of the following page, if there may be more.
pub async fn list(
    State(front): State<Shared>,
    caller: Caller,
    Ask(asked): Ask<Asked>,
) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let limit = limit(asked.limit);
    let filter = Filter {
        brand: asked.brand,
        state: asked.state,
        channel: asked.channel,
        language: asked.language,
        taken_by: String::new(),
    };
    let mut tx = front.web.deps.store.read().await?;
    let rows = inbox::cases(&mut tx, &filter, asked.after, limit).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
    let next = rows.last().filter(|_| full).map(|c| c.id.clone());
    let lines: Vec<Value> = rows.iter().map(render::case_line).collect();
    Ok(Json(json!({ "cases": lines, "next": next })))
}

/// The id in an address.
///
/// # Errors
/// 404: what is no id names no case.
pub fn case_id(text: &str) -> Result<CaseId, Problem> {
    text.parse().map_err(|why: String| Problem::missing(format!("there is no such case: {why}")))
}

/// One case: what is owed, what was said, drafted, replied, told, and its log.
pub async fn show(
    State(front): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let id = case_id(&id)?;
    let mut tx = front.web.deps.store.read().await?;
    let loaded = cases::load(&mut tx, &[id]).await?;
    let file = loaded.first().ok_or_else(|| Problem::missing(format!("there is no case {id}")))?;
    let versions = inbox::versions(&mut tx, id).await?;
    let mut mentions = Vec::new();
    for m in inbox::of_case(&mut tx, id).await? {
        let mut told = render::mention(&m);
        let earlier = versions.iter().filter(|v| v.mention_id == m.row.id);
        told["versions"] = earlier.map(render::version).collect();
        mentions.push(told);
    }
    let drafts = inbox::drafts(&mut tx, id).await?;
    let mut answers = Vec::new();
    for reply in replies::of_case(&mut tx, id).await? {
        let parts = replies::parts(&mut tx, &reply.id).await?;
        answers.push(render::reply(&reply, &parts));
    }
    let alerts = outbox::of_case(&mut tx, id).await?;
    let log = events::of_subject(&mut tx, &id.to_string()).await?;
    Ok(Json(json!({
        "case": render::case(file),
        "mentions": mentions,
        "drafts": drafts.iter().map(render::draft).collect::<Vec<_>>(),
        "replies": answers,
        "alerts": alerts.iter().map(render::alert).collect::<Vec<_>>(),
        "events": log.iter().map(render::event).collect::<Vec<_>>(),
    })))
}
