//! `Network`: one social network, review site, feed or mailbox, described and spoken, without I/O.

use super::ask::{Bucket, BucketRule, Price, StreamOp, Talk, Told};
use super::consent::Consent;
use super::fault::Fault;
use super::hook::{Hook, HookRequest};
use super::http::{Request, Response};
use super::secret::Secret;
use super::settings::{Key, KeyFault};
use super::terms::Terms;
use super::thread::{Part, Seen, Sent, ThreadView};
use crate::domain::first_look;
use crate::domain::length::LengthRule;
use crate::domain::{Instant, MentionRef};
use std::any::Any;

/// What a network can do through its API.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capabilities {
    /// It is polled. False for ingest, which only receives: such a lane has no coverage.
    pub poll: bool,
    /// Replies can be posted; else the agent gets a deep link.
    pub reply: bool,
    /// Threads can be re-read, so native answers are seen.
    pub thread: bool,
    /// A stream can wake its lanes.
    pub stream: bool,
    /// A span of the past can be read again: `listen` takes a lane with a `gap`.
    pub backfill: bool,
}

/// What a network says of itself. Forms, checks, limits and docs pages read this.
#[derive(Debug)]
pub struct Meta {
    /// Its name in configuration and mentions.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it is and what Ascolto does there, for the generated docs page.
    pub about: &'static str,
    /// Address of its API documentation.
    pub docs: &'static str,
    /// What it can do.
    pub can: Capabilities,
    /// How it counts replies, unless the session knows better.
    pub length: LengthRule,
    /// Its limits.
    pub buckets: &'static [BucketRule],
    /// Its settings.
    pub keys: &'static [Key],
    /// Its terms.
    pub terms: Terms,
    /// The reply's key is the post's id there: a repeated post cannot stand twice.
    pub natural_key: bool,
}

/// How a lane is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Old to new; every page moves the cursor.
    Ascending,
    /// New to old; the cursor moves with the last page only.
    NewestFirst,
    /// A window that shows what is there now (feeds).
    Snapshot,
}

/// One thing that a channel reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its name within the channel: `mentions`, `tag:acme`, `feed`.
    pub id: String,
    /// How it is read.
    pub walk: Walk,
    /// How often it is read, in milliseconds.
    pub every_ms: i64,
    /// How far a read begins before the end of the last, in milliseconds.
    pub overlap_ms: i64,
    /// How late the network may show a post, in milliseconds: coverage ends that long before a
    /// request starts.
    pub settle_ms: i64,
    /// What it brings is addressed to us (mentions, comments on our page, reviews of us), so it
    /// is about us whatever it says. False for searches and hashtags.
    pub addressed: bool,
    /// Not what is new is read but this span of its past, from and to, a second time. Set by the
    /// backfill; a network's own list of lanes has none.
    pub gap: Option<(Instant, Instant)>,
}

/// Where a lane's reading stands; opaque to all but its network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// What a log-in gave.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The credential, where the network hands one out.
    pub secret: Option<Secret>,
    /// Our own author ids there.
    pub own: Vec<String>,
    /// What else the network's file wants to know later (limits of the instance), as it likes.
    pub facts: String,
    /// When the credential ends.
    pub expires_at: Option<Instant>,
}

/// What a network's code may know while it speaks.
pub struct Ctx<'a> {
    /// The channel's settings, of the network's own type.
    pub settings: &'a (dyn Any + Send + Sync),
    /// The channel's session.
    pub session: Option<&'a Session>,
    /// Now.
    pub now: Instant,
    /// Our own author ids: of the session, of the settings and of the configuration.
    pub own: &'a [String],
    /// Randomness for jitter and keys, stable for one conversation.
    pub seed: u64,
}

impl<'a> Ctx<'a> {
    /// The settings in their type.
    ///
    /// # Panics
    /// If another network's settings were handed in: the registry pairs them, so that is a bug.
    pub fn settings<T: 'static>(&self) -> &'a T {
        self.settings.downcast_ref().expect("a channel carries the settings of its own network")
    }
}

/// One network. Stateless; a channel's settings and session come in with `Ctx`.
pub trait Network: Sync {
    /// What it says of itself.
    fn meta(&self) -> &'static Meta;

    /// Reads the channel's settings into their own type.
    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault>;

    /// What a channel with these settings reads.
    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane>;

    /// Our own author ids that follow from the settings alone (a mailbox's address); those of the
    /// session and of the configuration's common keys come beside them.
    fn own(&self, _settings: &(dyn Any + Send + Sync)) -> Vec<String> {
        Vec::new()
    }

    /// Creates or refreshes the session. It is stored before it is used, one at a time.
    fn login(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        None
    }

    /// The page on which the owner has the network hand the credential out. `None`: there is none,
    /// or a person copies the credential from the network's settings as easily.
    fn consent(&self) -> Option<&'static Consent> {
        None
    }

    /// Asks the cheapest thing that only a living credential is answered. `None`: there is none,
    /// or it costs money and the log-in asks often enough.
    fn probe(&self, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        None
    }

    /// When the credential ends for good, so that a person must renew it before. Without more
    /// knowledge that is the session's end where no log-in can renew it.
    fn ends(&self, cx: &Ctx<'_>) -> Option<Instant> {
        match self.login(cx) {
            Some(_) => None,
            None => cx.session?.expires_at,
        }
    }

    /// Adds the channel's credential to a request.
    fn sign(&self, request: Request, _cx: &Ctx<'_>) -> Request {
        request
    }

    /// One walk over a lane, from its cursor, or on from a walk that was broken off.
    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_>;

    /// The lanes whose mentions only hooks tell of. They are never polled and cover nothing: what
    /// a hook does not tell is not heard. Whether there are any follows from the settings alone.
    fn hinted(&self, _cx: &Ctx<'_>) -> Vec<&'static str> {
        Vec::new()
    }

    /// Reads what a hook told of ([`Hint`]): one conversation without pages, which gives all that
    /// there is to hear of it. `Next::Gone` and refusals are tried again for about a day, since
    /// what was just written may not show yet. `None`: the key is none of this network's.
    ///
    /// [`Hint`]: super::Hint
    fn follow(
        &self,
        _lane: &str,
        _key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Vec<super::Heard>> + '_>> {
        None
    }

    /// How long after something was written the network takes every kind of reply to it, in
    /// milliseconds: what is owed there is urgent before that ends. `None`: it does not end.
    fn reply_window_ms(&self) -> Option<i64> {
        None
    }

    /// How far back a new channel is read where its configuration says nothing, in milliseconds.
    /// `None`: there is no first look, and `listen` decides what it begins with.
    fn first_look_ms(&self) -> Option<i64> {
        Some(first_look::SPAN)
    }

    /// The first walk over a lane: back to `since` and no further, or on from one that was broken
    /// off. Where the network shows less, the page that comes to its end says so by a `hole`.
    /// `None`: the network shows of its past what it likes, and `listen` hears that.
    fn look_back(
        &self,
        _lane: &Lane,
        _since: Instant,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Cursor> + '_>> {
        None
    }

    /// Reads the thread of a mention anew.
    fn thread(&self, _of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        None
    }

    /// How many mentions one [`Network::recheck`] takes at most.
    fn recheck_most(&self) -> usize {
        1
    }

    /// Reads up to [`Network::recheck_most`] mentions again, for edits and deletions that no poll
    /// shows. Its pages tell of each that stands how it stands now ([`Heard::Mention`], changed or
    /// not) and of each that the network says is not there any more ([`Heard::Gone`]). What is told
    /// of neither way counts as not read: an id that an answer merely leaves out is gone only where
    /// the API's documentation says so. Of a network that takes one at a time `Next::Gone` means
    /// that this one is gone. `None`: the API cannot, or not now.
    ///
    /// [`Heard::Mention`]: super::Heard::Mention
    /// [`Heard::Gone`]: super::Heard::Gone
    fn recheck(&self, _of: &[MentionRef], _cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        None
    }

    /// The length rule that holds for this channel.
    fn length(&self, _cx: &Ctx<'_>) -> LengthRule {
        self.meta().length
    }

    /// Cuts a reply into the pieces that the network takes.
    ///
    /// # Errors
    /// `Refused` when it cannot stand there at any length, with what to change.
    fn fit(&self, text: &str, of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault>;

    /// Posts one piece below `of`. `None`: the API cannot; the agent gets a deep link.
    fn post(
        &self,
        _part: &Part,
        _of: &MentionRef,
        _key: &str,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Sent> + '_>> {
        None
    }

    /// Looks whether a piece stands there.
    fn find(
        &self,
        _part: &Part,
        _of: &MentionRef,
        _key: &str,
        _since: Instant,
        _cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<Seen> + '_>> {
        None
    }

    /// The stream that wakes this channel's lanes. Whether there is one follows from the settings
    /// alone: a channel without one is not asked again.
    fn stream(&self, _cx: &Ctx<'_>) -> Option<StreamOp> {
        None
    }

    /// The lanes that a frame of the stream wakes. A frame never carries a mention into the store.
    fn wakes(&self, _frame: &[u8], _cx: &Ctx<'_>) -> Vec<String> {
        Vec::new()
    }

    /// What a call from the network's own server comes to: a handshake to answer, lanes to wake,
    /// things to read, a callback, or nothing that we believe. The network checks the signature here, in constant time, and
    /// how old the call is where it says when it was made.
    fn hook(&self, _req: &HookRequest<'_>, _cx: &Ctx<'_>) -> Hook {
        Hook::Refuse("this network sends no hooks here")
    }

    /// The name of the app that this channel shares with others, where the network calls one
    /// address for a whole app: its hooks then reach each channel that names it.
    fn app<'a>(&self, _cx: &Ctx<'a>) -> Option<&'a str> {
        None
    }

    /// What tells readers of one credential apart from those of another, where what it brings is
    /// handed out only once (a bot's updates): a digest or id, never a secret, and the same as of a
    /// notifier with that credential (`Notifier::source`). It follows from the settings alone.
    /// Empty: others may read beside us.
    fn source(&self, _cx: &Ctx<'_>) -> String {
        String::new()
    }

    /// What an answer means where it is not what RFC 9110 says.
    fn fault(&self, _res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        None
    }

    /// What an answer's headers say of the limits.
    fn told(&self, _res: &Response, _cx: &Ctx<'_>) -> Vec<Told> {
        Vec::new()
    }

    /// What an answer cost beyond what was spent before it was asked for: the posts on a page,
    /// where posts are counted.
    fn cost(&self, _res: &Response, _cx: &Ctx<'_>) -> Vec<(Bucket, u32)> {
        Vec::new()
    }

    /// How many times longer than usual to wait between two readings of a lane, so that a budget
    /// that only the network knows lasts. It holds for a rhythm that the configuration sets too.
    fn slowdown(&self, _lane: &Lane, _cx: &Ctx<'_>) -> i64 {
        1
    }

    /// How many of a bucket the channel may spend in a window, where its settings set another
    /// limit than `Meta`. There may be no session yet.
    fn limit(&self, rule: &BucketRule, _cx: &Ctx<'_>) -> u32 {
        rule.limit
    }

    /// What the units of its buckets cost in money, where they do. There may be no session yet.
    fn prices(&self, _cx: &Ctx<'_>) -> Vec<Price> {
        Vec::new()
    }
}
