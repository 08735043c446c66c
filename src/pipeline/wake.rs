//! Waking lanes, by the frame of a stream or by a hook: polling stays the truth.

use super::{Deps, backoff};
use crate::domain::Instant;
use crate::domain::time::{MINUTE, SECOND};
use crate::fetch::Peer;
use crate::store::{StoreError, lanes};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long after a stream woke a lane it may wake it again: however much is said of a brand, its
/// lanes are read no more often than this.
const LEAST: i64 = 10 * SECOND;

/// Keeps a channel's stream open, if it has one, and makes lanes due by its frames.
pub async fn listen(deps: Arc<Deps>, channel: String, stop: CancellationToken) {
    if !has_stream(&deps, &channel) {
        return;
    }
    let (mut failures, mut pace) = (0, Pace::default());
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            lived = once(&deps, &channel, &mut pace) => {
                failures = if lived { 0 } else { failures + 1 };
            }
        }
        // A stream that cannot be had costs nothing but time: the lanes are polled anyway.
        let ms = backoff(failures, 5 * SECOND, 10 * MINUTE, deps.ids.number());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())) => {}
        }
    }
}

/// Whether there is a stream to listen to: some have one by their network, some by a setting.
fn has_stream(deps: &Deps, name: &str) -> bool {
    let Some(channel) = deps.channels.get(name) else { return false };
    channel.network.meta().can.stream
        && channel.network.stream(&channel.link.settled().cx()).is_some()
}

/// Listens until the stream ends; says whether it brought anything.
async fn once(deps: &Deps, name: &str, pace: &mut Pace) -> bool {
    let Some(channel) = deps.channels.get(name) else { return false };
    let opened = deps.engine.frames(channel.network, &channel.link).await;
    let Ok(Some(mut frames)) = opened else { return false };
    let Ok(owned) = deps.engine.ctx(Peer::Network(channel.network), &channel.link).await else {
        return false;
    };
    let mut lived = false;
    while let Ok(frame) = frames.next().await {
        lived = true;
        let now = deps.now();
        for lane in channel.network.wakes(&frame, &owned.cx()) {
            pace.want(lane, now + frames.lag_ms());
        }
        for (lane, at) in pace.ready(now) {
            if let Err(error) = rouse(deps, name, &[lane], at).await {
                tracing::warn!(channel = name, error = %error, "lanes could not be woken");
            }
        }
    }
    lived
}

/// When the lanes of a channel were woken last, and which are to be woken once more.
#[derive(Default)]
struct Pace(BTreeMap<String, Woken>);

#[derive(Default)]
struct Woken {
    /// When it was woken, or will be.
    at: Option<Instant>,
    /// When it should be read for a frame that the wake at `at` is too early for.
    wanted: Option<Instant>,
}

impl Pace {
    /// A frame wants a lane to be read at `at` or later.
    fn want(&mut self, lane: String, at: Instant) {
        let woken = self.0.entry(lane).or_default();
        if woken.at.is_none_or(|known| known < at) {
            woken.wanted = Some(at);
        }
    }

    /// The lanes that are to be made due now, and when. One that is due already is not: a wake
    /// could only bring that forward. It comes with a frame after that.
    fn ready(&mut self, now: Instant) -> Vec<(String, Instant)> {
        let mut ready = Vec::new();
        for (lane, woken) in &mut self.0 {
            if woken.at.is_some_and(|at| at > now) {
                continue;
            }
            let Some(wanted) = woken.wanted.take() else { continue };
            let at = woken.at.map_or(wanted, |last| wanted.max(last + LEAST));
            woken.at = Some(at);
            ready.push((lane.clone(), at));
        }
        ready
    }
}

/// Makes lanes of a channel due at `at`, unless they are due before.
///
/// # Errors
/// When the store fails: the lanes are then polled in their turn.
pub async fn rouse(
    deps: &Deps,
    channel: &str,
    which: &[String],
    at: Instant,
) -> Result<(), StoreError> {
    if which.is_empty() {
        return Ok(());
    }
    let mut tx = deps.store.begin().await?;
    for lane in which {
        lanes::wake(&mut tx, channel, lane, at).await?;
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames for one lane at these seconds, each read `lag` seconds later; when it is made due.
    fn due(frames: &[i64], lag: i64) -> Vec<i64> {
        let mut pace = Pace::default();
        let mut due = Vec::new();
        for frame in frames {
            let now = Instant(frame * SECOND);
            pace.want("mentions".to_owned(), now + lag * SECOND);
            due.extend(pace.ready(now).into_iter().map(|(_, at)| at.0 / SECOND));
        }
        due
    }

    #[test]
    fn a_lane_is_woken_at_once_and_then_not_too_often() {
        assert_eq!(due(&[100, 200], 0), [100, 200]);
        let busy: Vec<i64> = (100..130).collect();
        assert_eq!(due(&busy, 0), [100, 110, 120, 130]);
    }

    #[test]
    fn what_a_wake_is_too_early_for_is_read_by_the_next() {
        // At 101 the lane is due at 103, too early for what came at 101; a frame after 103 tells.
        assert_eq!(due(&[100, 101, 102], 3), [103]);
        assert_eq!(due(&[100, 101, 104], 3), [103, 113]);
        let mut pace = Pace::default();
        pace.want("mentions".to_owned(), Instant(3));
        assert_eq!(pace.ready(Instant(0)), [("mentions".to_owned(), Instant(3))]);
        pace.want("mentions".to_owned(), Instant(4));
        assert!(pace.ready(Instant(1)).is_empty());
        assert_eq!(pace.ready(Instant(3)), [("mentions".to_owned(), Instant(3 + LEAST))]);
    }

    #[test]
    fn one_lane_does_not_wait_for_another() {
        let mut pace = Pace::default();
        pace.want("mentions".to_owned(), Instant(5));
        assert_eq!(pace.ready(Instant(5)).len(), 1);
        pace.want("search:acme".to_owned(), Instant(6));
        assert_eq!(pace.ready(Instant(6)), [("search:acme".to_owned(), Instant(6))]);
    }
}
