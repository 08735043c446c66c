//! Backfill: reads the span of a gap again, or declares it unrecoverable with the reason.

use super::hands::{self, Errand, Taken};
use super::intake::{self, Source};
use super::runner::StepName;
use super::{Channel, Deps, Did, StepResult, backoff};
use crate::domain::reason::Cause;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Brand, Instant};
use crate::fetch::{Peer, Purpose, Turn};
use crate::store::coverage::GapRow;
use crate::store::{coverage, looks};
use crate::wire::{Fault, Lane, Next};

/// How often a backfill is tried before the gap is declared unrecoverable: about a day.
const TRIES: i64 = 12;

/// The gaps.
pub(super) struct Gaps;

impl Errand for Gaps {
    const STEP: StepName = StepName::Backfill;
    const AT_ONCE: i64 = 4;
    type Piece = GapRow;

    fn take(deps: &Deps, most: i64) -> impl Future<Output = StepResult<Taken<GapRow>>> + Send {
        take(deps, most)
    }

    fn carry_out(deps: &Deps, gap: GapRow) -> impl Future<Output = StepResult<()>> + Send {
        fill(deps, gap)
    }
}

/// Backfills the gaps that are due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    hands::step::<Gaps>(deps).await
}

/// Leases gaps that are due, so many at most.
async fn take(deps: &Deps, most: i64) -> StepResult<Taken<GapRow>> {
    let mut tx = deps.store.begin().await?;
    let due = coverage::take_gaps(&mut tx, &deps.instance, deps.now(), most).await?;
    if !due.is_empty() {
        tx.commit().await?;
    }
    Ok(Taken::batch(due, most))
}

async fn fill(deps: &Deps, gap: GapRow) -> StepResult<()> {
    let known = deps.channels.get(&gap.channel);
    let Some((channel, brand)) = known.and_then(|c| Some((c, deps.brands.get(&c.brand)?))) else {
        let why = Cause::NotConfigured.as_str();
        return later(deps, &gap, deps.now() + HOUR, why).await;
    };
    if !channel.network.meta().can.backfill {
        let why = format!("{} shows no past", channel.network.meta().title);
        return end(deps, &gap, false, &why).await;
    }
    let (from, to) = (Instant(gap.from_at), Instant(gap.to_at));
    match walk(deps, channel, brand, &gap.lane, from, to, Some(&gap)).await? {
        Ok(_) => end(deps, &gap, true, "").await,
        Err(fault) => match fault.next {
            Next::Refused | Next::Gone => end(deps, &gap, false, &fault.why).await,
            Next::Throttled { until, .. } => {
                // It was no try. A budget is looked at each day, since a person may raise it.
                let now = deps.now();
                let at = until.clamp(now + SECOND, now + DAY);
                let gap = GapRow { attempts: gap.attempts - 1, ..gap };
                later(deps, &gap, at, &fault.why).await
            }
            _ if gap.attempts >= TRIES => {
                let why = format!("{} tries failed: {}", gap.attempts, fault.why);
                end(deps, &gap, false, &why).await
            }
            _ => {
                let wait = backoff(gap.attempts, MINUTE, 4 * HOUR, deps.ids.number());
                later(deps, &gap, deps.now() + wait, &fault.why).await
            }
        },
    }
}

async fn end(deps: &Deps, gap: &GapRow, recovered: bool, note: &str) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    coverage::end_gap(&mut tx, gap, recovered, note, deps.now()).await?;
    tx.commit().await
}

async fn later(deps: &Deps, gap: &GapRow, at: Instant, note: &str) -> StepResult<()> {
    let mut tx = deps.store.begin().await?;
    coverage::gap_later(&mut tx, gap, at, note).await?;
    tx.commit().await
}

/// Reads a span of a lane's past again, page by page; gives how many mentions were new, or the
/// fault that ended it. Each page's own transaction stores how far a gap's backfill came.
pub async fn walk(
    deps: &Deps,
    channel: &Channel,
    brand: &Brand,
    lane_id: &str,
    from: Instant,
    to: Instant,
    gap: Option<&GapRow>,
) -> StepResult<Result<i64, Fault>> {
    let peer = Peer::Network(channel.network);
    let owned = match deps.engine.ctx(peer, &channel.link).await {
        Ok(owned) => owned,
        Err(fault) => return Ok(Err(fault)),
    };
    let cx = owned.cx();
    let Some(lane) = channel.network.lanes(&cx).into_iter().find(|l| l.id == lane_id) else {
        return Ok(Err(Fault::refused(format!("{} has no lane {lane_id} any more", channel.name))));
    };
    let addressed = lane.addressed;
    let lane = Lane { gap: Some((from, to)), overlap_ms: 0, settle_ms: 0, ..lane };
    let talk = channel.network.listen(&lane, None, gap.and_then(|g| g.resume.as_deref()), &cx);
    let mut conversation = deps.engine.begin(peer, &channel.link, talk, Purpose::Reread, None);
    let mut found = 0;
    loop {
        match conversation.turn().await {
            Ok(Turn::Page(page)) => {
                let mut tx = deps.store.begin().await?;
                let source = Source {
                    brand,
                    channel: &channel.name,
                    network: channel.network.meta().name,
                    lane: lane_id,
                    addressed,
                    first_look_before: looks::before(&mut tx, &channel.name, lane_id).await?,
                    own: cx.own,
                };
                let (count, _) =
                    intake::store(deps, &mut tx, &source, page.heard, deps.now()).await?;
                found += count.new;
                if let Some(gap) = gap {
                    let resume = page.resume.as_deref();
                    coverage::gap_progress(&mut tx, gap, resume, count.new, deps.now()).await?;
                }
                tx.commit().await?;
                deps.bell.notify_waiters();
            }
            Ok(Turn::Done(_)) => return Ok(Ok(found)),
            Err(fault) => return Ok(Err(fault)),
        }
    }
}
