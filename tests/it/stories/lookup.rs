//! The company's own system says who a customer is: it moves cases in line and stands where it helps;
//! without its answer nothing else is different.

use crate::doubles::crm::{Crm, SECRET};
use crate::doubles::trouble::Trouble;
use crate::town::{Plan, Town};
use ascolto::domain::customer::{CustomerFacts, CustomerValue};
use ascolto::domain::person::AuthorKey;
use ascolto::pipeline::{callbacks, customer};
use ascolto::store::{cases, circuits, customers};
use serde_json::json;
use std::time::Duration;

/// No deadline passes while a story lasts.
const SLOW: &str = "[sla.slow]\nfirst_response = \"8h\"\n";
const LOST: &str = "@acme pacco perso, nessuno risponde, vergogna!";

/// What somebody posts, so many minutes after eight.
fn post(id: &str, author: &str, at: i64, text: &str) -> String {
    json!({ "at": at, "do": "post", "id": id, "author": author, "handle": author, "lang": "it",
        "text": text })
    .to_string()
}

/// The same where nobody else sees it.
fn private(id: &str, author: &str, at: i64, text: &str) -> String {
    json!({ "at": at, "do": "post", "id": id, "author": author, "handle": author, "lang": "it",
        "visibility": "private", "text": text })
    .to_string()
}

/// A town whose brand asks `crm`, with more keys for that; without one it asks nobody.
async fn town(script: &[String], crm: Option<&Crm>, keys: &str) -> Town {
    let lookup = crm.map_or(String::new(), |crm| {
        format!("[lookup]\nurl = \"{}\"\nsecret = \"{SECRET}\"\n{keys}", crm.url)
    });
    let more = format!("{SLOW}{lookup}");
    let (script, brand) = (script.join("\n"), "sla = \"slow\"\nstorm_at = 1000");
    Town::of(Plan { script: &script, brand, more: &more, ..Plan::default() }).await
}

fn lia() -> serde_json::Value {
    json!({
        "since": "2019-03-01",
        "value": "vip",
        "order": { "number": "IT-4711223", "state": "in consegna" },
        "link": "https://crm.acme.example/c/17",
        "name": "Lia <b>Verdi</b>\n@channel",
    })
}

/// What is known of the author of a mention's case.
async fn known(t: &Town, id: &str) -> Option<CustomerFacts> {
    let file = t.case(id).await;
    let mut tx = t.deps.store.read().await.unwrap();
    customer::of_file(&t.deps, &mut tx, &file).await.unwrap()
}

async fn draft(t: &Town, id: &str) -> cases::DraftRow {
    let case = t.id(id).await;
    let mut tx = t.deps.store.read().await.unwrap();
    cases::draft(&mut tx, case).await.unwrap().unwrap()
}

/// The alert about a mention's case, as the terminal showed it first.
async fn told(t: &Town, id: &str) -> String {
    let link = format!("/cases/{}", t.id(id).await);
    t.said().into_iter().find(|said| said.contains(&link)).unwrap()
}

#[tokio::test]
async fn a_customer_of_value_jumps_the_queue_and_is_asked_about_once() {
    let crm = Crm::start().await;
    crm.knows("lia", lia());
    let order = format!("{LOST} Ordine #IT-4711223, lia@posta.example");
    let script =
        [post("p1", "jo", 2, LOST), post("p2", "lia", 6, &order), post("p3", "lia", 60, LOST)];
    let t = town(&script, Some(&crm), "").await;
    t.pass(10).await;
    let line = {
        let mut tx = t.deps.store.read().await.unwrap();
        cases::open(&mut tx, "acme", 10).await.unwrap()
    };
    let ids: Vec<_> = line.iter().map(|file| file.case.id).collect();
    assert_eq!(ids, [t.id("p2").await, t.id("p1").await], "the later one stands first");
    assert_eq!(line[0].stakes.customer, Some(CustomerValue::Vip));
    let says = "Cliente: VIP, Lia bVerdib channel, cliente dal 2019-03-01, ordine IT-4711223: in \
                consegna";
    assert!(told(&t, "p2").await.contains(says), "{}", told(&t, "p2").await);
    assert!(!told(&t, "p1").await.contains("Cliente"), "of jo nothing is known");
    let facts = known(&t, "p2").await.unwrap();
    assert_eq!(facts.link, "https://crm.acme.example/c/17");
    assert_eq!(known(&t, "p1").await, None);

    t.pass(60).await;
    assert_eq!(t.case("p3").await.stakes.customer, Some(CustomerValue::Vip), "known already");
    let asked = crm.log.all();
    assert!(asked.iter().all(|asked| asked.fault.is_none()), "{asked:?}");
    let lia: Vec<_> = asked.iter().filter(|a| a.question["author_id"] == "lia").collect();
    assert_eq!((lia.len(), asked.len()), (1, 2), "within the day it is not asked again");
    let whole = json!({ "network": "rehearsal", "handle": "lia", "author_id": "lia",
        "mail": "lia@posta.example", "order_numbers": ["IT4711223"] });
    assert_eq!(lia[0].question, whole);
    t.close().await;
}

#[tokio::test]
async fn a_lookup_that_is_down_for_an_hour_changes_nothing_but_the_missing_line() {
    let crm = Crm::start().await;
    crm.knows("jo", json!({ "value": "high" }));
    crm.knows("mia", json!({ "value": "normal" }));
    crm.script.round([Some(Trouble::Refuse(503, None))]);
    let script = [
        post("p1", "jo", 2, LOST),
        post("p2", "lia", 5, LOST),
        post("p3", "ugo", 30, LOST),
        post("p4", "mia", 100, LOST),
    ];
    let mut t = town(&script, Some(&crm), "").await;
    let plain = town(&script, None, "").await;
    t.pass(20).await;
    t.restart().await;
    t.pass(42).await;
    plain.pass(62).await;
    let heads = |t: &Town| {
        let said = t.said().into_iter();
        said.map(|said| said.lines().take(3).collect::<Vec<_>>().join("\n")).collect::<Vec<_>>()
    };
    assert_eq!(heads(&t), heads(&plain), "who is told of what, and when");
    for id in ["p1", "p2", "p3"] {
        assert_eq!(t.alerts(id).await, plain.alerts(id).await, "{id}");
        let (with, without) = (t.case(id).await, plain.case(id).await);
        assert_eq!((with.points, with.case.deadline()), (without.points, without.case.deadline()));
    }
    let asked = crm.log.all().len();
    assert!((5..15).contains(&asked), "{asked} questions in an hour");
    let mut tx = t.deps.store.read().await.unwrap();
    let circuit = circuits::one(&mut tx, "lookup").await.unwrap().unwrap();
    assert!(circuit.failures >= 5 && circuit.said_at > 0, "{circuit:?}");
    drop(tx);

    crm.script.round([]);
    t.pass(30).await;
    assert_eq!(t.case("p1").await.stakes.customer, Some(CustomerValue::High), "late is not never");
    t.pass(10).await;
    assert!(told(&t, "p4").await.contains("Cliente: valore normale"));
    let mut tx = t.deps.store.read().await.unwrap();
    assert!(circuits::failing(&mut tx).await.unwrap().is_empty());
    drop(tx);
    plain.close().await;
    t.close().await;
}

#[tokio::test]
async fn an_alert_waits_for_an_answer_no_longer_than_it_may() {
    let crm = Crm::start().await;
    crm.knows("jo", json!({ "value": "vip" }));
    crm.script.then(Trouble::Late(Duration::from_secs(20)));
    let t = town(&[post("p1", "jo", 2, LOST)], Some(&crm), "timeout = \"1s\"\n").await;
    t.pass(4).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    assert!(!told(&t, "p1").await.contains("Cliente"), "alarm wins");
    t.pass(3).await;
    assert_eq!(t.case("p1").await.stakes.customer, Some(CustomerValue::Vip));
    t.close().await;
}

#[tokio::test]
async fn a_private_draft_says_what_is_known_and_a_public_one_never() {
    let crm = Crm::start().await;
    for author in ["jo", "lia", "ugo"] {
        crm.knows(author, lia());
    }
    let script = [
        post("p1", "jo", 2, LOST),
        private("d1", "lia", 2, "pacco perso, nessuno risponde, vergogna!"),
        private("d2", "ugo", 20, "pacco perso, nessuno risponde, vergogna!"),
    ];
    let t = town(&script, Some(&crm), "").await;
    t.pass(5).await;
    let (open, closed) = (draft(&t, "p1").await.text, draft(&t, "d1").await.text);
    for fact in ["2019", "IT-4711223", "in consegna"] {
        assert!(!open.contains(fact), "in public: {open}");
        assert!(closed.contains(fact), "{fact} is not in: {closed}");
    }
    assert!(!closed.contains("VIP") && !closed.contains("Lia"), "{closed}");
    // What is known late comes into the draft all the same.
    t.pass(13).await;
    crm.script.then(Trouble::Refuse(503, None));
    t.pass(4).await;
    let first = draft(&t, "d2").await;
    t.pass(4).await;
    let second = draft(&t, "d2").await;
    assert!(!first.text.contains("2019") && first.rev == 1, "{first:?}");
    assert!(second.text.contains("2019") && second.rev == 2, "{second:?}");
    t.close().await;
}

#[tokio::test]
async fn alerts_keep_it_to_themselves_where_they_must_and_an_erased_author_is_forgotten() {
    let crm = Crm::start().await;
    crm.knows("lia", lia());
    let t = town(&[post("p1", "lia", 2, LOST)], Some(&crm), "in_alerts = false\n").await;
    t.pass(5).await;
    assert!(!told(&t, "p1").await.contains("Cliente"));
    assert!(known(&t, "p1").await.is_some(), "the case page tells it");
    let channel = &t.deps.channels["piazza"];
    callbacks::erase(&t.deps, &[(channel, "lia".to_owned())], &[7; 16]).await.unwrap();
    let author = AuthorKey {
        brand: "acme".to_owned(),
        network: "rehearsal".to_owned(),
        origin: String::new(),
        author: "lia".to_owned(),
    };
    let mut tx = t.deps.store.read().await.unwrap();
    assert!(customers::of(&mut tx, &[author]).await.unwrap().is_empty());
    drop(tx);
    t.close().await;
}
