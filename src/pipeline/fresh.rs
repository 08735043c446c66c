//! Mentions that this process has just stored, kept until triage takes them: nothing is read back
//! that was in memory a moment ago.
//!
//! Only a short cut. What is not here (after a restart, from another process, over the limit, an
//! edit, a deletion) triage reads from the store, and whether it still waits the store says.

use crate::store::mentions::MentionRow;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Most mentions that are kept.
const MOST: usize = 2_000;
/// Most bytes of text that are kept.
const BYTES: usize = 4 << 20;
/// One look in so many goes to the store, so that what only waits there is never starved.
const TURNS: u32 = 8;

/// What was stored and not judged yet, oldest first.
#[derive(Default)]
pub struct Fresh(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    rows: VecDeque<MentionRow>,
    bytes: usize,
    turn: u32,
}

impl Fresh {
    /// Keeps what a committed transaction stored, as far as there is room.
    pub fn keep(&self, rows: Vec<MentionRow>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            if kept.rows.len() == MOST || kept.bytes + row.text.len() > BYTES {
                break;
            }
            kept.bytes += row.text.len();
            kept.rows.push_back(row);
        }
    }

    /// Takes up to `limit`; none where the store must be looked at.
    pub fn take(&self, limit: usize) -> Vec<MentionRow> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.turn = (kept.turn + 1) % TURNS;
        if kept.turn == 0 {
            return Vec::new();
        }
        let count = kept.rows.len().min(limit);
        let rows: Vec<MentionRow> = kept.rows.drain(..count).collect();
        kept.bytes -= rows.iter().map(|row| row.text.len()).sum::<usize>();
        rows
    }

    /// Lets go of what was read from the store.
    pub fn forget(&self, read: &[MentionRow]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read: HashSet<&str> = read.iter().map(|row| row.id.as_str()).collect();
        kept.rows.retain(|row| !read.contains(row.id.as_str()));
        kept.bytes = kept.rows.iter().map(|row| row.text.len()).sum();
    }
}
