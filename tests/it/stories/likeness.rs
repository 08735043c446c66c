//! Copies and cross-posts: whoever reads a case knows of its like, and each is owed its own answer.

use crate::town::Town;
use ascolto::domain::case::State;
use ascolto::domain::time::DAY;
use ascolto::pipeline::likeness::{self, Alike};
use ascolto::store::mentions;

/// Who else says the same as a mention's case, some days from now.
async fn alike(t: &Town, external_id: &str, days: i64) -> Alike {
    let case = t.case(external_id).await.case;
    let mut tx = t.deps.store.read().await.unwrap();
    let rows = mentions::of_case(&mut tx, case.id).await.unwrap();
    let rows: Vec<_> = rows.iter().collect();
    likeness::of_case(&mut tx, &case, &rows, t.deps.now() + days * DAY).await.unwrap()
}

#[tokio::test]
async fn copies_are_told_of_and_each_is_owed_its_own_answer() {
    let t = Town::new(
        r#"{"at":1,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme terza settimana e il pacco 4711 non è ancora arrivato, nessuno risponde"}
{"at":2,"do":"post","id":"p2","author":"ann","handle":"ann","lang":"it","text":"RT @jo: @acme terza settimana e il pacco 4711 non è ancora arrivato, nessuno risponde #vergogna https://x.example/1"}
{"at":3,"do":"post","id":"p3","author":"jo","handle":"jo","lang":"it","text":"@acme TERZA settimana e il pacco 4711 non è ancora arrivato!!! Nessuno risponde"}
{"at":4,"do":"post","id":"p4","author":"bob","handle":"bob","lang":"it","text":"@acme pacco perso pure io, nessuno risponde, vergogna!"}
{"at":30,"do":"delete","id":"p2"}"#,
    )
    .await;
    t.pass(6).await;
    let cases = [t.id("p1").await, t.id("p2").await, t.id("p3").await];
    assert!(cases[0] != cases[1] && cases[0] != cases[2], "no case swallows another");
    for id in ["p1", "p2", "p3", "p4"] {
        assert_eq!(t.state(id).await, State::Waiting, "{id}");
    }
    let one = alike(&t, "p1", 0).await;
    assert_eq!((one.mentions.len(), one.authors, one.more), (2, 2, false));
    let told: Vec<_> =
        one.mentions.iter().map(|like| (like.row.case_id.clone(), like.same_author)).collect();
    assert_eq!(told, [(cases[2].to_string(), true), (cases[1].to_string(), false)]);
    assert_eq!(alike(&t, "p2", 0).await.authors, 1, "both others are by jo");
    assert!(alike(&t, "p4", 0).await.mentions.is_empty());
    assert!(alike(&t, "p1", 8).await.mentions.is_empty(), "a week later nobody does any more");
    // What its author deletes says nothing any more.
    t.pass(60).await;
    assert_eq!(t.state("p2").await, State::Withdrawn);
    let one = alike(&t, "p1", 0).await;
    assert_eq!((one.mentions.len(), one.authors), (1, 1));
    t.close().await;
}

#[tokio::test]
async fn an_edit_is_compared_as_it_stands_now() {
    let t = Town::new(
        r#"{"at":1,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde"}
{"at":1,"do":"post","id":"p2","author":"ann","lang":"it","text":"@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde"}
{"at":9,"do":"edit","id":"p2","text":"@acme mi avete addebitato due volte la stessa fattura, rivoglio i miei soldi subito!"}"#,
    )
    .await;
    t.pass(5).await;
    assert_eq!(alike(&t, "p1", 0).await.mentions.len(), 1);
    t.pass(30).await;
    assert_eq!(t.mention("p2").await.version, 2);
    assert!(alike(&t, "p1", 0).await.mentions.is_empty());
    t.close().await;
}
