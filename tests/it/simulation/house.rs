//! `House`: the whole product on one file, built again after each death.

use super::day::Day;
use super::fate::Fate;
use super::outside::Outside;
use crate::chance::Chance;
use crate::town;
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config::{self, Config};
use ascolto::domain::time::MINUTE;
use ascolto::fetch::Transport;
use ascolto::pipeline::{Deps, runner};
use ascolto::store::{Store, StoreError};
use std::sync::Arc;
use tempfile::TempDir;

/// The house and all that outlives its processes.
pub struct House {
    /// The running process.
    pub deps: Arc<Deps>,
    /// The network and the receiver of alerts.
    pub outside: Arc<Outside>,
    /// When the process dies.
    pub fate: Arc<Fate>,
    /// The clock.
    pub clock: Clock,
    /// How often it died, and where.
    pub deaths: Vec<&'static str>,
    /// Boundaries passed by all processes.
    pub passed: u64,
    seed: u64,
    config: Config,
    folder: TempDir,
}

impl House {
    /// Opens the house on a day; its first process dies at the given boundary.
    pub async fn open(seed: u64, day: &Day, dies_at: Option<u64>) -> House {
        let folder = town::folder();
        let file = folder.path().join("ascolto.toml");
        let db = folder.path().join("simulation.db");
        let Day { start, brand, tables, script, walk, page, .. } = day;
        let text = format!(
            "[store]\nurl = \"sqlite:{db}\"\n\
             [brand.acme]\ntitle = \"Acme\"\nterms = [\"Acme\"]\nhandles = [\"acme\"]\n\
             zone = \"Europe/Rome\"\nlanguage = \"it\"\n{brand}\n\
             [channel.piazza]\nnetwork = \"rehearsal\"\nbrand = \"acme\"\nbrand_handle = \"acme\"\n\
             url = \"https://posts.example\"\nstart = \"{start}\"\nwalk = \"{walk}\"\n\
             page = {page}\nscript = '''\n{script}\n'''\n{tables}",
            db = db.display(),
        );
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file, std::iter::empty(), &app::registry())
            .unwrap_or_else(|problems| panic!("seed {seed}: {}", problems[0]));
        let clock = Clock::manual(*start);
        let fate = Arc::new(Fate::default());
        let outside = Arc::new(Outside::new(seed, clock.clone(), fate.clone()));
        fate.begin(dies_at);
        let (mut deaths, mut passed) = (Vec::new(), 0);
        let deps = loop {
            match process(&config, outside.clone(), &fate, &clock, seed).await {
                Some(deps) => break deps,
                None => {
                    deaths.extend(fate.died());
                    passed += fate.passed();
                    fate.begin(None);
                }
            }
        };
        House { deps, outside, fate, clock, deaths, passed, seed, config, folder }
    }

    /// If the process is dead: starts the next one, which dies at the given boundary.
    pub async fn revive(&mut self, mut dies_at: impl FnMut() -> Option<u64>) {
        while let Some(at) = self.fate.died() {
            self.deaths.push(at);
            self.passed += self.fate.passed();
            self.deps.store.close().await;
            self.seed += 1;
            self.fate.begin(dies_at());
            if let Some(deps) =
                process(&self.config, self.outside.clone(), &self.fate, &self.clock, self.seed)
                    .await
            {
                self.deps = deps;
            }
        }
    }

    /// Does what is due now, until the process dies or comes to rest.
    pub async fn settle(&self) {
        match runner::drain(&self.deps).await {
            Ok(_) => {}
            Err(StoreError::Crashed) => assert!(self.fate.died().is_some()),
            Err(error) => panic!("a step failed: {error}"),
        }
    }

    /// A minute goes by. Now and then the machine's clock is set: ahead, or back.
    pub fn minute(&self, chance: &mut Chance) {
        self.clock.advance(match chance.below(60) {
            0 => 7 * MINUTE,
            1 => -3 * MINUTE,
            _ => MINUTE,
        });
    }

    /// Closes the store and takes the folder away.
    pub async fn close(self) {
        self.deps.store.close().await;
        drop(self.folder);
    }
}

/// A process on the file; `None` if it died while starting.
pub async fn process(
    config: &Config,
    outside: Arc<dyn Transport>,
    fate: &Arc<Fate>,
    clock: &Clock,
    seed: u64,
) -> Option<Arc<Deps>> {
    let around = Surroundings {
        // Every other process bears another name: then leases run out instead of being given back.
        instance: if seed.is_multiple_of(2) { "one" } else { "two" }.to_owned(),
        hands: 1,
        transport: Some(outside),
        ..town::around(clock, seed)
    };
    let store = Store::open(config.store.url.expose()).await.unwrap().watched(fate.clone());
    match app::build(config, store.clone(), around).await {
        Ok(deps) => Some(Arc::new(deps)),
        Err(error) => {
            assert!(fate.died().is_some(), "the house cannot be built: {error}");
            store.close().await;
            None
        }
    }
}
