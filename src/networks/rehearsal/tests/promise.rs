//! The promise: whatever the walk, the page, the polls and the crashes, what a lane's coverage
//! claims was heard, once; what is missing lies in a hole that was told, and comes back.

use super::{Channel, at};
use crate::domain::Instant;
use crate::domain::coverage::{self, TimeSpan};
use crate::wire::{Heard, Page};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Half minutes, so that many things fall on one instant.
fn minutes(halves: u32) -> f64 {
    f64::from(halves) / 2.0
}

#[derive(Debug)]
struct Plan {
    script: String,
    /// When each was written.
    posts: BTreeMap<String, Instant>,
    lost: Vec<TimeSpan>,
}

prop_compose! {
    fn plan()(
        posts in prop::collection::vec((0u32..240, prop::option::of(1u32..8)), 1..40),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0u32..40), 0..6),
        outages in prop::collection::vec((0u32..240, 1u32..30), 0..3),
        lost in prop::collection::vec((0u32..240, 1u32..30), 0..3),
    ) -> Plan {
        let mut lines = Vec::new();
        let mut told = BTreeMap::new();
        for (n, (when, late)) in posts.iter().enumerate() {
            let when = minutes(*when);
            lines.push(format!(r#"{{"at":{when},"do":"post","id":"p{n}","author":"a","text":"t"}}"#));
            if let Some(late) = late {
                let late = minutes(*late);
                lines.push(format!(r#"{{"do":"late","id":"p{n}","minutes":{late}}}"#));
            }
            told.insert(format!("p{n}"), at(when));
        }
        for (index, after) in &edits {
            let n = index.index(posts.len());
            let when = minutes(posts[n].0 + after);
            lines.push(format!(r#"{{"at":{when},"do":"edit","id":"p{n}","text":"new"}}"#));
        }
        for (from, long) in &outages {
            let (from, long) = (minutes(*from), minutes(*long));
            lines.push(format!(r#"{{"at":{from},"do":"outage","minutes":{long},"kind":"down"}}"#));
        }
        let mut windows = Vec::new();
        for (from, long) in &lost {
            let (from, long) = (minutes(*from), minutes(*long));
            lines.push(format!(r#"{{"at":{from},"do":"lose","minutes":{long}}}"#));
            coverage::add(&mut windows, TimeSpan { from: at(from), to: at(from + long) });
        }
        Plan { script: lines.join("\n"), posts: told, lost: windows }
    }
}

/// What a store would know after these pages.
#[derive(Default)]
struct Book {
    heard: BTreeMap<String, usize>,
    covered: Vec<TimeSpan>,
    holes: usize,
}

impl Book {
    fn commit(&mut self, pages: &[Page]) {
        for page in pages {
            for heard in &page.heard {
                if let Heard::Mention(mention) = heard {
                    *self.heard.entry(mention.external_id.clone()).or_default() += 1;
                }
            }
            self.holes += usize::from(page.hole.is_some());
            if let Some(span) = page.span.and_then(|(from, to)| TimeSpan::new(from, to)) {
                coverage::add(&mut self.covered, span);
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_missed_without_telling(
        plan in plan(),
        mut polls in prop::collection::vec((1u32..300, prop::option::weighted(0.3, 1usize..4)), 0..12),
        page in 1usize..7,
        walk in prop::sample::select(vec!["ascending", "newest", "snapshot"]),
        flood in any::<bool>(),
    ) {
        // One a second, on the same instants as some posts.
        let flood = if flood { "flood = 1\nflood_total = 9\nflood_bytes = 40\n" } else { "" };
        let toml = format!("{flood}walk = '{walk}'\npage = {page}");
        let mut channel = Channel::on(&plan.script, &toml);
        polls.sort();
        polls.push((400, None));
        let mut book = Book::default();
        for (when, crash) in &polls {
            // A crash after a page: the walk goes on from what that page committed.
            let (pages, _) = channel.walk(at(minutes(*when)), crash.unwrap_or(usize::MAX));
            book.commit(&pages);
        }
        // The last walk may have gone on from a token of before; another one looks from the top.
        book.commit(&channel.walk(at(minutes(402)), usize::MAX).0);

        let settle = channel.lane().settle_ms;
        let whole = TimeSpan { from: at(0.0) - settle, to: at(minutes(402)) - settle };
        let holes = coverage::holes(&book.covered, whole);
        let inside = |at: Instant| holes.iter().any(|hole| hole.from <= at && at < hole.to);
        for (id, created) in &plan.posts {
            let times = book.heard.get(id).copied().unwrap_or(0);
            prop_assert!(times > 0 || inside(*created), "{id} is missing and no hole tells");
            prop_assert!(times <= 1 || walk == "snapshot", "{id} was told {times} times");
        }
        prop_assert!(holes.is_empty() || book.holes > 0, "{holes:?} and nobody told");
        if walk != "snapshot" {
            // A window reaches back by the lateness that the lane must allow for.
            let mut lost = Vec::new();
            for window in &plan.lost {
                coverage::add(&mut lost, TimeSpan { from: window.from - settle, to: window.to });
            }
            for hole in &holes {
                let known = lost.iter().any(|w| w.from <= hole.from && hole.to <= w.to);
                prop_assert!(known, "{hole:?} lies in no window that was lost");
            }
        }
        for hole in &holes {
            book.commit(&channel.fill(hole.from, hole.to, at(minutes(500))));
        }
        prop_assert!(coverage::holes(&book.covered, whole).is_empty(), "filled");
        for id in plan.posts.keys() {
            prop_assert!(book.heard.contains_key(id), "{id} did not come back");
        }
    }

    #[test]
    fn a_hole_is_told_once(plan in plan(), page in 1usize..7, newest in any::<bool>()) {
        let walk = if newest { "newest" } else { "ascending" };
        let mut channel = Channel::on(&plan.script, &format!("walk = '{walk}'\npage = {page}"));
        let mut book = Book::default();
        book.commit(&channel.poll(at(0.0) - 1));
        for day in 1..4 {
            book.commit(&channel.poll(at(1_440.0 * f64::from(day))));
        }
        prop_assert_eq!(book.holes, plan.lost.len());
    }
}
