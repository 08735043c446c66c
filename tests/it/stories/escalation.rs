//! Who hears of a complaint when: levels, rotas, acknowledgements, takes, and who stands in.

use crate::doubles::webhook::Receiver;
use crate::town::{MORNING, Plan, Town, is_update};
use ascolto::clock::Clock;
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::Act;

const COMPLAINT: &str = r#"{"at":62,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

/// Heard at 9:03 and due at 13:02. ada has the week, but for the evening that begins at noon.
const DESK: &str = r#"
[sla.fast]
first_response = "4h"
[escalation.desk]
levels = [
    { at = "0%", to = ["room"] },
    { at = "50%", to = ["duty"], repeat = "30m" },
    { at = "80%", to = ["lead"] },
    { at = "overdue", to = ["duty"] },
]
[rota.duty]
people = ["ada", "bob"]
zone = "Europe/Rome"
start = 2026-11-16
change = "monday 09:00"
overrides = [{ who = "bob", from = "2026-11-20 12:00", to = "2026-11-20 23:00" }]
[recipient.ada]
notifier = "terminal"
[recipient.bob]
notifier = "terminal"
[recipient.lead]
notifier = "terminal"
"#;

async fn town(desk: &str) -> Town {
    let brand = "sla = \"fast\"\nescalation = \"desk\"";
    Town::of(Plan { script: COMPLAINT, brand, channel: desk, ..Plan::default() }).await
}

/// Lets time pass until so many minutes after eight.
async fn until(t: &Town, minutes: i64) {
    t.pass((MORNING + minutes * MINUTE - t.deps.now()) / MINUTE).await;
}

/// Every alert about the case, but for what only brings one up to date: reason, level, recipient, and
/// what became of it if not sent.
async fn told(t: &Town) -> Vec<String> {
    let rows = t.told("p1").await;
    let told = rows.iter().filter(|a| !is_update(a)).map(|a| {
        let state = if a.state == "sent" { "" } else { a.state.as_str() };
        let parts = [a.reason.as_str(), &a.title, &a.recipient, state];
        parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
    });
    told.collect()
}

#[tokio::test]
async fn each_level_reaches_whom_the_rota_has_and_an_acknowledgement_stops_its_repeats_alone() {
    let t = town(DESK).await;
    until(&t, 70).await;
    assert_eq!(told(&t).await, ["new_complaint room"]);
    until(&t, 184).await;
    assert_eq!(told(&t).await[1..], ["escalated 2 ada"], "half of the wait is over");
    assert!(t.said().iter().any(|line| line.starts_with("* Inoltrato al livello 2")));
    until(&t, 220).await;
    assert_eq!(told(&t).await[2..], ["escalated 2 ada"], "nobody has acknowledged it");
    t.act("p1", "ada", Act::Acknowledge).await.unwrap();
    let again = t.act("p1", "bob", Act::Acknowledge).await.unwrap_err().to_string();
    assert!(again.contains("ada has acknowledged"), "{again}");
    until(&t, 250).await;
    assert_eq!(told(&t).await.len(), 3, "it is not told again");
    until(&t, 300).await;
    assert_eq!(told(&t).await[3..], ["escalated 3 lead"], "the next level comes all the same");
    until(&t, 400).await;
    assert_eq!(told(&t).await[4..], ["escalated 4 bob"], "in place of ada, and one word of it");
    t.act("p1", "bob", Act::Answered(String::new())).await.unwrap();
    t.pass(26 * 60).await;
    assert_eq!(told(&t).await.len(), 5, "answered is answered");
    t.close().await;
}

#[tokio::test]
async fn a_take_that_ran_out_goes_to_the_level_that_holds_by_then() {
    let t = town(DESK).await;
    until(&t, 190).await;
    t.act("p1", "ada", Act::Take).await.unwrap();
    until(&t, 218).await;
    assert_eq!(told(&t).await, ["new_complaint room", "escalated 2 ada"], "no repeat meanwhile");
    until(&t, 225).await;
    assert_eq!(told(&t).await[2..], ["take_ran_out ada"]);
    until(&t, 235).await;
    t.act("p1", "ada", Act::Take).await.unwrap();
    until(&t, 258).await;
    assert_eq!(told(&t).await[3..], ["escalated 3 lead"], "a take stops no clock");
    until(&t, 270).await;
    assert_eq!(told(&t).await[4..], ["take_ran_out lead"]);
    t.close().await;
}

#[tokio::test]
async fn where_nobody_is_reached_the_fallback_is_told_then_the_last_resort() {
    let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
    let receiver = Receiver::start(secret, Clock::manual(MORNING)).await;
    let hook = format!(
        "notifier = \"webhook\"\nurl = \"{}/nowhere\"\nsecret = \"{secret}\"\n",
        receiver.url
    );
    let levels = "levels = [{ at = \"0%\", to = [\"gone\"] }, { at = \"50%\", to = [\"night\"] }]";
    let night = "[rota.night]\npeople = [\"bob\"]\nzone = \"Europe/Rome\"\nstart = 2026-11-16\n\
                 hours = [\"18:00-08:00\"]\n";
    let t = town(&format!(
        "[sla.fast]\nfirst_response = \"4h\"\n[escalation.desk]\n{levels}\nfallback = \"mute\"\n\
         last_resort = \"boss\"\n{night}[recipient.gone]\n{hook}[recipient.mute]\n{hook}\
         [recipient.bob]\nnotifier = \"terminal\"\n[recipient.boss]\nnotifier = \"terminal\"\n"
    ))
    .await;
    until(&t, 70).await;
    let three = ["new_complaint gone failed", "new_complaint mute failed", "new_complaint boss"];
    assert_eq!(told(&t).await, three);
    until(&t, 184).await;
    let more = ["escalated 2 mute failed", "escalated 2 boss"];
    assert_eq!(told(&t).await[3..], more, "by day the rota of nights has nobody");
    let dead = t.said().iter().filter(|line| line.contains("mute")).count();
    assert_eq!(dead, 2, "each time, hours apart, a word about the recipient itself");
    t.close().await;
}

#[tokio::test]
async fn what_a_removed_person_was_to_be_told_goes_to_who_stands_in() {
    let hook = "notifier = \"webhook\"\nurl = \"http://127.0.0.1:9/hook\"\n\
                secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\"\n";
    let mut t = town(&format!(
        "[sla.fast]\nfirst_response = \"4h\"\n[escalation.desk]\n\
         levels = [{{ at = \"0%\", to = [\"leo\"] }}]\nfallback = \"bob\"\n\
         [recipient.leo]\n{hook}[recipient.bob]\nnotifier = \"terminal\"\n"
    ))
    .await;
    until(&t, 63).await;
    assert_eq!(told(&t).await, ["new_complaint leo due"], "the line to leo is down");
    let leo = format!("[recipient.leo]\n{hook}");
    t.reconfigure(&[("to = [\"leo\"]", "to = [\"room\"]"), (&leo, "")]).await;
    until(&t, 140).await;
    assert_eq!(told(&t).await, ["new_complaint leo failed", "new_complaint bob"]);
    t.close().await;
}

#[tokio::test]
async fn a_later_complaint_on_a_late_case_is_told_by_its_own_deadline() {
    let again = r#"{"at":330,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"p1","lang":"it","text":"@acme ancora niente, pacco sempre perso e nessuno risponde, vergogna!"}"#;
    let script = format!("{COMPLAINT}\n{again}");
    let brand = "sla = \"fast\"\nescalation = \"desk\"";
    let t = Town::of(Plan { script: &script, brand, channel: DESK, ..Plan::default() }).await;
    until(&t, 325).await;
    let before = told(&t).await;
    assert_eq!(before.last().unwrap(), "escalated 4 bob", "the first one is late");
    until(&t, 600).await;
    let after = told(&t).await;
    let own = ["again bob", "escalated 2 bob", "escalated 3 lead", "escalated 4 bob"];
    assert_eq!(after[before.len()..], own, "each level of its own, and its deadline once");
    t.close().await;
}
