//! A proxy before any HTTP server of the tests: strips and adds headers, delays, says other things
//! than the server does, and loses answers to requests that the server has carried out.

use super::line::Line;
use super::trouble::{Trouble, through};
use super::{Log, Server};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// One request that passed.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Its headers as they came, before anything was stripped.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What was to go wrong with it.
    pub trouble: Option<Trouble>,
}

/// What the server itself answered to a request.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The request's method.
    pub method: Method,
    /// Its path and query.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
}

/// Makes another JSON of the server's own.
pub type Edit = Box<dyn FnOnce(&mut Value) + Send>;

/// What is said to a request.
pub enum Say {
    /// What the server says.
    Its,
    /// This status and JSON; the server is not asked.
    Instead(u16, Value),
    /// What the server says, and if it agrees, with this done to its JSON.
    Edited(Edit),
}

type Speaker = Arc<dyn Fn(&Method, &str) -> Say + Send + Sync>;

/// The proxy.
pub struct Proxy {
    /// Its address, to be used instead of the server's.
    pub url: String,
    /// Every request.
    pub log: Log<Passed>,
    /// Every answer of the server.
    pub answers: Log<Answered>,
    shared: Shared,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Passed>,
    answers: Log<Answered>,
    upstream: String,
    client: reqwest::Client,
    rules: Arc<Mutex<Rules>>,
}

#[derive(Default)]
struct Rules {
    stripped: Vec<HeaderName>,
    added: Vec<(HeaderName, HeaderValue)>,
    speaker: Option<Speaker>,
    /// Each is used up by the first request that fits it.
    troubles: Vec<(Method, String, Trouble)>,
}

impl Proxy {
    /// Starts it before the server at `upstream` (`http://127.0.0.1:PORT`).
    pub async fn start(upstream: &str) -> Proxy {
        let shared = Shared {
            log: Log::default(),
            answers: Log::default(),
            upstream: upstream.trim_end_matches('/').to_owned(),
            client: super::client(),
            rules: Arc::default(),
        };
        let server = Server::start(Router::new().fallback(pass).with_state(shared.clone())).await;
        let (log, answers) = (shared.log.clone(), shared.answers.clone());
        Proxy { url: server.url.clone(), log, answers, shared, _server: server }
    }

    /// From now on the server never sees this header of a request.
    pub fn strip(&self, name: &'static str) {
        self.rules().stripped.push(HeaderName::from_static(name));
    }

    /// From now on the server sees this header in every request.
    pub fn add(&self, name: &'static str, value: &'static str) {
        let header = (HeaderName::from_static(name), HeaderValue::from_static(value));
        self.rules().added.push(header);
    }

    /// From now on this decides what is said to a request of that method, path and query.
    pub fn speak(&self, speaker: impl Fn(&Method, &str) -> Say + Send + Sync + 'static) {
        self.rules().speaker = Some(Arc::new(speaker));
    }

    /// The next request of that method whose path begins so meets this.
    pub fn next(&self, method: Method, path: &str, trouble: Trouble) {
        self.rules().troubles.push((method, path.to_owned(), trouble));
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Rules> {
        self.shared.rules()
    }
}

impl Shared {
    fn rules(&self) -> std::sync::MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The trouble that this request meets, which is used up by it.
    fn take(&self, method: &Method, path: &str) -> Option<Trouble> {
        let troubles = &mut self.rules().troubles;
        let at =
            troubles.iter().position(|(m, p, _)| m == method && path.starts_with(p.as_str()))?;
        Some(troubles.remove(at).2)
    }

    fn say(&self, method: &Method, path: &str) -> Say {
        let speaker = self.rules().speaker.clone();
        speaker.map_or(Say::Its, |speaker| speaker(method, path))
    }

    async fn ask(&self, method: Method, path: &str, asked: &HeaderMap, body: Bytes) -> Response {
        let mut headers = asked.clone();
        // The client writes its own.
        for name in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION] {
            headers.remove(name);
        }
        let edit = match self.say(&method, path) {
            Say::Its => None,
            Say::Instead(status, json) => return instead(status, &json),
            Say::Edited(edit) => {
                // What is to be edited must come as plain text.
                headers.remove(header::ACCEPT_ENCODING);
                Some(edit)
            }
        };
        for name in &self.rules().stripped {
            headers.remove(name);
        }
        headers.extend(self.rules().added.clone());
        let request = self.client.request(method.clone(), format!("{}{path}", self.upstream));
        match request.headers(headers).body(body).send().await {
            Ok(answer) => {
                let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
                let path = path.to_owned();
                self.answers.add(Answered { method, path, status, headers });
                match edit.filter(|_| answer.status().is_success()) {
                    Some(edit) => edited(answer, edit).await,
                    None => relayed(answer),
                }
            }
            Err(e) => (StatusCode::BAD_GATEWAY, e.to_string()).into_response(),
        }
    }
}

/// An answer of our own.
fn instead(status: u16, json: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("tests write statuses that exist");
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (status, headers, json.to_string()).into_response()
}

/// The server's answer with something else in its JSON.
async fn edited(answer: reqwest::Response, edit: Edit) -> Response {
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.expect("the server's answer comes whole");
    let mut json: Value = serde_json::from_slice(&body).expect("what is edited is JSON");
    edit(&mut json);
    // Ours has another length, and a framing of its own.
    for name in [header::TRANSFER_ENCODING, header::CONNECTION, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    (status, headers, json.to_string()).into_response()
}

/// The server's answer, streamed on as it comes.
fn relayed(answer: reqwest::Response) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    // Ours has a framing of its own.
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    response.headers_mut().remove(header::CONNECTION);
    *response.body_mut() = Body::from_stream(answer.bytes_stream());
    response
}

async fn pass(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let trouble = shared.take(&method, &path);
    let upstream = shared.ask(method.clone(), &path, &headers, body.clone());
    let (logged, headers) = (path.clone(), headers.clone());
    shared.log.add(Passed { method: method.clone(), path: logged, headers, body, trouble });
    through(trouble, &line, upstream).await
}

#[tokio::test]
async fn headers_vanish_and_answers_get_lost_after_the_deed() {
    use super::feed::{Document, FeedServer};
    let behind = FeedServer::start().await;
    let text = Document { media_type: "text/plain", body: b"here".to_vec(), ..Document::default() };
    behind.put("/a", text);
    let proxy = Proxy::start(&behind.url).await;
    proxy.strip("idempotency-key");
    proxy.next(Method::POST, "/a", Trouble::CutAfter);
    proxy.next(Method::POST, "/a", Trouble::CutBefore);
    proxy.next(Method::GET, "/a?late", Trouble::Late(std::time::Duration::from_millis(1)));
    let client = super::client();
    let ask = async |method: Method, path: &str| {
        let request = client.request(method, format!("{}{path}", proxy.url));
        request.header("idempotency-key", "k").body("deed").send().await
    };
    assert!(ask(Method::POST, "/a").await.is_err());
    assert_eq!(behind.log.all().len(), 1, "carried out all the same");
    assert!(ask(Method::POST, "/a").await.is_err());
    assert_eq!(behind.log.all().len(), 1, "not carried out");
    let late = ask(Method::GET, "/a?late").await.unwrap();
    assert_eq!(late.headers()[header::CONTENT_TYPE], "text/plain");
    assert_eq!(late.text().await.unwrap(), "here");
    assert_eq!(ask(Method::GET, "/none").await.unwrap().status(), 404);
    assert!(behind.log.all().iter().all(|r| !r.headers.contains_key("idempotency-key")));
    let log = proxy.log.all();
    assert!(log.iter().all(|p| p.headers.contains_key("idempotency-key") && p.body == "deed"));
    assert_eq!((log[2].path.as_str(), log[3].trouble), ("/a?late", None));
    assert_eq!((&log[0].method, log[0].trouble), (&Method::POST, Some(Trouble::CutAfter)));
    drop(behind);
    assert_eq!(ask(Method::GET, "/a").await.unwrap().status(), 502);
}

#[tokio::test]
async fn other_things_are_said_than_the_server_says() {
    use super::feed::{Document, FeedServer};
    let behind = FeedServer::start().await;
    let body = b"{\"kept\":1,\"taken\":2}".to_vec();
    let json = Document { media_type: "application/json", body, ..Document::default() };
    behind.put("/a", json);
    let proxy = Proxy::start(&behind.url).await;
    proxy.add("prefer", "code=429");
    proxy.speak(|method, path| match (method, path) {
        (&Method::GET, "/a") => Say::Edited(Box::new(|json| {
            json.as_object_mut().expect("an object").remove("taken");
        })),
        (&Method::GET, "/b") => Say::Instead(418, serde_json::json!({ "no": true })),
        _ => Say::Its,
    });
    let client = super::client();
    let ask = async |path: &str| client.get(format!("{}{path}", proxy.url)).send().await.unwrap();
    assert_eq!(ask("/a").await.text().await.unwrap(), "{\"kept\":1}");
    let instead = ask("/b").await;
    assert_eq!((instead.status().as_u16(), behind.log.all().len()), (418, 1));
    assert_eq!(instead.text().await.unwrap(), "{\"no\":true}");
    assert_eq!(ask("/none").await.status(), 404);
    assert!(behind.log.all().iter().all(|r| r.headers["prefer"] == "code=429"));
    let answers: Vec<_> = proxy.answers.all().iter().map(|a| (a.path.clone(), a.status)).collect();
    assert_eq!(answers, [("/a".to_owned(), 200), ("/none".to_owned(), 404)]);
}
