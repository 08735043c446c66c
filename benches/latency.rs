//! How long after a mention was committed its alert is at the recipient: a thousand mentions a second
//! of the rehearsal network, one in ten a complaint, into SQLite, with all loops running.
//!
//! `cargo bench --bench latency [-- SECONDS]`; SECONDS is 20 by default. The recipient is a webhook on
//! loopback that takes a seeded time to answer. Others post to it directly meanwhile, as often as
//! alerts come: what they wait is its own latency. Only the ratio means anything: it holds across
//! machines.

use ascolto::app::{self, Surroundings};
use ascolto::clock::{Clock, Stopwatch};
use ascolto::config;
use ascolto::domain::{Instant, Mention};
use ascolto::ids::Ids;
use ascolto::networks;
use ascolto::pipeline::{Deps, handed};
use ascolto::store::{Store, mentions, outbox};
use ascolto::wire::{Ctx, Got, Heard, Step};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// 2026-11-20 08:00 in Rome, where the rehearsal begins; each mention is written when it is heard.
const MORNING: Instant = Instant(1_795_158_000_000);
/// Mentions a second.
const RATE: u64 = 1_000;
/// How many are handed over at once: ten times a second.
const PAGE: u64 = 100;
/// One mention in so many complains.
const COMPLAINTS_IN: u64 = 10;
/// What was committed in the first seconds fills caches and connections, and is not counted.
const WARM: f64 = 2.0;
/// So long, in seconds, the last alerts may take.
const PATIENCE: f64 = 30.0;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().filter_map(|a| a.parse::<u64>().ok()).next().unwrap_or(20);
    let pages = pages(seconds.clamp(5, 600))?;
    app::install_tls();
    let folder = tempfile::tempdir()?;
    // The sink and who asks it directly have a thread of their own: what they measure is not ours.
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let sink = Arc::new(Sink {
        chance: Ids::seeded(1),
        watch: Stopwatch::start(),
        alerts: Mutex::default(),
    });
    let address = serve(&outside, sink.clone())?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let run = runtime.block_on(run(folder.path(), &outside, &address, &sink, pages))?;
    run.tell(&sink);
    Ok(())
}

/// The recipient.
struct Sink {
    chance: Ids,
    /// The clock of the whole run.
    watch: Stopwatch,
    /// Of which post an alert came, and when, in seconds.
    alerts: Mutex<Vec<(String, f64)>>,
}

impl Sink {
    /// Takes its time, like a service elsewhere: 60 to 180 ms, and one time in fifty 400 ms.
    async fn think(&self) {
        let number = self.chance.number();
        let ms = if number.is_multiple_of(50) { 400 } else { 60 + (number >> 32) % 121 };
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    fn alerts(&self) -> Vec<(String, f64)> {
        self.alerts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Starts the sink on a free port; gives its address.
fn serve(outside: &Runtime, sink: Arc<Sink>) -> Result<String, Box<dyn Error>> {
    let listener = outside.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = format!("http://{}", listener.local_addr()?);
    let router =
        Router::new().route("/alerts", post(take)).route("/direct", post(answer)).with_state(sink);
    outside.spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Takes an alert.
async fn take(State(sink): State<Arc<Sink>>, body: Bytes) -> StatusCode {
    let at = sink.watch.seconds();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(url) = body["data"]["case"]["url"].as_str() {
        let mut alerts = sink.alerts.lock().unwrap_or_else(PoisonError::into_inner);
        alerts.push((url.to_owned(), at));
    }
    sink.think().await;
    StatusCode::NO_CONTENT
}

/// Answers whoever asks directly.
async fn answer(State(sink): State<Arc<Sink>>, _body: Bytes) -> StatusCode {
    sink.think().await;
    StatusCode::NO_CONTENT
}

/// Posts bodies of an alert's size to the sink, so many, as often as alerts come; gives how long it
/// took to answer, in seconds.
async fn ask(url: String, count: u64) -> Result<Vec<f64>, reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut turns = tokio::time::interval(Duration::from_millis(1_000 * COMPLAINTS_IN / RATE));
    let mut asked = JoinSet::new();
    for _ in 0..count {
        turns.tick().await;
        let request = client.post(&url).body("x".repeat(3_000));
        asked.spawn(async move {
            let watch = Stopwatch::start();
            let answer = request.send().await.and_then(reqwest::Response::error_for_status);
            answer.map(|_| watch.seconds())
        });
    }
    asked.join_all().await.into_iter().collect()
}

/// What the rehearsal network tells in so many seconds, in pages as they are handed over.
fn pages(seconds: u64) -> Result<Vec<Vec<Mention>>, Box<dyn Error>> {
    let network = networks::network("rehearsal").ok_or("there is no rehearsal network")?;
    let table: toml::Table = format!(
        "start = \"{MORNING}\"\nflood = {RATE}\nflood_total = {}\nflood_bytes = 300\n\
         complaints_in = {COMPLAINTS_IN}\npage = {PAGE}\n",
        seconds * RATE
    )
    .parse()?;
    let settings = network.settings(&table).map_err(|fault| fault.why)?;
    let now = MORNING + i64::try_from(seconds * 1_000)?;
    let cx = Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 };
    let lane = network.lanes(&cx).into_iter().next().ok_or("the rehearsal has no lane")?;
    let mut walk = network.listen(&lane, None, None, &cx);
    let mut pages = Vec::new();
    while let Step::Ask(asks) = walk.start(&cx) {
        let tag = asks.first().map_or(0, |ask| ask.tag);
        if let Step::Page(page) = walk.read(tag, Got::Said, &cx).map_err(|fault| fault.why)? {
            let mentions = page.heard.into_iter().filter_map(|heard| match heard {
                Heard::Mention(mention) => Some(mention),
                _ => None,
            });
            pages.push(mentions.collect());
        }
    }
    Ok(pages)
}

/// What a run showed.
struct Run {
    /// When each post was committed, in seconds by the sink's clock.
    committed: HashMap<String, f64>,
    /// When the first page was due.
    began: f64,
    /// How long handing over took, in seconds.
    took: f64,
    /// How many alerts have not gone when patience ended.
    waiting: i64,
    /// How long the sink took to answer who asked directly, in seconds.
    direct: Vec<f64>,
}

/// Builds the house, hands the pages over at their times, and waits for the last alert.
async fn run(
    folder: &Path,
    outside: &Runtime,
    address: &str,
    sink: &Sink,
    pages: Vec<Vec<Mention>>,
) -> Result<Run, Box<dyn Error>> {
    let house = build(folder, address).await?;
    let (deps, watch) = (house.deps().clone(), sink.watch);
    let count = pages.iter().map(Vec::len).sum::<usize>() as u64 / COMPLAINTS_IN;
    let direct = outside.spawn(ask(format!("{address}/direct"), count));
    let mut committed = HashMap::new();
    let began = watch.seconds();
    let mut due = began;
    for page in pages {
        due += page.len() as f64 / RATE as f64;
        let wait = (due - watch.seconds()).max(0.0);
        tokio::time::sleep(Duration::from_secs_f64(wait)).await;
        let urls: Vec<String> = page.iter().map(|mention| mention.url.clone()).collect();
        hand_over(&deps, page).await?;
        let at = watch.seconds();
        committed.extend(urls.into_iter().map(|url| (url, at)));
    }
    let took = watch.seconds() - began;
    let waiting = loop {
        let mut tx = deps.store.read().await?;
        let untriaged = mentions::backlog(&mut tx).await?;
        let waiting = outbox::waiting(&mut tx).await?;
        drop(tx);
        if (untriaged == 0 && waiting == 0) || watch.seconds() > began + took + PATIENCE {
            break waiting;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let direct = direct.await??;
    house.stop().await;
    Ok(Run { committed, began, took, waiting, direct })
}

/// The house with its loops, whose brand is told at the sink.
async fn build(folder: &Path, address: &str) -> Result<app::Running, Box<dyn Error>> {
    let url = format!("sqlite:{}", folder.join("latency.db").display());
    // No storm: each complaint is told by itself.
    let text = format!(
        "[store]\nurl = \"{url}\"\n[fetch]\nallow_private = [\"127.0.0.1\"]\n\
         [brand.acme]\nterms = [\"Acme\", \"acmeluce\"]\nhandles = [\"acmeluce\"]\n\
         zone = \"Europe/Rome\"\nrecipients = [\"sink\"]\nstorm_at = 1000000\n\
         [channel.handed]\nnetwork = \"ingest\"\nbrand = \"acme\"\n\
         [recipient.sink]\nnotifier = \"webhook\"\nurl = \"{address}/alerts\"\nsecret = \"{SECRET}\"\n"
    );
    let file = folder.join("latency.toml");
    std::fs::write(&file, text)?;
    let config = config::load(&file, std::iter::empty(), &app::registry())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
    let around = Surroundings {
        clock: Clock::System,
        ids: Ids::seeded(1),
        instance: "bench".to_owned(),
        hands: app::HANDS,
        say: Arc::new(|_| {}),
        transport: None,
    };
    let deps = app::build(&config, Store::open(&url).await?, around).await?;
    Ok(app::Running::start(Arc::new(deps)))
}

/// Hands mentions over as the API does, in one transaction.
async fn hand_over(deps: &Deps, mut page: Vec<Mention>) -> Result<(), Box<dyn Error>> {
    let now = deps.now();
    for mention in &mut page {
        mention.created_at = now;
    }
    let (brand, channel) = (&deps.brands["acme"], &deps.channels["handed"]);
    let mut tx = deps.store.begin().await?;
    let (_, stored) = handed::store(deps, &mut tx, brand, channel, page, now).await?;
    tx.commit().await?;
    deps.heard(stored);
    deps.tell([]);
    Ok(())
}

impl Run {
    fn tell(mut self, sink: &Sink) {
        // Of a post that was told twice the first alert counts: the other is a repeat.
        let mut received: BTreeMap<String, f64> = BTreeMap::new();
        for (url, at) in sink.alerts() {
            let first = received.entry(url).or_insert(at);
            *first = first.min(at);
        }
        let count = self.committed.len();
        println!(
            "{count} mentions in {:.1} s: {:.0} a second; {} alerts came, {} still waited",
            self.took,
            count as f64 / self.took,
            received.len(),
            self.waiting
        );
        let warm = self.began + WARM;
        let mut ours: Vec<f64> = received
            .iter()
            .filter_map(|(url, at)| Some((self.committed.get(url)?, at)))
            .filter(|(committed, _)| **committed >= warm)
            .map(|(committed, at)| at - committed)
            .collect();
        let [p50, p99] = percentiles(&mut ours);
        let [own50, own99] = percentiles(&mut self.direct);
        println!("commit to sink   p50 {p50:>6.0} ms   p99 {p99:>6.0} ms");
        println!("the sink's own   p50 {own50:>6.0} ms   p99 {own99:>6.0} ms");
        println!(
            "ratio            p50 {:>6.2}      p99 {:>6.2}   (at most 5)",
            p50 / own50,
            p99 / own99
        );
    }
}

/// The median and the 99th percentile, in milliseconds.
fn percentiles(all: &mut [f64]) -> [f64; 2] {
    all.sort_by(f64::total_cmp);
    [50, 99].map(|share| {
        let at = (all.len() * share / 100).min(all.len().saturating_sub(1));
        all.get(at).map_or(f64::NAN, |seconds| seconds * 1_000.0)
    })
}
