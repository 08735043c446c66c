//! Tests of the limits: reserve, shares, headers, refusals, restarts.

use super::super::testing::*;
use super::*;
use crate::domain::time::SECOND;
use crate::wire::{Ask, Keep};

const SHORT: &[(Bucket, u32)] = &[(API, 1)];
const LONG: &[(Bucket, u32)] = &[(MONTH, 1)];
const BOTH: &[(Bucket, u32)] = &[(API, 1), (MONTH, 1)];

async fn spend(b: &Bench, costs: &'static [(Bucket, u32)], purpose: Purpose) -> Result<(), Fault> {
    let talk = Script::new(vec![vec![Ask::http(get("/x"), 1, costs)]]);
    let peer = Peer::Network(&TestNet::Events);
    b.engine.begin(peer, &b.link, talk, purpose, None).finish().await.map(|_| ())
}

fn until(result: Result<(), Fault>) -> Instant {
    match result.unwrap_err().next {
        Next::Throttled { until, .. } => until,
        next => panic!("{next:?}"),
    }
}

fn fine(n: usize) -> Vec<Result<Response, super::super::SendFault>> {
    (0..n).map(|_| answer(200, "")).collect()
}

/// Whether a bucket opens when a window from now is over, give or take the slices of one.
fn a_window_later(open: Instant, window: i64) -> bool {
    START + window <= open && open <= START + window + window / 10
}

#[tokio::test]
async fn polls_leave_the_reserve() {
    let b = bench(true, fine(5));
    for _ in 0..2 {
        spend(&b, SHORT, Purpose::Poll).await.unwrap();
    }
    let open = until(spend(&b, SHORT, Purpose::Poll).await);
    assert!(a_window_later(open, MINUTE), "{open}");
    for _ in 0..2 {
        spend(&b, SHORT, Purpose::Reply).await.unwrap();
    }
    until(spend(&b, SHORT, Purpose::Reread).await);
    b.clock.advance(open - START);
    spend(&b, SHORT, Purpose::Poll).await.unwrap();
}

#[tokio::test]
async fn a_reread_leaves_polls_their_share_and_is_ended_once_begun() {
    let b = bench(true, fine(9));
    let (reset, next) = (START + MINUTE, START + MINUTE + 5 * SECOND);
    let full = Told { bucket: API, remaining: 4, reset };
    b.memory.told("chan", &full, START).await.unwrap();
    let peer = Peer::Network(&TestNet::Events);
    let asks = [1, 2].map(|tag| Ask::http(get("/x"), tag, SHORT)).to_vec();
    let talk = b.engine.begin(peer, &b.link, Script::new(vec![asks]), Purpose::Reread, None);
    talk.finish().await.unwrap();
    let short = Told { bucket: API, remaining: 3, reset: next };
    b.memory.told("chan", &short, START).await.unwrap();
    // Of the two that are no reserve polls keep one, and there is no more left.
    assert_eq!(until(spend(&b, SHORT, Purpose::Reread).await), next);
    assert_eq!(b.transport.log().len(), 2, "both of the first one's questions were asked");
    spend(&b, SHORT, Purpose::Reply).await.unwrap();
}

#[tokio::test]
async fn a_bucket_holds_what_it_says_and_its_refusal_was_never_sent() {
    let b = bench(true, fine(4));
    for _ in 0..4 {
        spend(&b, SHORT, Purpose::Reply).await.unwrap();
    }
    let fault = spend(&b, SHORT, Purpose::Reply).await.unwrap_err();
    assert_eq!(fault.reached, Reached::Never);
    assert!(fault.why.contains("`api`"), "{}", fault.why);
    assert_eq!(b.transport.log().len(), 4);
}

#[tokio::test]
async fn what_one_bucket_refuses_is_spent_from_none() {
    let b = bench(true, fine(7));
    for _ in 0..3 {
        spend(&b, LONG, Purpose::Reply).await.unwrap();
    }
    for _ in 0..9 {
        let open = until(spend(&b, BOTH, Purpose::Reply).await);
        assert!(a_window_later(open, 30 * DAY), "{open}");
    }
    for _ in 0..4 {
        spend(&b, SHORT, Purpose::Reply).await.unwrap();
    }
    // Of two that are used up the one that opens last is told.
    let open = until(spend(&b, BOTH, Purpose::Reply).await);
    assert!(a_window_later(open, 30 * DAY), "{open}");
}

#[tokio::test]
async fn buckets_survive_a_restart_and_are_counted_by_host() {
    let b = bench(true, fine(3));
    for _ in 0..2 {
        spend(&b, LONG, Purpose::Poll).await.unwrap();
    }
    let b = again(b.transport, b.memory);
    let open = until(spend(&b, LONG, Purpose::Poll).await);
    assert!(a_window_later(open, 30 * DAY), "{open}");
    spend(&b, LONG, Purpose::Reply).await.unwrap();
    until(spend(&b, LONG, Purpose::Reply).await);
    let purses = b.memory.purses.lock().unwrap();
    assert!(purses.contains_key(&("testnet@net.example".to_owned(), MONTH)));
}

#[tokio::test]
async fn a_short_bucket_is_not_full_again_after_a_restart() {
    let mut b = bench(true, fine(4));
    for _ in 0..2 {
        spend(&b, SHORT, Purpose::Poll).await.unwrap();
        b = again(b.transport, b.memory);
    }
    for _ in 0..9 {
        until(spend(&b, SHORT, Purpose::Poll).await);
    }
    for _ in 0..2 {
        spend(&b, SHORT, Purpose::Reply).await.unwrap();
        b = again(b.transport, b.memory);
    }
    until(spend(&b, SHORT, Purpose::Reply).await);
}

#[tokio::test]
async fn retry_after_shuts_what_was_spent_also_after_a_restart() {
    let b = bench(true, vec![with_header(429, &[("retry-after", "7")]), answer(200, "")]);
    let open = START + 7 * SECOND;
    assert_eq!(until(spend(&b, BOTH, Purpose::Poll).await), open);
    assert_eq!(until(spend(&b, SHORT, Purpose::Reply).await), open);
    assert_eq!(b.transport.log().len(), 1, "nobody tried again");
    let b = again(b.transport, b.memory);
    assert_eq!(until(spend(&b, SHORT, Purpose::Reply).await), open);
    b.clock.advance(7 * SECOND);
    spend(&b, SHORT, Purpose::Reply).await.unwrap();
}

#[tokio::test]
async fn a_refusal_without_a_figure_shuts_for_a_minute() {
    let b = bench(true, vec![answer(429, "")]);
    assert_eq!(until(spend(&b, SHORT, Purpose::Reply).await), START + MINUTE);
    assert_eq!(until(spend(&b, SHORT, Purpose::Reply).await), START + MINUTE);
}

#[tokio::test]
async fn the_servers_count_wins() {
    let reset = (START + 20 * SECOND).0.to_string();
    let told = |left| with_header(200, &[("x-left", left), ("x-reset", &reset)]);
    let b = bench(true, vec![told("2"), told("0"), answer(200, "")]);
    spend(&b, SHORT, Purpose::Poll).await.unwrap();
    assert_eq!(until(spend(&b, SHORT, Purpose::Poll).await), START + 20 * SECOND);
    spend(&b, SHORT, Purpose::Reply).await.unwrap();
    assert_eq!(until(spend(&b, SHORT, Purpose::Reply).await), START + 20 * SECOND);
    assert_eq!(until(spend(&b, LONG, Purpose::Reply).await), START + 20 * SECOND);
    b.clock.advance(20 * SECOND);
    spend(&b, SHORT, Purpose::Poll).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_shut_a_bucket_for_long() {
    let b = bench(true, fine(5));
    for _ in 0..4 {
        spend(&b, SHORT, Purpose::Reply).await.unwrap();
    }
    b.clock.advance(-DAY);
    spend(&b, SHORT, Purpose::Reply).await.unwrap();
}

#[tokio::test]
async fn what_an_answer_cost_is_charged_be_it_there_or_not() {
    const NOTHING_YET: &[(Bucket, u32)] = &[(MONTH, 0)];
    let b = bench(true, vec![with_header(200, &[("x-cost", "5")])]);
    spend(&b, NOTHING_YET, Purpose::Poll).await.unwrap();
    let open = until(spend(&b, NOTHING_YET, Purpose::Reply).await);
    assert!(a_window_later(open, 30 * DAY), "{open}");
    let open = until(spend(&b, SHORT, Purpose::Reply).await);
    assert!(a_window_later(open, MINUTE), "{open}");
    assert_eq!(b.transport.log().len(), 1);
}

#[tokio::test]
async fn a_conversation_tells_what_it_spent_from_long_buckets() {
    let b = bench(true, fine(2));
    let asks = [1, 2].map(|tag| Ask::http(get("/x"), tag, BOTH)).to_vec();
    let (peer, talk) = (Peer::Network(&TestNet::Events), Script::new(vec![asks]));
    let mut talk = b.engine.begin(peer, &b.link, talk, Purpose::Reply, None);
    talk.turn().await.unwrap();
    let month = Spent { scope: "testnet@net.example".to_owned(), bucket: MONTH, units: 2 };
    assert_eq!(talk.spent(), [month]);
}
