//! X by its API v2: mentions and recent search in, replies out where X allows them.
//!
//! Facts: docs.x.com (posts, users, search, rate limits, pricing, edit posts, changelog) and the
//! OpenAPI document 2.167. Ids are global, so a mention has no origin. An edit makes a new id;
//! a mention is named by the first of its versions. Answers are newest first and walked down to
//! the last walk's beginning, see `listen.rs`. Two credentials: the app's token reads and never
//! runs out; a user's token, which renews itself, posts, and reads the mentions at a fifth of the
//! price where that user owns the app.

mod answer;
mod consent;
mod limits;
mod listen;
mod login;
mod page;
mod recheck;
mod reply;
mod settings;
mod wire;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{DAY, MINUTE, SECOND};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Bucket, BucketRule, Capabilities, Consent, Ctx, Cursor, Fault, KeyFault, Lane, Meta, Network,
    Part, Price, Request, Response, Seen, Sent, Session, Talk, Terms, ThreadView, Told, Walk,
};
use settings::Settings;
use std::any::Any;

/// How often mentions and searches are read while the budget lasts.
const MENTIONS_EVERY: i64 = MINUTE;
const SEARCH_EVERY: i64 = 5 * MINUTE;
/// How far a walk goes below the one before.
const OVERLAP: i64 = 10 * MINUTE;
/// Recent search shows nothing younger than 30 seconds; mentions come by the same index.
const SETTLE: i64 = 40 * SECOND;

static META: Meta = Meta {
    name: "x",
    title: "X",
    about: "Reads the mentions of the brand's profile on X and the searches you name, and posts \
            approved replies where X allows an app to answer: below posts that mention or quote \
            the brand. For all others the agent gets a link. X charges per post read (0.005 US \
            dollars, own mentions 0.001) and per reply (0.015, with a link 0.20).",
    docs: "https://docs.x.com/x-api/introduction",
    can: Capabilities { poll: true, reply: true, thread: true, stream: false, backfill: true },
    length: LengthRule { counting: Counting::XWeighted, limit: 280 },
    buckets: limits::BUCKETS,
    keys: settings::KEYS,
    terms: Terms {
        refresh_within: None,
        // Developer policy: within 24 hours of a request, else as soon as reasonably possible.
        delete_within: Some(DAY),
        training_allowed: false,
        // Automation rules: only with the recipient's consent.
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// X as a network.
pub(super) struct X;

impl Network for X {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(settings::read(table)?))
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let lane = |id: String, every_ms: i64, addressed: bool| Lane {
            id,
            walk: Walk::NewestFirst,
            every_ms,
            overlap_ms: OVERLAP,
            settle_ms: SETTLE,
            addressed,
            gap: None,
        };
        let mut lanes = vec![lane(listen::MENTIONS.to_owned(), MENTIONS_EVERY, true)];
        for term in &cx.settings::<Settings>().search {
            lanes.push(lane(format!("{}{term}", listen::SEARCH), SEARCH_EVERY, false));
        }
        lanes
    }

    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        Some(Box::<login::Login>::default())
    }

    fn consent(&self) -> Option<&'static Consent> {
        Some(&consent::CONSENT)
    }

    fn sign(&self, request: Request, cx: &Ctx<'_>) -> Request {
        let settings = cx.settings::<Settings>();
        let token = match settings.refresh_token {
            // Without a user's token the request is refused, and that makes one.
            Some(_) if is_the_users(&request) => login::Tokens::of(cx).map(|tokens| tokens.access),
            _ => Some(settings.token.expose().to_owned()),
        };
        match token {
            Some(token) => request.bearer(&token),
            None => request,
        }
    }

    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        Box::new(listen::Walker::new(lane, cursor, None, resume))
    }

    fn look_back(
        &self,
        lane: &Lane,
        since: Instant,
        resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Cursor> + '_>> {
        Some(Box::new(listen::Walker::new(lane, None, Some(since), resume)))
    }

    fn thread(&self, of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        Some(Box::new(answer::Thread::new(of)))
    }

    fn recheck_most(&self) -> usize {
        recheck::MOST
    }

    fn recheck(&self, of: &[MentionRef], cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        limits::has_room(cx).then(|| Box::new(recheck::Recheck::new(of)) as Box<dyn Talk<()>>)
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        if !cx.settings::<Settings>().links && reply::has_link(text) {
            return Err(Fault::refused(
                "this channel posts no links, which cost 0.20 US dollars on X; take the link out, \
                 or set links = true",
            ));
        }
        // X puts the author's handle before a reply by itself and does not count it.
        super::parts(self.length(cx), "", text)
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        // The app's own token cannot post: the agent gets a link.
        cx.settings::<Settings>().refresh_token.as_ref()?;
        Some(Box::new(reply::Reply::new(part, of)))
    }

    fn find(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        since: Instant,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Seen> + '_>> {
        Some(Box::new(reply::Find::new(part, of, since)))
    }

    fn slowdown(&self, lane: &Lane, cx: &Ctx<'_>) -> i64 {
        limits::slowdown(cx, lane.addressed)
    }

    fn cost(&self, res: &Response, _cx: &Ctx<'_>) -> Vec<(Bucket, u32)> {
        limits::cost(res)
    }

    fn limit(&self, rule: &BucketRule, cx: &Ctx<'_>) -> u32 {
        limits::limit(rule, cx)
    }

    fn prices(&self, cx: &Ctx<'_>) -> Vec<Price> {
        limits::prices(cx)
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        limits::fault(res, cx)
    }

    fn told(&self, res: &Response, cx: &Ctx<'_>) -> Vec<Told> {
        limits::told(res, cx)
    }
}

/// Whether a request is made in the user's name: own mentions and posts, and who that is.
fn is_the_users(request: &Request) -> bool {
    let path: Vec<&str> = request.url.path_segments().into_iter().flatten().collect();
    match path.as_slice() {
        [_, "users", "me"] | [_, "users", _, "mentions" | "tweets"] => true,
        [_, "tweets"] => request.url.query().is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
