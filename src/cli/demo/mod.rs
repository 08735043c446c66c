//! `ascolto demo`: the whole product in a temporary folder, on a rehearsed bad day, without keys.

mod live;
mod team;

use super::Failure;
use crate::app::{self, Surroundings};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::domain::Instant;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::ids::Ids;
use crate::pipeline::{Deps, runner};
use crate::store::{Store, ledger};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// The options of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where inbox and API are served.
    #[arg(long, default_value = "127.0.0.1:7070")]
    listen: String,
    /// How many rehearsed minutes pass in a minute.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=3_600))]
    speed: i64,
    /// Language of the screens and alerts: it or en.
    #[arg(long, default_value = "it", value_parser = ["it", "en"])]
    language: String,
    /// Play the day to its end at once, with a rehearsed team that answers, and print the ledger.
    #[arg(long)]
    headless: bool,
}

/// How long the rehearsed day lasts, with an hour for what is still under way.
const DAY_LENGTH: i64 = 11 * HOUR;

impl Demo {
    /// Plays the day.
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let folder = TemporaryFolder::new()?;
        let start = if self.headless { working_day() } else { Clock::System.now() };
        let config = self.configuration(&folder.0, start)?;
        if self.headless { headless(&config, start).await } else { live::run(self, &config, start).await }
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
        config::load(&file, std::iter::empty(), &app::registry()).map_err(Failure::Configuration)
    }
}

/// The day the headless demo plays on: a Friday, so that every run prints the same.
fn working_day() -> Instant {
    // 2026-11-20 08:00 in Rome.
    Instant(1_795_158_000_000)
}

/// Plays the day on a clock of its own, minute by minute, and prints what became of it.
async fn headless(config: &Config, start: Instant) -> Result<ExitCode, Failure> {
    let clock = Clock::manual(start - MINUTE);
    let around = Surroundings {
        clock: clock.clone(),
        ids: Ids::seeded(1),
        instance: "demo".to_owned(),
        ..Surroundings::real()
    };
    let store = Store::open(config.store.url.expose()).await?;
    let deps = Arc::new(app::build(config, store, around).await?);
    let mut team = team::Team::default();
    for _ in 0..=DAY_LENGTH / MINUTE {
        runner::drain(&deps).await?;
        team.work(&deps).await?;
        clock.advance(MINUTE);
    }
    runner::drain(&deps).await?;
    account(&deps).await
}

/// Prints the ledger; 1 if it does not balance.
async fn account(deps: &Deps) -> Result<ExitCode, Failure> {
    let mut tx = deps.store.read().await?;
    // Seven days later, so that the share unheard has something to say.
    let now = deps.now() + 7 * DAY;
    let ledger = ledger::check(&mut tx, now, &ledger::Options { verify: true, ..Default::default() }).await?;
    drop(tx);
    println!("{}", ledger.table());
    deps.store.close().await;
    Ok(ExitCode::from(u8::from(!ledger.balanced())))
}

/// A folder that is removed when the demo ends.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Result<TemporaryFolder, Failure> {
        let name = format!("ascolto-demo-{}-{:x}", std::process::id(), Ids::system().number());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).map_err(|e| {
            Failure::outside(format!("{} cannot be made: {e}; set TMPDIR to a folder that can be written", path.display()))
        })?;
        Ok(TemporaryFolder(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary folder, where the system cleans up.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
