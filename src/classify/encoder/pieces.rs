//! `Pieces`: cuts a text into the pieces that the encoder knows, the likeliest way (a unigram
//! language model, Kudo 2018).

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Stands before each word.
const MARK: &str = "\u{2581}";
/// The longest text that is cut into pieces, in bytes; what is over tells no more.
const CUT_LIMIT: usize = 2_000;
/// Row of the table for what is no piece.
pub(super) const UNKNOWN: u32 = 0;
/// Row of the table with which each text begins.
pub(super) const BEGIN: u32 = 1;
/// Row of the table with which each text ends.
pub(super) const END: u32 = 2;
/// Row of the table of the first piece.
pub(super) const FIRST: u32 = 3;

/// Pieces in the order of their bytes. Those that begin alike stand side by side, so the bytes of
/// a text narrow a range of them down to those that stand there, as with phrases.
pub(super) struct Pieces {
    /// Them all as they stand in the file: the length of each in a byte, then its bytes.
    text: &'static [u8],
    /// Where each begins in `text`, behind its length.
    starts: Vec<u32>,
    /// The score of each, four bytes of the file.
    scores: &'static [[u8; 4]],
    /// The score of a character that is no piece.
    unknown: f64,
    /// Those that begin with a byte.
    begun: Vec<Range<usize>>,
    /// Those that begin with a mark and a byte behind it: half of all begin with a mark.
    marked: Vec<Range<usize>>,
    /// The mark alone.
    mark: Option<usize>,
}

/// The best way to a place of a text.
#[derive(Clone, Copy)]
struct Way {
    score: f64,
    /// Where its last piece begins.
    from: u32,
    /// The row of its last piece.
    row: u32,
}

impl Pieces {
    /// The pieces of a file: `text` as [`Pieces::text`], of `count` pieces and no byte more.
    ///
    /// # Errors
    /// What is wrong with them, for a person.
    pub(super) fn of(
        text: &'static [u8],
        scores: &'static [[u8; 4]],
        unknown: f32,
    ) -> Result<Pieces, String> {
        let mut starts = Vec::with_capacity(scores.len());
        let (mut begun, mut marked) = (vec![0..0; 256], vec![0..0; 256]);
        let (mut mark, mut before, mut at) = (None, &[][..], 0);
        for (place, score) in scores.iter().enumerate() {
            let wrong = |what: &str| format!("piece {place} of the encoder's file {what}");
            let length = text.get(at).copied().map_or(0, usize::from);
            let piece = text.get(at + 1..at + 1 + length).ok_or_else(|| wrong("is cut off"))?;
            let Some(first) = piece.first() else { return Err(wrong("is empty")) };
            if std::str::from_utf8(piece).is_err() {
                return Err(wrong("is no text"));
            }
            if piece <= before {
                return Err(wrong("is not behind the one before it in the order of their bytes"));
            }
            if !f32::from_le_bytes(*score).is_finite() {
                return Err(wrong("has no score"));
            }
            let note = |range: &mut Range<usize>| {
                let start = if range.end == 0 { place } else { range.start };
                *range = start..place + 1;
            };
            note(&mut begun[usize::from(*first)]);
            match piece.strip_prefix(MARK.as_bytes()) {
                Some([]) => mark = Some(place),
                Some([next, ..]) => note(&mut marked[usize::from(*next)]),
                None => {}
            }
            // The reader takes no file with more pieces than fit.
            starts.push(u32::try_from(at + 1).map_err(|_| wrong("stands too far behind"))?);
            (before, at) = (piece, at + 1 + length);
        }
        Ok(Pieces { text, starts, scores, unknown: unknown.into(), begun, marked, mark })
    }

    /// The rows of a text: of its beginning, its pieces and its end, `most` at most. A text of
    /// nothing is unknown.
    pub(super) fn rows(&self, text: &str, most: usize) -> Vec<u32> {
        let text = normalise(text);
        let ways = self.ways(&text);
        let mut rows = vec![END];
        let mut at = text.len();
        while at > 0 {
            rows.push(ways[at].row);
            at = ways[at].from as usize;
        }
        if text.is_empty() {
            rows.push(UNKNOWN);
        }
        rows.push(BEGIN);
        rows.reverse();
        if rows.len() > most {
            rows.truncate(most - 1);
            rows.push(END);
        }
        rows
    }

    /// The best way to each place of a text. Of ways as good as each other it is the one whose last
    /// piece begins first.
    fn ways(&self, text: &str) -> Vec<Way> {
        let nowhere = Way { score: f64::NEG_INFINITY, from: 0, row: UNKNOWN };
        let mut ways = vec![nowhere; text.len() + 1];
        ways[0].score = 0.0;
        for (at, c) in text.char_indices() {
            let score = ways[at].score;
            // A text is cut at some kilobytes.
            let from = u32::try_from(at).unwrap_or(u32::MAX);
            let mut reach = |length: usize, score: f64, row: u32| {
                let way = &mut ways[at + length];
                if score > way.score {
                    *way = Way { score, from, row };
                }
            };
            let mut alone = false;
            self.at(&text.as_bytes()[at..], |place, length| {
                alone |= length == c.len_utf8();
                let row = FIRST + u32::try_from(place).unwrap_or(0);
                reach(length, score + f64::from(f32::from_le_bytes(self.scores[place])), row);
            });
            if !alone {
                reach(c.len_utf8(), score + self.unknown, UNKNOWN);
            }
        }
        ways
    }

    /// Tells `each` of every piece with which `bytes` begin: its place and its length; shorter ones
    /// first.
    fn at(&self, bytes: &[u8], mut each: impl FnMut(usize, usize)) {
        let (mut range, mut depth) = match bytes.strip_prefix(MARK.as_bytes()) {
            Some(rest) => {
                if let Some(place) = self.mark {
                    each(place, MARK.len());
                }
                let Some(next) = rest.first() else { return };
                (self.marked[usize::from(*next)].clone(), MARK.len() + 1)
            }
            None => {
                let Some(first) = bytes.first() else { return };
                (self.begun[usize::from(*first)].clone(), 1)
            }
        };
        // All in the range begin with the first `depth` bytes.
        while !range.is_empty() {
            if self.length(range.start) == depth {
                each(range.start, depth);
                range.start += 1;
            }
            let Some(next) = bytes.get(depth) else { return };
            range.start = self.first(range.clone(), depth, |byte| byte >= *next);
            range.end = self.first(range.clone(), depth, |byte| byte > *next);
            depth += 1;
        }
    }

    fn length(&self, place: usize) -> usize {
        usize::from(self.text[self.starts[place] as usize - 1])
    }

    /// The first of a range whose byte at `depth` is so; all of them are longer than that.
    fn first(&self, range: Range<usize>, depth: usize, is_so: impl Fn(u8) -> bool) -> usize {
        let starts = &self.starts[range.clone()];
        let before = |start: &u32| !is_so(self.text[*start as usize + depth]);
        range.start + starts.partition_point(before)
    }
}

/// The text in the form of the pieces: compatibility forms (NFKC) without invisible signs, a mark
/// before each word and nothing between them.
fn normalise(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(CUT_LIMIT)];
    let mut out = String::with_capacity(text.len() + text.len() / 2 + MARK.len());
    let mut fresh = true;
    for c in text.nfkc().filter(|c| !is_format(*c)) {
        if c.is_whitespace() || c.is_control() {
            fresh = true;
            continue;
        }
        if fresh {
            out.push_str(MARK);
            fresh = false;
        }
        out.push(c);
    }
    out
}

/// Unicode's category Cf: zero-width signs, those that turn the direction, soft hyphens, tags.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}'
        | '\u{890}'..='\u{891}' | '\u{8E2}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
        | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0001}' | '\u{E0020}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The rows of a text that is normalised, found by trying every piece at every place.
    fn slowly(pieces: &BTreeMap<String, f32>, text: &str) -> Vec<u32> {
        let mut ways = vec![(f64::NEG_INFINITY, Vec::new()); text.len() + 1];
        ways[0] = (0.0, vec![BEGIN]);
        for (at, c) in text.char_indices() {
            let rest = &text[at..];
            let known =
                pieces.iter().zip(FIRST..).filter(|((piece, _), _)| rest.starts_with(*piece));
            let mut steps: Vec<_> =
                known.map(|((piece, score), row)| (piece.len(), *score, row)).collect();
            if steps.iter().all(|(length, ..)| *length != c.len_utf8()) {
                steps.push((c.len_utf8(), -9.0, UNKNOWN));
            }
            for (length, score, row) in steps {
                let score = ways[at].0 + f64::from(score);
                if score > ways[at + length].0 {
                    let rows = [&ways[at].1[..], &[row]].concat();
                    ways[at + length] = (score, rows);
                }
            }
        }
        let mut rows = ways.swap_remove(text.len()).1;
        rows.extend(text.is_empty().then_some(UNKNOWN));
        rows.push(END);
        rows
    }

    proptest! {
        #[test]
        fn the_same_pieces_are_found_as_by_trying_each(
            pieces in prop::collection::btree_map("\u{2581}?[abè]{1,4}|\u{2581}", -12_i8..0, 1..40),
            text in "[abèx ]{0,20}",
        ) {
            let pieces: BTreeMap<String, f32> =
                pieces.into_iter().map(|(piece, score)| (piece, score.into())).collect();
            let (mut bytes, mut scores) = (Vec::new(), Vec::new());
            for (piece, score) in &pieces {
                bytes.push(u8::try_from(piece.len()).unwrap());
                bytes.extend(piece.as_bytes());
                scores.push(score.to_le_bytes());
            }
            let known = Pieces::of(bytes.leak(), scores.leak(), -9.0).unwrap();
            prop_assert_eq!(known.rows(&text, 99), slowly(&pieces, &normalise(&text)));
        }
    }
}
