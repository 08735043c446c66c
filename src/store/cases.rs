//! Cases and their obligations.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use crate::domain::case::{Attention, Case, next_due};
use crate::domain::obligation::{Obligation, Standing};
use crate::domain::{CaseId, Commitment, Instant};
use std::collections::HashMap;

pub use super::drafts::{DraftRow, draft, drafts, keep_drafts};

/// A case with what its row holds beside it.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The case.
    pub case: Case,
    /// The author's handle.
    pub author_handle: String,
    /// The author's name.
    pub author_name: String,
    /// How many events the log holds of it.
    pub events: i64,
    /// The newest draft; 0 for none.
    pub draft_rev: i64,
    /// A draft is to be written.
    pub draft_due: bool,
    /// When its thread was last re-read.
    pub checked_at: Instant,
    /// When that is tried next; 0 if it never was.
    pub reread_at: Instant,
    /// Counts changes; 0 until stored. An update of another revision changes nothing.
    pub rev: i64,
}

/// By which a case is found: brand, network, origin, thread, author.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseKey {
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The thread, or the mention's own id.
    pub thread: String,
    /// The author.
    pub author: String,
}

#[derive(sqlx::FromRow)]
struct CaseRow {
    id: String,
    brand: String,
    channel: String,
    network: String,
    origin: String,
    thread: String,
    author: String,
    author_handle: String,
    author_name: String,
    opened_at: i64,
    told_at: i64,
    attention: String,
    attention_by: String,
    attention_until: i64,
    events: i64,
    draft_rev: i64,
    draft_due: bool,
    checked_at: i64,
    reread_at: i64,
    rev: i64,
}

#[derive(sqlx::FromRow)]
struct ObligationRow {
    mention_id: String,
    case_id: String,
    owing: String,
    severity: i64,
    since: i64,
    heard_at: i64,
    due: i64,
    first_look: bool,
    overdue_told: bool,
    standing: String,
    reason: String,
    actor: String,
    note: String,
    evidence: Option<String>,
    ended_at: Option<i64>,
}

macro_rules! columns {
    () => {
        "k.id, k.brand, k.channel, k.network, k.origin, k.thread, k.author, k.author_handle, \
         k.author_name, k.opened_at, k.told_at, k.attention, k.attention_by, k.attention_until, \
         k.events, k.draft_rev, k.draft_due, k.checked_at, k.reread_at, k.rev"
    };
}

statements! {
    DUE = taking!("SELECT id FROM cases WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2");
    DRAFTS_DUE = Sql::same("SELECT id FROM cases WHERE draft_due ORDER BY id LIMIT $1");
    OPEN = Sql::same("SELECT id FROM cases WHERE due_at IS NOT NULL AND owing IS NOT NULL AND (brand = $1 OR $1 = '') ORDER BY CASE owing WHEN 'complaint' THEN 1 WHEN 'question' THEN 2 ELSE 3 END, deadline, id LIMIT $2");
}

/// Loads cases by id with their obligations; those that do not exist are left out.
pub async fn load(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<CaseFile>, StoreError> {
    let rows = ids.iter().map(|id| args![*id]).collect();
    let sql = concat!("SELECT ", columns!(), " FROM {rows} JOIN cases k ON k.id = v.c1");
    let cases: Vec<CaseRow> = tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await?;
    with_obligations(tx, cases).await
}

/// Loads cases by their keys.
pub async fn find(tx: &mut Tx, keys: &[CaseKey]) -> Result<Vec<CaseFile>, StoreError> {
    let rows =
        keys.iter().map(|k| args![&k.brand, &k.network, &k.origin, &k.thread, &k.author]).collect();
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM {rows} JOIN cases k ON k.brand = v.c1 AND k.network = v.c2 \
         AND k.origin = v.c3 AND k.thread = v.c4 AND k.author = v.c5"
    );
    let cases: Vec<CaseRow> = tx.bulk_all(Bulk::new(sql, &[Type::Text; 5], rows)).await?;
    with_obligations(tx, cases).await
}

async fn with_obligations(tx: &mut Tx, cases: Vec<CaseRow>) -> Result<Vec<CaseFile>, StoreError> {
    let rows = cases.iter().map(|c| args![&c.id]).collect();
    let sql = "SELECT o.mention_id, o.case_id, o.owing, o.severity, o.since, o.heard_at, o.due, \
               o.first_look, o.overdue_told, o.standing, o.reason, o.actor, o.note, o.evidence, \
               o.ended_at FROM {rows} JOIN obligations o ON o.case_id = v.c1 \
               ORDER BY o.since, o.mention_id";
    let debts: Vec<ObligationRow> = tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await?;
    let mut by_case: HashMap<String, Vec<Obligation>> = HashMap::new();
    for debt in debts {
        let case = debt.case_id.clone();
        by_case.entry(case).or_default().push(read_obligation(debt)?);
    }
    let ids: Vec<&str> = cases.iter().map(|c| c.id.as_str()).collect();
    let mut dates = super::commitments::of_cases(tx, &ids).await?;
    cases.into_iter().map(|row| read_case(row, &mut by_case, &mut dates)).collect()
}

fn read_case(
    row: CaseRow,
    debts: &mut HashMap<String, Vec<Obligation>>,
    dates: &mut HashMap<String, Vec<Commitment>>,
) -> Result<CaseFile, StoreError> {
    let by = row.attention_by;
    let until = Instant(row.attention_until);
    let attention = match row.attention.as_str() {
        "free" => Attention::Free,
        "taken" => Attention::Taken { by, until },
        "snoozed" => Attention::Snoozed { by, until },
        "moved" => Attention::Moved { by, until },
        other => return Err(StoreError::broken(&row.id, format!("attention {other}"))),
    };
    let obligations = debts.remove(&row.id).unwrap_or_default();
    let commitments = dates.remove(&row.id).unwrap_or_default();
    let id = row.id.parse().map_err(|e| StoreError::broken(&row.id, e))?;
    Ok(CaseFile {
        case: Case {
            id,
            brand: row.brand,
            channel: row.channel,
            network: row.network,
            origin: row.origin,
            thread: row.thread,
            author: row.author,
            opened_at: Instant(row.opened_at),
            told_at: Instant(row.told_at),
            attention,
            obligations,
            commitments,
        },
        author_handle: row.author_handle,
        author_name: row.author_name,
        events: row.events,
        draft_rev: row.draft_rev,
        draft_due: row.draft_due,
        checked_at: Instant(row.checked_at),
        reread_at: Instant(row.reread_at),
        rev: row.rev,
    })
}

fn read_obligation(row: ObligationRow) -> Result<Obligation, StoreError> {
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
    Ok(Obligation {
        mention: row.mention_id.parse().map_err(broken)?,
        owing: row.owing.parse().map_err(broken)?,
        severity: u8::try_from(row.severity).unwrap_or(3),
        since: Instant(row.since),
        heard_at: Instant(row.heard_at),
        due: Instant(row.due),
        first_look: row.first_look,
        overdue_told: row.overdue_told,
        standing,
    })
}

const CASE_TYPES: &[Type] = &[
    Type::Text,
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
    Type::Text,
    Type::Text,
    Type::Text,
    Type::Big,
    Type::Text,
    Type::Big,
    Type::Big,
    Type::Big,
    Type::Text,
    Type::Big,
    Type::Big,
    Type::Bool,
    Type::Big,
    Type::Big,
    Type::Big,
];

fn case_row(file: &CaseFile) -> Vec<super::value::Value<'_>> {
    let c = &file.case;
    let (attention, by, until) = match &c.attention {
        Attention::Free => ("free", "", 0),
        Attention::Taken { by, until } => ("taken", by.as_str(), until.0),
        Attention::Snoozed { by, until } => ("snoozed", by.as_str(), until.0),
        Attention::Moved { by, until } => ("moved", by.as_str(), until.0),
    };
    let due = next_due(c);
    args![
        c.id,
        &c.brand,
        &c.channel,
        &c.network,
        &c.origin,
        &c.thread,
        &c.author,
        &file.author_handle,
        &file.author_name,
        c.opened_at,
        c.told_at,
        c.state().as_str(),
        attention,
        by,
        until,
        c.owing().map(|o| o.as_str()),
        i64::from(c.severity()),
        c.deadline(),
        due.map(|(at, _)| at),
        due.map(|(_, timer)| timer.as_str()),
        file.events,
        file.draft_rev,
        file.draft_due,
        file.checked_at,
        file.reread_at,
        file.rev,
    ]
}

/// Stores changed cases and their obligations: new ones (`rev` 0) and loaded ones.
///
/// # Errors
/// `Conflict` if any of them was changed or created by somebody else since it was loaded.
pub async fn save(tx: &mut Tx, files: &[&CaseFile]) -> Result<(), StoreError> {
    let (new, old): (Vec<&CaseFile>, Vec<&CaseFile>) = files.iter().partition(|f| f.rev == 0);
    let insert = "INSERT INTO cases (id, brand, channel, network, origin, thread, author, \
        author_handle, author_name, opened_at, told_at, state, attention, attention_by, \
        attention_until, owing, severity, deadline, due_at, due_kind, events, draft_rev, draft_due, \
        checked_at, reread_at, rev) SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, \
        c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26 + 1 FROM {rows} WHERE TRUE \
        ON CONFLICT DO NOTHING";
    let rows = new.iter().map(|f| case_row(f)).collect();
    let stored = tx.bulk(Bulk::new(insert, CASE_TYPES, rows)).await?;
    let update = "UPDATE cases SET told_at = v.c11, state = v.c12, attention = v.c13, \
        attention_by = v.c14, attention_until = v.c15, owing = v.c16, severity = v.c17, \
        deadline = v.c18, due_at = v.c19, due_kind = v.c20, events = v.c21, draft_rev = v.c22, \
        draft_due = v.c23, checked_at = v.c24, reread_at = v.c25, rev = cases.rev + 1 \
        FROM {rows} WHERE cases.id = v.c1 AND cases.rev = v.c26";
    let rows = old.iter().map(|f| case_row(f)).collect();
    let changed = tx.bulk(Bulk::new(update, CASE_TYPES, rows)).await?;
    if stored + changed != files.len() as u64 {
        return Err(StoreError::Conflict);
    }
    save_obligations(tx, files).await?;
    super::commitments::save(tx, files).await
}

async fn save_obligations(tx: &mut Tx, files: &[&CaseFile]) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for file in files {
        for o in &file.case.obligations {
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
                file.case.id,
                o.owing.as_str(),
                i64::from(o.severity),
                o.since,
                o.heard_at,
                o.due,
                o.first_look,
                o.overdue_told,
                standing,
                reason,
                actor,
                note,
                evidence,
                at,
            ]);
        }
    }
    let sql = "INSERT INTO obligations (mention_id, case_id, owing, severity, since, heard_at, due, \
        first_look, overdue_told, standing, reason, actor, note, evidence, ended_at) \
        SELECT * FROM {rows} WHERE TRUE ON CONFLICT (mention_id) DO UPDATE SET \
        owing = excluded.owing, severity = excluded.severity, due = excluded.due, \
        first_look = excluded.first_look, overdue_told = excluded.overdue_told, \
        standing = excluded.standing, reason = excluded.reason, actor = excluded.actor, \
        note = excluded.note, evidence = excluded.evidence, ended_at = excluded.ended_at";
    use Type::{Big, Bool, Text};
    const TYPES: &[Type] =
        &[Text, Text, Text, Big, Big, Big, Big, Bool, Bool, Text, Text, Text, Text, Text, Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

fn ids(rows: Vec<(String,)>) -> Result<Vec<CaseId>, StoreError> {
    rows.into_iter().map(|(id,)| id.parse().map_err(|e| StoreError::broken(&id, e))).collect()
}

/// Takes cases on which the clock must act now.
pub async fn take_due(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<CaseId>, StoreError> {
    ids(tx.all(DUE, args![now, limit]).await?)
}

/// Cases for which a draft is to be written.
pub async fn draft_due(tx: &mut Tx, limit: i64) -> Result<Vec<CaseId>, StoreError> {
    ids(tx.all(DRAFTS_DUE, args![limit]).await?)
}

/// Open cases by urgency: complaints first, then by deadline. `brand` empty for all.
pub async fn open(tx: &mut Tx, brand: &str, limit: i64) -> Result<Vec<CaseFile>, StoreError> {
    let found = ids(tx.all(OPEN, args![brand, limit]).await?)?;
    let mut files = load(tx, &found).await?;
    let place: HashMap<CaseId, usize> = found.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    files.sort_by_key(|f| place.get(&f.case.id).copied());
    Ok(files)
}
