//! `ascolto recipient`: how recipients fare, and a sample that one is sent by the real path.

mod sample;

use super::failure::Failure;
use super::{Global, house, out};
use crate::app;
use crate::config::Config;
use crate::domain::text::one_line;
use crate::domain::{Instant, Lang};
use crate::pipeline::Recipient;
use crate::store::recipients;
use crate::wire::Hears;
use clap::{Args, Subcommand};
use serde::Serialize;

/// List recipients and how they fare, or send one a sample
#[derive(Debug, Args)]
pub(super) struct RecipientArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say of every recipient how it is told, how presses reach us and what went wrong last
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send a marked sample of an alert as alerts are sent, and show each step
    Test {
        /// The recipient
        name: String,
    },
}

impl RecipientArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        match &self.what {
            What::List { json } => list(&config, *json),
            What::Test { name } => house::wait(async {
                // Whoever sets things up tries them before the first start.
                let store = house::open(&config).await?;
                let sent = async {
                    let deps = app::build(&config, store.clone(), house::surroundings()).await?;
                    sample::send(&deps, name).await
                };
                let sent = sent.await;
                store.close().await;
                sent
            }),
        }
    }
}

#[derive(Serialize)]
struct Shown {
    name: String,
    notifier: &'static str,
    language: Lang,
    /// By which way what is pressed in its alerts reaches us.
    acts: String,
    /// When an alert was delivered there last.
    delivered_at: Option<Instant>,
    /// How many alerts stand there and change as their cases move.
    live: i64,
    fault: Option<Fault>,
}

/// What went wrong last.
#[derive(Serialize)]
struct Fault {
    /// When the alert was made.
    at: Instant,
    why: String,
}

fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let shown = house::wait(house::over_house(config, async |deps| {
        let mut tx = deps.store.read().await?;
        let mut shown = Vec::with_capacity(deps.recipients.len());
        for recipient in deps.recipients.values() {
            let fares = recipients::fares(&mut tx, &recipient.name).await?;
            shown.push(Shown {
                name: recipient.name.clone(),
                notifier: recipient.notifier.meta().name,
                language: recipient.language,
                acts: acts(recipient),
                delivered_at: fares.sent_at.map(Instant),
                live: fares.live,
                fault: fares.fault.map(|row| Fault { at: Instant(row.created_at), why: row.fault }),
            });
        }
        Ok(shown)
    }))?;
    if json {
        return out::json(&shown);
    }
    let head = ["recipient", "notifier", "language", "acts by", "delivered", "live", "last fault"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in &shown {
        let fault = one.fault.as_ref();
        rows.push(vec![
            one.name.clone(),
            one.notifier.to_owned(),
            one.language.to_string(),
            one.acts.clone(),
            one.delivered_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
            one.live.to_string(),
            fault.map_or_else(String::new, |f| format!("{}: {}", f.at, one_line(&f.why, 120))),
        ]);
    }
    out::text(&out::table(&rows))
}

/// By which way what is pressed in a recipient's alerts reaches us.
fn acts(recipient: &Recipient) -> String {
    if !recipient.is_vouched_for() {
        return "links".to_owned();
    }
    match recipient.notifier.hears(&recipient.link.settled().cx()) {
        Hears::Asks => "asking".to_owned(),
        Hears::Socket => "a socket".to_owned(),
        Hears::Called => format!("calls to /hooks/recipient/{}", recipient.name),
    }
}
