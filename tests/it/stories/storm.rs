//! Many complaints, each alerted, at a place with a small limit: polls stay on time, alerts go out,
//! and re-reads take what is left.

use crate::doubles::place::{BARE, NOTHING, Place};
use crate::scene::COMPLAINT;
use crate::town::{self, around, noted};
use ascolto::app::{self, Surroundings};
use ascolto::clock::Clock;
use ascolto::config::{self, Registry};
use ascolto::domain::time::{MINUTE, SECOND};
use ascolto::domain::{Instant, Mention};
use ascolto::pipeline::{Deps, runner};
use ascolto::store::Store;
use ascolto::wire::{
    Ask, Bucket, BucketRule, Capabilities, Counts, Ctx, Cursor, Fault, Got, Heard, Meta, Network,
    Page, Step, Talk, ThreadView, Via,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Friday 20 November 2026, 09:00 UTC.
const START: Instant = Instant(1_795_165_200_000);
/// How many complain, all within the first minute.
const STORM: usize = 200;

/// Mastodon's.
const API: BucketRule = BucketRule {
    bucket: Bucket("api"),
    counts: Counts::Token,
    limit: 300,
    window_ms: 5 * MINUTE,
    reserve: 60,
};

static META: Meta = Meta {
    name: "square",
    title: "Square",
    about: "A place where everybody complains at once.",
    can: Capabilities { poll: true, thread: true, ..NOTHING },
    buckets: &[API],
    ..BARE
};

static SQUARE: Place = Place {
    every_ms: Some(MINUTE),
    first_look_ms: None,
    listen: |cursor| {
        let cursor = cursor.map_or("calm", |c| c.0.as_str()).to_owned();
        Box::new(Look { cursor, over: false })
    },
    thread: |of| Some(Box::new(Around(of.external_id.clone()))),
    ..Place::of(&META)
};

/// What was asked there, and when: an empty text for a poll, else the thread.
static ASKED: Mutex<Vec<(Instant, String)>> = Mutex::new(Vec::new());

fn ask(tag: u8) -> Ask {
    const ONE: &[(Bucket, u32)] = &[(API.bucket, 1)];
    Ask { via: Via::Nothing, tag, spend: ONE, auth: false }
}

/// The second look finds the storm, every other one nothing.
struct Look {
    cursor: String,
    over: bool,
}

impl Talk<Cursor> for Look {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        if self.over { Step::Done(Cursor("over".to_owned())) } else { Step::Ask(vec![ask(0)]) }
    }

    fn read(&mut self, _tag: u8, _got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        ASKED.lock().unwrap().push((cx.now, String::new()));
        if self.cursor == "calm" && cx.now >= START + MINUTE {
            self.over = true;
            let heard = (0..STORM).map(|n| Heard::Mention(complaint(n, cx.now))).collect();
            return Ok(Step::Page(Page {
                heard,
                resume: Some("over".to_owned()),
                ..Page::default()
            }));
        }
        Ok(Step::Done(Cursor(self.cursor.clone())))
    }
}

fn complaint(n: usize, now: Instant) -> Mention {
    let json = serde_json::json!({
        "network": "square", "external_id": format!("p{n}"), "kind": "post",
        "visibility": "public", "author": { "id": format!("u{n}"), "handle": format!("u{n}") },
        "text": COMPLAINT, "created_at": now, "url": format!("https://square.example/p{n}"),
        "thread_id": format!("p{n}"),
    });
    serde_json::from_value::<Mention>(json).unwrap().checked().unwrap()
}

/// A thread takes two questions; only the second one shows it whole.
struct Around(String);

impl Talk<ThreadView> for Around {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<ThreadView> {
        Step::Ask(vec![ask(0), ask(1)])
    }

    fn read(&mut self, tag: u8, _got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        let whole = tag == 1;
        let id = if whole { self.0.clone() } else { format!("half of {}", self.0) };
        ASKED.lock().unwrap().push((cx.now, id));
        Ok(if whole { Step::Done(ThreadView::default()) } else { Step::Ask(Vec::new()) })
    }
}

const REGISTRY: Registry = Registry {
    network: |name| (name == "square").then_some(&SQUARE as &dyn Network),
    networks: || vec!["square"],
    notifier: |name| (app::registry().notifier)(name),
    notifiers: || (app::registry().notifiers)(),
    ticket_system: |name| (app::registry().ticket_system)(name),
    ticket_systems: || (app::registry().ticket_systems)(),
};

async fn house(folder: &tempfile::TempDir, clock: &Clock, said: &Arc<Mutex<Vec<String>>>) -> Deps {
    let file = folder.path().join("ascolto.toml");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let text = format!(
        "[store]\nurl = \"{url}\"\n[brand.acme]\nzone = \"Europe/Rome\"\nlanguage = \"en\"\n\
         recipients = [\"room\"]\nstorm_at = 1000\n[channel.crowd]\nnetwork = \"square\"\nbrand = \"acme\"\n\
         [recipient.room]\nnotifier = \"terminal\"\n"
    );
    std::fs::write(&file, text).unwrap();
    let config = config::load(&file, std::iter::empty(), &REGISTRY);
    let config = config.unwrap_or_else(|problems| panic!("{}", problems[0]));
    let around = Surroundings { say: noted(said), ..around(clock, 5) };
    app::build(&config, Store::open(&url).await.unwrap(), around).await.unwrap()
}

#[tokio::test]
async fn in_a_storm_polls_stay_on_time_and_rereads_take_what_is_left() {
    let (folder, clock) = (town::folder(), Clock::manual(START));
    let said = Arc::new(Mutex::new(Vec::new()));
    let deps = house(&folder, &clock, &said).await;
    runner::drain(&deps).await.unwrap();
    for _ in 0..14 * MINUTE / SECOND {
        clock.advance(SECOND);
        runner::drain(&deps).await.unwrap();
    }
    let asked = ASKED.lock().unwrap().clone();
    let polls: Vec<Instant> =
        asked.iter().filter(|(_, what)| what.is_empty()).map(|(at, _)| *at).collect();
    let late = polls.windows(2).map(|two| two[1] - two[0] - MINUTE).max().unwrap();
    assert!(late <= SECOND, "a poll began {late} ms after it was due");
    assert!(polls.len() >= 14, "{} polls", polls.len());
    for (from, _) in &asked {
        let within = asked.iter().filter(|(at, _)| *from <= *at && *at < *from + API.window_ms);
        assert!(within.count() <= 300, "the limit was passed in the window from {from}");
    }
    let whole: BTreeSet<&str> =
        asked.iter().map(|(_, what)| what.as_str()).filter(|what| what.starts_with('p')).collect();
    assert_eq!(whole.len(), STORM, "every thread was read");
    let halves = asked.iter().filter(|(_, what)| what.starts_with("half")).count();
    assert!(halves <= STORM + 100, "{halves} were begun: nobody tries in vain again and again");
    let alerts = said.lock().unwrap().join("\n");
    let unread = alerts.matches("Not re-checked").count();
    assert!(0 < unread && unread < STORM, "{unread} alerts went out not re-checked");
    deps.store.close().await;
}
