//! What every channel of the Graph API relies on: times, pages, limits, codes, signatures.

use super::hook::{Hints, Taker};
use super::*;
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::wire::{Bucket, Hint, Hook, HookRequest, Method, Next, Response, Told};

const NOW: Instant = Instant(1_795_262_400_000);

fn with<R>(speak: impl FnOnce(App<'_>) -> R) -> R {
    let (api, version) = (graph_facebook(), VERSION);
    let (token, secret, verify) =
        (Secret::new("tk-1234"), Secret::new("as-1234"), Secret::new("vt-1234"));
    let (secret, verify) = (Some(&secret), Some(&verify));
    speak(App { api: &api, version, token: &token, secret, verify })
}

#[test]
fn times_have_offsets_without_a_colon() {
    let at = |text: &str| Time::parse(text).map(|time| time.0.to_string());
    assert_eq!(at("2026-11-20T10:01:22+0000").unwrap(), "2026-11-20T10:01:22.000Z");
    assert_eq!(at("2026-11-20T10:01:22-0130").unwrap(), "2026-11-20T11:31:22.000Z");
    assert_eq!(at("2026-11-20T10:01:22Z").unwrap(), "2026-11-20T10:01:22.000Z");
    for wrong in ["", "+0000", "gestern", "2026-11-20T10:01:22+00é0", "2026-11-20"] {
        assert!(Time::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn of_the_next_page_only_its_name_is_kept() {
    let page = |next: &str| listing(format!("{{\"data\":[],\"paging\":{next}}}").as_bytes(), "it");
    let full = "{\"cursors\":{\"after\":\"QV\"},\"next\":\"https://graph.facebook.com/v26.0/7/feed?access_token=tk-1234&limit=50&after=QV%3D\"}";
    let turn = page(full).unwrap().next.unwrap();
    assert_eq!(turn, [("after".to_owned(), "QV=".to_owned())]);
    assert!(page("{\"cursors\":{\"after\":\"QV\"}}").unwrap().next.is_none(), "the last page");
    assert!(page("null").unwrap().next.is_none());
    for nameless in ["{\"next\":\"nonsense\"}", "{\"next\":\"https://graph.facebook.com/x\"}"] {
        assert_eq!(page(nameless).err().unwrap().next, Next::Bug);
    }
}

#[test]
fn requests_prove_that_we_know_the_apps_secret() {
    let signed = with(|app| app.sign(Request::get(app.fields(&["7", "feed"], "id"))));
    let pair = |name: &str| {
        let found = signed.url.query_pairs().find(|(n, _)| n == name);
        found.map(|(_, value)| value.into_owned())
    };
    // printf tk-1234 | openssl dgst -sha256 -hmac as-1234
    assert_eq!(pair("appsecret_proof").unwrap(), PROOF);
    assert_eq!(signed.secret_headers[0].1.expose(), "Bearer tk-1234");
    assert!(!signed.url.as_str().contains("tk-1234"));
}

const PROOF: &str = "78309079886182b72c4f7d2f56db0168dc16fc0a85e473678cac010fbf770561";

fn response(path: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let url = graph_facebook().join(path).unwrap();
    Response { status, headers, body: body.into(), url: Some(url) }
}

const READ: &str = "/v26.0/1_2?fields=id";
const LIST: &str = "/v26.0/1_2/comments?fields=id";
const WRITE: &str = "/v26.0/1_2/comments";

fn error(code: i64, subcode: i64) -> String {
    format!(
        "{{\"error\":{{\"message\":\"no tk-1234 as-1234\",\"type\":\"OAuthException\",\
         \"code\":{code},\"error_subcode\":{subcode},\"fbtrace_id\":\"x\"}}}}"
    )
}

#[test]
fn the_code_says_what_a_refusal_means() {
    let next = |path: &str, code: i64, subcode: i64| {
        let res = response(path, 400, &[], &error(code, subcode));
        let fault = with(|app| limits::fault(&res, app, NOW)).expect("it is a fault");
        assert!(!fault.why.contains("1234"), "{}", fault.why);
        fault.next
    };
    let closed = |bucket, wait| Next::Throttled { bucket: Some(Bucket(bucket)), until: NOW + wait };
    for code in [190, 102, 10, 3, 200, 299] {
        assert_eq!(next(READ, code, 0), Next::Auth, "{code}");
    }
    for code in [1, 2] {
        assert_eq!(next(READ, code, 0), Next::Retry { after: None }, "{code}");
    }
    for code in [4, 17, 32, 341, 613, 80_001, 80_002] {
        assert_eq!(next(READ, code, 0), closed("calls", 10 * MINUTE), "{code}");
    }
    assert_eq!(next(WRITE, 368, 0), closed("writes", 6 * HOUR), "hearing goes on");
    assert_eq!(next(READ, 368, 0), Next::Retry { after: Some(HOUR) });
    assert_eq!(next(WRITE, 506, 0), Next::Refused);
    assert_eq!(next(READ, 12, 0), Next::Refused);
    assert_eq!(next(READ, 100, 33), Next::Gone);
    assert_eq!(next(WRITE, 100, 33), Next::Gone);
    assert_eq!(next(LIST, 100, 33), Next::Expired, "one deleted post must not stop the walk");
    assert_eq!(next("/v26.0/7/feed?fields=id&after=QV", 100, 0), Next::Expired);
    assert_eq!(next(READ, 100, 0), Next::Refused);
    let plain = |status: u16, body: &str| {
        with(|app| limits::fault(&response(READ, status, &[], body), app, NOW))
    };
    assert_eq!(plain(400, "<html>"), None);
    assert_eq!(plain(503, &error(0, 0)), None);
    assert_eq!(plain(200, &error(190, 0)), None);
}

#[test]
fn what_ended_a_token_is_told() {
    let why = |subcode: i64| {
        let res = response(READ, 400, &[], &error(190, subcode));
        with(|app| limits::fault(&res, app, NOW)).unwrap().why
    };
    for (subcode, word) in [(458, "removed"), (460, "password"), (463, "run out"), (0, "refused")] {
        assert!(why(subcode).contains(word), "{}", why(subcode));
    }
}

#[test]
fn usage_is_told_in_percent_and_minutes() {
    let told =
        |name: &str, text: &str| limits::told(&response(READ, 200, &[(name, text)], ""), NOW);
    let calls = |remaining, wait| [Told { bucket: limits::CALLS, remaining, reset: NOW + wait }];
    let app = "{\"call_count\":28,\"total_time\":75,\"total_cputime\":25}";
    assert_eq!(told("x-app-usage", app), calls(500, 10 * MINUTE));
    let cases = "{\"777\":[{\"type\":\"pages\",\"call_count\":112,\"total_cputime\":20,\
                 \"total_time\":20,\"estimated_time_to_regain_access\":19}]}";
    assert_eq!(told("x-business-use-case-usage", cases), calls(0, 19 * MINUTE));
    let years = cases.replace(":19}", ":9999999}");
    assert_eq!(told("x-business-use-case-usage", &years), calls(0, DAY));
    assert!(told("x-app-usage", "soon").is_empty() && told("x-other", app).is_empty());
    let headers = [("x-business-use-case-usage", cases)];
    let closed = response(READ, 400, &headers, &error(80_001, 0));
    let until = NOW + 19 * MINUTE;
    let next = Next::Throttled { bucket: Some(limits::CALLS), until };
    assert_eq!(with(|app| limits::fault(&closed, app, NOW)).unwrap().next, next);
}

fn call(query: &[(&str, &str)], signature: &str, body: &str) -> Hook {
    let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    };
    let (query, headers) = (own(query), own(&[("x-hub-signature-256", signature)]));
    let method = if body.is_empty() { Method::Get } else { Method::Post };
    let req = HookRequest { method, query: &query, headers: &headers, body: body.as_bytes() };
    let lanes = &[("feed", "feed"), ("mention", "tagged")];
    let hints =
        Some(Hints { field: "mentions", lane: "told", key: |value| value.replace(' ', "") });
    with(|app| Taker { app, object: "page", id: "777", lanes, hints }.take(&req, NOW))
}

fn signed(body: &str) -> Hook {
    let tag = mac(&Secret::new("as-1234"), body.as_bytes()).finalize().into_bytes();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    call(&[], &format!("sha256={hex}"), body)
}

#[test]
fn the_handshake_is_answered_to_whom_knows_the_word() {
    let shake = |mode: &str, word: &str, challenge: &str| {
        let query = [("hub.mode", mode), ("hub.verify_token", word), ("hub.challenge", challenge)];
        call(&query, "", "")
    };
    let answer = Hook::Answer { status: 200, body: "1158201444".to_owned() };
    assert_eq!(shake("subscribe", "vt-1234", "1158201444"), answer);
    for (mode, word, challenge) in [
        ("subscribe", "vt-9999", "1"),
        ("subscribe", "", "1"),
        ("unsubscribe", "vt-1234", "1"),
        ("subscribe", "vt-1234", ""),
        ("subscribe", "vt-1234", "a b"),
    ] {
        assert!(matches!(shake(mode, word, challenge), Hook::Refuse(_)), "{mode} {word}");
    }
}

#[test]
fn what_no_list_shows_is_told_by_its_key() {
    let change = |field: &str, value: &str| format!("{{\"field\":\"{field}\"{value}}}");
    let event = |changes: &[String]| {
        let now = NOW.0 / 1_000;
        format!(
            "{{\"object\":\"page\",\"entry\":[{{\"id\":\"777\",\"time\":{now},\
             \"changes\":[{}]}}]}}",
            changes.join(",")
        )
    };
    let value = ",\"value\":{\"media_id\": \"18\"}";
    let both = event(&[change("feed", value), change("mentions", value), change("mentions", "")]);
    let hints = vec![Hint::new("told", "{\"media_id\":\"18\"}"), Hint::new("told", "null")];
    assert_eq!(signed(&both), Hook::Hints { lanes: vec!["feed".to_owned()], hints });
    let long = format!(",\"value\":\"{}\"", "9".repeat(5_000));
    let Hook::Hints { hints, .. } = signed(&event(&[change("mentions", &long)])) else {
        panic!("it is told")
    };
    assert_eq!(hints[0].key.len(), Hint::LONGEST);
}

#[test]
fn a_signed_event_wakes_the_lanes_of_its_account() {
    let event = |id: &str, time: i64, field: &str| {
        format!(
            "{{\"object\":\"page\",\"entry\":[{{\"id\":\"{id}\",\"time\":{time},\
             \"changes\":[{{\"field\":\"{field}\",\"value\":{{\"item\":\"comment\"}}}}]}}]}}"
        )
    };
    let now = NOW.0 / 1_000;
    let wake = |lanes: &[&str]| Hook::Wake(lanes.iter().map(|lane| (*lane).to_owned()).collect());
    assert_eq!(signed(&event("777", now, "feed")), wake(&["feed"]));
    assert_eq!(signed(&event("777", now, "mention")), wake(&["tagged"]));
    assert_eq!(signed(&event("777", now * 1_000, "feed")), wake(&["feed"]), "milliseconds");
    assert_eq!(signed(&event("777", now - 36 * 3_600, "feed")), wake(&["feed"]), "brought late");
    assert_eq!(signed(&event("777", now, "ratings")), wake(&[]));
    assert_eq!(signed(&event("778", now, "feed")), wake(&[]), "another Page of the app");
    assert_eq!(signed("{\"object\":\"instagram\",\"entry\":[]}"), wake(&[]));
    for old in [now - 3 * 86_400, now + 3_600] {
        assert!(matches!(signed(&event("777", old, "feed")), Hook::Refuse(_)), "{old}");
    }
    assert!(matches!(signed("{}"), Hook::Refuse(_)));
    let body = event("777", now, "feed");
    for wrong in ["", "sha256=", "sha256=00", "sha256=zz", "sha1=00", &"0".repeat(64)] {
        assert!(matches!(call(&[], wrong, &body), Hook::Refuse(_)), "{wrong}");
    }
    let forged = format!("sha256={}", "0".repeat(64));
    assert!(matches!(call(&[], &forged, &body), Hook::Refuse(_)));
}
