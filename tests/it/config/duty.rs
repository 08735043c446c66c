//! Hours in which an escalation would reach nobody, or nobody be on call, are told in dates.

use super::{Folder, sound};
use ascolto::domain::Instant;

const PEOPLE: &str = "[store]\nurl = \"sqlite:a.db\"\n\
    [recipient.anna]\nnotifier = \"pager\"\nnumber = \"1\"\n\
    [recipient.bob]\nnotifier = \"pager\"\nnumber = \"2\"\n";

/// The holes of a configuration with these people and what is given, seen from 20 November 2026.
fn holes(more: &str) -> Vec<String> {
    let folder = Folder::of(&[("a.toml", &format!("{PEOPLE}{more}"))]);
    let config = sound(folder.load("a.toml", &[]));
    let now = Instant::parse("2026-11-20T09:00:00Z").unwrap();
    let path = format!("{}/", folder.path("").display()).replace("//", "/");
    config.holes(now).iter().map(|p| p.to_string().replace(&path, "")).collect()
}

const DUTY: &str = "[rota.duty]\npeople = [\"anna\", \"bob\"]\nzone = \"Europe/Rome\"\n\
    start = 2026-11-02\n";

#[test]
fn a_rota_with_a_hole_is_told_with_its_dates() {
    let absent = "absences = [{ who = \"anna\", from = 2026-12-24, to = 2026-12-27 }, \
                  { who = \"bob\", from = \"2026-12-26 08:00\", to = \"2027-01-02 08:00\" }]\n";
    let escalation = "[escalation.desk]\nlevels = [{ at = \"0%\", to = [\"duty\"] }]\n";
    let told = holes(&format!("{DUTY}{absent}{escalation}"));
    assert_eq!(
        told,
        ["a.toml:15: escalation.desk.levels: level 1 (duty) is nobody from 2026-12-26 08:00 to \
             2026-12-28 00:00. Fill the rota there, name somebody beside it, or write a fallback or \
             a last_resort that is always there."]
    );
    for beside in ["fallback = \"bob\"\n", "last_resort = \"anna\"\n"] {
        assert!(holes(&format!("{DUTY}{absent}{escalation}{beside}")).is_empty(), "{beside}");
    }
    let both = escalation.replace("\"duty\"]", "\"duty\", \"anna\"]");
    assert!(holes(&format!("{DUTY}{absent}{both}")).is_empty(), "a recipient is always there");
}

#[test]
fn an_escalation_with_nobody_at_night_is_told_and_another_rota_mends_it() {
    let hours = "hours = [\"08:00-20:00\"]\n";
    let levels = "[escalation.desk]\nlevels = [{ at = \"0%\", to = [\"anna\"] }, \
                  { at = \"overdue\", to = [\"duty\", \"night\"] }]\n";
    let night = |hours: &str| DUTY.replace("duty", "night") + hours;
    let told = holes(&format!("{DUTY}{hours}{}{levels}", night("hours = [\"21:00-08:00\"]\n")));
    assert_eq!(told.len(), 1, "{told:?}");
    let begins = "level 2 (duty, night) is nobody from 2026-11-20 20:00 to 2026-11-20 21:00, and 365 \
                  times more in the twelve months ahead";
    assert!(told[0].contains(begins), "{told:?}");
    let mended = night("hours = [\"20:00-08:00\"]\n");
    assert!(holes(&format!("{DUTY}{hours}{mended}{levels}")).is_empty());
}

#[test]
fn a_rota_on_call_must_have_somebody_while_others_sleep() {
    let hours = "hours = [\"20:00-06:00\"]\n";
    let brand =
        "[brand.acme]\nzone = \"Europe/Rome\"\nrecipients = [\"room\"]\non_call = \"duty\"\n";
    let room = "[recipient.room]\nnotifier = \"pager\"\nnumber = \"3\"\n";
    let quiet = "quiet = [\"22:00-07:00\"]\n";
    let told = holes(&format!("{DUTY}{hours}{brand}{room}{quiet}"));
    assert_eq!(
        told,
        [
            "a.toml:17: brand.acme.on_call: duty is nobody from 2026-11-21 06:00 to 2026-11-21 07:00, \
             and 365 times more in the twelve months ahead. Fill the rota there: while it has nobody \
             on call, all who sleep are woken."
        ]
    );
    let far = format!("{DUTY}{hours}{brand}{room}{quiet}zone = \"America/New_York\"\n");
    let begins = "duty is nobody from 2026-11-20 10:00 to 2026-11-20 13:00, and 366 times more";
    assert!(holes(&far)[0].contains(begins), "the others sleep by their own clocks");
    let fine = [
        format!("{DUTY}{}{brand}{room}{quiet}", hours.replace("06:00", "07:00")),
        format!("{DUTY}{hours}{brand}{room}"),
        format!("{DUTY}{hours}{brand}wakes = []\n{room}{quiet}"),
        format!("{DUTY}{hours}{}{room}{quiet}", brand.replace("\"duty\"", "\"anna\"")),
    ];
    for fine in fine {
        assert_eq!(holes(&fine), Vec::<String>::new(), "{fine}");
    }
}
