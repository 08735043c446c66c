//! `Scene`: a house over the real engine that listens to one server of others, on a clock moved by
//! hand; it can be stopped and started again over its store.

use crate::doubles::ntfy::Ntfy;
use crate::town;
use ascolto::app;
use ascolto::clock::Clock;
use ascolto::config;
use ascolto::domain::time::{MINUTE, SECOND};
use ascolto::pipeline::{Deps, runner};
use ascolto::store::access::{self, TokenRow};
use ascolto::store::ledger::{self, Ledger};
use ascolto::store::{Store, credentials, lanes};
use ascolto::web::{Web, router, token_hash};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt;

/// A complaint that nobody takes for anything else.
pub const COMPLAINT: &str =
    "terza settimana e il pacco non è ancora arrivato, nessuno risponde, vergogna!";

/// The house and what it tells.
pub struct Scene {
    /// Where its alerts go.
    pub ntfy: Ntfy,
    /// What it works with.
    pub deps: Arc<Deps>,
    clock: Clock,
    file: PathBuf,
    /// How often it was started.
    starts: u64,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// A house with this one channel; nothing was asked yet. `channel` is the channel's table
    /// without its heading and brand.
    pub async fn build(channel: &str, handles: &[&str]) -> Scene {
        Scene::telling(channel, handles, "").await
    }

    /// The same with a second recipient, `room`, whose table this is; none where it is empty.
    pub async fn telling(channel: &str, handles: &[&str], room: &str) -> Scene {
        let folder = town::folder();
        let ntfy = Ntfy::start(None).await;
        let (names, room) = match room {
            "" => (vec!["phone"], String::new()),
            table => (vec!["phone", "room"], format!("[recipient.room]\n{table}\n")),
        };
        let url = format!("sqlite:{}", folder.path().join("scene.db").display());
        let text = format!(
            "[store]\nurl = \"{url}\"\n[fetch]\nallow_private = [\"127.0.0.1\", \"localhost\"]\n\
             [brand.acme]\nterms = [\"acme\"]\nhandles = {handles:?}\nzone = \"Europe/Rome\"\n\
             recipients = {names:?}\n[channel.post]\nbrand = \"acme\"\n{channel}\n\
             [recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n\
             {room}",
            ntfy.url
        );
        let file = folder.path().join("scene.toml");
        std::fs::write(&file, text).unwrap();
        // Behind the servers' clocks, whose times may have no parts of a second: what is written
        // after the first look must not seem older than it.
        let clock = Clock::manual(Clock::System.now() - MINUTE);
        let deps = start(&file, &clock, 1).await;
        let mut tx = deps.store.begin().await.unwrap();
        let token = TokenRow {
            name: "test".into(),
            scopes: "read act ingest".into(),
            channel: "post".into(),
            agent: "ada".into(),
            added_at: 0,
        };
        access::add_token(&mut tx, &token, &token_hash("asc_test")).await.unwrap();
        tx.commit().await.unwrap();
        Scene { ntfy, deps, clock, file, starts: 1, _folder: folder }
    }

    /// The same after its first look, before anybody writes.
    pub async fn open(channel: &str, handles: &[&str]) -> Scene {
        let scene = Scene::build(channel, handles).await;
        scene.drain().await;
        scene
    }

    /// Ends the process, and begins another one over the same store.
    pub async fn restart(&mut self) {
        self.deps.store.close().await;
        self.starts += 1;
        self.deps = start(&self.file, &self.clock, self.starts).await;
    }

    /// Does all that is due.
    pub async fn drain(&self) {
        runner::drain(&self.deps).await.unwrap();
    }

    /// One poll later.
    pub async fn poll(&self) {
        self.clock.advance(MINUTE + SECOND);
        self.drain().await;
    }

    /// Asks the house's own API.
    pub async fn api(&self, method: &str, path: &str, body: Value) -> Value {
        let web =
            Web { deps: self.deps.clone(), session_hours: 1, secure_cookies: false, once: None };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer asc_test")
            .header("content-type", "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        let answer = router(web).oneshot(request).await.unwrap();
        let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// The only case in that state.
    pub async fn case(&self, state: &str) -> Value {
        let list = self.api("GET", &format!("/api/v1/cases?state={state}"), Value::Null).await;
        let cases = list["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 1, "{list}");
        self.api("GET", &format!("/api/v1/cases/{}", cases[0]["id"].as_str().unwrap()), Value::Null)
            .await
    }

    /// Publishes the draft of the only case that waits, as it stands.
    pub async fn publish_the_draft(&self) {
        let case = self.case("waiting").await;
        let draft = &case["drafts"][0];
        let path = format!("/api/v1/cases/{}/publish", case["case"]["id"].as_str().unwrap());
        let answer = self
            .api("POST", &path, json!({ "draft_rev": draft["rev"], "text": draft["text"] }))
            .await;
        assert!(answer["reply"].is_string(), "{answer}");
        self.drain().await;
    }

    /// How many alerts went out.
    pub fn alerts(&self) -> usize {
        self.ntfy.delivered().len()
    }

    /// How a channel stands, and its credential.
    pub async fn stands(&self, channel: &str) -> (String, String) {
        let mut tx = self.deps.store.read().await.unwrap();
        let row = lanes::channel(&mut tx, channel).await.unwrap().expect("it is known");
        let credential = credentials::one(&mut tx, channel).await.unwrap().expect("it has one");
        (row.state, credential.state)
    }

    /// The ledger, which balances.
    pub async fn balanced(&self) -> Ledger {
        let mut tx = self.deps.store.read().await.unwrap();
        let ledger =
            ledger::check(&mut tx, self.deps.now(), &ledger::Options::default()).await.unwrap();
        assert!(ledger.balanced(), "{}", ledger.table());
        ledger
    }

    /// How many mentions are stored, by a ledger that balances.
    pub async fn mentions(&self) -> u64 {
        self.balanced().await.totals.mentions
    }
}

async fn start(file: &std::path::Path, clock: &Clock, seed: u64) -> Arc<Deps> {
    let config = config::load(file, std::iter::empty(), &app::registry())
        .unwrap_or_else(|p| panic!("{}", p[0]));
    let store = Store::open(config.store.url.expose()).await.unwrap();
    Arc::new(app::build(&config, store, town::around(clock, seed)).await.unwrap())
}
