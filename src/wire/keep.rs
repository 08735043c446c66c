//! `Keep`: what the engine must remember beyond one conversation, implemented over the store.

use super::ask::{Bucket, BucketRule, Told};
use super::network::Session;
use super::purpose::Purpose;
use crate::domain::Instant;
use std::future::Future;
use std::pin::Pin;

/// A boxed future, so that `Keep` stays object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a request costs from one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toll {
    /// By what the bucket is counted: a link's name, or `network@host`.
    pub scope: String,
    /// The bucket.
    pub rule: BucketRule,
    /// How much of it; 0 passes only while something is left.
    pub amount: u32,
}

/// A bucket that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedUp {
    /// By what it is counted.
    pub scope: String,
    /// The bucket.
    pub bucket: Bucket,
    /// When that much is there again.
    pub until: Instant,
}

/// Memory of the engine: sessions and buckets. A failure to remember is text for the log; the
/// request is then not made, since limits and single-use tokens cannot be guarded without it.
pub trait Keep: Send + Sync {
    /// The channel's stored session.
    fn session(&self, channel: &str) -> BoxFuture<'_, Result<Option<Session>, String>>;

    /// Stores a refreshed session, before it is used.
    fn store_session(&self, channel: &str, session: &Session) -> BoxFuture<'_, Result<(), String>>;

    /// Spends from several buckets: from all of them or, if one is used up, from none.
    /// `Ok(Err(_))` then tells of the one that opens last, since before that nothing can be asked.
    fn spend(
        &self,
        tolls: Vec<Toll>,
        purpose: Purpose,
        now: Instant,
    ) -> BoxFuture<'_, Result<Result<(), UsedUp>, String>>;

    /// Spends what an answer turned out to have cost, be the bucket short of it or not.
    fn charge(
        &self,
        _scope: &str,
        _rule: BucketRule,
        _amount: u32,
        _purpose: Purpose,
        _now: Instant,
    ) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Corrects a bucket by what the server told.
    fn told(&self, scope: &str, told: &Told, now: Instant) -> BoxFuture<'_, Result<(), String>>;

    /// Closes every given bucket of a scope until an instant (429 without a bucket's name).
    fn shut(
        &self,
        scope: &str,
        rule: BucketRule,
        until: Instant,
    ) -> BoxFuture<'_, Result<(), String>>;
}
