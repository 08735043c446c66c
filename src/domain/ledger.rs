//! The account of what was heard: dispositions, how events move them, and the share unheard.

use super::time::{DAY, Instant};
use super::verdict::words;

words! {
    /// What became of one mention. Exactly one each (DESIGN.md, section 5).
    Disposition {
        /// Stored, not yet judged.
        Untriaged = "untriaged",
        /// Owed an answer, or a person's look.
        Open = "open",
        /// A kind that owes nothing, not about us, or sorted out.
        NotOwed = "not_owed",
        /// A human answered.
        Answered = "answered",
        /// A person decided that no answer is needed.
        Waived = "waived",
        /// The customer took it back.
        Withdrawn = "withdrawn",
        /// A person closed it.
        Closed = "closed",
    }
}

impl Disposition {
    /// The moves that an event may make. Dropping an event from the log by hand breaks the chain
    /// of moves, and the fold says so.
    ///
    /// Everything may be withdrawn by its author, and everything decided may be opened again; the
    /// rest goes from `untriaged` over `open` to an end.
    pub fn may_become(self, next: Disposition) -> bool {
        use Disposition::*;
        match (self, next) {
            (Untriaged, Open | NotOwed | Withdrawn) => true,
            (Untriaged, _) | (_, Untriaged) => false,
            (Open, _) => true,
            (_, Open) => true,
            (NotOwed | Answered | Waived | Closed, Withdrawn) => true,
            (from, to) => from == to,
        }
    }

    /// Whether a person may still have to act on it.
    pub fn is_open(self) -> bool {
        matches!(self, Disposition::Untriaged | Disposition::Open)
    }
}

/// Folds the moves of one mention, oldest first, from `untriaged`.
///
/// The error names the move that cannot follow the one before.
pub fn fold(moves: impl IntoIterator<Item = Disposition>) -> Result<Disposition, String> {
    moves.into_iter().try_fold(Disposition::Untriaged, |now, next| {
        if now.may_become(next) {
            Ok(next)
        } else {
            Err(format!("no event leads from {now} to {next}; one is missing between them"))
        }
    })
}

/// How long a complaint has to be answered before it counts as unheard: 7 × 24 h, after which
/// half of the customers no longer wait (DESIGN.md, purpose).
pub const PATIENCE: i64 = 7 * DAY;

/// One owed mention as the share unheard sees it.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// When the author wrote it.
    pub created_at: Instant,
    /// When a human answered it, if anybody did.
    pub answered_at: Option<Instant>,
    /// A person decided not to answer.
    pub waived: bool,
    /// The customer took it back before anybody answered.
    pub withdrawn: bool,
    /// Its author is muted: nobody is alerted, and it counts all the same.
    pub muted: bool,
    /// From a first look, opened by nobody: baseline, in neither number.
    pub baseline: bool,
}

/// The share unheard and what stands beside it. `due` is `answered` and `unheard`; `unheard` is
/// `late`, `by_choice`, `withdrawn` and what nobody has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Share {
    /// Mentions at least seven days old: the denominator.
    pub due: u64,
    /// Of these, answered by a human within seven days.
    pub answered: u64,
    /// Of these, without a human answer within seven days: the numerator.
    pub unheard: u64,
    /// Of the unheard, those answered later than that.
    pub late: u64,
    /// Of the unheard, those a person waived or closed.
    pub by_choice: u64,
    /// Of the unheard, those the customer took back.
    pub withdrawn: u64,
    /// Of those that are due, those of muted people.
    pub muted: u64,
    /// Younger than seven days and open: still in time.
    pub in_time: u64,
    /// Younger than seven days and answered.
    pub answered_early: u64,
    /// Younger than seven days and ended without an answer: unheard as soon as they are due.
    pub ended_early: u64,
    /// Seen at a first look, never opened.
    pub baseline: u64,
}

impl Share {
    /// Counts one mention as of `now`.
    pub fn count(&mut self, one: Counted, now: Instant) {
        let in_time = one.answered_at.is_some_and(|at| at - one.created_at <= PATIENCE);
        if one.baseline {
            self.baseline += 1;
        } else if now - one.created_at < PATIENCE {
            *match (in_time, one.waived || one.withdrawn) {
                (true, _) => &mut self.answered_early,
                (false, true) => &mut self.ended_early,
                (false, false) => &mut self.in_time,
            } += 1;
        } else {
            self.due += 1;
            self.muted += u64::from(one.muted);
            if in_time {
                self.answered += 1;
            } else {
                self.unheard += 1;
                self.late += u64::from(one.answered_at.is_some());
                self.by_choice += u64::from(one.waived);
                self.withdrawn += u64::from(one.withdrawn);
            }
        }
    }

    /// The share unheard, or `None` while nothing is old enough to judge.
    pub fn share(&self) -> Option<f64> {
        (self.due > 0).then(|| self.unheard as f64 / self.due as f64)
    }

    /// Of the unheard, those that still stand there and nobody has ended.
    pub fn left(&self) -> u64 {
        self.unheard.saturating_sub(self.late + self.by_choice + self.withdrawn)
    }
}

#[cfg(test)]
mod tests;
