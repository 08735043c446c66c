//! Says whether a text concerns the brand: by what the network says, its handles and domains, its
//! names with what stands beside them, campaigns and exclusions.
//!
//! What the network addressed to us is always about us; so is a link to our domain and a handle of
//! ours. Everything else is weak evidence, over which an exclusion wins. A name that means other
//! things too counts where a context word or a customer's words stand near it; an everyday word
//! also where it bears a capital that grammar does not ask for, or a service fails near it. Left
//! alone, inside of a longer name (`Chiara Rossi`), as an everyday word (`il vento`) or as a person
//! (`mia sorella Chiara`) it is only "perhaps".

use super::scope::{Found, Means, Scope};
use super::words::{Shape, Word, Words};
use super::{About, reason};
use crate::domain::Instant;
use crate::domain::verdict::{EXCLUDED, Lang, Relevance, Why};

/// A context word counts within so many words of the name: a long post or two short ones.
const FAR: usize = 25;
/// A customer's words count within so many; so does a context word where the name is written like
/// the everyday word in a text that has capitals. About a clause.
const NEAR: usize = 6;

/// Words that tell of a person count right beside the name only: customers have sisters too.
const BESIDE: usize = 2;

/// Judges relevance and gives the reasons.
pub(crate) fn relevance(text: &str, language: Lang, about: &About) -> (Relevance, Vec<Why>) {
    if about.addressed {
        return (Relevance::About, vec![reason("about.addressed", "")]);
    }
    let Some(scope) = about.scope else { return (Relevance::Perhaps, Vec::new()) };
    scope.judge(text, language, about.at)
}

impl Scope {
    /// Judges a text that was written in `language` at `at` and that nobody addressed to us.
    pub(super) fn judge(&self, text: &str, language: Lang, at: Instant) -> (Relevance, Vec<Why>) {
        let words = Words::of(text);
        if let Some(host) = self.host(&words, text) {
            return (Relevance::About, vec![reason("about.domain", host)]);
        }
        let looked = Looked { text, words: &words, found: self.find(&words).collect(), language };
        looked.judge(at)
    }
}

/// A text with all that was found in it.
struct Looked<'l> {
    text: &'l str,
    words: &'l Words,
    found: Vec<Found<'l>>,
    language: Lang,
}

impl Looked<'_> {
    fn judge(&self, at: Instant) -> (Relevance, Vec<Why>) {
        let only = |relevance, cue, words: &str| (relevance, vec![reason(cue, words)]);
        if let Some(handle) = self.found.iter().find(|f| matches!(f.means, Means::Handle)) {
            return only(Relevance::About, "about.handle", self.written(handle));
        }
        if let Some(phrase) = self.exclusion(true) {
            return only(Relevance::NotAbout, EXCLUDED, phrase);
        }
        if let Some(campaign) = self.found.iter().find(|f| self.is_running(f, at)) {
            return only(Relevance::About, "about.campaign", self.written(campaign));
        }
        let mut alone = None;
        let mut best: Option<Vec<Why>> = None;
        for name in &self.found {
            let Means::Name { ambiguous, capital, person } = *name.means else { continue };
            if self.excluded(name) {
                continue;
            }
            if !ambiguous {
                return only(Relevance::About, "about.name", self.written(name));
            }
            alone = alone.or(Some(name));
            if best.is_none() {
                best = self.company(name, capital, person);
            }
        }
        if let Some(why) = best {
            return (Relevance::About, why);
        }
        if let Some(name) = alone {
            return only(Relevance::Perhaps, "about.no_context", self.written(name));
        }
        match self.exclusion(false) {
            Some(phrase) => only(Relevance::NotAbout, EXCLUDED, phrase),
            None => (Relevance::Perhaps, Vec::new()),
        }
    }

    fn written(&self, found: &Found<'_>) -> &str {
        self.words.written(self.text, found.from, found.to)
    }

    fn is_running(&self, found: &Found<'_>, at: Instant) -> bool {
        found.campaign(self.words, at).is_some()
    }

    /// The first exclusion, as configured; of those alone that take the whole mention, if asked so.
    fn exclusion(&self, whole_only: bool) -> Option<&str> {
        self.found.iter().find_map(|f| match f.means {
            Means::Excluded { phrase, whole } if *whole || !whole_only => Some(phrase.as_str()),
            _ => None,
        })
    }

    /// Whether an exclusion covers a name.
    fn excluded(&self, name: &Found<'_>) -> bool {
        self.found.iter().any(|f| {
            matches!(f.means, Means::Excluded { .. }) && f.from <= name.from && name.to <= f.to
        })
    }

    /// What says that an ambiguous name means the brand here, if anything does.
    fn company(&self, name: &Found<'_>, capital: bool, person: bool) -> Option<Vec<Why>> {
        let word = self.words.words.get(name.from)?;
        if self.is_within_longer(name, word) || capital && self.is_everyday(name, word) {
            return None;
        }
        let beside = |means: &Means| matches!(means, Means::Person);
        if person && self.nearest(name, BESIDE, beside).is_some() {
            return None;
        }
        // Who writes capitals elsewhere and small letters here may well mean the everyday word.
        let small = capital && word.shape == Shape::Small && !word.tag && self.has_capitals();
        let reach = if small { NEAR } else { FAR };
        let context = self.nearest(name, reach, |means| matches!(means, Means::Context));
        let customer = |means: &Means| matches!(means, Means::Customer);
        let trouble = |means: &Means| matches!(means, Means::Trouble);
        let found = context
            .map(|found| ("about.context", found))
            .or_else(|| Some(("about.customer", self.nearest(name, NEAR, customer)?)))
            .or_else(|| match person {
                false => Some(("about.trouble", self.nearest(name, NEAR, trouble)?)),
                true => None,
            });
        let by_name = reason("about.name", self.written(name));
        match found {
            Some((cue, found)) => Some(vec![by_name, reason(cue, self.written(found))]),
            None if capital && !person && self.is_proper(word) => {
                Some(vec![by_name, reason("about.capital", "")])
            }
            None => None,
        }
    }

    /// Whether a word bears a capital within a sentence of small letters: it is a name there.
    fn is_proper(&self, word: &Word) -> bool {
        if self.language == Lang::DE || word.shape != Shape::Capital || word.first || word.tag {
            return false;
        }
        // In a headline every word has one.
        let within = self.words.words.iter().filter(|w| !w.first && !w.tag);
        let capital = within.clone().filter(|w| w.shape == Shape::Capital).count();
        capital * 2 < within.count()
    }

    /// The nearest phrase of a sort within `reach` words of a name.
    fn nearest(
        &self,
        name: &Found<'_>,
        reach: usize,
        wanted: fn(&Means) -> bool,
    ) -> Option<&Found<'_>> {
        let near = self.found.iter().filter(|f| wanted(f.means));
        let near = near.filter_map(|f| Some((distance(name, f)?, f)));
        near.filter(|(far, _)| *far <= reach).min_by_key(|(far, _)| *far).map(|(_, f)| f)
    }

    /// Whether a capital right before or behind makes it part of somebody else's name. Where all
    /// is in capitals, or all nouns are (German), capitals say nothing.
    fn is_within_longer(&self, name: &Found<'_>, word: &Word) -> bool {
        if self.language == Lang::DE || word.shape != Shape::Capital || word.tag {
            return false;
        }
        let ours = |at: usize| {
            self.found.iter().any(|f| {
                let ours = matches!(
                    f.means,
                    Means::Name { .. } | Means::Context | Means::Customer | Means::Campaign { .. }
                );
                ours && f.from <= at && at < f.to
            })
        };
        let other = |at: usize| {
            let beside = self.words.words.get(at).filter(|w| w.shape == Shape::Capital && !w.tag);
            beside.filter(|_| !ours(at))
        };
        let behind = other(name.to).is_some_and(|w| !w.apart && !w.first);
        let before = name.from.checked_sub(1).and_then(other);
        behind || before.is_some_and(|w| !w.first && !word.apart && !word.first)
    }

    /// Whether it stands in small letters, or with the words before it in capitals, behind a word
    /// that makes it an everyday word.
    fn is_everyday(&self, name: &Found<'_>, word: &Word) -> bool {
        if word.shape == Shape::Capital || word.tag || word.apart {
            return false;
        }
        self.found.iter().any(|f| matches!(f.means, Means::Determiner) && f.to == name.from)
    }

    /// Whether the writer uses capitals at all.
    fn has_capitals(&self) -> bool {
        self.words.words.iter().any(|w| w.first && !w.tag && w.shape == Shape::Capital)
    }
}

/// How many words a phrase is away from a name; `None` if it is part of it.
fn distance(name: &Found<'_>, other: &Found<'_>) -> Option<usize> {
    if other.from >= name.to {
        Some(other.from - name.to)
    } else if other.to <= name.from {
        Some(name.from - other.to)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Brand, Campaign};

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    fn bank() -> Brand {
        let mut brand = Brand::new("bank", jiff::tz::TimeZone::UTC);
        brand.terms = list(&["Banca Lunaria"]);
        brand.handles = list(&["lunaria_it"]);
        brand.domains = list(&["lunaria.example"]);
        brand.exclusions = list(&["Lunaria Calcio"]);
        brand.campaigns = vec![Campaign {
            name: "moon".to_owned(),
            terms: list(&["#LunaPiena"]),
            from: Instant(1_000),
            to: Instant(2_000),
            ..Campaign::default()
        }];
        brand
    }

    #[track_caller]
    fn says(brand: &Brand, text: &str, at: i64, relevance: Relevance, cue: &str) {
        let (told, why) = Scope::of(brand).unwrap().judge(text, Lang::IT, Instant(at));
        let last = why.last().map_or("", |why| why.cue.as_str());
        assert_eq!((told, last), (relevance, cue), "{text}: {why:?}");
    }

    #[test]
    fn a_plain_name_is_found_however_it_is_written() {
        let bank = bank();
        for text in [
            "BANCA LUNARIA chiusa",
            "#BancaLunaria giù",
            "(bànca lunaria)",
            "dell'Banca-Lunaria's",
            "bancalunaria",
            "@BancaLunaria che succede",
        ] {
            says(&bank, text, 0, Relevance::About, "about.name");
        }
        for text in ["la banca lunariana", "sbanca lunaria", "@lunaria_italia", ""] {
            says(&bank, text, 0, Relevance::Perhaps, "");
        }
    }

    #[test]
    fn handles_and_domains_are_certain_and_exclusions_win_over_the_rest() {
        let bank = bank();
        says(&bank, "@Lunaria_IT e Lunaria Calcio", 0, Relevance::About, "about.handle");
        says(&bank, "lunaria_it su Lunaria Calcio", 0, Relevance::About, "about.handle");
        let link = "Lunaria Calcio https://www.lunaria.example/conto";
        says(&bank, link, 0, Relevance::About, "about.domain");
        let other = "https://lunaria.example.evil.example e notlunaria.example";
        says(&bank, other, 0, Relevance::Perhaps, "");
        let both = "Banca Lunaria sponsor di Lunaria Calcio";
        says(&bank, both, 0, Relevance::NotAbout, EXCLUDED);
        says(&bank, "#LunariaCalcio", 0, Relevance::NotAbout, EXCLUDED);
    }

    #[test]
    fn a_campaign_is_ours_in_its_time_and_by_its_hashtag() {
        let bank = bank();
        says(&bank, "Che bella #lunapiena", 1_000, Relevance::About, "about.campaign");
        says(&bank, "Che bella #lunapiena", 2_000, Relevance::Perhaps, "");
        says(&bank, "Che bella lunapiena", 1_000, Relevance::Perhaps, "");
    }

    #[test]
    fn an_exclusion_that_holds_the_name_takes_that_name_only() {
        let mut brand = Brand::new("vento", jiff::tz::TimeZone::UTC);
        brand.terms = list(&["Vento"]);
        brand.context = list(&["fibra"]);
        brand.exclusions = list(&["vento forte", "maestrale"]);
        says(&brand, "vento forte, fibra giù", 0, Relevance::NotAbout, EXCLUDED);
        says(&brand, "vento forte, ma la fibra di Vento va", 0, Relevance::About, "about.context");
        says(&brand, "La fibra di Vento col maestrale", 0, Relevance::NotAbout, EXCLUDED);
    }

    #[test]
    fn an_ambiguous_name_needs_company() {
        let mut wind = Brand::new("wind", jiff::tz::TimeZone::UTC);
        wind.terms = list(&["Vento"]);
        wind.context = list(&["fibra", "modem*"]);
        for (text, cue) in [
            ("La fibra con Vento è un disastro", "about.context"),
            ("passata a vento, tre modems in un mese", "about.context"),
            ("il contratto Vento è scaduto", "about.customer"),
            ("vento non funziona da ieri", "about.trouble"),
            ("Non fate mai Vento in campagna, ve ne pentirete", "about.capital"),
        ] {
            says(&wind, text, 0, Relevance::About, cue);
        }
        for text in ["Vento e pioggia", "@vento ciao", "con questo vento la fibra balla"] {
            says(&wind, text, 0, Relevance::Perhaps, "about.no_context");
        }
        let novel = "Leggo Vento Rosso accanto al modem";
        says(&wind, novel, 0, Relevance::Perhaps, "about.no_context");
    }

    #[test]
    fn a_first_name_is_a_person_until_a_shop_is_told() {
        let mut shop = Brand::new("shop", jiff::tz::TimeZone::UTC);
        shop.terms = list(&["Chiara"]);
        says(&shop, "il reso da Chiara non si può fare", 0, Relevance::About, "about.customer");
        for text in [
            "ieri ho visto Chiara in centro",
            "Chiara non risponde più",
            "mia sorella Chiara e il suo negozio",
            "Chiara e Luca aprono un negozio",
        ] {
            says(&shop, text, 0, Relevance::Perhaps, "about.no_context");
        }
    }

    #[test]
    fn what_is_addressed_is_about_us_whatever_it_says() {
        let scope = Scope::of(&bank()).unwrap();
        let about = About { scope: Some(&scope), addressed: true, at: Instant(0) };
        let (told, why) = relevance("forza Lunaria Calcio", Lang::IT, &about);
        assert_eq!((told, why[0].cue.as_str()), (Relevance::About, "about.addressed"));
        let (told, _) = relevance("ciao", Lang::IT, &About { addressed: false, ..about });
        assert_eq!(told, Relevance::Perhaps);
    }
}
