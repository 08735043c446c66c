//! `Net`: from the codes of a text's pieces to its features. Sums are whole numbers; what stands
//! between them is reckoned with 32 bits in one fixed order, so a text has the same features in
//! every build.

use super::FEATURES;
use super::file::Rest;
use super::sums::{quantise, sums};

/// How many numbers say what a piece means by itself.
const MEANING: usize = 512;
/// How many say what it means in one of the [`WINDOWS`].
const WIDTH: usize = 256;
/// How windows look at pieces: so many at once, and so many of them before the piece that is meant.
const WINDOWS: [(usize, usize); 3] = [(2, 0), (3, 1), (5, 2)];
/// How many numbers go into the windows.
const PROJECTED: usize = WINDOWS.len() * WIDTH;
/// How many numbers a piece has in the end.
const ALL: usize = MEANING + PROJECTED;
/// How many numbers the whole text has at first and at last.
const WHOLE: usize = 512;
/// How many it has in between.
const NARROW: usize = 320;

// A feature is each number that a caller may weigh.
const _: () = assert!(2 * ALL + 3 * WHOLE + 2 * NARROW == FEATURES);

/// The weights between some inputs and some outputs.
struct Layer {
    inputs: usize,
    /// A row of one byte an input for each output.
    weights: &'static [u8],
    /// By output: what a weight of 1 is worth.
    scales: Vec<f32>,
    /// By output: what it begins with.
    begins: Vec<f32>,
}

impl Layer {
    /// The next layer of a file. Inputs come by sixteens and outputs by fours, as the sums want it.
    fn read(rest: &mut Rest, inputs: usize, outputs: usize) -> Result<Layer, String> {
        rest.must_be("inputs of a layer", inputs)?;
        rest.must_be("outputs of a layer", outputs)?;
        Ok(Layer {
            inputs,
            weights: rest.take(inputs * outputs)?,
            scales: rest.numbers(outputs)?,
            begins: rest.numbers(outputs)?,
        })
    }

    /// The outputs of each window of whole inputs that are worth `scale` a 1; the next window
    /// begins `step` inputs further. What an output begins with counts `times`.
    fn outputs(&self, inputs: &[i16], step: usize, scale: f32, times: f32) -> Vec<f32> {
        let windows = (inputs.len() - self.inputs) / step + 1;
        let mut whole = vec![0; windows * self.scales.len()];
        sums(inputs, step, self.weights, self.inputs, &mut whole);
        let mut outputs = Vec::with_capacity(whole.len());
        for row in whole.chunks_exact(self.scales.len()) {
            let each = row.iter().zip(&self.scales).zip(&self.begins);
            outputs.extend(
                each.map(|((sum, worth), begin)| *sum as f32 * (scale * worth) + times * begin),
            );
        }
        outputs
    }

    /// The outputs of one row of inputs.
    fn of(&self, inputs: &[f32], times: f32) -> Vec<f32> {
        let mut whole = vec![0; inputs.len()];
        let scale = quantise([inputs].into_iter(), [&mut whole[..]].into_iter());
        self.outputs(&whole, inputs.len(), scale, times)
    }
}

/// Brings rows of numbers to one mean and one spread (layer normalisation, Ba and others 2016).
struct Norm {
    spread: Vec<f32>,
    mean: Vec<f32>,
}

impl Norm {
    fn read(rest: &mut Rest, width: usize) -> Result<Norm, String> {
        rest.must_be("numbers of a norm", width)?;
        Ok(Norm { spread: rest.numbers(width)?, mean: rest.numbers(width)? })
    }

    /// Brings each row to it. `least` keeps a row of equal numbers from a division by zero.
    fn bring(&self, rows: &mut [f32], least: f32) {
        let width = self.spread.len() as f32;
        for row in rows.chunks_exact_mut(self.spread.len()) {
            let mean = total(row, |x| x) / width;
            let spread = total(row, |x| (x - mean) * (x - mean)) / width;
            let by = 1.0 / (spread + least).sqrt();
            for ((x, spread), begin) in row.iter_mut().zip(&self.spread).zip(&self.mean) {
                *x = (*x - mean) * by * spread + begin;
            }
        }
    }
}

/// The sum over a row of a multiple of eight, as eight sums that a processor makes side by side:
/// the order is the same with any.
fn total(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut parts = [0.0; 8];
    for eight in row.as_chunks::<8>().0 {
        for (part, x) in parts.iter_mut().zip(eight) {
            *part += of(*x);
        }
    }
    parts.iter().fold(0.0, |sum, part| sum + part)
}

/// All layers.
pub(super) struct Net {
    meaning: Layer,
    project: Layer,
    /// By window: the first look and the second.
    looks: [[Layer; 2]; WINDOWS.len()],
    whole: Layer,
    /// The last ones, in the order of the file: into the first narrow row, past it into the
    /// second, from the first into the second, into the wide row, past it into the last, from the
    /// wide row into the last.
    last: [Layer; 6],
    projected_norm: Norm,
    all_norm: Norm,
    least: f32,
}

impl Net {
    /// The layers of a file. `rank` is how many codes a piece has.
    pub(super) fn read(rest: &mut Rest, rank: usize) -> Result<Net, String> {
        let meaning = Layer::read(rest, rank, MEANING)?;
        let project = Layer::read(rest, rank, PROJECTED)?;
        let mut look = |wide: usize| -> Result<[Layer; 2], String> {
            let inputs = wide * WIDTH;
            Ok([Layer::read(rest, inputs, WIDTH)?, Layer::read(rest, inputs, WIDTH)?])
        };
        let looks = [look(WINDOWS[0].0)?, look(WINDOWS[1].0)?, look(WINDOWS[2].0)?];
        let whole = Layer::read(rest, ALL, WHOLE)?;
        let last = [
            Layer::read(rest, WHOLE, NARROW)?,
            Layer::read(rest, WHOLE, NARROW)?,
            Layer::read(rest, NARROW, NARROW)?,
            Layer::read(rest, NARROW, WHOLE)?,
            Layer::read(rest, NARROW, WHOLE)?,
            Layer::read(rest, WHOLE, WHOLE)?,
        ];
        let projected_norm = Norm::read(rest, PROJECTED)?;
        let all_norm = Norm::read(rest, ALL)?;
        let least = rest.number()?;
        if least <= 0.0 {
            return Err("the encoder's file ends with a number that is not above zero".to_owned());
        }
        Ok(Net { meaning, project, looks, whole, last, projected_norm, all_norm, least })
    }

    /// The features of a text: of `codes`, as many a piece as a layer has inputs, of one piece at
    /// least.
    pub(super) fn features(&self, codes: &[i16]) -> Vec<f32> {
        let pieces = self.look(codes);
        let count = (pieces.len() / ALL) as f32;
        let mut sum = vec![0.0; ALL];
        let mut most = vec![f32::NEG_INFINITY; ALL];
        for piece in pieces.chunks_exact(ALL) {
            for ((x, sum), most) in piece.iter().zip(&mut sum).zip(&mut most) {
                *sum += x;
                *most = if *x > *most { *x } else { *most };
            }
        }
        let mean: Vec<f32> = sum.into_iter().map(|sum| sum / count).collect();
        let root = count.sqrt();
        let scaled: Vec<f32> = mean.iter().map(|x| x * root).collect();
        let whole = self.whole.of(&scaled, root);
        let [into_first, past_first, into_second, into_wide, past_wide, into_last] = &self.last;
        let first = positive(into_first.of(&whole, 1.0));
        let second = positive(added(past_first.of(&whole, 1.0), &into_second.of(&first, 1.0)));
        let wide = positive(into_wide.of(&second, 1.0));
        let last = added(past_wide.of(&second, 1.0), &into_last.of(&wide, 1.0));
        [mean, most, whole, first, second, wide, last].concat()
    }

    /// What each piece means by itself and among its neighbours.
    fn look(&self, codes: &[i16]) -> Vec<f32> {
        let rank = self.meaning.inputs;
        let count = codes.len() / rank;
        let meaning = self.meaning.outputs(codes, rank, 1.0, 1.0);
        let mut projected = self.project.outputs(codes, rank, 1.0, 1.0);
        self.projected_norm.bring(&mut projected, self.least);
        let mut all = vec![0.0; count * ALL];
        for (all, meaning) in all.chunks_exact_mut(ALL).zip(meaning.chunks_exact(MEANING)) {
            all[..MEANING].copy_from_slice(meaning);
        }
        for (window, (looks, (wide, before))) in self.looks.iter().zip(WINDOWS).enumerate() {
            // Rows of zeros stand for what is before the text and behind it, so that a window is
            // one piece of memory.
            let mut whole = vec![0; (count + wide - 1) * WIDTH];
            let text = before * WIDTH..(before + count) * WIDTH;
            let at = window * WIDTH;
            let rows = projected.chunks_exact(PROJECTED).map(|row| &row[at..at + WIDTH]);
            let scale = quantise(rows.clone(), whole[text.clone()].chunks_exact_mut(WIDTH));
            let mut seen = looks[0].outputs(&whole, WIDTH, scale, 1.0);
            for (seen, row) in seen.chunks_exact_mut(WIDTH).zip(rows) {
                for (x, before) in seen.iter_mut().zip(row) {
                    *x = x.max(0.0) + before;
                }
            }
            let rows = seen.chunks_exact(WIDTH);
            let scale = quantise(rows.clone(), whole[text].chunks_exact_mut(WIDTH));
            let again = looks[1].outputs(&whole, WIDTH, scale, 1.0);
            let at = MEANING + at;
            let found = all.chunks_exact_mut(ALL).map(|all| &mut all[at..at + WIDTH]);
            for ((found, again), seen) in found.zip(again.chunks_exact(WIDTH)).zip(rows) {
                for ((found, x), before) in found.iter_mut().zip(again).zip(seen) {
                    *found = x.max(0.0) + before;
                }
            }
        }
        self.all_norm.bring(&mut all, self.least);
        all
    }
}

/// What is below zero becomes zero.
fn positive(mut row: Vec<f32>) -> Vec<f32> {
    row.iter_mut().for_each(|x| *x = x.max(0.0));
    row
}

/// The sum of two rows.
fn added(mut row: Vec<f32>, other: &[f32]) -> Vec<f32> {
    row.iter_mut().zip(other).for_each(|(x, other)| *x += other);
    row
}
