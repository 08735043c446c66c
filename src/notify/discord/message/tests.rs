//! The message of a webhook: what stands in it, that it stays within the limits, and that nothing
//! from outside becomes markup.

use super::super::super::tests::{hostile, sample, several, why};
use super::*;
use crate::domain::text::is_printable;
use crate::wire::AlertLine;
use proptest::prelude::*;

#[test]
fn a_sample_alert_is_this_message() {
    let link =
        |label: &str, url: &str| json!({ "type": 2, "style": 5, "label": label, "url": url });
    let field = |name: &str, value: &str| json!({ "name": name, "value": value });
    assert_eq!(
        message(&sample()),
        json!({
            "embeds": [{
                "title": "Nuovo reclamo\\: acme \\(mastodon\\), delivery, serious",
                "url": "https://ascolto.example/cases/01JD",
                "color": 0x00ef_6c00,
                "footer": { "text": "01JDKEY" },
                "timestamp": "2026-11-20T09:00:00.000Z",
                "description": "gino\\: Terza settimana e il pacco non è ancora arrivato",
                "fields": [
                    field("Answer by", "20 nov 18\\:00\nRoom for a reply\\: 500 characters"),
                    field("Risk", "wants to leave, was ignored"),
                    field(
                        "Why",
                        "waits too long “Terza settimana”; did not arrive, or arrived wrong \
                         “non è ancora arrivato”; one star"
                    ),
                    field("Draft", "Buongiorno gino, ci dispiace."),
                ],
            }],
            "components": [
                { "type": 1, "components": [
                    link("Prendi in carico", "https://ascolto.example/act/aaa"),
                    link("Pubblica", "https://ascolto.example/act/bbb"),
                    link("Rinvia", "https://ascolto.example/act/ccc"),
                    link("Nessuna risposta necessaria", "https://ascolto.example/act/ddd"),
                    link("Open", "https://ascolto.example/cases/01JD"),
                ] },
                { "type": 1, "components": [link("Original", "https://social.example/@gino/1")] },
            ],
            "allowed_mentions": { "parse": [] },
        })
    );
}

#[test]
fn hostile_text_becomes_no_markup_and_pings_nobody() {
    let sent = message(&hostile());
    let said = sent["embeds"][0]["description"].as_str().unwrap();
    assert!(said.chars().all(|c| c == '\n' || is_printable(c)), "{said:?}");
    let line = said.lines().find(|line| line.contains("evil")).unwrap();
    assert!(line.starts_with("\\@everyone"), "{line}");
    assert!(line.contains("\\<!channel\\> \\[click\\]\\(https\\:\\/\\/evil.example\\)"), "{line}");
    assert_eq!(said.lines().count(), 2, "that it was not re-checked, and what was said: {said}");
    assert_eq!(sent["allowed_mentions"], json!({ "parse": [] }));
    let word = word(&hostile());
    assert_eq!(word["allowed_mentions"], json!({ "parse": [] }));
    assert!(!word["content"].as_str().unwrap().contains('\n'));
}

#[test]
fn each_of_several_is_a_link_of_ours() {
    let mut alert = several();
    alert.lines[0].text = "[Open](https://evil.example) ```".into();
    let sent = message(&alert);
    assert_eq!(
        sent["embeds"][0]["description"],
        "2 casi\n\
         - \\[Open\\]\\(https\\:\\/\\/evil.example\\) \\`\\`\\` [Open](<https://ascolto.example/cases/01JA>)\n\
         - 19\\:00 \\@lia \\* Nuovo [Open](<https://ascolto.example/cases/01JB>)"
    );
    assert_eq!(sent["components"], json!([]));
}

#[test]
fn what_ended_loses_its_buttons_and_its_draft() {
    let mut alert = sample();
    (alert.of, alert.rings) = (Some("01JDFIRST".into()), false);
    alert.case.as_mut().unwrap().actions.clear();
    let sent = message(&alert);
    let names: Vec<&Value> = sent["components"][0]["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| &b["label"])
        .collect();
    assert_eq!(names, ["Open", "Original"]);
    assert!(!sent.to_string().contains("Draft"));
    assert_eq!(sent["embeds"][0]["footer"]["text"], "01JDFIRST", "the alert that stands there");
}

#[test]
fn an_address_too_long_for_a_button_takes_no_other_with_it() {
    let mut alert = sample();
    alert.case.as_mut().unwrap().url = format!("https://social.example/{}", "x".repeat(600));
    let sent = message(&alert);
    assert_eq!(sent["components"].as_array().unwrap().len(), 1);
    assert!(!sent.to_string().contains("xxx"));
}

/// All text of a message, as Discord adds it up.
fn together(sent: &Value) -> usize {
    let embed = &sent["embeds"][0];
    let text = |value: &Value| value.as_str().map_or(0, units);
    let fields = embed["fields"].as_array().unwrap().iter();
    text(&embed["title"])
        + text(&embed["description"])
        + text(&embed["footer"]["text"])
        + fields.map(|field| text(&field["name"]) + text(&field["value"])).sum::<usize>()
}

#[test]
fn of_many_things_as_many_as_fit_are_told_whole() {
    let mut alert = several();
    alert.lines = vec![AlertLine { text: "é*".repeat(300), ..alert.lines[0].clone() }; 40];
    let sent = message(&alert);
    let said = sent["embeds"][0]["description"].as_str().unwrap();
    assert_eq!(said.matches("](<https://ascolto.example/cases/01JA>)").count(), 40);
    assert!(units(said) <= MOST_TEXT && together(&sent) <= MOST_TOGETHER);
}

proptest! {
    #[test]
    fn everything_fits_and_the_link_stays(
        text in r"(\PC|[*_`<>\n]|👩‍👩‍👧‍👦){0,40}", times in 0usize..150, long in 0usize..400,
    ) {
        let mut alert = sample();
        alert.title = text.repeat(times);
        alert.body = format!("{} https://ascolto.example/inbox", text.repeat(times));
        alert.not_rechecked = true;
        let case = alert.case.as_mut().unwrap();
        case.text = text.repeat(times);
        case.author = text.repeat(times);
        case.draft = text.repeat(times);
        case.due_text = text.repeat(times);
        case.why = vec![why("word", &text.repeat(times)); 9];
        case.actions[0].label = text.repeat(times);
        case.link = format!("https://ascolto.example/{}", "x".repeat(long));
        let link = case.link.clone();
        let sent = message(&alert);
        let embed = &sent["embeds"][0];
        prop_assert!(together(&sent) <= MOST_TOGETHER, "{}", together(&sent));
        prop_assert!(units(embed["title"].as_str().unwrap()) <= MOST_TITLE);
        prop_assert!(units(embed["description"].as_str().unwrap()) <= MOST_TEXT);
        for field in embed["fields"].as_array().unwrap() {
            let value = units(field["value"].as_str().unwrap());
            prop_assert!((1..=MOST_VALUE).contains(&value), "{value}");
        }
        prop_assert_eq!(&embed["url"], &json!(link));
        prop_assert!(sent["components"].to_string().contains(&link));
        prop_assert!(units(word(&alert)["content"].as_str().unwrap()) <= 2_000);
    }
}
