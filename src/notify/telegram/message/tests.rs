//! The text of a message and its buttons: what stands in them, and that nothing in them calls anybody.

use super::super::super::tests::{hostile, sample, several, why};
use super::super::tests::{GROUP_CHAT, sent_json};
use super::*;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn a_sample_alert_is_this_json() {
    let press = |text: &str, data: &str| json!({ "text": text, "callback_data": data });
    assert_eq!(
        sent_json(&sample()),
        json!({
            "chat_id": GROUP_CHAT,
            "message_thread_id": 7,
            "text": "Nuovo reclamo: acme (mastodon), delivery, serious\n\
                     gino: Terza settimana e il pacco non è ancora arrivato\n\
                     Answer by: 20 nov 18:00\n\
                     Risk: wants to leave, was ignored\n\
                     Why: waits too long “Terza settimana”; did not arrive, or arrived wrong \
                     “non è ancora arrivato”; one star\n\
                     Draft: Buongiorno gino, ci dispiace.\n\
                     Reply limit: 500\n\
                     Original: https://social.example/@gino/1\n\
                     [01JDKEY]",
            "link_preview_options": { "is_disabled": true },
            "reply_markup": { "inline_keyboard": [
                [press("Prendi in carico", "button-aaa:en"), press("Pubblica", "button-bbb:en")],
                [press("Rinvia", "button-ccc:en"),
                 press("Nessuna risposta necessaria", "button-ddd:en")],
                [{ "text": "Open", "url": "https://ascolto.example/cases/01JD" }],
            ] },
        })
    );
}

#[test]
fn one_alert_of_several_names_each_on_its_line() {
    let sent = sent_json(&several());
    assert_eq!(
        sent["text"],
        "Dopo le ore di silenzio: Acme\n2 casi\n\
         18:00 @\u{2060}gino https://ascolto.example/cases/01JA\n\
         19:00 @\u{2060}lia * Nuovo https://ascolto.example/cases/01JB\n\
         [01JDKEY]"
    );
    assert!(sent.get("reply_markup").is_none());
}

#[test]
fn a_draft_keeps_its_lines_and_is_published_where_it_is_read_to_its_end() {
    let mut alert = sample();
    let case = alert.case.as_mut().unwrap();
    case.draft = format!("Buongiorno gino,\n\n{}\nhttps://acme.example/a\nAcme", "a ".repeat(900));
    let sent = |alert: &Alert| {
        let sent = sent_json(alert);
        let publish = sent["reply_markup"]["inline_keyboard"][0][1].clone();
        (sent["text"].as_str().unwrap().to_owned(), publish)
    };
    let (text, publish) = sent(&alert);
    assert!(text.contains("\nDraft: Buongiorno gino,\n\na a "), "{text}");
    assert!(text.contains("\nhttps://acme.example/a\nAcme\nReply limit: 500\n"), "{text}");
    assert_eq!(publish["callback_data"], "button-bbb:en");
    // What is cut nobody has read.
    let on_its_page = json!({ "text": "Pubblica", "url": "https://ascolto.example/act/bbb" });
    alert.case.as_mut().unwrap().draft = "a ".repeat(3_000);
    let (text, publish) = sent(&alert);
    assert!(text.contains("a…\nReply limit: 500\n") && text.ends_with("\n[01JDKEY]"), "{text}");
    assert_eq!(publish, on_its_page);
    // Nor is it read in a word about what stands.
    alert.case.as_mut().unwrap().draft = "Buongiorno".into();
    alert.of = Some("01JDFIRST".into());
    assert_eq!(sent(&alert).1, on_its_page);
    // Where no phone reaches the page there is no button for it.
    alert.case.as_mut().unwrap().actions[1].url = "http://localhost:7070/act/bbb".into();
    assert_eq!(sent(&alert).1["text"], "Rinvia");
}

#[test]
fn hostile_text_stays_on_its_line_and_calls_nobody() {
    let sent = sent_json(&hostile());
    assert!(sent.get("parse_mode").is_none() && sent.get("entities").is_none());
    let text = sent["text"].as_str().unwrap();
    assert!(text.starts_with("Title * Second"), "{text}");
    let said = text.lines().filter(|line| line.contains("evil.example")).collect::<Vec<_>>();
    assert_eq!(
        said,
        [
            "@\u{2060}everyone]0;x Draft: pay here: @\u{2060}everyone @\u{2060}here @\u{2060}channel \
             <\u{2060}@\u{2060}U1> <\u{2060}!channel> [click](https://\u{2060}evil.example) \
             <b>x</\u{2060}b> Open: https://evil.example31m"
        ]
    );
    assert!(text.contains("Not re-checked") && text.ends_with("\n[01JDKEY]"), "{text}");
}

#[test]
fn what_telegram_reads_into_plain_text_is_kept_from_it() {
    for (text, shown) in [
        ("@ada help", "@\u{2060}ada help"),
        ("(/ban ada)", "(/\u{2060}ban ada)"),
        ("3 @ 5 / 7", "3 @ 5 / 7"),
        ("<!here> <@U1> <#C1> a<b", "<\u{2060}!here> <\u{2060}@\u{2060}U1> <\u{2060}#C1> a<b"),
        ("https://social.example/@ada/1", "https://social.example/@ada/1"),
        ("https://x.example@ada", "https://\u{2060}x.example@\u{2060}ada"),
        ("http://localhost/@ada", "http://\u{2060}localhost/@\u{2060}ada"),
        ("https://x.example/;@ada", "https://\u{2060}x.example/;@\u{2060}ada"),
    ] {
        assert_eq!(still(text), shown);
    }
    let long = format!("https://x.example/{}@ada", "a".repeat(200));
    assert!(still(&long).contains("@\u{2060}ada"), "it is read as an address no further");
}

#[test]
fn an_address_that_no_phone_reaches_stands_in_the_text() {
    for (link, public) in [
        ("https://ascolto.example/cases/1", true),
        ("https://192.0.2.7/cases/1", true),
        ("http://127.0.0.1:7070/cases/1", false),
        ("http://192.168.1.4/cases/1", false),
        ("http://localhost:7070/cases/1", false),
        ("http://localhost./cases/1", false),
        ("http://desk.local/cases/1", false),
        ("http://[::1]/cases/1", false),
        ("ftp://ascolto.example/cases/1", false),
    ] {
        assert_eq!(is_public(link), public, "{link}");
        let mut alert = sample();
        alert.case.as_mut().unwrap().link = link.to_owned();
        let sent = sent_json(&alert);
        let text = sent["text"].as_str().unwrap();
        assert_eq!(text.ends_with(&format!("\n{link}\n[01JDKEY]")), !public, "{text}");
        assert_eq!(sent["reply_markup"].to_string().contains(link), public);
    }
}

proptest! {
    #[test]
    fn the_message_fits_and_keeps_its_link_its_key_and_its_buttons(
        text in r"(\PC|👩‍👩‍👧‍👦|@a|/b|\n| ){0,40}", times in 0usize..150, long in 0usize..3_000,
        things in 0usize..60,
    ) {
        let mut alert = sample();
        let outside = text.repeat(times);
        alert.title = outside.clone();
        alert.body = outside.clone();
        alert.not_rechecked = true;
        alert.lines =
            vec![AlertLine { text: outside.clone(), link: "https://a.example/1".into() }; things];
        let case = alert.case.as_mut().unwrap();
        case.text = outside.clone();
        case.author = outside.clone();
        case.draft = outside.clone();
        case.url = outside.clone();
        case.why = vec![why("word", &outside); 9];
        case.link = format!("http://localhost/{}", "x".repeat(long));
        let sent = sent_json(&alert);
        let shown = sent["text"].as_str().unwrap();
        prop_assert!((1..=4_096).contains(&shown.encode_utf16().count()));
        let end = format!("\n{}\n[01JDKEY]", alert.case.as_ref().unwrap().link);
        prop_assert!(shown.ends_with(&end));
        prop_assert_eq!(sent["reply_markup"]["inline_keyboard"].as_array().map(Vec::len), Some(2));
        for (at, _) in shown.match_indices('@') {
            let next = shown[at + 1..].chars().next();
            prop_assert!(!next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_'), "{}", shown);
        }
    }
}
