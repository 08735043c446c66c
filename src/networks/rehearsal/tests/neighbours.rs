//! Tests of the neighbours: what the demo's second script promises.

use super::*;
use std::collections::BTreeSet;

#[test]
fn what_forty_copied_while_the_network_was_down_is_heard_in_one_poll() {
    let mut channel = Channel::new("script = 'neighbours'");
    let (mut mentions, mut faults, mut waves) = (0, 0, Vec::new());
    for minute in 0..=1_560 {
        let (pages, fault) = channel.walk(at(f64::from(minute)), usize::MAX);
        faults += usize::from(fault.is_some());
        let mut people = BTreeSet::new();
        for heard in pages.into_iter().flat_map(|page| page.heard) {
            let mention = match heard {
                Heard::Mention(mention) => mention.checked().unwrap(),
                other => panic!("{}", word(&other)),
            };
            mentions += 1;
            people.insert(mention.author.id);
        }
        if people.len() > 1 {
            waves.push((minute, people.len()));
        }
    }
    assert_eq!((mentions, faults), (51, 12));
    assert_eq!(waves, [(697, 40)], "each of them once, and nobody else with others");
    let answers = channel.thread("q05", 200.0).entries;
    assert!(answers.iter().any(|entry| entry.text.contains("entro le 11:00")));
}

#[test]
fn one_neighbour_writes_in_three_threads() {
    let channel = Channel::new("script = 'neighbours'");
    let mut threads = BTreeSet::new();
    for id in ["q03", "q06", "q07"] {
        let entries = channel.thread(id, 1_000.0).entries;
        assert_eq!(entries.len(), 1, "{id} stands alone");
        assert_eq!(entries[0].author_handle, "ubaldo_t");
        threads.insert(entries[0].external_id.clone());
    }
    assert_eq!(threads.len(), 3);
}
