//! RSS, Atom and JSON feeds: blogs, forums, review sites, news, searches saved as a feed.
//!
//! Rules: RSS 2.0, RFC 4287 (Atom), JSON Feed 1.1, RFC 9110 for conditional requests. A feed is a
//! window: what left it unseen cannot be fetched, so a poll in which nothing is known opens a
//! gap. A feed has no way to answer and does not tell of deletions: replies are written by hand
//! at the entry's address.

mod discover;
mod item;
mod json_feed;
mod poll;
mod seen;
mod xml;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::MINUTE;
use crate::domain::{Lang, MentionRef};
use crate::wire::{
    Bucket, BucketRule, Capabilities, Counts, Ctx, Cursor, Fault, Key, KeyFault, KeyKind, Lane,
    Meta, Network, Part, Talk, Terms, Walk, read_settings,
};
use serde::Deserialize;
use std::any::Any;
use url::Url;

/// Requests to one host, so that many feeds of one site do not come at once.
const HOST: Bucket = Bucket("host");
/// The cost of one request.
const ONE: &[(Bucket, u32)] = &[(HOST, 1)];

/// What a feed channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    url: Url,
    language: Option<Lang>,
    title: Option<String>,
}

impl Settings {
    /// The name space of its ids: host and path. A query tells feeds of one address apart; it
    /// may hold a token, so only its digest is kept.
    fn origin(&self) -> String {
        let mut origin = format!("{}{}", self.url.host_str().unwrap_or_default(), self.url.path());
        if let Some(query) = self.url.query() {
            origin.push('?');
            origin.push_str(&seen::digest(&[query]));
        }
        origin
    }
}

static META: Meta = Meta {
    name: "feed",
    title: "RSS, Atom or JSON feed",
    about: "Reads a feed, or finds the feed that a web page names. Entries have no reply by API: \
            the alert leads to the entry, where a person answers.",
    docs: "https://www.rssboard.org/rss-specification",
    can: Capabilities { poll: true, reply: false, thread: false, stream: false, backfill: false },
    length: LengthRule { counting: Counting::Graphemes, limit: 10_000 },
    buckets: &[BucketRule {
        bucket: HOST,
        counts: Counts::Host,
        limit: 30,
        window_ms: MINUTE,
        reserve: 0,
    }],
    keys: &[
        Key {
            name: "url",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of the feed, or of a page that names its feed.",
            example: "\"https://forum.example/latest.rss\"",
        },
        Key {
            name: "language",
            kind: KeyKind::Text,
            required: false,
            doc: "Language of the entries where the feed does not say. Default: recognised from the text.",
            example: "\"it\"",
        },
        Key {
            name: "title",
            kind: KeyKind::Text,
            required: false,
            doc: "Shown as author where an entry names none. Default: the feed's own title.",
            example: "\"Customer forum\"",
        },
    ],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// Feeds as a network.
pub(super) struct Feed;

impl Network for Feed {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let settings: Settings = read_settings(table)?;
        let url = &settings.url;
        let bare = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() || !bare {
            return Err(KeyFault {
                key: "url".to_owned(),
                why: "write an address without user and password, as in \"https://forum.example/latest.rss\"".to_owned(),
            });
        }
        Ok(Box::new(settings))
    }

    fn lanes(&self, _cx: &Ctx<'_>) -> Vec<Lane> {
        vec![Lane {
            id: "feed".to_owned(),
            walk: Walk::Snapshot,
            every_ms: 5 * MINUTE,
            overlap_ms: 0,
            // Feeds are served from caches.
            settle_ms: MINUTE,
            // A feed names the brand or it does not; its address says nothing.
            addressed: false,
            gap: None,
        }]
    }

    fn listen(
        &self,
        _lane: &Lane,
        cursor: Option<&Cursor>,
        _resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        Box::new(poll::Poll::new(cx.settings(), cursor))
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        super::parts(self.length(cx), "", text)
    }
}

#[cfg(test)]
mod tests;
