//! Every statement, prepared on both databases, and what opening a store must do.

use super::house::House;
use super::store_suite;
use ascolto::store::{Store, every_statement};

store_suite!(every_statement_can_be_prepared, a_copy_is_a_whole_store);

async fn every_statement_can_be_prepared(house: &House) {
    let mut seen = std::collections::BTreeSet::new();
    for (name, sql) in every_statement() {
        assert!(seen.insert(name), "{name} is listed twice");
        // One that fails spoils its transaction.
        let mut tx = house.begin().await;
        if let Err(e) = tx.prepare(sql).await {
            panic!("{name}: {e}");
        }
    }
    assert!(seen.len() > 80, "only {} statements are listed", seen.len());
}

async fn a_copy_is_a_whole_store(house: &House) {
    let Some(folder) = house.folder() else {
        let refused = house.store.copy_to("copy.db").await.unwrap_err();
        assert!(refused.to_string().contains("pg_dump"));
        return;
    };
    let copy = folder.join("copy it's.db").display().to_string();
    house.by_hand("INSERT INTO keep (name, value) VALUES ('a', 'b')").await;
    house.store.copy_to(&copy).await.unwrap();
    assert!(house.store.copy_to(&copy).await.is_err(), "a file was overwritten");
    let copied = Store::open(&format!("sqlite:{copy}")).await.unwrap();
    let mut tx = copied.begin().await.unwrap();
    let kept = ascolto::store::lanes::kept(&mut tx, "a", b"other").await.unwrap();
    assert_eq!(kept, b"b");
}

#[tokio::test]
async fn an_address_that_is_no_store_says_what_to_write() {
    let error = Store::open("mysql://x").await.unwrap_err().to_string();
    assert!(error.contains("sqlite:ascolto.db"), "{error}");
    let error = Store::open("sqlite:/nowhere/at/all.db").await.unwrap_err().to_string();
    assert!(error.contains("[store] url"), "{error}");
}

#[tokio::test]
async fn any_file_name_is_taken_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("100% è #1?.db");
    let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    store.close().await;
    assert!(file.is_file());
}
