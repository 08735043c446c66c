//! How Telegram is asked, and what its answers mean; what the tests of messages and presses share.

use super::super::tests::{body, examples, sample, send};
use super::*;
use crate::domain::Instant;
use crate::wire::{Body, Next};
use serde_json::{Value, json};

pub(super) const GROUP_CHAT: i64 = -1_001_234_567_890;

/// Does something with the settings of the reference's examples and this time.
pub(super) fn at<T>(now: Instant, done: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let settings = Telegram.settings(&examples(&Telegram)).unwrap();
    done(&Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 })
}

pub(super) fn now() -> Instant {
    sample().at
}

pub(super) fn sent_json(alert: &Alert) -> Value {
    serde_json::from_str(&body(&send(&Telegram, &examples(&Telegram), alert))).unwrap()
}

pub(super) fn text_of(alert: &Alert) -> String {
    sent_json(alert)["text"].as_str().unwrap().to_owned()
}

/// The method of an ask, and its body.
fn asked(ask: &Ask) -> (String, Value) {
    let Via::Http(request) = &ask.via else { panic!("Telegram speaks HTTP") };
    let Body::Json(json) = &request.body else { panic!("in JSON") };
    let method = request.url.path().rsplit('/').next().unwrap().to_owned();
    (method, serde_json::from_slice(json).unwrap())
}

pub(super) fn all<T: std::fmt::Debug>(step: Step<T>) -> Vec<(String, Value)> {
    let Step::Ask(asks) = step else { panic!("it asks: {step:?}") };
    asks.iter().map(asked).collect()
}

fn http(status: u16, body: &Value) -> Response {
    Response { status, body: body.to_string().into_bytes(), ..Response::default() }
}

pub(super) fn ok(result: &Value) -> Got {
    Got::Http(http(200, &json!({ "ok": true, "result": result })))
}

#[test]
fn a_change_stands_in_its_place_and_rings_by_an_answer_below() {
    let mut alert = sample();
    (alert.of, alert.key) = (Some("01JDFIRST".into()), "01JDNEXT".into());
    let edit = |alert: &Alert, remote: &str| {
        at(now(), |cx| Telegram.edit(alert, remote, cx).map(|mut talk| all(talk.start(cx))))
    };
    let asks = edit(&alert, "-1001234567890/55").unwrap();
    assert_eq!(asks.len(), 2);
    assert_eq!((asks[0].0.as_str(), asks[1].0.as_str()), ("editMessageText", "sendMessage"));
    let changed = &asks[0].1;
    assert_eq!((&changed["chat_id"], &changed["message_id"]), (&json!(GROUP_CHAT), &json!(55)));
    assert!(changed.get("message_thread_id").is_none(), "that method has no such field");
    assert!(changed["text"].as_str().unwrap().ends_with("[01JDFIRST]"));
    assert!(changed["reply_markup"]["inline_keyboard"].is_array());
    assert_eq!(
        asks[1].1,
        json!({
            "chat_id": GROUP_CHAT,
            "message_thread_id": 7,
            "text": "Nuovo reclamo: acme (mastodon), delivery, serious",
            "link_preview_options": { "is_disabled": true },
            "reply_parameters": { "message_id": 55, "allow_sending_without_reply": true },
        })
    );
    alert.rings = false;
    assert_eq!(edit(&alert, "-1001234567890/55").unwrap().len(), 1, "no sound for what moved");
    for remote in ["", "55", "a/b", "-100/55/1"] {
        assert!(edit(&alert, remote).is_none(), "{remote}");
    }
    let short = text_of(&alert);
    assert_eq!(
        short, "Nuovo reclamo: acme (mastodon), delivery, serious\n[01JDFIRST]",
        "what cannot be changed is followed by a short word"
    );
}

#[test]
fn an_unchanged_message_and_an_old_press_are_fine() {
    for words in [
        "Bad Request: message is not modified: specified new message content and reply markup are \
         exactly the same as a current content and reply markup of the message",
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    ] {
        let refusal = http(400, &json!({ "ok": false, "error_code": 400, "description": words }));
        assert!(Telegram.passes(&refusal), "{words}");
        assert!(is_done(&refusal).is_ok());
    }
    assert!(!Telegram.passes(&http(400, &json!({ "description": "Bad Request: chat not found" }))));
    assert!(!Telegram.passes(&http(200, &json!({ "description": "message is not modified" }))));
}

#[test]
fn refusals_say_what_to_do_and_hide_the_token() {
    let fault = |status: u16, answer: Value| {
        at(now(), |cx| Telegram.fault(&http(status, &answer), cx)).unwrap()
    };
    for (status, words, next, told) in [
        (400, "Bad Request: chat not found", Next::Gone, "write its number"),
        (400, "Bad Request: message to edit not found", Next::Gone, "deleted"),
        (400, "Bad Request: message thread not found", Next::Gone, "another `topic`"),
        (400, "Bad Request: not enough rights to send text messages", Next::Auth, "that right"),
        (400, "Bad Request: message is too long", Next::Refused, "message is too long"),
        (400, "about 123456:AAb0t-token", Next::Refused, "about [secret]"),
        (403, "Forbidden: bot was kicked from the group chat", Next::Auth, "was kicked"),
        (401, "Unauthorized", Next::Auth, "BotFather"),
        (404, "Not Found", Next::Auth, "BotFather"),
        (
            409,
            "Conflict: can't use getUpdates method while webhook is active",
            Next::Refused,
            "deleteWebhook",
        ),
        (
            409,
            "Conflict: terminated by other getUpdates request",
            Next::Retry { after: Some(MINUTE) },
            "another program",
        ),
    ] {
        let fault = fault(status, json!({ "ok": false, "description": words }));
        assert_eq!(fault.next, next, "{words}");
        assert!(fault.why.contains(told) && !fault.why.contains("AAb0t"), "{}", fault.why);
    }
    let moved = fault(400, json!({ "parameters": { "migrate_to_chat_id": -100_777 } }));
    assert_eq!(moved.next, Next::Gone);
    assert!(moved.why.contains("write `chat = -100777` instead"), "{}", moved.why);
    let flood = fault(429, json!({ "parameters": { "retry_after": 14 } }));
    let until = now() + 14 * SECOND;
    assert_eq!(flood.next, Next::Throttled { bucket: Some(ALL), until });
}

#[test]
fn only_telegrams_own_answer_counts_as_delivered() {
    let message = json!({ "message_id": 9, "chat": { "id": -5 }, "date": 1 });
    assert_eq!(sent(ok(&message)).unwrap().remote, "-5/9");
    let page =
        Response { status: 200, body: b"<html>Log in</html>".to_vec(), ..Response::default() };
    assert_eq!(sent(Got::Http(page)).unwrap_err().next, Next::Refused);
}

#[test]
fn the_token_stands_in_the_address_alone() {
    let ask = send(&Telegram, &examples(&Telegram), &sample());
    let Via::Http(request) = &ask.via else { panic!("Telegram speaks HTTP") };
    assert_eq!(request.url.as_str(), "https://api.telegram.org/bot123456:AAb0t-token/sendMessage");
    assert_eq!(format!("{request:?}"), "POST https://api.telegram.org/…");
    assert!(!body(&ask).contains("AAb0t"));
}

#[test]
fn wrong_settings_are_explained_without_showing_them() {
    let good = "123456:AAb0t-token";
    for (token, chat, topic, server, key) in [
        ("AAb0t-token", -1, 1, "https://api.telegram.org", "token"),
        ("bot1:AAb0t-token", -1, 1, "https://api.telegram.org", "token"),
        ("1:AAb0t token", -1, 1, "https://api.telegram.org", "token"),
        (good, 0, 1, "https://api.telegram.org", "chat"),
        (good, -1, 0, "https://api.telegram.org", "topic"),
        (good, -1, 1, "https://api.telegram.org/bot1:A", "server"),
        (good, -1, 1, "ftp://api.telegram.org", "server"),
    ] {
        let table = toml::toml! { token = token
        chat = chat
        topic = topic
        server = server };
        let fault = Telegram.settings(&table).err().unwrap();
        assert_eq!(fault.key, key);
        assert!(!fault.why.contains("AAb0t"), "{}", fault.why);
    }
}
