//! The names of all cues that can explain a verdict: each has a text in the catalogues.

use super::Classifier;

/// Those that stand not in the cue table: they come from the model, from the stars, from what kind of
/// text it is, from what is known around it, from phrases that sort it out, from what the brand's own
/// people taught, and from what tells whether it is about the brand.
const BESIDE_THE_TABLE: [&str; 31] = [
    "word",
    "sentence",
    "brand.learned",
    "rating.one",
    "rating.two",
    "rating.three",
    "rating.good",
    "rating.low",
    "text.none",
    "text.only_attached",
    "text.cut",
    "text.disguised",
    "language.unserved",
    "context.reply",
    "context.earlier",
    "context.agrees",
    "sorted.spam",
    "sorted.bot",
    "sorted.abuse",
    "about.addressed",
    "about.handle",
    "about.domain",
    "about.name",
    "about.context",
    "about.customer",
    "about.trouble",
    "about.capital",
    "about.campaign",
    "about.no_context",
    "about.excluded",
    "pledge",
];

impl Classifier {
    /// The cues that a reason can bear, but for `model.NAME`, which a model adds. A mixed cue has
    /// no words that could be shown, and one that speaks for no kind carries no verdict.
    pub fn cues(&self) -> Vec<&str> {
        let shown = self.table.cues.iter().filter(|cue| {
            !cue.name.starts_with("mixed.") && cue.weights.iter().any(|weight| *weight > 0.0)
        });
        shown.map(|cue| cue.name.as_str()).chain(BESIDE_THE_TABLE).collect()
    }
}
