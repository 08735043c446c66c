//! Where an entry stands in the lane: marks that a cursor can name, and the walk over entries of
//! script and flood together.

use super::world::World;
use crate::domain::Instant;
use std::ops::Range;

/// A border between entries: everything below it comes before it in the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// The instant at which entries become visible.
    pub at: Instant,
    /// The entry's number within the lane; it only orders entries of the same millisecond.
    pub seq: u64,
}

impl Mark {
    /// Before everything that becomes visible at `at`.
    pub fn before(at: Instant) -> Mark {
        Mark { at, seq: 0 }
    }

    /// After everything that becomes visible at `at`.
    pub fn after(at: Instant) -> Mark {
        Mark { at, seq: u64::MAX }
    }

    /// Behind the entry that stands here.
    pub fn behind(self) -> Mark {
        Mark { seq: self.seq.saturating_add(1), ..self }
    }

    /// Reads what `Display` wrote; `None` if it was written by somebody else.
    pub fn parse(text: &str) -> Option<Mark> {
        let (at, seq) = text.split_once('.')?;
        Some(Mark { at: Instant(at.parse().ok()?), seq: seq.parse().ok()? })
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.0, self.seq)
    }
}

/// Where an entry comes from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    Script(usize),
    Flood(u64),
}

/// An entry of the lane with its place in it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub mark: Mark,
    pub source: Source,
}

impl World {
    /// The entries from `lo` (included) to `hi` (excluded) in the lane's order.
    pub fn places(&self, lo: Mark, hi: Mark) -> Places<'_> {
        let at = |mark: Mark| {
            let from = self.entries.partition_point(|e| e.visible < mark.at);
            let to = self.entries.partition_point(|e| e.visible <= mark.at);
            usize::try_from(mark.seq).unwrap_or(usize::MAX).clamp(from, to)
        };
        let flood = |mark| self.flood.as_ref().map_or(0, |f| f.index_at(mark));
        Places { world: self, script: at(lo)..at(hi), flood: flood(lo)..flood(hi) }
    }

    /// When the entry at a place happened.
    pub fn created(&self, place: Place) -> Instant {
        match place.source {
            Source::Script(index) => self.entries[index].created,
            Source::Flood(_) => place.mark.at,
        }
    }
}

/// Entries of the script and of the flood, merged in the lane's order; runs both ways.
pub(super) struct Places<'a> {
    world: &'a World,
    script: Range<usize>,
    flood: Range<u64>,
}

impl Places<'_> {
    /// The entries of these numbers, if they are still to come.
    fn pick(&self, script: usize, flood: u64) -> (Option<Place>, Option<Place>) {
        let entry = self.world.entries.get(script).filter(|_| !self.script.is_empty());
        let script = entry.map(|entry| Place {
            mark: Mark { at: entry.visible, seq: script as u64 },
            source: Source::Script(script),
        });
        let flowing = self.world.flood.as_ref().filter(|_| !self.flood.is_empty());
        let flood = flowing
            .map(|flowing| Place { mark: flowing.mark(flood), source: Source::Flood(flood) });
        (script, flood)
    }
}

impl Iterator for Places<'_> {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        let (script, flood) = self.pick(self.script.start, self.flood.start);
        match (script, flood) {
            (Some(s), f) if f.is_none_or(|f| s.mark < f.mark) => {
                self.script.start += 1;
                Some(s)
            }
            (_, f) => {
                self.flood.start += u64::from(f.is_some());
                f
            }
        }
    }
}

impl DoubleEndedIterator for Places<'_> {
    fn next_back(&mut self) -> Option<Place> {
        let (script, flood) =
            self.pick(self.script.end.wrapping_sub(1), self.flood.end.wrapping_sub(1));
        match (script, flood) {
            (Some(s), f) if f.is_none_or(|f| s.mark > f.mark) => {
                self.script.end -= 1;
                Some(s)
            }
            (_, f) => {
                self.flood.end -= u64::from(f.is_some());
                f
            }
        }
    }
}
