//! `ascolto user`: agents and tokens.

use super::{House, said};
use ascolto::web::password;

#[test]
fn an_agent_is_added_listed_and_removed() {
    let house = House::new();
    let add = house.command(&["user", "add", "anna", "--role", "lead", "--password-stdin"]);
    said(add, b"correct horse battery\n").good();
    let db = rusqlite::Connection::open(house.path("ascolto.db")).unwrap();
    let hash: String = db.query_row("SELECT password FROM agents", [], |r| r.get(0)).unwrap();
    assert!(password::fits("correct horse battery", &hash), "the line break is no part of it");
    let made = house.run(&["user", "add", "bea", "--language", "en"]).good();
    assert!(made.trim_end().len() >= 20, "{made}");
    let list = house.run(&["user", "list"]).good();
    assert!(list.contains("anna") && list.contains("lead") && list.contains("bea"), "{list}");
    assert!(!list.contains("argon2"), "{list}");
    let err = house.run(&["user", "add", "anna"]).failed(1);
    assert!(err.contains("there is an agent anna already"), "{err}");
    house.run(&["user", "remove", "anna"]).good();
    house.run(&["user", "remove", "anna"]).failed(1);
    let short = house.command(&["user", "add", "cleo", "--password-stdin"]);
    assert!(said(short, b"short\n").failed(2).contains("choose a longer one"));
    house.run(&["user", "add", "two\nlines"]).failed(2);
    assert!(house.run(&["user", "add", "link:desk"]).failed(2).contains("choose another"));
    house.run(&["user", "add", "dora", "--language", "xx"]).failed(2);
}

#[test]
fn a_token_is_shown_once_and_kept_as_a_hash() {
    let house = House::new();
    house.run(&["user", "add", "anna"]).good();
    let token = |args: &[&str]| {
        let mut line = vec!["user", "token", "shop", "--scopes"];
        line.extend_from_slice(args);
        house.run(&line)
    };
    let err = token(&["ingest"]).failed(2);
    assert!(err.contains("--channel"), "{err}");
    assert!(token(&["ingest", "--channel", "apo"]).failed(2).contains("did you mean api?"));
    assert!(token(&["act", "--agent", "ann"]).failed(2).contains("did you mean anna?"));
    let made = token(&["act,ingest", "--channel", "api", "--agent", "anna"]).good();
    assert!(made.starts_with("asc_"), "{made}");
    assert!(token(&["read"]).failed(1).contains("there is a token shop already"));
    let list = house.run(&["user", "list", "--json"]).good();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["tokens"][0]["scopes"], "ingest act");
    let bytes = std::fs::read(house.path("ascolto.db")).unwrap();
    let secret = made.trim_end().as_bytes();
    assert!(!bytes.windows(secret.len()).any(|w| w == secret), "only its hash is stored");
    house.run(&["user", "remove", "--token", "shop"]).good();
    house.run(&["user", "remove", "shop"]).failed(1);
}
