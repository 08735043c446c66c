//! Reads the phrase files of `data/` and finds their phrases in a folded text.
//!
//! A file has sections `[cue]` with phrases, separated by commas. `(a|b)` is a choice, `*` leaves
//! the end of a word open. In `[word.KIND]` and `[about.TOPIC]` each line is `weight: phrase, phrase`.

use super::normal::normalise;
use crate::domain::verdict::{Kind, Topic};
use aho_corasick::AhoCorasick;
use std::collections::BTreeMap;

/// What a phrase stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Means {
    /// One of the cues of the cue table, by its number there.
    Cue(u16),
    /// A single word or phrase with a weight of its own for one kind.
    Word(Kind, f32),
    /// The same for one topic.
    About(Topic, f32),
}

impl Means {
    /// The same with another weight; a cue has its weights in the cue table.
    fn weighing(self, weight: f32) -> Means {
        match self {
            Means::Cue(cue) => Means::Cue(cue),
            Means::Word(kind, _) => Means::Word(kind, weight),
            Means::About(topic, _) => Means::About(topic, weight),
        }
    }
}

/// A phrase found in a folded text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// What it stands for.
    pub(crate) means: Means,
    /// First byte in the folded text.
    pub(crate) start: usize,
    /// The byte after its last.
    pub(crate) end: usize,
    /// The number of the phrase: two hits of one phrase share it.
    pub(crate) phrase: usize,
}

/// The phrases of one language, ready to be looked up.
pub(crate) struct Lexicon {
    automaton: AhoCorasick,
    /// By pattern: what it means, and whether its last word may go on.
    meanings: Vec<Vec<(Means, bool)>>,
}

impl Lexicon {
    /// Reads phrase files. `cues` are the names of the cue table in its order.
    pub(crate) fn read(files: &[&str], cues: &[String], german: bool) -> Result<Lexicon, String> {
        let mut phrases: BTreeMap<String, Vec<(Means, bool)>> = BTreeMap::new();
        for file in files {
            read_file(file, cues, german, &mut phrases)?;
        }
        let automaton =
            AhoCorasick::new(phrases.keys()).map_err(|error| format!("phrase files: {error}"))?;
        Ok(Lexicon { automaton, meanings: phrases.into_values().collect() })
    }

    /// Every phrase that stands in the folded text at word borders, by end, then by pattern.
    pub(crate) fn find(&self, text: &str) -> Vec<Hit> {
        let bytes = text.as_bytes();
        let inside = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let mut hits = Vec::with_capacity(32);
        for found in self.automaton.find_overlapping_iter(text) {
            let (start, end) = (found.start(), found.end());
            if start > 0 && inside(start) && inside(start - 1) {
                continue;
            }
            let goes_on = inside(end) && inside(end - 1);
            for (means, open) in &self.meanings[found.pattern().as_usize()] {
                if *open || !goes_on {
                    // An open phrase reaches to the end of the word it stands in.
                    let rest = bytes[end..].iter().take_while(|b| b.is_ascii_alphanumeric());
                    let more = if goes_on { rest.count() } else { 0 };
                    hits.push(Hit {
                        means: *means,
                        start,
                        end: end + more,
                        phrase: found.pattern().as_usize(),
                    });
                }
            }
        }
        hits
    }
}

/// Adds the phrases of one file to `phrases`.
fn read_file(
    file: &str,
    cues: &[String],
    german: bool,
    phrases: &mut BTreeMap<String, Vec<(Means, bool)>>,
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
        let (means, list) = match section {
            None => return Err(wrong("phrases before the first [section]")),
            Some(cue @ Means::Cue(_)) => (cue, line),
            Some(word) => {
                let (weight, list) = line.split_once(':').ok_or_else(|| wrong("no weight"))?;
                let weight = weight.trim().parse().map_err(|_| wrong("weight"))?;
                (word.weighing(weight), list)
            }
        };
        for phrase in list.split(',').flat_map(expand) {
            let open = phrase.ends_with('*');
            let folded = normalise(phrase.trim_end_matches('*'), german).text;
            let meanings = phrases.entry(folded).or_default();
            if !meanings.contains(&(means, open)) {
                meanings.push((means, open));
            }
        }
    }
    phrases.remove("");
    Ok(())
}

/// What the phrases below `[name]` stand for.
fn read_section(name: &str, cues: &[String]) -> Result<Means, String> {
    if let Some(kind) = name.strip_prefix("word.") {
        return Ok(Means::Word(kind.parse::<Kind>()?, 0.0));
    }
    if let Some(topic) = name.strip_prefix("about.") {
        return Ok(Means::About(topic.parse::<Topic>()?, 0.0));
    }
    let at = cues.iter().position(|cue| cue == name);
    let at = at.ok_or_else(|| format!("`{name}` is not in cues.txt"))?;
    Ok(Means::Cue(u16::try_from(at).map_err(|_| "too many cues")?))
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
