//! What the tapes cannot show: limits, the budget, tokens, gaps that are read again, old cursors.

use super::login::{Login, Tokens};
use super::*;
use crate::domain::Visibility;
use crate::wire::{Body, Got, Heard, Next, Secret, Step, Via};
use url::Url;

const NOW: Instant = Instant(1_795_262_400_000);
const WITH_USER: &str = "handle = \"@acme\"\ntoken = \"tk-1234\"\nclient_id = \"cl\"\n\
                         client_secret = \"cs-1234\"\nrefresh_token = \"rf-1234\"\n\
                         search = [\"acme spa\"]\nbudget_reads = 31000";
const READ_ONLY: &str = "handle = \"acme\"\ntoken = \"tk-1234\"\nlinks = false";

fn with<R>(toml: &str, session: Option<&Session>, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let settings = X.settings(&toml.parse().unwrap()).unwrap();
    speak(&Ctx { settings: &*settings, session, now: NOW, own: &[], seed: 0 })
}

fn session(facts: &str) -> Session {
    Session { facts: facts.to_owned(), ..Session::default() }
}

fn response(path: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let url = Url::parse("https://api.x.com").unwrap().join(path).unwrap();
    Response { status, headers, body: body.into(), url: Some(url) }
}

fn got(body: &str) -> Got {
    Got::Http(response("/2/x", 200, &[], body))
}

fn request<T>(step: &Step<T>) -> &Request {
    match step {
        Step::Ask(asks) => match &asks[0].via {
            Via::Http(request) => request,
            _ => panic!("no HTTP"),
        },
        _ => panic!("nothing is asked"),
    }
}

fn pair(request: &Request, name: &str) -> Option<String> {
    let found = request.url.query_pairs().find(|(n, _)| n == name);
    found.map(|(_, value)| value.into_owned())
}

fn of() -> MentionRef {
    MentionRef {
        origin: String::new(),
        external_id: "2057000000000000001".to_owned(),
        thread_id: String::new(),
        author_id: "55501".to_owned(),
        author_handle: "jo".to_owned(),
        visibility: Visibility::Public,
        url: "https://x.com/jo/status/2057000000000000001".to_owned(),
        created_at: NOW,
    }
}

#[test]
fn each_limit_is_known_by_its_address() {
    with(READ_ONLY, None, |cx| {
        let headers = [("x-rate-limit-remaining", "7"), ("x-rate-limit-reset", "1795263000")];
        let told = |path: &str| X.told(&response(path, 200, &headers, ""), cx);
        let reset = Instant(1_795_263_000_000);
        for (path, name) in [
            ("/2/users/777/mentions?max_results=100", "mentions"),
            ("/2/tweets/search/recent?query=a", "search"),
            ("/2/tweets?ids=1", "lookup"),
            ("/2/tweets", "post"),
            ("/2/users/777/tweets?max_results=100", "timeline"),
        ] {
            assert_eq!(told(path), [Told { bucket: Bucket(name), remaining: 7, reset }], "{path}");
        }
        assert!(told("/2/users/me").is_empty());
    });
}

#[test]
fn a_used_up_limit_and_a_used_up_month_end_at_different_times() {
    let fault = |facts: &str, headers: &[(&str, &str)], body: &str| {
        let path = "/2/tweets/search/recent?query=a";
        with(READ_ONLY, Some(&session(facts)), |cx| {
            X.fault(&response(path, 429, headers, body), cx)
        })
    };
    let throttled = |name, until| Next::Throttled { bucket: Some(Bucket(name)), until };
    let reset = [("x-rate-limit-reset", "1795263000")];
    let until = Instant(1_795_263_000_000);
    assert_eq!(fault("", &reset, "").unwrap().next, throttled("search", until));
    let years = [("x-rate-limit-reset", "2110000000")];
    assert_eq!(fault("", &years, "").unwrap().next, throttled("search", NOW + DAY));
    assert_eq!(fault("", &[], "{\"errors\":[{\"code\":88,\"message\":\"x\"}]}"), None);
    let capped =
        "{\"type\":\"https://api.x.com/2/problems/usage-capped\",\"title\":\"UsageCapExceeded\"}";
    let december = Instant::parse("2026-12-01T00:00:00Z").unwrap();
    assert_eq!(fault("", &reset, capped).unwrap().next, throttled("month", december));
    let facts = "{\"usage\":{\"used\":5,\"until\":\"2026-11-25T00:00:00Z\"}}";
    let told = Instant::parse("2026-11-25T00:00:00Z").unwrap();
    assert_eq!(fault(facts, &[], capped).unwrap().next, throttled("month", told));
}

#[test]
fn refusals_say_what_a_person_can_do() {
    with(WITH_USER, None, |cx| {
        let fault = |path: &str, status, body: &str| {
            X.fault(&response(path, status, &[], body), cx).expect("it is a fault")
        };
        let token = fault("/2/oauth2/token", 400, "{\"error\":\"invalid_request\"}");
        assert_eq!(token.next, Next::Auth);
        assert!(token.why.contains("refresh_token"), "{}", token.why);
        assert!(matches!(fault("/2/tweets", 402, "").next, Next::Retry { after: Some(_) }));
        let old = "{\"errors\":[{\"parameters\":{\"since_id\":[\"1\"]},\"message\":\"too old\"}]}";
        assert_eq!(fault("/2/tweets/search/recent", 400, old).next, Next::Expired);
        let newer = "{\"errors\":[{\"parameter\":\"next_token\",\"message\":\"bad\"}]}";
        assert_eq!(fault("/2/tweets/search/recent", 400, newer).next, Next::Expired);
        let query = "{\"title\":\"Invalid Request\",\"detail\":\"bad query tk-1234 rf-1234\"}";
        let query = fault("/2/tweets/search/recent", 400, query);
        assert_eq!(query.next, Next::Refused);
        assert!(query.why.contains("bad query [secret] [secret]"), "{}", query.why);
        let twice =
            "{\"detail\":\"You are not allowed to create a Tweet with duplicate content.\"}";
        assert!(fault("/2/tweets", 403, twice).why.contains("second post"));
    });
}

#[test]
fn lanes_slow_down_before_the_budget_ends() {
    let every = |used: u64| {
        // Half of the month is over: 15,500 posts are the plan.
        let until = NOW + 31 * DAY / 2;
        let facts = format!("{{\"usage\":{{\"used\":{used},\"until\":\"{until}\"}}}}");
        with(WITH_USER, Some(&session(&facts)), |cx| {
            let pace = |lane: &Lane| lane.every_ms * X.slowdown(lane, cx) / MINUTE;
            X.lanes(cx).iter().map(pace).collect::<Vec<_>>()
        })
    };
    assert_eq!(every(0), [1, 5]);
    assert_eq!(every(15_500), [1, 5]);
    assert_eq!(every(23_000), [1, 10]);
    assert_eq!(every(31_000), [1, 10]);
    assert_eq!(every(40_000), [2, 15]);
    assert_eq!(every(9_000_000), [8, 80]);
    assert_eq!(with(READ_ONLY, None, |cx| X.slowdown(&X.lanes(cx)[0], cx)), 1);
}

#[test]
fn the_month_is_corrected_by_what_x_tells() {
    let body = "{\"data\":{\"project_usage\":\"30900\",\"cap_reset_day\":4}}";
    let told = |toml: &str, body: &str| {
        with(toml, None, |cx| X.told(&response("/2/usage/tweets?days=1", 200, &[], body), cx))
    };
    let ends = Instant::parse("2026-11-25T00:00:00Z").unwrap();
    let month = Told { bucket: Bucket("month"), remaining: 100, reset: ends };
    assert_eq!(told(WITH_USER, body), [month]);
    assert!(told(READ_ONLY, body).is_empty(), "no budget, no limit of ours");
    assert!(told(WITH_USER, "{}").is_empty());
}

#[test]
fn the_month_is_charged_with_the_posts_of_an_answer() {
    let cost = |path: &str, status, body: &str| {
        with(READ_ONLY, None, |cx| X.cost(&response(path, status, &[], body), cx))
    };
    let month = |posts| vec![(Bucket("month"), posts)];
    let page = "{\"data\":[{\"id\":\"1\",\"text\":\"\\ud800\"},{\"id\":\"2\"}],\
                \"includes\":{\"users\":[{}],\"tweets\":[{\"id\":\"3\"}]},\"meta\":{}}";
    for path in ["/2/users/7/mentions", "/2/tweets/search/recent", "/2/tweets?ids=1"] {
        assert_eq!(cost(path, 200, page), month(3), "{path}");
    }
    assert_eq!(cost("/2/tweets/search/recent", 200, "{\"meta\":{}}"), month(0));
    assert_eq!(cost("/2/tweets/search/recent", 200, "{\"data\":"), month(0));
    assert!(cost("/2/tweets/search/recent", 429, page).is_empty());
    assert!(cost("/2/tweets", 201, "{\"data\":{\"id\":\"1\"}}").is_empty());
}

#[test]
fn the_budget_is_the_months_limit_and_has_a_price() {
    let rule = |name: &str| limits::BUCKETS.iter().find(|r| r.bucket.0 == name).unwrap();
    with(WITH_USER, None, |cx| {
        assert_eq!((X.limit(rule("month"), cx), X.limit(rule("search"), cx)), (31_000, 450));
        let prices: Vec<_> = X.prices(cx).iter().map(|p| (p.unit, p.micros)).collect();
        assert_eq!(prices, [("post read", 5_000), ("reply", 15_000)]);
    });
    with(READ_ONLY, None, |cx| assert_eq!(X.limit(rule("month"), cx), 3_000_000));
}

#[test]
fn tokens_are_used_once_and_never_replaced_by_nothing() {
    let facts = "{\"user_id\":\"777\",\"handle\":\"acme\",\"usage\":null}";
    let tokens = |from: &str| {
        let text =
            format!("{{\"access\":\"at-1234\",\"refresh\":\"rf-9999\",\"from\":\"{from}\"}}");
        Session { secret: Some(Secret::new(text)), ..session(facts) }
    };
    let toml = WITH_USER.replace("budget_reads = 31000", "");
    let asked_with = |session: &Session| {
        with(&toml, Some(session), |cx| {
            let mut login = Login::default();
            let request = request(&login.start(cx)).clone();
            assert_eq!(request.url.path(), "/2/oauth2/token");
            assert!(request.secret_headers[0].1.expose().starts_with("Basic "));
            let Body::Form(form) = request.body else { panic!("a form") };
            let granted = "{\"access_token\":\"at-2222\",\"refresh_token\":\"\"}";
            let Ok(Step::Done(session)) = login.read(2, got(granted), cx) else { panic!("done") };
            (form[1].1.clone(), session)
        })
    };
    let (refresh, renewed) = asked_with(&tokens("rf-1234"));
    assert_eq!(refresh, "rf-9999", "the session's own is next");
    let kept = with(&toml, Some(&renewed), Tokens::of).unwrap();
    assert_eq!((kept.access.as_str(), kept.refresh.as_str()), ("at-2222", "rf-9999"));
    assert_eq!(renewed.own, ["777"]);
    assert_eq!(renewed.expires_at, Some(NOW + 2 * 60 * MINUTE - 5 * MINUTE));
    let (refresh, _) = asked_with(&tokens("rf-0000"));
    assert_eq!(refresh, "rf-1234", "a person connected anew");
    with(&toml, Some(&tokens("rf-1234")), |cx| {
        let granted = "{\"access_token\":\"\",\"refresh_token\":\"rf-7777\"}";
        let mut login = Login::default();
        login.start(cx);
        assert!(login.read(2, got(granted), cx).is_err());
    });
}

#[test]
fn a_token_that_is_still_good_is_not_renewed() {
    let until = NOW + 60 * MINUTE;
    let kept = Session {
        secret: Some(Secret::new("{\"access\":\"a\",\"refresh\":\"r\",\"from\":\"rf-1234\"}")),
        facts: format!("{{\"user_id\":\"777\",\"handle\":\"acme\",\"token_until\":\"{until}\"}}"),
        expires_at: Some(NOW),
        ..Session::default()
    };
    let usage = "{\"data\":{\"project_usage\":12,\"cap_reset_day\":4}}";
    let after_usage = |kept: &Session| {
        with(WITH_USER, Some(kept), |cx| {
            let mut login = Login::default();
            assert_eq!(request(&login.start(cx)).url.path(), "/2/usage/tweets");
            login.read(1, got(usage), cx).unwrap()
        })
    };
    let Step::Done(session) = after_usage(&kept) else { panic!("it asks for a token") };
    assert_eq!(session.expires_at, Some(NOW + 30 * MINUTE));
    // Before its time it can only have been refused.
    let refused = Session { expires_at: Some(NOW + MINUTE), ..kept };
    assert_eq!(request(&after_usage(&refused)).url.path(), "/2/oauth2/token");
}

#[test]
fn each_request_is_signed_by_the_token_that_may() {
    let user = Session {
        secret: Some(Secret::new("{\"access\":\"at\",\"refresh\":\"r\",\"from\":\"rf-1234\"}")),
        ..Session::default()
    };
    let signed = |toml: &str, session: Option<&Session>, path: &str| {
        let url = Url::parse("https://api.x.com").unwrap().join(path).unwrap();
        let request = with(toml, session, |cx| X.sign(Request::get(url), cx));
        request.secret_headers.first().map(|(_, secret)| secret.expose().to_owned())
    };
    for (path, token) in [
        ("/2/users/7/mentions?max_results=100", "Bearer at"),
        ("/2/tweets", "Bearer at"),
        ("/2/users/me", "Bearer at"),
        ("/2/tweets?ids=1", "Bearer tk-1234"),
        ("/2/tweets/search/recent?query=a", "Bearer tk-1234"),
        ("/2/usage/tweets", "Bearer tk-1234"),
    ] {
        assert_eq!(signed(WITH_USER, Some(&user), path).as_deref(), Some(token), "{path}");
        assert_eq!(signed(READ_ONLY, None, path).as_deref(), Some("Bearer tk-1234"), "{path}");
    }
    assert_eq!(signed(WITH_USER, None, "/2/tweets"), None, "refused, and so renewed");
}

#[test]
fn a_gap_is_read_again_as_far_as_x_reaches() {
    let asked = |from: Instant, to: Instant, addressed: bool| {
        with(WITH_USER, None, |cx| {
            let lane = X.lanes(cx).into_iter().find(|lane| lane.addressed == addressed).unwrap();
            let lane = Lane { gap: Some((from, to)), ..lane };
            let mut talk = X.listen(&lane, None, None, cx);
            let request = request(&talk.start(cx)).clone();
            let empty = "{\"meta\":{\"result_count\":0}}";
            let end = match talk.read(0, got(empty), cx).unwrap() {
                Step::Ask(asks) => talk.read(asks[0].tag, Got::Said, cx).unwrap_err().next,
                Step::Done(_) => Next::Bug,
                Step::Page(_) => panic!("an empty page"),
            };
            (request, end)
        })
    };
    let (request, end) = asked(NOW - 2 * DAY, NOW - DAY, true);
    assert_eq!(pair(&request, "query").unwrap(), "(@acme) -from:acme");
    assert_eq!(pair(&request, "start_time").unwrap(), "2026-11-19T12:00:00Z");
    assert_eq!(pair(&request, "end_time").unwrap(), "2026-11-20T12:00:00Z");
    assert_eq!(end, Next::Bug, "it is done");
    let (request, end) = asked(NOW - 20 * DAY, NOW - 19 * DAY, true);
    assert_eq!(request.url.path(), "/2/users/0/mentions");
    assert_eq!(end, Next::Refused, "nobody knows whether that was all");
    let (request, end) = asked(NOW - 20 * DAY, NOW - DAY, false);
    assert_eq!(pair(&request, "start_time").unwrap(), "2026-11-14T12:10:00Z");
    assert_eq!(end, Next::Refused);
}

#[test]
fn more_than_the_timeline_shows_is_a_hole() {
    let id = |minute: i64| {
        let ms = (NOW - minute * MINUTE).0 - 1_288_834_974_657;
        (u64::try_from(ms).unwrap() << 22).to_string()
    };
    with(READ_ONLY, None, |cx| {
        let lane = X.lanes(cx).remove(0);
        let cursor = Cursor(format!("{}/{}", id(5_000), (NOW - 5_000 * MINUTE).0));
        let mut walk = X.listen(&lane, Some(&cursor), None, cx);
        for number in 1..=8 {
            let step = walk.start(cx);
            assert!(pair(request(&step), "since_id").is_some());
            let at = NOW - number * MINUTE;
            let next =
                if number < 8 { format!(",\"next_token\":\"t{number}\"") } else { String::new() };
            let page = format!(
                "{{\"data\":[{{\"id\":\"{}\",\"author_id\":\"1\",\"text\":\"@acme {number}\",\
                 \"created_at\":\"{at}\"}}],\"meta\":{{\"result_count\":1{next}}}}}",
                id(number)
            );
            let Ok(Step::Page(page)) = walk.read(0, got(&page), cx) else { panic!("a page") };
            assert!(matches!(page.heard[..], [Heard::Mention(_)]));
            assert_eq!(page.hole.is_some(), number == 8);
            // Each page begins where the one above it ended.
            let top = if number == 1 { NOW - SETTLE } else { at + MINUTE + SECOND };
            assert_eq!(page.span, Some(((at + SECOND).min(top), top)));
        }
        let Step::Done(end) = walk.start(cx) else { panic!("done") };
        assert_eq!(end.0, format!("{}/{}", id(1), (NOW - SETTLE).0));
    });
}

#[test]
fn a_first_look_says_how_far_back_x_reaches() {
    let empty = "{\"meta\":{\"result_count\":0}}";
    with(WITH_USER, None, |cx| {
        let lane = X.lanes(cx).into_iter().find(|lane| !lane.addressed).unwrap();
        let mut far = X.look_back(&lane, NOW - 30 * DAY, None, cx).unwrap();
        let start = pair(request(&far.start(cx)), "start_time").unwrap();
        assert_eq!(start, "2026-11-14T12:10:00Z");
        let Ok(Step::Page(page)) = far.read(0, got(empty), cx) else { panic!("a page") };
        assert!(page.hole.unwrap().contains("7 days"));
        let mut near = X.look_back(&lane, NOW - DAY, None, cx).unwrap();
        let start = pair(request(&near.start(cx)), "start_time").unwrap();
        assert_eq!(start, "2026-11-20T12:00:00Z");
        assert!(matches!(near.read(0, got(empty), cx), Ok(Step::Done(_))));
    });
}

#[test]
fn a_server_that_turns_in_circles_is_left() {
    with(READ_ONLY, None, |cx| {
        let lane = X.lanes(cx).remove(0);
        let mut walk = X.listen(&lane, None, None, cx);
        let page = "{\"meta\":{\"result_count\":0,\"next_token\":\"same\"}}";
        walk.start(cx);
        assert!(matches!(walk.read(0, got(page), cx), Ok(Step::Ask(_))));
        assert!(matches!(walk.read(0, got(page), cx), Err(fault) if fault.next == Next::Bug));
    });
}

#[test]
fn without_a_users_token_and_with_links_that_cost_a_person_answers() {
    with(READ_ONLY, None, |cx| {
        let part = Part { text: "Ciao".to_owned() };
        assert!(X.post(&part, &of(), "k", cx).is_none());
        let fault = X.fit("Scriva a https://acme.example", &of(), cx).unwrap_err();
        assert!(fault.why.contains("links = true"), "{}", fault.why);
        assert_eq!(X.fit("Ciao", &of(), cx).unwrap(), [part]);
    });
}
