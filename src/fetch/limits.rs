//! Limits: buckets are spent before a request, corrected by the server's headers, and shut when
//! it says that they are empty.
//!
//! What is left of a bucket lives in `Keep`, also of one whose window is short: no restart and no
//! second instance spends a window twice.

#[cfg(test)]
mod tests;

use super::{Engine, Link, Peer, Purpose, unsent};
use crate::domain::Instant;
use crate::domain::time::{DAY, MINUTE};
use crate::wire::{
    Bucket, BucketRule, Counts, Ctx, Fault, Next, Reached, Response, Told, Toll, UsedUp,
};

/// Buckets with windows up to this open again before the next poll is due: there is nothing to
/// plan.
const LONGEST_UNPLANNED_MS: i64 = MINUTE;

/// What a conversation spent from a bucket that is planned: one with a window over a minute.
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

    /// Adds to what was spent what of these costs is planned.
    pub(super) fn add(&self, costs: &[(Bucket, u32)], spent: &mut Vec<Spent>) {
        for &(bucket, units) in costs {
            let Some(rule) = self.rule(bucket) else { continue };
            if units == 0 || rule.window_ms <= LONGEST_UNPLANNED_MS {
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
    /// Spends what a request costs, before it is sent; nothing if one of its buckets is empty.
    ///
    /// # Errors
    /// `Throttled` with the time when all of its buckets are open, or that the memory fails.
    pub(super) async fn spend(
        &self,
        by: &Spending<'_>,
        costs: &[(Bucket, u32)],
        purpose: Purpose,
    ) -> Result<(), Fault> {
        let mut tolls = Vec::with_capacity(costs.len());
        for &(bucket, amount) in costs {
            let rule = by.rule(bucket).ok_or_else(|| {
                let why =
                    format!("{} spends `{}`, which it does not declare", by.peer.name(), bucket.0);
                Fault { next: Next::Bug, why, reached: Reached::Never }
            })?;
            tolls.push(Toll { scope: by.scope(rule), rule, amount });
        }
        if tolls.is_empty() {
            return Ok(());
        }
        let kept = self.keep.spend(tolls, purpose, self.clock.now()).await;
        let spent = kept.map_err(|why| unsent(format!("limits cannot be kept: {why}")))?;
        spent.map_err(|UsedUp { scope, bucket, until }| {
            let why = format!("the limit `{}` of {scope} is used up until {until}", bucket.0);
            let next = Next::Throttled { bucket: Some(bucket), until };
            Fault { next, why, reached: Reached::Never }
        })
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
            if amount == 0 {
                continue;
            }
            let (scope, now) = (by.scope(rule), self.clock.now());
            let charged = self.keep.charge(&scope, rule, amount, purpose, now).await;
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
            if let Err(why) = self.keep.told(&scope, &told, now).await {
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
            if let Err(why) = self.keep.shut(&scope, rule, until).await {
                tracing::warn!(link = %by.link.name, %why, "a limit could not be shut");
            }
        }
    }
}
