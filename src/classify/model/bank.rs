//! `Bank`: some heads that share their tables, and the sums that a text gets from them.

use super::grams::{BLOCKS, Grams};

/// What a bank looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// How many heads it has.
    pub(crate) heads: usize,
    /// Each block's table has two to the power of this many rows; 0: it has none.
    pub(crate) bits: [u32; BLOCKS],
    /// The length of each block as a vector, so how much it counts.
    pub(crate) share: [f32; BLOCKS],
    /// What one cue counts.
    pub(crate) cues: f32,
}

/// Heads with their weights.
pub(crate) struct Bank {
    /// What it looks like.
    pub(crate) shape: Shape,
    /// By block: a row of one weight a head for each bucket.
    pub(crate) tables: [Vec<i8>; BLOCKS],
    /// By block and head: what a weight of 1 is worth.
    pub(crate) scales: [Vec<f32>; BLOCKS],
    /// A row of one weight a head for each cue.
    pub(crate) cues: Vec<f32>,
    /// By head: what it begins with.
    pub(crate) begins: Vec<f32>,
}

impl Bank {
    /// What each head sums up to. `N` is the number of heads.
    pub(crate) fn sums<const N: usize>(&self, grams: &Grams, cues: &[f32]) -> [f32; N] {
        let mut sums = [0.0; N];
        for (sum, begin) in sums.iter_mut().zip(&self.begins) {
            *sum = *begin;
        }
        for (block, hashes) in grams.blocks.iter().enumerate() {
            let bits = self.shape.bits[block];
            if bits == 0 || hashes.is_empty() {
                continue;
            }
            let (rows, _) = self.tables[block].as_chunks::<N>();
            let (shift, last) = (32 - bits, rows.len().saturating_sub(1));
            let mut whole = [0_i32; N];
            for hash in hashes {
                // Never beyond the last row; written so that no branch is needed to know it.
                let Some(row) = rows.get((hash >> shift) as usize & last) else { continue };
                for (sum, weight) in whole.iter_mut().zip(row) {
                    *sum += i32::from(*weight);
                }
            }
            let length = (hashes.len() as f32).sqrt();
            for ((sum, whole), scale) in sums.iter_mut().zip(whole).zip(&self.scales[block]) {
                *sum += whole as f32 * scale / length;
            }
        }
        let (rows, _) = self.cues.as_chunks::<N>();
        for (cue, row) in cues.iter().zip(rows) {
            if *cue != 0.0 {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += cue * weight;
                }
            }
        }
        sums
    }

    /// Tells `each` what every word adds to one head.
    pub(crate) fn each_word(&self, head: usize, grams: &Grams, mut each: impl FnMut(usize, f32)) {
        let lengths = grams.blocks.each_ref().map(|hashes| (hashes.len() as f32).sqrt());
        let mut from = [0; BLOCKS];
        for (at, word) in grams.words.iter().enumerate() {
            let mut sum = 0.0;
            for block in 0..BLOCKS {
                let upto = word.upto[block] as usize;
                let bits = self.shape.bits[block];
                if bits > 0 && upto > from[block] {
                    let hashes = &grams.blocks[block][from[block]..upto];
                    let row = |hash: &u32| (hash >> (32 - bits)) as usize * self.shape.heads;
                    let weights = hashes.iter().map(|h| self.tables[block][row(h) + head]);
                    let whole: i32 = weights.map(i32::from).sum();
                    sum += whole as f32 * self.scales[block][head] / lengths[block];
                }
                from[block] = upto;
            }
            each(at, sum);
        }
    }
}
