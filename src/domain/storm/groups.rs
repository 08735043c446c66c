//! Groups of complaints: which of them say the same, and in which hour most people wrote.

use super::WINDOW;
use crate::domain::Bands;
use crate::domain::time::Instant;
use crate::domain::verdict::Topic;
use std::collections::HashMap;

/// What of a complaint counts for storms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// When it was written.
    pub at: Instant,
    /// Who wrote it, whatever tells people apart.
    pub author: String,
    /// What it is about.
    pub topic: Topic,
    /// By which its copies are found.
    pub bands: Bands,
}

/// The hour in which most people of a group wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// When the first of them wrote.
    pub from: Instant,
    /// How many people they are.
    pub people: u32,
}

/// The hour in which most people wrote, of several the first; `None` where there is nothing. The
/// complaints are given by time, the oldest first.
pub fn densest(signs: &[&Sign]) -> Option<Dense> {
    let mut within: HashMap<&str, u32> = HashMap::new();
    let mut best: Option<Dense> = None;
    let mut end = 0;
    for (start, first) in signs.iter().enumerate() {
        while let Some(next) = signs.get(end).filter(|next| next.at < first.at + WINDOW) {
            *within.entry(next.author.as_str()).or_insert(0) += 1;
            end += 1;
        }
        let people = u32::try_from(within.len()).unwrap_or(u32::MAX);
        if best.is_none_or(|best| people > best.people) {
            best = Some(Dense { from: first.at, people });
        }
        // The first one leaves; where it alone stood for its author, the author leaves too.
        if start < end
            && let Some(left) = within.get_mut(first.author.as_str())
        {
            *left -= 1;
            if *left == 0 {
                within.remove(first.author.as_str());
            }
        }
    }
    best
}

/// Groups of complaints that say the same, by their places in the list: each has a band in common
/// with another one of its group. The largest group comes first, and what is alone is in none.
pub fn alike(signs: &[&Sign]) -> Vec<Vec<usize>> {
    let mut root: Vec<usize> = (0..signs.len()).collect();
    let mut first: HashMap<(usize, i64), usize> = HashMap::new();
    for (n, sign) in signs.iter().enumerate() {
        for (slot, band) in sign.bands.iter().enumerate() {
            let Some(band) = band else { continue };
            let other = *first.entry((slot, *band)).or_insert(n);
            let (a, b) = (find(&mut root, other), find(&mut root, n));
            root[a.max(b)] = a.min(b);
        }
    }
    let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
    for n in 0..signs.len() {
        groups.entry(find(&mut root, n)).or_default().push(n);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|g| g.len() > 1).collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
    groups
}

/// The least place of a group; on the way each place is brought nearer to it.
fn find(root: &mut [usize], mut n: usize) -> usize {
    while root[n] != n {
        root[n] = root[root[n]];
        n = root[n];
    }
    n
}
