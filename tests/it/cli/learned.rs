//! `ascolto brand learned`: labels, the correction made of them, its figures, and how it is switched
//! off.

use super::{COMPLAINT, House};
use ascolto::classify::{Lesson, Outcome};
use ascolto::domain::PerMillion;
use ascolto::store::Store;
use ascolto::store::corrections::{self, CorrectionRow};
use serde_json::Value;

/// What a lesson without labels comes to, as it would be stored.
fn made(reason: &str) -> CorrectionRow {
    let lesson = Lesson::default().learn("cascade-1", PerMillion(600_000));
    let Outcome { correction, .. } = lesson;
    CorrectionRow {
        brand: "acme".to_owned(),
        version: 3,
        model: "cascade-1".to_owned(),
        made_at: 1_795_165_200_000,
        labels: 216,
        complaints: 40,
        loss_without: 1_239_000,
        loss_with: 522_000,
        f1_without: 490_000,
        f1_with: 910_000,
        recall_without: 1_000_000,
        recall_with: 975_000,
        in_use: reason.is_empty(),
        reason: reason.to_owned(),
        blob: correction.bytes(),
    }
}

fn store(house: &House, row: &CorrectionRow) {
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(async {
        let url = format!("sqlite:{}", house.path("ascolto.db").display());
        let store = Store::open(&url).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        corrections::add(&mut tx, row).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
    });
}

#[test]
fn what_was_said_and_learned_is_told() {
    let house = House::new();
    house.hear(&[COMPLAINT]);
    house.run(&["case", "verdict", &house.case(), "not-complaint"]).good();
    let told = house.run(&["brand", "learned", "acme"]).good();
    assert!(told.contains("acme: 1 label\n"), "{told}");
    assert!(told.contains("verdict  not a complaint  1"), "{told}");
    assert!(told.contains("nothing was learned of them yet"), "{told}");
    assert!(told.contains("write learn = false below [brand.acme]"), "{told}");
    store(&house, &made("recall_fell"));
    let told = house.run(&["brand", "learned", "acme"]).good();
    for words in [
        "correction 3 of cascade-1, made 2026-11-20T09:00:00",
        "of 216 labels, 40 of them complaints",
        "it is not used: on labels that it had not seen it misses complaints",
        "1.239",
        "0.522",
    ] {
        assert!(told.contains(words), "{words} is not in\n{told}");
    }
    let json = house.run(&["brand", "learned", "acme", "--json"]).good();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["labels"][0]["complaint"], false);
    assert_eq!(json["correction"]["reason"], "recall_fell");
    assert_eq!(json["correction"]["with"]["recall"], 0.975);
}

#[test]
fn a_correction_in_use_can_be_switched_off() {
    let house = House::new();
    house.hear(&[]);
    store(&house, &made(""));
    let told = house.run(&["brand", "learned", "acme"]).good();
    assert!(told.contains("acme: 0 labels") && told.contains("it is in use"), "{told}");
    house.brand("learn = false");
    let told = house.run(&["brand", "learned", "acme"]).good();
    assert!(told.contains("it is switched off by learn = false"), "{told}");
    assert!(told.contains("take learn = false out of [brand.acme]"), "{told}");
    let err = house.run(&["brand", "learned", "acne"]).failed(2);
    assert!(err.contains("did you mean acme?"), "{err}");
}
