//! Tests of the rehearsal: each thing a script can say, and the promise that no walk loses a word
//! without telling.

mod neighbours;
mod promise;

use super::Rehearsal;
use crate::domain::time::MINUTE;
use crate::domain::{Instant, MentionRef, Visibility};
use crate::wire::{
    Ctx, Cursor, Fault, Got, Heard, Lane, Network, Next, Page, Request, Response, Seen, Sent, Step,
    Talk, ThreadView, Via,
};
use std::any::Any;

const START: &str = "2026-11-20T08:00:00Z";

/// A rehearsal channel with a place in its lane.
struct Channel {
    settings: Box<dyn Any + Send + Sync>,
    cursor: Option<Cursor>,
    resume: Option<String>,
}

/// So many minutes after the start.
fn at(minutes: f64) -> Instant {
    Instant::parse(START).unwrap() + (minutes * MINUTE as f64) as i64
}

/// Runs a conversation to its end, or to its `pages`th page.
fn run<T>(
    talk: &mut dyn Talk<T>,
    cx: &Ctx<'_>,
    pages: usize,
    answer: &mut dyn FnMut(&Request) -> Response,
) -> (Vec<Page>, Option<Result<T, Fault>>) {
    let mut heard = Vec::new();
    let mut step = talk.start(cx);
    loop {
        step = match step {
            Step::Done(end) => return (heard, Some(Ok(end))),
            Step::Page(page) => {
                heard.push(page);
                if heard.len() >= pages {
                    return (heard, None);
                }
                talk.start(cx)
            }
            Step::Ask(asks) => {
                assert_eq!(asks.len(), 1, "one thing at a time");
                let got = match &asks[0].via {
                    Via::Nothing => Got::Said,
                    Via::Http(request) => Got::Http(answer(request)),
                    Via::Say(_) | Via::Mail(_) => unreachable!("it neither says nor mails"),
                };
                match talk.read(asks[0].tag, got, cx) {
                    Ok(step) => step,
                    Err(fault) => return (heard, Some(Err(fault))),
                }
            }
        }
    }
}

fn nobody(_: &Request) -> Response {
    unreachable!("nothing is asked of a server")
}

impl Channel {
    /// A channel with these lines of TOML beside its start.
    fn new(toml: &str) -> Channel {
        let table = format!("start = {START:?}\n{toml}").parse().unwrap();
        let settings =
            Rehearsal.settings(&table).unwrap_or_else(|e| panic!("{}: {}", e.key, e.why));
        Channel { settings, cursor: None, resume: None }
    }

    /// A channel on a script, with more lines of TOML.
    fn on(script: &str, toml: &str) -> Channel {
        Channel::new(&format!("script = '''\n{script}\n'''\n{toml}"))
    }

    fn cx(&self, now: Instant) -> Ctx<'_> {
        Ctx { settings: &*self.settings, session: None, now, own: &[], seed: 1 }
    }

    fn lane(&self) -> Lane {
        Rehearsal.lanes(&self.cx(at(0.0))).remove(0)
    }

    /// Walks the lane, at most so many pages, and keeps the progress as a store would.
    fn walk(&mut self, now: Instant, most: usize) -> (Vec<Page>, Option<Fault>) {
        let lane = self.lane();
        let cx = self.cx(now);
        let resume = self.resume.as_deref();
        let mut talk = Rehearsal.listen(&lane, self.cursor.as_ref(), resume, &cx);
        let (pages, end) = run(&mut *talk, &cx, most, &mut nobody);
        drop(talk);
        if let Some(page) = pages.last() {
            self.resume = page.resume.clone();
        }
        match end {
            Some(Ok(cursor)) => {
                (self.cursor, self.resume) = (Some(cursor), None);
                (pages, None)
            }
            Some(Err(fault)) => (pages, Some(fault)),
            None => (pages, None),
        }
    }

    /// One whole poll.
    fn poll(&mut self, now: Instant) -> Vec<Page> {
        let (pages, fault) = self.walk(now, usize::MAX);
        assert_eq!(fault, None);
        pages
    }

    /// What one whole poll says, in short words.
    fn says(&mut self, minutes: f64) -> Vec<String> {
        self.poll(at(minutes)).iter().flat_map(|page| page.heard.iter().map(word)).collect()
    }

    fn fill(&self, from: Instant, to: Instant, now: Instant) -> Vec<Page> {
        let lane = Lane { gap: Some((from, to)), ..self.lane() };
        let cx = self.cx(now);
        let mut talk = Rehearsal.listen(&lane, None, None, &cx);
        let (pages, end) = run(&mut *talk, &cx, usize::MAX, &mut nobody);
        assert!(matches!(end, Some(Ok(_))));
        pages
    }

    fn thread(&self, id: &str, minutes: f64) -> ThreadView {
        let cx = self.cx(at(minutes));
        let mut talk = Rehearsal.thread(&reference(id), &cx).unwrap();
        let Step::Done(view) = talk.start(&cx) else { panic!("threads are read in the process") };
        view
    }
}

fn reference(id: &str) -> MentionRef {
    MentionRef {
        origin: String::new(),
        external_id: id.to_owned(),
        thread_id: id.to_owned(),
        author_id: "ana".to_owned(),
        author_handle: "ana".to_owned(),
        visibility: Visibility::Public,
        url: String::new(),
        created_at: at(0.0),
    }
}

fn word(heard: &Heard) -> String {
    match heard {
        Heard::Mention(m) => format!("{}: {}", m.external_id, m.text),
        Heard::Edited(m) => format!("{} now: {}", m.external_id, m.text),
        Heard::Gone { external_id, .. } => format!("{external_id} gone"),
        Heard::Own { external_id, .. } => format!("{external_id} ours"),
        Heard::Repost { of, reach, .. } => format!("{of} +{reach}"),
        Heard::Broken { .. } => "broken".to_owned(),
    }
}

const DAY: &str = r#"
{"at":1,"do":"post","id":"p1","author":"ana","handle":"ana_b","text":"how much is it?","lang":"en"}
{"at":2,"do":"edit","id":"p1","text":"it is broken!"}
{"at":3,"do":"post","id":"p2","author":"bo","text":"awful"}
{"at":4,"do":"delete","id":"p2"}
{"at":5,"do":"answer","id":"n1","parent":"p1","text":"we are sorry"}
{"at":6,"do":"repost","of":"p1","reach":40}
{"at":7,"do":"own","id":"o1","text":"good morning"}
{"at":8,"do":"broken","id":"b1"}
{"at":9,"do":"post","id":"p3","author":"ana","text":"thanks","parent":"n1"}
"#;

#[test]
fn an_ascending_lane_tells_what_happens_when_it_happens() {
    let mut channel = Channel::on(DAY, "");
    assert_eq!(channel.says(0.5), [""; 0]);
    assert_eq!(channel.says(1.0), ["p1: how much is it?"]);
    assert_eq!(channel.says(3.0), ["p1 now: it is broken!", "p2: awful"]);
    assert_eq!(channel.says(9.0), ["p2 gone", "p1 +40", "o1 ours", "broken", "p3: thanks"]);
    assert_eq!(channel.says(9.0), [""; 0]);
    assert_eq!(channel.says(3.0), [""; 0], "a clock that falls back hears nothing twice");
    let late = Channel::on(DAY, "").says(9.0);
    assert_eq!(late[0], "p1: it is broken!", "each thing as it stands at the poll");
    assert!(late.iter().all(|word| word != "p2: awful"), "what is gone is not shown");
}

#[test]
fn new_to_old_and_a_window_show_the_same_in_their_own_way() {
    let mut newest = Channel::on(DAY, "walk = 'newest'\npage = 2");
    let told = newest.says(9.0);
    assert_eq!(told[..2], ["p3: thanks", "broken"]);
    assert_eq!(told.last().unwrap(), "p1: it is broken!");
    let mut window = Channel::on(DAY, "walk = 'snapshot'\npage = 3");
    assert_eq!(window.says(9.0), ["p3: thanks", "broken", "o1 ours"]);
    assert_eq!(window.says(9.5).len(), 3, "a window shows what it showed");
}

#[test]
fn a_thread_is_read_as_it_stands() {
    let channel = Channel::on(DAY, "");
    let view = channel.thread("p1", 9.0);
    let ids: Vec<&str> = view.entries.iter().map(|e| e.external_id.as_str()).collect();
    assert_eq!(ids, ["p1", "n1", "p3"]);
    assert_eq!(view.entries[1].author_id, "brand");
    assert_eq!(view.entries[0].edited_at, Some(at(2.0)));
    assert_eq!(view.mention.unwrap().text, "it is broken!");
    assert_eq!(channel.thread("p1", 4.5).entries.len(), 1);
    assert!(!channel.thread("p2", 3.5).gone);
    let gone = channel.thread("p2", 4.0);
    assert!(gone.gone && gone.mention.is_none() && gone.entries.is_empty());
    assert!(!channel.thread("stranger", 9.0).gone, "what is unknown is not withdrawn");
}

#[test]
fn outages_say_what_to_do() {
    let script = r#"
        {"at":1,"do":"post","id":"p1","author":"ana","text":"one"}
        {"at":2,"do":"outage","minutes":2,"kind":"down"}
        {"at":3,"do":"post","id":"p2","author":"bo","text":"two"}
        {"at":4,"do":"outage","minutes":2,"kind":"auth"}
        {"at":6,"do":"outage","minutes":2,"kind":"limit"}"#;
    let mut channel = Channel::on(script, "");
    assert_eq!(channel.says(1.5), ["p1: one"]);
    let mut next = |minutes| channel.walk(at(minutes), 9).1.unwrap().next;
    assert_eq!(next(2.0), Next::Retry { after: None });
    assert_eq!(next(5.0), Next::Auth);
    assert_eq!(next(6.0), Next::Throttled { bucket: None, until: at(8.0) });
    assert_eq!(channel.says(8.0), ["p2: two"], "nothing is lost by an outage alone");
}

#[test]
fn late_entries_show_late_and_lost_ones_leave_a_hole() {
    let script = r#"
        {"at":1,"do":"post","id":"p1","author":"ana","text":"one"}
        {"do":"late","id":"p1","minutes":4}
        {"at":10,"do":"lose","minutes":5}
        {"at":12,"do":"post","id":"p2","author":"bo","text":"two"}
        {"at":15,"do":"post","id":"p3","author":"bo","text":"three"}"#;
    let mut channel = Channel::on(script, "");
    assert_eq!(channel.lane().settle_ms, 4 * MINUTE);
    assert_eq!(channel.says(4.9), [""; 0]);
    assert_eq!(channel.says(5.0), ["p1: one"]);
    let pages = channel.poll(at(16.0));
    let holes: Vec<_> = pages.iter().map(|p| p.hole.is_some()).collect();
    assert_eq!(holes, [false, true]);
    assert_eq!(pages[0].span, Some((at(1.0), at(6.0))));
    assert_eq!(pages[1].span, Some((at(15.0), at(15.0))), "where the hole ends");
    assert_eq!(pages[1].heard.len(), 1);
    assert!(channel.poll(at(30.0)).iter().all(|p| p.hole.is_none()), "told once");
    let filled = channel.fill(at(6.0), at(15.0), at(31.0));
    assert_eq!(filled.iter().flat_map(|p| &p.heard).map(word).collect::<Vec<_>>(), ["p2: two"]);
    assert_eq!(filled.last().unwrap().span, Some((at(6.0), at(15.0))));
    let mut prompt = Channel::on(script, "");
    prompt.poll(at(5.0));
    assert_eq!(prompt.says(14.0), ["p2: two"], "the network still knows it then");
}

#[test]
fn a_strange_cursor_is_expired() {
    for walk in ["ascending", "newest", "snapshot"] {
        let mut channel = Channel::on(DAY, &format!("walk = '{walk}'"));
        channel.cursor = Some(Cursor("4711".to_owned()));
        assert_eq!(channel.walk(at(9.0), 9).1.unwrap().next, Next::Expired);
    }
}

#[test]
fn a_flood_has_its_rate_and_its_complaints() {
    let mut channel =
        Channel::new("flood = 1000\nflood_total = 1500\nflood_bytes = 200\npage = 400");
    let pages = channel.poll(at(0.0) + 999);
    assert_eq!(pages.iter().map(|p| p.heard.len()).collect::<Vec<_>>(), [400, 400, 200]);
    let rest = channel.says(1.0);
    assert_eq!(rest.len(), 500);
    assert!(rest[499].starts_with("f1499: @acmeluce "));
    let view = channel.thread("f7", 1.0);
    assert_eq!(view.entries.len(), 1);
    assert_eq!(view.mention.unwrap().author.id, "a7");
}

#[test]
fn replies_fit_and_go_to_the_server() {
    let channel = Channel::on(DAY, "reply_limit = 20\nurl = 'http://127.0.0.1:9/api/'");
    let (cx, of) = (channel.cx(at(9.0)), reference("p1"));
    let parts = Rehearsal.fit("@ana we are very sorry for this", &of, &cx).unwrap();
    assert!(parts.len() == 2 && parts.iter().all(|p| p.text.starts_with("@ana ")));
    assert_eq!(Rehearsal.fit(" ", &of, &cx).unwrap_err().next, Next::Refused);

    let mut asked = Vec::new();
    let mut post = Rehearsal.post(&parts[0], &of, "k1", &cx).unwrap();
    let (_, sent) = run(&mut *post, &cx, 1, &mut |request| {
        asked.push(format!("{request:?}"));
        response(201, r#"{"id":"r1","url":"http://127.0.0.1:9/r1"}"#)
    });
    let external_id = "r1".to_owned();
    let url = "http://127.0.0.1:9/r1".to_owned();
    assert_eq!(sent.unwrap().unwrap(), Sent::Done { external_id, url });
    assert_eq!(asked, ["POST http://127.0.0.1:9/api/posts"]);
    let mut post = Rehearsal.post(&parts[0], &of, "k1", &cx).unwrap();
    let (_, sent) = run(&mut *post, &cx, 1, &mut |_| response(201, "<html>"));
    let fault = sent.unwrap().unwrap_err();
    assert!(!fault.may_resend() && !fault.is_final(), "it may stand there");

    let seen = |author: &str, text: &str, minutes: f64| {
        let list = format!(
            r#"[{{"id":"r1","parent":"p1","author":"{author}","text":"{text}","at":"{}","url":"u"}}]"#,
            at(minutes)
        );
        let mut find = Rehearsal.find(&parts[0], &of, "k1", at(8.0), &cx).unwrap();
        run(&mut *find, &cx, 1, &mut |_| response(200, &list)).1.unwrap().unwrap()
    };
    assert!(matches!(seen("brand", &parts[0].text, 8.5), Seen::There { .. }));
    assert_eq!(seen("ana", &parts[0].text, 8.5), Seen::Absent { complete: true });
    assert_eq!(seen("brand", "else", 8.5), Seen::Absent { complete: true });
    assert_eq!(seen("brand", &parts[0].text, 7.0), Seen::Absent { complete: true });
}

fn response(status: u16, body: &str) -> Response {
    Response { status, body: body.as_bytes().to_vec(), ..Response::default() }
}

#[test]
fn without_a_server_a_reply_has_an_id_of_its_key() {
    let channel = Channel::on(DAY, "");
    let (cx, of) = (channel.cx(at(9.0)), reference("p1"));
    let part = &Rehearsal.fit("sorry", &of, &cx).unwrap()[0];
    let mut post = Rehearsal.post(part, &of, "k1", &cx).unwrap();
    let Step::Done(Sent::Done { external_id, .. }) = post.start(&cx) else { panic!("at once") };
    assert_eq!(external_id, "own-k1");
    let mut find = Rehearsal.find(part, &of, "k1", at(8.0), &cx).unwrap();
    assert!(matches!(find.start(&cx), Step::Done(Seen::Absent { complete: false })));
    let mut login = Rehearsal.login(&cx).unwrap();
    let Step::Done(session) = login.start(&cx) else { panic!("at once") };
    assert_eq!(session.own, ["brand"]);
}

#[test]
fn mistakes_are_named() {
    let wrong = |toml: &str| {
        let Err(fault) = Rehearsal.settings(&toml.parse().unwrap()) else { panic!("taken") };
        format!("{}: {}", fault.key, fault.why)
    };
    let script = |line: &str| wrong(&format!("start = {START:?}\nscript = '''{line}'''"));
    assert!(wrong("start = 'noon'").starts_with("start: `noon` is not a time"));
    assert!(script("good-day").contains("bad-day"));
    assert!(script(r#"{"at":1,"do":"sing"}"#).starts_with("script: line 1 of the script: unknown"));
    assert!(script(r#"{"at":1,"do":"delete","id":"p9"}"#).contains("no line posts `p9`"));
    assert!(script(r#"{"at":-1,"do":"broken","id":"p9"}"#).contains("-1 minutes"));
    let unknown = r#"{"at":1,"do":"own","id":"o","text":"","mood":"good"}"#;
    assert!(script(unknown).contains("mood"));
    let walk = format!("start = {START:?}\nwalk = 'sideways'");
    assert!(wrong(&walk).starts_with("walk: "));
    let page = format!("start = {START:?}\npage = 0");
    assert!(wrong(&page).contains("1 to 10000"));
}

/// Counts what the demo promises.
#[test]
fn the_bad_day_has_everything_in_it() {
    let mut channel = Channel::new("");
    let mut told = Vec::new();
    let (mut mentions, mut faults, mut holes) = (0, 0, Vec::new());
    for minute in 0..=600 {
        let (pages, fault) = channel.walk(at(f64::from(minute)), usize::MAX);
        faults += usize::from(fault.is_some());
        for page in pages {
            holes.extend(page.hole.is_some().then_some(page.span));
            for heard in page.heard {
                if let Heard::Mention(mention) = &heard {
                    mention.clone().checked().unwrap();
                    mentions += 1;
                }
                told.push(word(&heard));
            }
        }
    }
    assert_eq!((mentions, faults), (58, 40));
    assert_eq!(holes, [Some((at(294.0), at(294.0)))]);
    let count = |end: &str| told.iter().filter(|word| word.ends_with(end)).count();
    assert_eq!((count(" ours"), count(" gone"), count("broken")), (3, 1, 1));
    assert!(told.iter().any(|word| word.starts_with("p11 now: ")));
    assert!(told.iter().filter(|word| word.contains(" +")).count() >= 4);
    let filled = channel.fill(at(255.0), at(294.0), at(600.0));
    let back: Vec<_> = filled.iter().flat_map(|p| &p.heard).map(word).collect();
    assert_eq!(back.len(), 4);
    assert!(back[0].starts_with("p41: "));
}
