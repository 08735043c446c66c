//! Tests of the plan: paces, shares, what is learned of a cost.

use super::*;
use crate::domain::time::{DAY, HOUR, MINUTE};
use proptest::prelude::*;

const NOW: Instant = Instant(1_795_392_000_000);

fn reader(heat: Heat) -> Reader {
    Reader { every_ms: MINUTE, cost: 1_000, heat }
}

fn budget(left: i64) -> Budget {
    Budget { left, until: NOW + HOUR }
}

#[test]
fn a_wide_budget_changes_nothing() {
    let lanes = [reader(Heat::Hot), reader(Heat::Idle)];
    assert_eq!(intervals(budget(120), &lanes, NOW), [MINUTE, MINUTE]);
    assert_eq!(due(budget(120), MINUTE, MINUTE, NOW), NOW + MINUTE);
}

#[test]
fn idle_lanes_wait_first_then_all_in_proportion() {
    let lanes = [reader(Heat::Hot), reader(Heat::Warm), reader(Heat::Idle)];
    let times = |left: i64| {
        let all = intervals(budget(left), &lanes, NOW);
        all.iter().map(|ms| *ms as f64 / MINUTE as f64).collect::<Vec<_>>()
    };
    let some = times(150);
    assert!(some[0] == 1.0 && some[1] < some[2] && some[2] < 2.1, "{some:?}");
    let short = times(105);
    assert!((short[0] - 1.0).abs() < 0.01 && (short[2] - 4.0).abs() < 0.01, "{short:?}");
    // At twice, four and eight times the usual, 52.5 an hour; half of that is twice as slow.
    let poor: Vec<f64> = times(26).iter().map(|m| m.round()).collect();
    assert_eq!(poor, [4.0, 8.0, 16.0]);
    assert_eq!(times(0), [60.0; 3], "nothing before the window ends");
}

#[test]
fn what_comes_after_the_window_comes_with_the_next() {
    let end = budget(1).until;
    assert_eq!(due(budget(1), MINUTE, 2 * HOUR, NOW), end);
    assert_eq!(due(budget(1), 3 * HOUR, 5 * HOUR, NOW), NOW + 3 * HOUR);
    assert_eq!(due(budget(1), MINUTE, HOUR, NOW), end);
}

#[test]
fn replies_and_rereads_are_set_aside() {
    let window = Window {
        limit: 1_000,
        reserve: 100,
        length_ms: DAY,
        began: NOW - DAY / 2,
        end: NOW + DAY / 2,
        remaining: 600,
        others: 50,
    };
    // As many again as in the first half.
    assert_eq!(Budget::of(window, NOW), Budget { left: 450, until: NOW + DAY / 2 });
    let busy = Window { others: 5_000, ..window };
    assert_eq!(Budget::of(busy, NOW).left, 225, "hearing keeps half of half a day's 900");
    let young = Window { began: NOW - 1, end: NOW + DAY - 1, others: 1, ..window };
    assert_eq!(Budget::of(young, NOW).left, 491, "one early re-read foretells ten, not a flood");
    let over = Window { end: NOW, ..window };
    assert_eq!(Budget::of(over, NOW), Budget { left: 900, until: NOW + DAY });
    let used_up = Window { remaining: 90, ..window };
    assert_eq!(Budget::of(used_up, NOW).left, 0);
}

#[test]
fn polling_keeps_a_share_of_the_time_that_is_left() {
    let window = Window {
        limit: 300,
        reserve: 60,
        length_ms: HOUR,
        began: NOW,
        end: NOW + HOUR,
        remaining: 300,
        others: 0,
    };
    let kept = |minutes: i64| window.kept(2, NOW + minutes * MINUTE);
    assert_eq!([0, 15, 45, 60, 90].map(kept), [120, 90, 30, 0, 0]);
    assert_eq!(window.kept(4, NOW), 60);
    let from = |remaining| Window { remaining, ..window }.spares(1, 2);
    assert_eq!(from(181), Some(NOW), "120 and the reserve stay behind");
    assert_eq!(from(180), Some(NOW + 30_000), "half a minute of polling's share for each");
    assert_eq!(from(61), Some(NOW + HOUR), "nothing is left over");
    assert_eq!(from(300), None);
    assert_eq!(Window { reserve: 300, ..window }.spares(1, 2), None, "there is no share");
    let late = Window { end: NOW + DAY, ..window };
    assert_eq!(late.kept(2, NOW), 130, "an hour's window has no more to keep from");
}

#[test]
fn the_tighter_budget_allows_less_a_day() {
    let of = |left: i64, days: i64| Budget { left, until: NOW + days * DAY };
    assert_eq!(of(9, 1).tighter(of(10, 30), NOW), of(10, 30));
    assert_eq!(of(1, 2).tighter(of(50, 31), NOW), of(1, 2));
    assert_eq!(of(1, 2).tighter(of(2, 4), NOW), of(2, 4), "the later one of the same");
    assert_eq!(of(0, 2).tighter(of(0, 4), NOW), of(0, 4));
    assert_eq!(of(0, 2).tighter(of(1, 400), NOW), of(0, 2));
}

#[test]
fn a_cost_is_learned_from_readings_in_time() {
    let learn = |known, newest, minutes| learned(known, newest, MINUTE, minutes * MINUTE);
    assert_eq!(learn(None, 80_000, 1), 1_000, "a first look is not the usual thing");
    assert_eq!(learn(Some(1_000), 1_000, 8), 1_000);
    assert_eq!(learn(Some(1_000), 8_000, 8), 1_000, "eight times as late, eight times as much");
    assert_eq!(learn(Some(1_000), 90_000, 1), 1_500, "a storm raises it bit by bit");
    assert_eq!(learn(Some(9_000), 1_000, 1), 7_000);
}

#[test]
fn heat_cools() {
    let hour = hour_of(NOW);
    assert_eq!(Heat::of(Some(hour - 2), false, NOW), Heat::Hot);
    assert_eq!(Heat::of(Some(hour - 3), false, NOW), Heat::Warm);
    assert_eq!(Heat::of(Some(hour - 25), false, NOW), Heat::Idle);
    assert_eq!(Heat::of(None, true, NOW), Heat::Warm);
    assert_eq!(Heat::of(None, false, NOW), Heat::Idle);
}

/// Plays a window: polls whatever is due, planned anew after each poll. Gives how often each
/// lane was read and what was left.
fn play(mut left: i64, lanes: &[Reader]) -> (Vec<i64>, i64) {
    let end = NOW + HOUR;
    let mut next = vec![NOW; lanes.len()];
    let mut polls = vec![0; lanes.len()];
    while let Some(at) = (0..lanes.len()).filter(|n| next[*n] < end).min_by_key(|n| next[*n]) {
        let (now, cost) = (next[at], lanes[at].cost / 1_000);
        if cost > left {
            // The limit itself refuses.
            next[at] = end;
            continue;
        }
        left -= cost;
        polls[at] += 1;
        let budget = Budget { left, until: end };
        let planned = intervals(budget, lanes, now)[at];
        next[at] = due(budget, lanes[at].every_ms, planned, now);
    }
    (polls, left)
}

#[test]
fn a_budget_lasts_and_is_used() {
    let idle = reader(Heat::Idle);
    let (polls, left) = play(100, &[reader(Heat::Hot), idle, idle, idle]);
    assert!((0..=20).contains(&left), "{polls:?}, {left} left");
    assert!(polls[0] > 2 * polls[1], "{polls:?}");
    assert!(polls[1..].iter().all(|n| *n >= 7), "nobody is forgotten: {polls:?}");
}

proptest! {
    #[test]
    fn plans_keep_to_the_budget(
        left in 0_i64..5_000,
        minutes in 1_i64..50_000,
        lanes in proptest::collection::vec((1_i64..3_600, 0_i64..50_000, 0_usize..3), 1..20),
    ) {
        let heats = [Heat::Hot, Heat::Warm, Heat::Idle];
        let budget = Budget { left, until: NOW + minutes * MINUTE };
        let lanes: Vec<Reader> = lanes
            .into_iter()
            .map(|(s, cost, heat)| Reader { every_ms: s * 1_000, cost, heat: heats[heat] })
            .collect();
        let planned = intervals(budget, &lanes, NOW);
        let rest = (minutes * MINUTE) as f64;
        let spent: f64 = lanes
            .iter()
            .zip(&planned)
            .filter(|(_, ms)| **ms < minutes * MINUTE)
            .map(|(lane, ms)| lane.cost as f64 / 1_000.0 * rest / *ms as f64)
            .sum();
        prop_assert!(spent <= left as f64 * (1.0 + 1e-6), "{spent} of {left}");
        for (lane, ms) in lanes.iter().zip(&planned) {
            prop_assert!(*ms >= lane.every_ms, "more often than by itself");
        }
        for (a, x) in lanes.iter().zip(&planned) {
            for (b, y) in lanes.iter().zip(&planned) {
                if a.heat < b.heat && a.every_ms == b.every_ms {
                    prop_assert!(x <= y, "a colder lane is read more often");
                }
            }
        }
    }
}
