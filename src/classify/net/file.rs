//! The network's file: a line of text, then its sizes and numbers in a fixed order, little end
//! first.

use super::{HEADS, Net, ROOM};
use crate::classify::model::{Rest, put};

/// With what a file begins. The number rises when the order of its numbers or the meaning of a
/// feature changes.
const MAGIC: &[u8] = b"ascolto net 1\n";

impl Net {
    /// The bytes of its file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for size in [self.inputs(), self.scales.len(), HEADS] {
            out.extend(u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
        }
        put(&mut out, &self.means);
        put(&mut out, &self.per_sd);
        out.extend(self.weights.iter().map(|weight| weight.cast_unsigned()));
        put(&mut out, &self.scales);
        put(&mut out, &self.begins);
        put(&mut out, self.out.as_flattened());
        put(&mut out, &self.ends);
        out
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(crate) fn read(file: &[u8]) -> Result<Net, String> {
        let rest = file.strip_prefix(MAGIC);
        let mut rest = Rest(rest.ok_or("this is no network file of this version; train one anew")?);
        let [inputs, hidden, heads] =
            [rest.take::<4>()?, rest.take()?, rest.take()?].map(|n| u32::from_le_bytes(n) as usize);
        if heads != HEADS {
            return Err(format!(
                "the network has {heads} heads and this program knows {HEADS}; train it anew"
            ));
        }
        if inputs == 0 || hidden == 0 {
            return Err("the network is empty; train it anew".to_owned());
        }
        let means = rest.numbers(inputs)?;
        let per_sd = rest.numbers(inputs)?;
        let weights = rest.weights(inputs.saturating_mul(hidden))?;
        let over = |row: &[i8]| row.iter().map(|w| u64::from(w.unsigned_abs())).sum::<u64>() > ROOM;
        if weights.chunks_exact(inputs).any(over) {
            return Err("the network's sums can leave 32 bits; train it anew".to_owned());
        }
        let scales = rest.numbers(hidden)?;
        let begins = rest.numbers(hidden)?;
        let out = rest.numbers(hidden.saturating_mul(HEADS))?;
        let out = out.as_chunks::<HEADS>().0.to_vec();
        let mut ends = [0.0; HEADS];
        ends.copy_from_slice(&rest.numbers(HEADS)?);
        if !rest.0.is_empty() {
            return Err(format!("the network file has {} bytes too many", rest.0.len()));
        }
        Ok(Net { means, per_sd, weights, scales, begins, out, ends })
    }
}
