//! `GET /api/v1/reports/summary`: the share unheard of a span of time, with all that stands beside it.

use super::Ask;
use crate::domain::Instant;
use crate::store::ledger::{Report, report};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;

/// What may be asked: of what was written from then on, and before then.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    from: Option<Instant>,
    to: Option<Instant>,
}

/// The report, as `ascolto report --format json` prints it.
pub async fn summary(
    State(front): State<Shared>,
    caller: Caller,
    Ask(Asked { from, to }): Ask<Asked>,
) -> Result<Json<Report>, Problem> {
    caller.must(Scope::Read)?;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Problem::bad(format!("from {from} does not lie before to {to}")));
    }
    let mut tx = front.web.deps.store.read().await?;
    Ok(Json(report(&mut tx, front.now(), (from, to)).await?))
}
