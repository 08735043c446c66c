//! `StoreKeep`: the engine's memory, kept in the store; `NoKeep`: none at all.

use crate::domain::Instant;
use crate::store::{Store, StoreError, buckets, lanes};
use crate::wire::{BoxFuture, BucketRule, Keep, Purpose, Session, Told, Toll, UsedUp};
use std::future::ready;

/// The engine's memory over the store.
pub struct StoreKeep(pub Store);

fn said(e: StoreError) -> String {
    e.to_string()
}

impl Keep for StoreKeep {
    fn session(&self, channel: &str) -> BoxFuture<'_, Result<Option<Session>, String>> {
        let channel = channel.to_owned();
        Box::pin(async move {
            let mut tx = self.0.read().await.map_err(said)?;
            lanes::session(&mut tx, &channel).await.map_err(said)
        })
    }

    fn store_session(&self, channel: &str, session: &Session) -> BoxFuture<'_, Result<(), String>> {
        let (channel, session) = (channel.to_owned(), session.clone());
        Box::pin(async move {
            let mut tx = self.0.begin().await.map_err(said)?;
            lanes::keep_session(&mut tx, &channel, &session).await.map_err(said)?;
            tx.commit().await.map_err(said)
        })
    }

    fn spend(
        &self,
        mut tolls: Vec<Toll>,
        purpose: Purpose,
        now: Instant,
    ) -> BoxFuture<'_, Result<Result<(), UsedUp>, String>> {
        // In one order, so that no two who spend wait for a row of each other's.
        tolls.sort_by(|a, b| (&a.scope, a.rule.bucket).cmp(&(&b.scope, b.rule.bucket)));
        Box::pin(async move {
            let mut tx = self.0.begin().await.map_err(said)?;
            let mut used_up: Vec<UsedUp> = Vec::new();
            for Toll { scope, rule, amount } in tolls {
                let spent = buckets::spend(&mut tx, &scope, rule, amount, purpose, now).await;
                if let Err(until) = spent.map_err(said)? {
                    used_up.push(UsedUp { scope, bucket: rule.bucket, until });
                }
            }
            match used_up.into_iter().max_by_key(|bucket| bucket.until) {
                // Dropped with all that was spent in it.
                Some(bucket) => Ok(Err(bucket)),
                None => tx.commit().await.map(Ok).map_err(said),
            }
        })
    }

    fn charge(
        &self,
        scope: &str,
        rule: BucketRule,
        amount: u32,
        purpose: Purpose,
        now: Instant,
    ) -> BoxFuture<'_, Result<(), String>> {
        let scope = scope.to_owned();
        Box::pin(async move {
            let mut tx = self.0.begin().await.map_err(said)?;
            buckets::charge(&mut tx, &scope, rule, amount, purpose, now).await.map_err(said)?;
            tx.commit().await.map_err(said)
        })
    }

    fn told(&self, scope: &str, told: &Told, now: Instant) -> BoxFuture<'_, Result<(), String>> {
        let (scope, told) = (scope.to_owned(), told.clone());
        Box::pin(async move {
            let mut tx = self.0.begin().await.map_err(said)?;
            buckets::told(&mut tx, &scope, &told, now).await.map_err(said)?;
            tx.commit().await.map_err(said)
        })
    }

    fn shut(
        &self,
        scope: &str,
        rule: BucketRule,
        until: Instant,
    ) -> BoxFuture<'_, Result<(), String>> {
        let scope = scope.to_owned();
        Box::pin(async move {
            let mut tx = self.0.begin().await.map_err(said)?;
            buckets::shut(&mut tx, &scope, rule, until).await.map_err(said)?;
            tx.commit().await.map_err(said)
        })
    }
}

/// The memory of an engine that speaks for no channel yet: it has no session, and no limit is
/// counted for it.
pub struct NoKeep;

impl Keep for NoKeep {
    fn session(&self, _channel: &str) -> BoxFuture<'_, Result<Option<Session>, String>> {
        Box::pin(ready(Ok(None)))
    }

    fn store_session(
        &self,
        channel: &str,
        _session: &Session,
    ) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(ready(Err(format!(
            "there is no store yet that could keep a session of {channel}"
        ))))
    }

    fn spend(
        &self,
        _tolls: Vec<Toll>,
        _purpose: Purpose,
        _now: Instant,
    ) -> BoxFuture<'_, Result<Result<(), UsedUp>, String>> {
        Box::pin(ready(Ok(Ok(()))))
    }

    fn told(&self, _scope: &str, _told: &Told, _now: Instant) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(ready(Ok(())))
    }

    fn shut(
        &self,
        _scope: &str,
        _rule: BucketRule,
        _until: Instant,
    ) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(ready(Ok(())))
    }
}
