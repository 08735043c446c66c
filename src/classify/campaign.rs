//! Campaigns: which of those that run a text names.

use super::cut;
use super::scope::{Found, Means, Scope};
use super::words::Words;
use crate::domain::Instant;

impl<'s> Found<'s> {
    /// The campaign that the words stand for, if it runs at `at`. A hashtag must stand as one.
    pub(super) fn campaign(&self, words: &Words, at: Instant) -> Option<&'s str> {
        let Means::Campaign { name, from, to, tag } = self.means else { return None };
        let stands = !tag || words.words.get(self.from).is_some_and(|word| word.tag);
        (stands && (*from..*to).contains(&at)).then_some(name.as_str())
    }
}

impl Scope {
    /// The first campaign that a text of that time names.
    pub fn campaign(&self, text: &str, at: Instant) -> Option<String> {
        let words = Words::of(cut(text));
        self.find(&words).find_map(|found| found.campaign(&words, at).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Brand, Campaign};

    #[test]
    fn a_text_names_what_runs_when_it_is_written() {
        let mut brand = Brand::new("acme", jiff::tz::TimeZone::UTC);
        brand.handles = vec!["acme".to_owned()];
        let campaign = |name: &str, term: &str, from, to| Campaign {
            name: name.to_owned(),
            terms: vec![term.to_owned()],
            from: Instant(from),
            to: Instant(to),
            ..Campaign::default()
        };
        brand.campaigns =
            vec![campaign("fall", "#AcmeFall", 10, 20), campaign("sale", "super saldi", 15, 30)];
        let scope = Scope::of(&brand).unwrap();
        let named = |text: &str, at| scope.campaign(text, Instant(at));
        assert_eq!(named("@acme che truffa #acmefall", 10).as_deref(), Some("fall"));
        assert_eq!(named("@acme che truffa #acmefall", 20), None, "it is over");
        assert_eq!(named("acmefall che truffa", 10), None, "it is no hashtag");
        assert_eq!(named("I SUPER SALDI di @acme", 16).as_deref(), Some("sale"));
        assert_eq!(named("I super saldi e #AcmeFall", 16).as_deref(), Some("sale"));
        assert_eq!(named("@acme", 16), None);
    }
}
