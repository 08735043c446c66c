//! Probing: every credential is tried at the start and on a schedule, and its end is counted down.
//!
//! What an answer means goes by the kind of its fault, never by its text: `Auth` is a dead
//! credential; whatever may pass (a time-out, a limit, a failing server) says nothing about it;
//! a plain refusal may be a wall before the server as well as a lost permission, so it is noted
//! and left to the polls, which tell of a channel that they cannot read.

use super::hands::{self, Errand, Taken};
use super::runner::StepName;
use super::{Channel, Deps, Did, StepResult, backoff, health, reconnect};
use crate::domain::reason::Reason;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Brand, Instant};
use crate::fetch::{Peer, Purpose};
use crate::store::credentials::CredentialRow;
use crate::store::{Tx, credentials, lanes};
use crate::wire::{Fault, Next, Session};

/// How often a credential is tried where the channel says nothing else.
const EVERY: i64 = 6 * HOUR;
/// How soon it is tried again where there was no answer; doubled each time.
const AGAIN: i64 = 5 * MINUTE;
/// So many days before its end people are told.
const WARN: [i64; 3] = [1, 3, 7];

/// The credentials.
pub(super) struct Probes;

impl Errand for Probes {
    const STEP: StepName = StepName::Probe;
    const AT_ONCE: i64 = 8;
    type Piece = CredentialRow;

    fn take(
        deps: &Deps,
        most: i64,
    ) -> impl Future<Output = StepResult<Taken<CredentialRow>>> + Send {
        take(deps, most)
    }

    fn carry_out(deps: &Deps, row: CredentialRow) -> impl Future<Output = StepResult<()>> + Send {
        probe(deps, row)
    }
}

/// Tries the credentials that are due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    hands::step::<Probes>(deps).await
}

/// Learns of what people connected, and leases credentials that are due, so many at most.
async fn take(deps: &Deps, most: i64) -> StepResult<Taken<CredentialRow>> {
    let mut tx = deps.store.begin().await?;
    reconnect::learn(deps, &mut tx).await?;
    let due = credentials::take_due(&mut tx, &deps.instance, deps.now(), most).await?;
    if !due.is_empty() {
        tx.commit().await?;
    }
    Ok(Taken::batch(due, most))
}

async fn probe(deps: &Deps, row: CredentialRow) -> StepResult<()> {
    let known = deps.channels.get(&row.channel);
    let Some((channel, brand)) = known.and_then(|c| Some((c, deps.brands.get(&c.brand)?))) else {
        // Gone from the configuration: looked for again in a day.
        let mut tx = deps.store.begin().await?;
        credentials::later(&mut tx, &row, "", 0, deps.now() + DAY).await?;
        return tx.commit().await;
    };
    let mut tx = deps.store.read().await?;
    let kept = lanes::session(&mut tx, &channel.name).await?;
    drop(tx);
    let asked = ask(deps, channel, kept.as_ref()).await;
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let stored = match &asked {
        Ok(answer) => answered(deps, &mut tx, channel, &row, answer, now).await?,
        Err(fault) => failed(deps, &mut tx, channel, &row, fault, now).await?,
    };
    if !stored {
        // Somebody connected the channel meanwhile, or another instance took over.
        return Ok(());
    }
    let ends = match &asked {
        Ok(answer) => answer.ends,
        Err(_) => row.ends_at.map(Instant),
    };
    if let Some(ends) = ends {
        count_down(deps, &mut tx, channel, brand, ends, now).await?;
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}

/// What the network said.
struct Answer {
    /// It was asked; else there was nothing to ask but the log-in, which is not due.
    asked: bool,
    /// When the session ends.
    session_ends: Option<Instant>,
    /// When the credential ends for good.
    ends: Option<Instant>,
}

/// Logs in where the session is due, and asks the network's probe where it has one.
async fn ask(deps: &Deps, channel: &Channel, kept: Option<&Session>) -> Result<Answer, Fault> {
    let (peer, network) = (Peer::Network(channel.network), channel.network);
    let due = kept.is_none_or(|s| s.expires_at.is_some_and(|end| end <= deps.now()));
    let owned = deps.engine.ctx(peer, &channel.link).await?;
    let cx = owned.cx();
    let mut asked = due && network.login(&cx).is_some();
    if let Some(talk) = network.probe(&cx) {
        deps.engine.begin(peer, &channel.link, talk, Purpose::Poll, None).finish().await?;
        asked = true;
    }
    let session_ends = cx.session.and_then(|session| session.expires_at);
    Ok(Answer { asked, session_ends, ends: network.ends(&cx) })
}

/// Stores a good answer. A channel whose credential was dead is read at once: that shows whether
/// it hears, for what the probe asks may need less than the lanes do.
async fn answered(
    deps: &Deps,
    tx: &mut Tx,
    channel: &Channel,
    row: &CredentialRow,
    answer: &Answer,
    now: Instant,
) -> StepResult<bool> {
    let every = now + channel.probe_every_ms.unwrap_or(EVERY);
    let warning = answer.ends.and_then(|ends| next_warning(ends, now));
    if !answer.asked {
        let session = answer.session_ends.filter(|end| *end > now);
        let next = [Some(every), warning, session].into_iter().flatten().min();
        return credentials::later(tx, row, &row.fault, 0, next.unwrap_or(every)).await;
    }
    let next = warning.map_or(every, |at| at.min(every));
    let polls = channel.network.meta().can.poll;
    let stored = credentials::good(tx, row, answer.ends, next, !polls, now).await?;
    if stored && row.is_dead() {
        if polls {
            lanes::wake_all(tx, &channel.name, now).await?;
        } else {
            health::back(deps, tx, channel, now).await?;
        }
    }
    Ok(stored)
}

/// Stores what went wrong, and marks a dead credential.
async fn failed(
    deps: &Deps,
    tx: &mut Tx,
    channel: &Channel,
    row: &CredentialRow,
    fault: &Fault,
    now: Instant,
) -> StepResult<bool> {
    let every = channel.probe_every_ms.unwrap_or(EVERY);
    let (tries, next) = match &fault.next {
        Next::Throttled { until, .. } => (row.tries, (*until).max(now + MINUTE)),
        Next::Retry { after } => {
            let wait = backoff(row.tries, AGAIN, every.max(AGAIN), deps.ids.number());
            (row.tries + 1, now + after.unwrap_or(wait).max(MINUTE))
        }
        Next::Auth | Next::Refused | Next::Gone | Next::Expired | Next::Bug => (0, now + every),
    };
    let stored = credentials::later(tx, row, &fault.why, tries, next).await?;
    if stored && fault.next == Next::Auth {
        health::dead(deps, tx, channel, &fault.why, now).await?;
    }
    Ok(stored)
}

/// Tells that a credential ends soon: once for each of the days in [`WARN`], and of those that
/// passed unseen only the last.
async fn count_down(
    deps: &Deps,
    tx: &mut Tx,
    channel: &Channel,
    brand: &Brand,
    ends: Instant,
    now: Instant,
) -> StepResult<()> {
    let left = ends - now;
    let Some(days) = WARN.into_iter().find(|days| left > 0 && left <= days * DAY) else {
        return Ok(());
    };
    let time = health::time(ends, brand);
    let mark = format!("{}.{days}d", ends.0);
    health::tell(deps, tx, channel, Reason::CredentialEnds, &mark, &time, now).await
}

/// When the next word about its end is due.
fn next_warning(ends: Instant, now: Instant) -> Option<Instant> {
    WARN.into_iter().map(|days| ends - days * DAY).filter(|at| *at > now).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_word_is_the_nearest_one_ahead() {
        let ends = Instant(100 * DAY);
        let next = |day: i64| next_warning(ends, Instant(day * DAY));
        assert_eq!(next(50), Some(Instant(93 * DAY)));
        assert_eq!(next(93), Some(Instant(97 * DAY)));
        assert_eq!(next(98), Some(Instant(99 * DAY)));
        assert_eq!((next(99), next(101)), (None, None));
    }
}
