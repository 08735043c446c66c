//! Tapes: real exchanges, recorded without secrets and played back in tests.
//!
//! A tape is a text file with one exchange as JSON in each line. Credentials are masked by the
//! names of headers and fields and by every value that was seen in one; if a known value is
//! still in a line after that, the line is not written and the recording fails.

#[cfg(test)]
mod tests;

use super::redact::{MASK, Redactor, is_secret_name, is_secret_param};
use super::transport::{Opened, SendFault, Transport, Voice};
use crate::wire::{Body, BoxFuture, Fault, MailOp, Mailed, Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWriteExt;
use url::Url;

/// One request and its answer, as they stand on a tape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// `GET`, `POST` …
    pub method: String,
    /// The address, secrets masked.
    pub url: String,
    /// The request's headers; secret ones masked. They do not matter when it is played.
    #[serde(default)]
    pub sent_headers: Vec<(String, String)>,
    /// The request's body, secrets masked.
    #[serde(default)]
    pub sent: String,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers, names in lower case.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The answer's body.
    #[serde(default)]
    pub body: String,
    /// The body is base64, since it is no UTF-8.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub base64: bool,
    /// Where the answer came from, if it was redirected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl Exchange {
    fn record(request: &Request, res: &Response, known: &Redactor) -> Exchange {
        let asked = Asked::of(request, known);
        let sent_headers = request.headers.iter().map(|(name, value)| {
            let shown = if is_secret_name(name) { MASK.to_owned() } else { known.mask(value) };
            ((*name).to_owned(), shown)
        });
        let secret_headers =
            request.secret_headers.iter().map(|(name, _)| ((*name).to_owned(), MASK.to_owned()));
        let headers = res.headers.iter().map(|(name, value)| {
            let shown = if is_secret_name(name) { MASK.to_owned() } else { known.mask(value) };
            (name.clone(), shown)
        });
        let (body, base64) = match std::str::from_utf8(&res.body) {
            Ok(text) => (known.mask(&mask_json(text)), false),
            Err(_) => (STANDARD.encode(&res.body), true),
        };
        let from = res.url.as_ref().filter(|url| **url != request.url && !request.secret_url);
        Exchange {
            method: asked.method,
            url: asked.url,
            sent_headers: sent_headers.chain(secret_headers).collect(),
            sent: asked.sent,
            status: res.status,
            headers: headers.collect(),
            body,
            base64,
            from: from.map(|url| known.mask(&mask_query(url))),
        }
    }

    fn answer(&self) -> Result<Response, String> {
        let body = if self.base64 {
            STANDARD.decode(&self.body).map_err(|_| "a body on the tape is no base64".to_owned())?
        } else {
            self.body.clone().into_bytes()
        };
        let url = Url::parse(self.from.as_ref().unwrap_or(&self.url)).ok();
        Ok(Response { status: self.status, headers: self.headers.clone(), body, url })
    }
}

/// What a request is known by on a tape.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    method: String,
    url: String,
    sent: String,
}

impl Asked {
    fn of(request: &Request, known: &Redactor) -> Asked {
        let url = if request.secret_url {
            request.shown_url().replace("/…", &format!("/{MASK}"))
        } else {
            mask_query(&request.url)
        };
        let sent = match &request.body {
            Body::None => String::new(),
            Body::Json(json) => mask_json(&String::from_utf8_lossy(json)),
            Body::Form(fields) => masked_pairs(fields.iter().map(|(n, v)| (n, v))),
            Body::Bytes(_, bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => STANDARD.encode(bytes),
            },
        };
        Asked {
            method: request.method.as_str().to_owned(),
            url: known.mask(&url),
            sent: known.mask(&sent),
        }
    }
}

fn masked_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl Iterator<Item = (N, V)>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        let shown = if is_secret_param(name.as_ref()) { MASK } else { value.as_ref() };
        form.append_pair(name.as_ref(), shown);
    }
    form.finish()
}

fn mask_query(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for addresses without a host, which are never asked.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    if url.query().is_some() {
        shown.set_query(Some(&masked_pairs(url.query_pairs())));
    }
    shown.into()
}

/// JSON with its secret fields masked; what is no JSON stays as it is.
fn mask_json(text: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.to_owned();
    };
    if mask_value(&mut value) { value.to_string() } else { text.to_owned() }
}

/// Whether anything had to be masked. What had not is kept byte for byte: how a server writes
/// its JSON is part of what a tape tests.
fn mask_value(value: &mut serde_json::Value) -> bool {
    let mut masked = false;
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret_name(name) && (value.is_string() || value.is_number()) {
                    *value = MASK.into();
                    masked = true;
                } else {
                    masked |= mask_value(value);
                }
            }
        }
        serde_json::Value::Array(values) => {
            values.iter_mut().for_each(|value| masked |= mask_value(value));
        }
        _ => {}
    }
    masked
}

/// Records what goes through it.
pub struct Recorder {
    inner: Arc<dyn Transport>,
    path: PathBuf,
    /// Every secret value seen so far: what a log-in hands out must not show up later.
    known: Mutex<Redactor>,
    /// One line at a time.
    file: tokio::sync::Mutex<()>,
}

impl Recorder {
    /// Records to the end of a file, which is made if it is not there.
    pub fn new(inner: Arc<dyn Transport>, path: PathBuf) -> Recorder {
        Recorder { inner, path, known: Mutex::default(), file: tokio::sync::Mutex::default() }
    }

    /// The line for an exchange.
    ///
    /// # Errors
    /// A known secret is still in it.
    fn line(&self, request: &Request, res: &Response) -> Result<String, String> {
        let known = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.watch(request);
            known.watch_json(&res.body);
            for (_, value) in res.headers.iter().filter(|(name, _)| is_secret_name(name)) {
                known.add(value);
            }
            known.clone()
        };
        let exchange = Exchange::record(request, res, &known);
        let line = serde_json::to_string(&exchange).map_err(|e| e.to_string())?;
        let inside = String::from_utf8_lossy(&res.body);
        if known.finds_in(&line) || (exchange.base64 && known.finds_in(&inside)) {
            return Err(format!("{request:?} still holds a secret; nothing was recorded of it"));
        }
        Ok(line)
    }

    async fn write(&self, request: &Request, res: &Response) -> Result<(), String> {
        let line = self.line(request, res)?;
        let _one = self.file.lock().await;
        let opened = tokio::fs::OpenOptions::new().create(true).append(true).open(&self.path).await;
        let mut file = opened.map_err(|e| e.to_string())?;
        file.write_all(format!("{line}\n").as_bytes()).await.map_err(|e| e.to_string())?;
        file.flush().await.map_err(|e| e.to_string())
    }
}

impl Transport for Recorder {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(async move {
            let res = self.inner.send(request).await?;
            let written = self.write(request, &res).await;
            let fault = |why| SendFault::perhaps(format!("tape {}: {why}", self.path.display()));
            written.map_err(fault).map(|()| res)
        })
    }

    fn open<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        self.inner.open(request)
    }

    /// As with every stream, what comes is not recorded: it goes on for ever.
    fn socket<'a>(
        &'a self,
        request: &'a Request,
        key: [u8; 16],
    ) -> BoxFuture<'a, Result<Opened, SendFault>> {
        self.inner.socket(request, key)
    }

    fn two_way<'a>(
        &'a self,
        request: &'a Request,
        key: [u8; 16],
    ) -> BoxFuture<'a, Result<(Opened, Option<Voice>), SendFault>> {
        self.inner.two_way(request, key)
    }

    /// Mail is carried and not recorded: people's letters do not belong on a tape.
    fn mail<'a>(&'a self, op: &'a MailOp) -> BoxFuture<'a, Result<Mailed, Fault>> {
        self.inner.mail(op)
    }
}

/// Answers from a tape. The same request twice gets its answers in the tape's order.
pub struct Replay {
    left: Mutex<Vec<Exchange>>,
}

impl Replay {
    /// Plays these.
    pub fn new(exchanges: Vec<Exchange>) -> Replay {
        Replay { left: Mutex::new(exchanges) }
    }

    /// Reads a tape's text.
    ///
    /// # Errors
    /// The number of the line that is no exchange, and why.
    pub fn parse(text: &str) -> Result<Replay, String> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = lines.map(|(at, line)| {
            serde_json::from_str(line).map_err(|e| format!("line {} of the tape: {e}", at + 1))
        });
        Ok(Replay::new(read.collect::<Result<_, _>>()?))
    }

    /// How many exchanges were not asked for yet.
    pub fn left(&self) -> usize {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Transport for Replay {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        let asked = Asked::of(request, &Redactor::of(request));
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let at = left
            .iter()
            .position(|e| e.method == asked.method && e.url == asked.url && e.sent == asked.sent);
        let answer = match at {
            Some(at) => left.remove(at).answer().map_err(SendFault::never),
            None => Err(SendFault::never(format!("the tape has no answer to {request:?}"))),
        };
        Box::pin(std::future::ready(answer))
    }

    fn open<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        let fault = SendFault::never(format!("a tape holds no streams, as {request:?} is one"));
        Box::pin(std::future::ready(Err(fault)))
    }
}
