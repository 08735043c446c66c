//! Strict servers inside the test process that stand for the outside: each refuses what the real
//! one refuses, logs every request, and fails when told to. All listen on 127.0.0.1, port 0.
//!
//! A double lives as long as its value; dropping it closes its port and its connections.

pub mod chatwoot;
pub mod club;
pub mod crm;
pub mod desk;
pub mod discord;
pub mod feed;
pub mod freshdesk;
pub mod gate;
pub mod google;
pub mod graph;
pub mod helpdesk;
pub mod jetstream;
pub mod jira;
mod line;
pub mod ntfy;
pub mod pagerduty;
pub mod place;
pub mod posts;
pub mod proxy;
pub mod slack;
pub mod teams;
pub mod telegram_bot;
pub mod trouble;
pub mod webhook;
pub mod zammad;
pub mod zendesk;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use line::{Line, Listener};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// No double reads a longer request body.
const MOST_BYTES: usize = 1 << 20;
/// No double logs more requests than this: a test that sends more has run away.
const MOST_LOGGED: usize = 1_000_000;
/// Nobody waits longer for a request that should come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
pub struct Server {
    /// Its address, `http://127.0.0.1:PORT`.
    pub url: String,
    task: JoinHandle<()>,
    all_lines: Line,
}

impl Server {
    /// Serves `router` on a free port.
    pub async fn start(router: Router) -> Server {
        let all_lines = Line::default();
        let listener = Listener::bind(all_lines.clone()).await.expect("a free port on loopback");
        let url = format!("http://{}", listener.address());
        let service = router
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .into_make_service_with_connect_info::<Line>();
        let task = tokio::spawn(async move {
            axum::serve(listener, service).await.expect("serving ends only with its task");
        });
        Server { url, task, all_lines }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.all_lines.cut();
        self.task.abort();
    }
}

/// What a double was asked, in order. Clones share it.
pub struct Log<T>(watch::Sender<Vec<T>>);

impl<T> Clone for Log<T> {
    fn clone(&self) -> Log<T> {
        Log(self.0.clone())
    }
}

impl<T> Default for Log<T> {
    fn default() -> Log<T> {
        Log(watch::Sender::new(Vec::new()))
    }
}

impl<T: Clone> Log<T> {
    /// Adds an entry and tells how many there were before.
    fn add(&self, entry: T) -> usize {
        let mut before = 0;
        self.0.send_modify(|entries| {
            before = entries.len();
            assert!(before < MOST_LOGGED, "a double was asked {MOST_LOGGED} times");
            entries.push(entry);
        });
        before
    }

    /// Everything so far.
    pub fn all(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// Waits until there are at least `n` entries, at most half a minute.
    pub async fn wait_for(&self, n: usize) -> Vec<T> {
        let mut changes = self.0.subscribe();
        let enough = changes.wait_for(|entries| entries.len() >= n);
        let Ok(entries) = tokio::time::timeout(PATIENCE, enough).await else {
            panic!("{} of {n} requests came within {PATIENCE:?}", self.all().len());
        };
        entries.expect("the log outlives the wait: self holds it").clone()
    }
}

/// A client for asking doubles, without proxy, redirects or decompression.
pub fn client() -> reqwest::Client {
    // The first one to install it wins; it is the same everywhere.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without options that could be wrong")
}

/// A request with a JSON body; reqwest is built without that of its own.
pub fn with_json(
    request: reqwest::RequestBuilder,
    body: &serde_json::Value,
) -> reqwest::RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// The JSON of an answer; `None` if it did not come whole or is none.
pub async fn read_json(
    answer: Result<reqwest::Response, reqwest::Error>,
) -> Option<serde_json::Value> {
    serde_json::from_slice(&answer.ok()?.bytes().await.ok()?).ok()
}

/// Where `tests/run` put something that these tests need.
pub fn told(name: &str, what: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} names no {what}; run the tests by ./tests/run"))
}

/// Waits, at most two minutes, until a server that `tests/run` started answers anything there.
pub async fn ready(name: &str, url: &str) -> reqwest::Response {
    let client = client();
    for _ in 0..600 {
        if let Ok(answer) = client.get(url).send().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let logs = std::env::var("ASCOLTO_TEST_LOGS").unwrap_or_default();
    let file = std::path::Path::new(&logs).join(format!("{name}.log"));
    let log = std::fs::read_to_string(file).unwrap_or_default();
    let begin = log.lines().count().saturating_sub(20);
    let end: Vec<&str> = log.lines().skip(begin).collect();
    panic!("{name} did not answer at {url} within two minutes; its log ends:\n{}", end.join("\n"));
}
