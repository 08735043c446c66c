//! The whole way on a Mastodon API double that nobody here wrote, behind a proxy that strips and
//! cuts: one complaint, one alert, one reply in the thread; a native answer and no alert.

use crate::doubles::ntfy::Ntfy;
use crate::doubles::proxy::Proxy;
use crate::doubles::trouble::Trouble;
use crate::doubles::{read_json, with_json};
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config;
use ascolto::domain::time::{MINUTE, SECOND};
use ascolto::ids::Ids;
use ascolto::pipeline::{Deps, runner};
use ascolto::store::access::{self, TokenRow};
use ascolto::store::{Store, ledger};
use ascolto::web::{Web, router, token_hash};
use axum::body::Body;
use axum::http::Request;
use reqwest::Method;
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// The double as a process of its own.
pub struct Mock {
    /// Its address.
    pub url: String,
    child: Child,
    client: reqwest::Client,
}

impl Mock {
    /// Starts it; what it needs lies in the folder.
    pub async fn start(folder: &std::path::Path) -> Mock {
        let binary = std::env::var("ASCOLTO_TEST_MASTODON_MOCK").expect(
            "ASCOLTO_TEST_MASTODON_MOCK names no mastodon_mock; run the tests by ./tests/run",
        );
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.join("mock.toml");
        let seed = "[server]\nhost = \"127.0.0.1\"\n[database]\npath = \":memory:\"\n\
             [[seed.accounts]]\nusername = \"brand\"\naccess_token = \"brand_token\"\n\
             [[seed.accounts]]\nusername = \"customer\"\naccess_token = \"customer_token\"\n";
        std::fs::write(
            &config,
            format!("{}\n", seed.replace("[database]", &format!("port = {port}\n[database]"))),
        )
        .unwrap();
        let child = Command::new(binary)
            .args(["serve", "--host", "127.0.0.1", "--port", &port.to_string(), "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mastodon_mock starts");
        let mock = Mock {
            url: format!("http://127.0.0.1:{port}"),
            child,
            client: crate::doubles::client(),
        };
        for _ in 0..300 {
            if mock
                .client
                .get(format!("{}/api/v1/instance", mock.url))
                .send()
                .await
                .is_ok_and(|r| r.status().is_success())
            {
                return mock;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the Mastodon double did not answer within half a minute");
    }

    /// Posts in the name of a token's account.
    pub async fn post(&self, token: &str, text: &str, parent: Option<&str>) -> Value {
        let mut body = json!({ "status": text, "visibility": "public" });
        if let Some(parent) = parent {
            body["in_reply_to_id"] = json!(parent);
        }
        let request = self.client.post(format!("{}/api/v1/statuses", self.url)).bearer_auth(token);
        read_json(with_json(request, &body).send().await).await.expect("the double posts")
    }

    /// The brand's own posts in the thread of a status.
    async fn replies(&self, id: &str) -> Vec<Value> {
        let url = format!("{}/api/v1/statuses/{id}/context", self.url);
        let context = self.client.get(url).bearer_auth("brand_token").send().await;
        let context = read_json(context).await.expect("the double shows the thread");
        let descendants = context["descendants"].as_array().cloned().unwrap_or_default();
        descendants.into_iter().filter(|s| s["account"]["username"] == "brand").collect()
    }

    async fn fault(&self, path: &str, effect: Value, count: u32) {
        let rule = json!({ "match": { "path": path }, "effect": effect, "count": count });
        let set = self.client.post(format!("{}/api/v1/_mock/faults", self.url));
        assert!(with_json(set, &rule).send().await.unwrap().status().is_success());
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A house that listens to the double through the proxy.
struct Scene {
    mock: Mock,
    proxy: Proxy,
    ntfy: Ntfy,
    deps: Arc<Deps>,
    clock: Clock,
    _folder: tempfile::TempDir,
}

async fn scene() -> Scene {
    let folder = crate::town::folder();
    let mock = Mock::start(folder.path()).await;
    let proxy = Proxy::start(&mock.url).await;
    let ntfy = Ntfy::start(None).await;
    let url = format!("sqlite:{}", folder.path().join("scene.db").display());
    let text = format!(
        "[store]\nurl = \"{url}\"\n[fetch]\nallow_private = [\"127.0.0.1\"]\n\
         [brand.acme]\nterms = [\"brand\"]\nhandles = [\"brand\"]\nzone = \"Europe/Rome\"\nrecipients = [\"phone\"]\n\
         [channel.masto]\nnetwork = \"mastodon\"\nbrand = \"acme\"\nserver = \"{}\"\ntoken = \"brand_token\"\n\
         [recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n",
        proxy.url, ntfy.url
    );
    let file = folder.path().join("scene.toml");
    std::fs::write(&file, text).unwrap();
    let config = config::load(&file, std::iter::empty(), &app::registry())
        .unwrap_or_else(|p| panic!("{}", p[0]));
    let clock = Clock::manual(Clock::System.now());
    let around = Surroundings {
        clock: clock.clone(),
        ids: Ids::seeded(3),
        instance: "scene".to_owned(),
        hands: app::HANDS,
        say: Arc::new(|_| {}),
        transport: None,
    };
    let store = Store::open(&url).await.unwrap();
    let deps = Arc::new(app::build(&config, store, around).await.unwrap());
    let mut tx = deps.store.begin().await.unwrap();
    let token = TokenRow {
        name: "test".into(),
        scopes: "read act".into(),
        channel: String::new(),
        agent: "ada".into(),
        added_at: 0,
    };
    access::add_token(&mut tx, &token, &token_hash("asc_test")).await.unwrap();
    tx.commit().await.unwrap();
    let scene = Scene { mock, proxy, ntfy, deps, clock, _folder: folder };
    // The first look, before anybody writes.
    runner::drain(&scene.deps).await.unwrap();
    scene
}

impl Scene {
    /// One poll later.
    async fn poll(&self) {
        self.clock.advance(MINUTE + SECOND);
        runner::drain(&self.deps).await.unwrap();
    }

    async fn api(&self, method: &str, path: &str, body: Value) -> Value {
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
    async fn case(&self, state: &str) -> Value {
        let list = self.api("GET", &format!("/api/v1/cases?state={state}"), Value::Null).await;
        let cases = list["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 1, "{list}");
        self.api("GET", &format!("/api/v1/cases/{}", cases[0]["id"].as_str().unwrap()), Value::Null)
            .await
    }

    async fn publish_the_draft(&self) {
        let case = self.case("waiting").await;
        let draft = &case["drafts"][0];
        let path = format!("/api/v1/cases/{}/publish", case["case"]["id"].as_str().unwrap());
        let answer = self
            .api("POST", &path, json!({ "draft_rev": draft["rev"], "text": draft["text"] }))
            .await;
        assert!(answer["reply"].is_string(), "{answer}");
        runner::drain(&self.deps).await.unwrap();
    }

    async fn balanced(&self) {
        let mut tx = self.deps.store.read().await.unwrap();
        let ledger =
            ledger::check(&mut tx, self.deps.now(), &ledger::Options::default()).await.unwrap();
        assert!(ledger.balanced(), "{}", ledger.table());
    }
}

const COMPLAINT: &str =
    "@brand terza settimana e il pacco non è ancora arrivato, nessuno risponde, vergogna!";

#[tokio::test]
async fn a_complaint_becomes_an_alert_and_exactly_one_reply() {
    let s = scene().await;
    let post = s.mock.post("customer_token", COMPLAINT, None).await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "an alert within one poll");
    assert!(s.ntfy.delivered()[0].to_string().contains("terza settimana"));
    s.publish_the_draft().await;
    let id = post["id"].as_str().unwrap();
    assert_eq!(s.mock.replies(id).await.len(), 1);
    s.case("answered").await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "our own reply is no mention");
    s.balanced().await;
}

#[tokio::test]
async fn the_key_stripped_and_the_answer_cut_still_one_reply_stands() {
    let s = scene().await;
    let post = s.mock.post("customer_token", COMPLAINT, None).await;
    s.poll().await;
    s.proxy.strip("idempotency-key");
    s.proxy.next(Method::POST, "/api/v1/statuses", Trouble::CutAfter);
    s.publish_the_draft().await;
    let id = post["id"].as_str().unwrap();
    assert_eq!(s.mock.replies(id).await.len(), 1, "it was carried out, and cut");
    for _ in 0..15 {
        s.poll().await;
    }
    assert_eq!(s.mock.replies(id).await.len(), 1, "and never sent again");
    s.case("answered").await;
    s.balanced().await;
}

#[tokio::test]
async fn answered_natively_before_our_poll_alerts_nobody() {
    let s = scene().await;
    let post = s.mock.post("customer_token", COMPLAINT, None).await;
    let id = post["id"].as_str().unwrap();
    s.mock.post("brand_token", "@customer ci scusiamo, ti scriviamo subito", Some(id)).await;
    s.poll().await;
    s.case("answered").await;
    assert!(s.ntfy.delivered().is_empty());
    s.balanced().await;
}

#[tokio::test]
async fn faults_of_the_server_delay_and_lose_nothing() {
    let s = scene().await;
    s.mock.post("customer_token", COMPLAINT, None).await;
    let path = "/api/v1/notifications";
    s.mock.fault(path, json!({ "type": "status", "status": 503 }), 1).await;
    s.poll().await;
    s.mock.fault(path, json!({ "type": "malformed" }), 1).await;
    s.poll().await;
    s.mock.fault(path, json!({ "type": "ratelimit", "headers": { "Retry-After": "30" } }), 1).await;
    for _ in 0..8 {
        s.poll().await;
    }
    s.case("waiting").await;
    assert_eq!(s.ntfy.delivered().len(), 1);
    s.balanced().await;
}
