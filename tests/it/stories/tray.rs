//! What only has to be looked at, and questions that are overdue: no alert of their own, and one digest
//! at nine and at three.

use crate::town::{MORNING, Plan, Town};
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::pipeline::acts::Act;
use ascolto::store::outbox;

/// A photo, a text in a language that is not judged, and at half past nine a private one.
const LOOKS: &str = r#"{"at":5,"do":"post","id":"photo","author":"nadia","handle":"nadia","text":"","attachments":[{"kind":"image","url":"https://rehearsal.example/1.jpg"}]}
{"at":6,"do":"post","id":"odd","author":"suvi","handle":"suvi","lang":"fi","text":"@acme missä\u001b[2J paketti on"}
{"at":90,"do":"post","id":"quiet","author":"olli","handle":"olli","lang":"fi","visibility":"private","text":"@acme salainen numero"}"#;

/// The digests that the terminal showed.
fn digests(t: &Town) -> Vec<String> {
    t.said().into_iter().filter(|said| said.contains("Da guardare: Acme")).collect()
}

#[tokio::test]
async fn what_waits_is_told_twice_a_day_and_never_one_by_one() {
    let t = Town::new(LOOKS).await;
    t.pass(59).await;
    assert_eq!(t.alerts("odd").await, ["not_alerted_kind silent"]);
    assert!(t.said().is_empty(), "{:?}", t.said());
    t.pass(3).await;
    let told = digests(&t);
    assert_eq!(told.len(), 1, "{told:?}");
    for words in [
        "In attesa che qualcuno li guardi: 2, nuovi dall'ultimo riepilogo: 2",
        "il più vecchio è del 2026-11-20 08:05 CET",
        "/?brand=acme&state=look",
        "@suvi: “@acme missä[2J paketti on” http",
        "@nadia: Senza testo",
    ] {
        assert!(told[0].contains(words), "{words} is not in {}", told[0]);
    }
    assert!(!told[0].contains('\u{1b}'), "a terminal would obey it");

    t.clock.advance(6 * HOUR);
    t.settle().await;
    let told = digests(&t);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("li guardi: 3, nuovi dall'ultimo riepilogo: 1"), "{}", told[1]);
    let case = format!("/cases/{}", t.id("quiet").await);
    assert!(told[1].contains("Privato") && told[1].contains(&case), "{}", told[1]);
    assert!(!told[1].contains("salainen") && !told[1].contains("olli"), "{}", told[1]);

    for mention in ["photo", "odd", "quiet"] {
        t.act(mention, "ada", Act::Waive("guardato".to_owned())).await.unwrap();
    }
    t.clock.advance(24 * HOUR);
    t.settle().await;
    assert_eq!(digests(&t).len(), 2, "nothing waits, so nothing is told");
    t.close().await;
}

#[tokio::test]
async fn a_time_of_day_is_told_once_though_the_process_dies() {
    let mut t = Town::new(LOOKS).await;
    t.pass(30).await;
    t.clock.advance(2 * HOUR);
    t.restart().await;
    t.settle().await;
    assert_eq!(digests(&t).len(), 1, "nine had passed while nobody was there");
    t.restart().await;
    t.pass(3).await;
    assert_eq!(digests(&t).len(), 1);
    let mut tx = t.deps.store.read().await.unwrap();
    let mut told = outbox::newest(&mut tx, 100).await.unwrap();
    drop(tx);
    told.retain(|alert| alert.reason == "to_look_at");
    let nine = MORNING + HOUR;
    let keys: Vec<_> = told.iter().map(|alert| alert.key.clone()).collect();
    assert_eq!(keys, [format!("acme.{}.to_look_at.room", nine.0)]);
    t.close().await;
}

#[tokio::test]
async fn nine_is_nine_on_the_day_on_which_the_clocks_change() {
    // Saturday, 27 March 2027, 14:00; the night after has an hour less.
    let opens_after = 127 * 24 * 60 + 6 * 60;
    let script = LOOKS.lines().next().unwrap();
    let script = script.replace("\"at\":5,", &format!("\"at\":{},", opens_after + 5));
    let t = Town::of(Plan { script: &script, opens_after, ..Plan::default() }).await;
    t.pass(65).await;
    assert_eq!(digests(&t).len(), 1, "at three, also on a Saturday");
    t.clock.advance(17 * HOUR - 6 * MINUTE);
    t.settle().await;
    assert_eq!(digests(&t).len(), 1, "it is one minute to nine");
    t.clock.advance(2 * MINUTE);
    t.settle().await;
    let told = digests(&t);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("li guardi: 1, nuovi dall'ultimo riepilogo: 0"), "{}", told[1]);
    t.close().await;
}

#[tokio::test]
async fn who_wants_no_digest_gets_none() {
    let t = Town::of(Plan { script: LOOKS, brand: "look_digest = []", ..Plan::default() }).await;
    t.pass(62).await;
    assert!(t.said().is_empty(), "{:?}", t.said());
    assert_eq!(t.alerts("odd").await, ["not_alerted_kind silent"]);
    t.close().await;
}

#[tokio::test]
async fn overdue_questions_are_told_in_the_digest_alone() {
    let script = r#"{"at":5,"do":"post","id":"q1","author":"ann","handle":"ann","lang":"it","text":"@acme a che ora apre lo sportello?"}"#;
    let brand = "sla = \"gold\"\n[sla.gold]\nquestion = \"2h\"";
    let t = Town::of(Plan { script, brand, ..Plan::default() }).await;
    t.pass(62).await;
    assert!(t.said().is_empty(), "at nine it is in time: {:?}", t.said());
    t.clock.advance(6 * HOUR);
    t.settle().await;
    let told = digests(&t);
    assert_eq!(told.len(), 1, "{:?}", t.said());
    for words in ["Domande oltre la scadenza: 1; la", "2026-11-20 11:00 CET", "&state=question"] {
        assert!(told[0].contains(words), "{words} is not in {}", told[0]);
    }
    assert!(!told[0].contains("li guardi"), "nothing is to look at: {}", told[0]);
    assert_eq!(t.alerts("q1").await, ["not_alerted_kind silent"]);
    t.act("q1", "ada", Act::Answered(String::new())).await.unwrap();
    t.clock.advance(24 * HOUR);
    t.settle().await;
    assert_eq!(digests(&t).len(), 1);
    t.close().await;
}
