//! Settings: the table of keys and the type that is read agree, and what is wrong is refused.

use ascolto::networks::{NETWORKS, manual};
use ascolto::wire::{App, Given, Key, KeyKind, Network};
use std::collections::BTreeSet;

fn table(keys: impl IntoIterator<Item = &'static Key>) -> toml::Table {
    let text: String =
        keys.into_iter().map(|key| format!("{} = {}\n", key.name, key.example)).collect();
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refusal(network: &dyn Network, table: &toml::Table) -> String {
    match network.settings(table) {
        Ok(_) => panic!("{} takes {table}", network.meta().name),
        Err(fault) => format!("{} {}", fault.key, fault.why),
    }
}

#[test]
fn every_example_parses() {
    for network in NETWORKS {
        let keys = network.meta().keys;
        assert!(network.settings(&table(keys)).is_ok(), "{}", network.meta().name);
        let required = || keys.iter().filter(|key| key.required);
        assert!(network.settings(&table(required())).is_ok(), "{}", network.meta().name);
        for key in keys.iter().filter(|key| !key.required) {
            let one = table(required().chain([key]));
            assert!(network.settings(&one).is_ok(), "{} {}", network.meta().name, key.name);
        }
    }
}

#[test]
fn missing_keys_are_named() {
    for network in NETWORKS {
        let keys = network.meta().keys;
        for key in keys.iter().filter(|key| key.required) {
            let without = table(keys.iter().filter(|other| other.name != key.name));
            let why = refusal(*network, &without);
            assert!(why.contains(key.name), "{}: {why}", network.meta().name);
        }
    }
}

#[test]
fn unknown_keys_are_refused_and_the_known_ones_are_those_of_the_table() {
    for network in NETWORKS {
        let keys = network.meta().keys;
        if keys.is_empty() {
            continue;
        }
        let mut with = table(keys);
        with.insert("zzz".to_owned(), toml::Value::Boolean(true));
        let why = refusal(*network, &with);
        // serde names the fields of the type: "unknown field `zzz`, expected one of `a`, `b`".
        let (_, known) = why.split_once("expected").unwrap_or_else(|| panic!("{why}"));
        let known: BTreeSet<&str> = known.split('`').skip(1).step_by(2).collect();
        let described: BTreeSet<&str> = keys.iter().map(|key| key.name).collect();
        assert_eq!(known, described, "{}", network.meta().name);
    }
}

#[test]
fn a_consent_page_asks_for_what_the_manual_grants_and_fills_a_key() {
    let mut seen = 0;
    for network in NETWORKS {
        let Some(consent) = network.consent() else { continue };
        let (meta, name) = (network.meta(), network.meta().name);
        let kind = |key: &str| meta.keys.iter().find(|k| k.name == key).map(|k| k.kind);
        assert_eq!(kind(consent.key), Some(KeyKind::Secret), "{name}");
        if let App::Registered { id, secret } = consent.app {
            assert_eq!(kind(id), Some(KeyKind::Text), "{name}");
            assert_eq!(kind(secret), Some(KeyKind::Secret), "{name}");
            assert!(consent.before.contains("{address}"), "{name} says where to enter the address");
        }
        let grants = &manual(name).expect("every network has one").grants;
        for scope in consent.scopes {
            let named = |name: &str| name.split(", ").any(|part| part == *scope);
            assert!(grants.iter().any(|grant| named(&grant.name)), "{name}: {scope}");
        }
        let given = Given::new(table(meta.keys), meta.keys);
        for address in [consent.page, consent.token] {
            let url = address.by(&given).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(url.scheme(), "https", "{name}: {url}");
        }
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn wrong_values_are_refused_with_a_remedy() {
    for (name, wrong) in [
        ("mastodon", "server = \"https://u:p@s.example\"\ntoken = \"t\""),
        ("mastodon", "server = \"ftp://s.example\"\ntoken = \"t\""),
        ("mastodon", "server = \"https://s.example\"\ntoken = \"\""),
        ("mastodon", "server = \"https://s.example\"\ntoken = \"a\\nb\""),
        ("mastodon", "server = \"https://s.example\"\ntoken = \"t\"\nhashtags = [\"a b\"]"),
        (
            "bluesky",
            "service = \"https://u:p@s.example\"\nhandle = \"a.example\"\napp_password = \"p\"",
        ),
        ("bluesky", "handle = \"acme\"\napp_password = \"p\""),
        ("bluesky", "handle = \"me@acme.example\"\napp_password = \"p\""),
        ("bluesky", "handle = \"a.example\"\napp_password = \"\""),
        ("bluesky", "handle = \"a.example\"\napp_password = \"p\"\nsearch = [\" \"]"),
        ("x", "handle = \"a b\"\ntoken = \"t\""),
        ("x", "handle = \"acme\"\ntoken = \"\""),
        ("x", "handle = \"acme\"\ntoken = \"t\"\nrefresh_token = \"\""),
        ("x", "handle = \"acme\"\ntoken = \"t\"\nsearch = [\" \"]"),
        ("x", "handle = \"acme\"\ntoken = \"t\"\nbudget_reads = 10"),
        ("x", "handle = \"acme\"\ntoken = \"t\"\nfields = \"toots\""),
        ("x", "handle = \"acme\"\ntoken = \"t\"\napi = \"https://u:p@x.example\""),
        ("facebook", "page = \"acme\"\ntoken = \"t\""),
        ("facebook", "page = \"7\"\ntoken = \"a b\""),
        ("facebook", "page = \"7\"\ntoken = \"t\"\napp_secret = \"\""),
        ("facebook", "page = \"7\"\ntoken = \"t\"\nverify_token = \"\""),
        ("facebook", "page = \"7\"\ntoken = \"t\"\ndays = 0"),
        ("facebook", "page = \"7\"\ntoken = \"t\"\nversion = \"26\""),
        ("facebook", "page = \"7\"\ntoken = \"t\"\napi = \"https://u:p@g.example\""),
        ("instagram", "account = \"@acme\"\ntoken = \"t\""),
        ("instagram", "account = \"7\"\ntoken = \"\""),
        ("instagram", "account = \"7\"\ntoken = \"t\"\ndays = 400"),
        ("instagram", "account = \"7\"\ntoken = \"t\"\nreply_limit = 3"),
        ("instagram", "account = \"7\"\ntoken = \"t\"\nreply_limit = -3"),
        (
            "google_business",
            "location = \"445566\"\nclient_id = \"c\"\nclient_secret = \"s\"\n\
             refresh_token = \"r\"",
        ),
        (
            "google_business",
            "location = \"accounts/1/locations/2\"\nclient_id = \"c\"\n\
             client_secret = \"s\"\nrefresh_token = \"\"",
        ),
        (
            "google_business",
            "location = \"accounts/1/locations/2\"\nclient_id = \"c\"\n\
             client_secret = \"s\"\nrefresh_token = \"r\"\napi = \"https://u:p@g.example\"",
        ),
        (
            "reddit",
            "username = \"a b\"\nclient_id = \"c\"\nclient_secret = \"s\"\n\
             refresh_token = \"r\"",
        ),
        (
            "reddit",
            "username = \"acme\"\nclient_id = \"c\"\nclient_secret = \"s\"\n\
             refresh_token = \"r\"\nhome = [\"acme\"]\nsubreddits = [\"r/Acme\"]",
        ),
        (
            "reddit",
            "username = \"acme\"\nclient_id = \"c\"\nclient_secret = \"s\"\n\
             refresh_token = \"r\"\nsite = \"https://u:p@r.example\"",
        ),
        ("telegram", "token = \"700100\""),
        ("telegram", "token = \"700100:a b\""),
        ("telegram", "token = \"700100:a\"\nwait = 60"),
        ("telegram", "token = \"700100:a\"\napi = \"https://u:p@t.example\""),
        ("feed", "url = \"file:///etc/passwd\""),
        ("feed", "url = \"https://a.example/\"\nlanguage = \"klingon\""),
        ("ingest", "reply_limit = 3"),
        ("ingest", "reply_limit = -3"),
    ] {
        let network = ascolto::networks::network(name).unwrap();
        let why = refusal(network, &wrong.parse().unwrap());
        assert!(why.len() > 10, "{name}: {why}");
        assert!(!why.contains("u:p@"), "{why}");
    }
}
