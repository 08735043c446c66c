//! Failed attempts per address: five a minute, then the address waits.

use crate::domain::Instant;
use crate::domain::time::{MINUTE, SECOND};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Failures that an address may make in one window.
const MOST: u32 = 5;
/// How long a window is.
const WINDOW: i64 = MINUTE;
/// How many addresses are remembered; beyond it, windows that are over are forgotten first.
const ADDRESSES: usize = 10_000;

/// Counts failed log-ins and bad tokens by address.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<HashMap<IpAddr, Window>>);

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Instant,
    failures: u32,
}

impl Throttle {
    /// How many seconds this address must wait, if it must.
    pub fn wait(&self, address: IpAddr, now: Instant) -> Option<i64> {
        let seen = self.lock();
        let window = seen.get(&key(address)).filter(|w| w.failures >= MOST)?;
        let left = WINDOW - (now - window.began);
        (left > 0).then_some((left + SECOND - 1) / SECOND)
    }

    /// Counts a failure.
    pub fn failed(&self, address: IpAddr, now: Instant) {
        let mut seen = self.lock();
        if seen.len() >= ADDRESSES {
            seen.retain(|_, w| now - w.began < WINDOW);
        }
        if seen.len() >= ADDRESSES {
            // Somebody fails from everywhere at once; the oldest windows give way.
            let oldest = seen.iter().min_by_key(|(_, w)| w.began).map(|(a, _)| *a);
            oldest.map(|a| seen.remove(&a));
        }
        let window = seen.entry(key(address)).or_insert(Window { began: now, failures: 0 });
        if now - window.began >= WINDOW {
            *window = Window { began: now, failures: 0 };
        }
        window.failures += 1;
    }

    /// Forgets an address that got it right.
    pub fn forget(&self, address: IpAddr) {
        self.lock().remove(&key(address));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One household of IPv6 has a /64; it counts as one address.
fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let bits = u128::from(v6) >> 64 << 64;
            std::net::Ipv6Addr::from(bits).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_attempt_waits_until_the_minute_is_over() {
        let throttle = Throttle::default();
        let (bad, good) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        let start = Instant(1_000);
        for n in 0..5 {
            assert_eq!(throttle.wait(bad, start), None, "attempt {n}");
            throttle.failed(bad, start);
        }
        assert_eq!(throttle.wait(bad, start + 1), Some(60));
        assert_eq!(throttle.wait(good, start + 1), None);
        assert_eq!(throttle.wait(bad, start + MINUTE), None);
        throttle.failed(bad, start + MINUTE);
        assert_eq!(throttle.wait(bad, start + MINUTE), None);
    }

    #[test]
    fn a_household_is_one_address_and_memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..6u16 {
            throttle.failed(IpAddr::from([0x2001, 0xdb8, 0, 1, n, 0, 0, 1]), Instant(0));
        }
        assert!(throttle.wait("2001:db8:0:1::9".parse().unwrap(), Instant(1)).is_some());
        for n in 0..20_000u32 {
            throttle.failed(std::net::Ipv4Addr::from(n).into(), Instant(i64::from(n)));
        }
        assert!(throttle.lock().len() <= ADDRESSES);
    }
}
