//! The whole way on Bluesky's own servers (PLC, PDS, AppView): one complaint, one alert, one reply at
//! its place in the conversation; a native answer and no alert; one key, one post.

use crate::doubles::proxy::{Proxy, Say};
use crate::doubles::trouble::Trouble;
use crate::doubles::{client, read_json, ready, told, with_json};
use crate::scene::{COMPLAINT, Scene};
use ascolto::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The network, as its users see it.
pub struct Sky {
    /// The address of the server that keeps the accounts.
    pub pds: String,
    client: reqwest::Client,
}

/// Somebody there.
pub struct Account {
    /// The handle.
    pub handle: String,
    did: String,
    access: String,
}

/// A post by address and content.
pub struct Post(Value);

impl Post {
    /// The address.
    pub fn uri(&self) -> &str {
        self.0["uri"].as_str().expect("a post has an address")
    }
}

impl Sky {
    /// Waits until all of its servers work.
    pub async fn start() -> Sky {
        let url = told("ASCOLTO_TEST_BLUESKY", "Bluesky network");
        let ready = read_json(Ok(ready("bluesky", &url).await)).await.expect("it tells where");
        let pds = ready["pds"].as_str().expect("an address").to_owned();
        Sky { pds, client: client() }
    }

    async fn call(&self, by: Option<&Account>, name: &str, body: &Value) -> (u16, Value) {
        let mut request = self.client.post(format!("{}/xrpc/{name}", self.pds));
        if let Some(by) = by {
            request = request.bearer_auth(&by.access);
        }
        let answer = with_json(request, body).send().await.expect("the server answers");
        let status = answer.status().as_u16();
        (status, read_json(Ok(answer)).await.unwrap_or_default())
    }

    async fn ask(&self, by: &Account, question: &str, pairs: &[(&str, &str)]) -> Value {
        let mut url = url::Url::parse(&format!("{}/xrpc/{question}", self.pds)).expect("it is one");
        url.query_pairs_mut().extend_pairs(pairs);
        let request = self.client.get(url).bearer_auth(&by.access);
        read_json(request.send().await).await.expect("the server answers in JSON")
    }

    /// Makes an account; `name` is new in this run of the tests.
    pub async fn account(&self, name: &str) -> Account {
        let handle = format!("{name}.test");
        let who = json!({
            "handle": handle, "email": format!("{name}@home.example"), "password": "pw-of-all",
        });
        let (status, made) = self.call(None, "com.atproto.server.createAccount", &who).await;
        assert_eq!(status, 200, "{made}");
        let text = |name: &str| made[name].as_str().expect("it is told").to_owned();
        Account { did: text("did"), access: text("accessJwt"), handle }
    }

    /// The channel that hears an account by a server's address, with an app password.
    pub async fn channel(&self, of: &Account, service: &str) -> String {
        let name = json!({ "name": "ascolto" });
        let (status, made) =
            self.call(Some(of), "com.atproto.server.createAppPassword", &name).await;
        assert_eq!(status, 200, "{made}");
        let password = made["password"].as_str().expect("it is told");
        format!(
            "network = \"bluesky\"\nservice = \"{service}\"\nhandle = \"{}\"\n\
             app_password = \"{password}\"",
            of.handle
        )
    }

    /// Writes a post that names `to`, below a root and a parent.
    pub async fn post(
        &self,
        by: &Account,
        to: Option<&Account>,
        text: &str,
        below: Option<(&Post, &Post)>,
    ) -> Post {
        let mut record = json!({
            "$type": "app.bsky.feed.post", "text": text, "langs": ["it"],
            "createdAt": Clock::System.now(),
        });
        if let Some(to) = to {
            let text = format!("@{} {text}", to.handle);
            record["facets"] = json!([{
                "index": { "byteStart": 0, "byteEnd": to.handle.len() + 1 },
                "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": to.did }],
            }]);
            record["text"] = json!(text);
        }
        if let Some((root, parent)) = below {
            record["reply"] = json!({ "root": root.0, "parent": parent.0 });
        }
        let (status, made) = self.write(by, None, &record).await;
        assert_eq!(status, 200, "{made}");
        Post(json!({ "uri": made["uri"], "cid": made["cid"] }))
    }

    async fn write(&self, by: &Account, rkey: Option<&str>, record: &Value) -> (u16, Value) {
        let mut new =
            json!({ "repo": by.did, "collection": "app.bsky.feed.post", "record": record });
        if let Some(rkey) = rkey {
            new["rkey"] = json!(rkey);
        }
        self.call(Some(by), "com.atproto.repo.createRecord", &new).await
    }

    /// All posts in somebody's repository.
    async fn posts(&self, of: &Account) -> Vec<Value> {
        let pairs = [("repo", of.did.as_str()), ("collection", "app.bsky.feed.post")];
        let list = self.ask(of, "com.atproto.repo.listRecords", &pairs).await;
        list["records"].as_array().cloned().expect("a list of records")
    }

    /// Waits, at most half a minute, until somebody is notified of a post.
    async fn notified(&self, who: &Account, of: &Post) {
        for _ in 0..300 {
            let list = self.ask(who, "app.bsky.notification.listNotifications", &[]).await;
            let mut shown = list["notifications"].as_array().into_iter().flatten();
            if shown.any(|entry| entry["uri"] == of.0["uri"]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} is not notified of {} within half a minute", who.handle, of.uri());
    }

    /// Waits, at most half a minute, until a post shows an answer.
    async fn answered(&self, who: &Account, post: &Post) {
        for _ in 0..300 {
            let pairs = [("uri", post.uri())];
            let view = self.ask(who, "app.bsky.feed.getPostThread", &pairs).await;
            if view["thread"]["replies"].as_array().is_some_and(|all| !all.is_empty()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} shows no answer within half a minute", post.uri());
    }
}

/// Before the network: who logs in by this proxy is not told of another server, and stays here.
pub async fn proxy(sky: &Sky) -> Proxy {
    let proxy = Proxy::start(&sky.pds).await;
    proxy.speak(|_, path| stay(path));
    proxy
}

/// What [`proxy`] says.
pub fn stay(path: &str) -> Say {
    if !path.ends_with("Session") {
        return Say::Its;
    }
    Say::Edited(Box::new(|session| {
        session.as_object_mut().expect("a session is an object").remove("didDoc");
    }))
}

#[tokio::test]
async fn a_complaint_becomes_an_alert_and_exactly_one_reply_at_its_place() {
    let sky = Sky::start().await;
    let (brand, jo) = (sky.account("acme-reply").await, sky.account("jo-reply").await);
    let s = Scene::open(&sky.channel(&brand, &sky.pds).await, &[brand.handle.as_str()]).await;
    let root = sky.post(&jo, None, "Vi racconto una storia", None).await;
    let complaint = sky.post(&jo, Some(&brand), COMPLAINT, Some((&root, &root))).await;
    sky.notified(&brand, &complaint).await;
    s.poll().await;
    assert_eq!(s.ntfy.delivered().len(), 1, "an alert within one poll");
    assert!(s.ntfy.delivered()[0].to_string().contains("terza settimana"));
    s.publish_the_draft().await;
    let ours = sky.posts(&brand).await;
    assert_eq!(ours.len(), 1, "{ours:?}");
    let place = &ours[0]["value"]["reply"];
    assert_eq!((&place["root"], &place["parent"]), (&root.0, &complaint.0));
    s.case("answered").await;
    sky.answered(&brand, &complaint).await;
    for _ in 0..6 {
        s.poll().await;
    }
    assert_eq!(s.ntfy.delivered().len(), 1, "our own reply is no mention");
    assert_eq!(sky.posts(&brand).await.len(), 1, "and is never sent again");
    assert_eq!(s.mentions().await, 1);
}

#[tokio::test]
async fn answered_in_the_app_before_our_poll_alerts_nobody() {
    let sky = Sky::start().await;
    let (brand, jo) = (sky.account("acme-native").await, sky.account("jo-native").await);
    let s = Scene::open(&sky.channel(&brand, &sky.pds).await, &[brand.handle.as_str()]).await;
    let complaint = sky.post(&jo, Some(&brand), COMPLAINT, None).await;
    let below = Some((&complaint, &complaint));
    sky.post(&brand, None, "Ci scusiamo, ti scriviamo subito", below).await;
    sky.notified(&brand, &complaint).await;
    sky.answered(&brand, &complaint).await;
    s.poll().await;
    s.case("answered").await;
    assert!(s.ntfy.delivered().is_empty());
    assert_eq!(s.mentions().await, 1);
}

#[tokio::test]
async fn a_reply_whose_answer_was_lost_stands_once_under_its_key() {
    let sky = Sky::start().await;
    let proxy = proxy(&sky).await;
    let (brand, jo) = (sky.account("acme-lost").await, sky.account("jo-lost").await);
    let s = Scene::open(&sky.channel(&brand, &proxy.url).await, &[brand.handle.as_str()]).await;
    let complaint = sky.post(&jo, Some(&brand), COMPLAINT, None).await;
    sky.notified(&brand, &complaint).await;
    s.poll().await;
    let write = "/xrpc/com.atproto.repo.createRecord";
    proxy.next(Method::POST, write, Trouble::CutAfter);
    s.publish_the_draft().await;
    let ours = sky.posts(&brand).await;
    assert_eq!(ours.len(), 1, "it was carried out, and cut");
    for _ in 0..15 {
        s.poll().await;
    }
    s.case("answered").await;
    let writes = proxy.log.all().iter().filter(|passed| passed.path == write).count();
    assert_eq!(writes, 1, "it was looked for, and never sent again");
    // Were it sent again, its key would not let it stand twice.
    let rkey = ours[0]["uri"].as_str().and_then(|uri| uri.rsplit('/').next());
    let (status, _) = sky.write(&brand, rkey, &ours[0]["value"]).await;
    assert_eq!(status, 500, "a key that is taken");
    assert_eq!(sky.posts(&brand).await.len(), 1);
    assert_eq!(s.mentions().await, 1);
}
