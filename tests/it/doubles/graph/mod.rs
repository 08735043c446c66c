//! `Graph`: Meta's Graph API as far as one Page and one Instagram account go, and strict: what its
//! reference does not allow is refused in its own words, and noted, so that the test fails.
//!
//! | file | does |
//! |---|---|
//! | `mod` | what people do there, and what a test makes go wrong |
//! | `node` | what the reference lists: fields, edges, parameters |
//! | `fields` | reads and checks what is asked of a node |
//! | `judge` | checks a whole request |
//! | `carry` | carries it out: nodes, lists page by page, replies |
//! | `served` | stands behind a port, or behind the engine's transport |
//! | `house` | a house that listens to both channels and takes Meta's calls |

mod carry;
mod fields;
mod house;
mod judge;
mod node;
mod served;

pub use house::{House, T0};
pub use served::Served;

use ascolto::clock::Clock;
use ascolto::domain::Instant;
use carry::Place;
use hmac::{Hmac, KeyInit, Mac};
use node::{Kind, Node};
use serde_json::Value;
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The secret of the one app.
pub const SECRET: &str = "as-one";
/// The Page, its token, and its name as a writer.
pub const PAGE: &str = "777";
pub const PAGE_TOKEN: &str = "tk-1";
pub const PAGE_NAME: (&str, &str) = (PAGE, "Acme");
/// The account and the token of its Page.
pub const ACCOUNT: &str = "999";
pub const ACCOUNT_TOKEN: &str = "tk-2";
/// The account as a writer: a comment shows another id than the account's.
pub const ACCOUNT_NAME: (&str, &str) = ("5550999", "acme");

/// The signature of a text by the app's secret.
fn tag(text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request, however it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query.
    pub query: Vec<(String, String)>,
    /// Its headers, by names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The values of a header.
    fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// What is answered.
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

/// An error of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    code: i64,
    subcode: Option<i64>,
    message: String,
    /// How many minutes until the limit opens again.
    minutes: u32,
    /// The request is one that the reference does not allow.
    forbidden: bool,
}

impl Wrong {
    /// A good request that comes to nothing.
    fn new(code: i64, subcode: Option<i64>, message: &str) -> Wrong {
        Wrong { code, subcode, message: message.to_owned(), minutes: 0, forbidden: false }
    }

    /// What is not there any more.
    fn gone(id: &str) -> Wrong {
        let why = format!("Unsupported get request. Object with ID '{id}' does not exist");
        Wrong::new(100, Some(33), &why)
    }

    /// A request that nobody may send.
    fn forbidden(code: i64, message: impl Into<String>) -> Wrong {
        let message = message.into();
        Wrong { code, subcode: None, message, minutes: 0, forbidden: true }
    }
}

/// The server's mind.
pub struct Graph(Mutex<State>);

#[derive(Default)]
struct State {
    clock: Option<Clock>,
    down: bool,
    /// Every request is answered with this.
    wrong: Option<Wrong>,
    /// A page holds no more entries than this, and before each further one comes an empty one.
    short: Option<usize>,
    /// In the order in which they were made.
    nodes: Vec<Node>,
    removed: BTreeSet<String>,
    /// The places in lists that were handed out, by their cursors.
    places: BTreeMap<String, Place>,
    /// How many ids and cursors were made.
    made: u32,
    asked: Vec<Asked>,
    refused: Vec<String>,
}

impl State {
    fn now(&self) -> Instant {
        self.clock.as_ref().unwrap_or(&Clock::System).now()
    }

    fn find(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    fn put(&mut self, kind: Kind, id: &str, on: &str, by: (&str, &str), text: &str, at: Instant) {
        self.nodes.push(Node {
            kind,
            id: id.to_owned(),
            on: on.to_owned(),
            parent: None,
            by: (by.0.to_owned(), by.1.to_owned()),
            text: text.to_owned(),
            at,
            changed: at,
            open: true,
        });
    }

    /// Writes below a node. An answer to an answer hangs on what that one answers.
    fn write(&mut self, below: &str, by: (&str, &str), text: &str, at: Instant) -> String {
        let above = self.find(below).cloned().expect("it stands there");
        self.made += 1;
        let (kind, id) = match above.kind {
            Kind::Post => (Kind::Comment, above.id.split('_').nth(1)),
            Kind::Comment => (Kind::Comment, above.id.split('_').next()),
            _ => (Kind::Remark, None),
        };
        let id = match id {
            Some(post) => format!("{post}_{}", 200 + self.made),
            None => format!("179{:011}", self.made),
        };
        let (on, parent) = match above.kind {
            Kind::Comment | Kind::Remark => (above.on.clone(), above.parent.or(Some(above.id))),
            _ => (format!("{}/comments", above.id), None),
        };
        self.put(kind, &id, &on, by, text, at);
        if let Some(node) = self.nodes.last_mut() {
            node.parent = parent;
        }
        let root = on.split('/').next().unwrap_or_default().to_owned();
        if let Some(root) = self.nodes.iter_mut().find(|node| node.id == root) {
            root.changed = at;
        }
        id
    }
}

impl Graph {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on what is written is dated by this clock.
    pub fn goes_by(&self, clock: &Clock) {
        self.lock().clock = Some(clock.clone());
    }

    /// Nobody can be reached, or somebody again.
    pub fn down(&self, down: bool) {
        self.lock().down = down;
    }

    /// From now on every request that is good is answered with this error; the limit opens in so
    /// many minutes.
    pub fn fails(&self, code: i64, subcode: Option<i64>, minutes: u32) {
        let wrong = Wrong { minutes, ..Wrong::new(code, subcode, "as the test asked") };
        self.lock().wrong = Some(wrong);
    }

    /// From now on nothing fails.
    pub fn recovers(&self) {
        self.lock().wrong = None;
    }

    /// From now on pages are as short as this, with empty ones between them.
    pub fn shows_only(&self, entries: usize) {
        self.lock().short = Some(entries);
    }

    /// Somebody posts on the Page.
    pub fn posts(&self, id: &str, by: (&str, &str), text: &str, at: Instant) {
        self.lock().put(Kind::Post, id, "777/feed", by, text, at);
    }

    /// The account shares something.
    pub fn shares(&self, id: &str, at: Instant) {
        self.lock().put(Kind::Media, id, "999/media", ACCOUNT_NAME, "Nuovi arrivi", at);
    }

    /// Somebody names the account in a comment below media of others.
    pub fn names_the_account(&self, id: &str, text: &str, at: Instant) {
        let mut state = self.lock();
        if state.find("18").is_none() {
            state.put(Kind::Media, "18", "", ("5550001", "vera"), "", at);
        }
        state.put(Kind::Remark, id, "18/comments", ("5550002", "jo.d"), text, at);
        for node in state.nodes.iter_mut().filter(|node| node.id == "18" || node.root() == "18") {
            node.open = false;
        }
    }

    /// Somebody writes below a post, media or comment. Gives the new id.
    pub fn writes(&self, below: &str, by: (&str, &str), text: &str) -> String {
        let mut state = self.lock();
        let now = state.now();
        state.write(below, by, text, now)
    }

    /// Somebody wrote there, then.
    pub fn wrote(&self, below: &str, by: (&str, &str), text: &str, at: Instant) -> String {
        self.lock().write(below, by, text, at)
    }

    /// It is deleted, with what answers it.
    pub fn deletes(&self, id: &str) {
        let mut state = self.lock();
        let is_gone = |node: &Node| node.id == id || node.parent.as_deref() == Some(id);
        let gone: Vec<String> =
            state.nodes.iter().filter(|node| is_gone(node)).map(|node| node.id.clone()).collect();
        state.nodes.retain(|node| !is_gone(node));
        state.removed.extend(gone);
    }

    /// The brand's own answers to a comment.
    pub fn answers(&self, to: &str) -> Vec<Node> {
        let ours = |node: &&Node| [PAGE, ACCOUNT_NAME.0].contains(&node.by.0.as_str());
        let below = |node: &&Node| node.parent.as_deref() == Some(to);
        self.lock().nodes.iter().filter(below).filter(ours).cloned().collect()
    }

    /// The requests so far.
    pub fn log(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// How often what names the account was asked for.
    pub fn followed(&self) -> usize {
        let named =
            |(name, value): &(String, String)| name == "fields" && value.starts_with("mentioned_");
        self.log().iter().filter(|asked| asked.query.iter().any(named)).count()
    }

    /// What was refused so far because the reference does not allow it.
    pub fn refused(&self) -> Vec<String> {
        self.lock().refused.clone()
    }

    /// Fails the test if anything was refused.
    fn must_have_refused_nothing(&self) {
        let refused = self.refused();
        assert!(std::thread::panicking() || refused.is_empty(), "refused: {refused:#?}");
    }
}
