//! Tests of a bucket: what it gives to whom and when, alone and after the server's word.

use super::*;
use crate::domain::time::DAY;
use crate::wire::{Bucket, Counts};
use proptest::prelude::*;

const T0: Instant = Instant(1_800_000_000_000);
const RULE: BucketRule = BucketRule {
    bucket: Bucket("api"),
    counts: Counts::Token,
    limit: 10,
    window_ms: 60_000,
    reserve: 3,
};

fn told(remaining: u32, reset: Instant) -> Told {
    Told { bucket: RULE.bucket, remaining, reset }
}

#[test]
fn a_full_bucket_says_when_it_opens() {
    let mut purse = Purse::default();
    assert_eq!(purse.spend(RULE, 4, Purpose::Reply, T0), Ok(()));
    assert_eq!(purse.spend(RULE, 6, Purpose::Reply, T0 + 30_000), Ok(()));
    let opens = T0 + 65_000;
    assert_eq!(purse.spend(RULE, 1, Purpose::Reply, T0 + 30_001), Err(opens));
    assert_eq!(purse.spend(RULE, 4, Purpose::Reply, opens - 1), Err(opens));
    assert_eq!(purse.spend(RULE, 4, Purpose::Reply, opens), Ok(()));
    assert_eq!(purse.spend(RULE, 1, Purpose::Reply, opens), Err(T0 + 95_000));
}

#[test]
fn polls_leave_the_reserve_and_a_great_cost_waits_for_a_full_window() {
    let mut purse = Purse::default();
    assert_eq!(purse.spend(RULE, 50, Purpose::Poll, T0), Ok(()));
    assert_eq!(purse.spend(RULE, 1, Purpose::Poll, T0), Err(T0 + 65_000));
    assert_eq!(purse.spend(RULE, 3, Purpose::Reply, T0), Ok(()));
    let none = BucketRule { limit: 3, ..RULE };
    assert!(Purse::default().spend(none, 1, Purpose::Poll, T0).is_err(), "all of it is kept back");
}

#[test]
fn each_purpose_leaves_to_those_before_it_what_is_theirs() {
    let rule = BucketRule { limit: 300, reserve: 60, ..RULE };
    let mut purse = Purse::default();
    purse.told(&told(300, T0 + 60_000), T0);
    let spend_all = |purpose| {
        let mut many = 0;
        while purse.spend(rule, 1, purpose, T0).is_ok() {
            many += 1;
        }
        many
    };
    let order = [Purpose::Reread, Purpose::Look, Purpose::Poll, Purpose::Reply];
    assert_eq!(order.map(spend_all), [120, 60, 60, 60]);
    let mut purse = Purse::default();
    purse.told(&told(300, T0 + 60_000), T0);
    for _ in 0..120 {
        assert_eq!(purse.spend(rule, 1, Purpose::Reread, T0), Ok(()));
    }
    let next = T0 + 500;
    assert_eq!(purse.spend(rule, 1, Purpose::Reread, T0), Err(next), "a share's worth of time");
    assert_eq!(purse.spend(rule, 1, Purpose::Reread, next), Ok(()));
    assert_eq!(purse.spend(rule, 1, Purpose::Reread, next), Err(next + 500));
    assert_eq!(purse.spend(rule, 1, Purpose::Look, next), Ok(()));
}

#[test]
fn the_servers_word_holds_until_its_window_ends() {
    let mut purse = Purse::default();
    assert_eq!(purse.spend(RULE, 10, Purpose::Reply, T0), Ok(()));
    let end = T0 + 20_000;
    purse.told(&told(2, end), T0);
    assert_eq!(purse.spend(RULE, 1, Purpose::Reply, T0 + 1), Ok(()));
    purse.told(&told(9, end + 900), T0 + 1);
    assert_eq!(purse.remaining, 1, "an answer that was overtaken gives nothing back");
    assert_eq!(purse.spend(RULE, 2, Purpose::Reply, T0 + 2), Err(end + 900));
    let next = T0 + 25_000;
    assert_eq!(
        purse.spend(RULE, 10, Purpose::Reply, next),
        Ok(()),
        "its next window is a full one"
    );
    purse.told(&told(7, next + 60_000), next);
    assert_eq!(purse.spend(RULE, 7, Purpose::Reply, next), Ok(()));
}

#[test]
fn what_was_spent_at_the_end_of_the_servers_window_is_none_of_the_next_ones() {
    let mut purse = Purse::default();
    let end = T0 + 4_999;
    purse.told(&told(10, end), T0);
    assert_eq!(purse.spend(RULE, 7, Purpose::Poll, end - 1), Ok(()));
    purse.told(&told(9, T0 - 1), end - 1);
    assert_eq!(purse.spend(RULE, 1, Purpose::Poll, end - 1), Err(end), "it spoke of an old one");
    assert_eq!(purse.spend(RULE, 7, Purpose::Poll, end), Ok(()));
    assert!(purse.spend(RULE, 1, Purpose::Poll, end + 1).is_err(), "from here on we count");
}

#[test]
fn a_clock_that_is_set_back_closes_nothing_for_long() {
    let mut purse = Purse::default();
    assert_eq!(purse.spend(RULE, 10, Purpose::Reply, T0), Ok(()));
    assert!(purse.spend(RULE, 1, Purpose::Reply, T0 - 30_000).is_err(), "it was a moment ago");
    assert_eq!(purse.spend(RULE, 10, Purpose::Reply, T0 - 86_400_000), Ok(()));
    purse.shut(T0);
    purse.shut(T0 - 1);
    assert_eq!(purse.spend(RULE, 1, Purpose::Reply, T0 - 1), Err(T0));
}

#[test]
fn an_answer_is_charged_whatever_is_left_and_nothing_is_asked_of_an_empty_bucket() {
    let mut purse = Purse::default();
    assert_eq!(purse.spend(RULE, 0, Purpose::Poll, T0), Ok(()));
    assert!(purse.slices.is_empty(), "a question costs nothing");
    purse.charge(RULE, 7, Purpose::Poll, T0);
    assert_eq!(purse.spend(RULE, 0, Purpose::Poll, T0), Err(T0 + 65_000), "the reserve");
    assert_eq!(purse.spend(RULE, 0, Purpose::Reply, T0), Ok(()));
    purse.charge(RULE, 9, Purpose::Reply, T0);
    assert_eq!(purse.spend(RULE, 0, Purpose::Reply, T0), Err(T0 + 65_000));
    assert_eq!(purse.window(RULE, T0).remaining, -6);
    assert_eq!(purse.spend(RULE, 0, Purpose::Reply, T0 + 65_000), Ok(()));
    purse.told(&told(2, T0 + 90_000), T0 + 65_000);
    purse.charge(RULE, 3, Purpose::Reply, T0 + 65_000);
    assert_eq!(purse.spend(RULE, 0, Purpose::Reply, T0 + 65_001), Err(T0 + 90_000));
}

#[test]
fn a_long_window_is_corrected_upwards() {
    let month = BucketRule { window_ms: 30 * DAY, ..RULE };
    let (mut purse, end) = (Purse::default(), T0 + 20 * DAY);
    purse.told(&told(8, end), T0);
    purse.charge(month, 6, Purpose::Poll, T0);
    assert!(purse.spend(month, 0, Purpose::Poll, T0).is_err());
    purse.told(&told(6, end), T0 + HOUR);
    assert_eq!(
        purse.spend(month, 0, Purpose::Poll, T0 + HOUR),
        Ok(()),
        "two posts, read three times"
    );
}

#[test]
fn the_window_is_the_servers_or_that_of_our_own_spending() {
    let mut purse = Purse::default();
    let new = purse.window(RULE, T0);
    assert_eq!((new.end, new.remaining, new.others), (T0, 10, 0), "none runs yet");
    assert_eq!(purse.spend(RULE, 2, Purpose::Poll, T0), Ok(()));
    assert_eq!(purse.spend(RULE, 3, Purpose::Reply, T0 + 20_000), Ok(()));
    let own = Window {
        limit: 10,
        reserve: 3,
        length_ms: 60_000,
        began: T0,
        end: T0 + 65_000,
        remaining: 5,
        others: 3,
    };
    assert_eq!(purse.window(RULE, T0 + 20_000), own);
    let later = Window { began: T0 + 20_000, end: T0 + 85_000, remaining: 7, ..own };
    assert_eq!(purse.window(RULE, T0 + 65_000), later);
    purse.told(&told(4, T0 + 90_000), T0 + 65_000);
    let servers = Window { began: T0 + 30_000, end: T0 + 90_000, remaining: 4, ..own };
    assert_eq!(purse.window(RULE, T0 + 65_000), Window { others: 0, ..servers });
}

#[test]
fn the_budget_is_that_of_the_time_which_allows_the_least() {
    let mut purse = Purse::default();
    let rule = BucketRule { reserve: 0, ..RULE };
    assert_eq!(purse.budget(rule, T0), Budget { left: 10, until: T0 + 60_000 });
    assert_eq!(purse.spend(rule, 1, Purpose::Poll, T0), Ok(()));
    assert_eq!(purse.spend(rule, 7, Purpose::Poll, T0 + 55_000), Ok(()));
    // Two are left and one comes free in five seconds; but seven only after a minute more.
    let budget = purse.budget(rule, T0 + 60_000);
    assert_eq!(budget, Budget { left: 3, until: T0 + 120_000 });
    assert_eq!(purse.spend(rule, 2, Purpose::Poll, T0 + 60_000), Ok(()));
    let budget = purse.budget(rule, T0 + 60_000);
    assert_eq!(budget, Budget { left: 0, until: T0 + 65_000 }, "then one comes free");
    assert_eq!(purse.spend(rule, 1, Purpose::Poll, T0 + 65_000), Ok(()));
    let empty = purse.budget(rule, T0 + 65_000);
    assert_eq!(empty, Budget { left: 0, until: T0 + 120_000 });
}

proptest! {
    #[test]
    fn no_window_holds_more_than_the_limit(
        window in 1i64..100_000,
        steps in prop::collection::vec((0i64..20_000, 1u32..4, 0usize..4), 1..200),
    ) {
        let rule = BucketRule { window_ms: window, ..RULE };
        let purposes = [Purpose::Reply, Purpose::Poll, Purpose::Look, Purpose::Reread];
        let (mut purse, mut now) = (Purse::default(), T0);
        let mut spent: Vec<(Instant, i64)> = Vec::new();
        for (pass, amount, purpose) in steps {
            now = now + pass;
            match purse.spend(rule, amount, purposes[purpose], now) {
                Ok(()) => spent.push((now, i64::from(amount))),
                Err(opens) => prop_assert!(now < opens && opens <= now + 2 * window + 24),
            }
        }
        for (from, _) in &spent {
            let within = spent.iter().filter(|(at, _)| *from <= *at && *at < *from + window);
            let held: i64 = within.map(|(_, many)| many).sum();
            prop_assert!(held <= i64::from(rule.limit));
        }
    }

    #[test]
    fn polls_that_keep_to_their_share_are_never_refused(
        window in 1_200i64..100_000,
        told_end in prop::option::of(0i64..100_000),
        looks in any::<bool>(),
        storm in prop::collection::vec((0i64..20_000, 1u32..4), 1..100),
    ) {
        let rule = BucketRule { limit: 44, reserve: 4, window_ms: window, ..RULE };
        let greedy = if looks { Purpose::Look } else { Purpose::Reread };
        let share = 40 / greedy.polling_keeps().unwrap();
        let every = (window + share - 1) / share;
        let (mut purse, mut now, mut poll) = (Purse::default(), T0, T0);
        if let Some(end) = told_end.filter(|end| *end <= window) {
            purse.told(&told(44, T0 + end), T0);
        }
        for (pass, amount) in storm {
            now = now + pass;
            while poll <= now {
                prop_assert_eq!(purse.spend(rule, 1, Purpose::Poll, poll), Ok(()));
                poll = poll + every;
            }
            while purse.spend(rule, amount, greedy, now).is_ok() {}
        }
    }
}
