//! `Catalogue`: the texts of alerts and screens, one language each, read from `locales/`.
//!
//! Keys are `table.name`. What a language lacks is said in English; what English lacks shows the
//! key itself, which a test of the screens finds.

use crate::domain::case::State;
use crate::domain::customer::CustomerValue;
use crate::domain::delivery::Wake;
use crate::domain::obligation::Owing;
use crate::domain::reason::Reason;
use crate::domain::{Kind, Lang, Risk, Topic};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The catalogues in the order of [`Lang::SERVED`].
static ALL: LazyLock<[Catalogue; 6]> = LazyLock::new(|| {
    [
        Catalogue::read(Lang::IT, include_str!("locales/it.toml")),
        Catalogue::read(Lang::EN, include_str!("locales/en.toml")),
        Catalogue::read(Lang::ES, include_str!("locales/es.toml")),
        Catalogue::read(Lang::FR, include_str!("locales/fr.toml")),
        Catalogue::read(Lang::DE, include_str!("locales/de.toml")),
        Catalogue::read(Lang::PT, include_str!("locales/pt.toml")),
    ]
});

/// The texts of one language.
#[derive(Debug)]
pub struct Catalogue {
    /// The language.
    pub language: Lang,
    texts: HashMap<String, String>,
}

impl Catalogue {
    /// The catalogue of a language, English where we have none.
    pub fn of(language: Lang) -> &'static Catalogue {
        let english = &ALL[1];
        ALL.iter().find(|c| c.language == language).unwrap_or(english)
    }

    /// The text of a key, in English if this language lacks it, else the key itself.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// The text of a key with its `{name}` places filled. What is filled in is never read for
    /// places again, so text from the network cannot pull in another value.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut rest = self.get(key);
        let mut text = String::with_capacity(rest.len() + 32);
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let place = after.split_once('}');
            let value = place.and_then(|(name, _)| values.iter().find(|(n, _)| *n == name));
            match (place, value) {
                (Some((_, behind)), Some((_, value))) => {
                    text.push_str(value);
                    rest = behind;
                }
                _ => {
                    text.push('{');
                    rest = after;
                }
            }
        }
        text.push_str(rest);
        text
    }

    /// What a reason is called.
    pub fn reason(&self, reason: Reason) -> &str {
        self.word("reason", reason.as_str())
    }

    /// What a topic is called.
    pub fn topic(&self, topic: Topic) -> &str {
        self.word("topic", topic.as_str())
    }

    /// What a risk is called.
    pub fn risk(&self, risk: Risk) -> &str {
        self.word("risk", risk.as_str())
    }

    /// What a severity of 0 to 3 is called; above counts as 3.
    pub fn severity(&self, severity: u8) -> &str {
        self.word("severity", ["0", "1", "2", "3"][usize::from(severity.min(3))])
    }

    /// What a state of a case is called.
    pub fn state(&self, state: State) -> &str {
        self.word("state", state.as_str())
    }

    /// What a kind is called.
    pub fn kind(&self, kind: Kind) -> &str {
        self.word("kind", kind.as_str())
    }

    /// What breaks quiet hours, as whoever is woken reads it.
    pub fn wake(&self, wake: Wake) -> &str {
        self.word("wake", wake.as_str())
    }

    /// What a customer's value is called.
    pub fn customer(&self, value: CustomerValue) -> &str {
        self.word("customer", value.as_str())
    }

    /// What a sort of debt is called.
    pub fn owing(&self, owing: Owing) -> &str {
        self.word("owing", owing.as_str())
    }

    /// A [`Cause`](crate::domain::reason::Cause) by the words that the log keeps. What is none (a
    /// fault, a server's or a person's words) stays as it is.
    pub fn cause<'a>(&'a self, text: &'a str) -> &'a str {
        self.find(&format!("cause.{text}")).unwrap_or(text)
    }

    /// What a cue of a verdict is called. Where the whole name is not known the part before its
    /// first dot is: a model calls its cue `model.NAME`. What is not known at all stays as it is.
    pub fn cue<'a>(&'a self, name: &'a str) -> &'a str {
        let head = name.split('.').next().unwrap_or(name);
        let text = self.find(&format!("cue.{name}"));
        text.or_else(|| self.find(&format!("cue.{head}"))).unwrap_or(name)
    }

    fn word(&self, table: &str, name: &'static str) -> &str {
        self.find(&format!("{table}.{name}")).unwrap_or(name)
    }

    fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).or_else(|| ALL[1].texts.get(key)).map(String::as_str)
    }

    fn read(language: Lang, source: &str) -> Catalogue {
        let tables: HashMap<String, HashMap<String, String>> = toml::from_str(source)
            .expect("the catalogues are part of the program, and a test reads each of them");
        let texts = tables.into_iter().flat_map(|(table, texts)| {
            texts.into_iter().map(move |(name, text)| (format!("{table}.{name}"), text))
        });
        Catalogue { language, texts: texts.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reason::Cause;
    use std::collections::BTreeSet;

    /// The `{places}` of a text.
    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn alert_texts_stand_in_all_languages_and_screens_in_two() {
        let english = Catalogue::of(Lang::EN);
        for language in Lang::SERVED {
            let catalogue = Catalogue::of(language);
            assert_eq!(catalogue.language, language);
            for (key, text) in &english.texts {
                let screen = key.starts_with("screen.") || key.starts_with("cause.");
                match catalogue.texts.get(key) {
                    Some(own) => {
                        assert_eq!(places(own), places(text), "{language}: {key}");
                        assert!(!own.trim().is_empty(), "{language}: {key}");
                    }
                    None => assert!(screen && language != Lang::IT, "{language} lacks {key}"),
                }
            }
            for key in catalogue.texts.keys() {
                assert!(english.texts.contains_key(key), "{language}: {key} is not in English");
            }
        }
    }

    #[test]
    fn every_word_of_the_domain_has_a_name() {
        let has = |table: &str, names: Vec<&str>| {
            for name in names {
                let key = format!("{table}.{name}");
                assert!(Catalogue::of(Lang::EN).texts.contains_key(&key), "{key} is missing");
            }
        };
        has("reason", Reason::ALL.iter().map(|w| w.as_str()).collect());
        has("topic", Topic::ALL.iter().map(|w| w.as_str()).collect());
        has("risk", Risk::ALL.iter().map(|w| w.as_str()).collect());
        has("state", State::ALL.iter().map(|w| w.as_str()).collect());
        has("kind", Kind::ALL.iter().map(|w| w.as_str()).collect());
        has("customer", CustomerValue::ALL.iter().map(|w| w.as_str()).collect());
        has("wake", Wake::ALL.iter().map(|w| w.as_str()).collect());
        has("owing", Owing::ALL.iter().map(|w| w.as_str()).collect());
        has("cause", Cause::ALL.iter().map(|w| w.as_str()).collect());
        assert_eq!(Catalogue::of(Lang::IT).severity(9), "critico");
        assert_eq!(Catalogue::of(Lang::DE).reason(Reason::Overdue), "Überfällig");
        assert_eq!(Catalogue::of(Lang::FR).topic(Topic::App), "application ou site");
        assert_eq!(Catalogue::of(Lang::PT).risk(Risk::Legal), "advogado ou autoridade");
        assert_eq!(Catalogue::of(Lang::ES).kind(Kind::Praise), "elogio");
        assert_eq!(Catalogue::of(Lang::EN).state(State::Moved), "moved to private");
        assert_eq!(Catalogue::of(Lang::IT).owing(Owing::Look), "da guardare");
        let before = Cause::BeforeOurTime.as_str();
        assert_eq!(Catalogue::of(Lang::IT).cause(before), "prima di noi");
        assert_eq!(Catalogue::of(Lang::DE).cause(before), "before our time");
    }

    #[test]
    fn what_is_missing_falls_back() {
        let unknown = Catalogue::of(Lang::parse("fil").unwrap());
        assert_eq!(unknown.language, Lang::EN);
        assert_eq!(Catalogue::of(Lang::DE).get("screen.inbox"), "Inbox");
        assert_eq!(Catalogue::of(Lang::IT).get("screen.nothing"), "screen.nothing");
        assert_eq!(Catalogue::of(Lang::IT).cause("HTTP 503"), "HTTP 503");
        assert_eq!(Catalogue::of(Lang::IT).cue("waiting"), "attende da troppo");
        assert_eq!(Catalogue::of(Lang::EN).cue("about.addressed"), "written to us");
        assert_eq!(Catalogue::of(Lang::EN).cue("model.own-3"), "found by the trained model");
        assert_eq!(Catalogue::of(Lang::EN).cue("about.stars"), "about.stars");
    }

    #[test]
    fn values_are_not_read_for_places() {
        let filled = Catalogue::of(Lang::EN)
            .fill("alert.channel_deaf", &[("name", "{why}"), ("why", "log-in refused")]);
        assert!(filled.starts_with("The channel {why} hears nothing: log-in refused."), "{filled}");
        let short = Catalogue::of(Lang::EN).fill("alert.title_other", &[("reason", "a")]);
        assert_eq!(short, "a: {name}");
    }
}
