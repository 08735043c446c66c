//! `GET /api/v1/events`: the event log as it grows, by server-sent events.
//!
//! A stream begins behind `Last-Event-ID` (or `after=`), without one at the end of the log. Ids
//! sort by time, but two processes may commit them in another order; so the last ten seconds are
//! read again each time, and a resumed stream may repeat them. Their ids tell repeats.

use super::{Ask, render};
use crate::clock::Stopwatch;
use crate::domain::time::SECOND;
use crate::domain::{EventId, Instant};
use crate::pipeline::Changed;
use crate::store::{StoreError, inbox};
use crate::web::auth::{Caller, Scope};
use crate::web::front::Shared;
use crate::web::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// How far back each read begins.
const OVERLAP: i64 = 10 * SECOND;
/// Most events of one read.
const BATCH: i64 = 500;
/// What another process did is seen this late; what this one did, at once.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Least time between two reads, in milliseconds of the stopwatch.
const PAUSE: i64 = 200;

/// Where a stream may begin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    after: Option<EventId>,
}

/// The stream for programs.
pub async fn events(
    State(front): State<Shared>,
    caller: Caller,
    Ask(asked): Ask<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.must(Scope::Read)?;
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()?.parse().ok());
    live(&front, last.or(asked.after)).await
}

/// A stream of the log behind an event, or from now on.
async fn live(front: &Shared, after: Option<EventId>) -> Result<Response, Problem> {
    let changes = front.web.deps.changes.subscribe();
    let mut tail = Tail::new(front.clone(), changes);
    match after {
        Some(id) => tail.newest = id,
        None => tail.skip_all().await?,
    }
    let events = Sse::new(tail.stream()).keep_alive(KeepAlive::default());
    Ok(events.into_response())
}

/// Follows the log.
struct Tail {
    front: Shared,
    changes: broadcast::Receiver<Changed>,
    stop: CancellationToken,
    /// The newest event that was seen.
    newest: EventId,
    /// What was sent of the time that is read again.
    sent: BTreeSet<EventId>,
    ready: VecDeque<Event>,
    looked: Stopwatch,
}

/// The id below all of that instant and above all before.
fn floor(newest: EventId) -> (EventId, Instant) {
    let at = i64::try_from(newest.0 >> 80).unwrap_or(0);
    let from = (at - OVERLAP).max(0);
    (EventId(u128::from(from.unsigned_abs()) << 80), Instant(from))
}

impl Tail {
    fn new(front: Shared, changes: broadcast::Receiver<Changed>) -> Tail {
        let stop = front.stop.clone();
        let (newest, sent, ready) = (EventId(0), BTreeSet::new(), VecDeque::new());
        Tail { front, changes, stop, newest, sent, ready, looked: Stopwatch::start() }
    }

    /// Counts all that is there as sent.
    async fn skip_all(&mut self) -> Result<(), StoreError> {
        let mut tx = self.front.web.deps.store.read().await?;
        self.newest = inbox::last_event(&mut tx).await?.unwrap_or(EventId(0));
        let mut from = floor(self.newest).0;
        loop {
            let rows = inbox::events(&mut tx, from, BATCH).await?;
            for row in &rows {
                from = row.id.parse().map_err(|why| broken(&row.id, why))?;
                self.sent.insert(from);
            }
            if i64::try_from(rows.len()).is_ok_and(|n| n < BATCH) {
                return Ok(());
            }
        }
    }

    /// Reads what is new.
    async fn look(&mut self) -> Result<(), StoreError> {
        let mut tx = self.front.web.deps.store.read().await?;
        let mut from = floor(self.newest).0;
        loop {
            let rows = inbox::events(&mut tx, from, BATCH).await?;
            let full = i64::try_from(rows.len()).is_ok_and(|n| n >= BATCH);
            for row in &rows {
                from = row.id.parse().map_err(|why| broken(&row.id, why))?;
                if self.sent.insert(from) {
                    self.newest = self.newest.max(from);
                    let data = render::event(row).to_string();
                    let event = Event::default().id(&row.id).data(data);
                    self.ready.push_back(event);
                }
            }
            // Where all of a full batch was sent before, what is new lies behind it.
            if !full || !self.ready.is_empty() {
                break;
            }
        }
        self.sent = self.sent.split_off(&floor(self.newest).0);
        Ok(())
    }

    /// The next event; `None` when the house stops or the store fails.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.stop.is_cancelled() {
                return None;
            }
            if let Err(e) = self.look().await {
                tracing::warn!(error = %e, "an event stream ends; its client begins again");
                return None;
            }
            if self.ready.is_empty() {
                self.wait().await;
            }
        }
    }

    /// Waits until something may be new, but never reads more often than `PAUSE`.
    async fn wait(&mut self) {
        tokio::select! {
            () = self.stop.cancelled() => return,
            // Lagging or not: the log is the truth. The sender lives as long as the house.
            _ = self.changes.recv() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let since = self.looked.elapsed_ms();
        if since < PAUSE {
            let rest = Duration::from_millis((PAUSE - since).unsigned_abs());
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
        self.looked = Stopwatch::start();
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut tail| async move {
            let event = tail.next().await?;
            Some((Ok(event), tail))
        })
    }
}

fn broken(row: &str, why: String) -> StoreError {
    StoreError::Broken { row: row.to_owned(), why }
}
