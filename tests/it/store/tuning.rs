//! What thresholds are tuned by: verdicts as they are stored, and the labels in what people did.

use super::desk::{act, furnish, hear, mention, owe, sort_out};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::case::CaseEvent;
use ascolto::domain::obligation::{Evidence, Owing, VoidReason};
use ascolto::domain::time::MINUTE;
use ascolto::domain::{Kind, PerMillion, Relevance};
use ascolto::store::tuning;

store_suite!(what_people_did_is_a_label);

fn word() -> Evidence {
    Evidence::Word { by: "ada".to_owned(), url: String::new() }
}

fn native() -> Evidence {
    Evidence::Native { external_id: "n".to_owned(), url: String::new() }
}

async fn what_people_did_is_a_label(house: &House) {
    furnish(house).await;
    let mut page: Vec<_> = (0..9).map(|n| mention(&n.to_string(), "a", "ciao")).collect();
    page[7].text = "!!!".to_owned();
    let ids = hear(house, "2026-11-20", &page, &[]).await;
    let answered = [
        (0, Owing::Complaint, word()),
        (1, Owing::Look, word()),
        (2, Owing::Question, word()),
        (3, Owing::Complaint, native()),
    ];
    for (n, owing, evidence) in answered {
        let case = owe(house, ids[n], owing, T0).await;
        let (at, covers) = (T0 + MINUTE, vec![ids[n]]);
        act(house, case, CaseEvent::Answered { evidence, at, covers }, at).await;
    }
    let ended =
        [(4, VoidReason::NotComplaint), (5, VoidReason::NotAboutUs), (6, VoidReason::Waived)];
    for (n, reason) in ended {
        let case = owe(house, ids[n], Owing::Complaint, T0).await;
        let (by, note) = ("ada".to_owned(), "a troll".to_owned());
        act(house, case, CaseEvent::Voided { reason, by, note, spares: Vec::new() }, T0 + MINUTE)
            .await;
    }
    sort_out(house, ids[7], T0).await;

    let mut tx = house.store.read().await.unwrap();
    let first = tuning::page(&mut tx, "acme", T0, "", 5).await.unwrap();
    let last = &first.last().unwrap().id;
    let rest = tuning::page(&mut tx, "acme", T0, last, 9).await.unwrap();
    assert!(tuning::page(&mut tx, "acme", T0 + 1, "", 9).await.unwrap().is_empty());
    assert!(tuning::page(&mut tx, "other", T0, "", 9).await.unwrap().is_empty());
    let rows = [first, rest].concat();
    assert_eq!(rows.len(), 8, "the last one is not judged yet");
    let labels: Vec<_> = rows.iter().map(tuning::TunedRow::label).collect();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(labels, [yes, yes, no, None, no, no, None, None]);
    let verdict = rows[0].verdict().unwrap();
    assert_eq!((verdict.kind, verdict.relevance), (Kind::Complaint, Relevance::About));
    assert_eq!((verdict.probability, verdict.look), (PerMillion(900_000), false));
    let signs = rows[7].verdict().unwrap();
    assert!(signs.look && signs.kind == Kind::Praise, "signs alone: a person looks");
    drop(tx);

    let last_row = async |sql: &str| {
        house.by_hand(sql).await;
        let mut tx = house.store.read().await.unwrap();
        tuning::page(&mut tx, "acme", T0, "", 9).await.unwrap().pop().unwrap()
    };
    let sorted = last_row("UPDATE mentions SET rule = 'sorted_out'").await.verdict().unwrap();
    assert_eq!((sorted.look, sorted.sorted_out.as_deref()), (false, Some("sorted_out")));
    let blanked = "UPDATE mentions SET rule = '', text = '', blanked = 'gone'";
    let blanked = last_row(blanked).await.verdict().unwrap();
    assert!(!blanked.look, "what was deleted since had words when it was judged");
    let odd = last_row("UPDATE mentions SET judged = 'rage'").await;
    let why = odd.verdict().unwrap_err().to_string();
    assert!(why.contains("rage"), "{why}");
}
