//! Google Business Profile: the reviews of one location in, the owner's reply out.
//!
//! Facts: developers.google.com/my-business (accounts.locations.reviews, updateReply, latest
//! updates to July 2026). Ids belong to a location, so a mention's origin is `locations/ID`.
//! Google names no reviewer by id; as a person writes one review of a location, the review's id
//! names its author too. A review has one reply: writing a second one replaces the first, and an
//! edit by the customer leaves an older reply as an answer to what stands there no more.
//!
//! | file | does |
//! |---|---|
//! | `mod` | what Google Business Profile is: limits, faults |
//! | `settings` | what a channel is told |
//! | `wire` | what the API sends, and what it becomes |
//! | `login` | gets access tokens by the refresh token |
//! | `listen` | walks the reviews from the last changed one down |
//! | `answer` | reads one review, also again, replies to it, looks for the reply |
//! | `consent` | the page on which an owner or manager allows the project to act |

mod answer;
mod consent;
mod listen;
mod login;
mod settings;
mod wire;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{DAY, MINUTE};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Bucket, BucketRule, Capabilities, Consent, Counts, Ctx, Cursor, Fault, KeyFault, Lane, Meta,
    Network, Next, Part, Request, Response, Seen, Sent, Session, Talk, Terms, ThreadView, Walk,
};
use settings::Settings;
use std::any::Any;

/// All requests: 300 a minute for a project, whichever location they are about.
const API: Bucket = Bucket("api");
/// Changes of one profile: 10 a minute.
const EDITS: Bucket = Bucket("edits");
/// The cost of a question and of a reply.
const ONE: &[(Bucket, u32)] = &[(API, 1)];
const REPLY: &[(Bucket, u32)] = &[(API, 1), (EDITS, 1)];

/// A review may be held for moderation and then shows below newer ones; locations get few
/// reviews, so going three days further down costs no request more.
const OVERLAP: i64 = 3 * DAY;
/// The list follows what people see by some minutes.
const SETTLE: i64 = 10 * MINUTE;

static META: Meta = Meta {
    name: "google_business",
    title: "Google Business Profile",
    about: "Reads the reviews of one location on Google Maps and Search, with their edits, and \
            posts approved replies. Google must have granted your project access to the Business \
            Profile APIs.",
    docs: "https://developers.google.com/my-business/content/review-data",
    can: Capabilities { poll: true, reply: true, thread: true, stream: false, backfill: true },
    length: LengthRule { counting: Counting::Bytes, limit: 4_096 },
    buckets: &[
        BucketRule {
            bucket: API,
            counts: Counts::Host,
            limit: 300,
            window_ms: MINUTE,
            reserve: 60,
        },
        BucketRule {
            bucket: EDITS,
            counts: Counts::Token,
            limit: 10,
            window_ms: MINUTE,
            reserve: 0,
        },
    ],
    keys: settings::KEYS,
    terms: Terms {
        // Business Profile API policies: content may be kept for 30 days without a refresh.
        refresh_within: Some(30 * DAY),
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    // A reply is written by PUT: the same one twice stands once.
    natural_key: true,
};

/// Google Business Profile as a network.
pub(super) struct GoogleBusiness;

impl Network for GoogleBusiness {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(settings::read(table)?))
    }

    fn lanes(&self, _cx: &Ctx<'_>) -> Vec<Lane> {
        vec![Lane {
            id: listen::REVIEWS.to_owned(),
            walk: Walk::NewestFirst,
            every_ms: 5 * MINUTE,
            overlap_ms: OVERLAP,
            settle_ms: SETTLE,
            addressed: true,
            gap: None,
        }]
    }

    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        Some(Box::new(login::Login))
    }

    fn consent(&self) -> Option<&'static Consent> {
        Some(&consent::CONSENT)
    }

    fn sign(&self, request: Request, cx: &Ctx<'_>) -> Request {
        // Without a token the request is refused, and that makes one.
        match cx.session.and_then(|session| session.secret.as_ref()) {
            Some(token) => request.bearer(token.expose()),
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
        Box::new(listen::Walker::new(lane, cursor, resume, cx))
    }

    fn thread(&self, of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        Some(Box::new(answer::Thread::new(of)))
    }

    fn recheck(&self, of: &[MentionRef], _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        Some(Box::new(answer::Recheck::new(of)))
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        let parts = super::parts(self.length(cx), "", text)?;
        if parts.len() > 1 {
            // A second part would replace the first.
            return Err(Fault::refused(format!(
                "Google keeps one reply of {} bytes at most and this one has {}; shorten it",
                META.length.limit,
                text.trim().len()
            )));
        }
        Ok(parts)
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        Some(Box::new(answer::Post::new(part, of)))
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

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        if res.is_success() {
            return None;
        }
        let settings = cx.settings::<Settings>();
        let path = res.url.as_ref().map(|url| url.path()).unwrap_or_default();
        let on_page =
            res.url.as_ref().is_some_and(|url| url.query_pairs().any(|(n, _)| n == "pageToken"));
        let said = || wire::Problem::of(res).shown(settings, cx);
        match res.status {
            400 | 401 | 403 if path == login::PATH => Some(Fault::new(
                Next::Auth,
                format!(
                    "the refresh token is refused (HTTP {}); check client_id and client_secret, \
                     or connect the profile again and write the new refresh_token",
                    res.status
                ),
            )),
            400 if on_page => {
                let why = format!("Google no longer goes on at that page: {} (HTTP 400)", said());
                Some(Fault::new(Next::Expired, why))
            }
            401 => Some(Fault::new(
                Next::Auth,
                "the access token is refused (HTTP 401); if a new one is refused too, connect \
                 the profile again and write the new refresh_token",
            )),
            404 if path.ends_with("/reviews") => Some(Fault::refused(format!(
                "Google knows no {} (HTTP 404); check `location`, and that the account which \
                 gave the refresh token manages it",
                settings.location()
            ))),
            429 if wire::Problem::of(res).has_no_quota() => Some(Fault::refused(
                "the project may ask nothing at all (quota 0, HTTP 429); ask Google for access \
                 to the Business Profile APIs",
            )),
            status @ (400 | 403) => {
                Some(Fault::refused(format!("Google refuses it: {} (HTTP {status})", said())))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
