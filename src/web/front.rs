//! `Front`: what all routes share beside the house itself.

use super::Web;
use super::hooks::Pace;
use super::throttle::Throttle;
use crate::domain::Instant;
use crate::domain::time::{HOUR, MINUTE};
use crate::store::ledger::{self, BrandShare};
use crate::store::{StoreError, access};
use axum::http::{Extensions, HeaderMap};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The shares are counted over all debts, and figures are asked for every few seconds: they may be
/// so old.
const SHARES_EVERY: i64 = 5 * MINUTE;

/// What handlers get.
pub type Shared = Arc<Front>;

/// What all routes share.
pub struct Front {
    /// The house and the settings.
    pub web: Web,
    /// Failed attempts by address.
    pub throttle: Throttle,
    /// Calls that were not genuine by address: apart, so that they lock nobody out.
    pub bad_hooks: Throttle,
    /// Genuine calls by channel.
    pub hooks: Pace,
    /// One password is hashed at a time: each takes 19 MiB.
    pub hashing: Semaphore,
    /// Requests with an `Idempotency-Key` that are being answered now.
    pub running: Mutex<HashSet<String>>,
    /// The one-time log-in was used.
    pub once_used: AtomicBool,
    /// Ends open event streams.
    pub stop: CancellationToken,
    swept_at: AtomicI64,
    shares: tokio::sync::Mutex<Option<(Instant, Vec<BrandShare>)>>,
}

impl Front {
    /// Nothing has failed, run or been swept yet.
    pub fn new(web: Web, stop: CancellationToken) -> Front {
        Front {
            web,
            throttle: Throttle::default(),
            bad_hooks: Throttle::default(),
            hooks: Pace::default(),
            hashing: Semaphore::new(1),
            running: Mutex::default(),
            once_used: AtomicBool::new(false),
            stop,
            swept_at: AtomicI64::new(0),
            shares: tokio::sync::Mutex::default(),
        }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.web.deps.now()
    }

    /// The shares unheard of all brands, as the ledger counts them, at most five minutes old.
    pub async fn shares(&self) -> Result<Vec<BrandShare>, StoreError> {
        let now = self.now();
        let mut kept = self.shares.lock().await;
        if let Some((at, shares)) = &*kept
            && (0..SHARES_EVERY).contains(&(now - *at))
        {
            return Ok(shares.clone());
        }
        let mut tx = self.web.deps.store.read().await?;
        let shares = ledger::shares(&mut tx, now, None).await?;
        *kept = Some((now, shares.clone()));
        Ok(shares)
    }

    /// Forgets expired sessions and kept answers, at most once an hour.
    pub async fn sweep(&self) {
        let now = self.now();
        let last = self.swept_at.load(Ordering::Relaxed);
        let mine = Ordering::Relaxed;
        if now.0 - last < HOUR || self.swept_at.compare_exchange(last, now.0, mine, mine).is_err() {
            return;
        }
        let swept = async {
            let mut tx = self.web.deps.store.begin().await?;
            access::sweep(&mut tx, now).await?;
            tx.commit().await
        };
        if let Err(e) = swept.await {
            tracing::warn!(error = %e, "expired sessions could not be swept; tried again in an hour");
        }
    }

    /// Marks a keyed request as running; `None`: it runs already.
    pub fn enter(self: &Arc<Self>, key: String) -> Option<Entered> {
        let fresh = self.lock().insert(key.clone());
        fresh.then(|| Entered { front: self.clone(), key })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A keyed request that is running; dropping it ends that.
pub struct Entered {
    front: Shared,
    key: String,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.front.lock().remove(&self.key);
    }
}

/// From where a request comes. A proxy on this machine says so in `X-Forwarded-For`, whose last
/// entry is its own word; from anybody else the header proves nothing.
pub fn address(extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    let peer = extensions
        .get::<axum::extract::ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip().to_canonical());
    if !peer.is_loopback() {
        return peer;
    }
    let told = headers.get_all("x-forwarded-for").iter().next_back();
    told.and_then(|v| v.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()).unwrap_or(peer)
}
