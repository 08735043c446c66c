//! `ascolto channel`: how channels fare, a poll at once, a link to connect one again, and the choice
//! about a first look.

mod act;
mod budget;
mod list;
mod table;

use super::failure::Failure;
use super::{Global, agent, channel_add, house};
use clap::{Args, Subcommand};

/// Add a channel, list all and how they fare, have one read at once, or have its owner connect it
/// again
#[derive(Debug, Args)]
pub(super) struct ChannelArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Ask for what a new channel needs, write it down, and try its credential
    Add(channel_add::Add),
    /// Say of every channel how it fares, what it reads and up to when it has heard everything
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a link by which the channel's owner puts a new credential in the browser, without a
    /// log-in; it works once, for 24 hours and for this channel only
    Reconnect {
        /// The channel
        name: String,
    },
    /// Make every lane of a channel due now; the running service reads them
    Poll {
        /// The channel
        name: String,
    },
    /// Choose how much of a channel's first look to open; the running service carries it out
    FirstLook {
        /// The channel
        name: String,
        /// What to open; the rest ends as waived in your name: before our time
        #[arg(long)]
        open: act::Open,
        /// In whose name [default: $USER]
        #[arg(long = "as", value_name = "AGENT")]
        agent: Option<String>,
    },
}

impl ChannelArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        match &self.act {
            Act::Add(args) => args.run(global, &config),
            Act::List { json } => list::list(&config, *json),
            Act::Reconnect { name } => act::reconnect(&config, name),
            Act::Poll { name } => act::poll(&config, name),
            Act::FirstLook { name, open, agent: by } => {
                act::choose(&config, name, *open, &agent(by.as_deref()))
            }
        }
    }
}
