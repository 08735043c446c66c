//! What Meta's servers call us with: the handshake, and events signed with the app's secret. For
//! callbacks about people see `callback`.
//!
//! A call bundles the changes of several Pages or accounts of one app; of those of this channel it
//! matters which lane they belong to and, where no list shows what they tell of, its ids. An event
//! that was not taken is brought again for 36 hours, so an old one may be genuine; what is older
//! still is somebody's recording.

use super::super::json::Id;
use super::{App, callback, mac};
use crate::domain::Instant;
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::wire::{Hint, Hook, HookRequest, Method};
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
    /// Which field's changes no list shows.
    pub hints: Option<Hints>,
}

/// What becomes of changes that no list shows.
#[derive(Clone, Copy)]
pub(in crate::networks) struct Hints {
    /// Their field.
    pub field: &'static str,
    /// The lane of the hints.
    pub lane: &'static str,
    /// The key of a change by its value; of what cannot be read its text, so that it is not lost.
    pub key: fn(&str) -> String,
}

impl Taker<'_> {
    /// What a call comes to.
    pub(in crate::networks) fn take(&self, req: &HookRequest<'_>, now: Instant) -> Hook {
        match (req.method, req.query("call")) {
            (Method::Get, _) => self.handshake(req),
            (_, Some(call)) => callback::take(call, req, self, now),
            (_, None) => self.event(req, now),
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
        let (mut woken, mut hints): (Vec<String>, Vec<Hint>) = (Vec::new(), Vec::new());
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
            for change in entry.changes.iter().flatten() {
                if let Some(told) = self.hints.filter(|told| told.field == change.field) {
                    let value = change.value.as_ref().map_or("null", |value| value.get());
                    hints.push(Hint::new(told.lane, &(told.key)(value)));
                }
            }
        }
        if old && !fresh {
            return Hook::Refuse("a signed event that is days old, or from the future");
        }
        woken.sort();
        woken.dedup();
        if hints.is_empty() { Hook::Wake(woken) } else { Hook::Hints { lanes: woken, hints } }
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
    value: Option<Box<RawValue>>,
}

impl Entry {
    /// Read on its own: one of another shape costs no other.
    fn read(raw: &RawValue) -> Option<Entry> {
        serde_json::from_str(raw.get()).ok()
    }

    /// Whether it was made lately, as far as it says when.
    fn is_fresh(&self, now: Instant) -> bool {
        self.time.is_none_or(|time| is_fresh(at(time), now))
    }
}

/// A time of Meta's: seconds, in some products milliseconds.
pub(super) fn at(time: i64) -> Instant {
    // Seconds reach this figure in the year 5138.
    Instant(if time < 100_000_000_000 { time.saturating_mul(SECOND) } else { time })
}

/// Whether something was made lately, by Meta's clock and ours.
pub(super) fn is_fresh(at: Instant, now: Instant) -> bool {
    (-AHEAD..=OLDEST).contains(&now.0.saturating_sub(at.0))
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
