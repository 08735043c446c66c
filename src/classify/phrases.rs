//! `Phrases`: which of many phrases begin at a place of a text.

use std::collections::BTreeMap;
use std::ops::Range;

/// Of at most so many phrases each is looked at.
const FEW: usize = 8;

/// Phrases in the order of their bytes. Those that begin alike stand side by side, so the bytes of
/// a text narrow a range of them down to those that stand there. An automaton over the same
/// phrases takes several times their memory, and as long to build as a hundred texts to judge.
pub(super) struct Phrases {
    /// All of them, one after the other.
    text: Vec<u8>,
    /// Where each begins in `text`, and at last where the last one ends.
    starts: Vec<u32>,
    /// By byte: the phrase that is this byte alone.
    singles: Vec<Option<usize>>,
    /// Which pairs of bytes begin a phrase, a bit each: most places of a text need no more.
    pairs: Vec<u64>,
    /// How many pairs stand before each word of `pairs`.
    before: Vec<u16>,
    /// By pair that begins a phrase: what it begins.
    begun: Vec<Begun>,
    /// The third bytes behind each pair, each with the first phrase that has it: they are few, and
    /// looked through faster than a range is halved.
    thirds: Vec<(u8, usize)>,
}

/// What a pair of bytes begins.
struct Begun {
    /// The phrases.
    phrases: Range<usize>,
    /// Their third bytes, as a range of `Phrases::thirds`.
    thirds: Range<usize>,
}

impl Phrases {
    /// These phrases, in order and each once; an empty one begins nowhere.
    pub(super) fn of<'a>(sorted: impl Iterator<Item = &'a String>) -> Phrases {
        let (mut text, mut starts) = (Vec::new(), vec![0]);
        let mut singles = vec![None; 1 << 8];
        let mut of_pair = BTreeMap::<usize, Begun>::new();
        let mut thirds: Vec<(u8, usize)> = Vec::new();
        for (number, phrase) in sorted.enumerate() {
            match phrase.as_bytes() {
                [] => {}
                [one] => singles[usize::from(*one)] = Some(number),
                [one, two, rest @ ..] => {
                    let pair = (usize::from(*one) << 8) | usize::from(*two);
                    let begun = of_pair.entry(pair).or_insert_with(|| Begun {
                        phrases: number..number,
                        thirds: thirds.len()..thirds.len(),
                    });
                    begun.phrases.end = number + 1;
                    let known = thirds[begun.thirds.clone()].last().map(|(byte, _)| *byte);
                    if let Some(third) = rest.first()
                        && known != Some(*third)
                    {
                        thirds.push((*third, number));
                        begun.thirds.end = thirds.len();
                    }
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
        thirds.shrink_to_fit();
        let begun = of_pair.into_values().collect();
        Phrases { text, starts, singles, pairs, before, begun, thirds }
    }

    /// Tells `each` of every phrase that begins exactly at `start`: its number and where it ends in
    /// `bytes`; shorter ones first.
    pub(super) fn at(&self, bytes: &[u8], start: usize, mut each: impl FnMut(usize, usize)) {
        let rest = &bytes[start..];
        let Some(one) = rest.first() else { return };
        if let Some(number) = self.singles[usize::from(*one)] {
            each(number, start + 1);
        }
        let Some(begun) = rest.get(1).and_then(|two| self.begun_by(*one, *two)) else { return };
        if self.length(begun.phrases.start) == 2 {
            each(begun.phrases.start, start + 2);
        }
        let thirds = &self.thirds[begun.thirds.clone()];
        let third = rest.get(2).and_then(|third| thirds.iter().position(|(byte, _)| byte == third));
        let Some(third) = third else { return };
        let end = thirds.get(third + 1).map_or(begun.phrases.end, |(_, first)| *first);
        let mut range = thirds[third].1..end;
        let mut depth = 3;
        // All in the range begin with the first `depth` bytes of the rest.
        loop {
            if self.length(range.start) == depth {
                each(range.start, start + depth);
                range.start += 1;
            }
            let Some(next) = rest.get(depth) else { return };
            if range.len() <= FEW {
                break;
            }
            range.start = self.first(range.clone(), depth, |byte| byte >= *next);
            range.end = self.first(range.clone(), depth, |byte| byte > *next);
            if range.is_empty() {
                return;
            }
            depth += 1;
        }
        let rest = &rest[depth..];
        for number in range {
            let phrase = self.starts[number] as usize + depth..self.starts[number + 1] as usize;
            let phrase = &self.text[phrase];
            // Neither is empty, and what is greater than the rest has greater ones behind it.
            if phrase[0] > rest[0] {
                return;
            }
            if phrase[0] == rest[0] && rest.starts_with(phrase) {
                each(number, start + depth + phrase.len());
            }
        }
    }

    /// What two bytes begin.
    fn begun_by(&self, one: u8, two: u8) -> Option<&Begun> {
        let pair = (usize::from(one) << 8) | usize::from(two);
        let (word, bit) = (self.pairs[pair >> 6], 1_u64 << (pair & 63));
        if word & bit == 0 {
            return None;
        }
        let within = (word & (bit - 1)).count_ones() as usize;
        self.begun.get(usize::from(self.before[pair >> 6]) + within)
    }

    fn length(&self, number: usize) -> usize {
        (self.starts[number + 1] - self.starts[number]) as usize
    }

    /// The first of a range whose byte at `depth` is so; all of them are longer than that.
    fn first(&self, range: Range<usize>, depth: usize, is_so: impl Fn(u8) -> bool) -> usize {
        let starts = &self.starts[range.clone()];
        let before = |start: &u32| !is_so(self.text[*start as usize + depth]);
        range.start + starts.partition_point(before)
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
            phrases in prop::collection::vec("[ab?è]{2,5}|[ab]{3,6}|[?!]", 0..80),
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
