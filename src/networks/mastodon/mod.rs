//! Mastodon and servers that speak its API: notifications and hashtags in, replies out.
//!
//! Facts: docs.joinmastodon.org, methods notifications, timelines, statuses, instance, streaming.
//! Ids are opaque (numbers on Mastodon, ULIDs elsewhere) and belong to one server, so a mention's
//! origin is the server's host. A post does not name its conversation: `thread_id` is the post's
//! own id where it answers nothing, else the id of what it answers. All answers to one post are
//! therefore one thread; a customer's answer to *our* reply is a thread of its own, whose
//! `parent_id` is our reply.

mod answer;
mod consent;
mod listen;
mod login;
mod wire;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::text::one_line;
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::domain::{Instant, MentionRef, Visibility};
use crate::wire::{
    Bucket, BucketRule, Capabilities, Consent, Counts, Ctx, Cursor, Fault, Key, KeyFault, KeyKind,
    Lane, Meta, Network, Next, Part, Request, Response, Secret, Seen, Sent, Session, StreamOp,
    Talk, Terms, ThreadView, Told, Walk, is_one_word, read_settings,
};
use serde::Deserialize;
use std::any::Any;
use url::Url;

/// All calls of a token: 300 in 5 minutes (docs.joinmastodon.org/api/rate-limits).
const API: Bucket = Bucket("api");
/// The cost of one call.
const ONE: &[(Bucket, u32)] = &[(API, 1)];
/// Late notifications: ids come from a sequence and commit a little out of order.
const MENTIONS_OVERLAP: i64 = MINUTE;
/// Late posts under a hashtag: a server gives a federated post an id by its own date, so one
/// that arrives late stands below newer ones.
const TAG_OVERLAP: i64 = 10 * MINUTE;

/// What a Mastodon channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    server: Url,
    token: Secret,
    #[serde(default)]
    hashtags: Vec<String>,
}

impl Settings {
    /// An address of the server's API.
    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["api"]).extend(path);
        }
        url
    }

    /// The name space of its ids: host, and port where it is no usual one.
    fn origin(&self) -> String {
        let host = self.server.host_str().unwrap_or_default();
        self.server.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether an author is the brand.
    fn is_own(author: &str, cx: &Ctx<'_>) -> bool {
        cx.own.iter().any(|id| id == author)
    }
}

static META: Meta = Meta {
    name: "mastodon",
    title: "Mastodon",
    about: "Reads the notifications of the brand's Mastodon profile and the hashtags you name, \
            and posts approved replies. Works with servers that speak the same API.",
    docs: "https://docs.joinmastodon.org/client/intro/",
    can: Capabilities { poll: true, reply: true, thread: true, stream: true, backfill: false },
    length: LengthRule { counting: Counting::Mastodon, limit: 500 },
    buckets: &[BucketRule {
        bucket: API,
        counts: Counts::Token,
        limit: 300,
        window_ms: 5 * MINUTE,
        reserve: 60,
    }],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of the server where the brand's profile lives.",
            example: "\"https://mastodon.example\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "Access token from Preferences, Development, with the scopes read:accounts, \
                  read:notifications, read:statuses and write:statuses.",
            example: "\"kq1t0ken\"",
        },
        Key {
            name: "hashtags",
            kind: KeyKind::List,
            required: false,
            doc: "Hashtags to read besides the notifications, with or without #. Default none.",
            example: "[\"acme\", \"acmefail\"]",
        },
    ],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        // Many servers forbid automatic replies that nobody asked for.
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// Mastodon as a network.
pub(super) struct Mastodon;

impl Network for Mastodon {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let mut settings: Settings = read_settings(table)?;
        let wrong = |key: &str, why: &str| KeyFault { key: key.to_owned(), why: why.to_owned() };
        let server = &settings.server;
        if !matches!(server.scheme(), "https" | "http") || server.host_str().is_none() {
            return Err(wrong(
                "server",
                "write the server's address, as in \"https://mastodon.example\"",
            ));
        }
        if !server.username().is_empty() || server.password().is_some() || server.query().is_some()
        {
            return Err(wrong("server", "write the bare address; credentials go into `token`"));
        }
        if !is_one_word(settings.token.expose()) {
            return Err(wrong(
                "token",
                "write the access token as the server shows it, without spaces",
            ));
        }
        for tag in &mut settings.hashtags {
            *tag = tag.trim().trim_start_matches('#').to_lowercase();
            if tag.is_empty() || !tag.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(wrong(
                    "hashtags",
                    "a hashtag has letters, digits and _ only, as in \"acme\"",
                ));
            }
        }
        settings.hashtags.sort();
        settings.hashtags.dedup();
        Ok(Box::new(settings))
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let lane = |id: String, every_ms, overlap_ms, tag: bool| Lane {
            id,
            walk: Walk::Ascending,
            every_ms,
            overlap_ms,
            settle_ms: 5 * SECOND,
            addressed: !tag,
            gap: None,
        };
        let mut lanes = vec![lane(listen::MENTIONS.to_owned(), MINUTE, MENTIONS_OVERLAP, false)];
        for tag in &cx.settings::<Settings>().hashtags {
            lanes.push(lane(format!("{}{tag}", listen::TAG), 2 * MINUTE, TAG_OVERLAP, true));
        }
        lanes
    }

    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        Some(Box::<login::Login>::default())
    }

    fn consent(&self) -> Option<&'static Consent> {
        Some(&consent::CONSENT)
    }

    fn probe(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        Some(Box::new(login::Probe))
    }

    fn sign(&self, request: Request, cx: &Ctx<'_>) -> Request {
        request.bearer(cx.settings::<Settings>().token.expose())
    }

    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        // Every page moves the cursor, so a broken walk simply begins at the cursor again.
        Box::new(listen::Walker::new(lane, cursor))
    }

    fn look_back(
        &self,
        lane: &Lane,
        since: Instant,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Cursor> + '_>> {
        Some(Box::new(listen::Walker::back_to(lane, since)))
    }

    fn thread(&self, of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        Some(Box::new(answer::Thread::new(of)))
    }

    fn length(&self, cx: &Ctx<'_>) -> LengthRule {
        let limit = login::Facts::of(cx).max_characters.unwrap_or(META.length.limit);
        LengthRule { limit, ..META.length }
    }

    fn fit(&self, text: &str, of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        let prefix = answer::prefix(of);
        let bare = prefix.trim_end();
        // The draft may name the author already.
        let rest = text
            .trim()
            .strip_prefix(bare)
            .filter(|rest| bare.len() > 1 && rest.chars().next().is_none_or(char::is_whitespace));
        super::parts(self.length(cx), &prefix, rest.unwrap_or(text))
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        Some(Box::new(answer::Post::new(part, of, key)))
    }

    fn find(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        since: Instant,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Seen> + '_>> {
        Some(Box::new(answer::Find::new(part, of, since)))
    }

    fn stream(&self, cx: &Ctx<'_>) -> Option<StreamOp> {
        let settings = cx.settings::<Settings>();
        let mut url = settings.at(&["v1", "streaming", "user", "notification"]);
        // The server may stream from another host; never over a less safe line than its own.
        let other = login::Facts::of(cx).streaming.filter(|other| other.scheme() == url.scheme());
        if let Some(other) = other {
            let path = url.path().to_owned();
            url = other;
            url.set_path(&path);
        }
        let request = Request::get(url).header("accept", "text/event-stream");
        Some(StreamOp::events(request))
    }

    fn wakes(&self, frame: &[u8], _cx: &Ctx<'_>) -> Vec<String> {
        // Lines that begin with a colon keep the line open; edits and deletions are no new mentions.
        let frame = String::from_utf8_lossy(frame);
        let mut lines = frame.lines().filter(|line| !line.is_empty() && !line.starts_with(':'));
        let quiet = |line: &str| {
            let event = line.strip_prefix("event:").map(str::trim);
            matches!(event, Some("delete" | "status.update" | "filters_changed"))
        };
        match lines.next() {
            Some(first) if !quiet(first) => vec![listen::MENTIONS.to_owned()],
            _ => Vec::new(),
        }
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        let said = || wire::error_text(&res.body, &cx.settings::<Settings>().token);
        match res.status {
            401 => Some(Fault::new(
                Next::Auth,
                "the access token is refused (HTTP 401); make a new one in Preferences, Development",
            )),
            status @ (403 | 422) => Some(Fault::refused(one_line(
                &format!("the server refuses it: {} (HTTP {status})", said()),
                300,
            ))),
            429 => {
                // A day at most: a wrong header must not silence a channel for years.
                let until = reset(res).filter(|at| *at > cx.now)?.min(cx.now + DAY);
                let next = Next::Throttled { bucket: Some(API), until };
                Some(Fault::new(next, "the limit is used up (HTTP 429)"))
            }
            _ => None,
        }
    }

    fn told(&self, res: &Response, _cx: &Ctx<'_>) -> Vec<Told> {
        let remaining = res.header("x-ratelimit-remaining").and_then(|n| n.trim().parse().ok());
        remaining
            .zip(reset(res))
            .map(|(remaining, reset)| Told { bucket: API, remaining, reset })
            .into_iter()
            .collect()
    }
}

/// When the limit opens again: a time in ISO 8601, not seconds as elsewhere.
fn reset(res: &Response) -> Option<Instant> {
    Instant::parse(res.header("x-ratelimit-reset")?.trim()).ok()
}

/// How public a reply is: never more than what it answers, and out of the public timelines.
fn reply_visibility(of: &MentionRef) -> &'static str {
    match of.visibility {
        Visibility::Public => "unlisted",
        Visibility::Private => "direct",
    }
}

#[cfg(test)]
mod tests;
