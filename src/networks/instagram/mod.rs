//! Instagram's professional accounts, on the Graph API: comments and tags in, replies out.
//!
//! Facts: developers.facebook.com (Instagram Platform: comment moderation, IG Media comments, IG
//! Comment replies, tags, webhooks). Ids are global, so a mention has no origin. A comment at the
//! top begins a thread; all answers below it are one level. Where the brand is named in somebody
//! else's comment or caption, Meta tells that by a webhook alone and has no list of it: what a hook
//! told of is read by its id, and nobody can say what no hook told.
//!
//! | file | does |
//! |---|---|
//! | `mod` | what Instagram is: lanes, terms, log-in |
//! | `settings` | what a channel is told |
//! | `wire` | what the API sends, and what it becomes |
//! | `mentions` | reads what a hook told of: comments and captions of others |
//! | `answer` | reads threads, posts a reply, looks whether it stands |
//! | `rules` | what a comment may look like |

mod answer;
mod mentions;
mod rules;
mod settings;
mod wire;

use super::graph::hook::{Hints, Taker};
use super::graph::limits::{self, ASK};
use super::graph::reply::Reply;
use super::graph::walk::Walker;
use super::json::{self, Id};
use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Ask, Capabilities, Ctx, Cursor, Fault, Got, Heard, Hook, HookRequest, KeyFault, Lane, Meta,
    Network, Part, Request, Response, Seen, Sent, Session, Step, Talk, Terms, ThreadView, Told,
    Walk,
};
use serde::{Deserialize, Serialize};
use settings::Settings;
use std::any::Any;

/// The lane of comments below the account's media, and that of media in which it is tagged.
const COMMENTS: &str = "comments";
const TAGS: &str = "tags";
/// The lane of comments and captions of others that name the account. Only hooks tell of them.
const MENTIONS: &str = "mentions";

static META: Meta = Meta {
    name: "instagram",
    title: "Instagram",
    about: "Reads the comments below the posts of the brand's professional account and the posts \
            in which it is tagged, and answers comments with approved replies. Comments and \
            captions of others that name the account are read when a hook tells of them. There, \
            and below tagged posts, a person answers. Needs the permissions instagram_basic, \
            instagram_manage_comments, pages_show_list and pages_read_engagement.",
    docs: "https://developers.facebook.com/docs/instagram-platform",
    can: Capabilities { poll: true, reply: true, thread: true, stream: false, backfill: true },
    length: LengthRule { counting: Counting::Graphemes, limit: settings::REPLY_LIMIT },
    buckets: limits::BUCKETS,
    keys: settings::KEYS,
    terms: Terms {
        // Platform terms: no longer than needed, and gone when it is gone there.
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// What is known of the account since the log-in; kept as `Session::facts`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Facts {
    /// Its name there: some comments tell their author's name only.
    username: String,
}

impl Facts {
    fn of(cx: &Ctx<'_>) -> Facts {
        let text = cx.session.map(|session| session.facts.as_str()).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Instagram as a network.
pub(super) struct Instagram;

impl Network for Instagram {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(settings::read(table)?))
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        let lane = |id: &str, every_ms, overlap_ms| Lane {
            id: id.to_owned(),
            walk: Walk::NewestFirst,
            every_ms,
            overlap_ms,
            // What was just written may be missing for a moment.
            settle_ms: MINUTE,
            addressed: true,
            gap: None,
        };
        let mut lanes = vec![lane(COMMENTS, 3 * MINUTE, HOUR)];
        if cx.settings::<Settings>().tags {
            lanes.push(lane(TAGS, 15 * MINUTE, DAY));
        }
        lanes
    }

    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        Some(Box::new(Login))
    }

    fn sign(&self, request: Request, cx: &Ctx<'_>) -> Request {
        cx.settings::<Settings>().app().sign(request)
    }

    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        match lane.id.as_str() {
            TAGS => Box::new(Walker::<wire::Tags>::new(lane, cursor, resume)),
            _ => Box::new(Walker::<wire::Media>::new(lane, cursor, resume)),
        }
    }

    fn hinted(&self, cx: &Ctx<'_>) -> Vec<&'static str> {
        // Without the app's secret no hook is believed.
        if cx.settings::<Settings>().takes_hooks() { vec![MENTIONS] } else { Vec::new() }
    }

    fn follow(
        &self,
        _lane: &str,
        key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Vec<Heard>> + '_>> {
        Some(Box::new(mentions::Told::of(key)?))
    }

    fn thread(&self, of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        // Below a post that only tags the brand an app sees nothing.
        if of.thread_id.is_empty() {
            return None;
        }
        Some(Box::new(answer::Thread::new(of)))
    }

    fn length(&self, cx: &Ctx<'_>) -> LengthRule {
        LengthRule { limit: usize::from(cx.settings::<Settings>().reply_limit), ..META.length }
    }

    fn fit(&self, text: &str, of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        let parts = super::parts(self.length(cx), &rules::prefix(text, of), text)?;
        if cx.settings::<Settings>().text_rules {
            parts.iter().try_for_each(|part| rules::check(&part.text))?;
        }
        Ok(parts)
    }

    fn post(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        if of.thread_id.is_empty() {
            return None;
        }
        let at = cx.settings::<Settings>().app().at(&[&of.external_id, "replies"]);
        Some(Box::new(Reply::new(at, part, of)))
    }

    fn find(
        &self,
        part: &Part,
        of: &MentionRef,
        _key: &str,
        since: Instant,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Seen> + '_>> {
        if of.thread_id.is_empty() {
            return None;
        }
        Some(Box::new(answer::Find::new(part, of, since)))
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> Hook {
        let settings = cx.settings::<Settings>();
        let (app, id) = (settings.app(), settings.account.as_str());
        let lanes = &[("comments", COMMENTS)];
        let hints = Some(Hints { field: "mentions", lane: MENTIONS, key: mentions::key });
        Taker { app, object: "instagram", id, lanes, hints }.take(req, cx.now)
    }

    fn app<'a>(&self, cx: &Ctx<'a>) -> Option<&'a str> {
        cx.settings::<Settings>().app.as_deref()
    }

    fn fault(&self, res: &Response, cx: &Ctx<'_>) -> Option<Fault> {
        limits::fault(res, cx.settings::<Settings>().app(), cx.now)
    }

    fn told(&self, res: &Response, cx: &Ctx<'_>) -> Vec<Told> {
        limits::told(res, cx.now)
    }
}

/// The log-in: the token does not change, but the account's name must be known, and may change.
struct Login;

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        let settings = cx.settings::<Settings>();
        let url = settings.app().fields(&[&settings.account], "id,username");
        Step::Ask(vec![Ask::http(Request::get(url), 0, ASK)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        #[derive(Deserialize)]
        struct Account {
            id: Id,
            username: String,
        }
        let account: Account = json::answer(&got.http()?.body, "the account")?;
        if account.id.0 != cx.settings::<Settings>().account {
            return Err(Fault::bug("Meta answered for another account than was asked about"));
        }
        let facts = Facts { username: account.username };
        Ok(Step::Done(Session {
            own: vec![account.id.0],
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            expires_at: Some(cx.now + DAY),
            ..Session::default()
        }))
    }
}

#[cfg(test)]
mod tests;
