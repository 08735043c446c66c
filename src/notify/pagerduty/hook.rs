//! What PagerDuty calls about an incident: who acknowledged it.
//!
//! PagerDuty drops a call that is refused and, after three of them, stops calling for a day. So
//! whatever is genuine is taken, also where it brings nothing for us.

use crate::domain::Instant;
use crate::domain::text::one_line;
use crate::domain::time::HOUR;
use crate::wire::{Back, Called, HookRequest, Method, Press, Pressed, Secret};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// A call is tried for some twenty minutes; what is older than this is none that was ever meant to
/// come now, and moves no case.
const FRESH: i64 = HOUR;
/// No incident's key of ours is longer.
const LONGEST_KEY: usize = 255;

/// What a call comes to.
pub(super) fn take(req: &HookRequest<'_>, secret: Option<&Secret>, now: Instant) -> Called {
    if req.method != Method::Post {
        return Called::Refuse("PagerDuty calls by POST only");
    }
    let Some(secret) = secret else {
        return Called::Refuse("a call came; write `webhook_secret` to check its signature");
    };
    let Some(told) = req.header("x-pagerduty-signature") else {
        return Called::Refuse("a call without a signature");
    };
    if !is_signed(told, req.body, secret) {
        return Called::Refuse(
            "a call with a wrong signature; is `webhook_secret` that of the webhook?",
        );
    }
    Called::Presses(press(req.body, now).into_iter().collect())
}

/// Whether one of the signatures holds; there are two while a secret is being changed. The
/// comparison takes the same time wherever the first difference lies.
fn is_signed(told: &str, body: &[u8], secret: &Secret) -> bool {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    let mac = mac.expect("HMAC takes a key of any length").chain_update(body);
    let signatures = told.split(',').filter_map(|one| one.trim().strip_prefix("v1="));
    let mut tags = signatures.filter_map(bytes);
    tags.any(|tag| mac.clone().verify_slice(&tag).is_ok())
}

/// Bytes written in hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect())
}

/// What a genuine call says. Whatever can be missing is optional.
#[derive(Deserialize)]
struct Call {
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    event_type: String,
    occurred_at: String,
    /// Who did it; none for what PagerDuty does by itself.
    agent: Option<Agent>,
    data: Option<Incident>,
}

#[derive(Deserialize)]
struct Agent {
    #[serde(default)]
    id: String,
    #[serde(default, rename = "type")]
    kind: String,
    /// The name.
    summary: Option<String>,
}

#[derive(Deserialize)]
struct Incident {
    /// The `dedup_key` of the event that opened it; none where several alerts were put together.
    incident_key: Option<String>,
}

/// Somebody took an incident. A resolved one is no answer to a customer; what our own events did has
/// no person behind it.
fn press(body: &[u8], now: Instant) -> Option<Press> {
    let Call { event } = serde_json::from_slice(body).ok()?;
    let occurred = Instant::parse(&event.occurred_at).ok()?;
    if event.event_type != "incident.acknowledged" || now - occurred > FRESH {
        return None;
    }
    let agent =
        event.agent.filter(|agent| agent.kind == "user_reference" && !agent.id.is_empty())?;
    let key = event.data?.incident_key?;
    let remote = Some(key).filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY)?;
    Some(Press {
        key: event.id,
        by: agent.id,
        name: one_line(agent.summary.as_deref().unwrap_or_default(), 60),
        did: Pressed::Mark { remote, act: "take" },
        back: Back::default(),
    })
}
