//! `Circuit`: whether somebody outside who failed again and again is asked now, or passed over for a
//! while so that nobody waits for it.

use super::time::{Instant, MINUTE, SECOND};

/// When somebody is passed over, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// So many failures in a row are enough.
    pub most: i64,
    /// How long it is left alone then, in milliseconds.
    pub pause_ms: i64,
}

/// A recipient of alerts. One failure may be that alert's fault, and a second one chance; a quarter of
/// an hour costs no deadline, since those who stand in are told at once.
pub const RECIPIENT: Rule = Rule { most: 3, pause_ms: 15 * MINUTE };

/// The company's own system that is asked who a customer is.
pub const LOOKUP: Rule = Rule { most: 5, pause_ms: 10 * MINUTE };

/// Who cannot be reached is left alone from the first time on, so long then, in milliseconds, and three
/// times as long each time: most such troubles are over in seconds. With the third failure, at least
/// forty seconds after the first, those who stand in are told.
const FIRST: i64 = 10 * SECOND;

/// How a question to somebody outside ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It was answered.
    Answered,
    /// It failed; the next one may not.
    Failed,
    /// Nobody was reached who could answer: whatever else is asked now meets the same.
    Unreachable,
}

/// How somebody outside has done lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circuit {
    /// Failures in a row.
    pub failures: i64,
    /// It is passed over before then.
    pub shut_until: Instant,
}

impl Circuit {
    /// After it was asked once more; whatever is answered ends a row of failures.
    pub fn after(self, rule: Rule, asked: Asked, now: Instant) -> Circuit {
        let failures = self.failures.saturating_add(1);
        let shut_until = match asked {
            Asked::Answered => return Circuit::default(),
            Asked::Failed if failures >= rule.most => now + rule.pause_ms,
            Asked::Failed => self.shut_until,
            Asked::Unreachable => {
                let tripled = (1..failures.min(20)).fold(FIRST, |ms, _| ms.saturating_mul(3));
                now + tripled.min(rule.pause_ms)
            }
        };
        Circuit { failures, shut_until }
    }

    /// Whether it is passed over now.
    pub fn is_shut(&self, now: Instant) -> bool {
        now < self.shut_until
    }

    /// Whether it was passed over and has answered nothing since: once it is asked again, one question
    /// is enough to begin with.
    pub fn is_doubted(&self) -> bool {
        self.shut_until > Instant(0)
    }

    /// Whether it failed so often that others do in its place what it was to do.
    pub fn is_failing(&self, rule: Rule) -> bool {
        self.failures >= rule.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Rule = Rule { most: 2, pause_ms: 100 };

    #[test]
    fn it_opens_and_shuts_as_the_table_says() {
        use Asked::{Answered, Failed};
        // When it was asked, how that ended, and until when it is passed over from then on.
        let rows = [
            (0, Failed, 0),
            (10, Answered, 0),
            (20, Failed, 0),
            (30, Failed, 130),
            (40, Failed, 140),
            (140, Failed, 240),
            (240, Answered, 0),
            (250, Failed, 0),
        ];
        let mut circuit = Circuit::default();
        for (at, asked, shut_until) in rows {
            circuit = circuit.after(TWO, asked, Instant(at));
            assert_eq!(circuit.shut_until, Instant(shut_until), "at {at}");
            assert_eq!(circuit.is_doubted(), shut_until > 0, "at {at}");
            assert_eq!(circuit.is_failing(TWO), shut_until > 0, "at {at}");
        }
    }

    #[test]
    fn who_cannot_be_reached_is_asked_more_and_more_seldom() {
        let mut circuit = Circuit::default();
        let mut waits = Vec::new();
        for failures in 1..=7 {
            let now = circuit.shut_until;
            circuit = circuit.after(RECIPIENT, Asked::Unreachable, now);
            assert_eq!(circuit.is_failing(RECIPIENT), failures >= 3);
            assert!(circuit.is_doubted());
            waits.push((circuit.shut_until - now) / SECOND);
        }
        assert_eq!(waits, [10, 30, 90, 270, 810, 900, 900]);
        assert_eq!(circuit.after(RECIPIENT, Asked::Answered, Instant(1)), Circuit::default());
    }

    #[test]
    fn it_is_shut_up_to_the_moment_that_it_names_and_no_longer() {
        let circuit = Circuit { failures: 2, shut_until: Instant(100) };
        assert!(circuit.is_shut(Instant(99)));
        assert!(!circuit.is_shut(Instant(100)));
        assert!(circuit.is_doubted(), "it answered nothing yet");
        assert!(!Circuit::default().is_shut(Instant(0)));
    }

    #[test]
    fn any_number_of_failures_is_counted_without_an_overflow() {
        let circuit = Circuit { failures: i64::MAX, shut_until: Instant(0) };
        for asked in [Asked::Failed, Asked::Unreachable] {
            assert_eq!(circuit.after(TWO, asked, Instant(1)).failures, i64::MAX);
        }
    }
}
