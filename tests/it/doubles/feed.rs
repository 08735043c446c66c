//! A web server with feeds and pages: validators, 304, moves, discovery links, all that a test
//! puts there.

use super::line::Line;
use super::trouble::{Script, through};
use super::{Log, Server};
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What stands at a path.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The `Content-Type`.
    pub media_type: &'static str,
    /// The content.
    pub body: Vec<u8>,
    /// The `ETag`, quotes included.
    pub etag: Option<&'static str>,
    /// The `Last-Modified`, as an HTTP date.
    pub last_modified: Option<&'static str>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Read {
    /// The path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// What was answered, troubles apart.
    pub status: u16,
}

/// The server.
pub struct FeedServer {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Every request.
    pub log: Log<Read>,
    /// What goes wrong.
    pub script: Script,
    shared: Shared,
    _server: Server,
}

#[derive(Clone, Default)]
struct Shared {
    log: Log<Read>,
    script: Script,
    places: Arc<Mutex<HashMap<String, Place>>>,
}

#[derive(Clone)]
enum Place {
    Here(Document),
    Moved(StatusCode, String),
    Gone,
}

impl FeedServer {
    /// Starts it, empty: every path is 404.
    pub async fn start() -> FeedServer {
        let shared = Shared::default();
        let server = Server::start(Router::new().fallback(read).with_state(shared.clone())).await;
        FeedServer {
            url: server.url.clone(),
            log: shared.log.clone(),
            script: shared.script.clone(),
            shared,
            _server: server,
        }
    }

    /// Puts a document there, instead of what was there before.
    pub fn put(&self, path: &str, document: Document) {
        self.place(path, Place::Here(document));
    }

    /// Puts a page there that names its feed in a `link` element.
    pub fn page(&self, path: &str, feed: &str, feed_type: &str) {
        let html = format!(
            "<!doctype html><html><head><title>News</title>\
             <link rel=\"alternate\" type=\"{feed_type}\" href=\"{feed}\"></head><body></body></html>"
        );
        let media_type = "text/html; charset=utf-8";
        self.put(path, Document { media_type, body: html.into_bytes(), ..Document::default() });
    }

    /// From now on the path answers this redirect: 301, 302, 303, 307 or 308.
    pub fn moved(&self, path: &str, status: u16, to: &str) {
        let status = StatusCode::from_u16(status).expect("tests write statuses that exist");
        self.place(path, Place::Moved(status, to.to_owned()));
    }

    /// From now on the path answers 410.
    pub fn gone(&self, path: &str) {
        self.place(path, Place::Gone);
    }

    fn place(&self, path: &str, place: Place) {
        let mut places = self.shared.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(path.to_owned(), place);
    }
}

async fn read(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let trouble = shared.script.take();
    let path = request.uri().path().to_owned();
    let places = || shared.places.lock().unwrap_or_else(PoisonError::into_inner);
    let place = places().get(&path).cloned();
    let answer = match place {
        Some(Place::Here(document)) => document.answer(request.headers()),
        Some(Place::Moved(status, to)) => (status, [(header::LOCATION, to)]).into_response(),
        Some(Place::Gone) => StatusCode::GONE.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    };
    let (head, _) = request.into_parts();
    shared.log.add(Read { path, headers: head.headers, status: answer.status().as_u16() });
    through(trouble, &line, async { answer }).await
}

impl Document {
    fn answer(self, asked: &HeaderMap) -> Response {
        let validators: Vec<(HeaderName, &'static str)> =
            [(header::ETAG, self.etag), (header::LAST_MODIFIED, self.last_modified)]
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect();
        let mut answer = if self.unchanged(asked) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, self.media_type)], self.body).into_response()
        };
        for (name, value) in validators {
            answer.headers_mut().insert(name, header::HeaderValue::from_static(value));
        }
        answer
    }

    /// RFC 9110, 13.2.2: the ETag decides; the date only where no ETag was sent.
    fn unchanged(&self, asked: &HeaderMap) -> bool {
        let sent = |name| asked.get(name).and_then(|v| v.to_str().ok());
        if let Some(given) = sent(header::IF_NONE_MATCH) {
            let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            return self.etag.is_some_and(|own| given.split(',').any(|tag| weak(tag) == weak(own)));
        }
        let date = |text: Option<&str>| text.and_then(|t| httpdate::parse_http_date(t).ok());
        match (date(sent(header::IF_MODIFIED_SINCE)), date(self.last_modified)) {
            (Some(known), Some(changed)) => changed <= known,
            _ => false,
        }
    }
}

#[tokio::test]
async fn validators_moves_and_ends_are_answered_as_http_has_it() {
    let server = FeedServer::start().await;
    let client = super::client();
    let get = async |path: &str, asked: Option<(HeaderName, &str)>| {
        let mut request = client.get(format!("{}{path}", server.url));
        if let Some((name, value)) = asked {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    };
    server.put(
        "/feed",
        Document {
            media_type: "application/rss+xml",
            body: b"<rss/>".to_vec(),
            etag: Some("\"one\""),
            last_modified: Some("Fri, 20 Nov 2026 09:00:00 GMT"),
        },
    );
    let first = get("/feed", None).await;
    assert_eq!(first.headers()[header::ETAG], "\"one\"");
    assert_eq!(first.bytes().await.unwrap(), "<rss/>");
    let since = header::IF_MODIFIED_SINCE;
    for (name, value, status) in [
        (header::IF_NONE_MATCH, "W/\"one\"", 304),
        (header::IF_NONE_MATCH, "\"two\"", 200),
        (since.clone(), "Fri, 20 Nov 2026 09:00:00 GMT", 304),
        (since, "Fri, 20 Nov 2026 08:59:59 GMT", 200),
    ] {
        assert_eq!(get("/feed", Some((name, value))).await.status(), status, "{value}");
    }
    server.moved("/old", 301, "/feed");
    assert_eq!(get("/old", None).await.headers()[header::LOCATION], "/feed");
    server.gone("/feed");
    assert_eq!(get("/feed", None).await.status(), 410);
    server.page("/", "/feed", "application/rss+xml");
    assert!(get("/", None).await.text().await.unwrap().contains("href=\"/feed\""));
    assert_eq!(get("/none", None).await.status(), 404);
    let seen: Vec<(String, u16)> =
        server.log.all().into_iter().map(|r| (r.path, r.status)).collect();
    assert_eq!(seen.len(), 9);
    assert_eq!(seen[1], ("/feed".to_owned(), 304));
    assert!(server.log.all()[1].headers.contains_key(header::IF_NONE_MATCH));
}

#[tokio::test]
async fn a_truncated_answer_is_noticed() {
    let server = FeedServer::start().await;
    server.put(
        "/feed",
        Document { media_type: "text/xml", body: vec![b'x'; 100_000], ..Document::default() },
    );
    server.script.then(super::trouble::Trouble::Truncate);
    let answer = super::client().get(format!("{}/feed", server.url)).send().await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_LENGTH], "100000");
    assert!(answer.bytes().await.is_err());
}
