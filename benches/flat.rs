//! Whether the scan for due cases and the list of open ones take as long among a million cases as
//! among ten thousand.
//!
//! `cargo bench --bench flat`: on SQLite, and on PostgreSQL where `ASCOLTO_TEST_POSTGRES` names a
//! cluster whose database may be filled. Only the ratio means anything: it holds across machines.

use ascolto::clock::Stopwatch;
use ascolto::domain::Instant;
use ascolto::domain::time::MINUTE;
use ascolto::store::inbox::{self, Filter};
use ascolto::store::{Store, cases};
use sqlx::{AssertSqlSafe, PgPool};
use std::error::Error;

/// How many cases there are; one in a hundred is owed an answer.
const COUNTS: [i64; 2] = [10_000, 1_000_000];
/// 2026-11-20 08:00 in Rome.
const NOW: Instant = Instant(1_795_158_000_000);
/// Medians of so many rounds are compared.
const ROUNDS: usize = 401;
/// As many as one step takes, and as one page of the list shows.
const DUE: i64 = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let file =
            |count: i64| format!("sqlite:{}", folder.path().join(format!("{count}.db")).display());
        compare("SQLite", COUNTS.map(file)).await?;
        match std::env::var("ASCOLTO_TEST_POSTGRES") {
            Ok(url) => {
                let (server, _) = url.rsplit_once('/').ok_or("the address names no database")?;
                let named = |count: i64| format!("{server}/flat_{count}");
                for count in COUNTS {
                    run(&url, format!("DROP DATABASE IF EXISTS flat_{count}")).await?;
                    run(&url, format!("CREATE DATABASE flat_{count}")).await?;
                }
                compare("PostgreSQL", COUNTS.map(named)).await
            }
            Err(_) => {
                println!("PostgreSQL: ASCOLTO_TEST_POSTGRES names none");
                Ok(())
            }
        }
    })
}

/// Times both questions in both stores, round by round in turns.
async fn compare(name: &str, urls: [String; 2]) -> Result<(), Box<dyn Error>> {
    let mut stores = Vec::new();
    for (url, count) in urls.iter().zip(COUNTS) {
        let store = Store::open(url).await?;
        fill(url, count).await?;
        stores.push(store);
    }
    let mut took = [[const { Vec::new() }; 2], [const { Vec::new() }; 2]];
    let open = Filter { state: "open".to_owned(), ..Filter::default() };
    for _ in 0..ROUNDS {
        for (store, took) in stores.iter().zip(&mut took) {
            let watch = Stopwatch::start();
            let due = cases::take_due(&mut store.begin().await?, NOW, DUE).await?;
            took[0].push(watch.seconds());
            let watch = Stopwatch::start();
            let page = inbox::by_urgency(&mut store.read().await?, &open, DUE, 0).await?;
            took[1].push(watch.seconds());
            assert!(due.len() == DUE as usize && page.len() == DUE as usize);
        }
    }
    for (question, what) in ["due scan", "open cases"].into_iter().enumerate() {
        let [few, many] = [0, 1].map(|store| median(&mut took[store][question]) * 1e6);
        println!(
            "{name:<10} {what:<10} {few:>7.0} µs of {}, {many:>7.0} µs of {}: ratio {:.2} (below 1.5)",
            COUNTS[0],
            COUNTS[1],
            many / few
        );
    }
    Ok(())
}

/// One case in a hundred is owed an answer; every second of these is due.
async fn fill(url: &str, count: i64) -> Result<(), Box<dyn Error>> {
    let now = NOW.0;
    let owed = "i % 100 = 0";
    let at = format!("{now} + (i % 200 - 50) * {MINUTE}");
    let sql = format!(
        "INSERT INTO cases (id, brand, channel, network, origin, thread, author, author_handle, \
         author_name, opened_at, told_at, state, attention, owing, severity, deadline, due_at, \
         due_kind, class, urgent_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         SELECT '0000000000000000000' || CAST(1000000 + i AS TEXT), 'acme', 'masto', 'mastodon', \
         '', CAST(i AS TEXT), 'a', '', '', {now}, {now}, \
         CASE WHEN {owed} THEN 'waiting' ELSE 'answered' END, 'free', \
         CASE WHEN {owed} THEN 'complaint' END, 2, CASE WHEN {owed} THEN {at} END, \
         CASE WHEN {owed} THEN {at} END, CASE WHEN {owed} THEN 'overdue' END, \
         CASE WHEN {owed} THEN 0 ELSE 4 END, {at} FROM n"
    );
    run(url, sql).await?;
    run(url, "ANALYZE".to_owned()).await
}

/// Runs SQL by hand, past the store.
async fn run(url: &str, sql: String) -> Result<(), Box<dyn Error>> {
    if let Some(file) = url.strip_prefix("sqlite:") {
        rusqlite::Connection::open(file)?.execute_batch(&sql)?;
    } else {
        let pool = PgPool::connect(url).await?;
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await?;
        pool.close().await;
    }
    Ok(())
}

fn median(all: &mut [f64]) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
