//! `Phrases`: which of many phrases begin at a place of a text.

use std::collections::BTreeMap;
use std::ops::Range;

/// Phrases in the order of their bytes. Those that begin alike stand side by side, so the bytes of
/// a text narrow a range of them down to those that stand there. An automaton over the same
/// phrases takes several times their memory, and as long to build as a hundred texts to judge.
pub(super) struct Phrases {
    /// All of them, one after the other.
    text: Vec<u8>,
    /// Where each begins in `text`, and at last where the last one ends.
    starts: Vec<u32>,
    /// Those of a single byte, by that byte.
    singles: BTreeMap<u8, usize>,
    /// Which pairs of bytes begin a phrase, a bit each: most places of a text need no more.
    pairs: Vec<u64>,
    /// How many pairs stand before each word of `pairs`.
    before: Vec<u16>,
    /// By pair that begins a phrase: the phrases that it begins.
    begun: Vec<Range<usize>>,
}

impl Phrases {
    /// These phrases, in order and each once; an empty one begins nowhere.
    pub(super) fn of<'a>(sorted: impl Iterator<Item = &'a String>) -> Phrases {
        let (mut text, mut starts) = (Vec::new(), vec![0]);
        let (mut singles, mut of_pair) = (BTreeMap::new(), BTreeMap::<_, Range<usize>>::new());
        for (number, phrase) in sorted.enumerate() {
            match phrase.as_bytes() {
                [] => {}
                [one] => {
                    singles.insert(*one, number);
                }
                [one, two, ..] => {
                    let pair = (usize::from(*one) << 8) | usize::from(*two);
                    of_pair.entry(pair).or_insert(number..number).end = number + 1;
                }
            }
            text.extend_from_slice(phrase.as_bytes());
            // The phrase files are far below 4 GiB.
            starts.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        let mut pairs = vec![0_u64; 1 << 10];
        for pair in of_pair.keys() {
            pairs[pair >> 6] |= 1 << (pair & 63);
        }
        let mut sum = 0;
        let before = pairs.iter().map(|word| {
            let before = sum;
            sum += u16::try_from(word.count_ones()).unwrap_or(0);
            before
        });
        let before = before.collect();
        text.shrink_to_fit();
        starts.shrink_to_fit();
        Phrases { text, starts, singles, pairs, before, begun: of_pair.into_values().collect() }
    }

    /// Tells `each` of every phrase that begins exactly at `start`: its number and where it ends in
    /// `bytes`; shorter ones first.
    pub(super) fn at(&self, bytes: &[u8], start: usize, mut each: impl FnMut(usize, usize)) {
        let rest = &bytes[start..];
        let Some(one) = rest.first() else { return };
        if let Some(number) = self.singles.get(one) {
            each(*number, start + 1);
        }
        let Some(mut range) = rest.get(1).and_then(|two| self.begun_by(*one, *two)) else { return };
        let mut depth = 2;
        // All in the range begin with the first `depth` bytes of the rest.
        loop {
            if self.length(range.start) == depth {
                each(range.start, start + depth);
                range.start += 1;
            }
            let Some(next) = rest.get(depth) else { return };
            range.start = self.first(range.clone(), depth, |byte| byte >= *next);
            range.end = self.first(range.clone(), depth, |byte| byte > *next);
            if range.is_empty() {
                return;
            }
            depth += 1;
        }
    }

    /// The phrases that begin with two bytes.
    fn begun_by(&self, one: u8, two: u8) -> Option<Range<usize>> {
        let pair = (usize::from(one) << 8) | usize::from(two);
        let (word, bit) = (self.pairs[pair >> 6], 1_u64 << (pair & 63));
        if word & bit == 0 {
            return None;
        }
        let within = (word & (bit - 1)).count_ones() as usize;
        self.begun.get(usize::from(self.before[pair >> 6]) + within).cloned()
    }

    fn length(&self, number: usize) -> usize {
        (self.starts[number + 1] - self.starts[number]) as usize
    }

    /// The first of a range whose byte at `depth` is so; all of them are longer than that.
    fn first(&self, range: Range<usize>, depth: usize, is_so: impl Fn(u8) -> bool) -> usize {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_so(self.text[self.starts[middle] as usize + depth]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(phrases: &[&str], text: &str) -> Vec<(usize, String)> {
        let mut phrases: Vec<String> = phrases.iter().map(|p| (*p).to_owned()).collect();
        phrases.sort();
        phrases.dedup();
        let all = Phrases::of(phrases.iter());
        let mut found = Vec::new();
        for start in 0..text.len() {
            all.at(text.as_bytes(), start, |number, end| {
                assert_eq!(phrases[number].as_bytes(), &text.as_bytes()[start..end]);
                found.push((start, phrases[number].clone()));
            });
        }
        found
    }

    #[test]
    fn shorter_ones_come_first_and_nothing_begins_behind_the_end() {
        let phrases = ["non va", "non", "non va bene", "?", "??", "e", "vado"];
        let all = found(&phrases, "non va ben?");
        let said: Vec<_> = all.iter().map(|(at, phrase)| (*at, phrase.as_str())).collect();
        assert_eq!(said, [(0, "non"), (0, "non va"), (8, "e"), (10, "?")]);
        assert_eq!(found(&[], "non va"), []);
        assert_eq!(found(&phrases, ""), []);
    }

    proptest! {
        #[test]
        fn the_same_is_found_as_by_looking_for_each(
            phrases in prop::collection::vec("[ab?è]{2,5}|[?!]", 0..40),
            text in "[ab?è!]{0,30}",
        ) {
            let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
            let mut wanted = Vec::new();
            for start in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
                let mut here: Vec<&str> =
                    phrases.iter().copied().filter(|p| text[start..].starts_with(p)).collect();
                here.sort_by_key(|phrase| phrase.len());
                here.dedup();
                wanted.extend(here.into_iter().map(|phrase| (start, phrase.to_owned())));
            }
            prop_assert_eq!(found(&phrases, &text), wanted);
        }
    }
}
