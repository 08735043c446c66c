//! `ascolto check` over broken configurations, and how all commands take the command line.

use super::{House, ascolto, said};
use ascolto::clock::Clock;
use ascolto::domain::time::DAY;
use std::path::Path;

#[test]
fn each_broken_configuration_is_told_with_file_line_key_and_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut shown = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // The others name networks that only the tests of the loader have.
        if text.contains("plaz") || text.contains("page") {
            continue;
        }
        let name = file.display().to_string();
        let said = said(ascolto(&["check", "--config", &name]), b"");
        assert_eq!(said.code, Some(2), "{name}: {}{}", said.out, said.err);
        for expected in text.lines().filter_map(|l| l.strip_prefix("# expect: ")) {
            let parts: Vec<&str> = expected.split(" | ").collect();
            let (line, key) = parts[0].split_once(' ').unwrap();
            let place = if line == "0" { format!("{name}:") } else { format!("{name}:{line}:") };
            let told = said.out.lines().find(|l| l.starts_with(&place) && l.contains(parts[1]));
            let told = told.unwrap_or_else(|| panic!("{place} is not told:\n{}", said.out));
            assert!(told.contains(key) && told.contains(parts[2]), "{told}");
        }
        shown += 1;
    }
    assert!(shown >= 10, "only {shown} of the broken files");
}

#[test]
fn a_good_configuration_is_counted() {
    let house = House::new();
    let out = house.run(&["check"]).good();
    assert_eq!(out, "configuration is good: 1 brand, 1 channel, 1 recipient\n");
    assert!(!house.path("ascolto.db").exists(), "a check alone makes no store");
}

#[test]
fn a_closure_that_lets_people_wait_is_noted() {
    let house = House::new();
    house.brand("calendar = \"shop\"");
    let day = |ahead: i64| {
        let at = Clock::System.now() + ahead * DAY;
        at.day_in(&jiff::tz::TimeZone::UTC)
    };
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let hours: String = days.map(|day| format!("{day} = [\"09:00-18:00\"]\n")).concat();
    house.also(&format!(
        "[calendar.shop]\n{hours}closures = [{{ name = \"Inventory\", from = {}, to = {} }}]\n",
        day(30),
        day(40),
    ));
    let out = house.run(&["check"]).good();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(lines[0].starts_with("note: brand acme: in the next 12 months"), "{out}");
    assert!(lines[1].contains(": Inventory: a complaint of severity 1 would be due "), "{out}");
    assert!(lines[2].starts_with("configuration is good: "), "{out}");
}

#[test]
fn online_says_of_each_channel_how_its_credential_stands() {
    let out = House::new().run(&["check", "--online"]).good();
    assert!(out.ends_with("channel api: needs no credential\n"), "{out}");
}

#[test]
fn a_missing_configuration_is_told_with_its_remedy() {
    let house = House::new();
    std::fs::remove_file(house.config()).unwrap();
    for command in [&["run"][..], &["ledger"], &["channel", "list"], &["case", "list"]] {
        let err = house.run(command).failed(2);
        let place = format!("{}: there is no such file", house.config().display());
        assert!(err.contains(&place) && err.contains("--config"), "{command:?}: {err}");
    }
    let said = house.run(&["check"]);
    assert!(said.out.contains("there is no such file"), "{}", said.out);
    said.failed(2);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for wrong in [&["clasify"][..], &[], &["case", "show", "nonsense"], &["check", "--log", "a=b"]]
    {
        said(ascolto(wrong), b"").failed(2);
    }
    let version = said(ascolto(&["--version"]), b"").good();
    assert_eq!(version, concat!("ascolto ", env!("CARGO_PKG_VERSION"), "\n"));
}
