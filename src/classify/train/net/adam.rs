//! AdamW: how far each weight goes along its slope (Kingma and Ba 2015; the decay apart from the
//! slope by Loshchilov and Hutter 2019).

/// How much of the slopes so far stays at each step.
const STAYS: f32 = 0.9;
/// How much of their squares stays.
const SQUARES_STAY: f32 = 0.999;
/// Keeps a division by a square root away from nothing.
const LEAST: f32 = 1e-8;
/// By this share of the rate each weight shrinks at each step.
const DECAY: f32 = 1e-2;
/// The share of the rate that is left at the end.
const LEFT: f64 = 0.05;

/// What the steps so far leave behind.
pub(super) struct Adam {
    /// The mean of the slopes.
    slopes: Vec<f32>,
    /// The mean of their squares.
    squares: Vec<f32>,
    rate: f64,
    steps: usize,
    /// How many steps were begun.
    begun: usize,
    /// What is left of the nothing that the means began with: `STAYS` to the power of `begun`.
    empty: [f64; 2],
    /// The present rate, and what makes up for that nothing in the two means.
    now: [f32; 3],
}

impl Adam {
    /// For so many weights and steps.
    pub(super) fn of(weights: usize, rate: f32, steps: usize) -> Adam {
        Adam {
            slopes: vec![0.0; weights],
            squares: vec![0.0; weights],
            rate: f64::from(rate),
            steps,
            begun: 0,
            empty: [1.0; 2],
            now: [0.0; 3],
        }
    }

    /// Begins a step.
    pub(super) fn begin(&mut self) {
        let over = self.begun as f64 / self.steps as f64;
        self.begun += 1;
        self.empty[0] *= f64::from(STAYS);
        self.empty[1] *= f64::from(SQUARES_STAY);
        let rate = self.rate * (1.0 - (1.0 - LEFT) * over);
        let fill = self.empty.map(|empty| 1.0 / (1.0 - empty));
        self.now = [rate, fill[0], fill[1]].map(|number| number as f32);
    }

    /// Takes this step with those weights that stand from `from` on.
    pub(super) fn step(&mut self, weights: &mut [f32], from: usize, slopes: &[f32]) {
        let [rate, fill, fill_squares] = self.now;
        let range = from..from + weights.len();
        let means = self.slopes[range.clone()].iter_mut().zip(&mut self.squares[range]);
        for ((weight, slope), (mean, square)) in weights.iter_mut().zip(slopes).zip(means) {
            *mean = STAYS * *mean + (1.0 - STAYS) * slope;
            *square = SQUARES_STAY * *square + (1.0 - SQUARES_STAY) * slope * slope;
            let way = *mean * fill / ((*square * fill_squares).sqrt() + LEAST);
            *weight -= rate * (way + DECAY * *weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_goes_the_whole_rate_and_the_last_a_twentieth() {
        let mut adam = Adam::of(4, 0.1, 1_000);
        let mut weights = [0.0_f32, 0.0];
        adam.begin();
        adam.step(&mut weights, 2, &[3.0, -0.002]);
        assert!((weights[0] + 0.1).abs() < 1e-4 && (weights[1] - 0.1).abs() < 1e-4, "{weights:?}");
        let mut before = weights;
        for _ in 1..1_000 {
            before = weights;
            adam.begin();
            adam.step(&mut weights, 2, &[3.0, -0.002]);
        }
        // The decay pulls a weight of a few tens back by some thousandths of its step.
        let last = before[0] - weights[0];
        let pulled = 0.005 * 0.01 * before[0];
        assert!((last - 0.005 - pulled).abs() < 1e-4, "{last}");
        assert_eq!(adam.slopes[..2], [0.0; 2]);
    }
}
