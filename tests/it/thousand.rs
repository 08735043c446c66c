//! A thousand mentions on three networks of others, while the daemon is killed and started again at
//! random: none missed, none twice, every gap found and closed.
//!
//! The Mastodon double, Bluesky's servers and Dovecot are no part of the daemon and live on.
//! Bluesky stands behind a proxy that now and then no longer knows where the daemon was, which
//! must open a gap and close it.

use crate::bluesky::{self, Account, Sky};
use crate::chance::Chance;
use crate::doubles::ntfy::Ntfy;
use crate::doubles::proxy::{Proxy, Say};
use crate::doubles::told;
use crate::kill::daemon::Daemon;
use crate::mail::Office;
use crate::mastodon::Mock;
use crate::scene::COMPLAINT;
use ascolto::clock::Clock;
use ascolto::store::ledger::{Ledger, Options};
use ascolto::store::{Store, lanes, ledger, mentions};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many mentions are written, how often the daemon is killed meanwhile, and how many half
/// seconds it has afterwards to hear the rest: a thousand may use up what Mastodon allows in five
/// minutes.
fn size() -> (u64, u64, u32) {
    if std::env::var_os("ASCOLTO_CAMPAIGN").is_some() { (1_000, 25, 1_400) } else { (120, 4, 360) }
}

/// The brand's mailbox, and a customer's.
const US: &str = "care-thousand@acme.example";
const JO: &str = "jo-thousand@home.example";

/// A daemon that is running; a test that fails leaves none behind.
struct Life(Child);

impl Life {
    fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it was ours");
    }

    /// Asks it to stop; tells how it ended.
    fn end(mut self) -> std::process::ExitStatus {
        let status = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(status.expect("kill is there").success());
        self.0.wait().expect("it was ours")
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The three networks, and the daemon that hears them.
struct Square {
    mock: Mock,
    sky: Sky,
    brand: Account,
    jo: Account,
    office: Office,
    ntfy: Ntfy,
    _proxy: Proxy,
    /// Bluesky is to forget where the daemon was.
    forgets: Arc<AtomicBool>,
    daemon: Daemon,
    file: PathBuf,
    store: Store,
}

impl Square {
    async fn open(folder: &Path) -> Square {
        let sky = Sky::start().await;
        let mock = Mock::start(folder).await;
        let (brand, jo) = (sky.account("acme-thousand").await, sky.account("jo-thousand").await);
        let proxy = Proxy::start(&sky.pds).await;
        let forgets = Arc::new(AtomicBool::new(false));
        let armed = forgets.clone();
        proxy.speak(move |_, path| {
            let begins = path.contains("listNotifications") && !path.contains("cursor=");
            if begins && armed.swap(false, Ordering::SeqCst) {
                let words = "the cursor is too old";
                return Say::Instead(400, json!({ "error": "InvalidRequest", "message": words }));
            }
            bluesky::stay(path)
        });
        let ntfy = Ntfy::start(None).await;
        let file = folder.join("thousand.db");
        let text = format!(
            "[store]\nurl = \"sqlite:{}\"\n\
             [brand.acme]\nterms = [\"acme\"]\nhandles = [\"brand\", \"{}\"]\n\
             zone = \"Europe/Rome\"\nrecipients = [\"phone\"]\n\
             [channel.masto]\nnetwork = \"mastodon\"\nbrand = \"acme\"\nevery = \"4s\"\n\
             server = \"{}\"\ntoken = \"brand_token\"\n\
             [channel.sky]\nbrand = \"acme\"\nevery = \"2s\"\n{}\n\
             [channel.post]\nnetwork = \"email\"\nbrand = \"acme\"\nevery = \"5s\"\n\
             address = \"{US}\"\npassword = \"{}\"\nimap = \"{}\"\nsmtp = \"{}\"\ntls = \"none\"\n\
             [recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n",
            file.display(),
            brand.handle,
            mock.url,
            sky.channel(&brand, &proxy.url).await,
            told("ASCOLTO_TEST_MAIL_PASSWORD", "mail server's password"),
            told("ASCOLTO_TEST_IMAP", "mail server"),
            told("ASCOLTO_TEST_SMTP", "mail server"),
            ntfy.url,
        );
        let daemon = Daemon::configure(folder, &text);
        let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        Square {
            mock,
            sky,
            brand,
            jo,
            office: Office::new(),
            ntfy,
            _proxy: proxy,
            forgets,
            daemon,
            file,
            store,
        }
    }

    /// Writes all mentions, each on one of the networks; gives how many stand on which.
    async fn write(&self, total: u64, mut chance: Chance) -> BTreeMap<&'static str, u64> {
        let mut written = BTreeMap::new();
        for n in 0..total {
            let words = if n % 20 == 7 { COMPLAINT } else { "Che bella giornata al parco" };
            let text = format!("{words} k{n:05}");
            let network = *chance.pick(&["Mastodon", "Bluesky", "e-mail"]);
            match network {
                "Mastodon" => {
                    self.mock.post("customer_token", &format!("@brand {text}"), None).await;
                }
                "Bluesky" => {
                    self.sky.post(&self.jo, Some(&self.brand), &text, None).await;
                }
                _ => self.office.send(JO, US, &mail(n, &text), false).await,
            }
            *written.entry(network).or_default() += 1;
            tokio::time::sleep(Duration::from_millis(chance.below(120))).await;
        }
        written
    }

    /// Lets the daemon live and kills it, again and again.
    async fn kill(&self, kills: u64, mut chance: Chance) {
        for _ in 0..kills {
            let life = Life(self.daemon.spawn());
            tokio::time::sleep(Duration::from_millis(1_500 + chance.below(3_000))).await;
            life.kill();
            if chance.one_in(3) {
                self.forgets.store(true, Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(chance.below(1_000))).await;
        }
    }

    async fn ledger(&self, verify: bool) -> Ledger {
        let mut tx = self.store.read().await.unwrap();
        let options = Options { verify, ..Options::default() };
        ledger::check(&mut tx, Clock::System.now(), &options).await.unwrap()
    }

    /// Whether all was heard and nothing is left to do.
    async fn rests(&self, total: u64) -> bool {
        let ledger = self.ledger(false).await;
        let mut tx = self.store.read().await.unwrap();
        let untriaged = mentions::backlog(&mut tx).await.unwrap();
        let mut gaps = ledger.lanes.iter().flat_map(|lane| &lane.gaps);
        ledger.totals.mentions >= total
            && untriaged == 0
            && !self.forgets.load(Ordering::SeqCst)
            && gaps.all(|gap| gap.state != "open")
    }

    /// Waits for rest, and until every lane was then read once more: what is heard twice must show.
    async fn rest(&self, total: u64, patience: u32) {
        let mut since = None;
        for _ in 0..patience {
            let mut tx = self.store.read().await.unwrap();
            let lanes = lanes::lanes(&mut tx).await.unwrap();
            drop(tx);
            if !self.rests(total).await {
                since = None;
            } else if let Some(at) = since {
                let again = |row: &lanes::LaneRow| row.finished_at.is_some_and(|end| end > at);
                if lanes.iter().all(again) {
                    return;
                }
            } else {
                since = Some(Clock::System.now().0);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("no rest in {patience} half seconds\n{}", self.ledger(false).await.table());
    }

    /// Waits, at most a minute, until every lane had its first look.
    async fn looked(&self) {
        for _ in 0..120 {
            let mut tx = self.store.read().await.unwrap();
            let lanes = lanes::lanes(&mut tx).await.unwrap();
            drop(tx);
            if lanes.len() >= 4 && lanes.iter().all(|row| row.finished_at.is_some()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        panic!("a lane had no first look within a minute\n{}", self.ledger(false).await.table());
    }

    /// How often each number stands among the mentions.
    fn heard(&self) -> BTreeMap<u64, u32> {
        let db = rusqlite::Connection::open(&self.file).unwrap();
        let mut all = db.prepare("SELECT text FROM mentions").unwrap();
        let texts = all.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let mut heard = BTreeMap::new();
        for text in texts {
            let text = text.unwrap();
            let number = text.rsplit(" k").next().and_then(|rest| rest.get(..5));
            let number = number.and_then(|digits| digits.parse::<u64>().ok());
            *heard.entry(number.unwrap_or_else(|| panic!("nobody wrote {text}"))).or_default() += 1;
        }
        heard
    }
}

fn mail(n: u64, text: &str) -> String {
    let text = text.replace('è', "=C3=A8");
    format!(
        "From: Jo <{JO}>\nTo: {US}\nSubject: Saluti\nMessage-ID: <{n}.{JO}>\n\
         MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: quoted-printable\n\n{text}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousand_figures() {
    let (total, kills, patience) = size();
    let seed = Chance::seed();
    let folder = crate::town::folder();
    let square = Square::open(folder.path()).await;
    let life = Life(square.daemon.spawn());
    square.looked().await;
    life.kill();

    let (hand, fate) = (Chance::new(seed), Chance::new(seed ^ 1));
    let (written, ()) = tokio::join!(square.write(total, hand), square.kill(kills, fate));
    // At least this once what it does then is seen to its end.
    square.forgets.store(true, Ordering::SeqCst);
    let life = Life(square.daemon.spawn());
    square.rest(total, patience).await;
    let ended = life.end();
    assert!(ended.success(), "a daemon that is asked to stop ends with {ended}");

    let ledger = square.ledger(true).await;
    assert!(ledger.balanced(), "{}", ledger.table());
    let heard = square.heard();
    let missed: Vec<u64> = (0..total).filter(|n| !heard.contains_key(n)).collect();
    let twice: Vec<_> = heard.iter().filter(|(_, times)| **times > 1).collect();
    assert!(missed.is_empty() && twice.is_empty(), "missed {missed:?}, twice {twice:?}");
    assert_eq!(ledger.totals.mentions, total);
    let gaps: Vec<_> = ledger.lanes.iter().flat_map(|lane| &lane.gaps).collect();
    assert!(!gaps.is_empty(), "what was forgotten left no gap");
    assert!(gaps.iter().all(|gap| gap.state == "closed"), "{}", ledger.table());
    println!(
        "{kills} kills (seed {seed}), {total} mentions written ({written:?}): {} missed, {} twice; \
         {} gaps found, all closed; {} alerts; ledger balanced",
        missed.len(),
        twice.len(),
        gaps.len(),
        square.ntfy.delivered().len(),
    );
    square.store.close().await;
}
