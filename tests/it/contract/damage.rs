//! Damaged answers: a bad entry costs itself only, a bad envelope costs nothing but the walk.

use super::driver::Run;
use super::{Shelf, fault, subjects, tape};
use ascolto::wire::{Next, Response};

/// Damages the `number`th answer of each poll of each tape in turn by each of `ways`, and lets
/// `check` see the shelf before and after, the fault if any, and the shelf without the damage.
fn each_damage(
    ways: impl Fn(&[u8]) -> Vec<Vec<u8>>,
    check: impl Fn(&str, &Shelf, &Shelf, Option<&Next>, &Shelf),
) {
    for subject in subjects() {
        for walk in subject.walks() {
            let smooth = subject.smooth(walk);
            let mut before = Shelf::default();
            for (poll, after) in smooth.iter().enumerate() {
                let run = subject.started(walk, poll);
                before.clone().poll(&run, walk.lane.as_deref()).unwrap();
                for number in 0..run.asked.get() {
                    let run = subject.started(walk, poll);
                    run.life.set(2 * number + 2);
                    let mut whole = before.clone();
                    let end = whole.poll(&run, walk.lane.as_deref());
                    assert!(matches!(end, Ok(()) | Err(super::Stop::Crash)), "{}", walk.name);
                    // Lets the walk come to the answer, then damages it in one way after another.
                    for way in 0.. {
                        let done = std::cell::Cell::new(false);
                        let run = Run::new(&subject, walk.polls[poll].now, |at, request| {
                            if at > Some(number) {
                                // What follows a damaged answer need not be on the tape.
                                return Response { status: 500, ..Response::default() };
                            }
                            let exchanges = walk.polls[poll].exchanges.iter();
                            let mut res = tape::play(exchanges.chain(&subject.login), request);
                            if at == Some(number) && res.status == 200 {
                                match ways(&res.body).into_iter().nth(way) {
                                    Some(body) => res.body = body,
                                    None => done.set(true),
                                }
                            } else if at == Some(number) {
                                done.set(true);
                            }
                            res
                        });
                        run.login().expect("the log-in is taped");
                        run.life.set(2 * number + 2);
                        let mut shelf = before.clone();
                        let end = match shelf.poll(&run, walk.lane.as_deref()) {
                            Err(super::Stop::Crash) => None,
                            end => fault(end),
                        };
                        if done.get() {
                            break;
                        }
                        let name = format!("{} poll {poll} answer {number} way {way}", walk.name);
                        check(&name, &before, &shelf, end.as_ref().map(|f| &f.next), &whole);
                    }
                }
                before = after.clone();
            }
        }
    }
}

/// A fault never moves the cursor further than the pages committed before it.
fn cursor_is_honest(name: &str, shelf: &Shelf, whole: &Shelf) {
    let stood = |c: &String| whole.cursors.contains(c);
    assert!(shelf.cursor.as_ref().is_none_or(|c| stood(&c.0)), "{name}: {:?}", shelf.cursor);
}

#[test]
fn what_is_cut_off_is_no_page() {
    let ways = |body: &[u8]| {
        let step = (body.len() / 60).max(1);
        (0..body.trim_ascii_end().len()).step_by(step).map(|end| body[..end].to_vec()).collect()
    };
    each_damage(ways, |name, _, shelf, fault, whole| {
        assert!(fault.is_some(), "{name}: taken for a whole answer");
        cursor_is_honest(name, shelf, whole);
    });
}

#[test]
fn web_pages_and_other_shapes_are_no_page() {
    let ways = |_: &[u8]| {
        [
            "<!DOCTYPE html><html><body>We are back soon</body></html>",
            "{}",
            "null",
            "7",
            "",
            "\"x\"",
            "[",
            "<a>",
            "\u{FEFF}",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    };
    each_damage(ways, |name, _, shelf, fault, whole| {
        assert!(fault.is_some(), "{name}: taken for an answer");
        cursor_is_honest(name, shelf, whole);
    });
}

#[test]
fn a_flipped_bit_costs_one_entry_at_most() {
    let ways = |body: &[u8]| {
        let step = (body.len() / 150).max(1);
        let flip = |at: usize| {
            let mut body = body.to_vec();
            body[at] ^= 1 << (at % 8);
            body
        };
        (0..body.len()).step_by(step).map(flip).collect()
    };
    each_damage(ways, |name, before, shelf, fault, whole| {
        if fault.is_some() {
            return;
        }
        // More where the flip turned what counts for nothing into something unreadable, or gave
        // an entry another id, so that one with its old id is new too.
        let (have, want) = (shelf.heard.len(), whole.heard.len());
        assert!((want..=want + 2).contains(&have), "{name}: {have} heard, not {want}");
        let lost = whole.mentions.keys().filter(|key| !shelf.mentions.contains_key(key)).count();
        assert!(lost <= 1, "{name}: {lost} lost of {want}, {} before", before.heard.len());
    });
}
