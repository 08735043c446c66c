//! What stands at a recipient, what waits and is told together, and what woke in vain.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::reason::Reason;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::domain::{AlertId, CaseId, Instant};
use ascolto::store::live::{self, Told};
use ascolto::store::outbox::{self, AlertRow, NewAlert, Outcome};
use ascolto::store::{Tx, held, recipients};

store_suite!(
    one_alert_stands_of_a_case_and_a_newer_one_ends_older_tries,
    what_brings_up_to_date_ends_no_alarm,
    a_lost_lease_keeps_nothing,
    what_was_sent_anew_stands_in_the_place_of_what_was_gone,
    of_one_live_alert_one_is_on_its_way,
    what_waited_is_gathered_once,
    what_was_told_and_what_woke_is_counted,
    a_word_about_a_wake_counts_once,
    what_waits_can_be_let_wake,
    one_instance_has_the_turn,
    how_a_recipient_fares_is_known,
);

fn alert(house: &House, key: &str, reason: Reason) -> NewAlert {
    NewAlert {
        id: AlertId(house.id()),
        key: key.to_owned(),
        brand: "acme".to_owned(),
        case: Some(CaseId(5)),
        channel: String::new(),
        recipient: "room".to_owned(),
        reason,
        title: String::new(),
        body: String::new(),
        due_at: Some(T0),
        live: CaseId(5).to_string(),
    }
}

async fn add(house: &House, alerts: &[NewAlert]) {
    let mut tx = house.begin().await;
    outbox::add(&mut tx, alerts, T0).await.unwrap();
    tx.commit().await.unwrap();
}

async fn take(house: &House, at: Instant) -> Vec<AlertRow> {
    let mut tx = house.begin().await;
    let taken = outbox::take_due(&mut tx, "a", at, 50).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

fn told<'a>(alert: &'a AlertRow, says: &str) -> Told<'a> {
    let key = alert.key.clone();
    Told { alert, key, remote: "r1".to_owned(), says: says.to_owned(), seen: 3 }
}

async fn sent(tx: &mut Tx, row: &AlertRow, outcome: Outcome, at: Instant) {
    outbox::settle(tx, &[(row.clone(), outcome)], at).await.unwrap();
}

async fn one_alert_stands_of_a_case_and_a_newer_one_ends_older_tries(house: &House) {
    let reasons = [Reason::NewComplaint, Reason::ReplyUnknown, Reason::Overdue];
    let alerts = reasons.map(|reason| alert(house, reason.as_str(), reason));
    add(house, &alerts).await;
    let taken = take(house, T0).await;
    let of = |key: &str| taken.iter().find(|row| row.key == key).unwrap();
    let later = || Outcome::Later(T0 + HOUR, "503".to_owned());
    let mut tx = house.begin().await;
    sent(&mut tx, of("new_complaint"), later(), T0 + 1).await;
    sent(&mut tx, of("reply_unknown"), later(), T0 + 1).await;
    sent(&mut tx, of("overdue"), Outcome::Sent("r1".to_owned()), T0 + 1).await;
    live::keep(&mut tx, &[told(of("overdue"), "waiting 1 ")], T0 + 1).await.unwrap();
    let rows = outbox::of_case(&mut tx, CaseId(5)).await.unwrap();
    let stands = |key: &str| {
        let row = rows.iter().find(|row| row.key == key).unwrap();
        format!("{} {}", row.reason, row.state)
    };
    assert_eq!(stands("new_complaint"), "superseded silent");
    assert_eq!(stands("reply_unknown"), "reply_unknown due", "it says something else");
    let standing = live::of_alerts(&mut tx, &taken).await.unwrap();
    assert_eq!(standing.len(), 1);
    assert_eq!((standing[0].key.as_str(), standing[0].remote.as_str()), ("overdue", "r1"));

    // A change in place leaves key and id, and says something new.
    assert_eq!(live::seen(&mut tx, CaseId(5), "room").await.unwrap(), 3);
    let again = Told { seen: 7, ..told(of("overdue"), "x") };
    let again = Told { key: "other".to_owned(), remote: String::new(), ..again };
    live::keep(&mut tx, &[again], T0 + 2).await.unwrap();
    let standing = live::of_cases(&mut tx, &[CaseId(5)], T0 + 2).await.unwrap();
    assert_eq!((standing[0].key.as_str(), standing[0].remote.as_str()), ("overdue", "r1"));
    assert_eq!(standing[0].says, "x");
    assert_eq!(live::seen(&mut tx, CaseId(5), "room").await.unwrap(), 7);
    for (case, recipient) in [(CaseId(5), "desk"), (CaseId(6), "room")] {
        assert_eq!(live::seen(&mut tx, case, recipient).await.unwrap(), 0, "nothing stands there");
    }
    let moved = alert(house, "moved", Reason::CaseMoved);
    outbox::add(&mut tx, &[moved], T0 + 2).await.unwrap();
    let waits = live::of_cases(&mut tx, &[CaseId(5)], T0 + 2).await.unwrap();
    assert!(waits.is_empty(), "it is about to be brought up to date");
    let ended = (CaseId(5).to_string(), "room".to_owned());
    live::end(&mut tx, &[ended]).await.unwrap();
    assert!(live::of_alerts(&mut tx, &taken).await.unwrap().is_empty());
}

/// The reason and state of an alert about the case.
async fn stands(tx: &mut Tx, key: &str) -> String {
    let rows = outbox::of_case(tx, CaseId(5)).await.unwrap();
    let row = rows.into_iter().find(|row| row.key == key).unwrap();
    format!("{} {}", row.reason, row.state)
}

async fn what_brings_up_to_date_ends_no_alarm(house: &House) {
    let reasons = [Reason::Escalated, Reason::PromiseBroken, Reason::CaseMoved, Reason::Overdue];
    add(house, &reasons.map(|reason| alert(house, reason.as_str(), reason))).await;
    let taken = take(house, T0).await;
    let of = |key: &str| taken.iter().find(|row| row.key == key).unwrap();
    let mut tx = house.begin().await;
    for key in ["escalated", "promise_broken"] {
        let later = Outcome::Later(T0 + HOUR, "503".to_owned());
        sent(&mut tx, of(key), later, T0 + 1).await;
    }
    sent(&mut tx, of("case_moved"), Outcome::Edited, T0 + 1).await;
    live::keep(&mut tx, &[told(of("case_moved"), "taken 1 ada")], T0 + 1).await.unwrap();
    assert_eq!(stands(&mut tx, "escalated").await, "escalated due", "nobody has heard of it");
    sent(&mut tx, of("overdue"), Outcome::Edited, T0 + 1).await;
    live::keep(&mut tx, &[told(of("overdue"), "waiting 1 ")], T0 + 1).await.unwrap();
    assert_eq!(stands(&mut tx, "escalated").await, "superseded silent");
    assert_eq!(stands(&mut tx, "promise_broken").await, "promise_broken due");
}

async fn a_lost_lease_keeps_nothing(house: &House) {
    add(house, &[alert(house, "k", Reason::NewComplaint)]).await;
    let old = take(house, T0).await.remove(0);
    let new = take(house, T0 + HOUR).await.remove(0);
    let mut tx = house.begin().await;
    sent(&mut tx, &old, Outcome::Sent("r1".to_owned()), T0 + HOUR).await;
    live::keep(&mut tx, &[told(&old, "")], T0 + HOUR).await.unwrap();
    assert!(live::of_alerts(&mut tx, &[new]).await.unwrap().is_empty());
}

async fn what_was_sent_anew_stands_in_the_place_of_what_was_gone(house: &House) {
    add(house, &[alert(house, "k1", Reason::NewComplaint)]).await;
    let first = take(house, T0).await.remove(0);
    let mut tx = house.begin().await;
    sent(&mut tx, &first, Outcome::Sent("r1".to_owned()), T0 + 1).await;
    live::keep(&mut tx, &[told(&first, "waiting 1 ")], T0 + 1).await.unwrap();
    tx.commit().await.unwrap();
    add(house, &[alert(house, "k2", Reason::CaseMoved)]).await;
    let old = take(house, T0 + MINUTE).await.remove(0);
    let new = take(house, T0 + HOUR).await.remove(0);
    let mut tx = house.begin().await;
    sent(&mut tx, &old, Outcome::Sent("r2".to_owned()), T0 + HOUR).await;
    live::replace(&mut tx, &[&old]).await.unwrap();
    let standing = live::of_alerts(&mut tx, std::slice::from_ref(&new)).await.unwrap();
    assert_eq!(standing[0].remote, "r1", "that lease was lost");
    sent(&mut tx, &new, Outcome::Sent("r3".to_owned()), T0 + HOUR).await;
    live::replace(&mut tx, &[&new]).await.unwrap();
    let again = Told { remote: "r3".to_owned(), ..told(&new, "taken 1 ada") };
    live::keep(&mut tx, &[again], T0 + HOUR).await.unwrap();
    let standing = live::of_alerts(&mut tx, &[new]).await.unwrap();
    assert_eq!(standing.len(), 1);
    assert_eq!((standing[0].key.as_str(), standing[0].remote.as_str()), ("k2", "r3"));
}

async fn of_one_live_alert_one_is_on_its_way(house: &House) {
    add(house, &[alert(house, "k1", Reason::NewComplaint)]).await;
    assert_eq!(take(house, T0).await.len(), 1);
    let other = NewAlert { recipient: "desk".to_owned(), ..alert(house, "k3", Reason::Again) };
    let alone = NewAlert { live: String::new(), ..alert(house, "k4", Reason::RecipientDead) };
    add(house, &[alert(house, "k2", Reason::Again), other, alone]).await;
    let keys: Vec<String> = take(house, T0 + 1).await.into_iter().map(|row| row.key).collect();
    assert_eq!(keys, ["k3", "k4"], "k1 is being told to the room");
    let keys: Vec<String> = take(house, T0 + HOUR).await.into_iter().map(|row| row.key).collect();
    assert_eq!(keys.len(), 4, "that process died: {keys:?}");
}

async fn what_waited_is_gathered_once(house: &House) {
    let one = alert(house, "k1", Reason::NewComplaint);
    let two = NewAlert { live: "other".to_owned(), ..alert(house, "k2", Reason::Again) };
    let same = alert(house, "k3", Reason::Overdue);
    let ids = [&one, &two, &same].map(|a| a.id.to_string());
    add(house, &[one, two, same]).await;
    let mut tx = house.begin().await;
    let waits = ids.map(|id| (id, T0 + HOUR, "quiet"));
    held::hold(&mut tx, &waits).await.unwrap();
    assert!(held::due(&mut tx, T0 + MINUTE).await.unwrap().is_empty());
    assert!(outbox::due(&mut tx, T0 + MINUTE, 50).await.unwrap().is_empty());
    let due = held::due(&mut tx, T0 + HOUR).await.unwrap();
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!((due[0].recipient.as_str(), due[0].held.as_str()), ("room", "quiet"));
    assert_eq!(due[0].stories, 2, "two alerts of one case are one story");
    assert_eq!(held::gather(&mut tx, &due[0], "digest.room.1", T0 + HOUR).await.unwrap(), 3);
    assert!(held::due(&mut tx, T0 + HOUR).await.unwrap().is_empty());
    assert_eq!(outbox::waiting(&mut tx).await.unwrap(), 0);
    let members = held::members(&mut tx, "digest.room.1").await.unwrap();
    let keys: Vec<&str> = members.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["k1", "k2", "k3"]);
    assert!(members.iter().all(|row| row.state == "grouped" && row.held.is_empty()));

    let group = NewAlert {
        case: None,
        live: "digest.room.1".to_owned(),
        ..alert(house, "digest", Reason::QuietDigest)
    };
    outbox::add(&mut tx, &[group], T0 + HOUR).await.unwrap();
    let open = held::open_group(&mut tx, "room", Reason::QuietDigest, T0 + HOUR).await.unwrap();
    assert_eq!(open.as_deref(), Some("digest.room.1"), "it takes more until it goes");
    let none = held::open_group(&mut tx, "desk", Reason::QuietDigest, T0 + HOUR).await.unwrap();
    assert_eq!(none, None);
}

async fn what_was_told_and_what_woke_is_counted(house: &House) {
    let alone = |key: &str, reason| NewAlert { live: key.to_owned(), ..alert(house, key, reason) };
    let all = [
        alone("k1", Reason::NewComplaint),
        alone("k2", Reason::NewComplaint),
        alone("k3", Reason::WokenAgain),
        alone("k4", Reason::NewComplaint),
    ];
    add(house, &all).await;
    let mut tx = house.begin().await;
    let wakes: Vec<_> = all.iter().map(|a| (a.id, "legal", T0)).collect();
    held::mark_wakes(&mut tx, &wakes).await.unwrap();
    tx.commit().await.unwrap();
    let taken = take(house, T0).await;
    assert!(taken.iter().all(|row| row.wake == "legal" && row.night == Some(T0.0)));
    let of = |key: &str| taken.iter().find(|row| row.key == key).unwrap();
    let mut tx = house.begin().await;
    sent(&mut tx, of("k1"), Outcome::Sent(String::new()), T0 + MINUTE).await;
    sent(&mut tx, of("k2"), Outcome::Edited, T0 + MINUTE).await;
    sent(&mut tx, of("k3"), Outcome::Sent(String::new()), T0 + 2 * MINUTE).await;
    let now = T0 + MINUTE / 2;
    let all = held::sent_since(&mut tx, "room", T0, now).await.unwrap();
    assert_eq!((all.sent, all.oldest), (3, Some(T0.0 + MINUTE)), "one is on its way");
    let late = held::sent_since(&mut tx, "room", T0 + MINUTE, T0 + HOUR).await.unwrap();
    assert_eq!((late.sent, late.oldest), (1, Some(T0.0 + 2 * MINUTE)));
    assert_eq!(held::woken_since(&mut tx, "room", T0, now).await.unwrap(), 2);
    assert_eq!(held::woken_since(&mut tx, "room", T0 + HOUR, T0 + HOUR).await.unwrap(), 0);
}

async fn a_word_about_a_wake_counts_once(house: &House) {
    let one = alert(house, "k1", Reason::NewComplaint);
    add(house, std::slice::from_ref(&one)).await;
    let mut tx = house.begin().await;
    held::mark_wakes(&mut tx, &[(one.id, "deaf", T0)]).await.unwrap();
    assert!(live::say_woken(&mut tx, one.id, "ada", T0).await.unwrap());
    assert!(!live::say_woken(&mut tx, one.id, "bob", T0 + 1).await.unwrap());
    assert!(!live::say_woken(&mut tx, AlertId(1), "ada", T0).await.unwrap());
    assert!(live::in_vain(&mut tx, &one.id.to_string()).await.unwrap());
    let said = live::in_vain_since(&mut tx, "acme", T0).await.unwrap();
    assert_eq!(said, [("deaf".to_owned(), 1)]);
    assert!(live::in_vain_since(&mut tx, "acme", T0 + 1).await.unwrap().is_empty());
}

async fn what_waits_can_be_let_wake(house: &House) {
    add(house, &[alert(house, "k1", Reason::NewComplaint)]).await;
    let mut tx = house.begin().await;
    let id = outbox::due(&mut tx, T0, 50).await.unwrap().remove(0).id;
    held::hold(&mut tx, &[(id, T0 + HOUR, "quiet")]).await.unwrap();
    for (wake, night) in [("safety", T0), ("legal", T0 + 1)] {
        let wakes = [("k1".to_owned(), wake, night), ("nothing".to_owned(), wake, night)];
        held::wake(&mut tx, &wakes, T0 + MINUTE).await.unwrap();
    }
    let due = outbox::due(&mut tx, T0 + MINUTE, 50).await.unwrap();
    assert_eq!(due.len(), 1);
    let row = &due[0];
    assert_eq!((&*row.wake, row.night, &*row.held), ("safety", Some(T0.0), ""));
}

async fn one_instance_has_the_turn(house: &House) {
    let mut first = house.begin().await;
    assert!(held::turn(&mut first).await.unwrap());
    // SQLite has one writer anyway, who would wait here.
    if !house.store.is_sqlite() {
        let mut second = house.begin().await;
        assert!(!held::turn(&mut second).await.unwrap());
    }
    first.commit().await.unwrap();
    let mut next = house.begin().await;
    assert!(held::turn(&mut next).await.unwrap());
}

async fn how_a_recipient_fares_is_known(house: &House) {
    let never = recipients::fares(&mut house.begin().await, "room").await.unwrap();
    assert_eq!(never, recipients::Fares::default());
    let first = alert(house, "k1", Reason::NewComplaint);
    add(house, std::slice::from_ref(&first)).await;
    let taken = take(house, T0).await;
    let mut tx = house.begin().await;
    sent(&mut tx, &taken[0], Outcome::Sent("r1".to_owned()), T0 + MINUTE).await;
    live::keep(&mut tx, &[told(&taken[0], "waiting")], T0 + MINUTE).await.unwrap();
    live::end(&mut tx, &[(CaseId(5).to_string(), "room".to_owned())]).await.unwrap();
    tx.commit().await.unwrap();
    add(house, &[alert(house, "k2", Reason::Overdue)]).await;
    let taken = take(house, T0 + HOUR).await;
    let mut tx = house.begin().await;
    sent(&mut tx, &taken[0], Outcome::Failed("gone".to_owned()), T0 + HOUR).await;
    let fares = recipients::fares(&mut tx, "room").await.unwrap();
    assert_eq!((fares.sent_at, fares.live), (Some((T0 + MINUTE).0), 0));
    assert_eq!(fares.fault.unwrap().fault, "gone");
    // What ended is found by its id there all the same, and at this recipient alone.
    let case = recipients::case_of(&mut tx, "room", "r1").await.unwrap();
    assert_eq!(case, Some(CaseId(5)));
    for (recipient, remote) in [("room", ""), ("room", "r2"), ("desk", "r1")] {
        assert_eq!(recipients::case_of(&mut tx, recipient, remote).await.unwrap(), None);
    }
}
