//! Doubles for the engine's tests: a scripted transport, a memory in memory, a small network.

use super::transport::{Opened, SendFault, Transport};
use super::{Engine, Link};
use crate::clock::Clock;
use crate::domain::length::{Counting, LengthRule};
use crate::domain::time::{DAY, MINUTE};
use crate::domain::{Instant, MentionRef};
use crate::ids::Ids;
use crate::wire::{
    Ask, BoxFuture, Bucket, BucketRule, Capabilities, Counts, Ctx, Cursor, Fault, Got, Keep,
    KeyFault, Lane, Meta, Method, Network, Page, Part, Purpose, Purse, Request, Response, Secret,
    Session, Step, StreamOp, Talk, Terms, Told, Toll, UsedUp,
};
use futures_util::StreamExt;
use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use url::Url;

/// When every test begins.
pub const START: Instant = Instant(1_800_000_000_000);
/// Short: four a minute per channel, two of them reserved.
pub const API: Bucket = Bucket("api");
/// Long: three a month per host, one of them reserved.
pub const MONTH: Bucket = Bucket("month");

static META: Meta = Meta {
    name: "testnet",
    title: "Testnet",
    about: "",
    docs: "",
    can: Capabilities { poll: true, reply: true, thread: false, stream: true, backfill: false },
    length: LengthRule { counting: Counting::Graphemes, limit: 100 },
    buckets: &[
        BucketRule { bucket: API, counts: Counts::Token, limit: 4, window_ms: MINUTE, reserve: 2 },
        BucketRule {
            bucket: MONTH,
            counts: Counts::Host,
            limit: 3,
            window_ms: 30 * DAY,
            reserve: 1,
        },
    ],
    keys: &[],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// A network with a log-in.
pub enum TestNet {
    /// Its stream tells events.
    Events,
    /// Its stream is a WebSocket, of a server that is not its own.
    Socket,
}

impl Network for TestNet {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, _: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(()))
    }

    fn lanes(&self, _: &Ctx<'_>) -> Vec<Lane> {
        Vec::new()
    }

    fn login(&self, _: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        Some(Box::new(LogIn))
    }

    fn sign(&self, request: Request, cx: &Ctx<'_>) -> Request {
        let secret = cx.session.and_then(|s| s.secret.as_ref()).expect("logged in").expose();
        request.bearer(secret)
    }

    fn listen(
        &self,
        _: &Lane,
        _: Option<&Cursor>,
        _: Option<&str>,
        _: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        unreachable!("the tests bring their own talks")
    }

    fn fit(&self, text: &str, _: &MentionRef, _: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        Ok(vec![Part { text: text.to_owned() }])
    }

    fn stream(&self, _: &Ctx<'_>) -> Option<StreamOp> {
        Some(match self {
            TestNet::Events => StreamOp::events(get("/stream")),
            TestNet::Socket => StreamOp::web_socket(get("/socket"), 7),
        })
    }

    fn told(&self, res: &Response, _: &Ctx<'_>) -> Vec<Told> {
        let number = |name| res.header(name).and_then(|v| v.parse::<i64>().ok());
        let remaining = number("x-left").map(|n| u32::try_from(n).unwrap());
        let reset = number("x-reset").map(Instant);
        remaining
            .zip(reset)
            .into_iter()
            .flat_map(|(remaining, reset)| {
                [API, MONTH].map(|bucket| Told { bucket, remaining, reset })
            })
            .collect()
    }

    fn cost(&self, res: &Response, _: &Ctx<'_>) -> Vec<(Bucket, u32)> {
        let cost: Option<u32> = res.header("x-cost").and_then(|n| n.parse().ok());
        cost.map(|units| vec![(API, units), (MONTH, units)]).unwrap_or_default()
    }
}

struct LogIn;

impl Talk<Session> for LogIn {
    fn start(&mut self, _: &Ctx<'_>) -> Step<Session> {
        let mut request = Request::new(Method::Post, url("/login"));
        let form = vec![("client_secret".to_owned(), "cs-hidden".to_owned())];
        request.body = crate::wire::Body::Form(form);
        Step::Ask(vec![Ask::open(request, 9)])
    }

    fn read(&mut self, _: u8, got: Got, _: &Ctx<'_>) -> Result<Step<Session>, Fault> {
        let body = String::from_utf8(got.http()?.body).unwrap();
        Ok(Step::Done(Session {
            secret: Some(Secret::new(body)),
            own: vec!["us".to_owned()],
            ..Session::default()
        }))
    }
}

/// A talk that asks what it is told to, one list a page, and ends with the bodies it read.
pub struct Script {
    pages: VecDeque<Vec<Ask>>,
    waiting: usize,
    read: Vec<String>,
}

impl Script {
    pub fn new(pages: Vec<Vec<Ask>>) -> Box<Script> {
        Box::new(Script { pages: pages.into(), waiting: 0, read: Vec::new() })
    }
}

impl Talk<Vec<String>> for Script {
    fn start(&mut self, _: &Ctx<'_>) -> Step<Vec<String>> {
        let asks = self.pages.pop_front().unwrap_or_default();
        self.waiting = asks.len();
        Step::Ask(asks)
    }

    fn read(&mut self, tag: u8, got: Got, _: &Ctx<'_>) -> Result<Step<Vec<String>>, Fault> {
        let body = match got {
            Got::Http(res) => String::from_utf8(res.body).unwrap(),
            Got::Mail(mailed) => format!("{mailed:?}"),
            Got::Said => "said".to_owned(),
        };
        self.read.push(format!("{tag}:{body}"));
        self.waiting -= 1;
        Ok(match (self.waiting, self.pages.is_empty()) {
            (0, true) => Step::Done(std::mem::take(&mut self.read)),
            (0, false) => Step::Page(Page::default()),
            _ => Step::Ask(Vec::new()),
        })
    }
}

/// A memory that ends with the test.
#[derive(Default)]
pub struct Memory {
    pub sessions: Mutex<HashMap<String, Session>>,
    pub purses: Mutex<HashMap<(String, Bucket), Purse>>,
    /// Storing a session fails as long as this is set.
    pub broken: Mutex<bool>,
}

impl Keep for Memory {
    fn session(&self, channel: &str) -> BoxFuture<'_, Result<Option<Session>, String>> {
        let kept = self.sessions.lock().unwrap().get(channel).cloned();
        Box::pin(std::future::ready(Ok(kept)))
    }

    fn store_session(&self, channel: &str, session: &Session) -> BoxFuture<'_, Result<(), String>> {
        let result = if *self.broken.lock().unwrap() {
            Err("the disk is full".to_owned())
        } else {
            self.sessions.lock().unwrap().insert(channel.to_owned(), session.clone());
            Ok(())
        };
        Box::pin(std::future::ready(result))
    }

    fn spend(
        &self,
        tolls: Vec<Toll>,
        purpose: Purpose,
        now: Instant,
    ) -> BoxFuture<'_, Result<Result<(), UsedUp>, String>> {
        let before = self.purses.lock().unwrap().clone();
        let mut used_up = Vec::new();
        for Toll { scope, rule, amount } in tolls {
            let spend = |purse: &mut Purse| purse.spend(rule, amount, purpose, now);
            if let Err(until) = self.purse(&scope, rule.bucket, spend) {
                used_up.push(UsedUp { scope, bucket: rule.bucket, until });
            }
        }
        let last = used_up.into_iter().max_by_key(|bucket| bucket.until);
        if last.is_some() {
            *self.purses.lock().unwrap() = before;
        }
        Box::pin(std::future::ready(Ok(last.map_or(Ok(()), Err))))
    }

    fn charge(
        &self,
        scope: &str,
        rule: BucketRule,
        amount: u32,
        purpose: Purpose,
        now: Instant,
    ) -> BoxFuture<'_, Result<(), String>> {
        self.purse(scope, rule.bucket, |purse| purse.charge(rule, amount, purpose, now));
        Box::pin(std::future::ready(Ok(())))
    }

    fn told(&self, scope: &str, told: &Told, now: Instant) -> BoxFuture<'_, Result<(), String>> {
        self.purse(scope, told.bucket, |purse| purse.told(told, now));
        Box::pin(std::future::ready(Ok(())))
    }

    fn shut(
        &self,
        scope: &str,
        rule: BucketRule,
        until: Instant,
    ) -> BoxFuture<'_, Result<(), String>> {
        self.purse(scope, rule.bucket, |purse| purse.shut(until));
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Memory {
    fn purse<T>(&self, scope: &str, bucket: Bucket, work: impl FnOnce(&mut Purse) -> T) -> T {
        let mut purses = self.purses.lock().unwrap();
        work(purses.entry((scope.to_owned(), bucket)).or_default())
    }
}

/// A transport that answers from a list and remembers what was asked.
#[derive(Default)]
pub struct Doubles {
    pub answers: Mutex<VecDeque<Result<Response, SendFault>>>,
    pub asked: Mutex<Vec<Request>>,
}

impl Doubles {
    fn next(&self, request: &Request) -> Result<Response, SendFault> {
        self.asked.lock().unwrap().push(request.clone());
        self.answers.lock().unwrap().pop_front().expect("an answer for every request")
    }

    /// Method, path and credential of each request.
    pub fn log(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let line = |r: &Request| {
            let secret = r.secret_headers.first().map(|(_, s)| s.expose()).unwrap_or("-");
            format!("{} {} {secret}", r.method.as_str(), r.url.path())
        };
        asked.iter().map(line).collect()
    }
}

impl Transport for Doubles {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        let answer = self.next(request);
        Box::pin(std::future::ready(answer))
    }

    fn open<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        let opened = self.next(request).map(|head| {
            let chunk = bytes::Bytes::from(head.body.clone());
            Opened { head, chunks: futures_util::stream::iter([Ok(chunk)]).boxed() }
        });
        Box::pin(std::future::ready(opened))
    }

    fn socket<'a>(
        &'a self,
        request: &'a Request,
        _: [u8; 16],
    ) -> BoxFuture<'a, Result<Opened, SendFault>> {
        self.open(request)
    }
}

/// An engine over doubles.
pub struct Bench {
    pub transport: Arc<Doubles>,
    pub memory: Arc<Memory>,
    pub clock: Clock,
    pub said: Arc<Mutex<Vec<String>>>,
    pub engine: Engine,
    pub link: Link,
}

/// A bench whose channel is logged in with the token `tok-1` if `session` is set.
pub fn bench(session: bool, answers: Vec<Result<Response, SendFault>>) -> Bench {
    let transport = Arc::new(Doubles::default());
    transport.answers.lock().unwrap().extend(answers);
    let memory = Arc::new(Memory::default());
    if session {
        let kept = Session { secret: Some(Secret::new("tok-1")), ..Session::default() };
        memory.sessions.lock().unwrap().insert("chan".to_owned(), kept);
    }
    again(transport, memory)
}

/// The same after a restart: nothing but the memory and the world outside is left.
pub fn again(transport: Arc<Doubles>, memory: Arc<Memory>) -> Bench {
    let clock = Clock::manual(START);
    let said = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&said);
    let say = Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()));
    let engine = Engine::new(transport.clone(), memory.clone(), clock.clone(), Ids::seeded(1), say);
    let link = Link::new("chan", Arc::new(()), vec!["brand".to_owned()]);
    Bench { transport, memory, clock, said, engine, link }
}

pub fn url(path: &str) -> Url {
    Url::parse("https://net.example").unwrap().join(path).unwrap()
}

pub fn get(path: &str) -> Request {
    Request::get(url(path))
}

pub fn answer(status: u16, body: &str) -> Result<Response, SendFault> {
    Ok(Response { status, body: body.into(), ..Response::default() })
}

pub fn with_header(status: u16, headers: &[(&str, &str)]) -> Result<Response, SendFault> {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Ok(Response { status, headers, ..Response::default() })
}
