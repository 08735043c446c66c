//! `ascolto person`: who is one customer, and about whom nobody is told.

use super::failure::Failure;
use super::when::When;
use super::{Global, agent, house, out};
use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::pipeline::persons::{self, Customer, Folder, Lead};
use crate::store::strikes::NewestRow;
use clap::{Args, Subcommand};
use std::fmt::Write;

/// Show a customer, put authors together or take them apart, mute and unmute
#[derive(Debug, Args)]
pub(super) struct PersonArgs {
    /// In whose name [default: $USER]
    #[arg(long = "as", value_name = "AGENT", global = true)]
    agent: Option<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show which authors were put together, how often they complained, and who else it may be
    Show {
        /// A person, or a case of somebody
        id: String,
    },
    /// Say that two are one customer
    Link {
        /// A person, or a case of somebody
        id: String,
        /// A person, or a case of somebody, who is the same
        with: String,
    },
    /// Take that back: every author stands where it stood before
    Unlink {
        /// A person, or a case of somebody
        id: String,
        /// The link as `person show` names it [default: the newest]
        #[arg(long, value_name = "LINK")]
        link: Option<String>,
    },
    /// Let nobody be told of a customer; what is written is still stored, owed and counted
    Mute {
        /// A person, or a case of somebody
        id: String,
        /// Until when: a time, a day, or a span from now as 30d
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        until: When,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let people be told again
    Unmute {
        /// A person, or a case of somebody
        id: String,
    },
}

impl PersonArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let agent = agent(self.agent.as_deref());
        let config = house::load(global)?;
        house::wait(house::over_house(&config, async |deps| {
            // Whoever has a shell beside the store may decide what a lead may.
            let lead = Lead::of_this_machine(&agent);
            match &self.what {
                What::Show { id } => {
                    let mut tx = deps.store.read().await?;
                    let customer = Customer::find(&mut tx, id).await?;
                    let folder = Folder::read(deps, &mut tx, customer).await?;
                    out::text(&shown(&folder, deps.now()))
                }
                What::Link { id, with } => {
                    let link = persons::link(deps, id, with, &agent).await?;
                    out::line(&format!(
                        "they are one customer; `ascolto person unlink {id} --link {link}` undoes it"
                    ))
                }
                What::Unlink { id, link } => {
                    let link = persons::unlink(deps, id, link.as_deref(), &agent).await?;
                    out::line(&format!("link {link} is undone"))
                }
                What::Mute { id, until, reason } => {
                    let until = until.ahead(deps.now());
                    persons::mute(deps, id, &lead, reason, until).await?;
                    out::line(&format!("nobody is told of this customer until {until}"))
                }
                What::Unmute { id } => {
                    persons::unmute(deps, id, &lead).await?;
                    out::line("people are told of this customer again")
                }
            }
        }))
    }
}

fn shown(folder: &Folder, now: Instant) -> String {
    let mut out = String::new();
    let customer = &folder.customer;
    let _ = match customer.person {
        Some(person) => writeln!(out, "person {person}, {}", customer.brand),
        None => writeln!(out, "one author, {}", customer.brand),
    };
    for row in &folder.newest {
        let _ = writeln!(out, "  {}, newest case {}", author(row), row.case_id);
    }
    if folder.newest.is_empty() {
        out.push_str("  no author: none was told, or all were taken out again\n");
    }
    match folder.strikes {
        Some(s) => {
            let _ = writeln!(out, "complaints that count: {}, the first on {}", s.count, s.since);
        }
        None => out.push_str("no complaint that counts\n"),
    }
    for m in folder.mutes.iter().rev() {
        let end = match m.ended_at {
            Some(at) => format!("ended by {} at {}", one_line(&m.ended_by, 60), Instant(at)),
            None if m.until > now.0 => "stands".to_owned(),
            None => "over".to_owned(),
        };
        let (at, until, by) = (Instant(m.at), Instant(m.until), one_line(&m.by_agent, 60));
        let why = one_line(&m.reason, 200);
        let _ = writeln!(out, "muted at {at} by {by} until {until} ({end}): {why}");
    }
    for link in folder.links.iter().rev() {
        let undone = match link.undone_at {
            Some(at) => format!(", undone by {} at {}", one_line(&link.undone_by, 60), Instant(at)),
            None => String::new(),
        };
        let (at, by) = (Instant(link.at), one_line(&link.by_agent, 60));
        let who = one_line(&link.author_id, 60);
        let on = &link.network;
        let _ = writeln!(out, "link {}: {who} on {on} by {by} at {at}{undone}", link.id);
    }
    for s in &folder.suggestions {
        let because: Vec<String> =
            s.because.iter().map(|(kind, n)| format!("same {kind}, borne by {n}")).collect();
        let _ = writeln!(
            out,
            "may be {} ({}): `ascolto person link ID {}`",
            author(&s.newest),
            because.join("; "),
            s.newest.case_id
        );
    }
    out
}

fn author(row: &NewestRow) -> String {
    let names = [&row.author_handle, &row.author_name, &row.author_id];
    let name = names.into_iter().find(|n| !n.is_empty()).unwrap_or(&row.author_id);
    format!("{} on {}", one_line(name, 60), row.network)
}
