//! `House`: a house behind the Graph API's transport that listens to its Page and its account, and
//! takes Meta's calls.

use super::{ACCOUNT, ACCOUNT_TOKEN, Graph, PAGE, PAGE_TOKEN, SECRET, hex, tag};
use crate::town::{self, around, noted};
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config::load;
use ascolto::domain::Instant;
use ascolto::domain::time::SECOND;
use ascolto::pipeline::{Deps, runner};
use ascolto::store::mentions::MentionRow;
use ascolto::store::{Store, ledger, mentions};
use ascolto::web::{Web, router};
use axum::body::Body;
use axum::http::{self, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

/// When the stories begin: Friday, 2026-11-20T09:00:00Z.
pub const T0: Instant = Instant(1_795_165_200_000);

/// A house with a Page and an account there, of one app.
pub struct House {
    pub deps: Arc<Deps>,
    pub graph: Arc<Graph>,
    clock: Clock,
    said: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
    seed: u64,
}

impl Drop for House {
    fn drop(&mut self) {
        self.graph.must_have_refused_nothing();
    }
}

impl House {
    pub async fn new() -> House {
        let folder = town::folder();
        let (clock, graph) = (Clock::manual(T0), Arc::new(Graph::new()));
        let said = Arc::new(Mutex::new(Vec::new()));
        let deps = build(&folder, &clock, &graph, &said, 1).await;
        graph.goes_by(&clock);
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
        let tag = hex(&tag(body.as_bytes()));
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
         [channel.page]\nnetwork = \"facebook\"\nbrand = \"acme\"\npage = \"{PAGE}\"\n\
         token = \"{PAGE_TOKEN}\"\napp_secret = \"{SECRET}\"\napp = \"one\"\n\
         [channel.shots]\nnetwork = \"instagram\"\nbrand = \"acme\"\naccount = \"{ACCOUNT}\"\n\
         token = \"{ACCOUNT_TOKEN}\"\napp_secret = \"{SECRET}\"\napp = \"one\"\n",
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
