//! A month's budget: the plan makes it last, and when it is used up all the same, that is told once.

use crate::doubles::place::{BARE, NOTHING, Place};
use crate::town::{around, noted};
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config::{self, Registry};
use ascolto::domain::Instant;
use ascolto::domain::time::{DAY, HOUR};
use ascolto::pipeline::{Deps, runner};
use ascolto::store::{Store, buckets, lanes, outbox};
use ascolto::wire::{
    Ask, Bucket, BucketRule, Capabilities, Counts, Ctx, Cursor, Fault, Got, Meta, Network, Purpose,
    Step, Talk, Via,
};
use std::sync::{Arc, Mutex};

/// Friday 20 November 2026, 09:00 UTC.
const START: Instant = Instant(1_795_165_200_000);

const MONTH: BucketRule = BucketRule {
    bucket: Bucket("month"),
    counts: Counts::Token,
    limit: 62,
    window_ms: 31 * DAY,
    reserve: 12,
};

static META: Meta = Meta {
    name: "meter",
    title: "Meter",
    about: "A place where each look costs.",
    can: Capabilities { poll: true, ..NOTHING },
    buckets: &[MONTH],
    ..BARE
};

/// A place that shows nothing and counts every look.
static METER: Place =
    Place { every_ms: Some(HOUR), listen: |_| Box::new(Look), ..Place::of(&META) };

struct Look;

impl Talk<Cursor> for Look {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        const ONE: &[(Bucket, u32)] = &[(MONTH.bucket, 1)];
        Step::Ask(vec![Ask { via: Via::Nothing, tag: 0, spend: ONE, auth: false }])
    }

    fn read(&mut self, _tag: u8, _got: Got, _cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        Ok(Step::Done(Cursor("seen".to_owned())))
    }
}

const REGISTRY: Registry = Registry {
    network: |name| (name == "meter").then_some(&METER as &dyn Network),
    networks: || vec!["meter"],
    notifier: |name| (app::registry().notifier)(name),
    notifiers: || (app::registry().notifiers)(),
    ticket_system: |name| (app::registry().ticket_system)(name),
    ticket_systems: || (app::registry().ticket_systems)(),
};

/// What the terminal showed.
type Said = Arc<Mutex<Vec<String>>>;

async fn house(folder: &tempfile::TempDir, clock: &Clock, said: &Said) -> Deps {
    let file = folder.path().join("ascolto.toml");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let text = format!(
        "[store]\nurl = \"{url}\"\n[brand.acme]\nzone = \"Europe/Rome\"\nlanguage = \"en\"\n\
         recipients = [\"room\"]\n[channel.costly]\nnetwork = \"meter\"\nbrand = \"acme\"\n\
         every = \"1h\"\n[recipient.room]\nnotifier = \"terminal\"\n"
    );
    std::fs::write(&file, text).unwrap();
    let config = config::load(&file, std::iter::empty(), &REGISTRY);
    let config = config.unwrap_or_else(|problems| panic!("{}", problems[0]));
    let store = Store::open(&url).await.unwrap();
    let around = Surroundings { hands: 1, say: noted(said), ..around(clock, 3) };
    app::build(&config, store, around).await.unwrap()
}

async fn hours(deps: &Deps, clock: &Clock, count: i64) {
    for _ in 0..count {
        clock.advance(HOUR);
        runner::drain(deps).await.unwrap();
    }
}

async fn left(deps: &Deps) -> i64 {
    let mut tx = deps.store.read().await.unwrap();
    let row = buckets::one(&mut tx, "costly", "month").await.unwrap().unwrap();
    row.window(MONTH, deps.clock.now()).remaining
}

/// How many looks there were in all.
async fn looks(deps: &Deps) -> i64 {
    let mut tx = deps.store.read().await.unwrap();
    let mut looks = 0;
    for month in ["2026-11", "2026-12", "2027-01"] {
        let spent = buckets::of_month(&mut tx, month).await.unwrap();
        looks += spent.iter().map(|(_, _, units)| units).sum::<i64>();
    }
    looks
}

async fn told(deps: &Deps) -> Vec<String> {
    let mut tx = deps.store.read().await.unwrap();
    let alerts = outbox::newest(&mut tx, 50).await.unwrap();
    alerts.into_iter().filter(|a| a.reason == "budget_spent").map(|a| a.body).collect()
}

#[tokio::test]
async fn a_months_budget_lasts_the_month() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual(START));
    let deps = house(&folder, &clock, &Said::default()).await;
    runner::drain(&deps).await.unwrap();
    assert_eq!(left(&deps).await, 61, "the first look begins the window");
    // 49 looks for 744 hours, and a twelfth of them by which spending is reckoned, though the
    // configuration says every hour.
    hours(&deps, &clock, 24 * 15).await;
    let half = left(&deps).await;
    assert!((36..=42).contains(&half), "{half}");
    hours(&deps, &clock, 24 * 16 - 1).await;
    let end = left(&deps).await;
    assert!((12..=20).contains(&end), "{end}");
    assert!(told(&deps).await.is_empty());
    // What was used comes free again at the pace at which it was.
    let month = looks(&deps).await;
    hours(&deps, &clock, 24 * 10).await;
    let more = looks(&deps).await - month;
    assert!((12..=16).contains(&more), "{more} looks in ten days, {month} in the month before");
    assert!(left(&deps).await >= 12, "the reserve is not polls'");
    deps.store.close().await;
}

#[tokio::test]
async fn a_budget_that_is_used_up_is_told_once_and_looked_at_each_day() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual(START));
    let said = Said::default();
    let deps = house(&folder, &clock, &said).await;
    runner::drain(&deps).await.unwrap();
    let mut tx = deps.store.begin().await.unwrap();
    buckets::charge(&mut tx, "costly", MONTH, 60, Purpose::Poll, clock.now()).await.unwrap();
    lanes::wake_all(&mut tx, "costly", clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    hours(&deps, &clock, 1).await;
    assert_eq!(told(&deps).await, ["2026-12-21 19:00 CET: month"], "when it comes free");
    let shown = said.lock().unwrap().join(" ");
    assert!(shown.contains("costly") && shown.contains("used up"), "{shown}");
    let mut tx = deps.store.read().await.unwrap();
    let channel = lanes::channel(&mut tx, "costly").await.unwrap().unwrap();
    assert_eq!(channel.state, "failing");
    assert!(channel.fault.contains("`month`"), "{}", channel.fault);
    let lane = lanes::lane(&mut tx, "costly", "all").await.unwrap().unwrap();
    assert_eq!(lane.next_at, clock.now().0 + DAY);
    drop(tx);
    hours(&deps, &clock, 30).await;
    assert_eq!(told(&deps).await.len(), 1);
    deps.store.close().await;
}
