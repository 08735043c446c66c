//! Reply drafts: every revision is kept, the newest one counts.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::{CaseId, Instant};
use std::collections::HashMap;

statements! {
    KEEP_DRAFT = Sql::same("INSERT INTO drafts (case_id, rev, text, language, made_by, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING");
    DRAFT = Sql::same("SELECT text, language, made_by, rev FROM drafts WHERE case_id = $1 ORDER BY rev DESC LIMIT 1");
}

/// A reply draft.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DraftRow {
    /// The text.
    pub text: String,
    /// Its language.
    pub language: String,
    /// The template or the agent that made it.
    pub made_by: String,
    /// Its revision: `publish` names it.
    pub rev: i64,
}

/// Stores drafts: case, draft.
pub async fn keep_drafts(
    tx: &mut Tx,
    drafts: &[(CaseId, DraftRow)],
    now: Instant,
) -> Result<(), StoreError> {
    if let [(case, d)] = drafts {
        tx.exec(KEEP_DRAFT, args![*case, d.rev, &d.text, &d.language, &d.made_by, now]).await?;
        return Ok(());
    }
    let rows = drafts
        .iter()
        .map(|(case, d)| args![*case, d.rev, &d.text, &d.language, &d.made_by, now])
        .collect();
    let sql = "INSERT INTO drafts (case_id, rev, text, language, made_by, at) \
               SELECT * FROM {rows} WHERE TRUE ON CONFLICT DO NOTHING";
    const TYPES: &[Type] = &[Type::Text, Type::Big, Type::Text, Type::Text, Type::Text, Type::Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

/// The newest draft of a case.
pub async fn draft(tx: &mut Tx, case: CaseId) -> Result<Option<DraftRow>, StoreError> {
    tx.first(DRAFT, args![case]).await
}

/// The newest drafts of several cases.
pub async fn drafts(
    tx: &mut Tx,
    cases: &[CaseId],
) -> Result<HashMap<CaseId, DraftRow>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Row {
        case_id: String,
        #[sqlx(flatten)]
        draft: DraftRow,
    }
    let rows = cases.iter().map(|id| args![*id]).collect();
    let sql = "SELECT d.case_id, d.text, d.language, d.made_by, d.rev FROM {rows} \
               JOIN cases k ON k.id = v.c1 JOIN drafts d ON d.case_id = k.id AND d.rev = k.draft_rev";
    let found: Vec<Row> = tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await?;
    found
        .into_iter()
        .map(|r| Ok((r.case_id.parse().map_err(|e| StoreError::broken(&r.case_id, e))?, r.draft)))
        .collect()
}
