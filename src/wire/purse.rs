//! `Purse`: what is left of one bucket, by what the server told and by what we spent ourselves.

use super::ask::{BucketRule, Told};
use crate::domain::Instant;
use crate::domain::plan::{Budget, Window};
use crate::domain::time::{HOUR, SECOND};
use serde::{Deserialize, Serialize};

/// A window is cut into so many slices, and what was spent is known by slice. A slice that lies
/// in a window with one end only counts whole: a bucket yields a twelfth too little now and then,
/// and never too much.
const SLICES: i64 = 12;
/// A server that counts whole seconds tells the end of one window a little differently each time.
const SAME_END: i64 = 2 * SECOND;
/// Of a window that ends later than this the newest word holds, be it higher than the one before:
/// a few answers that overtook each other are nothing to it, while what we charged may be too
/// much, and a person may have raised the budget.
const OVERTAKEN: i64 = HOUR;

/// One bucket of one scope.
///
/// What the server told holds until the window that it told of ends: it knows of other users of
/// the limit. Where it tells nothing, our own spending decides, and no span as long as the rule's
/// window ever holds more of it than the limit, wherever such a span begins; but for what answers
/// turned out to have cost, which nobody knows before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// Nothing may be spent before this.
    pub shut_until: Instant,
    /// When the window ends of which the server told last.
    pub window_end: Instant,
    /// How many are left in that window.
    pub remaining: i64,
    /// What we spent, oldest first.
    pub slices: Vec<Slice>,
}

/// What we spent within one slice of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Its number, counted from 1970.
    pub number: i64,
    /// How many were spent in it.
    pub all: i64,
    /// How many of them went for replies and re-reads.
    pub others: i64,
}

impl Slice {
    /// When it counts no more.
    fn leaves(&self, slice_ms: i64) -> Instant {
        Instant((self.number + SLICES + 1) * slice_ms)
    }
}

fn slice_ms(rule: BucketRule) -> i64 {
    ((rule.window_ms + SLICES - 1) / SLICES).max(1)
}

impl Purse {
    /// Spends. An amount of 0 passes only while something is left.
    ///
    /// # Errors
    /// The time when that much is there again; nothing is spent then.
    pub fn spend(
        &mut self,
        rule: BucketRule,
        amount: u32,
        may_use_reserve: bool,
        now: Instant,
    ) -> Result<(), Instant> {
        if now < self.shut_until {
            return Err(self.shut_until);
        }
        let reserve = if may_use_reserve { 0 } else { i64::from(rule.reserve) };
        let room = i64::from(rule.limit) - reserve;
        // What costs more than a whole window holds waits for a full one.
        let amount = i64::from(amount).min(room.max(1));
        let needed = amount.max(1);
        if now < self.window_end {
            if self.remaining - needed < reserve {
                return Err(self.window_end);
            }
        } else if let Some(opens) = self.opens(rule, room - needed, now) {
            return Err(opens);
        }
        self.note(rule, amount, may_use_reserve, now);
        Ok(())
    }

    /// Spends what an answer turned out to have cost, be there enough or not.
    pub fn charge(&mut self, rule: BucketRule, amount: u32, may_use_reserve: bool, now: Instant) {
        self.note(rule, i64::from(amount), may_use_reserve, now);
    }

    fn note(&mut self, rule: BucketRule, amount: i64, for_others: bool, now: Instant) {
        if amount == 0 {
            return;
        }
        if now < self.window_end {
            self.remaining = (self.remaining - amount).max(0);
        }
        let at = now.0.div_euclid(slice_ms(rule));
        self.slices.retain(|slice| near(slice, at));
        let place = self.slices.partition_point(|slice| slice.number < at);
        if self.slices.get(place).is_none_or(|slice| slice.number != at) {
            self.slices.insert(place, Slice { number: at, all: 0, others: 0 });
        }
        let slice = &mut self.slices[place];
        slice.all += amount;
        slice.others += if for_others { amount } else { 0 };
    }

    /// What we spent within a window until now, but for what was spent before `since`.
    fn counted(
        &self,
        rule: BucketRule,
        since: Instant,
        now: Instant,
    ) -> impl Iterator<Item = &Slice> {
        let length = slice_ms(rule);
        let at = now.0.div_euclid(length);
        let counts = move |slice: &&Slice| near(slice, at) && (slice.number + 1) * length > since.0;
        self.slices.iter().filter(counts)
    }

    /// When no more than `most` of our own spending counts any more; `None` if that is so now. If
    /// it will never be, it is looked at again a window later.
    fn opens(&self, rule: BucketRule, most: i64, now: Instant) -> Option<Instant> {
        // What was spent in the window of which the server told went with that window.
        let counted = || self.counted(rule, self.window_end, now);
        let mut sum: i64 = counted().map(|slice| slice.all).sum();
        if sum <= most {
            return None;
        }
        let opens = counted().find_map(|slice| {
            sum -= slice.all;
            (sum <= most).then(|| slice.leaves(slice_ms(rule)))
        });
        Some(opens.unwrap_or(now + rule.window_ms))
    }

    /// The window that runs: the server's while it lasts, else that of our own spending, which
    /// ends when the oldest of it counts no more.
    pub fn window(&self, rule: BucketRule, now: Instant) -> Window {
        let (limit, length_ms) = (i64::from(rule.limit), rule.window_ms);
        let window = |began, end, remaining, others| {
            let reserve = i64::from(rule.reserve);
            Window { limit, reserve, length_ms, began, end, remaining, others }
        };
        if now < self.window_end {
            let began = self.window_end - length_ms;
            let others: i64 = self.counted(rule, began, now).map(|slice| slice.others).sum();
            return window(began, self.window_end, self.remaining, others);
        }
        let counted = || self.counted(rule, self.window_end, now);
        let Some(oldest) = counted().next() else { return window(now, now, limit, 0) };
        let began = Instant(oldest.number * slice_ms(rule));
        let all: i64 = counted().map(|slice| slice.all).sum();
        let others: i64 = counted().map(|slice| slice.others).sum();
        window(began, oldest.leaves(slice_ms(rule)), limit - all, others)
    }

    /// What polls may spend. Of our own spending one slice after another comes free again, and the
    /// plan must overdraw at none of these times: the one that allows the least decides.
    pub fn budget(&self, rule: BucketRule, now: Instant) -> Budget {
        let window = self.window(rule, now);
        let first = Budget::of(window, now);
        if now < self.window_end {
            return first;
        }
        let mut remaining = window.remaining;
        self.counted(rule, self.window_end, now).fold(first, |tightest, slice| {
            let later = Window { remaining, end: slice.leaves(slice_ms(rule)), ..window };
            remaining += slice.all;
            tightest.tighter(Budget::of(later, now), now)
        })
    }

    /// Corrects it by what the server told.
    pub fn told(&mut self, told: &Told, now: Instant) {
        let left = i64::from(told.remaining);
        // Answers overtake each other: within one window the lowest count is the newest.
        let same = (told.reset - self.window_end).abs() <= SAME_END;
        let soon = told.reset - now <= OVERTAKEN;
        self.remaining = if same && soon { left.min(self.remaining) } else { left };
        self.window_end = told.reset;
    }

    /// Closes it until an instant; a shorter closing does not open it.
    pub fn shut(&mut self, until: Instant) {
        self.shut_until = self.shut_until.max(until);
    }
}

/// Whether a slice lies no more than a window from the one numbered `at`. What lies further ahead
/// was written before the clock was set back.
fn near(slice: &Slice, at: i64) -> bool {
    (at - SLICES..=at + SLICES).contains(&slice.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::DAY;
    use crate::wire::{Bucket, Counts};
    use proptest::prelude::*;

    const T0: Instant = Instant(1_800_000_000_000);
    const RULE: BucketRule = BucketRule {
        bucket: Bucket("api"),
        counts: Counts::Token,
        limit: 10,
        window_ms: 60_000,
        reserve: 3,
    };

    fn told(remaining: u32, reset: Instant) -> Told {
        Told { bucket: RULE.bucket, remaining, reset }
    }

    #[test]
    fn a_full_bucket_says_when_it_opens() {
        let mut purse = Purse::default();
        assert_eq!(purse.spend(RULE, 4, true, T0), Ok(()));
        assert_eq!(purse.spend(RULE, 6, true, T0 + 30_000), Ok(()));
        let opens = T0 + 65_000;
        assert_eq!(purse.spend(RULE, 1, true, T0 + 30_001), Err(opens));
        assert_eq!(purse.spend(RULE, 4, true, opens - 1), Err(opens));
        assert_eq!(purse.spend(RULE, 4, true, opens), Ok(()));
        assert_eq!(purse.spend(RULE, 1, true, opens), Err(T0 + 95_000));
    }

    #[test]
    fn polls_leave_the_reserve_and_a_great_cost_waits_for_a_full_window() {
        let mut purse = Purse::default();
        assert_eq!(purse.spend(RULE, 50, false, T0), Ok(()));
        assert_eq!(purse.spend(RULE, 1, false, T0), Err(T0 + 65_000));
        assert_eq!(purse.spend(RULE, 3, true, T0), Ok(()));
        let none = BucketRule { limit: 3, ..RULE };
        assert!(Purse::default().spend(none, 1, false, T0).is_err(), "all of it is kept back");
    }

    #[test]
    fn the_servers_word_holds_until_its_window_ends() {
        let mut purse = Purse::default();
        assert_eq!(purse.spend(RULE, 10, true, T0), Ok(()));
        let end = T0 + 20_000;
        purse.told(&told(2, end), T0);
        assert_eq!(purse.spend(RULE, 1, true, T0 + 1), Ok(()));
        purse.told(&told(9, end + 900), T0 + 1);
        assert_eq!(purse.remaining, 1, "an answer that was overtaken gives nothing back");
        assert_eq!(purse.spend(RULE, 2, true, T0 + 2), Err(end + 900));
        let next = T0 + 25_000;
        assert_eq!(purse.spend(RULE, 10, true, next), Ok(()), "its next window is a full one");
        purse.told(&told(7, next + 60_000), next);
        assert_eq!(purse.spend(RULE, 7, true, next), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_closes_nothing_for_long() {
        let mut purse = Purse::default();
        assert_eq!(purse.spend(RULE, 10, true, T0), Ok(()));
        assert!(purse.spend(RULE, 1, true, T0 - 30_000).is_err(), "it was a moment ago");
        assert_eq!(purse.spend(RULE, 10, true, T0 - 86_400_000), Ok(()));
        purse.shut(T0);
        purse.shut(T0 - 1);
        assert_eq!(purse.spend(RULE, 1, true, T0 - 1), Err(T0));
    }

    #[test]
    fn an_answer_is_charged_whatever_is_left_and_nothing_is_asked_of_an_empty_bucket() {
        let mut purse = Purse::default();
        assert_eq!(purse.spend(RULE, 0, false, T0), Ok(()));
        assert!(purse.slices.is_empty(), "a question costs nothing");
        purse.charge(RULE, 7, false, T0);
        assert_eq!(purse.spend(RULE, 0, false, T0), Err(T0 + 65_000), "the reserve");
        assert_eq!(purse.spend(RULE, 0, true, T0), Ok(()));
        purse.charge(RULE, 9, true, T0);
        assert_eq!(purse.spend(RULE, 0, true, T0), Err(T0 + 65_000));
        assert_eq!(purse.window(RULE, T0).remaining, -6);
        assert_eq!(purse.spend(RULE, 0, true, T0 + 65_000), Ok(()));
        purse.told(&told(2, T0 + 90_000), T0 + 65_000);
        purse.charge(RULE, 3, true, T0 + 65_000);
        assert_eq!(purse.spend(RULE, 0, true, T0 + 65_001), Err(T0 + 90_000));
    }

    #[test]
    fn a_long_window_is_corrected_upwards() {
        let month = BucketRule { window_ms: 30 * DAY, ..RULE };
        let (mut purse, end) = (Purse::default(), T0 + 20 * DAY);
        purse.told(&told(8, end), T0);
        purse.charge(month, 6, false, T0);
        assert!(purse.spend(month, 0, false, T0).is_err());
        purse.told(&told(6, end), T0 + HOUR);
        assert_eq!(purse.spend(month, 0, false, T0 + HOUR), Ok(()), "two posts, read three times");
    }

    #[test]
    fn the_window_is_the_servers_or_that_of_our_own_spending() {
        let mut purse = Purse::default();
        let new = purse.window(RULE, T0);
        assert_eq!((new.end, new.remaining, new.others), (T0, 10, 0), "none runs yet");
        assert_eq!(purse.spend(RULE, 2, false, T0), Ok(()));
        assert_eq!(purse.spend(RULE, 3, true, T0 + 20_000), Ok(()));
        let own = Window {
            limit: 10,
            reserve: 3,
            length_ms: 60_000,
            began: T0,
            end: T0 + 65_000,
            remaining: 5,
            others: 3,
        };
        assert_eq!(purse.window(RULE, T0 + 20_000), own);
        let later = Window { began: T0 + 20_000, end: T0 + 85_000, remaining: 7, ..own };
        assert_eq!(purse.window(RULE, T0 + 65_000), later);
        purse.told(&told(4, T0 + 90_000), T0 + 65_000);
        let servers = Window { began: T0 + 30_000, end: T0 + 90_000, remaining: 4, ..own };
        assert_eq!(purse.window(RULE, T0 + 65_000), Window { others: 0, ..servers });
    }

    #[test]
    fn the_budget_is_that_of_the_time_which_allows_the_least() {
        let mut purse = Purse::default();
        let rule = BucketRule { reserve: 0, ..RULE };
        assert_eq!(purse.budget(rule, T0), Budget { left: 10, until: T0 + 60_000 });
        assert_eq!(purse.spend(rule, 1, false, T0), Ok(()));
        assert_eq!(purse.spend(rule, 7, false, T0 + 55_000), Ok(()));
        // Two are left and one comes free in five seconds; but seven only after a minute more.
        let budget = purse.budget(rule, T0 + 60_000);
        assert_eq!(budget, Budget { left: 3, until: T0 + 120_000 });
        assert_eq!(purse.spend(rule, 2, false, T0 + 60_000), Ok(()));
        let budget = purse.budget(rule, T0 + 60_000);
        assert_eq!(budget, Budget { left: 0, until: T0 + 65_000 }, "then one comes free");
        assert_eq!(purse.spend(rule, 1, false, T0 + 65_000), Ok(()));
        let empty = purse.budget(rule, T0 + 65_000);
        assert_eq!(empty, Budget { left: 0, until: T0 + 120_000 });
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit(
            window in 1i64..100_000,
            steps in prop::collection::vec((0i64..20_000, 1u32..4, any::<bool>()), 1..200),
        ) {
            let rule = BucketRule { window_ms: window, ..RULE };
            let (mut purse, mut now) = (Purse::default(), T0);
            let mut spent: Vec<(Instant, i64)> = Vec::new();
            for (pass, amount, reply) in steps {
                now = now + pass;
                match purse.spend(rule, amount, reply, now) {
                    Ok(()) => spent.push((now, i64::from(amount))),
                    Err(opens) => prop_assert!(now < opens && opens <= now + 2 * window + 24),
                }
            }
            for (from, _) in &spent {
                let within = spent.iter().filter(|(at, _)| *from <= *at && *at < *from + window);
                let held: i64 = within.map(|(_, many)| many).sum();
                prop_assert!(held <= i64::from(rule.limit));
            }
        }
    }
}
