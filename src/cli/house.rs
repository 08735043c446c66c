//! What commands share: reads the configuration, opens the store, builds the house over it.

use super::failure::Failure;
use super::{Global, out};
use crate::app::{self, Surroundings};
use crate::config::{self, Config};
use crate::domain::Instant;
use crate::pipeline::Deps;
use crate::store::Store;
use std::path::Path;
use std::sync::Arc;

/// Runs async work on this thread.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut one = tokio::runtime::Builder::new_current_thread();
    let runtime = one.enable_all().build().map_err(|e| no_runtime(&e))?;
    runtime.block_on(work)
}

/// The system refuses what every async program needs.
pub(super) fn no_runtime(e: &std::io::Error) -> Failure {
    Failure::outside(format!(
        "the system gives no event queue or thread: {e}. Raise its limits of open files and tasks"
    ))
}

/// Reads the configuration; says every problem on stderr.
pub(super) fn load(global: &Global) -> Result<Config, Failure> {
    let path = &global.config;
    config::load(path, config::from_env(), &app::registry()).map_err(|problems| {
        for problem in &problems {
            out::say(&problem.to_string());
        }
        let count = out::count(problems.len(), "problem");
        Failure::usage(format!("the configuration has {count}; nothing was done"))
    })
}

/// Opens the configured store; SQLite makes the file if there is none.
pub(super) async fn open(config: &Config) -> Result<Store, Failure> {
    Ok(Store::open(config.store.url.expose()).await?)
}

/// Opens a store that is there already: a command that asks about what was heard must not answer
/// out of an empty file because a path was mistyped.
pub(super) async fn open_existing(config: &Config) -> Result<Store, Failure> {
    if let Some(file) = config.store.url.expose().strip_prefix("sqlite:") {
        let file = file.trim_start_matches("//");
        let file = file.split_once('?').map_or(file, |(file, _)| file);
        if !Path::new(file).exists() {
            return Err(Failure::outside(format!(
                "there is no store at {file}; run this where `ascolto run` is started, or check \
                 [store] url"
            )));
        }
    }
    open(config).await
}

/// Does some work over the existing store and closes it, also after a failure.
pub(super) async fn over_store<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let store = open_existing(config).await?;
    let done = work(&store).await;
    store.close().await;
    done
}

/// Does some work with the whole house, its loops not started, and closes the store.
pub(super) async fn over_house<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Deps) -> Result<T, Failure>,
) -> Result<T, Failure> {
    over_store(config, async |store| {
        let deps = app::build(config, store.clone(), surroundings()).await?;
        work(&deps).await
    })
    .await
}

/// Those of a command beside the daemon: under a name of its own, because building gives back the
/// leases that a dead process of the same name left, and the daemon is alive.
pub(super) fn surroundings() -> Surroundings {
    let around = Surroundings::real();
    let instance = format!("{}.{}", around.instance, std::process::id());
    Surroundings { instance, say: Arc::new(out::say), ..around }
}

/// Now, for commands that need no house.
pub(super) fn now() -> Instant {
    crate::clock::Clock::System.now()
}

/// The configured name nearest to a mistyped one, as a hint to put behind a sentence.
pub(super) fn instead<'a>(wrong: &str, names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&String> = names.collect();
    let near = names.iter().max_by(|a, b| {
        let like = |name: &str| strsim::jaro_winkler(wrong, name);
        like(a).total_cmp(&like(b))
    });
    match near {
        None => "none is configured".to_owned(),
        Some(near) if strsim::jaro_winkler(wrong, near) > 0.8 => format!("did you mean {near}?"),
        Some(_) => {
            let names: Vec<&str> = names.iter().map(|n| n.as_str()).collect();
            format!("there is {}", names.join(", "))
        }
    }
}
