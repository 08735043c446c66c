//! Reddit: the brand's inbox, subreddits and searches in, comments out.
//!
//! Facts: the source of reddit-archive, the endpoints of PRAW, and Reddit's API rules. Things are
//! named by their kind: `t1_` a comment, `t3_` a post, `t4_` a private message; these names are
//! global, so a mention has no origin. A person's name never changes there, so the name in small
//! letters is the author's id. The thread of a comment is its post.
//!
//! | file | does |
//! |---|---|
//! | `mod` | what Reddit is |
//! | `settings` | what a channel is told |
//! | `limits` | the limits, and what a refusal means |
//! | `login` | gets access tokens by the refresh token |
//! | `wire` | what Reddit sends, and what it becomes |
//! | `listen` | walks listings from new to old |
//! | `answer` | reads threads |
//! | `recheck` | reads posts and comments again in bulk |
//! | `reply` | posts a comment and looks whether it stands |
//! | `consent` | the page on which the account allows the app to act |

mod answer;
mod consent;
mod limits;
mod listen;
mod login;
mod recheck;
mod reply;
mod settings;
mod wire;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Capabilities, Consent, Ctx, Cursor, Fault, KeyFault, Lane, Meta, Network, Part, Request,
    Response, Seen, Sent, Session, Talk, Terms, ThreadView, Told, Walk,
};
use settings::Settings;
use std::any::Any;

/// What moderators let through late stands below newer things, and so does what was edited.
const OVERLAP: i64 = HOUR;
/// The search's index follows by minutes, at times by hours.
const SEARCH_OVERLAP: i64 = 6 * HOUR;
const SETTLE: i64 = 30 * SECOND;
const SEARCH_SETTLE: i64 = 15 * MINUTE;

static META: Meta = Meta {
    name: "reddit",
    title: "Reddit",
    about: "Reads the inbox of the brand's account (mentions, answers and private messages), the \
            subreddits and the searches you name, and posts approved replies. Reddit must have \
            approved your app; commercial use needs a contract with Reddit.",
    docs: "https://www.reddit.com/dev/api/oauth",
    can: Capabilities { poll: true, reply: true, thread: true, stream: false, backfill: true },
    // Reddit counts code points of Markdown. UTF-16 never counts less.
    length: LengthRule { counting: Counting::Utf16, limit: 10_000 },
    buckets: limits::BUCKETS,
    keys: settings::KEYS,
    terms: Terms {
        refresh_within: None,
        // Data API terms: what its author deleted goes; 48 hours are the usual reading.
        delete_within: Some(2 * DAY),
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// Reddit as a network.
pub(super) struct Reddit;

impl Network for Reddit {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(settings::read(table)?))
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let settings = cx.settings::<Settings>();
        let lane = |id: String, every_ms, addressed| Lane {
            id,
            walk: Walk::NewestFirst,
            every_ms,
            overlap_ms: OVERLAP,
            settle_ms: SETTLE,
            addressed,
            gap: None,
        };
        let mut lanes = vec![lane(listen::INBOX.to_owned(), MINUTE, true)];
        let subreddits = settings.home.iter().map(|name| (name, true));
        for (name, ours) in subreddits.chain(settings.subreddits.iter().map(|name| (name, false))) {
            lanes.push(lane(format!("{}{name}", listen::COMMENTS), 2 * MINUTE, ours));
            lanes.push(lane(format!("{}{name}", listen::POSTS), 2 * MINUTE, ours));
        }
        for term in &settings.search {
            let id = format!("{}{term}", listen::SEARCH);
            let (overlap_ms, settle_ms) = (SEARCH_OVERLAP, SEARCH_SETTLE);
            lanes.push(Lane { overlap_ms, settle_ms, ..lane(id, 5 * MINUTE, false) });
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

    fn recheck_most(&self) -> usize {
        recheck::MOST
    }

    fn recheck(&self, of: &[MentionRef], _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        Some(Box::new(recheck::Recheck::new(of)))
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        super::parts(self.length(cx), "", text)
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
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

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        limits::fault(res, cx)
    }

    fn told(&self, res: &Response, cx: &Ctx<'_>) -> Vec<Told> {
        limits::told(res, cx)
    }
}

#[cfg(test)]
mod tests;
