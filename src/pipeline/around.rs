//! `Known`: what the store knows around the mentions of a batch, for those who judge them.

use super::StepResult;
use crate::classify::{Around, Settings};
use crate::domain::time::DAY;
use crate::domain::{Brand, Instant, Kind, Mark};
use crate::store::Tx;
use crate::store::around::{self, Before, ParentKey, ParentRow};
use crate::store::mentions::MentionRow;
use std::collections::{HashMap, HashSet};

/// Complaints older than twelve months say nothing of a mention.
const MEMORY: i64 = 365 * DAY;

/// What mentions answer, and what their authors wrote before.
pub(super) struct Known {
    /// The posts that they answer.
    posts: Vec<ParentRow>,
    /// By mention, the place of the one that it answers.
    parents: HashMap<String, usize>,
    /// By mention, how many complaints its author wrote before.
    earlier: HashMap<String, u32>,
}

impl Known {
    /// Asks the store once about what the batch answers, and once about its authors.
    pub(super) async fn of(tx: &mut Tx, rows: &[MentionRow]) -> StepResult<Known> {
        let keys: HashSet<ParentKey<'_>> = rows.iter().filter_map(parent).collect();
        let keys: Vec<ParentKey<'_>> = keys.into_iter().collect();
        let posts = around::parents(tx, &keys).await?;
        let before: Vec<Before<'_>> = rows.iter().filter(|row| stands(row)).map(before).collect();
        let earlier = around::earlier(tx, &before).await?.into_iter();
        let earlier = earlier.map(|(id, n)| (id, u32::try_from(n).unwrap_or(0))).collect();
        let parents = places(rows, &posts);
        Ok(Known { posts, parents, earlier })
    }

    /// What is known around a mention of the batch, for a brand.
    pub(super) fn around(&self, row: &MentionRow, brand: &Brand) -> Around<'_> {
        let parent = self.parents.get(&row.id).and_then(|at| self.posts.get(*at));
        Around {
            reply_to_us: parent.is_some_and(|parent| parent.ours),
            parent: parent.and_then(|parent| parent.text.as_deref()),
            earlier: self.earlier.get(&row.id).copied().unwrap_or(0),
            bars: Settings { alert_at: brand.alert_at, look_at: brand.look_at },
            questions: brand.owes.contains(&Kind::Question),
            automatic: row.marks().contains(&Mark::Automatic),
        }
    }
}

/// By mention, the place of the post that it answers.
fn places(rows: &[MentionRow], posts: &[ParentRow]) -> HashMap<String, usize> {
    let places: HashMap<ParentKey<'_>, usize> =
        posts.iter().enumerate().map(|(at, post)| (post.key(), at)).collect();
    let found = rows.iter().filter_map(|row| Some((row, places.get(&parent(row)?)?)));
    found.map(|(row, at)| (row.id.clone(), *at)).collect()
}

/// Whether a mention is judged at all: one that was deleted is not.
fn stands(row: &MentionRow) -> bool {
    row.gone_at.is_none()
}

/// What a mention answers, if anything.
fn parent(row: &MentionRow) -> Option<ParentKey<'_>> {
    let id = row.parent_id.as_deref().filter(|id| !id.is_empty() && stands(row))?;
    Some(ParentKey { brand: &row.brand, network: &row.network, origin: &row.origin, id })
}

/// Whose complaints before a mention are asked for.
fn before(row: &MentionRow) -> Before<'_> {
    let at = Instant(row.created_at);
    Before {
        mention: &row.id,
        brand: &row.brand,
        network: &row.network,
        origin: &row.origin,
        author: &row.author_id,
        from: at - MEMORY,
        to: at,
    }
}
