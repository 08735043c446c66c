//! Rechecks: mentions are read again as their network's terms ask, and what the network no longer
//! shows, or was not read again in time, loses its content here.
//!
//! A poll hears what is new, and of the old only what its overlap shows. Whoever deletes or edits
//! an older post is found here, in batches, within the limits and never out of what is kept for
//! replies. What changed goes the way of a poll: the same intake, the same book, the same triage.

use super::intake::{self, Source};
use super::{Channel, Deps, Did, StepResult, backoff, thread};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Brand, Instant, MentionRef};
use crate::fetch::{Peer, Purpose, Turn};
use crate::store::mentions::MentionRow;
use crate::store::rechecks::{self, RecheckRow};
use crate::store::{StoreError, Tx, lanes};
use crate::wire::{Fault, Heard, Next, Page, Terms};
use std::collections::{HashMap, HashSet};

/// What stands for the lane in the intake book.
pub(super) const LANE: &str = "recheck";
/// How many channels one step reads side by side.
const CHANNELS: i64 = 8;
/// How many mentions one transaction blanks.
const BLANKS: i64 = 200;
/// How many mentions of a channel that is gone are put off at once.
const PUT_OFF: i64 = 500;
/// How long a channel waits that cannot be read now.
const HOLD: i64 = 15 * MINUTE;
/// After so many tries in a row that told nothing of a mention it is asked about in its usual turn
/// only.
const TRIES: i64 = 8;

/// Reads mentions again that are due, and blanks those whose content must go.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let due = rechecks::due_channels(&mut deps.store.read().await?, now, CHANNELS).await?;
    let reads = due.iter().map(|name| channel(deps, name)).collect();
    let mut rows = 0;
    for outcome in deps.side_by_side(reads).await {
        match outcome {
            Ok(read) => rows += read,
            // Another instance has them now.
            Err(StoreError::Conflict) => {}
            Err(e) => return Err(e),
        }
    }
    let blanked = blank(deps).await?;
    let more = rows > 0 || i64::try_from(blanked).is_ok_and(|n| n >= BLANKS);
    Ok(Did { rows: rows + blanked, more })
}

/// What a channel's network asks of its mentions: its terms, and how often each is read again.
fn asked(deps: &Deps, channel: &str) -> Option<(Terms, i64)> {
    let terms = deps.channels.get(channel)?.network.meta().terms;
    Some((terms, terms.recheck_every()?))
}

/// Notes when mentions that were just stored are read again.
pub(super) async fn promise(
    deps: &Deps,
    tx: &mut Tx,
    channel: &str,
    new: &HashSet<String>,
    now: Instant,
) -> StepResult<()> {
    let Some((terms, every)) = asked(deps, channel) else { return Ok(()) };
    let blank_at = terms.refresh_within.map(|ms| now + ms);
    rechecks::add(tx, channel, new, now + every, blank_at).await
}

/// A mention was read in its thread, so it is as fresh as after a recheck.
pub(super) async fn shown(deps: &Deps, tx: &mut Tx, row: &MentionRow) -> StepResult<()> {
    let Some((terms, every)) = asked(deps, &row.channel) else { return Ok(()) };
    let now = deps.now();
    rechecks::shown(tx, &row.id, now + every, terms.refresh_within.map(|ms| now + ms)).await
}

/// Deletes what must go; gives how many mentions.
async fn blank(deps: &Deps) -> StepResult<usize> {
    let now = deps.now();
    if !rechecks::any_blank_due(&mut deps.store.read().await?, now).await? {
        return Ok(0);
    }
    let mut tx = deps.store.begin().await?;
    let due = rechecks::blank_due(&mut tx, now, BLANKS).await?;
    if due.is_empty() {
        return Ok(0);
    }
    rechecks::blank(&mut tx, &due, now).await?;
    tx.commit().await?;
    deps.tell(due.iter().filter_map(|row| row.case_id.as_ref()?.parse().ok()));
    Ok(due.len())
}

/// A batch of one channel, and where it was read.
struct Batch<'d> {
    channel: &'d Channel,
    brand: &'d Brand,
    terms: Terms,
    /// How often a mention is read again.
    every: i64,
    due: Vec<RecheckRow>,
    rows: Vec<MentionRow>,
}

/// Reads one batch of a channel's mentions again; gives how many were looked at.
async fn channel(deps: &Deps, name: &str) -> StepResult<usize> {
    let now = deps.now();
    let known = deps.channels.get(name).and_then(|c| {
        let (terms, every) = asked(deps, name)?;
        Some((c, deps.brands.get(&c.brand)?, terms, every))
    });
    let mut tx = deps.store.begin().await?;
    let most = known.map_or(PUT_OFF, |(c, ..)| {
        i64::try_from(c.network.recheck_most().max(1)).unwrap_or(PUT_OFF)
    });
    let due = rechecks::take(&mut tx, name, &deps.instance, now, most).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let count = due.len();
    let Some((channel, brand, terms, every)) = known else {
        // Gone from the configuration. Its due times for deletion stand.
        rechecks::hold_off(&mut tx, name, now, now + DAY).await?;
        tx.commit().await?;
        return Ok(count);
    };
    // Asked about one thing alone, a network says of a wrong address what it says of what is gone;
    // a channel that hears has the right one.
    let alone = channel.network.recheck_most() <= 1;
    if alone && lanes::channel(&mut tx, name).await?.is_none_or(|c| c.state != "hearing") {
        rechecks::hold_off(&mut tx, name, now, now + HOUR).await?;
        tx.commit().await?;
        return Ok(count);
    }
    let mut rows = rechecks::mentions(&mut tx, &due).await?;
    tx.commit().await?;
    // Of a channel that was given to another brand or network the new one knows nothing.
    let network = channel.network.meta().name;
    rows.retain(|row| row.brand == brand.name && row.network == network);
    read(deps, &Batch { channel, brand, terms, every, due, rows }).await?;
    Ok(count)
}

/// Asks the network about a batch, stores each page, and says when each mention is due again.
async fn read(deps: &Deps, batch: &Batch<'_>) -> StepResult<()> {
    let channel = batch.channel;
    if batch.rows.is_empty() {
        return unread(deps, batch, &HashSet::new()).await;
    }
    let peer = Peer::Network(channel.network);
    let owned = match deps.engine.ctx(peer, &channel.link).await {
        Ok(owned) => owned,
        Err(fault) => return failed(deps, batch, &HashSet::new(), &fault).await,
    };
    let cx = owned.cx();
    let of: Vec<MentionRef> = batch.rows.iter().map(thread::reference).collect();
    let Some(talk) = channel.network.recheck(&of, &cx) else {
        // It cannot, or not now: what must be fresh to be kept ends by its own due time.
        let mut tx = deps.store.begin().await?;
        let until = deps.now() + (batch.every / 4).clamp(HOUR, DAY);
        rechecks::hold_off(&mut tx, &channel.name, deps.now(), until).await?;
        return tx.commit().await;
    };
    let mut conversation = deps.engine.begin(peer, &channel.link, talk, Purpose::Reread, None);
    let mut told = HashSet::new();
    loop {
        match conversation.turn().await {
            Ok(Turn::Page(page)) => commit(deps, batch, page, cx.own, &mut told).await?,
            Ok(Turn::Done(())) => return unread(deps, batch, &told).await,
            Err(fault) => match batch.rows.as_slice() {
                [one] if fault.next == Next::Gone && channel.network.recheck_most() <= 1 => {
                    let (origin, external_id) = (one.origin.clone(), one.external_id.clone());
                    let heard = vec![Heard::Gone { origin, external_id }];
                    let page = Page { heard, ..Page::default() };
                    return commit(deps, batch, page, cx.own, &mut told).await;
                }
                _ => return failed(deps, batch, &told, &fault).await,
            },
        }
    }
}

/// Stores what one page told: changes and deletions by way of the intake, and that the rest is
/// fresh.
async fn commit(
    deps: &Deps,
    batch: &Batch<'_>,
    page: Page,
    own: &[String],
    told: &mut HashSet<String>,
) -> StepResult<()> {
    let asked: HashMap<(&str, &str), &MentionRow> = batch
        .rows
        .iter()
        .map(|row| ((row.origin.as_str(), row.external_id.as_str()), row))
        .collect();
    let (mut stand, mut news) = (HashSet::new(), Vec::new());
    for heard in page.heard {
        let key = match &heard {
            Heard::Mention(m) | Heard::Edited(m) => (m.origin.as_str(), m.external_id.as_str()),
            Heard::Gone { origin, external_id } => (origin.as_str(), external_id.as_str()),
            Heard::Own { .. } | Heard::Repost { .. } | Heard::Broken { .. } => continue,
        };
        // Nothing is heard for the first time here: that is for polls, which know where they are.
        let Some(row) = asked.get(&key) else { continue };
        told.insert(row.id.clone());
        let is_news = match &heard {
            Heard::Mention(m) | Heard::Edited(m) => {
                stand.insert(row.id.as_str());
                let stars = m.rating.map(i64::from);
                m.text != row.text || (stars.is_some() && stars != row.rating)
            }
            _ => true,
        };
        if is_news {
            news.push(heard);
        }
    }
    let now = deps.now();
    let from = Source {
        brand: batch.brand,
        channel: &batch.channel.name,
        network: batch.channel.network.meta().name,
        lane: LANE,
        addressed: false,
        first_look_before: None,
        own,
    };
    let fresh: Vec<&RecheckRow> =
        batch.due.iter().filter(|due| stand.contains(due.mention_id.as_str())).collect();
    let blank_at = batch.terms.refresh_within.map(|ms| now + ms);
    let mut tx = deps.store.begin().await?;
    if !news.is_empty() {
        intake::store(deps, &mut tx, &from, news, now).await?;
    }
    rechecks::refreshed(&mut tx, &fresh, now + batch.every, blank_at).await?;
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}

/// Of a batch, puts off what nothing was told of: each time longer, up to its usual turn.
async fn unread(deps: &Deps, batch: &Batch<'_>, told: &HashSet<String>) -> StepResult<()> {
    let now = deps.now();
    let wait = |tries: i64| {
        if tries >= TRIES {
            return batch.every;
        }
        backoff(tries, 5 * MINUTE, batch.every, deps.ids.number())
    };
    let left: Vec<(&RecheckRow, Instant)> = batch
        .due
        .iter()
        .filter(|due| !told.contains(&due.mention_id))
        .map(|due| (due, now + wait(due.tries)))
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    let mut tx = deps.store.begin().await?;
    rechecks::later(&mut tx, &left).await?;
    tx.commit().await
}

/// A conversation ended with a fault: of the channel, which then waits as a whole, or of what was
/// asked about.
async fn failed(
    deps: &Deps,
    batch: &Batch<'_>,
    told: &HashSet<String>,
    fault: &Fault,
) -> StepResult<()> {
    let (name, now) = (&batch.channel.name, deps.now());
    let until = match &fault.next {
        Next::Retry { after } => now + after.unwrap_or(HOLD),
        // A budget is looked at each day, since a person may raise it.
        Next::Throttled { until, .. } => (*until).clamp(now + SECOND, now + DAY),
        // The polls tell of it.
        Next::Auth => now + HOUR,
        Next::Refused | Next::Gone | Next::Expired | Next::Bug => {
            tracing::warn!(channel = name, error = %fault, "mentions could not be read again");
            return unread(deps, batch, told).await;
        }
    };
    let mut tx = deps.store.begin().await?;
    rechecks::hold_off(&mut tx, name, now, until).await?;
    tx.commit().await
}
