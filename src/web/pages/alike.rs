//! What the case page says of other cases that say the same.

use super::view::{self, When};
use crate::pipeline::likeness::{Alike, DAYS, Like};
use crate::speech::Catalogue;
use jiff::tz::TimeZone;
use serde::Serialize;

/// So many of them are shown; the rest is counted.
const SHOWN: usize = 8;

/// The part of the page.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// How many there are, by how many authors.
    head: String,
    /// Those by the author of the case first, else the newest first.
    cases: Vec<Line>,
    /// How many are not shown.
    rest: usize,
}

#[derive(Debug, Serialize)]
struct Line {
    case: String,
    who: String,
    channel: String,
    same_author: bool,
    when: When,
    /// Where it stands, if a browser may follow it.
    url: String,
}

/// What is shown; `None` where nobody else said the same.
pub fn shown(found: &Alike, words: &'static Catalogue, zone: &TimeZone) -> Option<Shown> {
    if found.mentions.is_empty() {
        return None;
    }
    let key = if found.more { "screen.alike_at_least" } else { "screen.alike_count" };
    let [days, count, authors] =
        [DAYS.to_string(), found.mentions.len().to_string(), found.authors.to_string()];
    let head = words.fill(key, &[("days", &days), ("count", &count), ("authors", &authors)]);
    let mut likes: Vec<&Like> = found.mentions.iter().collect();
    // Stable: the newest stays first.
    likes.sort_by_key(|like| !like.same_author);
    let rest = likes.len().saturating_sub(SHOWN);
    let cases = likes.into_iter().take(SHOWN).map(|like| line(like, words, zone)).collect();
    Some(Shown { head, cases, rest })
}

fn line(like: &Like, words: &'static Catalogue, zone: &TimeZone) -> Line {
    let row = &like.row;
    let (name, handle) = view::author(&row.author_name, &row.author_handle);
    let who = format!("{name} {handle}").trim().to_owned();
    Line {
        case: row.case_id.clone(),
        who: if who.is_empty() { words.get("screen.nameless").to_owned() } else { who },
        channel: row.channel.clone(),
        same_author: like.same_author,
        when: view::when(row.created_at, zone, words),
        url: view::link(&row.url).to_owned(),
    }
}
