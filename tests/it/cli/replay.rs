//! `ascolto replay` on a small recording.

use super::{COMPLAINT, House, mention, text};

#[test]
fn a_recording_goes_the_whole_way_and_balances() {
    let house = House::new();
    let file = house.path("recorded.jsonl");
    let lines = [
        mention(0, COMPLAINT),
        String::new(),
        "{torn".to_owned(),
        mention(1, "Come posso cambiare indirizzo?"),
        mention(1, "Come posso cambiare indirizzo?"),
        mention(2, "ok").replace("forum", "plaza"),
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let said = house.run(&["replay", text(&file)]);
    assert!(said.err.contains("recorded.jsonl:3: no JSON"), "{}", said.err);
    let out = said.good();
    for part in [
        "5 mentions in",
        "new 3, again 1, edited 0, own 0, unreadable 1",
        "complaints  1 (33.3 %)",
        "questions   1 (33.3 %)",
        "not owed    1 (33.3 %)",
        "alerts      1 delivered",
        "ledger      balanced",
    ] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    assert!(!house.path("ascolto.db").exists(), "it has a store of its own");
    let err = house.run(&["replay", text(&house.path("none.jsonl"))]).failed(3);
    assert!(err.contains("none.jsonl cannot be read"), "{err}");
}

#[test]
fn it_can_go_into_the_configured_store() {
    let house = House::new();
    let file = house.path("recorded.jsonl");
    std::fs::write(&file, mention(0, COMPLAINT)).unwrap();
    house.run(&["replay", text(&file), "--store"]).good();
    house.case();
    let again = house.run(&["replay", text(&file), "--store", "--channel", "api"]).good();
    assert!(again.contains("new 0, again 1"), "{again}");
    house.run(&["replay", text(&file), "--store", "--channel", "other"]).failed(2);
}
