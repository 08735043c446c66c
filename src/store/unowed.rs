//! What was sorted out, for people to look through, and what they say is owed after all.

use super::db::Tx;
use super::error::StoreError;
use super::mention_row::mention_columns;
use super::mentions::MentionRow;
use super::value::{Sql, args, statements};
use crate::domain::{Bands, CaseId, MentionId};

/// A mention that a rule sorted out.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SortedRow {
    /// The mention.
    #[sqlx(flatten)]
    pub mention: MentionRow,
    /// By which rule: `spam`, `automatic`, `thanks` …
    pub sorted_as: String,
    /// The name and version of what judged it.
    pub model: String,
}

/// How many a rule sorted out.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CountRow {
    /// The rule.
    pub sorted_as: String,
    /// How many stand so now.
    pub mentions: i64,
}

statements! {
    SORTED = Sql::same(concat!("SELECT ", mention_columns!(), ", m.sorted_as, COALESCE(m.model, '') AS model FROM mentions m WHERE m.sorted_as IS NOT NULL AND m.disposition = 'not_owed' AND ($1 = '' OR m.brand = $1) AND ($2 = '' OR m.sorted_as = $2) AND ($3 = '' OR m.id < $3) ORDER BY m.id DESC LIMIT $4"));
    COUNTS = Sql::same("SELECT m.sorted_as, CAST(COUNT(*) AS BIGINT) AS mentions FROM mentions m WHERE m.sorted_as IS NOT NULL AND m.disposition = 'not_owed' AND ($1 = '' OR m.brand = $1) GROUP BY m.sorted_as ORDER BY m.sorted_as");
    RULE = Sql::same("SELECT COALESCE(rule, ''), COALESCE(sorted_as, '') FROM mentions WHERE id = $1");
    OWED = Sql::same("UPDATE mentions SET case_id = $2, rule = '', sorted_as = NULL, like_1 = $3, like_2 = $4, like_3 = $5, like_4 = $6 WHERE id = $1");
}

/// What was sorted out, the newest first, from below `before` on; empty texts ask nothing.
pub async fn sorted(
    tx: &mut Tx,
    brand: &str,
    rule: &str,
    before: Option<MentionId>,
    limit: i64,
) -> Result<Vec<SortedRow>, StoreError> {
    let before = before.map(|id| id.to_string()).unwrap_or_default();
    tx.all(SORTED, args![brand, rule, before, limit]).await
}

/// How many each rule sorted out.
pub async fn counts(tx: &mut Tx, brand: &str) -> Result<Vec<CountRow>, StoreError> {
    tx.all(COUNTS, args![brand]).await
}

/// The rule by which nothing is owed for a mention, and how it was sorted out; empty where none.
pub async fn rule(tx: &mut Tx, mention: MentionId) -> Result<(String, String), StoreError> {
    Ok(tx.first(RULE, args![mention]).await?.unwrap_or_default())
}

/// A mention is owed an answer in this case after all: no rule speaks against it any more, and
/// copies of it are looked for.
pub async fn owed(
    tx: &mut Tx,
    mention: MentionId,
    case: CaseId,
    bands: Bands,
) -> Result<(), StoreError> {
    let [one, two, three, four] = bands;
    tx.exec(OWED, args![mention, case, one, two, three, four]).await?;
    Ok(())
}
