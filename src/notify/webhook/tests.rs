//! The webhook's body and signature.

use super::super::tests::{body, examples, hostile, sample, send, several, why};
use super::*;

use proptest::prelude::*;

#[test]
fn a_sample_alert_is_this_json() {
    let ask = send(&Webhook, &examples(&Webhook), &sample());
    let body: Value = serde_json::from_str(&body(&ask)).unwrap();
    assert_eq!(
        body,
        json!({
            "type": "alert.new_complaint",
            "timestamp": "2026-11-20T09:00:00.000Z",
            "data": {
                "key": "01JDKEY",
                "alert": "01JDKEY",
                "reason": "new_complaint",
                "title": "Nuovo reclamo",
                "body": "",
                "lines": [],
                "urgent": false,
                "not_rechecked": false,
                "case": {
                    "id": "01JD",
                    "brand": "acme",
                    "network": "mastodon",
                    "author": "gino",
                    "private": false,
                    "text": "Terza settimana e il pacco non è ancora arrivato",
                    "language": "it",
                    "severity": 2,
                    "strikes": 1,
                    "customer": "",
                    "topic": "delivery",
                    "risk": ["churn", "ignored"],
                    "why": ["Terza settimana", "non è ancora arrivato"],
                    "due": "2026-11-20T17:00:00.000Z",
                    "draft": "Buongiorno gino, ci dispiace.",
                    "url": "https://social.example/@gino/1",
                    "link": "https://ascolto.example/cases/01JD",
                    "reply_limit": 500,
                    "reply_until": "",
                    "actions": [
                        {"name": "take", "label": "Prendi in carico", "url": "https://ascolto.example/act/aaa"},
                        {"name": "publish", "label": "Pubblica", "url": "https://ascolto.example/act/bbb"},
                        {"name": "snooze", "label": "Rinvia", "url": "https://ascolto.example/act/ccc"},
                        {"name": "waive", "label": "Nessuna risposta necessaria", "url": "https://ascolto.example/act/ddd"},
                    ],
                },
            },
        })
    );
}

#[test]
fn a_change_is_an_event_of_its_own_about_the_same_alert() {
    let mut alert = sample();
    (alert.of, alert.key) = (Some("01JDFIRST".into()), "01JDNEXT".into());
    let ask = send(&Webhook, &examples(&Webhook), &alert);
    let crate::wire::Via::Http(request) = &ask.via else { panic!("a webhook speaks HTTP") };
    let id = request.headers.iter().find(|(n, _)| *n == "webhook-id").map(|(_, v)| v.as_str());
    assert_eq!(id, Some("01JDNEXT"), "else the receiver would drop it as a duplicate");
    let body: Value = serde_json::from_str(&body(&ask)).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["alert"]),
        (&json!("alert.updated"), &json!("01JDFIRST"))
    );
    assert_eq!(body["data"]["reason"], "new_complaint", "what was there before stays");
}

#[test]
fn however_many_things_are_told_the_body_stays_small() {
    let mut alert = several();
    let long = AlertLine { text: "é\"".repeat(400), link: alert.lines[0].link.clone() };
    alert.lines = vec![long; 500];
    let json = payload(&alert);
    assert!(json.to_string().len() < MOST_BYTES, "{}", json.to_string().len());
    assert_eq!(json["data"]["lines"].as_array().map(Vec::len), Some(MOST_LINES));
}

#[test]
fn the_signature_is_that_of_the_specification() {
    let ask = send(&Webhook, &examples(&Webhook), &sample());
    let crate::wire::Via::Http(request) = &ask.via else { panic!("a webhook speaks HTTP") };
    let header = |name: &str| {
        let found = request.headers.iter().find(|(n, _)| *n == name);
        found.map(|(_, v)| v.clone()).unwrap()
    };
    assert_eq!(header("webhook-id"), "01JDKEY");
    assert_eq!(header("webhook-timestamp"), "1795165260", "the attempt's time, not the alert's");
    // Computed anew with plain HMAC, so that the crate and our use of it are both checked.
    use hmac::{Hmac, KeyInit, Mac};
    let mac = Hmac::<sha2::Sha256>::new_from_slice(b"an example, not a secret!").unwrap();
    let signed = format!("01JDKEY.1795165260.{}", body(&ask));
    let tag = mac.chain_update(signed).finalize().into_bytes();
    assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(tag)));
    assert_eq!(format!("{request:?}"), "POST https://hooks.example.com/…");
}

#[test]
fn wrong_settings_are_explained_without_showing_them() {
    let good = "whsec_YW4gZXhhbXBsZSwgbm90IGEgc2VjcmV0IQ==";
    for (url, secret, key) in [
        ("hooks.example.com", good, "url"),
        ("ftp://hooks.example.com", good, "url"),
        ("https://hooks.example.com", "YW4gZXhhbXBsZSwgbm90IGEgc2VjcmV0IQ==", "secret"),
        ("https://hooks.example.com", "whsec_c2hvcnQ=", "secret"),
        ("https://hooks.example.com", "whsec_***", "secret"),
    ] {
        let table = toml::toml! { url = url
        secret = secret };
        let fault = Webhook.settings(&table).err().unwrap();
        assert_eq!(fault.key, key);
        assert!(!fault.why.contains(url) && !fault.why.contains(secret), "{}", fault.why);
    }
}

#[test]
fn keys_are_plain_in_the_header() {
    assert_eq!(id("01JD-a:b"), "01JD-a:b");
    assert_eq!(id("a.b\r\nx: y"), "a_b__x:_y");
    assert_eq!(payload(&hostile())["data"]["key"], "01JDKEY");
}

proptest! {
    #[test]
    fn the_body_stays_small_whatever_was_written(
        text in r#"([\PC"\\\n\x00-\x1f]|👩‍👩‍👧‍👦){0,60}"#, times in 0usize..300, url in 0usize..4_000,
    ) {
        let mut alert = sample();
        let case = alert.case.as_mut().unwrap();
        case.text = text.repeat(times);
        case.draft = case.text.clone();
        case.author = case.text.clone();
        case.why = vec![why("word", &case.text); 30];
        case.url = format!("https://social.example/{}", "\"".repeat(url));
        alert.title = text.repeat(times);
        alert.body = text.repeat(times);
        let json = payload(&alert).to_string();
        prop_assert!(json.len() < MOST_BYTES, "{}", json.len());
        prop_assert!(json.contains("https://ascolto.example/cases/01JD"));
    }
}
