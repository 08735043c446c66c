//! Reads the phrase files of `data/` and finds their phrases in a folded text.
//!
//! A file has sections `[cue]` with phrases, separated by commas. `(a|b)` is a choice, `*` leaves
//! the end of a word open.

use super::normal::normalise;
use super::phrases::Phrases;
use std::collections::BTreeMap;
use std::ops::Range;

/// A phrase found in a folded text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// The cue that it stands for, by its number in the cue table.
    pub(crate) cue: u16,
    /// First byte in the folded text.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
}

/// The phrases of one language, ready to be looked up.
pub(crate) struct Lexicon {
    /// Looked up where a phrase may begin, so never inside of words.
    phrases: Phrases,
    /// The cues that the phrases stand for, and whether their last word may go on.
    meanings: Vec<(u16, bool)>,
    /// By phrase: its meanings.
    of: Vec<Range<usize>>,
}

impl Lexicon {
    /// Reads phrase files. `cues` are the names of the cue table in its order.
    pub(crate) fn read(files: &[&str], cues: &[String], german: bool) -> Result<Lexicon, String> {
        let mut phrases: BTreeMap<String, Vec<(u16, bool)>> = BTreeMap::new();
        for file in files {
            read_file(file, cues, german, &mut phrases)?;
        }
        let sorted = Phrases::of(phrases.keys());
        let (mut meanings, mut of) = (Vec::new(), Vec::with_capacity(phrases.len()));
        for of_phrase in phrases.into_values() {
            let begin = meanings.len();
            meanings.extend(of_phrase);
            of.push(begin..meanings.len());
        }
        Ok(Lexicon { phrases: sorted, meanings, of })
    }

    /// Every phrase that stands in the folded text at word borders, by place, shorter ones first.
    pub(crate) fn find(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::with_capacity(text.len() / 8 + 8);
        self.find_into(text, &mut hits);
        hits
    }

    /// The same, behind what `hits` holds.
    pub(crate) fn find_into(&self, text: &str, hits: &mut Vec<Hit>) {
        let bytes = text.as_bytes();
        let inside = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let mut before = false;
        for (start, byte) in bytes.iter().enumerate() {
            let goes_on = before && byte.is_ascii_alphanumeric();
            before = byte.is_ascii_alphanumeric();
            if goes_on {
                continue;
            }
            self.phrases.at(bytes, start, |phrase, end| {
                let goes_on = inside(end) && inside(end - 1);
                for (cue, open) in &self.meanings[self.of[phrase].clone()] {
                    if *open || !goes_on {
                        // An open phrase reaches to the end of the word it stands in.
                        let rest = bytes[end..].iter().take_while(|b| b.is_ascii_alphanumeric());
                        let more = if goes_on { rest.count() } else { 0 };
                        hits.push(Hit { cue: *cue, start, end: end + more });
                    }
                }
            });
        }
    }
}

/// Adds the phrases of one file to `phrases`.
fn read_file(
    file: &str,
    cues: &[String],
    german: bool,
    phrases: &mut BTreeMap<String, Vec<(u16, bool)>>,
) -> Result<(), String> {
    let mut section = None;
    for (number, line) in file.lines().enumerate() {
        let line = line.trim();
        let wrong = |what: &str| format!("phrase file, line {}: {what}", number + 1);
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = Some(read_section(name, cues).map_err(|error| wrong(&error))?);
            continue;
        }
        let Some(cue) = section else { return Err(wrong("phrases before the first [section]")) };
        for phrase in line.split(',').flat_map(expand) {
            let open = phrase.ends_with('*');
            let folded = normalise(phrase.trim_end_matches('*'), german).text;
            let meanings = phrases.entry(folded).or_default();
            if !meanings.contains(&(cue, open)) {
                meanings.push((cue, open));
            }
        }
    }
    phrases.remove("");
    Ok(())
}

/// What the phrases below `[name]` stand for.
fn read_section(name: &str, cues: &[String]) -> Result<u16, String> {
    let at = cues.iter().position(|cue| cue == name);
    let at = at.ok_or_else(|| format!("`{name}` is not in cues.txt"))?;
    u16::try_from(at).map_err(|_| "too many cues".to_owned())
}

/// Writes out the choices of one phrase: `non (va|parte)` is `non va` and `non parte`. Choices may
/// hold choices; a parenthesis without its other half is a sign like any other.
fn expand(phrase: &str) -> Vec<String> {
    let Some((open, close)) = outermost(phrase) else {
        return vec![phrase.trim().to_owned()];
    };
    let (before, after) = (&phrase[..open], &phrase[close + 1..]);
    let mut depth = 0;
    phrase[open + 1..close]
        .split(|c: char| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == '|' && depth == 0
        })
        .flat_map(|choice| expand(&format!("{before}{choice}{after}")))
        .collect()
}

/// Where the first parenthesis opens and where it closes.
fn outermost(phrase: &str) -> Option<(usize, usize)> {
    let open = phrase.find('(')?;
    let mut depth = 0;
    for (at, c) in phrase[open..].char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 {
            return Some((open, open + at));
        }
    }
    None
}
