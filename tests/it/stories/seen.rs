//! An act on a page or an alert that has aged ends what was seen there; what the customer wrote since
//! stays owed.

use crate::doubles::desk::{self, Service, pressed};
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::time::MINUTE;
use ascolto::pipeline::acts::{self, Act, ActError};
use ascolto::pipeline::presses;
use ascolto::pipeline::runner::StepName;
use ascolto::wire::Answer;
use serde_json::json;

const TWICE: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":30,"do":"post","id":"p2","author":"jo","handle":"jo","parent":"p1","lang":"it","text":"@acme ancora niente, pacco sempre perso e nessuno risponde, vergogna!"}"#;

/// Does something on a page that showed the case up to an entry of its log.
async fn on_page(t: &Town, seen: i64, act: Act) -> Result<(), ActError> {
    let id = t.id("p1").await;
    let done = acts::act_as_seen(&t.deps, id, "ada", act, Some(seen)).await;
    t.settle().await;
    done
}

#[tokio::test]
async fn what_came_after_the_page_was_opened_stays_owed() {
    let words = || "al telefono".to_owned();
    for (act, ended) in [
        (Act::Answered(String::new()), "answered"),
        (Act::Contacted(String::new()), "answered"),
        (Act::Waive(words()), "waived"),
        (Act::Close(words()), "closed"),
        (Act::NotComplaint(words()), "not_owed"),
        (Act::NotAboutUs(words()), "not_owed"),
    ] {
        let t = Town::new(TWICE).await;
        t.pass(10).await;
        let seen = t.case("p1").await.events;
        t.pass(25).await;
        assert_eq!(t.case("p2").await.case.id, t.id("p1").await);
        on_page(&t, seen, act.clone()).await.unwrap();
        assert_eq!(t.mention("p1").await.disposition, ended);
        assert_eq!(t.mention("p2").await.disposition, "open", "{act:?}");
        assert_eq!(t.state("p1").await, State::Waiting);

        let again = on_page(&t, seen, act.clone()).await.unwrap_err().to_string();
        assert!(again.contains("wrote again after you opened this case"), "{again}");
        let far = on_page(&t, 1_000, act.clone()).await.unwrap_err();
        assert!(matches!(&far, ActError::Invalid(why) if why.contains("1000")), "{far}");
        let seen = t.case("p1").await.events;
        on_page(&t, seen, act).await.unwrap();
        assert_eq!(t.mention("p2").await.disposition, ended, "the page was opened anew");
        t.close().await;
    }
}

#[tokio::test]
async fn what_was_opened_again_since_stays_owed_and_other_entries_change_nothing() {
    let t = Town::new(TWICE.lines().next().unwrap()).await;
    t.pass(10).await;
    let seen = t.case("p1").await.events;
    t.act("p1", "bob", Act::Note("chiamato".to_owned())).await.unwrap();
    on_page(&t, seen, Act::Waive("spam".to_owned())).await.unwrap();
    assert_eq!(t.state("p1").await, State::Waived, "a colleague's note is nobody's debt");
    t.act("p1", "bob", Act::Reopen("non lo era".to_owned())).await.unwrap();
    let late = on_page(&t, seen, Act::Close("spam".to_owned())).await;
    assert!(matches!(late, Err(ActError::NotAllowed(_))), "{late:?}");
    assert_eq!(t.state("p1").await, State::Waiting);
    t.close().await;
}

/// A town whose brand is told at a desk, which knows ada.
async fn with_a_desk() -> (Town, Service) {
    let desk = Service::start().await;
    let more = desk.recipient("desk", "");
    let plan = Plan {
        script: TWICE,
        recipients: &["desk"],
        more: &more,
        registry: desk::REGISTRY,
        ..Plan::default()
    };
    let t = Town::of(plan).await;
    t.know("ada", "desk", "U1").await;
    (t, desk)
}

/// Ada sends the form that a button of the newest alert opens.
async fn sends(t: &Town, desk: &Service, key: &str, act: &str, said: &str) -> Answer {
    let press = json!({ "key": key, "by": "U1", "button": desk.button(act), "said": said });
    let heard = &t.deps.recipients["desk"];
    presses::carry_out(&t.deps, &[heard], &pressed(&press)).await.unwrap()
}

/// Hears what is written in some minutes, and tells nobody yet.
async fn hears(t: &Town, minutes: i64) {
    for _ in 0..minutes {
        t.clock.advance(MINUTE);
        for step in [StepName::Poll, StepName::Triage] {
            step.run(&t.deps).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_an_alert_did_not_show_yet_stays_owed() {
    for (act, said, ended) in [
        ("waive", "spam", "waived"),
        ("not_complaint", "", "not_owed"),
        ("answered", "", "answered"),
    ] {
        let (t, desk) = with_a_desk().await;
        t.pass(29).await;
        let shown = desk.changes().len();
        hears(&t, 6).await;
        assert_eq!(t.case("p2").await.case.id, t.id("p1").await);
        assert_eq!(desk.changes().len(), shown, "the alert shows the first one alone");
        let done = sends(&t, &desk, "k1", act, said).await;
        assert!(done.done, "{done:?}");
        assert_eq!(t.mention("p1").await.disposition, ended);
        assert_eq!(t.mention("p2").await.disposition, "open", "{act}");
        let again = sends(&t, &desk, "k2", act, said).await;
        assert!(!again.done && again.text.contains("wrote again"), "{again:?}");
        assert_eq!(t.state("p1").await, State::Waiting);

        t.settle().await;
        assert!(desk.changes().len() > shown, "now it is shown");
        let done = sends(&t, &desk, "k3", act, said).await;
        assert!(done.done, "{done:?}");
        assert_eq!(t.mention("p2").await.disposition, ended, "{act}");
        t.close().await;
    }
}

#[tokio::test]
async fn an_alert_that_said_its_last_shows_nothing_of_what_was_opened_again() {
    let (t, desk) = with_a_desk().await;
    t.pass(10).await;
    assert!(sends(&t, &desk, "k1", "waive", "spam").await.done);
    t.settle().await;
    let id = t.id("p1").await;
    acts::act(&t.deps, id, "bob", Act::Reopen("non lo era".to_owned())).await.unwrap();
    let late = sends(&t, &desk, "k2", "waive", "spam").await;
    assert!(!late.done && late.link == t.deps.links.case(id), "{late:?}");
    assert_eq!(t.state("p1").await, State::Waiting);
    t.settle().await;
    assert_eq!(desk.alerts().len(), 2, "it is told anew");
    assert!(sends(&t, &desk, "k3", "waive", "spam").await.done);
    assert_eq!(t.state("p1").await, State::Waived);
    t.close().await;
}
