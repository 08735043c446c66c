//! `ascolto case` on a store that was filled through the library.

use super::{COMPLAINT, House};

#[test]
fn a_case_is_listed_shown_and_acted_on() {
    let house = House::new();
    house.hear(&[COMPLAINT, "Grazie mille, bravissimi"]);
    let table = house.run(&["case", "list"]).good();
    assert!(table.contains("writer0") && table.contains("complaint"), "{table}");
    let id = house.case();
    let shown = house.run(&["case", "show", &id]).good();
    for part in [COMPLAINT, "waiting", "https://forum.example/0", "draft 1 (it", "owed by triage"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let act = |args: &[&str]| {
        let mut line = vec!["case"];
        line.extend_from_slice(args);
        house.run(&line)
    };
    let taken = act(&["take", &id, "--as", "anna"]).good();
    assert_eq!(taken, format!("case {id} is taken\n"));
    assert!(act(&["list", "--state", "taken"]).good().contains("taken by anna"));
    act(&["release", &id, "--as", "anna"]).good();
    act(&["hand-over", &id, "--to", "warehouse", "--reference", "W-17"]).good();
    assert!(act(&["show", &id]).good().contains("handed over to warehouse by tester"));
    assert!(act(&["list"]).good().contains("waiting, handed over to warehouse"));
    act(&["hand-over", &id, "--back"]).good();
    assert!(act(&["hand-over", &id]).failed(2).contains("--to"));
    let none = act(&["hand-over", &id, "--system", "zammad", "--note", "look"]).failed(1);
    assert!(none.contains("[handover.NAME]"), "{none}");
    act(&["ack", &id, "--as", "anna"]).good();
    let err = act(&["ack", &id]).failed(1);
    assert!(err.contains("anna has acknowledged"), "{err}");
    act(&["snooze", &id, "--until", "2h"]).good();
    act(&["note", &id, "asked the warehouse"]).good();
    let waived = act(&["waive", &id, "--reason", "settled by phone"]).good();
    assert_eq!(waived, format!("case {id} is waived\n"));
    assert_eq!(act(&["list"]).good(), "no such case\n");
    act(&["reopen", &id, "--reason", "it was not"]).good();
    act(&["moved", &id]).good();
    let contact = act(&["moved", &id, "--happened"]).good();
    assert_eq!(contact, format!("case {id} is answered\n"));
    act(&["reopen", &id, "--reason", "it was another's"]).good();
    act(&["answered", &id, "--url", "https://forum.example/0#1"]).good();
    let log = act(&["show", &id]).good();
    for part in ["taken by anna", "acknowledged by anna", "note by tester", "reopened", "answered"]
    {
        assert!(log.contains(part), "{part} is not in\n{log}");
    }
    house.run(&["ledger"]).good();
}

#[test]
fn a_case_shows_who_else_says_the_same() {
    let house = House::new();
    house.hear(&[COMPLAINT, &format!("{COMPLAINT}!! https://x.example/1")]);
    let list = house.run(&["case", "list", "--json"]).good();
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let [one, other] = [0, 1].map(|at: usize| list[at]["id"].as_str().unwrap());
    let shown = house.run(&["case", "show", one]).good();
    let told = "others say the same: 1 in other cases in the last 7 days, by 1 author(s)";
    assert!(shown.contains(told) && shown.contains(&format!("  case {other}: writer")), "{shown}");
}

#[test]
fn what_cannot_be_done_says_what_to_do_instead() {
    let house = House::new();
    house.hear(&[COMPLAINT]);
    let id = house.case();
    let err = house.run(&["case", "publish", &id, "--rev", "1"]).failed(1);
    assert!(err.contains("only by hand") && err.contains("forum.example/0"), "{err}");
    let err = house.run(&["case", "waive", &id, "--reason", " "]).failed(2);
    assert!(err.contains("a few words"), "{err}");
    let err = house.run(&["case", "snooze", &id, "--until", "2020-01-01"]).failed(2);
    assert!(err.contains("not in the future"), "{err}");
    let unknown = "01JD3V8R2M4Y6ZQKX0T5W7N9PB";
    for command in [&["case", "take", unknown][..], &["case", "show", unknown]] {
        let err = house.run(command).failed(1);
        assert!(err.contains("there is no case") && err.contains("check the id"), "{err}");
    }
    let err = house.run(&["case", "list", "--state", "lost"]).failed(2);
    assert!(err.contains("waiting, taken"), "{err}");
    let err = house.run(&["case", "list", "--brand", "acne"]).failed(2);
    assert!(err.contains("did you mean acme?"), "{err}");
}

#[test]
fn an_answer_that_brought_no_word_back_offers_a_follow_up() {
    let house = House::new();
    house.hear(&[COMPLAINT]);
    let id = house.case();
    house.run(&["case", "answered", &id]).good();
    let offered = || {
        let shown = house.run(&["case", "show", &id]).good().contains("plan a follow-up?");
        let list = house.run(&["case", "list", "--state", "follow_up"]).good();
        assert_eq!(list.contains(&id), shown, "{list}");
        shown
    };
    assert!(!offered(), "it was answered just now");
    let db = rusqlite::Connection::open(house.path("ascolto.db")).unwrap();
    let days = 4 * 24 * 60 * 60 * 1000;
    for (table, column) in [("mentions", "created_at"), ("obligations", "ended_at")] {
        let earlier = format!("UPDATE {table} SET {column} = {column} - {days}");
        assert_eq!(db.execute(&earlier, []).unwrap(), 1);
    }
    assert!(offered());
    house.run(&["case", "follow-up", &id, "--at", "3d"]).good();
    assert!(!offered(), "one is planned");
}

#[test]
fn a_person_corrects_the_verdict() {
    let house = House::new();
    house.hear(&[COMPLAINT]);
    let id = house.case();
    let err = house.run(&["case", "verdict", &id, "question"]).failed(1);
    assert!(err.contains("can be called a question"), "a complaint it is: {err}");
    let said = house.run(&["case", "verdict", &id, "not-complaint", "--reason", "a quote"]).good();
    assert_eq!(said, format!("case {id} is not_owed\n"));
    let shown = house.run(&["case", "list", "--state", "not_owed", "--json"]).good();
    assert!(shown.contains(&id), "{shown}");
}
