//! Limits with windows over a minute: rows, so that a restart cannot spend twice.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;
use crate::domain::plan::Window;
use crate::wire::{BucketRule, Told};

/// A bucket of one scope as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BucketRow {
    /// Whose it is: a channel, or `network@host`.
    pub scope: String,
    /// The bucket.
    pub bucket: String,
    /// When its window ends.
    pub window_end: i64,
    /// How many are left in it.
    pub remaining: i64,
    /// Nothing before this.
    pub shut_until: i64,
    /// How many in it went for replies and re-reads.
    pub others: i64,
}

impl BucketRow {
    /// Its window, by the rule that holds for it.
    pub fn window(&self, rule: BucketRule) -> Window {
        Window {
            limit: i64::from(rule.limit),
            reserve: i64::from(rule.reserve),
            length_ms: rule.window_ms,
            end: Instant(self.window_end),
            remaining: self.remaining,
            others: self.others,
        }
    }
}

statements! {
    ENSURE = Sql::same("INSERT INTO buckets (scope, bucket, window_end, remaining) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING");
    READ = Sql {
        sqlite: "SELECT window_end, remaining, shut_until, others FROM buckets WHERE scope = $1 AND bucket = $2",
        postgres: "SELECT window_end, remaining, shut_until, others FROM buckets WHERE scope = $1 AND bucket = $2 FOR UPDATE",
    };
    SPEND = Sql::same("UPDATE buckets SET window_end = $3, remaining = $4, others = $5 WHERE scope = $1 AND bucket = $2");
    // A window that is over takes what went for others with it.
    TOLD = Sql::same("UPDATE buckets SET others = CASE WHEN window_end <= $5 THEN 0 ELSE others END, window_end = $3, remaining = $4 WHERE scope = $1 AND bucket = $2");
    SHUT = Sql::same("UPDATE buckets SET shut_until = $3 WHERE scope = $1 AND bucket = $2 AND shut_until < $3");
    BOOK = Sql::same("INSERT INTO spent (scope, bucket, month, units) VALUES ($1, $2, $3, $4) ON CONFLICT (scope, bucket, month) DO UPDATE SET units = spent.units + excluded.units");
    ALL = Sql::same("SELECT scope, bucket, window_end, remaining, shut_until, others FROM buckets ORDER BY scope, bucket");
    ONE = Sql::same("SELECT scope, bucket, window_end, remaining, shut_until, others FROM buckets WHERE scope = $1 AND bucket = $2");
    OF_MONTH = Sql::same("SELECT scope, bucket, units FROM spent WHERE month = $1 ORDER BY scope, bucket");
}

/// A bucket while it is spent from, its window begun anew if it was over.
struct Open {
    end: i64,
    remaining: i64,
    shut: i64,
    others: i64,
}

async fn open(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    now: Instant,
) -> Result<Open, StoreError> {
    tx.exec(ENSURE, args![scope, rule.bucket.0]).await?;
    let row: Option<(i64, i64, i64, i64)> = tx.first(READ, args![scope, rule.bucket.0]).await?;
    let (end, remaining, shut, others) = row.unwrap_or_default();
    if end > now.0 {
        return Ok(Open { end, remaining, shut, others });
    }
    let (end, remaining) = (now.0 + rule.window_ms, i64::from(rule.limit));
    Ok(Open { end, remaining, shut, others: 0 })
}

async fn write(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    before: &Open,
    amount: u32,
    for_others: bool,
    now: Instant,
) -> Result<(), StoreError> {
    let amount = i64::from(amount);
    let remaining = (before.remaining - amount).max(0);
    let others = before.others + if for_others { amount } else { 0 };
    tx.exec(SPEND, args![scope, rule.bucket.0, before.end, remaining, others]).await?;
    if amount > 0 {
        tx.exec(BOOK, args![scope, rule.bucket.0, now.month().0, amount]).await?;
    }
    Ok(())
}

/// Spends from a bucket; `Err(until)` inside if it is used up. An amount of 0 passes only while
/// there is something left.
pub async fn spend(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    amount: u32,
    may_use_reserve: bool,
    now: Instant,
) -> Result<Result<(), Instant>, StoreError> {
    let bucket = open(tx, scope, rule, now).await?;
    if bucket.shut > now.0 {
        return Ok(Err(Instant(bucket.shut)));
    }
    let reserve = if may_use_reserve { 0 } else { i64::from(rule.reserve) };
    if bucket.remaining - i64::from(amount.max(1)) < reserve {
        return Ok(Err(Instant(bucket.end)));
    }
    write(tx, scope, rule, &bucket, amount, may_use_reserve, now).await?;
    Ok(Ok(()))
}

/// Spends what an answer turned out to have cost, be there enough or not.
pub async fn charge(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    amount: u32,
    may_use_reserve: bool,
    now: Instant,
) -> Result<(), StoreError> {
    let bucket = open(tx, scope, rule, now).await?;
    write(tx, scope, rule, &bucket, amount, may_use_reserve, now).await
}

/// Corrects a bucket by what the server told. The server knows of other users of the limit.
pub async fn told(tx: &mut Tx, scope: &str, told: &Told, now: Instant) -> Result<(), StoreError> {
    tx.exec(ENSURE, args![scope, told.bucket.0]).await?;
    let args = args![scope, told.bucket.0, told.reset, i64::from(told.remaining), now];
    tx.exec(TOLD, args).await?;
    Ok(())
}

/// Closes a bucket until an instant.
pub async fn shut(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    until: Instant,
) -> Result<(), StoreError> {
    tx.exec(ENSURE, args![scope, rule.bucket.0]).await?;
    tx.exec(SHUT, args![scope, rule.bucket.0, until]).await?;
    Ok(())
}

/// Every bucket.
pub async fn all(tx: &mut Tx) -> Result<Vec<BucketRow>, StoreError> {
    tx.all(ALL, args![]).await
}

/// One bucket.
pub async fn one(tx: &mut Tx, scope: &str, bucket: &str) -> Result<Option<BucketRow>, StoreError> {
    tx.first(ONE, args![scope, bucket]).await
}

/// What was spent in a month (`YYYY-MM`): scope, bucket, units.
pub async fn of_month(tx: &mut Tx, month: &str) -> Result<Vec<(String, String, i64)>, StoreError> {
    tx.all(OF_MONTH, args![month]).await
}
