//! What a feed showed before: the set of ids seen, with what they said, is the cursor.
//!
//! Dates are no cursor: feeds are edited, backdated and shuffled.

use super::Settings;
use crate::wire::Cursor;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// The least and the most ids remembered. Between them three times what the feed shows, so that
/// an entry which leaves the window and comes back is known. Of a feed that shows more than the
/// most, the rest is heard again at each change, which the store knows to be nothing new.
const LEAST: usize = 300;
const MOST: usize = 2_000;

/// The first 8 bytes of SHA-256 over the parts, each with its length, as 16 hex digits: enough
/// to tell a few thousand entries of one feed apart.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The cursor's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Digest of the configured address: for another one all this means nothing.
    of: String,
    /// The feed that the configured page names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// `ETag` and `Last-Modified` as sent, of the last answer that was read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Digests of ids, each with the digest of what it said; newest knowledge first.
    ids: Vec<(String, String)>,
}

impl Seen {
    /// What the cursor says; `None` if it says nothing about this address.
    pub(super) fn read(cursor: &Cursor, settings: &Settings) -> Option<Seen> {
        let seen: Seen = serde_json::from_str(&cursor.0).ok()?;
        (seen.of == Seen::first(settings).of).then_some(seen)
    }

    /// Before the first look.
    pub(super) fn first(settings: &Settings) -> Seen {
        Seen { of: digest(&[settings.url.as_str()]), ..Seen::default() }
    }

    /// As a cursor.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }

    /// Looks ids up.
    pub(super) fn known(&self) -> HashMap<&str, &str> {
        self.ids.iter().map(|(id, said)| (id.as_str(), said.as_str())).collect()
    }

    /// Remembers what the feed shows now, then what it showed before, as far as there is room.
    pub(super) fn remember(&mut self, shown: Vec<(String, String)>) {
        let room = (3 * shown.len()).clamp(LEAST, MOST);
        let mut taken = HashSet::new();
        let before = std::mem::take(&mut self.ids);
        self.ids = shown
            .into_iter()
            .chain(before)
            .filter(|(id, _)| taken.insert(id.clone()))
            .take(room)
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<usize>) -> Vec<(String, String)> {
        range.map(|n| (n.to_string(), String::new())).collect()
    }

    #[test]
    fn three_windows_are_remembered_newest_first() {
        let mut seen = Seen::default();
        for window in 0..6 {
            seen.remember(ids(window * 200..(window + 1) * 200));
        }
        assert_eq!(seen.ids.len(), 600);
        let known = seen.known();
        assert!(
            known.contains_key("600") && known.contains_key("1199") && !known.contains_key("599")
        );
        seen.remember(ids(0..5_000));
        assert_eq!(seen.ids.len(), MOST);
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["x"]).len(), 16);
    }
}
