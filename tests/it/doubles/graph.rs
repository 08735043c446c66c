//! `Graph`: Meta's Graph API as far as one Page and one Instagram account go, behind the engine's
//! transport; and a house that listens there and takes Meta's calls.
//!
//! It shows what was put there, and of what names the account only what is asked for by its id. It
//! can be down, and take its permission back.

use crate::town::{self, around, noted};
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config::load;
use ascolto::domain::Instant;
use ascolto::domain::time::SECOND;
use ascolto::fetch::{Opened, SendFault, Transport};
use ascolto::pipeline::{Deps, runner};
use ascolto::store::mentions::MentionRow;
use ascolto::store::{Store, ledger, mentions};
use ascolto::web::{Web, router};
use ascolto::wire::{BoxFuture, Request, Response};
use axum::body::Body;
use axum::http::{self, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

/// When the stories begin: Friday, 2026-11-20T09:00:00Z.
pub const T0: Instant = Instant(1_795_165_200_000);
/// The secret of the app that both channels share.
const SECRET: &str = "as-one";

/// The server.
#[derive(Default)]
pub struct Graph(Mutex<State>);

#[derive(Default)]
struct State {
    down: bool,
    refused: bool,
    /// Posts on the Page.
    posts: Vec<Value>,
    /// What names the account, by its id.
    naming: BTreeMap<String, Value>,
    /// The fields that were asked for of the account.
    asked: Vec<String>,
}

impl Graph {
    /// Nobody can be reached, or somebody again.
    pub fn down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    /// The permission is taken back, or granted again.
    pub fn refuse(&self, refused: bool) {
        self.0.lock().unwrap().refused = refused;
    }

    /// A visitor posts on the Page.
    pub fn post(&self, id: &str, author: &str, text: &str, at: Instant) {
        let at = at.to_string();
        self.0.lock().unwrap().posts.push(json!({
            "id": id, "created_time": at, "updated_time": at, "message": text,
            "from": { "id": author, "name": "Jo Rossi" },
            "permalink_url": format!("https://www.facebook.com/{id}"),
            "comments": { "data": [], "summary": { "total_count": 0 } },
        }));
    }

    /// Somebody names the account in a comment below a post of others.
    pub fn comment(&self, id: &str, text: &str, at: Instant) {
        let comment = json!({
            "id": id, "text": text, "timestamp": at.to_string(), "username": "jo.d",
            "media": {
                "id": "18", "permalink": "https://www.instagram.com/p/z/", "username": "vera",
            },
        });
        self.0.lock().unwrap().naming.insert(id.to_owned(), comment);
    }

    /// How often what names the account was asked for.
    pub fn asked(&self) -> usize {
        self.0.lock().unwrap().asked.iter().filter(|f| f.starts_with("mentioned_")).count()
    }

    fn answer(&self, request: &Request) -> Result<Response, SendFault> {
        let mut state = self.0.lock().unwrap();
        if state.down {
            return Err(SendFault::never("nobody can be reached"));
        }
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let fields = query.get("fields").cloned().unwrap_or_default();
        let path = request.url.path().trim_start_matches("/v26.0/").to_owned();
        let (status, body) = match path.as_str() {
            _ if state.refused => (400, wrong(190, 458)),
            "777" => (200, json!({ "id": "777", "name": "Acme" })),
            "777/feed" => (200, json!({ "data": state.posts })),
            "999" => {
                state.asked.push(fields.clone());
                match fields.strip_prefix("mentioned_comment.comment_id(") {
                    None => (200, json!({ "id": "999", "username": "acme" })),
                    Some(rest) => {
                        let id = rest.split(')').next().unwrap_or_default();
                        match state.naming.get(id) {
                            Some(it) => (200, json!({ "id": "999", "mentioned_comment": it })),
                            None => (400, wrong(100, 33)),
                        }
                    }
                }
            }
            "999/media" | "999/tags" => (200, json!({ "data": [] })),
            path if path.ends_with("/comments") => (200, json!({ "data": [] })),
            path => match state.posts.iter().find(|post| post["id"] == path) {
                Some(post) => (200, post.clone()),
                None => (400, wrong(100, 33)),
            },
        };
        let (headers, body) = (Vec::new(), body.to_string().into_bytes());
        Ok(Response { status, headers, body, url: Some(request.url.clone()) })
    }
}

fn wrong(code: i64, subcode: i64) -> Value {
    json!({ "error": { "message": "no", "code": code, "error_subcode": subcode } })
}

impl Transport for Graph {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, SendFault>> {
        Box::pin(async { self.answer(request) })
    }

    fn open<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Opened, SendFault>> {
        Box::pin(async { Err(SendFault::never("the API streams nothing")) })
    }
}

/// A house with a Page and an account there, of one app.
pub struct House {
    pub deps: Arc<Deps>,
    pub graph: Arc<Graph>,
    clock: Clock,
    said: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
    seed: u64,
}

impl House {
    pub async fn new() -> House {
        let folder = town::folder();
        let (clock, graph) = (Clock::manual(T0), Arc::new(Graph::default()));
        let said = Arc::new(Mutex::new(Vec::new()));
        let deps = build(&folder, &clock, &graph, &said, 1).await;
        let house = House { deps, graph, clock, said, folder, seed: 1 };
        house.pass(2, 60 * SECOND).await;
        house
    }

    /// Ends the process and starts it anew on the same file.
    pub async fn restart(&mut self) {
        self.deps.store.close().await;
        self.seed += 1;
        let (folder, clock) = (&self.folder, &self.clock);
        self.deps = build(folder, clock, &self.graph, &self.said, self.seed).await;
    }

    /// Lets time pass in steps of `step` milliseconds, and does what is due in each.
    pub async fn pass(&self, steps: i64, step: i64) {
        for _ in 0..steps {
            self.clock.advance(step);
            runner::drain(&self.deps).await.unwrap();
        }
    }

    /// What people were told since the last look.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap())
    }

    /// Meta tells of changes of one field: what it is answered.
    pub async fn hook(&self, object: &str, id: &str, field: &str, value: &Value) -> StatusCode {
        let changes = [json!({ "field": field, "value": value })];
        let time = self.clock.now().0 / SECOND;
        let entry = [json!({ "id": id, "time": time, "changes": changes })];
        let body = json!({ "object": object, "entry": entry }).to_string();
        let tag: String = tag(body.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        let request = http::Request::post("/hooks/app/one")
            .header("x-hub-signature-256", format!("sha256={tag}"));
        self.ask(request.body(Body::from(body)).unwrap()).await.0
    }

    /// Meta calls about a person; gives the status and what was answered.
    pub async fn callback(&self, call: &str, said: &Value) -> (StatusCode, String) {
        let payload = URL_SAFE_NO_PAD.encode(said.to_string());
        let tag = URL_SAFE_NO_PAD.encode(tag(payload.as_bytes()));
        let request = http::Request::post(format!("/hooks/app/one?call={call}"))
            .header("content-type", "application/x-www-form-urlencoded");
        let body = format!("signed_request={tag}.{payload}");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// Opens a page as a visitor without a log-in.
    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        self.ask(http::Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn ask(&self, request: http::Request<Body>) -> (StatusCode, String) {
        let (deps, session_hours) = (self.deps.clone(), 12);
        let web = Web { deps, session_hours, secure_cookies: true, once: None };
        let (head, body) = router(web).oneshot(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        (head.status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// What was heard under that id.
    pub async fn find(&self, network: &str, id: &str) -> Option<MentionRow> {
        let mut tx = self.deps.store.read().await.unwrap();
        let known = mentions::known(&mut tx, "acme", network, &[("", id)]).await.unwrap();
        let id = known.first()?.id.parse().unwrap();
        mentions::by_id(&mut tx, id).await.unwrap()
    }

    /// The ledger, which must balance.
    pub async fn ledger(&self) -> ledger::Ledger {
        let mut tx = self.deps.store.read().await.unwrap();
        let options = ledger::Options { verify: true, ..Default::default() };
        let ledger = ledger::check(&mut tx, self.deps.now(), &options).await.unwrap();
        assert!(ledger.balanced(), "{}", ledger.table());
        ledger
    }
}

fn tag(text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

async fn build(
    folder: &tempfile::TempDir,
    clock: &Clock,
    graph: &Arc<Graph>,
    said: &Arc<Mutex<Vec<String>>>,
    seed: u64,
) -> Arc<Deps> {
    let text = format!(
        "[store]\nurl = \"sqlite:{}\"\n[web]\npublic_url = \"https://ascolto.example\"\n\
         [brand.acme]\nterms = [\"Acme\"]\nhandles = [\"acme\"]\nzone = \"Europe/Rome\"\n\
         language = \"en\"\nrecipients = [\"room\"]\n[recipient.room]\nnotifier = \"terminal\"\n\
         [channel.page]\nnetwork = \"facebook\"\nbrand = \"acme\"\npage = \"777\"\n\
         token = \"tk-1\"\napp_secret = \"{SECRET}\"\napp = \"one\"\n\
         [channel.shots]\nnetwork = \"instagram\"\nbrand = \"acme\"\naccount = \"999\"\n\
         token = \"tk-2\"\napp_secret = \"{SECRET}\"\napp = \"one\"\n",
        folder.path().join("graph.db").display(),
    );
    let file = folder.path().join("ascolto.toml");
    std::fs::write(&file, text).unwrap();
    let config = load(&file, std::iter::empty(), &app::registry());
    let config = config.unwrap_or_else(|problems| panic!("{}", problems[0]));
    let around =
        Surroundings { say: noted(said), transport: Some(graph.clone()), ..around(clock, seed) };
    let store = Store::open(config.store.url.expose()).await.unwrap();
    Arc::new(app::build(&config, store, around).await.unwrap())
}
