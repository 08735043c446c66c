//! `ascolto channel`: how channels fare, and a poll at once.

use super::failure::Failure;
use super::{Global, house, out};
use crate::config::Config;
use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::store::Tx;
use crate::store::coverage::{self, GapRow};
use crate::store::lanes::{self, ChannelRow, LaneRow};
use clap::{Args, Subcommand};
use serde::Serialize;

/// List channels and how they fare, or have one read at once
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
    /// Make every lane of a channel due now; the running service reads them
    Poll {
        /// The channel
        name: String,
    },
}

impl ChannelArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        house::wait(house::over_store(&config, async |store| match &self.act {
            Act::List { json } => {
                let channels = Standing::of_all(&mut store.read().await?, &config).await?;
                if *json { out::json(&channels) } else { out::text(&shown(&channels)) }
            }
            Act::Poll { name } => {
                let mut tx = store.begin().await?;
                let lanes = lanes::lanes(&mut tx).await?;
                let polled = lanes.iter().filter(|l| l.channel == *name && l.polled).count();
                if polled == 0 {
                    return Err(not_polled(&mut tx, name).await?);
                }
                lanes::wake_all(&mut tx, name, house::now()).await?;
                tx.commit().await?;
                out::line(&format!("{name}: {} due now", out::count(polled, "lane")))
            }
        }))
    }
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
    lanes: Vec<LaneStanding>,
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
        Ok(channels.into_iter().map(|c| Standing::of(c, config, &all, &gaps)).collect())
    }

    fn of(row: ChannelRow, config: &Config, all: &[LaneRow], gaps: &[GapRow]) -> Standing {
        let lanes = all.iter().filter(|l| l.channel == row.name);
        Standing {
            read: config.channels.get(&row.name).is_some_and(|c| !c.disabled),
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
    for c in channels.iter().filter(|c| !c.fault.is_empty()) {
        let since = c.fault_since.map_or_else(String::new, |at| format!(" since {at}"));
        text.push_str(&format!("{}: {}{since}\n", c.name, c.fault));
    }
    text
}

fn gaps(lane: &LaneStanding) -> String {
    match lane.open_gaps {
        0 => "none open".to_owned(),
        n => format!("{n} open, {} s", lane.open_gaps_ms / 1_000),
    }
}
