//! What the tapes cannot show: limits, refusals inside of answers, listings that end too soon.

use super::*;
use crate::wire::{Bucket, Got, Heard, Next, Page, Step, Via};
use url::Url;

const NOW: Instant = Instant(1_795_262_400_000);
const TOML: &str = "username = \"u/Acme_Help\"\nclient_id = \"cl\"\nclient_secret = \"cs-1234\"\n\
                    refresh_token = \"rf-1234\"\nhome = [\"r/Acme\"]\nsearch = [\" acme \", \"acme\"]";

fn with<R>(session: Option<&Session>, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let settings = Reddit.settings(&TOML.parse().unwrap()).unwrap();
    let own = ["acme_help".to_owned()];
    speak(&Ctx { settings: &*settings, session, now: NOW, own: &own, seed: 0 })
}

fn response(path: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let url = Url::parse("https://oauth.reddit.com").unwrap().join(path).unwrap();
    Response { status, headers, body: body.into(), url: Some(url) }
}

fn got(body: &str) -> Got {
    Got::Http(response("/x", 200, &[], body))
}

fn request<T: std::fmt::Debug>(step: Step<T>) -> Request {
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

/// A page of comments, each with its name and its age in minutes.
fn listing(comments: &[(&str, i64)], after: Option<&str>) -> Got {
    let comment = |(name, age): &(&str, i64)| {
        let seconds = (NOW - age * MINUTE).0 / 1_000;
        format!(
            "{{\"kind\":\"t1\",\"data\":{{\"name\":\"{name}\",\"author\":\"jo\",\"body\":\"no\",\
             \"created_utc\":{seconds}.0,\"edited\":false,\"link_id\":\"t3_p\"}}}}"
        )
    };
    let children = comments.iter().map(comment).collect::<Vec<_>>().join(",");
    let after = after.map_or_else(|| "null".to_owned(), |name| format!("\"{name}\""));
    got(&format!(
        "{{\"kind\":\"Listing\",\"data\":{{\"after\":{after},\"children\":[{children}]}}}}"
    ))
}

fn page(step: Result<Step<Cursor>, Fault>) -> Page {
    match step {
        Ok(Step::Page(page)) => page,
        other => panic!("{other:?}"),
    }
}

fn done(walk: &mut dyn Talk<Cursor>, cx: &Ctx<'_>) -> Cursor {
    match walk.start(cx) {
        Step::Done(cursor) => cursor,
        other => panic!("{other:?}"),
    }
}

/// A lane of which two comments are known, the newer one an hour old.
fn known(lane: &Lane, cx: &Ctx<'_>) -> Cursor {
    let mut walk = Reddit.listen(lane, None, None, cx);
    walk.start(cx);
    page(walk.read(0, listing(&[("t1_b", 60), ("t1_a", 90)], None), cx));
    done(&mut *walk, cx)
}

fn comments(cx: &Ctx<'_>) -> Lane {
    Reddit.lanes(cx).into_iter().find(|lane| lane.id == "comments:acme").unwrap()
}

#[test]
fn each_lane_asks_for_its_own_listing() {
    with(None, |cx| {
        let lanes = Reddit.lanes(cx);
        let asked = lanes.iter().map(|lane| {
            let request = request(Reddit.listen(lane, None, None, cx).start(cx));
            assert!(request.headers[0].1.ends_with("(by /u/Acme_Help)"), "{:?}", request.headers);
            (request.url.path().to_owned(), lane.addressed, query(&request, "q"))
        });
        let asked: Vec<_> = asked.collect();
        let asked: Vec<_> = asked.iter().map(|(p, a, q)| (p.as_str(), *a, q.as_deref())).collect();
        let expected = [
            ("/message/inbox", true, None),
            ("/r/acme/comments", true, None),
            ("/r/acme/new", true, None),
            ("/search", false, Some("acme")),
        ];
        assert_eq!(asked, expected);
    });
}

#[test]
fn a_listing_that_ends_above_what_is_known_is_a_hole() {
    with(None, |cx| {
        let lane = comments(cx);
        let cursor = known(&lane, cx);
        let mut walk = Reddit.listen(&lane, Some(&cursor), None, cx);
        walk.start(cx);
        let met = page(walk.read(0, listing(&[("t1_c", 5), ("t1_b", 60)], None), cx));
        assert_eq!((met.hole, met.span), (None, Some((NOW - 120 * MINUTE, NOW))));

        let mut walk = Reddit.listen(&lane, Some(&cursor), None, cx);
        walk.start(cx);
        let page = page(walk.read(0, listing(&[("t1_d", 2), ("t1_c", 5)], None), cx));
        assert!(page.hole.unwrap().contains("ended"));
        assert_eq!(page.span, Some((NOW - 5 * MINUTE + 1, NOW)), "below nothing is accounted for");
    });
}

#[test]
fn a_page_of_known_things_ends_the_walk() {
    with(None, |cx| {
        let lane = comments(cx);
        let cursor = known(&lane, cx);
        let mut walk = Reddit.listen(&lane, Some(&cursor), None, cx);
        walk.start(cx);
        page(walk.read(0, listing(&[("t1_b", 60), ("t1_a", 90)], Some("t1_a")), cx));
        assert_eq!(done(&mut *walk, cx), cursor, "nothing moved");
    });
}

#[test]
fn a_deleted_anchor_does_not_end_the_walk() {
    with(None, |cx| {
        let lane = comments(cx);
        let mut walk = Reddit.listen(&lane, None, None, cx);
        walk.start(cx);
        let first = page(walk.read(0, listing(&[("t1_b", 60), ("t1_a", 90)], Some("t1_a")), cx));
        assert_eq!(query(&request(walk.start(cx)), "after").as_deref(), Some("t1_a"));
        let again = request(walk.read(0, listing(&[], None), cx).unwrap());
        assert_eq!(query(&again, "after").as_deref(), Some("t1_b"));
        // The same after the process died.
        let mut walk = Reddit.listen(&lane, None, first.resume.as_deref(), cx);
        assert_eq!(query(&request(walk.start(cx)), "after").as_deref(), Some("t1_a"));
    });
}

#[test]
fn a_gap_is_read_again_as_far_as_the_listing_goes() {
    with(None, |cx| {
        let gap = Some((NOW - 100 * MINUTE, NOW - 50 * MINUTE));
        let lane = Lane { gap, ..comments(cx) };
        let mut walk = Reddit.listen(&lane, None, None, cx);
        walk.start(cx);
        let all = listing(&[("t1_c", 5), ("t1_b", 60), ("t1_a", 110)], Some("t1_a"));
        let page = page(walk.read(0, all, cx));
        assert!(matches!(&page.heard[..], [Heard::Mention(m)] if m.external_id == "t1_b"));
        done(&mut *walk, cx);

        let names: Vec<String> = (0..900).map(|n| format!("t1_{n}")).collect();
        let many: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 60)).collect();
        let mut walk = Reddit.listen(&lane, None, None, cx);
        walk.start(cx);
        assert!(walk.read(0, listing(&many, None), cx).is_ok());
        let Step::Ask(asks) = walk.start(cx) else { panic!("it is not all") };
        let fault = walk.read(asks[0].tag, Got::Said, cx).unwrap_err();
        assert_eq!(fault.next, Next::Refused);
    });
}

#[test]
fn limits_are_told_in_seconds_from_now() {
    with(None, |cx| {
        let headers = [("x-ratelimit-remaining", "598.0"), ("x-ratelimit-reset", "290")];
        let res = |status| response("/r/acme/new", status, &headers, "");
        let reset = NOW + 290_000;
        let told = Told { bucket: Bucket("api"), remaining: 598, reset };
        assert_eq!(Reddit.told(&res(200), cx), [told]);
        let fault = Reddit.fault(&res(429), cx).unwrap();
        assert_eq!(fault.next, Next::Throttled { bucket: Some(Bucket("api")), until: reset });
        let bad = [("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "nan")];
        assert!(Reddit.told(&response("/x", 200, &bad, ""), cx).is_empty());
    });
}

#[test]
fn refusals_inside_of_good_answers_are_seen() {
    with(None, |cx| {
        let fault = |errors: &str| {
            let body = format!("{{\"json\":{{\"errors\":[{errors}]}}}}");
            Reddit.fault(&response("/api/comment?raw_json=1", 200, &[], &body), cx)
        };
        assert_eq!(fault(""), None);
        let fast = "[\"RATELIMIT\",\"try again in 9 minutes.\",\"ratelimit\"]";
        let until = NOW + 9 * MINUTE + SECOND;
        let throttled = Next::Throttled { bucket: Some(Bucket("posts")), until };
        assert_eq!(fault(fast).unwrap().next, throttled);
        assert!(fault(fast).unwrap().may_resend(), "nothing was posted");
        for (name, next) in [
            ("THREAD_LOCKED", Next::Refused),
            ("TOO_OLD", Next::Refused),
            ("DELETED_COMMENT", Next::Gone),
            ("USER_REQUIRED", Next::Auth),
            ("SOMETHING_NEW", Next::Refused),
        ] {
            assert_eq!(fault(&format!("[\"{name}\",null,\"x\"]")).unwrap().next, next, "{name}");
        }
        let token = response(login::PATH, 200, &[], "{\"error\":\"invalid_grant\"}");
        assert_eq!(Reddit.fault(&token, cx).unwrap().next, Next::Auth);
    });
}

#[test]
fn a_token_of_another_account_is_refused() {
    let login = |session: Option<&Session>, name: &str| {
        with(session, |cx| {
            let mut login = Reddit.login(cx).unwrap();
            assert_eq!(
                request(login.start(cx)).url.as_str(),
                "https://www.reddit.com/api/v1/access_token"
            );
            let granted = "{\"access_token\":\"at-1234\",\"expires_in\":3600}";
            match login.read(0, got(granted), cx)? {
                Step::Ask(asks) => {
                    let who = format!("{{\"name\":\"{name}\"}}");
                    login.read(asks[0].tag, got(&who), cx)
                }
                other => Ok(other),
            }
        })
    };
    let Ok(Step::Done(session)) = login(None, "ACME_help") else { panic!("done") };
    assert_eq!((session.own.join(","), session.facts.as_str()), ("acme_help".into(), "acme_help"));
    assert_eq!(session.expires_at, Some(NOW + 55 * MINUTE));
    assert_eq!(login(None, "someone").unwrap_err().next, Next::Auth);
    assert!(matches!(login(Some(&session), "someone"), Ok(Step::Done(_))), "asked once only");
}
