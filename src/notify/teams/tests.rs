//! The card: what stands in it, that nothing in it is read as markup, and that it fits.

use super::super::tests::{body as said, examples, golden, hostile, sample, send, several, why};
use super::*;
use crate::domain::Lang;
use crate::domain::reason::Reason;
use proptest::prelude::*;

fn sent(alert: &Alert) -> Value {
    serde_json::from_str(&said(&send(&Teams, &examples(&Teams), alert))).unwrap()
}

fn card(alert: &Alert) -> Value {
    sent(alert)["attachments"][0]["content"].clone()
}

/// Everything of a kind in a card, by one of its fields.
fn all(card: &Value, kind: &str, field: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![card];
    while let Some(value) = left.pop() {
        if value["type"] == kind {
            found.extend(value[field].as_str().map(str::to_owned));
        }
        // The stack gives the last one first.
        match value {
            Value::Object(fields) => left.extend(fields.values().rev()),
            Value::Array(values) => left.extend(values.iter().rev()),
            _ => {}
        }
    }
    found
}

fn texts(alert: &Alert) -> String {
    all(&card(alert), "TextRun", "text").join("\n")
}

#[test]
fn the_samples_of_cards_are_these_messages() {
    let mut italian = sample();
    italian.language = Lang::IT;
    for (name, alert) in [("sample", italian), ("hostile", hostile()), ("several", several())] {
        let message = serde_json::to_string_pretty(&sent(&alert)).unwrap() + "\n";
        golden(&format!("teams-{name}.json"), &message);
    }
}

#[test]
fn a_card_says_it_all_and_opens_pages_only() {
    let card = card(&sample());
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    assert_eq!(card["body"][0]["id"], "01JDKEY");
    assert_eq!(
        all(&card, "TextRun", "text"),
        [
            "Nuovo reclamo: acme (mastodon), delivery, serious",
            "gino: Terza settimana e il pacco non è ancora arrivato",
            "Answer by: ",
            "20 nov 18:00",
            "Reply limit: ",
            "500",
            "Risk: ",
            "wants to leave, was ignored",
            "Why: ",
            "waits too long “Terza settimana”; did not arrive, or arrived wrong “non è ancora \
             arrivato”; one star",
            "Draft: ",
            "Buongiorno gino, ci dispiace.",
            "Original",
        ]
    );
    let titles = all(&card, "Action.OpenUrl", "title");
    let labels = ["Prendi in carico", "Pubblica", "Rinvia", "Nessuna risposta necessaria", "Open"];
    assert_eq!(titles, labels);
    assert_eq!(all(&card, "Action.OpenUrl", "url").len(), titles.len() + 1, "and the original");
    for other in ["Action.Submit", "Action.Execute", "Action.ShowCard", "TextBlock", "Image"] {
        assert!(!card.to_string().contains(&format!("\"{other}\"")), "{other}");
    }
}

#[test]
fn what_a_customer_wrote_stays_text() {
    let mut alert = hostile();
    alert.case.as_mut().unwrap().text += " **x** <at>all</at> {{DATE(2026-11-20T09:00:00Z)}}";
    let texts = texts(&alert);
    assert!(texts.contains("[click](https://evil.example) <b>x</b> Open: https://evil.example"));
    assert!(texts.contains("**x** <at>all</at> { {DATE("), "{texts}");
    assert!(texts.chars().all(|c| c == '\n' || crate::domain::text::is_printable(c)));
    let urls = all(&card(&alert), "Action.OpenUrl", "url");
    assert!(!urls.iter().any(|url| url.contains("evil")), "{urls:?}");
    let kinds = |alert: &Alert| {
        let mut card = card(alert).to_string();
        card.retain(|c| c == '{');
        card.len()
    };
    let mut plain = alert.clone();
    plain.case.as_mut().unwrap().text = "{ {ciao".to_owned();
    plain.case.as_mut().unwrap().author = "gino".to_owned();
    assert_eq!(kinds(&alert), kinds(&plain), "no part more or less");
    alert.case.as_mut().unwrap().url = "javascript:alert(1)".to_owned();
    assert!(!card(&alert).to_string().contains("javascript"));
}

#[test]
fn what_follows_is_short() {
    let mut alert = sample();
    (alert.of, alert.key) = (Some("01JDKEY".into()), "01JDKEY.moved.1".into());
    (alert.rings, alert.title) = (false, "Taken by ada".into());
    alert.body = "The answer: https://social.example/@acme/2".into();
    let quiet = card(&alert);
    assert_eq!(
        all(&quiet, "TextRun", "text"),
        [
            "Taken by ada: acme (mastodon), delivery, serious",
            "The answer: ",
            "https://social.example/@acme/2"
        ]
    );
    assert_eq!(all(&quiet, "Action.OpenUrl", "title"), ["Open"]);
    (alert.rings, alert.reason) = (true, Reason::Again);
    let texts = texts(&alert);
    assert!(texts.contains("gino: Terza") && texts.contains("Answer by"), "{texts}");
    assert!(!texts.contains("Draft"), "{texts}");
    assert_eq!(all(&card(&alert), "Action.OpenUrl", "title").len(), 5);
}

#[test]
fn many_buttons_stand_in_rows_and_many_things_are_counted() {
    let mut alert = sample();
    let case = alert.case.as_mut().unwrap();
    case.actions = vec![case.actions[0].clone(); 9];
    let card = card(&alert);
    let rows = card["body"].as_array().unwrap().iter().filter(|one| one["type"] == "ActionSet");
    let rows: Vec<usize> = rows.map(|row| row["actions"].as_array().unwrap().len()).collect();
    assert_eq!(rows, [6, 4]);
    let mut alert = several();
    alert.lines = vec![AlertLine { text: "x".repeat(500), ..alert.lines[0].clone() }; 1_000];
    let told = texts(&alert);
    assert!(told.lines().last().unwrap().ends_with("more in the inbox"), "{told}");
}

#[test]
fn connectors_are_refused_with_what_to_do() {
    let with = |url: &str| Teams.settings(&toml::toml! { url = url }).err();
    for url in [
        "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d",
        "https://webhook.office.com/x",
        "https://outlook.office.com/webhook/a@b/IncomingWebhook/c/d",
    ] {
        let fault = with(url).unwrap();
        assert!(fault.key == "url" && fault.why.contains("make a workflow"), "{}", fault.why);
        assert!(!fault.why.contains("IncomingWebhook"), "the address is a secret");
    }
    assert!(with("prod-00.westeurope.logic.azure.com").unwrap().why.contains("https://"));
    for url in ["https://webhook.office.com.example/x", "https://api.powerplatform.com/w?sig=1"] {
        assert!(with(url).is_none(), "{url}");
    }
}

#[test]
fn faults_say_what_to_do() {
    let settings = Teams.settings(&examples(&Teams)).unwrap();
    let now = sample().at;
    let cx = Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 };
    let next = |status| {
        Teams.fault(&Response { status, ..Response::default() }, &cx).map(|fault| fault.next)
    };
    assert_eq!(next(400), Some(Next::Refused));
    assert_eq!(next(404), Some(Next::Gone));
    assert_eq!(next(413), Some(Next::Refused));
    assert_eq!(next(202), None);
    assert_eq!(next(502), None, "what RFC 9110 says does");
}

proptest! {
    #[test]
    fn a_card_fits_and_keeps_its_links(
        text in r#"(\PC|👩‍👩‍👧‍👦|["\\\n]){0,40}"#, times in 0usize..150, things in 0usize..200,
    ) {
        let mut alert = sample();
        alert.title = text.repeat(times);
        alert.body = text.repeat(times);
        let case = alert.case.as_mut().unwrap();
        for field in [&mut case.author, &mut case.text, &mut case.draft, &mut case.url] {
            *field = text.repeat(times);
        }
        case.why = vec![why("word", &text.repeat(times)); 9];
        let line = AlertLine {
            text: text.repeat(times),
            link: "https://ascolto.example/cases/01JA".to_owned(),
        };
        alert.lines = vec![line; things];
        let sent = sent(&alert).to_string();
        prop_assert!(sent.len() <= MOST_BYTES, "{}", sent.len());
        for link in ["act/aaa", "act/ddd", "cases/01JD"] {
            prop_assert!(sent.contains(&format!("https://ascolto.example/{link}")), "{}", link);
        }
    }
}
