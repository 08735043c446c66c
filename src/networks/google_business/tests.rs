//! What the tapes cannot show: empty locations, refusals, gaps, the life of a token.

use super::*;
use crate::wire::{Body, Got, Heard, Page, Secret, Step, Via};
use url::Url;

const NOW: Instant = Instant(1_795_262_400_000);
const TOML: &str = "location = \"accounts/1/locations/2/\"\nclient_id = \"cl\"\n\
                    client_secret = \"cs-1234\"\nrefresh_token = \"rf-1234\"";

fn with<R>(session: Option<&Session>, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let settings = GoogleBusiness.settings(&TOML.parse().unwrap()).unwrap();
    speak(&Ctx { settings: &*settings, session, now: NOW, own: &[], seed: 0 })
}

fn response(path: &str, status: u16, body: &str) -> Response {
    let url = Url::parse("https://mybusiness.googleapis.com").unwrap().join(path).unwrap();
    Response { status, headers: Vec::new(), body: body.into(), url: Some(url) }
}

fn got(body: &str) -> Got {
    Got::Http(response("/v4/x", 200, body))
}

fn asked<T: std::fmt::Debug>(step: Step<T>) -> (Request, u8) {
    match step {
        Step::Ask(mut asks) => {
            let ask = asks.remove(0);
            let Via::Http(request) = ask.via else { panic!("no HTTP") };
            (request, ask.tag)
        }
        other => panic!("{other:?}"),
    }
}

fn review(id: &str, at: Instant) -> String {
    format!(
        "{{\"reviewId\":\"{id}\",\"starRating\":\"ONE\",\"createTime\":\"{at}\",\
         \"updateTime\":\"{at}\"}}"
    )
}

fn page(step: Result<Step<Cursor>, Fault>) -> Page {
    match step {
        Ok(Step::Page(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_location_without_reviews_is_believed_when_it_says_so_twice() {
    with(None, |cx| {
        let lane = GoogleBusiness.lanes(cx).remove(0);
        let mut walk = GoogleBusiness.listen(&lane, None, None, cx);
        let (_, first) = asked(walk.start(cx));
        let (_, second) = asked(walk.read(first, got("{}"), cx).unwrap());
        assert_ne!(first, second);
        let empty = page(walk.read(second, got("{}"), cx));
        assert!(empty.heard.is_empty());
        assert_eq!(empty.span, Some((NOW - 30 * DAY, NOW)));
        assert!(matches!(walk.start(cx), Step::Done(_)));

        let mut walk = GoogleBusiness.listen(&lane, None, None, cx);
        asked(walk.start(cx));
        let counted = got("{\"totalReviewCount\":7}");
        let fault = walk.read(second, counted, cx).unwrap_err();
        assert!(matches!(fault.next, Next::Retry { .. }), "{fault}");
        let error = got("{\"error\":{\"code\":500}}");
        assert!(walk.read(second, error, cx).is_err());
    });
}

#[test]
fn a_time_from_the_future_does_not_silence_the_lane() {
    with(None, |cx| {
        let lane = GoogleBusiness.lanes(cx).remove(0);
        let mut walk = GoogleBusiness.listen(&lane, None, None, cx);
        asked(walk.start(cx));
        let list = format!("{{\"reviews\":[{}]}}", review("a", NOW + 900 * DAY));
        assert_eq!(page(walk.read(0, got(&list), cx)).heard.len(), 1);
        let Step::Done(cursor) = walk.start(cx) else { panic!("done") };
        assert_eq!(cursor.0, NOW.to_string());
        let mut walk = GoogleBusiness.listen(&lane, Some(&Cursor("x".into())), None, cx);
        asked(walk.start(cx));
        assert_eq!(walk.read(0, got(&list), cx).unwrap_err().next, Next::Expired);
    });
}

#[test]
fn a_gap_is_read_again_and_nothing_beside_it() {
    with(None, |cx| {
        let (from, to) = (NOW - 9 * DAY, NOW - 5 * DAY);
        let lane = Lane { gap: Some((from, to)), ..GoogleBusiness.lanes(cx).remove(0) };
        let mut walk = GoogleBusiness.listen(&lane, None, None, cx);
        asked(walk.start(cx));
        let reviews =
            [review("a", NOW), review("b", to - 1), review("c", from), review("d", from - 1)];
        let list = format!("{{\"reviews\":[{}],\"nextPageToken\":\"n\"}}", reviews.join(","));
        let page = page(walk.read(0, got(&list), cx));
        let ids = page.heard.iter().map(|heard| match heard {
            Heard::Mention(mention) => mention.external_id.as_str(),
            other => panic!("{other:?}"),
        });
        assert_eq!(ids.collect::<Vec<_>>(), ["b", "c"]);
        assert!(matches!(walk.start(cx), Step::Done(_)), "it goes no further down");
    });
}

#[test]
fn pages_that_turn_in_circles_are_left() {
    with(None, |cx| {
        let lane = GoogleBusiness.lanes(cx).remove(0);
        let mut walk = GoogleBusiness.listen(&lane, None, None, cx);
        let list = format!("{{\"reviews\":[{}],\"nextPageToken\":\"n\"}}", review("a", NOW));
        asked(walk.start(cx));
        page(walk.read(0, got(&list), cx));
        let (request, _) = asked(walk.start(cx));
        assert!(request.url.query_pairs().any(|(n, v)| n == "pageToken" && v == "n"));
        assert_eq!(walk.read(0, got(&list), cx).unwrap_err().next, Next::Bug);
    });
}

#[test]
fn refusals_say_what_a_person_can_do() {
    let session = Session { secret: Some(Secret::new("at-1234")), ..Session::default() };
    with(Some(&session), |cx| {
        let fault = |path: &str, status, body: &str| {
            GoogleBusiness.fault(&response(path, status, body), cx).expect("it is a fault")
        };
        let token = fault("/token", 400, "{\"error\":\"invalid_grant\"}");
        assert_eq!(token.next, Next::Auth);
        assert!(token.why.contains("refresh_token"), "{}", token.why);
        let list = "/v4/accounts/1/locations/2/reviews";
        let stale = fault(&format!("{list}?pageToken=a"), 400, "{}");
        assert_eq!(stale.next, Next::Expired);
        let unknown = fault(list, 404, "{}");
        assert_eq!(unknown.next, Next::Refused);
        assert!(unknown.why.contains("accounts/1/locations/2"), "{}", unknown.why);
        let said =
            "{\"error\":{\"status\":\"PERMISSION_DENIED\",\"message\":\"no rf-1234 at-1234\"}}";
        let denied = fault(&format!("{list}/a/reply"), 403, said);
        let why = "Google refuses it: PERMISSION_DENIED no [secret] [secret] (HTTP 403)";
        assert_eq!(denied.why, why);
        let none = "{\"error\":{\"details\":[{\"metadata\":{\"quota_limit_value\": \"0\"}}]}}";
        assert_eq!(fault(list, 429, none).next, Next::Refused);
        assert_eq!(GoogleBusiness.fault(&response(list, 429, "{}"), cx), None);
        assert_eq!(GoogleBusiness.fault(&response(&format!("{list}/a"), 404, "{}"), cx), None);
    });
}

#[test]
fn a_reply_is_one_piece_or_none() {
    let of = MentionRef {
        origin: "locations/2".to_owned(),
        external_id: "a".to_owned(),
        thread_id: "a".to_owned(),
        author_id: "a".to_owned(),
        author_handle: String::new(),
        visibility: crate::domain::Visibility::Public,
        url: String::new(),
        created_at: NOW,
    };
    with(None, |cx| {
        let fit = |text: &str| GoogleBusiness.fit(text, &of, cx);
        assert_eq!(fit(&"x".repeat(4_096)).unwrap().len(), 1);
        let long = fit(&"è ".repeat(1_500)).unwrap_err();
        assert!(long.why.contains("4499"), "{}", long.why);
    });
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    with(None, |cx| {
        let mut login = GoogleBusiness.login(cx).unwrap();
        let (request, tag) = asked(login.start(cx));
        assert_eq!(request.url.as_str(), "https://oauth2.googleapis.com/token");
        let Body::Form(form) = request.body else { panic!("a form") };
        assert!(form.contains(&("refresh_token".to_owned(), "rf-1234".to_owned())));
        let granted = got("{\"access_token\":\"at-1234\",\"expires_in\":3599}");
        let Ok(Step::Done(session)) = login.read(tag, granted, cx) else { panic!("done") };
        assert_eq!(session.own, ["locations/2"]);
        assert_eq!(session.expires_at, Some(NOW + 3_599_000 - 5 * MINUTE));
        let empty = got("{\"access_token\":\"\"}");
        assert!(login.read(tag, empty, cx).is_err());
    });
}
