//! `Chance`: numbers that look like chance and follow from a seed (SplitMix64, Steele, Lea and
//! Flood 2014).

/// The next number follows from this one.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// One of the first `count` numbers; 0 where there are none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        // The upper half of a product is spread as evenly as its factor.
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }
}
