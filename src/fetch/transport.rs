//! `Transport`: one HTTP exchange over the network, guarded and capped, and how far it got.

mod hop;
mod socket;
#[cfg(test)]
mod tests;

use super::Settings;
use super::guard::{Guard, Trust, refusal};
use super::redact::Redactor;
use crate::wire::{BoxFuture, Fault, MailOp, Mailed, Reached, Request, Response};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use hop::Hop;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
pub use socket::Voice;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How many redirects are followed. Browsers follow 20; an API that needs more than a few is lost.
const MAX_REDIRECTS: usize = 5;

/// Why a request got no whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendFault {
    /// How far it got; never `Answered`.
    pub reached: Reached,
    /// What happened, without a secret.
    pub why: String,
}

impl SendFault {
    /// Provably no byte of the request left.
    pub fn never(why: impl Into<String>) -> SendFault {
        SendFault { reached: Reached::Never, why: why.into() }
    }

    /// The request may have been carried out.
    pub fn perhaps(why: impl Into<String>) -> SendFault {
        SendFault { reached: Reached::Perhaps, why: why.into() }
    }
}

/// An answer whose body goes on: the head, and the pieces as they come, decompressed.
pub struct Opened {
    /// Status, headers and final address; its body is empty.
    pub head: Response,
    /// The body.
    pub chunks: BoxStream<'static, Result<Bytes, SendFault>>,
}

/// Sends requests as they are: no limits, no log-in, no retry.
pub trait Transport: Send + Sync {
    /// One exchange with its whole body.
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>>;

    /// Opens an answer that does not end, for server-sent events.
    fn open<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>>;

    /// Opens a WebSocket with these random bytes as its key: behind status 101 each piece is one
    /// message, and an empty one a sign of life. Behind any other status nothing comes. A
    /// transport without WebSockets says so.
    fn socket<'a>(
        &'a self,
        request: &'a Request,
        _key: [u8; 16],
    ) -> BoxFuture<'a, Result<Opened, SendFault>> {
        let fault = SendFault::never(format!("{request:?}: this transport has no WebSockets"));
        Box::pin(std::future::ready(Err(fault)))
    }

    /// The same, and what says something there; behind any status but 101 nothing can.
    fn two_way<'a>(
        &'a self,
        request: &'a Request,
        _key: [u8; 16],
    ) -> BoxFuture<'a, Result<(Opened, Option<Voice>), SendFault>> {
        let why = format!("{request:?}: this transport has no WebSockets to speak on");
        Box::pin(std::future::ready(Err(SendFault::never(why))))
    }

    /// Asks a mail server. A transport without mail says so.
    fn mail<'a>(&'a self, op: &'a MailOp) -> BoxFuture<'a, Result<Mailed, Fault>> {
        let why = format!("{op:?}: this transport carries no mail");
        let fault = Fault { reached: Reached::Never, ..Fault::bug(why) };
        Box::pin(std::future::ready(Err(fault)))
    }
}

/// The real network.
///
/// It follows redirects by hand and judges each hop, refuses private addresses at the moment of
/// the connection, ignores proxies of the environment (they would undo that), sends no cookies
/// and no referrer, and never repeats a request by itself.
pub struct HttpTransport {
    clients: Clients,
    /// For WebSockets, made when the first one is opened: few houses have one.
    upgrading: OnceLock<Result<Clients, String>>,
    user_agent: String,
    guard: Arc<Guard>,
    timeout: Duration,
    body_limit: usize,
}

/// The HTTP clients, each with connections of its own.
struct Clients {
    /// Connects to public addresses, and to private ones that are allowed by address.
    public: reqwest::Client,
    /// For hosts that are allowed by name; its own connections, so nobody else inherits them.
    named: reqwest::Client,
}

impl HttpTransport {
    /// Prepares both clients. The TLS provider must have been installed before.
    ///
    /// # Errors
    /// Text for a person: an entry of `allow_private` or the user agent that does not do, or a
    /// TLS set-up without certificates.
    pub fn new(settings: &Settings) -> Result<HttpTransport, String> {
        let guard = Arc::new(Guard::new(&settings.allow_private)?);
        let timeout = Duration::from_millis(settings.timeout_ms.max(1).unsigned_abs());
        let user_agent = settings.user_agent.clone();
        let clients = Clients::new(&user_agent, timeout, &guard, false)?;
        let (upgrading, body_limit) = (OnceLock::new(), settings.body_limit);
        Ok(HttpTransport { clients, upgrading, user_agent, guard, timeout, body_limit })
    }

    /// The clients that speak HTTP/1.1 alone: in HTTP/2 no connection can be taken over.
    fn upgrading(&self) -> Result<&Clients, SendFault> {
        let made = self
            .upgrading
            .get_or_init(|| Clients::new(&self.user_agent, self.timeout, &self.guard, true));
        made.as_ref().map_err(|why| SendFault::never(why.clone()))
    }

    /// Sends along all redirects, until the head of the final answer is there.
    async fn follow(
        &self,
        request: &Request,
        clients: &Clients,
    ) -> Result<reqwest::Response, SendFault> {
        let mut hop = Hop::first(request);
        let mut reached = Reached::Never;
        for _ in 0..=MAX_REDIRECTS {
            let fault = |why: String| SendFault { reached, why };
            let client = match self.guard.check(hop.url()).map_err(fault)? {
                Trust::Public => &clients.public,
                Trust::Named => &clients.named,
            };
            let ready = hop.build(client).map_err(fault)?;
            let answer = client.execute(ready).await.map_err(|e| {
                let unsent = reached == Reached::Never && (e.is_connect() || e.is_builder());
                let reached = if unsent { Reached::Never } else { Reached::Perhaps };
                let what = if e.is_connect() { "cannot connect to" } else { "no answer from" };
                SendFault { reached, why: format!("{what} {}: {}", hop.host(), root(&e)) }
            })?;
            reached = Reached::Perhaps;
            match hop.after(&answer) {
                Some(next) => hop = next,
                None => return Ok(answer),
            }
        }
        Err(SendFault::perhaps(format!(
            "{} redirects more than {MAX_REDIRECTS} times; write the final address",
            hop.host()
        )))
    }

    /// Shakes hands for a WebSocket; the connection only if the server gives it.
    async fn take_over(
        &self,
        request: &Request,
        shake: &socket::Handshake,
    ) -> Result<(Response, Option<reqwest::Upgraded>), SendFault> {
        let asking = shake.request(request);
        let answer = self.follow(&asking, self.upgrading()?).await?;
        let head = head(&answer);
        if head.status != socket::SWITCHING {
            return Ok((head, None));
        }
        shake.check(&head)?;
        let line = answer.upgrade().await.map_err(|e| broken_off(&e))?;
        Ok((head, Some(line)))
    }

    async fn exchange(&self, request: &Request) -> Result<Response, SendFault> {
        let mut answer = self.follow(request, &self.clients).await?;
        let too_long = || {
            let mib = self.body_limit.div_ceil(1024 * 1024);
            SendFault::perhaps(format!("the answer is longer than {mib} MiB and was not read"))
        };
        if answer.content_length().is_some_and(|n| n > self.body_limit as u64) {
            return Err(too_long());
        }
        let mut response = head(&answer);
        // What is counted is what came out of decompression, piece by piece: a small body that
        // unpacks to gigabytes is dropped as soon as it passes the limit.
        while let Some(chunk) = answer.chunk().await.map_err(|e| broken_off(&e))? {
            if response.body.len() + chunk.len() > self.body_limit {
                return Err(too_long());
            }
            response.body.extend_from_slice(&chunk);
        }
        Ok(response)
    }

    async fn within<T>(
        &self,
        request: &Request,
        work: impl Future<Output = Result<T, SendFault>>,
    ) -> Result<T, SendFault> {
        let result = match tokio::time::timeout(self.timeout, work).await {
            Ok(result) => result,
            Err(_) => Err(SendFault::perhaps(format!(
                "no whole answer within {} ms; the server is slow or the line is bad",
                self.timeout.as_millis()
            ))),
        };
        result.map_err(|fault| {
            let why = format!("{}: {}", request.shown_url(), fault.why);
            SendFault { why: Redactor::of(request).why(&why), ..fault }
        })
    }
}

impl Clients {
    fn new(
        user_agent: &str,
        timeout: Duration,
        guard: &Arc<Guard>,
        upgrading: bool,
    ) -> Result<Clients, String> {
        let client = |trust| {
            let mut builder = reqwest::Client::builder()
                .user_agent(user_agent)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .no_proxy()
                // Shorter than the whole, so that a time-out while connecting is told apart:
                // only then it is certain that nothing left.
                .connect_timeout(timeout / 2)
                .dns_resolver(Resolver { guard: Arc::clone(guard), trust });
            if upgrading {
                builder = builder.http1_only();
            }
            builder.build().map_err(|e| format!("the HTTP client cannot be set up: {}", root(&e)))
        };
        Ok(Clients { public: client(Trust::Public)?, named: client(Trust::Named)? })
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(self.within(request, self.exchange(request)))
    }

    fn open<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async move {
            let answer = self.within(request, self.follow(request, &self.clients)).await?;
            let head = head(&answer);
            let chunks = answer.bytes_stream().map(|piece| piece.map_err(|e| broken_off(&e)));
            Ok(Opened { head, chunks: chunks.boxed() })
        })
    }

    fn socket<'a>(
        &'a self,
        request: &'a Request,
        key: [u8; 16],
    ) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async move {
            let shake = socket::Handshake::new(key);
            let (head, line) = self.within(request, self.take_over(request, &shake)).await?;
            let chunks = match line {
                Some(line) => socket::messages(line).await,
                None => futures_util::stream::empty().boxed(),
            };
            Ok(Opened { head, chunks })
        })
    }

    fn two_way<'a>(
        &'a self,
        request: &'a Request,
        key: [u8; 16],
    ) -> BoxFuture<'a, Result<(Opened, Option<Voice>), SendFault>> {
        Box::pin(async move {
            let shake = socket::Handshake::new(key);
            let (head, line) = self.within(request, self.take_over(request, &shake)).await?;
            let (chunks, voice) = match line {
                None => (futures_util::stream::empty().boxed(), None),
                Some(line) => {
                    let (chunks, voice) = socket::both_ways(line).await;
                    (chunks, Some(voice))
                }
            };
            Ok((Opened { head, chunks }, voice))
        })
    }
}

/// Status, headers and address of an answer.
fn head(answer: &reqwest::Response) -> Response {
    let headers = answer.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Response {
        status: answer.status().as_u16(),
        headers: headers.collect(),
        body: Vec::new(),
        url: Some(answer.url().clone()),
    }
}

fn broken_off(error: &reqwest::Error) -> SendFault {
    SendFault::perhaps(format!("the answer broke off: {}", root(error)))
}

/// The innermost cause. The outer ones repeat the address, which may hold a token.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<reqwest::Error>() {
        Some(_) if error.is_timeout() => "it took too long".to_owned(),
        Some(_) if error.is_builder() => "the request cannot be built".to_owned(),
        Some(_) => "the exchange failed".to_owned(),
        None => cause.to_string(),
    }
}

/// Resolves names and hands out only what the guard permits.
struct Resolver {
    guard: Arc<Guard>,
    trust: Trust,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, trust) = (Arc::clone(&self.guard), self.trust);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect::<Vec<_>>();
            let first = found.first().map(|at| at.ip());
            let permitted = found
                .into_iter()
                .filter(|at| trust == Trust::Named || guard.permits(at.ip(), None))
                .collect::<Vec<_>>();
            match (permitted.is_empty(), first) {
                (true, Some(ip)) => Err(refusal(&format!("{} ({ip})", name.as_str())).into()),
                _ => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}
