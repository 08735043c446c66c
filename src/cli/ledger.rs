//! `ascolto ledger`: the account of everything that was heard and of what became of it.

use super::failure::Failure;
use super::when::{When, day};
use super::{Global, house, out, statement};
use crate::store::lanes;
use crate::store::ledger::{Options, check};
use clap::Args;

/// Account for everything that was heard; exit 1 if it does not balance
///
/// Everything is checked whatever is shown: a ledger that balances on one day only does not
/// balance.
#[derive(Debug, Args)]
pub(super) struct LedgerArgs {
    /// Show the rows of this day only, in the brand's zone
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    day: Option<String>,
    /// Show the rows and lanes of this channel only
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Show what stood then: a time, a day, or a span ago as 3d
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    as_of: Option<When>,
    /// Compute the hash chain of the log again
    #[arg(long)]
    verify: bool,
    /// Print what was stated of this day once it was over, and say whether it still computes to the
    /// same; exit 1 if it does not
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day,
        conflicts_with_all = ["day", "channel", "as_of", "verify"])]
    statement: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl LedgerArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        if let Some(day) = &self.statement {
            return statement::show(&config, day, self.json);
        }
        house::wait(house::over_store(&config, async |store| {
            let mut tx = store.read().await?;
            if let Some(name) = &self.channel {
                let known = lanes::channels(&mut tx).await?;
                if !known.iter().any(|c| c.name == *name) {
                    let hint = house::instead(name, known.iter().map(|c| &c.name));
                    return Err(Failure::usage(format!("there is no channel {name}; {hint}")));
                }
            }
            let now = house::now();
            let options = Options {
                day: self.day.clone(),
                channel: self.channel.clone(),
                as_of: self.as_of.map(|when| when.ago(now)),
                verify: self.verify,
            };
            let mut ledger = check(&mut tx, now, &options).await?;
            if self.channel.is_none() {
                ledger = ledger.with_public(config.brands.values().flat_map(|b| b.public.clone()));
            }
            if self.json {
                out::json(&ledger)?
            } else {
                out::text(&ledger.table())?
            }
            if ledger.balanced() {
                return Ok(());
            }
            let broken = ledger.broken.len() as u64 + ledger.unlisted;
            Err(Failure::no(format!("the ledger does not balance: {broken} broken, named above")))
        }))
    }
}
