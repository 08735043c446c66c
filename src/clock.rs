//! The only place that reads a clock: the wall clock of production and the hand-moved one of tests.

use crate::domain::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time. Everything below takes an `Instant` as an argument instead.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that stands still until somebody moves it.
    Manual(Arc<AtomicI64>),
    /// The wall clock sped up from a starting point, for the live demo.
    Scaled {
        /// When the demo's day begins.
        start: Instant,
        /// How many milliseconds pass in one of the wall clock's.
        speed: i64,
        /// The wall clock at that beginning.
        origin: Instant,
    },
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn manual(now: Instant) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(now.0)))
    }

    /// A clock that starts at `start` and runs `speed` times as fast as the wall clock.
    pub fn scaled(start: Instant, speed: i64) -> Clock {
        Clock::Scaled { start, speed: speed.max(1), origin: wall() }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        match self {
            Clock::System => wall(),
            Clock::Manual(ms) => Instant(ms.load(Ordering::SeqCst)),
            Clock::Scaled { start, speed, origin } => *start + (wall() - *origin) * speed,
        }
    }

    /// Moves a manual clock forward; the others move by themselves.
    pub fn advance(&self, ms: i64) {
        if let Clock::Manual(now) = self {
            now.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// How long to wait on the wall clock until `until` is there, at least a millisecond.
    pub fn wait_for(&self, until: Instant) -> std::time::Duration {
        let speed = if let Clock::Scaled { speed, .. } = self { *speed } else { 1 };
        let ms = ((until - self.now()).max(1) / speed).max(1);
        std::time::Duration::from_millis(ms.unsigned_abs())
    }
}

#[expect(clippy::disallowed_methods, reason = "this file is the one place that reads the clock")]
fn wall() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Instant(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
}

/// A stopwatch that no change of the wall clock moves, for leases and rates.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts at zero.
    #[expect(
        clippy::disallowed_methods,
        reason = "this file is the one place that reads the clock"
    )]
    pub fn start() -> Stopwatch {
        Stopwatch(std::time::Instant::now())
    }

    /// Milliseconds since the start.
    pub fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
