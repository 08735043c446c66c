//! The cue table: what each cue counts for each kind, and what the cues of one text add up to.

use super::lexicon::Hit;
use crate::domain::verdict::{Risk, Topic};
use std::collections::HashMap;

/// How a cue behaves towards its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Tells of something gone wrong.
    Heated,
    /// Tells that all is well; hides heated words inside its own ("no problem").
    Calm,
    /// Neither.
    Plain,
}

/// One cue of `data/cues.txt`.
pub(crate) struct Cue {
    /// Its catalogue name, as `Why.cue` shows it.
    pub(crate) name: String,
    /// How it behaves towards its neighbours.
    pub(crate) tone: Tone,
    /// What it counts for each kind, in the order of `Kind::ALL`.
    pub(crate) weights: [f32; 5],
    /// What it counts for each topic of a complaint, in the order of `Topic::ALL`.
    pub(crate) topics: [f32; TOPICS],
    /// What it counts for a serious complaint rather than a mild one.
    pub(crate) severe: f32,
}

/// How many topics there are.
const TOPICS: usize = Topic::ALL.len();

/// Cues that no phrase has: they come from how the others stand together.
const MIXED: [&str; 9] = [
    "mixed.praise_but",
    "mixed.mock",
    "mixed.asks_why",
    "mixed.only_asks",
    "mixed.two",
    "mixed.three",
    "mixed.none",
    "mixed.capitals",
    "mixed.base",
];

/// The cue table with the numbers of the cues that the code knows by name.
pub(crate) struct Table {
    /// Every cue, in the order of the file.
    pub(crate) cues: Vec<Cue>,
    /// Their numbers by name.
    numbers: HashMap<String, usize>,
    mixed: [usize; MIXED.len()],
    known: [usize; KNOWN.len()],
    /// In the order of `Risk::ALL`.
    risks: [usize; Risk::ALL.len()],
}

/// Cues that the rules below look at.
const KNOWN: [&str; 9] =
    ["praise", "but", "sarcasm", "sign.ask", "question", "negator", "negated", "unharmed", "shame"];
const PRAISE: usize = 0;
const BUT: usize = 1;
const SARCASM: usize = 2;
const ASK: usize = 3;
const QUESTION: usize = 4;
const NEGATOR: usize = 5;
const NEGATED: usize = 6;
const UNHARMED: usize = 7;
const SHAME: usize = 8;

impl Table {
    /// Reads `data/cues.txt`: a cue a line, its tone, five weights by kind and the severe weight.
    /// `topics` is `data/topics.txt`: a cue a line and its weight for each topic.
    pub(crate) fn read(file: &str, topics: &str) -> Result<Table, String> {
        let mut cues = Vec::new();
        for line in file.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            cues.push(read_cue(line).ok_or_else(|| format!("cues.txt: `{line}` is no cue"))?);
        }
        for line in topics.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let read = read_topics(line, &mut cues);
            read.ok_or_else(|| {
                format!("topics.txt: `{line}` is no known cue with {TOPICS} weights")
            })?;
        }
        let numbers: HashMap<_, _> =
            cues.iter().enumerate().map(|(n, cue): (usize, &Cue)| (cue.name.clone(), n)).collect();
        let place = |name: &str| {
            let at = numbers.get(name).copied();
            at.ok_or_else(|| format!("cues.txt lacks the cue `{name}`"))
        };
        let (mut mixed, mut known) = ([0; MIXED.len()], [0; KNOWN.len()]);
        for (slot, name) in mixed.iter_mut().zip(MIXED) {
            *slot = place(name)?;
        }
        for (slot, name) in known.iter_mut().zip(KNOWN) {
            *slot = place(name)?;
        }
        let mut risks = [0; Risk::ALL.len()];
        for (slot, risk) in risks.iter_mut().zip(Risk::ALL) {
            *slot = place(risk.as_str())?;
        }
        Ok(Table { cues, numbers, mixed, known, risks })
    }

    /// The names, in order; the phrase files refer to them.
    pub(crate) fn names(&self) -> Vec<String> {
        self.cues.iter().map(|cue| cue.name.clone()).collect()
    }

    /// How many phrases of a language stand in a text: its everyday words and its cues.
    pub(crate) fn known_words(&self, hits: &[Hit]) -> usize {
        let everyday = |hit: &&Hit| !self.cues[usize::from(hit.cue)].name.starts_with("sign.");
        hits.iter().filter(everyday).count()
    }

    /// Applies the guards to the hits and counts the cues.
    pub(crate) fn count(&self, folded: &str, written: &str, mut hits: Vec<Hit>) -> Counts {
        self.drop_hidden(&mut hits);
        self.turn_negated(folded, &mut hits);
        let mut of = vec![0.0; self.cues.len()];
        for hit in &hits {
            of[usize::from(hit.cue)] += 1.0;
        }
        for count in &mut of {
            *count = worth(*count);
        }
        self.count_mixed(written, &mut of);
        Counts { of, hits }
    }

    /// Heated words inside a longer calm phrase say nothing: "no problem", "senza problemi".
    fn drop_hidden(&self, hits: &mut Vec<Hit>) {
        let calm = self.calm(hits);
        hits.retain(|hit| self.tone(hit) != Tone::Heated || !calm.hides(hit));
    }

    /// The calm phrases among those that were found.
    pub(crate) fn calm(&self, hits: &[Hit]) -> Calm {
        let mut calm: Vec<(usize, usize)> = hits
            .iter()
            .filter(|hit| self.tone(hit) == Tone::Calm)
            .map(|hit| (hit.start, hit.end))
            .collect();
        calm.sort_unstable();
        let mut reach = 0;
        for (_, end) in &mut calm {
            reach = reach.max(*end);
            *end = reach;
        }
        Calm(calm)
    }

    /// A negator at most one word before turns praise into its opposite and takes scorn away.
    fn turn_negated(&self, folded: &str, hits: &mut [Hit]) {
        let is = |hit: &Hit, known: usize| usize::from(hit.cue) == self.known[known];
        let mut ends: Vec<usize> =
            hits.iter().filter(|hit| is(hit, NEGATOR)).map(|hit| hit.end).collect();
        ends.sort_unstable();
        for hit in hits {
            let to = match () {
                () if is(hit, PRAISE) => NEGATED,
                () if is(hit, SHAME) => UNHARMED,
                () => continue,
            };
            let upto = ends.partition_point(|end| *end <= hit.start);
            let Some(gap) = upto.checked_sub(1).and_then(|at| folded.get(ends[at]..hit.start))
            else {
                continue;
            };
            let near = gap.len() < 16
                && gap.bytes().filter(|b| *b == b' ').count() <= 2
                && !gap.contains(['.', ',', '!', '?', ';', ':']);
            if near {
                hit.cue = u16::try_from(self.known[to]).unwrap_or(u16::MAX);
            }
        }
    }

    /// Sets the mixed cues.
    fn count_mixed(&self, written: &str, of: &mut [f32]) {
        let found = self.known.map(|cue| of[cue] > 0.0);
        let heated = self.cues.iter().zip(&*of);
        let heated =
            heated.filter(|(cue, count)| cue.tone == Tone::Heated && **count > 0.0).count();
        let values = [
            found[PRAISE] && found[BUT],
            found[SARCASM] && heated > 0,
            found[ASK] && heated > 0,
            (found[ASK] || found[QUESTION]) && heated == 0,
            heated >= 2,
            heated >= 3,
            heated == 0,
            shouts(written),
            true,
        ];
        for (at, value) in self.mixed.iter().zip(values) {
            of[*at] = f32::from(u8::from(value));
        }
    }

    fn tone(&self, hit: &Hit) -> Tone {
        self.cues.get(usize::from(hit.cue)).map_or(Tone::Plain, |cue| cue.tone)
    }
}

/// The calm phrases of a text: where each begins, and how far it and all before it reach.
pub(crate) struct Calm(Vec<(usize, usize)>);

impl Calm {
    /// Whether a longer one holds the whole of a phrase.
    pub(crate) fn hides(&self, hit: &Hit) -> bool {
        let reach = |upto: usize| upto.checked_sub(1).map_or(0, |at| self.0[at].1);
        let longest = reach(self.0.partition_point(|(start, _)| *start <= hit.start));
        let earlier = reach(self.0.partition_point(|(start, _)| *start < hit.start));
        longest > hit.end || earlier >= hit.end
    }
}

/// What was found in one text, after the guards.
pub(crate) struct Counts {
    /// By cue: 0 where it was not found, else 1 and a little more for each further time.
    pub(crate) of: Vec<f32>,
    /// The phrases, by place.
    pub(crate) hits: Vec<Hit>,
}

impl Counts {
    /// The sum of weights for each kind, in the order of `Kind::ALL`.
    pub(crate) fn scores(&self, table: &Table) -> [f32; 5] {
        let mut scores = [0.0; 5];
        for (cue, count) in self.found(table) {
            for (score, weight) in scores.iter_mut().zip(cue.weights) {
                *score += weight * count;
            }
        }
        scores
    }

    /// The count of one cue by name; 0 for a name that the table lacks.
    pub(crate) fn value(&self, table: &Table, name: &str) -> f32 {
        table.numbers.get(name).map_or(0.0, |at| self.of[*at])
    }

    /// The phrases of one cue by name, by place.
    pub(crate) fn phrases(&self, table: &Table, name: &str) -> impl Iterator<Item = &Hit> {
        let cue = table.numbers.get(name).copied();
        self.hits.iter().filter(move |hit| Some(usize::from(hit.cue)) == cue)
    }

    /// The count of the cue that bears a risk's name.
    pub(crate) fn risk(&self, table: &Table, risk: Risk) -> f32 {
        self.of[table.risks[risk as usize]]
    }

    /// The sum of weights for each topic, in the order of `Topic::ALL`.
    pub(crate) fn topics(&self, table: &Table) -> [f32; TOPICS] {
        let mut scores = [0.0; TOPICS];
        for (cue, count) in self.found(table) {
            for (score, weight) in scores.iter_mut().zip(cue.topics) {
                *score += weight * count;
            }
        }
        scores
    }

    /// How much speaks for a serious complaint rather than a mild one; above 0 it is serious.
    pub(crate) fn severe(&self, table: &Table) -> f32 {
        self.found(table).map(|(cue, count)| cue.severe * count).sum()
    }

    /// The cues that were found, with their counts: a few of all that there are.
    fn found<'t>(&self, table: &'t Table) -> impl Iterator<Item = (&'t Cue, f32)> {
        let cues = table.cues.iter().zip(self.of.iter().copied());
        cues.filter(|(_, count)| *count != 0.0)
    }
}

/// Each further hit of one cue counts less: people repeat themselves.
fn worth(count: f32) -> f32 {
    if count > 0.0 { 1.0 + 0.35 * (count - 1.0).min(3.0) } else { 0.0 }
}

/// Whether at least two words of four letters or more are written in capitals.
fn shouts(written: &str) -> bool {
    let capital = |word: &&str| {
        word.chars().all(|c| c.is_alphabetic() && c.is_uppercase()) && word.chars().count() >= 4
    };
    // What is not ASCII may be a capital; most texts have no such run and need no closer look.
    let may_be = |byte: &u8| byte.is_ascii_uppercase() || !byte.is_ascii();
    let may_shout = written.as_bytes().windows(4).any(|run| run.iter().all(may_be));
    may_shout && written.split_whitespace().filter(capital).nth(1).is_some()
}

fn read_cue(line: &str) -> Option<Cue> {
    let mut fields = line.split_whitespace();
    let name = fields.next()?.to_owned();
    let tone = match fields.next()? {
        "heated" => Tone::Heated,
        "calm" => Tone::Calm,
        "plain" => Tone::Plain,
        _ => return None,
    };
    let numbers: Vec<f32> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    let [a, b, c, d, e, severe] = numbers.as_slice() else {
        return None;
    };
    Some(Cue { name, tone, weights: [*a, *b, *c, *d, *e], topics: [0.0; TOPICS], severe: *severe })
}

fn read_topics(line: &str, cues: &mut [Cue]) -> Option<()> {
    let mut fields = line.split_whitespace();
    let name = fields.next()?;
    let cue = cues.iter_mut().find(|cue| cue.name == name)?;
    let numbers: Vec<f32> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    cue.topics = numbers.try_into().ok()?;
    Some(())
}
