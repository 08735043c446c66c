//! The command line from outside: what it prints, where, and with which exit code it ends.

mod acts;
mod brand;
mod channel_add;
mod check;
mod classify;
mod consent;
mod daemon;
mod demo;
mod docs;
mod eval;
mod first_look;
mod learned;
mod outside;
mod recipient;
mod replay;
mod report;
mod store;
mod tune;
mod user;

use ascolto::app::{self, INGEST_LANE, Surroundings};
use ascolto::clock::Clock;
use ascolto::config;
use ascolto::pipeline::replay::{Entrance, feed};
use ascolto::pipeline::runner;
use ascolto::store::Store;
use ascolto::wire::Heard;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// What a command said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// The output, if it ended as it should.
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// What it said on stderr, if it ended with this code.
    #[track_caller]
    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self.err
    }
}

/// The program, deaf to what the machine's environment says to it.
fn ascolto(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ascolto"));
    command.args(args).env_remove("NOTIFY_SOCKET").env("USER", "tester").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
fn said(mut command: Command, stdin: &[u8]) -> Said {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    // Beside the reading, or two full pipes would wait for each other.
    let writer = std::thread::spawn(move || drop(to.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with a configuration of one brand and one ingest channel.
struct House {
    folder: TempDir,
}

impl House {
    fn new() -> House {
        let house = House { folder: tempfile::tempdir().unwrap() };
        let url = format!("sqlite:{}", house.path("ascolto.db").display());
        house.configure(&url);
        house
    }

    fn configure(&self, url: &str) {
        let text = format!(
            "[store]\nurl = \"{url}\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
             [brand.acme]\nzone = \"Europe/Rome\"\n\
             recipients = [\"desk\"]\n[channel.api]\nnetwork = \"ingest\"\nbrand = \"acme\"\n\
             [recipient.desk]\nnotifier = \"terminal\"\n"
        );
        std::fs::write(self.config(), text).unwrap();
    }

    /// Adds to the configuration.
    fn also(&self, text: &str) {
        let before = std::fs::read_to_string(self.config()).unwrap();
        std::fs::write(self.config(), before + text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.path("ascolto.toml")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = ascolto(args);
        command.arg("--config").arg(self.config());
        command
    }

    fn run(&self, args: &[&str]) -> Said {
        said(self.command(args), b"")
    }

    /// Writes lines into the brand's section.
    fn brand(&self, lines: &str) {
        let before = std::fs::read_to_string(self.config()).unwrap();
        let with = before.replace("[brand.acme]\n", &format!("[brand.acme]\n{lines}\n"));
        std::fs::write(self.config(), with).unwrap();
    }

    /// Fills the store through the library: these texts, heard and judged now.
    fn hear(&self, texts: &[&str]) {
        self.take(texts, true);
    }

    /// The same of texts that nobody addressed to the brand.
    fn overhear(&self, texts: &[&str]) {
        self.take(texts, false);
    }

    fn take(&self, texts: &[&str], addressed: bool) {
        let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        one.block_on(async {
            let config = config::load(&self.config(), std::iter::empty(), &app::registry());
            let config = config.map_err(|p| format!("{p:?}")).unwrap();
            let store = Store::open(config.store.url.expose()).await.unwrap();
            let around = Surroundings { say: Arc::new(|_| {}), ..Surroundings::real() };
            let deps = app::build(&config, store.clone(), around).await.unwrap();
            let to = Entrance {
                brand: &deps.brands["acme"],
                channel: "api",
                lane: INGEST_LANE,
                addressed,
                follow: None,
            };
            let mentions = texts
                .iter()
                .enumerate()
                .map(|(n, text)| Heard::Mention(serde_json::from_str(&mention(n, text)).unwrap()));
            feed(&deps, &to, mentions, |_| {}).await.unwrap();
            runner::drain(&deps).await.unwrap();
            store.close().await;
        });
    }

    /// The id of the only open case.
    fn case(&self) -> String {
        let list = self.run(&["case", "list", "--json"]).good();
        let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
        assert_eq!(list.len(), 1, "{list:?}");
        list[0]["id"].as_str().unwrap().to_owned()
    }
}

/// A mention of now as a line of JSON.
fn mention(n: usize, text: &str) -> String {
    let now = Clock::System.now();
    serde_json::json!({
        "network": "forum", "external_id": n.to_string(), "kind": "post", "visibility": "public",
        "author": { "id": format!("a{n}"), "handle": format!("writer{n}") },
        "text": text, "created_at": now, "url": format!("https://forum.example/{n}"),
        "thread_id": n.to_string(),
    })
    .to_string()
}

/// A complaint that every version of the rules knows.
const COMPLAINT: &str = "Terza settimana e il pacco non è ancora arrivato, nessuno risponde";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
