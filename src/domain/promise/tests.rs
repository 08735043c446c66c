//! The reader against replies of which a person said what they promise, and against any text.

use super::*;
use crate::domain::time::DAY;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const GOLDEN: [(Lang, &str, usize); 6] = [
    (Lang::IT, include_str!("golden/it.tsv"), 100),
    (Lang::EN, include_str!("golden/en.tsv"), 100),
    (Lang::ES, include_str!("golden/es.tsv"), 20),
    (Lang::FR, include_str!("golden/fr.tsv"), 20),
    (Lang::DE, include_str!("golden/de.tsv"), 20),
    (Lang::PT, include_str!("golden/pt.tsv"), 20),
];

/// A local time as the tables write it; 24:00 is midnight behind the day.
fn local(at: Instant, zone: &TimeZone) -> String {
    let there = at.timestamp().to_zoned(zone.clone());
    if (there.hour(), there.minute()) == (0, 0) {
        return there.date().yesterday().unwrap().strftime("%Y-%m-%dT24:00").to_string();
    }
    there.strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Reads `@ zone calendar time`.
fn posted(line: &str) -> (Calendar, Instant) {
    let mut words = line.split(' ');
    let (zone, kind, at) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let there: jiff::Zoned = format!("{at}[{zone}]").parse().unwrap();
    let zone = TimeZone::get(zone).unwrap();
    let calendar = match kind {
        "office" => Calendar::office(zone),
        "always" => Calendar::always(zone),
        other => panic!("{other} is no calendar of the tables"),
    };
    (calendar, Instant(there.timestamp().as_millisecond()))
}

#[test]
fn the_golden_tables_are_read_as_people_read_them() {
    let mut wrong = Vec::new();
    for (lang, table, least) in GOLDEN {
        let (mut count, mut without) = (0, 0);
        let mut when = None;
        for line in table.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if let Some(head) = line.strip_prefix("@ ") {
                when = Some(posted(head));
                continue;
            }
            let (calendar, at) = when.as_ref().expect("a line `@ …` stands before");
            let (expected, text) = line.split_once('\t').expect("a tab between date and reply");
            count += 1;
            without += usize::from(expected == "-");
            let mut found: Vec<String> = promises(text, *at, None, calendar)
                .iter()
                .map(|promise| local(promise.due, &calendar.zone))
                .collect();
            found.sort();
            let found = if found.is_empty() { "-".to_owned() } else { found.join(", ") };
            if found != expected {
                wrong.push(format!("{lang}: {text}: expected {expected}, read {found}"));
            }
        }
        assert!(count >= least, "{lang}: only {count} replies");
        assert!(4 * without >= count, "{lang}: only {without} of {count} promise nothing");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_line_of_the_word_lists_is_read() {
    let files = [
        include_str!("data/it.txt"),
        include_str!("data/en.txt"),
        include_str!("data/es.txt"),
        include_str!("data/fr.txt"),
        include_str!("data/de.txt"),
        include_str!("data/pt.txt"),
    ];
    for file in files {
        let (_, wrong) = Lexicon::read(Lang::IT, file);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    let (_, wrong) = Lexicon::read(Lang::IT, "bye: ciao\nno colon\nby: *entro\nnumber x: un");
    assert_eq!(wrong.len(), 4);
}

#[test]
fn the_words_are_told_as_they_are_written() {
    let (calendar, at) = posted("Europe/Rome office 2026-11-18T10:00");
    let words = |text: &str| {
        let found = promises(text, at, None, &calendar);
        found.into_iter().map(|promise| promise.words).collect::<Vec<_>>()
    };
    assert_eq!(
        words("Le rispondiamo ENTRO e non oltre Venerdì 20/11, grazie."),
        ["ENTRO e non oltre Venerdì 20/11"]
    );
    assert_eq!(words("You'll hear from us on Friday at the latest."), ["on Friday at the latest"]);
    assert_eq!(words("Lo sistemiamo domani. Entro lunedì le arriva."), ["domani", "Entro lunedì"]);
}

#[test]
fn a_reply_that_lists_dates_is_cut_off() {
    let (calendar, at) = posted("Europe/Rome always 2026-11-18T10:00");
    let text: String = (1..=20).map(|n| format!("Le rispondiamo entro {n} ore. ")).collect();
    assert_eq!(promises(&text, at, None, &calendar).len(), MOST);
}

#[test]
fn long_texts_take_no_longer_than_their_length_asks() {
    let (calendar, at) = posted("Europe/Rome office 2026-11-18T10:00");
    for text in ["entro le prossime ", "1/1/1.1:1-", "se e e o a "] {
        let text = text.repeat(100_000);
        assert!(promises(&text, at, None, &calendar).len() <= MOST);
    }
}

/// Texts out of the words that the reader knows, numbers and signs.
fn reply() -> impl Strategy<Value = String> {
    let words: Vec<String> = [include_str!("data/it.txt"), include_str!("data/en.txt")]
        .iter()
        .flat_map(|file| file.lines().filter(|l| !l.starts_with('#')))
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(_, phrases)| phrases.split(',').map(|p| p.trim().to_owned()))
        .collect();
    let word = proptest::sample::select(words);
    let odd =
        prop_oneof!["[0-9]{1,8}", "[0-9]{1,2}[/.:-][0-9]{1,2}", "[-/.,;:?!()\n]", "\\PC{0,4}"];
    proptest::collection::vec(prop_oneof![3 => word, 1 => odd], 0..12)
        .prop_map(|words| words.join(" "))
}

proptest! {
    /// Whatever is written: no panic, no date before the reply or further off than it may be, and
    /// the words stand in the text.
    #[test]
    fn any_text_is_read_within_its_bounds(text in reply(), at in 0i64..100_000) {
        let zone = TimeZone::get("Europe/Rome").unwrap();
        let at = Instant(1_767_225_600_000 + at * 3_599_000);
        for calendar in [Calendar::office(zone.clone()), Calendar::always(zone)] {
            for promise in promises(&text, at, None, &calendar) {
                prop_assert!(promise.due > at && promise.due <= at + 400 * DAY);
                prop_assert!(!promise.words.is_empty() && text.contains(&promise.words));
            }
        }
    }

    /// Nor does a time at the ends of the calendar stop it.
    #[test]
    fn any_instant_is_read_from(text in reply(), at in any::<i64>()) {
        let calendar = Calendar::office(TimeZone::UTC);
        for promise in promises(&text, Instant(at), Some(Lang::IT), &calendar) {
            prop_assert!(promise.due > Instant(at));
        }
    }
}
