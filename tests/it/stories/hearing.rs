//! What is heard, judged and told.

use crate::town::Town;
use ascolto::domain::case::State;

#[tokio::test]
async fn a_complaint_reaches_a_person_within_one_poll() {
    let t = Town::new(r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde"}"#).await;
    t.pass(3).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    let said = t.said().join("\n");
    assert!(said.contains("terza settimana"), "{said}");
    assert!(t.case("p1").await.draft_rev > 0, "the alert came with a draft");
    t.close().await;
}

#[tokio::test]
async fn praise_owes_nothing_and_a_photo_is_looked_at() {
    let t = Town::new(
        r#"{"at":1,"do":"post","id":"p1","author":"jo","lang":"it","text":"Complimenti @acme, servizio gentilissimo e veloce, grazie!"}
{"at":1,"do":"post","id":"p2","author":"ann","text":"","attachments":[{"kind":"image","url":"https://x.example/1.jpg"}]}"#,
    )
    .await;
    t.pass(3).await;
    assert_eq!(t.mention("p1").await.disposition, "not_owed");
    assert_eq!(t.state("p2").await, State::Waiting);
    assert_eq!(t.alerts("p2").await, ["not_alerted_kind silent"]);
    assert!(t.said().is_empty(), "nobody is woken: {:?}", t.said());
    t.close().await;
}

#[tokio::test]
async fn an_edit_that_complains_raises_what_was_a_question() {
    let t = Town::new(
        r#"{"at":1,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme a che ora apre lo sportello?"}
{"at":9,"do":"edit","id":"p1","text":"@acme lo sportello è chiuso e sul sito c'era scritto aperto: terza volta che vengo per niente, vergogna, nessuno risponde!"}"#,
    )
    .await;
    t.pass(5).await;
    assert!(t.said().is_empty());
    t.pass(10).await;
    let row = t.mention("p1").await;
    assert_eq!((row.version, row.judged.as_deref()), (2, Some("complaint")));
    assert!(t.alerts("p1").await.contains(&"again sent".to_owned()), "{:?}", t.alerts("p1").await);
    t.close().await;
}

#[tokio::test]
async fn our_own_posts_and_reposts_become_no_cases() {
    let t = Town::new(
        r#"{"at":1,"do":"own","id":"o1","text":"Oggi il servizio è lento e ci scusiamo"}
{"at":2,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":3,"do":"repost","of":"p1","reach":900}"#,
    )
    .await;
    t.pass(5).await;
    assert!(t.find("o1").await.is_none());
    let ledger = t.ledger().await;
    assert_eq!(ledger.totals.mentions, 1, "{}", ledger.table());
    t.close().await;
}

#[tokio::test]
async fn an_outage_makes_a_gap_and_its_backfill_closes_it() {
    let t = Town::new(
        r#"{"at":1,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme bello"}
{"at":10,"do":"outage","minutes":20,"kind":"down"}
{"at":12,"do":"lose","minutes":15}
{"at":15,"do":"post","id":"p2","author":"ann","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":40,"do":"post","id":"p3","author":"bob","lang":"it","text":"@acme pacco perso pure io, nessuno risponde!"}"#,
    )
    .await;
    t.pass(25).await;
    assert!(t.said().join("\n").contains("piazza"), "a deaf channel is told: {:?}", t.said());
    t.pass(60).await;
    assert_eq!(t.state("p2").await, State::Waiting, "what the outage hid was heard after all");
    assert_eq!(t.state("p3").await, State::Waiting);
    let table = t.ledger().await.table();
    assert!(table.contains("closed"), "{table}");
    t.close().await;
}
