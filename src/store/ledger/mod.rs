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
mod shares;
mod sorted;
mod table;
mod types;
mod walk;

pub use types::{
    BrandShare, Broken, GapAccount, LaneAccount, Ledger, Options, Row, SealAccount, SortedOut, Sums,
};

use super::db::Tx;
use super::error::StoreError;
use super::value::Sql;
use crate::domain::Instant;
use types::Findings;

/// Every fixed statement of the ledger.
pub(super) const STATEMENTS: [&[(&str, Sql)]; 5] =
    [book::STATEMENTS, lanes::STATEMENTS, log::STATEMENTS, sorted::STATEMENTS, walk::STATEMENTS];

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
    let mut shares = shares::of_brands(tx).await?;
    walk::mentions(tx, now, options.as_of, &mut book, &mut shares, &mut broken).await?;
    book.compare(&mut broken);
    log::subjects(tx, &mut broken).await?;
    let seals = log::seals(tx, options.verify, &mut broken).await?;
    let lanes = match options.as_of {
        Some(_) => Vec::new(),
        None => lanes::accounts(tx, &mut shares, &mut broken).await?,
    };
    let sorted_out = match options.as_of {
        Some(_) => Vec::new(),
        None => sorted::counts(tx).await?,
    };
    let shares = if options.as_of.is_none() { shares.into_values().collect() } else { Vec::new() };
    Ok(Ledger::new(now, options, book.rows(), lanes, shares, sorted_out, seals, broken))
}
