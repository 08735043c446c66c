//! Calls from ticket systems: a ticket moved there, so it is asked about now.
//!
//! The system checks the signature with the settings of the hand-over. What a call says is believed
//! of a system alone that cannot be asked; a call that is lost costs time only. To whom no ticket
//! system answers is told the same as to who signs wrongly.

use super::front::{self, Shared};
use super::idempotent::body;
use super::problem::Problem;
use crate::fetch::Peer;
use crate::links::path;
use crate::pipeline::handover;
use crate::wire::{HookRequest, Method, TicketCall};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::routing::post;

/// Largest body. A ticket comes with its articles and all who are named in it.
const BODY_LIMIT: usize = 1 << 20;

/// The route under `/hooks/` for ticket systems.
pub(super) fn routes() -> Router<Shared> {
    Router::new().route(path::HOOK_HANDOVER, post(called))
}

async fn called(
    State(front): State<Shared>,
    Path(name): Path<String>,
    request: Request,
) -> Result<&'static str, Problem> {
    let (deps, now) = (&front.web.deps, front.now());
    let from = front::address(request.extensions(), request.headers());
    if let Some(seconds) = front.bad_hooks.wait(from, now) {
        let detail = format!("too many calls that are not genuine; wait {seconds} s");
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry(seconds));
    }
    let query = request.uri().query().unwrap_or_default();
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let body = body(request, BODY_LIMIT).await?;
    let call = match deps.handovers.get(&name) {
        None => TicketCall::Refuse("there is no hand-over of that name"),
        Some(known) => {
            let owned = deps.engine.glance(Peer::Tickets(known.system), &known.link);
            let request =
                HookRequest { method: Method::Post, query: &query, headers: &headers, body: &body };
            known.system.hook(&request, &owned.cx())
        }
    };
    if let TicketCall::Refuse(why) = call {
        tracing::warn!(error = why, "a call of a ticket system was refused");
        front.bad_hooks.failed(from, now);
        let detail = "no ticket system here takes this call: its address or its signature is wrong";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    handover::called(deps, &name, call).await?;
    Ok("heard\n")
}
