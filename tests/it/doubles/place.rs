//! `Place`: a network of a test's own, which is what the test says of it and nothing more.

use ascolto::domain::MentionRef;
use ascolto::domain::first_look::SPAN;
use ascolto::domain::length::{Counting, LengthRule};
use ascolto::wire::{
    Capabilities, Ctx, Cursor, Fault, KeyFault, Lane, Meta, Network, Part, Talk, Terms, ThreadView,
    Walk,
};
use std::any::Any;

/// A network that can do nothing.
pub const NOTHING: Capabilities =
    Capabilities { poll: false, reply: false, thread: false, stream: false, backfill: false };

/// A network of which nothing is said: no limits, no keys, no terms.
pub const BARE: Meta = Meta {
    name: "",
    title: "",
    about: "",
    docs: "",
    can: NOTHING,
    length: LengthRule { counting: Counting::Graphemes, limit: 300 },
    buckets: &[],
    keys: &[],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// The network.
pub struct Place {
    /// What it says of itself.
    pub meta: &'static Meta,
    /// How its table of the configuration is read.
    pub settings: fn(&toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault>,
    /// How often its one lane, `all`, is read, in milliseconds; without it there is none.
    pub every_ms: Option<i64>,
    /// How far back the first look at it goes, if there is one.
    pub first_look_ms: Option<i64>,
    /// A read of its lane, from where the last one ended.
    pub listen: fn(Option<&Cursor>) -> Box<dyn Talk<Cursor>>,
    /// A read of a thread, where that can be done.
    pub thread: fn(&MentionRef) -> Option<Box<dyn Talk<ThreadView>>>,
}

impl Place {
    /// A place without keys that only receives.
    pub const fn of(meta: &'static Meta) -> Place {
        Place {
            meta,
            settings: |_| Ok(Box::new(())),
            every_ms: None,
            first_look_ms: Some(SPAN),
            listen: |_| unreachable!("it has no lane"),
            thread: |_| None,
        }
    }
}

impl Network for Place {
    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        (self.settings)(table)
    }

    fn lanes(&self, _cx: &Ctx<'_>) -> Vec<Lane> {
        let lane = |every_ms| Lane {
            id: "all".to_owned(),
            walk: Walk::Ascending,
            every_ms,
            overlap_ms: 0,
            settle_ms: 0,
            addressed: true,
            gap: None,
        };
        self.every_ms.map(lane).into_iter().collect()
    }

    fn first_look_ms(&self) -> Option<i64> {
        self.first_look_ms
    }

    fn listen(
        &self,
        _lane: &Lane,
        cursor: Option<&Cursor>,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        (self.listen)(cursor)
    }

    fn thread(&self, of: &MentionRef, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<ThreadView> + '_>> {
        (self.thread)(of)
    }

    fn fit(&self, text: &str, _of: &MentionRef, _cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        let pieces = self.meta.length.split("", text).map_err(Fault::refused)?;
        Ok(pieces.into_iter().map(|text| Part { text }).collect())
    }
}
