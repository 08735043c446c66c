//! What triage says of mentions, and where their dispositions move.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::tuning::SORTED_OUT;
use super::value::args;
use crate::domain::ledger::Disposition;
use crate::domain::{Bands, CaseId, MentionId, Verdict};

/// The outcome of triage for one mention.
pub struct Judged {
    /// The mention.
    pub id: String,
    /// Its disposition now.
    pub disposition: Disposition,
    /// Its count of moves now.
    pub moves: i64,
    /// Its case, if it has one.
    pub case: Option<CaseId>,
    /// What triage says.
    pub verdict: Verdict,
    /// The rule by which nothing is owed, empty where something is.
    pub rule: String,
    /// By which copies of it are found; empty where none are looked for.
    pub bands: Bands,
}

/// Stores verdicts and dispositions, and takes the mentions off triage's list.
pub async fn save_judged(tx: &mut Tx, judged: &[Judged]) -> Result<(), StoreError> {
    let rows = judged
        .iter()
        .map(|j| {
            let v = &j.verdict;
            let json = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
            args![
                &j.id,
                j.disposition.as_str(),
                j.moves,
                j.case.map(|c| c.to_string()),
                v.relevance.as_str(),
                v.kind.as_str(),
                i64::from(v.probability.0),
                i64::from(v.severity),
                v.topic.as_str(),
                v.language.to_string(),
                json(serde_json::to_string(&v.risk)),
                json(serde_json::to_string(&v.why)),
                &v.model,
                &j.rule,
                v.excluded_by(),
                v.sorted_out.as_deref().filter(|_| j.rule == SORTED_OUT),
                j.bands[0],
                j.bands[1],
                j.bands[2],
                j.bands[3],
            ]
        })
        .collect();
    let sql = "UPDATE mentions SET disposition = v.c2, moves = v.c3, case_id = v.c4, \
               relevance = v.c5, judged = v.c6, probability = v.c7, severity = v.c8, topic = v.c9, \
               judged_language = v.c10, risk = v.c11, why = v.c12, model = v.c13, rule = v.c14, \
               excluded = v.c15, sorted_as = v.c16, like_1 = v.c17, like_2 = v.c18, like_3 = v.c19, \
               like_4 = v.c20, triage_due = FALSE FROM {rows} WHERE mentions.id = v.c1";
    const TYPES: &[Type] = &[
        Type::Text,
        Type::Text,
        Type::Big,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Big,
        Type::Big,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Big,
        Type::Big,
        Type::Big,
        Type::Big,
    ];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

/// Stores moved dispositions: mention, disposition, count of moves.
pub async fn save_moves(
    tx: &mut Tx,
    moves: &[(MentionId, Disposition, i64)],
) -> Result<(), StoreError> {
    let rows = moves.iter().map(|(id, d, n)| args![*id, d.as_str(), *n]).collect();
    let sql =
        "UPDATE mentions SET disposition = v.c2, moves = v.c3 FROM {rows} WHERE mentions.id = v.c1";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text, Type::Big], rows)).await?;
    Ok(())
}

/// Takes mentions off triage's list without a new verdict (tombstones).
pub async fn done_with(tx: &mut Tx, ids: &[String]) -> Result<(), StoreError> {
    let rows = ids.iter().map(|id| args![id]).collect();
    let sql = "UPDATE mentions SET triage_due = FALSE FROM {rows} WHERE mentions.id = v.c1";
    tx.bulk(Bulk::new(sql, &[Type::Text], rows)).await?;
    Ok(())
}

/// Counts of moves of some mentions.
pub async fn moves_of(tx: &mut Tx, ids: &[MentionId]) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = ids.iter().map(|id| args![*id]).collect();
    let sql = "SELECT m.id, m.moves FROM {rows} JOIN mentions m ON m.id = v.c1";
    tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await
}
