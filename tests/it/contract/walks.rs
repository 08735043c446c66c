//! Walks that are disturbed: whatever happens on the way, the end is the same.

use super::driver::{Run, Stop};
use super::tape::{self, Tape};
use super::{Shelf, Subject, fault, subjects};
use ascolto::domain::time::MINUTE;
use ascolto::wire::{Next, Request, Response};
use std::collections::HashSet;

/// More steps than any tape has.
const STEPS: usize = 200;

/// Plays a tape to its end; `disturb` may answer a request of one poll in the tape's stead.
fn disturbed<'a>(
    subject: &'a Subject,
    tape: &'a Tape,
    poll: usize,
    mut disturb: impl FnMut(usize, &Request) -> Option<Response> + 'a,
) -> Run<'a> {
    let exchanges = &tape.polls[poll].exchanges;
    let run = Run::new(subject, tape.polls[poll].now, move |number, request| {
        number
            .and_then(|number| disturb(number, request))
            .unwrap_or_else(|| tape::play(exchanges.iter().chain(&subject.login), request))
    });
    run.login().expect("the log-in is taped");
    run.logins.set(0);
    run
}

fn refusal(status: u16, headers: &[(&str, &str)]) -> Response {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Response { status, headers, body: b"{\"error\":\"no\"}".to_vec(), url: None }
}

/// Every tape, each of its polls, each of the poll's requests: the state before the poll and the
/// number of the request.
fn each_request(mut visit: impl FnMut(&Subject, &Tape, usize, usize, &Shelf, &[Shelf])) {
    for subject in subjects() {
        for tape in subject.walks() {
            let smooth = subject.smooth(tape);
            let mut before = Shelf::default();
            for (poll, after) in smooth.iter().enumerate() {
                let run = subject.started(tape, poll);
                before.clone().poll(&run, tape.lane.as_deref()).unwrap();
                for number in 0..run.asked.get() {
                    visit(&subject, tape, poll, number, &before, &smooth);
                }
                before = after.clone();
            }
        }
    }
}

#[test]
fn the_same_page_twice_is_nothing_new() {
    for subject in subjects() {
        for tape in subject.walks() {
            let mut shelf = Shelf::default();
            let first = subject.started(tape, 0);
            shelf.poll(&first, tape.lane.as_deref()).unwrap();
            let once = shelf.clone();
            shelf.cursor = None;
            shelf.poll(&subject.started(tape, 0), tape.lane.as_deref()).unwrap();
            assert_eq!(shelf.essence(), once.essence(), "{}", tape.name);
            assert_eq!(shelf.heard.len(), 2 * once.heard.len(), "{}", tape.name);
        }
    }
}

#[test]
fn a_cursor_never_goes_back() {
    for subject in subjects() {
        for tape in subject.walks() {
            let shelves = subject.smooth(tape);
            let cursors = &shelves.last().unwrap().cursors;
            let different: HashSet<&String> = cursors.iter().collect();
            assert_eq!(different.len(), cursors.len(), "{}: {cursors:?}", tape.name);
        }
    }
}

#[test]
fn a_refresh_in_mid_walk_changes_nothing() {
    each_request(|subject, tape, poll, number, before, smooth| {
        let name = &tape.name;
        let refused = std::cell::Cell::new(false);
        let run = disturbed(subject, tape, poll, |at, _| {
            (at == number && !refused.replace(true)).then(|| refusal(401, &[]))
        });
        let mut shelf = before.clone();
        let end = fault(shelf.poll(&run, tape.lane.as_deref()));
        if run.logins.get() == 0 {
            // Without a log-in the refusal stands.
            assert_eq!(end.unwrap().next, Next::Auth, "{name}: nothing to refresh");
            return;
        }
        assert_eq!((end, run.logins.get()), (None, 1), "{name}");
        assert_eq!(shelf.essence(), smooth[poll].essence(), "{name}");

        let run = disturbed(subject, tape, poll, |at, _| (at >= number).then(|| refusal(401, &[])));
        let mut shelf = before.clone();
        let end = fault(shelf.poll(&run, tape.lane.as_deref())).expect("a second refusal ends it");
        assert_eq!(end.next, Next::Auth, "{name}");
        shelf.poll(&subject.started(tape, poll), tape.lane.as_deref()).unwrap();
        assert_eq!(shelf.essence(), smooth[poll].essence(), "{name}: progress was kept");
    });
}

#[test]
fn a_used_up_limit_says_until_when_and_keeps_the_progress() {
    each_request(|subject, tape, poll, number, before, smooth| {
        let now = tape.polls[poll].now;
        for (headers, until) in [(&[("retry-after", "90")][..], now + 90_000), (&[], now + MINUTE)]
        {
            let run = disturbed(subject, tape, poll, |at, _| {
                (at == number).then(|| refusal(429, headers))
            });
            let mut shelf = before.clone();
            let end = fault(shelf.poll(&run, tape.lane.as_deref())).expect("a fault");
            match end.next {
                Next::Throttled { until: at, .. } => assert_eq!(at, until, "{}", tape.name),
                other => panic!("{}: {other:?}", tape.name),
            }
            shelf.poll(&subject.started(tape, poll), tape.lane.as_deref()).unwrap();
            assert_eq!(shelf.essence(), smooth[poll].essence(), "{}", tape.name);
        }
        let run = disturbed(subject, tape, poll, |at, _| (at == number).then(|| refusal(503, &[])));
        let end = fault(before.clone().poll(&run, tape.lane.as_deref())).expect("a fault");
        assert_eq!(end.next, Next::Retry { after: None }, "{}", tape.name);
    });
}

#[test]
fn a_crash_after_any_step_loses_nothing() {
    for subject in subjects() {
        for tape in subject.walks() {
            let smooth = subject.smooth(tape);
            let steps = (0..STEPS).take_while(|life| crash_once(&subject, tape, *life, &smooth));
            assert!((2..STEPS).contains(&steps.count()), "{}: crashes were met", tape.name);
        }
    }
}

/// Lets the process die after `life` steps, starts it anew on what was committed, and compares
/// the end. False if it ended before it could die.
fn crash_once(subject: &Subject, tape: &Tape, life: usize, smooth: &[Shelf]) -> bool {
    let (mut shelf, mut left, mut died) = (Shelf::default(), life, false);
    for (poll, smooth) in smooth.iter().enumerate() {
        let run = subject.started(tape, poll);
        if !died {
            run.life.set(left);
        }
        match shelf.poll(&run, tape.lane.as_deref()) {
            Ok(()) => {}
            Err(Stop::Crash) => {
                died = true;
                shelf.poll(&subject.started(tape, poll), tape.lane.as_deref()).unwrap();
            }
            Err(Stop::Fault(fault)) => panic!("{}: {fault}", tape.name),
        }
        left = run.life.get();
        assert_eq!(shelf.essence(), smooth.essence(), "{} died after {life}", tape.name);
    }
    died
}
