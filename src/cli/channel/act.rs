//! Acts on one channel: a poll at once, a link to connect it again, the choice about a first look.

use crate::cli::failure::Failure;
use crate::cli::{agent, house, out};
use crate::config::Config;
use crate::domain::first_look::Opening;
use crate::links::Connect;
use crate::pipeline::{Deps, first_look, reconnect};
use crate::store::{Tx, lanes};
use clap::ValueEnum;

/// How much of a first look is opened.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Open {
    /// All of it
    All,
    /// What was written within the last 7 days
    Week,
    /// Nothing
    None,
}

/// Prints the link on which a new credential of a channel is put.
pub(super) fn reconnect(config: &Config, name: &str) -> Result<(), Failure> {
    house::wait(house::over_house(config, async |deps| link(deps, name)))
}

fn link(deps: &Deps, name: &str) -> Result<(), Failure> {
    let Some(channel) = deps.channels.get(name) else {
        let hint = house::instead(name, deps.channels.keys());
        return Err(Failure::usage(format!("there is no channel {name}; {hint}")));
    };
    if reconnect::asks(channel, deps.now()).is_empty() {
        return Err(Failure::no(format!(
            "{name} has no credential that can be put in the browser; change it in the \
             configuration"
        )));
    }
    let connect = Connect::new(name, &agent(None), deps.now(), deps.ids.bytes());
    out::say(&format!(
        "whoever opens this link can put the credential of {name}, once and until {}:",
        connect.expires
    ));
    out::line(&deps.links.connect(&deps.signer.sign_connect(&connect)))
}

/// Makes every lane of a channel due now.
pub(super) fn poll(config: &Config, name: &str) -> Result<(), Failure> {
    house::wait(house::over_store(config, async |store| {
        let mut tx = store.begin().await?;
        let lanes = lanes::lanes(&mut tx).await?;
        let polled = lanes.iter().filter(|l| l.channel == name && l.polled).count();
        if polled == 0 {
            return Err(not_polled(&mut tx, name).await?);
        }
        lanes::wake_all(&mut tx, name, house::now()).await?;
        tx.commit().await?;
        out::line(&format!("{name}: {} due now", out::count(polled, "lane")))
    }))
}

/// Chooses how much of a first look is opened.
pub(super) fn choose(config: &Config, name: &str, open: Open, by: &str) -> Result<(), Failure> {
    if !config.channels.contains_key(name) {
        let hint = house::instead(name, config.channels.keys());
        return Err(Failure::usage(format!("there is no channel {name}; {hint}")));
    }
    let opening = match open {
        Open::All => Opening::All,
        Open::Week => Opening::Week,
        Open::None => Opening::Nothing,
    };
    house::wait(house::over_house(config, async |deps| {
        first_look::choose(deps, name, by, opening).await?;
        out::line(&format!("{name}: {opening} is opened; the running service carries it out"))
    }))
}

async fn not_polled(tx: &mut Tx, name: &str) -> Result<Failure, Failure> {
    let known = lanes::channels(tx).await?;
    if known.iter().any(|c| c.name == name) {
        return Ok(Failure::no(format!("{name} has no lane that is polled; it only receives")));
    }
    let hint = house::instead(name, known.iter().map(|c| &c.name));
    Ok(Failure::usage(format!("there is no channel {name}; {hint}")))
}
