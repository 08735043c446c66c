//! What the tapes cannot show: refusals, lost days, numbers that begin anew.

use super::*;
use crate::domain::{Instant, Visibility};
use crate::wire::{Body, Got, Heard, Page, Step, Via};

const NOW: Instant = Instant(1_795_262_400_000);

fn with<R>(toml: &str, now: Instant, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let table = format!("token = \"700100:tk-1234\"\n{toml}");
    let settings = Telegram.settings(&table.parse().unwrap()).unwrap();
    let session = Session { facts: "{\"username\":\"acme_bot\"}".to_owned(), ..Session::default() };
    let own = ["700100".to_owned(), "7".to_owned()];
    speak(&Ctx { settings: &*settings, session: Some(&session), now, own: &own, seed: 0 })
}

fn response(method: &str, status: u16, body: &str) -> Response {
    let url = Url::parse(&format!("https://api.telegram.org/bot700100:tk-1234/{method}")).unwrap();
    Response { status, headers: Vec::new(), body: body.into(), url: Some(url) }
}

fn got(updates: &[String]) -> Got {
    let body = format!("{{\"ok\":true,\"result\":[{}]}}", updates.join(","));
    Got::Http(response("getUpdates", 200, &body))
}

/// An update with a message of which `more` says the rest.
fn update(number: i64, more: &str) -> String {
    format!(
        "{{\"update_id\":{number},\"message\":{{\"message_id\":{number},\"date\":1795262300,\
         \"chat\":{{\"id\":-1001234,\"type\":\"supergroup\"}},\
         \"from\":{{\"id\":42,\"first_name\":\"Jo\"}},{more}}}}}"
    )
}

fn asked<T: std::fmt::Debug>(step: Step<T>) -> serde_json::Value {
    match step {
        Step::Ask(mut asks) => match asks.remove(0).via {
            Via::Http(Request { body: Body::Json(json), .. }) => {
                serde_json::from_slice(&json).unwrap()
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn page(step: Result<Step<Cursor>, Fault>) -> Page {
    match step {
        Ok(Step::Page(page)) => page,
        other => panic!("{other:?}"),
    }
}

fn listen<'a>(cursor: Option<&Cursor>, cx: &Ctx<'_>) -> Box<dyn Talk<Cursor> + 'a> {
    Telegram.listen(&Telegram.lanes(cx)[0], cursor, None, cx)
}

/// The cursor after one update with that number.
fn after(number: i64) -> Cursor {
    with("", NOW, |cx| {
        let mut walk = listen(None, cx);
        assert_eq!(asked(walk.start(cx))["offset"], serde_json::Value::Null);
        let page = page(walk.read(0, got(&[update(number, "\"text\":\"no\"")]), cx));
        let Step::Done(cursor) = walk.start(cx) else { panic!("done") };
        assert_eq!(page.resume.as_ref(), Some(&cursor.0));
        cursor
    })
}

#[test]
fn what_is_committed_is_confirmed_by_the_next_question() {
    let cursor = after(700_001);
    with("wait = 15", NOW + MINUTE, |cx| {
        let mut walk = listen(Some(&cursor), cx);
        let first = asked(walk.start(cx));
        assert_eq!(first["offset"], 700_002);
        assert_eq!(first["timeout"], 15);
        let full: Vec<String> = (0..100).map(|n| update(700_002 + n, "\"text\":\"a\"")).collect();
        assert_eq!(page(walk.read(0, got(&full), cx)).heard.len(), 100);
        let second = asked(walk.start(cx));
        assert_eq!(second["offset"], 700_102);
        assert_eq!(second["timeout"], 0);
        assert!(matches!(walk.read(0, got(&[]), cx), Ok(Step::Done(_))));
        assert_eq!(Telegram.lanes(cx)[0].every_ms, SECOND);
    });
}

#[test]
fn numbers_that_begin_anew_are_heard() {
    let cursor = after(700_001);
    with("", NOW + 6 * DAY, |cx| {
        let mut walk = listen(Some(&cursor), cx);
        assert_eq!(asked(walk.start(cx))["offset"], serde_json::Value::Null);
        page(walk.read(0, got(&[update(55, "\"text\":\"a\"")]), cx));
        let Step::Done(anew) = walk.start(cx) else { panic!("done") };
        let mut walk = listen(Some(&anew), cx);
        assert_eq!(asked(walk.start(cx))["offset"], 56);
    });
}

#[test]
fn more_than_a_day_without_a_question_is_a_hole() {
    let cursor = after(700_001);
    with("", NOW + 3 * DAY, |cx| {
        let mut walk = listen(Some(&cursor), cx);
        walk.start(cx);
        let page = page(walk.read(0, got(&[]), cx));
        assert!(page.hole.unwrap().contains("24 hours"));
        assert_eq!(page.span, Some((NOW + 2 * DAY, NOW + 3 * DAY)));
    });
    with("", NOW + DAY, |cx| {
        let mut walk = listen(Some(&cursor), cx);
        walk.start(cx);
        assert!(matches!(walk.read(0, got(&[]), cx), Ok(Step::Done(_))), "all is kept");
        let mut walk = listen(Some(&Cursor("x".into())), cx);
        walk.start(cx);
        assert_eq!(walk.read(0, got(&[]), cx).unwrap_err().next, Next::Expired);
    });
}

#[test]
fn an_update_that_never_goes_away_ends_the_walk() {
    let cursor = after(700_001);
    with("", NOW, |cx| {
        let mut walk = listen(Some(&cursor), cx);
        walk.start(cx);
        let fault = walk.read(0, got(&[update(700_001, "\"text\":\"a\"")]), cx).unwrap_err();
        assert_eq!(fault.next, Next::Bug);
    });
}

#[test]
fn who_writes_for_the_brand_is_known() {
    with("", NOW, |cx| {
        let heard = |more: &str| {
            let mut walk = listen(None, cx);
            walk.start(cx);
            page(walk.read(0, got(&[update(1, more)]), cx)).heard.pop()
        };
        let own = |more: &str| matches!(heard(more), Some(Heard::Own { .. }));
        assert!(own("\"text\":\"a\",\"is_automatic_forward\":true"));
        assert!(own("\"text\":\"a\",\"sender_chat\":{\"id\":-1001234,\"type\":\"supergroup\"}"));
        assert!(own("\"text\":\"a\",\"sender_chat\":{\"id\":7,\"type\":\"channel\"}"));
        let as_channel = "\"text\":\"a\",\"sender_chat\":{\"id\":-1009,\"title\":\"Chan\"}";
        assert!(matches!(heard(as_channel), Some(Heard::Mention(m)) if m.author.name == "Chan"));
        assert!(heard("\"new_chat_members\":[]").is_none(), "it tells of no message");
        assert!(matches!(heard("\"dice\":{}"), Some(Heard::Mention(m)) if m.text.is_empty()));
    });
}

#[test]
fn refusals_say_what_a_person_can_do() {
    with("", NOW, |cx| {
        let fault = |method: &str, status, description: &str, parameters: &str| {
            let body = format!(
                "{{\"ok\":false,\"error_code\":{status},\"description\":\"{description}\",\
                 \"parameters\":{{{parameters}}}}}"
            );
            Telegram.fault(&response(method, status, &body), cx).expect("it is a fault")
        };
        let next = |status, words: &str| fault("sendMessage", status, words, "").next;
        assert_eq!(next(401, "Unauthorized"), Next::Auth);
        assert_eq!(next(404, "Not Found"), Next::Auth);
        assert_eq!(next(403, "Forbidden: bot was blocked by the user"), Next::Refused);
        assert_eq!(next(400, "Bad Request: message to be replied not found"), Next::Gone);
        let hook = "Conflict: can't use getUpdates method while webhook is active";
        let hook = fault("getUpdates", 409, hook, "");
        assert!(hook.next == Next::Refused && hook.why.contains("deleteWebhook"), "{}", hook.why);
        let other = "Conflict: terminated by other getUpdates request";
        let next = fault("getUpdates", 409, other, "").next;
        assert_eq!(next, Next::Retry { after: Some(MINUTE) });
        let slow = fault("sendMessage", 429, "Too Many Requests", "\"retry_after\":14");
        let until = NOW + 14 * SECOND;
        assert_eq!(slow.next, Next::Throttled { bucket: Some(SEND), until });
        let moved = fault("sendMessage", 400, "upgraded", "\"migrate_to_chat_id\":-100777");
        assert!(moved.why.contains("-100777"), "{}", moved.why);
        let leaky = fault("sendMessage", 400, "bad 700100:tk-1234", "");
        assert!(leaky.why.contains("bad [secret]"), "{}", leaky.why);
    });
}

#[test]
fn the_token_stands_in_no_shown_address() {
    with("", NOW, |cx| {
        let url = cx.settings::<Settings>().at("getMe");
        let signed = Telegram.sign(Request::get(url), cx);
        assert_eq!(signed.url.as_str(), "https://api.telegram.org/bot700100:tk-1234/getMe");
        assert_eq!(format!("{signed:?}"), "GET https://api.telegram.org/…");
    });
}

#[test]
fn a_reply_in_a_forum_goes_to_its_topic() {
    let of = |thread: &str| MentionRef {
        origin: "-1001234".to_owned(),
        external_id: "55".to_owned(),
        thread_id: thread.to_owned(),
        author_id: "42".to_owned(),
        author_handle: "jo".to_owned(),
        visibility: Visibility::Public,
        url: String::new(),
        created_at: NOW,
    };
    with("", NOW, |cx| {
        let part = Part { text: "*Ciao*".to_owned() };
        let sent =
            |thread: &str| asked(Telegram.post(&part, &of(thread), "k", cx).unwrap().start(cx));
        let topic = sent("topic:9");
        assert_eq!(topic["chat_id"], -1_001_234);
        assert_eq!(topic["message_thread_id"], 9);
        assert_eq!(topic["reply_parameters"]["message_id"], 55);
        assert_eq!(topic["parse_mode"], serde_json::Value::Null, "stars stay stars");
        assert_eq!(sent("9")["message_thread_id"], serde_json::Value::Null);
        assert!(Telegram.find(&part, &of("9"), "k", NOW, cx).is_none());
    });
}

#[test]
fn a_bot_is_one_source_and_its_token_stays_out_of_it() {
    with("", NOW, |cx| assert_eq!(Telegram.source(cx), "telegram:700100"));
}
