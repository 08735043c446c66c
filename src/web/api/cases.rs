//! `GET /api/v1/cases` and one case with all that is known of it.

use super::{Ask, lists, render};
use crate::domain::commitment::offers_follow_up;
use crate::domain::person::AuthorKey;
use crate::domain::{CaseId, Instant};
use crate::pipeline::persons::{Customer, Folder};
use crate::pipeline::{customer, likeness, standing};
use crate::store::inbox::{CaseLine, Place};
use crate::store::{cases, events, handovers, inbox, outbox, replies};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

lists::asked!(state, Place);

/// A page of cases by urgency, complaints before all else; `state=open` asks for all that is owed,
/// `state=look` for what of it is only to look at, `state=question` for its questions,
/// `state=follow_up` for those where a follow-up is offered, and `next` is the `after` of the
/// following page, if there may be more.
pub async fn list(
    State(front): State<Shared>,
    caller: Caller,
    Ask(asked): Ask<Asked>,
) -> Result<Json<Value>, Problem> {
    caller.must(Scope::Read)?;
    let (mut filter, after, limit) = asked.read();
    let now = front.now();
    filter.now = now;
    let mut tx = front.web.deps.store.read().await?;
    let rows = inbox::cases(&mut tx, &filter, after, limit).await?;
    let lines: Vec<Value> = rows.iter().map(|line| render::case_line(line, now)).collect();
    let next = rows.last().map(CaseLine::place).map(|place| json!(place.to_string()));
    Ok(lists::page_to("cases", &lines, limit, next))
}

/// The id in an address.
///
/// # Errors
/// 404: what is no id names no case.
pub fn case_id(text: &str) -> Result<CaseId, Problem> {
    text.parse().map_err(|why: String| Problem::missing(format!("there is no such case: {why}")))
}

/// One case: what is owed, how urgent it is, whose it is, what was said, who else said it, what was
/// drafted, replied, told, and its log.
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
    let heard = inbox::of_case(&mut tx, id).await?;
    let said: Vec<_> = heard.iter().map(|m| &m.row).collect();
    let alike = likeness::of_case(&mut tx, &file.case, &said, front.now()).await?;
    let newest = Instant(said.iter().map(|row| row.created_at).max().unwrap_or(0));
    let follow_up = offers_follow_up(&file.case, newest, front.now());
    let mut mentions = Vec::new();
    for m in &heard {
        let mut told = render::mention(m);
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
    let deps = &front.web.deps;
    let whose = Customer::of_author(&mut tx, &AuthorKey::of(&file.case)).await?;
    let folder = Folder::read(deps, &mut tx, whose).await?;
    let facts = customer::of_file(deps, &mut tx, file).await?;
    let alerts = outbox::of_case(&mut tx, id).await?;
    let tickets = handovers::of_case(&mut tx, id).await?;
    let log = events::of_subject(&mut tx, &id.to_string()).await?;
    Ok(Json(json!({
        "case": render::case(file, standing::weights(deps, &file.case.brand), front.now()),
        "person": render::person(&folder, front.now()),
        "customer": facts.as_ref().map(render::customer),
        "follow_up_offered": follow_up,
        "mentions": mentions,
        "alike": render::alike(&alike),
        "drafts": drafts.iter().map(render::draft).collect::<Vec<_>>(),
        "replies": answers,
        "tickets": tickets.iter().map(render::ticket).collect::<Vec<_>>(),
        "alerts": alerts.iter().map(render::alert).collect::<Vec<_>>(),
        "events": log.iter().map(render::event).collect::<Vec<_>>(),
    })))
}
