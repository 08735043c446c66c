//! `ascolto demo`: the whole product in a temporary folder, on a rehearsed bad day, without keys.

mod live;
mod scenes;
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
use jiff::tz::TimeZone;
use std::path::Path;
use team::Team;

/// Play a rehearsed bad day: no keys, nothing leaves this machine
///
/// Without --headless the day runs at --speed with the inbox in the browser, and you are the team.
/// With it the day and the night after it are played to their end at once, by a rehearsed team; what
/// they showed is printed, and the ledger.
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
    /// Play the day to its end at once and print what it showed, and the ledger
    #[arg(long)]
    headless: bool,
}

/// How long the rehearsed day lasts: with its night, and an hour of the morning in which the team
/// finds what that left.
const DAY_LENGTH: i64 = 26 * HOUR;
/// While nobody works, what is due is looked at so often.
const AT_NIGHT: i64 = 5 * MINUTE;
/// When quiet hours begin and end, after the day's start: the script's night.
const QUIET: [i64; 2] = [13 * HOUR, 23 * HOUR];
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
            .replace("{start}", &start.to_string())
            .replace("{quiet}", &quiet_hours(start)?);
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

/// The quiet hours of a day that begins at `start`. The live one may begin at any time; its night
/// goes with it.
fn quiet_hours(start: Instant) -> Result<String, Failure> {
    let zone = TimeZone::get("Europe/Rome")
        .map_err(|e| Failure::outside(format!("the demo's time zone cannot be read: {e}")))?;
    let [from, to] = QUIET.map(|after| {
        let there = (start + after).timestamp().to_zoned(zone.clone());
        there.strftime("%H:%M").to_string()
    });
    Ok(format!("{from}-{to}"))
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
    let mut team = Team::new(MORNING)?;
    while deps.now() <= MORNING + DAY_LENGTH {
        runner::drain(&deps).await?;
        team.work(&deps).await?;
        let by_day = deps.now() < MORNING || Team::is_there(&deps);
        clock.advance(if by_day { MINUTE } else { AT_NIGHT });
    }
    runner::drain(&deps).await?;
    let mut tx = deps.store.read().await?;
    // Seen a week later, so that the share unheard has something to say.
    let options = ledger::Options { verify: true, ..ledger::Options::default() };
    let ledger = ledger::check(&mut tx, deps.now() + 7 * DAY, &options).await?;
    let shown = scenes::read(&deps, &mut tx, &ledger).await?;
    drop(tx);
    deps.store.close().await;
    out::line("What the day showed")?;
    for scene in &shown {
        out::line(&scene.line())?;
    }
    out::line("")?;
    out::line(&ledger.table())?;
    if !ledger.balanced() {
        return Err(Failure::no("the ledger does not balance"));
    }
    match shown.iter().find(|scene| scene.said.is_none()) {
        None => Ok(()),
        Some(scene) => Err(Failure::no(format!("the day did not show: {}", scene.name))),
    }
}
