//! `ordered`: does independent work by several threads and hands the results back in order, so
//! that what comes of it does not depend on how many there are.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What `make` gives for each number below `count`, in their order. Whoever is free takes the next
/// number, so put the longest work first.
pub(crate) fn ordered<T: Send>(
    count: usize,
    threads: usize,
    make: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let threads = threads.min(count);
    if threads <= 1 {
        return (0..count).map(make).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return made;
            }
            made.push((at, make(at)));
        }
    };
    let mut made: Vec<(usize, T)> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let done = hands.into_iter().map(|hand| hand.join().unwrap_or_else(|p| resume_unwind(p)));
        done.flatten().collect()
    });
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn results_stand_in_order_however_many_threads_there_are() {
        let squares: Vec<usize> = (0..50).map(|n| n * n).collect();
        for threads in [0, 1, 2, 3, 64] {
            assert_eq!(ordered(50, threads, |n| n * n), squares, "{threads}");
        }
        assert_eq!(ordered(0, 2, |n| n), Vec::<usize>::new());
    }

    #[test]
    fn as_many_work_at_once_as_there_are_threads() {
        // Each waits for the others: one alone would wait for ever.
        let all = Barrier::new(3);
        let met = ordered(3, 3, |n| {
            all.wait();
            n
        });
        assert_eq!(met, [0, 1, 2]);
    }

    #[test]
    #[should_panic(expected = "the third")]
    fn a_panic_is_passed_on() {
        ordered(4, 2, |n| assert!(n != 2, "the third"));
    }
}
