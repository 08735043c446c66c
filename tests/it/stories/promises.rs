//! Promises and follow-ups: what we said we would do, and by when (nothing is forgotten once it was
//! answered).

use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::commitment::{Source, offers_follow_up};
use ascolto::domain::time::{DAY, HOUR, MINUTE};
use ascolto::domain::{Commitment, CommitmentKind, CommitmentState, Instant};
use ascolto::pipeline::acts::{self, Act};
use ascolto::pipeline::promises::DateAct;
use ascolto::store::inbox::{self, Filter};

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

/// A complaint of Friday 20 November at 8:02, heard.
async fn town(brand: &str) -> Town {
    let t = Town::of(Plan { script: COMPLAINT, brand, posts: true, ..Plan::default() }).await;
    t.pass(3).await;
    t
}

/// A time of that week, Rome's.
fn at(text: &str) -> Instant {
    Instant::parse(&format!("{text}:00+01:00")).unwrap()
}

/// Jumps to a time and does what is due then.
async fn to(t: &Town, time: &str) {
    t.clock.advance(at(time) - t.deps.now());
    t.settle().await;
}

/// Publishes a text of one's own.
async fn say(t: &Town, text: &str) {
    let id = t.id("p1").await;
    acts::draft(&t.deps, id, "ada", text).await.unwrap();
    let reply = t.publish("p1", "ada").await.unwrap();
    assert_eq!(t.parts(reply).await[0].state, "posted");
}

async fn dates(t: &Town) -> Vec<Commitment> {
    t.case("p1").await.case.commitments
}

/// How often an alert with this reason went out.
async fn told(t: &Town, reason: &str) -> usize {
    let sent = format!("{reason} sent");
    t.alerts("p1").await.iter().filter(|a| **a == sent).count()
}

#[tokio::test]
async fn a_promise_is_reminded_and_once_broken_told_each_day_until_it_is_kept() {
    let t = town("").await;
    say(&t, "Ci scusiamo, stiamo cercando il pacco. Le rispondiamo entro lunedì.").await;
    let case = t.case("p1").await.case;
    assert_eq!(case.state(), State::Answered);
    let [promise] = &case.commitments[..] else { panic!("{:?}", case.commitments) };
    assert_eq!((promise.words.as_str(), promise.due), ("entro lunedì", at("2026-11-23T18:00")));
    assert!(matches!(promise.source, Source::Reply(_)));

    to(&t, "2026-11-23T08:59").await;
    assert_eq!(told(&t, "promise_near").await, 0, "nobody works yet");
    to(&t, "2026-11-23T09:01").await;
    assert_eq!(told(&t, "promise_near").await, 1);
    assert!(t.said().iter().any(|line| line.contains("entro lunedì")), "{:?}", t.said());
    to(&t, "2026-11-23T18:01").await;
    assert_eq!(told(&t, "promise_broken").await, 1);
    assert!(dates(&t).await[0].is_awaited(), "it stays visible");
    to(&t, "2026-11-24T18:00").await;
    assert_eq!(told(&t, "promise_broken").await, 1, "a day has not passed");
    to(&t, "2026-11-24T18:02").await;
    assert_eq!(told(&t, "promise_broken").await, 2, "nobody has kept it");

    say(&t, "Ci scusiamo per il ritardo: il pacco è stato ritrovato.").await;
    let kept = dates(&t).await.remove(0);
    assert!(matches!(kept.state, CommitmentState::Kept { .. }) && kept.is_late());
    to(&t, "2026-11-27T12:00").await;
    assert_eq!(told(&t, "promise_broken").await, 2, "late, but kept");
    t.close().await;
}

#[tokio::test]
async fn a_broken_promise_reaches_the_level_that_hears_of_passed_deadlines() {
    let levels = [("0%", "room"), ("50%", "duty"), ("overdue", "lead"), ("overdue + 2h", "boss")];
    let level = |(at, to): (&str, &str)| format!("{{ at = \"{at}\", to = [\"{to}\"] }}");
    let desk = levels.map(level).join(", ");
    let people =
        ["duty", "lead", "boss"].map(|who| format!("[recipient.{who}]\nnotifier = \"terminal\"\n"));
    let more = format!("[escalation.desk]\nlevels = [{desk}]\n{}", people.concat());
    let brand = "escalation = \"desk\"";
    let plan = Plan { script: COMPLAINT, brand, posts: true, more: &more, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(3).await;
    say(&t, "Ci scusiamo, le rispondiamo entro lunedì.").await;
    assert_eq!(t.state("p1").await, State::Answered);
    let broken = async || -> Vec<String> {
        let rows = t.told("p1").await.into_iter();
        let sent = rows.filter(|row| row.reason == "promise_broken" && row.state == "sent");
        let mut to: Vec<String> = sent.map(|row| row.recipient).collect();
        to.sort();
        to
    };
    to(&t, "2026-11-23T18:01").await;
    assert_eq!(broken().await, ["lead", "room"], "who had it, and who hears of what is late");
    to(&t, "2026-11-24T18:02").await;
    assert_eq!(broken().await, ["lead", "lead", "room", "room"]);
    let drop = DateAct::Drop { number: 1, note: "il cliente ha già il pacco".to_owned() };
    t.act("p1", "ada", Act::Date(drop)).await.unwrap();
    to(&t, "2026-11-26T12:00").await;
    assert_eq!(broken().await.len(), 4, "it is out");
    t.close().await;
}

#[tokio::test]
async fn a_colleague_who_answers_after_the_date_has_kept_it_late() {
    let t = Town::new(&format!(
        "{COMPLAINT}\n{}\n{}",
        r#"{"at":20,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo: ti rispondiamo entro lunedì."}"#,
        r#"{"at":4980,"do":"answer","id":"n2","parent":"p1","text":"Il pacco è ritrovato, è in viaggio."}"#
    ))
    .await;
    t.pass(40).await;
    to(&t, "2026-11-23T18:01").await;
    assert_eq!(told(&t, "promise_broken").await, 1);
    to(&t, "2026-11-24T00:30").await;
    let kept = dates(&t).await.remove(0);
    assert!(matches!(kept.state, CommitmentState::Kept { .. }) && kept.is_late(), "{kept:?}");
    to(&t, "2026-11-25T12:00").await;
    assert_eq!(told(&t, "promise_broken").await, 1);
    t.close().await;
}

#[tokio::test]
async fn a_later_answer_keeps_a_promise_and_may_give_another() {
    let t = town("").await;
    say(&t, "Ci scusiamo, le rispondiamo entro lunedì.").await;
    to(&t, "2026-11-20T12:00").await;
    say(&t, "Il pacco è ritrovato. Lo riceverà entro martedì.").await;
    let both = dates(&t).await;
    let [first, second] = &both[..] else { panic!("{both:?}") };
    assert!(matches!(first.state, CommitmentState::Kept { .. }) && !first.is_late());
    assert_eq!((second.number, second.due), (2, at("2026-11-24T18:00")));
    to(&t, "2026-11-23T18:30").await;
    assert_eq!(told(&t, "promise_broken").await, 0, "the first one was kept");
    t.close().await;
}

#[tokio::test]
async fn a_colleagues_promise_is_read_and_kept_in_the_thread() {
    let t = Town::new(&format!(
        "{COMPLAINT}\n{}\n{}",
        r#"{"at":20,"do":"answer","id":"n1","parent":"p1","text":"Ciao, ci scusiamo: ti rispondiamo entro lunedì."}"#,
        r#"{"at":240,"do":"answer","id":"n2","parent":"p1","text":"Il pacco è ritrovato, è in viaggio."}"#
    ))
    .await;
    t.pass(40).await;
    let promise = dates(&t).await.remove(0);
    assert_eq!(promise.source, Source::Native("n1".to_owned()));
    assert_eq!(promise.due, at("2026-11-23T18:00"));
    to(&t, "2026-11-23T09:01").await;
    to(&t, "2026-11-23T18:01").await;
    let kept = dates(&t).await.remove(0);
    let CommitmentState::Kept { at: answered, .. } = kept.state else { panic!("{kept:?}") };
    assert_eq!(answered, at("2026-11-20T12:00"), "when the colleague wrote, not when we looked");
    assert_eq!(told(&t, "promise_near").await + told(&t, "promise_broken").await, 0);
    t.close().await;
}

#[tokio::test]
async fn a_person_corrects_a_date_or_takes_it_out() {
    let t = town("").await;
    say(&t, "Ci scusiamo, le rispondiamo entro lunedì.").await;
    let act = |act| t.act("p1", "ada", Act::Date(act));
    let drop = |note: &str| DateAct::Drop { number: 1, note: note.to_owned() };
    let refused = act(drop("")).await.unwrap_err().to_string();
    assert!(refused.contains("say why"), "{refused}");
    let due = at("2026-11-24T12:00");
    let note = "lunedì è festa".to_owned();
    act(DateAct::Correct { number: 1, due, note }).await.unwrap();
    assert_eq!(dates(&t).await[0].due, due);
    to(&t, "2026-11-23T18:01").await;
    assert_eq!(told(&t, "promise_broken").await, 0);
    act(drop("il cliente ha già il pacco")).await.unwrap();
    to(&t, "2026-11-25T12:00").await;
    assert_eq!(told(&t, "promise_broken").await, 0);
    assert!(act(drop("di nuovo")).await.is_err(), "it is out");
    t.close().await;
}

#[tokio::test]
async fn a_follow_up_is_told_each_day_until_it_is_done() {
    let t = town("").await;
    t.act("p1", "ada", Act::Answered(String::new())).await.unwrap();
    let set = |at| Act::Date(DateAct::FollowUp { at, note: "chiedere se è arrivato".to_owned() });
    assert!(t.act("p1", "ada", set(t.deps.now() - MINUTE)).await.is_err(), "it is past");
    t.act("p1", "ada", set(at("2026-11-23T10:00"))).await.unwrap();
    to(&t, "2026-11-23T09:59").await;
    assert_eq!(told(&t, "follow_up_due").await, 0);
    to(&t, "2026-11-23T10:01").await;
    assert_eq!(told(&t, "follow_up_due").await, 1);
    assert!(t.said().iter().any(|line| line.contains("chiedere se è arrivato")));
    to(&t, "2026-11-24T10:02").await;
    assert_eq!(told(&t, "follow_up_due").await, 2);
    let kept = DateAct::Kept { number: 1, url: String::new() };
    t.act("p1", "ada", Act::Date(kept)).await.unwrap();
    to(&t, "2026-11-25T12:00").await;
    assert_eq!(told(&t, "follow_up_due").await, 2);
    t.close().await;
}

#[tokio::test]
async fn a_follow_up_is_offered_after_three_silent_days_and_set_by_a_topics_rule() {
    let t = town("").await;
    say(&t, "Ci scusiamo, il pacco è ritrovato.").await;
    let offered = async || {
        let heard = Instant(t.mention("p1").await.created_at);
        let now = t.deps.now();
        let offered = offers_follow_up(&t.case("p1").await.case, heard, now);
        let mut tx = t.deps.store.read().await.unwrap();
        let filter = Filter { state: "follow_up".to_owned(), now, ..Filter::default() };
        let listed = inbox::by_urgency(&mut tx, &filter, 9, 0).await.unwrap();
        assert_eq!(listed.len(), usize::from(offered), "a list names it");
        offered
    };
    assert!(!offered().await);
    t.clock.advance(3 * DAY + HOUR);
    assert!(offered().await);
    let tomorrow = t.deps.now() + DAY;
    let set = Act::Date(DateAct::FollowUp { at: tomorrow, note: String::new() });
    t.act("p1", "ada", set).await.unwrap();
    assert!(!offered().await, "one is set");
    t.close().await;

    let rules = ["delivery", "service"].map(|t| format!("{{ topic = \"{t}\", after = \"3d\" }}"));
    let t = town(&format!("follow_up = [{}]", rules.join(", "))).await;
    say(&t, "Ci scusiamo, il pacco è ritrovato.").await;
    let set = dates(&t).await.remove(0);
    assert_eq!(set.kind, CommitmentKind::FollowUp);
    assert_eq!(set.due, at("2026-11-23T09:00"), "three days later, when somebody works");
    t.close().await;
}

#[tokio::test]
async fn a_broken_pledge_is_named() {
    let script = COMPLAINT.replace("pacco perso", "promettete 48 ore e il pacco è perso");
    let brand = "pledge = [{ title = \"consegna in 48 ore\", phrases = [\"48 ore\"] }]";
    let t = Town::of(Plan { script: &script, brand, ..Plan::default() }).await;
    t.pass(3).await;
    let why = t.mention("p1").await.why.unwrap();
    assert!(why.contains("consegna in 48 ore"), "{why}");
    t.close().await;
}
