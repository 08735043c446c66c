//! Cases and their obligations.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::obligations;
use super::value::{Sql, args, statements, taking};
use crate::domain::case::{Attention, Case, next_due};
use crate::domain::obligation::Obligation;
use crate::domain::person::complained_at;
use crate::domain::priority::{Stakes, place};
use crate::domain::{CaseId, Instant};
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
    /// What beside its debts makes it urgent.
    pub stakes: Stakes,
    /// Its priority in points, by which it stands in line.
    pub points: i64,
    /// Nobody is told of it until then; its author is muted.
    pub muted_until: Instant,
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
    stakes: String,
    points: i64,
    muted_until: i64,
    rev: i64,
}

macro_rules! columns {
    () => {
        "k.id, k.brand, k.channel, k.network, k.origin, k.thread, k.author, k.author_handle, \
         k.author_name, k.opened_at, k.told_at, k.attention, k.attention_by, k.attention_until, \
         k.events, k.draft_rev, k.draft_due, k.checked_at, k.reread_at, k.stakes, k.points, \
         k.muted_until, k.rev"
    };
}

statements! {
    DUE = taking!("SELECT id FROM cases WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2");
    DRAFTS_DUE = Sql::same("SELECT id FROM cases WHERE draft_due ORDER BY id LIMIT $1");
    OPEN = Sql::same("SELECT id FROM cases WHERE due_at IS NOT NULL AND (brand = $1 OR $1 = '') ORDER BY class, urgent_at, id LIMIT $2");
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
    let ids: Vec<&str> = cases.iter().map(|c| c.id.as_str()).collect();
    let mut by_case = obligations::of_cases(tx, &ids).await?;
    cases.into_iter().map(|row| read_case(row, &mut by_case)).collect()
}

fn read_case(
    row: CaseRow,
    debts: &mut HashMap<String, Vec<Obligation>>,
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
        },
        author_handle: row.author_handle,
        author_name: row.author_name,
        events: row.events,
        draft_rev: row.draft_rev,
        draft_due: row.draft_due,
        checked_at: Instant(row.checked_at),
        reread_at: Instant(row.reread_at),
        stakes: serde_json::from_str(&row.stakes)
            .map_err(|e| StoreError::broken(&row.id, format!("its stakes cannot be read: {e}")))?,
        points: row.points,
        muted_until: Instant(row.muted_until),
        rev: row.rev,
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
    Type::Text,
    Type::Big,
    Type::Big,
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
    let (class, urgent_at) = place(c, file.points);
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
        serde_json::to_string(&file.stakes).unwrap_or_else(|_| "{}".to_owned()),
        file.points,
        class,
        urgent_at,
        complained_at(c),
        file.muted_until,
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
        checked_at, reread_at, rev, stakes, points, class, urgent_at, complained_at, muted_until) \
        SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, \
        c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25, c26 + 1, c27, c28, \
        c29, c30, c31, c32 FROM {rows} WHERE TRUE \
        ON CONFLICT DO NOTHING";
    let rows = new.iter().map(|f| case_row(f)).collect();
    let stored = tx.bulk(Bulk::new(insert, CASE_TYPES, rows)).await?;
    let update = "UPDATE cases SET told_at = v.c11, state = v.c12, attention = v.c13, \
        attention_by = v.c14, attention_until = v.c15, owing = v.c16, severity = v.c17, \
        deadline = v.c18, due_at = v.c19, due_kind = v.c20, events = v.c21, draft_rev = v.c22, \
        draft_due = v.c23, checked_at = v.c24, reread_at = v.c25, rev = cases.rev + 1, \
        stakes = v.c27, points = v.c28, class = v.c29, urgent_at = v.c30, complained_at = v.c31, \
        muted_until = v.c32 FROM {rows} WHERE cases.id = v.c1 AND cases.rev = v.c26";
    let rows = old.iter().map(|f| case_row(f)).collect();
    let changed = tx.bulk(Bulk::new(update, CASE_TYPES, rows)).await?;
    if stored + changed != files.len() as u64 {
        return Err(StoreError::Conflict);
    }
    obligations::save(tx, files).await
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

/// Open cases by urgency: complaints first, then by their place in line. `brand` empty for all.
pub async fn open(tx: &mut Tx, brand: &str, limit: i64) -> Result<Vec<CaseFile>, StoreError> {
    let found = ids(tx.all(OPEN, args![brand, limit]).await?)?;
    let mut files = load(tx, &found).await?;
    let place: HashMap<CaseId, usize> = found.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    files.sort_by_key(|f| place.get(&f.case.id).copied());
    Ok(files)
}
