//! `ascolto recipient`: how recipients fare, and a sample sent by the real path.

use super::House;

#[test]
fn a_sample_is_sent_and_each_step_is_shown() {
    let house = House::new();
    let sent = super::said(house.command(&["recipient", "test", "desk"]), b"");
    assert!(sent.err.contains("SAMPLE") || sent.err.contains("PROVA"), "{}", sent.err);
    let out = sent.good();
    let steps: Vec<&str> = out.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(steps, ["settings", "connected", "delivered", "changed in place"], "{out}");
    let err = house.run(&["recipient", "test", "dsk"]).failed(2);
    assert!(err.contains("did you mean desk?"), "{err}");
}

#[test]
fn what_cannot_be_delivered_says_why() {
    let house = House::new();
    house.also(
        "[recipient.phone]\nnotifier = \"ntfy\"\nserver = \"http://127.0.0.1:9\"\n\
         topic = \"acme-alerts\"\n",
    );
    let refused = super::said(house.command(&["recipient", "test", "phone"]), b"");
    assert!(refused.out.ends_with("connected: no\n"), "{}", refused.out);
    let err = refused.failed(3);
    assert!(err.contains("phone was not told") && err.contains("allow_private"), "{err}");
}

#[test]
fn recipients_are_listed_with_how_they_fare() {
    let house = House::new();
    house.run(&["recipient", "test", "desk"]).good();
    let list = house.run(&["recipient", "list"]).good();
    let row = list.lines().find(|line| line.starts_with("desk")).expect("it is configured");
    assert!(row.contains("terminal") && row.contains("links") && row.contains("never"), "{list}");
    let list = house.run(&["recipient", "list", "--json"]).good();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["name"], "desk");
    assert_eq!(list[0]["delivered_at"], serde_json::Value::Null, "a sample is no alert of a case");
    assert_eq!(list[0]["live"], 0);
}
