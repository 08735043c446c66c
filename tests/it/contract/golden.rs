//! What each tape comes to, kept as a file beside it.

use super::driver::{Run, Stop};
use super::tape::{Act, Tape};
use super::{Shelf, Subject, hints, rechecks, subjects};
use ascolto::wire::{Heard, Part};
use serde_json::{Value, json};

pub fn heard(heard: &Heard) -> Value {
    match heard {
        Heard::Mention(mention) => json!({ "mention": mention }),
        Heard::Edited(mention) => json!({ "edited": mention }),
        Heard::Gone { origin, external_id } => json!({ "gone": [origin, external_id] }),
        Heard::Own { origin, external_id } => json!({ "own": [origin, external_id] }),
        Heard::Repost { origin, of, reach } => json!({ "repost": [origin, of, reach] }),
        Heard::Broken { raw, why } => {
            json!({ "broken": String::from_utf8_lossy(raw), "why": why })
        }
    }
}

fn listened(subject: &Subject, tape: &Tape) -> Value {
    let (mut shelf, mut polls) = (Shelf::default(), Vec::new());
    for poll in 0..tape.polls.len() {
        let run = subject.started(tape, poll);
        let before = (shelf.heard.len(), shelf.holes.len());
        let end = shelf.poll(&run, tape.lane.as_deref());
        polls.push(json!({
            "heard": shelf.heard[before.0..].iter().map(heard).collect::<Vec<_>>(),
            "holes": shelf.holes[before.1..],
            "cursor": shelf.cursor.as_ref().map(|cursor| &cursor.0),
            "end": ended(&end),
        }));
    }
    if let Some(ids) = &tape.ids {
        let mut have: Vec<&String> = shelf.mentions.keys().map(|(_, id)| id).collect();
        have.sort();
        let mut want: Vec<&String> = ids.iter().collect();
        want.sort();
        assert_eq!(have, want, "{}", tape.name);
    }
    Value::Array(polls)
}

pub fn ended<T: std::fmt::Debug>(end: &Result<T, Stop>) -> String {
    match end {
        Ok(value) => format!("{value:?}"),
        Err(Stop::Fault(fault)) => format!("{:?}: {fault}", fault.next),
        Err(Stop::Crash) => "crash".to_owned(),
    }
}

fn acted(subject: &Subject, tape: &Tape) -> Value {
    let run: Run<'_> = subject.started(tape, 0);
    let of = tape.of.as_ref().expect("`of` says what it is about");
    let network = subject.network;
    let none = &mut |_| panic!("only lanes have pages");
    let part = |run: &Run<'_>| -> Part {
        let parts = run.with(|cx| network.fit(&tape.text, of, cx)).expect("it fits");
        parts.into_iter().next().expect("one part at least")
    };
    let end = match tape.act {
        Act::Listen | Act::Recheck | Act::Follow => unreachable!("handled before"),
        Act::Thread => {
            let mut talk = run.with(|cx| network.thread(of, cx)).expect("it reads threads");
            ended(&run.talk(&mut *talk, none, false))
        }
        Act::Post => {
            let part = part(&run);
            let mut talk = run.with(|cx| network.post(&part, of, "key-1", cx)).expect("it posts");
            ended(&run.talk(&mut *talk, none, false))
        }
        Act::Find => {
            let part = part(&run);
            let since = run.now;
            let mut talk =
                run.with(|cx| network.find(&part, of, "key-1", since, cx)).expect("it finds");
            ended(&run.talk(&mut *talk, none, false))
        }
    };
    no_secret(subject, tape, &run);
    json!(end)
}

pub fn no_secret(subject: &Subject, tape: &Tape, run: &Run<'_>) {
    for line in run.shown.borrow().iter() {
        for secret in subject.secrets {
            assert!(!line.contains(secret), "{} shows {secret}: {line}", tape.name);
        }
    }
}

#[test]
fn each_tape_comes_to_its_golden_file() {
    for subject in subjects() {
        let network = subject.network.meta().name;
        for tape in &subject.tapes {
            let came = match tape.act {
                Act::Listen => listened(&subject, tape),
                Act::Recheck => rechecks::golden(&subject, tape),
                Act::Follow => hints::golden(&subject, tape),
                _ => acted(&subject, tape),
            };
            let text = serde_json::to_string(&came).unwrap();
            assert!(subject.secrets.iter().all(|secret| !text.contains(secret)), "{}", tape.name);
            insta::with_settings!({
                snapshot_path => format!("../../tapes/{network}"),
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, { insta::assert_json_snapshot!(tape.name.as_str(), came) });
        }
    }
}

#[test]
fn no_secret_shows_whatever_the_server_says() {
    for subject in subjects() {
        let secret = subject.secrets.join(" ");
        for tape in &subject.tapes {
            for status in [200, 400, 401, 403, 404, 410, 422, 429, 500, 503] {
                let run = Run::new(&subject, tape.polls[0].now, |_, _| ascolto::wire::Response {
                    status,
                    body: format!(
                        "{{\"error\":\"bad {secret}\",\"error_description\":\"{secret}\"}}"
                    )
                    .into(),
                    ..Default::default()
                });
                let login = run.login();
                let poll = Shelf::default().poll(&run, tape.lane.as_deref());
                assert!(poll.is_err(), "{} took an error for a page", tape.name);
                run.shown.borrow_mut().extend([format!("{login:?}"), format!("{poll:?}")]);
                no_secret(&subject, tape, &run);
            }
        }
    }
}
