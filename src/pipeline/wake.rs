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
/// A stream that was open for so long was a good one, whatever it brought: nobody need write to a
/// quiet account, and many a proxy closes a stream that is idle.
const GOOD: i64 = 30 * SECOND;
/// How soon a wake is tried again that the store did not take.
const AGAIN: i64 = 5 * SECOND;

/// Keeps a channel's stream open, if it has one, and makes lanes due by its frames.
pub async fn listen(deps: Arc<Deps>, channel: String, stop: CancellationToken) {
    if !has_stream(&deps, &channel) {
        return;
    }
    let (mut tries, mut pace) = (Tries::default(), Pace::default());
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            ended = once(&deps, &channel, &mut pace) => tries.ended(ended),
        }
        // A stream that cannot be had costs nothing but time: the lanes are polled anyway.
        let ms = tries.wait_ms(deps.ids.number());
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

/// What became of a stream.
#[derive(Clone, Copy)]
pub(super) enum Ended {
    /// It was not opened.
    Never,
    /// It ended.
    After {
        /// How long it was open, in milliseconds.
        open_ms: i64,
        /// It brought a frame.
        brought: bool,
    },
}

/// Tries in a row that gave no good stream, by which the next one waits.
#[derive(Default)]
pub(super) struct Tries(i64);

impl Tries {
    /// A stream ended.
    pub(super) fn ended(&mut self, ended: Ended) {
        let good = match ended {
            Ended::Never => false,
            Ended::After { open_ms, brought } => brought || open_ms >= GOOD,
        };
        self.0 = if good { 0 } else { self.0 + 1 };
    }

    /// How long to wait before the next one, in milliseconds.
    pub(super) fn wait_ms(&self, seed: u64) -> i64 {
        backoff(self.0, 5 * SECOND, 10 * MINUTE, seed)
    }
}

/// Listens until the stream ends.
async fn once(deps: &Deps, name: &str, pace: &mut Pace) -> Ended {
    let Some(channel) = deps.channels.get(name) else { return Ended::Never };
    let opened = deps.engine.frames(channel.network, &channel.link).await;
    let Ok(Some(mut frames)) = opened else { return Ended::Never };
    let Ok(owned) = deps.engine.ctx(Peer::Network(channel.network), &channel.link).await else {
        return Ended::Never;
    };
    let (since, mut brought) = (deps.now(), false);
    loop {
        wake_ready(deps, name, pace).await;
        // The next frame may be long in coming; what the store did not take does not wait for it.
        let next = if pace.was_refused() {
            let soon = Duration::from_millis(AGAIN.unsigned_abs());
            tokio::time::timeout(soon, frames.next()).await
        } else {
            Ok(frames.next().await)
        };
        let Ok(next) = next else { continue };
        let Ok(frame) = next else { break };
        brought = true;
        let now = deps.now();
        for lane in channel.network.wakes(&frame, &owned.cx()) {
            pace.want(lane, now + frames.lag_ms());
        }
    }
    Ended::After { open_ms: deps.now() - since, brought }
}

/// Wakes the lanes that are to be woken now.
async fn wake_ready(deps: &Deps, name: &str, pace: &mut Pace) {
    for (lane, at) in pace.ready(deps.now()) {
        match rouse(deps, name, std::slice::from_ref(&lane), at).await {
            Ok(()) => pace.woken(&lane, at),
            Err(error) => {
                tracing::warn!(channel = name, error = %error, "lanes could not be woken");
                pace.refused(&lane, deps.now());
            }
        }
    }
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
    /// The store did not take the last wake; it is tried again at this time. A stream may bring
    /// hundreds of frames a second, and not each of them is to ask a store that is down.
    again: Option<Instant>,
}

impl Woken {
    /// When it is to be made due, if that is to be done now. What is due already is not: a wake
    /// could only bring that forward. It comes with a frame after that.
    fn ready(&self, now: Instant) -> Option<Instant> {
        let waits = |until: Option<Instant>| until.is_some_and(|until| until > now);
        if waits(self.at) || waits(self.again) {
            return None;
        }
        let wanted = self.wanted?;
        Some(self.at.map_or(wanted, |last| wanted.max(last + LEAST)))
    }
}

impl Pace {
    /// A frame wants a lane to be read at `at` or later.
    fn want(&mut self, lane: String, at: Instant) {
        let woken = self.0.entry(lane).or_default();
        if woken.at.is_none_or(|known| known < at) {
            woken.wanted = Some(at);
        }
    }

    /// The lanes that are to be made due now, and when.
    fn ready(&self, now: Instant) -> Vec<(String, Instant)> {
        let lanes = self.0.iter();
        lanes
            .filter_map(|(lane, woken)| Some((lane, woken.ready(now)?)))
            .map(|(lane, at)| (lane.clone(), at))
            .collect()
    }

    /// A lane was made due at `at`.
    fn woken(&mut self, lane: &str, at: Instant) {
        if let Some(woken) = self.0.get_mut(lane) {
            *woken = Woken { at: Some(at), ..Woken::default() };
        }
    }

    /// The store did not take a wake.
    fn refused(&mut self, lane: &str, now: Instant) {
        if let Some(woken) = self.0.get_mut(lane) {
            woken.again = Some(now + AGAIN);
        }
    }

    /// Whether a wake is to be tried again.
    fn was_refused(&self) -> bool {
        self.0.values().any(|woken| woken.again.is_some())
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

    /// Makes due what is ready; gives when.
    fn take(pace: &mut Pace, now: Instant) -> Vec<(String, Instant)> {
        let ready = pace.ready(now);
        ready.iter().for_each(|(lane, at)| pace.woken(lane, *at));
        ready
    }

    /// Frames for one lane at these seconds, each read `lag` seconds later; when it is made due.
    fn due(frames: &[i64], lag: i64) -> Vec<i64> {
        let mut pace = Pace::default();
        let mut due = Vec::new();
        for frame in frames {
            let now = Instant(frame * SECOND);
            pace.want("mentions".to_owned(), now + lag * SECOND);
            due.extend(take(&mut pace, now).into_iter().map(|(_, at)| at.0 / SECOND));
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
        assert_eq!(take(&mut pace, Instant(0)), [("mentions".to_owned(), Instant(3))]);
        pace.want("mentions".to_owned(), Instant(4));
        assert!(take(&mut pace, Instant(1)).is_empty());
        assert_eq!(take(&mut pace, Instant(3)), [("mentions".to_owned(), Instant(3 + LEAST))]);
    }

    #[test]
    fn what_the_store_did_not_take_stays_to_be_woken() {
        let mut pace = Pace::default();
        pace.want("mentions".to_owned(), Instant(3));
        let lost = pace.ready(Instant(0));
        assert_eq!(lost, [("mentions".to_owned(), Instant(3))]);
        pace.refused("mentions", Instant(0));
        assert!(pace.was_refused());
        assert!(pace.ready(Instant(AGAIN - 1)).is_empty(), "not with each frame");
        assert_eq!(take(&mut pace, Instant(AGAIN)), lost, "the store is back");
        assert!(!pace.was_refused());
        assert!(take(&mut pace, Instant(2 * AGAIN)).is_empty(), "nothing wants more");
    }

    #[test]
    fn one_lane_does_not_wait_for_another() {
        let mut pace = Pace::default();
        pace.want("mentions".to_owned(), Instant(5));
        assert_eq!(take(&mut pace, Instant(5)).len(), 1);
        pace.want("search:acme".to_owned(), Instant(6));
        assert_eq!(take(&mut pace, Instant(6)), [("search:acme".to_owned(), Instant(6))]);
    }

    #[test]
    fn a_quiet_stream_is_opened_again_as_soon_as_a_busy_one() {
        let mut tries = Tries::default();
        let ended = |open_ms, brought| Ended::After { open_ms, brought };
        for _ in 0..20 {
            tries.ended(ended(60 * SECOND, false));
            assert_eq!(tries.wait_ms(0), 5 * SECOND);
        }
        tries.ended(ended(SECOND, false));
        assert_eq!(tries.wait_ms(0), 10 * SECOND, "what ends at once is no stream");
        for _ in 0..20 {
            tries.ended(Ended::Never);
        }
        assert_eq!(tries.wait_ms(0), 10 * MINUTE);
        tries.ended(ended(SECOND, true));
        assert_eq!(tries.wait_ms(0), 5 * SECOND);
    }
}
