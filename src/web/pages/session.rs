//! Log-in sessions.

use crate::web::auth::Caller;
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::http::StatusCode;
use axum::http::request::Parts;

/// Who a request without a token comes from.
pub async fn caller(_parts: &mut Parts, _front: &Shared) -> Result<Caller, Problem> {
    let detail = "send an API token as `Authorization: Bearer asc_…`";
    Err(Problem::new(StatusCode::UNAUTHORIZED, detail))
}
