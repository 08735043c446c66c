//! `Scope`: what a brand is called, where it lives and who else bears its name, made ready once so
//! that a mention is looked through in one go.

use super::pledge::Pledges;
use super::words::Words;
use crate::domain::{Brand, Instant, Topic, Why};
use aho_corasick::AhoCorasick;
use std::collections::HashSet;
use std::sync::LazyLock;

/// What a phrase stands for.
#[derive(Clone, Debug)]
pub(super) enum Means {
    /// One of the brand's handles.
    Handle,
    /// One of its names.
    Name {
        /// It means other things too.
        ambiguous: bool,
        /// It is written with a capital, so small letters speak for the everyday word.
        capital: bool,
        /// It is a first name.
        person: bool,
    },
    /// One must stand beside an ambiguous name.
    Context,
    /// Somebody else of the same name, as configured.
    Excluded {
        /// The words as configured; the ledger counts by them.
        phrase: String,
        /// It holds no name of the brand, so it takes the whole mention.
        whole: bool,
    },
    /// Ours between two instants.
    Campaign {
        /// What it is called.
        name: String,
        /// From here on.
        from: Instant,
        /// Up to here.
        to: Instant,
        /// It counts as a hashtag only.
        tag: bool,
    },
    /// What only customers talk about.
    Customer,
    /// A service that fails.
    Trouble,
    /// Makes the name behind it an everyday word.
    Determiner,
    /// Tells that a first name means a person.
    Person,
}

/// A phrase that was found, by the words it covers; the second is exclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'s> {
    pub(super) means: &'s Means,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// What is known of a brand, ready to be looked up. Built once, shared by all threads.
pub struct Scope {
    finder: AhoCorasick,
    /// By pattern of the finder.
    means: Vec<Means>,
    domains: Vec<String>,
    pledges: Option<Pledges>,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("means", &self.means).field("domains", &self.domains).finish()
    }
}

impl Scope {
    /// Makes a brand's names ready.
    ///
    /// # Errors
    /// When there are so many of them that they cannot be looked up together (beyond 2^31 letters).
    pub fn of(brand: &Brand) -> Result<Scope, String> {
        let mut phrases = Phrases::default();
        let mut unsure = false;
        for term in &brand.terms {
            let ambiguous = is_ambiguous(brand, term);
            unsure |= ambiguous;
            let capital = term.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
            let person = LISTS.first.contains(&plain(term));
            phrases.add(term, &Means::Name { ambiguous, capital, person });
            phrases.add_inflected(term, &Means::Name { ambiguous, capital, person });
        }
        for handle in &brand.handles {
            phrases.add_handle(handle);
        }
        for campaign in &brand.campaigns {
            for term in &campaign.terms {
                let (from, to, tag) = (campaign.from, campaign.to, term.starts_with('#'));
                let name = campaign.name.clone();
                phrases.add(term, &Means::Campaign { name, from, to, tag });
            }
        }
        let names = names(brand);
        for phrase in &brand.exclusions {
            let folded = plain(phrase);
            let whole = !names.iter().any(|name| folded.contains(name.as_str()));
            phrases.add(phrase, &Means::Excluded { phrase: phrase.clone(), whole });
        }
        if unsure {
            for word in &brand.context {
                phrases.add(word, &Means::Context);
            }
            for (list, means) in [
                (&LISTS.customer, Means::Customer),
                (&LISTS.trouble, Means::Trouble),
                (&LISTS.determiner, Means::Determiner),
                (&LISTS.person, Means::Person),
            ] {
                for word in list {
                    phrases.add_folded(word, means.clone());
                }
            }
            // Who stands beside another first name is a person too.
            for name in LISTS.first.iter().filter(|name| !names.contains(name)) {
                phrases.add_folded(name, Means::Person);
            }
        }
        let finder = AhoCorasick::new(&phrases.folded).map_err(|error| {
            format!("the names of brand {} cannot be looked up: {error}", brand.name)
        })?;
        let (domains, pledges) = (brand.domains.clone(), Pledges::of(brand)?);
        Ok(Scope { finder, means: phrases.means, domains, pledges })
    }

    /// The brand's pledges that a complaint of this topic says are broken.
    pub(super) fn pledges(&self, text: &str, topic: Topic) -> Vec<Why> {
        self.pledges.as_ref().map_or_else(Vec::new, |pledges| pledges.named(text, topic))
    }

    /// Every phrase that stands in the words, by its end.
    pub(super) fn find<'s>(&'s self, words: &'s Words) -> impl Iterator<Item = Found<'s>> {
        self.finder.find_overlapping_iter(&words.folded).map(move |hit| {
            let (from, to) = words.span(hit.start(), hit.end());
            Found { means: &self.means[hit.pattern().as_usize()], from, to }
        })
    }

    /// The first host in the text that is one of the brand's domains or lies below one.
    pub(super) fn host<'t>(&self, words: &Words, text: &'t str) -> Option<&'t str> {
        if self.domains.is_empty() {
            return None;
        }
        let hosts = words.hosts.iter().filter_map(|(from, to)| text.get(*from..*to));
        hosts.filter(|host| !host.is_empty()).find(|host| {
            let host = host.to_lowercase();
            let below = |domain: &String| {
                host.strip_suffix(domain.as_str())
                    .is_some_and(|head| head.is_empty() || head.ends_with('.'))
            };
            self.domains.iter().any(below)
        })
    }
}

/// The patterns while they are gathered.
#[derive(Default)]
struct Phrases {
    folded: Vec<String>,
    means: Vec<Means>,
}

impl Phrases {
    /// A phrase as configured, and its words written together as hashtags have them. A `*` at its
    /// end leaves the last word open.
    fn add(&mut self, phrase: &str, means: &Means) {
        let folded = pattern(phrase);
        let joined = joined(&folded);
        if joined != folded {
            self.add_folded(&joined, means.clone());
        }
        self.add_folded(&folded, means.clone());
    }

    /// A name with the ending that English and German give to its genitive.
    fn add_inflected(&mut self, name: &str, means: &Means) {
        let folded = plain(name);
        let bare = folded.trim();
        // Shorter ones become other words too easily.
        if bare.chars().count() >= 4 && !bare.ends_with('s') {
            self.add_folded(&format!(" {bare}s "), means.clone());
        }
    }

    /// A handle behind its `@`; one that can be no plain word (`acme_help`) without it too.
    fn add_handle(&mut self, handle: &str) {
        let name = handle.trim().trim_start_matches('@');
        // What stands behind a second @ is the instance; the text is cut before it.
        let name = name.split('@').next().unwrap_or(name);
        if name.is_empty() {
            return;
        }
        let whole = Words::of(&format!("@{name}")).folded;
        let whole = whole.split(' ').find(|word| word.starts_with('@')).unwrap_or("");
        if !whole.is_empty() {
            self.add_folded(&format!(" {whole} "), Means::Handle);
        }
        if name.contains('_') || name.contains(|c: char| c.is_ascii_digit()) {
            self.add_folded(&plain(name), Means::Handle);
        }
    }

    fn add_folded(&mut self, folded: &str, means: Means) {
        if !folded.trim().is_empty() {
            self.folded.push(folded.to_owned());
            self.means.push(means);
        }
    }
}

/// The names of a brand, folded; signs alone are none.
pub(super) fn names(brand: &Brand) -> Vec<String> {
    let names = brand.terms.iter().map(|term| plain(term));
    names.filter(|name| !name.trim().is_empty()).collect()
}

/// The folded words of a phrase with blanks around each; without the sign of a hashtag or handle.
fn plain(phrase: &str) -> String {
    Words::of(phrase.trim().trim_start_matches(['#', '@'])).folded
}

/// The same, open behind where the phrase ends with `*`.
pub(super) fn pattern(phrase: &str) -> String {
    let mut folded = plain(phrase);
    if phrase.trim_end().ends_with('*') {
        folded.truncate(folded.trim_end().len());
    }
    folded
}

/// Its words as one: ` banca lunaria ` becomes ` bancalunaria `.
fn joined(folded: &str) -> String {
    let one: String = folded.split(' ').collect();
    let behind = if folded.ends_with(' ') { " " } else { "" };
    format!(" {one}{behind}")
}

/// Whether a name means other things too: as configured; else wherever context words are given;
/// else where it is a first name or an everyday word.
fn is_ambiguous(brand: &Brand, term: &str) -> bool {
    let folded = plain(term);
    match &brand.ambiguous {
        Some(names) => names.iter().any(|name| plain(name) == folded),
        None => {
            let known = LISTS.everyday.contains(&folded) || LISTS.first.contains(&folded);
            known || !brand.context.is_empty()
        }
    }
}

/// The names of a brand that mean other things too, and so need company.
pub fn ambiguous(brand: &Brand) -> Vec<&str> {
    brand.terms.iter().map(String::as_str).filter(|term| is_ambiguous(brand, term)).collect()
}

/// The word lists, with blanks around each word.
pub(super) struct Lists {
    pub(super) customer: Vec<String>,
    pub(super) determiner: Vec<String>,
    trouble: Vec<String>,
    person: Vec<String>,
    everyday: HashSet<String>,
    first: HashSet<String>,
    pub(super) function: HashSet<String>,
}

pub(super) static LISTS: LazyLock<Lists> =
    LazyLock::new(|| Lists::read(include_str!("data/relevance.txt")));

impl Lists {
    fn read(file: &str) -> Lists {
        let of = |section: &'static str| {
            let mut inside = false;
            let lines = file.lines().map(str::trim).filter(move |line| {
                if line.starts_with('[') {
                    inside = *line == section;
                }
                inside && !line.starts_with(['[', '#'])
            });
            lines.flat_map(|line| line.split(',')).map(pattern).filter(|p| !p.trim().is_empty())
        };
        Lists {
            customer: of("[customer]").collect(),
            determiner: of("[determiner]").collect(),
            trouble: of("[trouble]").collect(),
            person: of("[person]").collect(),
            everyday: of("[everyday]").collect(),
            first: of("[first]").collect(),
            function: of("[function]").collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_read_whole() {
        let has = |list: &[String], word: &str| list.iter().any(|w| w == word);
        assert!(has(&LISTS.customer, " servizio clienti ") && has(&LISTS.customer, " client"));
        assert!(has(&LISTS.determiner, " c e ") && !has(&LISTS.determiner, " la "));
        assert!(LISTS.first.contains(" chiara ") && !LISTS.everyday.contains(" chiara "));
        assert!(LISTS.everyday.contains(" wind ") && !LISTS.everyday.contains(" acme "));
        assert!(has(&LISTS.trouble, " non funzion") && has(&LISTS.person, " sorella "));
        assert!(LISTS.function.contains(" perche ") && LISTS.function.len() > 300);
    }

    #[test]
    fn ambiguous_is_what_is_said_or_what_the_lists_know() {
        let mut brand = Brand::new("x", jiff::tz::TimeZone::UTC);
        assert!(is_ambiguous(&brand, "Chiara") && is_ambiguous(&brand, "WIND"));
        assert!(!is_ambiguous(&brand, "Acme") && !is_ambiguous(&brand, "Chiara Boutique"));
        brand.context = vec!["negozio".to_owned()];
        assert!(is_ambiguous(&brand, "Acme"), "whoever names context words wants them");
        brand.ambiguous = Some(vec!["chiara".to_owned()]);
        assert!(is_ambiguous(&brand, "Chiara") && !is_ambiguous(&brand, "Acme"));
        brand.ambiguous = Some(Vec::new());
        assert!(!is_ambiguous(&brand, "Chiara"));
    }
}
