//! Corrections: what was learned of a brand's labels, with its figures, and when it is learned
//! again.

use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;

/// A brand whose labels are due to be learned from.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LessonRow {
    /// The brand.
    pub brand: String,
    /// The lease.
    pub fence: i64,
}

/// A correction with what was measured on labels that it had not seen. Shares and losses are per
/// million; each figure stands there without it and with it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CorrectionRow {
    /// The brand.
    pub brand: String,
    /// 1, 2, 3 … within the brand.
    pub version: i64,
    /// The model that it corrects.
    pub model: String,
    /// When it was made.
    pub made_at: i64,
    /// Of how many labels it was learned.
    pub labels: i64,
    /// How many of them say "a complaint".
    pub complaints: i64,
    /// Log loss without it, in millionths of a nat; lower is better.
    pub loss_without: i64,
    /// The same with it.
    pub loss_with: i64,
    /// Macro-F1 of complaint or not, without it.
    pub f1_without: i64,
    /// The same with it.
    pub f1_with: i64,
    /// Of the complaints, how many are found without it.
    pub recall_without: i64,
    /// The same with it.
    pub recall_with: i64,
    /// Whether judging goes by it.
    pub in_use: bool,
    /// Why it is not used, empty if it is: a `Refusal`.
    pub reason: String,
    /// What was learned; empty once another one was made.
    pub blob: Vec<u8>,
}

macro_rules! columns {
    () => {
        "brand, version, model, made_at, labels, complaints, loss_without, loss_with, \
         f1_without, f1_with, recall_without, recall_with, in_use, reason, blob"
    };
}

statements! {
    ANY_DUE = Sql::same("SELECT brand FROM lessons WHERE due_at <= $1 AND until < $1 LIMIT 1");
    DUE = taking!("SELECT brand, fence FROM lessons WHERE due_at <= $1 AND until < $1 ORDER BY due_at, brand LIMIT 1");
    LEASE_ONE = Sql::same("UPDATE lessons SET owner = $2, until = $3, fence = fence + 1 WHERE brand = $1");
    DONE = Sql::same("UPDATE lessons SET due_at = $3, owner = '', until = 0 WHERE brand = $1 AND fence = $2");
    LAST = Sql::same(concat!("SELECT ", columns!(), " FROM corrections WHERE brand = $1 ORDER BY version DESC LIMIT 1"));
    ONE = Sql::same(concat!("SELECT ", columns!(), " FROM corrections WHERE brand = $1 AND version = $2"));
    IN_USE = Sql::same("SELECT brand, version FROM corrections WHERE in_use ORDER BY brand, version");
    ADD = Sql::same(concat!("INSERT INTO corrections (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"));
    RETIRE = Sql::same("UPDATE corrections SET in_use = FALSE, blob = $3 WHERE brand = $1 AND version <> $2");
}

/// Whether any brand is due; cheaper than to take it.
pub async fn any_due(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(ANY_DUE, args![now]).await?.is_some())
}

/// Leases the brand that is due the longest.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
) -> Result<Option<LessonRow>, StoreError> {
    let Some(mut row) = tx.first::<LessonRow>(DUE, args![now]).await? else { return Ok(None) };
    tx.exec(LEASE_ONE, args![&row.brand, owner, now + LEASE]).await?;
    row.fence += 1;
    Ok(Some(row))
}

/// Gives a lease back until `due_at`. `false`: it is another instance's by now, and what was
/// learned under it is not to be stored.
pub async fn done(tx: &mut Tx, lesson: &LessonRow, due_at: Instant) -> Result<bool, StoreError> {
    Ok(tx.exec(DONE, args![&lesson.brand, lesson.fence, due_at]).await? > 0)
}

/// The newest correction of a brand, used or not.
pub async fn last(tx: &mut Tx, brand: &str) -> Result<Option<CorrectionRow>, StoreError> {
    tx.first(LAST, args![brand]).await
}

/// One correction.
pub async fn one(
    tx: &mut Tx,
    brand: &str,
    version: i64,
) -> Result<Option<CorrectionRow>, StoreError> {
    tx.first(ONE, args![brand, version]).await
}

/// By brand, the version that is in use.
pub async fn in_use(tx: &mut Tx) -> Result<Vec<(String, i64)>, StoreError> {
    tx.all(IN_USE, args![]).await
}

/// Stores a correction. The newest decides: those before are not used any more, and only their
/// figures stay.
pub async fn add(tx: &mut Tx, new: &CorrectionRow) -> Result<(), StoreError> {
    let row = args![
        &new.brand,
        new.version,
        &new.model,
        new.made_at,
        new.labels,
        new.complaints,
        new.loss_without,
        new.loss_with,
        new.f1_without,
        new.f1_with,
        new.recall_without,
        new.recall_with,
        new.in_use,
        &new.reason,
        new.blob.as_slice(),
    ];
    tx.exec(ADD, row).await?;
    tx.exec(RETIRE, args![&new.brand, new.version, Vec::<u8>::new()]).await?;
    Ok(())
}
