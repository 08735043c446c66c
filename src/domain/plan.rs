//! The plan of a budget: how often each lane is read, so that what a limit still allows lasts until
//! its window ends.
//!
//! Where the limit is wide enough for every lane's own pace, nothing changes. Where it is short,
//! lanes that bring nothing wait first, up to eight times as long as usual; those with open cases
//! up to four times, and those that bring mentions now up to twice. If even that is too much, all
//! of them wait longer in the same proportion. What replies and re-reads of threads will need is
//! set aside before, and the limit's reserve is never planned with.

use super::silence::hour_of;
use super::time::Instant;

/// How much a lane has to tell just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heat {
    /// It brought a mention in this hour or one of the two before.
    Hot,
    /// It brought one within a day, or its channel has open cases, whose authors may write again.
    Warm,
    /// Neither.
    Idle,
}

/// Hours that a lane stays hot, and warm, after its newest mention.
const HOT: i64 = 2;
const WARM: i64 = 24;
/// How many times longer than usual a lane of weight 1 waits by choice.
const PATIENCE: f64 = 2.0;
/// Halvings until a stretch is known to a billionth.
const STEPS: u32 = 32;

impl Heat {
    /// By the hour of a lane's newest mention, as [`hour_of`] counts, and whether its channel has
    /// open cases.
    pub fn of(newest: Option<i64>, open: bool, now: Instant) -> Heat {
        let since = newest.map(|hour| hour_of(now).saturating_sub(hour));
        match since {
            Some(hours) if hours <= HOT => Heat::Hot,
            Some(hours) if hours <= WARM => Heat::Warm,
            _ if open => Heat::Warm,
            _ => Heat::Idle,
        }
    }

    /// How much more than a hot lane it waits.
    fn weight(self) -> f64 {
        match self {
            Heat::Hot => 1.0,
            Heat::Warm => 2.0,
            Heat::Idle => 4.0,
        }
    }
}

/// A limit's window as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many a whole window holds.
    pub limit: i64,
    /// How many of them polling leaves alone.
    pub reserve: i64,
    /// Its length in milliseconds.
    pub length_ms: i64,
    /// Since when `others` are counted.
    pub began: Instant,
    /// When it ends; a window that is over begins anew.
    pub end: Instant,
    /// How many are left in it.
    pub remaining: i64,
    /// How many went for replies and re-reads since it began.
    pub others: i64,
}

/// What polls may still spend, and until when it must last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many are left to them.
    pub left: i64,
    /// When there are new ones.
    pub until: Instant,
}

impl Budget {
    /// What is left to polls: the window's rest without its reserve, and without what replies and
    /// re-reads will spend if they go on as before. These come first, up to a half.
    pub fn of(window: Window, now: Instant) -> Budget {
        let Window { limit, reserve, length_ms, began, end, remaining, others } = window;
        let length = length_ms.max(1);
        if end <= now {
            return Budget { left: (limit - reserve).max(0), until: now + length };
        }
        let rest = end - now;
        let left = (remaining - reserve).max(0);
        // The first tenth of a window foretells nothing.
        let gone = (now - began).max(length / 10).max(1);
        let needed = i128::from(others.max(0)) * i128::from(rest) / i128::from(gone);
        let needed = i64::try_from(needed).unwrap_or(i64::MAX);
        Budget { left: left - needed.min(left / 2), until: end }
    }

    /// Of two the one that allows less until its end: who spends evenly by it overdraws neither.
    pub fn tighter(self, other: Budget, now: Instant) -> Budget {
        let of = |left: i64, rest: i64| i128::from(left) * i128::from(rest.max(1));
        // Where both allow the same, the later one holds longer.
        let looser = of(other.left, self.until - now) > of(self.left, other.until - now);
        if looser { self } else { other }
    }
}

/// A lane that spends from a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// How often it would be read, in milliseconds.
    pub every_ms: i64,
    /// What one reading costs, in thousandths.
    pub cost: i64,
    /// How much it has to tell.
    pub heat: Heat,
}

impl Reader {
    fn every(&self) -> f64 {
        self.every_ms.max(1) as f64
    }

    /// How many times longer it waits when patience is stretched so far.
    fn stretch(&self, patience: f64) -> f64 {
        (patience * self.heat.weight()).max(1.0)
    }
}

/// What one reading of a lane costs by what is known and by the newest, all in thousandths.
///
/// A reading that comes late, after `gap_ms`, finds more pages; that is no reason to come later
/// still, so only what it would have cost in time raises the figure, and no single storm does.
pub fn learned(known: Option<i64>, newest: i64, every_ms: i64, gap_ms: i64) -> i64 {
    let Some(known) = known else { return newest.min(1_000) };
    let every = every_ms.max(1);
    let in_time = i128::from(newest) * i128::from(every) / i128::from(gap_ms.max(every));
    let in_time = i64::try_from(in_time).unwrap_or(i64::MAX);
    let target = if newest <= known {
        newest
    } else {
        in_time.clamp(known, known.saturating_mul(2).saturating_add(1_000))
    };
    known + (target - known) / 4
}

/// How often each lane is read, in milliseconds, in their order: never more often than by itself,
/// and together never more than the budget allows until it is renewed.
pub fn intervals(budget: Budget, readers: &[Reader], now: Instant) -> Vec<i64> {
    let rest = (budget.until - now).max(1);
    if budget.left <= 0 {
        return readers.iter().map(|r| r.every_ms.max(rest)).collect();
    }
    // Thousandths a millisecond.
    let allowed = budget.left as f64 * 1_000.0 / rest as f64;
    let spent = |patience: f64| -> f64 {
        readers.iter().map(|r| r.cost.max(0) as f64 / (r.every() * r.stretch(patience))).sum()
    };
    if spent(0.0) <= allowed {
        return readers.iter().map(|r| r.every_ms).collect();
    }
    let (mut patience, mut beyond) = (PATIENCE, 1.0);
    let most = spent(PATIENCE);
    if most > allowed {
        beyond = most / allowed;
    } else {
        let mut least = 0.0;
        for _ in 0..STEPS {
            let middle = f64::midpoint(least, patience);
            if spent(middle) <= allowed {
                patience = middle;
            } else {
                least = middle;
            }
        }
    }
    let interval = |r: &Reader| (r.every() * r.stretch(patience) * beyond).ceil() as i64;
    readers.iter().map(interval).collect()
}

/// When a lane is read next that was read at `now`. What would come after the window's end comes
/// with the next one's first allowance.
pub fn due(budget: Budget, every_ms: i64, interval_ms: i64, now: Instant) -> Instant {
    let planned = now + interval_ms.max(every_ms);
    if planned <= budget.until { planned } else { budget.until.max(now + every_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, HOUR, MINUTE};
    use proptest::prelude::*;

    const NOW: Instant = Instant(1_795_392_000_000);

    fn reader(heat: Heat) -> Reader {
        Reader { every_ms: MINUTE, cost: 1_000, heat }
    }

    fn budget(left: i64) -> Budget {
        Budget { left, until: NOW + HOUR }
    }

    #[test]
    fn a_wide_budget_changes_nothing() {
        let lanes = [reader(Heat::Hot), reader(Heat::Idle)];
        assert_eq!(intervals(budget(120), &lanes, NOW), [MINUTE, MINUTE]);
        assert_eq!(due(budget(120), MINUTE, MINUTE, NOW), NOW + MINUTE);
    }

    #[test]
    fn idle_lanes_wait_first_then_all_in_proportion() {
        let lanes = [reader(Heat::Hot), reader(Heat::Warm), reader(Heat::Idle)];
        let times = |left: i64| {
            let all = intervals(budget(left), &lanes, NOW);
            all.iter().map(|ms| *ms as f64 / MINUTE as f64).collect::<Vec<_>>()
        };
        let some = times(150);
        assert!(some[0] == 1.0 && some[1] < some[2] && some[2] < 2.1, "{some:?}");
        let short = times(105);
        assert!((short[0] - 1.0).abs() < 0.01 && (short[2] - 4.0).abs() < 0.01, "{short:?}");
        // At twice, four and eight times the usual, 52.5 an hour; half of that is twice as slow.
        let poor: Vec<f64> = times(26).iter().map(|m| m.round()).collect();
        assert_eq!(poor, [4.0, 8.0, 16.0]);
        assert_eq!(times(0), [60.0; 3], "nothing before the window ends");
    }

    #[test]
    fn what_comes_after_the_window_comes_with_the_next() {
        let end = budget(1).until;
        assert_eq!(due(budget(1), MINUTE, 2 * HOUR, NOW), end);
        assert_eq!(due(budget(1), 3 * HOUR, 5 * HOUR, NOW), NOW + 3 * HOUR);
        assert_eq!(due(budget(1), MINUTE, HOUR, NOW), end);
    }

    #[test]
    fn replies_and_rereads_are_set_aside() {
        let window = Window {
            limit: 1_000,
            reserve: 100,
            length_ms: DAY,
            began: NOW - DAY / 2,
            end: NOW + DAY / 2,
            remaining: 600,
            others: 50,
        };
        // As many again as in the first half.
        assert_eq!(Budget::of(window, NOW), Budget { left: 450, until: NOW + DAY / 2 });
        let busy = Window { others: 5_000, ..window };
        assert_eq!(Budget::of(busy, NOW).left, 250, "hearing keeps a half");
        let young = Window { began: NOW - 1, end: NOW + DAY - 1, others: 1, ..window };
        assert_eq!(
            Budget::of(young, NOW).left,
            491,
            "one early re-read foretells ten, not a flood"
        );
        let over = Window { end: NOW, ..window };
        assert_eq!(Budget::of(over, NOW), Budget { left: 900, until: NOW + DAY });
        let used_up = Window { remaining: 90, ..window };
        assert_eq!(Budget::of(used_up, NOW).left, 0);
    }

    #[test]
    fn the_tighter_budget_allows_less_a_day() {
        let of = |left: i64, days: i64| Budget { left, until: NOW + days * DAY };
        assert_eq!(of(9, 1).tighter(of(10, 30), NOW), of(10, 30));
        assert_eq!(of(1, 2).tighter(of(50, 31), NOW), of(1, 2));
        assert_eq!(of(1, 2).tighter(of(2, 4), NOW), of(2, 4), "the later one of the same");
        assert_eq!(of(0, 2).tighter(of(0, 4), NOW), of(0, 4));
        assert_eq!(of(0, 2).tighter(of(1, 400), NOW), of(0, 2));
    }

    #[test]
    fn a_cost_is_learned_from_readings_in_time() {
        let learn = |known, newest, minutes| learned(known, newest, MINUTE, minutes * MINUTE);
        assert_eq!(learn(None, 80_000, 1), 1_000, "a first look is not the usual thing");
        assert_eq!(learn(Some(1_000), 1_000, 8), 1_000);
        assert_eq!(learn(Some(1_000), 8_000, 8), 1_000, "eight times as late, eight times as much");
        assert_eq!(learn(Some(1_000), 90_000, 1), 1_500, "a storm raises it bit by bit");
        assert_eq!(learn(Some(9_000), 1_000, 1), 7_000);
    }

    #[test]
    fn heat_cools() {
        let hour = hour_of(NOW);
        assert_eq!(Heat::of(Some(hour - 2), false, NOW), Heat::Hot);
        assert_eq!(Heat::of(Some(hour - 3), false, NOW), Heat::Warm);
        assert_eq!(Heat::of(Some(hour - 25), false, NOW), Heat::Idle);
        assert_eq!(Heat::of(None, true, NOW), Heat::Warm);
        assert_eq!(Heat::of(None, false, NOW), Heat::Idle);
    }

    /// Plays a window: polls whatever is due, planned anew after each poll. Gives how often each
    /// lane was read and what was left.
    fn play(mut left: i64, lanes: &[Reader]) -> (Vec<i64>, i64) {
        let end = NOW + HOUR;
        let mut next = vec![NOW; lanes.len()];
        let mut polls = vec![0; lanes.len()];
        while let Some(at) = (0..lanes.len()).filter(|n| next[*n] < end).min_by_key(|n| next[*n]) {
            let (now, cost) = (next[at], lanes[at].cost / 1_000);
            if cost > left {
                // The limit itself refuses.
                next[at] = end;
                continue;
            }
            left -= cost;
            polls[at] += 1;
            let budget = Budget { left, until: end };
            let planned = intervals(budget, lanes, now)[at];
            next[at] = due(budget, lanes[at].every_ms, planned, now);
        }
        (polls, left)
    }

    #[test]
    fn a_budget_lasts_and_is_used() {
        let idle = reader(Heat::Idle);
        let (polls, left) = play(100, &[reader(Heat::Hot), idle, idle, idle]);
        assert!((0..=20).contains(&left), "{polls:?}, {left} left");
        assert!(polls[0] > 2 * polls[1], "{polls:?}");
        assert!(polls[1..].iter().all(|n| *n >= 7), "nobody is forgotten: {polls:?}");
    }

    proptest! {
        #[test]
        fn plans_keep_to_the_budget(
            left in 0_i64..5_000,
            minutes in 1_i64..50_000,
            lanes in proptest::collection::vec((1_i64..3_600, 0_i64..50_000, 0_usize..3), 1..20),
        ) {
            let heats = [Heat::Hot, Heat::Warm, Heat::Idle];
            let budget = Budget { left, until: NOW + minutes * MINUTE };
            let lanes: Vec<Reader> = lanes
                .into_iter()
                .map(|(s, cost, heat)| Reader { every_ms: s * 1_000, cost, heat: heats[heat] })
                .collect();
            let planned = intervals(budget, &lanes, NOW);
            let rest = (minutes * MINUTE) as f64;
            let spent: f64 = lanes
                .iter()
                .zip(&planned)
                .filter(|(_, ms)| **ms < minutes * MINUTE)
                .map(|(lane, ms)| lane.cost as f64 / 1_000.0 * rest / *ms as f64)
                .sum();
            prop_assert!(spent <= left as f64 * (1.0 + 1e-6), "{spent} of {left}");
            for (lane, ms) in lanes.iter().zip(&planned) {
                prop_assert!(*ms >= lane.every_ms, "more often than by itself");
            }
            for (a, x) in lanes.iter().zip(&planned) {
                for (b, y) in lanes.iter().zip(&planned) {
                    if a.heat < b.heat && a.every_ms == b.every_ms {
                        prop_assert!(x <= y, "a colder lane is read more often");
                    }
                }
            }
        }
    }
}
