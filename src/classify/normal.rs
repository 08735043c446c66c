//! Folds a text into the form in which phrases are looked up, and finds the way back to the words
//! as they were written.
//!
//! Folded are: compatibility forms (NFKC), case, diacritics, apostrophes, white space, numbers (all
//! become `0`), runs of one character (three or more become two), addresses and handles (they name,
//! they say nothing), hashtags (cut at capitals). Disguises are undone: characters that nobody sees
//! vanish, so do tags, bold marks and the signs between the letters of spread words, entities become
//! what they stand for, and letters of other scripts or in another dress become the Latin ones that
//! they look like, those of other scripts among Latin ones only.

use super::disguise::{Dress, between, is_bold_mark, letter_alone};
use super::look_alikes::{enclosed, look_alike};
use super::markup;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// A folded text with, for each of its bytes, where the character behind it begins in the original.
pub(crate) struct Normal {
    /// The folded text.
    pub(crate) text: String,
    /// Byte of the folded text to byte of the original.
    back: Vec<u32>,
    /// German and the other languages fold it differently: it has an `ä`, `ö` or `ü`.
    pub(crate) umlauts: bool,
}

impl Normal {
    /// The original words behind a span of the folded text.
    pub(crate) fn written<'a>(&self, original: &'a str, start: usize, end: usize) -> &'a str {
        let (Some(from), Some(last)) = (self.back.get(start), self.back.get(end.wrapping_sub(1)))
        else {
            return "";
        };
        let last = *last as usize;
        let tail = original.get(last..).unwrap_or("");
        let entity = markup::read(tail).filter(|(_, c)| c.is_some()).map(|(length, _)| length);
        let one = || tail.chars().next().map_or(0, char::len_utf8);
        let to = last + entity.unwrap_or_else(one);
        original.get(*from as usize..to).unwrap_or("")
    }
}

/// Folds `text`. In German `ä`, `ö`, `ü` become `ae`, `oe`, `ue`, as people type them without the
/// keys, so that `schön` and `schon` stay two words; elsewhere every mark is dropped.
pub(crate) fn normalise(text: &str, german: bool) -> Normal {
    let mut fold = Fold {
        out: String::with_capacity(text.len() + 8),
        back: Vec::with_capacity(text.len() + 8),
        german,
        umlauts: false,
        last: [' '; 2],
    };
    let dress = Dress::of(text);
    let bytes = text.as_bytes();
    let mut next = 0;
    let mut before = ' ';
    let mut hashtag = false;
    // The letter before has none beside it.
    let mut alone = false;
    let mut word = Word::default();
    while let Some(byte) = bytes.get(next) {
        let at = next;
        // Most of what people write, and nothing below has anything to say about it. An `h` or `w`
        // may begin an address.
        if byte.is_ascii_lowercase()
            && (!matches!(byte, b'h' | b'w') || before.is_ascii_alphanumeric())
        {
            alone = !before.is_alphanumeric();
            before = char::from(*byte);
            next += 1;
            fold.push_ascii(before, at);
            continue;
        }
        if *byte == b' ' && !(alone && dress.spread.is_some()) {
            (before, hashtag, alone) = (' ', false, false);
            next += 1;
            fold.push(' ', at);
            continue;
        }
        let Some(mut c) = text[at..].chars().next() else { break };
        next += c.len_utf8();
        if matches!(c, '&' | '<')
            && let Some((length, means)) = markup::read(&text[at..])
        {
            next = at + length;
            let Some(means) = means else { continue };
            c = means;
        }
        if c == '*' && dress.bold && is_bold_mark(text, at) {
            next += 1;
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        if c >= '\u{300}' && is_combining_mark(c) {
            // A mark ends no word.
            fold.part(c, at);
            continue;
        }
        let fresh = !before.is_alphanumeric();
        if alone && dress.spread == Some(between(c)) && letter_alone(&text[next..]) {
            before = ' ';
            continue;
        }
        alone = fresh && c.is_alphabetic();
        if fresh && (c == 'h' || c == 'H' || c == 'w' || c == 'W') && is_address(&text[at..]) {
            next = end_of(text, next, |c| !c.is_whitespace());
            fold.push(' ', at);
            before = ' ';
            continue;
        }
        if fresh && c == '@' {
            next = end_of(text, next, is_handle);
            for sign in [' ', '@', ' '] {
                fold.push(sign, at);
            }
            before = ' ';
            continue;
        }
        if c.is_alphanumeric() {
            if hashtag && c.is_uppercase() && before.is_lowercase() {
                fold.push(' ', at);
            }
        } else {
            hashtag = fresh && c == '#';
        }
        let latin = enclosed(c).or_else(|| {
            let looks = look_alike(c)?;
            if looks.other_script && at >= word.end {
                word = Word::around(text, at);
            }
            let stands = !looks.other_script || word.latin || dress.mixed && word.alike;
            stands.then_some(looks.latin)
        });
        let number_goes_on = matches!(c, '.' | ',' | ':' | '/')
            && before.is_ascii_digit()
            && bytes.get(next).is_some_and(u8::is_ascii_digit);
        before = c;
        if number_goes_on {
            before = '0';
        } else if between(c) == ' ' || c == '#' {
            fold.push(' ', at);
        } else if matches!(c, '’' | '‘' | '`' | '´' | 'ʼ' | '′') {
            fold.push('\'', at);
        } else if let Some(latin) = latin {
            fold.push(latin, at);
        } else if c.is_ascii() {
            fold.part(c, at);
        } else {
            decompose_compatible(c, |part| fold.part(part, at));
        }
    }
    while fold.out.ends_with(' ') {
        fold.out.pop();
        fold.back.pop();
    }
    Normal { text: fold.out, back: fold.back, umlauts: fold.umlauts }
}

/// Where what `goes_on` takes from `at` on ends.
fn end_of(text: &str, at: usize, goes_on: impl Fn(char) -> bool) -> usize {
    text[at..].find(|c: char| !goes_on(c)).map_or(text.len(), |length| at + length)
}

/// The folded text while it grows.
struct Fold {
    out: String,
    back: Vec<u32>,
    german: bool,
    /// A mark was met that German keeps.
    umlauts: bool,
    /// The last two characters of `out`, the last first.
    last: [char; 2],
}

impl Fold {
    /// Takes one character of a compatibility decomposition.
    fn part(&mut self, part: char, at: usize) {
        match part {
            'a'..='z' => self.push(part, at),
            '\u{308}' if matches!(self.last[0], 'a' | 'o' | 'u') => {
                self.umlauts = true;
                if self.german {
                    self.push('e', at);
                }
            }
            mark if is_combining_mark(mark) => {}
            'ß' | 'ẞ' => ['s', 's'].into_iter().for_each(|c| self.push(c, at)),
            'æ' | 'Æ' => ['a', 'e'].into_iter().for_each(|c| self.push(c, at)),
            'œ' | 'Œ' => ['o', 'e'].into_iter().for_each(|c| self.push(c, at)),
            'ø' | 'Ø' => self.push('o', at),
            'ł' | 'Ł' => self.push('l', at),
            digit if digit.is_ascii_digit() => {
                if self.last[0] != '0' {
                    self.push('0', at);
                }
            }
            space if space.is_whitespace() => self.push(' ', at),
            ascii if ascii.is_ascii() => self.push(ascii.to_ascii_lowercase(), at),
            other => {
                for lower in other.to_lowercase() {
                    if !is_combining_mark(lower) {
                        self.push(lower, at);
                    }
                }
            }
        }
    }

    /// Appends one folded letter of one byte, unless it repeats a run.
    fn push_ascii(&mut self, c: char, at: usize) {
        if self.last != [c, c] {
            self.last = [c, self.last[0]];
            self.out.push(c);
            self.back.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
    }

    /// Appends one folded character, unless it repeats a space or a run.
    fn push(&mut self, c: char, at: usize) {
        let [one, two] = self.last;
        if one == c && (c == ' ' || two == c) {
            return;
        }
        self.last = [c, one];
        self.out.push(c);
        // The judged text is cut far below 4 GiB; a longer one would only quote wrongly.
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.back.extend(std::iter::repeat_n(at, c.len_utf8()));
    }
}

/// A word of the original.
#[derive(Default)]
struct Word {
    /// Where it ends.
    end: usize,
    /// It has Latin letters.
    latin: bool,
    /// It consists of letters that look Latin.
    alike: bool,
}

impl Word {
    /// The word that `at` stands in.
    fn around(text: &str, at: usize) -> Word {
        let goes_on = |c: &char| c.is_alphanumeric() || is_combining_mark(*c) || is_invisible(*c);
        let ahead = text[at..].chars().take_while(goes_on);
        let behind = text[..at].chars().rev().take_while(goes_on);
        let mut word = Word { end: at, latin: false, alike: true };
        for c in ahead {
            word.look_at(c);
            word.end += c.len_utf8();
        }
        for c in behind {
            word.look_at(c);
        }
        word
    }

    fn look_at(&mut self, c: char) {
        self.latin |= c.is_ascii_alphabetic();
        self.alike &= !c.is_alphabetic() || look_alike(c).is_some();
    }
}

/// Characters that no reader sees, used to hide words: zero-width, directional, variation and tag
/// characters, fillers, controls, and the sign that stands for what could not be read.
pub(crate) fn is_invisible(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\0'..='\u{9F}' => !c.is_whitespace(),
        _ => matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}'
            | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{FFFD}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{E0000}'..='\u{E0FFF}'),
    }
}

/// Whether a web address begins here.
fn is_address(rest: &str) -> bool {
    ["http://", "https://", "www."].iter().any(|head| {
        rest.as_bytes()
            .get(..head.len())
            .is_some_and(|bytes| bytes.eq_ignore_ascii_case(head.as_bytes()))
    })
}

/// A character of a handle (`@name`, `@name.host`).
fn is_handle(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-')
}
