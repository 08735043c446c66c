//! `ascolto demo`: the whole product in a temporary folder, on a rehearsed bad day, without keys.

mod live;
mod team;

use super::failure::Failure;
use super::scratch::Scratch;
use super::{house, out};
use crate::app::{self, Surroundings};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::domain::Instant;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::ids::Ids;
use crate::pipeline::runner;
use crate::store::{Store, ledger};
use clap::Args;
use std::path::Path;

/// Play a rehearsed bad day: no keys, nothing leaves this machine
///
/// Without --headless the day runs at --speed with the inbox in the browser, and you are the team.
/// With it the day is played to its end at once, by a rehearsed team, and the ledger is printed.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where inbox and API are served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7070")]
    listen: String,
    /// How many rehearsed minutes pass in a minute
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=3_600))]
    speed: i64,
    /// Language of screens and alerts
    #[arg(long, default_value = "it", value_parser = ["it", "en"])]
    language: String,
    /// Play the day to its end at once and print the ledger
    #[arg(long)]
    headless: bool,
}

/// How long the rehearsed day lasts, with an hour for what is still under way.
const DAY_LENGTH: i64 = 11 * HOUR;
/// 08:00 in Rome on Friday, 20 November 2026: every headless run prints the same day.
const MORNING: Instant = Instant(1_795_158_000_000);

impl Demo {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let folder = Scratch::make(Ids::system().number())?;
        if self.headless {
            let config = self.configuration(folder.path(), MORNING)?;
            return house::wait(headless(&config));
        }
        // The live day begins now, so that ages and deadlines on the screens mean something.
        let start = Clock::System.now();
        let config = self.configuration(folder.path(), start)?;
        live::play(&config, start, self.speed, &self.language)
    }

    fn configuration(&self, folder: &Path, start: Instant) -> Result<Config, Failure> {
        let file = folder.join("ascolto.toml");
        let text = include_str!("day.toml")
            .replace("{store}", &folder.join("demo.db").display().to_string())
            .replace("{listen}", &self.listen)
            .replace("{public_url}", &format!("http://{}", self.listen))
            .replace("{language}", &self.language)
            .replace("{start}", &start.to_string());
        std::fs::write(&file, text)
            .map_err(|e| Failure::outside(format!("{} cannot be written: {e}", file.display())))?;
        config::load(&file, std::iter::empty(), &app::registry()).map_err(|problems| {
            for problem in &problems {
                out::say(&problem.to_string());
            }
            Failure::usage("the demo cannot begin like this; check --listen")
        })
    }
}

/// Plays the day on a clock of its own, minute by minute, and prints what became of it.
async fn headless(config: &Config) -> Result<(), Failure> {
    let clock = Clock::manual(MORNING - MINUTE);
    let around = Surroundings {
        clock: clock.clone(),
        ids: Ids::seeded(1),
        instance: "demo".to_owned(),
        hands: app::HANDS,
        ..Surroundings::real()
    };
    let store = Store::open(config.store.url.expose()).await?;
    let deps = app::build(config, store, around).await?;
    let mut team = team::Team::default();
    for _ in 0..=DAY_LENGTH / MINUTE {
        runner::drain(&deps).await?;
        team.work(&deps).await?;
        clock.advance(MINUTE);
    }
    runner::drain(&deps).await?;
    let mut tx = deps.store.read().await?;
    // Seen a week later, so that the share unheard has something to say.
    let options = ledger::Options { verify: true, ..ledger::Options::default() };
    let ledger = ledger::check(&mut tx, deps.now() + 7 * DAY, &options).await?;
    drop(tx);
    deps.store.close().await;
    out::line(&ledger.table())?;
    if ledger.balanced() { Ok(()) } else { Err(Failure::no("the ledger does not balance")) }
}
