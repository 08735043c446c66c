//! Blocks: what stands in them, and that nothing from outside leaves its own.

use super::super::super::tests::{hostile, sample, several, why};
use super::*;
use crate::domain::Lang;
use crate::domain::text::is_printable;
use proptest::prelude::*;

/// A text as `plain` makes one.
fn text(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// Every text of the blocks, with whether Slack reads markup in it.
fn texts(value: &Value, found: &mut Vec<(bool, String)>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| texts(one, found)),
        Value::Object(fields) => match (fields.get("type"), fields.get("text")) {
            (Some(kind), Some(Value::String(text))) => {
                found.push((kind == "mrkdwn", text.clone()));
            }
            _ => fields.values().for_each(|one| texts(one, found)),
        },
        _ => {}
    }
}

fn of(blocks: &[Value], kind: &str) -> Vec<Value> {
    blocks.iter().filter(|block| block["type"] == kind).cloned().collect()
}

#[test]
fn a_sample_alert_is_these_blocks() {
    let expected = json!([
        { "type": "header", "text": text("Nuovo reclamo: acme (mastodon), delivery, serious") },
        { "type": "section", "text": text("gino: Terza settimana e il pacco non è ancora arrivato") },
        { "type": "context", "elements": [text(
            "Answer by: 20 nov 18:00\nRoom for a reply: 500 characters\n\
             Risk: wants to leave, was ignored\n\
             Why: waits too long “Terza settimana”; did not arrive, or arrived wrong \
             “non è ancora arrivato”; one star"
        )] },
        { "type": "section", "text": text("Draft: Buongiorno gino, ci dispiace.") },
        { "type": "actions", "block_id": "acts-en", "elements": [
            { "type": "button", "action_id": "take", "style": "primary",
              "text": text("Prendi in carico"), "value": "button-aaa" },
            { "type": "button", "action_id": "publish", "text": text("Pubblica"),
              "value": "button-bbb", "confirm": {
                "title": text("Pubblica"),
                "text": text("This is public and cannot be taken back here."),
                "confirm": text("Pubblica"),
                "deny": text("Cancel"),
            } },
            { "type": "button", "action_id": "snooze", "text": text("Rinvia"),
              "value": "button-ccc" },
            { "type": "button", "action_id": "waive",
              "text": text("Nessuna risposta necessaria"), "value": "button-ddd" },
            { "type": "button", "action_id": "open", "text": text("Open"),
              "url": "https://ascolto.example/cases/01JD" },
        ] },
        { "type": "actions", "block_id": "more-en", "elements": [
            { "type": "button", "action_id": "original", "text": text("Original"),
              "url": "https://social.example/@gino/1" },
        ] },
    ]);
    assert_eq!(Value::Array(blocks(&sample(), true)), expected);
    assert_eq!(
        fallback(&sample()),
        "Nuovo reclamo: acme (mastodon), delivery, serious\n\
         gino: Terza settimana e il pacco non è ancora arrivato"
    );
}

#[test]
fn where_no_press_reaches_us_every_button_opens_a_page() {
    let rows = of(&blocks(&sample(), false), "actions");
    let elements = rows[0]["elements"].as_array().unwrap();
    assert_eq!(elements[1]["url"], "https://ascolto.example/act/bbb");
    assert!(elements.iter().all(|b| b.get("value").is_none() && b.get("confirm").is_none()));
}

#[test]
fn what_ended_keeps_its_links_and_loses_its_buttons_and_draft() {
    let mut alert = sample();
    alert.case.as_mut().unwrap().actions.clear();
    let blocks = blocks(&alert, true);
    let rows = of(&blocks, "actions");
    let names: Vec<&Value> = rows
        .iter()
        .flat_map(|r| r["elements"].as_array().unwrap())
        .map(|b| &b["action_id"])
        .collect();
    assert_eq!(names, ["open", "original"]);
    assert!(!Value::Array(blocks).to_string().contains("Draft"));
}

#[test]
fn hostile_text_begins_nothing() {
    let blocks = blocks(&hostile(), true);
    let mut found = Vec::new();
    texts(&Value::Array(blocks.clone()), &mut found);
    for (marked, text) in &found {
        assert!(!marked, "where there are no links of ours nothing is read: {text}");
        assert!(text.chars().all(|c| c == '\n' || is_printable(c)), "{text:?}");
    }
    let said = blocks[1]["text"]["text"].as_str().unwrap();
    assert!(said.contains("<!channel>") && !said.contains('\n'), "it stands as it was: {said}");
    let fallback = fallback(&hostile());
    assert!(fallback.contains("&lt;!channel&gt;") && !fallback.contains('<'), "{fallback}");
    let around = of(&blocks, "context")[0]["elements"][0]["text"].clone();
    let around = around.as_str().unwrap();
    assert!(around.starts_with("Not re-checked"), "{around}");
    assert_eq!(around.lines().filter(|l| l.starts_with("Draft")).count(), 0);
}

#[test]
fn lines_of_several_keep_their_links_and_make_none() {
    let mut alert = several();
    alert.lines[0].text = "<https://evil.example|Open> `` ``` *x* @channel <!here> & more".into();
    let sections = of(&blocks(&alert, true), "section");
    assert_eq!(sections.len(), 2, "{sections:?}");
    assert_eq!(sections[0]["text"]["text"], "2 casi");
    let listed = sections[1]["text"]["text"].as_str().unwrap();
    assert_eq!(
        listed,
        "• &lt;https://evil.example|Open&gt; ˋˋ ˋˋˋ *x* @channel &lt;!here&gt; &amp; more \
         <https://ascolto.example/cases/01JA|Open>\n\
         • 19:00 @lia * Nuovo <https://ascolto.example/cases/01JB|Open>"
    );
    assert_eq!(sections[1]["text"]["verbatim"], true);
}

#[test]
fn our_own_addresses_in_a_text_are_links() {
    let linked = |line: &str| {
        linked(line, 3_000, |word| in_link(word).map(|url| format!("<{url}>")), escaped)
    };
    assert_eq!(
        linked("The inbox: https://a.example/x?b=1&c=2 <b>"),
        "The inbox: <https://a.example/x?b=1&amp;c=2> &lt;b&gt;"
    );
    let long = format!("{} https://a.example/end", "word ".repeat(2_000));
    let short = linked(&long);
    assert!(short.ends_with(" <https://a.example/end>"), "{short}");
    assert!(units(&short) <= 3_000);
}

#[test]
fn a_hundred_things_are_all_named_within_the_limits() {
    let mut alert = several();
    alert.lines = vec![AlertLine { text: "é<".repeat(300), ..alert.lines[0].clone() }; 100];
    let blocks = blocks(&alert, true);
    let listed: String =
        of(&blocks, "section").iter().map(|s| s["text"]["text"].to_string()).collect();
    assert_eq!(listed.matches("/cases/01JA|Open>").count(), 100);
    within(&blocks);
}

#[test]
fn a_draft_that_is_not_shown_to_its_end_is_published_on_the_page() {
    let mut alert = sample();
    alert.case.as_mut().unwrap().draft = "parola ".repeat(500);
    let rows = of(&blocks(&alert, true), "actions");
    assert_eq!(rows[0]["elements"][1]["url"], "https://ascolto.example/act/bbb");
    assert!(rows[0]["elements"][1].get("value").is_none());
    assert_eq!(rows[0]["elements"][0]["value"], "button-aaa", "the rest needs no draft");
}

#[test]
fn more_acts_than_fit_into_a_row_stand_in_a_second_one() {
    let mut alert = sample();
    let case = alert.case.as_mut().unwrap();
    let names = ["take", "publish", "edit", "snooze", "waive", "answered", "hand_over", "take"];
    case.actions = names.map(|name| AlertAct { name, ..case.actions[0].clone() }).to_vec();
    let rows = of(&blocks(&alert, true), "actions");
    let ids = |row: &Value| -> Vec<String> {
        let elements = row["elements"].as_array().unwrap().iter();
        elements.map(|b| b["action_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&rows[0]), ["take", "publish", "edit", "snooze", "waive", "open"]);
    assert_eq!(ids(&rows[1]), ["answered", "hand_over", "original"], "no name stands twice");
}

#[test]
fn private_text_is_announced_and_times_and_windows_told() {
    let mut alert = sample();
    alert.language = Lang::IT;
    let case = alert.case.as_mut().unwrap();
    case.text.clear();
    (case.window_text, case.reply_limit, case.strikes) = ("27 nov".into(), None, 3);
    let blocks = blocks(&alert, true);
    assert_eq!(blocks[1]["text"]["text"], "Privato: aprire nella casella");
    let around = blocks[2]["elements"][0]["text"].as_str().unwrap();
    let lines: Vec<&str> = around.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            "Reclamo numero 3 dal 2026-11-20",
            "Rispondere entro: 20 nov 18:00",
            "La rete accetta risposte fino a 27 nov"
        ]
    );
    assert_eq!(of(&blocks, "actions")[0]["block_id"], "acts-it");
}

/// Slack's limits.
fn within(blocks: &[Value]) {
    assert!(blocks.len() <= 50, "{} blocks", blocks.len());
    let mut found = Vec::new();
    texts(&Value::Array(blocks.to_vec()), &mut found);
    for (_, text) in &found {
        assert!((1..=MOST_TEXT).contains(&units(text)), "{}: {text}", units(text));
    }
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => assert!(units(block["text"]["text"].as_str().unwrap()) <= MOST_HEADER),
            "actions" => {
                let row = block["elements"].as_array().unwrap();
                assert!((1..=MOST_BUTTONS).contains(&row.len()));
                for button in row {
                    assert!(units(button["text"]["text"].as_str().unwrap()) <= MOST_LABEL);
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn everything_fits_and_the_link_stays(
        text in r"(\PC|[<>&`|\n]|👩‍👩‍👧‍👦){0,40}", times in 0usize..150, long in 0usize..2_900,
    ) {
        let mut alert = sample();
        alert.title = text.repeat(times);
        alert.body = text.repeat(times);
        alert.not_rechecked = true;
        alert.lines = several().lines;
        alert.lines[0].text = text.repeat(times);
        let case = alert.case.as_mut().unwrap();
        case.text = text.repeat(times);
        case.author = text.repeat(times);
        case.draft = text.repeat(times);
        case.why = vec![why("word", &text.repeat(times)); 9];
        case.actions[0].label = text.repeat(times);
        case.link = format!("https://ascolto.example/{}", "x".repeat(long));
        let link = case.link.clone();
        let blocks = blocks(&alert, true);
        within(&blocks);
        let rows = of(&blocks, "actions");
        prop_assert_eq!(&rows[0]["elements"][4]["url"], &json!(link));
        let fallback = fallback(&alert);
        prop_assert!(units(&fallback) <= MOST_FALLBACK && !fallback.contains(['<', '>']));
        prop_assert!(!head(&alert).is_empty());
    }
}
