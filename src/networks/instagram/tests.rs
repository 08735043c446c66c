//! What the tapes cannot show: answers that come with their comment, and what replies may be.

use super::*;
use crate::domain::Visibility;
use crate::wire::{Heard, Next, Via};

const NOW: Instant = Instant(1_795_262_400_000);
const ACCOUNT: &str = "account = \"777\"\ntoken = \"tk-1234\"";

fn with<R>(toml: &str, speak: impl FnOnce(&Ctx<'_>) -> R) -> R {
    let settings = Instagram.settings(&toml.parse().unwrap()).unwrap();
    let session = Session { facts: "{\"username\":\"acme\"}".to_owned(), ..Session::default() };
    speak(&Ctx { settings: &*settings, session: Some(&session), now: NOW, own: &[], seed: 0 })
}

fn got(body: &str) -> Got {
    Got::Http(Response { status: 200, body: body.into(), ..Response::default() })
}

/// Reads one page of comments; gives what was heard and where the walk asks next.
fn comments(data: &str) -> (Vec<Heard>, Option<String>) {
    with(ACCOUNT, |cx| {
        let lane = Instagram.lanes(cx).remove(0);
        let mut walk = Instagram.listen(&lane, None, None, cx);
        walk.start(cx);
        let media = "{\"data\":[{\"id\":\"18\",\"timestamp\":\"2026-11-20T05:00:00+0000\",\
                     \"permalink\":\"https://www.instagram.com/p/a/\",\"comments_count\":3}]}";
        walk.read(0, got(media), cx).unwrap();
        walk.start(cx);
        let Ok(Step::Page(page)) = walk.read(1, got(&format!("{{\"data\":[{data}]}}")), cx) else {
            panic!("a page")
        };
        let next = match walk.start(cx) {
            Step::Ask(asks) => match &asks[0].via {
                Via::Http(request) => Some(request.url.path().to_owned()),
                _ => panic!("no HTTP"),
            },
            _ => None,
        };
        (page.heard, next)
    })
}

const TOP: &str = "\"id\":\"1\",\"timestamp\":\"2026-11-20T08:00:00+0000\",\"username\":\"jo\"";
const ANSWER: &str = "{\"id\":\"2\",\"timestamp\":\"2026-11-20T09:00:00+0000\",\
                      \"username\":\"anna\",\"text\":\"anche a me\",\"parent_id\":\"1\"}";

#[test]
fn answers_come_with_their_comment_and_belong_to_its_thread() {
    let (heard, next) = comments(&format!("{{{TOP},\"replies\":{{\"data\":[{ANSWER}]}}}}"));
    let [Heard::Mention(top), Heard::Mention(answer)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((top.thread_id.as_str(), top.parent_id.as_deref()), ("1", Some("18")));
    assert_eq!((answer.thread_id.as_str(), answer.parent_id.as_deref()), ("1", Some("1")));
    assert_eq!(answer.author.id, "username:anna");
    assert_eq!(next, None);
}

#[test]
fn one_bad_entry_costs_neither_its_answers_nor_its_comment() {
    let bad = "\"id\":\"1\",\"timestamp\":\"gestern\"";
    let (heard, _) = comments(&format!("{{{bad},\"replies\":{{\"data\":[{ANSWER}]}}}}"));
    assert!(matches!(heard[..], [Heard::Broken { .. }, Heard::Mention(_)]));
    let (heard, next) = comments(&format!("{{{TOP},\"replies\":7}}"));
    assert!(matches!(heard[..], [Heard::Mention(_)]));
    assert_eq!(next.as_deref(), Some("/v26.0/1/replies"), "they are asked for by themselves");
}

#[test]
fn the_account_is_known_by_its_name() {
    let own = "{\"id\":\"3\",\"timestamp\":\"2026-11-20T09:00:00+0000\",\"username\":\"Acme\",\
               \"from\":{\"id\":\"4711\",\"username\":\"Acme\"}}";
    let nobody = "{\"id\":\"4\",\"timestamp\":\"2026-11-20T09:00:00+0000\"}";
    let (heard, _) = comments(&format!("{own},{nobody}"));
    let [Heard::Own { external_id, .. }, Heard::Mention(mention)] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!((external_id.as_str(), mention.author.id.as_str()), ("3", "unknown:4"));
}

fn of(external_id: &str, thread: &str) -> MentionRef {
    MentionRef {
        origin: String::new(),
        external_id: external_id.to_owned(),
        thread_id: thread.to_owned(),
        author_id: "5".to_owned(),
        author_handle: "jo.d".to_owned(),
        visibility: Visibility::Public,
        url: "https://www.instagram.com/p/a/".to_owned(),
        created_at: NOW,
    }
}

#[test]
fn replies_are_cut_named_and_held_to_the_rules() {
    let fit =
        |toml: &str, text: &str, of: &MentionRef| with(toml, |cx| Instagram.fit(text, of, cx));
    let long = "parola ".repeat(60);
    let parts = fit(ACCOUNT, &long, &of("2", "1")).unwrap();
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.text.starts_with("@jo.d parola")));
    let wide = format!("{ACCOUNT}\nreply_limit = 2200\ntext_rules = false");
    assert_eq!(fit(&wide, &long, &of("2", "1")).unwrap().len(), 1);
    let tags = "#a #b #c #d #e ciao";
    assert_eq!(fit(ACCOUNT, tags, &of("1", "1")).unwrap_err().next, Next::Refused);
    assert!(fit(&wide, tags, &of("1", "1")).is_ok());
}

#[test]
fn below_posts_of_others_a_person_answers() {
    with(ACCOUNT, |cx| {
        let part = Part { text: "Ciao".to_owned() };
        assert!(Instagram.post(&part, &of("1", ""), "key", cx).is_none());
        assert!(Instagram.find(&part, &of("1", ""), "key", NOW, cx).is_none());
        assert!(Instagram.thread(&of("1", ""), cx).is_none());
    });
}
