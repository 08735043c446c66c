//! `ascolto brand`: past mentions judged anew, exclusions tried, proposed and counted.

use super::{COMPLAINT, House};
use serde_json::Value;

const NAMES: &str = "terms = [\"Vento\"]\ncontext = [\"linea\"]\nhandles = [\"vento_it\"]";

/// A house that heard of its brand, of the weather that stops trains, and of the weather alone.
fn house() -> House {
    let house = House::new();
    house.brand(NAMES);
    house.overhear(&[
        &format!("{COMPLAINT}. La linea di Vento è giù"),
        &format!("{COMPLAINT}. Linea ferroviaria ferma per vento forte"),
        "Domani vento forte\u{1b}[2J sulla costa",
    ]);
    house
}

#[test]
fn past_mentions_are_judged_anew_and_an_exclusion_is_tried() {
    let house = house();
    let told = house.run(&["brand", "test", "acme"]).good();
    assert!(told.contains("3 mentions: 2 about, 1 perhaps, 0 not about; 0 changed"), "{told}");
    assert!(told.contains("context \"linea\"") && told.contains("Domani vento forte"), "{told}");
    assert!(!told.contains('\u{1b}'), "a terminal would obey it");
    let tried = house.run(&["brand", "test", "acme", "--exclude", "vento forte"]).good();
    for words in [
        "3 mentions: 1 about, 0 perhaps, 2 not about; 2 changed",
        "not_about (was about)",
        "2 by the exclusion vento forte",
        "would have sorted out 2 of the last 3 mentions, 0 of them answered",
        "exclusions = [\"vento forte\"]",
    ] {
        assert!(tried.contains(words), "{words} is not in\n{tried}");
    }
    let json = house.run(&["brand", "test", "acme", "--exclude", "linea", "--json"]).good();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["exclusion"]["of"], &json["exclusion"]["sorted_out"]),
        (&3.into(), &2.into())
    );
    assert_eq!((&json["perhaps"], &json["by_exclusion"]["linea"]), (&1.into(), &2.into()));
    assert_eq!(json["hits"][0]["stored"], "perhaps", "the newest stands first");
    let last = house.run(&["brand", "test", "acme", "--last", "1"]).good();
    assert!(last.contains("1 mention: 0 about, 1 perhaps"), "{last}");
    house.run(&["ledger"]).good();
}

#[test]
fn not_about_us_proposes_an_exclusion_and_changes_nothing() {
    let house = house();
    let list = house.run(&["case", "list", "--json"]).good();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let case = list.iter().find(|c| c["author"] == "writer1").expect("the train has a case");
    let id = case["id"].as_str().unwrap();
    let said = house.run(&["case", "verdict", id, "not-about-us"]);
    assert!(
        said.err.contains("The exclusion \"vento forte\" would have sorted out 2"),
        "{}",
        said.err
    );
    assert!(said.err.contains("[brand.acme]:\nexclusions = [\"vento forte\"]"), "{}", said.err);
    assert_eq!(said.good(), format!("case {id} is not_owed\n"));
    let told = house.run(&["brand", "test", "acme"]).good();
    assert!(told.contains("a person: not about us"), "{told}");
    assert!(told.contains("2 about, 1 perhaps"), "nothing is excluded by itself: {told}");
}

#[test]
fn exclusions_are_counted_in_the_ledger() {
    let house = House::new();
    house.brand(&format!("{NAMES}\nexclusions = [\"vento forte\", \"meteo\"]"));
    house.overhear(&[
        "Questa mattina vento forte sulla costa, restate tutti a casa",
        "Il meteo dice che ci sarà vento per tutta la settimana, che noia",
        "Questa notte vento forte e pioggia, non ho dormito per niente",
        "Con Vento la linea è finalmente tornata, grazie mille ragazzi",
    ]);
    let table = house.run(&["ledger"]).good();
    assert!(table.contains("not_about_us by the exclusion vento forte  2"), "{table}");
    let json = house.run(&["ledger", "--json"]).good();
    let json: Value = serde_json::from_str(&json).unwrap();
    let counted = json["sorted_out"].as_array().unwrap();
    let meteo = counted.iter().find(|s| s["exclusion"] == "meteo").expect("it sorted one out");
    assert_eq!((&meteo["rule"], &meteo["mentions"]), (&"not_about_us".into(), &1.into()));
}

#[test]
fn what_cannot_be_tried_says_why() {
    let house = House::new();
    house.brand(NAMES);
    let err = house.run(&["brand", "test", "acme"]).failed(3);
    assert!(err.contains("there is no store at"), "{err}");
    let err = house.run(&["brand", "test", "acne"]).failed(2);
    assert!(err.contains("did you mean acme?"), "{err}");
    for (phrase, why) in [("?!", "a letter or a digit"), ("VENTO", "is a name of acme")] {
        let err = house.run(&["brand", "test", "acme", "--exclude", phrase]).failed(2);
        assert!(err.contains(why), "{err}");
    }
    let list = house.run(&["brand", "list"]).good();
    assert!(list.contains("ambiguous: Vento") && list.contains("handles: vento_it"), "{list}");
    let json = house.run(&["brand", "list", "--json"]).good();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["context"][0], "linea");
    house.hear(&[]);
    let none = house.run(&["brand", "test", "acme"]).good();
    assert_eq!(none, "no mention of acme is stored yet\n");
}
