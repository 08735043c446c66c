//! When lanes bring mentions, and silences that are doubted.

use super::desk::furnish;
use super::house::{House, T0};
use super::store_suite;
use ascolto::domain::silence::hour_of;
use ascolto::domain::time::HOUR;
use ascolto::store::rhythm::{self, SilenceRow};

store_suite!(
    an_hour_counts_once,
    a_silence_is_found_once_and_ended_by_what_was_written_after,
    a_lane_is_judged_in_its_turn,
);

async fn an_hour_counts_once(house: &House) {
    furnish(house).await;
    let now = hour_of(T0);
    let mut tx = house.begin().await;
    for hours in [vec![now - 2, now], vec![now - 2, now - 1], vec![]] {
        rhythm::note(&mut tx, "masto", "mentions", hours, T0, T0).await.unwrap();
    }
    rhythm::note(&mut tx, "masto", "other", [now + 5], T0, T0).await.unwrap();
    let heard = rhythm::hours(&mut tx, "masto", "mentions").await.unwrap();
    assert_eq!(heard, [now - 2, now - 1, now]);
    rhythm::forget(&mut tx, "masto", "mentions", now - 1).await.unwrap();
    let heard = rhythm::hours(&mut tx, "masto", "mentions").await.unwrap();
    assert_eq!(heard, [now - 1, now]);
}

async fn a_silence_is_found_once_and_ended_by_what_was_written_after(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    let (since, found) = (T0 + HOUR, T0 + 30 * HOUR);
    assert!(rhythm::doubt(&mut tx, "masto", "mentions", since, found).await.unwrap());
    assert!(!rhythm::doubt(&mut tx, "masto", "mentions", since, found + HOUR).await.unwrap());
    // An overlap shows the last mention again.
    rhythm::note(&mut tx, "masto", "mentions", [], since - 1, found).await.unwrap();
    rhythm::note(&mut tx, "masto", "other", [], found, found).await.unwrap();
    let standing = rhythm::standing(&mut tx).await.unwrap();
    let (channel, lane) = ("masto".to_owned(), "mentions".to_owned());
    assert_eq!(standing, [SilenceRow { channel, lane, since: since.0, found_at: found.0 }]);
    rhythm::note(&mut tx, "masto", "mentions", [], since, found + HOUR).await.unwrap();
    assert!(rhythm::standing(&mut tx).await.unwrap().is_empty());
    assert!(rhythm::doubt(&mut tx, "masto", "mentions", found, found).await.unwrap(), "another");
}

async fn a_lane_is_judged_in_its_turn(house: &House) {
    furnish(house).await;
    let mut tx = house.begin().await;
    let due = rhythm::take_due(&mut tx, T0, T0 + HOUR, 9).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].lane.as_str(), due[0].polled, due[0].added_at), ("mentions", true, T0.0));
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    assert!(rhythm::take_due(&mut tx, T0 + HOUR - 1, T0, 9).await.unwrap().is_empty());
    assert_eq!(rhythm::take_due(&mut tx, T0 + HOUR, T0, 9).await.unwrap().len(), 1);
}
