//! What the tapes cannot show: limits, streams, log-in facts and servers that turn in circles.

use super::*;
use crate::wire::{Got, Step, Via};

const NOW: Instant = Instant(1_795_262_400_000);

fn settings() -> Box<dyn Any + Send + Sync> {
    let table = "server = \"https://s.example:8443/x\"\ntoken = \"tk\"\nhashtags = [\"#Acme\"]";
    Mastodon.settings(&table.parse().unwrap()).unwrap()
}

fn with<R>(facts: &str, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let session = Session { facts: facts.to_owned(), ..Session::default() };
    let settings = settings();
    speak(&Ctx { settings: &*settings, session: Some(&session), now: NOW, own: &[], seed: 0 })
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Response { status, headers, body: body.into(), url: None }
}

#[test]
fn the_limit_ends_when_the_server_says() {
    let reset = ("x-ratelimit-reset", "2026-11-21T12:03:20.000000Z");
    with("", |cx| {
        let fault = Mastodon.fault(&response(429, &[reset], ""), cx).unwrap();
        let until = Instant::parse("2026-11-21T12:03:20Z").unwrap();
        assert_eq!(fault.next, Next::Throttled { bucket: Some(API), until });
        let years = ("x-ratelimit-reset", "2036-11-21T12:00:00Z");
        let fault = Mastodon.fault(&response(429, &[years], ""), cx).unwrap();
        assert_eq!(fault.next, Next::Throttled { bucket: Some(API), until: NOW + DAY });
        assert_eq!(Mastodon.fault(&response(429, &[("x-ratelimit-reset", "5")], ""), cx), None);
        let res = response(200, &[("x-ratelimit-remaining", "12"), reset], "");
        assert_eq!(Mastodon.told(&res, cx), [Told { bucket: API, remaining: 12, reset: until }]);
        assert!(Mastodon.told(&response(200, &[reset], ""), cx).is_empty());
    });
}

#[test]
fn frames_wake_the_mentions_and_edits_do_not() {
    with("", |cx| {
        let wakes = |frame: &str| Mastodon.wakes(frame.as_bytes(), cx);
        assert_eq!(wakes("event: notification\ndata: {}"), ["mentions"]);
        assert_eq!(wakes("{\"stream\":[\"user:notification\"]}"), ["mentions"]);
        assert!(wakes(":thump").is_empty() && wakes("").is_empty());
        assert!(wakes("event: delete\ndata: 1").is_empty());
    });
}

#[test]
fn the_stream_is_never_less_safe_than_the_server() {
    let address = |facts| with(facts, |cx| Mastodon.stream(cx).unwrap().request.url.to_string());
    let path = "/api/v1/streaming/user/notification";
    assert_eq!(address("{}"), format!("https://s.example:8443{path}"));
    assert_eq!(
        address("{\"streaming\":\"https://st.example\"}"),
        format!("https://st.example{path}")
    );
    assert_eq!(
        address("{\"streaming\":\"http://st.example\"}"),
        format!("https://s.example:8443{path}")
    );
}

#[test]
fn what_the_server_allows_is_read_or_assumed() {
    let facts = |instance: &str| {
        with("", |cx| {
            let mut login = login::Login::default();
            let got = |body: &str| Got::Http(response(200, &[], body));
            login.read(0, got("{\"id\":\"7\"}"), cx).unwrap();
            match login.read(1, got(instance), cx).unwrap() {
                Step::Done(session) => (session.own, session.facts),
                other => panic!("{other:?}"),
            }
        })
    };
    let (own, known) = facts("{\"configuration\":{\"statuses\":{\"max_characters\":5000}}}");
    assert_eq!(own, ["7"]);
    assert_eq!(with(&known, |cx| Mastodon.length(cx).limit), 5_000);
    let (_, known) =
        facts("{\"max_toot_chars\":1000,\"urls\":{\"streaming_api\":\"wss://st.example\"}}");
    assert_eq!(with(&known, |cx| Mastodon.length(cx).limit), 1_000);
    assert!(known.contains("https://st.example"));
    let (_, known) = facts("<html>");
    assert_eq!(with(&known, |cx| Mastodon.length(cx).limit), 500);
}

#[test]
fn a_probe_asks_whose_token_it_is_and_believes_no_page() {
    with("", |cx| {
        let mut probe = Mastodon.probe(cx).unwrap();
        let Step::Ask(asks) = probe.start(cx) else { panic!("it asks") };
        let Via::Http(request) = &asks[0].via else { panic!("over HTTP") };
        assert_eq!(request.url.path(), "/api/v1/accounts/verify_credentials");
        assert!(asks[0].auth && asks.len() == 1);
        let got = |body: &str| Got::Http(response(200, &[], body));
        assert!(matches!(probe.read(0, got("{\"id\":\"7\"}"), cx), Ok(Step::Done(()))));
        let page = probe.read(0, got("<html>maintenance</html>"), cx).unwrap_err();
        assert!(matches!(page.next, Next::Retry { .. }), "{page:?}");
        assert_eq!(Mastodon.ends(cx), None, "a log-in renews the session");
    });
}

#[test]
fn lanes_and_origin_follow_the_settings() {
    with("", |cx| {
        let lanes = Mastodon.lanes(cx);
        assert_eq!(
            lanes.iter().map(|l| l.id.as_str()).collect::<Vec<_>>(),
            ["mentions", "tag:acme"]
        );
        assert_eq!(cx.settings::<Settings>().origin(), "s.example:8443");
    });
}

#[test]
fn a_server_that_turns_in_circles_is_left() {
    let page = |id: &str| {
        let at = "2026-11-20T12:00:00Z";
        let post =
            format!("{{\"id\":\"s{id}\",\"created_at\":\"{at}\",\"account\":{{\"id\":\"1\"}}}}");
        format!(
            "[{{\"id\":\"{id}\",\"type\":\"mention\",\"created_at\":\"{at}\",\"status\":{post}}}]"
        )
    };
    with("", |cx| {
        let lane = Mastodon.lanes(cx).remove(0);
        let mut same = Mastodon.listen(&lane, Some(&Cursor("5".to_owned())), None, cx);
        let got = |id: &str| Got::Http(response(200, &[], &page(id)));
        assert!(matches!(same.read(0, got("5"), cx), Err(fault) if fault.next == Next::Bug));

        let (mut walk, mut pages) = (Mastodon.listen(&lane, None, None, cx), 0);
        loop {
            match walk.start(cx) {
                Step::Ask(asks) => assert!(matches!(asks[0].via, Via::Http(_))),
                Step::Done(_) => break,
                Step::Page(_) => panic!("a page comes from an answer"),
            }
            pages += 1;
            let circle = if pages % 2 == 0 { "a" } else { "b" };
            assert!(matches!(walk.read(0, got(circle), cx), Ok(Step::Page(_))));
        }
        assert_eq!(pages, 250);
    });
}

#[test]
fn a_first_look_goes_down_and_then_up_from_where_it_begins() {
    let page = |entries: &[(&str, i64)]| {
        let one = |(id, days): &(&str, i64)| {
            let at = NOW - days * DAY;
            format!(
                "{{\"id\":\"{id}\",\"type\":\"mention\",\"created_at\":\"{at}\",\"status\":\
                 {{\"id\":\"s{id}\",\"created_at\":\"{at}\",\"account\":{{\"id\":\"1\"}}}}}}"
            )
        };
        let list: Vec<String> = entries.iter().map(one).collect();
        Got::Http(response(200, &[], &format!("[{}]", list.join(","))))
    };
    let query = |step: Step<Cursor>| match step {
        Step::Ask(mut asks) => match asks.remove(0).via {
            Via::Http(request) => request.url.query().unwrap_or_default().to_owned(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    with("", |cx| {
        let lane = Mastodon.lanes(cx).remove(0);
        let look = || Mastodon.look_back(&lane, NOW - 30 * DAY, None, cx).unwrap();
        let mut walk = look();
        let first = query(walk.start(cx));
        assert!(!first.contains("min_id") && !first.contains("max_id"), "{first}");
        let below = query(walk.read(0, page(&[("9", 1), ("8", 20)]), cx).unwrap());
        assert!(below.contains("max_id=8"), "{below}");
        let up = query(walk.read(0, page(&[("7", 29), ("6", 31), ("5", 40)]), cx).unwrap());
        assert!(up.contains("min_id=6") && !up.contains("max_id"), "{up}");
        let all = page(&[("9", 1), ("8", 20), ("7", 29)]);
        let Ok(Step::Page(heard)) = walk.read(0, all, cx) else { panic!("a page") };
        assert_eq!((heard.heard.len(), heard.hole), (3, None));

        let mut empty = look();
        empty.start(cx);
        let up = query(empty.read(0, page(&[]), cx).unwrap());
        assert!(up.contains("min_id=0"), "{up}");
        let mut circle = look();
        circle.start(cx);
        circle.read(0, page(&[("9", 1)]), cx).unwrap();
        let end = circle.read(0, page(&[("9", 1)]), cx).unwrap_err();
        assert_eq!(end.next, Next::Bug);
    });
}
