//! `ascolto channel`: how channels fare, a poll at once, a link to connect one again, and the choice
//! about a first look.

use super::failure::Failure;
use super::{Global, agent, house, out};
use crate::config::Config;
use crate::domain::Instant;
use crate::domain::first_look::Opening;
use crate::domain::text::one_line;
use crate::links::Connect;
use crate::pipeline::{Deps, first_look, reconnect};
use crate::store::Tx;
use crate::store::coverage::{self, GapRow};
use crate::store::credentials::{self, CredentialRow};
use crate::store::lanes::{self, ChannelRow, LaneRow};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

/// List channels and how they fare, have one read at once, or have its owner connect it again
#[derive(Debug, Args)]
pub(super) struct ChannelArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Say of every channel how it fares, what it reads and up to when it has heard everything
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a link by which the channel's owner puts a new credential in the browser, without a
    /// log-in; it works once, for 24 hours and for this channel only
    Reconnect {
        /// The channel
        name: String,
    },
    /// Make every lane of a channel due now; the running service reads them
    Poll {
        /// The channel
        name: String,
    },
    /// Choose how much of a channel's first look to open; the running service carries it out
    FirstLook {
        /// The channel
        name: String,
        /// What to open; the rest ends as waived in your name: before our time
        #[arg(long)]
        open: Open,
        /// In whose name [default: $USER]
        #[arg(long = "as", value_name = "AGENT")]
        agent: Option<String>,
    },
}

/// How much of a first look is opened.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Open {
    /// All of it
    All,
    /// What was written within the last 7 days
    Week,
    /// Nothing
    None,
}

impl ChannelArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        match &self.act {
            Act::Reconnect { name } => {
                house::wait(house::over_house(&config, async |deps| link(deps, name)))
            }
            Act::List { json } => list(&config, *json),
            Act::Poll { name } => poll(&config, name),
            Act::FirstLook { name, open, agent: by } => {
                choose(&config, name, *open, &agent(by.as_deref()))
            }
        }
    }
}

/// Prints the link on which a new credential of a channel is put.
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
    let connect = Connect::new(name, &super::agent(None), deps.now(), deps.ids.bytes());
    out::say(&format!(
        "whoever opens this link can put the credential of {name}, once and until {}:",
        connect.expires
    ));
    out::line(&deps.links.connect(&deps.signer.sign_connect(&connect)))
}

fn list(config: &Config, json: bool) -> Result<(), Failure> {
    house::wait(house::over_store(config, async |store| {
        let channels = Standing::of_all(&mut store.read().await?, config).await?;
        if json { out::json(&channels) } else { out::text(&shown(&channels)) }
    }))
}

fn poll(config: &Config, name: &str) -> Result<(), Failure> {
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

fn choose(config: &Config, name: &str, open: Open, by: &str) -> Result<(), Failure> {
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

/// How one channel fares.
#[derive(Serialize)]
struct Standing {
    name: String,
    brand: String,
    network: String,
    state: String,
    /// Still in the configuration and not disabled.
    read: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    fault: String,
    fault_since: Option<Instant>,
    heard_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    granted_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<Credential>,
    lanes: Vec<LaneStanding>,
}

#[derive(Serialize)]
struct Credential {
    /// `unknown`, `good`, `dead`.
    state: String,
    since: Option<Instant>,
    #[serde(skip_serializing_if = "String::is_empty")]
    fault: String,
    asked_at: Option<Instant>,
    ends_at: Option<Instant>,
}

impl From<CredentialRow> for Credential {
    fn from(row: CredentialRow) -> Credential {
        Credential {
            state: row.state,
            since: row.since.map(Instant),
            fault: one_line(&row.fault, 300),
            asked_at: row.asked_at.map(Instant),
            ends_at: row.ends_at.map(Instant),
        }
    }
}

#[derive(Serialize)]
struct LaneStanding {
    lane: String,
    polled: bool,
    /// Up to here everything is accounted for, as heard or as a gap.
    covered_to: Option<Instant>,
    next_poll: Option<Instant>,
    open_gaps: usize,
    open_gaps_ms: i64,
}

impl Standing {
    async fn of_all(tx: &mut Tx, config: &Config) -> Result<Vec<Standing>, Failure> {
        let all = lanes::lanes(tx).await?;
        let gaps = coverage::gaps(tx).await?;
        let channels = lanes::channels(tx).await?;
        let credentials = credentials::all(tx).await?;
        let of = |c: ChannelRow| {
            let credential = credentials.iter().find(|row| row.channel == c.name).cloned();
            Standing {
                credential: credential.map(Into::into),
                ..Standing::of(c, config, &all, &gaps)
            }
        };
        Ok(channels.into_iter().map(of).collect())
    }

    fn of(row: ChannelRow, config: &Config, all: &[LaneRow], gaps: &[GapRow]) -> Standing {
        let lanes = all.iter().filter(|l| l.channel == row.name);
        let configured = config.channels.get(&row.name);
        Standing {
            read: configured.is_some_and(|c| !c.disabled),
            granted_by: configured.and_then(|c| c.granted_by.clone()),
            owner: configured.and_then(|c| c.owner.clone()),
            credential: None,
            lanes: lanes.map(|lane| LaneStanding::of(lane, gaps)).collect(),
            name: row.name,
            brand: row.brand,
            network: row.network,
            state: row.state,
            fault: one_line(&row.fault, 300),
            fault_since: row.fault_at.map(Instant),
            heard_at: row.heard_at.map(Instant),
        }
    }
}

impl LaneStanding {
    fn of(lane: &LaneRow, gaps: &[GapRow]) -> LaneStanding {
        let open = gaps
            .iter()
            .filter(|g| g.channel == lane.channel && g.lane == lane.lane && g.state == "open");
        LaneStanding {
            lane: one_line(&lane.lane, 100),
            polled: lane.polled,
            covered_to: lane.polled.then_some(Instant(lane.covered_to)),
            next_poll: lane.polled.then_some(Instant(lane.next_at)),
            open_gaps: open.clone().count(),
            open_gaps_ms: open.map(|g| g.to_at.saturating_sub(g.from_at)).sum(),
        }
    }
}

fn shown(channels: &[Standing]) -> String {
    let head =
        ["channel", "network", "brand", "state", "last heard", "lane", "heard up to", "gaps"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let time = |at: Option<Instant>| at.map_or_else(|| "-".to_owned(), |t| t.to_string());
    for c in channels {
        let state = if c.read { c.state.clone() } else { format!("{}, not read", c.state) };
        let mut cells =
            vec![c.name.clone(), c.network.clone(), c.brand.clone(), state, time(c.heard_at)];
        if c.lanes.is_empty() {
            rows.push(cells.clone());
        }
        for lane in &c.lanes {
            let covered = if lane.polled { time(lane.covered_to) } else { "receives only".into() };
            cells.extend([lane.lane.clone(), covered, gaps(lane)]);
            rows.push(std::mem::replace(&mut cells, vec![String::new(); 5]));
        }
    }
    let mut text = out::table(&rows);
    for c in channels {
        if !c.fault.is_empty() {
            let since = c.fault_since.map_or_else(String::new, |at| format!(" since {at}"));
            text.push_str(&format!("{}: {}{since}\n", c.name, c.fault));
        }
        if let Some(credential) = &c.credential {
            text.push_str(&format!("{}: {}\n", c.name, told(credential)));
        }
        for (what, who) in [("belongs to", &c.owner), ("granted by", &c.granted_by)] {
            if let Some(who) = who {
                text.push_str(&format!("{}: {what} {}\n", c.name, one_line(who, 100)));
            }
        }
    }
    text
}

/// How a credential stands, on one line.
fn told(c: &Credential) -> String {
    let at = |at: Option<Instant>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let mut text = match c.state.as_str() {
        "dead" => format!("the credential is refused since {}: {}", at(c.since), c.fault),
        state if c.fault.is_empty() => {
            format!("the credential is {state}, last tried {}", at(c.asked_at))
        }
        state => format!("the credential is {state}, the last try failed: {}", c.fault),
    };
    if let Some(ends) = c.ends_at {
        text.push_str(&format!("; it ends {ends}"));
    }
    text
}

fn gaps(lane: &LaneStanding) -> String {
    match lane.open_gaps {
        0 => "none open".to_owned(),
        n => format!("{n} open, {} s", lane.open_gaps_ms / 1_000),
    }
}
