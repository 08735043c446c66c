//! What became of a request for deletion, for whoever holds its code: no log-in, and nobody's data.

use super::render::Page;
use crate::domain::Instant;
use crate::store::StoreError;
use crate::store::deletions::{self, DeletionRow};
use crate::web::front::Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use minijinja::context;

/// No code is longer: of other texts nobody asks the store.
const LONGEST: usize = 64;

/// Shows how far the request of a code is carried out. `false` beside it: there is no such code.
pub async fn show(front: &Shared, headers: &HeaderMap, code: &str) -> (Response, bool) {
    let page = Page::for_visitor(headers);
    let words = page.words;
    match find(front, code).await {
        Err(e) => (page.fails(&e), true),
        Ok(None) => {
            let text = words.get("screen.deletion_unknown");
            (page.show(StatusCode::NOT_FOUND, "deletion", context! { text }), false)
        }
        Ok(Some(row)) => {
            let key = match (row.mentions, row.waiting) {
                (0, _) => "screen.deletion_none",
                (_, 0) => "screen.deletion_done",
                _ => "screen.deletion_waiting",
            };
            let time = Instant(row.asked_at).to_string();
            let (found, waiting) = (row.mentions.to_string(), row.waiting.to_string());
            let text = words.fill(
                key,
                &[("code", code), ("time", &time), ("found", &found), ("waiting", &waiting)],
            );
            (page.show(StatusCode::OK, "deletion", context! { text }), true)
        }
    }
}

async fn find(front: &Shared, code: &str) -> Result<Option<DeletionRow>, StoreError> {
    let fits = code.len() <= LONGEST && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if !fits {
        return Ok(None);
    }
    deletions::one(&mut front.web.deps.store.read().await?, code).await
}
