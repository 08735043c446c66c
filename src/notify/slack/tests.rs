//! What is asked of Slack to tell an alert, and what a recipient's settings may be.

use super::super::tests::{body, examples, sample, send};
use super::*;
use crate::domain::Instant;
use crate::wire::{Ask, Got, Method, Next, Pressed, Step, Streamed, Via};
use serde_json::{Value, json};

/// Settings with these lines beside the token and the channel.
fn settings(more: &str) -> Box<dyn Any + Send + Sync> {
    let table = format!("token = \"xoxb-1\"\nchannel = \"C123\"\n{more}").parse().unwrap();
    Slack.settings(&table).unwrap_or_else(|fault| panic!("{}: {}", fault.key, fault.why))
}

fn with<T>(settings: &(dyn Any + Send + Sync), talk: impl FnOnce(&Ctx<'_>) -> T) -> T {
    talk(&Ctx { settings, session: None, now: Instant(1_763_620_000_000), own: &[], seed: 1 })
}

fn asks<T>(talk: &mut dyn Talk<T>, cx: &Ctx<'_>) -> Vec<Ask> {
    match talk.start(cx) {
        Step::Ask(asks) => asks,
        _ => panic!("it asks first"),
    }
}

fn got(body: &str) -> Got {
    Got::Http(Response { status: 200, body: body.as_bytes().to_vec(), ..Response::default() })
}

fn json_of(ask: &Ask) -> Value {
    serde_json::from_str(&body(ask)).unwrap()
}

fn path(ask: &Ask) -> String {
    let Via::Http(request) = &ask.via else { panic!("Slack speaks HTTP") };
    assert_eq!(request.method, Method::Post);
    request.url.path().to_owned()
}

const POSTED: &str = r#"{"ok":true,"channel":"C123","ts":"1763620000.000247"}"#;

#[test]
fn an_alert_is_a_message_that_looks_for_no_names_and_shows_no_pages() {
    let ask = send(&Slack, &examples(&Slack), &sample());
    assert_eq!(path(&ask), "/api/chat.postMessage");
    let sent = json_of(&ask);
    assert_eq!(sent["channel"], "C0123456789");
    assert!(sent["text"].as_str().unwrap().starts_with("Nuovo reclamo: acme"));
    assert_eq!(
        sent["metadata"],
        json!({ "event_type": "ascolto_alert",
                "event_payload": { "alert": "01JDKEY", "key": "01JDKEY" } })
    );
    for (key, value) in
        [("parse", json!("none")), ("unfurl_links", json!(false)), ("link_names", json!(false))]
    {
        assert_eq!(sent[key], value, "{key}");
    }
    let Via::Http(request) = &ask.via else { panic!("Slack speaks HTTP") };
    assert_eq!(request.secret_headers[0].1.expose(), "Bearer xoxb-example");
    assert!(request.headers.is_empty());
}

#[test]
fn what_stands_is_known_by_channel_and_time() {
    with(&*settings(""), |cx| {
        let mut talk = Slack.send(&sample(), cx);
        asks(&mut *talk, cx);
        let Ok(Step::Done(delivered)) = talk.read(0, got(POSTED), cx) else { panic!("it is told") };
        assert_eq!(delivered.remote, "C123/1763620000.000247");
        for other in ["<html>Log in</html>", r#"{"channel":"C1","ts":"1"}"#, r#"{"ok":true}"#] {
            let fault = Slack.send(&sample(), cx).read(0, got(other), cx).err().unwrap();
            assert_eq!(fault.next, Next::Refused, "{other}");
        }
    });
}

#[test]
fn a_change_is_made_in_place_and_rings_by_a_word_in_its_thread() {
    with(&*settings(""), |cx| {
        let mut alert = sample();
        (alert.of, alert.key) = (Some("01JDFIRST".into()), "01JDNEXT".into());
        alert.title = "Reclama di nuovo".into();
        let mut talk = Slack.edit(&alert, "C9/17.1", cx).unwrap();
        let asked = asks(&mut *talk, cx);
        let paths: Vec<String> = asked.iter().map(path).collect();
        assert_eq!(paths, ["/api/chat.update", "/api/chat.postMessage"]);
        let (change, word) = (json_of(&asked[0]), json_of(&asked[1]));
        assert_eq!((&change["channel"], &change["ts"]), (&json!("C9"), &json!("17.1")));
        assert!(change["blocks"].as_array().is_some_and(|blocks| blocks.len() > 3));
        assert_eq!(change["metadata"]["event_payload"]["alert"], "01JDFIRST");
        assert_eq!((&word["thread_ts"], &word["mrkdwn"]), (&json!("17.1"), &json!(false)));
        assert!(word["text"].as_str().unwrap().starts_with("Reclama di nuovo: acme"));
        assert!(word.get("blocks").is_none(), "it is short");
        assert_eq!(word["reply_broadcast"], false, "it wakes nobody");
        let next = talk.read(0, got(POSTED), cx);
        assert!(matches!(next, Ok(Step::Ask(more)) if more.is_empty()), "the word comes next");
        let Ok(Step::Done(told)) = talk.read(0, got(POSTED), cx) else { panic!("it is told") };
        assert_eq!(told.remote, "C9/17.1", "what stands is the alert, not the word");
        alert.rings = false;
        let mut quiet = Slack.edit(&alert, "C9/17.1", cx).unwrap();
        assert_eq!(asks(&mut *quiet, cx).len(), 1);
        assert!(Slack.edit(&alert, "", cx).is_none(), "nothing is known of what stands there");
    });
}

#[test]
fn without_a_way_back_buttons_open_pages() {
    let has = |more: &str| {
        let shown = with(&*settings(more), |cx| {
            let mut talk = Slack.send(&sample(), cx);
            body(&asks(&mut *talk, cx)[0])
        });
        (shown.contains("button-aaa"), shown.contains("/act/aaa"))
    };
    assert_eq!(has(""), (false, true));
    assert_eq!(has("app_token = \"xapp-1\""), (true, false));
    assert_eq!(has("signing_secret = \"s\""), (true, false));
    // And then nobody is vouched for.
    let vouches = |more: &str| with(&*settings(more), |cx| Slack.vouches(cx));
    assert!(!vouches("") && vouches("app_token = \"xapp-1\"") && vouches("signing_secret = \"s\""));
}

#[test]
fn recipients_of_one_app_share_one_ear() {
    let of = |more: &str| with(&*settings(more), |cx| (Slack.hears(cx), Slack.source(cx)));
    let (hears, app) = of("app_token = \"xapp-1\"");
    assert_eq!((hears, app.len()), (Hears::Socket, 32));
    assert_eq!(of("app_token = \"xapp-1\"\nsigning_secret = \"s\"").1, app);
    assert_ne!(of("app_token = \"xapp-2\"").1, app);
    let (hears, called) = of("signing_secret = \"s\"");
    assert_eq!((hears, called.len()), (Hears::Called, 32));
    assert_eq!(of(""), (Hears::Called, String::new()));
    assert!(!app.contains("xapp"), "no secret shows in it");
}

#[test]
fn a_press_belongs_to_the_recipient_of_its_channel() {
    let payload = json!({
        "type": "block_actions",
        "user": { "id": "U1", "team_id": "T1" },
        "team": { "id": "T1" },
        "channel": { "id": "C123" },
        "actions": [{ "value": "button-aaa" }],
    });
    let envelope = json!({ "type": "interactive", "envelope_id": "e", "payload": payload });
    with(&*settings("app_token = \"xapp-1\""), |cx| {
        let mut press = Slack.frame(envelope.to_string().as_bytes(), cx).press.unwrap();
        assert_eq!(press.did, Pressed::Button("button-aaa".into()));
        assert!(Slack.is_mine(&press, cx));
        press.back.0 = press.back.0.replace("C123", "C124");
        assert!(!Slack.is_mine(&press, cx));
    });
}

#[test]
fn the_socket_is_asked_for_with_its_own_token_and_opened_encrypted() {
    let url = |more: &str, told: &str| {
        with(&*settings(more), |cx| {
            let mut talk = Slack.socket(cx).unwrap();
            let ask = asks(&mut *talk, cx).remove(0);
            assert_eq!(path(&ask), "/api/apps.connections.open");
            let Via::Http(request) = &ask.via else { panic!("Slack speaks HTTP") };
            assert_eq!(request.secret_headers[0].1.expose(), "Bearer xapp-1");
            let body = json!({ "ok": true, "url": told }).to_string();
            match talk.read(0, got(&body), cx) {
                Ok(Step::Done(socket)) => {
                    assert_eq!(socket.open.streamed, Streamed::WebSocket);
                    let shown = format!("{:?}", socket.open.request);
                    assert!(!shown.contains("ticket") && !shown.contains("link"), "{shown}");
                    Some(socket.open.request.url.to_string())
                }
                _ => None,
            }
        })
    };
    let (app, here) = ("app_token = \"xapp-1\"", "server = \"http://127.0.0.1:9\"");
    assert_eq!(
        url(app, "wss://wss-primary.slack.com/link/?ticket=1").as_deref(),
        Some("https://wss-primary.slack.com/link/?ticket=1")
    );
    assert_eq!(url(app, "ws://wss.slack.com/link/?ticket=1"), None, "it would be read by others");
    assert_eq!(
        url(&format!("{app}\n{here}"), "ws://127.0.0.1:9/link/?ticket=1").as_deref(),
        Some("http://127.0.0.1:9/link/?ticket=1")
    );
    assert_eq!(url(app, "https://slack.com/"), None);
    with(&*settings(""), |cx| assert!(Slack.socket(cx).is_none()));
}

#[test]
fn wrong_settings_are_explained_without_showing_them() {
    let good = [("token", "xoxb-1"), ("channel", "C123"), ("app_token", "xapp-1")];
    for (key, wrong) in [
        ("token", "xoxp-1"),
        ("token", "xoxb-é"),
        ("token", "xoxb-1 2"),
        ("channel", "#alerts"),
        ("channel", "alerts"),
        ("channel", "U123"),
        ("app_token", "xoxb-1"),
        ("signing_secret", "s 1"),
        ("signing_secret", ""),
        ("server", "slack.com"),
        ("server", "https://slack.com/api"),
    ] {
        let mut table = toml::Table::new();
        for (name, value) in good.iter().chain(&[(key, wrong)]) {
            table.insert((*name).to_owned(), (*value).into());
        }
        let fault = Slack.settings(&table).err().unwrap_or_else(|| panic!("{key} = {wrong}"));
        assert_eq!(fault.key, key);
        assert!(wrong.is_empty() || !fault.why.contains(wrong), "{}", fault.why);
    }
}
