//! Rounds: what a brand does once a day or once a week when that is over, and which one is next.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements, taking};
use crate::domain::Instant;

/// What is done in rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// The statement of a day.
    Statement,
    /// The blind sample of a week.
    Sample,
}

impl Round {
    fn name(self) -> &'static str {
        match self {
            Round::Statement => "statement",
            Round::Sample => "sample",
        }
    }
}

/// A round of a brand that is to be done.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RoundRow {
    /// The brand.
    pub brand: String,
    /// The day, or the week by its Monday, as `YYYY-MM-DD`.
    pub day: String,
    /// When it is done.
    pub due_at: i64,
}

statements! {
    PLAN = Sql::same("INSERT INTO rounds (brand, what, day, due_at) VALUES ($1, $2, $3, $4) ON CONFLICT (brand, what) DO NOTHING");
    FIRST_DUE = Sql::same("SELECT brand, day, due_at FROM rounds WHERE what = $1 AND due_at <= $2 ORDER BY due_at, brand LIMIT 1");
    DUE = taking!("SELECT brand, day, due_at FROM rounds WHERE what = $1 AND due_at <= $2 ORDER BY due_at, brand LIMIT 1");
    NEXT = Sql::same("UPDATE rounds SET day = $3, due_at = $4 WHERE brand = $1 AND what = $2");
}

/// Plans the first round of a brand; one that is planned already stays.
pub async fn plan(tx: &mut Tx, what: Round, row: &RoundRow) -> Result<(), StoreError> {
    tx.exec(PLAN, args![&row.brand, what.name(), &row.day, row.due_at]).await?;
    Ok(())
}

/// The round that is due the longest, without taking it.
pub async fn first_due(
    tx: &mut Tx,
    what: Round,
    now: Instant,
) -> Result<Option<RoundRow>, StoreError> {
    tx.first(FIRST_DUE, args![what.name(), now]).await
}

/// Takes the round that is due the longest. Other instances pass it over until this transaction
/// ends.
pub async fn take_due(
    tx: &mut Tx,
    what: Round,
    now: Instant,
) -> Result<Option<RoundRow>, StoreError> {
    tx.first(DUE, args![what.name(), now]).await
}

/// A round was done: this one is next.
pub async fn next(tx: &mut Tx, what: Round, row: &RoundRow) -> Result<(), StoreError> {
    tx.exec(NEXT, args![&row.brand, what.name(), &row.day, row.due_at]).await?;
    Ok(())
}
