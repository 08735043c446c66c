//! The event in the room: what stands in it, that it stays inert and small, what reactions do.

use super::super::tests::{body, examples, hostile, sample, send, several};
use super::*;
use crate::wire::{Form, Via};
use serde_json::json;

fn sent(alert: &Alert) -> Value {
    serde_json::from_str(&body(&send(&Matrix, &examples(&Matrix), alert))).unwrap()
}

/// Speaks with the settings of the examples.
fn with<T>(alert: &Alert, speak: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let settings = Matrix.settings(&examples(&Matrix)).unwrap();
    speak(&Ctx { settings: &*settings, session: None, now: alert.at, own: &[], seed: 1 })
}

fn path(ask: &Ask) -> String {
    let Via::Http(request) = &ask.via else { panic!("Matrix speaks HTTP") };
    request.url.path().to_owned()
}

#[test]
fn a_sample_alert_is_this_event() {
    let ask = send(&Matrix, &examples(&Matrix), &sample());
    let path = path(&ask);
    let (start, txn) = path.rsplit_once('/').unwrap();
    assert!(start.ends_with("/rooms/!AbCdEf:example.com/send/m.room.message"), "{start}");
    assert_eq!(txn.len(), 32, "the same for the same key: {txn}");
    let event = sent(&sample());
    assert_eq!(event["msgtype"], "m.text");
    assert_eq!(event["m.mentions"], json!({}));
    let text = event["body"].as_str().unwrap();
    assert!(text.starts_with("Nuovo reclamo: acme (mastodon), delivery, serious\n> gino: Terza"));
    assert!(text.contains("\n👀 Prendi in carico: https://ascolto.example/act/aaa\n"), "{text}");
    assert!(
        text.contains("\nPubblica: https://ascolto.example/act/bbb\n"),
        "no mark does it: {text}"
    );
    assert!(text.contains("\nReply limit: 500\n"), "{text}");
    assert!(text.ends_with("https://ascolto.example/cases/01JD"), "{text}");
    let html = event["formatted_body"].as_str().unwrap();
    assert!(html.contains("<a href=\"https://ascolto.example/act/aaa\">👀 Prendi in carico</a>"));
    let twice = send(&Matrix, &examples(&Matrix), &sample());
    assert_eq!(self::path(&twice), path);
}

#[test]
fn hostile_text_is_no_markup_and_pings_nobody() {
    let event = sent(&hostile());
    let html = event["formatted_body"].as_str().unwrap();
    let ours = ["<strong>", "</strong>", "<em>", "</em>", "<br>", "</a>"];
    let bare = ours.iter().fold(html.to_owned(), |html, tag| html.replace(tag, ""));
    assert!(!bare.replace("<a href=\"https://", "").contains('<'), "{bare}");
    assert!(!html.contains("href=\"https://evil.example"), "{html}");
    assert_eq!(event["m.mentions"], json!({}));
    let text = event["body"].as_str().unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("evil.example")).count(), 1, "{text}");
}

#[test]
fn an_event_stays_within_the_servers_limit() {
    let mut alert = several();
    alert.lines = (0..500)
        .map(|n| crate::wire::AlertLine {
            text: format!("{n} \"<&>\" {}", "è\"".repeat(90)),
            link: format!("https://ascolto.example/cases/{n:032}"),
        })
        .collect();
    alert.body = "\"<".repeat(2_000);
    assert!(sent(&alert).to_string().len() < 60_000);
    let mut long = hostile();
    long.of = Some("01JDFIRST".into());
    let case = long.case.as_mut().unwrap();
    case.text = "\"&".repeat(500_000);
    case.draft = "<'".repeat(500_000);
    let changed = with(&long, |cx| match Matrix.edit(&long, "$first", cx).unwrap().start(cx) {
        Step::Ask(asks) => body(&asks[0]),
        other => panic!("{other:?}"),
    });
    assert!(changed.len() < 60_000, "{}", changed.len());
    assert!(changed.contains("https://ascolto.example/cases/01JD"));
}

#[test]
fn a_change_stands_over_the_first_event_and_rings_in_its_thread() {
    let mut alert = sample();
    alert.of = Some("01JDFIRST".into());
    let echo = || {
        let body = br#"{"event_id":"$second"}"#.to_vec();
        Got::Http(Response { status: 200, body, ..Response::default() })
    };
    with(&alert, |cx| {
        let mut talk = Matrix.edit(&alert, "$first", cx).unwrap();
        let Step::Ask(asks) = talk.start(cx) else { panic!("it asks") };
        let over: Value = serde_json::from_str(&body(&asks[0])).unwrap();
        let relates = json!({ "rel_type": "m.replace", "event_id": "$first" });
        assert_eq!(over["m.relates_to"], relates);
        assert!(over["m.new_content"]["body"].as_str().unwrap().starts_with("Nuovo reclamo"));
        let word: Value = serde_json::from_str(&body(&asks[1])).unwrap();
        assert_eq!(word["m.relates_to"]["rel_type"], "m.thread");
        let Step::Ask(_) = talk.read(0, echo(), cx).unwrap() else { panic!("it rings") };
        let Step::Done(told) = talk.read(0, echo(), cx).unwrap() else { panic!("it ends") };
        assert_eq!(told.remote, "$first", "the alert keeps its id");
    });
}

#[test]
fn reactions_are_presses_of_whom_the_server_names() {
    let reaction = |key: &str, kind: &str| {
        json!({
            "type": kind, "sender": "@ann:example.com", "event_id": format!("$r-{key}"),
            "content": { "m.relates_to": {
                "rel_type": "m.annotation", "event_id": "$alert", "key": key,
            } },
        })
    };
    let events = [
        reaction("👀", "m.reaction"),
        reaction("🎉", "m.reaction"),
        json!({ "type": "m.reaction", "content": 5 }),
        reaction("👀", "m.room.message"),
        reaction("🚫\u{fe0f}", "m.reaction"),
    ];
    let room = json!({ "timeline": { "events": events } });
    let sync = json!({
        "next_batch": "s2",
        "rooms": { "join": { "!AbCdEf:example.com": room, "!other:example.com": room } },
    });
    let read = |cursor: Option<&str>| {
        with(&sample(), |cx| {
            let mut talk = Matrix.hear(cursor, 20, cx).unwrap();
            let Step::Ask(asks) = talk.start(cx) else { panic!("it asks") };
            let Via::Http(request) = &asks[0].via else { panic!("by HTTP") };
            assert_eq!(request.url.query().unwrap().contains("since=s1"), cursor.is_some());
            let body = sync.to_string().into_bytes();
            let got = Got::Http(Response { status: 200, body, ..Response::default() });
            match talk.read(0, got, cx).unwrap() {
                Step::Done(fetched) => fetched,
                other => panic!("{other:?}"),
            }
        })
    };
    let fetched = read(Some("s1"));
    assert_eq!(fetched.cursor, "s2");
    let did: Vec<_> = fetched.presses.iter().map(|p| (p.by.as_str(), p.did.clone())).collect();
    let mark = |act| Pressed::Mark { remote: "$alert".to_owned(), act };
    assert_eq!(did, [("@ann:example.com", mark("take")), ("@ann:example.com", mark("waive"))]);
    assert!(read(None).presses.is_empty(), "what was there before is not acted upon");
}

#[test]
fn whoever_reacted_is_told_in_the_thread_and_nobody_else() {
    let press = Press {
        key: "$r".into(),
        by: "@ann:example.com".into(),
        name: "@ann:example.com".into(),
        did: Pressed::Mark { remote: "$alert".into(), act: "waive" },
        back: crate::wire::Back::default(),
    };
    let form = Form {
        title: String::new(),
        label: String::new(),
        text: String::new(),
        send: String::new(),
        button: String::new(),
        asks: crate::wire::Asks::Reason,
        limit: None,
    };
    let answer = Answer {
        text: "Serve un motivo".into(),
        done: false,
        form: Some(form),
        link: "https://ascolto.example/act/ddd".into(),
    };
    let said = with(&sample(), |cx| match Matrix.answer(&press, &answer, cx).unwrap().start(cx) {
        Step::Ask(asks) => body(&asks[0]),
        _ => panic!("it asks"),
    });
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["body"], "Serve un motivo https://ascolto.example/act/ddd");
    assert_eq!(said["m.mentions"], json!({ "user_ids": ["@ann:example.com"] }));
}

#[test]
fn an_old_server_says_in_the_body_how_long_to_wait() {
    let body = br#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2000}"#.to_vec();
    let res = Response { status: 429, body, ..Response::default() };
    let fault = with(&sample(), |cx| Matrix.fault(&res, cx).unwrap());
    let until = sample().at + 2_000;
    assert_eq!(fault.next, Next::Throttled { bucket: None, until });
}

#[test]
fn a_room_is_an_id_and_no_alias() {
    let mut table = examples(&Matrix);
    table.insert("room".into(), "#social:example.com".into());
    assert!(Matrix.settings(&table).err().unwrap().why.contains("begins with `!`"));
}
