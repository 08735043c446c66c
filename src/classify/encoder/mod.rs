//! The sentence encoder: turns a text into numbers that lie near each other for texts that mean
//! alike, in sixteen languages. Stage B weighs them.
//!
//! The weights are those of Google's Universal Sentence Encoder, multilingual, version 3
//! (Apache-2.0; Yang and others 2019), made smaller: the table of its pieces by a projection, all
//! weights as whole numbers of one byte. A text is cut into pieces, these look at their neighbours
//! through windows of two, three and five, and what they come to is averaged. Sums are whole
//! numbers, so every machine and build says the same.

mod file;
mod net;
mod pieces;
mod sums;
#[cfg(test)]
mod tests;

use net::Net;
use pieces::Pieces;
pub(crate) use sums::sums;

/// How many numbers a text has: of its pieces the mean (1,280) and the greatest (1,280), then what
/// the whole comes to, layer by layer (512, 320, 320, 512, 512).
pub const FEATURES: usize = 4736;
/// Of so many pieces the features are made, beginning and end included: what stands behind them
/// is not looked at.
pub const TOKENS: usize = 200;

/// Turns texts into features. It holds little but slices of its file; all threads may share it.
pub struct Encoder {
    pieces: Pieces,
    /// How many codes a piece has.
    rank: usize,
    /// A row of one byte a code: of what is no piece, of beginning and end, then of each piece.
    codes: &'static [u8],
    net: Net,
}

impl Encoder {
    /// The features of a text, 4,736 of them. Of the text the first 2,000 bytes count.
    pub fn features(&self, text: &str) -> Vec<f32> {
        let rows = self.pieces.rows(text, TOKENS);
        let mut codes = Vec::with_capacity(rows.len() * self.rank);
        for row in rows {
            let row = &self.codes[row as usize * self.rank..][..self.rank];
            codes.extend(row.iter().map(|code| i16::from(code.cast_signed())));
        }
        self.net.features(&codes)
    }
}
