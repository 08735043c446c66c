//! Commitments of cases: the dates that we gave customers or set ourselves.

use super::bulk::{Bulk, Type};
use super::cases::CaseFile;
use super::db::Tx;
use super::error::StoreError;
use super::value::args;
use crate::domain::commitment::{Commitment, CommitmentState};
use crate::domain::{CaseId, Instant};
use std::collections::HashMap;

#[derive(sqlx::FromRow)]
struct CommitmentRow {
    case_id: String,
    number: i64,
    kind: String,
    made_at: i64,
    due: i64,
    words: String,
    source: String,
    remind_at: Option<i64>,
    reminded_at: Option<i64>,
    told_at: Option<i64>,
    state: String,
    actor: String,
    note: String,
    evidence: Option<String>,
    ended_at: Option<i64>,
}

/// The commitments of some cases, by the case's id as it stands in its row.
pub(super) async fn of_cases(
    tx: &mut Tx,
    cases: &[&str],
) -> Result<HashMap<String, Vec<Commitment>>, StoreError> {
    let rows = cases.iter().map(|id| args![*id]).collect();
    let sql = "SELECT p.case_id, p.number, p.kind, p.made_at, p.due, p.words, p.source, \
               p.remind_at, p.reminded_at, p.told_at, p.state, p.actor, p.note, p.evidence, \
               p.ended_at FROM {rows} JOIN commitments p ON p.case_id = v.c1 \
               ORDER BY p.case_id, p.number";
    let found: Vec<CommitmentRow> = tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await?;
    let mut by_case: HashMap<String, Vec<Commitment>> = HashMap::new();
    for row in found {
        let case = row.case_id.clone();
        by_case.entry(case).or_default().push(read(row)?);
    }
    // The rows of one statement come in order, but a long list is asked for in several.
    for list in by_case.values_mut() {
        list.sort_by_key(|c| c.number);
    }
    Ok(by_case)
}

fn read(row: CommitmentRow) -> Result<Commitment, StoreError> {
    let broken = |why: String| StoreError::broken(&row.case_id, why);
    let at = Instant(row.ended_at.unwrap_or(0));
    let state = match row.state.as_str() {
        "open" => CommitmentState::Open,
        "kept" => CommitmentState::Kept {
            evidence: serde_json::from_str(row.evidence.as_deref().unwrap_or_default())
                .map_err(|e| broken(format!("what keeps a promise cannot be read: {e}")))?,
            at,
        },
        "broken" => CommitmentState::Broken { at },
        "dropped" => CommitmentState::Dropped { by: row.actor.clone(), note: row.note.clone(), at },
        other => return Err(broken(format!("a promise is {other}"))),
    };
    Ok(Commitment {
        number: u32::try_from(row.number).map_err(|e| broken(e.to_string()))?,
        kind: row.kind.parse().map_err(broken)?,
        made_at: Instant(row.made_at),
        due: Instant(row.due),
        source: serde_json::from_str(&row.source)
            .map_err(|e| broken(format!("the source of a promise cannot be read: {e}")))?,
        remind_at: row.remind_at.map(Instant),
        reminded_at: row.reminded_at.map(Instant),
        told_at: row.told_at.map(Instant),
        state,
        words: row.words.clone(),
    })
}

/// Stores the commitments of changed cases; the revision of the case guards them.
pub(super) async fn save(tx: &mut Tx, files: &[&CaseFile]) -> Result<(), StoreError> {
    let all = files.iter().flat_map(|f| f.case.commitments.iter().map(move |c| (f.case.id, c)));
    let rows: Vec<_> = all.map(|(case, c)| row(case, c)).collect();
    let sql = "INSERT INTO commitments (case_id, number, kind, made_at, due, words, source, \
        remind_at, reminded_at, told_at, state, actor, note, evidence, ended_at) \
        SELECT * FROM {rows} WHERE TRUE ON CONFLICT (case_id, number) DO UPDATE SET \
        due = excluded.due, remind_at = excluded.remind_at, reminded_at = excluded.reminded_at, \
        told_at = excluded.told_at, state = excluded.state, actor = excluded.actor, \
        note = excluded.note, evidence = excluded.evidence, ended_at = excluded.ended_at";
    use Type::{Big, Text};
    const TYPES: &[Type] =
        &[Text, Big, Text, Big, Big, Text, Text, Big, Big, Big, Text, Text, Text, Text, Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

fn row(case: CaseId, c: &Commitment) -> Vec<super::value::Value<'_>> {
    let (state, actor, note, evidence, at) = match &c.state {
        CommitmentState::Open => ("open", "", "", None, None),
        CommitmentState::Kept { evidence, at } => {
            ("kept", "", "", serde_json::to_string(evidence).ok(), Some(*at))
        }
        CommitmentState::Broken { at } => ("broken", "", "", None, Some(*at)),
        CommitmentState::Dropped { by, note, at } => {
            ("dropped", by.as_str(), note.as_str(), None, Some(*at))
        }
    };
    let source = serde_json::to_string(&c.source).unwrap_or_default();
    args![
        case,
        i64::from(c.number),
        c.kind.as_str(),
        c.made_at,
        c.due,
        &c.words,
        source,
        c.remind_at,
        c.reminded_at,
        c.told_at,
        state,
        actor,
        note,
        evidence,
        at,
    ]
}
