//! `Purse`: what is left of one bucket, by what the server told and by what we spent ourselves.

#[cfg(test)]
mod tests;

use super::ask::{BucketRule, Told};
use super::purpose::Purpose;
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
    /// How many of them went for anything but polls.
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
    /// Spends as far as the purpose may go. An amount of 0 passes only while something is left.
    ///
    /// # Errors
    /// The time when that much is there again; nothing is spent then.
    pub fn spend(
        &mut self,
        rule: BucketRule,
        amount: u32,
        purpose: Purpose,
        now: Instant,
    ) -> Result<(), Instant> {
        if now < self.shut_until {
            return Err(self.shut_until);
        }
        if self.window_end.0 > 0 && self.window_end <= now {
            // What was spent in the window of which the server told went with it, all of it: a
            // burst at its end is none of the next one's.
            self.slices.clear();
            self.window_end = Instant::default();
        }
        let reserve = purpose.reserve(rule);
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
        if let Some(parts) = purpose.polling_keeps() {
            let all = self.ends(rule, now).into_iter();
            let spared = all.filter_map(|window| window.spares(needed, parts)).max();
            if let Some(spared) = spared.filter(|at| *at > now) {
                return Err(spared);
            }
        }
        self.note(rule, amount, purpose, now);
        Ok(())
    }

    /// Spends what an answer turned out to have cost, be there enough or not.
    pub fn charge(&mut self, rule: BucketRule, amount: u32, purpose: Purpose, now: Instant) {
        self.note(rule, i64::from(amount), purpose, now);
    }

    fn note(&mut self, rule: BucketRule, amount: i64, purpose: Purpose, now: Instant) {
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
        slice.others += if purpose == Purpose::Poll { 0 } else { amount };
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

    /// The window that runs, as it stands before each of its ends: the server's has one, while of
    /// our own spending one slice after another comes free again.
    fn ends(&self, rule: BucketRule, now: Instant) -> Vec<Window> {
        let window = self.window(rule, now);
        if now < self.window_end {
            return vec![window];
        }
        let mut remaining = window.remaining;
        let before = |slice: &Slice| {
            let end = slice.leaves(slice_ms(rule));
            let window = Window { remaining, end, ..window };
            remaining += slice.all;
            window
        };
        self.counted(rule, self.window_end, now).map(before).collect()
    }

    /// What polls may spend. The plan must overdraw before no end of the window: the one that
    /// allows the least decides.
    pub fn budget(&self, rule: BucketRule, now: Instant) -> Budget {
        let first = Budget::of(self.window(rule, now), now);
        let all = self.ends(rule, now).into_iter().map(|window| Budget::of(window, now));
        all.fold(first, |tightest, budget| tightest.tighter(budget, now))
    }

    /// Corrects it by what the server told. Of a window that is over it tells nothing.
    pub fn told(&mut self, told: &Told, now: Instant) {
        if told.reset <= now {
            return;
        }
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
