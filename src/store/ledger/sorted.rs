//! What triage sorted out, counted by its rules and by the exclusions of each brand.

use super::types::SortedOut;
use crate::domain::Instant;
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::value::{Sql, args, statements};

statements! {
    SORTED = Sql::same("SELECT t.brand, t.rule, t.exclusion, CAST(COUNT(*) AS BIGINT) AS mentions FROM (SELECT m.brand, CASE WHEN m.sorted_as IS NULL THEN m.rule ELSE m.rule || '.' || m.sorted_as END AS rule, COALESCE(m.excluded, '') AS exclusion FROM mentions m WHERE m.disposition = 'not_owed' AND m.rule <> '' AND m.created_at >= $1 AND m.created_at < $2) t GROUP BY t.brand, t.rule, t.exclusion ORDER BY 1, 2, 4 DESC, 3");
}

/// Mentions for which triage owes nothing: one line a brand, rule and exclusion, the exclusions
/// that sorted out most first. What a person sorted out stands beside the shares.
/// Of what was written from `from` to before `to`.
pub(super) async fn counts(
    tx: &mut Tx,
    (from, to): (Instant, Instant),
) -> Result<Vec<SortedOut>, StoreError> {
    tx.all(SORTED, args![from, to]).await
}
