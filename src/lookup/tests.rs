//! The question as it travels, and what of an answer is believed.

use super::*;
use crate::domain::Instant;
use crate::domain::customer::CustomerValue;
use crate::wire::{Next, Response};
use serde_json::json;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

fn settings() -> Settings {
    Settings::new("https://crm.acme.example/who", Secret::new(SECRET)).map_err(|e| e.1).unwrap()
}

fn question() -> Question {
    Question {
        network: "mastodon".into(),
        handle: "gino@social.example".into(),
        author_id: "109".into(),
        mail: Some("gino@posta.example".into()),
        order_numbers: vec!["IT4711223".into()],
    }
}

/// What is asked, and what comes of an answer.
fn asked(answer: Response) -> (Request, Result<CustomerFacts, Fault>) {
    let settings = settings();
    let now = Instant::parse("2026-11-20T09:00:00Z").unwrap();
    let cx = Ctx { settings: &settings, session: None, now, own: &[], seed: 1 };
    let mut talk = Asking::new("msg_1".into(), question());
    let Step::Ask(asks) = talk.start(&cx) else { panic!("it asks first") };
    let Via::Http(request) = &asks[0].via else { panic!("it asks by HTTP") };
    assert_eq!((asks.len(), asks[0].spend, asks[0].auth), (1, &[(ASK, 1)][..], false));
    let read = talk.read(0, Got::Http(answer), &cx).map(|step| match step {
        Step::Done(facts) => facts,
        other => panic!("{other:?}"),
    });
    (request.clone(), read)
}

fn answered(body: &Value) -> CustomerFacts {
    let res = Response { status: 200, body: body.to_string().into(), ..Response::default() };
    asked(res).1.unwrap()
}

#[test]
fn the_question_is_signed_json() {
    let (request, _) = asked(Response { status: 204, ..Response::default() });
    let header = |name| {
        let found = request.headers.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let Body::Json(body) = &request.body else { panic!("JSON") };
    let told: Value = serde_json::from_slice(body).unwrap();
    let whole = json!({
        "network": "mastodon",
        "handle": "gino@social.example",
        "author_id": "109",
        "mail": "gino@posta.example",
        "order_numbers": ["IT4711223"],
    });
    assert_eq!(told, whole);
    assert_eq!((header("webhook-id"), header("webhook-timestamp")), ("msg_1", "1795165200"));
    let hook = standardwebhooks::Webhook::new(SECRET).unwrap();
    assert_eq!(header("webhook-signature"), hook.sign("msg_1", 1_795_165_200, body).unwrap());
    assert!(!format!("{request:?}").contains("whsec"));
}

#[test]
fn a_whole_answer_is_read() {
    let facts = answered(&json!({
        "since": "2019-03-01",
        "value": "VIP",
        "order": { "number": "IT-4711223", "state": "in transit" },
        "link": "https://crm.acme.example/c/17",
        "name": "Gino Rossi",
        "shoe_size": 43,
    }));
    assert_eq!(facts.since.unwrap().to_string(), "2019-03-01");
    assert_eq!(facts.value, Some(CustomerValue::Vip));
    let order = Order { number: "IT-4711223".into(), state: "in transit".into() };
    assert_eq!(facts.order, Some(order));
    assert_eq!(facts.link, "https://crm.acme.example/c/17");
    assert_eq!(facts.name, "Gino Rossi");
    let number = answered(&json!({ "order": { "number": 4_711_223 } })).order.unwrap();
    assert_eq!((number.number.as_str(), number.state.as_str()), ("4711223", ""));
}

#[test]
fn what_does_not_read_as_it_should_is_left_out() {
    for odd in [
        json!({}),
        json!({ "since": "yesterday", "value": "gold", "order": "4711", "link": 7, "name": [] }),
        json!({ "since": "1815-06-18", "value": 3, "order": {}, "link": "crm.example", "name": null }),
        json!({ "since": "2026-11-22", "order": { "number": "<>" } }),
        json!({ "link": "http://crm.acme.example/" }),
        json!({ "link": "https://anna:secret@crm.acme.example/" }),
        json!({ "link": "javascript:alert(1)" }),
        json!({ "link": format!("https://crm.acme.example/{}", "x".repeat(MOST_LINK)) }),
        json!({ "name": "\u{202e}\u{200b}<>", "order": { "state": "lost" } }),
    ] {
        assert_eq!(answered(&odd), CustomerFacts::default(), "{odd}");
    }
    let hostile = answered(&json!({
        "name": format!("<!channel>\n@here {}", "x".repeat(10_000)),
        "order": { "number": "1\n2", "state": "[pay](https://evil.example)" },
    }));
    assert!(hostile.name.starts_with("channel here xxx") && hostile.name.len() <= MOST_TEXT);
    let order = hostile.order.unwrap();
    assert_eq!((order.number.as_str(), order.state.as_str()), ("1 2", "pay(httpsevilexample)"));
}

#[test]
fn what_is_no_answer_is_a_fault() {
    for body in ["", "no", "[]", "null", "\"vip\"", "{\"value\":\"vip\"", "{\"a\":\"\\ud800\"}"] {
        let res = Response { status: 200, body: body.into(), ..Response::default() };
        assert_eq!(asked(res).1.unwrap_err().next, Next::Bug, "{body}");
    }
    let long = json!({ "name": "x".repeat(MOST_BYTES) }).to_string();
    let res = Response { status: 200, body: long.into(), ..Response::default() };
    assert!(asked(res).1.unwrap_err().why.contains("16384 bytes"));
}

#[test]
fn settings_that_do_not_do_say_what_to_write() {
    let wrong = |url, secret| Settings::new(url, Secret::new(secret)).err().unwrap();
    assert_eq!(wrong("crm.example", SECRET).0, "url");
    assert_eq!(wrong("ftp://crm.example", SECRET).0, "url");
    for secret in ["", "whsec_", "whsec_c2hvcnQ=", &SECRET[6..]] {
        let (key, what, remedy) = wrong("https://crm.example", secret);
        assert_eq!((key, what), ("secret", "no signing secret"));
        assert!(remedy.contains("whsec_"), "{remedy}");
    }
}
