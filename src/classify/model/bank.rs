//! `Bank`: some heads that share their tables, and the sums that a text gets from them.

use super::grams::{BLOCKS, Grams};

/// The most heads of a bank; so many numbers are read of a row at once where there are many heads.
const WIDE: usize = 24;
/// So many rows add up to less than 16 bits hold, whatever stands in them.
const FEW: usize = 255;

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
            let table = &self.tables[block];
            // A few heads fill no wide row.
            let whole: [i32; N] = match N {
                0..=4 => add::<N, N>(table, bits, hashes),
                _ => add::<N, WIDE>(table, bits, hashes),
            };
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

    /// Tells `each` what every word that is `wanted` adds to one head.
    pub(crate) fn each_word(
        &self,
        head: usize,
        grams: &Grams,
        wanted: impl Fn(usize) -> bool,
        mut each: impl FnMut(usize, f32),
    ) {
        let lengths = grams.blocks.each_ref().map(|hashes| (hashes.len() as f32).sqrt());
        let mut from = [0; BLOCKS];
        for (at, word) in grams.words.iter().enumerate() {
            let upto = word.upto.map(|upto| upto as usize);
            if wanted(at) {
                let mut sum = 0.0;
                for block in 0..BLOCKS {
                    let bits = self.shape.bits[block];
                    if bits > 0 && upto[block] > from[block] {
                        let hashes = &grams.blocks[block][from[block]..upto[block]];
                        let row = |hash: &u32| (hash >> (32 - bits)) as usize * self.shape.heads;
                        let weights = hashes.iter().map(|h| self.tables[block][row(h) + head]);
                        let whole: i32 = weights.map(i32::from).sum();
                        sum += whole as f32 * self.scales[block][head] / lengths[block];
                    }
                }
                each(at, sum);
            }
            from = upto;
        }
    }
}

/// The sums of the rows that hashes choose, by head. Of each row `WIDE` numbers are read, of which
/// those behind the first `N` count nothing: a width that is a multiple of eight is added up by a
/// few instructions, and in 16 bits by half as many as in 32.
fn add<const N: usize, const WIDE: usize>(table: &[i8], bits: u32, hashes: &[u32]) -> [i32; N] {
    // Else more rows than the last one have too little behind them.
    const { assert!(N <= WIDE && (N <= 4 || WIDE <= 2 * N)) };
    let mut whole = [0; N];
    let Some(begin) = table.len().checked_sub(N) else { return whole };
    // The last row has too little behind it, so it is read here.
    let mut end = [0; WIDE];
    end[..N].copy_from_slice(&table[begin..]);
    let last = table.len() / N - 1;
    for few in hashes.chunks(FEW) {
        let mut sums = [0_i16; WIDE];
        for hash in few {
            // Never beyond the last row.
            let row = ((hash >> (32 - bits)) as usize & last) * N;
            let row = table.get(row..).and_then(|rest| rest.first_chunk()).unwrap_or(&end);
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += i16::from(*weight);
            }
        }
        for (whole, sum) in whole.iter_mut().zip(sums) {
            *whole += i32::from(sum);
        }
    }
    whole
}
