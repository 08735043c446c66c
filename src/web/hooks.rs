//! Hooks: calls from a network's own server. They wake the lanes of a channel, leave the ids of what
//! no list shows, and tell what a person asks of us: an app removed, data to delete.
//!
//! The network checks the signature with the channel's settings; a call costs no log-in and no
//! question to anybody. To whom no channel answers is told the same as to who signs wrongly, so
//! that nobody can ask which channels there are. What polling does not find is stored before the
//! call is answered; all else that is lost here is found by polling. Calls of recipients' services
//! stand in `recipient`.

mod recipient;

use super::front::{self, Shared};
use super::idempotent::body;
use super::pages;
use super::problem::Problem;
use crate::domain::Instant;
use crate::domain::time::{MINUTE, SECOND};
use crate::fetch::Peer;
use crate::links::path;
use crate::pipeline::{Channel, callbacks, hints, wake};
use crate::wire::{Hook, HookRequest, Method};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Largest body. Meta bundles up to 1,000 changes of less than 1 KB.
const BODY_LIMIT: usize = 1 << 20;
/// Genuine calls of one channel in a minute; beyond it the caller is asked to come again.
const MOST: u32 = 600;
/// Beyond so many in a minute lanes are not due at once but a little later, so that a crowd of
/// calls is one poll and not a poll each.
const CROWD: u32 = 12;
/// How much later.
const LATER: i64 = 10 * SECOND;

/// Counts genuine calls by channel or recipient and minute.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<String, (Instant, u32)>>);

impl Pace {
    /// Counts a call; gives how many there were in this minute, with this one. The names are
    /// those of what is configured, so there are not many.
    fn count(&self, channel: &str, now: Instant) -> u32 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, calls) = all.entry(channel.to_owned()).or_insert((now, 0));
        if now - *began >= MINUTE || now < *began {
            (*began, *calls) = (now, 0);
        }
        *calls = calls.saturating_add(1);
        *calls
    }
}

/// The routes under `/hooks/`.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(path::HOOK_CHANNEL, get(of_channel).post(of_channel))
        .route(path::HOOK_APP, get(of_app).post(of_app))
        .route(path::HOOK_RECIPIENT, get(recipient::of_recipient).post(recipient::of_recipient))
}

/// A call for one channel.
async fn of_channel(
    State(front): State<Shared>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let channels = front.web.deps.channels.get(&name).into_iter().collect();
    called(&front, channels, (path::HOOK_CHANNEL, name.as_str()), request).await
}

/// A call for every channel that shares an app.
async fn of_app(
    State(front): State<Shared>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let deps = &front.web.deps;
    let shares = |channel: &&Channel| {
        let known = deps.engine.glance(Peer::Network(channel.network), &channel.link);
        channel.network.app(&known.cx()) == Some(name.as_str())
    };
    let channels = deps.channels.values().filter(shares).collect();
    called(&front, channels, (path::HOOK_APP, name.as_str()), request).await
}

/// What the channels made of a genuine call, beyond the lanes that were woken.
#[derive(Default)]
struct Taken<'a> {
    /// Too much came, so not all of it was taken.
    crowded: bool,
    /// The mark of a callback: the channels that take one call see the same.
    mark: [u8; 16],
    /// Whose permission was taken back, and when.
    deauthorized: Vec<(&'a Channel, Instant)>,
    /// Where an author's data is to be deleted, and who that is.
    erased: Vec<(&'a Channel, String)>,
}

/// Lets each channel say what the call is; it is genuine if one of them says so.
async fn called(
    front: &Shared,
    channels: Vec<&Channel>,
    at: (&'static str, &str),
    request: Request,
) -> Result<Response, Problem> {
    let (deps, now) = (&front.web.deps, front.now());
    let from = front::address(request.extensions(), request.headers());
    if let Some(seconds) = front.bad_hooks.wait(from, now) {
        return Err(too_many("too many calls that are not genuine", seconds));
    }
    let visitor = request.headers().clone();
    let call = Call::read(request).await?;
    if call.method == Method::Get
        && let Some(code) = call.request().query("deletion")
    {
        let (page, found) = pages::deletion(front, &visitor, code).await;
        if !found {
            // Codes cannot be guessed; whoever tries is slowed down.
            front.bad_hooks.failed(from, now);
        }
        return Ok(page);
    }
    let (mut genuine, mut taken) = (false, Taken::default());
    for channel in channels {
        let known = deps.engine.glance(Peer::Network(channel.network), &channel.link);
        let hook = channel.network.hook(&call.request(), &known.cx());
        match hook {
            Hook::Answer { status, body } => return Ok(answer(status, body)),
            Hook::Refuse(why) => {
                tracing::warn!(channel = %channel.name, error = why, "a hook was refused");
            }
            hook => {
                genuine = true;
                take(front, channel, hook, now, &mut taken).await?;
            }
        }
    }
    if !genuine {
        front.bad_hooks.failed(from, now);
        let detail = "no channel here takes this call: its address or its signature is wrong";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    if taken.crowded {
        return Err(too_many("too many calls in this minute", MINUTE / SECOND));
    }
    for (channel, issued) in &taken.deauthorized {
        callbacks::deauthorized(deps, channel, *issued, &taken.mark).await?;
    }
    if taken.erased.is_empty() {
        return Ok(answer(200, "heard\n".to_owned()));
    }
    let code = callbacks::erase(deps, &taken.erased, &taken.mark).await?;
    let url = deps.links.deletion(at.0, at.1, &code);
    let told = json!({ "url": url, "confirmation_code": code });
    Ok(([(header::CONTENT_TYPE, "application/json")], told.to_string()).into_response())
}

/// Takes a genuine call for one channel.
async fn take<'a>(
    front: &Shared,
    channel: &'a Channel,
    hook: Hook,
    now: Instant,
    taken: &mut Taken<'a>,
) -> Result<(), Problem> {
    let deps = &front.web.deps;
    let calls = front.hooks.count(&channel.name, now);
    if calls > MOST {
        taken.crowded = true;
        return Ok(());
    }
    let at = if calls > CROWD { now + LATER } else { now };
    match hook {
        Hook::Wake(lanes) => wake::rouse(deps, &channel.name, &lanes, at).await?,
        Hook::Hints { lanes, hints } => {
            if !hints::note(deps, &channel.name, &hints, &lanes, at).await? {
                tracing::error!(
                    channel = %channel.name,
                    "too much that hooks told of waits to be read; calls are sent away until it is"
                );
                taken.crowded = true;
            }
        }
        Hook::Deauthorized { at, mark } => {
            taken.mark = mark;
            taken.deauthorized.push((channel, at));
        }
        Hook::Erase { author, mark } => {
            taken.mark = mark;
            taken.erased.push((channel, author));
        }
        // Told apart before.
        Hook::Answer { .. } | Hook::Refuse(_) => {}
    }
    Ok(())
}

fn too_many(what: &str, seconds: i64) -> Problem {
    let detail = format!("{what}; wait {seconds} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry(seconds)
}

fn answer(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

/// A call, read whole.
struct Call {
    method: Method,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: axum::body::Bytes,
}

impl Call {
    async fn read(request: Request) -> Result<Call, Problem> {
        let is_post = request.method() == axum::http::Method::POST;
        let query = request.uri().query().unwrap_or_default();
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let headers = request.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Ok(Call {
            method: if is_post { Method::Post } else { Method::Get },
            query,
            headers: headers.collect(),
            body: body(request, BODY_LIMIT).await?,
        })
    }

    fn request(&self) -> HookRequest<'_> {
        HookRequest {
            method: self.method,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_channel_and_minute() {
        let (pace, start) = (Pace::default(), Instant(5));
        for n in 1..=3 {
            assert_eq!(pace.count("shop", start), n);
        }
        assert_eq!(pace.count("page", start), 1);
        assert_eq!(pace.count("shop", start + MINUTE), 1);
        assert_eq!(pace.count("shop", start), 1, "a clock that was set back");
    }
}
