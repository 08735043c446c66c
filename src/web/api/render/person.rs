//! Persons as JSON: the authors whom a human put together, their acts, and who else it may be.

use super::{maybe, time};
use crate::domain::Instant;
use crate::pipeline::persons::{Folder, Suggestion};
use crate::store::mutes::MuteRow;
use crate::store::persons::LinkRow;
use crate::store::strikes::NewestRow;
use serde_json::{Value, json};

/// An author of a person, with the newest case.
fn author(a: &NewestRow) -> Value {
    json!({
        "network": a.network,
        "origin": a.origin,
        "id": a.author_id,
        "handle": a.author_handle,
        "name": a.author_name,
        "case": a.case_id,
    })
}

/// A person: the authors that a human put together, and who else it may be.
pub fn person(f: &Folder, now: Instant) -> Value {
    let link = |l: &LinkRow| {
        json!({
            "link": l.id,
            "author": { "network": l.network, "origin": l.origin, "id": l.author_id },
            "at": time(l.at),
            "by": l.by_agent,
            "undone_at": maybe(l.undone_at),
            "undone_by": l.undone_by,
        })
    };
    let mute = |m: &MuteRow| {
        json!({
            "by": m.by_agent,
            "reason": m.reason,
            "at": time(m.at),
            "until": time(m.until),
            "ended_at": maybe(m.ended_at),
            "ended_by": m.ended_by,
        })
    };
    let suggestion = |s: &Suggestion| {
        let because =
            s.because.iter().map(|(kind, borne_by)| json!({ "same": kind, "borne_by": borne_by }));
        json!({ "author": author(&s.newest), "because": because.collect::<Vec<_>>() })
    };
    json!({
        "id": f.customer.person,
        "brand": f.customer.brand,
        "strikes": f.strikes,
        "muted": f.muted(now).is_some(),
        "authors": f.newest.iter().map(author).collect::<Vec<_>>(),
        "links": f.links.iter().map(link).collect::<Vec<_>>(),
        "mutes": f.mutes.iter().map(mute).collect::<Vec<_>>(),
        "suggestions": f.suggestions.iter().map(suggestion).collect::<Vec<_>>(),
    })
}
