//! What a network's terms ask: what nobody polls any more is read again, and what is gone there, or
//! could not be read again, loses its content here.

use crate::town::{Plan, Town};
use ascolto::app;
use ascolto::config::Registry;
use ascolto::domain::MentionRef;
use ascolto::domain::case::State;
use ascolto::domain::ledger::Disposition;
use ascolto::domain::time::{DAY, HOUR};
use ascolto::networks::network;
use ascolto::store::{cases, rhythm};
use ascolto::wire::{
    Ctx, Cursor, Fault, KeyFault, Lane, Meta, Network, Part, Session, Talk, Terms,
};
use std::any::Any;
use std::sync::LazyLock;

/// The rehearsal under terms, and without threads, so that only a recheck looks at an old post.
struct Bound(&'static LazyLock<Meta>);

fn rehearsal() -> &'static dyn Network {
    network("rehearsal").expect("it is there")
}

fn bound(refresh_within: Option<i64>, delete_within: Option<i64>) -> Meta {
    let free = rehearsal().meta();
    Meta { terms: Terms { refresh_within, delete_within, ..free.terms }, ..*free }
}

static DELETE_META: LazyLock<Meta> = LazyLock::new(|| bound(None, Some(2 * DAY)));
static REFRESH_META: LazyLock<Meta> = LazyLock::new(|| bound(Some(10 * DAY), None));
static DELETING: Bound = Bound(&DELETE_META);
static REFRESHING: Bound = Bound(&REFRESH_META);

impl Network for Bound {
    fn meta(&self) -> &'static Meta {
        self.0
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        rehearsal().settings(table)
    }

    fn lanes(&self, cx: &Ctx<'_>) -> Vec<Lane> {
        rehearsal().lanes(cx)
    }

    fn login(&self, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Session> + '_>> {
        rehearsal().login(cx)
    }

    fn listen(
        &self,
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        rehearsal().listen(lane, cursor, resume, cx)
    }

    fn first_look_ms(&self) -> Option<i64> {
        None
    }

    fn recheck_most(&self) -> usize {
        rehearsal().recheck_most()
    }

    fn recheck(&self, of: &[MentionRef], cx: &Ctx<'_>) -> Option<Box<dyn Talk<()> + '_>> {
        rehearsal().recheck(of, cx)
    }

    fn fit(&self, text: &str, of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        rehearsal().fit(text, of, cx)
    }
}

async fn town(bound: fn(&str) -> Option<&'static dyn Network>, script: &str, page: usize) -> Town {
    let registry = Registry { network: bound, ..app::registry() };
    // A window of what stands tells neither of deletions nor of edits below it.
    let channel = format!("walk = \"snapshot\"\npage = {page}");
    Town::of(Plan { script, channel: &channel, registry, ..Plan::default() }).await
}

fn deleting(name: &str) -> Option<&'static dyn Network> {
    (name == "rehearsal").then_some(&DELETING as &dyn Network)
}

fn refreshing(name: &str) -> Option<&'static dyn Network> {
    (name == "rehearsal").then_some(&REFRESHING as &dyn Network)
}

async fn hours(t: &Town, count: i64, each: i64) {
    for _ in 0..count {
        t.clock.advance(each * HOUR);
        t.settle().await;
    }
}

#[tokio::test]
async fn what_is_deleted_without_a_polls_notice_goes_within_the_terms() {
    let t = town(
        deleting,
        r#"{"at":1,"do":"post","id":"p1","author":"jo","handle":"jo","name":"Jo Rossi","lang":"it","text":"Complimenti @acme, servizio gentilissimo e veloce, grazie!"}
{"at":1,"do":"post","id":"p2","author":"ann","lang":"it","text":"Complimenti @acme, sempre gentili e veloci, grazie!"}
{"at":60,"do":"delete","id":"p1"}"#,
        500,
    )
    .await;
    t.pass(3).await;
    hours(&t, 23, 1).await;
    let row = t.mention("p1").await;
    assert_eq!((row.gone_at, row.disposition.as_str()), (None, "not_owed"), "no poll tells");
    assert!(!row.text.is_empty());
    let before = t.ledger().await.totals;
    // Deleted after one hour; its two days are not over by far.
    hours(&t, 3, 1).await;
    let row = t.mention("p1").await;
    assert!(row.gone_at.is_some());
    assert_eq!((row.text.as_str(), row.url.as_str(), row.attachments.as_str()), ("", "", "[]"));
    assert_eq!((row.author_handle.as_str(), row.author_name.as_str()), ("", ""));
    assert_eq!((row.why.as_deref(), row.disposition.as_str()), (Some("[]"), "withdrawn"));
    let other = t.mention("p2").await;
    assert!(other.gone_at.is_none() && !other.text.is_empty());
    let ledger = t.ledger().await;
    assert_eq!(ledger.totals.mentions, before.mentions);
    assert_eq!((before.intake.gone, ledger.totals.intake.gone), (0, 1));
    assert_eq!(ledger.totals.dispositions[&Disposition::Withdrawn], 1);
    t.close().await;
}

#[tokio::test]
async fn an_edit_below_the_window_is_found_and_judged() {
    let t = town(
        deleting,
        r#"{"at":1,"do":"post","id":"p1","author":"jo","lang":"it","text":"Complimenti @acme, servizio gentilissimo e veloce, grazie!"}
{"at":5,"do":"post","id":"p2","author":"ann","lang":"it","text":"Complimenti @acme, bravi, grazie!"}
{"at":30,"do":"post","id":"p3","author":"bob","lang":"it","text":"Complimenti @acme, bravissimi, grazie!"}
{"at":40,"do":"edit","id":"p1","text":"@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde, vergogna!"}"#,
        2,
    )
    .await;
    t.pass(45).await;
    assert_eq!(t.mention("p1").await.version, 1);
    hours(&t, 25, 1).await;
    let row = t.mention("p1").await;
    assert_eq!((row.version, row.judged.as_deref()), (2, Some("complaint")));
    assert_eq!(t.state("p1").await, State::Waiting);
    let intake = t.ledger().await.totals.intake;
    assert_eq!((intake.new, intake.edited, intake.gone), (3, 1, 0));
    let mut tx = t.deps.store.read().await.unwrap();
    let hours = rhythm::hours(&mut tx, "piazza", "recheck").await.unwrap();
    assert!(hours.is_empty(), "it is no lane that could fall silent: {hours:?}");
    drop(tx);
    t.close().await;
}

#[tokio::test]
async fn what_could_not_be_refreshed_in_time_goes_and_never_comes_back() {
    let t = town(
        refreshing,
        r#"{"at":1,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":1,"do":"post","id":"p2","author":"ann","lang":"it","text":"Complimenti @acme, sempre gentili e veloci, grazie!"}
{"at":60,"do":"outage","minutes":15840,"kind":"down"}"#,
        500,
    )
    .await;
    t.pass(3).await;
    let case = t.id("p1").await;
    hours(&t, 39, 6).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert!(!t.mention("p1").await.text.is_empty(), "nine days and a half");
    hours(&t, 2, 6).await;
    let (open, praise) = (t.mention("p1").await, t.mention("p2").await);
    assert_eq!((open.text.as_str(), open.disposition.as_str()), ("", "withdrawn"));
    assert_eq!((praise.text.as_str(), praise.disposition.as_str()), ("", "not_owed"));
    assert!(praise.gone_at.is_none(), "nobody said that it was deleted");
    assert_eq!(t.state("p1").await, State::Withdrawn);
    assert_eq!(t.case("p1").await.author_handle, "");
    let mut tx = t.deps.store.read().await.unwrap();
    let draft = cases::draft(&mut tx, case).await.unwrap().expect("there was one");
    drop(tx);
    assert_eq!(draft.text, "");
    // Eleven days: the network is back and shows both.
    hours(&t, 8, 6).await;
    assert_eq!((t.mention("p1").await.text, t.mention("p2").await.text), Default::default());
    let totals = t.ledger().await.totals;
    assert_eq!((totals.mentions, totals.intake.gone, totals.intake.edited), (2, 0, 0));
    t.close().await;
}
