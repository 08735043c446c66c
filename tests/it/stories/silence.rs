//! A lane that falls silent: doubted once, when its own history does not explain it.

use crate::town::Town;
use ascolto::domain::time::HOUR;
use ascolto::store::outbox::{self, AlertRow};
use ascolto::store::rhythm;

/// Somebody is pleased in every hour of eight days, then nobody for 40 hours, then one more.
fn script() -> String {
    let post = |hour: i64| {
        let at = hour * 60 + 5;
        format!(
            r#"{{"at":{at},"do":"post","id":"p{hour}","author":"jo","lang":"it","text":"Complimenti @acme, servizio gentilissimo e veloce, grazie!"}}"#
        )
    };
    (0..192).chain([232]).map(post).collect::<Vec<_>>().join("\n")
}

async fn hours(t: &Town, count: i64) {
    for _ in 0..count {
        t.clock.advance(HOUR);
        t.settle().await;
    }
}

async fn doubts(t: &Town) -> Vec<AlertRow> {
    let mut tx = t.deps.store.read().await.unwrap();
    let mut told = outbox::newest(&mut tx, 100).await.unwrap();
    told.retain(|a| a.reason == "channel_quiet");
    told
}

async fn doubtful(t: &Town) -> usize {
    let mut tx = t.deps.store.read().await.unwrap();
    rhythm::standing(&mut tx).await.unwrap().len()
}

#[tokio::test]
async fn a_lane_that_never_rested_is_doubted_after_a_day_and_told_once() {
    let t = Town::new(&script()).await;
    // The last of the eight days' posts is from 191:05, so the silence counts from 192:00 on.
    hours(&t, 192 + 23).await;
    assert!(doubts(&t).await.is_empty(), "less than a day is no silence");
    hours(&t, 3).await;
    let told = doubts(&t).await;
    assert_eq!((told.len(), told[0].channel.as_str()), (1, "piazza"), "{told:?}");
    assert!(told[0].body.starts_with("2026-11-28 08:00 CET: "), "{told:?}");
    let said = t.said().join("\n");
    assert!(said.contains("piazza") && said.contains("silenzio"), "{said}");
    assert_eq!(doubtful(&t).await, 1);
    let table = t.ledger().await.table();
    assert!(table.contains("doubtful since 2026-11-28T07:00:00.000Z"), "{table}");
    hours(&t, 10).await;
    assert_eq!(doubts(&t).await.len(), 1, "it is told once");
    hours(&t, 6).await;
    assert!(t.find("p232").await.is_some());
    assert_eq!(doubtful(&t).await, 0, "the next mention ends it");
    t.close().await;
}

#[tokio::test]
async fn what_could_not_be_read_is_no_silence() {
    let mut lines = script();
    // From the last post on everything is down for two days.
    lines.push_str(&format!(
        "\n{{\"at\":{},\"do\":\"outage\",\"minutes\":2880,\"kind\":\"down\"}}",
        192 * 60
    ));
    let t = Town::new(&lines).await;
    hours(&t, 192 + 40).await;
    assert!(doubts(&t).await.is_empty(), "a deaf channel is not silent");
    t.close().await;
}
