//! Bluesky, on the AT Protocol: notifications and searches in, replies out.
//!
//! Facts: docs.bsky.app (API reference, rate limits, timestamps), atproto.com/specs (record key,
//! TID, XRPC). All is asked of the account's own server (PDS), which passes on what the network's
//! view (AppView) answers. Ids are `at://` addresses and global, so a mention's origin is empty; a
//! reply names the root of its conversation, which is its thread. Posts are public and are not
//! edited; a deletion shows as a notification without its record, or in the thread.
//!
//! | file | does |
//! |---|---|
//! | `mod` | what Bluesky is: keys, limits, faults |
//! | `settings` | what a channel is told, checked |
//! | `wire` | what the servers send, and what it becomes |
//! | `login` | opens and refreshes sessions |
//! | `listen` | walks new to old, and reads a span again |
//! | `jetstream` | which posts of the whole network's stream wake which lane |
//! | `answer` | reads threads |
//! | `reply` | posts a reply and looks whether it stands |
//! | `record` | what we write: the key and the facets of a post |

mod answer;
mod jetstream;
mod listen;
mod login;
mod record;
mod reply;
mod settings;
mod wire;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::text::one_line;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Bucket, BucketRule, Capabilities, Counts, Ctx, Cursor, Fault, Key, KeyFault, KeyKind, Lane,
    Meta, Network, Next, Part, Request, Response, Seen, Sent, Session, StreamOp, Talk, Terms,
    ThreadView, Told, Walk,
};
use settings::Settings;
use std::any::Any;
use url::Url;

/// All requests to a server: 3,000 in 5 minutes per address of ours (docs.bsky.app, rate limits).
const API: Bucket = Bucket("api");
/// Points for writing: 5,000 an hour and 35,000 a day per account; to create costs 3.
const WRITES: Bucket = Bucket("writes");
const WRITES_DAY: Bucket = Bucket("writes_day");
/// Sessions opened by password: 30 in 5 minutes and 300 a day per account.
const LOGINS: Bucket = Bucket("logins");
const LOGINS_DAY: Bucket = Bucket("logins_day");
/// The cost of a question, of a new post and of a new session.
const ONE: &[(Bucket, u32)] = &[(API, 1)];
const CREATE: &[(Bucket, u32)] = &[(API, 1), (WRITES, 3), (WRITES_DAY, 3)];
const LOG_IN: &[(Bucket, u32)] = &[(API, 1), (LOGINS, 1), (LOGINS_DAY, 1)];

/// Posts by authors whose clocks are slow stand below newer ones; so do those that were indexed
/// late. As the search's index follows the posts by itself, it settles later.
const OVERLAP: i64 = HOUR;
const SETTLE: i64 = 30 * SECOND;
const SEARCH_SETTLE: i64 = 10 * MINUTE;

/// The address of a method on a server (atproto.com/specs/xrpc).
fn method(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(["xrpc", name]);
    }
    url
}

static META: Meta = Meta {
    name: "bluesky",
    title: "Bluesky",
    about: "Reads the mentions, replies and quotes that the brand's Bluesky profile is notified \
            of, and the searches you name, and posts approved replies. Works with any server of \
            the AT Protocol.",
    docs: "https://docs.bsky.app/docs/category/http-reference",
    can: Capabilities { poll: true, reply: true, thread: true, stream: true, backfill: true },
    length: LengthRule { counting: Counting::GraphemesAndBytes { bytes: 3_000 }, limit: 300 },
    buckets: &[
        BucketRule {
            bucket: API,
            counts: Counts::Host,
            limit: 3_000,
            window_ms: 5 * MINUTE,
            reserve: 300,
        },
        BucketRule {
            bucket: WRITES,
            counts: Counts::Token,
            limit: 5_000,
            window_ms: HOUR,
            reserve: 0,
        },
        BucketRule {
            bucket: WRITES_DAY,
            counts: Counts::Token,
            limit: 35_000,
            window_ms: DAY,
            reserve: 0,
        },
        BucketRule {
            bucket: LOGINS,
            counts: Counts::Token,
            limit: 30,
            window_ms: 5 * MINUTE,
            reserve: 0,
        },
        BucketRule {
            bucket: LOGINS_DAY,
            counts: Counts::Token,
            limit: 300,
            window_ms: DAY,
            reserve: 0,
        },
    ],
    keys: &[
        Key {
            name: "service",
            kind: KeyKind::Url,
            required: false,
            doc: "Address of the server where the account logs in. Default https://bsky.social.",
            example: "\"https://bsky.social\"",
        },
        Key {
            name: "handle",
            kind: KeyKind::Text,
            required: true,
            doc: "Handle or DID of the brand's profile, with or without @.",
            example: "\"acme.example\"",
        },
        Key {
            name: "app_password",
            kind: KeyKind::Secret,
            required: true,
            doc: "App password from Settings, Privacy and security, App passwords; it needs no \
                  access to direct messages. Never the account's own password.",
            example: "\"abcd-efgh-ijkl-mnop\"",
        },
        Key {
            name: "search",
            kind: KeyKind::List,
            required: false,
            doc: "Searches to read besides the notifications, each as you would type it into the \
                  app's search. Default none.",
            example: "[\"acme\", \"\\\"acme store\\\"\"]",
        },
        Key {
            name: "jetstream",
            kind: KeyKind::Text,
            required: false,
            // The figure follows from 850 MB a day with compression, which shrinks a message from
            // 482 bytes to 211 (jazco.dev/2024/09/24/jetstream).
            doc: "Address of a Jetstream, a server that streams the network's posts: what names the \
                  profile or a search is then read within seconds. It sends every public post \
                  there is, about 2 GB a day in 2024 and more since; what is heard is the same \
                  without it. Default none.",
            example: "\"wss://jetstream2.us-east.bsky.network\"",
        },
    ],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        // Bots may only answer who tagged them, and must say that they are bots.
        automated_replies_allowed: false,
    },
    // We choose the record's key, and look before we write: see `reply`.
    natural_key: true,
};

/// Bluesky as a network.
pub(super) struct Bluesky;

impl Network for Bluesky {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        settings::read(table).map(|settings| Box::new(settings) as Box<dyn Any + Send + Sync>)
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let lane = |id: String, every_ms, settle_ms, addressed| Lane {
            id,
            walk: Walk::NewestFirst,
            every_ms,
            overlap_ms: OVERLAP,
            settle_ms,
            addressed,
            gap: None,
        };
        let mut lanes = vec![lane(listen::MENTIONS.to_owned(), MINUTE, SETTLE, true)];
        for term in &cx.settings::<Settings>().search {
            let id = format!("{}{term}", listen::SEARCH);
            lanes.push(lane(id, 2 * MINUTE, SEARCH_SETTLE, false));
        }
        lanes
    }

    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        Some(Box::new(login::Login))
    }

    fn probe(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        Some(Box::new(login::Probe))
    }

    fn sign(&self, request: Request, cx: &Ctx<'_>) -> Request {
        match login::Tokens::of(cx) {
            Some(tokens) => request.bearer(&tokens.access),
            None => request,
        }
    }

    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        Box::new(listen::Walker::new(lane, cursor, None, resume, cx))
    }

    fn look_back(
        &self,
        lane: &Lane,
        since: Instant,
        resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Cursor> + '_>> {
        Some(Box::new(listen::Walker::new(lane, None, Some(since), resume, cx)))
    }

    fn thread(&self, of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        Some(Box::new(answer::Thread::new(of)))
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        // A reply tells its parent's author by itself, so nobody has to be named.
        super::parts(self.length(cx), "", text)
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        Some(Box::new(reply::Post::new(part, of, key)))
    }

    fn find(
        &self,
        part: &Part,
        of: &MentionRef,
        key: &str,
        since: Instant,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Seen> + '_>> {
        Some(Box::new(reply::Find::new(part, of, key, since)))
    }

    fn stream(&self, cx: &Ctx<'_>) -> Option<StreamOp> {
        jetstream::stream(cx)
    }

    fn wakes(&self, frame: &[u8], cx: &Ctx<'_>) -> Vec<String> {
        jetstream::wakes(frame, cx)
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        let said = || wire::said(&res.body, cx);
        match res.status {
            400 | 401 | 403 => {
                let said = said();
                let fault = refusal(res.status, &said.name, &said.words);
                let path = res.url.as_ref().map(Url::path).unwrap_or_default();
                let refresh = path.ends_with(login::REFRESH) && fault.next != Next::Gone;
                Some(if refresh { login::refused_refresh(cx, &fault.why) } else { fault })
            }
            429 => {
                // A day at most: a wrong header must not silence a channel for years.
                let until = reset(res).filter(|at| *at > cx.now)?.min(cx.now + DAY);
                let next = Next::Throttled { bucket: bucket(res), until };
                Some(Fault::new(next, "the limit is used up (HTTP 429)"))
            }
            _ => None,
        }
    }

    fn told(&self, res: &Response, _cx: &Ctx<'_>) -> Vec<Told> {
        let remaining = res.header("ratelimit-remaining").and_then(|n| n.trim().parse().ok());
        let told = bucket(res).zip(remaining).zip(reset(res));
        told.map(|((bucket, remaining), reset)| Told { bucket, remaining, reset })
            .into_iter()
            .collect()
    }
}

/// What a refusal means: the errors' names are those of the lexicons. A token that has ended is
/// answered with 400, not 401.
fn refusal(status: u16, name: &str, words: &str) -> Fault {
    let why = |what: &str| one_line(&format!("{what}: {words} (HTTP {status})"), 300);
    match name {
        "ExpiredToken" | "InvalidToken" => {
            Fault::new(Next::Auth, why("the session has ended or is not valid"))
        }
        "AuthFactorTokenRequired" => Fault::new(
            Next::Auth,
            why("the account asks for a code by mail; make an app password and write that"),
        ),
        "AccountTakedown" | "AccountDeactivated" | "AccountSuspended" => {
            Fault::new(Next::Auth, why("the account is closed"))
        }
        "NotFound" | "RecordNotFound" => Fault::new(Next::Gone, why("it is not there")),
        // The walk's token is too old for the server; there is no name of its own for that.
        "InvalidRequest" if words.to_ascii_lowercase().contains("cursor") => {
            Fault::new(Next::Expired, why("the server does not know the page any more"))
        }
        _ if status == 401 => Fault::new(
            Next::Auth,
            why("the credential is refused; make a new app password for `app_password`"),
        ),
        _ => Fault::refused(why("the server refuses it")),
    }
}

/// When the limit opens again: seconds since 1970.
fn reset(res: &Response) -> Option<Instant> {
    let seconds: i64 = res.header("ratelimit-reset")?.trim().parse().ok()?;
    Some(Instant(seconds.saturating_mul(SECOND)))
}

/// Which limit the headers speak of: `3000;w=300` is 3,000 in 300 seconds.
fn bucket(res: &Response) -> Option<Bucket> {
    let (limit, seconds) = res.header("ratelimit-policy")?.trim().split_once(";w=")?;
    let (limit, seconds): (u32, i64) = (limit.parse().ok()?, seconds.parse().ok()?);
    let same = |rule: &&BucketRule| {
        rule.limit == limit && rule.window_ms == seconds.saturating_mul(SECOND)
    };
    META.buckets.iter().find(same).map(|rule| rule.bucket)
}

#[cfg(test)]
mod tests;
