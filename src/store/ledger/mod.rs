//! The ledger: the account of what was heard and of what became of it, checked row by row.
//!
//! `check` reads one state of the whole database and compares everything that is written twice:
//! the intake book with the mentions, the event log with the dispositions, the dispositions with
//! their evidence, the lanes with their coverage (DESIGN.md, section 5). Mentions are read by
//! pages, so that a store of any size needs the same memory.

mod book;
mod evidence;
mod lanes;
mod log;
mod missed;
mod report;
mod shares;
mod sorted;
pub mod statement;
mod table;
mod types;
mod walk;

pub use missed::{Missed, Part};
pub use report::{BrandReport, Report, report};
pub use table::shares as shares_table;
pub use types::{
    BrandShare, Broken, GapAccount, LaneAccount, Ledger, Options, Row, SealAccount, SortedOut, Sums,
};

use super::db::Tx;
use super::error::StoreError;
use super::value::Sql;
use crate::domain::Instant;
use types::Findings;

/// Every fixed statement of the ledger.
pub(super) const STATEMENTS: [&[(&str, Sql)]; 8] = [
    book::STATEMENTS,
    lanes::STATEMENTS,
    log::STATEMENTS,
    report::STATEMENTS,
    shares::STATEMENTS,
    sorted::STATEMENTS,
    statement::STATEMENTS,
    walk::STATEMENTS,
];

/// Draws up the ledger as of `now`, inside one reading transaction (`Store::read`).
///
/// Everything is checked whatever the options show: a ledger that balances on one day only does
/// not balance.
///
/// # Errors
/// Only when the database fails. What is wrong in the rows stands in `Ledger::broken`.
pub async fn check(tx: &mut Tx, now: Instant, options: &Options) -> Result<Ledger, StoreError> {
    let mut broken = Findings::default();
    let mut book = book::Book::read(tx, options.as_of).await?;
    walk::mentions(tx, options.as_of, &mut book, &mut broken).await?;
    book.compare(&mut broken);
    log::subjects(tx, &mut broken).await?;
    statement::check(tx, &mut broken).await?;
    let seals = log::seals(tx, options.verify, &mut broken).await?;
    let (mut lanes, mut shares, mut sorted_out) = (Vec::new(), Vec::new(), Vec::new());
    if options.as_of.is_none() {
        lanes = lanes::accounts(tx, &mut broken).await?;
        shares = shares::of_brands(tx, now, shares::ALWAYS, &lanes, &mut broken).await?;
        sorted_out = sorted::counts(tx, shares::ALWAYS).await?;
    }
    Ok(Ledger::new(now, options, book.rows(), lanes, shares, sorted_out, seals, broken))
}

/// The shares of all brands as of `now`, of what was written from `from` to before `to`; `None`
/// asks for all time. Counted where the ledger counts them, without all that it checks.
///
/// # Errors
/// When the database fails, and `Broken` for the first debt that cannot be counted.
pub async fn shares(
    tx: &mut Tx,
    now: Instant,
    span: Option<(Instant, Instant)>,
) -> Result<Vec<BrandShare>, StoreError> {
    let mut broken = Findings::default();
    // What is wrong with lanes is the ledger's to say; their time is taken as it stands.
    let lanes = lanes::accounts(tx, &mut Findings::default()).await?;
    let span = span.unwrap_or(shares::ALWAYS);
    let counted = shares::of_brands(tx, now, span, &lanes, &mut broken).await?;
    match broken.first() {
        None => Ok(counted),
        Some(Broken { what, why }) => Err(StoreError::broken(what, why)),
    }
}
