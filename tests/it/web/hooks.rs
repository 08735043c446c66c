//! Hooks: a genuine call wakes a lane, or leaves what no list shows to be read; of any other nobody
//! learns anything.

use super::house::{House, Reply, T0};
use ascolto::domain::time::{HOUR, MINUTE, SECOND};
use ascolto::store::{hints, lanes};
use ascolto::wire::Hint;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

/// Two Pages and an Instagram account of one app, and a Page of another.
const CHANNELS: &str = r#"
[channel.shop]
network = "facebook"
brand = "acme"
page = "777"
token = "tk-1"
app_secret = "as-one"
verify_token = "vt-one"
app = "one"
[channel.stall]
network = "facebook"
brand = "acme"
page = "888"
token = "tk-2"
app_secret = "as-one"
verify_token = "vt-one"
app = "one"
[channel.shots]
network = "instagram"
brand = "acme"
account = "999"
token = "tk-3"
app_secret = "as-one"
app = "one"
[channel.silent]
network = "facebook"
brand = "acme"
page = "666"
token = "tk-4"
"#;

impl House {
    /// Puts every lane off for an hour, as after a poll.
    async fn rested(&self) {
        let mut tx = self.deps.store.begin().await.unwrap();
        for row in lanes::take_due(&mut tx, "test", self.deps.now(), 99).await.unwrap() {
            lanes::fail(&mut tx, &row, self.deps.now() + HOUR).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// In how many milliseconds a lane is due.
    async fn due(&self, channel: &str, lane: &str) -> i64 {
        let mut tx = self.deps.store.read().await.unwrap();
        let row = lanes::lane(&mut tx, channel, lane).await.unwrap().expect("a lane");
        row.next_at - self.deps.now().0
    }

    async fn called(&self, path: &str, signature: &str, body: &str) -> Reply {
        let request = Request::post(path).header("x-hub-signature-256", signature);
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn shaken(&self, path: &str, word: &str) -> Reply {
        let query = format!("hub.mode=subscribe&hub.challenge=11582&hub.verify_token={word}");
        self.ask(Request::get(format!("{path}?{query}")).body(Body::empty()).unwrap()).await
    }
}

fn signed(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let tag = mac.chain_update(body).finalize().into_bytes();
    format!("sha256={}", tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn event(object: &str, id: &str, field: &str, time: i64) -> String {
    json!({
        "object": object,
        "entry": [{ "id": id, "time": time, "changes": [{
            "field": field,
            "value": { "item": "comment", "verb": "add", "comment_id": "1_2", "message": "perché?" },
        }]}],
    })
    .to_string()
}

const NOW: i64 = T0.0 / SECOND;

#[tokio::test]
async fn a_genuine_call_wakes_its_lane_and_stores_nothing() {
    let house = House::with(CHANNELS).await;
    house.rested().await;
    let body = event("page", "777", "feed", NOW);
    let heard = house.called("/hooks/channel/shop", &signed("as-one", &body), &body).await;
    assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
    assert_eq!((house.due("shop", "feed").await, house.due("stall", "feed").await), (0, HOUR));
    let stored = house.get("/api/v1/mentions", "asc_read").await.json();
    assert_eq!(stored["mentions"], json!([]), "polling is the truth");
}

#[tokio::test]
async fn what_is_not_genuine_is_told_the_same_as_what_is_not_there() {
    let house = House::with(CHANNELS).await;
    house.rested().await;
    let body = event("page", "777", "feed", NOW);
    let good = signed("as-one", &body);
    let old = event("page", "777", "feed", NOW - 3 * 86_400);
    let mut told = Vec::new();
    for (path, signature, body) in [
        ("/hooks/channel/shop", "sha256=00".to_owned(), &body),
        ("/hooks/channel/shop", signed("as-two", &body), &body),
        ("/hooks/channel/shop", signed("as-one", &old), &old),
        ("/hooks/channel/silent", good.clone(), &body),
        ("/hooks/channel/wall", good.clone(), &body),
        ("/hooks/channel/nobody", good.clone(), &body),
        ("/hooks/app/nobody", good.clone(), &body),
    ] {
        let refused = house.called(path, &signature, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.text);
        told.push(refused.text);
        // Five from one address are slowed down, see below.
        house.deps.clock.advance(MINUTE);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(house.due("shop", "feed").await > 0 && house.due("silent", "feed").await > 0);
}

#[tokio::test]
async fn the_handshake_is_answered_to_whom_knows_the_word() {
    let house = House::with(CHANNELS).await;
    for path in ["/hooks/channel/shop", "/hooks/app/one"] {
        let answer = house.shaken(path, "vt-one").await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "11582"), "{path}");
        assert!(answer.header("content-type").starts_with("text/plain"));
    }
    for (path, word) in [
        ("/hooks/channel/shop", "vt-two"),
        ("/hooks/channel/silent", "vt-one"),
        ("/hooks/channel/nobody", "vt-one"),
    ] {
        assert_eq!(house.shaken(path, word).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn one_address_serves_every_channel_of_an_app() {
    let house = House::with(CHANNELS).await;
    house.rested().await;
    for (body, woken) in [
        (event("page", "888", "feed", NOW), ("stall", "feed")),
        (event("instagram", "999", "comments", NOW), ("shots", "comments")),
    ] {
        let heard = house.called("/hooks/app/one", &signed("as-one", &body), &body).await;
        assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
        assert_eq!(house.due(woken.0, woken.1).await, 0);
    }
    assert_eq!(house.due("shop", "feed").await, HOUR);
    assert_eq!(house.due("shots", "tags").await, HOUR);
}

#[tokio::test]
async fn a_crowd_of_calls_is_one_poll_and_too_many_come_again() {
    let house = House::with(CHANNELS).await;
    let body = event("page", "777", "feed", NOW);
    let signature = signed("as-one", &body);
    for _ in 0..12 {
        house.called("/hooks/channel/shop", &signature, &body).await;
    }
    house.rested().await;
    let heard = house.called("/hooks/channel/shop", &signature, &body).await;
    assert_eq!(heard.status, StatusCode::OK);
    assert_eq!(house.due("shop", "feed").await, 10 * SECOND, "a little later");
    for _ in 13..600 {
        house.called("/hooks/channel/shop", &signature, &body).await;
    }
    let crowd = house.called("/hooks/channel/shop", &signature, &body).await;
    assert_eq!(crowd.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(crowd.header("retry-after"), "60");
    house.deps.clock.advance(MINUTE);
    let heard = house.called("/hooks/channel/shop", &signature, &body).await;
    assert_eq!(heard.status, StatusCode::OK, "a new minute");
}

#[tokio::test]
async fn forgers_are_slowed_down_and_lock_nobody_out() {
    let house = House::with(CHANNELS).await;
    let body = event("page", "777", "feed", NOW);
    for _ in 0..5 {
        let refused = house.called("/hooks/channel/shop", "sha256=00", &body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    let slowed = house.called("/hooks/channel/nobody", "sha256=00", &body).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(house.get("/api/v1/cases", "asc_guess").await.status, StatusCode::UNAUTHORIZED);
    let big = "x".repeat((1 << 20) + 1);
    house.deps.clock.advance(MINUTE);
    let refused = house.called("/hooks/channel/shop", "sha256=00", &big).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let put = Request::put("/hooks/channel/shop").body(Body::empty()).unwrap();
    assert_eq!(house.ask(put).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

fn naming(media: &str) -> String {
    json!({
        "object": "instagram",
        "entry": [{ "id": "999", "time": NOW, "changes": [
            { "field": "mentions", "value": { "media_id": media } },
        ]}],
    })
    .to_string()
}

#[tokio::test]
async fn what_no_list_shows_is_noted_before_the_call_is_answered() {
    let house = House::with(CHANNELS).await;
    let waiting = async || {
        let mut tx = house.deps.store.read().await.unwrap();
        hints::waiting(&mut tx, "shots").await.unwrap()
    };
    let body = naming("18");
    for _ in 0..3 {
        let heard = house.called("/hooks/app/one", &signed("as-one", &body), &body).await;
        assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
    }
    assert_eq!(waiting().await, 1, "brought again, it is still one");
    let forged = naming("19");
    let refused = house.called("/hooks/app/one", &signed("as-two", &forged), &forged).await;
    assert_eq!((refused.status, waiting().await), (StatusCode::FORBIDDEN, 1));

    let crowd: Vec<Hint> =
        (1..hints::MOST).map(|n| Hint::new("mentions", &n.to_string())).collect();
    let mut tx = house.deps.store.begin().await.unwrap();
    // One of them is the one that waits already.
    assert!(hints::add(&mut tx, "shots", &crowd, T0, T0).await.unwrap());
    tx.commit().await.unwrap();
    let body = naming("20000");
    assert_eq!(waiting().await, hints::MOST - 1);
    for expected in [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        let body = if expected == StatusCode::OK { body.clone() } else { naming("20001") };
        let told = house.called("/hooks/app/one", &signed("as-one", &body), &body).await;
        assert_eq!(told.status, expected, "Meta brings it again: {}", told.text);
    }
    assert_eq!(waiting().await, hints::MOST);
}

#[tokio::test]
async fn callbacks_are_believed_by_their_signature_alone() {
    let house = House::with(CHANNELS).await;
    for (path, body) in [
        ("/hooks/channel/shop?call=data-deletion", "signed_request=a.b"),
        ("/hooks/channel/shop?call=deauthorize", "signed_request=a.b"),
        ("/hooks/channel/silent?call=deauthorize", "signed_request=a.b"),
        ("/hooks/app/nobody?call=deauthorize", ""),
    ] {
        let refused = house.called(path, "", body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.text);
        house.deps.clock.advance(MINUTE);
    }
    let mut tx = house.deps.store.read().await.unwrap();
    let row = lanes::channel(&mut tx, "shop").await.unwrap().expect("it is known");
    assert_eq!(row.state, "new");
    drop(tx);
    for code in ["0123456789abcdef", "", "' OR 1=1", &"a".repeat(500)] {
        let query: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        let path = format!("/hooks/channel/shop?deletion={query}");
        let shown = house.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(shown.status, StatusCode::NOT_FOUND, "{code}");
        assert!(shown.header("content-type").starts_with("text/html"));
        house.deps.clock.advance(MINUTE);
    }
}
