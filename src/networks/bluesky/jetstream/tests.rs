//! Which messages of a Jetstream wake what: mentions, answers, quotes, searches, and nonsense.

use super::super::Bluesky;
use super::*;
use crate::domain::Instant;
use crate::wire::{Network, Streamed};
use serde_json::{Value, json};
use std::any::Any;

const OWN: &str = "did:plc:ours";

fn with<R>(more: &str, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let table = format!("handle = \"acme.example\"\napp_password = \"pw-5ecret\"\n{more}");
    let settings: Box<dyn Any + Send + Sync> = Bluesky.settings(&table.parse().unwrap()).unwrap();
    let (own, now) = (["acme".to_owned(), OWN.to_owned()], Instant(1_795_262_400_000));
    speak(&Ctx { settings: &*settings, session: None, now, own: &own, seed: 0 })
}

const SEARCHES: &str =
    r##"search = ["Caffè Acme", "\"acme store\" -jobs", "#acme lang:it", "from:jo.example"]"##;

/// A message about a record in somebody's repository.
fn message(did: &str, record: &Value) -> String {
    json!({
        "did": did, "time_us": 1_795_262_400_000_000_u64, "kind": "commit",
        "commit": {
            "rev": "3l", "operation": "create", "collection": "app.bsky.feed.post",
            "rkey": "3lb", "record": record, "cid": "bafy",
        },
    })
    .to_string()
}

fn woken(message: &str) -> Vec<String> {
    with(SEARCHES, |cx| Bluesky.wakes(message.as_bytes(), cx))
}

fn by_jo(record: &Value) -> Vec<String> {
    woken(&message("did:plc:jo", record))
}

fn naming(did: &str) -> Value {
    let feature = json!({ "$type": "app.bsky.richtext.facet#mention", "did": did });
    json!({ "text": "@you late again", "facets": [
        { "index": { "byteStart": 0, "byteEnd": 4 }, "features": [feature] },
    ]})
}

fn post_of(did: &str) -> Value {
    json!({ "uri": format!("at://{did}/app.bsky.feed.post/3l"), "cid": "bafy" })
}

#[test]
fn the_stream_is_there_only_where_it_is_set_and_is_asked_for_posts() {
    assert!(with("", |cx| Bluesky.stream(cx)).is_none());
    let op = with("jetstream = \"wss://j.example\"", |cx| Bluesky.stream(cx)).unwrap();
    assert_eq!((op.streamed, op.auth), (Streamed::WebSocket, false));
    assert_eq!(
        op.request.url.as_str(),
        "https://j.example/subscribe?wantedCollections=app.bsky.feed.post&maxMessageSizeBytes=65536"
    );
    assert!(op.request.secret_headers.is_empty());
}

#[test]
fn who_mentions_answers_or_quotes_us_wakes_the_notifications() {
    let other = "did:plc:other";
    for (did, lanes) in [(OWN, vec!["mentions"]), (other, vec![]), ("did:plc:ours2", vec![])] {
        assert_eq!(by_jo(&naming(did)), lanes, "{did}");
        for reply in [
            json!({ "root": post_of(did), "parent": post_of(other) }),
            json!({ "root": post_of(other), "parent": post_of(did) }),
        ] {
            assert_eq!(by_jo(&json!({ "text": "no", "reply": reply })), lanes, "{did}");
        }
        let quote = json!({ "$type": "app.bsky.embed.record", "record": post_of(did) });
        let beside = json!({ "$type": "app.bsky.embed.recordWithMedia",
            "media": { "images": [] }, "record": quote });
        for embed in [quote, beside] {
            assert_eq!(by_jo(&json!({ "text": "no", "embed": embed })), lanes, "{did}");
        }
    }
    let link = json!({ "text": format!("see {OWN}"), "facets": [{ "features": [
        { "$type": "app.bsky.richtext.facet#link", "uri": format!("https://x.example/{OWN}") },
    ]}]});
    assert!(by_jo(&link).is_empty(), "to write our id is not to mention us");
    assert!(woken(&message(OWN, &naming(OWN))).is_empty(), "our own post");
}

#[test]
fn what_holds_the_words_of_a_search_wakes_that_search() {
    let text = |text: &str| by_jo(&json!({ "text": text }));
    assert_eq!(text("nothing of yours"), Vec::<String>::new());
    assert_eq!(
        text("the ACME Store is closed"),
        ["search:\"acme store\" -jobs", "search:#acme lang:it"]
    );
    assert_eq!(
        text("ACME: il vostro CAFFÈ è freddo"),
        ["search:#acme lang:it", "search:Caffè Acme"]
    );
    // The text may be written in escapes; the words in another part of the record count for nothing.
    let escaped = message("did:plc:jo", &json!({ "text": "caffè acme" })).replace('è', "\\u00e8");
    assert_eq!(woken(&escaped), ["search:#acme lang:it", "search:Caffè Acme"]);
    assert!(by_jo(&json!({ "text": "no", "tags": ["acme"] })).is_empty());
    let both = with("search = [\"late\"]", |cx| {
        Bluesky.wakes(message("did:plc:jo", &naming(OWN)).as_bytes(), cx)
    });
    assert_eq!(both, ["mentions", "search:late"]);
}

#[test]
fn searches_are_read_as_words() {
    assert_eq!(words("\"Acme  Store\" late -jobs"), ["acme  store", "late"]);
    assert_eq!(words("#Acme @shop.example lang:it"), ["acme", "shop.example"]);
    assert_eq!(words("\"open"), ["open"]);
    assert!(words("from:jo.example -x \"\" #").is_empty());
    assert_eq!((plain("caffè"), plain("a-bcd"), plain("日本")), ("caff", "bcd", ""));
}

#[test]
fn what_cannot_be_read_wakes_nothing_and_costs_nothing_else() {
    let good = naming(OWN);
    for part in ["reply", "embed", "text", "langs"] {
        for odd in [json!(7), json!([]), json!({ "record": 7 }), json!({ "root": {} }), json!(null)]
        {
            let mut record = good.clone();
            record[part] = odd;
            assert_eq!(by_jo(&record), ["mentions"], "{record}");
        }
    }
    for facets in [json!(7), json!([7]), json!([{}]), json!([{ "features": [{ "did": OWN }] }])] {
        assert!(by_jo(&json!({ "text": OWN, "facets": facets })).is_empty(), "{facets}");
    }
    // Of the parts of a text, too, one that is odd hides no other.
    for odd in [json!(7), json!(null), json!({ "features": 7 })] {
        let mut record = good.clone();
        record["facets"].as_array_mut().unwrap().insert(0, odd);
        assert_eq!(by_jo(&record), ["mentions"], "{record}");
    }
    for odd in [json!(7), json!({}), json!({ "$type": 7, "did": OWN }), json!({ "did": 7 })] {
        let mut record = good.clone();
        record["facets"][0]["features"].as_array_mut().unwrap().insert(0, odd);
        assert_eq!(by_jo(&record), ["mentions"], "{record}");
    }
    let whole = message("did:plc:jo", &good);
    for message in [
        String::new(),
        OWN.to_owned(),
        format!("\"{OWN}\""),
        format!("[{}", "[".repeat(60_000)) + OWN,
        json!({ "did": OWN, "kind": "account", "account": { "active": false } }).to_string(),
        whole.replace("app.bsky.feed.post", "app.bsky.feed.like"),
        whole.replace("\"record\":", "\"recorded\":"),
        whole[..whole.len() - 5].to_owned(),
    ] {
        assert!(woken(&message).is_empty(), "{}", &message[..message.len().min(80)]);
    }
    let bad = with("", |cx| Bluesky.wakes(b"did:plc:ours \xff", cx));
    assert!(bad.is_empty());
    // A lone surrogate, which JSON can write and Rust cannot hold, hides no mention.
    let lone = whole.replace("late again", "late \\ud83d again");
    assert_eq!(woken(&lone), ["mentions"]);
}
