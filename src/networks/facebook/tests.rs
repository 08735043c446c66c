//! What the tapes cannot show: gaps that are read again, unreadable posts, writing, replies by hand.

use super::*;
use crate::domain::Visibility;
use crate::wire::{Body, Heard, Method, Next, Page, Via};

const NOW: Instant = Instant(1_795_262_400_000);
const PAGE: &str = "page = \"777\"\ntoken = \"tk-1234\"\ntagged = true";

fn with<R>(speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let settings = Facebook.settings(&PAGE.parse().unwrap()).unwrap();
    speak(&Ctx { settings: &*settings, session: None, now: NOW, own: &[], seed: 0 })
}

fn got(body: &str) -> Got {
    Got::Http(Response { status: 200, body: body.into(), ..Response::default() })
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

fn page(step: Step<Cursor>) -> Page {
    match step {
        Step::Page(page) => page,
        _ => panic!("no page"),
    }
}

fn post(id: &str, at: &str, count: u32) -> String {
    format!(
        "{{\"id\":\"{id}\",\"created_time\":\"{at}\",\"updated_time\":\"{at}\",\
         \"from\":{{\"id\":\"777\"}},\"message\":\"x\",\
         \"comments\":{{\"data\":[],\"summary\":{{\"total_count\":{count}}}}}}}"
    )
}

fn comment(id: &str, at: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"created_time\":\"{at}\",\"from\":{{\"id\":\"9\"}},\"message\":\"x\"}}"
    )
}

fn list(entries: &[String], after: Option<&str>) -> String {
    let next = after.map_or_else(String::new, |after| {
        format!(",\"paging\":{{\"next\":\"https://graph.facebook.com/x?after={after}\"}}")
    });
    format!("{{\"data\":[{}]{next}}}", entries.join(","))
}

#[test]
fn a_gap_is_read_again_below_every_post_of_its_window() {
    with(|cx| {
        let lane = Facebook.lanes(cx).remove(0);
        let gap = (NOW - 3 * DAY, NOW - 2 * DAY);
        let lane = Lane { gap: Some(gap), ..lane };
        let mut walk = Facebook.listen(&lane, None, None, cx);
        assert_eq!(request(&walk.start(cx)).url.path(), "/v26.0/777/feed");
        // A month before the gap: comments of the gap may stand there.
        let posts = [post("777_1", "2026-10-25T12:00:00+0000", 0)];
        let heard = page(walk.read(0, got(&list(&posts, None)), cx).unwrap()).heard;
        assert!(matches!(heard[..], [Heard::Own { .. }]));
        assert_eq!(request(&walk.start(cx)).url.path(), "/v26.0/777_1/comments");
        let comments = [
            comment("1_4", "2026-11-21T11:00:00+0000"),
            comment("1_3", "2026-11-19T11:00:00+0000"),
            comment("1_2", "2026-11-18T11:00:00+0000"),
        ];
        let heard = page(walk.read(1, got(&list(&comments, Some("on"))), cx).unwrap()).heard;
        assert!(matches!(&heard[..], [Heard::Mention(one)] if one.external_id == "1_3"));
        assert!(matches!(walk.start(cx), Step::Done(_)), "below the gap nothing is wanted");
    });
}

#[test]
fn a_post_without_an_id_is_a_hole() {
    let read = |gap: Option<(Instant, Instant)>| {
        with(|cx| {
            let lane = Lane { gap, ..Facebook.lanes(cx).remove(0) };
            let mut walk = Facebook.listen(&lane, None, None, cx);
            walk.start(cx);
            walk.read(0, got("{\"data\":[{\"message\":\"x\"}]}"), cx)
        })
    };
    let told = page(read(None).unwrap());
    assert!(told.hole.is_some_and(|why| why.contains("nothing below it")));
    assert!(matches!(told.heard[..], [Heard::Broken { .. }]));
    let fault = read(Some((NOW - DAY, NOW))).map(|_| ()).unwrap_err();
    assert_eq!(fault.next, Next::Refused, "a gap that is read in part stays one");
}

#[test]
fn comments_in_another_order_are_read_to_their_end() {
    with(|cx| {
        let lane = Facebook.lanes(cx).remove(0);
        let cursor =
            Cursor(format!("{{\"read_to\":\"{NOW}\",\"swept\":\"{NOW}\",\"posts\":{{}}}}"));
        let mut walk = Facebook.listen(&lane, Some(&cursor), None, cx);
        walk.start(cx);
        let posts = [post("777_1", "2026-11-20T12:00:00+0000", 9)];
        page(walk.read(0, got(&list(&posts, None)), cx).unwrap());
        let mixed = [
            comment("1_1", "2026-11-20T12:00:00+0000"),
            comment("1_2", "2026-11-21T11:59:00+0000"),
            comment("1_3", "2026-11-20T13:00:00+0000"),
        ];
        walk.start(cx);
        page(walk.read(1, got(&list(&mixed, Some("on"))), cx).unwrap());
        let more = walk.start(cx);
        assert!(request(&more).url.query().unwrap().ends_with("after=on"));
        let again = walk.read(1, got(&list(&mixed, Some("on"))), cx).map(|_| ());
        assert_eq!(again.unwrap_err().next, Next::Bug, "a server that turns in circles is left");
    });
}

fn of(thread: &str) -> MentionRef {
    MentionRef {
        origin: String::new(),
        external_id: "1_201".to_owned(),
        thread_id: thread.to_owned(),
        author_id: "9".to_owned(),
        author_handle: String::new(),
        visibility: Visibility::Public,
        url: "https://www.facebook.com/1_201".to_owned(),
        created_at: NOW,
    }
}

#[test]
fn a_reply_is_a_form_and_elsewhere_a_person_answers() {
    with(|cx| {
        let part = Part { text: "Ciao & grazie".to_owned() };
        let step = Facebook.post(&part, &of("1_201"), "key", cx).unwrap().start(cx);
        let request = request(&step);
        assert_eq!((request.method, request.url.path()), (Method::Post, "/v26.0/1_201/comments"));
        assert!(request.url.query().is_none(), "only questions name fields");
        let form = Body::Form(vec![("message".to_owned(), "Ciao & grazie".to_owned())]);
        assert!(request.body == form);
        assert!(Facebook.post(&part, &of(""), "key", cx).is_none());
        assert!(Facebook.find(&part, &of(""), "key", NOW, cx).is_none());
        assert!(Facebook.thread(&of(""), cx).is_none());
    });
}

#[test]
fn the_permission_for_posts_elsewhere_is_asked_for_only_where_it_is_wanted() {
    let lanes = |toml: &str| {
        let settings = Facebook.settings(&toml.parse().unwrap()).unwrap();
        let cx = Ctx { settings: &*settings, session: None, now: NOW, own: &[], seed: 0 };
        Facebook.lanes(&cx).into_iter().map(|lane| lane.id).collect::<Vec<_>>()
    };
    assert_eq!(lanes(PAGE), ["feed", "tagged"]);
    assert_eq!(lanes("page = \"777\"\ntoken = \"t\""), ["feed"]);
}
