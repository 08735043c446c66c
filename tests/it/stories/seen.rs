//! An act on a page that has aged ends what was seen on it; what the customer wrote since stays owed.

use crate::town::Town;
use ascolto::domain::case::State;
use ascolto::pipeline::acts::{self, Act, ActError};

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
