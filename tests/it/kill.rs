//! The kill test: a daemon under load is killed again and again, and nothing is lost or doubled.
//!
//! The daemon is a process of its own; posts and alerts go to doubles in this one, which no kill
//! reaches. A script hands over mentions and publishes replies through the API all the while.

pub mod daemon;
mod script;

use crate::chance::Chance;
use crate::doubles::posts::Posts;
use crate::doubles::trouble::Trouble;
use crate::doubles::webhook::Receiver;
use ascolto::clock::Clock;
use ascolto::domain::Instant;
use ascolto::store::{Store, ledger, mentions, outbox, replies};
use daemon::Daemon;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How often the daemon is killed.
fn kills() -> u64 {
    if std::env::var_os("ASCOLTO_CAMPAIGN").is_some() { 50 } else { 5 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_figures_sqlite() {
    let folder = crate::town::folder();
    let url = format!("sqlite:{}", folder.path().join("kill.db").display());
    survive("SQLite", &url, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_figures_postgres() {
    let folder = crate::town::folder();
    let cluster = std::env::var("ASCOLTO_TEST_POSTGRES")
        .expect("ASCOLTO_TEST_POSTGRES names no PostgreSQL; run the tests by ./tests/run");
    let admin = sqlx::PgPool::connect(&cluster).await.unwrap();
    let name = format!("kill_{}", std::process::id());
    let run = |sql: String| sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&admin);
    run(format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) = cluster.rsplit_once('/').unwrap();
    survive("PostgreSQL", &format!("{server}/{name}"), folder.path()).await;
    run(format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
}

async fn survive(what: &str, url: &str, folder: &std::path::Path) {
    let seed = Chance::seed();
    let posts = Posts::start(Clock::System).await;
    posts.script.round([
        None,
        Some(Trouble::CutAfter),
        None,
        Some(Trouble::FailAfter),
        None,
        Some(Trouble::Late(Duration::from_millis(200))),
        None,
    ]);
    let alerts = Receiver::start(SECRET, Clock::System).await;
    let kills = kills();
    // The flood ends by itself a little before the last start, so that the end is a state of rest.
    let total = 1_000 * 3 * kills;
    let daemon = Daemon::prepare(url, folder, &posts.url, &alerts.url, total).await;
    let mut script = script::Script::start(daemon.address.clone());
    let mut chance = Chance::new(seed);
    let mut lived = Duration::ZERO;
    for _ in 0..kills {
        let life = Duration::from_millis(2_500 + chance.below(3_500));
        let mut process = daemon.spawn();
        tokio::time::sleep(life).await;
        process.kill().expect("it runs");
        process.wait().expect("it was ours");
        lived += life;
    }
    let mut process = daemon.spawn();
    let store = Store::open(url).await.unwrap();
    heard(&store, total).await;
    // The script goes on a while against a daemon that lives.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let accepted = script.stop().await;
    rest(&store).await;
    let status =
        std::process::Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(status.expect("kill is there").success());
    let ended = process.wait().expect("it was ours");
    assert!(ended.success(), "a daemon that is asked to stop ends with {ended}");
    account(what, &store, &posts, &alerts, &accepted, total, kills, seed, lived).await;
    store.close().await;
}

/// Waits, at most three minutes, until the whole flood was heard.
async fn heard(store: &Store, total: u64) {
    for _ in 0..360 {
        let mut tx = store.read().await.unwrap();
        let ledger = ledger::check(&mut tx, Instant(0), &ledger::Options::default()).await.unwrap();
        if ledger.totals.mentions >= total {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the flood was not heard to its end within three minutes");
}

/// Waits, at most three minutes, until nothing is left to do.
async fn rest(store: &Store) {
    for _ in 0..360 {
        let mut tx = store.read().await.unwrap();
        let waiting = outbox::waiting(&mut tx).await.unwrap();
        let untriaged = mentions::backlog(&mut tx).await.unwrap();
        let parts = replies::next_due(&mut tx).await.unwrap();
        drop(tx);
        // A part of which nobody knows is looked for over twelve minutes; that is a state of rest.
        let soon = Clock::System.now() + 10_000;
        if waiting == 0 && untriaged == 0 && parts.is_none_or(|at| at > soon) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the daemon did not come to rest within three minutes");
}

async fn account(
    what: &str,
    store: &Store,
    posts: &Posts,
    alerts: &Receiver,
    accepted: &script::Accepted,
    total: u64,
    kills: u64,
    seed: u64,
    lived: Duration,
) {
    let mut tx = store.read().await.unwrap();
    let options = ledger::Options { verify: true, ..ledger::Options::default() };
    let ledger = ledger::check(&mut tx, Clock::System.now(), &options).await.unwrap();
    assert!(ledger.balanced(), "{}", ledger.table());
    assert_eq!(
        ledger.totals.mentions,
        total + accepted.mentions.len() as u64,
        "an accepted mention is lost, or one is there twice"
    );

    let mut standing: BTreeMap<(String, String), u32> = BTreeMap::new();
    for post in posts.standing() {
        *standing.entry((post.parent, post.text)).or_default() += 1;
    }
    let twice: Vec<_> = standing.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "posted twice: {twice:?}");
    let mut keys = BTreeSet::new();
    for asked in posts.log.all() {
        let fresh = keys.insert(asked.post.key.clone());
        assert!(fresh || !asked.stands, "the key {} was carried out again", asked.post.key);
    }

    let delivered: BTreeSet<String> = alerts.delivered().into_iter().collect();
    let all = outbox::newest(&mut tx, 1_000_000).await.unwrap();
    let sent: Vec<_> = all.iter().filter(|a| a.state == "sent").collect();
    for alert in &sent {
        let id: String = alert
            .key
            .chars()
            .map(
                |c| if c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-') { c } else { '_' },
            )
            .collect();
        assert!(delivered.contains(&id), "alert {} says sent and never arrived", alert.key);
    }
    assert!(all.iter().all(|a| matches!(a.state.as_str(), "sent" | "silent")), "an alert is left");
    println!(
        "{what}: {kills} kills (seed {seed}), {} mentions heard, {:.0} a second while alive, {} handed over and \
         none lost; {} replies approved, {} posts stand, none twice; {} alerts sent, {} deliveries, every one with its key; ledger balanced",
        ledger.totals.mentions,
        ledger.totals.mentions as f64 / lived.as_secs_f64(),
        accepted.mentions.len(),
        accepted.replies,
        standing.len(),
        sent.len(),
        alerts.delivered().len(),
    );
}
