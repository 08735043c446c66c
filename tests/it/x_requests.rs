//! Every kind of request that the X network makes, sent by the real engine and judged by the OpenAPI
//! document that X publishes (prism): none is refused.
//!
//! prism makes its answers up, and their ids are none; so where it agrees to a request, the answer
//! that we read is ours.

use crate::doubles::proxy::{Answered, Proxy, Say};
use crate::doubles::{client, ready};
use crate::scene::Scene;
use ascolto::domain::time::{DAY, HOUR, MINUTE};
use ascolto::domain::{Instant, MentionRef, Visibility};
use ascolto::fetch::{OwnedCtx, Peer, Purpose, Turn};
use ascolto::pipeline::Channel;
use ascolto::wire::{Fault, Lane, Next, Part, Seen, Sent, Talk, ThreadView};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The brand's profile, and a customer's.
const US: &str = "2244994945";
const JO: &str = "55501";

/// What we ask of X: path and what moves a reading on. `POST /2/oauth2/token` is in no document.
const KINDS: &[&str] = &[
    "GET /2/tweets",
    "GET /2/tweets/search/recent",
    "GET /2/tweets/search/recent end_time next_token start_time",
    "GET /2/tweets/search/recent end_time start_time",
    "GET /2/tweets/search/recent next_token",
    "GET /2/tweets/search/recent next_token since_id",
    "GET /2/tweets/search/recent next_token start_time",
    "GET /2/tweets/search/recent since_id",
    "GET /2/tweets/search/recent start_time",
    "GET /2/usage/tweets",
    "GET /2/users/by/username/acme",
    "GET /2/users/me",
    "GET /2/users/{id}/mentions end_time pagination_token start_time",
    "GET /2/users/{id}/mentions end_time start_time",
    "GET /2/users/{id}/mentions pagination_token since_id",
    "GET /2/users/{id}/mentions pagination_token start_time",
    "GET /2/users/{id}/mentions since_id",
    "GET /2/users/{id}/mentions start_time",
    "GET /2/users/{id}/tweets pagination_token start_time",
    "GET /2/users/{id}/tweets start_time",
    "POST /2/tweets",
];
const MOVES: [&str; 5] = ["end_time", "next_token", "pagination_token", "since_id", "start_time"];

fn kind(answered: &Answered) -> String {
    let (path, query) = answered.path.split_once('?').unwrap_or((answered.path.as_str(), ""));
    let place = |part: &str| {
        let id = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && part != "2";
        if id { "{id}".to_owned() } else { part.to_owned() }
    };
    let path: Vec<String> = path.split('/').map(place).collect();
    let names: BTreeSet<&str> = query.split('&').filter_map(|p| p.split('=').next()).collect();
    let moves = MOVES.iter().filter(|name| names.contains(**name)).map(|name| format!(" {name}"));
    format!("{} {}{}", answered.method, path.join("/"), moves.collect::<String>())
}

/// What prism found wrong with a request, apart from what it says of its own answer.
fn violations(answered: &Answered) -> Vec<Value> {
    let all = answered.headers.get("sl-violations").and_then(|all| all.to_str().ok());
    let all: Vec<Value> = serde_json::from_str(all.unwrap_or("[]")).expect("a list of violations");
    all.into_iter().filter(|violation| violation["location"][0] == "request").collect()
}

/// An id of X's that was given at that time (an id's upper 42 bits).
fn id_of(at: Instant) -> String {
    ((at.0 - 1_288_834_974_657) << 22).to_string()
}

/// A post that names the brand.
fn post(id: &str, at: Instant) -> Value {
    json!({
        "id": id, "author_id": JO, "created_at": at, "text": "@acme il pacco non è arrivato",
        "conversation_id": id, "lang": "it", "edit_history_post_ids": [id],
        "entities": { "mentions": [{ "start": 0, "end": 5, "username": "acme", "id": US }] },
    })
}

/// What X would say to a request that its document allows.
fn as_x(method: &Method, path: &str, at: Instant) -> Say {
    let told = |json: Value| Say::Edited(Box::new(move |answer| *answer = json));
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let token = "7140dibdnow9c7btw3w29gzvgskd";
    match (method.as_str(), place) {
        ("POST", "/2/oauth2/token") => Say::Instead(
            200,
            json!({ "access_token": "acc3ss", "refresh_token": "n3xt", "expires_in": 7_200 }),
        ),
        ("GET", "/2/users/by/username/acme" | "/2/users/me") => {
            told(json!({ "data": { "id": US, "name": "Acme", "username": "acme" } }))
        }
        ("GET", "/2/usage/tweets") => {
            told(json!({ "data": { "project_usage": "1200", "cap_reset_day": 9 } }))
        }
        ("POST", "/2/tweets") => told(json!({ "data": { "id": id_of(at), "text": "…" } })),
        ("GET", "/2/tweets") => told(json!({ "data": [post(&id_of(at), at)] })),
        // All others are lists, of two pages each.
        ("GET", _) if query.contains(token) => {
            let older = at - MINUTE;
            let meta = json!({ "result_count": 1 });
            told(json!({ "data": [post(&id_of(older), older)], "meta": meta }))
        }
        ("GET", _) => {
            let meta = json!({ "result_count": 1, "next_token": token });
            told(json!({ "data": [post(&id_of(at), at)], "meta": meta }))
        }
        _ => Say::Its,
    }
}

/// A channel of X before prism.
struct Court {
    proxy: Proxy,
    scene: Scene,
}

impl Court {
    /// `None` where the document is absent.
    async fn sit(fields: &str) -> Option<Court> {
        let Ok(url) = std::env::var("ASCOLTO_TEST_X_DOCUMENT") else {
            println!("X's OpenAPI document is absent: requests to X are not judged by it");
            return None;
        };
        ready("prism", &url).await;
        let proxy = Proxy::start(&url).await;
        let channel = format!(
            "network = \"x\"\nhandle = \"acme\"\ntoken = \"app-t0ken\"\nsearch = [\"acme\"]\n\
             refresh_token = \"r3fresh\"\nclient_id = \"cl1ent\"\nbudget_reads = 20000\n\
             fields = \"{fields}\"\napi = \"{}\"",
            proxy.url
        );
        let scene = Scene::build(&channel, &["acme"]).await;
        let at = scene.deps.now() - 5 * MINUTE;
        proxy.speak(move |method, path| as_x(method, path, at));
        Some(Court { proxy, scene })
    }

    fn channel(&self) -> &Channel {
        &self.scene.deps.channels["post"]
    }

    /// What the network may know; logs in on first use.
    async fn ctx(&self) -> OwnedCtx {
        let peer = Peer::Network(self.channel().network);
        let known = self.scene.deps.engine.ctx(peer, &self.channel().link).await;
        known.unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// Holds a conversation to its end.
    async fn hold<'a, T>(&'a self, talk: Box<dyn Talk<T> + 'a>) -> Result<T, Fault> {
        let (engine, channel) = (&self.scene.deps.engine, self.channel());
        let peer = Peer::Network(channel.network);
        let mut talk = engine.begin(peer, &channel.link, talk, Purpose::Reply, None);
        loop {
            if let Turn::Done(end) = talk.turn().await? {
                return Ok(end);
            }
        }
    }

    /// Reads all lanes: for the first time, once more, and two spans of the past again, of which
    /// the older one is out of the search's reach.
    async fn listen(&self) {
        let (owned, network) = (self.ctx().await, self.channel().network);
        let cx = owned.cx();
        for lane in network.lanes(&cx) {
            let first = network.look_back(&lane, cx.now - HOUR, None, &cx).expect("a first look");
            let cursor = self.hold(first).await.unwrap();
            self.hold(network.listen(&lane, Some(&cursor), None, &cx)).await.unwrap();
            let gap = |from: i64| {
                let gap = Some((cx.now - from, cx.now - from + HOUR));
                Lane { gap, overlap_ms: 0, settle_ms: 0, ..lane.clone() }
            };
            self.hold(network.listen(&gap(2 * HOUR), None, None, &cx)).await.unwrap();
            let late = self.hold(network.listen(&gap(8 * DAY), None, None, &cx)).await;
            assert_eq!(late.unwrap_err().next, Next::Refused, "it says that not all was there");
        }
    }

    /// The mention that is answered.
    fn mention(&self) -> MentionRef {
        let at = self.scene.deps.now() - 5 * MINUTE;
        MentionRef {
            origin: String::new(),
            external_id: id_of(at),
            thread_id: id_of(at),
            author_id: JO.to_owned(),
            author_handle: "jo_rossi".to_owned(),
            visibility: Visibility::Public,
            url: format!("https://x.com/jo_rossi/status/{}", id_of(at)),
            created_at: at,
        }
    }

    async fn reply(&self) -> Result<Sent, Fault> {
        let (owned, network) = (self.ctx().await, self.channel().network);
        let part = Part { text: "Ci dispiace, ti scriviamo subito".to_owned() };
        let talk = network.post(&part, &self.mention(), "k", &owned.cx());
        self.hold(talk.expect("a user allowed the app to post")).await
    }

    async fn thread(&self) -> Result<ThreadView, Fault> {
        let (owned, network) = (self.ctx().await, self.channel().network);
        let talk = network.thread(&self.mention(), &owned.cx());
        self.hold(talk.expect("X shows threads")).await
    }

    /// Reads two mentions again.
    async fn recheck(&self) -> Result<(), Fault> {
        let (owned, network, of) = (self.ctx().await, self.channel().network, self.mention());
        let other = MentionRef { external_id: id_of(of.created_at - MINUTE), ..of.clone() };
        let talk = network.recheck(&[of, other], &owned.cx());
        self.hold(talk.expect("the budget has room for it")).await
    }

    /// Looks for a reply that was never posted.
    async fn find(&self) -> Result<Seen, Fault> {
        let (owned, network, of) = (self.ctx().await, self.channel().network, self.mention());
        let part = Part { text: "Non c'è".to_owned() };
        let talk = network.find(&part, &of, "k", of.created_at, &owned.cx());
        self.hold(talk.expect("X shows our own posts")).await
    }
}

#[tokio::test]
async fn no_request_is_refused_by_the_document() {
    let Some(court) = Court::sit("post").await else { return };
    court.listen().await;
    assert!(!court.thread().await.unwrap().gone);
    court.recheck().await.unwrap();
    assert!(matches!(court.reply().await, Ok(Sent::Done { .. })));
    assert_eq!(court.find().await.unwrap(), Seen::Absent { complete: true });
    let answers = court.proxy.answers.all();
    for asked in &answers {
        let wrong = violations(asked);
        let agreed = (200..300).contains(&asked.status) && wrong.is_empty();
        assert!(agreed, "{} {}: HTTP {}, {wrong:?}", asked.method, asked.path, asked.status);
    }
    let kinds: BTreeSet<String> = answers.iter().map(kind).collect();
    let expected: BTreeSet<String> = KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(kinds, expected, "what is asked of X");
    // RFC 6749, section 6, by a public client.
    let log = court.proxy.log.all();
    let refresh = log.iter().find(|passed| passed.path == "/2/oauth2/token").expect("a log-in");
    let form: BTreeSet<_> = url::form_urlencoded::parse(&refresh.body).into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let due = [
        pair("grant_type", "refresh_token"),
        pair("refresh_token", "r3fresh"),
        pair("client_id", "cl1ent"),
    ];
    assert_eq!(form, BTreeSet::from(due));
}

#[tokio::test]
async fn by_the_older_names_only_what_was_renamed_is_refused() {
    let Some(court) = Court::sit("tweet").await else { return };
    court.listen().await;
    court.thread().await.unwrap();
    // Both ask for what a post refers to, which the document calls otherwise.
    court.reply().await.unwrap_err();
    court.find().await.unwrap_err();
    let answers = court.proxy.answers.all();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status >= 400).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    for asked in refused {
        let wrong = violations(asked);
        assert!(wrong.iter().all(|one| one["location"][2] == "expansions"), "{wrong:?}");
        assert!(asked.path.contains("referenced_tweets.id"), "{}", asked.path);
    }
}

#[tokio::test]
async fn a_limit_throttles_and_a_request_that_is_wrong_is_refused() {
    let Some(court) = Court::sit("post").await else { return };
    let owned = court.ctx().await;
    let wrong = format!("{}/2/users/{US}/mentions?max_results=1", court.proxy.url);
    let client = client();
    let answer = client.get(&wrong).bearer_auth("acc3ss").send().await.unwrap();
    assert_eq!(answer.status(), 422, "the judge knows the limits of a page");
    assert_eq!(client.get(wrong).send().await.unwrap().status(), 401, "and who may ask");
    court.proxy.add("prefer", "code=429");
    let (cx, network) = (owned.cx(), court.channel().network);
    let lane = network.lanes(&cx).remove(0);
    let fault = court.hold(network.listen(&lane, None, None, &cx)).await.unwrap_err();
    assert!(matches!(fault.next, Next::Throttled { .. }), "{fault:?}");
    assert!(fault.may_resend(), "nothing was carried out");
    assert_eq!(court.proxy.answers.all().last().map(|answer| answer.status), Some(429));
}
