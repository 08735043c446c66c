//! Trap 23: quiet hours hold what is told and not what is owed; then one digest. What wakes goes to
//! the person on call alone and says why.

use crate::doubles::webhook::Receiver;
use crate::town::{MORNING, Plan, Town};
use ascolto::clock::Clock;
use ascolto::domain::AlertId;
use ascolto::domain::case::State;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::pipeline::acts::Act;
use ascolto::pipeline::woken;
use ascolto::store::{events, live, outbox};

/// 22:20 in Rome, in minutes after eight.
const EVENING: i64 = 860;
const QUIET: &str = "quiet = [\"22:00-07:00\"]\n";
/// The same for the phone of whoever is on call.
const PHONE: &str = "quiet = [\"22:00-07:00\"]\n[recipient.phone]\nnotifier = \"terminal\"\n\
                     language = \"it\"\nquiet = [\"22:00-07:00\"]\n";
const LOST: &str = "@acme pacco perso, nessuno risponde, vergogna!";
const FIRE: &str = "@acme la stufa che mi avete mandato ha preso fuoco, mio figlio è al pronto \
                    soccorso, nessuno risponde, vergogna!";
const LAWYER: &str =
    "@acme pacco perso, nessuno risponde, vergogna! Ho dato mandato al mio avvocato";

/// What somebody of the name `id` posts, so many minutes after the evening began.
fn post(id: &str, after: i64, text: &str) -> String {
    serde_json::json!({ "at": EVENING + after, "do": "post", "id": id, "author": id, "handle": id,
        "lang": "it", "text": text })
    .to_string()
}

/// Ten hours later it is twenty past eight.
async fn sleep(t: &Town) {
    t.clock.advance(10 * HOUR);
    t.settle().await;
}

#[tokio::test]
async fn quiet_hours_hold_the_alert_and_not_the_clock_then_one_digest_tells() {
    let script = [post("p1", 5, LOST), post("p2", 9, LOST), post("p3", 12, LOST)].join("\n");
    let plan = Plan { script: &script, opens_after: EVENING, more: QUIET, ..Plan::default() };
    let mut t = Town::of(plan).await;
    t.pass(20).await;
    assert!(t.said().is_empty(), "nobody is told: {:?}", t.said());
    assert_eq!(t.alerts("p1").await, ["new_complaint due"]);
    assert_eq!(t.state("p1").await, State::Waiting, "and it is owed all the same");
    let due = t.case("p1").await.case.deadline();
    assert!(due.is_some());
    t.act("p3", "ada", Act::Answered(String::new())).await.unwrap();
    t.restart().await;
    t.settle().await;
    assert!(t.said().is_empty());
    sleep(&t).await;
    assert_eq!(t.case("p1").await.case.deadline(), due);
    let said = t.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("* Dopo le ore di silenzio: Acme"), "{}", said[0]);
    assert!(said[0].contains("silenzio: 2; conclusi nel frattempo: 1"), "{}", said[0]);
    let link = async |id: &str| said[0].find(&format!("/cases/{}", t.id(id).await));
    let (first, second) = (link("p1").await, link("p2").await);
    assert!(first.is_some() && first < second, "the oldest deadline first: {}", said[0]);
    assert_eq!(link("p3").await, None, "what ended is only counted");
    assert_eq!(t.alerts("p1").await, ["new_complaint grouped"]);
    t.pass(3).await;
    assert_eq!(t.said().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn one_alert_that_waited_alone_is_told_as_what_it_is() {
    let script = post("p1", 5, LOST);
    let plan = Plan { script: &script, opens_after: EVENING, more: QUIET, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(12).await;
    sleep(&t).await;
    let said = t.said();
    assert!(said.len() == 1 && said[0].starts_with("* Nuovo reclamo: acme"), "{said:?}");
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.close().await;
}

#[tokio::test]
async fn quiet_hours_go_by_the_clocks_of_who_sleeps() {
    // At 22:20 in Rome it is 16:20 in New York, 06:20 in Tokyo and 02:50 in Kolkata.
    let zones = [("America/New_York", "sent"), ("Asia/Tokyo", "due"), ("Asia/Kolkata", "due")];
    for (zone, state) in zones {
        let more = format!("{QUIET}zone = \"{zone}\"\n");
        let script = post("p1", 5, LOST);
        let plan = Plan { script: &script, opens_after: EVENING, more: &more, ..Plan::default() };
        let t = Town::of(plan).await;
        t.pass(8).await;
        assert_eq!(t.alerts("p1").await, [format!("new_complaint {state}")], "{zone}");
        // By then it is past seven in Tokyo, and night in Kolkata as in Rome.
        t.pass(40).await;
        let told = t.said().len();
        assert_eq!(told, usize::from(zone != "Asia/Kolkata"), "{zone}");
        sleep(&t).await;
        t.close().await;
    }
}

#[tokio::test]
async fn a_justified_wake_reaches_one_person_and_says_why() {
    let plan = Plan {
        script: &post("fire", 5, FIRE),
        brand: "on_call = \"phone\"",
        opens_after: EVENING,
        more: PHONE,
        ..Plan::default()
    };
    let t = Town::of(plan).await;
    t.pass(8).await;
    let said = t.said();
    assert_eq!(said.len(), 1, "the room sleeps: {said:?}");
    assert!(said[0].starts_with("!! Nuovo reclamo"), "{}", said[0]);
    assert!(said[0].contains("Interrompe le ore di silenzio: qualcuno può farsi male."));
    assert!(said[0].contains("Non doveva svegliarmi: http"), "{}", said[0]);
    let case = t.id("fire").await;
    let mut tx = t.deps.store.read().await.unwrap();
    let rows = outbox::of_case(&mut tx, case).await.unwrap();
    let (rang, held): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.state == "sent");
    assert_eq!((rang.len(), held.len()), (1, 1));
    assert_eq!((rang[0].recipient.as_str(), rang[0].wake.as_str()), ("phone", "safety"));
    assert_eq!((held[0].recipient.as_str(), held[0].held.as_str()), ("room", "quiet"));
    let morning = t.deps.now().0 - 8 * MINUTE + 8 * HOUR + 40 * MINUTE;
    assert_eq!(held[0].due_at, Some(morning), "it says until when");
    drop(tx);

    let id: AlertId = rang[0].id.parse().unwrap();
    for _ in 0..2 {
        woken::in_vain(&t.deps, id, "link:phone").await.unwrap();
    }
    let refused = woken::in_vain(&t.deps, held[0].id.parse().unwrap(), "ada").await.unwrap_err();
    assert!(refused.to_string().contains("woke nobody"), "{refused}");
    let mut tx = t.deps.store.read().await.unwrap();
    let said = live::in_vain_since(&mut tx, "acme", t.deps.now()).await.unwrap();
    assert_eq!(said, [("safety".to_owned(), 1)], "said twice it counts once");
    let log = events::of_subject(&mut tx, &case.to_string()).await.unwrap();
    assert_eq!(log.iter().filter(|e| e.kind == "woken_in_vain").count(), 1);
    drop(tx);
    sleep(&t).await;
    assert_eq!(t.said().len(), 2, "the room hears of it in the morning: {:?}", t.said());
    t.close().await;
}

#[tokio::test]
async fn after_three_in_a_night_one_alert_tells_the_rest_but_safety_rings() {
    let mut script: Vec<String> = (1..=6).map(|n| post(&format!("p{n}"), 5 * n, LAWYER)).collect();
    script.push(post("fire", 40, FIRE));
    let script = script.join("\n");
    let plan = Plan {
        script: &script,
        brand: "wakes = [\"safety\", \"legal\"]\non_call = \"phone\"",
        recipients: &["phone"],
        opens_after: EVENING,
        more: PHONE,
        ..Plan::default()
    };
    let mut t = Town::of(plan).await;
    t.pass(28).await;
    t.restart().await;
    t.pass(20).await;
    let said = t.said();
    let heads: Vec<&str> = said.iter().filter_map(|s| s.lines().next()).collect();
    let marks: Vec<&str> = heads.iter().map(|h| h.split(' ').next().unwrap()).collect();
    assert_eq!(marks, ["!!", "!!", "!!", "*", ">", ">", "!!"], "{heads:#?}");
    assert!(heads[3].starts_with("* Altri di questa notte: Acme"), "{heads:#?}");
    assert!(said[5].contains("sta qui: 3;"), "changed in place with what came: {}", said[5]);
    let key = |n: usize| said[n].lines().last().unwrap().to_owned();
    assert!(key(3) == key(4) && key(4) == key(5), "one alert: {said:#?}");
    assert!(said[6].contains("ha preso fuoco"));
    assert_eq!(t.alerts("p4").await, ["new_complaint grouped"]);
    sleep(&t).await;
    assert_eq!(t.said().len(), 7, "all were told, so the morning brings no digest");
    t.close().await;
}

#[tokio::test]
async fn a_rota_says_who_is_on_call_and_where_it_has_nobody_all_are_woken() {
    for (hours, woken) in [("18:00-08:00", vec!["phone"]), ("08:00-18:00", vec!["room"])] {
        let rota = "people = [\"phone\"]\nzone = \"Europe/Rome\"\nstart = 2026-11-16\n";
        let more = format!("{PHONE}[rota.night]\n{rota}hours = [\"{hours}\"]\n");
        let plan = Plan {
            script: &post("fire", 5, FIRE),
            brand: "on_call = \"night\"",
            opens_after: EVENING,
            more: &more,
            ..Plan::default()
        };
        let t = Town::of(plan).await;
        t.pass(8).await;
        let rows = t.told("fire").await;
        let rang: Vec<&str> =
            rows.iter().filter(|r| r.state == "sent").map(|r| r.recipient.as_str()).collect();
        assert_eq!(rang, woken, "{hours}");
        sleep(&t).await;
        t.close().await;
    }
}

#[tokio::test]
async fn where_the_person_on_call_cannot_be_reached_who_stands_in_is_woken() {
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
    let receiver = Receiver::start(secret, Clock::manual(MORNING)).await;
    let hook = format!(
        "notifier = \"webhook\"\nurl = \"{}/nowhere\"\nsecret = \"{secret}\"\n",
        receiver.url
    );
    let desk =
        "[escalation.desk]\nlevels = [{ at = \"0%\", to = [\"room\"] }]\nfallback = \"boss\"\n";
    let boss = format!("[recipient.boss]\nnotifier = \"terminal\"\nlanguage = \"it\"\n{QUIET}");
    let more = format!("{QUIET}[recipient.phone]\n{hook}{QUIET}{boss}{desk}");
    let plan = Plan {
        script: &post("fire", 5, FIRE),
        brand: "on_call = \"phone\"\nescalation = \"desk\"",
        opens_after: EVENING,
        more: &more,
        ..Plan::default()
    };
    let t = Town::of(plan).await;
    t.pass(8).await;
    let told = t.told("fire").await;
    let stands: Vec<_> =
        told.iter().map(|row| (&*row.recipient, &*row.state, &*row.wake)).collect();
    let wanted = [("room", "due", ""), ("phone", "failed", "safety"), ("boss", "sent", "safety")];
    assert_eq!(stands, wanted);
    let said = t.said();
    assert!(said.len() == 1 && said[0].starts_with("!! Nuovo reclamo"), "{said:?}");
    sleep(&t).await;
    t.close().await;
}
