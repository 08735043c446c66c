//! The blind sample: each Monday some of what nobody was told of is shown to people, without what it
//! was taken for; a complaint that was missed is found that way, and counted for all like it.

use crate::town::{Plan, Town};
use ascolto::domain::ledger::Disposition;
use ascolto::domain::obligation::Owing;
use ascolto::domain::sample::Said;
use ascolto::domain::time::HOUR;
use ascolto::pipeline::owed;
use ascolto::store::ledger::Missed;
use ascolto::store::samples::{self, WaitingRow};
use ascolto::store::{cases, labels};

/// Harmless words, all on Friday morning.
fn script() -> String {
    let days = ["oggi", "ieri", "sabato", "domenica", "in centro", "al mare"];
    let said = [
        "che bella la vetrina di @acme, complimenti ai ragazzi",
        "passeggiata davanti al negozio @acme con il cane e un gelato",
        "@acme grazie mille, gentilissimi",
        "ho visto la pubblicità di @acme alla stazione, bellissimi colori",
        "@acme buon compleanno da tutti noi, siete i migliori",
    ];
    let lines = days.iter().flat_map(|day| said.iter().map(move |text| format!("{text} {day}")));
    let post = |(n, text): (usize, String)| {
        serde_json::json!({
            "at": 1 + n, "do": "post", "id": format!("p{n}"), "author": format!("a{n}"),
            "handle": format!("a{n}"), "lang": "it", "text": text,
        })
        .to_string()
    };
    lines.enumerate().map(post).collect::<Vec<_>>().join("\n")
}

async fn town(brand: &str) -> Town {
    let t = Town::of(Plan { script: &script(), brand, ..Plan::default() }).await;
    t.pass(40).await;
    t
}

async fn hours(t: &Town, count: i64) {
    for _ in 0..count {
        t.clock.advance(HOUR);
        t.settle().await;
    }
}

async fn waiting(t: &Town) -> Vec<WaitingRow> {
    let mut tx = t.deps.store.read().await.unwrap();
    samples::waiting(&mut tx, "acme", 1_000).await.unwrap()
}

async fn missed(t: &Town) -> Option<Missed> {
    t.ledger().await.shares[0].missed.clone()
}

#[tokio::test]
async fn a_complaint_that_was_missed_is_found_by_the_sample_and_opens_a_case() {
    let mut t = town("sample = 10").await;
    let passed = t.ledger().await.totals.dispositions[&Disposition::NotOwed];
    assert!(passed >= 15, "{passed} were let pass");
    hours(&t, 60).await;
    assert!(waiting(&t).await.is_empty(), "the week is not over");
    // Whoever restarts draws the same ones.
    t.restart().await;
    hours(&t, 5).await;
    let drawn = waiting(&t).await;
    assert_eq!((drawn.len(), drawn[0].week.as_str()), (10, "2026-11-16"));
    assert_eq!(missed(&t).await.unwrap().waiting, 10);

    let first = drawn[0].mention.mention_id().unwrap();
    let case = owed::label(&t.deps, first, "ada", Said::Complaint).await.unwrap();
    let case = case.expect("it is owed an answer now");
    let twice = owed::label(&t.deps, first, "bob", Said::Neither).await.unwrap_err().to_string();
    assert!(twice.contains("meanwhile"), "{twice}");
    for row in &drawn[1..] {
        let id = row.mention.mention_id().unwrap();
        assert_eq!(owed::label(&t.deps, id, "ada", Said::Neither).await.unwrap(), None);
    }
    t.settle().await;
    let mut tx = t.deps.store.read().await.unwrap();
    let file = cases::load(&mut tx, &[case]).await.unwrap().remove(0);
    let taught: i64 = labels::counts(&mut tx, "acme").await.unwrap().iter().map(|c| c.labels).sum();
    drop(tx);
    assert_eq!((file.case.owing(), taught), (Some(Owing::Complaint), 10));
    let name = &drawn[0].mention.external_id;
    assert_eq!(t.alerts(name).await, ["new_complaint sent"], "the team hears of it");

    let told = missed(&t).await.unwrap();
    let whole = told.estimate.unwrap();
    assert_eq!((told.weeks, told.waiting), (1, 0));
    assert_eq!((whole.mentions, whole.labelled, whole.found), (passed, 10, 1));
    // It stands for all that are like it: its stratum's size over what of it was looked at.
    assert!(whole.missed >= 1 && whole.missed <= passed / 2, "{whole:?}");
    assert!(whole.low >= 1 && whole.high <= passed - 9, "{whole:?}");
    assert!(told.by_network[0].estimate.is_none() && told.by_network[0].more > 0, "{told:?}");
    t.close().await;
}

#[tokio::test]
async fn who_wants_no_sample_gets_none() {
    let t = town("sample = 0").await;
    hours(&t, 66).await;
    assert!(waiting(&t).await.is_empty() && missed(&t).await.is_none());
    t.close().await;
}
