//! Hand-overs: one live a case and system, leased, and nothing written by who lost the lease.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::domain::{CaseId, HandoverId, Instant};
use ascolto::store::handovers::{self, HandoverRow, NewHandover};
use ascolto::store::lanes::LEASE;
use ascolto::store::own;
use ascolto::wire::Filed;

store_suite!(
    one_is_live_for_a_case_and_a_system,
    who_lost_the_lease_writes_nothing,
    what_happens_there_and_here_makes_it_due,
    one_that_failed_is_tried_again_and_keeps_its_doubt,
);

const CASE: CaseId = CaseId(7);

fn new(house: &House, case: CaseId, system: &str, key: &str) -> NewHandover {
    NewHandover {
        id: HandoverId(house.id()),
        case,
        brand: "acme".to_owned(),
        system: system.to_owned(),
        key: key.to_owned(),
        note: "Cliente da anni".to_owned(),
        by: "ada".to_owned(),
    }
}

async fn add(house: &House, case: CaseId, system: &str, key: &str) -> bool {
    let new = new(house, case, system, key);
    let mut tx = house.begin().await;
    let added = handovers::add(&mut tx, &new, T0).await.unwrap();
    tx.commit().await.unwrap();
    added
}

async fn take(house: &House, owner: &str, at: Instant) -> Vec<HandoverRow> {
    let mut tx = house.begin().await;
    let taken = handovers::take_due(&mut tx, owner, at, 9).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn of_case(house: &House) -> Vec<HandoverRow> {
    handovers::of_case(&mut house.begin().await, CASE).await.unwrap()
}

fn filed() -> Filed {
    let url = "https://desk.example/4711".to_owned();
    Filed { remote: "4711".to_owned(), name: "#4711".to_owned(), url }
}

/// Makes the ticket of the one hand-over that is due.
async fn file(house: &House, at: Instant) -> HandoverRow {
    let row = take(house, "a", at).await.remove(0);
    let mut tx = house.begin().await;
    assert!(handovers::filed(&mut tx, &row, &filed(), Some(at + MINUTE), at).await.unwrap());
    tx.commit().await.unwrap();
    row
}

async fn one_is_live_for_a_case_and_a_system(house: &House) {
    assert!(add(house, CASE, "zammad", "ascolto-7").await);
    assert!(!add(house, CASE, "zammad", "ascolto-7").await, "the same key");
    assert!(!add(house, CASE, "zammad", "ascolto-7-2").await, "one is on its way");
    assert!(add(house, CASE, "jira", "ascolto-7").await, "another system");
    assert!(add(house, CaseId(8), "zammad", "ascolto-8").await, "another case");
    let rows = of_case(house).await;
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|row| row.system == "zammad").unwrap();
    assert_eq!((row.state.as_str(), row.note.as_str()), ("due", "Cliente da anni"));
    assert_eq!((row.due_at, row.created_at, row.is_live()), (Some(T0.0), T0.0, true));
    let taken = take(house, "a", T0).await;
    assert_eq!(taken.len(), 3);
    let mut tx = house.begin().await;
    for row in taken.iter().filter(|row| row.case_id == CASE.to_string()) {
        assert!(handovers::end(&mut tx, row, "gone", "").await.unwrap());
    }
    tx.commit().await.unwrap();
    assert!(!add(house, CASE, "zammad", "ascolto-7").await, "the key is spent");
    assert!(add(house, CASE, "zammad", "ascolto-7-2").await);
}

async fn who_lost_the_lease_writes_nothing(house: &House) {
    add(house, CASE, "zammad", "ascolto-7").await;
    assert!(take(house, "a", T0 - 1).await.is_empty(), "it is not due yet");
    let old = take(house, "a", T0).await.remove(0);
    assert!(take(house, "b", T0 + LEASE).await.is_empty(), "the lease still holds");
    let new = take(house, "b", T0 + LEASE + 1).await.remove(0);
    let mut tx = house.begin().await;
    assert!(!handovers::sending(&mut tx, &old).await.unwrap());
    assert!(!handovers::filed(&mut tx, &old, &filed(), None, T0).await.unwrap());
    assert!(!handovers::later(&mut tx, &old, T0).await.unwrap());
    assert!(!handovers::seen(&mut tx, &old, "closed", None, T0).await.unwrap());
    assert!(!handovers::end(&mut tx, &old, "failed", "").await.unwrap());
    assert!(handovers::sending(&mut tx, &new).await.unwrap());
    tx.commit().await.unwrap();
    // A restart gives the lease back, and knows that a ticket may stand there.
    let mut tx = house.begin().await;
    own::free_leases(&mut tx, "b").await.unwrap();
    tx.commit().await.unwrap();
    let row = take(house, "c", T0 + LEASE + 2).await.remove(0);
    assert!(row.doubt && row.looks == 0);
    let put_off = HandoverRow { looks: 1, tries: 3, fault: "down".to_owned(), ..row };
    let mut tx = house.begin().await;
    assert!(handovers::later(&mut tx, &put_off, T0 + HOUR).await.unwrap());
    tx.commit().await.unwrap();
    assert!(take(house, "c", T0 + HOUR - 1).await.is_empty());
    let row = take(house, "c", T0 + HOUR).await.remove(0);
    assert_eq!((row.doubt, row.looks, row.tries, row.fault.as_str()), (true, 1, 3, "down"));
}

async fn what_happens_there_and_here_makes_it_due(house: &House) {
    add(house, CASE, "zammad", "ascolto-7").await;
    file(house, T0).await;
    let row = of_case(house).await.remove(0);
    assert_eq!((row.state.as_str(), row.filed_at, row.doubt), ("filed", Some(T0.0), false));
    assert_eq!((row.filed(), row.is_live()), (filed(), true));
    let mut tx = house.begin().await;
    let found = handovers::by_remote(&mut tx, "zammad", "4711").await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(row.id.clone()));
    assert!(handovers::by_remote(&mut tx, "jira", "4711").await.unwrap().is_none());
    let ids = ["4711".to_owned(), "4712".to_owned()];
    assert_eq!(handovers::wake(&mut tx, "zammad", &ids, T0 + 1).await.unwrap(), 1);
    assert_eq!(handovers::wake(&mut tx, "zammad", &ids, T0 + 1).await.unwrap(), 0, "it is due");
    tx.commit().await.unwrap();
    let row = take(house, "a", T0 + 1).await.remove(0);
    let mut tx = house.begin().await;
    assert!(handovers::seen(&mut tx, &row, "closed", Some(T0 + HOUR), T0 + 2).await.unwrap());
    tx.commit().await.unwrap();
    let row = of_case(house).await.remove(0);
    assert_eq!((row.state.as_str(), row.checked_at), ("closed", Some((T0 + 2).0)));
    // Closed there it is no live one: the case may be handed over once more.
    assert!(add(house, CASE, "zammad", "ascolto-7-2").await);
    let mut tx = house.begin().await;
    handovers::stir(&mut tx, CASE, T0 + 3).await.unwrap();
    tx.commit().await.unwrap();
    let due = take(house, "a", T0 + 3).await;
    assert_eq!(due.len(), 2, "what stands and what is on its way");
    let mut tx = house.begin().await;
    for row in &due {
        assert!(handovers::end(&mut tx, row, "ended", "").await.unwrap());
    }
    handovers::stir(&mut tx, CASE, T0 + 4).await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(house, "a", T0 + HOUR).await.is_empty(), "nothing more is asked or told");
}

async fn one_that_failed_is_tried_again_and_keeps_its_doubt(house: &House) {
    add(house, CASE, "zammad", "ascolto-7").await;
    let row = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    assert!(!handovers::again(&mut tx, &row.id, "", "bob", T0).await.unwrap(), "it has not failed");
    handovers::sending(&mut tx, &row).await.unwrap();
    assert!(handovers::end(&mut tx, &row, "failed", "no key").await.unwrap());
    tx.commit().await.unwrap();
    let failed = of_case(house).await.remove(0);
    assert_eq!((failed.state.as_str(), failed.fault.as_str()), ("failed", "no key"));
    assert!(failed.due_at.is_none() && !failed.is_live());
    let mut tx = house.begin().await;
    assert!(handovers::again(&mut tx, &row.id, "now", "bob", T0 + HOUR).await.unwrap());
    tx.commit().await.unwrap();
    let row = take(house, "a", T0 + HOUR).await.remove(0);
    assert_eq!((row.key.as_str(), row.doubt, row.looks), ("ascolto-7", true, 0));
    assert_eq!((row.by_agent.as_str(), row.note.as_str(), row.fault.as_str()), ("bob", "now", ""));
    assert_eq!(row.created_at, (T0 + HOUR).0, "it has a day again");
}
