//! Who else wrote the same: mentions of other cases that are like those of one case, so that whoever
//! reads it knows of copies, cross-posts and storms. Nothing follows from it by itself: each case is
//! owed its own answer.

use crate::classify::Likeness;
use crate::domain::Instant;
use crate::domain::case::Case;
use crate::domain::time::DAY;
use crate::store::likeness::{self, LikeRow, MOST};
use crate::store::mentions::MentionRow;
use crate::store::{StoreError, Tx};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How many days back from now like mentions are looked for, by when they were written.
pub const DAYS: i64 = 7;

/// Of a case's mentions so many are looked at, the newest ones: what follows a complaint in a talk
/// is seldom copied, and the look-up stays bounded.
const LOOKED_AT: usize = 3;

/// A mention of another case that says the same.
#[derive(Clone, Debug)]
pub struct Like {
    /// The mention.
    pub row: LikeRow,
    /// It is by the author of the case, who wrote it in another thread or where another channel hears.
    pub same_author: bool,
}

/// All that says the same as a case.
#[derive(Clone, Debug)]
pub struct Alike {
    /// What was written since then was looked at.
    pub since: Instant,
    /// The mentions, the newest first.
    pub mentions: Vec<Like>,
    /// By how many authors they are.
    pub authors: usize,
    /// A look-up came to its limit, so there may be more.
    pub more: bool,
}

/// What says the same as the mentions of a case, which are given oldest first.
pub async fn of_case(
    tx: &mut Tx,
    case: &Case,
    mentions: &[&MentionRow],
    now: Instant,
) -> Result<Alike, StoreError> {
    let since = now - DAYS * DAY;
    let mut found = BTreeMap::new();
    let mut more = false;
    for mention in mentions.iter().rev().filter(|m| m.blanked.is_none()).take(LOOKED_AT) {
        let said = Likeness::of(&mention.text);
        let bands = said.bands();
        if bands[0].is_none() {
            continue;
        }
        let rows = likeness::look_up(tx, &case.brand, &bands, since, case.id).await?;
        more |= i64::try_from(rows.len()).is_ok_and(|count| count >= MOST);
        let alike = rows.into_iter().filter(|row| said.is_like(&Likeness::of(&row.text)));
        found.extend(alike.map(|row| ((Reverse(row.created_at), row.id.clone()), row)));
    }
    let mentions: Vec<Like> =
        found.into_values().map(|row| Like { same_author: is_by(&row, case), row }).collect();
    let authors = mentions.iter().map(|like| author(&like.row)).collect::<BTreeSet<_>>().len();
    Ok(Alike { since, mentions, authors, more })
}

/// Whether the case's own author wrote it. Whom a network does not name is nobody known.
fn is_by(row: &LikeRow, case: &Case) -> bool {
    !case.author.is_empty()
        && (&row.network, &row.origin, &row.author_id)
            == (&case.network, &case.origin, &case.author)
}

/// What tells authors apart; one without an id is an author of its own.
fn author(row: &LikeRow) -> (&str, &str, &str) {
    let id = if row.author_id.is_empty() { &row.id } else { &row.author_id };
    (&row.network, &row.origin, id)
}
