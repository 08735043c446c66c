//! Tests of conversations: log-in, renewal, time, faults and what they say.

use super::super::testing::*;
use super::super::transport::SendFault;
use super::*;
use crate::wire::{Secret, Session};

const PEER: Peer<'static> = Peer::Network(&TestNet::Events);

fn ask(path: &str) -> Ask {
    Ask::http(get(path), 1, &[])
}

fn post(path: &str) -> Ask {
    Ask::http(Request::new(Method::Post, url(path)), 2, &[])
}

async fn run(bench: &Bench, asks: Vec<Ask>) -> Result<Vec<String>, Fault> {
    let talk = Script::new(vec![asks]);
    bench.engine.begin(PEER, &bench.link, talk, Purpose::Reply, None).finish().await
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn asks_go_in_order_and_pages_end_turns() {
    let b = bench(true, vec![answer(200, "a"), answer(304, ""), answer(200, "c")]);
    let pages = vec![vec![ask("/1"), ask("/2")], vec![ask("/3")]];
    let mut talk = b.engine.begin(PEER, &b.link, Script::new(pages), Purpose::Poll, None);
    assert!(matches!(is_send(talk.turn()).await, Ok(Turn::Page(_))));
    let Ok(Turn::Done(read)) = talk.turn().await else { panic!("not done") };
    assert_eq!(read, ["1:a", "1:", "1:c"]);
    assert_eq!(talk.turn().await.unwrap_err().next, Next::Bug);
    assert_eq!(b.transport.log()[2], "GET /3 Bearer tok-1");
}

#[tokio::test]
async fn what_stays_in_the_process_is_answered_at_once() {
    let b = bench(true, Vec::new());
    let ask = |via| Ask { via, tag: 3, spend: &[], auth: false };
    let asks = vec![ask(Via::Say("a case is due".to_owned())), ask(Via::Nothing)];
    assert_eq!(run(&b, asks).await.unwrap(), ["3:said", "3:said"]);
    assert_eq!(*b.said.lock().unwrap(), ["a case is due"]);
}

#[tokio::test]
async fn a_missing_session_is_made_stored_and_used() {
    let b = bench(false, vec![answer(200, "tok-9"), answer(200, "a")]);
    let cx = b.engine.ctx(PEER, &b.link).await.unwrap();
    assert_eq!(cx.cx().own, ["brand", "us"]);
    run(&b, vec![ask("/1")]).await.unwrap();
    assert_eq!(b.transport.log(), ["POST /login -", "GET /1 Bearer tok-9"]);
    let kept = b.memory.sessions.lock().unwrap()["chan"].secret.clone().unwrap();
    assert_eq!(kept.expose(), "tok-9");
}

#[tokio::test]
async fn a_refused_session_is_renewed_once_and_the_same_ask_repeated() {
    let b = bench(
        true,
        vec![
            answer(200, "a"),
            answer(401, ""),
            answer(200, "tok-2"),
            answer(200, "b"),
            answer(401, ""),
        ],
    );
    let fault = run(&b, vec![ask("/1"), ask("/2"), ask("/3")]).await.unwrap_err();
    assert_eq!(fault.next, Next::Auth, "a second refusal ends it");
    let log = b.transport.log();
    assert_eq!(log[1], "GET /2 Bearer tok-1");
    assert_eq!(log[2], "POST /login -");
    assert_eq!(log[3], "GET /2 Bearer tok-2");
    assert_eq!(log[4], "GET /3 Bearer tok-2");
    assert_eq!(log.len(), 5);
}

#[tokio::test]
async fn a_session_that_another_renewed_is_taken_over() {
    let b = bench(true, vec![answer(401, ""), answer(200, "a")]);
    b.engine.ctx(PEER, &b.link).await.unwrap();
    let other = Session { secret: Some(Secret::new("tok-other")), ..Session::default() };
    b.memory.sessions.lock().unwrap().insert("chan".to_owned(), other);
    run(&b, vec![ask("/1")]).await.unwrap();
    assert_eq!(b.transport.log()[1], "GET /1 Bearer tok-other");
}

#[tokio::test]
async fn a_session_that_could_not_be_stored_is_not_used_and_not_lost() {
    let b = bench(false, vec![answer(200, "tok-9"), answer(200, "a")]);
    *b.memory.broken.lock().unwrap() = true;
    let fault = run(&b, vec![ask("/1")]).await.unwrap_err();
    assert!(fault.why.contains("disk is full") && fault.reached == Reached::Never);
    *b.memory.broken.lock().unwrap() = false;
    run(&b, vec![ask("/1")]).await.unwrap();
    assert_eq!(b.transport.log(), ["POST /login -", "GET /1 Bearer tok-9"]);
}

#[tokio::test]
async fn an_ended_session_is_renewed_before_it_is_refused() {
    let b = bench(true, vec![answer(200, "tok-2"), answer(200, "a")]);
    b.memory.sessions.lock().unwrap().get_mut("chan").unwrap().expires_at = Some(START);
    run(&b, vec![ask("/1")]).await.unwrap();
    assert_eq!(b.transport.log(), ["POST /login -", "GET /1 Bearer tok-2"]);
}

#[tokio::test]
async fn nothing_is_sent_when_its_time_is_over() {
    let b = bench(true, vec![answer(200, "a")]);
    let begin = |end| {
        let talk = Script::new(vec![vec![post("/1")]]);
        b.engine.begin(PEER, &b.link, talk, Purpose::Reply, Some(end))
    };
    let (soon, late) = (begin(START + 1), begin(START + 30_000));
    b.clock.advance(1);
    let fault = soon.finish().await.unwrap_err();
    assert_eq!(fault.reached, Reached::Never);
    assert!(fault.may_resend() && b.transport.log().is_empty());
    assert!(late.finish().await.is_ok());
}

#[tokio::test]
async fn how_far_it_got_is_told() {
    let faults = vec![Err(SendFault::never("no line")), Err(SendFault::perhaps("cut"))];
    let b = bench(true, faults);
    let never = run(&b, vec![post("/1")]).await.unwrap_err();
    assert_eq!((never.reached, never.next), (Reached::Never, Next::Retry { after: None }));
    assert_eq!(run(&b, vec![post("/1")]).await.unwrap_err().reached, Reached::Perhaps);
}

#[tokio::test]
async fn after_a_post_nothing_counts_as_never_sent() {
    let b = bench(true, vec![answer(200, "posted"), Err(SendFault::never("no line"))]);
    let fault = run(&b, vec![post("/1"), ask("/2")]).await.unwrap_err();
    assert_eq!(fault.reached, Reached::Perhaps);
    assert!(!fault.may_resend(), "the post stands there");
}

#[tokio::test]
async fn a_failing_log_in_leaves_the_post_unsent() {
    let b = bench(true, vec![answer(401, ""), Err(SendFault::perhaps("cut"))]);
    assert_eq!(run(&b, vec![post("/1")]).await.unwrap_err().reached, Reached::Never);
}

#[tokio::test]
async fn a_talk_that_never_ends_is_ended() {
    struct Circle;
    impl Talk<()> for Circle {
        fn start(&mut self, _: &crate::wire::Ctx<'_>) -> Step<()> {
            Step::Ask(vec![Ask { via: Via::Say("x".to_owned()), tag: 0, spend: &[], auth: false }])
        }
        fn read(&mut self, _: u8, _: Got, cx: &crate::wire::Ctx<'_>) -> Result<Step<()>, Fault> {
            Ok(self.start(cx))
        }
    }
    let b = bench(true, Vec::new());
    let talk = b.engine.begin(PEER, &b.link, Box::new(Circle), Purpose::Alert, None);
    assert_eq!(talk.finish().await.unwrap_err().next, Next::Bug);
    assert_eq!(b.said.lock().unwrap().len(), 10_000);
}

#[tokio::test]
async fn no_secret_stands_in_a_fault() {
    let path = "/p?access_token=q-hidden&limit=4";
    let cut = SendFault::perhaps("GET https://net.example/p?access_token=q-hidden: tok-1");
    let b = bench(true, vec![Err(cut), answer(403, "")]);
    for _ in 0..2 {
        let fault = run(&b, vec![ask(path)]).await.unwrap_err();
        for secret in ["q-hidden", "tok-1", "access_token"] {
            assert!(!fault.why.contains(secret), "{}", fault.why);
        }
        assert!(fault.why.contains("https://net.example/p"), "{}", fault.why);
    }
}

#[tokio::test]
async fn frames_come_after_a_renewal() {
    let stream = answer(200, ":hi\n\nevent: update\ndata: 1\n\n");
    let b = bench(true, vec![answer(401, ""), answer(200, "tok-2"), stream]);
    let mut frames = b.engine.frames(&TestNet::Events, &b.link).await.unwrap().unwrap();
    assert_eq!(is_send(frames.next()).await.unwrap(), b"event: update\ndata: 1");
    assert!(frames.next().await.unwrap_err().why.contains("ended"));
    assert_eq!(b.transport.log()[2], "GET /stream Bearer tok-2");
}
