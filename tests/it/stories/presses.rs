//! Trap 25: what people do in an alert where they read it. Who presses is who the service says, the
//! first one wins and the other is told, and what is brought twice acts once.

use crate::doubles::desk::{self, Service, pressed};
use crate::town::{Plan, Town};
use ascolto::domain::case::{Attention, State};
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::domain::{AlertId, CaseId};
use ascolto::links::{Act as Link, Button};
use ascolto::pipeline::acts::{self, Act};
use ascolto::pipeline::presses;
use ascolto::store::access;
use ascolto::store::replies;
use ascolto::wire::Answer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

/// A town whose brand is told at a desk that is asked for presses, and two agents whom it knows.
async fn with_a_desk(more: &str) -> (Town, Service) {
    let desk = Service::start().await;
    let more = format!("{}{more}", desk.recipient("desk", "way = \"asks\""));
    let plan = Plan {
        script: COMPLAINT,
        posts: true,
        recipients: &["desk", "room"],
        more: &more,
        registry: desk::REGISTRY,
        ..Plan::default()
    };
    let t = Town::of(plan).await;
    for (name, id) in [("ada", "U1"), ("bob", "U2")] {
        t.know(name, "desk", id).await;
    }
    t.pass(4).await;
    (t, desk)
}

pub(super) fn press(key: &str, by: &str, button: &str) -> Value {
    json!({ "key": key, "by": by, "button": button })
}

/// Carries a press out as a call or a socket brings it.
pub(super) async fn brought(t: &Town, press: &Value) -> Answer {
    let desk = &t.deps.recipients["desk"];
    presses::carry_out(&t.deps, &[desk], &pressed(press)).await.unwrap()
}

/// A button of the desk's alert that offers an act with the case.
async fn button(t: &Town, act: Link) -> String {
    let (case, expires) = (t.id("p1").await, t.deps.now() + HOUR);
    t.deps.signer.sign_button(Button { act, case, expires }, "desk")
}

#[tokio::test]
async fn two_press_at_once_one_wins_and_the_other_is_told() {
    let (t, desk) = with_a_desk("").await;
    let take = desk.button("take");
    desk.press(press("k1", "U1", &take));
    desk.press(press("k2", "U2", &take));
    t.settle().await;
    let (ada, bob) = (desk.answer("k1"), desk.answer("k2"));
    assert_eq!((&ada["done"], &ada["text"]), (&json!(true), &json!("Preso in carico da ada")));
    assert_eq!(bob["done"], false);
    assert_eq!(bob["text"], "Non fatto. Preso in carico da ada");
    assert!(bob["link"].as_str().unwrap().contains("/cases/"), "{bob}");
    let attention = t.case("p1").await.case.attention;
    assert!(matches!(attention, Attention::Taken { by, .. } if by == "ada"));
    assert_eq!(desk.alerts().len(), 1);
    assert_eq!(desk.changes(), ["Preso in carico da ada"], "the alert changed once");
    t.close().await;
}

#[tokio::test]
async fn at_the_very_same_moment_it_is_one_of_them_too() {
    let (t, desk) = with_a_desk("").await;
    let publish = desk.button("publish");
    let (k1, k2) = (press("k1", "U1", &publish), press("k2", "U2", &publish));
    let (ada, bob) = tokio::join!(brought(&t, &k1), brought(&t, &k2));
    assert!(ada.done != bob.done, "{ada:?} {bob:?}");
    let (first, second) = if ada.done { ("ada", bob) } else { ("bob", ada) };
    assert_eq!(second.text, format!("Non fatto: una risposta di {first} sta partendo."));
    t.settle().await;
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    assert_eq!(t.state("p1").await, State::Answered);
    // Whoever comes later still is told where it stands.
    let late = brought(&t, &press("k3", "U1", &desk.button("waive"))).await;
    assert!(!late.done && late.form.is_none(), "{late:?}");
    assert!(late.text.starts_with("Non fatto. Risposto"), "{late:?}");
    t.close().await;
}

#[tokio::test]
async fn who_is_nobody_here_or_not_any_more_does_nothing() {
    let (t, desk) = with_a_desk("").await;
    let take = desk.button("take");
    let stranger = brought(&t, &press("k1", "U9", &take)).await;
    assert!(!stranger.done);
    assert!(stranger.text.ends_with("ascolto user known TU desk:U9"), "{stranger:?}");
    let mut tx = t.deps.store.begin().await.unwrap();
    access::remove_agent(&mut tx, "ada", t.deps.now()).await.unwrap();
    tx.commit().await.unwrap();
    let removed = brought(&t, &press("k2", "U1", &take)).await;
    assert!(!removed.done && removed.text.contains("non ti conosce"), "{removed:?}");
    assert_eq!(t.state("p1").await, State::Waiting);
    t.close().await;
}

#[tokio::test]
async fn another_draft_than_was_seen_is_not_published() {
    let (t, desk) = with_a_desk("").await;
    let (seen, id) = (desk.button("publish"), t.id("p1").await);
    let rev = acts::draft(&t.deps, id, "bob", "Un altro testo").await.unwrap();
    let edit = button(&t, Link::Edit { draft_rev: 1 }).await;
    for (key, stale) in [("k1", &seen), ("k2", &edit)] {
        let answer = brought(&t, &press(key, "U1", stale)).await;
        assert!(!answer.done && answer.form.is_none(), "{answer:?}");
        let says = format!("La revisione {rev} adesso dice: Un altro testo");
        assert!(answer.text.ends_with(&says), "{answer:?}");
        assert_eq!(answer.link, t.deps.links.case(id));
    }
    let mut tx = t.deps.store.read().await.unwrap();
    assert!(replies::of_case(&mut tx, id).await.unwrap().is_empty());
    drop(tx);
    t.close().await;
}

#[tokio::test]
async fn what_is_brought_twice_acts_once() {
    let (t, desk) = with_a_desk("").await;
    let take = press("k1", "U1", &desk.button("take"));
    desk.press(take.clone());
    t.settle().await;
    let events = t.case("p1").await.events;
    desk.press(take.clone());
    t.settle().await;
    assert_eq!(desk.answer("k1")["done"], true);
    assert_eq!(desk.answers.all().len(), 2, "it is told again all the same");
    let publish = press("k2", "U1", &desk.button("publish"));
    for _ in 0..2 {
        desk.press(publish.clone());
    }
    assert_eq!(t.case("p1").await.events, events, "a take that was brought again is none");
    t.settle().await;
    assert_eq!(desk.answer("k2")["done"], true);
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    // Pressed anew it is no other reply either.
    let again = brought(&t, &press("k3", "U1", &desk.button("publish"))).await;
    assert!(again.done, "{again:?}");
    assert_eq!(t.posts.as_ref().unwrap().standing().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn what_was_done_before_the_end_was_noted_is_done_once() {
    let (mut t, desk) = with_a_desk("").await;
    let take = press("k1", "U1", &desk.button("take"));
    // The press was begun, and the process ended between the act and all that follows it.
    let key: String = Sha256::digest("k1").iter().map(|byte| format!("{byte:02x}")).collect();
    let (now, id) = (t.deps.now(), t.id("p1").await);
    let mut tx = t.deps.store.begin().await.unwrap();
    let lately = (9, now - MINUTE);
    ascolto::store::presses::begin(&mut tx, "desk", &key, "U1", lately, now).await.unwrap();
    tx.commit().await.unwrap();
    acts::act(&t.deps, id, "ada", Act::Take).await.unwrap();
    let events = t.case("p1").await.events;
    desk.press(take);
    t.restart().await;
    t.settle().await;
    assert_eq!(desk.answer("k1")["done"], true);
    assert_eq!(t.case("p1").await.events, events);
    assert_eq!(desk.asked.all().last().unwrap(), "1", "it goes on behind that");
    assert_eq!(desk.answers.all().len(), 1);
    t.close().await;
}

#[tokio::test]
async fn what_needs_a_word_opens_a_form_and_the_word_is_kept() {
    let (t, desk) = with_a_desk("").await;
    let waive = desk.button("waive");
    let asked = brought(&t, &press("k1", "U1", &waive)).await;
    let form = asked.form.expect("it asks why");
    assert_eq!((form.label.as_str(), &form.button), ("Perché?", &waive));
    assert!(!asked.done && asked.link.contains("/act/"), "{}", asked.link);
    let empty = json!({ "key": "k2", "by": "U1", "button": form.button, "said": " " });
    let refused = brought(&t, &empty).await;
    assert!(!refused.done && refused.text.starts_with("Non fatto: "), "{refused:?}");
    assert_eq!(t.state("p1").await, State::Waiting);

    let edit = button(&t, Link::Edit { draft_rev: t.case("p1").await.draft_rev }).await;
    let edited = brought(&t, &press("k3", "U2", &edit)).await.form.expect("the draft to edit");
    assert!(!edited.text.is_empty() && edited.limit.is_some(), "{edited:?}");
    let said = json!({ "key": "k4", "by": "U2", "button": edited.button, "said": "Ti scriviamo." });
    let sent = brought(&t, &said).await;
    assert!(sent.done, "{sent:?}");
    t.settle().await;
    assert!(t.posts.as_ref().unwrap().standing()[0].text.contains("Ti scriviamo."));
    t.close().await;
}

#[tokio::test]
async fn a_mark_below_an_alert_acts_and_never_publishes() {
    let (t, _desk) = with_a_desk("").await;
    let mark = |key: &str, remote: &str, act: &str| json!({ "key": key, "by": "U1", "remote": remote, "act": act });
    let publishes = brought(&t, &mark("k1", "m1", "publish")).await;
    assert!(!publishes.done && publishes.text.contains("non pubblica"), "{publishes:?}");
    assert_eq!(publishes.link, t.deps.links.case(t.id("p1").await));
    let elsewhere = brought(&t, &mark("k2", "m9", "take")).await;
    assert!(!elsewhere.done && elsewhere.text.contains("non c'è un caso"), "{elsewhere:?}");
    assert!(elsewhere.text.contains("sei ada"), "a sample has no case either: {elsewhere:?}");
    let asks = brought(&t, &mark("k3", "m1", "waive")).await.form.expect("it asks why");
    assert!(brought(&t, &mark("k4", "m1", "take")).await.done);
    assert_eq!(t.state("p1").await, State::Taken);
    let said = json!({ "key": "k5", "by": "U1", "button": asks.button, "said": "già risolto" });
    assert!(brought(&t, &said).await.done);
    assert_eq!(t.state("p1").await, State::Waived);
    t.close().await;
}

#[tokio::test]
async fn forged_old_and_foreign_buttons_do_nothing_and_nobody_presses_without_end() {
    let lobby = "[recipient.lobby]\nnotifier = \"terminal\"\n";
    let (t, desk) = with_a_desk(lobby).await;
    let (case, later) = (t.id("p1").await, t.deps.now() + MINUTE);
    let sign = |expires, recipient| {
        t.deps.signer.sign_button(Button { act: Link::Take, case, expires }, recipient)
    };
    for (key, button, says) in [
        ("k1", "AAAA".to_owned(), "non è nostro"),
        ("k2", sign(later, "lobby"), "non è nostro"),
        ("k3", sign(t.deps.now(), "desk"), "troppo vecchio"),
    ] {
        let answer = brought(&t, &press(key, "U1", &button)).await;
        assert!(!answer.done && answer.text.contains(says), "{answer:?}");
    }
    let sample = t
        .deps
        .signer
        .sign_button(Button { act: Link::Take, case: CaseId(0), expires: later }, "desk");
    let works = brought(&t, &press("k4", "U1", &sample)).await;
    assert!(works.done && works.text.contains("sei ada"), "{works:?}");
    let woken = Button { act: Link::Woken { alert: AlertId(5) }, case: CaseId(0), expires: later };
    let woken = t.deps.signer.sign_button(woken, "desk");
    assert!(!brought(&t, &press("k5", "U1", &woken)).await.done, "there is no such alert");
    for n in 6..=30 {
        brought(&t, &press(&format!("k{n}"), "U1", "AAAA")).await;
    }
    let take = desk.button("take");
    let often = brought(&t, &press("k31", "U1", &take)).await;
    assert!(!often.done && often.text.contains("Troppe pressioni"), "{often:?}");
    assert!(brought(&t, &press("k32", "U2", &take)).await.done, "bob pressed nothing yet");
    t.clock.advance(MINUTE);
    let again = brought(&t, &press("k33", "U1", &take)).await;
    assert!(again.text.contains("Preso in carico da bob"), "{again:?}");
    t.close().await;
}

#[tokio::test]
async fn a_desk_that_refuses_to_be_asked_is_told_elsewhere_once_an_hour() {
    let (t, desk) = with_a_desk("").await;
    let told = |t: &Town| {
        let said = t.said();
        said.iter().filter(|line| line.contains("negli avvisi di desk non ci raggiunge")).count()
    };
    desk.refuse(Some(503));
    t.pass(3).await;
    assert_eq!(told(&t), 0, "that passes by itself");
    desk.refuse(Some(401));
    t.pass(30).await;
    assert_eq!(told(&t), 1);
    assert!(desk.asked.all().len() < 40, "it is asked less and less");
    desk.press(press("k1", "U1", &desk.button("take")));
    desk.refuse(None);
    t.pass(7).await;
    assert_eq!(desk.answer("k1")["done"], true, "nothing is lost by that");
    desk.refuse(Some(401));
    t.pass(61).await;
    assert!((2..=3).contains(&told(&t)), "{}", told(&t));
    t.close().await;
}

#[tokio::test]
async fn who_shares_a_credential_is_asked_for_at_once_and_hears_its_own_room() {
    let desk = Service::start().await;
    let shared = "way = \"asks\"\nsource = \"bot:7\"\nroom = ";
    let more = desk.recipient("desk", &format!("{shared}\"hall\""))
        + &desk.recipient("back", &format!("{shared}\"yard\""));
    let plan = Plan {
        script: COMPLAINT,
        recipients: &["desk"],
        more: &more,
        registry: desk::REGISTRY,
        ..Plan::default()
    };
    let t = Town::of(plan).await;
    t.pass(4).await;
    let asked = desk.asked.all().len();
    let take = desk.button("take");
    for (key, room) in [("k1", "yard"), ("k2", "hall"), ("k3", "attic")] {
        desk.press(json!({ "key": key, "by": "U1", "button": take, "room": room }));
    }
    t.settle().await;
    assert!(desk.asked.all().len() - asked <= 4, "two recipients, one who asks");
    let answered: Vec<Value> = desk.answers.all();
    assert_eq!(answered.len(), 2, "nobody answers in the attic: {answered:?}");
    assert!(answered.iter().all(|answer| answer["done"] == false), "U1 is nobody yet");
    t.know("ada", "desk", "U1").await;
    for (key, room) in [("k4", "yard"), ("k5", "hall")] {
        desk.press(json!({ "key": key, "by": "U1", "button": take, "room": room }));
    }
    t.settle().await;
    assert_eq!(desk.answer("k4")["text"], desk_words(&t, "press.forged"));
    assert_eq!(desk.answer("k5")["done"], true);
    t.close().await;
}

fn desk_words(t: &Town, key: &'static str) -> &'static str {
    ascolto::speech::Catalogue::of(t.deps.recipients["back"].language).get(key)
}
