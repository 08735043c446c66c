//! Cuts a reply into words, numbers and signs that know where they stand, in which sentence and in
//! which part of it.

use super::lexicon::{Clause, Lexicon, Means};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters.
    Word,
    /// Digits; what is beyond a million stands as a million.
    Number(u32),
    /// Any other character; white space and apostrophes are none, but the end of a line is.
    Sign(char),
}

/// A word, a number or a sign.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Small letters without marks.
    pub folded: String,
    /// Small letters as written, for endings that an accent tells apart.
    pub written: String,
    /// It begins with a capital.
    pub capital: bool,
    /// Where it begins in the text.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// The sentence in which it stands, counted from 0.
    pub sentence: usize,
    /// The part of a sentence (between commas, brackets and conjunctions), counted through.
    pub part: usize,
}

impl Token {
    /// Whether it is this sign.
    pub(super) fn is_sign(&self, signs: &[char]) -> bool {
        matches!(self.kind, Kind::Sign(c) if signs.contains(&c))
    }

    /// Its value, if it is a number.
    pub(super) fn number(&self) -> Option<u32> {
        match self.kind {
            Kind::Number(n) => Some(n),
            _ => None,
        }
    }

    /// How many digits it has.
    pub(super) fn digits(&self) -> usize {
        if self.number().is_some() { self.to - self.from } else { 0 }
    }
}

/// Small letters without marks; letters that are two in plain writing become two.
fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            c => out.push(c),
        }
    }
    out
}

/// Cuts a text; all of it stands in the first sentence until `sentences` is asked.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let after = at + c.len_utf8();
        let next = text[after..].chars().next();
        if c != '\n' && c.is_whitespace() || "'’`´‘ʼ".contains(c) {
            at = after;
        } else if c.is_ascii_digit() {
            let end = at + length(rest, |c| c.is_ascii_digit());
            let value = text[at..end].parse::<u32>().unwrap_or(1_000_000).min(1_000_000);
            out.push(token(Kind::Number(value), &text[at..end], at, end));
            at = end;
        } else if c.is_alphabetic() {
            let mut end = at + length(rest, |c| c.is_alphabetic() || is_combining_mark(c));
            let mut word = token(Kind::Word, &text[at..end], at, end);
            if let Some(more) = half_of_day(&word.folded, &text[end..]) {
                word.folded.push('m');
                end += more;
                word.to = end;
            }
            out.push(word);
            at = end;
        } else if c == '-' && glues(&out, at) && next.is_some_and(char::is_alphabetic) {
            at = after;
        } else {
            out.push(token(Kind::Sign(c), &text[at..after], at, after));
            at = after;
        }
    }
    out
}

fn token(kind: Kind, text: &str, from: usize, to: usize) -> Token {
    let word = kind == Kind::Word;
    Token {
        kind,
        folded: if word { fold(text) } else { text.to_owned() },
        written: if word {
            text.nfc().flat_map(char::to_lowercase).collect()
        } else {
            String::new()
        },
        capital: word && text.chars().next().is_some_and(char::is_uppercase),
        from,
        to,
        sentence: 0,
        part: 0,
    }
}

/// How many bytes of the beginning are such characters.
fn length(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !is(c)).unwrap_or(text.len())
}

/// A hyphen right behind a word makes one of two (`sexta-feira`).
fn glues(out: &[Token], at: usize) -> bool {
    out.last().is_some_and(|t| t.kind == Kind::Word && t.to == at)
}

/// `a.m.` and `p.m.` are words: how many bytes belong to one behind its first letter.
fn half_of_day(first: &str, rest: &str) -> Option<usize> {
    let mut chars = rest.chars();
    let is = matches!(first, "a" | "p")
        && chars.next() == Some('.')
        && matches!(chars.next(), Some('m' | 'M'));
    let behind = chars.next();
    if !is || behind.is_some_and(char::is_alphabetic) {
        return None;
    }
    Some(if behind == Some('.') { 3 } else { 2 })
}

/// Says of each token in which sentence and part of a sentence it stands. Gives the sentences that
/// ask.
pub(super) fn sentences(tokens: &mut [Token], lexicon: &Lexicon) -> Vec<usize> {
    let (mut sentence, mut part, mut asks) = (0, 0, Vec::new());
    for at in 0..tokens.len() {
        (tokens[at].sentence, tokens[at].part) = (sentence, part);
        let kind = tokens[at].kind;
        let ends = match kind {
            Kind::Sign('!' | ';' | '…' | '\n') => true,
            Kind::Sign('?') => {
                asks.push(sentence);
                true
            }
            Kind::Sign('.') => is_full_stop(tokens, at, lexicon),
            Kind::Sign(',' | '(' | ')' | ':' | '–' | '—') => {
                part += 1;
                false
            }
            Kind::Word if lexicon.says(Clause::Split, tokens, at) => {
                part += 1;
                tokens[at].part = part;
                false
            }
            _ => false,
        };
        if ends {
            sentence += 1;
            part += 1;
        }
    }
    asks
}

/// Whether a dot ends its sentence: it does not in times and dates (`18.30`, `5. Dezember`) and
/// behind a short word of ours (`ven. 5`) where nothing begins with a capital.
fn is_full_stop(tokens: &[Token], at: usize, lexicon: &Lexicon) -> bool {
    let before = at.checked_sub(1).map(|at| &tokens[at]);
    let (Some(before), Some(next)) = (before, tokens.get(at + 1)) else { return true };
    match before.kind {
        Kind::Number(_) if before.to == tokens[at].from => match next.kind {
            Kind::Number(_) => next.from != tokens[at].to,
            Kind::Sign(_) => false,
            Kind::Word => {
                let month = lexicon.find(tokens, at + 1, |m| matches!(m, Means::Month(_)));
                next.capital && month.is_none()
            }
        },
        Kind::Word if before.folded.len() <= 4 => match next.kind {
            Kind::Sign(_) => true,
            _ => next.capital || !lexicon.begins(&before.folded),
        },
        _ => true,
    }
}
