//! What was written before we listened: one message, one choice, and nobody flooded.

use crate::town::{Plan, Town};
use ascolto::domain::case::State;
use ascolto::domain::first_look::Opening;
use ascolto::domain::obligation::{Standing, VoidReason};
use ascolto::domain::time::{DAY, MINUTE};
use ascolto::pipeline::acts::{Act, ActError};
use ascolto::pipeline::first_look;
use ascolto::store::ledger::BrandShare;
use ascolto::store::looks::{self, LookRow};

/// Two complaints of 20 and 5 days ago that nobody answered, one of 20 days ago that a colleague
/// did, a question, and praise; and a complaint ten minutes after the house was opened.
const PAST: &str = r#"{"at":60,"do":"post","id":"p1","author":"jo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":61,"do":"post","id":"p3","author":"ugo","lang":"it","text":"@acme pacco perso, nessuno risponde, vergogna!"}
{"at":90,"do":"answer","id":"n3","parent":"p3","text":"Ciao, ci scusiamo, ci pensiamo noi."}
{"at":62,"do":"post","id":"q1","author":"ida","lang":"it","text":"@acme a che ora apre lo sportello?"}
{"at":63,"do":"post","id":"g1","author":"leo","lang":"it","text":"Complimenti @acme, servizio gentilissimo e veloce, grazie!"}
{"at":21600,"do":"post","id":"p2","author":"ann","lang":"it","text":"@acme pacco perso anche a me, nessuno risponde, vergogna!"}
{"at":28810,"do":"post","id":"new","author":"bob","lang":"it","text":"@acme pacco perso pure io, nessuno risponde, vergogna!"}"#;
const TWENTY_DAYS: i64 = 20 * 24 * 60;

async fn look(channel: &str) -> Town {
    let plan = Plan { script: PAST, channel, opens_after: TWENTY_DAYS, ..Plan::default() };
    let t = Town::of(plan).await;
    t.pass(3).await;
    t
}

async fn row(t: &Town) -> LookRow {
    let mut tx = t.deps.store.read().await.unwrap();
    looks::of_channel(&mut tx, "piazza").await.unwrap().remove(0)
}

async fn choose(t: &Town, opening: Opening) -> Result<(), ActError> {
    let done = first_look::choose(&t.deps, "piazza", "ada", opening).await;
    t.settle().await;
    done
}

async fn share(t: &Town) -> BrandShare {
    let ledger = t.ledger().await;
    assert!(ledger.balanced(), "{}", ledger.table());
    ledger.shares[0].clone()
}

#[tokio::test]
async fn five_thousand_old_mentions_send_one_message() {
    let t = Town::of(Plan {
        channel: "first_look = \"30d\"\nflood = 10\nflood_total = 5000\nflood_bytes = 150\n",
        opens_after: TWENTY_DAYS,
        ..Plan::default()
    })
    .await;
    t.pass(3).await;
    let said = t.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("In 30 giorni: 5000 menzioni, "), "{}", said[0]);
    assert!(said[0].contains("/channels/piazza/first-look"), "{}", said[0]);
    let look = row(&t).await;
    assert_eq!((look.mentions, look.state.as_str()), (5_000, "asked"));
    assert!(look.complaints > 100 && look.unanswered == look.complaints, "{look:?}");
    let share = share(&t).await;
    assert_eq!(share.complaints.baseline, look.complaints.unsigned_abs());
    assert_eq!((share.complaints.due, share.complaints.in_time), (0, 0));
    t.clock.advance(DAY);
    t.settle().await;
    assert_eq!(t.said().len(), 1, "nothing falls due and nobody is reminded of a case");
    choose(&t, Opening::Nothing).await.unwrap();
    t.pass(3).await;
    let after = t.ledger().await;
    assert!(after.balanced(), "{}", after.table());
    assert_eq!(t.said().len(), 1, "{:?}", &t.said()[1..]);
    t.close().await;
}

#[tokio::test]
async fn the_past_is_shown_in_figures_and_waits() {
    let t = look("first_look = \"30d\"").await;
    let said = t.said();
    assert_eq!(said.len(), 1, "{said:?}");
    let figures =
        "In 30 giorni: 5 menzioni, 3 reclami, 2 senza risposta, il più vecchio di 19 giorni.";
    assert!(said[0].contains(figures), "{}", said[0]);
    assert_eq!(t.alerts("p1").await, ["before_our_time silent"]);
    let case = t.case("p1").await;
    assert_eq!(
        (case.case.state(), case.case.deadline(), case.draft_rev),
        (State::Waiting, None, 0)
    );
    assert_eq!(t.state("p3").await, State::Answered, "its thread was read once");
    t.pass(10).await;
    assert_eq!(t.alerts("new").await, ["new_complaint sent"], "what is new rings as ever");
    let share = share(&t).await;
    assert_eq!(share.complaints.baseline, 3, "answered ones too, else the share would flatter");
    assert_eq!((share.complaints.due, share.complaints.in_time), (0, 1));
    t.close().await;
}

#[tokio::test]
async fn all_is_opened_with_drafts_and_deadlines_from_now_on() {
    let t = look("first_look = \"30d\"").await;
    choose(&t, Opening::All).await.unwrap();
    let case = t.case("p1").await;
    let due = case.case.deadline().expect("it has a deadline now");
    assert!(due > t.deps.now() && case.draft_rev > 0);
    assert_eq!(t.said().len(), 1, "a person opened it, so nobody is told");
    let opened = share(&t).await;
    assert_eq!((opened.complaints.baseline, opened.complaints.in_time), (0, 1));
    assert_eq!((opened.complaints.due, opened.complaints.unheard), (2, 1));
    let refused = choose(&t, Opening::Nothing).await.unwrap_err();
    assert!(refused.to_string().contains("ada chose for piazza already: all"), "{refused}");
    // It is twenty days old and known: its escalation is not cut off.
    t.clock.advance(due - t.deps.now() + MINUTE);
    t.settle().await;
    assert!(t.alerts("p1").await.contains(&"overdue sent".to_owned()));
    t.clock.advance(DAY + MINUTE);
    t.settle().await;
    assert_eq!(t.alerts("p1").await.last().unwrap(), "still_owed sent");
    t.close().await;
}

#[tokio::test]
async fn the_last_week_is_opened_and_the_rest_was_before_our_time() {
    let t = look("first_look = \"30d\"").await;
    choose(&t, Opening::Week).await.unwrap();
    assert!(t.case("p2").await.case.deadline().is_some());
    for old in ["p1", "q1"] {
        assert_eq!(t.mention(old).await.disposition, "waived", "{old}");
    }
    assert_eq!(t.mention("p3").await.disposition, "answered");
    let left = share(&t).await;
    assert_eq!((left.complaints.baseline, left.complaints.in_time), (2, 1));
    assert_eq!((left.complaints.due, left.questions.due), (0, 0));
    t.close().await;
}

#[tokio::test]
async fn none_ends_it_in_that_persons_name() {
    let t = look("first_look = \"30d\"").await;
    choose(&t, Opening::Nothing).await.unwrap();
    let case = t.case("p1").await.case;
    let Standing::Void { reason, by, note, .. } = &case.obligations[0].standing else {
        panic!("{case:?}");
    };
    assert_eq!(
        (*reason, by.as_str(), note.as_str()),
        (VoidReason::Waived, "ada", "before our time")
    );
    let left = share(&t).await;
    assert_eq!((left.complaints.baseline, left.complaints.due), (3, 0));
    t.pass(3).await;
    let look = row(&t).await;
    assert_eq!((look.state.as_str(), look.due_at), ("none", None), "all of it is carried out");
    t.act("p1", "ada", Act::Reopen("proprio un nostro errore".into())).await.unwrap();
    assert_eq!(share(&t).await.complaints.due, 1, "reopened, it counts");
    t.close().await;
}

#[tokio::test]
async fn a_choice_that_nobody_makes_is_asked_for_again_each_week() {
    let mut t = look("first_look = \"30d\"").await;
    t.clock.advance(6 * DAY + 20 * 60 * MINUTE);
    t.settle().await;
    let waits = |t: &Town| t.said().iter().filter(|s| s.contains("attende una scelta")).count();
    assert_eq!(waits(&t), 0);
    t.restart().await;
    for week in 1..=2 {
        t.clock.advance(if week == 1 { DAY } else { 7 * DAY });
        t.settle().await;
        assert_eq!(waits(&t), week);
    }
    t.close().await;
}

#[tokio::test]
async fn a_first_look_goes_no_further_back_than_it_is_asked_to() {
    let week = look("first_look = \"7d\"").await;
    assert!(week.find("p1").await.is_none() && week.find("p2").await.is_some());
    assert!(week.said()[0].contains("In 7 giorni: 1 menzioni, 1 reclami"), "{:?}", week.said());
    week.close().await;
    let newest = look("first_look = \"30d\"\nwalk = \"newest\"\npage = 2").await;
    assert_eq!(row(&newest).await.mentions, 5);
    let lanes = newest.ledger().await.lanes;
    assert_eq!(lanes[0].covered_ms, lanes[0].to.unwrap() - lanes[0].from, "all of it was read");
    assert!(lanes[0].covered_ms >= 30 * DAY);
    newest.close().await;
    let none = look("first_look = \"0\"").await;
    assert!(none.find("p2").await.is_none() && none.said().is_empty());
    none.pass(10).await;
    assert_eq!(none.alerts("new").await, ["new_complaint sent"]);
    none.close().await;
}

#[tokio::test]
async fn what_is_heard_late_goes_into_one_digest() {
    // Without a first look the rehearsed past is heard as if it were the present.
    let t = look("").await;
    assert!(t.said().is_empty(), "no alert of its own: {:?}", t.said());
    assert_eq!(t.alerts("p1").await, ["too_old silent"]);
    assert!(t.case("p1").await.draft_rev > 0 && t.state("p1").await == State::Waiting);
    t.pass(5).await;
    let said = t.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("uno per uno: 3, il più vecchio di 19 giorni"), "{}", said[0]);
    assert!(said[0].contains("/?channel=piazza"), "{}", said[0]);
    t.clock.advance(DAY + MINUTE);
    t.settle().await;
    assert_eq!(
        t.alerts("p1").await,
        ["too_old silent", "still_owed sent"],
        "known, it is not cut off"
    );
    t.close().await;
}
