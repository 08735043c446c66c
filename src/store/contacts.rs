//! Private contacts of authors whose public cases wait for one.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::{CaseId, Instant};

/// An author of a brand's mentions.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// The brand.
    pub brand: &'a str,
    /// The network.
    pub network: &'a str,
    /// The ids' name space.
    pub origin: &'a str,
    /// The author's id there; never empty.
    pub id: &'a str,
}

/// A case that waits for the private contact.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    /// The case.
    pub id: String,
    /// When its author last wrote privately.
    pub wrote_at: i64,
}

/// A private mention that was answered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Happened {
    /// Its case.
    pub case_id: String,
    /// When it was written.
    pub wrote_at: i64,
    /// When it was answered.
    pub answered_at: i64,
}

statements! {
    WAITING = Sql::same("SELECT k.id, MAX(m.created_at) AS wrote_at FROM cases p JOIN mentions m ON m.case_id = p.id JOIN cases k ON k.brand = p.brand AND k.network = p.network AND k.author = p.author AND k.origin = p.origin AND k.state = 'moved' AND k.id <> p.id WHERE p.id = $1 AND m.visibility = 'private' AND m.created_at <= $2 GROUP BY k.id ORDER BY k.id");
    HAPPENED = Sql::same("SELECT o.case_id, m.created_at AS wrote_at, o.ended_at AS answered_at FROM mentions m JOIN obligations o ON o.mention_id = m.id WHERE m.brand = $1 AND m.network = $2 AND m.author_id = $4 AND m.origin = $3 AND m.visibility = 'private' AND o.standing = 'met' AND o.ended_at IS NOT NULL AND o.case_id <> $5 AND m.created_at >= $6 ORDER BY m.created_at DESC, m.id LIMIT 1");
}

/// The cases of a case's author that wait for a private contact, if that case is one: mentions
/// written privately up to `at`, when they were answered.
pub async fn waiting(
    tx: &mut Tx,
    private: CaseId,
    at: Instant,
) -> Result<Vec<Waiting>, StoreError> {
    tx.all(WAITING, args![private, at]).await
}

/// The newest private mention of an author that was written at `since` or later and answered, in
/// another case than `moved`.
pub async fn happened(
    tx: &mut Tx,
    author: &Author<'_>,
    moved: CaseId,
    since: Instant,
) -> Result<Option<Happened>, StoreError> {
    let args = args![author.brand, author.network, author.origin, author.id, moved, since];
    tx.first(HAPPENED, args).await
}
