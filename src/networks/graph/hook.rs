//! What Meta's servers call us with: the handshake, and events signed with the app's secret.
//!
//! A call bundles the changes of several Pages or accounts of one app; of those of this channel it
//! only matters which lane they belong to. An event that was not taken is brought again for 36
//! hours, so an old one may be genuine; what is older still is somebody's recording.

use super::super::json::Id;
use super::{App, mac};
use crate::domain::Instant;
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::wire::{Hook, HookRequest, Method};
use hmac::Mac;
use serde::Deserialize;
use serde_json::value::RawValue;
use subtle::ConstantTimeEq;

/// No event is older when it is brought for the last time.
const OLDEST: i64 = 2 * DAY;
/// How far Meta's clock may be ahead of ours.
const AHEAD: i64 = 10 * MINUTE;
/// The longest text that a handshake asks for.
const CHALLENGE: usize = 200;

/// For whom a call is taken.
pub(in crate::networks) struct Taker<'a> {
    /// By what the channel speaks to Meta.
    pub app: App<'a>,
    /// What Meta calls the kind of account: `page`, `instagram`.
    pub object: &'static str,
    /// The account's id.
    pub id: &'a str,
    /// Which field's changes wake which lane.
    pub lanes: &'static [(&'static str, &'static str)],
}

impl Taker<'_> {
    /// What a call comes to.
    pub(in crate::networks) fn take(&self, req: &HookRequest<'_>, now: Instant) -> Hook {
        match req.method {
            Method::Get => self.handshake(req),
            _ => self.event(req, now),
        }
    }

    /// Meta asks once whether the address is ours.
    fn handshake(&self, req: &HookRequest<'_>) -> Hook {
        let Some(verify) = self.app.verify else {
            return Hook::Refuse("a handshake came; write `verify_token` to answer it");
        };
        let shown = req.query("hub.verify_token").unwrap_or_default();
        let same = bool::from(shown.as_bytes().ct_eq(verify.expose().as_bytes()));
        if !same || req.query("hub.mode") != Some("subscribe") {
            return Hook::Refuse("a handshake with another `verify_token` than the channel's");
        }
        match req.query("hub.challenge") {
            Some(text)
                if (1..=CHALLENGE).contains(&text.len())
                    && text.chars().all(|c| c.is_ascii_graphic()) =>
            {
                Hook::Answer { status: 200, body: text.to_owned() }
            }
            _ => Hook::Refuse("a handshake without a challenge that could be sent back"),
        }
    }

    fn event(&self, req: &HookRequest<'_>, now: Instant) -> Hook {
        #[derive(Deserialize)]
        struct Call {
            object: String,
            entry: Vec<Box<RawValue>>,
        }
        let Some(secret) = self.app.secret else {
            return Hook::Refuse("an event came; write `app_secret` to check its signature");
        };
        let told = req.header("x-hub-signature-256").and_then(|told| told.strip_prefix("sha256="));
        let Some(told) = told.and_then(bytes) else {
            return Hook::Refuse("an event without a signature");
        };
        // The comparison takes the same time wherever the first difference lies.
        if mac(secret, req.body).verify_slice(&told).is_err() {
            return Hook::Refuse("an event with a wrong signature; is `app_secret` the app's?");
        }
        let Ok(call) = serde_json::from_slice::<Call>(req.body) else {
            return Hook::Refuse("a signed event of another shape than documented");
        };
        if call.object != self.object {
            return Hook::Wake(Vec::new());
        }
        let mut woken: Vec<String> = Vec::new();
        let (mut fresh, mut old) = (false, false);
        for entry in call.entry.iter().filter_map(|raw| Entry::read(raw)) {
            if entry.id.0 != self.id {
                continue;
            }
            if !entry.is_fresh(now) {
                old = true;
                continue;
            }
            fresh = true;
            let fields = entry.changes.iter().flatten().map(|change| change.field.as_str());
            let lanes = self.lanes.iter().filter(|(field, _)| fields.clone().any(|f| f == *field));
            woken.extend(lanes.map(|(_, lane)| (*lane).to_owned()));
        }
        if old && !fresh {
            return Hook::Refuse("a signed event that is days old, or from the future");
        }
        woken.sort();
        woken.dedup();
        Hook::Wake(woken)
    }
}

/// What happened to one account.
#[derive(Deserialize)]
struct Entry {
    id: Id,
    /// When it was made: seconds, in some products milliseconds.
    time: Option<i64>,
    changes: Option<Vec<Change>>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
}

impl Entry {
    /// Read on its own: one of another shape costs no other.
    fn read(raw: &RawValue) -> Option<Entry> {
        serde_json::from_str(raw.get()).ok()
    }

    /// Whether it was made lately, as far as it says when.
    fn is_fresh(&self, now: Instant) -> bool {
        // Seconds reach this figure in the year 5138.
        let at =
            |time: i64| if time < 100_000_000_000 { time.saturating_mul(SECOND) } else { time };
        let age = self.time.map_or(0, |time| now - Instant(at(time)));
        (-AHEAD..=OLDEST).contains(&age)
    }
}

/// The bytes behind hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hex.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|two| (two[0] << 4) | two[1]).collect())
}
