//! `POST /api/v1/persons/{id}/{act}`: who is one customer with whom, and about whom nobody is told.
//!
//! The id is that of a person, or of a case of one of its authors: before the first link there is no
//! person whose id one could name.

use super::acts::{BODY_LIMIT, read};
use super::render;
use crate::domain::Instant;
use crate::pipeline::persons::{self, Customer, Folder, Lead};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::idempotent::once;
use crate::web::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    with: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlink {
    link: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mute {
    reason: String,
    until: Instant,
}

/// Does one act; answers with the person as it stands then.
pub async fn act(
    State(front): State<Shared>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    caller.must(Scope::Act)?;
    let deps = &front.web.deps;
    once(&front, &caller, request, BODY_LIMIT, async |body| {
        let link = match name.as_str() {
            "link" => {
                let Link { with } = read(&body)?;
                Some(persons::link(deps, &id, &with, &caller.agent).await?)
            }
            "unlink" => {
                let Unlink { link } = read(&body)?;
                Some(persons::unlink(deps, &id, link.as_deref(), &caller.agent).await?)
            }
            "mute" => {
                let Mute { reason, until } = read(&body)?;
                persons::mute(deps, &id, &lead(&front, &caller).await?, &reason, until).await?;
                None
            }
            "unmute" => {
                let Nothing {} = read(&body)?;
                persons::unmute(deps, &id, &lead(&front, &caller).await?).await?;
                None
            }
            other => {
                return Err(Problem::missing(format!(
                    "nothing can be done by the name of `{other}`; link, unlink, mute, unmute can"
                )));
            }
        };
        let mut tx = deps.store.read().await?;
        let customer = Customer::find(&mut tx, &id).await?;
        let folder = Folder::read(deps, &mut tx, customer).await?;
        let told = json!({ "link": link, "person": render::person(&folder, front.now()) });
        Ok((StatusCode::OK, told))
    })
    .await
}

/// Whoever sends it must be a lead, or act for one.
async fn lead(front: &Shared, caller: &Caller) -> Result<Lead, Problem> {
    let mut tx = front.web.deps.store.read().await?;
    Lead::of(&mut tx, &caller.agent).await?.ok_or_else(|| {
        let detail = "muting takes the role lead; ask one, or send a token that acts for one \
                      (`ascolto user token NAME --agent LEAD …`)";
        Problem::new(StatusCode::FORBIDDEN, detail)
    })
}
