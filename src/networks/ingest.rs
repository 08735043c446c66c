//! Ingest: mentions that other programs hand over by `POST /api/v1/mentions`.
//!
//! It has no lane, so it is never polled and covers nothing by itself; what is not sent is not
//! heard. Replies are written by hand where the mention's address leads.

use crate::domain::MentionRef;
use crate::domain::length::{Counting, LengthRule};
use crate::wire::{
    Capabilities, Ctx, Cursor, Fault, Got, Key, KeyFault, KeyKind, Lane, Meta, Network, Part, Step,
    Talk, Terms, read_settings,
};
use serde::Deserialize;
use std::any::Any;

/// Room for a long e-mail; short enough that nobody pastes a book.
const REPLY_LIMIT: usize = 10_000;

/// What an ingest channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    reply_limit: Option<u32>,
}

static META: Meta = Meta {
    name: "ingest",
    title: "Ingest API",
    about: "Takes mentions that your own programs send to POST /api/v1/mentions. It is never \
            polled; replies are written by hand at the mention's address.",
    docs: "https://datatracker.ietf.org/doc/html/rfc9110#name-post",
    can: Capabilities { poll: false, reply: false, thread: false, stream: false, backfill: false },
    length: LengthRule { counting: Counting::Graphemes, limit: REPLY_LIMIT },
    buckets: &[],
    keys: &[Key {
        name: "reply_limit",
        kind: KeyKind::Number,
        required: false,
        doc: "Longest reply draft, in characters as a person counts them (20 to 100000). Default 10000.",
        example: "500",
    }],
    terms: Terms {
        refresh_within: None,
        delete_within: None,
        training_allowed: false,
        automated_replies_allowed: false,
    },
    natural_key: false,
};

/// The ingest API as a network.
pub(super) struct Ingest;

impl Network for Ingest {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let settings: Settings = read_settings(table)?;
        if settings.reply_limit.is_some_and(|limit| !(20..=100_000).contains(&limit)) {
            return Err(KeyFault {
                key: "reply_limit".to_owned(),
                why: "write a number from 20 to 100000, or leave it out for 10000".to_owned(),
            });
        }
        Ok(Box::new(settings))
    }

    fn lanes(&self, _cx: &Ctx<'_>) -> Vec<Lane> {
        Vec::new()
    }

    fn listen(
        &self,
        _lane: &Lane,
        cursor: Option<&Cursor>,
        _resume: Option<&str>,
        _cx: &Ctx<'_>,
    ) -> Box<dyn Talk<Cursor> + '_> {
        Box::new(Silence(cursor.cloned()))
    }

    fn length(&self, cx: &Ctx<'_>) -> LengthRule {
        let limit = cx.settings::<Settings>().reply_limit.map_or(REPLY_LIMIT, |n| n as usize);
        LengthRule { limit, ..META.length }
    }

    fn fit(&self, text: &str, _of: &MentionRef, cx: &Ctx<'_>) -> Result<Vec<Part>, Fault> {
        super::parts(self.length(cx), "", text)
    }
}

/// A walk where there is nothing to walk: done at once.
struct Silence(Option<Cursor>);

impl Talk<Cursor> for Silence {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        Step::Done(self.0.take().unwrap_or_else(|| Cursor(String::new())))
    }

    fn read(&mut self, _tag: u8, _got: Got, _cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        Err(Fault::bug("an ingest channel asks nothing, so nothing can be answered"))
    }
}
