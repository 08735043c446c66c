//! Pace: when a lane is read next, by its own rhythm and by the plans of the limits it spends from.
//! Limits with windows of up to a minute have no plan: they are renewed before a lane is due again.

use super::{Channel, Deps, StepResult, health};
use crate::domain::Instant;
use crate::domain::plan::{self, Heat, Reader};
use crate::domain::reason::Reason;
use crate::domain::time::DAY;
use crate::fetch::Spent;
use crate::store::costs::{Cost, ReaderRow};
use crate::store::lanes::LaneRow;
use crate::store::{Tx, buckets, costs};
use crate::wire::{Bucket, BucketRule};

/// A lane that was not read for so long is no part of a plan any more.
pub const FORGOTTEN: i64 = 2 * DAY;
/// A window of so many milliseconds or more is a month's.
const MONTH: i64 = 28 * DAY;

/// The rule of a bucket as it holds for a channel.
fn rule(channel: &Channel, bucket: Bucket) -> Option<BucketRule> {
    let rule = channel.network.meta().buckets.iter().find(|rule| rule.bucket == bucket)?;
    Some(BucketRule { limit: channel.network.limit(rule, &channel.link.settled().cx()), ..*rule })
}

/// When a lane is due again that was read just now: after its own rhythm, or later where a limit
/// is too short for all that spend from it.
pub(super) async fn next_at(
    tx: &mut Tx,
    channel: &Channel,
    row: &LaneRow,
    every_ms: i64,
    spent: &[Spent],
    now: Instant,
) -> StepResult<Instant> {
    let mut next = now + every_ms;
    for spent in spent {
        let Some(rule) = rule(channel, spent.bucket) else { continue };
        let (scope, bucket) = (spent.scope.as_str(), spent.bucket.0);
        let known = costs::known(tx, &row.channel, &row.lane, scope, bucket).await?;
        let gap = row.finished_at.map_or(every_ms, |at| now - Instant(at));
        let cost = plan::learned(known, i64::from(spent.units) * 1_000, every_ms, gap);
        let cost = Cost { channel: &row.channel, lane: &row.lane, scope, bucket, cost, every_ms };
        costs::note(tx, &cost, now).await?;
        let Some(stored) = buckets::one(tx, scope, bucket).await? else { continue };
        let budget = stored.budget(rule, now);
        let rows = costs::readers(tx, scope, bucket, now - FORGOTTEN).await?;
        let readers: Vec<Reader> = rows.iter().map(|row| reader(row, now)).collect();
        let planned = plan::intervals(budget, &readers, now);
        let mine = |r: &ReaderRow| r.channel == row.channel && r.lane == row.lane;
        let Some(mine) = rows.iter().position(mine).and_then(|at| planned.get(at)) else {
            continue;
        };
        costs::planned(tx, &cost, *mine).await?;
        next = next.max(plan::due(budget, every_ms, *mine, now));
    }
    Ok(next)
}

fn reader(row: &ReaderRow, now: Instant) -> Reader {
    let heat = Heat::of(row.newest, row.open > 0, now);
    Reader { every_ms: row.every_ms, cost: row.cost, heat }
}

/// Tells, once in its day or month, that a budget is used up. `false`: it is a limit of a shorter
/// window, which opens again before anybody could do something.
pub(super) async fn used_up(
    deps: &Deps,
    tx: &mut Tx,
    channel: &Channel,
    (bucket, until): (Bucket, Instant),
    now: Instant,
) -> StepResult<bool> {
    let Some(rule) = rule(channel, bucket).filter(|rule| rule.window_ms >= DAY) else {
        return Ok(false);
    };
    let period = match rule.window_ms {
        ms if ms >= MONTH => now.month().0,
        _ => now.day_in(&jiff::tz::TimeZone::UTC),
    };
    // Without its brand nobody is to be told.
    if let Some(brand) = deps.brands.get(&channel.brand) {
        let (mark, what) =
            (format!("{}.{period}", bucket.0), health::timed(until, brand, bucket.0));
        health::tell(deps, tx, channel, Reason::BudgetSpent, &mark, &what, now).await?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::silence::hour_of;
    use crate::domain::time::MINUTE;
    use crate::fetch::Link;
    use crate::store::{Store, lanes, rhythm};
    use crate::wire::{Given, Purpose};
    use std::sync::atomic::AtomicI64;

    const NOW: Instant = Instant(1_795_165_200_000);

    #[tokio::test]
    async fn a_short_limit_slows_its_lanes_down_and_the_idle_ones_first() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url).await.unwrap();
        let network = crate::networks::network("mastodon").unwrap();
        let table = "server = \"https://social.example\"\ntoken = \"tk\"".parse().unwrap();
        let settings = network.settings(&table).unwrap_or_else(|e| panic!("{}", e.why));
        let channel = Channel {
            name: "masto".to_owned(),
            brand: "acme".to_owned(),
            network,
            link: Link::new("masto", settings.into(), Vec::new()),
            every_ms: None,
            probe_every_ms: None,
            granted_by: None,
            owner: None,
            given: Given::default(),
            connected: AtomicI64::new(0),
            first_look_ms: None,
        };
        let bucket = network.meta().buckets[0].bucket;
        let mut tx = store.begin().await.unwrap();
        let mut rows = Vec::new();
        for lane in ["a", "b", "c"] {
            lanes::add_lane(&mut tx, "masto", lane, true, 0, NOW).await.unwrap();
            rows.push(lanes::lane(&mut tx, "masto", lane).await.unwrap().unwrap());
        }
        // Of 300 in five minutes 60 are a reserve: five are left to polls.
        let rule = rule(&channel, bucket).unwrap();
        buckets::spend(&mut tx, "masto", rule, 235, Purpose::Poll, NOW).await.unwrap().unwrap();
        let spent = [Spent { scope: "masto".to_owned(), bucket, units: 1 }];
        let mut waits = Vec::new();
        for row in rows.iter().chain([&rows[0]]) {
            if waits.len() == 3 {
                rhythm::note(&mut tx, "masto", "a", [hour_of(NOW)], NOW, NOW).await.unwrap();
            }
            let next = next_at(&mut tx, &channel, row, MINUTE, &spent, NOW).await.unwrap();
            waits.push((next - NOW + MINUTE / 120) * 2 / MINUTE);
        }
        // In half minutes: one lane a minute fits, two or three do not; the one that brings
        // something waits a minute and a half, so that the two others still get a turn.
        assert_eq!(waits, [2, 4, 6, 3]);
        let next = next_at(&mut tx, &channel, &rows[1], MINUTE, &spent, NOW).await.unwrap();
        // What was spent counts for a window and the twelfth of one by which it is reckoned.
        let renewed = NOW + rule.window_ms / 12 * 13;
        assert_eq!(next, renewed, "not after what was spent is there again");
        let wide = next_at(&mut tx, &channel, &rows[1], MINUTE, &[], NOW).await.unwrap();
        assert_eq!(wide, NOW + MINUTE);
    }
}
