//! What the company's own system says of authors: asked of whom it is not fresh, kept by who leased.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::CaseId;
use ascolto::domain::customer::{CustomerFacts, CustomerValue, Order};
use ascolto::domain::person::AuthorKey;
use ascolto::domain::time::{HOUR, MINUTE};
use ascolto::store::Tx;
use ascolto::store::customers::{self, AskRow};
use std::collections::BTreeMap;

store_suite!(
    an_author_is_asked_about_once_until_the_answer_is_old,
    a_lost_lease_keeps_nothing,
    what_was_not_answered_is_asked_later_or_not_at_all,
    who_is_erased_is_forgotten,
);

fn author(name: &str) -> AuthorKey {
    AuthorKey {
        brand: "acme".to_owned(),
        network: "mastodon".to_owned(),
        origin: "social.example".to_owned(),
        author: name.to_owned(),
    }
}

fn facts() -> CustomerFacts {
    CustomerFacts {
        since: "2019-03-01".parse().ok(),
        value: Some(CustomerValue::Vip),
        order: Some(Order { number: "4711".to_owned(), state: "in transit".to_owned() }),
        link: "https://crm.acme.example/17".to_owned(),
        name: "Gino Rossi".to_owned(),
    }
}

async fn want(tx: &mut Tx, names: &[&str], case: u128, at: ascolto::domain::Instant) {
    let authors: BTreeMap<AuthorKey, CaseId> =
        names.iter().map(|name| (author(name), CaseId(case))).collect();
    customers::want(tx, &authors, at).await.unwrap();
}

async fn take(tx: &mut Tx, at: ascolto::domain::Instant) -> Vec<AskRow> {
    customers::take(tx, "a", at, 10).await.unwrap()
}

async fn an_author_is_asked_about_once_until_the_answer_is_old(house: &House) {
    let mut tx = house.begin().await;
    assert!(!customers::any_due(&mut tx, T0).await.unwrap());
    want(&mut tx, &["gino", "lia"], 1, T0).await;
    want(&mut tx, &["gino"], 2, T0).await;
    assert!(customers::any_due(&mut tx, T0).await.unwrap());
    let due = take(&mut tx, T0).await;
    let who: Vec<(&str, &str)> =
        due.iter().map(|row| (row.author_id.as_str(), row.case_id.as_str())).collect();
    let (one, two) = (CaseId(1).to_string(), CaseId(2).to_string());
    assert_eq!(who, [("lia", one.as_str()), ("gino", two.as_str())], "by the newest case of each");
    assert!(take(&mut tx, T0 + 1).await.is_empty(), "they are being asked about");
    let gino = &due[1];
    assert_eq!((gino.key(), gino.value.as_deref(), gino.tries), (author("gino"), None, 0));
    customers::keep(&mut tx, &[(gino, &facts(), T0 + HOUR)], T0 + 1).await.unwrap();

    let known = customers::of(&mut tx, &[author("gino"), author("lia")]).await.unwrap();
    assert_eq!(known.len(), 1, "nothing was said of lia yet");
    assert_eq!((known[0].key(), known[0].facts()), (author("gino"), facts()));
    assert_eq!((known[0].value(), known[0].fetched_at), (Some(CustomerValue::Vip), T0.0 + 1));

    want(&mut tx, &["gino"], 3, T0 + MINUTE).await;
    assert!(take(&mut tx, T0 + 2 * MINUTE).await.iter().all(|row| row.author_id != "gino"));
    want(&mut tx, &["gino"], 4, T0 + HOUR).await;
    let due = take(&mut tx, T0 + HOUR).await;
    let again = due.iter().find(|row| row.author_id == "gino").unwrap();
    assert_eq!(again.value.as_deref(), Some("vip"), "what was known stands until then");
    // Nothing at all is an answer too.
    let nobody = CustomerFacts::default();
    customers::keep(&mut tx, &[(again, &nobody, T0 + 2 * HOUR)], T0 + HOUR).await.unwrap();
    let known = customers::of(&mut tx, &[author("gino")]).await.unwrap();
    assert_eq!(known[0].facts(), nobody);
}

async fn a_lost_lease_keeps_nothing(house: &House) {
    let mut tx = house.begin().await;
    want(&mut tx, &["gino"], 1, T0).await;
    let old = take(&mut tx, T0).await.remove(0);
    let new = take(&mut tx, T0 + HOUR).await.remove(0);
    customers::keep(&mut tx, &[(&old, &facts(), T0 + HOUR)], T0 + HOUR).await.unwrap();
    customers::later(&mut tx, &[(&old, None)]).await.unwrap();
    assert!(customers::of(&mut tx, &[author("gino")]).await.unwrap().is_empty());
    customers::keep(&mut tx, &[(&new, &facts(), T0 + 2 * HOUR)], T0 + HOUR).await.unwrap();
    assert_eq!(customers::of(&mut tx, &[author("gino")]).await.unwrap().len(), 1);
}

async fn what_was_not_answered_is_asked_later_or_not_at_all(house: &House) {
    let mut tx = house.begin().await;
    want(&mut tx, &["gino", "lia"], 1, T0).await;
    let due = take(&mut tx, T0).await;
    let (gino, lia) = (&due[0], &due[1]);
    customers::later(&mut tx, &[(gino, Some(T0 + MINUTE)), (lia, None)]).await.unwrap();
    assert!(take(&mut tx, T0 + 1).await.is_empty());
    let due = take(&mut tx, T0 + MINUTE).await;
    assert_eq!((due.len(), due[0].tries), (1, 1));
    assert_eq!(due[0].author_id, gino.author_id);
    want(&mut tx, &["lia"], 2, T0 + HOUR).await;
    assert!(take(&mut tx, T0 + HOUR).await.iter().any(|row| row.author_id == lia.author_id));
}

async fn who_is_erased_is_forgotten(house: &House) {
    let mut tx = house.begin().await;
    want(&mut tx, &["gino", "lia"], 1, T0).await;
    let due = take(&mut tx, T0).await;
    let all: Vec<_> = due.iter().map(|row| (row, facts())).collect();
    let said: Vec<_> = all.iter().map(|(row, facts)| (*row, facts, T0 + HOUR)).collect();
    customers::erase(&mut tx, "acme", "mastodon", "gino").await.unwrap();
    customers::keep(&mut tx, &said, T0).await.unwrap();
    let known = customers::of(&mut tx, &[author("gino"), author("lia")]).await.unwrap();
    let names: Vec<&str> = known.iter().map(|row| row.author_id.as_str()).collect();
    assert_eq!(names, ["lia"], "an answer on its way brings nobody back");
}
