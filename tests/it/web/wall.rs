//! A network that only receives, like ingest, but lets replies be posted.

use ascolto::domain::MentionRef;
use ascolto::domain::length::{Counting, LengthRule};
use ascolto::wire::{
    Capabilities, Ctx, Cursor, Fault, KeyFault, Lane, Meta, Network, Part, Talk, Terms,
};
use std::any::Any;

/// The wall.
pub struct Wall;

static WALL: Meta = Meta {
    name: "wall",
    title: "The Wall",
    about: "A wall that people write on.",
    docs: "",
    can: Capabilities { poll: false, reply: true, thread: false, stream: false, backfill: false },
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

impl Network for Wall {
    fn meta(&self) -> &'static Meta {
        &WALL
    }

    fn settings(&self, _table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        Ok(Box::new(()))
    }

    fn lanes(&self, _cx: &Ctx<'_>) -> Vec<Lane> {
        Vec::new()
    }

    fn listen(
        &self,
        _lane: &Lane,
        _cursor: Option<&Cursor>,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        unreachable!("it has no lane")
    }

    fn fit(&self, text: &str, _of: &MentionRef, _cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        let pieces = WALL.length.split("", text).map_err(Fault::refused)?;
        Ok(pieces.into_iter().map(|text| Part { text }).collect())
    }
}
