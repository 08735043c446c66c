//! The only place that makes randomness: ids, keys, salts, jitter. Tests give a seed.

use crate::domain::Instant;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng};
use std::sync::{Arc, Mutex, PoisonError};

/// A source of ids and random bytes, shared by clones.
#[derive(Clone)]
pub struct Ids(Arc<Mutex<State>>);

struct State {
    rng: StdRng,
    /// The last id made, so that ids of the same millisecond still ascend.
    last: u128,
}

impl Ids {
    /// Seeded by the operating system.
    ///
    /// # Panics
    /// If the operating system has no randomness: nothing could be signed then.
    pub fn system() -> Ids {
        let rng = StdRng::try_from_rng(&mut SysRng).expect("the operating system gives randomness");
        Ids(Arc::new(Mutex::new(State { rng, last: 0 })))
    }

    /// The same sequence for the same seed.
    pub fn seeded(seed: u64) -> Ids {
        Ids(Arc::new(Mutex::new(State { rng: StdRng::seed_from_u64(seed), last: 0 })))
    }

    /// An id that sorts by time and never repeats or descends within the process (ULID).
    pub fn next(&self, now: Instant) -> u128 {
        let mut state = self.lock();
        let ms = now.0.clamp(0, (1 << 48) - 1).unsigned_abs();
        let low =
            u128::from(state.rng.next_u64()) << 16 | u128::from(state.rng.next_u32() & 0xFFFF);
        let fresh = u128::from(ms) << 80 | low;
        // A step of up to 2^16 keeps two processes that count up from alike ids apart.
        let step = u128::from(state.rng.next_u32() & 0xFFFF) + 1;
        state.last = if fresh > state.last { fresh } else { state.last + step };
        state.last
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.lock().rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A random number, for jitter and conversation seeds.
    pub fn number(&self) -> u64 {
        self.lock().rng.next_u64()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_even_when_the_clock_stands_or_falls_back() {
        let ids = Ids::seeded(7);
        let made: Vec<u128> = [5, 5, 5, 4, 6].into_iter().map(|ms| ids.next(Instant(ms))).collect();
        assert!(made.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(Ids::seeded(7).next(Instant(5)), made[0]);
    }
}
