//! Mentions read again: of each that was asked about is told once at most, of nobody else, and no
//! damaged answer makes anybody gone.

use super::driver::{Run, Stop};
use super::golden::{ended, heard, no_secret};
use super::tape::{self, Act, Tape};
use super::{Subject, subjects};
use ascolto::domain::MentionRef;
use ascolto::wire::{Heard, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a recheck told, and how it ended.
fn told(run: &Run<'_>, tape: &Tape) -> (Vec<Heard>, Result<(), Stop>) {
    let network = run.subject.network;
    let of = tape.of.as_ref().expect("`of` says what it is about");
    let one = |id: &String| MentionRef { external_id: id.clone(), ..of.clone() };
    let all: Vec<MentionRef> = tape.again.iter().map(one).collect();
    let mut talk = run.with(|cx| network.recheck(&all, cx)).expect("it reads mentions again");
    let mut told = Vec::new();
    let end = run.talk(&mut *talk, &mut |page| told.extend(page.heard), false);
    (told, end)
}

fn id(heard: &Heard) -> &str {
    match heard {
        Heard::Mention(mention) | Heard::Edited(mention) => &mention.external_id,
        Heard::Gone { external_id, .. } => external_id,
        other => panic!("a recheck tells what stands and what is gone, not {other:?}"),
    }
}

fn gone(told: &[Heard]) -> BTreeSet<&str> {
    told.iter().filter(|heard| matches!(heard, Heard::Gone { .. })).map(id).collect()
}

/// What the tape comes to.
pub fn golden(subject: &Subject, tape: &Tape) -> Value {
    let name = &tape.name;
    assert!(tape.again.len() <= subject.network.recheck_most(), "{name} asks about too many");
    let run = subject.started(tape, 0);
    let (told, end) = told(&run, tape);
    let mut seen = BTreeSet::new();
    for id in told.iter().map(id) {
        assert!(tape.again.iter().any(|asked| asked == id), "{name}: nobody asked about {id}");
        assert!(seen.insert(id), "{name} tells twice of {id}");
    }
    no_secret(subject, tape, &run);
    json!({ "told": told.iter().map(heard).collect::<Vec<_>>(), "end": ended(&end) })
}

fn tapes(subject: &Subject) -> impl Iterator<Item = &Tape> {
    subject.tapes.iter().filter(|tape| tape.act == Act::Recheck)
}

#[test]
fn whose_terms_set_a_span_can_be_read_again() {
    for subject in subjects() {
        let meta = subject.network.meta();
        if meta.terms.recheck_every().is_some() {
            assert!(tapes(&subject).next().is_some(), "{} has no tape of a recheck", meta.name);
        }
    }
}

#[test]
fn a_damaged_answer_makes_nobody_gone() {
    let with_body =
        |body: &[u8]| Response { status: 200, body: body.to_vec(), ..Response::default() };
    let with_status = |status| Response { status, ..Response::default() };
    for subject in &subjects() {
        for tape in tapes(subject) {
            let run = subject.started(tape, 0);
            let whole = told(&run, tape).0;
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
                            5 => with_status(401),
                            6 => with_status(403),
                            7 => with_status(429),
                            _ => with_status(500),
                        }
                    });
                    run.login().expect("the log-in is taped");
                    let (damaged, end) = told(&run, tape);
                    let name = format!("{} answer {number} way {way}", tape.name);
                    let new: Vec<_> = gone(&damaged).difference(&gone(&whole)).copied().collect();
                    assert!(new.is_empty(), "{name}: {new:?}");
                    // A refused credential is renewed, and what was asked is asked again.
                    assert!(end.is_err() || way == 5, "{name} was taken for an answer");
                }
            }
        }
    }
}

#[test]
fn nobody_is_asked_about_nothing() {
    for subject in subjects() {
        for tape in tapes(&subject) {
            let run = subject.started(tape, 0);
            let mut talk = run.with(|cx| subject.network.recheck(&[], cx)).expect("a talk");
            let none = &mut |_| panic!("there is nothing to tell");
            run.talk(&mut *talk, none, false).expect("it ends at once");
            assert_eq!(run.asked.get(), 0, "{}", tape.name);
        }
    }
}
