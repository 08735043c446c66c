//! The sums of a layer in whole numbers: what every machine and build reckons to the same bit.
//!
//! A weight is one byte and an input lies within ±[`MOST`], so 1,280 products of the longest row
//! fit into 32 bits and no sum depends on an order. That leaves the order to the machine: with AVX2,
//! as nearly every x86-64 of the last ten years has it, a sum is made of sixteen products at once.

#[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
mod avx2;

/// How far an input may lie from zero, so that 1,280 products with a byte stay below 2^31.
pub(super) const MOST: f32 = 8191.0;

/// Added to a number and taken away again, it leaves the nearest whole number, of two equally near
/// ones the even one: 1.5 times 2^23, where numbers of 32 bits have no more room for halves. Cheaper
/// than `round_ties_even`, which is a call where the processor has no instruction for it.
const ROUNDER: f32 = 12_582_912.0;

/// For each row of `sums` the sums of its window of `inputs` with each row of weights. The window
/// of a row begins `step` inputs after that of the row before, so windows may overlap. `wide` is
/// how many weights, thus inputs, make a sum: a multiple of 16. The rows of weights stand one
/// after the other, a multiple of four of them.
#[cfg(all(target_arch = "x86_64", not(target_feature = "avx2")))]
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(crate) fn sums(inputs: &[i16], step: usize, weights: &[u8], wide: usize, sums: &mut [i32]) {
    multiversion::target::match_target! {
        "x86_64+avx2" => avx2::sums(inputs, step, weights, wide, sums),
        _ => plain(inputs, step, weights, wide, sums),
    }
}

/// As above, where there is nothing to choose: on other processors, and in a build for one with
/// AVX2 alone, whose compiler uses it of itself.
#[cfg(not(all(target_arch = "x86_64", not(target_feature = "avx2"))))]
pub(crate) fn sums(inputs: &[i16], step: usize, weights: &[u8], wide: usize, sums: &mut [i32]) {
    plain(inputs, step, weights, wide, sums);
}

/// The sums as any processor makes them, written so that a compiler can do some products at once.
fn plain(inputs: &[i16], step: usize, weights: &[u8], wide: usize, sums: &mut [i32]) {
    let outputs = weights.len() / wide;
    let mut row = vec![0_i16; wide];
    for (output, bytes) in weights.chunks_exact(wide).enumerate() {
        for (weight, byte) in row.iter_mut().zip(bytes) {
            *weight = i16::from(byte.cast_signed());
        }
        for (at, sums) in sums.chunks_exact_mut(outputs).enumerate() {
            let window = &inputs[at * step..][..wide];
            // Nothing overflows; said so, no check stands between one product and the next.
            sums[output] = row.iter().zip(window).fold(0, |sum: i32, (weight, input)| {
                sum.wrapping_add(i32::from(*weight).wrapping_mul(i32::from(*input)))
            });
        }
    }
}

/// Makes whole numbers of numbers, one scale for all: what a whole 1 is worth. Writes as many as
/// there are into `whole`. Where there is nothing but zeros, or no scale that could be told, all
/// become zero, and so is the scale.
pub(super) fn quantise<'a, 'b>(
    rows: impl Iterator<Item = &'a [f32]> + Clone,
    whole: impl Iterator<Item = &'b mut [i16]>,
) -> f32 {
    // Without their sign numbers stand in the order of their bits, which are compared faster.
    let most = rows.clone().fold(0, |most, row| {
        row.iter().fold(most, |most: i32, x| most.max(x.abs().to_bits().cast_signed()))
    });
    let most = f32::from_bits(most.cast_unsigned());
    let by = MOST / most;
    let usable = most.is_finite() && by.is_finite();
    for (row, whole) in rows.zip(whole) {
        for (x, q) in row.iter().zip(whole) {
            // The lower half of the bits holds the whole number, as two's complement.
            *q = if usable { (x * by + ROUNDER).to_bits() as i16 } else { 0 };
        }
    }
    if usable { most / MOST } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like chance, the same each time.
    fn numbers(count: usize) -> impl Iterator<Item = u32> {
        let next = |seed: &u32| Some(seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        std::iter::successors(Some(7), next).skip(1).map(|seed| seed >> 16).take(count)
    }

    fn inputs(count: usize) -> Vec<i16> {
        numbers(count).map(|n| i16::try_from(n % 16_383).unwrap() - 8191).collect()
    }

    /// What the sums are, told one by one in 64 bits.
    fn slowly(inputs: &[i16], step: usize, weights: &[u8], wide: usize, rows: usize) -> Vec<i64> {
        let mut found = Vec::new();
        for row in 0..rows {
            for output in 0..weights.len() / wide {
                found.push((0..wide).fold(0, |sum, at| {
                    let weight = i64::from(weights[output * wide + at].cast_signed());
                    sum + weight * i64::from(inputs[row * step + at])
                }));
            }
        }
        found
    }

    fn check(inputs: &[i16], step: usize, weights: &[u8], wide: usize, rows: usize) {
        let wanted = slowly(inputs, step, weights, wide, rows);
        for (name, way) in
            [("chosen", sums as fn(&[i16], _, &[u8], _, &mut [i32])), ("plain", plain)]
        {
            let mut found = vec![-1; wanted.len()];
            way(inputs, step, weights, wide, &mut found);
            let found: Vec<i64> = found.into_iter().map(i64::from).collect();
            assert!(found == wanted, "{name}: {rows} rows, step {step}, {wide} wide");
        }
    }

    #[test]
    fn both_ways_reckon_what_a_slow_one_does() {
        for (wide, step) in [(16, 16), (256, 256), (512, 256), (768, 256), (1280, 256), (320, 0)] {
            for rows in [1, 2, 3, 7, 32, 33, 67] {
                let inputs = inputs(rows * step + wide);
                for outputs in [4, 12] {
                    let weights: Vec<u8> = numbers(outputs * wide).map(|n| n as u8).collect();
                    check(&inputs, step, &weights, wide, rows);
                }
            }
        }
        check(&[], 256, &[1; 64], 16, 0);
    }

    #[test]
    fn the_greatest_sum_fits() {
        for input in [-8192, 8191] {
            check(&[input; 1280], 256, &[0x80; 4 * 1280], 1280, 1);
        }
    }

    fn quantised(rows: &[&[f32]]) -> (f32, Vec<i16>) {
        let mut whole = vec![vec![-1; rows[0].len()]; rows.len()];
        let scale = quantise(rows.iter().copied(), whole.iter_mut().map(Vec::as_mut_slice));
        (scale, whole.concat())
    }

    #[test]
    fn all_rows_share_one_scale_and_halves_become_even() {
        let (scale, whole) = quantised(&[&[0.5, 1.5, -2.5], &[8191.0, -0.49, -1.5]]);
        assert_eq!((scale, whole), (1.0, vec![0, 2, -2, 8191, 0, -2]));
        let (scale, whole) = quantised(&[&[-2.0, 1.0]]);
        assert_eq!((scale, whole), (2.0 / 8191.0, vec![-8191, 4096]));
        let mut some = numbers(4_000).map(|n| (n as f32 - 32_000.0) / 777.0).collect::<Vec<_>>();
        some.push(-99.0);
        let (scale, whole) = quantised(&[&some]);
        assert_eq!(scale, 99.0 / 8191.0);
        for (x, q) in some.iter().zip(whole) {
            assert_eq!(f32::from(q), (x * (8191.0 / 99.0)).round_ties_even(), "{x}");
        }
    }

    #[test]
    fn what_has_no_scale_becomes_zero() {
        for x in [0.0, -0.0, 1e-40, f32::INFINITY, f32::NAN] {
            assert_eq!(quantised(&[&[x, 0.0]]), (0.0, vec![0, 0]), "{x}");
        }
    }
}
