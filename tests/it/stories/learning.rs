//! Learning: what the team says of mentions changes how like ones are judged the next day, within
//! bounds and only where it proves better.

use crate::town::{Plan, Town};
use ascolto::domain::obligation::Owing;
use ascolto::domain::time::HOUR;
use ascolto::pipeline::acts::{self, Act};
use ascolto::store::corrections::{self, CorrectionRow};
use ascolto::store::labels;

const DAYS: [&str; 16] = [
    "oggi",
    "ieri",
    "questa sera",
    "sabato",
    "domenica",
    "questo mese",
    "lunedì",
    "martedì",
    "venerdì",
    "stamattina",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
];
/// Where players of the brand's game are stuck; the shipped model takes some of it for complaints.
const STUCK: [&str; 12] = [
    "resto bloccato al ponte",
    "non riesco più ad andare avanti",
    "sono fermo da ore",
    "non si va avanti",
    "non riesco a uscire",
    "non si finisce mai",
    "non si esce",
    "non riesco a finirlo",
    "da ieri non vado avanti",
    "non trovo l'uscita",
    "sempre fermo al ponte",
    "sono bloccato alla torre",
];
const FAULTS: [&str; 8] = [
    "il pacco non è arrivato",
    "il corriere ha perso il pacco",
    "la lavatrice è arrivata rotta",
    "mi avete addebitato due volte",
    "il rimborso non arriva",
    "il telefono non si accende",
    "la consegna è saltata ancora",
    "la fattura è sbagliata",
];
const ANGER: [&str; 5] = [
    "e nessuno risponde",
    "e il servizio clienti tace",
    "dopo tre settimane",
    "e rivoglio i soldi",
    "che vergogna",
];
/// One that the shipped model takes for a complaint, not heard before.
const LIKE: &str = "@acme il labirinto di giovedì è impossibile, non si esce";
const HARM: &str = "@acme il labirinto di giovedì è impossibile e la torcia prende fuoco, mio figlio si è bruciato la mano";

/// Hours after the morning at which the second day's posts are written.
const SECOND_DAY: i64 = 26;

fn post(at: f64, id: &str, text: &str) -> String {
    serde_json::json!({
        "at": at, "do": "post", "id": id, "author": format!("author-{id}"), "lang": "it", "text": text,
    })
    .to_string()
}

/// The ids of the first day's posts about the game, and of those that complain.
fn ids() -> (Vec<String>, Vec<String>) {
    let games = (0..DAYS.len() * STUCK.len()).map(|n| format!("game{n}")).collect();
    let faults = (0..FAULTS.len() * ANGER.len()).map(|n| format!("fault{n}")).collect();
    (games, faults)
}

/// The first day: many are stuck in the game, some complain. The second: one is stuck, one is hurt.
fn script() -> String {
    let games = DAYS.iter().flat_map(|day| {
        STUCK.iter().map(move |what| format!("@acme il labirinto di {day} è impossibile, {what}"))
    });
    let faults = FAULTS
        .iter()
        .flat_map(|what| ANGER.iter().map(move |anger| format!("@acme {what} {anger}")));
    let (game_ids, fault_ids) = ids();
    let first = games.zip(game_ids).chain(faults.zip(fault_ids)).enumerate();
    let mut lines: Vec<String> =
        first.map(|(n, (text, id))| post(0.5 + n as f64 / 1e3, &id, &text)).collect();
    let later = (SECOND_DAY * 60) as f64;
    lines.push(post(later, "like", LIKE));
    lines.push(post(later, "harm", HARM));
    lines.join("\n")
}

async fn town(brand: &str) -> Town {
    let t = Town::of(Plan { script: &script(), brand, ..Plan::default() }).await;
    t.pass(4).await;
    t
}

/// What a case is owed for; `None` where there is none or nothing is owed.
async fn owing(t: &Town, id: &str) -> Option<Owing> {
    match t.mention(id).await.case_id {
        Some(_) => t.case(id).await.case.owing(),
        None => None,
    }
}

/// An agent acts on the case of a mention; the steps follow later.
async fn says(t: &Town, id: &str, act: Act) {
    let case = t.id(id).await;
    acts::act(&t.deps, case, "ada", act).await.unwrap();
}

/// Hours later, up to the second day's posts.
async fn next_day(t: &Town) {
    for _ in 0..=SECOND_DAY {
        t.clock.advance(HOUR);
        t.settle().await;
    }
}

async fn correction(t: &Town) -> Option<CorrectionRow> {
    let mut tx = t.deps.store.read().await.unwrap();
    corrections::last(&mut tx, "acme").await.unwrap()
}

/// The team calls the game no complaint and answers what is one; gives how often it did each.
async fn teach(t: &Town) -> (i64, i64) {
    let (games, faults) = ids();
    let (mut no, mut yes) = (0, 0);
    for id in games {
        if owing(t, &id).await.is_some() {
            says(t, &id, Act::NotComplaint(String::new())).await;
            no += 1;
        }
    }
    for id in faults {
        if owing(t, &id).await == Some(Owing::Complaint) {
            says(t, &id, Act::Answered(String::new())).await;
            yes += 1;
        }
    }
    t.settle().await;
    (no, yes)
}

#[tokio::test]
async fn what_the_team_calls_no_complaint_is_no_alert_the_next_day() {
    let mut t = town("").await;
    let stuck = "game6";
    assert_eq!(owing(&t, stuck).await, Some(Owing::Complaint), "it is taken for one at first");
    let (no, yes) = teach(&t).await;
    assert!(no >= 100 && yes >= 35, "{no} {yes}");
    let mut tx = t.deps.store.read().await.unwrap();
    let said: i64 = labels::counts(&mut tx, "acme").await.unwrap().iter().map(|c| c.labels).sum();
    assert_eq!(said, no + yes);
    drop(tx);
    assert!(correction(&t).await.is_none(), "nothing is learned before the day is over");
    next_day(&t).await;
    let made = correction(&t).await.expect("it was learned");
    assert!(made.in_use, "{made:?}");
    assert_eq!((made.version, made.labels, made.complaints), (1, no + yes, yes));
    assert!(made.loss_with < made.loss_without, "{made:?}");
    let like = t.mention("like").await;
    assert_ne!(owing(&t, "like").await, Some(Owing::Complaint), "{like:?}");
    assert!(like.why.unwrap_or_default().contains("brand.learned"));
    assert_eq!(owing(&t, "harm").await, Some(Owing::Complaint), "harm is never taught away");
    // A restart goes on with what was learned.
    t.restart().await;
    assert_eq!(t.deps.corrections.now().get("acme").map(|c| c.version()), Some(1));
    t.close().await;
}

#[tokio::test]
async fn labels_that_contradict_each_other_change_nothing_and_say_why() {
    let t = town("").await;
    let (mut no, mut yes) = (0, 0);
    for (n, id) in ids().0.iter().enumerate() {
        match owing(&t, id).await {
            Some(Owing::Complaint) if !(n + n / STUCK.len()).is_multiple_of(3) => {
                says(&t, id, Act::Answered(String::new())).await;
                yes += 1;
            }
            Some(_) => {
                says(&t, id, Act::NotComplaint(String::new())).await;
                no += 1;
            }
            None => {}
        }
    }
    assert!(no >= 60 && yes >= 40, "{no} {yes}");
    next_day(&t).await;
    let made = correction(&t).await.expect("it was learned");
    assert_eq!((made.in_use, made.reason.as_str()), (false, "recall_fell"), "{made:?}");
    assert!(t.deps.corrections.now().is_empty());
    assert_eq!(owing(&t, "like").await, Some(Owing::Complaint));
    t.close().await;
}

#[tokio::test]
async fn a_brand_that_does_not_learn_is_judged_as_ever() {
    let t = town("learn = false").await;
    teach(&t).await;
    next_day(&t).await;
    assert!(correction(&t).await.is_none());
    assert_eq!(owing(&t, "like").await, Some(Owing::Complaint));
    t.close().await;
}

#[tokio::test]
async fn a_reopened_case_takes_its_label_back() {
    let t = Town::new(&post(0.5, "p1", &format!("@acme {} {}", FAULTS[0], ANGER[0]))).await;
    t.pass(4).await;
    t.act("p1", "ada", Act::NotComplaint(String::new())).await.unwrap();
    let count = async || {
        let mut tx = t.deps.store.read().await.unwrap();
        labels::counts(&mut tx, "acme").await.unwrap().len()
    };
    assert_eq!(count().await, 1);
    t.act("p1", "bob", Act::Reopen("è un reclamo".to_owned())).await.unwrap();
    assert_eq!(count().await, 0);
    t.act("p1", "bob", Act::Waive("risolto".to_owned())).await.unwrap();
    assert_eq!(count().await, 0, "a waived complaint is one all the same");
    t.close().await;
}
