//! Storms: many like complaints are told in one alert that grows with them, and each stays owed.

use crate::doubles::ntfy::Ntfy;
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::time::HOUR;
use ascolto::pipeline::acts::Act;
use ascolto::store::outbox::{self, AlertRow};
use ascolto::store::storms::{self, Figures, StormRow};

const LATE: &str =
    "@acme terza settimana e il pacco non è ancora arrivato, nessuno risponde, vergogna!";

/// Complaints of so many people, each with its id, all written at one minute.
fn crowd(name: &str, people: i64, at: i64, text: &str) -> Vec<String> {
    let post = |n: i64| {
        let id = format!("{name}{n}");
        format!(
            r#"{{"at":{at},"do":"post","id":"{id}","author":"{id}","lang":"it","text":"{text}"}}"#
        )
    };
    (0..people).map(post).collect()
}

async fn all(t: &Town) -> Vec<StormRow> {
    let mut tx = t.deps.store.read().await.unwrap();
    storms::newest(&mut tx, "acme", None, 50).await.unwrap()
}

async fn figures(t: &Town, storm: &StormRow) -> Figures {
    let mut tx = t.deps.store.read().await.unwrap();
    storms::figures(&mut tx, &storm.id, t.deps.now()).await.unwrap()
}

/// The alerts of that reason that went out, the oldest first.
async fn told(t: &Town, reason: &str) -> Vec<AlertRow> {
    let mut tx = t.deps.store.read().await.unwrap();
    let mut alerts = outbox::newest(&mut tx, 10_000).await.unwrap();
    alerts.retain(|alert| alert.reason == reason && alert.state == "sent");
    alerts.reverse();
    alerts
}

async fn hours(t: &Town, count: i64) {
    for _ in 0..count {
        t.clock.advance(HOUR);
        t.settle().await;
    }
}

#[tokio::test]
async fn a_storm_of_forty_is_told_in_one_alert_that_grows_and_each_is_answered_by_itself() {
    let mut script = crowd("p", 40, 5, LATE);
    script.extend(crowd("q", 6, 12, LATE));
    script.extend(crowd("r", 50, 30, LATE));
    let t = Town::new(&script.join("\n")).await;
    t.pass(8).await;
    let storm = all(&t).await.remove(0);
    assert_eq!((storm.kind.as_str(), storm.ended_at), ("like", None));
    assert_eq!(figures(&t, &storm).await, Figures { members: 40, owed: 40, overdue: 0 });
    let first = told(&t, "storm").await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(first[0].live, storm.id);
    let words = "40 reclami dal 2026-11-20 08:05 CET che dicono la stessa cosa";
    assert!(first[0].body.contains(words), "{}", first[0].body);
    assert!(first[0].body.contains(&format!("/storms/{}", storm.id)), "{}", first[0].body);
    assert!(told(&t, "new_complaint").await.is_empty(), "no member rang by itself");
    assert_eq!(t.alerts("p7").await, ["in_storm silent"]);

    t.pass(7).await;
    assert_eq!(figures(&t, &storm).await.members, 46);
    assert_eq!(told(&t, "storm").await.len(), 1, "growth is told each quarter of an hour");
    t.pass(9).await;
    let grown = told(&t, "storm").await;
    assert_eq!(grown.len(), 2, "{grown:?}");
    assert!(grown[1].body.starts_with("46 reclami"), "{}", grown[1].body);
    t.pass(10).await;
    let grown = told(&t, "storm").await;
    assert_eq!(grown.len(), 3, "it doubled, so it is told at once: {grown:?}");
    assert!(grown[2].body.starts_with("96 reclami"), "{}", grown[2].body);
    assert!(told(&t, "new_complaint").await.is_empty());

    for id in ["p0", "q3", "r49"] {
        assert_eq!(t.state(id).await, State::Waiting, "{id} is owed an answer of its own");
    }
    t.act("p0", "ada", Act::Answered("https://rehearsal.example/1".to_owned())).await.unwrap();
    assert_eq!(t.state("p0").await, State::Answered);
    assert_eq!(t.state("p1").await, State::Waiting, "one answer answers one");
    assert_eq!(figures(&t, &storm).await.owed, 95);

    // It is over, deadlines pass, and the storm's alert tells of all of them at once.
    hours(&t, 11).await;
    let storm = all(&t).await.remove(0);
    assert!(storm.ended_at.is_some(), "{storm:?}");
    assert!(told(&t, "overdue").await.is_empty(), "nothing of it rings by itself");
    let over = told(&t, "storm_over").await;
    assert!((2..=4).contains(&over.len()), "its end, and what is overdue: {over:?}");
    assert!(over[0].body.contains("la tempesta è finita"), "{}", over[0].body);
    let last = &over[over.len() - 1].body;
    assert!(last.contains("Da rispondere: 95, scaduti: 95, conclusi: 1"), "{last}");
    assert_eq!(all(&t).await.len(), 1, "and it began but once");
    t.close().await;
}

#[tokio::test]
async fn a_storm_ends_and_the_next_complaint_rings_by_itself() {
    let mut script = crowd("p", 25, 5, LATE);
    script.extend(crowd("during", 1, 20, LATE));
    script.extend(crowd("after", 1, 100, LATE));
    let t = Town::new(&script.join("\n")).await;
    t.pass(30).await;
    assert_eq!(t.alerts("during0").await, ["in_storm silent"]);
    assert_eq!(all(&t).await[0].ended_at, None);
    t.pass(65).await;
    let storm = all(&t).await.remove(0);
    assert!(storm.ended_at.is_some(), "nothing came for an hour: {storm:?}");
    assert_eq!(told(&t, "storm_over").await.len(), 1);
    t.pass(10).await;
    assert_eq!(t.alerts("after0").await, ["new_complaint sent"]);
    assert_eq!(figures(&t, &storm).await.members, 26);
    t.close().await;
}

#[tokio::test]
async fn what_a_member_complains_of_after_the_end_rings_when_it_is_overdue() {
    let mut script = crowd("p", 25, 5, LATE);
    let text = USUAL[1];
    script.push(format!(
        r#"{{"at":150,"do":"post","id":"later","author":"p0","lang":"it","parent":"p0","text":"{text}"}}"#
    ));
    let t = Town::new(&script.join("\n")).await;
    t.pass(20).await;
    t.act("p0", "ada", Act::Answered("https://rehearsal.example/1".to_owned())).await.unwrap();
    hours(&t, 3).await;
    assert!(all(&t).await[0].ended_at.is_some(), "nothing came for an hour");
    assert_eq!(t.id("later").await, t.id("p0").await, "the case of a member");
    assert_eq!(t.alerts("p0").await, ["in_storm silent", "again sent"]);
    let due = t.case("p0").await.case.deadline().unwrap();
    hours(&t, (due - t.deps.now()) / HOUR + 2).await;
    assert!(t.alerts("p0").await.contains(&"overdue sent".to_owned()), "{:?}", t.told("p0").await);
    assert_eq!(told(&t, "overdue").await.len(), 1, "of the others its alert tells");
    t.close().await;
}

#[tokio::test]
async fn what_rang_before_the_storm_stood_is_no_secret_and_what_comes_after_is_grouped() {
    let mut script = Vec::new();
    for minute in 0..30 {
        script.extend(crowd(&format!("t{minute}x"), 1, 5 + minute, LATE));
    }
    let t = Town::new(&script.join("\n")).await;
    t.pass(45).await;
    let storm = all(&t).await.remove(0);
    assert_eq!(figures(&t, &storm).await.members, 30, "those that rang are members too");
    let rang = told(&t, "new_complaint").await.len();
    assert!((15..25).contains(&rang), "{rang} of 30 rang before it was a storm");
    assert_eq!(t.alerts("t0x0").await, ["new_complaint sent"]);
    assert_eq!(t.alerts("t28x0").await, ["in_storm silent"]);
    t.close().await;
}

/// Six complaints an hour that have nothing to do with one another.
const USUAL: [&str; 6] = [
    "@acme terza settimana e il pacco non è ancora arrivato, vergogna!",
    "@acme mi avete addebitato due volte la stessa fattura, rivoglio i soldi!",
    "@acme la vostra app si blocca ogni volta che provo a pagare, pessima!",
    "@acme il frigorifero che ho comprato da voi è rotto dopo due giorni!",
    "@acme sono al telefono da un'ora con il servizio clienti, nessuno risponde!",
    "@acme aspetto il rimborso da due mesi e non ricevo nulla, che schifo!",
];

#[tokio::test]
async fn a_busy_brand_that_is_always_as_busy_has_no_storm() {
    let mut script = Vec::new();
    for hour in 0..30 {
        for (n, text) in USUAL.iter().enumerate() {
            let at = hour * 60 + n as i64 * 9;
            script.extend(crowd(&format!("h{hour}n{n}x"), 1, at, text));
        }
    }
    script.extend(crowd("wave", 25, 31 * 60 + 5, LATE));
    let brand = "storm_at = 5";
    let t = Town::of(Plan { script: &script.join("\n"), brand, ..Plan::default() }).await;
    hours(&t, 31).await;
    assert_eq!(t.alerts("h29n3x0").await.len(), 1);
    assert!(all(&t).await.is_empty(), "{:?}", all(&t).await);
    assert!(told(&t, "storm").await.is_empty());
    assert!(told(&t, "new_complaint").await.len() > 120, "they are complaints, and each rang");
    // And yet it hears one when it comes.
    hours(&t, 2).await;
    assert!(!all(&t).await.is_empty());
    assert_eq!(t.alerts("wave3").await, ["in_storm silent"]);
    hours(&t, 3).await;
    t.close().await;
}

#[tokio::test]
async fn a_campaign_has_a_threshold_of_its_own() {
    let fall = LATE.replace("il pacco", "il pacco #acmefall");
    let mut script = crowd("c", 20, 5, &fall);
    script.extend(crowd("p", 12, 15, LATE));
    script.extend(crowd("d", 15, 25, &fall));
    let brand = "storm_at = 10\ncampaigns = [{ name = \"fall\", terms = [\"#acmefall\"], \
                 from = 2026-11-01, to = 2026-11-30, storm_at = 30 }]";
    let t = Town::of(Plan { script: &script.join("\n"), brand, ..Plan::default() }).await;
    t.pass(10).await;
    assert!(all(&t).await.is_empty(), "twenty are none for the campaign");
    assert_eq!(t.alerts("c0").await, ["new_complaint sent"]);
    t.pass(10).await;
    let storms = all(&t).await;
    assert_eq!((storms.len(), storms[0].campaign.as_str()), (1, ""), "the brand's own");
    assert_eq!(figures(&t, &storms[0]).await.members, 12);
    t.pass(10).await;
    let storms = all(&t).await;
    assert_eq!((storms.len(), storms[0].campaign.as_str()), (2, "fall"));
    assert_eq!(figures(&t, &storms[0]).await.members, 35);
    assert_eq!(t.alerts("d3").await, ["in_storm silent"]);
    let body = &told(&t, "storm").await[1].body;
    assert!(body.contains("Nominano la campagna fall."), "{body}");
    t.close().await;
}

#[tokio::test]
async fn who_may_be_hurt_rings_in_a_storm_too() {
    let text =
        "@acme il vostro caricabatterie ha preso fuoco e mi sono ustionato la mano, vergogna!";
    let t = Town::new(&crowd("p", 25, 5, text).join("\n")).await;
    t.pass(10).await;
    let storm = all(&t).await.remove(0);
    assert_eq!(figures(&t, &storm).await.members, 25);
    assert_eq!(told(&t, "storm").await.len(), 1);
    assert_eq!(t.alerts("p3").await, ["new_complaint sent"]);
    t.close().await;
}

const COURT: &str = "@acme terza settimana e il pacco non è ancora arrivato, vergogna: ne parlo \
                     con il mio avvocato!";

#[tokio::test]
async fn who_names_a_court_rings_in_a_storm_too() {
    let t = Town::new(&crowd("p", 25, 5, COURT).join("\n")).await;
    t.pass(10).await;
    let storm = all(&t).await.remove(0);
    assert_eq!(figures(&t, &storm).await.members, 25);
    assert_eq!(told(&t, "storm").await.len(), 1);
    assert_eq!(t.alerts("p3").await, ["new_complaint sent"]);
    t.close().await;
}

#[tokio::test]
async fn who_names_a_court_wakes_in_a_storm_where_that_is_asked_for() {
    // It begins at 23:05 in Rome.
    let script = crowd("p", 25, 905, COURT).join("\n");
    let (brand, more) = ("wakes = [\"legal\"]", "quiet = [\"22:00-07:00\"]\n");
    let t =
        Town::of(Plan { script: &script, brand, opens_after: 900, more, ..Plan::default() }).await;
    t.pass(10).await;
    assert_eq!(all(&t).await.len(), 1);
    let woken = told(&t, "new_complaint").await;
    assert!(!woken.is_empty() && woken.iter().all(|alert| alert.wake == "legal"), "{woken:?}");
    assert!(told(&t, "storm").await.is_empty(), "the storm itself waits for the morning");
    hours(&t, 12).await;
    t.close().await;
}

#[tokio::test]
async fn by_night_a_storm_rings_once_and_grows_without_a_sound() {
    // It begins at 22:25 in Rome.
    let mut script = crowd("p", 25, 865, LATE);
    script.extend(crowd("q", 6, 872, LATE));
    script.extend(crowd("r", 60, 890, LATE));
    let script = script.join("\n");
    let ntfy = Ntfy::start(None).await;
    let more = format!(
        "[recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n\
         quiet = [\"22:00-07:00\"]\n",
        ntfy.url
    );
    let (recipients, opens_after) = (&["phone"][..], 860);
    let plan = Plan { script: &script, opens_after, recipients, more: &more, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(8).await;
    assert_eq!((ntfy.delivered().len(), ntfy.changed().len()), (1, 0));
    assert_eq!(ntfy.delivered()[0]["priority"], 5, "that wakes whoever is to be woken");
    t.pass(35).await;
    assert_eq!(told(&t, "storm").await.len(), 3, "it grew, and it doubled");
    assert_eq!((ntfy.delivered().len(), ntfy.changed().len()), (1, 2), "nobody is woken again");
    hours(&t, 12).await;
    t.close().await;
}
