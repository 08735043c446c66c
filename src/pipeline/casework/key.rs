//! Which case a mention belongs to: brand, network, thread and author.

use crate::domain::case::Case;
use crate::store::cases::CaseKey;
use crate::store::mentions::MentionRow;

/// The key of a case as stored.
pub(super) fn key_of(case: &Case) -> CaseKey {
    CaseKey {
        brand: case.brand.clone(),
        network: case.network.clone(),
        origin: case.origin.clone(),
        thread: case.thread.clone(),
        author: case.author.clone(),
    }
}

/// The key of the case to which a mention belongs. Without a thread each mention is its own.
pub fn key_for(row: &MentionRow) -> CaseKey {
    let thread = if row.thread_id.is_empty() { &row.external_id } else { &row.thread_id };
    CaseKey {
        brand: row.brand.clone(),
        network: row.network.clone(),
        origin: row.origin.clone(),
        thread: thread.clone(),
        author: row.author_id.clone(),
    }
}
