//! Facebook Pages, on the Graph API: posts and comments in, replies out.
//!
//! Facts: developers.facebook.com (Page feed, Page tagged, object comments, webhooks for Pages;
//! v26.0). Ids are global, so a mention has no origin. Comments have two levels; below a post of
//! our own each comment at the top begins a thread, below a visitor's post the post does. Who has
//! not let the app see it wrote as nobody: such an author gets an id by the comment, and is never
//! the brand. Recommendations (ratings) are no longer given to apps, since v22.0.
//!
//! | file | does |
//! |---|---|
//! | `mod` | what Facebook is: settings, terms, log-in |
//! | `wire` | what the API sends, and what it becomes |
//! | `answer` | reads threads, posts a reply, looks whether it stands |

mod answer;
mod wire;

use super::graph::hook::Taker;
use super::graph::limits::{self, ASK};
use super::graph::reply::Reply;
use super::graph::walk::Walker;
use super::graph::{self, App};
use super::json::{self, Id};
use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Ask, Capabilities, Ctx, Cursor, Fault, Got, Hook, HookRequest, Key, KeyFault, KeyKind, Lane,
    Meta, Network, Part, Request, Response, Secret, Seen, Sent, Session, Step, Talk, Terms,
    ThreadView, Told, Walk, read_settings,
};
use serde::Deserialize;
use std::any::Any;
use url::Url;

/// The lane of the Page's own feed with all comments, and that of posts that name the Page.
const FEED: &str = "feed";
const TAGGED: &str = "tagged";

/// What a Facebook channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    page: String,
    token: Secret,
    app_secret: Option<Secret>,
    verify_token: Option<Secret>,
    app: Option<String>,
    #[serde(default)]
    tagged: bool,
    #[serde(default = "days")]
    days: u16,
    #[serde(default = "version")]
    version: String,
    #[serde(default = "graph::graph_facebook")]
    api: Url,
}

fn days() -> u16 {
    graph::DAYS
}

fn version() -> String {
    graph::VERSION.to_owned()
}

impl Settings {
    fn app(&self) -> App<'_> {
        App {
            api: &self.api,
            version: &self.version,
            token: &self.token,
            secret: self.app_secret.as_ref(),
            verify: self.verify_token.as_ref(),
        }
    }

    /// Whether an author is the brand. Who is not named is a stranger.
    fn is_own(&self, author: &str, cx: &Ctx<'_>) -> bool {
        author == self.page || cx.own.iter().any(|id| id == author)
    }

    /// Whether an id is that of a post on our Page; those of comments begin with the post's own
    /// number instead of the Page's.
    fn is_post(&self, id: &str) -> bool {
        id.strip_prefix(self.page.as_str()).is_some_and(|rest| rest.starts_with('_'))
    }
}

static META: Meta = Meta {
    name: "facebook",
    title: "Facebook Page",
    about: "Reads what visitors post on the brand's Facebook Page and the comments below all its \
            posts, and posts approved replies as comments. Posts elsewhere that name the Page can \
            be read too; those a person answers. Recommendations are no longer given to apps. \
            Needs the permissions pages_show_list, pages_read_engagement and \
            pages_read_user_content; pages_manage_engagement to reply; pages_manage_metadata for \
            hooks.",
    docs: "https://developers.facebook.com/docs/pages-api",
    can: Capabilities { poll: true, reply: true, thread: true, stream: false, backfill: true },
    // Told by no page of the docs; what the site takes.
    length: LengthRule { counting: Counting::Graphemes, limit: 8_000 },
    buckets: limits::BUCKETS,
    keys: &[
        Key {
            name: "page",
            kind: KeyKind::Text,
            required: true,
            doc: "The Page's id: digits, shown under About, Page transparency.",
            example: "\"100064000000001\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "Access token of the Page, best of a system user: that one does not run out. The \
                  person or system user behind it must be allowed to moderate the Page.",
            example: "\"EAAGt0ken\"",
        },
        graph::APP_SECRET,
        graph::VERIFY_TOKEN,
        graph::APP,
        Key {
            name: "tagged",
            kind: KeyKind::Flag,
            required: false,
            doc: "Whether to read public posts elsewhere that name the Page; Meta may ask for the \
                  feature Page Public Content Access. Default false.",
            example: "false",
        },
        graph::DAYS_KEY,
        graph::VERSION_KEY,
        graph::API,
    ],
    terms: Terms {
        // Platform terms: no longer than needed, and gone when it is gone there.
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// Facebook as a network.
pub(super) struct Facebook;

impl Network for Facebook {
    fn meta(&self) -> &'static Meta {
        &META
    }

    /// A private reply to a comment, by which most complaints are settled, is taken for seven days
    /// (Messenger Platform, private replies). A public one is taken after that too.
    fn reply_window_ms(&self) -> Option<i64> {
        Some(7 * DAY)
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let mut settings: Settings = read_settings(table)?;
        settings.page = settings.page.trim().to_owned();
        if !graph::is_id(&settings.page) {
            let why = "write the Page's id, which has digits only, as in \"100064000000001\"";
            return Err(KeyFault { key: "page".to_owned(), why: why.to_owned() });
        }
        settings.app().check()?;
        graph::check_days(settings.days)?;
        Ok(Box::new(settings))
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
        let mut lanes = vec![lane(FEED, 2 * MINUTE, HOUR)];
        if cx.settings::<Settings>().tagged {
            lanes.push(lane(TAGGED, 15 * MINUTE, DAY));
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
            TAGGED => Box::new(Walker::<wire::Tagged>::new(lane, cursor, resume)),
            _ => Box::new(Walker::<wire::Feed>::new(lane, cursor, resume)),
        }
    }

    fn thread(&self, of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        // Below a post on somebody else's profile an app sees nothing.
        if of.thread_id.is_empty() {
            return None;
        }
        Some(Box::new(answer::Thread::new(of)))
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        super::parts(self.length(cx), "", text)
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
        let at = cx.settings::<Settings>().app().at(&[&of.external_id, "comments"]);
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
        let lanes = &[("feed", FEED), ("mention", TAGGED)];
        let (app, id) = (settings.app(), settings.page.as_str());
        // A post elsewhere that a hook names is found by the list of posts that tag the Page.
        Taker { app, object: "page", id, lanes, hints: None }.take(req, cx.now)
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

/// The log-in: the token does not change, but whose it is must be right. Looked at each day, so
/// that a token of another Page does not go unnoticed.
struct Login;

impl Talk<Session> for Login {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Session> {
        let settings = cx.settings::<Settings>();
        let url = settings.app().fields(&[&settings.page], "id,name");
        Step::Ask(vec![Ask::http(Request::get(url), 0, ASK)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        #[derive(Deserialize)]
        struct Page {
            id: Id,
        }
        let page: Page = json::answer(&got.http()?.body, "the Page")?;
        let settings = cx.settings::<Settings>();
        if page.id.0 != settings.page {
            return Err(Fault::bug("Meta answered for another Page than was asked about"));
        }
        Ok(Step::Done(Session {
            own: vec![page.id.0],
            expires_at: Some(cx.now + DAY),
            ..Session::default()
        }))
    }
}

#[cfg(test)]
mod tests;
