//! `Trouble`: the ways in which an outside fails, shared by all doubles, and the script of a test.

use super::line::Line;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One failure of the outside, for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Answers this status and does nothing; `Retry-After` in seconds.
    Refuse(u16, Option<u32>),
    /// Closes the line and does nothing.
    CutBefore,
    /// Does it at once, answers after this time.
    Late(Duration),
    /// Does it, then closes the line without an answer.
    CutAfter,
    /// Does it, then answers 500.
    FailAfter,
    /// Does it, and breaks off in the middle of the answer's body.
    Truncate,
}

impl Trouble {
    /// Whether the request is carried out all the same.
    pub fn carries_out(self) -> bool {
        !matches!(self, Trouble::Refuse(..) | Trouble::CutBefore)
    }
}

/// What goes wrong when: a queue that is used up first, then a round that repeats. Clones share it.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    next: VecDeque<Option<Trouble>>,
    round: VecDeque<Option<Trouble>>,
}

impl Script {
    /// The next request not yet spoken for meets this; `None` is a good one.
    pub fn then(&self, trouble: impl Into<Option<Trouble>>) -> &Script {
        self.lock().next.push_back(trouble.into());
        self
    }

    /// When the queue is empty, these take turns, for ever.
    pub fn round(&self, troubles: impl IntoIterator<Item = Option<Trouble>>) {
        self.lock().round = troubles.into_iter().collect();
    }

    /// What the request at hand meets.
    pub fn take(&self) -> Option<Trouble> {
        let mut state = self.lock();
        if let Some(next) = state.next.pop_front() {
            return next;
        }
        let turn = state.round.pop_front()?;
        state.round.push_back(turn);
        turn
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries a request out as the trouble has it. `line` is the connection that it came by.
pub async fn through(
    trouble: Option<Trouble>,
    line: &Line,
    carry_out: impl Future<Output = Response>,
) -> Response {
    match trouble {
        None => carry_out.await,
        Some(Trouble::Refuse(status, retry_after)) => refusal(status, retry_after),
        Some(Trouble::CutBefore) => {
            line.cut();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Some(Trouble::Late(by)) => {
            let answer = carry_out.await;
            tokio::time::sleep(by).await;
            answer
        }
        Some(Trouble::CutAfter) => {
            let answer = carry_out.await;
            line.cut();
            answer
        }
        Some(Trouble::FailAfter) => {
            carry_out.await;
            refusal(500, None)
        }
        Some(Trouble::Truncate) => truncated(carry_out.await).await,
    }
}

fn refusal(status: u16, retry_after: Option<u32>) -> Response {
    let status = StatusCode::from_u16(status).expect("tests write statuses that exist");
    let mut answer =
        (status, format!("{{\"error\":\"{status}, as the test asked\"}}")).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// Promises the whole body, sends half of it and breaks off.
async fn truncated(answer: Response) -> Response {
    let (mut head, body) = answer.into_parts();
    let whole = axum::body::to_bytes(body, 64 << 20).await.expect("a double's body is whole");
    head.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let half = futures_util::stream::iter([Ok::<Bytes, io::Error>(whole.slice(..whole.len() / 2))]);
    let end = futures_util::stream::once(async {
        // The half leaves before the line breaks.
        tokio::task::yield_now().await;
        Err(io::ErrorKind::ConnectionAborted.into())
    });
    Response::from_parts(head, Body::from_stream(half.chain(end)))
}

#[test]
fn the_queue_comes_first_and_the_round_repeats() {
    let script = Script::default();
    assert_eq!(script.take(), None);
    script.round([Some(Trouble::CutAfter), None]);
    script.then(Trouble::FailAfter).then(None);
    let met: Vec<_> = (0..5).map(|_| script.take()).collect();
    let cut = Some(Trouble::CutAfter);
    assert_eq!(met, [Some(Trouble::FailAfter), None, cut, None, cut]);
}
