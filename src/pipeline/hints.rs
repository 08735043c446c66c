//! Hints: what a hook told of and no list shows is read by its id, and lost by no crash.
//!
//! A hint is a row before the hook is answered, and goes with the commit of what was read. One that
//! cannot be read is tried for about a day; then it stands in quarantine, counted as unreadable,
//! so that the ledger shows it. What lies with the whole channel (a limit, a refused credential, a
//! line that is down) counts as no try. The lane of a hint is never polled and covers nothing.

use super::hands::{self, Errand, Taken};
use super::intake::{self, Source};
use super::runner::StepName;
use super::{Channel, Deps, Did, StepResult, backoff};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Brand, Instant};
use crate::fetch::{Peer, Purpose};
use crate::store::hints::{self, HintRow};
use crate::store::lanes;
use crate::wire::{Fault, Heard, Hint, Next, Reached};

/// How long a hint waits after its first try; doubled each time.
const FIRST: i64 = MINUTE;
/// Longest time between two tries.
const LONGEST: i64 = 6 * HOUR;
/// After so many tries, about 26 hours after the first, it is given up.
const TRIES: i64 = 12;
/// How long it waits where the channel as a whole cannot be read.
const HOLD: i64 = 5 * MINUTE;

/// The hints.
pub(super) struct Hints;

impl Errand for Hints {
    const STEP: StepName = StepName::Hints;
    const AT_ONCE: i64 = 8;
    type Piece = HintRow;

    fn take(deps: &Deps, most: i64) -> impl Future<Output = StepResult<Taken<HintRow>>> + Send {
        take(deps, most)
    }

    fn carry_out(deps: &Deps, row: HintRow) -> impl Future<Output = StepResult<()>> + Send {
        read(deps, row)
    }
}

/// Reads what hooks told of.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    hands::step::<Hints>(deps).await
}

/// Stores what a hook told of, to be read at `at`, and makes lanes due then. `false`: too many
/// hints of the channel wait, and nothing of this call was stored.
pub async fn note(
    deps: &Deps,
    channel: &str,
    told: &[Hint],
    wake: &[String],
    at: Instant,
) -> StepResult<bool> {
    let mut tx = deps.store.begin().await?;
    if !hints::add(&mut tx, channel, told, at, deps.now()).await? {
        return Ok(false);
    }
    for lane in wake {
        lanes::wake(&mut tx, channel, lane, at).await?;
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(true)
}

/// Leases hints that are due, so many at most.
async fn take(deps: &Deps, most: i64) -> StepResult<Taken<HintRow>> {
    let mut tx = deps.store.begin().await?;
    let due = hints::take_due(&mut tx, &deps.instance, deps.now(), most).await?;
    if !due.is_empty() {
        tx.commit().await?;
    }
    Ok(Taken::batch(due, most))
}

/// Reads one.
async fn read(deps: &Deps, row: HintRow) -> StepResult<()> {
    let known = deps.channels.get(&row.channel);
    let Some((channel, brand)) = known.and_then(|c| Some((c, deps.brands.get(&c.brand)?))) else {
        // Gone from the configuration: asked about again in an hour.
        return put_off(deps, &row, row.tries, deps.now() + HOUR).await;
    };
    let peer = Peer::Network(channel.network);
    let owned = match deps.engine.ctx(peer, &channel.link).await {
        Ok(owned) => owned,
        Err(fault) => return failed(deps, channel, brand, &row, &fault).await,
    };
    let cx = owned.cx();
    let Some(talk) = channel.network.follow(&row.lane, &row.key, &cx) else {
        let why = "a hook told of something that is no id of this network".to_owned();
        return give_up(deps, channel, brand, &row, why).await;
    };
    let read = deps.engine.begin(peer, &channel.link, talk, Purpose::Poll, None).finish().await;
    match read {
        Ok(heard) => commit(deps, channel, brand, &row, heard, cx.own).await,
        Err(fault) => failed(deps, channel, brand, &row, &fault).await,
    }
}

/// Commits what was read, and the end of the hint with it.
async fn commit(
    deps: &Deps,
    channel: &Channel,
    brand: &Brand,
    row: &HintRow,
    heard: Vec<Heard>,
    own: &[String],
) -> StepResult<()> {
    let now = deps.now();
    let from = Source {
        brand,
        channel: &channel.name,
        network: channel.network.meta().name,
        lane: &row.lane,
        addressed: true,
        // It was told now, so it is no part of the past that a first look reads.
        first_look_before: None,
        own,
    };
    let mut tx = deps.store.begin().await?;
    hints::settle(&mut tx, row).await?;
    let (_, stored) = intake::store(deps, &mut tx, &from, heard, now).await?;
    tx.commit().await?;
    deps.heard(stored);
    deps.bell.notify_waiters();
    Ok(())
}

/// It could not be read this time.
async fn failed(
    deps: &Deps,
    channel: &Channel,
    brand: &Brand,
    row: &HintRow,
    fault: &Fault,
) -> StepResult<()> {
    let now = deps.now();
    // The polls tell of a dead credential; where they are answered, this one alone is refused.
    let is_dead = fault.next == Next::Auth && !hears(deps, channel).await?;
    let waits = match &fault.next {
        Next::Throttled { until, .. } => Some((*until).clamp(now + SECOND, now + DAY)),
        Next::Retry { after } if fault.reached == Reached::Never => {
            Some(now + after.unwrap_or(HOLD))
        }
        Next::Auth if is_dead => Some(now + HOLD),
        _ => None,
    };
    if let Some(until) = waits {
        return put_off(deps, row, row.tries, until).await;
    }
    let tries = row.tries + 1;
    if tries >= TRIES {
        let why = format!("a hook told of it, but it could not be read: {}", fault.why);
        return give_up(deps, channel, brand, row, why).await;
    }
    let wait = backoff(row.tries, FIRST, LONGEST, deps.ids.number());
    put_off(deps, row, tries, now + wait).await
}

async fn hears(deps: &Deps, channel: &Channel) -> StepResult<bool> {
    let mut tx = deps.store.read().await?;
    let row = lanes::channel(&mut tx, &channel.name).await?;
    Ok(row.is_some_and(|row| row.state == "hearing"))
}

async fn put_off(deps: &Deps, row: &HintRow, tries: i64, until: Instant) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    hints::later(&mut tx, row, tries, until).await?;
    tx.commit().await
}

/// Nobody will read it any more: it is declared, with what is known of it.
async fn give_up(
    deps: &Deps,
    channel: &Channel,
    brand: &Brand,
    row: &HintRow,
    why: String,
) -> StepResult<()> {
    tracing::warn!(channel = %channel.name, lane = %row.lane, error = %why, "a hint is given up");
    let heard = vec![Heard::Broken { raw: row.key.clone().into_bytes(), why }];
    commit(deps, channel, brand, row, heard, &[]).await
}
