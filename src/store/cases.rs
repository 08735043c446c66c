//! Cases and their obligations.

use super::bulk::{Bulk, Type};
use super::case_row::{CaseRow, INSERT, TYPES, UPDATE, case_row, columns, read_case};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use super::{commitments, obligations};
use crate::domain::case::Case;
use crate::domain::priority::Stakes;
use crate::domain::{CaseId, Instant};
use Type::Text;
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

statements! {
    DUE = taking!("SELECT id FROM cases WHERE due_at IS NOT NULL AND due_at <= $1 ORDER BY due_at LIMIT $2");
    DRAFTS_DUE = Sql::same("SELECT id FROM cases WHERE draft_due ORDER BY id LIMIT $1");
    OPEN = Sql::same("SELECT id FROM cases WHERE class < 3 AND (brand = $1 OR $1 = '') ORDER BY class, urgent_at, id LIMIT $2");
}

/// Loads cases by id with their obligations; those that do not exist are left out.
pub async fn load(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<CaseFile>, StoreError> {
    let rows = ids.iter().map(|id| args![*id]).collect();
    let sql = concat!("SELECT ", columns!(), " FROM {rows} JOIN cases k ON k.id = v.c1");
    let cases: Vec<CaseRow> = tx.bulk_all(Bulk::new(sql, &[Text], rows)).await?;
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
    let cases: Vec<CaseRow> = tx.bulk_all(Bulk::new(sql, &[Text; 5], rows)).await?;
    with_obligations(tx, cases).await
}

async fn with_obligations(tx: &mut Tx, cases: Vec<CaseRow>) -> Result<Vec<CaseFile>, StoreError> {
    let ids: Vec<&str> = cases.iter().map(|c| c.id.as_str()).collect();
    let mut debts = obligations::of_cases(tx, &ids).await?;
    let mut dates = commitments::of_cases(tx, &ids).await?;
    cases.into_iter().map(|row| read_case(row, &mut debts, &mut dates)).collect()
}

/// Stores changed cases and their obligations: new ones (`rev` 0) and loaded ones.
///
/// # Errors
/// `Conflict` if any of them was changed or created by somebody else since it was loaded.
pub async fn save(tx: &mut Tx, files: &[&CaseFile]) -> Result<(), StoreError> {
    let (new, old): (Vec<&CaseFile>, Vec<&CaseFile>) = files.iter().partition(|f| f.rev == 0);
    let rows = new.iter().map(|f| case_row(f)).collect();
    let stored = tx.bulk(Bulk::new(INSERT, TYPES, rows)).await?;
    let rows = old.iter().map(|f| case_row(f)).collect();
    let changed = tx.bulk(Bulk::new(UPDATE, TYPES, rows)).await?;
    if stored + changed != files.len() as u64 {
        return Err(StoreError::Conflict);
    }
    let cases: Vec<&Case> = files.iter().map(|f| &f.case).collect();
    obligations::save(tx, &cases).await?;
    commitments::save(tx, files).await
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
