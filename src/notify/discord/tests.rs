//! What is asked of Discord to tell an alert, and what its answers mean.

use super::super::tests::{body, examples, sample, send};
use super::*;
use crate::domain::Instant;
use crate::wire::Step;

const NOW: Instant = Instant(1_763_620_000_000);

fn request(ask: &Ask) -> &Request {
    let Via::Http(request) = &ask.via else { panic!("Discord speaks HTTP") };
    request
}

fn in_thread() -> Box<dyn Any + Send + Sync> {
    Discord.settings(&examples(&Discord)).unwrap()
}

fn cx(settings: &(dyn Any + Send + Sync)) -> Ctx<'_> {
    Ctx { settings, session: None, now: NOW, own: &[], seed: 1 }
}

#[test]
fn an_alert_is_posted_and_waited_for() {
    let ask = send(&Discord, &examples(&Discord), &sample());
    let request = request(&ask);
    assert_eq!(request.method, Method::Post);
    assert_eq!(
        request.url.as_str(),
        "https://discord.com/api/v10/webhooks/123456789012345678/example-token\
         ?wait=true&with_components=true&thread_id=123456789012345679"
    );
    assert_eq!(format!("{request:?}"), "POST https://discord.com/…");
    let sent: Value = serde_json::from_str(&body(&ask)).unwrap();
    assert!(sent.get("flags").is_none(), "it rings");
    let mut quiet = sample();
    quiet.rings = false;
    let sent = body(&send(&Discord, &examples(&Discord), &quiet));
    assert_eq!(serde_json::from_str::<Value>(&sent).unwrap()["flags"], 4096);
}

#[test]
fn a_change_is_made_in_place_and_what_rings_is_said_again() {
    let settings = in_thread();
    let cx = cx(&*settings);
    let mut alert = sample();
    (alert.of, alert.key) = (Some("01JDFIRST".into()), "01JDNEXT".into());
    let mut talk = Discord.edit(&alert, "1234", &cx).unwrap();
    let Step::Ask(asks) = talk.start(&cx) else { panic!("it asks") };
    let [change, word] = asks.as_slice() else { panic!("{} asks", asks.len()) };
    assert_eq!(request(change).method, Method::Patch);
    assert_eq!(
        request(change).url.path(),
        "/api/v10/webhooks/123456789012345678/example-token/messages/1234"
    );
    assert_eq!(request(word).method, Method::Post);
    assert!(body(word).contains("Nuovo reclamo") && !body(word).contains("embeds"));
    let got = |id: &str| {
        let body = format!("{{\"id\":\"{id}\"}}").into_bytes();
        Got::Http(Response { status: 200, body, ..Response::default() })
    };
    assert!(matches!(talk.read(0, got("1234"), &cx), Ok(Step::Ask(more)) if more.is_empty()));
    let Ok(Step::Done(told)) = talk.read(0, got("1235"), &cx) else { panic!("it is told") };
    assert_eq!(told.remote, "1234", "the alert, not the word about it");
    alert.rings = false;
    let Step::Ask(asks) = Discord.edit(&alert, "1234", &cx).unwrap().start(&cx) else {
        panic!("it asks")
    };
    assert_eq!(asks.len(), 1);
    assert!(Discord.edit(&alert, "", &cx).is_none(), "nothing is known of what stands there");
    let Step::Ask(asks) = Discord.edit(&alert, "1/../2?x", &cx).unwrap().start(&cx) else {
        panic!("it asks")
    };
    assert!(request(&asks[0]).url.path().ends_with("/example-token/messages/1%2F..%2F2%3Fx"));
}

#[test]
fn only_discords_own_answer_counts_as_delivered() {
    let got = |body: &str| {
        Got::Http(Response { status: 200, body: body.as_bytes().to_vec(), ..Response::default() })
    };
    assert_eq!(posted(got(r#"{"id":"1","content":""}"#)).unwrap(), "1");
    assert_eq!(posted(got("<html>Log in</html>")).unwrap_err().next, Next::Refused);
}

#[test]
fn errors_say_what_to_do() {
    let settings = in_thread();
    let cx = cx(&*settings);
    let fault = |status, body: &str| {
        let res = Response { status, body: body.as_bytes().to_vec(), ..Response::default() };
        Discord.fault(&res, &cx)
    };
    for (status, code, next) in [
        (404, 10015, Next::Gone),
        (404, 10008, Next::Gone),
        (404, 10003, Next::Gone),
        (400, 220_001, Next::Refused),
        (400, 50_035, Next::Refused),
        (401, 50_027, Next::Auth),
        (403, 0, Next::Auth),
    ] {
        let said = fault(status, &format!("{{\"code\":{code},\"message\":\"Bad\"}}")).unwrap();
        assert_eq!(said.next, next, "{code}: {}", said.why);
    }
    assert!(
        fault(400, r#"{"code":50035,"message":"Invalid\nForm Body"}"#)
            .unwrap()
            .why
            .contains("(Invalid Form Body, HTTP 400)")
    );
    assert_eq!(fault(404, "<html>").unwrap().next, Next::Gone);
    assert_eq!((fault(200, "{}"), fault(429, "{}"), fault(500, "")), (None, None, None));
}

#[test]
fn what_is_left_is_learned_from_the_headers() {
    let settings = in_thread();
    let cx = cx(&*settings);
    let told = |path: &str, remaining: &str, after: &str| {
        let res = Response {
            status: 200,
            headers: vec![
                ("x-ratelimit-remaining".to_owned(), remaining.to_owned()),
                ("x-ratelimit-reset-after".to_owned(), after.to_owned()),
            ],
            url: Url::parse(&format!("https://discord.com{path}")).ok(),
            ..Response::default()
        };
        Discord.told(&res, &cx)
    };
    let reset = NOW + 1_250;
    assert_eq!(
        told("/api/v10/webhooks/1/t", "4", "1.25"),
        [Told { bucket: EXECUTE, remaining: 4, reset }]
    );
    assert_eq!(
        told("/api/v10/webhooks/1/t/messages/2", "0", "1.25"),
        [Told { bucket: EDIT, remaining: 0, reset }]
    );
    for (remaining, after) in [("", "1"), ("-1", "1"), ("1", "NaN"), ("1", "-1"), ("1", "inf")] {
        assert!(told("/", remaining, after).is_empty(), "{remaining} {after}");
    }
}

#[test]
fn wrong_settings_are_explained_without_showing_them() {
    let read = |url: &str, thread: &str| {
        let table = toml::toml! { url = url
        thread_id = thread };
        Discord.settings(&table).err().map(|fault| (fault.key, fault.why))
    };
    let good = "https://discord.com/api/webhooks/1/token";
    assert_eq!(read(good, "12"), None);
    assert_eq!(read("https://discord.com/api/v9/webhooks/1/token", "12"), None);
    for url in [
        "discord.com/api/webhooks/1/token",
        "ftp://discord.com/api/webhooks/1/token",
        "https://discord.com/api/webhooks/1",
        "https://discord.com/api/webhooks/x/token",
        "https://discord.com/api/webhooks/1/token/slack",
        "https://discord.com/api/webhooks/1/token?wait=true",
        "https://discord.com/channels/1/2",
    ] {
        let (key, why) = read(url, "12").unwrap_or_else(|| panic!("{url}"));
        assert_eq!(key, "url");
        assert!(!why.contains("token?") && !why.contains(url), "{why}");
    }
    assert_eq!(read(good, "general").unwrap().0, "thread_id");
}
