//! The encoder's file: its pieces, their codes, the layers and the norms in a fixed order, little
//! end first. What is large stays where it is in the file.

use super::Encoder;
use super::net::Net;
use super::pieces::{FIRST, Pieces};

/// With what a file begins. The number rises when the order of its numbers or the way a text is
/// cut into pieces changes.
const MAGIC: &[u8] = b"ascolto encoder 1\n";
/// The most pieces: some more than the largest of the public encoders has.
const PIECES_LIMIT: usize = 200_000;
/// The most codes of a piece: twice what is needed.
const RANK_LIMIT: usize = 512;
/// A text's codes are taken as whole numbers sixteen at a time.
const RANK_STEP: usize = 16;

impl Encoder {
    /// Reads a file. Nothing of its tables is copied.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn read(file: &'static [u8]) -> Result<Encoder, String> {
        let rest = file.strip_prefix(MAGIC);
        let mut rest = Rest(rest.ok_or("this is no encoder's file of this version")?);
        let (count, rank) = (rest.count()?, rest.count()?);
        if count == 0 || count > PIECES_LIMIT {
            return Err(format!(
                "the encoder's file has {count} pieces; it must have 1 to {PIECES_LIMIT}"
            ));
        }
        if rank == 0 || rank > RANK_LIMIT || !rank.is_multiple_of(RANK_STEP) {
            return Err(format!(
                "the encoder's file has {rank} codes a piece; it must have a multiple of \
                 {RANK_STEP} up to {RANK_LIMIT}"
            ));
        }
        let unknown = rest.number()?;
        let pieces = rest.pieces(count)?;
        let (scores, _) = rest.take(4 * count)?.as_chunks::<4>();
        let pieces = Pieces::of(pieces, scores, unknown)?;
        let codes = rest.take((count + FIRST as usize) * rank)?;
        let net = Net::read(&mut rest, rank)?;
        if !rest.0.is_empty() {
            return Err(format!("the encoder's file has {} bytes too many", rest.0.len()));
        }
        Ok(Encoder { pieces, rank, codes, net })
    }
}

/// What is left to be read.
pub(super) struct Rest(&'static [u8]);

impl Rest {
    /// So many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> Result<&'static [u8], String> {
        let (first, rest) =
            self.0.split_at_checked(bytes).ok_or("the encoder's file is cut off")?;
        self.0 = rest;
        Ok(first)
    }

    /// A whole number of four bytes.
    fn count(&mut self) -> Result<usize, String> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().rev().fold(0, |count, byte| count << 8 | usize::from(*byte)))
    }

    /// A whole number that can only be this one.
    pub(super) fn must_be(&mut self, what: &str, wanted: usize) -> Result<(), String> {
        match self.count()? {
            found if found == wanted => Ok(()),
            found => Err(format!("the encoder's file has {found} {what}, not {wanted}")),
        }
    }

    /// A number.
    pub(super) fn number(&mut self) -> Result<f32, String> {
        let [number] = self.numbers(1)?[..] else {
            return Err("the encoder's file is cut off".to_owned());
        };
        Ok(number)
    }

    /// So many numbers.
    pub(super) fn numbers(&mut self, count: usize) -> Result<Vec<f32>, String> {
        let bytes = self.take(count * 4)?.as_chunks::<4>().0.iter();
        let numbers: Vec<f32> = bytes.map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(numbers)
        } else {
            Err("the encoder's file holds no number where one must stand".to_owned())
        }
    }

    /// So many pieces, the length of each before it.
    fn pieces(&mut self, count: usize) -> Result<&'static [u8], String> {
        let all = self.0;
        for _ in 0..count {
            let length = self.take(1)?.iter().map(|length| usize::from(*length)).sum();
            self.take(length)?;
        }
        Ok(&all[..all.len() - self.0.len()])
    }
}
