//! `ascolto docs`: writes the pages, and names each that is stale.

use super::{ascolto, said, text};

#[test]
fn pages_are_written_once_and_a_stale_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = text(folder.path());
    let docs = |args: &[&str]| {
        let mut command = ascolto(&["docs", "--out", at]);
        command.args(args);
        said(command, b"")
    };
    let missing = docs(&["--check"]);
    assert!(missing.out.contains("networks/mastodon.md is stale"), "{}", missing.out);
    assert!(missing.failed(1).contains("ascolto docs --out"));
    assert!(!folder.path().join("networks").exists(), "a check writes nothing");

    docs(&[]).good();
    let page = folder.path().join("networks/mastodon.md");
    let written = std::fs::read_to_string(&page).unwrap();
    assert!(written.contains("`ascolto channel add mastodon`"), "{written}");
    assert!(docs(&["--check"]).good().contains("are current"));
    assert!(docs(&[]).good().starts_with("0 pages of "), "what is current is left alone");

    std::fs::write(&page, "changed by hand").unwrap();
    std::fs::write(folder.path().join("notifiers/pigeon.md"), "no such notifier").unwrap();
    let stale = docs(&["--check"]);
    let named: Vec<&str> = stale.out.lines().collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[0].ends_with("networks/mastodon.md is stale"), "{named:?}");
    assert!(named[1].ends_with("notifiers/pigeon.md belongs to nothing any more"), "{named:?}");
    assert!(stale.failed(1).contains("2 pages are not current"));

    let again = docs(&[]);
    assert!(again.err.contains("pigeon.md"), "{}", again.err);
    again.good();
    assert_eq!(std::fs::read_to_string(&page).unwrap(), written);
    assert!(folder.path().join("notifiers/pigeon.md").exists(), "nothing is removed unasked");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docs");
    std::fs::write(&file, "a file where a folder belongs").unwrap();
    let err = said(ascolto(&["docs", "--out", text(&file)]), b"").failed(3);
    assert!(err.contains("--out") || err.contains("cannot be read"), "{err}");
}
