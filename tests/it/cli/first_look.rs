//! `ascolto channel first-look`: the choice on the command line.

use super::House;
use ascolto::clock::Clock;
use ascolto::domain::time::DAY;

#[test]
fn a_first_look_is_chosen_about_once() {
    let house = House::new();
    let start = Clock::System.now() - 3 * DAY;
    house.also(&format!(
        "[channel.stage]\nnetwork = \"rehearsal\"\nbrand = \"acme\"\nstart = \"{start}\"\n\
         first_look = \"30d\"\nscript = '''\n\
         {{\"do\":\"post\",\"at\":1,\"id\":\"p1\",\"author\":\"rosa\",\"handle\":\"rosa\",\"text\":\"{}\"}}\n'''\n",
        super::COMPLAINT
    ));
    house.hear(&[]);
    let line = |args: &[&str]| {
        let mut line = vec!["channel", "first-look"];
        line.extend_from_slice(args);
        house.run(&line)
    };
    let err = line(&["stage", "--open", "all"]).failed(1);
    assert!(err.contains("still being read"), "{err}");
    let err = line(&["api", "--open", "all"]).failed(1);
    assert!(err.contains("api has had no first look"), "{err}");
    let err = line(&["stag", "--open", "all"]).failed(2);
    assert!(err.contains("did you mean stage?"), "{err}");
    line(&["stage", "--open", "some"]).failed(2);
    line(&["stage"]).failed(2);
    // The message goes out a minute after its threads were read; here nobody waits for it.
    let db = rusqlite::Connection::open(house.path("ascolto.db")).unwrap();
    assert_eq!(db.execute("UPDATE first_looks SET state = 'asked'", []).unwrap(), 1);
    let said = line(&["stage", "--open", "none", "--as", "anna"]).good();
    assert_eq!(said, "stage: none is opened; the running service carries it out\n");
    let err = line(&["stage", "--open", "all"]).failed(1);
    assert!(err.contains("anna chose for stage already: none"), "{err}");
    house.run(&["ledger"]).good();
    house.hear(&[]);
    let list = house.run(&["case", "list", "--state", "waived", "--json"]).good();
    assert!(list.contains("rosa"), "{list}");
    house.run(&["ledger", "--verify"]).good();
}
