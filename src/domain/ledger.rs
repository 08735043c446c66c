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
    /// From a first look, opened by nobody: baseline, in neither number.
    pub baseline: bool,
}

/// The share unheard and what stands beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Share {
    /// Mentions at least seven days old: the denominator.
    pub due: u64,
    /// Of these, without a human answer within seven days: the numerator.
    pub unheard: u64,
    /// Of the unheard, those a person waived.
    pub by_choice: u64,
    /// Younger than seven days and open: still in time.
    pub in_time: u64,
    /// Younger than seven days and answered.
    pub answered_early: u64,
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
            if in_time {
                self.answered_early += 1;
            } else {
                self.in_time += 1;
            }
        } else {
            self.due += 1;
            if !in_time {
                self.unheard += 1;
                self.by_choice += u64::from(one.waived);
            }
        }
    }

    /// The share unheard, or `None` while nothing is old enough to judge.
    pub fn share(&self) -> Option<f64> {
        (self.due > 0).then(|| self.unheard as f64 / self.due as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Disposition::*;

    #[test]
    fn a_missing_move_is_found() {
        assert_eq!(fold([Open, Answered]), Ok(Answered));
        assert_eq!(fold([Open, Answered, Open, Waived]), Ok(Waived));
        assert!(fold([Answered]).unwrap_err().contains("untriaged to answered"));
        assert!(fold([NotOwed, Answered]).is_err());
        assert_eq!(fold([]), Ok(Untriaged));
    }

    #[test]
    fn the_share_counts_each_mention_once() {
        let now = Instant(30 * DAY);
        let one = |age: i64, answer: Option<i64>, waived, baseline| Counted {
            created_at: now - age,
            answered_at: answer.map(|after| now - age + after),
            waived,
            baseline,
        };
        let mut share = Share::default();
        for counted in [
            one(8 * DAY, Some(DAY), false, false),
            one(8 * DAY, Some(7 * DAY + 1), false, false),
            one(8 * DAY, None, true, false),
            one(DAY, None, false, false),
            one(DAY, Some(1), false, false),
            one(20 * DAY, None, false, true),
        ] {
            share.count(counted, now);
        }
        assert_eq!((share.due, share.unheard, share.by_choice), (3, 2, 1));
        assert_eq!((share.in_time, share.answered_early, share.baseline), (1, 1, 1));
    }
}
