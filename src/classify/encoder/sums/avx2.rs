//! The sums of a layer with AVX2: sixteen products and eight additions by one instruction each.
//!
//! Four rows of weights are widened once and then meet all windows, so that what is loaded is used
//! eight times. Safe, since these functions are called only where the processor was found able.

use std::arch::x86_64::{
    __m256i, _mm_add_epi32, _mm256_add_epi32, _mm256_castsi256_si128, _mm256_cvtepi8_epi16,
    _mm256_extracti128_si256, _mm256_hadd_epi32, _mm256_madd_epi16, _mm256_setzero_si256,
};
use zerocopy::transmute;

/// Rows of weights that are reckoned side by side: with [`WINDOWS`] they fill the registers.
const ROWS: usize = 4;
/// Windows that are reckoned side by side.
const WINDOWS: usize = 2;
/// Windows that meet all weights before the next ones do: their inputs and sums stay in the nearest
/// memory, and weights are widened seldom enough.
const BATCH: usize = 32;
/// How many numbers of 16 bits fit into a register.
const LANES: usize = 16;

/// Some weights of each of the rows that are reckoned side by side.
type Step = [[i16; LANES]; ROWS];

/// As the function of that name one floor up.
#[target_feature(enable = "avx2")]
pub(super) fn sums(inputs: &[i16], step: usize, weights: &[u8], wide: usize, sums: &mut [i32]) {
    let outputs = weights.len() / wide;
    let mut widened = vec![[[0; LANES]; ROWS]; wide / LANES];
    for (batch, sums) in sums.chunks_mut(BATCH * outputs).enumerate() {
        let inputs = &inputs[batch * BATCH * step..];
        let window = |at: usize| &inputs[at * step..][..wide];
        for (block, bytes) in weights.chunks_exact(ROWS * wide).enumerate() {
            widen(bytes, wide, &mut widened);
            let mut at = 0;
            let mut some = sums.chunks_exact_mut(WINDOWS * outputs);
            for some in &mut some {
                let found = meet(&widened, [window(at), window(at + 1)]);
                for (row, found) in some.chunks_exact_mut(outputs).zip(found) {
                    row[block * ROWS..][..ROWS].copy_from_slice(&found);
                }
                at += WINDOWS;
            }
            for row in some.into_remainder().chunks_exact_mut(outputs) {
                let [found] = meet(&widened, [window(at)]);
                row[block * ROWS..][..ROWS].copy_from_slice(&found);
                at += 1;
            }
        }
    }
}

/// Weights of 16 bits of those of eight, the rows interleaved.
#[target_feature(enable = "avx2")]
#[inline]
fn widen(bytes: &[u8], wide: usize, widened: &mut [Step]) {
    for (row, bytes) in bytes.chunks_exact(wide).enumerate().take(ROWS) {
        for (step, bytes) in widened.iter_mut().zip(bytes.as_chunks::<LANES>().0) {
            step[row] = transmute!(_mm256_cvtepi8_epi16(transmute!(*bytes)));
        }
    }
}

/// The sums of some windows with the rows.
#[target_feature(enable = "avx2")]
#[inline]
fn meet<const W: usize>(widened: &[Step], windows: [&[i16]; W]) -> [[i32; ROWS]; W] {
    let mut windows = windows.map(|window| window.as_chunks::<LANES>().0.iter());
    let mut sums = [[_mm256_setzero_si256(); ROWS]; W];
    for step in widened {
        for (window, sums) in windows.iter_mut().zip(&mut sums) {
            // Never behind the last: a window is as wide as the rows.
            let Some(inputs) = window.next() else { break };
            let inputs: __m256i = transmute!(*inputs);
            for (weights, sum) in step.iter().zip(sums) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(transmute!(*weights), inputs));
            }
        }
    }
    let mut found = [[0; ROWS]; W];
    for (found, [one, two, three, four]) in found.iter_mut().zip(sums) {
        let (low, high) = (_mm256_hadd_epi32(one, two), _mm256_hadd_epi32(three, four));
        let halves = _mm256_hadd_epi32(low, high);
        let (low, high) = (_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves));
        *found = transmute!(_mm_add_epi32(low, high));
    }
    found
}
