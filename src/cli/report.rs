//! `ascolto report`: the share unheard of a span of time, with all that stands beside it.

use super::failure::Failure;
use super::when::When;
use super::{Global, house, out};
use crate::domain::Lang;
use crate::store::ledger;
use crate::web;
use clap::{Args, ValueEnum};

/// Tell the share unheard of a span of time, with its parts
///
/// A mention belongs to the time at which it was written. The figures are those of the ledger.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// What was written from then on: a time, a day, or a span ago as 30d [default: all]
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    from: Option<When>,
    /// What was written before then [default: now]
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    to: Option<When>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal
    Table,
    /// One JSON object
    Json,
    /// One line a brand and kind, with a head
    Csv,
    /// A page that needs nothing else, in the language of the first brand
    Html,
}

impl ReportArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        let now = house::now();
        let (from, to) = (self.from.map(|w| w.ago(now)), self.to.map(|w| w.ago(now)));
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(Failure::usage(format!("--from {from} does not lie before --to {to}")));
        }
        let report = house::wait(house::over_store(&config, async |store| {
            let mut tx = store.read().await?;
            Ok(ledger::report(&mut tx, now, (from, to)).await?)
        }))?;
        match self.format {
            Format::Table => out::text(&report.table()),
            Format::Json => out::json(&report),
            Format::Csv => out::text(&report.csv()),
            Format::Html => {
                let language = config.brands.values().next().map_or(Lang::EN, |b| b.language);
                let html = web::report_html(&report, &config.brands, language);
                out::text(&html.map_err(Failure::outside)?)
            }
        }
    }
}
