//! Waking lanes, by the frame of a stream or by a hook: polling stays the truth.

use super::{Deps, backoff};
use crate::domain::Instant;
use crate::domain::time::{MINUTE, SECOND};
use crate::fetch::Peer;
use crate::store::{StoreError, lanes};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Keeps a channel's stream open, if its network has one, and makes lanes due by its frames.
pub async fn listen(deps: Arc<Deps>, channel: String, stop: CancellationToken) {
    let has_stream = deps.channels.get(&channel).is_some_and(|c| c.network.meta().can.stream);
    let mut failures = 0;
    while has_stream && !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            lived = once(&deps, &channel) => failures = if lived { 0 } else { failures + 1 },
        }
        // A stream that cannot be had costs nothing but time: the lanes are polled anyway.
        let ms = backoff(failures, 5 * SECOND, 10 * MINUTE, deps.ids.number());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())) => {}
        }
    }
}

/// Listens until the stream ends; says whether it brought anything.
async fn once(deps: &Deps, name: &str) -> bool {
    let Some(channel) = deps.channels.get(name) else { return false };
    let opened = deps.engine.frames(channel.network, &channel.link).await;
    let Ok(Some(mut frames)) = opened else { return false };
    let Ok(owned) = deps.engine.ctx(Peer::Network(channel.network), &channel.link).await else {
        return false;
    };
    let mut lived = false;
    while let Ok(frame) = frames.next().await {
        lived = true;
        let woken = channel.network.wakes(&frame, &owned.cx());
        if let Err(error) = rouse(deps, name, &woken, deps.now()).await {
            tracing::warn!(channel = name, error = %error, "lanes could not be woken");
        }
    }
    lived
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
