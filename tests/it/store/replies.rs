//! The parts of a reply: nothing leaves without its state committed, nothing by a lost lease.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::{CaseId, Instant, MentionId, ReplyId};
use ascolto::store::lanes::LEASE;
use ascolto::store::replies::{self, NewReply, PartRow};
use ascolto::store::{StoreError, Tx};

store_suite!(
    parts_go_one_after_the_other,
    a_lost_lease_sends_nothing,
    an_unknown_part_waits_for_a_person,
    an_end_refuses_what_has_not_left,
    a_post_proves_one_part_only,
);

const CASE: CaseId = CaseId(5);

async fn publish(house: &House, keys: &[&str]) -> ReplyId {
    let (mut tx, id) = (house.begin().await, ReplyId(house.id()));
    let parts: Vec<_> =
        keys.iter().map(|k| (k.to_string(), format!("text of {k}"), format!("hash {k}"))).collect();
    let reply = NewReply {
        id,
        case: CASE,
        brand: "acme",
        channel: "masto",
        mention: MentionId(6),
        text: "Ci dispiace 😀",
        by: "ada",
        parts: &parts,
    };
    replies::add(&mut tx, &reply, T0).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn take(house: &House, owner: &str, at: Instant) -> Vec<PartRow> {
    let mut tx = house.begin().await;
    let taken = replies::take_due(&mut tx, owner, at, 9).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn states(tx: &mut Tx, reply: ReplyId) -> Vec<String> {
    let parts = replies::parts(tx, &reply.to_string()).await.unwrap();
    parts.into_iter().map(|p| p.state).collect()
}

/// The part as it stands after an attempt.
fn after(part: &PartRow, state: &str, due_at: Option<i64>) -> PartRow {
    PartRow { state: state.to_owned(), due_at, ..part.clone() }
}

async fn parts_go_one_after_the_other(house: &House) {
    let id = publish(house, &["k1", "k2"]).await;
    let first = take(house, "a", T0).await;
    assert_eq!(first.len(), 1, "the second part waits for the first");
    let mut tx = house.begin().await;
    assert!(replies::sending(&mut tx, &first[0], T0 + 30_000, T0 + 1).await.unwrap());
    let twice = replies::sending(&mut tx, &first[0], T0 + 30_000, T0 + 2).await.unwrap();
    assert!(!twice, "what is being sent is not sent again");
    let part = &replies::parts(&mut tx, &id.to_string()).await.unwrap()[0];
    assert_eq!((part.not_after, part.sent_at), (Some(T0.0 + 30_000), Some(T0.0 + 1)));
    let posted = PartRow {
        external_id: "9".to_owned(),
        url: "https://example.org/9".to_owned(),
        posted_at: Some(T0.0 + 3),
        ..after(&first[0], "posted", None)
    };
    replies::settle(&mut tx, &posted).await.unwrap();
    replies::go_on(&mut tx, &posted, T0 + 4).await.unwrap();
    assert!(replies::under_way(&mut tx, CASE).await.unwrap().is_some());
    tx.commit().await.unwrap();
    let second = take(house, "a", T0 + 4).await.remove(0);
    assert_eq!((second.part, second.key.as_str()), (2, "k2"));
    let mut tx = house.begin().await;
    replies::end(&mut tx, &id.to_string(), "", T0 + 5).await.unwrap();
    assert!(replies::under_way(&mut tx, CASE).await.unwrap().is_none());
    let reply = replies::of_case(&mut tx, CASE).await.unwrap().remove(0);
    assert_eq!((reply.text.as_str(), reply.ended_at), ("Ci dispiace 😀", Some(T0.0 + 5)));
}

async fn a_lost_lease_sends_nothing(house: &House) {
    let id = publish(house, &["k1"]).await;
    let old = take(house, "a", T0).await.remove(0);
    assert!(take(house, "b", T0 + LEASE).await.is_empty());
    let new = take(house, "b", T0 + LEASE + 1).await.remove(0);
    let mut tx = house.begin().await;
    assert!(!replies::sending(&mut tx, &old, T0, T0).await.unwrap());
    assert!(replies::sending(&mut tx, &new, T0, T0).await.unwrap());
    let late = replies::settle(&mut tx, &after(&old, "refused", None)).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(states(&mut tx, id).await, ["sending"]);
    replies::settle(&mut tx, &after(&new, "pending", Some(T0.0 + 5))).await.unwrap();
    assert_eq!(replies::next_due(&mut tx).await.unwrap(), Some(T0 + 5));
}

async fn an_unknown_part_waits_for_a_person(house: &House) {
    let id = publish(house, &["k1"]).await;
    let part = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    assert!(!replies::decide(&mut tx, &part, true, "", "ada", T0).await.unwrap(), "not unknown");
    assert!(replies::sending(&mut tx, &part, T0, T0).await.unwrap());
    replies::settle(&mut tx, &after(&part, "unknown", None)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(house, "a", T0 + 10 * LEASE).await.is_empty(), "only a person can move it");
    let mut tx = house.begin().await;
    let part = replies::parts(&mut tx, &id.to_string()).await.unwrap().remove(0);
    assert!(replies::decide(&mut tx, &part, true, "https://x/9", "ada", T0 + 8).await.unwrap());
    let twice = replies::decide(&mut tx, &part, false, "", "bob", T0 + 9).await.unwrap();
    assert!(!twice, "decided once");
    let part = replies::parts(&mut tx, &id.to_string()).await.unwrap().remove(0);
    assert_eq!((part.state.as_str(), part.posted_at), ("posted", Some(T0.0 + 8)));
    assert_eq!(part.url, "https://x/9");
}

async fn an_end_refuses_what_has_not_left(house: &House) {
    let id = publish(house, &["k1", "k2", "k3"]).await;
    let part = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    assert!(replies::sending(&mut tx, &part, T0, T0).await.unwrap());
    replies::end(&mut tx, &id.to_string(), "answered meanwhile", T0).await.unwrap();
    assert_eq!(states(&mut tx, id).await, ["sending", "refused", "refused"]);
    replies::go_on(&mut tx, &part, T0).await.unwrap();
    assert_eq!(replies::parts(&mut tx, &id.to_string()).await.unwrap()[1].due_at, None);
}

async fn a_post_proves_one_part_only(house: &House) {
    let id = publish(house, &["k1", "k2"]).await;
    let part = take(house, "a", T0).await.remove(0);
    let mut tx = house.begin().await;
    let posted = PartRow { external_id: "9".to_owned(), ..after(&part, "posted", None) };
    replies::settle(&mut tx, &posted).await.unwrap();
    let parts = replies::parts(&mut tx, &id.to_string()).await.unwrap();
    assert!(replies::is_evidence(&mut tx, "9", &parts[1], "masto").await.unwrap());
    assert!(!replies::is_evidence(&mut tx, "9", &parts[0], "masto").await.unwrap());
    assert!(!replies::is_evidence(&mut tx, "9", &parts[1], "other").await.unwrap());
    assert!(!replies::is_evidence(&mut tx, "8", &parts[1], "masto").await.unwrap());
}
