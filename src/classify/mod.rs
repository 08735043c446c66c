//! Judges a text: is it about us, is it a complaint, how bad, about what, and why.
//!
//! The first judge is rules: phrase files in `data/`, one a language, whose cues are weighed by
//! the cue table `data/cues.txt`; the sum of weights is the log odds of a complaint. A trained
//! [`Model`] may sit beside; the two combine by maximum, so that a model can raise a complaint
//! that the rules miss and never lower one that they found. Pure: no clock, no I/O.

mod cues;
mod exclusion;
mod findings;
mod language;
mod lexicon;
mod normal;
mod reasons;
mod relevance;
mod scope;
#[cfg(test)]
mod tests;
mod words;

pub use exclusion::{Effect, Past, Proposal, effect, propose};
pub use scope::{Scope, ambiguous};

use crate::domain::Instant;
use crate::domain::verdict::{Kind, Lang, PerMillion, Verdict, Why};
use cues::Table;
use findings::Findings;
use lexicon::Lexicon;

/// Name and version of the rules, as [`Verdict::model`] shows it.
pub const RULES: &str = "rules-1";

/// Longest text that is judged, in bytes: five times the longest post of the served networks.
/// What is over is cut at a character, and the verdict says so (`text.cut`).
pub const JUDGED_LIMIT: usize = 16 * 1024;

/// From which probability on something happens. The pipeline applies them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A complaint this likely raises an alert.
    pub alert_at: PerMillion,
    /// One this likely is shown to a person.
    pub look_at: PerMillion,
}

impl Default for Settings {
    /// 0.6 and 0.35.
    fn default() -> Settings {
        Settings { alert_at: PerMillion(600_000), look_at: PerMillion(350_000) }
    }
}

/// The brand, for relevance.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Its names and all that tells them from others; `None` where no brand is asked about.
    pub scope: Option<&'a Scope>,
    /// The network says it: a mention of us, a comment on our page, a review of us.
    pub addressed: bool,
    /// When it was written: a campaign is ours for a time only.
    pub at: Instant,
}

impl About<'_> {
    /// Whoever asks means that the text is about them.
    pub const US: About<'static> = About { scope: None, addressed: true, at: Instant(0) };
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What was written; may be empty.
    pub text: &'a str,
    /// The language that the network names.
    pub language: Option<Lang>,
    /// Stars, 1 to 5.
    pub rating: Option<u8>,
    /// How many pictures, files and so on hang on it.
    pub attachments: usize,
    /// Whether it answers something we wrote.
    pub reply_to_us: bool,
    /// Whom it may concern.
    pub about: &'a About<'a>,
}

/// The seat of a trained model beside the rules.
pub trait Model: Send + Sync {
    /// Name and version, for [`Verdict::model`].
    fn name(&self) -> &str;

    /// How likely the text is a complaint. `language` is what was found, not only what was named.
    fn complaint(&self, input: &Input, language: Lang) -> PerMillion;
}

/// Judges texts. Built once, shared by all threads.
pub struct Classifier {
    table: Table,
    lexicons: Vec<(Lang, Lexicon)>,
    model: Option<Box<dyn Model>>,
}

impl Classifier {
    /// Reads the phrase files. The error names the file's line; it can only come from a change to
    /// the files, which the tests read.
    pub fn new(model: Option<Box<dyn Model>>) -> Result<Classifier, String> {
        let table = Table::read(include_str!("data/cues.txt"), include_str!("data/topics.txt"))?;
        let common = include_str!("data/common.txt");
        let files = [
            (Lang::IT, include_str!("data/it.txt")),
            (Lang::EN, include_str!("data/en.txt")),
            (Lang::ES, include_str!("data/es.txt")),
            (Lang::FR, include_str!("data/fr.txt")),
            (Lang::DE, include_str!("data/de.txt")),
            (Lang::PT, include_str!("data/pt.txt")),
        ];
        let names = table.names();
        let mut lexicons = Vec::with_capacity(files.len());
        for (lang, file) in files {
            let lexicon = Lexicon::read(&[common, file], &names, lang == Lang::DE)
                .map_err(|error| format!("{lang}: {error}"))?;
            lexicons.push((lang, lexicon));
        }
        Ok(Classifier { table, lexicons, model })
    }

    /// Judges one text. The same input always gives the same verdict.
    pub fn judge(&self, input: &Input) -> Verdict {
        let text = cut(input.text);
        let language = self.language(input.language, text);
        let (relevance, about) = relevance::relevance(text, language, input.about);
        let mut found = Findings::of(&self.table, self.lexicon(language), text, language, input);
        if let Some(model) = &self.model {
            found.raise(model.complaint(input, language), model.name());
        }
        let mut why = std::mem::take(&mut found.why);
        if text.len() < input.text.len() {
            why.push(reason("text.cut", ""));
        }
        why.extend(about);
        Verdict {
            relevance,
            kind: found.kind,
            probability: PerMillion::from_share(found.probability),
            severity: if found.kind == Kind::Complaint { found.severity } else { 0 },
            topic: found.topic,
            language,
            risk: if found.kind == Kind::Complaint { found.risk } else { Vec::new() },
            why,
            look: found.look,
            sorted_out: found.sorted_out,
            model: match &self.model {
                None => RULES.to_owned(),
                Some(model) => format!("{RULES}+{}", model.name()),
            },
        }
    }

    /// The network's word, else the letters'; a short text is settled by the words it has.
    fn language(&self, named: Option<Lang>, text: &str) -> Lang {
        let guess = language::language(named, text);
        let named = named.is_some_and(|lang| lang != Lang::UNKNOWN);
        if named || guess == Lang::UNKNOWN || text.len() > language::SHORT {
            return guess;
        }
        let votes = self.lexicons.iter().map(|(lang, lexicon)| {
            let folded = normal::normalise(text, *lang == Lang::DE);
            (*lang, self.table.known_words(&lexicon.find(&folded.text)))
        });
        language::settle(guess, votes)
    }

    /// The phrases of a served language; for any other none, and a person looks.
    fn lexicon(&self, language: Lang) -> Option<&Lexicon> {
        let found = self.lexicons.iter().find(|(lang, _)| *lang == language);
        found.map(|(_, lexicon)| lexicon)
    }
}

/// At most [`JUDGED_LIMIT`] bytes of the text, cut at a character.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(JUDGED_LIMIT)]
}

/// One reason.
fn reason(cue: &str, words: &str) -> Why {
    Why { cue: cue.to_owned(), words: words.to_owned() }
}
