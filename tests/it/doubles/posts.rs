//! The rehearsal network's server for posts, in a process that no kill of ours reaches.
//!
//! `POST /posts {"key","parent","author","text"}` answers 201 `{"id","url"}`;
//! `GET /posts?parent=P` answers `[{"id","url","parent","author","text","at"}]`, what
//! stands there, oldest first. It never looks at the key: the same post sent twice stands twice,
//! as on a network that ignores idempotency keys. Unknown and empty fields are refused.

use super::line::Line;
use super::trouble::{Script, Trouble, through};
use super::{Log, Server};
use ascolto::clock::Clock;
use ascolto::domain::Instant;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What is sent to `POST /posts`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// The reply's key; logged and otherwise ignored.
    pub key: String,
    /// The post that it answers.
    pub parent: String,
    /// The author's id.
    pub author: String,
    /// The text.
    pub text: String,
}

/// One request for a post.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What was sent.
    pub post: Post,
    /// Whether it stands now, whatever was answered.
    pub stands: bool,
    /// When it came.
    pub at: Instant,
    /// From when on `GET` shows it.
    pub shown_from: Instant,
}

/// The server.
pub struct Posts {
    /// Its address.
    pub url: String,
    /// Every request for a post.
    pub log: Log<Asked>,
    /// What goes wrong with them. Reading is always well.
    pub script: Script,
    shared: Shared,
    _server: Server,
}

#[derive(Clone)]
struct Shared {
    log: Log<Asked>,
    script: Script,
    clock: Clock,
    /// How long a new post stays hidden, in milliseconds.
    hidden_ms: Arc<AtomicI64>,
}

impl Posts {
    /// Starts it; `clock` is the test's, and decides what is still hidden.
    pub async fn start(clock: Clock) -> Posts {
        let shared = Shared {
            log: Log::default(),
            script: Script::default(),
            clock,
            hidden_ms: Arc::default(),
        };
        let router = Router::new().route("/posts", get(list).post(add)).with_state(shared.clone());
        let server = Server::start(router).await;
        Posts {
            url: server.url.clone(),
            log: shared.log.clone(),
            script: shared.script.clone(),
            shared,
            _server: server,
        }
    }

    /// From now on a new post is shown only this many milliseconds after it came.
    pub fn hide_for(&self, ms: i64) {
        self.shared.hidden_ms.store(ms, Ordering::SeqCst);
    }

    /// The posts that stand, shown or hidden.
    pub fn standing(&self) -> Vec<Post> {
        self.log.all().into_iter().filter(|a| a.stands).map(|a| a.post).collect()
    }
}

async fn add(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    Json(post): Json<Post>,
) -> Response {
    let trouble = shared.script.take();
    let whole = [&post.key, &post.parent, &post.author, &post.text].iter().all(|f| !f.is_empty());
    let id = shared.keep(post, whole && trouble.is_none_or(Trouble::carries_out));
    through(trouble, &line, async {
        if whole {
            (StatusCode::CREATED, Json(json!({"id": id, "url": url(&id)}))).into_response()
        } else {
            let why = json!({"error": "key, parent, author and text may not be empty"});
            (StatusCode::UNPROCESSABLE_ENTITY, Json(why)).into_response()
        }
    })
    .await
}

async fn list(State(shared): State<Shared>, Query(of): Query<Of>) -> Json<Vec<Value>> {
    let now = shared.clock.now();
    let all = shared.log.all();
    let shown = all
        .iter()
        .enumerate()
        .filter(|(_, a)| a.stands && a.post.parent == of.parent && a.shown_from <= now);
    Json(shown.map(|(n, asked)| entry(n, asked)).collect())
}

/// The query of `GET /posts`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    parent: String,
}

impl Shared {
    fn keep(&self, post: Post, stands: bool) -> String {
        let at = self.clock.now();
        let shown_from = at + self.hidden_ms.load(Ordering::SeqCst);
        id(self.log.add(Asked { post, stands, at, shown_from }))
    }
}

fn id(n: usize) -> String {
    format!("post-{n}")
}

fn url(id: &str) -> String {
    format!("https://rehearsal.invalid/posts/{id}")
}

fn entry(n: usize, asked: &Asked) -> Value {
    let Post { parent, author, text, .. } = &asked.post;
    let at = asked.at.to_string();
    json!({"id": id(n), "url": url(&id(n)), "parent": parent, "author": author, "text": text,
           "at": at})
}

#[tokio::test]
async fn every_trouble_leaves_the_post_standing_or_not_as_it_says() {
    let posts = Posts::start(Clock::manual(Instant(0))).await;
    let client = super::client();
    let send = async |text: &str| {
        let post = json!({"key": "k", "parent": "p", "author": "a", "text": text});
        let request = client.post(format!("{}/posts", posts.url));
        request.header("content-type", "application/json").body(post.to_string()).send().await
    };
    posts.script.then(Trouble::CutBefore).then(Trouble::CutAfter).then(Trouble::FailAfter);
    assert!(send("cut before").await.is_err());
    assert!(send("cut after").await.is_err());
    assert_eq!(send("failed after").await.unwrap().status(), 500);
    assert_eq!(send("").await.unwrap().status(), 422);
    assert_eq!(send("well").await.unwrap().status(), 201);
    let texts: Vec<String> = posts.standing().into_iter().map(|p| p.text).collect();
    assert_eq!(texts, ["cut after", "failed after", "well"]);
    assert_eq!(posts.log.wait_for(5).await.len(), 5);
}

#[tokio::test]
async fn a_hidden_post_appears_when_the_tests_clock_says_so() {
    let clock = Clock::manual(Instant(0));
    let posts = Posts::start(clock.clone()).await;
    let client = super::client();
    posts.hide_for(60_000);
    let post = json!({"key": "k", "parent": "p", "author": "a", "text": "t"});
    let request = client.post(format!("{}/posts", posts.url)).body(post.to_string());
    request.header("content-type", "application/json").send().await.unwrap();
    let shown = async || -> Vec<Value> {
        let list = client.get(format!("{}/posts?parent=p", posts.url)).send().await.unwrap();
        serde_json::from_slice(&list.bytes().await.unwrap()).unwrap()
    };
    clock.advance(59_999);
    assert!(shown().await.is_empty());
    clock.advance(1);
    let entry = json!({"id": "post-0", "url": "https://rehearsal.invalid/posts/post-0",
        "parent": "p", "author": "a", "text": "t", "at": "1970-01-01T00:00:00.000Z"});
    assert_eq!(shown().await, [entry]);
}
