//! `ascolto replay`: pushes recorded mentions through the whole pipeline and says how that went.

use super::failure::Failure;
use super::lines::{self, LONGEST, Line, Lines};
use super::scratch::Scratch;
use super::{Global, house, out};
use crate::app::{self, INGEST_LANE, Surroundings};
use crate::clock::{Clock, Stopwatch};
use crate::config::{self, Config};
use crate::domain::Instant;
use crate::domain::ledger::{Disposition, Share};
use crate::domain::time::MINUTE;
use crate::ids::Ids;
use crate::pipeline::replay::{Entrance, Fed, feed};
use crate::pipeline::{Deps, runner};
use crate::store::Store;
use crate::store::ledger::{self, Ledger};
use crate::wire::Heard;
use clap::Args;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bad lines are named one by one.
const NAMED: u64 = 10;

/// Push recorded mentions through the whole pipeline and say how fast it was
///
/// FILE holds one mention a line, in the JSON of the API. They go into a store of their own, which
/// is removed at the end; each is heard at the time at which it was written.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The recorded mentions
    file: PathBuf,
    /// Judge by this name whether a mention is about the brand; without it, all are
    #[arg(long, value_name = "NAME", conflicts_with = "store")]
    brand_name: Option<String>,
    /// Into the configured store, now and for good: alerts go out as configured
    #[arg(long)]
    store: bool,
    /// The ingest channel by which they enter the configured store
    #[arg(long, value_name = "CHANNEL", requires = "store")]
    channel: Option<String>,
}

impl Replay {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let file = File::open(&self.file).map_err(|e| unreadable(&self.file, &e))?;
        let mut recording = Recording::of(self.file.clone(), file);
        house::wait(async {
            tokio::select! {
                done = self.replay(global, &mut recording) => done,
                _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
            }
        })
    }

    async fn replay(&self, global: &Global, recording: &mut Recording) -> Result<(), Failure> {
        if self.store {
            let config = house::load(global)?;
            let store = house::open(&config).await?;
            let deps = app::build(&config, store.clone(), house::surroundings()).await?;
            let channel = self.entrance(&deps)?;
            let done = push(&deps, &channel, true, None, recording).await;
            store.close().await;
            return report(&done?, None);
        }
        let ids = Ids::system();
        let scratch = Scratch::make(ids.number())?;
        let config = alone(scratch.path(), self.brand_name.as_deref())?;
        let store = Store::open(config.store.url.expose()).await?;
        let told = Arc::new(AtomicU64::new(0));
        let sink = told.clone();
        let around = Surroundings {
            clock: Clock::manual(Instant(0)),
            ids,
            say: Arc::new(move |_| {
                sink.fetch_add(1, Ordering::Relaxed);
            }),
            ..Surroundings::real()
        };
        let deps = app::build(&config, store.clone(), around).await?;
        let addressed = self.brand_name.is_none();
        let done = push(&deps, "replay", addressed, Some(house::now()), recording).await;
        store.close().await;
        report(&done?, Some(told.load(Ordering::Relaxed)))
    }

    /// The channel of the configured store: the one named, or the only one that takes mentions.
    fn entrance(&self, deps: &Deps) -> Result<String, Failure> {
        let open = || deps.channels.values().filter(|c| !c.network.meta().can.poll);
        let names = open().map(|c| &c.name);
        match &self.channel {
            Some(name) if open().any(|c| c.name == *name) => Ok(name.clone()),
            Some(name) => Err(Failure::usage(format!(
                "{name} is no channel of the network ingest; {}",
                house::instead(name, names)
            ))),
            None => match names.collect::<Vec<_>>().as_slice() {
                [only] => Ok((*only).clone()),
                [] => Err(Failure::usage(
                    "no channel takes mentions; add [channel.NAME] with network = \"ingest\"",
                )),
                _ => {
                    Err(Failure::usage("more than one channel takes mentions; add --channel NAME"))
                }
            },
        }
    }
}

/// A configuration for this alone: one brand, one way in, one recipient that only counts.
fn alone(folder: &Path, brand: Option<&str>) -> Result<Config, Failure> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let text = format!(
        "[store]\nurl = {}\n[brand.replay]\ntitle = {}\nzone = \"UTC\"\nrecipients = [\"sink\"]\n\
         look_digest = []\n\
         [channel.replay]\nnetwork = \"ingest\"\nbrand = \"replay\"\n\
         [recipient.sink]\nnotifier = \"terminal\"\n",
        quoted(&format!("sqlite:{}", folder.join("replay.db").display())),
        quoted(brand.unwrap_or("the brand")),
    );
    let file = folder.join("replay.toml");
    std::fs::write(&file, text)
        .map_err(|e| Failure::outside(format!("{} cannot be written: {e}", file.display())))?;
    config::load(&file, std::iter::empty(), &app::registry()).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::usage(all.join(" "))
    })
}

fn unreadable(path: &Path, e: &std::io::Error) -> Failure {
    Failure::outside(format!("{} cannot be read: {e}", path.display()))
}

/// The mentions of a file, read as they are needed.
struct Recording {
    path: PathBuf,
    lines: Lines<BufReader<File>>,
    bad: u64,
    /// The disk failed in the middle.
    broke: Option<Failure>,
}

impl Recording {
    fn of(path: PathBuf, file: File) -> Recording {
        Recording { path, lines: Lines::new(BufReader::new(file)), bad: 0, broke: None }
    }

    fn refuse(&mut self, raw: Vec<u8>, why: String) -> Heard {
        self.bad += 1;
        if self.bad <= NAMED {
            out::say(&format!("{}:{}: {why}", self.path.display(), self.lines.number()));
        }
        Heard::Broken { raw, why }
    }
}

impl Iterator for Recording {
    type Item = Heard;

    fn next(&mut self) -> Option<Heard> {
        loop {
            match self.lines.next() {
                Ok(Some(Line::Text(text))) if text.trim().is_empty() => {}
                Ok(Some(Line::Text(text))) => {
                    return Some(match lines::parse(&text) {
                        Ok(mention) => Heard::Mention(mention),
                        Err(why) => self.refuse(text.into_bytes(), why),
                    });
                }
                Ok(Some(Line::TooLong)) => {
                    let why = format!("longer than {LONGEST} bytes; cut it");
                    return Some(self.refuse(Vec::new(), why));
                }
                Ok(None) => return None,
                Err(e) => {
                    self.broke = Some(unreadable(&self.path, &e));
                    return None;
                }
            }
        }
    }
}

/// What there is to say at the end.
struct Done {
    fed: Fed,
    bad: u64,
    intake_s: f64,
    all_s: f64,
    ledger: Ledger,
}

async fn push(
    deps: &Deps,
    channel: &str,
    addressed: bool,
    follow: Option<Instant>,
    recording: &mut Recording,
) -> Result<Done, Failure> {
    let brand = deps.channels.get(channel).and_then(|c| deps.brands.get(&c.brand));
    let brand = brand.ok_or_else(|| Failure::usage(format!("channel {channel} has no brand")))?;
    let to = Entrance { brand, channel, lane: INGEST_LANE, addressed, follow };
    let watch = Stopwatch::start();
    let fed = feed(deps, &to, &mut *recording, |fed| {
        out::progress(&format!("{} mentions stored", fed.entries));
    })
    .await?;
    if let Some(failure) = recording.broke.take() {
        return Err(failure);
    }
    let intake_s = watch.seconds();
    out::progress(&format!("{} mentions stored, now judged", fed.entries));
    runner::drain(deps).await?;
    // The log is sealed once its entries have settled.
    deps.clock.advance(MINUTE);
    runner::drain(deps).await?;
    let all_s = watch.seconds();
    out::progress("");
    let mut tx = deps.store.read().await?;
    let ledger = ledger::check(&mut tx, deps.now(), &ledger::Options::default()).await?;
    Ok(Done { fed, bad: recording.bad, intake_s, all_s, ledger })
}

fn report(done: &Done, told: Option<u64>) -> Result<(), Failure> {
    let Done { fed, bad, intake_s, all_s, ledger } = done;
    let rate = |seconds: f64| fed.entries as f64 / seconds.max(0.001);
    let i = &fed.intake;
    let mut text = format!(
        "{} mentions in {all_s:.1} s: {:.0} a second the whole way, {:.0} into the store\n\
         intake      new {}, again {}, edited {}, own {}, unreadable {}\n",
        fed.entries,
        rate(*all_s),
        rate(*intake_s),
        i.new,
        i.again,
        i.edited,
        i.own,
        i.unreadable,
    );
    text.push_str(&shares(ledger));
    if let Some(told) = told {
        text.push_str(&format!("alerts      {told} delivered\n"));
    }
    if let Some(kib) = peak_memory() {
        text.push_str(&format!("peak memory {:.1} MiB\n", kib as f64 / 1024.0));
    }
    let balance = if ledger.balanced() { "balanced" } else { "NOT balanced" };
    text.push_str(&format!("ledger      {balance}\n"));
    out::text(&text)?;
    if *bad > NAMED {
        out::say(&format!("{} more lines could not be read", bad - NAMED));
    }
    match ledger.broken.first() {
        None => Ok(()),
        Some(row) => Err(Failure::no(format!("{}: {}", row.what, row.why))),
    }
}

/// How many of the store's mentions are what, with their share.
fn shares(ledger: &Ledger) -> String {
    let all = ledger.totals.mentions;
    let line = |name: &str, n: u64| {
        let share = if all == 0 { 0.0 } else { 100.0 * n as f64 / all as f64 };
        format!("{name:<11} {n} ({share:.1} %)\n")
    };
    let counted = |s: &Share| s.due + s.in_time + s.answered_early + s.ended_early + s.baseline;
    let complaints = ledger.shares.iter().map(|b| counted(&b.complaints)).sum();
    let questions = ledger.shares.iter().map(|b| counted(&b.questions)).sum();
    let stands = |d| ledger.totals.dispositions.get(&d).copied().unwrap_or(0);
    [
        line("complaints", complaints),
        line("questions", questions),
        line("open", stands(Disposition::Open)),
        line("not owed", stands(Disposition::NotOwed)),
    ]
    .concat()
}

/// The most memory that this process has had, in KiB; `None` where the system does not tell.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
