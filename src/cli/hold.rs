//! `ascolto hold` and `ascolto resume`: stop all publishing of a brand at once, and go on.

use super::failure::Failure;
use super::{Global, agent, house, out};
use crate::pipeline::acts;
use clap::Args;

/// Stop all publishing of a brand at once
#[derive(Debug, Args)]
pub(super) struct Hold {
    /// The brand
    brand: String,
    /// Why, for the colleagues
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// In whose name [default: $USER]
    #[arg(long = "as", value_name = "AGENT")]
    agent: Option<String>,
}

/// Let a held brand publish again
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// The brand
    brand: String,
    /// In whose name [default: $USER]
    #[arg(long = "as", value_name = "AGENT")]
    agent: Option<String>,
}

impl Hold {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(Failure::usage("a hold needs a reason; write --reason \"…\""));
        }
        set(global, &self.brand, true, self.agent.as_deref(), reason)?;
        out::line(&format!(
            "{0} publishes nothing from now on; `ascolto resume {0}` ends that",
            self.brand
        ))
    }
}

impl Resume {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        set(global, &self.brand, false, self.agent.as_deref(), "")?;
        out::line(&format!("{} publishes again", self.brand))
    }
}

fn set(
    global: &Global,
    brand: &str,
    held: bool,
    by: Option<&str>,
    why: &str,
) -> Result<(), Failure> {
    let config = house::load(global)?;
    if !config.brands.contains_key(brand) {
        let hint = house::instead(brand, config.brands.keys());
        return Err(Failure::usage(format!("there is no brand {brand}; {hint}")));
    }
    house::wait(house::over_house(&config, async |deps| {
        Ok(acts::hold(deps, brand, held, &agent(by), why).await?)
    }))
}
