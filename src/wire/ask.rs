//! One conversation with the outside: what to ask, what came back, what was heard.

use super::fault::Fault;
use super::http::{Request, Response};
use super::mail::{MailOp, Mailed};
use super::network::Ctx;
use crate::domain::{Instant, Mention};

/// A limit by name, as the network counts it (`api`, `post`, `month`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket(pub &'static str);

/// What a bucket is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Per credential: every channel has its own.
    Token,
    /// Per server address: channels on the same host share it.
    Host,
}

/// What a network allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketRule {
    /// The bucket.
    pub bucket: Bucket,
    /// What it is counted by.
    pub counts: Counts,
    /// How many in a window.
    pub limit: u32,
    /// The window in milliseconds. What is spent is kept in a row, so that a restart or a second
    /// instance cannot spend it twice.
    pub window_ms: i64,
    /// How many of them are kept for replies; see [`super::Purpose`] for who leaves what.
    pub reserve: u32,
}

/// What the server's headers say about a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The bucket.
    pub bucket: Bucket,
    /// How many are left in this window.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Instant,
}

/// What a unit of a bucket costs in money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// The bucket.
    pub bucket: Bucket,
    /// What a unit is, for people: `post read`.
    pub unit: &'static str,
    /// The price of one, in millionths of the currency.
    pub micros: i64,
    /// The currency (ISO 4217).
    pub currency: &'static str,
}

/// How a stream is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streamed {
    /// Server-sent events (WHATWG HTML, 9.2): a frame is the lines of one event.
    Events,
    /// A WebSocket (RFC 6455): a frame is one message.
    WebSocket,
}

/// A long-lived stream whose frames only wake lanes.
#[derive(Clone, Debug)]
pub struct StreamOp {
    /// The request that opens it: a `GET` of an `http` or `https` address, for a WebSocket too.
    pub request: Request,
    /// How it is spoken.
    pub streamed: Streamed,
    /// Whether the engine signs the request with the channel's credential, and refreshes that once.
    pub auth: bool,
    /// How long after a frame the network's own answers show what it told of, in milliseconds:
    /// the lanes are read then, not before.
    pub lag_ms: i64,
}

impl StreamOp {
    /// A signed stream of server-sent events, sent by the server that is polled.
    pub fn events(request: Request) -> StreamOp {
        StreamOp { request, streamed: Streamed::Events, auth: true, lag_ms: 0 }
    }

    /// An unsigned WebSocket, sent by a server that may be ahead of the one that is polled.
    pub fn web_socket(request: Request, lag_ms: i64) -> StreamOp {
        StreamOp { request, streamed: Streamed::WebSocket, auth: false, lag_ms }
    }
}

/// By which way to ask.
#[derive(Clone, Debug)]
pub enum Via {
    /// One HTTP exchange.
    Http(Request),
    /// One thing of a mail server.
    Mail(MailOp),
    /// A line for our own terminal.
    Say(String),
    /// An ask that the engine answers at once with `Got::Said`, without leaving the process.
    Nothing,
}

/// One thing to ask.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The way.
    pub via: Via,
    /// Comes back with the answer, so that a talk knows what it is reading.
    pub tag: u8,
    /// What it costs. An amount of 0 is asked only while something is left of the bucket: what it
    /// costs shows in the answer (`Network::cost`).
    pub spend: &'static [(Bucket, u32)],
    /// Whether the engine signs it with the channel's credential, and refreshes that once.
    pub auth: bool,
}

impl Ask {
    /// A signed HTTP exchange.
    pub fn http(request: Request, tag: u8, spend: &'static [(Bucket, u32)]) -> Ask {
        Ask { via: Via::Http(request), tag, spend, auth: true }
    }

    /// An HTTP exchange without the channel's credential.
    pub fn open(request: Request, tag: u8) -> Ask {
        Ask { via: Via::Http(request), tag, spend: &[], auth: false }
    }

    /// One thing of a mail server, which brings its own log-in.
    pub fn mail(op: MailOp, tag: u8, spend: &'static [(Bucket, u32)]) -> Ask {
        Ask { via: Via::Mail(op), tag, spend, auth: false }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Got {
    /// An HTTP response whose status is no fault.
    Http(Response),
    /// A mail server's answer that is no fault.
    Mail(Mailed),
    /// The line was written, or there was nothing to do.
    Said,
}

impl Got {
    /// The HTTP response; the engine answers an HTTP ask with nothing else.
    pub fn http(self) -> Result<Response, Fault> {
        match self {
            Got::Http(res) => Ok(res),
            Got::Mail(_) | Got::Said => Err(Fault::bug("an HTTP answer was expected")),
        }
    }

    /// The mail server's answer; the engine answers a mail ask with nothing else.
    pub fn mail(self) -> Result<Mailed, Fault> {
        match self {
            Got::Mail(mailed) => Ok(mailed),
            Got::Http(_) | Got::Said => Err(Fault::bug("a mail server's answer was expected")),
        }
    }
}

/// What a conversation wants next.
#[derive(Debug)]
pub enum Step<T> {
    /// Ask these, in order. Empty: waits for answers that are still on their way.
    Ask(Vec<Ask>),
    /// Commit this, then call `start` again.
    Page(Page),
    /// Finished.
    Done(T),
}

/// One page of what was heard; it is committed whole, with the walk's progress.
#[derive(Debug, Default)]
pub struct Page {
    /// What was heard, in the network's order.
    pub heard: Vec<Heard>,
    /// Ascending lanes: the cursor up to here. Newest-first lanes: the token that goes on.
    pub resume: Option<String>,
    /// The span of time that this page accounts for, where the network's order tells.
    pub span: Option<(Instant, Instant)>,
    /// Set where something between this page and what was known before may be missing
    /// (nothing of a feed's window is known, an expired cursor): says why, opens a gap.
    pub hole: Option<String>,
}

/// One thing heard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A mention, new or heard before; a changed text is taken as an edit.
    Mention(Mention),
    /// A mention that the network says was edited.
    Edited(Mention),
    /// A mention was deleted.
    Gone {
        /// The ids' name space.
        origin: String,
        /// The network's id.
        external_id: String,
    },
    /// A post of our own.
    Own {
        /// The ids' name space.
        origin: String,
        /// The network's id.
        external_id: String,
    },
    /// A repost adds reach to a mention and is none itself.
    Repost {
        /// The ids' name space.
        origin: String,
        /// What was reposted.
        of: String,
        /// How many more people saw it.
        reach: u64,
    },
    /// An entry that cannot be read: quarantined, counted, read again after an upgrade.
    Broken {
        /// The entry as it came.
        raw: Vec<u8>,
        /// What is wrong with it.
        why: String,
    },
}

/// A conversation in progress: pure, fed by the engine.
pub trait Talk<T>: Send {
    /// What to do now. Called first, and again after each committed page.
    fn start(&mut self, cx: &Ctx<'_>) -> Step<T>;

    /// Reads an answer.
    ///
    /// # Errors
    /// A `Fault` ends the conversation; progress committed so far stays.
    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<T>, Fault>;
}
