//! What the tapes cannot show: limits, the life of a session, walks that meet odd servers.

use super::*;
use crate::wire::{Got, Heard, Page, Secret, Step, Via};

const NOW: Instant = Instant(1_795_262_400_000);
const OWN: &str = "did:plc:acme";

fn settings() -> Box<dyn Any + Send + Sync> {
    let table = "handle = \"@acme.example\"\napp_password = \"pw-5ecret\"\n\
                 search = [\" acme \", \"acme\", \"\\\"acme store\\\"\"]";
    Bluesky.settings(&table.parse().unwrap()).unwrap()
}

fn with<R>(session: Option<&Session>, now: Instant, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let (settings, own) = (settings(), [OWN.to_owned()]);
    speak(&Ctx { settings: &*settings, session, now, own: &own, seed: 0 })
}

fn session(ends: Instant) -> Session {
    let tokens = login::Tokens { access: "acc-5ecret".into(), refresh: "ref-5ecret".into() };
    Session {
        secret: Some(Secret::new(serde_json::to_string(&tokens).unwrap())),
        own: vec![OWN.to_owned()],
        facts: "{\"pds\":\"https://pds.example/\"}".to_owned(),
        expires_at: Some(ends),
    }
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Response { status, headers, body: body.into(), url: None }
}

fn asked<T: std::fmt::Debug>(step: Step<T>) -> Request {
    match step {
        Step::Ask(mut asks) => match asks.remove(0).via {
            Via::Http(request) => request,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn query(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
}

/// A page of notifications or found posts, one for each time.
fn page(list: &str, times: &[Instant], cursor: Option<&str>) -> Got {
    let post = |(n, at): (usize, &Instant)| {
        format!(
            "{{\"uri\":\"at://did:plc:jo/app.bsky.feed.post/{}x{n}\",\"cid\":\"c\",\
             \"author\":{{\"did\":\"did:plc:jo\"}},\"indexedAt\":\"{at}\",\
             \"record\":{{\"$type\":\"app.bsky.feed.post\",\"text\":\"no\",\"createdAt\":\"{at}\"}}}}",
            at.0
        )
    };
    let posts = times.iter().enumerate().map(post).collect::<Vec<_>>().join(",");
    let cursor = cursor.map(|c| format!(",\"cursor\":\"{c}\"")).unwrap_or_default();
    Got::Http(response(200, &[], &format!("{{\"{list}\":[{posts}]{cursor}}}")))
}

fn read(walk: &mut dyn Talk<Cursor>, got: Got, cx: &Ctx<'_>) -> Page {
    match walk.read(0, got, cx).unwrap() {
        Step::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

fn done(walk: &mut dyn Talk<Cursor>, cx: &Ctx<'_>) -> String {
    match walk.start(cx) {
        Step::Done(cursor) => cursor.0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_expired_token_is_auth_though_it_comes_with_400() {
    let next = |status, body: &str| {
        with(None, NOW, |cx| Bluesky.fault(&response(status, &[], body), cx).unwrap().next)
    };
    assert_eq!(
        next(400, "{\"error\":\"ExpiredToken\",\"message\":\"Token has expired\"}"),
        Next::Auth
    );
    assert_eq!(next(400, "{\"error\":\"InvalidToken\"}"), Next::Auth);
    assert_eq!(next(401, ""), Next::Auth);
    assert_eq!(next(400, "{\"error\":\"NotFound\",\"message\":\"Post not found\"}"), Next::Gone);
    let cursor = "{\"error\":\"InvalidRequest\",\"message\":\"Malformed cursor\"}";
    assert_eq!(next(400, cursor), Next::Expired);
    assert_eq!(next(400, "{\"error\":\"InvalidRequest\",\"message\":\"no\"}"), Next::Refused);
    let none = |status| with(None, NOW, |cx| Bluesky.fault(&response(status, &[], ""), cx));
    assert_eq!((none(500), none(404), none(200)), (None, None, None));
}

#[test]
fn errors_show_no_secret() {
    let body = "{\"error\":\"InvalidRequest\",\"message\":\"pw-5ecret acc-5ecret ref-5ecret\"}";
    let session = session(NOW);
    let why =
        with(Some(&session), NOW, |cx| Bluesky.fault(&response(400, &[], body), cx).unwrap().why);
    assert!(!why.contains("5ecret"), "{why}");
}

#[test]
fn the_limit_is_the_one_that_the_headers_name() {
    let until = NOW + 40 * SECOND;
    let reset = (until.0 / SECOND).to_string();
    let headers = |policy| {
        [
            ("ratelimit-policy", policy),
            ("ratelimit-reset", reset.as_str()),
            ("ratelimit-remaining", "7"),
        ]
    };
    with(None, NOW, |cx| {
        let fault = Bluesky.fault(&response(429, &headers("3000;w=300"), ""), cx).unwrap();
        assert_eq!(fault.next, Next::Throttled { bucket: Some(API), until });
        let fault = Bluesky.fault(&response(429, &headers("9;w=1"), ""), cx).unwrap();
        assert_eq!(fault.next, Next::Throttled { bucket: None, until });
        let far = [("ratelimit-reset", "99999999999")];
        let fault = Bluesky.fault(&response(429, &far, ""), cx).unwrap();
        assert_eq!(fault.next, Next::Throttled { bucket: None, until: NOW + DAY });
        assert_eq!(Bluesky.fault(&response(429, &[], ""), cx), None);
        let told = Bluesky.told(&response(200, &headers("5000;w=3600"), ""), cx);
        assert_eq!(told, [Told { bucket: WRITES, remaining: 7, reset: until }]);
        assert!(Bluesky.told(&response(200, &headers("9;w=1"), ""), cx).is_empty());
    });
}

#[test]
fn a_session_is_refreshed_at_its_end_and_opened_anew_otherwise() {
    let kept = session(NOW);
    let method = |session: Option<&Session>, now| {
        let request = with(session, now, |cx| asked(login::Login.start(cx)));
        assert_eq!(request.url.host_str(), Some("bsky.social"));
        let token = request.secret_headers.first().map(|(_, value)| value.expose().to_owned());
        (request.url.path().trim_start_matches("/xrpc/com.atproto.server.").to_owned(), token)
    };
    let create = ("createSession".to_owned(), None);
    let refresh = ("refreshSession".to_owned(), Some("Bearer ref-5ecret".to_owned()));
    assert_eq!(method(None, NOW), create);
    assert_eq!(method(Some(&kept), NOW - MINUTE), create, "refused before its end: revoked");
    assert_eq!(method(Some(&kept), NOW), refresh);
    assert_eq!(method(Some(&kept), NOW + 4 * MINUTE), refresh);
    assert_eq!(method(Some(&kept), NOW + 5 * MINUTE), create);
    with(Some(&kept), NOW + MINUTE, |cx| {
        let url = Some(method_of_refresh());
        let res = Response { url, ..response(400, &[], "{\"error\":\"ExpiredToken\"}") };
        let next = Bluesky.fault(&res, cx).unwrap().next;
        assert_eq!(next, Next::Retry { after: Some(4 * MINUTE) }, "then a new one is opened");
    });
}

fn method_of_refresh() -> Url {
    method(&settings::bsky_social(), login::REFRESH)
}

#[test]
fn a_log_in_tells_who_we_are_and_where_the_account_lives() {
    let opened = |more: &str| {
        let body = format!(
            "{{\"accessJwt\":\"acc-5ecret\",\"refreshJwt\":\"ref-5ecret\",\"did\":\"{OWN}\"{more}}}"
        );
        with(None, NOW, |cx| login::Login.read(0, Got::Http(response(200, &[], &body)), cx))
    };
    let doc = |endpoint: &str| {
        let service = format!("{{\"id\":\"#atproto_pds\",\"serviceEndpoint\":\"{endpoint}\"}}");
        let more = format!(",\"didDoc\":{{\"service\":[{{\"id\":7}},{service}]}}");
        match opened(&more).unwrap() {
            Step::Done(session) => session,
            other => panic!("{other:?}"),
        }
    };
    let session = doc("https://pds.example");
    assert_eq!(session.own, [OWN]);
    assert_eq!(session.expires_at, Some(NOW + 115 * MINUTE));
    let request = with(Some(&session), NOW, |cx| {
        let lane = Bluesky.lanes(cx).remove(0);
        asked(Bluesky.listen(&lane, None, None, cx).start(cx))
    });
    assert_eq!(request.url.host_str(), Some("pds.example"));
    let signed = with(Some(&session), NOW, |cx| Bluesky.sign(request, cx));
    assert_eq!(signed.secret_headers[0].1.expose(), "Bearer acc-5ecret");
    assert!(!doc("http://pds.example").facts.contains("pds.example"), "a less safe line");
    assert!(matches!(opened(",\"active\":false"), Err(fault) if fault.next == Next::Auth));
}

#[test]
fn settings_are_cleaned_and_make_lanes() {
    with(None, NOW, |cx| {
        let lanes: Vec<String> = Bluesky.lanes(cx).into_iter().map(|lane| lane.id).collect();
        assert_eq!(lanes, ["mentions", "search:\"acme store\"", "search:acme"]);
        assert_eq!(cx.settings::<Settings>().handle, "acme.example");
    });
}

#[test]
fn a_walk_goes_down_to_the_cursor_and_its_spans_meet() {
    with(None, NOW, |cx| {
        let lane = Bluesky.lanes(cx).remove(0);
        let cursor = Cursor((NOW - 5 * HOUR).to_string());
        let mut walk = Bluesky.listen(&lane, Some(&cursor), None, cx);
        let first = asked(walk.start(cx));
        assert_eq!(query(&first, "cursor"), None);
        let (one, two) = (NOW - HOUR, NOW - 2 * HOUR);
        let page_one =
            read(&mut *walk, page("notifications", &[one, two], Some(&two.to_string())), cx);
        assert_eq!(page_one.span, Some((two + 1, NOW)));
        // What has the same millisecond on the next page is not skipped.
        assert_eq!(query(&asked(walk.start(cx)), "cursor"), Some((two + 1).to_string()));
        // The process dies here and goes on at its token; a page without entries ends nothing.
        let token = page_one.resume.unwrap();
        let mut walk = Bluesky.listen(&lane, Some(&cursor), Some(&token), cx);
        let empty = read(&mut *walk, page("notifications", &[], Some("on")), cx);
        assert_eq!((empty.span, empty.hole), (Some((two + 1, two + 1)), None));
        assert_eq!(query(&asked(walk.start(cx)), "cursor").as_deref(), Some("on"));
        let old = NOW - 7 * HOUR;
        let last = read(&mut *walk, page("notifications", &[two, old], Some("more")), cx);
        assert_eq!(last.span, Some((NOW - 6 * HOUR, two + 1)));
        assert_eq!(done(&mut *walk, cx), one.to_string());
        let mut again = Bluesky.listen(&lane, Some(&cursor), last.resume.as_deref(), cx);
        assert_eq!(done(&mut *again, cx), one.to_string(), "nothing is asked twice");
    });
}

#[test]
fn a_full_page_of_one_time_is_stepped_over_and_told() {
    with(None, NOW, |cx| {
        let lane = Bluesky.lanes(cx).remove(0);
        let mut walk = Bluesky.listen(&lane, None, None, cx);
        let at = NOW - HOUR;
        let same = || page("notifications", &[at; 100], Some(&at.to_string()));
        assert_eq!(read(&mut *walk, same(), cx).hole, None);
        let stuck = read(&mut *walk, same(), cx);
        assert!(stuck.hole.is_some());
        assert_eq!(query(&asked(walk.start(cx)), "cursor"), Some(at.to_string()));
        let end = read(&mut *walk, page("notifications", &[], None), cx);
        assert_eq!(end.span, Some((NOW - 30 * DAY, at)), "the millisecond itself is in doubt");
        assert_eq!(done(&mut *walk, cx), at.to_string());
    });
}

#[test]
fn a_search_that_ends_early_is_asked_for_what_is_older() {
    with(None, NOW, |cx| {
        let lane = Bluesky.lanes(cx).remove(1);
        let cursor = Cursor((NOW - DAY).to_string());
        let mut walk = Bluesky.listen(&lane, Some(&cursor), None, cx);
        let first = asked(walk.start(cx));
        assert_eq!(query(&first, "since"), Some((NOW - DAY - HOUR).to_string()));
        assert_eq!(query(&first, "q").as_deref(), Some("\"acme store\""));
        let times: Vec<Instant> = (0..30).map(|n| NOW - HOUR - n * SECOND).collect();
        assert_eq!(read(&mut *walk, page("posts", &times, None), cx).hole, None);
        let until = (times[29] + 1).to_string();
        assert_eq!(query(&asked(walk.start(cx)), "until"), Some(until));
        // A server that does not know `until` answers the same again.
        let full: Vec<Instant> = times.iter().chain(&[times[29]; 70]).copied().collect();
        assert!(read(&mut *walk, page("posts", &full, None), cx).hole.is_some());
        assert_eq!(done(&mut *walk, cx), times[0].to_string());
    });
}

#[test]
fn a_first_look_goes_back_to_its_time_and_hears_nothing_older() {
    with(None, NOW, |cx| {
        let lane = Bluesky.lanes(cx).remove(1);
        let (since, young, old) = (NOW - 7 * DAY, NOW - DAY, NOW - 8 * DAY);
        let mut walk = Bluesky.look_back(&lane, since, None, cx).unwrap();
        assert_eq!(query(&asked(walk.start(cx)), "since"), Some(since.to_string()));
        let only = read(&mut *walk, page("posts", &[young, old], Some("more")), cx);
        assert!(matches!(&only.heard[..], [Heard::Mention(m)] if m.created_at == young));
        assert_eq!((only.span, only.hole.is_some()), (Some((since, NOW)), true));
        done(&mut *walk, cx);
    });
}

#[test]
fn a_backfill_reads_its_span_of_its_lane_and_nothing_else() {
    with(None, NOW, |cx| {
        let (from, to) = (NOW - 2 * DAY, NOW - DAY);
        let lane = |n| Lane { gap: Some((from, to)), ..Bluesky.lanes(cx).remove(n) };
        for (n, term) in [(1, "\"acme store\""), (2, "acme")] {
            let mut walk = Bluesky.listen(&lane(n), None, None, cx);
            let ask = asked(walk.start(cx));
            assert_eq!(query(&ask, "q").as_deref(), Some(term));
            assert_eq!(query(&ask, "since"), Some(from.to_string()));
            assert_eq!(query(&ask, "until"), Some(to.to_string()));
            let heard = read(&mut *walk, page("posts", &[to, from, from - 1], None), cx).heard;
            assert!(matches!(&heard[..], [Heard::Mention(m)] if m.created_at == from));
            done(&mut *walk, cx);
        }

        let mut walk = Bluesky.listen(&lane(0), None, None, cx);
        let top = (NOW - HOUR).to_string();
        read(&mut *walk, page("notifications", &[NOW - HOUR], Some(&top)), cx);
        let next = asked(walk.start(cx));
        assert_eq!(query(&next, "cursor"), Some(to.to_string()), "it leaps to the span");
        let full = page("notifications", &[to - 1; 100], Some(&(to - 1).to_string()));
        assert!(read(&mut *walk, full, cx).hole.is_some());
        read(&mut *walk, page("notifications", &[], None), cx);
        asked(walk.start(cx));
        let end = walk.read(0, page("notifications", &[], None), cx).unwrap_err();
        assert_eq!(end.next, Next::Refused, "what it could not get is said");
    });
}

#[test]
fn a_walk_is_given_up_where_it_leads_nowhere() {
    with(None, NOW, |cx| {
        let lane = Bluesky.lanes(cx).remove(0);
        let mut walk = Bluesky.listen(&lane, None, None, cx);
        let circle = |n: usize| page("notifications", &[NOW - HOUR], Some(["a", "b"][n % 2]));
        let mut quiet = Bluesky.listen(&lane, None, None, cx);
        read(&mut *quiet, circle(0), cx);
        read(&mut *quiet, page("notifications", &[], Some("a")), cx);
        done(&mut *quiet, cx);

        let end = (0..1_000).find_map(|n| walk.read(0, circle(n), cx).err()).unwrap();
        assert_eq!(end.next, Next::Bug);

        let (cursor, good) = (Cursor("yesterday".to_owned()), Cursor(NOW.to_string()));
        for (cursor, token) in [(&cursor, None), (&good, Some("{}"))] {
            let mut walk = Bluesky.listen(&lane, Some(cursor), token, cx);
            asked(walk.start(cx));
            let end = walk.read(0, page("notifications", &[], None), cx).unwrap_err();
            assert_eq!(end.next, Next::Expired);
        }
    });
}

#[test]
fn a_probe_asks_about_the_session_and_an_inactive_account_is_dead() {
    let session = session(NOW + HOUR);
    with(Some(&session), NOW, |cx| {
        let mut probe = Bluesky.probe(cx).unwrap();
        let request = asked(probe.start(cx));
        assert_eq!(request.url.as_str(), "https://pds.example/xrpc/com.atproto.server.getSession");
        let got = |body: &str| Got::Http(response(200, &[], body));
        assert!(matches!(probe.read(0, got("{\"active\":true}"), cx), Ok(Step::Done(()))));
        assert!(matches!(probe.read(0, got("{\"did\":\"d\"}"), cx), Ok(Step::Done(()))));
        let dead = probe.read(0, got("{\"active\":false}"), cx).unwrap_err();
        assert_eq!(dead.next, Next::Auth);
    });
}
