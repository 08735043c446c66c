//! `Chance`: numbers that look like chance and follow from a seed (SplitMix64, Steele, Lea and
//! Flood 2014).

/// The next number follows from this one.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// One of the first `count` numbers; 0 where there are none.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        // The upper half of a product is spread as evenly as its factor.
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// A number around 0 whose square is 1 on average, nearly normal: twelve even ones added up.
    pub(crate) fn normal(&mut self) -> f32 {
        // Of each draw of 64 bits four numbers of 16; the halves make their middle exactly 0.
        let mut sum = 0_u64;
        for _ in 0..3 {
            let bits = self.bits();
            sum += (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum::<u64>();
        }
        ((sum as f64 + 6.0) / 65_536.0 - 6.0) as f32
    }

    /// Puts numbers into an order of chance (Durstenfeld 1964).
    pub(crate) fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_lie_around_nothing_and_an_order_holds_each_number() {
        let mut chance = Chance(5);
        let drawn: Vec<f64> = (0..20_000).map(|_| f64::from(chance.normal())).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let square = drawn.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (square - 1.0).abs() < 0.04, "{mean} {square}");
        assert!(drawn.iter().any(|x| *x > 2.5) && drawn.iter().any(|x| *x < -2.5));

        let mut order: Vec<usize> = (0..100).collect();
        chance.shuffle(&mut order);
        let moved = order.iter().enumerate().filter(|(at, number)| at != *number).count();
        assert!(moved > 80, "{order:?}");
        order.sort_unstable();
        assert!(order.iter().enumerate().all(|(at, number)| at == *number));
    }
}
