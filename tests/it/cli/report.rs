//! `report` in its four formats, `ledger --statement` and `mention`: what they print of a small store.

use super::House;

const COMPLAINT: &str = "Acme, terza settimana senza pacco, nessuno risponde, vergogna!";

#[test]
fn the_report_has_four_formats_of_the_same_figures() {
    let house = House::new();
    house.hear(&[COMPLAINT, "Acme grazie mille per la risposta, buona giornata"]);
    let table = house.run(&["report"]).good();
    assert!(table.contains("still in time 1"), "{table}");
    let json = house.run(&["report", "--format", "json"]).good();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["brands"][0]["complaints"]["in_time"], 1);
    let ledger = house.run(&["ledger", "--json"]).good();
    let ledger: serde_json::Value = serde_json::from_str(&ledger).unwrap();
    assert_eq!(ledger["shares"][0]["complaints"], json["brands"][0]["complaints"]);
    let csv = house.run(&["report", "--format", "csv"]).good();
    let line = csv.lines().nth(1).unwrap();
    assert!(line.starts_with("acme,complaint,0,0,0,0,0,0,0,1,"), "{csv}");
    let html = house.run(&["report", "--format", "html"]).good();
    assert!(html.starts_with("<!doctype html>") && html.contains("<style>"), "{html}");
    assert!(html.contains("Quota di reclami inascoltati") && !html.contains("screen."), "{html}");
    let none = house.run(&["report", "--from", "2020-01-01", "--to", "2020-01-02"]).good();
    assert!(none.contains("still in time 0"), "{none}");
    let wrong = house.run(&["report", "--from", "2020-01-02", "--to", "2020-01-01"]).failed(2);
    assert!(wrong.contains("does not lie before"), "{wrong}");
}

#[test]
fn what_was_sorted_out_is_listed_and_taken_up_again() {
    let house = House::new();
    house.hear(&["Acme grazie mille per la risposta, buona giornata"]);
    let list = house.run(&["mention", "list", "--sorted-out", "--json"]).good();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["rule"], "thanks", "{list}");
    let id = list[0]["id"].as_str().unwrap();
    let said = house.run(&["mention", "owed", id, "--as", "question"]).good();
    assert!(said.contains(&format!("mention {id} is owed an answer in case ")), "{said}");
    let none = house.run(&["mention", "list", "--sorted-out"]).good();
    assert_eq!(none, "nothing is sorted out\n");
    let twice = house.run(&["mention", "owed", id]).failed(1);
    assert!(twice.contains("already"), "{twice}");
    house.run(&["ledger"]).good();
    let asked = house.run(&["mention", "list"]).failed(2);
    assert!(asked.contains("--sorted-out"), "{asked}");
}

#[test]
fn a_day_that_is_not_over_is_not_stated() {
    let house = House::new();
    house.hear(&[COMPLAINT]);
    let none = house.run(&["ledger", "--statement", "2020-01-01"]).failed(1);
    assert!(none.contains("nothing was stated of 2020-01-01"), "{none}");
    house.run(&["ledger", "--statement", "2020-01-01", "--verify"]).failed(2);
}
