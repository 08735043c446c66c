//! The example is good as it stands, and every value that it shows can be taken as it is.

use super::doubles::REGISTRY;
use super::{Folder, sound};
use ascolto::config::example;

#[test]
fn the_example_is_a_good_configuration() {
    let folder = Folder::of(&[("a.toml", &example(&REGISTRY))]);
    let config = sound(folder.load("a.toml", &[]));
    assert_eq!(config.brands.keys().collect::<Vec<_>>(), ["acme"]);
    assert_eq!(config.warnings.len(), 2, "it says that nothing is listened to and nobody told");
}

#[test]
fn every_setting_it_shows_can_be_taken_as_it_is() {
    let text = example(&REGISTRY);
    let bare = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    let all: String = text.lines().map(|line| bare(line) + "\n").collect();
    let bank = "BEGIN:VCALENDAR\nEND:VCALENDAR\n";
    let folder = Folder::of(&[("a.toml", &all), ("bank.ics", bank)]);
    let config = sound(folder.load("a.toml", &[]));
    assert_eq!(config.channels.keys().collect::<Vec<_>>(), ["plaza"]);
    assert_eq!(config.brands["acme"].recipients, ["pager"]);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    for key in ["[recipient.pager]", "number = \"0815\"", "answer_at_latest", "As its name says."] {
        assert!(text.contains(key), "{key} is not in\n{text}");
    }
}
