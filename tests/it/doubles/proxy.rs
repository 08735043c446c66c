//! A proxy before any HTTP server of the tests: strips headers, delays, and loses answers to
//! requests that the server has carried out.

use super::line::Line;
use super::trouble::{Trouble, through};
use super::{Log, Server};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
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

/// The proxy.
pub struct Proxy {
    /// Its address, to be used instead of the server's.
    pub url: String,
    /// Every request.
    pub log: Log<Passed>,
    shared: Shared,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Passed>,
    upstream: String,
    client: reqwest::Client,
    rules: Arc<Mutex<Rules>>,
}

#[derive(Default)]
struct Rules {
    stripped: Vec<HeaderName>,
    /// Each is used up by the first request that fits it.
    troubles: Vec<(Method, String, Trouble)>,
}

impl Proxy {
    /// Starts it before the server at `upstream` (`http://127.0.0.1:PORT`).
    pub async fn start(upstream: &str) -> Proxy {
        let shared = Shared {
            log: Log::default(),
            upstream: upstream.trim_end_matches('/').to_owned(),
            client: super::client(),
            rules: Arc::default(),
        };
        let server = Server::start(Router::new().fallback(pass).with_state(shared.clone())).await;
        Proxy { url: server.url.clone(), log: shared.log.clone(), shared, _server: server }
    }

    /// From now on the server never sees this header of a request.
    pub fn strip(&self, name: &'static str) {
        self.rules().stripped.push(HeaderName::from_static(name));
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

    async fn ask(&self, method: Method, path: &str, asked: &HeaderMap, body: Bytes) -> Response {
        let mut headers = asked.clone();
        // The client writes its own.
        for name in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION] {
            headers.remove(name);
        }
        for name in &self.rules().stripped {
            headers.remove(name);
        }
        let request = self.client.request(method, format!("{}{path}", self.upstream));
        match request.headers(headers).body(body).send().await {
            Ok(answer) => relayed(answer),
            Err(e) => (StatusCode::BAD_GATEWAY, e.to_string()).into_response(),
        }
    }
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
