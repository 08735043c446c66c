//! The daemon of the kill test: its configuration, its token, its process.

use super::SECRET;
use ascolto::clock::Clock;
use ascolto::store::Store;
use ascolto::store::access::{self, TokenRow};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The token of the script.
pub const TOKEN: &str = "asc_kill";

/// A daemon that can be started any number of times.
pub struct Daemon {
    /// Where its API is.
    pub address: String,
    file: PathBuf,
}

impl Daemon {
    /// Writes the configuration and makes the token.
    pub async fn prepare(
        url: &str,
        folder: &Path,
        posts: &str,
        alerts: &str,
        total: u64,
    ) -> Daemon {
        let start = Clock::System.now();
        let text = format!(
            r#"
[store]
url = "{url}"
[brand.acme]
terms = ["Acme", "acmeluce"]
handles = ["acmeluce"]
zone = "Europe/Rome"
recipients = ["room"]
[channel.flood]
network = "rehearsal"
brand = "acme"
start = "{start}"
flood = 1000
flood_total = {total}
flood_bytes = 300
complaints_in = 10
every = "1s"
url = "{posts}"
[channel.handed]
network = "ingest"
brand = "acme"
[recipient.room]
notifier = "webhook"
url = "{alerts}"
secret = "{SECRET}"
"#
        );
        let daemon = Daemon::configure(folder, &text);
        let store = Store::open(url).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let token = TokenRow {
            name: "script".to_owned(),
            scopes: "ingest read act".to_owned(),
            channel: "handed".to_owned(),
            agent: "script".to_owned(),
            added_at: start.0,
        };
        access::add_token(&mut tx, &token, &ascolto::web::token_hash(TOKEN)).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
        daemon
    }

    /// Writes a configuration; `text` is all but where the daemon listens and whom it may speak to.
    pub fn configure(folder: &Path, text: &str) -> Daemon {
        // The port is free now; nothing else on this machine asks for it in between.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = listener.local_addr().unwrap();
        drop(listener);
        let house =
            format!("[web]\nlisten = \"{listen}\"\n[fetch]\nallow_private = [\"127.0.0.1\"]\n");
        let file = folder.join("daemon.toml");
        std::fs::write(&file, format!("{house}{text}")).unwrap();
        Daemon { address: format!("http://{listen}"), file }
    }

    /// Starts it.
    pub fn spawn(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_ascolto"))
            .arg("--config")
            .arg(&self.file)
            .args(["--log", "error", "run"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary was built with the tests")
    }
}
