//! "Should not have woken me": what the link of that name in an alert shows, and what its click keeps.

use super::render::Page;
use crate::domain::delivery::Wake;
use crate::domain::{AlertId, CaseId};
use crate::pipeline::Deps;
use crate::store::StoreError;
use crate::store::outbox::{self, AlertRow};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;

/// The page with the confirming button. `csrf` is empty where the link proves enough by itself.
pub(super) async fn ask(
    deps: &Deps,
    page: &Page,
    alert: AlertId,
    token: &str,
    csrf: &str,
) -> Response {
    match row(deps, alert).await {
        Ok(Some(row)) => shown(deps, page, &row, token, csrf),
        Ok(None) => {
            let text = page.words.get("screen.not_found");
            page.says_text(StatusCode::NOT_FOUND, text, &deps.links.inbox())
        }
        Err(e) => page.fails(&e),
    }
}

async fn row(deps: &Deps, alert: AlertId) -> Result<Option<AlertRow>, StoreError> {
    outbox::by_id(&mut deps.store.read().await?, alert).await
}

fn shown(deps: &Deps, page: &Page, row: &AlertRow, token: &str, csrf: &str) -> Response {
    let brand = deps.brands.get(&row.brand).map_or(row.brand.as_str(), |b| b.title.as_str());
    let reason = row.reason.parse().map_or("", |reason| page.words.reason(reason));
    let wake = row.wake.parse::<Wake>().map_or("", |wake| page.words.wake(wake));
    let back = back(deps, row);
    page.show(StatusCode::OK, "woken", context! { brand, reason, wake, token, csrf, back })
}

/// Where the reader can go on: the case of the alert, else the inbox.
fn back(deps: &Deps, row: &AlertRow) -> String {
    let case = row.case_id.as_ref().and_then(|id| id.parse::<CaseId>().ok());
    case.map_or_else(|| deps.links.inbox(), |id| deps.links.case(id))
}
