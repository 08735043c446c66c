//! Credentials: a dead one is told once, a bad moment is no death, an end is counted down.

use crate::doubles::club::{House, MASTO, T0, Weather, lease};
use ascolto::domain::time::{DAY, HOUR, MINUTE, SECOND};

const LINK: &str = "https://ascolto.example/connect/";

#[tokio::test]
async fn a_dead_token_is_told_within_one_poll_and_once() {
    let t = House::new(MASTO).await;
    t.pass(2, MINUTE).await;
    assert_eq!(t.credential("masto").await.state, "good", "it is tried at the start");
    assert!(t.told().is_empty());
    t.club.revoke("tk-old");
    t.pass(1, MINUTE).await;
    let told = t.told();
    assert_eq!(told.len(), 2, "the brand's room and the owner: {told:?}");
    for alert in &told {
        assert!(alert.contains("masto hears nothing"), "{alert}");
        assert!(alert.contains("Who owns it: anna. Who granted it: Bruno of IT."), "{alert}");
        assert!(alert.contains(LINK) && !alert.contains("tk-old"), "{alert}");
    }
    assert_eq!(
        (t.state("masto").await.as_str(), t.credential("masto").await.is_dead()),
        ("deaf", true)
    );
    t.pass(84, 5 * MINUTE).await;
    assert!(t.told().is_empty(), "seven hours of polls and a probe later nobody is told again");

    t.club.grant("tk-old");
    t.pass(2, 5 * MINUTE).await;
    let told = t.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|a| a.contains("masto hears again") && !a.contains(LINK)), "{told:?}");
    assert_eq!(
        (t.state("masto").await.as_str(), t.credential("masto").await.is_dead()),
        ("hearing", false)
    );
}

#[tokio::test]
async fn a_bad_moment_is_never_taken_for_a_dead_token() {
    let t = House::new(MASTO).await;
    t.pass(2, MINUTE).await;
    t.club.weather(Weather::Down);
    t.pass(30, MINUTE).await;
    let told = t.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|a| a.contains("hears nothing") && !a.contains(LINK)), "{told:?}");
    t.club.weather(Weather::Limited);
    t.pass(10, MINUTE).await;
    t.club.weather(Weather::Failing);
    t.pass(80, 5 * MINUTE).await;
    let credential = t.credential("masto").await;
    assert_eq!(credential.state, "good");
    assert!(credential.fault.contains("503") && credential.tries > 0, "{credential:?}");
    assert!(t.told().is_empty());

    // It died behind all that: now a person must act, and is told.
    t.club.revoke("tk-old");
    t.club.weather(Weather::Fair);
    t.pass(25, MINUTE).await;
    let told = t.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|a| a.contains(LINK)), "{told:?}");
}

#[tokio::test]
async fn what_no_poll_reads_is_probed_at_the_start_and_every_six_hours() {
    let channel = lease(T0 + 100 * DAY);
    let mut t = House::new(&channel).await;
    let asked = |t: &House| t.club.asked("/me", "tk-old");
    t.pass(1, MINUTE).await;
    t.pass(5, HOUR).await;
    assert_eq!(asked(&t), 1);
    t.pass(1, HOUR).await;
    assert_eq!(asked(&t), 2);
    t.pass(1, HOUR).await;
    t.restart(&channel).await;
    t.pass(1, SECOND).await;
    assert_eq!(asked(&t), 3, "a start asks");
    t.restart(&channel).await;
    t.pass(1, SECOND).await;
    assert_eq!(asked(&t), 3, "not again a second later");

    t.club.weather(Weather::Down);
    t.pass(6, HOUR).await;
    let credential = t.credential("lease").await;
    assert_eq!((credential.state.as_str(), credential.tries), ("good", 1));
    assert_eq!(credential.fault, "no route");
    t.club.weather(Weather::Fair);
    t.pass(1, HOUR).await;
    let credential = t.credential("lease").await;
    assert_eq!((credential.fault.as_str(), credential.tries), ("", 0));
    assert!(t.told().is_empty());

    t.club.revoke("tk-old");
    t.pass(6, HOUR).await;
    let told = t.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Who owns it: the agency.") && told[0].contains(LINK), "{told:?}");
    assert_eq!(t.state("lease").await, "deaf");
    t.pass(18, HOUR).await;
    assert!(t.told().is_empty(), "told once");
    t.club.grant("tk-old");
    t.pass(6, HOUR).await;
    let told = t.told();
    assert!(told.len() == 1 && told[0].contains("hears again"), "{told:?}");
    assert_eq!(t.state("lease").await, "hearing");
}

#[tokio::test]
async fn an_end_is_told_a_week_three_days_and_a_day_before_each_once() {
    let t = House::new(&lease(T0 + 10 * DAY)).await;
    let mut hours = 0;
    for days in [3, 7, 9] {
        t.pass(days * 24 - 1 - hours, HOUR).await;
        assert!(t.told().is_empty(), "an hour before day {days}");
        t.pass(1, HOUR).await;
        let told = t.told();
        assert_eq!(told.len(), 1, "on day {days}: {told:?}");
        assert!(told[0].contains("ends at 2026-11-30 10:00 CET"), "{told:?}");
        assert!(told[0].contains(LINK), "{told:?}");
        hours = days * 24;
    }
    t.pass(30, HOUR).await;
    assert!(t.told().is_empty(), "the network has the last word on what is over");
}

#[tokio::test]
async fn a_house_that_starts_late_tells_only_the_last_word() {
    let t = House::new(&lease(T0 + 2 * DAY)).await;
    t.pass(1, MINUTE).await;
    let told = t.told();
    assert_eq!(told.len(), 1, "{told:?}");
    t.pass(23, HOUR).await;
    assert!(t.told().is_empty());
    t.pass(1, HOUR).await;
    assert_eq!(t.told().len(), 1, "a day before");
}
