//! Calls of a recipient's own service: somebody pressed a button of an alert.
//!
//! The notifier checks the signature with the recipient's settings. What was pressed is carried out
//! before the call is answered, so that a service which brings it again where nobody answered
//! loses nothing. Forms and words that need a call of our own follow the answer: some services take
//! them only then.

use super::{Call, MOST, too_many};
use crate::clock::Stopwatch;
use crate::domain::time::{MINUTE, SECOND};
use crate::fetch::Peer;
use crate::pipeline::{Deps, presses};
use crate::web::front::{self, Shared};
use crate::web::problem::Problem;
use crate::wire::{Answer, Called, Press};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// A form opens only within three seconds of the press (Slack's `trigger_id`): what was later than
/// this is logged.
const IN_TIME: i64 = 2 * SECOND + SECOND / 2;

/// A call for one recipient.
pub(super) async fn of_recipient(
    State(front): State<Shared>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (deps, now) = (&front.web.deps, front.now());
    let from = front::address(request.extensions(), request.headers());
    if let Some(seconds) = front.bad_hooks.wait(from, now) {
        return Err(too_many("too many calls that are not genuine", seconds));
    }
    let since = Stopwatch::start();
    let call = Call::read(request).await?;
    let called = deps.recipients.get(&name).map(|recipient| {
        let owned = deps.engine.glance(Peer::Notifier(recipient.notifier), &recipient.link);
        recipient.notifier.hook(&call.request(), &owned.cx())
    });
    if let Some(Called::Refuse(why)) = &called {
        tracing::warn!(recipient = %name, error = *why, "a recipient's call was refused");
    }
    match called {
        Some(Called::Answer { status, kind, body }) => Ok(answer(status, kind, body)),
        Some(Called::Presses(pressed)) => {
            if front.hooks.count(&format!("recipient:{name}"), now) > MOST {
                return Err(too_many("too many calls in this minute", MINUTE / SECOND));
            }
            let body = carry_out(deps, &name, pressed, since).await?;
            let kind = if body.starts_with(b"{") { "application/json" } else { PLAIN };
            Ok(answer(200, kind, body))
        }
        // Who asks for one that is not there is told the same.
        Some(Called::Refuse(_)) | None => {
            front.bad_hooks.failed(from, now);
            let detail = "no recipient here takes this call: its address or its signature is wrong";
            Err(Problem::new(StatusCode::FORBIDDEN, detail))
        }
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn answer(status: u16, kind: &'static str, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// Carries out what was pressed; gives the body of the answer, which there is for one press alone.
async fn carry_out(
    deps: &Arc<Deps>,
    name: &str,
    pressed: Vec<Press>,
    since: Stopwatch,
) -> Result<Vec<u8>, Problem> {
    let Some(recipient) = deps.recipients.get(name) else { return Ok(Vec::new()) };
    let mut answered = Vec::with_capacity(pressed.len());
    for press in pressed {
        let answer = presses::carry_out(deps, &[recipient], &press).await?;
        answered.push((press, answer));
    }
    let body = match answered.as_slice() {
        [(press, answer)] => {
            let owned = deps.engine.glance(Peer::Notifier(recipient.notifier), &recipient.link);
            recipient.notifier.acked(press, answer, &owned.cx())
        }
        _ => Vec::new(),
    };
    tokio::spawn(tell(deps.clone(), name.to_owned(), answered, since));
    Ok(body)
}

/// Tells whoever pressed, beside the answer to the call.
async fn tell(deps: Arc<Deps>, name: String, answered: Vec<(Press, Answer)>, since: Stopwatch) {
    let Some(recipient) = deps.recipients.get(&name) else { return };
    for (press, answer) in &answered {
        presses::tell(&deps, recipient, press, answer).await;
        let took = since.elapsed_ms();
        if took > IN_TIME {
            tracing::warn!(recipient = %name, took_ms = took, "whoever pressed was told late");
        }
    }
}
