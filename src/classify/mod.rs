//! Judges a text: is it about us, is it a complaint, how bad, about what, and why.
//!
//! The first judge is rules: phrase files in `data/`, one a language, whose cues are weighed by
//! the cue table `data/cues.txt`; the sum of weights is the log odds of a complaint. A trained
//! [`Model`] may sit beside; the two combine by maximum, so that a model can raise a complaint
//! that the rules miss and never lower one that they found. Pure: no clock, no I/O.

mod around;
mod campaign;
mod chance;
mod correction;
mod cues;
mod disguise;
mod encoder;
mod exclusion;
mod findings;
mod grave;
mod harmless;
mod labels;
mod language;
mod lexicon;
mod likeness;
mod look_alikes;
mod markup;
pub mod measure;
mod model;
mod net;
mod normal;
mod phrases;
mod pledge;
mod reasons;
mod relevance;
mod scope;
mod sorting;
#[cfg(test)]
mod tests;
mod train;
mod words;

pub use around::Around;
pub use correction::{
    Correction, Figures, LEAST_LABELS, LEAST_OF_A_SORT, LIMIT, Learned, Lesson, Outcome, Scores,
};
pub use encoder::Encoder;
pub use exclusion::{Effect, Past, Proposal, effect, propose};
pub use labels::Labelled;
pub use likeness::Likeness;
pub use model::Cascade;
pub use scope::{Scope, ambiguous};
pub use train::{SIDES, Sample, Training};

use crate::domain::Instant;
use crate::domain::verdict::{Kind, Lang, PerMillion, Risk, Topic, Verdict, Why};
use cues::{Counts, Table};
use disguise::Dress;
use findings::Findings;
use lexicon::Lexicon;
use model::Grams;
use normal::Normal;

/// Name and version of the rules, as [`Verdict::model`] shows it.
pub const RULES: &str = "rules-2";

/// The file of the model that is shipped; `ascolto train` makes it of `tests/corpus/complaints`.
pub const SHIPPED: &[u8] = include_bytes!("data/model.bin");

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
    /// What is known around it.
    pub around: Around<'a>,
    /// Whom it may concern.
    pub about: &'a About<'a>,
}

/// What a model is shown of a text in a served language.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// What was found, not only what was named.
    pub language: Lang,
    /// As it was written.
    pub text: &'a str,
    /// The text as phrases are looked up in it.
    pub(crate) folded: &'a Normal,
    /// What the rules found in it.
    pub(crate) counts: &'a Counts,
}

/// What a model thinks of a text.
#[derive(Clone, Debug, Default)]
pub struct Opinion {
    /// How likely it complains.
    pub complaint: PerMillion,
    /// Which kind it is if it does not complain; `None`: the rules decide.
    pub milder: Option<Kind>,
    /// How serious it is as a complaint, 1 to 3.
    pub severity: Option<u8>,
    /// What it is about as a complaint.
    pub topic: Option<Topic>,
    /// Its risks as a complaint; `None`: the rules decide.
    pub risk: Option<Vec<Risk>>,
    /// The words that carried it, the strongest first, as spans of the folded text.
    pub why: Vec<(usize, usize)>,
    /// The sentence as a whole carried it beside its words, or against them.
    pub sentence: bool,
}

/// The seat of a trained model beside the rules.
pub trait Model: Send + Sync {
    /// Name and version, for [`Verdict::model`].
    fn name(&self) -> &str;

    /// What it thinks of a text.
    fn opinion(&self, seen: &Seen) -> Opinion;
}

/// Judges texts. Built once, shared by all threads.
pub struct Classifier {
    table: Table,
    lexicons: Vec<(Lang, Lexicon)>,
    /// In the same order.
    graves: Vec<Lexicon>,
    sayings: Lexicon,
    sorts: [Lexicon; 2],
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
        let mut graves = Vec::with_capacity(files.len());
        for (lang, file) in files {
            let lexicon = Lexicon::read(&[common, file], &names, lang == Lang::DE)
                .map_err(|error| format!("{lang}: {error}"))?;
            lexicons.push((lang, lexicon));
            graves.push(grave::lexicon(lang).map_err(|error| format!("grave.txt: {error}"))?);
        }
        let sayings = around::sayings().map_err(|error| format!("around.txt: {error}"))?;
        let sorts = sorting::sorts().map_err(|error| format!("sorting.txt: {error}"))?;
        Ok(Classifier { table, lexicons, graves, sayings, sorts, model })
    }

    /// Rules and the model that is shipped.
    ///
    /// # Errors
    /// As [`Classifier::new`], and what is wrong with the model's file.
    pub fn shipped() -> Result<Classifier, String> {
        Classifier::of_model(SHIPPED)
    }

    /// Rules and the model that is shipped, without the sentence encoder: for small machines.
    ///
    /// # Errors
    /// As [`Classifier::shipped`].
    pub fn lean() -> Result<Classifier, String> {
        Classifier::of_cascade(Cascade::read(SHIPPED)?.without_b())
    }

    /// Rules and the model of a file.
    ///
    /// # Errors
    /// As [`Classifier::new`], and what is wrong with the model's file.
    pub fn of_model(file: &[u8]) -> Result<Classifier, String> {
        Classifier::of_cascade(Cascade::read(file)?)
    }

    /// Rules and a model.
    fn of_cascade(model: Cascade) -> Result<Classifier, String> {
        let cues = model.cues();
        let judge = Classifier::new(Some(Box::new(model)))?;
        match judge.table.cues.len() {
            known if known == cues => Ok(judge),
            known => Err(format!(
                "the model knows {cues} cues and this program has {known}; train it anew"
            )),
        }
    }

    /// What a model sees of a text; `None` in a language without phrases.
    fn see(&self, text: &str, named: Option<Lang>) -> Option<(Grams, Vec<f32>)> {
        let text = cut(text);
        let (language, folded) = self.fold(named, text);
        let (cues, _) = self.lexicons(language)?;
        let counts = self.table.count(&folded.text, text, cues.find(&folded.text));
        Some((Grams::of(&folded, &counts.hits), counts.of))
    }

    /// The name of the model; `None` where rules judge alone.
    pub fn model_name(&self) -> Option<&str> {
        self.model.as_deref().map(|model| model.name())
    }

    /// Judges one text. The same input always gives the same verdict.
    pub fn judge(&self, input: &Input) -> Verdict {
        self.judge_for(input, None)
    }

    /// Judges one text by what a brand's own people taught too. A correction of another model is
    /// not used.
    pub fn judge_for(&self, input: &Input, learned: Option<Learned<'_>>) -> Verdict {
        let ours = |learned: &Learned<'_>| self.model_name() == Some(learned.correction.model());
        let learned = learned.filter(ours);
        let text = cut(input.text);
        let (language, folded) = self.fold(input.language, text);
        let (relevance, about) = relevance::relevance(text, language, input.about);
        let lexicons = self.lexicons(language);
        let model = self.model.as_deref();
        let known = (language, &folded);
        let mut found = Findings::of(&self.table, lexicons, text, known, input, model, learned);
        self.heed(&mut found, text, relevance, input);
        self.sort(&mut found, text, (language, &folded), input);
        let cut = text.len() < input.text.len();
        if cut && !found.is_automatic() {
            // What nobody has read may complain.
            found.must_be_seen();
        }
        let mut why = std::mem::take(&mut found.why);
        if cut {
            why.push(reason("text.cut", ""));
        }
        why.extend(about);
        if found.kind == Kind::Complaint {
            why.extend(input.about.scope.iter().flat_map(|s| s.pledges(text, found.topic)));
        }
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
            model: match (self.model_name(), learned) {
                (None, _) => RULES.to_owned(),
                (Some(model), None) => [RULES, "+", model].concat(),
                (Some(model), Some(learned)) => {
                    format!("{RULES}+{model}+brand-{}", learned.correction.version())
                }
            },
        }
    }

    /// A text's language, and the text as that language folds it. The network's word counts, else
    /// the letters'; a short text is settled by the words it has, and so is one whose letters were
    /// veiled and now say nothing that we know.
    fn fold(&self, named: Option<Lang>, text: &str) -> (Lang, Normal) {
        if let Some(named) = named.filter(|lang| *lang != Lang::UNKNOWN) {
            return (named, normal::normalise(text, named == Lang::DE));
        }
        let dress = Dress::of(text);
        let shown = dress.legible(text);
        let guess = language::language(&shown);
        let folded = normal::normalise(text, guess == Lang::DE);
        let sure = !dress.veiled || Lang::SERVED.contains(&guess);
        if guess == Lang::UNKNOWN || shown.len() > language::SHORT && sure {
            return (guess, folded);
        }
        let like_guess = |lang: Lang| (lang == Lang::DE) == (guess == Lang::DE);
        // Where German folds like the others, once is enough.
        let other = folded.umlauts.then(|| normal::normalise(text, guess != Lang::DE));
        let mut hits = Vec::new();
        let votes = self.lexicons.iter().map(|(lang, lexicon)| {
            let folded = other.as_ref().filter(|_| !like_guess(*lang)).unwrap_or(&folded);
            hits.clear();
            lexicon.find_into(&folded.text, &mut hits);
            (*lang, self.table.known_words(&hits))
        });
        let language = language::settle(guess, votes);
        match other {
            Some(other) if !like_guess(language) => (language, other),
            _ => (language, folded),
        }
    }

    /// The cues and the grave phrases of a served language; for any other none, and a person looks.
    fn lexicons(&self, language: Lang) -> Option<(&Lexicon, &Lexicon)> {
        let mut both = self.lexicons.iter().zip(&self.graves);
        both.find(|((lang, _), _)| *lang == language).map(|((_, cues), grave)| (cues, grave))
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
