//! What an incident says, when it opens and ends, and which calls are believed.

use super::super::tests::{body, examples, hostile, sample, send, several, why};
use super::*;
use crate::domain::Instant;
use crate::domain::reason::Reason;
use crate::wire::{AlertLine, AlertStands, Method, Pressed};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;

const KEY: &str = "e93facc04764012d7bfb002500d5d1a6";
const SECRET: &str = "an-example-webhook-secret";

fn event(alert: &Alert) -> Value {
    serde_json::from_str(&body(&send(&PagerDuty, &examples(&PagerDuty), alert))).unwrap()
}

/// What a change of this alert says, if anything.
fn changed(alert: &Alert, remote: &str) -> Option<Value> {
    let settings = PagerDuty.settings(&examples(&PagerDuty)).unwrap();
    let cx = Ctx { settings: &*settings, session: None, now: alert.at, own: &[], seed: 1 };
    let mut talk = PagerDuty.edit(alert, remote, &cx).unwrap();
    let Step::Ask(asks) = talk.start(&cx) else { panic!("it asks") };
    match &asks[0].via {
        Via::Nothing => {
            let done = talk.read(0, Got::Said, &cx).unwrap();
            let Step::Done(Delivered { remote: kept }) = done else { panic!("{done:?}") };
            assert_eq!(kept, remote);
            None
        }
        _ => Some(serde_json::from_str(&body(&asks[0])).unwrap()),
    }
}

#[test]
fn a_sample_alert_is_this_json() {
    let link = |text: &str, href: &str| json!({ "href": href, "text": text });
    assert_eq!(
        event(&sample()),
        json!({
            "routing_key": KEY,
            "event_action": "trigger",
            "dedup_key": "01JDKEY",
            "payload": {
                "summary": "Nuovo reclamo: acme (mastodon), delivery, serious | gino: Terza \
                            settimana e il pacco non è ancora arrivato",
                "source": "mastodon",
                "severity": "error",
                "timestamp": "2026-11-20T09:00:00.000Z",
                "component": "mastodon",
                "group": "acme",
                "class": "new_complaint",
                "custom_details": {
                    "alert": "01JDKEY",
                    "mastodon": "gino: Terza settimana e il pacco non è ancora arrivato",
                    "Answer by": "20 nov 18:00",
                    "Reply limit": "500",
                    "Risk": "wants to leave, was ignored",
                    "Why": "waits too long “Terza settimana”; did not arrive, or arrived wrong \
                            “non è ancora arrivato”; one star",
                    "Draft": "Buongiorno gino, ci dispiace.",
                },
            },
            "client": "Ascolto",
            "client_url": "https://ascolto.example/cases/01JD",
            "links": [
                link("Open", "https://ascolto.example/cases/01JD"),
                link("Original", "https://social.example/@gino/1"),
                link("Prendi in carico", "https://ascolto.example/act/aaa"),
                link("Pubblica", "https://ascolto.example/act/bbb"),
                link("Rinvia", "https://ascolto.example/act/ccc"),
                link("Nessuna risposta necessaria", "https://ascolto.example/act/ddd"),
            ],
        })
    );
}

#[test]
fn one_alert_of_several_links_each() {
    let event = event(&several());
    assert_eq!(event["payload"]["summary"], "Dopo le ore di silenzio: Acme | 2 casi");
    assert_eq!(event["payload"]["source"], "ascolto");
    assert!(event.get("client_url").is_none());
    assert_eq!(
        event["links"],
        json!([
            { "href": "https://ascolto.example/cases/01JA", "text": "18:00 @gino" },
            { "href": "https://ascolto.example/cases/01JB", "text": "19:00 @lia * Nuovo" },
        ])
    );
}

#[test]
fn hostile_text_stays_on_its_line() {
    let event = event(&hostile());
    let printable = |text: &str| text.chars().all(crate::domain::text::is_printable);
    assert!(printable(event["payload"]["summary"].as_str().unwrap()));
    let details = event["payload"]["custom_details"].as_object().unwrap();
    assert!(details.values().all(|value| printable(value.as_str().unwrap())), "{details:?}");
    assert!(details["note"].as_str().unwrap().contains("Not re-checked"));
    let mut alert = hostile();
    alert.case.as_mut().unwrap().url = "javascript:alert(1)".into();
    let links = self::event(&alert)["links"].to_string();
    assert!(!links.contains("javascript"), "{links}");
}

#[test]
fn an_incident_follows_its_case() {
    let mut alert = sample();
    (alert.of, alert.key, alert.rings) = (Some("01JDFIRST".into()), "01JDNEXT".into(), false);
    let mut said = |stands: AlertStands, rings: bool| {
        alert.case.as_mut().unwrap().stands = stands;
        alert.rings = rings;
        changed(&alert, "01JDFIRST")
    };
    let short = |action: &str| json!({ "routing_key": KEY, "event_action": action, "dedup_key": "01JDFIRST" });
    assert_eq!(said(AlertStands::Taken, false), Some(short("acknowledge")));
    assert_eq!(said(AlertStands::Ended, false), Some(short("resolve")));
    assert_eq!(said(AlertStands::Ended, true), Some(short("resolve")), "late, it opens nothing");
    assert_eq!(said(AlertStands::Open, false), None, "it could open an incident that was closed");
    let again = said(AlertStands::Open, true).unwrap();
    assert_eq!(
        (&again["event_action"], &again["dedup_key"]),
        (&json!("trigger"), &json!("01JDFIRST"))
    );
    let mut night = several();
    (night.of, night.reason) = (Some("night.desk.1".into()), Reason::WokenAgain);
    assert_eq!(changed(&night, "night.desk.1").unwrap()["event_action"], "trigger");
    night.lines.clear();
    assert_eq!(changed(&night, "night.desk.1").unwrap()["event_action"], "resolve");
    night.reason = Reason::StormOver;
    assert_eq!(changed(&night, "night.desk.1").unwrap()["event_action"], "resolve");
}

#[test]
fn the_sample_calls_nobody_any_more_once_it_was_changed() {
    let said = changed(&crate::notify::Sample::change(sample()), "01JDKEY").unwrap();
    assert_eq!((&said["event_action"], &said["dedup_key"]), (&json!("resolve"), &json!("01JDKEY")));
}

#[test]
fn nothing_is_known_of_what_has_no_key_there() {
    let settings = PagerDuty.settings(&examples(&PagerDuty)).unwrap();
    let cx = Ctx { settings: &*settings, session: None, now: sample().at, own: &[], seed: 1 };
    assert!(PagerDuty.edit(&sample(), "", &cx).is_none());
}

#[test]
fn how_much_it_matters_follows_the_case_and_what_may_wake() {
    let mut alert = sample();
    for (severity, urgent, told) in [
        (0, false, "warning"),
        (1, false, "warning"),
        (2, false, "error"),
        (3, false, "critical"),
        (1, true, "critical"),
    ] {
        alert.case.as_mut().unwrap().severity = severity;
        alert.urgent = urgent;
        assert_eq!(event(&alert)["payload"]["severity"], told, "{severity}");
    }
    (alert.case, alert.urgent) = (None, false);
    for (reason, told) in [
        (Reason::ChannelDeaf, "error"),
        (Reason::ChannelBack, "info"),
        (Reason::ToLookAt, "warning"),
    ] {
        alert.reason = reason;
        assert_eq!(event(&alert)["payload"]["severity"], told);
    }
}

#[test]
fn a_long_key_becomes_its_digest() {
    assert_eq!(dedup_key("01JD.3.new_complaint.desk"), "01JD.3.new_complaint.desk");
    let (one, other) = ("a".repeat(300), format!("{}b", "a".repeat(299)));
    assert_eq!(dedup_key(&one).len(), 64);
    assert_eq!(dedup_key(&one), dedup_key(&one));
    assert_ne!(dedup_key(&one), dedup_key(&other));
}

fn answered(status: u16, answer: &Value) -> Response {
    Response { status, body: answer.to_string().into_bytes(), ..Response::default() }
}

#[test]
fn only_pagerdutys_own_answer_counts_as_delivered() {
    let settings = PagerDuty.settings(&examples(&PagerDuty)).unwrap();
    let cx = Ctx { settings: &*settings, session: None, now: sample().at, own: &[], seed: 1 };
    let mut talk = PagerDuty.send(&sample(), &cx);
    let good = json!({ "status": "success", "message": "Event processed", "dedup_key": "01JDKEY" });
    let done = talk.read(0, Got::Http(answered(202, &good)), &cx).unwrap();
    let Step::Done(Delivered { remote }) = done else { panic!("{done:?}") };
    assert_eq!(remote, "01JDKEY");
    let page =
        Response { status: 200, body: b"<html>Log in</html>".to_vec(), ..Response::default() };
    assert_eq!(talk.read(0, Got::Http(page), &cx).unwrap_err().next, Next::Refused);
}

#[test]
fn refusals_say_what_is_wrong() {
    let settings = PagerDuty.settings(&examples(&PagerDuty)).unwrap();
    let cx = Ctx { settings: &*settings, session: None, now: sample().at, own: &[], seed: 1 };
    let fault = |errors: Value| {
        let answer = json!({ "status": "invalid event", "message": "Event object is invalid",
                             "errors": errors });
        PagerDuty.fault(&answered(400, &answer), &cx).unwrap()
    };
    let key = fault(json!(["Length of 'routing_key' is incorrect (should be 32 characters)"]));
    assert_eq!(key.next, Next::Auth);
    assert!(key.why.contains("correct `routing_key`"), "{}", key.why);
    let other = fault(json!(["'payload.summary' is missing or blank"]));
    assert_eq!(other.next, Next::Refused);
    assert!(other.why.contains("payload.summary"), "{}", other.why);
    assert!(fault(json!([])).why.contains("Event object is invalid"));
}

fn acknowledged() -> Value {
    json!({ "event": {
        "id": "01BRB6ZP4M6T8ZG4X6BP63ZB9O",
        "event_type": "incident.acknowledged",
        "resource_type": "incident",
        "occurred_at": "2026-11-20T08:59:30.000Z",
        "agent": { "id": "PLH1HKV", "type": "user_reference", "summary": "Ada\nLovelace",
                   "html_url": "https://acme.pagerduty.com/users/PLH1HKV" },
        "client": null,
        "data": { "id": "PGR0VU2", "type": "incident", "incident_key": "01JDFIRST" },
    } })
}

/// What a call comes to, with this header; at the time of the sample.
fn called(signature: Option<&str>, body: &[u8], configured: bool) -> Called {
    let mut table = examples(&PagerDuty);
    if !configured {
        table.remove("webhook_secret");
    }
    let settings = PagerDuty.settings(&table).unwrap();
    let now = Instant::parse("2026-11-20T09:00:00Z").unwrap();
    let cx = Ctx { settings: &*settings, session: None, now, own: &[], seed: 1 };
    assert_eq!(PagerDuty.vouches(&cx), configured, "whose calls are believed");
    let header = signature.map(|told| ("x-pagerduty-signature".to_owned(), told.to_owned()));
    let headers: Vec<(String, String)> = header.into_iter().collect();
    PagerDuty.hook(&HookRequest { method: Method::Post, query: &[], headers: &headers, body }, &cx)
}

fn signature(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    let tag = mac.finalize().into_bytes();
    format!("v1={}", tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn genuine(call: &Value) -> Called {
    let body = call.to_string().into_bytes();
    called(Some(&signature(SECRET, &body)), &body, true)
}

#[test]
fn whoever_acknowledges_the_incident_takes_the_case() {
    let Called::Presses(presses) = genuine(&acknowledged()) else { panic!("it is genuine") };
    let [press] = presses.as_slice() else { panic!("{presses:?}") };
    assert_eq!((press.key.as_str(), press.by.as_str()), ("01BRB6ZP4M6T8ZG4X6BP63ZB9O", "PLH1HKV"));
    assert_eq!(press.name, "Ada Lovelace");
    assert_eq!(press.did, Pressed::Mark { remote: "01JDFIRST".into(), act: "take" });
}

#[test]
fn what_is_genuine_and_none_of_ours_is_taken_and_moves_nothing() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut call = acknowledged();
        change(&mut call["event"]);
        genuine(&call)
    };
    let none = Called::Presses(Vec::new());
    assert_eq!(with(&|event| event["event_type"] = json!("incident.resolved")), none, "no answer");
    assert_eq!(with(&|event| event["agent"] = Value::Null), none, "PagerDuty itself");
    let own = json!({ "id": "PX", "type": "inbound_integration_reference" });
    assert_eq!(with(&|event| event["agent"] = own.clone()), none, "our own event");
    assert_eq!(with(&|event| event["data"]["incident_key"] = Value::Null), none, "put together");
    assert_eq!(with(&|event| event["occurred_at"] = json!("2026-11-20T07:59:00Z")), none, "old");
    let ping = json!({ "event": {
        "id": "01CH", "event_type": "pagey.ping", "resource_type": "pagey",
        "occurred_at": "2026-11-20T08:59:30.000Z", "agent": null, "client": null,
        "data": { "message": "Hello from your friend Pagey!", "type": "ping" },
    } });
    assert_eq!(genuine(&ping), none, "the test of the webhook's page");
    assert_eq!(genuine(&json!([])), none);
}

#[test]
fn a_forged_call_is_refused() {
    let body = acknowledged().to_string().into_bytes();
    let good = signature(SECRET, &body);
    let two = format!("v1={}, {good}", "0".repeat(64));
    assert!(matches!(called(Some(&two), &body, true), Called::Presses(p) if p.len() == 1));
    let refused = |told: Option<&str>, body: &[u8], configured: bool| {
        assert!(matches!(called(told, body, configured), Called::Refuse(_)), "{told:?}");
    };
    refused(None, &body, true);
    refused(Some(&good), &body, false);
    refused(Some(&good), b"{}", true);
    for told in [
        signature("another secret", &body),
        good.replace("v1=", "v2="),
        good.replace("v1=", ""),
        good[..good.len() - 2].to_owned(),
        "v1=".to_owned(),
        "v1=zz".to_owned(),
        String::new(),
    ] {
        refused(Some(&told), &body, true);
    }
}

#[test]
fn wrong_settings_are_explained_without_showing_them() {
    for (key, region, secret, server, wrong) in [
        ("e93facc0", "eu", "s", "https://events.pagerduty.com", "routing_key"),
        (KEY, "europe", "s", "https://events.pagerduty.com", "region"),
        (KEY, "eu", " ", "https://events.pagerduty.com", "webhook_secret"),
        (KEY, "eu", "s", "https://events.pagerduty.com/v2/enqueue", "server"),
        (KEY, "eu", "s", "ftp://events.pagerduty.com", "server"),
    ] {
        let table = toml::toml! { routing_key = key
        region = region
        webhook_secret = secret
        server = server };
        let fault = PagerDuty.settings(&table).err().unwrap();
        assert_eq!(fault.key, wrong);
        assert!(!fault.why.contains("e93facc0"), "{}", fault.why);
    }
    for (region, host) in [("us", "events.pagerduty.com"), ("eu", "events.eu.pagerduty.com")] {
        let table = toml::toml! { routing_key = KEY
        region = region };
        let Via::Http(request) = send(&PagerDuty, &table, &sample()).via else { panic!("HTTP") };
        assert_eq!(request.url.as_str(), format!("https://{host}/v2/enqueue"));
    }
}

proptest! {
    #[test]
    fn the_event_fits_and_keeps_its_links(
        text in r"(\PC|👩‍👩‍👧‍👦|\n){0,40}", times in 0usize..150, things in 0usize..300,
    ) {
        let mut alert = sample();
        let outside = text.repeat(times);
        alert.title = outside.clone();
        alert.body = outside.clone();
        alert.lines =
            vec![AlertLine { text: outside.clone(), link: "https://a.example/1".into() }; things];
        let case = alert.case.as_mut().unwrap();
        case.text = outside.clone();
        case.author = outside.clone();
        case.draft = outside.clone();
        case.url = outside.clone();
        case.why = vec![why("word", &outside); 9];
        let event = event(&alert);
        let summary = event["payload"]["summary"].as_str().unwrap();
        prop_assert!((1..=1_024).contains(&summary.chars().count()));
        prop_assert!(event.to_string().len() < 512 << 10);
        prop_assert_eq!(&event["links"][0]["href"], "https://ascolto.example/cases/01JD");
    }
}
