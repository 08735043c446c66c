//! Who would take each other's messages away is refused before anything runs.

use super::Folder;
use crate::doubles::desk;
use ascolto::config::load;

const BASE: &str = "\
[store]
url = \"sqlite:a.db\"
[brand.acme]
zone = \"Europe/Rome\"
[channel.group]
network = \"telegram\"
brand = \"acme\"
token = \"700100:tk-one\"
";

/// What is wrong with more of it, one text a problem.
fn wrong(more: &str) -> Vec<String> {
    let text = format!("{BASE}{more}");
    let folder = Folder::of(&[("a.toml", text.as_str())]);
    let config = load(&folder.path("a.toml"), std::iter::empty(), &desk::REGISTRY);
    config.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn recipient(name: &str, way: &str, source: &str) -> String {
    format!(
        "[recipient.{name}]\nnotifier = \"desk\"\nurl = \"https://desk.example/\"\n\
         way = \"{way}\"\nsource = \"{source}\"\n"
    )
}

#[test]
fn one_credential_has_one_consumer() {
    assert!(wrong("").is_empty());
    let both = wrong(&recipient("team", "asks", "telegram:700100"));
    assert_eq!(both.len(), 1, "{both:?}");
    assert!(both[0].contains("recipient.team: it takes with the same credential"), "{both:?}");
    assert!(both[0].contains("[channel.group]") && !both[0].contains("tk-one"), "{both:?}");
    let twin = "[channel.twin]\nnetwork = \"telegram\"\nbrand = \"acme\"\n";
    let twins = wrong(&format!("{twin}token = \"700100:tk-two\"\n"));
    assert_eq!(twins.len(), 1, "{twins:?}");
    assert!(twins[0].contains("channel.twin: it takes with the same"), "{twins:?}");
}

#[test]
fn who_takes_nothing_away_may_stand_beside() {
    let shared = recipient("team", "asks", "bot:1") + &recipient("room", "asks", "bot:1");
    let off = "[channel.twin]\nnetwork = \"telegram\"\nbrand = \"acme\"\ndisabled = true\n";
    for fine in [
        shared,
        recipient("team", "asks", "telegram:700101"),
        recipient("team", "called", "telegram:700100"),
        recipient("team", "asks", "") + &recipient("room", "asks", ""),
        format!("{off}token = \"700100:tk-one\"\n"),
    ] {
        assert!(wrong(&fine).is_empty(), "{fine}\n{:?}", wrong(&fine));
    }
}
