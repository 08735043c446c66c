//! `ascolto backfill`: reads a span of a channel's past again.

use super::failure::Failure;
use super::when::When;
use super::{Global, house, out};
use crate::domain::Instant;
use crate::fetch::Peer;
use crate::pipeline::{Channel, Deps, backfill};
use crate::wire::{Fault, Next};
use clap::Args;

/// Read a span of a channel's past again
///
/// What was heard before is not stored twice. The running service judges what is new within a
/// second; without one it is judged at the next start.
#[derive(Debug, Args)]
pub(super) struct Backfill {
    /// The channel
    #[arg(long, value_name = "NAME")]
    channel: String,
    /// From when: a time, a day, or a span ago as 3d
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    since: When,
    /// Of this lane only
    #[arg(long, value_name = "LANE")]
    lane: Option<String>,
}

impl Backfill {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        let now = house::now();
        let since = self.since.ago(now);
        if since >= now {
            return Err(Failure::usage(format!("{since} is not in the past")));
        }
        house::wait(house::over_house(&config, async |deps| {
            let Some(channel) = deps.channels.get(&self.channel) else {
                let hint = house::instead(&self.channel, deps.channels.keys());
                return Err(Failure::usage(format!(
                    "there is no channel {}; {hint}",
                    self.channel
                )));
            };
            let meta = channel.network.meta();
            if !meta.can.backfill {
                return Err(Failure::no(format!(
                    "{} shows no past, so {} cannot be read again",
                    meta.title, channel.name
                )));
            }
            let mut found = 0;
            for lane in self.lanes(deps, channel).await? {
                found += walk(deps, channel, &lane, since, now).await?;
            }
            out::line(&format!(
                "{}: {} since {since}",
                channel.name,
                out::count(usize::try_from(found).unwrap_or(0), "new mention")
            ))
        }))
    }

    /// The lanes to read: the one asked for, or all.
    async fn lanes(&self, deps: &Deps, channel: &Channel) -> Result<Vec<String>, Failure> {
        let owned = deps.engine.ctx(Peer::Network(channel.network), &channel.link).await;
        let owned = owned.map_err(|fault| failed(channel, &fault))?;
        let lanes: Vec<String> =
            channel.network.lanes(&owned.cx()).into_iter().map(|l| l.id).collect();
        match &self.lane {
            None => Ok(lanes),
            Some(lane) if lanes.contains(lane) => Ok(vec![lane.clone()]),
            Some(lane) => Err(Failure::usage(format!(
                "{} has no lane {lane}; {}",
                channel.name,
                house::instead(lane, lanes.iter())
            ))),
        }
    }
}

async fn walk(
    deps: &Deps,
    channel: &Channel,
    lane: &str,
    from: Instant,
    to: Instant,
) -> Result<i64, Failure> {
    let Some(brand) = deps.brands.get(&channel.brand) else {
        return Err(Failure::usage(format!("the brand of {} is not configured", channel.name)));
    };
    let found = backfill::walk(deps, channel, brand, lane, from, to, None).await?;
    let found = found.map_err(|fault| failed(channel, &fault))?;
    out::line(&format!("{} {lane}: {found} new", channel.name))?;
    Ok(found)
}

/// The network's no is an answer; that it cannot be reached, or not yet, is none.
fn failed(channel: &Channel, fault: &Fault) -> Failure {
    let why = format!("{}: {}", channel.name, fault.why);
    match fault.next {
        Next::Auth | Next::Refused | Next::Gone | Next::Expired => Failure::no(why),
        Next::Throttled { until, .. } => {
            Failure::outside(format!("{why}. Try again at {until}; what was read is kept"))
        }
        Next::Retry { .. } | Next::Bug => {
            Failure::outside(format!("{why}. What was read until then is kept"))
        }
    }
}
