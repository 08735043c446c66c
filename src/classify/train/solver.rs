//! Logistic regression by L-BFGS (Liu and Nocedal 1989) over sparse rows, in 64 bits and one order,
//! so that the same rows give the same weights on every machine.

use std::collections::VecDeque;

/// Rows of few numbers among many columns.
pub(crate) struct Matrix {
    /// How many columns there are.
    pub(crate) columns: usize,
    /// Where each row begins; one more, where the last ends.
    pub(crate) starts: Vec<usize>,
    /// The columns.
    pub(crate) at: Vec<u32>,
    /// The numbers there.
    pub(crate) values: Vec<f32>,
}

impl Matrix {
    fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.starts[row]..self.starts[row + 1];
        let values = self.values[range.clone()].iter().map(|value| f64::from(*value));
        self.at[range].iter().map(|at| *at as usize).zip(values)
    }

    fn dot(&self, row: usize, weights: &[f64]) -> f64 {
        self.row(row).map(|(at, value)| weights[at] * value).sum()
    }
}

/// An example: its row, what its sum begins with, whether it belongs to the class, what an error
/// there costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    pub(crate) row: usize,
    pub(crate) begin: f64,
    pub(crate) belongs: bool,
    pub(crate) cost: f64,
}

/// How many steps back the curvature is learned from.
const MEMORY: usize = 7;
/// The gradient counts as gone at this share of the first one.
const GONE: f64 = 2e-3;

/// The weights that make half their squared length plus the costs of all examples least, after at
/// most `steps` steps.
pub(crate) fn solve(matrix: &Matrix, examples: &[Example], steps: usize) -> Vec<f64> {
    let mut weights = vec![0.0; matrix.columns];
    let mut slope = vec![0.0; matrix.columns];
    let mut cost = look(matrix, examples, &weights, &mut slope);
    let first = dot(&slope, &slope).sqrt();
    let mut past: VecDeque<Step> = VecDeque::with_capacity(MEMORY);
    for _ in 0..steps {
        let way = way(&slope, &past);
        let falls = -dot(&slope, &way);
        let mut length = if past.is_empty() { 1.0 / first.max(1.0) } else { 1.0 };
        let mut next_slope = vec![0.0; matrix.columns];
        let next = loop {
            let next: Vec<f64> = weights.iter().zip(&way).map(|(w, d)| w - length * d).collect();
            let next_cost = look(matrix, examples, &next, &mut next_slope);
            // Armijo's rule; a step that small means that nothing is left to gain.
            if next_cost <= cost + 1e-4 * length * falls || length < 1e-9 {
                cost = next_cost;
                break next;
            }
            length *= 0.5;
        };
        let moved: Vec<f64> = next.iter().zip(&weights).map(|(a, b)| a - b).collect();
        let turned: Vec<f64> = next_slope.iter().zip(&slope).map(|(a, b)| a - b).collect();
        let bend = dot(&moved, &turned);
        if bend > 1e-12 {
            if past.len() == MEMORY {
                past.pop_front();
            }
            past.push_back(Step { moved, turned, bend });
        }
        weights = next;
        slope = next_slope;
        if dot(&slope, &slope).sqrt() <= GONE * first {
            break;
        }
    }
    weights
}

/// One step that was taken.
struct Step {
    moved: Vec<f64>,
    turned: Vec<f64>,
    bend: f64,
}

/// The slope, bent by what the last steps told of the curvature.
fn way(slope: &[f64], past: &VecDeque<Step>) -> Vec<f64> {
    let mut way = slope.to_vec();
    let mut parts = Vec::with_capacity(past.len());
    for step in past.iter().rev() {
        let part = dot(&step.moved, &way) / step.bend;
        add(&mut way, -part, &step.turned);
        parts.push(part);
    }
    if let Some(step) = past.back() {
        let unit = step.bend / dot(&step.turned, &step.turned);
        way.iter_mut().for_each(|number| *number *= unit);
    }
    for (step, part) in past.iter().zip(parts.into_iter().rev()) {
        let back = dot(&step.turned, &way) / step.bend;
        add(&mut way, part - back, &step.moved);
    }
    way
}

/// The cost of weights, and its slope there.
fn look(matrix: &Matrix, examples: &[Example], weights: &[f64], slope: &mut [f64]) -> f64 {
    slope.copy_from_slice(weights);
    let mut cost = 0.5 * dot(weights, weights);
    for example in examples {
        let sign = if example.belongs { 1.0 } else { -1.0 };
        let sum = (example.begin + matrix.dot(example.row, weights)) * sign;
        let small = libm::exp(-sum.abs());
        cost += example.cost * (libm::log1p(small) + (-sum).max(0.0));
        let wrong = if sum > 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) };
        let push = -example.cost * sign * wrong;
        for (at, value) in matrix.row(example.row) {
            slope[at] += push * value;
        }
    }
    cost
}

fn dot(one: &[f64], two: &[f64]) -> f64 {
    one.iter().zip(two).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], times: f64, what: &[f64]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_lie_where_the_slope_is_gone() {
        // Two columns; the second tells nothing.
        let matrix = Matrix {
            columns: 2,
            starts: vec![0, 2, 4, 6, 8],
            at: vec![0, 1, 0, 1, 0, 1, 0, 1],
            values: vec![1.0, 1.0, 0.8, -1.0, -1.0, 1.0, -0.6, -1.0],
        };
        let belongs = [true, true, false, false];
        let example = |row: usize| Example { row, begin: 0.0, belongs: belongs[row], cost: 10.0 };
        let examples: Vec<Example> = (0..4).map(example).collect();
        let weights = solve(&matrix, &examples, 100);
        assert!(weights[0] > 2.0 && weights[1].abs() < 0.7, "{weights:?}");
        let mut slope = vec![0.0; 2];
        look(&matrix, &examples, &weights, &mut slope);
        assert!(dot(&slope, &slope).sqrt() < 0.1, "{slope:?}");
        let again = solve(&matrix, &examples, 100);
        assert_eq!(weights, again);
    }
}
