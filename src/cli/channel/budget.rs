//! Budgets of a channel: what of each limit is used, what it cost so far, and what it will cost by
//! the month's end if it goes on like this.

use crate::config::ChannelConfig;
use crate::domain::Instant;
use crate::domain::time::{DAY, MINUTE};
use crate::store::buckets::{self, BucketRow};
use crate::store::{StoreError, Tx};
use crate::wire::{BucketRule, Counts, Ctx, Price};
use serde::Serialize;

/// What the store knows of all limits.
pub(super) struct Books {
    rows: Vec<BucketRow>,
    /// Scope, bucket and units of this calendar month.
    spent: Vec<(String, String, i64)>,
    now: Instant,
}

/// One limit of a channel.
#[derive(Serialize)]
pub(super) struct Limit {
    limit: &'static str,
    /// Whose it is: the channel's, or of all channels on a host.
    scope: String,
    used: i64,
    of: i64,
    /// Kept for replies.
    reserve: i64,
    /// When the window ends in which that was used, or the oldest of it comes free again where the
    /// network tells of no window; nothing is used if this is none.
    window_ends: Option<Instant>,
    /// The network refuses everything until then.
    shut_until: Option<Instant>,
    /// Spent in this calendar month (UTC), as far as we know.
    month_units: i64,
    money: Option<Money>,
}

/// What a limit's units cost, in millionths of the currency.
#[derive(Serialize)]
struct Money {
    currency: &'static str,
    unit: &'static str,
    per_unit: i64,
    /// In this calendar month (UTC).
    so_far: i64,
    /// By the month's end, if it goes on like this.
    planned: i64,
}

impl Books {
    /// Reads them.
    pub(super) async fn read(tx: &mut Tx, now: Instant) -> Result<Books, StoreError> {
        let rows = buckets::all(tx).await?;
        let spent = buckets::of_month(tx, &now.month().0).await?;
        Ok(Books { rows, spent, now })
    }

    /// The limits that a channel spends from, as far as it spent anything. Those with windows up to
    /// a minute open again before anybody could look.
    pub(super) fn limits(&self, channel: &ChannelConfig) -> Vec<Limit> {
        let cx = Ctx {
            settings: &*channel.settings,
            session: None,
            now: self.now,
            own: &channel.own,
            seed: 0,
        };
        let meta = channel.network.meta();
        let prices = channel.network.prices(&cx);
        let hosts = format!("{}@", meta.name);
        let mut limits = Vec::new();
        for rule in meta.buckets.iter().filter(|rule| rule.window_ms > MINUTE) {
            let rule = BucketRule { limit: channel.network.limit(rule, &cx), ..*rule };
            let price = prices.iter().find(|price| price.bucket == rule.bucket);
            let mine = |row: &&BucketRow| {
                let scope = match rule.counts {
                    Counts::Token => row.scope == channel.name,
                    Counts::Host => row.scope.starts_with(&hosts),
                };
                scope && row.bucket == rule.bucket.0
            };
            let rows = self.rows.iter().filter(mine);
            limits.extend(rows.map(|row| self.limit(row, rule, price)));
        }
        limits
    }

    fn limit(&self, row: &BucketRow, rule: BucketRule, price: Option<&Price>) -> Limit {
        let window = row.window(rule, self.now);
        let open = window.end > self.now;
        let mine = |(scope, bucket, _): &&(String, String, i64)| {
            *scope == row.scope && *bucket == row.bucket
        };
        let month_units = self.spent.iter().find(mine).map_or(0, |(_, _, units)| *units);
        Limit {
            limit: rule.bucket.0,
            scope: row.scope.clone(),
            used: if open { (window.limit - window.remaining).max(0) } else { 0 },
            of: window.limit,
            reserve: window.reserve,
            window_ends: open.then_some(window.end),
            shut_until: Some(row.purse.shut_until).filter(|until| *until > self.now),
            month_units,
            money: price.map(|price| Money::of(price, month_units, self.now)),
        }
    }
}

impl Money {
    fn of(price: &Price, units: i64, now: Instant) -> Money {
        let so_far = price.micros.saturating_mul(units);
        let (_, first, next) = now.month();
        // The first day of a month foretells little.
        let gone = (now - first).max(DAY);
        let planned = i128::from(so_far) * i128::from((next - first).max(gone)) / i128::from(gone);
        Money {
            currency: price.currency,
            unit: price.unit,
            per_unit: price.micros,
            so_far,
            planned: i64::try_from(planned).unwrap_or(i64::MAX),
        }
    }
}

impl Limit {
    /// As a line for a person.
    pub(super) fn line(&self, channel: &str) -> String {
        let Limit { limit, used, of, reserve, .. } = self;
        let mut line = format!("{channel}: limit {limit}: {used} of {of} used");
        if let Some(until) = self.window_ends {
            line.push_str(&format!(" until {until}"));
        }
        if *reserve > 0 {
            line.push_str(&format!(", {reserve} kept for replies"));
        }
        if let Some(until) = self.shut_until {
            line.push_str(&format!(", shut until {until}"));
        }
        if self.scope != channel {
            line.push_str(&format!(" (shared: {})", self.scope));
        }
        if let Some(Money { currency, unit, per_unit, so_far, planned }) = &self.money {
            line.push_str(&format!(
                "; {} {currency} this month at {}.{:03} a {unit}, {} {currency} by its end if it \
                 goes on like this",
                amount(*so_far),
                per_unit / 1_000_000,
                per_unit % 1_000_000 / 1_000,
                amount(*planned)
            ));
        }
        line.push('\n');
        line
    }
}

/// Millionths with two places, rounded up: a cost is never told too small.
fn amount(micros: i64) -> String {
    let cents = micros / 10_000 + i64::from(micros % 10_000 > 0);
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Bucket;

    #[test]
    fn money_is_rounded_up_and_foretold() {
        assert_eq!(amount(0), "0.00");
        assert_eq!(amount(1), "0.01");
        assert_eq!(amount(12_340_000), "12.34");
        let bucket = Bucket("month");
        let price = Price { bucket, unit: "post read", micros: 5_000, currency: "USD" };
        let at = |text: &str| Instant::parse(text).unwrap();
        let half = Money::of(&price, 1_000, at("2026-11-16T00:00:00Z"));
        assert_eq!((half.so_far, half.planned), (5_000_000, 10_000_000));
        let early = Money::of(&price, 100, at("2026-11-01T00:10:00Z"));
        assert_eq!((early.so_far, early.planned), (500_000, 15_000_000), "as on a whole day");
        let late = Money::of(&price, 0, at("2026-11-30T23:59:59Z"));
        assert_eq!((late.so_far, late.planned), (0, 0));
    }

    #[test]
    fn a_limit_is_one_line() {
        let limit = Limit {
            limit: "month",
            scope: "x".to_owned(),
            used: 1_200,
            of: 20_000,
            reserve: 500,
            window_ends: Some(Instant(0)),
            shut_until: None,
            month_units: 1_200,
            money: Some(Money {
                currency: "USD",
                unit: "post read",
                per_unit: 5_000,
                so_far: 6_000_000,
                planned: 12_000_000,
            }),
        };
        assert_eq!(
            limit.line("x"),
            "x: limit month: 1200 of 20000 used until 1970-01-01T00:00:00.000Z, 500 kept for \
             replies; 6.00 USD this month at 0.005 a post read, 12.00 USD by its end if it goes on \
             like this\n"
        );
    }
}
