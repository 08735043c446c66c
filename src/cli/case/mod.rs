//! `ascolto case`: what the inbox does, from the command line.

mod act;
mod level;
mod list;
mod open;
mod show;

use super::Global;
use super::failure::Failure;
use crate::domain::CaseId;
use clap::{Args, Subcommand};

/// List, show and act on cases
#[derive(Debug, Args)]
pub(super) struct CaseArgs {
    /// In whose name [default: $USER]
    #[arg(long = "as", value_name = "AGENT", global = true)]
    agent: Option<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List cases, the most urgent first
    List(list::List),
    /// Show one case: what was written, what is owed, the draft, the replies, its log
    Show {
        /// The case
        id: CaseId,
    },
    Open(open::Open),
    /// Publish a reply in the customer's thread
    Publish(act::Publish),
    #[command(flatten)]
    Plain(act::Plain),
}

impl CaseArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let agent = super::agent(self.agent.as_deref());
        match &self.what {
            What::List(list) => list.run(global),
            What::Show { id } => show::run(global, *id),
            What::Open(open) => open.run(global),
            What::Publish(reply) => reply.run(global, &agent),
            What::Plain(act) => act.run(global, &agent),
        }
    }
}
