//! `Weighed`: what rules and model make of a text each, before they are put together.

use crate::classify::findings::{Findings, odds_of};
use crate::classify::grave::Grave;
use crate::classify::normal::Normal;
use crate::classify::{Classifier, Input, Seen, cut};

/// A text as a correction sees it.
pub(crate) struct Weighed {
    /// The probability that the rules alone give: nothing falls below it.
    pub(crate) floor: f64,
    /// The model's log odds, with what the stars add.
    pub(crate) odds: f32,
    /// Whether a grave risk is named.
    pub(crate) grave: bool,
    /// The text as words are looked up in it.
    pub(crate) folded: Normal,
}

impl Classifier {
    /// Weighs a text; `None` where no model has a say: no text, a language that is not served, a
    /// machine's mail.
    pub(crate) fn weigh(&self, input: &Input) -> Option<Weighed> {
        let text = cut(input.text);
        let (language, folded) = self.fold(input.language, text);
        let ((cues, grave), model) = (self.lexicons(language)?, self.model.as_deref()?);
        if !folded.text.chars().any(char::is_alphanumeric) {
            return None;
        }
        let counts = self.table.count(&folded.text, text, cues.find(&folded.text));
        let grave = Grave::of(&self.table, &counts, grave.find(&folded.text));
        let found = Findings::read(&self.table, &counts, grave, &folded, text, input);
        if found.is_automatic() {
            return None;
        }
        let opinion = model.opinion(&Seen { language, text, folded: &folded, counts: &counts });
        let (floor, grave) = (found.probability, found.is_grave(&opinion));
        Some(Weighed { floor, odds: odds_of(&opinion, input), grave, folded })
    }
}
