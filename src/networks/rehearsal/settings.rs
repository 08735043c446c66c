//! The settings of a rehearsal: read, checked, and turned into the world that they describe.

use super::flood::Flood;
use super::script;
use super::world::World;
use crate::domain::Instant;
use crate::wire::{Key, KeyFault, KeyKind, Walk, read_settings};
use serde::Deserialize;
use std::ops::RangeInclusive;
use url::Url;

/// The settings of a rehearsal channel.
pub struct Settings {
    pub(super) world: World,
    pub(super) start: Instant,
    pub(super) url: Option<Url>,
    pub(super) walk: Walk,
    pub(super) page: usize,
    pub(super) reply_limit: usize,
}

const fn key(name: &'static str, kind: KeyKind, doc: &'static str, example: &'static str) -> Key {
    Key { name, kind, required: false, doc, example }
}

/// What may be written in a rehearsal channel.
pub(super) const KEYS: &[Key] = &[
    Key {
        required: true,
        ..key(
            "start",
            KeyKind::Text,
            "When the rehearsed day begins, in RFC 3339.",
            "\"2026-11-20T08:00:00+01:00\"",
        )
    },
    key(
        "script",
        KeyKind::Text,
        "What its authors do: the name `bad-day` or `neighbours`, or JSON lines, one event each. \
         Default: `bad-day`; with `flood`, nothing.",
        "\"bad-day\"",
    ),
    key(
        "flood",
        KeyKind::Number,
        "Mentions a second, written from the seed. Default: none.",
        "1000",
    ),
    key("flood_total", KeyKind::Number, "How many there are in all. Default: no end.", "100000"),
    key("flood_bytes", KeyKind::Number, "About how long each text is. Default: 2000.", "2000"),
    key("complaints_in", KeyKind::Number, "One in so many complains. Default: 10.", "10"),
    key("seed", KeyKind::Number, "The flood's seed. Default: 1.", "1"),
    key(
        "walk",
        KeyKind::Text,
        "How the lane is read: `ascending`, `newest` (new to old) or `snapshot` (a window of the \
         newest). Default: `ascending`.",
        "\"ascending\"",
    ),
    key("page", KeyKind::Number, "Entries a page; of a snapshot, in all. Default: 500.", "500"),
    key(
        "url",
        KeyKind::Url,
        "A server that takes replies (`POST {url}/posts`) and shows them \
         (`GET {url}/posts?parent=ID`). Default: replies succeed at once and are forgotten.",
        "\"http://127.0.0.1:9000\"",
    ),
    key("brand_handle", KeyKind::Text, "Our own handle. Default: `acmeluce`.", "\"acmeluce\""),
    key("reply_limit", KeyKind::Number, "The longest reply in characters. Default: 500.", "500"),
    key(
        "origin",
        KeyKind::Text,
        "The name space of the ids, where two rehearsals serve one brand. Default: empty.",
        "\"second\"",
    ),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    start: String,
    script: Option<String>,
    flood: Option<i64>,
    flood_total: Option<i64>,
    flood_bytes: Option<i64>,
    complaints_in: Option<i64>,
    seed: Option<i64>,
    walk: Option<String>,
    page: Option<i64>,
    url: Option<Url>,
    brand_handle: Option<String>,
    reply_limit: Option<i64>,
    origin: Option<String>,
}

impl Settings {
    /// Reads a channel's table.
    ///
    /// # Errors
    /// Names the key, and in a script the line, and says what to write.
    pub(super) fn read(table: &toml::Table) -> Result<Settings, KeyFault> {
        let written: Written = read_settings(table)?;
        let start = Instant::parse(&written.start).map_err(|why| fault("start", why))?;
        let brand = written.brand_handle.as_deref().unwrap_or("acmeluce");
        let brand = brand.trim_start_matches('@');
        if brand.is_empty() {
            return Err(fault("brand_handle", "is empty; write a handle"));
        }
        let script = match (&written.script, written.flood) {
            (Some(script), _) => Some(script.as_str()),
            (None, Some(_)) => None,
            (None, None) => Some("bad-day"),
        };
        let world = match script {
            Some(text) => script::read(text, start, brand).map_err(|why| fault("script", why))?,
            None => World::default(),
        };
        let flood = written.flood(start)?;
        if let Some(flood) = &flood
            && let Some(post) = world.posts.iter().find(|p| flood.index_of(&p.id).is_some())
        {
            return Err(fault(
                "script",
                format!("`{}` is also an id of the flood; write another id", post.id),
            ));
        }
        let walk = match written.walk.as_deref() {
            None | Some("ascending") => Walk::Ascending,
            Some("newest") => Walk::NewestFirst,
            Some("snapshot") => Walk::Snapshot,
            Some(other) => {
                let why = format!("`{other}` is no walk; write ascending, newest or snapshot");
                return Err(fault("walk", why));
            }
        };
        if let Some(url) = &written.url
            && !matches!(url.scheme(), "http" | "https")
        {
            return Err(fault("url", "write an address that begins with http:// or https://"));
        }
        let page = within("page", written.page, 500, 1..=10_000)?;
        let reply_limit = within("reply_limit", written.reply_limit, 500, 20..=100_000)?;
        Ok(Settings {
            world: World {
                origin: written.origin.unwrap_or_default(),
                brand: brand.to_owned(),
                flood,
                ..world
            },
            start,
            url: written.url,
            walk,
            page: size(page),
            reply_limit: size(reply_limit),
        })
    }
}

impl Written {
    fn flood(&self, start: Instant) -> Result<Option<Flood>, KeyFault> {
        let Some(rate) = self.flood else { return Ok(None) };
        let rate = within("flood", Some(rate), 1, 1..=1_000_000)?;
        let total = within("flood_total", self.flood_total, i64::MAX, 0..=i64::MAX)?;
        let bytes = within("flood_bytes", self.flood_bytes, 2_000, 1..=100_000)?;
        let complaints = within("complaints_in", self.complaints_in, 10, 1..=i64::MAX)?;
        Ok(Some(Flood {
            start,
            rate: rate.unsigned_abs(),
            total: total.unsigned_abs(),
            bytes: size(bytes),
            complaints_in: complaints.unsigned_abs(),
            seed: self.seed.unwrap_or(1).cast_unsigned(),
        }))
    }
}

fn fault(key: &str, why: impl Into<String>) -> KeyFault {
    KeyFault { key: key.to_owned(), why: why.into() }
}

/// A number within its bounds, or the default.
fn within(
    key: &str,
    value: Option<i64>,
    default: i64,
    bounds: RangeInclusive<i64>,
) -> Result<i64, KeyFault> {
    let value = value.unwrap_or(default);
    if bounds.contains(&value) {
        return Ok(value);
    }
    Err(fault(
        key,
        format!("{value} is out of range; write {} to {}", bounds.start(), bounds.end()),
    ))
}

/// A number whose bounds were checked.
fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
