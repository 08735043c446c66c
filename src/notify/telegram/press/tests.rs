//! Presses: that each comes back as it was sent, from whom, and what whoever pressed is shown.

use super::super::super::tests::sample;
use super::super::Telegram;
use super::super::tests::{GROUP_CHAT, all, at, now, ok, sent_json};
use super::*;
use crate::wire::Notifier;
use serde_json::{Value, json};

/// An update that tells of a press.
fn update(number: i64, from: i64, data: &str) -> Value {
    let rows = sent_json(&sample())["reply_markup"].clone();
    json!({ "update_id": number, "callback_query": {
        "id": format!("cq{number}"), "chat_instance": "1",
        "from": { "id": from, "is_bot": false, "first_name": "Ada\u{202e}", "last_name": "L" },
        "message": {
            "message_id": 55, "date": 1_763_620_000, "chat": { "id": GROUP_CHAT },
            "is_topic_message": true, "message_thread_id": 7, "text": "…", "reply_markup": rows,
        },
        "data": data,
    } })
}

/// What is fetched from these updates.
fn fetched(cursor: Option<&str>, updates: &Value) -> Fetched {
    at(now(), |cx| {
        let mut talk = Telegram.hear(cursor, 0, cx).unwrap();
        talk.start(cx);
        match talk.read(0, ok(updates), cx) {
            Ok(Step::Done(fetched)) => fetched,
            other => panic!("{other:?}"),
        }
    })
}

fn pressed(data: &str) -> Press {
    fetched(None, &json!([update(7, 42, data)])).presses.remove(0)
}

/// What whoever pressed is told.
fn told(press: &Press, answer: &Answer) -> Vec<(String, Value)> {
    at(now(), |cx| all(Telegram.answer(press, answer, cx).unwrap().start(cx)))
}

fn form(asks: Asks) -> Answer {
    let form = Form {
        title: "Rinviare fino a quando?".into(),
        label: "Fino a quando".into(),
        text: String::new(),
        send: "Rinvia".into(),
        button: "t".repeat(56),
        asks,
        limit: None,
    };
    let link = "https://ascolto.example/act/xyz".to_owned();
    Answer { form: Some(form), link, ..Answer::default() }
}

#[test]
fn every_press_comes_back_as_it_was_sent() {
    let keyboard = sent_json(&sample())["reply_markup"]["inline_keyboard"].clone();
    let data = keyboard.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    let data: Vec<&str> = data.filter_map(|button| button["callback_data"].as_str()).collect();
    let acts = sample().case.unwrap().actions;
    assert_eq!(data.len(), acts.len());
    for (data, act) in data.iter().zip(acts) {
        let press = pressed(data);
        assert_eq!(press.did, Pressed::Button(act.button));
        assert_eq!((press.by.as_str(), press.name.as_str()), ("42", "Ada L"));
        assert_eq!(press.key, "cq7");
        assert!(at(now(), |cx| Telegram.is_mine(&press, cx)));
        assert_eq!(format!("{:?}", press.back), "Back", "it lets others answer");
    }
}

#[test]
fn only_what_we_wrote_is_taken_for_what_somebody_said() {
    let token = "t".repeat(56);
    for said in ["1h", "4h", "morning", "sure"] {
        let did = pressed(&format!("{token}:{said}")).did;
        assert_eq!(did, Pressed::Form { button: token.clone(), said: said.to_owned() });
    }
    for forged in ["2h", "it's nothing", "xx", "", "h", "Sure", "sure "] {
        let data = format!("{token}:{forged}");
        assert_eq!(pressed(&data).did, Pressed::Button(data), "no token has a colon in it");
    }
}

#[test]
fn whoever_hides_is_nobody_and_is_told_so() {
    let press =
        fetched(None, &json!([update(7, 1_087_968_824, "button-aaa:it")])).presses.remove(0);
    assert_eq!(press.by, "", "no agent can be known by that number");
    let answer = Answer { text: "Fatto".into(), done: true, ..form(Asks::Reason) };
    let asks = told(&press, &answer);
    assert_eq!(asks.len(), 1, "nothing is opened for nobody");
    let toast = &asks[0].1;
    assert_eq!(toast["text"], Catalogue::of(Lang::IT).get("alert.anonymous"));
    assert_eq!(toast["show_alert"], true);
}

#[test]
fn presses_of_other_chats_and_topics_are_not_mine() {
    let press = |change: &dyn Fn(&mut Value)| {
        let mut update = update(7, 42, "button-aaa:en");
        change(&mut update["callback_query"]["message"]);
        fetched(None, &json!([update])).presses.remove(0)
    };
    let mine = |press: &Press| at(now(), |cx| Telegram.is_mine(press, cx));
    assert!(!mine(&press(&|message| message["chat"]["id"] = json!(-1))));
    assert!(!mine(&press(&|message| message["message_thread_id"] = json!(8))));
    assert!(!mine(&press(&|message| message["is_topic_message"] = json!(false))));
    let old = json!({ "chat": { "id": GROUP_CHAT }, "message_id": 55, "date": 0 });
    assert!(mine(&press(&|message| *message = old.clone())), "the token tells of which recipient");
    let back = Back("of another notifier".into());
    assert!(!mine(&Press { back, ..press(&|_| ()) }));
}

#[test]
fn listening_goes_on_behind_what_was_carried_out() {
    let question = |cursor: Option<&str>, later: i64, wait: u32| {
        at(now() + later, |cx| all(Telegram.hear(cursor, wait, cx).unwrap().start(cx)).remove(0).1)
    };
    let kinds = json!(["callback_query"]);
    let first = json!({ "limit": 100, "timeout": 20, "allowed_updates": kinds });
    assert_eq!(question(None, 0, 50), first, "the engine waits for no answer over half a minute");
    let broken = json!({ "update_id": 9, "callback_query": { "id": "x" } });
    let other = json!({ "update_id": 10, "message": { "text": "take" } });
    let got = fetched(None, &json!([update(8, 42, "button-aaa:en"), broken, other]));
    assert_eq!(got.presses.len(), 1, "what somebody types is no press");
    assert_eq!(question(Some(&got.cursor), 0, 0)["offset"], 11);
    let same = fetched(Some(&got.cursor), &json!([]));
    assert_eq!(same, Fetched { presses: Vec::new(), cursor: got.cursor.clone() });
    let week = question(Some(&got.cursor), 7 * crate::domain::time::DAY, 0);
    assert!(week.get("offset").is_none(), "numbers may have begun anew");
    assert!(question(Some("none of ours"), 0, 0).get("offset").is_none());
    assert_eq!(at(now(), |cx| Telegram.source(cx)), "telegram:123456");
}

#[test]
fn until_when_is_chosen_by_a_second_press_and_the_alert_keeps_its_buttons() {
    let asks = told(&pressed("button-ccc:it"), &form(Asks::Until));
    assert_eq!(
        (asks[0].0.as_str(), asks[1].0.as_str()),
        ("answerCallbackQuery", "editMessageReplyMarkup")
    );
    assert_eq!(
        asks[0].1,
        json!({ "callback_query_id": "cq7", "text": "Rinviare fino a quando?", "show_alert": false })
    );
    let markup = &asks[1].1;
    assert_eq!((&markup["chat_id"], &markup["message_id"]), (&json!(GROUP_CHAT), &json!(55)));
    let rows = markup["reply_markup"]["inline_keyboard"].as_array().unwrap();
    assert_eq!(rows.len(), 5, "three of the alert, two of choices: {rows:?}");
    let data = |row: usize, at: usize| rows[row][at]["callback_data"].as_str().unwrap();
    let token = "t".repeat(56);
    assert_eq!((data(3, 0), data(3, 1)), (&*format!("{token}:1h"), &*format!("{token}:4h")));
    assert_eq!((data(4, 0), data(4, 0).len()), (&*format!("{token}:morning"), 64));
    assert_eq!(rows[4][1]["url"], "https://ascolto.example/act/xyz", "another day, on the page");
    // A second question takes the place of the first.
    let mut again = update(8, 42, "button-bbb:it");
    again["callback_query"]["message"]["reply_markup"] = markup["reply_markup"].clone();
    let press = fetched(None, &json!([again])).presses.remove(0);
    let asks = told(&press, &form(Asks::Sure));
    let rows = asks[1].1["reply_markup"]["inline_keyboard"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert_eq!(rows[3], json!([{ "text": "✓ Rinvia", "callback_data": format!("{token}:sure") }]));
    let toast = asks[0].1["text"].as_str().unwrap();
    assert_eq!(toast, "Rinviare fino a quando? Fino a quando", "what is public says so first");
}

#[test]
fn what_must_be_written_is_written_on_the_page() {
    for asks in [Asks::Reason, Asks::Text, Asks::Link] {
        let all = told(&pressed("button-ddd:it"), &form(asks));
        assert_eq!(all[1].0, "sendMessage");
        assert_eq!(
            all[1].1,
            json!({
                "chat_id": GROUP_CHAT,
                "message_thread_id": 7,
                "text": "Ada L: Rinviare fino a quando?",
                "link_preview_options": { "is_disabled": true },
                "reply_parameters": { "message_id": 55, "allow_sending_without_reply": true },
                "reply_markup": { "inline_keyboard": [
                    [{ "text": "Apri", "url": "https://ascolto.example/act/xyz" }],
                ] },
            })
        );
    }
    let inside = Answer { link: "http://localhost:7070/act/xyz".into(), ..form(Asks::Reason) };
    let asks = told(&pressed("button-ddd:it"), &inside);
    assert!(asks[1].1["text"].as_str().unwrap().ends_with("\nhttp://localhost:7070/act/xyz"));
    assert!(asks[1].1.get("reply_markup").is_none());
}

#[test]
fn choices_below_a_message_that_is_no_longer_shown_come_as_a_message() {
    let mut old = update(7, 42, "button-ccc:it");
    old["callback_query"]["message"] =
        json!({ "chat": { "id": GROUP_CHAT }, "message_id": 55, "date": 0 });
    let press = fetched(None, &json!([old])).presses.remove(0);
    let asks = told(&press, &form(Asks::Until));
    assert_eq!(asks[1].0, "sendMessage");
    assert_eq!(asks[1].1["reply_markup"]["inline_keyboard"].as_array().unwrap().len(), 2);
}

#[test]
fn a_refusal_stays_on_the_screen_until_it_is_closed() {
    let refused = Answer { text: "Già preso da bob. ".repeat(40), ..Answer::default() };
    let asks = told(&pressed("button-aaa:it"), &refused);
    assert_eq!((asks.len(), &asks[0].1["show_alert"]), (1, &json!(true)));
    let text = asks[0].1["text"].as_str().unwrap();
    assert!(text.encode_utf16().count() <= 200 && text.ends_with('…'), "{text}");
    let done = Answer { text: "Preso".into(), done: true, ..Answer::default() };
    assert_eq!(told(&pressed("button-aaa:it"), &done)[0].1["show_alert"], false);
}
