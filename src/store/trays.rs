//! The tray of each brand: cases that a person only has to look at and questions that are overdue,
//! and when a digest tells of them.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;

/// When the tray of a brand is told of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TrayRow {
    /// The brand.
    pub brand: String,
    /// When it is told of next.
    pub due_at: i64,
    /// When that was done last, also where nothing waited; what came later is new. 0: never yet.
    pub told_at: i64,
}

/// How much waits in a tray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// Cases that nobody attends to.
    pub cases: i64,
    /// Of these, those that came, came back or were opened since a point in time.
    pub fresh: i64,
    /// When the oldest mention that waits was written.
    pub oldest_at: Option<i64>,
}

/// The questions whose deadline has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct LateQuestions {
    /// Cases that nobody attends to, with nothing more urgent owed.
    pub cases: i64,
    /// The oldest of those deadlines.
    pub oldest_at: Option<i64>,
}

/// A mention that waits in a tray.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TrayLine {
    /// Its case.
    pub case_id: String,
    /// The author's handle.
    pub author_handle: String,
    /// The author's name.
    pub author_name: String,
    /// Who may see it.
    pub visibility: String,
    /// What was written.
    pub text: String,
    /// How likely it complains, per million.
    pub probability: i64,
}

/// What is only to look at and attended to by nobody; what waits in a first look has no deadline
/// and is asked about there. $1 is the brand.
macro_rules! in_the_tray {
    () => {
        "k.brand = $1 AND k.owing = 'look' AND k.state = 'waiting' AND k.deadline IS NOT NULL \
         AND k.due_at IS NOT NULL"
    };
}

statements! {
    // A time that has come is told first; one that is to come follows the configuration.
    PLAN = Sql::same("INSERT INTO trays (brand, due_at) VALUES ($1, $2) ON CONFLICT (brand) DO UPDATE SET due_at = excluded.due_at WHERE trays.due_at > $3");
    ANY_DUE = Sql::same("SELECT brand FROM trays WHERE due_at <= $1 LIMIT 1");
    DUE = taking!("SELECT brand, due_at, told_at FROM trays WHERE due_at <= $1 ORDER BY brand");
    AGAIN = Sql::same("UPDATE trays SET due_at = $2, told_at = $3 WHERE brand = $1");
    WAITING = Sql::same(concat!("SELECT CAST(COUNT(*) AS BIGINT) AS cases, \
        CAST(COALESCE(SUM(t.fresh), 0) AS BIGINT) AS fresh, MIN(t.since) AS oldest_at FROM \
        (SELECT CASE WHEN EXISTS (SELECT 1 FROM events e WHERE e.subject = k.id \
        AND e.kind IN ('owed', 'opened', 'reopened') AND e.at > $2) THEN 1 ELSE 0 END AS fresh, \
        (SELECT MIN(o.since) FROM obligations o WHERE o.case_id = k.id AND o.standing = 'owed' \
        AND NOT o.first_look) AS since FROM cases k WHERE ", in_the_tray!(), ") t"));
    LATE_QUESTIONS = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) AS cases, MIN(t.due) AS oldest_at \
        FROM (SELECT (SELECT MIN(o.due) FROM obligations o WHERE o.case_id = k.id \
        AND o.standing = 'owed' AND o.owing = 'question' AND NOT o.first_look) AS due FROM cases k \
        WHERE k.brand = $1 AND k.owing = 'question' AND k.state = 'waiting' AND k.deadline <= $2 \
        AND k.due_at IS NOT NULL) t WHERE t.due <= $2");
    LIKELIEST = Sql::same(concat!("SELECT k.id AS case_id, k.author_handle, k.author_name, \
        m.visibility, m.text, COALESCE(m.probability, 0) AS probability FROM cases k \
        JOIN obligations o ON o.case_id = k.id JOIN mentions m ON m.id = o.mention_id WHERE ",
        in_the_tray!(), " AND o.standing = 'owed' AND NOT o.first_look \
        ORDER BY COALESCE(m.probability, 0) DESC, o.since, m.id LIMIT $2"));
}

/// The tray of a brand is to be told of at `next`, unless a time for that came before and has not
/// been dealt with.
pub async fn plan(tx: &mut Tx, brand: &str, next: Instant, now: Instant) -> Result<(), StoreError> {
    tx.exec(PLAN, args![brand, next, now]).await?;
    Ok(())
}

/// Whether any tray is to be told of; cheaper than to take it.
pub async fn any_due(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(ANY_DUE, args![now]).await?.is_some())
}

/// Takes the trays that are to be told of now.
pub async fn take_due(tx: &mut Tx, now: Instant) -> Result<Vec<TrayRow>, StoreError> {
    tx.all(DUE, args![now]).await
}

/// A tray was dealt with: it is told of again at `next`, and new is what comes after `told_at`.
pub async fn again(
    tx: &mut Tx,
    brand: &str,
    next: Instant,
    told_at: Instant,
) -> Result<(), StoreError> {
    tx.exec(AGAIN, args![brand, next, told_at]).await?;
    Ok(())
}

/// How much waits in the tray of a brand, and how much of it is new since `told_at`.
pub async fn waiting(tx: &mut Tx, brand: &str, told_at: Instant) -> Result<Waiting, StoreError> {
    Ok(tx.first(WAITING, args![brand, told_at]).await?.unwrap_or_default())
}

/// The questions of a brand whose deadline has passed. They ring nobody one by one.
pub async fn late_questions(
    tx: &mut Tx,
    brand: &str,
    now: Instant,
) -> Result<LateQuestions, StoreError> {
    Ok(tx.first(LATE_QUESTIONS, args![brand, now]).await?.unwrap_or_default())
}

/// The mentions in the tray of a brand that complain most likely.
pub async fn likeliest(tx: &mut Tx, brand: &str, limit: i64) -> Result<Vec<TrayLine>, StoreError> {
    tx.all(LIKELIEST, args![brand, limit]).await
}
