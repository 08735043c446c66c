//! Re-reads: channels in turn under a lease, threads by their due times, a first look's once.

use super::desk::{furnish, new_case};
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::obligation::{Before, Obligation, Owing, Standing};
use ascolto::domain::time::HOUR;
use ascolto::domain::{CaseId, Instant, Lang, MentionId};
use ascolto::store::lanes::LEASE;
use ascolto::store::rereads::{RereadRow, give_back, leave_past, take_due, threads};
use ascolto::store::{cases, own};

store_suite!(
    a_channel_is_read_by_one_and_waits_as_long_as_it_is_told,
    threads_come_by_their_due_times_and_a_first_looks_once,
);

/// Stores a case that owes an answer, or did so before our time.
async fn owe(house: &House, channel: &str, reread_at: i64, first_look: bool) -> CaseId {
    let id = CaseId(house.id());
    let mut file = new_case(id, &id.to_string());
    file.case.channel = channel.to_owned();
    file.case.obligations = vec![Obligation {
        mention: MentionId(house.id()),
        owing: Owing::Complaint,
        severity: 1,
        language: Lang::UNKNOWN,
        since: T0,
        heard_at: T0,
        due: T0 + 4 * HOUR,
        first_look,
        overdue_told: false,
        before: Before::default(),
        standing: Standing::Owed,
    }];
    file.reread_at = Instant(reread_at);
    let mut tx = house.begin().await;
    cases::save(&mut tx, &[&file]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn take(house: &House, owner: &str, at: Instant, limit: i64) -> Vec<RereadRow> {
    let mut tx = house.begin().await;
    let taken = take_due(&mut tx, owner, at, limit).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

fn names(taken: &[RereadRow]) -> Vec<&str> {
    taken.iter().map(|row| row.channel.as_str()).collect()
}

async fn a_channel_is_read_by_one_and_waits_as_long_as_it_is_told(house: &House) {
    furnish(house).await;
    owe(house, "b", T0.0, false).await;
    owe(house, "c", T0.0 + 1, false).await;
    owe(house, "a", T0.0 + 2, false).await;
    owe(house, "past", 0, true).await;
    assert!(names(&take(house, "one", T0 - 1, 1).await).contains(&"past"), "it waits for none");
    assert_eq!(names(&take(house, "one", T0 + 2, 2).await), ["b", "c"], "the longest due");
    assert_eq!(names(&take(house, "two", T0 + 2, 9).await), ["a"], "the others are leased");
    let again = take(house, "two", T0 + 3 + LEASE, 9).await;
    assert_eq!(names(&again), ["a", "b", "c", "past"], "no lease holds for ever");
    let mut tx = house.begin().await;
    let later = T0 + HOUR;
    for row in &again {
        give_back(&mut tx, row, later).await.unwrap();
        let lost = RereadRow { fence: row.fence - 1, ..row.clone() };
        give_back(&mut tx, &lost, T0).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert!(take(house, "one", later - 1, 9).await.is_empty());
    assert_eq!(take(house, "one", later, 9).await.len(), 4);
    let mut tx = house.begin().await;
    own::free_leases(&mut tx, "one").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(take(house, "two", later, 9).await.len(), 4, "a restart gives them back");
}

async fn threads_come_by_their_due_times_and_a_first_looks_once(house: &House) {
    furnish(house).await;
    let second = owe(house, "a", T0.0 + 5, false).await;
    let first = owe(house, "a", T0.0, false).await;
    let past = owe(house, "a", 0, true).await;
    owe(house, "a", T0.0 + 7, false).await;
    owe(house, "a", T0.0, true).await;
    owe(house, "b", T0.0, false).await;
    let mut tx = house.begin().await;
    let at = T0 + 6;
    assert_eq!(threads(&mut tx, "a", at, 9).await.unwrap(), [first, second, past]);
    assert_eq!(threads(&mut tx, "a", at, 1).await.unwrap(), [first]);
    leave_past(&mut tx, "a", at).await.unwrap();
    assert_eq!(threads(&mut tx, "a", at, 9).await.unwrap(), [first, second]);
}
