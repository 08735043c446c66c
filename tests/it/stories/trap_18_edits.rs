//! Trap 18: the customer edits. Before the answer it can raise; after it, it is looked at again.

use crate::town::{Plan, Town};
use ascolto::domain::case::{State, next_due};
use ascolto::domain::obligation::Owing;
use ascolto::domain::person::complained_at;
use ascolto::domain::time::{DAY, HOUR};
use ascolto::pipeline::acts::Act;
use ascolto::store::ledger::BrandShare;

/// Complains, is answered by a colleague, and edits.
fn script(edit: &str) -> String {
    format!(
        r#"{{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}}
{{"at":20,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo, ci pensiamo noi."}}
{{"at":60,"do":"edit","id":"p1","text":"{edit}"}}
{{"at":150,"do":"answer","id":"n2","parent":"p1","text":"Ciao, te lo rispediamo oggi."}}"#
    )
}

#[tokio::test]
async fn an_edit_after_the_answer_is_owed_again() {
    let t = Town::new(&script(
        "@acme mi avete scritto ma il pacco è sempre perso, nessuno risponde, vergogna!",
    ))
    .await;
    t.pass(50).await;
    assert_eq!(t.state("p1").await, State::Answered);
    t.pass(12).await;
    assert_eq!((t.state("p1").await, t.mention("p1").await.version), (State::Waiting, 2));
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "reopened sent"]);
    t.pass(60).await;
    assert_eq!(t.state("p1").await, State::Waiting, "the answer from before the edit is none");
    t.pass(50).await;
    assert_eq!(t.state("p1").await, State::Answered, "the one behind it is");
    t.close().await;
}

#[tokio::test]
async fn an_edit_that_only_asks_is_looked_at_and_rings_nobody() {
    let t = Town::new(&script("@acme a che ora apre lo sportello?")).await;
    t.pass(63).await;
    let case = t.case("p1").await.case;
    assert_eq!(case.owing(), Some(Owing::Look));
    assert!(next_due(&case).is_some());
    assert_eq!(t.alerts("p1").await, ["new_complaint sent", "not_alerted_kind silent"]);
    t.close().await;
}

#[tokio::test]
async fn an_edit_that_says_thanks_opens_nothing() {
    let t = Town::new(&script("Grazie mille per la risposta, buona giornata")).await;
    t.pass(63).await;
    assert_eq!((t.state("p1").await, t.mention("p1").await.version), (State::Answered, 2));
    t.close().await;
}

#[tokio::test]
async fn no_edit_takes_a_complaint_out_of_the_share_but_a_persons_word_does() {
    // Nobody answers this one.
    let script = script("@acme a che ora apre lo sportello?");
    let lines: Vec<&str> = script.lines().filter(|l| !l.contains("answer")).collect();
    let t = Town::new(&lines.join("\n")).await;
    t.pass(15).await;
    t.act("p1", "ada", Act::Waive("a troll".to_owned())).await.unwrap();
    t.pass(48).await;
    let file = t.case("p1").await;
    assert_eq!(file.case.owing(), Some(Owing::Look), "what stands there now is looked at");
    assert_eq!(file.stakes.strikes, 1, "and its author complained all the same");
    let share = counted(&t).await;
    assert_eq!((share.complaints.in_time, share.complaints.ended_early), (1, 0));
    t.clock.advance(8 * DAY);
    t.settle().await;
    t.pass(1).await;
    let share = counted(&t).await;
    assert_eq!((share.complaints.due, share.questions.due), (1, 0));
    assert_eq!((share.complaints.unheard, share.complaints.answered), (1, 0));
    t.act("p1", "ada", Act::NotComplaint(String::new())).await.unwrap();
    let share = counted(&t).await;
    assert_eq!((share.complaints.due, share.not_complaint), (0, 1));
    assert_eq!(complained_at(&t.case("p1").await.case), None);
    t.close().await;
}

#[tokio::test]
async fn an_answer_in_time_stays_one_when_the_text_is_changed() {
    let t = Town::new(&script(
        "@acme mi avete scritto ma il pacco è sempre perso, nessuno risponde, vergogna!",
    ))
    .await;
    t.pass(50).await;
    assert_eq!(counted(&t).await.complaints.answered_early, 1);
    t.pass(13).await;
    assert_eq!(t.state("p1").await, State::Waiting, "the edit is owed an answer of its own");
    let complaints = counted(&t).await.complaints;
    assert_eq!((complaints.answered_early, complaints.in_time), (1, 0), "it counts once");
    t.clock.advance(8 * DAY);
    t.settle().await;
    t.pass(1).await;
    let complaints = counted(&t).await.complaints;
    assert_eq!((complaints.due, complaints.answered, complaints.late), (1, 1, 0));
    t.close().await;
}

#[tokio::test]
async fn what_was_put_off_and_turns_grave_comes_back_and_wakes_the_person_on_call() {
    // Heard at ten to ten in the evening, put off, and changed at twenty to eleven.
    let script = r#"{"at":830,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":880,"do":"edit","id":"p1","text":"@acme la stufa che mi avete mandato ha preso fuoco, mio figlio è al pronto soccorso, nessuno risponde, vergogna!"}"#;
    let more = "quiet = [\"22:00-07:00\"]\n[recipient.phone]\nnotifier = \"terminal\"\n\
                quiet = [\"22:00-07:00\"]\n";
    let brand = "on_call = \"phone\"";
    let t = Town::of(Plan { script, brand, more, opens_after: 820, ..Plan::default() }).await;
    t.pass(15).await;
    assert_eq!(t.alerts("p1").await, ["new_complaint sent"]);
    t.act("p1", "ada", Act::Snooze(t.deps.now() + 20 * DAY)).await.unwrap();
    assert_eq!(t.state("p1").await, State::Snoozed);
    t.pass(50).await;
    assert_eq!((t.state("p1").await, t.mention("p1").await.version), (State::Waiting, 2));
    let told = t.told("p1").await;
    let woke: Vec<_> = told.iter().filter(|alert| !alert.wake.is_empty()).collect();
    let [woke] = &woke[..] else { panic!("{told:#?}") };
    let said = [&woke.recipient, &woke.reason, &woke.wake, &woke.state].map(String::as_str);
    assert_eq!(said, ["phone", "again", "safety", "sent"]);
    t.clock.advance(10 * HOUR);
    t.settle().await;
    t.close().await;
}

/// The share unheard of the one brand.
async fn counted(t: &Town) -> BrandShare {
    t.ledger().await.shares.remove(0)
}
