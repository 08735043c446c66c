//! Limits: a row for each bucket, so that neither a restart nor another instance spends it twice.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;
use crate::domain::plan::{Budget, Window};
use crate::wire::{Bucket, BucketRule, Purpose, Purse, Told};

/// A bucket of one scope as stored.
#[derive(Clone, Debug)]
pub struct BucketRow {
    /// Whose it is: a channel, or `network@host`.
    pub scope: String,
    /// The bucket.
    pub bucket: String,
    /// What is left of it.
    pub purse: Purse,
}

impl BucketRow {
    /// Its window as it stands now, by the rule that holds for it.
    pub fn window(&self, rule: BucketRule, now: Instant) -> Window {
        self.purse.window(rule, now)
    }

    /// What polls may spend from it, by the rule that holds for it.
    pub fn budget(&self, rule: BucketRule, now: Instant) -> Budget {
        self.purse.budget(rule, now)
    }
}

statements! {
    ENSURE = Sql::same("INSERT INTO buckets (scope, bucket, window_end, remaining) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING");
    READ = Sql {
        sqlite: "SELECT scope, bucket, shut_until, window_end, remaining, slices FROM buckets WHERE scope = $1 AND bucket = $2",
        postgres: "SELECT scope, bucket, shut_until, window_end, remaining, slices FROM buckets WHERE scope = $1 AND bucket = $2 FOR UPDATE",
    };
    WRITE = Sql::same("UPDATE buckets SET shut_until = $3, window_end = $4, remaining = $5, slices = $6 WHERE scope = $1 AND bucket = $2");
    BOOK = Sql::same("INSERT INTO spent (scope, bucket, month, units) VALUES ($1, $2, $3, $4) ON CONFLICT (scope, bucket, month) DO UPDATE SET units = spent.units + excluded.units");
    ALL = Sql::same("SELECT scope, bucket, shut_until, window_end, remaining, slices FROM buckets ORDER BY scope, bucket");
    ONE = Sql::same("SELECT scope, bucket, shut_until, window_end, remaining, slices FROM buckets WHERE scope = $1 AND bucket = $2");
    OF_MONTH = Sql::same("SELECT scope, bucket, units FROM spent WHERE month = $1 ORDER BY scope, bucket");
}

/// Spends from a bucket; `Err(until)` inside if it is used up. An amount of 0 passes only while
/// there is something left.
pub async fn spend(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    amount: u32,
    purpose: Purpose,
    now: Instant,
) -> Result<Result<(), Instant>, StoreError> {
    let mut purse = read(tx, scope, rule.bucket).await?;
    if let Err(until) = purse.spend(rule, amount, purpose, now) {
        return Ok(Err(until));
    }
    if amount > 0 {
        write(tx, scope, rule.bucket, &purse).await?;
        book(tx, scope, rule.bucket, amount, now).await?;
    }
    Ok(Ok(()))
}

/// Spends what an answer turned out to have cost, be there enough or not.
pub async fn charge(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    amount: u32,
    purpose: Purpose,
    now: Instant,
) -> Result<(), StoreError> {
    if amount == 0 {
        return Ok(());
    }
    let mut purse = read(tx, scope, rule.bucket).await?;
    purse.charge(rule, amount, purpose, now);
    write(tx, scope, rule.bucket, &purse).await?;
    book(tx, scope, rule.bucket, amount, now).await
}

/// Corrects a bucket by what the server told. The server knows of other users of the limit.
pub async fn told(tx: &mut Tx, scope: &str, told: &Told, now: Instant) -> Result<(), StoreError> {
    let mut purse = read(tx, scope, told.bucket).await?;
    purse.told(told, now);
    write(tx, scope, told.bucket, &purse).await
}

/// Closes a bucket until an instant.
pub async fn shut(
    tx: &mut Tx,
    scope: &str,
    rule: BucketRule,
    until: Instant,
) -> Result<(), StoreError> {
    let mut purse = read(tx, scope, rule.bucket).await?;
    purse.shut(until);
    write(tx, scope, rule.bucket, &purse).await
}

/// A bucket as its columns hold it: scope, bucket, shut until, window's end, remaining, slices.
type Columns = (String, String, i64, i64, i64, String);

fn row(columns: Columns) -> Result<BucketRow, StoreError> {
    let (scope, bucket, shut_until, window_end, remaining, slices) = columns;
    let slices = serde_json::from_str(&slices).map_err(|e| {
        let why = format!("what was spent cannot be read: {e}");
        StoreError::broken(format!("buckets {scope} {bucket}"), why)
    })?;
    let (shut_until, window_end) = (Instant(shut_until), Instant(window_end));
    let purse = Purse { shut_until, window_end, remaining, slices };
    Ok(BucketRow { scope, bucket, purse })
}

async fn read(tx: &mut Tx, scope: &str, bucket: Bucket) -> Result<Purse, StoreError> {
    tx.exec(ENSURE, args![scope, bucket.0]).await?;
    let columns: Option<Columns> = tx.first(READ, args![scope, bucket.0]).await?;
    Ok(columns.map(row).transpose()?.map(|row| row.purse).unwrap_or_default())
}

async fn write(tx: &mut Tx, scope: &str, bucket: Bucket, purse: &Purse) -> Result<(), StoreError> {
    let slices = serde_json::to_string(&purse.slices).unwrap_or_else(|_| "[]".to_owned());
    let Purse { shut_until, window_end, remaining, .. } = purse;
    let args = args![scope, bucket.0, *shut_until, *window_end, *remaining, slices];
    tx.exec(WRITE, args).await?;
    Ok(())
}

/// Books what was spent in the account of its month.
async fn book(
    tx: &mut Tx,
    scope: &str,
    bucket: Bucket,
    amount: u32,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(BOOK, args![scope, bucket.0, now.month().0, i64::from(amount)]).await?;
    Ok(())
}

/// Every bucket.
pub async fn all(tx: &mut Tx) -> Result<Vec<BucketRow>, StoreError> {
    let all: Vec<Columns> = tx.all(ALL, args![]).await?;
    all.into_iter().map(row).collect()
}

/// One bucket.
pub async fn one(tx: &mut Tx, scope: &str, bucket: &str) -> Result<Option<BucketRow>, StoreError> {
    let columns: Option<Columns> = tx.first(ONE, args![scope, bucket]).await?;
    columns.map(row).transpose()
}

/// What was spent in a month (`YYYY-MM`): scope, bucket, units.
pub async fn of_month(tx: &mut Tx, month: &str) -> Result<Vec<(String, String, i64)>, StoreError> {
    tx.all(OF_MONTH, args![month]).await
}
