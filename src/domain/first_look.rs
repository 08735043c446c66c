//! The first look at a channel's past: what is found there waits for one choice of a person.
//!
//! What was written before a channel was added is nobody's fault: it is read back once, shown in
//! figures, and neither alerted nor given deadlines until a person says how much of it to open.

use super::time::{DAY, Instant};
use super::verdict::words;

/// How far back a first look reads where nothing else is said.
pub const SPAN: i64 = 30 * DAY;
/// A choice that nobody made is asked for again this long after the look began, and each time
/// after that.
pub const REMIND_EVERY: i64 = 7 * DAY;

words! {
    /// How much of a first look a person opens.
    Opening {
        /// All of it.
        All = "all",
        /// What was written within the last seven days.
        Week = "week",
        /// Nothing.
        Nothing = "none",
    }
}

impl Opening {
    /// What was written from here on is opened by a choice made at `now`.
    pub fn since(self, now: Instant) -> Instant {
        match self {
            Opening::All => Instant(i64::MIN),
            Opening::Week => now - 7 * DAY,
            Opening::Nothing => Instant(i64::MAX),
        }
    }
}

/// What a first look found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Mentions of every kind.
    pub mentions: i64,
    /// When the oldest of them was written.
    pub first_at: Option<Instant>,
    /// Complaints among them.
    pub complaints: i64,
    /// Complaints without an answer.
    pub unanswered: i64,
    /// When the oldest complaint without an answer was written.
    pub oldest_at: Option<Instant>,
}

/// Whole days from then to now; a day that has begun counts in full.
pub fn days(from: Instant, to: Instant) -> i64 {
    (to - from).max(0).saturating_add(DAY - 1) / DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_opens_what_is_young_enough() {
        let now = Instant(100 * DAY);
        let opens = |o: Opening, age: i64| now - age >= o.since(now);
        assert!(opens(Opening::All, 90 * DAY));
        assert!(opens(Opening::Week, 7 * DAY) && !opens(Opening::Week, 7 * DAY + 1));
        assert!(!opens(Opening::Nothing, 0));
        assert_eq!("none".parse(), Ok(Opening::Nothing));
        assert!("some".parse::<Opening>().unwrap_err().contains("all, week, none"));
    }

    #[test]
    fn days_that_have_begun_count() {
        let now = Instant(30 * DAY);
        assert_eq!(days(Instant(0), now), 30);
        assert_eq!(days(Instant(1), now), 30);
        assert_eq!(days(now - DAY - 1, now), 2);
        assert_eq!(days(now, now - 5), 0);
    }
}
