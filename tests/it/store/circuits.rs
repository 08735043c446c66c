//! Who outside fails: kept by name, and among those who fail only while it does.

use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::circuit::{Asked, RECIPIENT};
use ascolto::domain::time::MINUTE;
use ascolto::store::circuits::{self, CircuitRow};

store_suite!(who_fails_is_known_by_name_until_it_answers);

async fn who_fails_is_known_by_name_until_it_answers(house: &House) {
    let mut tx = house.begin().await;
    assert_eq!(circuits::one(&mut tx, "recipient:room").await.unwrap(), None);
    let row = CircuitRow {
        name: "recipient:room".to_owned(),
        failures: 3,
        shut_until: (T0 + MINUTE).0,
        fault: "HTTP 403".to_owned(),
        failed_at: T0.0,
        said_at: 0,
    };
    let other = CircuitRow { name: "lookup".to_owned(), failures: 1, ..row.clone() };
    circuits::keep(&mut tx, &row).await.unwrap();
    circuits::keep(&mut tx, &other).await.unwrap();
    assert_eq!(circuits::one(&mut tx, "recipient:room").await.unwrap(), Some(row.clone()));
    let names: Vec<String> =
        circuits::failing(&mut tx).await.unwrap().into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["lookup", "recipient:room"]);
    assert!(row.circuit().is_shut(T0) && !row.circuit().is_shut(T0 + MINUTE));
    let answered = row.circuit().after(RECIPIENT, Asked::Answered, T0 + MINUTE);
    let well = CircuitRow { failures: answered.failures, shut_until: 0, said_at: 7, ..row };
    circuits::keep(&mut tx, &well).await.unwrap();
    assert_eq!(circuits::one(&mut tx, "recipient:room").await.unwrap(), Some(well));
    assert_eq!(circuits::failing(&mut tx).await.unwrap(), [other]);
}
