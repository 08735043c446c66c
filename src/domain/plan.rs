//! The plan of a budget: how often each lane is read, so that what a limit still allows lasts until
//! its window ends.
//!
//! Where the limit is wide enough for every lane's own pace, nothing changes. Where it is short,
//! lanes that bring nothing wait first, up to eight times as long as usual; those with open cases
//! up to four times, and those that bring mentions now up to twice. If even that is too much, all
//! of them wait longer in the same proportion. What replies and re-reads of threads will need is
//! set aside before, and the limit's reserve is never planned with. Polling keeps a share to
//! itself, which no re-read touches.

#[cfg(test)]
mod tests;

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
/// Of what a limit allows beyond its reserve, polling keeps one part in so many from re-reads.
pub const KEPT_FROM_REREADS: i64 = 2;
/// The same from the looks before alerts, which go further.
pub const KEPT_FROM_LOOKS: i64 = 4;

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

impl Window {
    /// How many polling keeps to itself until the window ends: of what the limit allows beyond its
    /// reserve one part in `parts`, for as much of the window as is left.
    pub fn kept(self, parts: i64, now: Instant) -> i64 {
        let (share, length) = (self.share(parts), self.length_ms.max(1));
        let rest = (self.end - now).clamp(0, self.longest());
        let kept = i128::from(share) * i128::from(rest) / i128::from(length);
        i64::try_from(kept).unwrap_or(i64::MAX)
    }

    /// From when on so many can be spent without what polling keeps, if nothing else is spent
    /// until then; `None`: at any time.
    pub fn spares(self, needed: i64, parts: i64) -> Option<Instant> {
        let (share, length) = (i128::from(self.share(parts)), i128::from(self.length_ms.max(1)));
        let spare = i128::from((self.remaining - self.reserve - needed).max(0)) * length;
        if spare >= share * i128::from(self.longest()) {
            return None;
        }
        // Here the share is not 0.
        Some(self.end - i64::try_from(spare / share).unwrap_or(i64::MAX))
    }

    fn share(self, parts: i64) -> i64 {
        (self.limit - self.reserve).max(0) / parts.max(1)
    }

    /// How long it lasts at most: what is reckoned by twelfths ends one later. A server may tell of
    /// an end beyond that; polling keeps no more for it.
    fn longest(self) -> i64 {
        (self.length_ms.max(1) + 11) / 12 * 13
    }
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
    /// re-reads will spend if they go on as before. These come first, but for what polling keeps.
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
        let spare = (left - window.kept(KEPT_FROM_REREADS, now)).max(0);
        Budget { left: left - needed.min(spare), until: end }
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
