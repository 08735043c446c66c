//! Tapes: what a server was asked and answered, written down as JSON, and how they are played.
//!
//! A tape is one file of `tests/tapes/NETWORK/`. `login.json` there is a list of exchanges that
//! every tape of the network has too. An exchange answers each request that it matches, as often
//! as it is asked, so that one tape plays a crashed and repeated walk as well as a smooth one.

use ascolto::domain::{Instant, MentionRef};
use ascolto::wire::{Body, MailAct, MailFrom, MailOp, Mailed, RawMail, Request, Response};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is done with the network while the tape plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// A lane is read.
    #[default]
    Listen,
    /// A thread is read anew.
    Thread,
    /// A reply is posted.
    Post,
    /// A reply is looked for.
    Find,
    /// Mentions are read again.
    Recheck,
    /// What a hook told of is read.
    Follow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tape {
    #[serde(skip)]
    pub name: String,
    /// For the reader of the tape.
    #[serde(rename = "about")]
    _about: String,
    #[serde(default)]
    pub act: Act,
    /// The lane; the channel's first if absent.
    pub lane: Option<String>,
    /// What is answered or looked at.
    pub of: Option<MentionRef>,
    /// Of which mentions it is asked again, each else like `of`.
    #[serde(default)]
    pub again: Vec<String>,
    /// The reply.
    #[serde(default)]
    pub text: String,
    /// By what a hook told of something.
    #[serde(default)]
    pub key: String,
    /// The ids of all mentions that must be known at the end, whatever goes wrong on the way.
    pub ids: Option<Vec<String>>,
    /// Each poll in turn; acts other than listening have one.
    pub polls: Vec<Poll>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    pub now: Instant,
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// What a mail server is asked and answers.
    #[serde(default)]
    pub mail: Vec<MailExchange>,
}

/// One operation of a mail server: `newest`, `after 7`, `since 0`, `search` or `send`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailExchange {
    ask: String,
    #[serde(default)]
    validity: u32,
    #[serde(default)]
    next: u32,
    #[serde(default)]
    more: bool,
    #[serde(default)]
    mails: Vec<TapedMail>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TapedMail {
    uid: u32,
    received: Instant,
    /// Its lines, ended by a line feed each.
    lines: Vec<String>,
}

/// The mail server's answer of the first exchange that fits.
pub fn post<'a>(mut exchanges: impl Iterator<Item = &'a MailExchange>, op: &MailOp) -> Mailed {
    let ask = match &op.act {
        MailAct::Fetch { from: MailFrom::Newest, .. } => "newest".to_owned(),
        MailAct::Fetch { from: MailFrom::After(uid), .. } => format!("after {uid}"),
        MailAct::Fetch { from: MailFrom::Since(_, uid), .. } => format!("since {uid}"),
        MailAct::Search { .. } => "search".to_owned(),
        MailAct::Send { .. } => "send".to_owned(),
    };
    let taped = exchanges.find(|taped| taped.ask == ask);
    let taped = taped.unwrap_or_else(|| panic!("no tape answers `{ask}`: {op:?}"));
    if ask == "send" {
        return Mailed::Done;
    }
    let mails = taped.mails.iter().map(|mail| {
        let bytes = mail.lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes());
        let bytes: Vec<u8> = bytes.collect();
        let (uid, received) = (mail.uid, Some(mail.received));
        let size = u64::try_from(bytes.len()).unwrap();
        RawMail { folder: "INBOX".to_owned(), uid, received, size, bytes }
    });
    let (validity, next, more) = (taped.validity, taped.next, taped.more);
    Mailed::Mails { validity, next, mails: mails.collect(), more }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    request: Matcher,
    response: Canned,
}

/// What a request must have; `null` for what it must not have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matcher {
    #[serde(default = "get")]
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, Option<String>>,
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    body: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Canned {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Kept as written, so that what no parser takes can stand here too.
    json: Option<Box<RawValue>>,
    text: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

fn ok() -> u16 {
    200
}

fn folder(network: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tapes").join(network)
}

/// All tapes of a network, in the order of their names, and its log-in.
pub fn tapes(network: &str) -> (Vec<Tape>, Vec<Exchange>) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder(network))
        .unwrap_or_else(|e| panic!("tests/tapes/{network}: {e}"))
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    let (mut tapes, mut login) = (Vec::new(), Vec::new());
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        if name == "login" {
            login = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{network}/{name}: {e}"));
        } else {
            let tape: Tape =
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{network}/{name}: {e}"));
            tapes.push(Tape { name, ..tape });
        }
    }
    (tapes, login)
}

/// The answer of the first exchange that fits.
pub fn play<'a>(exchanges: impl Iterator<Item = &'a Exchange>, request: &Request) -> Response {
    for exchange in exchanges {
        if exchange.request.fits(request) {
            return exchange.response.response(request);
        }
    }
    panic!("no tape answers {} {} {:?}", request.method.as_str(), request.url, request.headers);
}

impl Matcher {
    fn fits(&self, request: &Request) -> bool {
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let headers: BTreeMap<String, String> =
            request.headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        let all = |wanted: &BTreeMap<String, Option<String>>, have: &BTreeMap<String, String>| {
            wanted.iter().all(|(name, value)| have.get(name) == value.as_ref())
        };
        let body = self.body.as_ref().is_none_or(|wanted| match &request.body {
            Body::Json(json) => serde_json::from_slice::<Value>(json).ok().as_ref() == Some(wanted),
            _ => false,
        });
        self.method == request.method.as_str()
            && self.path == request.url.path()
            && all(&self.query, &query)
            && all(&self.headers, &headers)
            && body
    }
}

impl Canned {
    fn response(&self, request: &Request) -> Response {
        let text = self.json.as_ref().map(|json| json.get()).or(self.text.as_deref());
        Response {
            status: self.status,
            headers: self.headers.iter().map(|(n, v)| (n.clone(), v.clone())).collect(),
            body: text.unwrap_or_default().as_bytes().to_vec(),
            url: Some(request.url.clone()),
        }
    }
}
