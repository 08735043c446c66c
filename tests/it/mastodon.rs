//! The whole way on a Mastodon API double that nobody here wrote, behind a proxy that strips and
//! cuts: one complaint, one alert, one reply in the thread; a native answer and no alert.

use crate::doubles::proxy::Proxy;
use crate::doubles::trouble::Trouble;
use crate::doubles::{read_json, told, with_json};
use crate::scene::{COMPLAINT, Scene};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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
        let binary = told("ASCOLTO_TEST_MASTODON_MOCK", "mastodon_mock");
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

/// The double, the proxy before it, and the house that listens there.
struct Square {
    mock: Mock,
    proxy: Proxy,
    house: Scene,
    _folder: tempfile::TempDir,
}

impl Square {
    async fn open() -> Square {
        let folder = crate::town::folder();
        let mock = Mock::start(folder.path()).await;
        let proxy = Proxy::start(&mock.url).await;
        let channel =
            format!("network = \"mastodon\"\nserver = \"{}\"\ntoken = \"brand_token\"", proxy.url);
        let house = Scene::open(&channel, &["brand"]).await;
        Square { mock, proxy, house, _folder: folder }
    }

    /// The customer's complaint.
    async fn complain(&self) -> Value {
        self.mock.post("customer_token", &format!("@brand {COMPLAINT}"), None).await
    }
}

#[tokio::test]
async fn a_complaint_becomes_an_alert_and_exactly_one_reply() {
    let square = Square::open().await;
    let (mock, s) = (&square.mock, &square.house);
    let post = square.complain().await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "an alert within one poll");
    assert!(s.ntfy.delivered()[0].to_string().contains("terza settimana"));
    s.publish_the_draft().await;
    let id = post["id"].as_str().unwrap();
    assert_eq!(mock.replies(id).await.len(), 1);
    s.case("answered").await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "our own reply is no mention");
    s.balanced().await;
}

#[tokio::test]
async fn the_key_stripped_and_the_answer_cut_still_one_reply_stands() {
    let square = Square::open().await;
    let (mock, s) = (&square.mock, &square.house);
    let post = square.complain().await;
    s.poll().await;
    square.proxy.strip("idempotency-key");
    square.proxy.next(Method::POST, "/api/v1/statuses", Trouble::CutAfter);
    s.publish_the_draft().await;
    let id = post["id"].as_str().unwrap();
    assert_eq!(mock.replies(id).await.len(), 1, "it was carried out, and cut");
    for _ in 0..15 {
        s.poll().await;
    }
    assert_eq!(mock.replies(id).await.len(), 1, "and never sent again");
    s.case("answered").await;
    s.balanced().await;
}

#[tokio::test]
async fn answered_natively_before_our_poll_alerts_nobody() {
    let square = Square::open().await;
    let (mock, s) = (&square.mock, &square.house);
    let post = square.complain().await;
    let id = post["id"].as_str().unwrap();
    mock.post("brand_token", "@customer ci scusiamo, ti scriviamo subito", Some(id)).await;
    s.poll().await;
    s.case("answered").await;
    assert!(s.ntfy.delivered().is_empty());
    s.balanced().await;
}

#[tokio::test]
async fn faults_of_the_server_delay_and_lose_nothing() {
    let square = Square::open().await;
    let (mock, s) = (&square.mock, &square.house);
    square.complain().await;
    let path = "/api/v1/notifications";
    mock.fault(path, json!({ "type": "status", "status": 503 }), 1).await;
    s.poll().await;
    mock.fault(path, json!({ "type": "malformed" }), 1).await;
    s.poll().await;
    mock.fault(path, json!({ "type": "ratelimit", "headers": { "Retry-After": "30" } }), 1).await;
    for _ in 0..8 {
        s.poll().await;
    }
    s.case("waiting").await;
    assert_eq!(s.ntfy.delivered().len(), 1);
    s.balanced().await;
}
