//! Threads of two levels: whom an answer of ours is for, and whether a text is ours.
//!
//! An answer to an answer stands below the comment at the top, beside what it answers. So the
//! parent alone does not tell for whom it is: whoever it names does, and where it names nobody it
//! is for the comment at the top.

use super::super::json;
use super::Time;
use crate::domain::Instant;
use crate::domain::time::MINUTE;
use crate::wire::{Fault, ThreadEntry};
use serde_json::value::RawValue;
use unicode_normalization::UnicodeNormalization;

/// How far Meta's clock may lag behind ours when our own comment is looked for.
const CLOCK_SLACK: i64 = MINUTE;

/// Hangs each answer of ours that names somebody below the newest comment of that one before it.
pub(in crate::networks) fn address(
    entries: &mut [ThreadEntry],
    is_ours: impl Fn(&ThreadEntry) -> bool,
    names: impl Fn(&ThreadEntry, &ThreadEntry) -> bool,
) {
    let mut parents = Vec::new();
    for (at, ours) in entries.iter().enumerate().filter(|(_, entry)| is_ours(entry)) {
        let named = entries.iter().filter(|other| {
            !is_ours(other) && other.created_at <= ours.created_at && names(ours, other)
        });
        let newest = named.max_by_key(|other| other.created_at);
        parents.extend(newest.map(|other| (at, other.external_id.clone())));
    }
    for (at, parent) in parents {
        entries[at].parent_id = Some(parent);
    }
}

/// Reads one comment of a thread. An unreadable one of a stranger is left out; one of ours, or of
/// nobody knows whom, ends the reading, since it could be the answer that is looked for.
pub(in crate::networks) fn comment<T: serde::de::DeserializeOwned>(
    raw: &RawValue,
    is_a_strangers: impl Fn(&RawValue) -> bool,
) -> Result<Option<T>, Fault> {
    match json::entry(raw) {
        Ok(comment) => Ok(Some(comment)),
        Err(_) if is_a_strangers(raw) => Ok(None),
        Err(why) => Err(Fault::bug(format!("a comment of the thread cannot be read: {why}"))),
    }
}

/// A reply that is looked for.
pub(in crate::networks) struct Wanted {
    text: String,
    since: Instant,
}

impl Wanted {
    /// A reply with this text, posted about `since` or later.
    pub(in crate::networks) fn new(text: &str, since: Instant) -> Wanted {
        Wanted { text: plain(text), since }
    }

    /// Whether a comment of ours has the same text and a time in range.
    pub(in crate::networks) fn is(&self, text: &str, at: Time) -> bool {
        at.0 >= self.since - CLOCK_SLACK && plain(text) == self.text
    }

    /// Whether a comment is too old to be it.
    pub(in crate::networks) fn is_before(&self, at: Instant) -> bool {
        at < self.since - CLOCK_SLACK
    }
}

/// A text as it can be compared: white space folded, one Unicode form.
fn plain(text: &str) -> String {
    let text: String = text.nfc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
