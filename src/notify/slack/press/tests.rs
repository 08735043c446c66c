//! Presses: whose they are, that they are Slack's, and that nothing else counts as one.

use super::*;
use serde_json::Value;

/// When the calls of these tests are made.
const NOW: Instant = Instant(1_763_620_100_000);

/// A press as Slack tells of it.
fn action() -> Value {
    json!({
        "type": "block_actions",
        "user": { "id": "U1", "username": "ann", "name": "ann", "team_id": "T1" },
        "team": { "id": "T1", "domain": "acme" },
        "api_app_id": "A1",
        "container": { "type": "message", "message_ts": "1763620000.000247", "channel_id": "C123" },
        "trigger_id": "12.34.ab",
        "channel": { "id": "C123", "name": "alerts" },
        "message": { "ts": "1763620000.000247", "text": "Draft: pay here" },
        "response_url": "https://hooks.slack.com/actions/T1/2/x",
        "actions": [{
            "type": "button", "action_id": "take", "block_id": "acts-it", "value": "button-aaa",
            "action_ts": "1763620100.1",
        }],
    })
}

/// A form that was sent.
fn submission() -> Value {
    json!({
        "type": "view_submission",
        "user": { "id": "U1", "name": "ann", "team_id": "T1" },
        "team": { "id": "T1" },
        "trigger_id": "13.35.cd",
        "view": {
            "id": "V1",
            "private_metadata": json!({
                "button": "button-bbb", "channel": "C123", "language": "it",
            }).to_string(),
            "state": { "values": { "said": { "said": {
                "type": "plain_text_input", "value": "Ci dispiace.\nRimborsiamo.",
            } } } },
        },
    })
}

fn read(payload: &Value) -> Option<Press> {
    press(&payload.to_string(), "")
}

fn envelope(kind: &str, payload: &Value) -> Vec<u8> {
    json!({ "envelope_id": "e-1", "type": kind, "accepts_response_payload": true,
            "payload": payload })
    .to_string()
    .into_bytes()
}

#[test]
fn a_button_comes_back_as_it_was_sent_with_whom_slack_vouches_for() {
    let press = read(&action()).unwrap();
    assert_eq!(press.did, Pressed::Button("button-aaa".into()));
    assert_eq!((press.by.as_str(), press.name.as_str()), ("U1", "ann"));
    let held = Held::of(&press);
    assert_eq!(
        (held.channel.as_str(), held.user.as_str(), held.trigger.as_str()),
        ("C123", "U1", "12.34.ab")
    );
    assert_eq!((held.envelope.as_str(), held.language.as_str()), ("", "it"));
    assert!(!press.key.contains("12.34"), "what opens forms is stored nowhere");
    assert_eq!(format!("{:?}", press.back), "Back");
}

#[test]
fn a_form_comes_back_with_what_was_written() {
    let press = read(&submission()).unwrap();
    let (button, said) = ("button-bbb".to_owned(), "Ci dispiace.\nRimborsiamo.".to_owned());
    assert_eq!(press.did, Pressed::Form { button, said });
    assert_eq!((press.by.as_str(), Held::of(&press).channel.as_str()), ("U1", "C123"));
    let said = |values: Value| {
        let mut sent = submission();
        sent["view"]["state"]["values"] = values;
        match read(&sent).unwrap().did {
            Pressed::Form { said, .. } => said,
            other => panic!("{other:?}"),
        }
    };
    let choice = json!({ "said": { "type": "static_select",
        "selected_option": { "text": { "type": "plain_text", "text": "x" }, "value": "4h" } } });
    let day = |date: Value| json!({ "said": { "type": "datepicker", "selected_date": date } });
    assert_eq!(said(json!({ "said": choice, "day": day(Value::Null) })), "4h");
    assert_eq!(said(json!({ "said": choice, "day": day(json!("2026-11-25")) })), "2026-11-25");
    assert_eq!(said(json!({ "said": { "said": { "value": null } } })), "");
    assert_eq!(said(json!({})), "");
}

#[test]
fn the_same_press_has_one_key_and_others_have_others() {
    let key = |payload: &Value| read(payload).unwrap().key;
    assert_eq!(key(&action()), key(&action()));
    let changed = |pointer: &str, value: &str| {
        let mut other = action();
        *other.pointer_mut(pointer).unwrap() = json!(value);
        key(&other)
    };
    let mut keys = vec![
        key(&action()),
        key(&submission()),
        changed("/trigger_id", "12.34.ac"),
        changed("/actions/0/action_ts", "1763620100.2"),
        changed("/actions/0/value", "button-bbb"),
        changed("/user/id", "U2"),
    ];
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

#[test]
fn who_comes_from_another_workspace_is_no_member_of_ours() {
    let by = |payload: &Value| read(payload).map(|press| press.by);
    let mut guest = action();
    guest["user"]["team_id"] = json!("T9");
    assert_eq!(by(&guest), Some("T9/U1".to_owned()));
    let mut sent = submission();
    sent["user"]["team_id"] = json!("T9");
    sent["team"]["id"] = json!("T9");
    sent["view"]["app_installed_team_id"] = json!("T1");
    assert_eq!(by(&sent), Some("T9/U1".to_owned()), "a guest's form names the guest's own team");
    let mut across = action();
    across["team"] = Value::Null;
    assert_eq!(by(&across), Some("T1/U1".to_owned()), "whose app this is nobody says");
    let mut odd = action();
    odd["user"]["team_id"] = json!("T1/U2");
    assert_eq!(by(&odd), None);
}

#[test]
fn what_is_no_press_of_ours_is_acknowledged_and_no_more() {
    let with = |pointer: &str, value: Value| {
        let mut other = action();
        *other.pointer_mut(pointer).unwrap() = value;
        other
    };
    for payload in [
        json!({}),
        json!("take"),
        json!({ "type": "message_action", "user": { "id": "U1" } }),
        with("/type", json!("view_closed")),
        with("/user", json!("U1")),
        with("/user/id", json!("ann")),
        with("/user/id", json!("U1\nU2")),
        with("/user/id", json!("U".repeat(41))),
        with("/channel", Value::Null),
        with("/channel/id", json!("#alerts")),
        with("/actions", json!([])),
        with("/actions/0/value", Value::Null),
        with("/actions/0/value", json!(7)),
        with("/actions/0/value", json!("a b")),
        with("/actions/0/value", json!("x".repeat(201))),
    ] {
        assert_eq!(read(&payload), None, "{payload}");
        let frame = frame(&envelope("interactive", &payload));
        assert_eq!(frame.press, None, "{payload}");
        assert_eq!(frame.answer, Some(br#"{"envelope_id":"e-1"}"#.to_vec()));
    }
    let mut long = submission();
    long["view"]["state"]["values"]["said"]["said"]["value"] = json!("x".repeat(12_001));
    assert_eq!(read(&long), None);
    let mut bare = submission();
    bare["view"]["private_metadata"] = json!("button-bbb");
    assert_eq!(read(&bare), None, "it is no form of ours");
}

#[test]
fn text_that_somebody_types_is_never_read() {
    let typed = json!({ "event": { "type": "message", "user": "U1", "text": "button-aaa" } });
    for kind in ["events_api", "slash_commands"] {
        let frame = frame(&envelope(kind, &typed));
        assert_eq!((frame.press, frame.ends), (None, false));
        assert!(frame.answer.is_some(), "else Slack brings it again");
    }
    assert_eq!(frame(&envelope("events_api", &action())).press, None, "nor a press in its place");
}

#[test]
fn frames_of_the_socket_are_known_by_their_kind() {
    let hello = br#"{"type":"hello","num_connections":1,"connection_info":{"app_id":"A1"}}"#;
    assert_eq!(frame(hello), Frame::default());
    for reason in ["warning", "refresh_requested", "link_disabled"] {
        let bye = json!({ "type": "disconnect", "reason": reason }).to_string();
        assert_eq!(frame(bye.as_bytes()), Frame { ends: true, ..Frame::default() });
    }
    let pressed = frame(&envelope("interactive", &action()));
    assert_eq!(pressed.answer, None, "it is acknowledged once it was carried out");
    assert_eq!(Held::of(&pressed.press.unwrap()).envelope, "e-1");
    for broken in [&b"{"[..], b"", b"\xff", b"[]", br#"{"type":"interactive"}"#, b"null"] {
        assert_eq!(frame(broken), Frame::default());
    }
    let odd = json!({ "type": "interactive", "envelope_id": "a b", "payload": action() });
    assert_eq!(frame(odd.to_string().as_bytes()), Frame::default());
}

/// A call as Slack signs it.
fn signed_at(seconds: i64, body: &str, secret: &str) -> Vec<(String, String)> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let tag = mac.chain_update(format!("v0:{seconds}:{body}")).finalize().into_bytes();
    let hex: String = tag.iter().map(|b| format!("{b:02x}")).collect();
    vec![
        ("x-slack-request-timestamp".to_owned(), seconds.to_string()),
        ("x-slack-signature".to_owned(), format!("v0={hex}")),
    ]
}

fn form(payload: &Value) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

fn called(headers: &[(String, String)], body: &str, secret: Option<&str>) -> Called {
    let secret = secret.map(Secret::new);
    let req = HookRequest { method: Method::Post, query: &[], headers, body: body.as_bytes() };
    call(&req, secret.as_ref(), NOW)
}

#[test]
fn a_call_counts_with_its_signature_alone() {
    let (body, at) = (form(&action()), NOW.0 / 1_000);
    let right = signed_at(at, &body, "s1");
    let Called::Presses(presses) = called(&right, &body, Some("s1")) else { panic!("it is right") };
    assert_eq!(presses[0].did, Pressed::Button("button-aaa".into()));
    assert_eq!(Held::of(&presses[0]).envelope, "");
    let refused = |headers: &[(String, String)], body: &str, secret: Option<&str>| {
        matches!(called(headers, body, secret), Called::Refuse(_))
    };
    assert!(refused(&right, &body, None), "without a secret nobody is believed");
    assert!(refused(&right, &body, Some("s2")));
    assert!(refused(&right, &form(&submission()), Some("s1")));
    assert!(refused(&right[..1], &body, Some("s1")));
    assert!(refused(&right[1..], &body, Some("s1")));
    for off in [-301, 301] {
        assert!(refused(&signed_at(at + off, &body, "s1"), &body, Some("s1")), "{off} s");
    }
    for off in [-300, 300] {
        assert!(!refused(&signed_at(at + off, &body, "s1"), &body, Some("s1")), "{off} s");
    }
    for tag in ["", "v0=", "v0=zz", "v1=00", "v0=é0", &right[1].1[..40]] {
        let headers = [right[0].clone(), ("x-slack-signature".to_owned(), tag.to_owned())];
        assert!(refused(&headers, &body, Some("s1")), "{tag}");
    }
    let other = "payload2=x";
    assert!(refused(&signed_at(at, other, "s1"), other, Some("s1")));
}

#[test]
fn a_genuine_call_without_a_press_is_answered() {
    let mut opened = action();
    opened["actions"][0].as_object_mut().unwrap().remove("value");
    let body = form(&opened);
    let answer = called(&signed_at(NOW.0 / 1_000, &body, "s1"), &body, Some("s1"));
    assert_eq!(answer, Called::Answer { status: 200, kind: "text/plain", body: Vec::new() });
}

proptest::proptest! {
    #[test]
    fn nothing_that_comes_breaks_the_reading(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        cut in 0usize..600,
    ) {
        frame(&bytes);
        let whole = envelope("interactive", &action());
        frame(&whole[..cut.min(whole.len())]);
        press(&String::from_utf8_lossy(&bytes), "e");
    }
}
