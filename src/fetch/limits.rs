//! Limits: buckets are spent before a request, corrected by the server's headers, and shut when
//! it says that they are empty.
//!
//! Windows of up to a minute live in this process, smoothed by governor; longer ones live in
//! `Keep`, so that a restart or a second instance cannot spend them twice. Even a short bucket
//! is spent through `Keep` once per process, since it may have been shut before a restart.

#[cfg(test)]
mod tests;

use super::{Engine, Link, Peer, Purpose, unsent};
use crate::clock::Clock;
use crate::domain::Instant;
use crate::domain::time::{DAY, MINUTE};
use crate::wire::{Bucket, BucketRule, Counts, Ctx, Fault, Next, Reached, Response, Told};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longer windows are rows.
const LONGEST_IN_PROCESS_MS: i64 = MINUTE;

/// Our clock in governor's words. Clamped to the years 1970 to 2242, in which its nanoseconds
/// cannot overflow, however a clock jumps.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now().0.clamp(0, 100_000 * DAY).unsigned_abs())
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

/// One short bucket of one scope.
struct Pace {
    all: Limiter,
    /// The same without the reserve.
    polls: Limiter,
    capacity: (NonZeroU32, NonZeroU32),
    /// Nothing before this.
    shut: Instant,
    /// No polling before this.
    polls_shut: Instant,
    /// The latest time seen, to notice a clock that was set back.
    newest: Instant,
    /// `Keep` was asked since the process started.
    known: bool,
}

impl Pace {
    fn new(rule: BucketRule, clock: &Clock) -> Pace {
        let all = NonZeroU32::new(rule.limit).unwrap_or(NonZeroU32::MIN);
        let left = rule.limit.saturating_sub(rule.reserve);
        let polls = NonZeroU32::new(left).unwrap_or(NonZeroU32::MIN);
        let window = Duration::from_millis(rule.window_ms.max(1).unsigned_abs());
        let limiter = |capacity: NonZeroU32| {
            let each = (window / capacity.get()).max(Duration::from_nanos(1));
            let quota = Quota::with_period(each).expect("a nanosecond at least is not zero");
            RateLimiter::direct_with_clock(quota.allow_burst(capacity), Ticks(clock.clone()))
        };
        Pace {
            all: limiter(all),
            polls: limiter(polls),
            capacity: (all, polls),
            shut: Instant::default(),
            polls_shut: Instant::default(),
            newest: clock.now(),
            known: false,
        }
    }

    fn spend(&mut self, amount: u32, may_use_reserve: bool, now: Instant) -> Result<(), Instant> {
        if now < self.shut {
            return Err(self.shut);
        }
        if !may_use_reserve {
            if now < self.polls_shut {
                return Err(self.polls_shut);
            }
            check(&self.polls, self.capacity.1, amount)?;
        }
        check(&self.all, self.capacity.0, amount)
    }
}

fn check(limiter: &Limiter, capacity: NonZeroU32, amount: u32) -> Result<(), Instant> {
    // A single request that costs more than the whole window holds waits for a full one.
    let Some(amount) = NonZeroU32::new(amount.min(capacity.get())) else { return Ok(()) };
    match limiter.check_n(amount) {
        Ok(Ok(())) | Err(_) => Ok(()),
        Ok(Err(not_until)) => {
            let ms = not_until.earliest_possible().as_nanos().div_ceil(1_000_000);
            Err(Instant(i64::try_from(ms).unwrap_or(i64::MAX)))
        }
    }
}

/// The short buckets of this process.
pub(super) struct Limits {
    clock: Clock,
    paces: Mutex<HashMap<(String, Bucket), Pace>>,
}

impl Limits {
    pub(super) fn new(clock: Clock) -> Limits {
        Limits { clock, paces: Mutex::default() }
    }

    fn with<T>(&self, scope: &str, rule: BucketRule, work: impl FnOnce(&mut Pace) -> T) -> T {
        let now = self.clock.now();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = paces
            .entry((scope.to_owned(), rule.bucket))
            .or_insert_with(|| Pace::new(rule, &self.clock));
        if now + rule.window_ms < pace.newest {
            // The clock was set back: governor would wait until the old time comes again.
            *pace = Pace { known: pace.known, ..Pace::new(rule, &self.clock) };
        }
        pace.newest = pace.newest.max(now);
        work(pace)
    }
}

/// What a conversation spent from a bucket whose window is a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Whose bucket: a link's name, or `network@host`.
    pub scope: String,
    /// The bucket.
    pub bucket: Bucket,
    /// How much.
    pub units: u32,
}

/// Whose limits a request spends.
pub(super) struct Spending<'a> {
    pub peer: Peer<'a>,
    pub link: &'a Link,
    /// The host of the request; empty for what goes nowhere.
    pub host: &'a str,
}

impl Spending<'_> {
    fn rule(&self, bucket: Bucket) -> Option<BucketRule> {
        let rule = self.peer.rules().iter().find(|rule| rule.bucket == bucket).copied()?;
        Some(BucketRule { limit: self.peer.limit(&rule, self.link), ..rule })
    }

    /// Adds to what was spent what of these costs lies in rows.
    pub(super) fn add(&self, costs: &[(Bucket, u32)], spent: &mut Vec<Spent>) {
        for &(bucket, units) in costs {
            let Some(rule) = self.rule(bucket) else { continue };
            if units == 0 || rule.window_ms <= LONGEST_IN_PROCESS_MS {
                continue;
            }
            let scope = self.scope(rule);
            match spent.iter_mut().find(|s| s.bucket == bucket && s.scope == scope) {
                Some(known) => known.units = known.units.saturating_add(units),
                None => spent.push(Spent { scope, bucket, units }),
            }
        }
    }

    /// Names of links hold no `@`, so the two kinds cannot meet.
    fn scope(&self, rule: BucketRule) -> String {
        match rule.counts {
            Counts::Token => self.link.name.clone(),
            Counts::Host => format!("{}@{}", self.peer.name(), self.host),
        }
    }
}

impl Engine {
    /// Spends what a request costs, before it is sent.
    ///
    /// # Errors
    /// `Throttled` with the time when the first empty bucket opens, or that the memory fails.
    pub(super) async fn spend(
        &self,
        by: &Spending<'_>,
        costs: &[(Bucket, u32)],
        purpose: Purpose,
    ) -> Result<(), Fault> {
        let may_use_reserve = purpose != Purpose::Poll;
        for &(bucket, amount) in costs {
            let rule = by.rule(bucket).ok_or_else(|| {
                let why =
                    format!("{} spends `{}`, which it does not declare", by.peer.name(), bucket.0);
                Fault { next: Next::Bug, why, reached: Reached::Never }
            })?;
            let (scope, now) = (by.scope(rule), self.clock.now());
            let short = rule.window_ms <= LONGEST_IN_PROCESS_MS;
            let mut spent = Ok(());
            if !short || self.limits.with(&scope, rule, |pace| !pace.known) {
                let kept = self.keep.spend(&scope, rule, amount, may_use_reserve, now).await;
                spent = kept.map_err(|why| unsent(format!("limits cannot be kept: {why}")))?;
            }
            if short && spent.is_ok() {
                spent = self.limits.with(&scope, rule, |pace| {
                    pace.known = true;
                    pace.spend(amount, may_use_reserve, now)
                });
            }
            if let Err(until) = spent {
                let why = format!("the limit `{}` of {scope} is used up until {until}", bucket.0);
                let next = Next::Throttled { bucket: Some(bucket), until };
                return Err(Fault { next, why, reached: Reached::Never });
            }
        }
        Ok(())
    }

    /// Spends what an answer cost beyond what was spent before it was asked for. A failing memory
    /// is logged and no more, as below.
    pub(super) async fn charge(
        &self,
        by: &Spending<'_>,
        res: &Response,
        purpose: Purpose,
        cx: &Ctx<'_>,
    ) {
        for (bucket, amount) in by.peer.cost(res, cx) {
            let Some(rule) = by.rule(bucket) else { continue };
            if amount == 0 || rule.window_ms <= LONGEST_IN_PROCESS_MS {
                continue;
            }
            let (scope, others) = (by.scope(rule), purpose != Purpose::Poll);
            let charged = self.keep.charge(&scope, rule, amount, others, self.clock.now()).await;
            if let Err(why) = charged {
                tracing::warn!(link = %by.link.name, %why, "a cost could not be kept");
            }
        }
    }

    /// Learns what the headers of an answer say. A failing memory is logged and no more: the
    /// answer is here, and what it carried out must not be lost.
    pub(super) async fn learn(&self, by: &Spending<'_>, res: &Response, cx: &Ctx<'_>) {
        for told in by.peer.told(res, cx) {
            let Some(rule) = by.rule(told.bucket) else { continue };
            let (scope, now) = (by.scope(rule), self.clock.now());
            // A wrong date must not silence a channel for years.
            let reset = told.reset.min(now + rule.window_ms.max(DAY));
            let told = Told { reset, ..told };
            if rule.window_ms <= LONGEST_IN_PROCESS_MS {
                self.limits.with(&scope, rule, |pace| {
                    let closed = |empty: bool| if empty { reset } else { Instant::default() };
                    pace.shut = pace.shut.max(closed(told.remaining == 0));
                    pace.polls_shut = closed(told.remaining <= rule.reserve);
                });
            } else if let Err(why) = self.keep.told(&scope, &told, now).await {
                tracing::warn!(link = %by.link.name, %why, "a limit could not be corrected");
            }
        }
    }

    /// Shuts what a refused request spent, or the one bucket that the fault names.
    pub(super) async fn shut(
        &self,
        by: &Spending<'_>,
        costs: &[(Bucket, u32)],
        named: Option<Bucket>,
        until: Instant,
    ) {
        let spent = costs.iter().map(|(bucket, _)| *bucket);
        let shut: Vec<Bucket> = named.map_or_else(|| spent.collect(), |bucket| vec![bucket]);
        for rule in shut.into_iter().filter_map(|bucket| by.rule(bucket)) {
            let scope = by.scope(rule);
            if rule.window_ms <= LONGEST_IN_PROCESS_MS {
                self.limits.with(&scope, rule, |pace| pace.shut = pace.shut.max(until));
            }
            if let Err(why) = self.keep.shut(&scope, rule, until).await {
                tracing::warn!(link = %by.link.name, %why, "a limit could not be shut");
            }
        }
    }
}
