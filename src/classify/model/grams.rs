//! Cuts a folded text into the hashed pieces that the model weighs: pieces of words, words, pairs
//! of words, pairs with a gap between them, and the turns from one cue of the rules to the next.
//!
//! A word counts once however often it stands there, so that nobody shouts a verdict into being.
//! Pieces of words are those of `␣word␣`, so a beginning and an end differ from a middle.

use crate::classify::lexicon::Hit;
use crate::classify::normal::Normal;

/// The kinds of pieces, each with weights of its own.
pub(crate) const BLOCKS: usize = 5;
/// Pieces of two to five bytes of a word.
pub(crate) const PIECES: usize = 0;
/// Pieces of six and seven bytes.
pub(crate) const LONG: usize = 1;
/// Words, their first five bytes, and pairs of neighbours.
pub(crate) const WORDS: usize = 2;
/// Pairs of words with one to three others between them.
pub(crate) const SKIPS: usize = 3;
/// Cues of the rules in the order in which they stand: pairs of one with the next other one, and
/// with the one behind that.
pub(crate) const TURNS: usize = 4;

/// What a word's pieces are taken of at most, in bytes: the longest words that people write.
const WORD_BYTES: usize = 48;
/// Of so many words the pieces are taken: longer texts tell enough by their words, and their time
/// stays bounded.
const PIECED: usize = 64;
/// How far the second word of a pair with a gap may stand behind the first.
const SKIP: std::ops::RangeInclusive<usize> = 2..=4;
/// Stands before the first word and behind the last.
const BORDER: u32 = 0x5bd1_e995;

/// A text's pieces, as hashes whose upper bits choose a weight.
#[derive(Default)]
pub(crate) struct Grams {
    /// The hashes of each block.
    pub(crate) blocks: [Vec<u32>; BLOCKS],
    /// The words in their order.
    pub(crate) words: Vec<Word>,
}

/// A word, or a run of one sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// First byte in the folded text.
    pub(crate) start: u32,
    /// The byte after its last.
    pub(crate) end: u32,
    /// Where its pieces end in each block; they begin where those of the word before end.
    pub(crate) upto: [u32; BLOCKS],
}

impl Grams {
    /// The pieces of a folded text, and the turns of what the rules found in it.
    pub(crate) fn of(folded: &Normal, hits: &[Hit]) -> Grams {
        let mut grams = Grams::of_text(&folded.text);
        let turns = &mut grams.blocks[TURNS];
        let (mut far, mut before) = (BORDER, BORDER);
        for cue in hits.iter().map(|hit| u32::from(hit.cue)).chain([BORDER]) {
            if cue != before {
                turns.push(pair(before, cue, 3));
                turns.push(pair(far, cue, 4));
                (far, before) = (before, cue);
            }
        }
        grams
    }

    fn of_text(text: &str) -> Grams {
        let spans = spans(text);
        let mut grams = Grams {
            blocks: [
                Vec::with_capacity(text.len() * 4),
                Vec::with_capacity(text.len()),
                Vec::with_capacity(spans.len() * 3 + 1),
                Vec::with_capacity(spans.len() * 3),
                Vec::new(),
            ],
            words: Vec::with_capacity(spans.len()),
        };
        let mut seen = Seen::of(spans.len());
        let mut pieced = 0;
        let mut hashes = Vec::with_capacity(spans.len());
        for &(start, end, is_word) in &spans {
            let bytes = &text.as_bytes()[start..end];
            let hash = hash(bytes, 1);
            if seen.is_new(hash) {
                grams.blocks[WORDS].push(hash);
                if is_word && pieced < PIECED {
                    grams.pieces(bytes);
                    pieced += 1;
                }
            }
            let before = hashes.last().copied().unwrap_or(BORDER);
            grams.blocks[WORDS].push(pair(before, hash, 1));
            for gap in SKIP {
                if let Some(far) = hashes.len().checked_sub(gap) {
                    grams.blocks[SKIPS].push(pair(hashes[far], hash, 2));
                }
            }
            hashes.push(hash);
            grams.close(start, end);
        }
        let last = hashes.last().copied().unwrap_or(BORDER);
        grams.blocks[WORDS].push(pair(last, BORDER, 1));
        grams
    }

    /// Notes that a word's pieces are complete.
    fn close(&mut self, start: usize, end: usize) {
        // The judged text is cut far below 4 GiB, and so are its pieces.
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let upto = std::array::from_fn(|block| small(self.blocks[block].len()));
        self.words.push(Word { start: small(start), end: small(end), upto });
    }

    /// The pieces of one word.
    fn pieces(&mut self, word: &[u8]) {
        let word = &word[..word.len().min(WORD_BYTES)];
        let mut padded = [b' '; WORD_BYTES + 10];
        padded[1..=word.len()].copy_from_slice(word);
        let size = word.len() + 2;
        let blocks = self.blocks.get_disjoint_mut([PIECES, LONG]);
        let [pieces, long] = blocks.expect("they are two of the blocks");
        for at in 0..size - 1 {
            let eight = padded[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
            let left = size - at;
            // All of a place are written and those too many taken off again: how many fit differs
            // from place to place, and a copy of a fixed length is a single instruction.
            let upto = pieces.len() + left.min(5) - 1;
            pieces.extend_from_slice(&[2, 3, 4, 5].map(|n| piece(eight, n)));
            pieces.truncate(upto);
            if left > 5 {
                let upto = long.len() + left.min(7) - 5;
                long.extend_from_slice(&[6, 7].map(|n| piece(eight, n)));
                long.truncate(upto);
            }
        }
        self.blocks[WORDS].push(hash(&word[..word.len().min(5)], 2));
    }
}

/// The words and runs of one sign in a folded text, and which they are.
fn spans(text: &str) -> Vec<(usize, usize, bool)> {
    let mut found = Vec::with_capacity(text.len() / 4 + 1);
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let is_word = c.is_ascii_lowercase() || c.is_alphanumeric();
        let behind = at + c.len_utf8();
        let end = match c {
            ' ' => behind,
            _ if is_word => word_end(text, behind),
            _ => text.len() - text[behind..].trim_start_matches(c).len(),
        };
        if c != ' ' {
            found.push((at, end, is_word));
        }
        at = end;
    }
    found
}

/// Where the word ends that goes on at `at`, if it does.
fn word_end(text: &str, mut at: usize) -> usize {
    loop {
        match text.as_bytes().get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() => at += 1,
            Some(byte) if !byte.is_ascii() => match text[at..].chars().next() {
                Some(c) if c.is_alphanumeric() => at += c.len_utf8(),
                _ => return at,
            },
            _ => return at,
        }
    }
}

/// The first `n` of eight bytes as a hash.
fn piece(eight: u64, n: usize) -> u32 {
    let kept = eight & (u64::MAX >> (64 - 8 * n));
    mix(kept ^ (n as u64) << 58)
}

/// Two words beside each other or with a gap, as `sort` says.
fn pair(first: u32, second: u32, sort: u64) -> u32 {
    mix((u64::from(first) << 32 | u64::from(second)) ^ sort << 17)
}

/// The hash of a word. `sort` tells words from beginnings of words.
fn hash(bytes: &[u8], sort: u64) -> u32 {
    let mut sum = sort;
    for eight in bytes.chunks(8) {
        sum = (sum ^ number(eight)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum ^= sum >> 29;
    }
    mix(sum ^ (bytes.len() as u64) << 56)
}

/// At most eight bytes as a number, the first of them its lowest byte.
fn number(bytes: &[u8]) -> u64 {
    let half = |four: &[u8; 4]| u64::from(u32::from_le_bytes(*four));
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // Where both hold the same bytes, they say the same.
        (Some(first), Some(last)) => half(first) | half(last) << (8 * (bytes.len() - 4)),
        _ => bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}

/// Spreads 64 bits over 32, of which the upper ones are the best.
fn mix(bits: u64) -> u32 {
    let mut bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    (bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53) >> 32) as u32
}

/// Which words have been met, by their hashes.
struct Seen(Vec<u32>);

impl Seen {
    /// Room for so many.
    fn of(count: usize) -> Seen {
        Seen(vec![0; (count * 2 + 1).next_power_of_two()])
    }

    fn is_new(&mut self, hash: u32) -> bool {
        let hash = hash.max(1);
        let last = self.0.len() - 1;
        let mut at = hash as usize & last;
        while self.0[at] != 0 {
            if self.0[at] == hash {
                return false;
            }
            at = (at + 1) & last;
        }
        self.0[at] = hash;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::normal::normalise;

    fn words(text: &str) -> Vec<String> {
        let folded = normalise(text, false);
        let grams = Grams::of(&folded, &[]);
        let span = |w: &Word| folded.text[w.start as usize..w.end as usize].to_owned();
        grams.words.iter().map(span).collect()
    }

    #[test]
    fn words_and_runs_of_signs_are_told_apart() {
        assert_eq!(
            words("L'app è giù!!! 😡😡 ok?!"),
            ["l", "'", "app", "e", "giu", "!!", "😡😡", "ok", "?", "!"]
        );
        assert_eq!(words(""), [""; 0]);
        assert_eq!(words("Привет мир"), ["привет", "мир"]);
    }

    #[test]
    fn a_number_is_its_bytes_with_zeros_behind_them() {
        let bytes = *b"ascolto!";
        for length in 0..=8 {
            let mut padded = [0; 8];
            padded[..length].copy_from_slice(&bytes[..length]);
            assert_eq!(number(&bytes[..length]), u64::from_le_bytes(padded), "{length}");
        }
    }

    #[test]
    fn a_word_said_twice_counts_once() {
        let of = |text: &str| Grams::of_text(text).blocks.map(|b| b.len());
        let [pieces, long, ..] = of("pacco");
        // ␣pacco␣ has six pieces of two bytes, five of three, four of four, three of five.
        assert_eq!((pieces, long), (6 + 5 + 4 + 3, 2 + 1));
        assert_eq!(of("pacco pacco")[..2], [pieces, long]);
        let twice = Grams::of_text("pacco a pacco");
        assert_eq!(twice.words[2].upto[PIECES], twice.words[1].upto[PIECES]);
    }

    #[test]
    fn any_text_has_pieces_within_bounds() {
        for text in ["a".repeat(10_000), "я".repeat(10_000), "x ".repeat(5_000)] {
            let grams = Grams::of_text(&text);
            assert!(grams.blocks.iter().all(|block| block.len() <= text.len() * 5 + 1));
        }
    }
}
