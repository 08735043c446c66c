//! `Tale`: what happens to a sea and to the house that listens to it, made up so that it can be
//! told shorter.

use super::sea::Trouble;
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// `groups` times `many` posts bear one time; they show `late` minutes after it.
    Post { groups: u64, many: u64, late: i64 },
    /// The author of a post writes it anew.
    Edit(usize),
    /// The author of a post deletes it.
    Delete(usize),
    /// A post is not there any more; number 0 is the newest, on which a cursor may rest.
    Vanish(usize),
    /// A request for a page meets this.
    Trouble(Trouble),
    /// The process dies at the commit or send that it comes to after so many.
    Die(u64),
    /// So many minutes go by.
    Pass(u64),
}

/// A whole tale.
#[derive(Clone, Debug)]
pub struct Tale {
    /// How many posts there are before the house opens.
    pub before: i64,
    /// The most entries on a page.
    pub page: usize,
    /// What happens then.
    pub events: Vec<Event>,
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        Just(Trouble::None),
        Just(Trouble::Limit),
        Just(Trouble::Down),
        Just(Trouble::Truncated),
        Just(Trouble::Empty),
        Just(Trouble::Expired),
        (1u64..=3).prop_map(Trouble::Meanwhile),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1u64..=9, 1u64..=3, 0i64..=10)
            .prop_map(|(groups, many, late)| Event::Post { groups, many, late }),
        2 => (0usize..20).prop_map(Event::Edit),
        1 => (0usize..20).prop_map(Event::Delete),
        1 => (0usize..3).prop_map(Event::Vanish),
        4 => trouble().prop_map(Event::Trouble),
        2 => (1u64..30).prop_map(Event::Die),
        6 => (1u64..=4).prop_map(Event::Pass),
    ]
}

/// Any tale.
pub fn tale() -> impl Strategy<Value = Tale> {
    // A page holds more than bear one time.
    (0i64..60, 4usize..9, prop::collection::vec(event(), 1..40))
        .prop_map(|(before, page, events)| Tale { before, page, events })
}
