//! The weekly blind sample: which mentions that nobody owed anything for a person looks at all the
//! same, and what their labels say of the complaints that were missed.
//!
//! What is drawn is stratified: most near the threshold, where misses are likely, and a fixed
//! share at random over all the rest. Labels are weighted back by how likely each was drawn, so
//! that the estimate is of all that was judged, not of what was drawn.

#[cfg(test)]
mod tests;

use super::verdict::{PerMillion, Relevance, words};
use std::collections::BTreeMap;

words! {
    /// Which part of what owes nothing a mention belongs to.
    Stratum {
        /// Below `look_at`, and not far from it.
        Near = "near",
        /// Judged as not about the brand, and not far from `look_at` if it were.
        NotAbout = "not_about",
        /// Sorted out by a rule: spam, automatic mail, thanks …
        SortedOut = "sorted_out",
        /// Everything else.
        Rest = "rest",
    }
}

/// How many of a hundred are drawn from each stratum, in the order of `Stratum::ALL`, as long as it
/// holds so many; what one lacks goes to the others. Priors of ours: six in ten where misses are
/// likely, four in ten at random over what was judged none.
const SHARES: [u64; 4] = [60, 10, 10, 20];

impl Stratum {
    /// Where a mention belongs that owes nothing. `sorted_out` is whether a rule sorted it out;
    /// near begins at half of `look_at`.
    pub fn of(
        sorted_out: bool,
        relevance: Relevance,
        probability: PerMillion,
        look_at: PerMillion,
    ) -> Stratum {
        match (sorted_out, probability.0 >= look_at.0 / 2) {
            (true, _) => Stratum::SortedOut,
            (false, false) => Stratum::Rest,
            (false, true) if relevance == Relevance::NotAbout => Stratum::NotAbout,
            (false, true) => Stratum::Near,
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

words! {
    /// What a person says of a mention of the sample.
    Said {
        /// It complains about the brand: it was missed.
        Complaint = "complaint",
        /// It asks the brand something.
        Question = "question",
        /// It is about the brand, and neither.
        Neither = "neither",
        /// It is not about the brand.
        NotAboutUs = "not_about_us",
    }
}

/// A mention of the sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn<T> {
    /// The mention.
    pub of: T,
    /// Where it belongs.
    pub stratum: Stratum,
    /// How likely it was to be drawn.
    pub probability: PerMillion,
}

/// A sample while it is drawn: of each stratum those with the lowest keys. Where keys are digests,
/// that is a random sample without replacement, the same whenever it is drawn.
#[derive(Debug)]
pub struct Draw<T> {
    size: usize,
    lowest: [BTreeMap<u64, T>; 4],
    seen: [u64; 4],
}

impl<T> Draw<T> {
    /// A sample of up to `size` mentions.
    pub fn new(size: usize) -> Draw<T> {
        Draw { size, lowest: std::array::from_fn(|_| BTreeMap::new()), seen: [0; 4] }
    }

    /// Offers a mention. Keys must differ.
    pub fn offer(&mut self, stratum: Stratum, key: u64, of: T) {
        self.seen[stratum.index()] += 1;
        let lowest = &mut self.lowest[stratum.index()];
        let full = lowest.len() >= self.size;
        if full && lowest.last_key_value().is_some_and(|(last, _)| *last < key) {
            return;
        }
        lowest.insert(key, of);
        if lowest.len() > self.size {
            lowest.pop_last();
        }
    }

    /// What was drawn, in the order of the keys, so that strata are mixed.
    pub fn drawn(self) -> Vec<Drawn<T>> {
        let take = allot(self.size, self.seen);
        let mut all = BTreeMap::new();
        for (stratum, lowest) in Stratum::ALL.iter().zip(self.lowest) {
            let (n, of) = (take[stratum.index()], self.seen[stratum.index()]);
            let probability = PerMillion::from_share(n as f64 / of.max(1) as f64);
            for (key, of) in lowest.into_iter().take(n) {
                all.insert((key, stratum.index()), Drawn { of, stratum: *stratum, probability });
            }
        }
        all.into_values().collect()
    }
}

/// How many of each stratum are drawn: each that holds anything gives one, then they go by shares.
fn allot(size: usize, there: [u64; 4]) -> [usize; 4] {
    let mut take = [0_usize; 4];
    for _ in 0..size {
        let open = (0..4).filter(|h| (take[*h] as u64) < there[*h]);
        // The lowest part of its share comes next; multiplied out, since whole numbers are exact.
        let next = open.min_by(|a, b| {
            let part = |h: usize, other: usize| (take[h] as u64 + 1) * SHARES[other];
            (take[*a] > 0).cmp(&(take[*b] > 0)).then(part(*a, *b).cmp(&part(*b, *a)))
        });
        match next {
            Some(next) => take[next] += 1,
            None => break,
        }
    }
    take
}

/// What is known of one stratum of one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The stratum.
    pub stratum: Stratum,
    /// How many mentions it held.
    pub mentions: u64,
    /// Of these, how many a person labelled.
    pub labelled: u64,
    /// Of these, how many complain.
    pub missed: u64,
}

/// How many complaints were missed among what owed nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Estimate {
    /// How many mentions it speaks of.
    pub mentions: u64,
    /// Of these, how many a person labelled.
    pub labelled: u64,
    /// Of these, how many complain: found by the sample, so missed before.
    pub found: u64,
    /// The estimate.
    pub missed: u64,
    /// Lower end of the interval that holds the true number 95 times in a hundred.
    pub low: u64,
    /// Its upper end.
    pub high: u64,
}

/// Half the width, in points of a hundred mentions, above which a part is not told.
const TELLING: f64 = 2.0;

impl Estimate {
    /// Half the width of the interval, in points of a hundred mentions.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) as f64 * 50.0 / (self.mentions as f64).max(1.0)
    }

    /// Whether the interval is narrow enough (± 2 points) to tell it of a part of the whole.
    pub fn is_telling(&self) -> bool {
        self.half_width() < TELLING
    }
}

/// Of a stratum over all weeks: size, labels, share of complaints, effective labels.
#[derive(Clone, Copy, Default)]
struct Pooled {
    mentions: f64,
    labelled: f64,
    looked: f64,
    missed: f64,
    squares: f64,
}

/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_964;

/// One pooled estimate over cells; `None` while nothing is labelled.
///
/// Within a stratum every label weighs as many mentions as it stands for (Hájek's estimator: the
/// inverse of the chance of being drawn, raised so that the labels add up to the whole). Its
/// interval is Agresti's and Coull's (The American Statistician 52, 1998), which is Wilson's (1927)
/// made wider where hardly anything was found, with Kish's effective number of labels for unequal
/// weights and the correction for finite populations. Strata are added by the squares of their
/// distances to each end (Zou, Huang and Zhang, Computational Statistics & Data Analysis 53, 2009),
/// so that a stratum without a find still widens the whole. The tests simulate its coverage.
pub fn estimate(cells: &[Cell]) -> Option<Estimate> {
    let labelled: u64 = cells.iter().map(|c| c.labelled).sum();
    if labelled == 0 {
        return None;
    }
    let found: u64 = cells.iter().map(|c| c.missed).sum();
    let mentions: u64 = cells.iter().map(|c| c.mentions).sum();
    let strata = pool(cells);
    let known =
        |of: fn(&Pooled) -> f64| strata.iter().filter(|s| s.labelled > 0.0).map(of).sum::<f64>();
    // Of a stratum that nobody looked at nothing is known but what holds of the others.
    let overall = known(|s| s.mentions * s.missed) / known(|s| s.mentions).max(1.0);
    let (mut total, mut down, mut up) = (0.0, 0.0, 0.0);
    for s in strata.iter().filter(|s| s.mentions > 0.0) {
        let (share, low, high) = if s.labelled > 0.0 {
            let (low, high) = interval(s);
            (s.missed, low, high)
        } else {
            (overall, 0.0, 1.0)
        };
        total += s.mentions * share;
        down += (s.mentions * (share - low)).powi(2);
        up += (s.mentions * (high - share)).powi(2);
    }
    // What was seen with eyes bounds what is inferred.
    let (least, most) = (found as f64, mentions.saturating_sub(labelled - found) as f64);
    let whole = |n: f64| n.clamp(least, most.max(least)) as u64;
    Some(Estimate {
        mentions,
        labelled,
        found,
        missed: whole(total.round()),
        low: whole((total - down.sqrt()).floor()),
        high: whole((total + up.sqrt()).ceil()),
    })
}

fn pool(cells: &[Cell]) -> [Pooled; 4] {
    let mut strata = [Pooled::default(); 4];
    for cell in cells {
        let s = &mut strata[cell.stratum.index()];
        let (mentions, labelled) = (cell.mentions as f64, cell.labelled as f64);
        s.mentions += mentions;
        if cell.labelled > 0 {
            s.labelled += labelled;
            s.looked += mentions;
            s.missed += mentions * cell.missed as f64 / labelled;
            s.squares += mentions * mentions / labelled;
        }
    }
    for s in strata.iter_mut().filter(|s| s.looked > 0.0) {
        s.missed /= s.looked;
    }
    strata
}

/// The interval of a stratum's share.
fn interval(s: &Pooled) -> (f64, f64) {
    let drawn = s.labelled / s.looked;
    if drawn >= 1.0 {
        return (s.missed, s.missed);
    }
    let effective = s.looked * s.looked / s.squares / (1.0 - drawn);
    let n = effective + Z * Z;
    let middle = (s.missed * effective + Z * Z / 2.0) / n;
    let half = Z * (middle * (1.0 - middle) / n).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// How many labels more it takes until the estimate is telling, if what they say is as what was
/// said so far and they are spread over the strata by size; 0 where it is telling already.
pub fn more_needed(cells: &[Cell]) -> u64 {
    let telling = |more: u64| estimate(&with_more(cells, more)).is_some_and(|e| e.is_telling());
    if telling(0) {
        return 0;
    }
    let all: u64 = cells.iter().map(|c| c.mentions.saturating_sub(c.labelled)).sum();
    let (mut too_few, mut enough) = (0, all);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if telling(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    enough
}

/// The same cells with so many labels more, of which as large a part complains as of those so far,
/// as far as whole numbers allow.
fn with_more(cells: &[Cell], more: u64) -> Vec<Cell> {
    let left = |c: &Cell| c.mentions.saturating_sub(c.labelled);
    let all: u64 = cells.iter().map(left).sum();
    let grown = |c: &Cell| {
        let added = (left(c) * more).div_ceil(all.max(1)).min(left(c));
        let labelled = c.labelled + added;
        let missed = (c.missed * labelled).checked_div(c.labelled).unwrap_or(0);
        Cell { labelled, missed, ..*c }
    };
    cells.iter().map(grown).collect()
}
