//! `ascolto channel add`: what it asks for, what it writes and where, and what it leaves alone.

use super::{House, Said, ascolto, said};
use crate::doubles::Server;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A house whose configuration is a folder.
pub(super) struct Folder {
    house: House,
}

impl Folder {
    pub(super) fn new() -> Folder {
        let house = House::new();
        house.also("[fetch]\nallow_private = [\"127.0.0.1\"]\n");
        std::fs::create_dir(house.path("conf")).unwrap();
        std::fs::rename(house.config(), house.path("conf/main.toml")).unwrap();
        Folder { house }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.house.path("conf").join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(super) fn run(&self, args: &[&str], stdin: &str) -> Said {
        let mut command = ascolto(args);
        command.arg("--config").arg(self.house.path("conf"));
        said(command, stdin.as_bytes())
    }

    pub(super) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.house.path("conf")).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Just enough of a Mastodon server to log in; only the token `tk_good` is known.
fn plaza() -> Router {
    let who = |headers: HeaderMap| async move {
        match headers.get("authorization").and_then(|v| v.to_str().ok()) {
            Some("Bearer tk_good") => Ok(Json(json!({ "id": "42", "username": "acme" }))),
            _ => Err(StatusCode::UNAUTHORIZED),
        }
    };
    Router::new()
        .route("/api/v1/accounts/verify_credentials", get(who))
        .route("/api/v1/instance", get(|| async { Json(json!({ "title": "plaza" })) }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_asked_for_written_and_tried() {
    let server = Server::start(plaza()).await;
    let folder = Folder::new();
    let answers = format!("{}\ntk_good\n", server.url);
    let said = folder.run(&["channel", "add", "mastodon", "--name", "piazza"], &answers);
    assert!(said.out.contains("channel piazza: the credential is good, own id 42"), "{}", said.out);
    assert!(!said.out.contains("channel api"), "only the new one is tried: {}", said.out);
    assert!(
        said.err.contains("read:notifications: Mentions and answers are heard."),
        "{}",
        said.err
    );
    assert!(!said.out.contains("tk_good") && !said.err.contains("tk_good"), "a secret is shown");
    said.good();
    let expected = format!(
        "[channel.piazza]\nnetwork = \"mastodon\"\nbrand = \"acme\"\nserver = \"{}\"\n\
         token_file = \"piazza.token\"\n",
        server.url
    );
    assert_eq!(folder.read("piazza.toml"), expected);
    assert_eq!(folder.read("piazza.token"), "tk_good\n");
    for name in ["piazza.toml", "piazza.token"] {
        let mode = std::fs::metadata(folder.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let out = folder.run(&["check"], "").good();
    assert!(out.contains("2 channels"), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_credential_is_told_and_the_channel_stays() {
    let server = Server::start(plaza()).await;
    let folder = Folder::new();
    let answers = format!("{}\ntk_bad\n", server.url);
    let said = folder.run(&["channel", "add", "mastodon"], &answers);
    assert!(said.out.contains("channel mastodon: the credential is dead"), "{}", said.out);
    assert!(said.failed(1).contains("renew the credential of mastodon"));
    assert_eq!(folder.files(), ["main.toml", "mastodon.token", "mastodon.toml"]);
}

#[test]
fn nothing_is_written_that_does_not_do() {
    let folder = Folder::new();
    let add = |args: &[&str], stdin: &str| {
        let mut line = vec!["channel", "add"];
        line.extend_from_slice(args);
        folder.run(&line, stdin)
    };
    assert!(add(&["mastodn"], "").failed(2).contains("did you mean mastodon?"));
    assert!(add(&["feed", "--name", "No/Such"], "").failed(2).contains("small letters"));
    assert!(add(&["feed", "--name", "api"], "").failed(1).contains("a channel api already"));
    assert!(add(&["feed", "--brand", "acne"], "").failed(2).contains("did you mean acme?"));
    assert!(add(&["mastodon"], "").failed(2).contains("the answers end before server"));
    assert!(add(&["mastodon"], "https://a.example\n\n").failed(2).contains("must be given"));
    let err = add(&["mastodon"], "plaza\ntk_secret\n").failed(2);
    assert!(err.contains("channel.mastodon.server: no http or https address"), "{err}");
    assert!(err.contains("nothing was written") && !err.contains("tk_secret"), "{err}");
    let err = add(&["mastodon"], "https://a.example\nfile:no-such\n").failed(2);
    assert!(err.contains("channel.mastodon.token_file: the file it names"), "{err}");
    assert_eq!(folder.files(), ["main.toml"]);

    std::fs::write(folder.path("old.token"), "precious").unwrap();
    let err = add(&["mastodon", "--name", "old"], "https://a.example\ntk\n").failed(1);
    assert!(err.contains("old.token is there already"), "{err}");
    assert_eq!(folder.read("old.token"), "precious");
}

#[test]
fn a_secret_may_lie_in_a_file_and_what_may_be_left_out_is_asked_for_with_all() {
    let folder = Folder::new();
    std::fs::write(folder.path("shared"), "tk_shared\n").unwrap();
    let args = ["channel", "add", "mastodon", "--all", "--offline", "--brand", "acme"];
    folder.run(&args, "https://a.example\nfile:shared\nacme, acmefail\n").good();
    let written = folder.read("mastodon.toml");
    assert!(
        written.ends_with("token_file = \"shared\"\nhashtags = [\"acme\", \"acmefail\"]\n"),
        "{written}"
    );
    folder.run(&["check"], "").good();

    let args = ["channel", "add", "telegram", "--all", "--offline"];
    folder.run(&args, "123456:AAb0t-token\nyes\n7\n\n").good();
    let written = folder.read("telegram.toml");
    assert!(written.ends_with("ours = true\nwait = 7\n"), "{written}");
    let args = ["channel", "add", "telegram", "--all", "--offline", "--name", "second"];
    let err = folder.run(&args, "123456:AAb0t-token\nperhaps\n").failed(2);
    assert!(err.contains("ours: write yes or no"), "{err}");
}

#[test]
fn with_one_file_the_section_is_printed_and_does_there() {
    let house = House::new();
    let before = std::fs::read_to_string(house.config()).unwrap();
    let add = house.command(&["channel", "add", "mastodon"]);
    let said = said(add, b"https://plaza.example\ntk_one\n");
    assert!(
        said.err.contains("put this section into") && said.err.contains("SIGHUP"),
        "{}",
        said.err
    );
    let section = said.good();
    assert!(
        section.starts_with("[channel.mastodon]\n") && !section.contains("tk_one"),
        "{section}"
    );
    assert_eq!(std::fs::read_to_string(house.config()).unwrap(), before, "the file is left alone");
    assert_eq!(std::fs::read_to_string(house.path("mastodon.token")).unwrap(), "tk_one\n");
    house.also(&section);
    assert!(house.run(&["check"]).good().contains("2 channels"));
}

#[test]
fn of_several_brands_one_is_asked_for() {
    let folder = Folder::new();
    std::fs::write(folder.path("other.toml"), "[brand.other]\nzone = \"UTC\"\n").unwrap();
    folder.run(&["channel", "add", "ingest", "--name", "forms"], "other\n").good();
    assert!(folder.read("forms.toml").contains("brand = \"other\""));
    folder.run(&["channel", "add", "ingest", "--name", "more"], "nobody\n").failed(2);
}
