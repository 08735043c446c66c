//! Hand-overs: made once, owed here until the public has its answer, and never lost.

use crate::doubles::helpdesk::Desk;
use crate::doubles::ntfy::Ntfy;
use crate::doubles::trouble::Trouble;
use crate::doubles::zammad::zammad;
use crate::tickets::{SUBJECTS, hand_over, rows, town};
use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::pipeline::acts::{self, Act};
use ascolto::pipeline::handover;
use ascolto::wire::TicketCall;

const COMPLAINT: &str = r#"{"at":2,"do":"post","id":"p1","author":"jo","handle":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}"#;

#[tokio::test]
async fn handed_over_once_though_pressed_twice_and_though_the_process_dies() {
    let (mut t, desk) = SUBJECTS[0].town(COMPLAINT).await;
    let id = t.id("p1").await;
    let file = || Act::File { system: "there".to_owned(), note: String::new() };
    acts::act(&t.deps, id, "ada", file()).await.unwrap();
    acts::act(&t.deps, id, "bob", file()).await.unwrap();
    // The name is enough, as in an alert.
    let (to, reference) = ("there".to_owned(), String::new());
    acts::act(&t.deps, id, "bob", Act::HandOver { to, reference }).await.unwrap();
    t.restart().await;
    t.settle().await;
    hand_over(&t).await;
    assert_eq!((desk.tickets().len(), rows(&t).await.len()), (1, 1));
    let handed = t.case("p1").await.case.handed_over.expect("it is handed over");
    assert_eq!(handed.by, "ada", "the second press changed nothing");
    // What a person makes there by hand is noted and nothing more.
    let (to, reference) = ("there".to_owned(), "#99".to_owned());
    t.act("p1", "ada", Act::HandOver { to, reference }).await.unwrap();
    assert_eq!(desk.tickets().len(), 1);
    let refused = Act::File { system: "nowhere".to_owned(), note: String::new() };
    let why = t.act("p1", "ada", refused).await.unwrap_err().to_string();
    assert!(why.contains("there is there"), "{why}");
    t.close().await;
}

#[tokio::test]
async fn closed_there_is_still_owed_here_and_the_alert_says_so() {
    let ntfy = Ntfy::start(None).await;
    let desk = Desk::start(zammad).await;
    let more = format!(
        "[recipient.phone]\nnotifier = \"ntfy\"\nserver = \"{}\"\ntopic = \"acme-alerts\"\n\
         [handover.there]\nsystem = \"zammad\"\nserver = \"{}\"\ntoken = \"z-t0ken\"\n\
         group = \"Social\"\n",
        ntfy.url, desk.url
    );
    let brand = "handovers = [\"there\"]";
    let plan =
        Plan { script: COMPLAINT, brand, recipients: &["phone"], more: &more, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(4).await;
    hand_over(&t).await;
    desk.close_all(true);
    // A call makes it known at once; the ticket's own answer is what counts.
    let moved = TicketCall::Moved(vec!["4711".to_owned()]);
    handover::called(&t.deps, "there", moved).await.unwrap();
    t.settle().await;
    let case = t.case("p1").await.case;
    assert!(case.handed_over.as_ref().is_some_and(|h| h.closed_at == Some(t.deps.now())));
    let changed = ntfy.changed();
    let title = changed.last().map(|body| body["title"].to_string()).unwrap_or_default();
    assert!(title.contains("Chiuso là (there), ancora dovuto qui"), "{changed:?}");
    let left = (case.deadline().unwrap() - t.deps.now()) / MINUTE;
    t.pass(left + 2).await;
    assert_eq!(t.state("p1").await, State::Waiting);
    assert!(
        t.alerts("p1").await.contains(&"overdue sent".to_owned()),
        "{:?}",
        t.alerts("p1").await
    );
    // Opened again there, the case says so too.
    desk.close_all(false);
    t.pass(4 * 60).await;
    assert_eq!(t.case("p1").await.case.handed_over.and_then(|h| h.closed_at), None);
    t.act("p1", "ada", Act::TakeBack).await.unwrap();
    let notes = desk.tickets()[0].notes.clone();
    assert!(
        notes.last().is_some_and(|n| n.to_string().contains("Ripreso in Ascolto")),
        "{notes:?}"
    );
    t.close().await;
}

#[tokio::test]
async fn a_system_that_is_down_for_three_hours_gets_its_ticket_in_the_end() {
    let (t, desk) = SUBJECTS[3].town(COMPLAINT).await;
    desk.script.round([Some(Trouble::CutBefore), Some(Trouble::Refuse(503, None))]);
    hand_over(&t).await;
    t.pass(180).await;
    assert!(desk.tickets().is_empty());
    let row = rows(&t).await.remove(0);
    assert!(row.state == "due" && !row.fault.is_empty(), "{row:?}");
    assert!(row.tries < 60, "it is left in peace: {} tries", row.tries);
    desk.script.round([]);
    t.pass(20).await;
    assert_eq!((desk.tickets().len(), rows(&t).await[0].state.as_str()), (1, "filed"));
    assert!(!t.said().join("\n").contains("Affidamento non riuscito"));
    t.close().await;
}

#[tokio::test]
async fn one_that_is_down_for_more_than_a_day_is_told_with_what_to_do() {
    let (t, desk) = SUBJECTS[1].town(COMPLAINT).await;
    desk.script.round([Some(Trouble::CutBefore)]);
    hand_over(&t).await;
    for _ in 0..30 {
        t.clock.advance(HOUR);
        t.settle().await;
    }
    assert_eq!(rows(&t).await[0].state, "failed");
    let said = t.said();
    let told = said.iter().filter(|s| s.contains("Affidamento non riuscito: there"));
    let told: Vec<&String> = told.collect();
    assert_eq!(told.len(), 1, "{said:?}");
    assert!(told[0].contains("affidarlo di nuovo: "), "{told:?}");
    assert_eq!(t.state("p1").await, State::Waiting, "it stays owed");
    t.close().await;
}

#[tokio::test]
async fn a_case_that_is_answered_before_needs_no_ticket() {
    let (t, desk) = SUBJECTS[4].town(COMPLAINT).await;
    desk.script.round([Some(Trouble::Refuse(503, Some(600)))]);
    hand_over(&t).await;
    t.act("p1", "bob", Act::Answered(String::new())).await.unwrap();
    desk.script.round([]);
    t.pass(20).await;
    assert_eq!((desk.tickets().len(), rows(&t).await[0].state.as_str()), (0, "ended"));
    t.close().await;
}

#[tokio::test]
async fn what_was_said_in_private_stays_here_unless_it_is_allowed() {
    let private =
        COMPLAINT.replace("\"do\":\"post\"", "\"do\":\"post\",\"visibility\":\"private\"");
    for (allowed, shown) in [(false, false), (true, true)] {
        let desk = Desk::start(zammad).await;
        let more = format!(
            "[handover.there]\nsystem = \"zammad\"\nserver = \"{}\"\ntoken = \"z-t0ken\"\n\
             group = \"Social\"\nmay_see_private = {allowed}\n",
            desk.url
        );
        let t = town(&private, &more).await;
        hand_over(&t).await;
        let ticket = desk.tickets().pop().expect("it was made").body.to_string();
        assert_eq!(ticket.contains("pacco perso"), shown, "{ticket}");
        assert!(ticket.contains(&format!("/cases/{}", t.id("p1").await)), "{ticket}");
        assert_eq!(ticket.contains("Privato: aprire nella casella"), !shown, "{ticket}");
        t.close().await;
    }
}
