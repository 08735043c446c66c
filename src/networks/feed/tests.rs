//! What the tapes cannot show: bytes that are no UTF-8, other configurations, bad answers.

use super::*;
use crate::domain::Instant;
use crate::wire::{Got, Heard, Next, Response, Session, Step};

fn settings(url: &str) -> Box<dyn Any + Send + Sync> {
    Feed.settings(&format!("url = \"{url}\"").parse().unwrap()).unwrap()
}

fn with<R>(url: &str, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let (settings, session) = (settings(url), Session::default());
    let now = Instant(1_795_262_400_000);
    speak(&Ctx { settings: &*settings, session: Some(&session), now, own: &[], seed: 0 })
}

/// One poll that gets one answer: the texts heard, and the cursor.
fn poll(
    url: &str,
    cursor: Option<&Cursor>,
    res: Response,
) -> Result<(Vec<String>, Option<String>, Cursor), Fault> {
    with(url, |cx| {
        let lane = Feed.lanes(cx).remove(0);
        let mut talk = Feed.listen(&lane, cursor, None, cx);
        talk.start(cx);
        let Step::Page(page) = talk.read(0, Got::Http(res), cx)? else { panic!("no page") };
        let Step::Done(cursor) = talk.start(cx) else { panic!("not done") };
        let text = |heard| match heard {
            Heard::Mention(m) | Heard::Edited(m) => m.text,
            other => format!("{other:?}"),
        };
        Ok((page.heard.into_iter().map(text).collect(), page.hole, cursor))
    })
}

fn body(bytes: &[u8]) -> Response {
    Response { status: 200, body: bytes.to_vec(), ..Response::default() }
}

fn rss(title: &[u8]) -> Vec<u8> {
    [
        b"<rss version=\"2.0\"><channel><item><guid>1</guid><title>",
        title,
        b"</title></item></channel></rss>",
    ]
    .concat()
}

const URL: &str = "https://a.example/f";

#[test]
fn bytes_without_a_declaration_are_utf_8_or_latin_1() {
    assert_eq!(poll(URL, None, body(&rss("perché".as_bytes()))).unwrap().0, ["perché"]);
    assert_eq!(poll(URL, None, body(&rss(b"perch\xE9"))).unwrap().0, ["perché"]);
    let mut greek = body(&rss(b"\xE1"));
    greek.headers.push(("content-type".to_owned(), "text/xml; charset=iso-8859-7".to_owned()));
    assert_eq!(poll(URL, None, greek).unwrap().0, ["\u{FFFD}"], "not guessed wrong");
}

#[test]
fn another_address_is_another_feed() {
    let (_, _, cursor) = poll(URL, None, body(&rss(b"x"))).unwrap();
    assert!(poll(URL, Some(&cursor), body(&rss(b"x"))).unwrap().0.is_empty());
    let (heard, hole, _) = poll("https://b.example/f", Some(&cursor), body(&rss(b"x"))).unwrap();
    assert_eq!((heard.len(), hole.is_some()), (1, true));
}

#[test]
fn queries_tell_feeds_apart_without_showing() {
    let origin = |url| with(url, |cx| cx.settings::<Settings>().origin());
    assert_eq!(origin(URL), "a.example/f");
    assert_ne!(origin("https://a.example/f?q=1"), origin("https://a.example/f?q=2"));
    assert!(!origin("https://a.example/f?key=tk1").contains("tk1"));
}

#[test]
fn what_is_no_feed_says_what_to_do() {
    let fault = |bytes: &[u8]| poll(URL, None, body(bytes)).unwrap_err();
    assert!(fault(b"<!doctype html><p>hello").why.contains("names no feed"));
    assert!(fault(b"hello").why.contains("write the feed's address"));
    assert_eq!(fault(b"  ").next, Next::Retry { after: None });
    assert_eq!(fault(&rss(b"x")[..60]).next, Next::Retry { after: None });
    let unasked = Response { status: 304, ..Response::default() };
    assert_eq!(poll(URL, None, unasked).unwrap_err().next, Next::Retry { after: None });
}

#[test]
fn deep_and_huge_feeds_end() {
    let deep = ["<b>".repeat(20_000), "</b>".repeat(20_000)].concat();
    let _ = poll(URL, None, body(&rss(deep.as_bytes())));
    let group = [
        "<media:group xmlns:media=\"http://search.yahoo.com/mrss/\">".repeat(5_000),
        "</media:group>".repeat(5_000),
    ]
    .concat();
    let text = String::from_utf8(rss(b"x")).unwrap().replace("<guid>", &format!("{group}<guid>"));
    let _ = poll(URL, None, body(text.as_bytes()));
    let many = "<item/>".repeat(50_000);
    let text = format!("<rss version=\"2.0\"><channel>{many}</channel></rss>");
    assert!(poll(URL, None, body(text.as_bytes())).is_ok_and(|(heard, _, _)| heard.len() == 1));
}
