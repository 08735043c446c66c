//! What hooks told of, read by its key: it comes to mentions, or to a fault that lets it be read
//! again, and no damaged answer makes it nothing.

use super::driver::{Run, Stop};
use super::golden::{ended, heard, no_secret};
use super::tape::{self, Act, Tape};
use super::{Subject, subjects};
use ascolto::wire::{Heard, Response};
use serde_json::{Value, json};

fn tapes(subject: &Subject) -> impl Iterator<Item = &Tape> {
    subject.tapes.iter().filter(|tape| tape.act == Act::Follow)
}

/// The lane of a tape: the network's first that only hooks tell of, if the tape names none.
fn lane(run: &Run<'_>, tape: &Tape) -> String {
    let lanes = run.with(|cx| run.subject.network.hinted(cx));
    let lane = tape.lane.as_deref().or(lanes.first().copied()).expect("a lane of hints");
    assert!(lanes.contains(&lane), "{}: {lane} is none of {lanes:?}", tape.name);
    lane.to_owned()
}

fn follow(run: &Run<'_>, tape: &Tape) -> Result<Vec<Heard>, Stop> {
    let lane = lane(run, tape);
    let network = run.subject.network;
    let mut talk = run.with(|cx| network.follow(&lane, &tape.key, cx)).expect("a key of its own");
    run.talk(&mut *talk, &mut |_| panic!("what is followed has no pages"), false)
}

/// What the tape comes to.
pub fn golden(subject: &Subject, tape: &Tape) -> Value {
    let run = subject.started(tape, 0);
    let followed = follow(&run, tape);
    no_secret(subject, tape, &run);
    match followed {
        Ok(all) => json!(all.iter().map(heard).collect::<Vec<_>>()),
        end => json!(ended(&end.map(|_| ()))),
    }
}

#[test]
fn what_only_hooks_tell_of_can_be_read_and_is_polled_by_nobody() {
    for subject in &subjects() {
        let run = Run::new(subject, subject.tapes[0].polls[0].now, |_, _| Response::default());
        let hinted = run.with(|cx| subject.network.hinted(cx));
        let polled = run.with(|cx| subject.network.lanes(cx));
        let name = subject.network.meta().name;
        assert!(polled.iter().all(|lane| !hinted.contains(&lane.id.as_str())), "{name}");
        assert_eq!(tapes(subject).next().is_some(), !hinted.is_empty(), "{name}: a tape of it");
        for lane in hinted {
            for key in ["", "null", "{}", "../..", "\u{0}", "a b", &"9".repeat(400)] {
                let followed = run.with(|cx| subject.network.follow(lane, key, cx)).is_some();
                assert!(!followed, "{name} asks for {key:?}");
            }
        }
    }
}

#[test]
fn a_damaged_answer_is_read_again() {
    let with_body =
        |body: &[u8]| Response { status: 200, body: body.to_vec(), ..Response::default() };
    let with_status = |status| Response { status, ..Response::default() };
    for subject in &subjects() {
        for tape in tapes(subject) {
            let run = subject.started(tape, 0);
            if follow(&run, tape).is_err() {
                continue;
            }
            for number in 0..run.asked.get() {
                for way in 0..9 {
                    let poll = &tape.polls[0];
                    let run = Run::new(subject, poll.now, move |at, request| {
                        let all = poll.exchanges.iter().chain(&subject.login);
                        let res = tape::play(all, request);
                        match way {
                            _ if at != Some(number) => res,
                            0 => with_body(b""),
                            1 => with_body(b"{}"),
                            2 => with_body(b"[]"),
                            3 => with_body(b"<!DOCTYPE html><p>Back soon"),
                            4 => with_body(&res.body[..res.body.len() / 2]),
                            5 => with_body(b"{\"mentioned_comment\":{\"id\":\"1\"}}"),
                            6 => with_status(403),
                            7 => with_status(429),
                            _ => with_status(500),
                        }
                    });
                    run.login().expect("the log-in is taped");
                    let name = format!("{} answer {number} way {way}", tape.name);
                    assert!(follow(&run, tape).is_err(), "{name} was taken for an answer");
                }
            }
        }
    }
}
