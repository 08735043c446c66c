//! Polling: one walk over a due lane, each page committed whole with the walk's progress.

use super::account::{self, Read};
use super::hands::{self, Errand, Taken};
use super::intake::{self, Source};
use super::runner::StepName;
use super::{Channel, Deps, Did, StepResult, backoff, health, pace};
use crate::domain::reason::Reason;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Brand, Instant};
use crate::fetch::{Peer, Purpose, Spent, Turn};
use crate::store::lanes::LaneRow;
use crate::store::{Tx, credentials, lanes, looks, mentions};
use crate::wire::{Ctx, Cursor, Fault, Lane, Next, Page, Talk};

/// Above this many untriaged mentions polling waits: nothing is lost, the network keeps it.
pub const BACKLOG_LIMIT: i64 = 20_000;
/// A channel that fails this often in a row is deaf.
const DEAF_AFTER: i64 = 3;

/// The lanes.
pub(super) struct Polls;

impl Errand for Polls {
    const STEP: StepName = StepName::Poll;
    const AT_ONCE: i64 = 8;
    type Piece = LaneRow;

    fn take(deps: &Deps, most: i64) -> impl Future<Output = StepResult<Taken<LaneRow>>> + Send {
        take(deps, most)
    }

    fn carry_out(deps: &Deps, lane: LaneRow) -> impl Future<Output = StepResult<()>> + Send {
        poll(deps, lane)
    }

    fn hands(deps: &Deps) -> usize {
        deps.hands
    }
}

/// Polls lanes that are due, and waits for all of them.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    hands::step::<Polls>(deps).await
}

/// Leases lanes that are due, so many at most.
async fn take(deps: &Deps, most: i64) -> StepResult<Taken<LaneRow>> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    if mentions::backlog_over(&mut tx, BACKLOG_LIMIT).await? {
        return Ok(Taken::default());
    }
    let due = lanes::take_due(&mut tx, &deps.instance, now, most).await?;
    if !due.is_empty() {
        tx.commit().await?;
    }
    Ok(Taken::batch(due, most))
}

/// Reads one lane from where it stands.
async fn poll(deps: &Deps, mut row: LaneRow) -> StepResult<()> {
    let started = deps.now();
    let known = deps.channels.get(&row.channel);
    let Some((channel, brand)) = known.and_then(|c| Some((c, deps.brands.get(&c.brand)?))) else {
        // Gone from the configuration: asked about again in an hour.
        return give_back(deps, &row, started + HOUR).await;
    };
    let peer = Peer::Network(channel.network);
    let fault = match deps.engine.ctx(peer, &channel.link).await {
        Err(fault) => fault,
        Ok(owned) => {
            let cx = owned.cx();
            let all = channel.network.lanes(&cx);
            let Some(lane) = all.into_iter().find(|l| l.id == row.lane) else {
                return give_back(deps, &row, started + HOUR).await;
            };
            // A budget that only the network knows holds for a rhythm of one's own too.
            let every = channel.every_ms.unwrap_or(lane.every_ms);
            let every = every.saturating_mul(channel.network.slowdown(&lane, &cx).max(1));
            let talk = set_out(channel, &lane, &mut row, &cx);
            let mut walk = deps.engine.begin(peer, &channel.link, talk, Purpose::Poll, None);
            loop {
                match walk.turn().await {
                    Ok(Turn::Page(page)) => {
                        let own = cx.own.to_vec();
                        commit(deps, channel, brand, &lane, &mut row, page, started, &own).await?;
                    }
                    Ok(Turn::Done(cursor)) => {
                        let read =
                            Finished { cursor, spent: walk.spent().to_vec(), started, every };
                        return finish(deps, channel, &lane, row, read).await;
                    }
                    Err(fault) => break fault,
                }
            }
        }
    };
    failed(deps, channel, row, fault, started).await
}

/// The walk over a lane: from its cursor or, where nothing was read yet, back to where its first
/// look is to begin.
fn set_out(
    channel: &Channel,
    lane: &Lane,
    row: &mut LaneRow,
    cx: &Ctx<'_>,
) -> Box<dyn Talk<Cursor>> {
    let (network, resume) = (channel.network, row.resume.as_deref());
    let cursor = row.cursor.clone().map(Cursor);
    let is_first = cursor.is_none() && row.finished_at.is_none();
    if is_first && channel.first_look_ms.is_some() {
        if let Some(talk) = network.look_back(lane, Instant(row.reads_from), resume, cx) {
            return talk;
        }
        // Nothing says how far back it reads, so its coverage begins when it was added.
        row.covered_to = row.covered_to.max(row.added_at);
        row.reads_from = row.added_at;
    }
    network.listen(lane, cursor.as_ref(), row.resume.as_deref(), cx)
}

async fn give_back(deps: &Deps, row: &LaneRow, next_at: Instant) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    lanes::put_off(&mut tx, row, next_at).await?;
    tx.commit().await
}

/// Commits one page: mentions, counts, coverage and the walk's progress together.
async fn commit(
    deps: &Deps,
    channel: &Channel,
    brand: &Brand,
    lane: &Lane,
    row: &mut LaneRow,
    page: Page,
    started: Instant,
    own: &[String],
) -> StepResult<()> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let from = Source {
        brand,
        channel: &channel.name,
        network: channel.network.meta().name,
        lane: &lane.id,
        addressed: lane.addressed,
        first_look_before: looks::before(&mut tx, &channel.name, &lane.id).await?,
        own,
    };
    let (_, stored) = intake::store(deps, &mut tx, &from, page.heard, now).await?;
    let read = Read { span: page.span, hole: page.hole, resume: page.resume };
    account::page(deps, &mut tx, row, lane, read, started).await?;
    lanes::progress(&mut tx, row, now).await?;
    tx.commit().await?;
    deps.heard(stored);
    deps.bell.notify_waiters();
    Ok(())
}

/// What a walk that came to its end gave.
struct Finished {
    cursor: Cursor,
    spent: Vec<Spent>,
    started: Instant,
    /// How often the lane is read while no plan slows it down.
    every: i64,
}

async fn finish(
    deps: &Deps,
    channel: &Channel,
    lane: &Lane,
    mut row: LaneRow,
    read: Finished,
) -> StepResult<()> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let began = row.walk_start.map_or(read.started, Instant);
    account::end(deps, &mut tx, &mut row, lane, began).await?;
    let next_at = pace::next_at(&mut tx, channel, &row, read.every, &read.spent, now).await?;
    lanes::finish(&mut tx, &row, &read.cursor, began, next_at).await?;
    let before = lanes::channel(&mut tx, &channel.name).await?;
    let others_fail = lanes::others_fail(&mut tx, &channel.name, &row.lane).await?;
    match before {
        // What one lane hears says nothing of the others, which may need another credential.
        Some(before) if others_fail => {
            let (state, fault) = (before.state.as_str(), before.fault.as_str());
            let since = before.fault_at.map(Instant);
            lanes::mark_channel(&mut tx, &channel.name, state, fault, since, Some(began)).await?;
        }
        before => {
            lanes::mark_channel(&mut tx, &channel.name, "hearing", "", None, Some(began)).await?;
            if before.is_some_and(|b| b.state == "deaf") {
                credentials::revive(&mut tx, &channel.name, now).await?;
                let mark = now.0.to_string();
                health::tell(deps, &mut tx, channel, Reason::ChannelBack, &mark, "", now).await?;
            }
        }
    }
    tx.commit().await
}

/// A walk ended with a fault: its progress stays, the channel is marked, the rest goes on.
async fn failed(
    deps: &Deps,
    channel: &Channel,
    mut row: LaneRow,
    fault: Fault,
    started: Instant,
) -> StepResult<()> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let refused = fault.next == Next::Auth;
    if refused && connected_since(&mut tx, &channel.name, started).await? {
        lanes::put_off(&mut tx, &row, now).await?;
        return tx.commit().await;
    }
    let every = channel.every_ms.unwrap_or(MINUTE);
    let tries = row.failures;
    let wait = |first| now + backoff(tries, first, 15 * MINUTE, deps.ids.number());
    let mut deaf = tries + 1 >= DEAF_AFTER;
    let next_at = match &fault.next {
        Next::Throttled { bucket, until } => {
            // A limit is no fault of the channel: it hears again when the window opens. A budget
            // is looked at each day, since a person may raise it.
            lanes::put_off(&mut tx, &row, (*until).clamp(now + SECOND, now + DAY)).await?;
            if let Some(bucket) = *bucket
                && pace::used_up(deps, &mut tx, channel, (bucket, *until), now).await?
                && let Some(before) = lanes::channel(&mut tx, &channel.name).await?
                && before.state != "deaf"
            {
                let (name, since) = (&channel.name, before.fault_at.map_or(now, Instant));
                lanes::mark_channel(&mut tx, name, "failing", &fault.why, Some(since), None)
                    .await?;
            }
            tx.commit().await?;
            deps.bell.notify_waiters();
            return Ok(());
        }
        Next::Retry { after } => now + after.unwrap_or_else(|| wait(every.min(30 * SECOND)) - now),
        Next::Auth => {
            deaf = true;
            now + 5 * MINUTE
        }
        Next::Expired => {
            if row.resume.is_some() {
                account::anew(&mut row);
            } else {
                row.cursor = None;
                account::lost(deps, &mut tx, &mut row, started, &fault.why).await?;
            }
            lanes::progress(&mut tx, &row, now).await?;
            now + every
        }
        Next::Refused | Next::Gone | Next::Bug => wait(MINUTE),
    };
    lanes::fail(&mut tx, &row, next_at).await?;
    if let Some(before) = lanes::channel(&mut tx, &channel.name).await? {
        let since = before.fault_at.map_or(now, Instant);
        let was_deaf = before.state == "deaf";
        let state = if deaf || was_deaf { "deaf" } else { "failing" };
        lanes::mark_channel(&mut tx, &channel.name, state, &fault.why, Some(since), None).await?;
        // A channel that was deaf for another reason is told of again: now a person must act.
        let died = refused && credentials::die(&mut tx, &channel.name, &fault.why, now).await?;
        if died || (deaf && !was_deaf) {
            let (mark, why) = (now.0.to_string(), &fault.why);
            health::tell(deps, &mut tx, channel, Reason::ChannelDeaf, &mark, why, now).await?;
        }
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}

/// Whether a person put another credential while this walk went on: what was refused is the old
/// one, which nobody uses any more.
async fn connected_since(tx: &mut Tx, channel: &str, started: Instant) -> StepResult<bool> {
    let row = credentials::one(tx, channel).await?;
    Ok(row.and_then(|row| row.connected_at).is_some_and(|at| Instant(at) > started))
}
