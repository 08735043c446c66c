//! Obligations: the debts of cases, loaded and stored with them.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::args;
use crate::domain::case::Case;
use crate::domain::obligation::{Before, Obligation, Owing, Standing};
use crate::domain::{Instant, Lang};
use Type::{Big, Bool, Text};
use std::collections::HashMap;

#[derive(sqlx::FromRow)]
struct ObligationRow {
    mention_id: String,
    case_id: String,
    owing: String,
    severity: i64,
    language: String,
    since: i64,
    heard_at: i64,
    due: i64,
    first_look: bool,
    overdue_told: bool,
    counts_as: String,
    met_before: Option<i64>,
    standing: String,
    reason: String,
    actor: String,
    note: String,
    evidence: Option<String>,
    ended_at: Option<i64>,
}

/// The debts of some cases by case, the oldest first.
pub(super) async fn of_cases(
    tx: &mut Tx,
    cases: &[&str],
) -> Result<HashMap<String, Vec<Obligation>>, StoreError> {
    let rows = cases.iter().map(|id| args![*id]).collect();
    let sql = "SELECT o.mention_id, o.case_id, o.owing, o.severity, o.language, o.since, o.heard_at, \
               o.due, o.first_look, o.overdue_told, o.counts_as, o.met_before, o.standing, \
               o.reason, o.actor, o.note, o.evidence, o.ended_at \
               FROM {rows} JOIN obligations o ON o.case_id = v.c1 \
               ORDER BY o.since, o.mention_id";
    let debts: Vec<ObligationRow> = tx.bulk_all(Bulk::new(sql, &[Text], rows)).await?;
    let mut by_case: HashMap<String, Vec<Obligation>> = HashMap::new();
    for debt in debts {
        let case = debt.case_id.clone();
        by_case.entry(case).or_default().push(read(debt)?);
    }
    Ok(by_case)
}

fn read(row: ObligationRow) -> Result<Obligation, StoreError> {
    let broken = |why: String| StoreError::broken(&row.mention_id, why);
    let at = Instant(row.ended_at.unwrap_or(0));
    let standing = match row.standing.as_str() {
        "owed" => Standing::Owed,
        "met" => Standing::Met {
            evidence: serde_json::from_str(row.evidence.as_deref().unwrap_or_default())
                .map_err(|e| broken(format!("its evidence cannot be read: {e}")))?,
            at,
        },
        "void" => Standing::Void {
            reason: row.reason.parse().map_err(broken)?,
            by: row.actor.clone(),
            note: row.note.clone(),
            at,
        },
        other => return Err(broken(format!("standing {other}"))),
    };
    let (owing, counts_as): (Owing, Owing) =
        (row.owing.parse().map_err(broken)?, row.counts_as.parse().map_err(broken)?);
    Ok(Obligation {
        mention: row.mention_id.parse().map_err(broken)?,
        owing,
        severity: u8::try_from(row.severity).unwrap_or(3),
        language: Lang::parse(&row.language).unwrap_or(Lang::UNKNOWN),
        since: Instant(row.since),
        heard_at: Instant(row.heard_at),
        due: Instant(row.due),
        first_look: row.first_look,
        overdue_told: row.overdue_told,
        before: Before {
            owing: Some(counts_as).filter(|before| *before < owing),
            met_at: row.met_before.map(Instant),
        },
        standing,
    })
}

/// Stores the debts of cases, new ones and changed ones.
pub(super) async fn save(tx: &mut Tx, cases: &[&Case]) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for case in cases {
        for o in &case.obligations {
            let (reason, actor, note, evidence, at) = match &o.standing {
                Standing::Owed => ("", "", "", None, None),
                Standing::Met { evidence, at } => {
                    ("", "", "", serde_json::to_string(evidence).ok(), Some(*at))
                }
                Standing::Void { reason, by, note, at } => {
                    (reason.as_str(), by.as_str(), note.as_str(), None, Some(*at))
                }
            };
            let standing = match &o.standing {
                Standing::Owed => "owed",
                Standing::Met { .. } => "met",
                Standing::Void { .. } => "void",
            };
            rows.push(args![
                o.mention,
                case.id,
                o.owing.as_str(),
                i64::from(o.severity),
                o.language.to_string(),
                o.since,
                o.heard_at,
                o.due,
                o.first_look,
                o.overdue_told,
                o.counts_as().as_str(),
                o.before.met_at,
                standing,
                reason,
                actor,
                note,
                evidence,
                at,
            ]);
        }
    }
    let sql = "INSERT INTO obligations (mention_id, case_id, owing, severity, language, since, \
        heard_at, due, first_look, overdue_told, counts_as, met_before, standing, reason, actor, \
        note, evidence, ended_at) \
        SELECT * FROM {rows} WHERE TRUE ON CONFLICT (mention_id) DO UPDATE SET \
        owing = excluded.owing, severity = excluded.severity, language = excluded.language, \
        since = excluded.since, heard_at = excluded.heard_at, due = excluded.due, \
        first_look = excluded.first_look, overdue_told = excluded.overdue_told, \
        counts_as = excluded.counts_as, met_before = excluded.met_before, \
        standing = excluded.standing, reason = excluded.reason, actor = excluded.actor, \
        note = excluded.note, evidence = excluded.evidence, ended_at = excluded.ended_at";
    const TYPES: &[Type] = &[
        Text, Text, Text, Big, Text, Big, Big, Big, Bool, Bool, Text, Big, Text, Text, Text, Text,
        Text, Big,
    ];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}
