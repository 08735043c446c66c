//! Limits with windows over a minute: rows, so that a restart cannot spend twice.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;
use crate::wire::{BucketRule, Told};

statements! {
    ENSURE = Sql::same("INSERT INTO buckets (scope, bucket, window_end, remaining) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING");
    READ = Sql {
        sqlite: "SELECT window_end, remaining, shut_until FROM buckets WHERE scope = $1 AND bucket = $2",
        postgres: "SELECT window_end, remaining, shut_until FROM buckets WHERE scope = $1 AND bucket = $2 FOR UPDATE",
    };
    WRITE = Sql::same("UPDATE buckets SET window_end = $3, remaining = $4 WHERE scope = $1 AND bucket = $2");
    SHUT = Sql::same("UPDATE buckets SET shut_until = $3 WHERE scope = $1 AND bucket = $2 AND shut_until < $3");
}

/// Spends from a bucket; `Err(until)` inside if it is used up.
pub async fn spend(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    amount: u32,
    may_use_reserve: bool,
    now: Instant,
) -> Result<Result<(), Instant>, StoreError> {
    tx.exec(ENSURE, args![scope, rule.bucket.0]).await?;
    let row: Option<(i64, i64, i64)> = tx.first(READ, args![scope, rule.bucket.0]).await?;
    let (mut end, mut remaining, shut) = row.unwrap_or_default();
    if shut > now.0 {
        return Ok(Err(Instant(shut)));
    }
    if end <= now.0 {
        (end, remaining) = (now.0 + rule.window_ms, i64::from(rule.limit));
    }
    let reserve = if may_use_reserve { 0 } else { i64::from(rule.reserve) };
    if remaining - i64::from(amount) < reserve {
        return Ok(Err(Instant(end)));
    }
    tx.exec(WRITE, args![scope, rule.bucket.0, end, remaining - i64::from(amount)]).await?;
    Ok(Ok(()))
}

/// Corrects a bucket by what the server told. The server knows of other users of the limit.
pub async fn told(tx: &mut Tx, scope: &str, told: &Told) -> Result<(), StoreError> {
    tx.exec(ENSURE, args![scope, told.bucket.0]).await?;
    let args = args![scope, told.bucket.0, told.reset, i64::from(told.remaining)];
    tx.exec(WRITE, args).await?;
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
