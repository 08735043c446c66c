//! Silence: doubts lanes that are read without a fault and bring nothing for longer than their own
//! history explains (invariant 14). It is no gap, since what was read was read; but whether the
//! lane still hears is doubtful from then on, until the next mention.

use super::{Deps, Did, StepResult, health};
use crate::domain::Instant;
use crate::domain::coverage::TimeSpan;
use crate::domain::reason::Reason;
use crate::domain::silence::{History, MEMORY, hour_of};
use crate::domain::text::one_line;
use crate::domain::time::HOUR;
use crate::store::rhythm::{self, QuietRow};
use crate::store::{Tx, coverage};
use std::collections::BTreeMap;

/// How often a lane's silence is judged: none is doubted within a day.
const EVERY: i64 = HOUR;
/// How many lanes one transaction judges.
const BATCH: i64 = 100;

/// Judges the lanes whose silence is due to be judged.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let due = rhythm::take_due(&mut tx, now, now + EVERY, BATCH).await?;
    if due.is_empty() {
        return Ok(Did::default());
    }
    let mut quiet: BTreeMap<&str, Vec<(&str, Instant)>> = BTreeMap::new();
    for row in &due {
        // Of what left the configuration nobody expects anything.
        if !deps.channels.contains_key(&row.channel) {
            continue;
        }
        if let Some(since) = doubtful(&mut tx, row, now).await?
            && rhythm::doubt(&mut tx, &row.channel, &row.lane, since, now).await?
        {
            quiet.entry(row.channel.as_str()).or_default().push((row.lane.as_str(), since));
        }
    }
    for (name, lanes) in quiet {
        let known = deps.channels.get(name);
        let Some((channel, brand)) = known.and_then(|c| Some((c, deps.brands.get(&c.brand)?)))
        else {
            continue;
        };
        let names: Vec<String> = lanes.iter().map(|(lane, _)| one_line(lane, 100)).collect();
        let since = lanes.iter().map(|(_, since)| *since).min().unwrap_or(now);
        let (mark, what) = (now.0.to_string(), health::timed(since, brand, &names.join(", ")));
        health::tell(deps, &mut tx, channel, Reason::ChannelQuiet, &mark, &what, now).await?;
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(Did::batch(due.len(), BATCH))
}

/// Since when a lane is silent, if its history does not explain that.
async fn doubtful(tx: &mut Tx, row: &QuietRow, now: Instant) -> StepResult<Option<Instant>> {
    let hours = rhythm::hours(tx, &row.channel, &row.lane).await?;
    let Some(history) = History::new(Instant(row.added_at), hours) else { return Ok(None) };
    let since = history.quiet_since();
    rhythm::forget(tx, &row.channel, &row.lane, hour_of(since - MEMORY)).await?;
    let heard = if row.polled {
        coverage::spans(tx, &row.channel, &row.lane).await?
    } else {
        // What is handed over covers nothing, so all of it counts as heard.
        TimeSpan::new(since, now).into_iter().collect()
    };
    Ok(history.leaves_unexplained(&heard).then_some(since))
}
