//! Forms and words for whoever pressed.

use super::super::press::frame;
use super::*;

/// A press of a button, or a form that was sent, by the socket.
fn pressed(kind: &str) -> Press {
    let carried = Carried { button: "tok".into(), channel: "C123".into(), language: "it".into() };
    let payload = json!({
        "type": kind,
        "user": { "id": "U1", "team_id": "T1" },
        "team": { "id": "T1" },
        "trigger_id": "12.34.ab",
        "channel": { "id": "C123" },
        "actions": [{ "block_id": "acts-it", "value": "tok", "action_ts": "1.1" }],
        "view": { "id": "V1", "private_metadata": serde_json::to_string(&carried).unwrap() },
    });
    let envelope = json!({ "type": "interactive", "envelope_id": "e-1", "payload": payload });
    frame(envelope.to_string().as_bytes()).press.unwrap()
}

fn form(asks: Asks) -> Form {
    Form {
        title: "Cambia e pubblica".into(),
        label: "La risposta, come apparirà".into(),
        text: "Buongiorno gino,\nci dispiace.".into(),
        send: "Pubblica".into(),
        button: "tok-2".into(),
        asks,
        limit: Some(500),
    }
}

fn asked(form: Form) -> Answer {
    Answer { form: Some(form), link: "https://ascolto.example/act/bbb".into(), ..Answer::default() }
}

#[test]
fn a_draft_is_edited_in_a_form() {
    let (method, body) = answer(&pressed("block_actions"), &asked(form(Asks::Text))).unwrap();
    assert_eq!(method, "views.open");
    let text = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
    let carried = r#"{"button":"tok-2","channel":"C123","language":"it"}"#;
    let view = json!({
        "type": "modal",
        "callback_id": "ascolto",
        "private_metadata": carried,
        "title": text("Cambia e pubblica"),
        "submit": text("Pubblica"),
        "close": text("Annulla"),
        "blocks": [{
            "type": "input",
            "block_id": "said",
            "label": text("La risposta, come apparirà"),
            "optional": false,
            "element": {
                "type": "plain_text_input",
                "action_id": "said",
                "multiline": true,
                "max_length": 500,
                "initial_value": "Buongiorno gino,\nci dispiace.",
            },
        }],
    });
    assert_eq!(body, json!({ "trigger_id": "12.34.ab", "view": view }));
}

#[test]
fn until_when_is_chosen_or_a_day_named() {
    let (_, body) = answer(&pressed("block_actions"), &asked(form(Asks::Until))).unwrap();
    let blocks = &body["view"]["blocks"];
    let options = blocks[0]["element"]["options"].as_array().unwrap();
    let values: Vec<&Value> = options.iter().map(|option| &option["value"]).collect();
    assert_eq!(values, ["1h", "4h", "morning"]);
    assert_eq!(options[0], blocks[0]["element"]["initial_option"]);
    assert_eq!(options[2]["text"]["text"], "La prossima mattina lavorativa");
    assert_eq!((&blocks[1]["block_id"], &blocks[1]["optional"]), (&json!("day"), &json!(true)));
    assert_eq!(blocks[1]["element"]["type"], "datepicker");
}

#[test]
fn a_reason_must_be_written_and_a_link_need_not() {
    let optional = |asks| {
        let (_, body) = answer(&pressed("block_actions"), &asked(form(asks))).unwrap();
        body["view"]["blocks"][0]["optional"].clone()
    };
    assert_eq!((optional(Asks::Reason), optional(Asks::Link)), (json!(false), json!(true)));
}

#[test]
fn a_limit_never_refuses_what_stands_in_the_field() {
    let most = |limit, text: &str| {
        let form = Form { limit, text: text.into(), ..form(Asks::Text) };
        let (_, body) = answer(&pressed("block_actions"), &asked(form)).unwrap();
        body["view"]["blocks"][0]["element"]["max_length"].clone()
    };
    assert_eq!(most(Some(3), "👩‍👩‍👧‍👦"), json!(11), "one grapheme of eleven letters");
    assert_eq!(most(Some(9_000), "x"), json!(3_000));
    assert_eq!(most(Some(0), ""), json!(1));
    assert_eq!(most(None, ""), json!(3_000));
}

#[test]
fn a_long_title_stands_whole_below_the_head() {
    let long = "Cambia la risposta a gino su Mastodon e pubblicala";
    let form = Form { title: long.into(), ..form(Asks::Text) };
    let (_, body) = answer(&pressed("block_actions"), &asked(form)).unwrap();
    assert_eq!(body["view"]["title"]["text"], "Cambia la risposta a gi…");
    assert_eq!(body["view"]["blocks"][0]["text"]["text"], long);
    assert_eq!(body["view"]["blocks"][1]["block_id"], "said");
}

#[test]
fn what_no_form_can_hold_is_done_on_the_page() {
    let long = Form { text: "x".repeat(3_001), ..form(Asks::Text) };
    for form in [long, form(Asks::Sure)] {
        let (method, body) = answer(&pressed("block_actions"), &asked(form)).unwrap();
        assert_eq!((method, &body["user"]), ("chat.postEphemeral", &json!("U1")));
        assert_eq!(body["text"], "La risposta, come apparirà\n<https://ascolto.example/act/bbb>");
    }
}

#[test]
fn who_pressed_alone_is_told_and_nothing_pings() {
    let said = Answer { text: "Preso da <!channel> & te".into(), done: true, ..Answer::default() };
    let (method, body) = answer(&pressed("block_actions"), &said).unwrap();
    assert_eq!(method, "chat.postEphemeral");
    assert_eq!(
        body,
        json!({ "channel": "C123", "user": "U1", "text": "Preso da &lt;!channel&gt; &amp; te",
                "parse": "none", "link_names": false })
    );
    assert_eq!(answer(&pressed("block_actions"), &Answer::default()), None);
    let strange = Press { back: Default::default(), ..pressed("block_actions") };
    assert_eq!(answer(&strange, &said), None, "nobody knows where");
}

#[test]
fn a_press_is_acknowledged_by_its_envelope_and_a_call_by_nothing() {
    let told = Answer { text: "Preso".into(), done: true, ..Answer::default() };
    assert_eq!(acked(&pressed("block_actions"), &told), br#"{"envelope_id":"e-1"}"#);
    let mut press = pressed("block_actions");
    press.back.0 = press.back.0.replace("e-1", "");
    assert_eq!(acked(&press, &told), b"");
}

#[test]
fn a_form_that_was_not_done_says_why_where_it_was_written() {
    let sent = pressed("view_submission");
    let read =
        |answer: &Answer| -> Value { serde_json::from_slice(&acked(&sent, answer)).unwrap() };
    let wrong = Answer { text: "Serve un motivo: scrivi perché".into(), ..Answer::default() };
    assert_eq!(
        read(&wrong),
        json!({ "envelope_id": "e-1", "payload": {
            "response_action": "errors",
            "errors": { "said": "Serve un motivo: scrivi perché" },
        } })
    );
    assert_eq!(answer(&sent, &wrong), None, "it was said");
    let done = Answer { text: "Pubblicato".into(), done: true, ..Answer::default() };
    assert_eq!(read(&done)["payload"], json!({ "response_action": "clear" }));
    assert_eq!(answer(&sent, &done).unwrap().0, "chat.postEphemeral");
    let stale = Answer { text: "La bozza è cambiata".into(), ..asked(form(Asks::Text)) };
    let shown = read(&stale);
    assert_eq!(shown["payload"]["response_action"], "update");
    assert_eq!(shown["payload"]["view"]["blocks"][0]["text"]["text"], "La bozza è cambiata");
    let mut by_call = pressed("view_submission");
    by_call.back.0 = by_call.back.0.replace("e-1", "");
    let body: Value = serde_json::from_slice(&acked(&by_call, &done)).unwrap();
    assert_eq!(body, json!({ "response_action": "clear" }));
    assert!(!read(&Answer::default())["payload"]["errors"]["said"].as_str().unwrap().is_empty());
}
