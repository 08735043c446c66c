//! The templates out of `data/`: read, checked whole, and said by their path.

use crate::domain::{Lang, Topic};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, context};
use std::collections::{BTreeSet, HashMap};

/// The files, one a language.
const FILES: [(Lang, &str); 6] = [
    (Lang::IT, include_str!("data/it.toml")),
    (Lang::EN, include_str!("data/en.toml")),
    (Lang::ES, include_str!("data/es.toml")),
    (Lang::FR, include_str!("data/fr.toml")),
    (Lang::DE, include_str!("data/de.toml")),
    (Lang::PT, include_str!("data/pt.toml")),
];

/// What a template may name.
pub(super) struct Facts<'a> {
    /// The author's name, disarmed; empty if it cannot be used.
    pub(super) author: &'a str,
    /// The brand's name for people.
    pub(super) brand: &'a str,
    /// What it is about: gives `about` and `details`.
    pub(super) topic: Topic,
    /// The year since when the author is a customer.
    pub(super) since: &'a str,
    /// The number of an order, and how that stands.
    pub(super) order: &'a str,
    pub(super) state: &'a str,
}

/// All templates.
pub(super) struct Book {
    env: Environment<'static>,
    /// The templates by name, `it.complaint.delivery.long.0`. They are compiled when they are said:
    /// that takes microseconds, while some hundred compiled ones would hold 6 MB for good.
    texts: HashMap<String, String>,
    /// How many variants stand under a path, `it.complaint.delivery.long`.
    variants: HashMap<String, u64>,
}

impl Book {
    /// Reads the files and says every template once, so that [`Book::say`] cannot fail later.
    pub(super) fn read() -> Result<Book, String> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        // A reply is plain text: escaping for HTML would stand there for everybody to see.
        env.set_auto_escape_callback(|_| AutoEscape::None);
        let mut book = Book { env, texts: HashMap::new(), variants: HashMap::new() };
        for (language, source) in FILES {
            let fault = |why: String| format!("src/draft/data/{language}.toml: {why}");
            let table: toml::Table =
                source.parse().map_err(|e: toml::de::Error| fault(e.to_string()))?;
            book.add(language.as_str(), &table.into()).map_err(fault)?;
            book.check(language).map_err(fault)?;
        }
        Ok(book)
    }

    /// Adds what stands under a path: a text, its variants, or a table of more.
    fn add(&mut self, path: &str, value: &toml::Value) -> Result<(), String> {
        let one = std::slice::from_ref(value);
        let texts = match value {
            toml::Value::Table(table) => {
                return table.iter().try_for_each(|(k, v)| self.add(&format!("{path}.{k}"), v));
            }
            toml::Value::Array(texts) if !texts.is_empty() => texts.as_slice(),
            _ => one,
        };
        for (index, text) in texts.iter().enumerate() {
            let text = text.as_str().filter(|t| !t.trim().is_empty());
            let text = text.ok_or_else(|| format!("{path} holds no text"))?;
            self.texts.insert(format!("{path}.{index}"), text.to_owned());
        }
        self.variants.insert(path.to_owned(), texts.len() as u64);
        Ok(())
    }

    /// Whether a language has every template, no other, and all of them can be said.
    fn check(&self, language: Lang) -> Result<(), String> {
        let wanted: BTreeSet<String> = paths().map(|p| format!("{language}.{p}")).collect();
        let own = format!("{language}.");
        let found: BTreeSet<String> =
            self.variants.keys().filter(|k| k.starts_with(&own)).cloned().collect();
        if let Some(missing) = wanted.difference(&found).next() {
            return Err(format!("{missing} is missing"));
        }
        if let Some(unknown) = found.difference(&wanted).next() {
            return Err(format!("nothing uses {unknown}"));
        }
        let facts = Facts {
            author: "A",
            brand: "B",
            topic: Topic::Other,
            since: "C",
            order: "D",
            state: "E",
        };
        for path in &found {
            for index in 0..self.variants[path] {
                self.render(language, &format!("{path}.{index}"), &facts)
                    .map_err(|e| format!("{path}: {e}"))?;
            }
        }
        Ok(())
    }

    /// Whether there is a template of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }

    /// One variant of what stands under a path, and the name of its template.
    pub(super) fn say(
        &self,
        language: Lang,
        path: &str,
        facts: &Facts<'_>,
        seed: u64,
    ) -> (String, String) {
        let path = format!("{language}.{path}");
        let count = self.variants.get(&path).copied().unwrap_or(1);
        let name = format!("{path}.{}", pick(seed, &path, count));
        let text = self
            .render(language, &name, facts)
            .expect("every path and template was tried when the book was read");
        (text, name)
    }

    fn render(
        &self,
        language: Lang,
        name: &str,
        facts: &Facts<'_>,
    ) -> Result<String, minijinja::Error> {
        let plain = |table: &str| self.text(&format!("{language}.{table}.{}.0", facts.topic));
        let facts = context! {
            author => facts.author,
            brand => facts.brand,
            about => plain("about")?,
            details => plain("details")?,
            since => facts.since,
            order => facts.order,
            state => facts.state,
        };
        self.env.render_named_str(name, self.text(name)?, facts)
    }

    fn text(&self, name: &str) -> Result<&str, minijinja::Error> {
        let missing = || minijinja::Error::new(ErrorKind::TemplateNotFound, name.to_owned());
        self.texts.get(name).map(String::as_str).ok_or_else(missing)
    }
}

/// Every path that a language must have.
fn paths() -> impl Iterator<Item = String> {
    let topics = |table: &'static str| Topic::ALL.iter().map(move |t| format!("{table}.{t}"));
    // A complaint about safety gets a holding text instead.
    let complaints = topics("complaint").filter(|p| p != "complaint.safety");
    let openings = ["question", "look", "holding.serious", "holding.safety"].map(String::from);
    let openings = complaints.chain(openings);
    let lengths = |path: String| [format!("{path}.long"), format!("{path}.short")];
    let steps = ["complaint", "question", "look", "holding"];
    let sides = ["public", "public_short", "private", "private_short"];
    let asked = move |step: &'static str| sides.map(|side| format!("step.{step}.{side}"));
    ["greeting.named".to_owned(), "greeting.plain".to_owned()]
        .into_iter()
        .chain(openings.flat_map(lengths))
        .chain(steps.into_iter().flat_map(asked))
        .chain(steps.map(|step| format!("closing.{step}")))
        .chain(topics("about"))
        .chain(topics("details"))
        .chain(["since", "order", "order_state"].map(|of| format!("known.{of}")))
}

/// A variant, the same for the same seed and path, and independent between paths.
fn pick(seed: u64, path: &str, count: u64) -> u64 {
    // FNV-1a over the path, started by the seed; any even spread would do.
    let start = seed ^ 0xcbf2_9ce4_8422_2325;
    let mixed = path
        .bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (mixed >> 32) % count.max(1)
}
