//! A stream of the whole network wakes the lane that a post concerns, and stores nothing.

use crate::doubles::Server;
use crate::doubles::jetstream::Jetstream;
use crate::town;
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config;
use ascolto::domain::Instant;
use ascolto::domain::time::{HOUR, SECOND};
use ascolto::pipeline::{Deps, wake};
use ascolto::store::{Store, lanes, mentions};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Friday 20 November 2026, 09:00 UTC.
const START: Instant = Instant(1_795_165_200_000);
/// Nobody waits longer for what should come.
const PATIENCE: Duration = Duration::from_secs(30);
const OWN: &str = "did:plc:acme";

/// A house with a channel on Bluesky, and the server where its account logs in.
struct House {
    deps: Arc<Deps>,
    log_ins: Arc<AtomicUsize>,
    _sky: Server,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new(more: &str) -> House {
        let log_ins = Arc::new(AtomicUsize::new(0));
        let count = log_ins.clone();
        let session = json!({ "accessJwt": "acc-5ecret", "refreshJwt": "ref-5ecret", "did": OWN });
        let open = move || {
            count.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Json(session.clone()))
        };
        let path = "/xrpc/com.atproto.server.createSession";
        let sky = Server::start(Router::new().route(path, post(open))).await;
        let folder = town::folder();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let text = format!(
            "[store]\nurl = \"{url}\"\n[fetch]\nallow_private = [\"127.0.0.1\"]\n\
             [brand.acme]\nzone = \"Europe/Rome\"\nlanguage = \"en\"\nrecipients = [\"room\"]\n\
             [recipient.room]\nnotifier = \"terminal\"\n\
             [channel.sky]\nnetwork = \"bluesky\"\nbrand = \"acme\"\nservice = \"{}\"\n\
             handle = \"acme.example\"\napp_password = \"pw-5ecret\"\nsearch = [\"acme\"]\n{more}",
            sky.url
        );
        let file = folder.path().join("ascolto.toml");
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file, std::iter::empty(), &app::registry());
        let config = config.unwrap_or_else(|problems| panic!("{}", problems[0]));
        let around = Surroundings { hands: 1, ..town::around(&Clock::manual(START), 5) };
        let store = Store::open(&url).await.unwrap();
        let deps = Arc::new(app::build(&config, store, around).await.unwrap());
        House { deps, log_ins, _sky: sky, _folder: folder }
    }

    /// Puts every lane off for an hour, as after a poll.
    async fn rested(&self) {
        let mut tx = self.deps.store.begin().await.unwrap();
        for row in lanes::take_due(&mut tx, "story", self.deps.now(), 99).await.unwrap() {
            lanes::fail(&mut tx, &row, self.deps.now() + HOUR).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// In how many milliseconds the notifications and the search are due.
    async fn due(&self) -> [i64; 2] {
        let mut tx = self.deps.store.read().await.unwrap();
        let mut due = [0; 2];
        for (lane, due) in ["mentions", "search:acme"].into_iter().zip(&mut due) {
            let row = lanes::lane(&mut tx, "sky", lane).await.unwrap().expect("a lane");
            *due = row.next_at - self.deps.now().0;
        }
        due
    }

    /// Lets a post come by the stream, and waits until it has woken something.
    async fn woken_by(&self, jetstream: &Jetstream, post: &Value) {
        let mut bell = pin!(self.deps.bell.notified());
        bell.as_mut().enable();
        jetstream.say(post);
        tokio::time::timeout(PATIENCE, bell).await.expect("a lane is woken");
    }
}

fn post_of_jo(record: &Value) -> Value {
    json!({
        "did": "did:plc:jo", "time_us": 1, "kind": "commit",
        "commit": {
            "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3lb",
            "record": record,
        },
    })
}

#[tokio::test]
async fn a_post_on_the_jetstream_wakes_the_lane_that_it_concerns() {
    let jetstream = Jetstream::start().await;
    let house = House::new(&format!("jetstream = \"{}\"\n", jetstream.url)).await;
    house.rested().await;
    let stop = CancellationToken::new();
    let listening = tokio::spawn(wake::listen(house.deps.clone(), "sky".to_owned(), stop.clone()));
    let head = jetstream.log.wait_for(1).await.remove(0).to_lowercase();
    let first = "get /subscribe?wantedcollections=app.bsky.feed.post&";
    assert!(head.starts_with(first), "{head}");
    assert!(!head.contains("5ecret"), "another's server learns no secret: {head}");

    jetstream.say_text("[[[ nonsense");
    jetstream.say(&post_of_jo(&json!({ "text": "good morning" })));
    let feature = json!({ "$type": "app.bsky.richtext.facet#mention", "did": OWN });
    let mention = json!({ "text": "@you late again", "facets": [{ "features": [feature] }] });
    house.woken_by(&jetstream, &post_of_jo(&mention)).await;
    let soon = 0..10 * SECOND;
    let [mentions_due, search_due] = house.due().await;
    assert!(soon.contains(&mentions_due), "{mentions_due}");
    assert_eq!(search_due, HOUR, "nobody searched for that");

    house.woken_by(&jetstream, &post_of_jo(&json!({ "text": "ACME is late" }))).await;
    let [_, search_due] = house.due().await;
    assert!(soon.contains(&search_due), "{search_due}");

    let mut tx = house.deps.store.read().await.unwrap();
    let id = ("", "at://did:plc:jo/app.bsky.feed.post/3lb");
    let known = mentions::known(&mut tx, "acme", "bluesky", &[id]).await.unwrap();
    assert!(known.is_empty(), "polling stays the truth");
    drop(tx);
    stop.cancel();
    listening.await.unwrap();
}

#[tokio::test]
async fn a_channel_without_a_stream_is_not_listened_to() {
    let house = House::new("").await;
    let listening = wake::listen(house.deps.clone(), "sky".to_owned(), CancellationToken::new());
    tokio::time::timeout(PATIENCE, listening).await.expect("there is nothing to listen to");
    assert_eq!(house.log_ins.load(Ordering::SeqCst), 0, "and nobody logs in for it");
}
