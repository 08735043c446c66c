//! Walks of the three kinds as one mechanism: whatever the interleaving of posts, pages, edits,
//! deletions, deaths, limits and late indexing, nothing that the network still serves is missed
//! and nothing is stored twice.
//!
//! The networks are real ones (a hashtag of Mastodon by `min_id`, the notifications of Bluesky by
//! cursor, a JSON Feed), their servers are doubles in the place of the transport. Where an API has
//! no such thing (Mastodon's `min_id` cannot expire, an empty page of it is the end), the trouble
//! is none.

mod house;
mod sea;
mod shore;
mod tale;

use crate::chance::Chance;
use house::House;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use sea::{Kind, Trouble};
use tale::{Event, Tale};

/// Tales of each kind in an ordinary run, and in a campaign.
const TALES: (u32, u32) = (24, 600);

async fn told(kind: Kind, tale: &Tale) -> Result<(), String> {
    let mut house = House::open(kind, tale).await;
    for event in &tale.events {
        house.happens(event).await;
    }
    house.end().await
}

/// Tells tales that follow from the seed of this run, and the shortest one that goes wrong.
fn any_tale(kind: Kind) {
    let is_campaign = std::env::var_os("ASCOLTO_CAMPAIGN").is_some();
    let cases = if is_campaign { TALES.1 } else { TALES.0 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&Chance::seed().to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = TestRunner::new_with_rng(config, rng).run(&tale::tale(), |tale| {
        runtime.block_on(told(kind, &tale)).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, tale)) => {
            panic!("{kind:?}, seed {}: {why}\n{tale:#?}", Chance::seed())
        }
        Err(error) => panic!("{kind:?}: {error}"),
    }
}

#[test]
fn any_tale_of_an_ascending_lane() {
    any_tale(Kind::Ascending);
}

#[test]
fn any_tale_of_a_newest_first_lane() {
    any_tale(Kind::NewestFirst);
}

#[test]
fn any_tale_of_a_snapshot_lane() {
    any_tale(Kind::Snapshot);
}

const KINDS: [Kind; 3] = [Kind::Ascending, Kind::NewestFirst, Kind::Snapshot];

/// Tells one tale of each kind.
async fn each(before: i64, events: &[Event]) {
    for kind in KINDS {
        let tale = Tale { before, page: 4, events: events.to_vec() };
        if let Err(why) = told(kind, &tale).await {
            panic!("{kind:?}: {why}");
        }
    }
}

#[tokio::test]
async fn pages_that_shift_while_they_are_read() {
    let meanwhile = Event::Trouble(Trouble::Meanwhile(3));
    each(20, &[meanwhile, meanwhile, Event::Trouble(Trouble::None), meanwhile, Event::Pass(3)])
        .await;
    let many = Event::Post { groups: 9, many: 2, late: 0 };
    each(3, &[Event::Pass(2), many, meanwhile, meanwhile, meanwhile, Event::Pass(2)]).await;
}

#[tokio::test]
async fn a_deleted_anchor_and_equal_times_at_the_border_of_a_page() {
    use Event::{Pass, Vanish};
    let three = Event::Post { groups: 4, many: 3, late: 0 };
    let first = [Pass(2), three, Pass(2), Vanish(0), Vanish(0), three];
    let then = [Pass(12), Vanish(0), three, Pass(1)];
    each(5, &[first.as_slice(), &then].concat()).await;
}

#[tokio::test]
async fn a_post_ten_minutes_late_stands_below_what_was_read() {
    let late = Event::Post { groups: 2, many: 2, late: 10 };
    let now = Event::Post { groups: 2, many: 1, late: 0 };
    each(0, &[now, late, now, Event::Pass(1), now, Event::Pass(4), now, Event::Pass(8)]).await;
    each(9, &[late, Event::Pass(1), late, now, Event::Pass(2), late, Event::Pass(9)]).await;
}

#[tokio::test]
async fn an_empty_page_is_not_the_end_and_an_expired_cursor_begins_anew() {
    let [none, empty, expired] =
        [Trouble::None, Trouble::Empty, Trouble::Expired].map(Event::Trouble);
    let many = Event::Post { groups: 9, many: 1, late: 0 };
    each(30, &[empty, none, empty, Event::Pass(2)]).await;
    let first = [none, none, expired, Event::Pass(1), many];
    let then = [none, expired, Event::Pass(2)];
    each(30, &[first.as_slice(), &then].concat()).await;
}

#[tokio::test]
async fn a_limit_a_cut_answer_and_a_death_in_mid_walk() {
    let of = Event::Trouble;
    let many = Event::Post { groups: 9, many: 1, late: 0 };
    for trouble in [Trouble::Limit, Trouble::Truncated, Trouble::Down] {
        let events =
            [of(Trouble::None), of(trouble), Event::Pass(2), many, of(trouble), Event::Pass(3)];
        each(25, &events).await;
    }
    for at in [1, 2, 3, 4, 6, 9] {
        each(12, &[Event::Die(at), Event::Pass(1), many, Event::Die(at), Event::Pass(2)]).await;
    }
}

#[tokio::test]
async fn an_edit_is_heard_and_a_deletion_that_is_told_leaves_a_tombstone() {
    let post = Event::Post { groups: 4, many: 1, late: 0 };
    each(
        2,
        &[post, Event::Pass(2), Event::Edit(0), Event::Edit(2), Event::Delete(1), Event::Pass(3)],
    )
    .await;
}
