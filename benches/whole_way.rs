//! The whole way against its floor: mentions through poll, triage, drafts and alerts into SQLite,
//! beside a raw prepared insert of the same bytes into the same kind of file, in the same run.
//!
//! `cargo bench --bench whole_way [-- COUNT]`; COUNT is 100,000 by default, 2 KB each, one in ten
//! a complaint that is alerted to a sink. Only the ratio means anything: it holds across machines.

use ascolto::app::{self, Surroundings};
use ascolto::clock::{Clock, Stopwatch};
use ascolto::config;
use ascolto::domain::Instant;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::ids::Ids;
use ascolto::store::{Store, ledger};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2026-11-20 08:00 in Rome.
const MORNING: Instant = Instant(1_795_158_000_000);
/// How many mentions one transaction of the floor holds, as a page of the lane does.
const PAGE: usize = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().filter_map(|a| a.parse::<u64>().ok()).next().unwrap_or(100_000);
    let folder = tempfile::tempdir()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (seconds, alerts) = runtime.block_on(whole_way(folder.path(), count))?;
    let memory = peak_memory();
    let texts = texts(&folder.path().join("whole.db"))?;
    let floor = floor(&folder.path().join("floor.db"), &texts)?;
    let (ours, raw) = (count as f64 / seconds, count as f64 / floor);
    println!(
        "{count} mentions, {} MB of text, {alerts} alerts",
        texts.iter().map(String::len).sum::<usize>() / 1_000_000
    );
    println!("whole way  {ours:>9.0} mentions a second");
    println!("raw insert {raw:>9.0} mentions a second");
    println!("ratio      {:>9.2}   (at least 0.20)", ours / raw);
    println!("peak memory of the whole way: {memory}");
    Ok(())
}

/// Sends the flood the whole way; gives the seconds it took and the alerts it rang.
async fn whole_way(folder: &Path, count: u64) -> Result<(f64, u64), Box<dyn Error>> {
    let url = format!("sqlite:{}", folder.join("whole.db").display());
    let text = format!(
        "[store]\nurl = \"{url}\"\n[brand.acme]\nterms = [\"Acme\", \"acmeluce\"]\n\
         handles = [\"acmeluce\"]\nzone = \"Europe/Rome\"\nrecipients = [\"sink\"]\n\
         storm_at = 1000000\n\
         [channel.flood]\nnetwork = \"rehearsal\"\nbrand = \"acme\"\nstart = \"{MORNING}\"\n\
         flood = 1000\nflood_total = {count}\nflood_bytes = 2000\ncomplaints_in = 10\npage = {PAGE}\n\
         [recipient.sink]\nnotifier = \"terminal\"\n"
    );
    let file = folder.join("bench.toml");
    std::fs::write(&file, text)?;
    let config = config::load(&file, std::iter::empty(), &app::registry())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
    let told = Arc::new(AtomicU64::new(0));
    let sink = told.clone();
    let clock = Clock::manual(MORNING - MINUTE);
    let around = Surroundings {
        clock: clock.clone(),
        ids: Ids::seeded(1),
        instance: "bench".to_owned(),
        hands: app::HANDS,
        say: Arc::new(move |_| {
            sink.fetch_add(1, Ordering::Relaxed);
        }),
        transport: None,
    };
    let store = Store::open(&url).await?;
    let deps = app::build(&config, store, around).await?;
    clock.advance(HOUR);
    let house = app::Running::start(Arc::new(deps));
    let watch = Stopwatch::start();
    let eye = rusqlite::Connection::open(folder.join("whole.db"))?;
    while !done(&eye, count)? {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let seconds = watch.seconds();
    house.drain().await;
    let deps = house.deps();
    let mut tx = deps.store.read().await?;
    let ledger = ledger::check(&mut tx, clock.now(), &ledger::Options::default()).await?;
    drop(tx);
    deps.store.close().await;
    if !ledger.balanced() || ledger.totals.mentions != count {
        return Err(ledger.table().into());
    }
    Ok((seconds, told.load(Ordering::Relaxed)))
}

/// Whether every mention was heard and nothing of any waits: triage, drafts, alerts.
fn done(eye: &rusqlite::Connection, count: u64) -> Result<bool, rusqlite::Error> {
    let waits = "SELECT EXISTS (SELECT 1 FROM mentions WHERE triage_due) \
                 OR EXISTS (SELECT 1 FROM cases WHERE draft_due) \
                 OR EXISTS (SELECT 1 FROM outbox WHERE due_at IS NOT NULL)";
    if eye.query_row(waits, [], |row| row.get(0))? {
        return Ok(false);
    }
    eye.query_row("SELECT COUNT(*) FROM mentions", [], |row| row.get::<_, i64>(0))
        .map(|heard| u64::try_from(heard) == Ok(count))
}

/// The texts that went the whole way.
fn texts(file: &Path) -> Result<Vec<String>, rusqlite::Error> {
    let db = rusqlite::Connection::open(file)?;
    let mut rows = db.prepare("SELECT text FROM mentions ORDER BY id")?;
    rows.query_map([], |row| row.get(0))?.collect()
}

/// The floor: the same bytes by one prepared insert, committed by pages. Gives the seconds.
fn floor(file: &Path, texts: &[String]) -> Result<f64, rusqlite::Error> {
    let db = rusqlite::Connection::open(file)?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.execute("CREATE TABLE mentions (id TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL)", [])?;
    let ids = Ids::seeded(2);
    let watch = Stopwatch::start();
    let mut insert = db.prepare("INSERT INTO mentions (id, text) VALUES (?1, ?2)")?;
    for page in texts.chunks(PAGE) {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for text in page {
            let id = ascolto::domain::MentionId(ids.next(MORNING));
            insert.execute(rusqlite::params![id.to_string(), text])?;
        }
        db.execute_batch("COMMIT")?;
    }
    Ok(watch.seconds())
}

/// The most memory that this process has held, as the system counts it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown here".to_owned(), |l| l.trim().to_owned())
}
