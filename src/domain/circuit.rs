//! `Circuit`: whether somebody outside who failed again and again is asked now, or passed over for a
//! while so that nobody waits for it.

use super::time::{Instant, MINUTE};

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
    pub fn after(self, rule: Rule, answered: bool, now: Instant) -> Circuit {
        if answered {
            return Circuit::default();
        }
        let failures = self.failures.saturating_add(1);
        let shut = failures >= rule.most;
        Circuit { failures, shut_until: if shut { now + rule.pause_ms } else { self.shut_until } }
    }

    /// Whether it is passed over now.
    pub fn is_shut(&self, now: Instant) -> bool {
        now < self.shut_until
    }

    /// Whether it failed so often that, once it is asked again, one question is enough to begin with.
    pub fn is_doubted(&self, rule: Rule) -> bool {
        self.failures >= rule.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Rule = Rule { most: 2, pause_ms: 100 };

    #[test]
    fn it_opens_and_shuts_as_the_table_says() {
        // When it was asked, whether it answered, and until when it is passed over from then on.
        let rows = [
            (0, false, 0),
            (10, true, 0),
            (20, false, 0),
            (30, false, 130),
            (40, false, 140),
            (140, false, 240),
            (240, true, 0),
            (250, false, 0),
        ];
        let mut circuit = Circuit::default();
        for (at, answered, shut_until) in rows {
            circuit = circuit.after(TWO, answered, Instant(at));
            assert_eq!(circuit.shut_until, Instant(shut_until), "at {at}");
            assert_eq!(circuit.is_doubted(TWO), shut_until > 0, "at {at}");
        }
    }

    #[test]
    fn it_is_shut_up_to_the_moment_that_it_names_and_no_longer() {
        let circuit = Circuit { failures: 2, shut_until: Instant(100) };
        assert!(circuit.is_shut(Instant(99)));
        assert!(!circuit.is_shut(Instant(100)));
        assert!(circuit.is_doubted(TWO), "it answered nothing yet");
        assert!(!Circuit::default().is_shut(Instant(0)));
    }

    #[test]
    fn any_number_of_failures_is_counted_without_an_overflow() {
        let circuit = Circuit { failures: i64::MAX, shut_until: Instant(0) };
        assert_eq!(circuit.after(TWO, false, Instant(1)).failures, i64::MAX);
    }
}
