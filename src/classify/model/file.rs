//! The model's file: a head of text, then its numbers in a fixed order, little end first.

use super::bank::{Bank, Shape};
use super::grams::BLOCKS;
use super::{SHAPES, StageA};
use crate::domain::verdict::Lang;

/// With what a file begins. The number rises when the order of its numbers or the way a text is
/// cut into pieces changes.
const MAGIC: &[u8] = b"ascolto stage-a 1\n";
/// The longest name.
const NAME_LIMIT: usize = 60;

/// From a sum to a probability: `1 / (1 + exp(-(slope * sum + begin)))` (Platt 1999).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Platt {
    /// What a sum of 1 adds to the log odds.
    pub(crate) slope: f32,
    /// The log odds of a sum of 0.
    pub(crate) begin: f32,
}

impl Platt {
    /// The probability.
    pub(crate) fn share(self, sum: f32) -> f64 {
        // From a crate that is the same everywhere, where the standard one is the platform's.
        1.0 / (1.0 + libm::exp(-self.odds(sum)))
    }

    /// The log odds.
    pub(crate) fn odds(self, sum: f32) -> f64 {
        f64::from(self.slope) * f64::from(sum) + f64::from(self.begin)
    }
}

impl StageA {
    /// A model of its parts. `cues` is how many cues the table has.
    pub(crate) fn of(name: &str, banks: [Bank; 3], platt: [Platt; Lang::SERVED.len()]) -> StageA {
        let end = name.floor_char_boundary(NAME_LIMIT);
        StageA { name: name[..end].replace('\n', " "), banks, platt }
    }

    /// The bytes of its file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(self.name.as_bytes());
        out.push(b'\n');
        let cues = self.banks[0].cues.len() / SHAPES[0].heads;
        out.extend(u32::try_from(cues).unwrap_or(u32::MAX).to_le_bytes());
        for platt in &self.platt {
            put(&mut out, &[platt.slope, platt.begin]);
        }
        for bank in &self.banks {
            put(&mut out, &bank.begins);
            put(&mut out, &bank.cues);
            for block in 0..BLOCKS {
                put(&mut out, &bank.scales[block]);
                out.extend(bank.tables[block].iter().map(|weight| weight.cast_unsigned()));
            }
        }
        out
    }

    /// Reads the beginning of a file, and hands back what follows.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(crate) fn read_first(file: &[u8]) -> Result<(StageA, &[u8]), String> {
        let rest = file.strip_prefix(MAGIC);
        let rest = rest.ok_or("this is no model file of this version; train one anew")?;
        let end = rest.iter().take(NAME_LIMIT + 1).position(|byte| *byte == b'\n');
        let (name, rest) = rest.split_at(end.ok_or("the model's name has no end")?);
        let name = std::str::from_utf8(name).map_err(|_| "the model's name is no text")?;
        let mut rest = Rest(&rest[1..]);
        let cues = u32::from_le_bytes(rest.take::<4>()?) as usize;
        let mut platt = [Platt::default(); Lang::SERVED.len()];
        for of_language in &mut platt {
            *of_language = Platt { slope: rest.number()?, begin: rest.number()? };
        }
        let [first, second, third] = SHAPES;
        let banks = [rest.bank(first, cues)?, rest.bank(second, cues)?, rest.bank(third, cues)?];
        Ok((StageA { name: name.to_owned(), banks, platt }, rest.0))
    }

    /// How many cues it was trained with.
    pub(crate) fn cues(&self) -> usize {
        self.banks[0].cues.len() / SHAPES[0].heads
    }
}

/// Writes numbers.
pub(crate) fn put(out: &mut Vec<u8>, numbers: &[f32]) {
    for number in numbers {
        out.extend(number.to_le_bytes());
    }
}

/// What is left to be read.
pub(crate) struct Rest<'a>(pub(crate) &'a [u8]);

impl Rest<'_> {
    /// The next bytes.
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or("the model file is cut off")?;
        self.0 = rest;
        Ok(*first)
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> Result<f32, String> {
        let number = f32::from_le_bytes(self.take()?);
        if number.is_finite() { Ok(number) } else { Err("the model holds no number".to_owned()) }
    }

    /// The next numbers.
    pub(crate) fn numbers(&mut self, count: usize) -> Result<Vec<f32>, String> {
        if count > self.0.len() {
            return Err("the model file is cut off".to_owned());
        }
        (0..count).map(|_| self.number()).collect()
    }

    /// The next weights.
    pub(crate) fn weights(&mut self, count: usize) -> Result<Vec<i8>, String> {
        let (first, rest) = self.0.split_at_checked(count).ok_or("the model file is cut off")?;
        self.0 = rest;
        Ok(first.iter().map(|byte| byte.cast_signed()).collect())
    }

    fn bank(&mut self, shape: Shape, cues: usize) -> Result<Bank, String> {
        let begins = self.numbers(shape.heads)?;
        let cues = self.numbers(shape.heads.saturating_mul(cues))?;
        let (mut scales, mut tables) =
            ([const { Vec::new() }; BLOCKS], [const { Vec::new() }; BLOCKS]);
        for block in 0..BLOCKS {
            scales[block] = self.numbers(shape.heads)?;
            tables[block] = self.weights(shape.rows(block) * shape.heads)?;
        }
        Ok(Bank { shape, tables, scales, cues, begins })
    }
}

impl Shape {
    /// How many rows the table of a block has.
    pub(crate) fn rows(&self, block: usize) -> usize {
        match self.bits[block] {
            0 => 0,
            bits => 1 << bits,
        }
    }
}
