//! Names the pledges of a brand (what it advertises) that a complaint says are broken.

use super::reason;
use super::scope::pattern;
use super::words::Words;
use crate::domain::{Brand, Topic, Why};
use aho_corasick::AhoCorasick;

/// The cue of a pledge; its words are the pledge as configured.
const CUE: &str = "pledge";

/// What a brand advertises, ready to be looked up.
pub(super) struct Pledges {
    finder: AhoCorasick,
    /// By pattern of the finder: which pledge.
    of: Vec<usize>,
    /// Title and topic.
    pledges: Vec<(String, Option<Topic>)>,
}

impl Pledges {
    /// Makes a brand's pledges ready; `None` where it has none.
    ///
    /// # Errors
    /// When there are so many phrases that they cannot be looked up together.
    pub(super) fn of(brand: &Brand) -> Result<Option<Pledges>, String> {
        let (mut folded, mut of) = (Vec::new(), Vec::new());
        for (number, pledge) in brand.pledges.iter().enumerate() {
            for phrase in &pledge.phrases {
                let pattern = pattern(phrase);
                if !pattern.trim().is_empty() {
                    folded.push(pattern);
                    of.push(number);
                }
            }
        }
        if folded.is_empty() {
            return Ok(None);
        }
        let finder = AhoCorasick::new(&folded).map_err(|error| {
            format!("the pledges of brand {} cannot be looked up: {error}", brand.name)
        })?;
        let pledges = brand.pledges.iter().map(|p| (p.title.clone(), p.topic)).collect();
        Ok(Some(Pledges { finder, of, pledges }))
    }

    /// The pledges of which a complaint writes, each once, in their order: a phrase of theirs stands
    /// there, and it is about their topic or about none that is known.
    pub(super) fn named(&self, text: &str, topic: Topic) -> Vec<Why> {
        let words = Words::of(text);
        let mut found = vec![false; self.pledges.len()];
        for hit in self.finder.find_overlapping_iter(&words.folded) {
            found[self.of[hit.pattern().as_usize()]] = true;
        }
        let named = self.pledges.iter().zip(found).filter(|((_, of), found)| {
            *found && (topic == Topic::Other || of.is_none_or(|of| of == topic))
        });
        named.map(|((title, _), _)| reason(CUE, title)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Pledge;

    fn pledges() -> Pledges {
        let mut brand = Brand::new("acme", jiff::tz::TimeZone::UTC);
        let pledge = |title: &str, topic, phrases: &[&str]| Pledge {
            title: title.to_owned(),
            topic,
            phrases: phrases.iter().map(|p| (*p).to_owned()).collect(),
        };
        brand.pledges = vec![
            pledge("consegna in 48 ore", Some(Topic::Delivery), &["48 ore", "due giorni"]),
            pledge("soddisfatti o rimborsati", None, &["soddisfatti o rimborsat*"]),
        ];
        Pledges::of(&brand).unwrap().unwrap()
    }

    #[test]
    fn a_pledge_is_named_by_its_words_and_its_topic() {
        let named = |text: &str, topic| -> Vec<String> {
            pledges().named(text, topic).into_iter().map(|why| why.words).collect()
        };
        let late = "Promettete 48 ORE e sono passati 6 giorni";
        assert_eq!(named(late, Topic::Delivery), ["consegna in 48 ore"]);
        assert_eq!(named(late, Topic::Other), ["consegna in 48 ore"], "about nothing known");
        assert!(named(late, Topic::Billing).is_empty(), "48 hours of something else");
        assert!(named("sono 148 ore che aspetto", Topic::Delivery).is_empty());
        let twice = "48 ore dicevate, 48 ore!";
        assert_eq!(named(twice, Topic::Delivery).len(), 1, "each once");
    }

    #[test]
    fn a_brand_without_pledges_has_none() {
        let brand = Brand::new("acme", jiff::tz::TimeZone::UTC);
        assert!(Pledges::of(&brand).unwrap().is_none());
    }
}
