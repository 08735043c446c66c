//! Commands that speak to a network: credentials asked online, backfills, replies.

use super::House;
use crate::doubles::Server;
use ascolto::clock::Clock;
use ascolto::domain::time::HOUR;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

/// A rehearsed complaint of an hour ago in a script of its own.
fn rehearse(house: &House) {
    let start = Clock::System.now() - HOUR;
    house.also(&format!(
        "[channel.stage]\nnetwork = \"rehearsal\"\nbrand = \"acme\"\nstart = \"{start}\"\n\
         script = '''\n\
         {{\"do\":\"post\",\"at\":1,\"id\":\"p1\",\"author\":\"rosa\",\"text\":\"{}\"}}\n\
         {{\"do\":\"post\",\"at\":2,\"id\":\"p2\",\"author\":\"ugo\",\"text\":\"Grazie mille\"}}\n'''\n",
        super::COMPLAINT
    ));
}

#[test]
fn a_past_is_read_again_once() {
    let house = House::new();
    rehearse(&house);
    house.hear(&[]);
    let out = house.run(&["backfill", "--channel", "stage", "--since", "1d"]).good();
    assert!(out.starts_with("stage feed: "), "{out}");
    let again = house.run(&["backfill", "--channel", "stage", "--since", "1d"]).good();
    assert!(again.contains("stage feed: 0 new") && again.contains("0 new mentions"), "{again}");
    let err = house.run(&["backfill", "--channel", "stage", "--since", "1d", "--lane", "fed"]);
    assert!(err.failed(2).contains("did you mean feed?"));
    let out = house.run(&["channel", "poll", "stage"]).good();
    assert_eq!(out, "stage: 1 lane due now\n");
}

#[test]
fn the_draft_that_was_read_is_published_and_no_other() {
    let house = House::new();
    rehearse(&house);
    house.hear(&[]);
    let id = house.case();
    let publish = |args: &[&str]| {
        let mut line = vec!["case", "publish", &id, "--as", "anna"];
        line.extend_from_slice(args);
        house.run(&line)
    };
    let err = publish(&["--rev", "7"]).failed(1);
    assert!(err.contains("read revision 1"), "{err}");
    house.run(&["hold", "acme", "--reason", "storm"]).good();
    let err = publish(&["--rev", "1"]).failed(1);
    assert!(err.contains("ascolto resume acme"), "{err}");
    house.run(&["resume", "acme"]).good();
    let file = house.path("reply.txt");
    std::fs::write(&file, "Ci dispiace, ecco che cosa facciamo.\n").unwrap();
    let out = publish(&["--rev", "1", "--file", super::text(&file)]).good();
    assert!(out.contains("is approved"), "{out}");
    let shown = house.run(&["case", "show", &id]).good();
    for part in ["reply ", "by anna", "part 1: approved", "ecco che cosa facciamo"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let err = publish(&["--rev", "1"]).failed(1);
    assert!(err.contains("under way"), "{err}");
}

/// Just enough of a Mastodon server to log in; only the token `good` is known.
fn plaza() -> Router {
    let who = |headers: HeaderMap| async move {
        let told = headers.get("authorization").and_then(|v| v.to_str().ok());
        match told {
            Some("Bearer tk_good") => Ok(Json(json!({ "id": "42", "username": "acme" }))),
            _ => Err(StatusCode::UNAUTHORIZED),
        }
    };
    Router::new()
        .route("/api/v1/accounts/verify_credentials", get(who))
        .route("/api/v1/instance", get(|| async { Json(json!({ "title": "plaza" })) }))
}

/// Just enough of an ntfy server and of a homeserver to say that they are there.
fn services() -> Router {
    let joined = || async { Json(json!({ "joined_rooms": ["!desk:example.com"] })) };
    Router::new()
        .route("/v1/health", get(|| async { Json(json!({ "healthy": true })) }))
        .route("/_matrix/client/v3/joined_rooms", get(joined))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recipients_are_tried_where_that_tells_nobody_anything() {
    let server = Server::start(services()).await;
    let house = House::new();
    house.also("[fetch]\nallow_private = [\"127.0.0.1\"]\n");
    let room = |name: &str, room: &str| {
        house.also(&format!(
            "[recipient.{name}]\nnotifier = \"matrix\"\nserver = \"{}\"\ntoken = \"tk_good\"\n\
             room = \"{room}\"\n",
            server.url
        ));
    };
    house.also(&format!(
        "[recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n",
        server.url
    ));
    room("desk-room", "!desk:example.com");
    let out = house.run(&["check", "--online"]).good();
    for name in ["phone", "desk-room"] {
        assert!(out.contains(&format!("recipient {name}: its settings are good\n")), "{out}");
    }
    assert!(!out.contains("recipient desk:"), "a terminal is not tried: {out}");
    room("other-room", "!other:example.com");
    let said = house.run(&["check", "--online"]);
    let wrong = "recipient other-room: its settings do not do: the account has not joined";
    assert!(said.out.contains(wrong) && !said.out.contains("tk_"), "{}", said.out);
    assert!(said.failed(1).contains("other-room"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_credential_is_told_from_one_that_cannot_be_asked() {
    let server = Server::start(plaza()).await;
    let house = House::new();
    house.also("[fetch]\nallow_private = [\"127.0.0.1\"]\n");
    let channel = |name: &str, server: &str, token: &str| {
        house.also(&format!(
            "[channel.{name}]\nnetwork = \"mastodon\"\nbrand = \"acme\"\nserver = \"{server}\"\n\
             token = \"{token}\"\n"
        ));
    };
    channel("good", &server.url, "tk_good");
    let first = house.run(&["check", "--online"]).good();
    assert!(first.contains("channel good: the credential is good, own id 42\n"), "{first}");
    let kept = house.run(&["check", "--online"]).good();
    assert!(kept.contains("channel good: the credential is good, own id 42\n"), "{kept}");

    // Nobody listens on port 1.
    channel("silent", "http://127.0.0.1:1", "tk_other");
    let said = house.run(&["check", "--online"]);
    assert!(said.out.contains("channel silent: could not be asked: "), "{}", said.out);
    assert!(said.failed(3).contains("silent could not be asked"));

    channel("dead", &server.url, "tk_dead");
    let said = house.run(&["check", "--online"]);
    assert!(said.out.contains("channel dead: the credential is dead: "), "{}", said.out);
    assert!(!said.out.contains("tk_") && !said.err.contains("tk_"));
    assert!(said.failed(1).contains("renew the credential of dead"));
}
