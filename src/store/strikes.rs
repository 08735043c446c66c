//! How often authors complained, what their complaints weigh in the line, and their open cases.

use super::bulk::{Bulk, Type};
use super::cases::CaseFile;
use super::db::Tx;
use super::error::StoreError;
use super::value::args;
use crate::domain::person::{AuthorKey, MOST_STRIKES};
use crate::domain::priority::place;
use crate::domain::{CaseId, Instant, MentionId};

/// So many open cases of one customer are looked at together; nobody has more by the way.
pub const MOST_OPEN: usize = 200;

/// An author, and the span in which complaints are counted.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Of two complaints written in the same millisecond the one with the lower id came first.
    pub case: CaseId,
    /// The author.
    pub author: &'a AuthorKey,
    /// Older complaints have expired.
    pub from: Instant,
    /// Younger ones came later.
    pub to: Instant,
}

#[derive(sqlx::FromRow)]
struct Counted {
    id: String,
    n: i64,
    since: Option<i64>,
}

/// How many cases with a complaint some authors have: the case that was asked for, the count, and
/// when the first was written. Authors without any are left out.
pub async fn count(
    tx: &mut Tx,
    asked: &[Asked<'_>],
) -> Result<Vec<(CaseId, u32, Instant)>, StoreError> {
    let rows = asked
        .iter()
        .map(|a| {
            let k = a.author;
            args![a.case, &k.brand, &k.network, &k.origin, &k.author, a.from, a.to]
        })
        .collect();
    let sql = "SELECT t.id, t.n, t.since FROM (SELECT v.c1 AS id, (SELECT CAST(COUNT(*) AS BIGINT) \
               FROM (SELECT 1 AS one FROM cases k WHERE k.brand = v.c2 AND k.network = v.c3 \
               AND k.origin = v.c4 AND k.author = v.c5 AND k.complained_at > v.c6 \
               AND k.complained_at <= v.c7 AND (k.complained_at < v.c7 OR k.id <= v.c1) \
               LIMIT 20) AS e) AS n, (SELECT k.complained_at FROM cases k WHERE k.brand = v.c2 \
               AND k.network = v.c3 AND k.origin = v.c4 AND k.author = v.c5 \
               AND k.complained_at > v.c6 AND k.complained_at <= v.c7 \
               ORDER BY k.complained_at LIMIT 1) AS since FROM {rows}) AS t WHERE t.n > 0";
    const TYPES: &[Type] =
        &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Text, Type::Big, Type::Big];
    let counted: Vec<Counted> = tx.bulk_all(Bulk::new(sql, TYPES, rows)).await?;
    counted
        .into_iter()
        .map(|c| {
            let case = c.id.parse().map_err(|e| StoreError::broken(&c.id, e))?;
            let n = u32::try_from(c.n).unwrap_or(MOST_STRIKES).min(MOST_STRIKES);
            Ok((case, n, Instant(c.since.unwrap_or(0))))
        })
        .collect()
}

/// The most people that some mentions reached, by case: their author's followers, or who saw them.
pub async fn reach(
    tx: &mut Tx,
    mentions: &[(CaseId, MentionId)],
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = mentions.iter().map(|(case, mention)| args![*case, *mention]).collect();
    // The maximum is taken by the caller: SQLite reads a long list in pieces.
    let sql = "SELECT v.c1, CASE WHEN COALESCE(m.followers, 0) > m.reach THEN m.followers \
               ELSE m.reach END FROM {rows} JOIN mentions m ON m.id = v.c2 \
               WHERE m.followers >= 1000 OR m.reach >= 1000";
    tx.bulk_all(Bulk::new(sql, &[Type::Text, Type::Text], rows)).await
}

/// Stores what cases weigh after all that is stored of them. Within the transaction that has just
/// saved them: whoever loaded one before is told by its `rev`, which that counted.
pub async fn weigh(tx: &mut Tx, files: &[&CaseFile]) -> Result<(), StoreError> {
    let rows = files
        .iter()
        .map(|f| {
            let stakes = serde_json::to_string(&f.stakes).unwrap_or_else(|_| "{}".to_owned());
            let (class, urgent_at) = place(&f.case, f.points);
            args![f.case.id, stakes, f.points, class, urgent_at, f.muted_until]
        })
        .collect();
    let sql = "UPDATE cases SET stakes = v.c2, points = v.c3, class = v.c4, urgent_at = v.c5, \
               muted_until = v.c6 FROM {rows} WHERE cases.id = v.c1";
    const TYPES: &[Type] = &[Type::Text, Type::Text, Type::Big, Type::Big, Type::Big, Type::Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

/// The cases of some authors that still owe something, the newest first and at most [`MOST_OPEN`].
pub async fn open_cases(tx: &mut Tx, authors: &[AuthorKey]) -> Result<Vec<CaseId>, StoreError> {
    let rows = authors.iter().map(|k| args![&k.brand, &k.network, &k.origin, &k.author]).collect();
    let sql = "SELECT k.id FROM {rows} JOIN cases k ON k.brand = v.c1 AND k.network = v.c2 \
               AND k.origin = v.c3 AND k.author = v.c4 WHERE k.owing IS NOT NULL \
               ORDER BY k.id DESC LIMIT 200";
    let found: Vec<(String,)> = tx.bulk_all(Bulk::new(sql, &[Type::Text; 4], rows)).await?;
    let ids: Result<Vec<CaseId>, StoreError> =
        found.into_iter().map(|(id,)| id.parse().map_err(|e| StoreError::broken(&id, e))).collect();
    let mut ids = ids?;
    ids.truncate(MOST_OPEN);
    Ok(ids)
}

/// The newest case of each of some authors, open or not: the author's place in the list that was
/// asked for, the case, and the names it bears.
pub async fn newest_cases(
    tx: &mut Tx,
    authors: &[AuthorKey],
) -> Result<Vec<NewestRow>, StoreError> {
    let rows = authors.iter().map(|k| args![&k.brand, &k.network, &k.origin, &k.author]).collect();
    let sql = "SELECT k.brand, k.network, k.origin, k.author AS author_id, k.id AS case_id, \
               k.author_handle, k.author_name FROM (SELECT (SELECT c.id FROM cases c \
               WHERE c.brand = v.c1 AND c.network = v.c2 AND c.origin = v.c3 AND c.author = v.c4 \
               ORDER BY c.id DESC LIMIT 1) AS id FROM {rows}) AS n JOIN cases k ON k.id = n.id";
    tx.bulk_all(Bulk::new(sql, &[Type::Text; 4], rows)).await
}

/// An author's newest case.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct NewestRow {
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The author's id.
    pub author_id: String,
    /// The case.
    pub case_id: String,
    /// The author's handle.
    pub author_handle: String,
    /// The author's name.
    pub author_name: String,
}

impl NewestRow {
    /// Whose it is.
    pub fn key(&self) -> AuthorKey {
        AuthorKey {
            brand: self.brand.clone(),
            network: self.network.clone(),
            origin: self.origin.clone(),
            author: self.author_id.clone(),
        }
    }
}
