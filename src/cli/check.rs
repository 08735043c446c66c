//! `ascolto check`: everything that is wrong with the configuration, and with its credentials.

use super::failure::Failure;
use super::{Global, house, out, waits};
use crate::app;
use crate::config::{self, Config};
use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::fetch::{Peer, Purpose, Tried};
use crate::pipeline::{Channel, Deps, Recipient, lookup};
use crate::store::{circuits, lanes};
use crate::wire::{Fault, Next, Session};
use clap::Args;

/// Say everything that is wrong with the configuration, with file, line and what to write
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Log in to every network too, ask the recipients' services where that tells nobody anything, and
    /// say how each credential stands; exit 1 if one is dead
    #[arg(long)]
    online: bool,
}

impl Check {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = match config::load(&global.config, config::from_env(), &app::registry()) {
            Ok(config) => config,
            Err(problems) => {
                for problem in &problems {
                    out::line(&problem.to_string())?;
                }
                let count = out::count(problems.len(), "problem");
                return Err(Failure::usage(format!("the configuration has {count}")));
            }
        };
        let holes = config.holes(house::now());
        for hole in &holes {
            out::line(&hole.to_string())?;
        }
        if !holes.is_empty() {
            let count = out::count(holes.len(), "problem");
            return Err(Failure::usage(format!("the configuration has {count}")));
        }
        for warning in &config.warnings {
            out::line(&format!("warning: {warning}"))?;
        }
        let now = house::now();
        for note in config.brands.values().flat_map(|brand| waits::notes(brand, now)) {
            out::line(&note)?;
        }
        out::line(&format!(
            "configuration is good: {}, {}, {}",
            out::count(config.brands.len(), "brand"),
            out::count(config.channels.len(), "channel"),
            out::count(config.recipients.len(), "recipient"),
        ))?;
        if self.online { house::wait(online(&config, None)) } else { Ok(()) }
    }
}

/// How a credential stands.
enum Credential {
    /// The network has no log-in.
    None,
    Good(String),
    /// The network refuses it.
    Dead(String),
    /// The network did not answer, so nobody knows.
    Unknown(String),
}

/// Asks the networks how the credentials stand, of all channels or of one.
pub(super) async fn online(config: &Config, only: Option<&str>) -> Result<(), Failure> {
    let store = house::open(config).await?;
    let asked = async {
        let deps = app::build(config, store.clone(), house::surroundings()).await?;
        ask_all(&deps, only).await
    };
    let asked = asked.await;
    store.close().await;
    asked
}

async fn ask_all(deps: &Deps, only: Option<&str>) -> Result<(), Failure> {
    let (mut dead, mut unknown) = (Vec::new(), Vec::new());
    for channel in deps.channels.values().filter(|c| only.is_none_or(|name| c.name == name)) {
        let name = &channel.name;
        let said = match ask(deps, channel).await? {
            Credential::None => "needs no credential".to_owned(),
            Credential::Good(more) => format!("the credential is good{more}"),
            Credential::Dead(why) => {
                dead.push(name.as_str());
                format!("the credential is dead: {why}")
            }
            Credential::Unknown(why) => {
                unknown.push(name.as_str());
                format!("could not be asked: {why}")
            }
        };
        out::line(&format!("channel {name}: {said}"))?;
    }
    if only.is_none() {
        for recipient in deps.recipients.values() {
            let name = &recipient.name;
            let said = match try_recipient(deps, recipient).await {
                // It cannot be tried without telling somebody; `recipient test` does that.
                Credential::None => continue,
                Credential::Good(_) => "its settings are good".to_owned(),
                Credential::Dead(why) => {
                    dead.push(name.as_str());
                    format!("its settings do not do: {why}")
                }
                Credential::Unknown(why) => {
                    unknown.push(name.as_str());
                    format!("could not be asked: {why}")
                }
            };
            out::line(&format!("recipient {name}: {said}"))?;
        }
        outside(deps).await?;
    }
    if !dead.is_empty() {
        return Err(Failure::no(format!("renew the credential of {}", dead.join(", "))));
    }
    if !unknown.is_empty() {
        return Err(Failure::outside(format!("{} could not be asked", unknown.join(", "))));
    }
    Ok(())
}

/// Asks a recipient's service what tells nobody anything.
async fn try_recipient(deps: &Deps, recipient: &Recipient) -> Credential {
    let (peer, link) = (Peer::Notifier(recipient.notifier), &recipient.link);
    match deps.engine.try_settings(peer, link, link.settings()).await {
        Ok(Tried::Answered | Tried::LoggedIn(_)) => Credential::Good(String::new()),
        Ok(Tried::Untried) => Credential::None,
        Err(fault) => refused(&fault),
    }
}

/// Says who outside failed when it was asked or told last. The lookup is not asked now: that would
/// tell it of a customer.
async fn outside(deps: &Deps) -> Result<(), Failure> {
    let failing = circuits::failing(&mut deps.store.read().await?).await?;
    for row in &failing {
        let times = out::count(usize::try_from(row.failures).unwrap_or(0), "time");
        let at = Instant(row.failed_at);
        let name = match row.name.split_once(':') {
            Some((kind, name)) => format!("{kind} {name}"),
            None => row.name.clone(),
        };
        let fault = one_line(&row.fault, 300);
        out::line(&format!("{name}: failed {times} in a row, last at {at}: {fault}"))?;
    }
    if deps.lookup.is_some() && !failing.iter().any(|row| row.name == lookup::CIRCUIT) {
        out::line("lookup: no failure stands")?;
    }
    Ok(())
}

/// Logs in, even where a session is kept that would do for now. The new session is stored: where
/// a network hands out a credential with each log-in, the old one may be worth nothing after it.
async fn ask(deps: &Deps, channel: &Channel) -> Result<Credential, Failure> {
    let peer = Peer::Network(channel.network);
    let kept = lanes::session(&mut deps.store.read().await?, &channel.name).await?.is_some();
    let owned = match deps.engine.ctx(peer, &channel.link).await {
        Ok(owned) => owned,
        Err(fault) => return Ok(refused(&fault)),
    };
    let cx = owned.cx();
    let Some(login) = channel.network.login(&cx) else {
        let Some(talk) = channel.network.probe(&cx) else { return Ok(Credential::None) };
        let probe = deps.engine.begin(peer, &channel.link, talk, Purpose::LogIn, None);
        return Ok(match probe.finish().await {
            Ok(()) => Credential::Good(String::new()),
            Err(fault) => refused(&fault),
        });
    };
    if !kept {
        return Ok(Credential::Good(cx.session.map(who).unwrap_or_default()));
    }
    let log_in = deps.engine.begin(peer, &channel.link, login, Purpose::LogIn, None);
    match log_in.finish().await {
        Ok(session) => {
            let mut tx = deps.store.begin().await?;
            lanes::keep_session(&mut tx, &channel.name, &session).await?;
            tx.commit().await?;
            Ok(Credential::Good(who(&session)))
        }
        Err(fault) => Ok(refused(&fault)),
    }
}

fn refused(fault: &Fault) -> Credential {
    match fault.next {
        Next::Auth | Next::Refused | Next::Gone | Next::Expired => {
            Credential::Dead(fault.why.clone())
        }
        Next::Retry { .. } | Next::Throttled { .. } | Next::Bug => {
            Credential::Unknown(fault.why.clone())
        }
    }
}

/// As whom we are logged in, and until when.
fn who(session: &Session) -> String {
    let own = match session.own.as_slice() {
        [] => String::new(),
        own => format!(", own id {}", own.join(", ")),
    };
    let ends = session.expires_at.map_or_else(String::new, |at| format!(", ends {at}"));
    own + &ends
}
