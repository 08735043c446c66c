//! A network that only receives, like ingest, but lets replies be posted.

use crate::doubles::place::{BARE, NOTHING, Place};
use ascolto::wire::{Capabilities, Meta};

static META: Meta = Meta {
    name: "wall",
    title: "The Wall",
    about: "A wall that people write on.",
    can: Capabilities { reply: true, ..NOTHING },
    ..BARE
};

/// The wall.
pub static WALL: Place = Place::of(&META);
