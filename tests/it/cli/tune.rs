//! `ascolto tune`: what other thresholds would have done, on labels of the store or of a file.

use super::{COMPLAINT, House, text};
use serde_json::Value;
use std::path::Path;

const LINES: &str = r#"{"text":"Terza settimana e il pacco non è ancora arrivato, nessuno risponde","lang":"it","kind":"complaint"}
{"text":"My refund never arrived, nobody answers my mails, this is a disgrace","lang":"en","complaint":true}
{"text":"Grazie mille, servizio perfetto e consegna veloce!","lang":"it","kind":"praise"}
{"text":"What time do you open on Sunday?","lang":"en","kind":"question"}
"#;

/// The setting in use, out of what is printed as JSON.
fn present(told: &Value) -> &Value {
    let settings = told["settings"].as_array().unwrap();
    let mut present = settings.iter().filter(|s| s["present"] == true);
    let found = present.next().expect("the setting in use is tried");
    assert!(present.next().is_none());
    found
}

#[test]
fn what_people_did_is_what_a_setting_is_measured_by() {
    let house = House::new();
    house.hear(&[COMPLAINT, COMPLAINT, "Grazie mille, servizio perfetto e consegna veloce!"]);
    let list = house.run(&["case", "list", "--json"]).good();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let ids: Vec<&str> = list.iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{list:?}");
    assert_eq!(house.run(&["case", "list", "--state", "look"]).good(), "no such case\n");
    house.run(&["case", "answered", ids[0]]).good();
    house.run(&["case", "verdict", ids[1], "not-complaint"]).good();

    let told = house.run(&["tune", "acme", "--json"]).good();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["mentions"], &told["labelled"]), (&3.into(), &2.into()));
    assert_eq!((&told["complaints"], &told["days"]), (&1.into(), &1.0.into()));
    assert_eq!(
        (&told["suggestion"]["is"], &told["suggestion"]["more"]),
        (&"few_labels".into(), &48.into())
    );
    let now = present(&told);
    assert_eq!((&now["alert_at"], &now["look_at"]), (&0.6.into(), &0.35.into()));
    assert_eq!(
        (&now["alerts"], &now["hits"], &now["false_alarms"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!((&now["precision"]["value"], &now["missed"]), (&0.5.into(), &0.into()));

    let page = house.run(&["tune", "acme"]).good();
    for words in [
        "acme: 3 mentions in 1 day; labelled 2, 1 as complaints.",
        "alerts a day",
        "by alert_at, with look_at 0.35",
        "by look_at, with alert_at 0.60",
        "Not enough labels: 48 more.",
    ] {
        assert!(page.contains(words), "{words} is not in\n{page}");
    }
    let marked: Vec<_> = page.lines().filter(|line| line.starts_with("*  ")).collect();
    assert_eq!(marked.len(), 2, "{page}");
    assert!(marked[0].starts_with("*  0.60      0.35     2.0 "), "{}", marked[0]);
    house.run(&["ledger", "--verify"]).good();
}

#[test]
fn labelled_lines_stand_in_for_a_store() {
    let house = House::new();
    let file = house.path("lines.jsonl");
    std::fs::write(&file, LINES).unwrap();
    house.brand("alert_at = 0.625");
    let page = house.run(&["tune", "acme", "--labels", text(&file)]).good();
    assert!(page.contains("acme: 4 lines; labelled 4, 2 as complaints."), "{page}");
    assert!(page.contains("alerts in 100") && page.contains("*  0.625"), "{page}");
    assert!(page.contains("Not enough labels: 46 more."), "{page}");
    assert!(!house.path("ascolto.db").exists());

    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/complaints");
    let whole = std::fs::read_to_string(corpus.join("it-plain.jsonl")).unwrap();
    let some: String = whole.lines().take(200).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, &some).unwrap();
    let page = house.run(&["tune", "acme", "--labels", text(&file)]).good();
    let said = ["Suggested, below [brand.acme]:", "Keep the present setting.", "No setting shows"];
    assert_eq!(said.iter().filter(|words| page.contains(**words)).count(), 1, "{page}");
    let json = house.run(&["tune", "acme", "--labels", text(&file), "--json"]).good();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["labelled"], &json["days"]), (&200.into(), &Value::Null));
    let now = present(&json);
    let count = |key: &str| now[key].as_u64().unwrap();
    let complaints = json["complaints"].as_u64().unwrap();
    assert_eq!(count("hits") + count("in_tray") + count("missed"), complaints);
    assert_eq!(count("alerts"), count("hits") + count("false_alarms"), "all of it is labelled");
    let recall = &now["recall"];
    assert!(recall["low"].as_f64() <= recall["value"].as_f64(), "{recall}");
    assert!(recall["value"].as_f64() <= recall["high"].as_f64(), "{recall}");
}

#[test]
fn what_cannot_be_tuned_says_why() {
    let house = House::new();
    let file = house.path("lines.jsonl");
    std::fs::write(&file, "\n").unwrap();
    let err = house.run(&["tune", "acne"]).failed(2);
    assert!(err.contains("did you mean acme?"), "{err}");
    let err = house.run(&["tune", "acme"]).failed(3);
    assert!(err.contains("there is no store at"), "{err}");
    let err = house.run(&["tune", "acme", "--labels", text(&file)]).failed(2);
    assert!(err.contains("holds no lines"), "{err}");
    let nowhere = house.path("nowhere");
    house.run(&["tune", "acme", "--labels", text(&nowhere)]).failed(3);
    house.run(&["tune", "acme", "--labels", text(&file), "--days", "5"]).failed(2);
    house.run(&["tune", "acme", "--days", "0"]).failed(2);
    house.hear(&[]);
    let none = house.run(&["tune", "acme"]).good();
    assert!(none.contains("Not enough labels: 50 more."), "{none}");
    house.brand("owes = [\"question\"]");
    let err = house.run(&["tune", "acme"]).failed(2);
    assert!(err.contains("owes no complaints"), "{err}");
}
