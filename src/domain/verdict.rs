//! `Verdict`: what triage says of one mention: is it about us, what kind is it, how bad, and why.

use super::mention::Mark;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Defines a closed vocabulary: an enum whose one spelling serves code, JSON, SQL and logs.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The one spelling used in JSON, SQL, configuration and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok($name::$variant),)+
                    other => Err(format!(
                        "`{other}` is not one of {}", [$($text),+].join(", ")
                    )),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Does the mention concern the brand?
    Relevance {
        /// It is addressed to the brand or plainly about it.
        About = "about",
        /// It may be; a person looks.
        Perhaps = "perhaps",
        /// It is not; it owes nothing.
        NotAbout = "not_about",
    }
}

words! {
    /// What the writer does with the message (label guide of the corpus, LABELS.md).
    Kind {
        /// The writer's own expectation of the brand was breached (Olshtain and Weinbach).
        Complaint = "complaint",
        /// Asks how something works, with no breach told.
        Question = "question",
        /// Praise or thanks.
        Praise = "praise",
        /// "It would be nice if …".
        Suggestion = "suggestion",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What a complaint is about (label guide of the corpus).
    Topic {
        /// A late, lost or damaged parcel.
        Delivery = "delivery",
        /// Invoices and charges.
        Billing = "billing",
        /// Money that should come back.
        Refund = "refund",
        /// The thing itself.
        Product = "product",
        /// Network, power, transport or site down or late.
        Outage = "outage",
        /// Staff, support, nobody answers.
        Service = "service",
        /// App or web site.
        App = "app",
        /// Too dear.
        Price = "price",
        /// Personal data.
        Privacy = "privacy",
        /// Harm to people.
        Safety = "safety",
        /// None of these.
        Other = "other",
    }
}

words! {
    /// Something about a complaint that raises the stakes.
    Risk {
        /// The customer leaves or threatens to.
        Churn = "churn",
        /// A lawyer, a court, an authority is named.
        Legal = "legal",
        /// Somebody was or can be hurt.
        Safety = "safety",
        /// Personal data leaked or misused.
        Privacy = "privacy",
        /// The same fault again, or the customer writes again.
        Repeat = "repeat",
        /// Mock praise.
        Sarcasm = "sarcasm",
        /// No answer or only stock answers so far.
        Ignored = "ignored",
        /// Journalists, consumer programmes, calls for a boycott.
        Press = "press",
        /// A child, an old, ill or disabled person is hit.
        Vulnerable = "vulnerable",
    }
}

/// A language by its ISO 639 code of two or three lower-case letters (`it`, `en`, `fil`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lang([u8; 3]);

impl Lang {
    /// Italian.
    pub const IT: Lang = Lang(*b"it\0");
    /// English.
    pub const EN: Lang = Lang(*b"en\0");
    /// Spanish.
    pub const ES: Lang = Lang(*b"es\0");
    /// French.
    pub const FR: Lang = Lang(*b"fr\0");
    /// German.
    pub const DE: Lang = Lang(*b"de\0");
    /// Portuguese.
    pub const PT: Lang = Lang(*b"pt\0");
    /// Undetermined (ISO 639-2 `und`).
    pub const UNKNOWN: Lang = Lang(*b"und");
    /// The languages the product serves, in the order of its users.
    pub const SERVED: [Lang; 6] = [Lang::IT, Lang::EN, Lang::ES, Lang::FR, Lang::DE, Lang::PT];

    /// Reads a BCP 47 tag (`it`, `pt-BR`, `EN_us`) and keeps its primary language.
    pub fn parse(tag: &str) -> Option<Lang> {
        let primary = tag.split(['-', '_']).next()?;
        let bytes = primary.as_bytes();
        if !(2..=3).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        let mut code = [0; 3];
        for (slot, byte) in code.iter_mut().zip(bytes) {
            *slot = byte.to_ascii_lowercase();
        }
        Some(Lang(code))
    }

    /// The code without padding.
    pub fn as_str(&self) -> &str {
        let len = self.0.iter().position(|b| *b == 0).unwrap_or(3);
        std::str::from_utf8(&self.0[..len]).unwrap_or("und")
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Lang {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Lang {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Lang, D::Error> {
        let tag = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Lang::parse(&tag).ok_or_else(|| {
            serde::de::Error::custom(format!("`{tag}` is no language code; write it, en, pt-BR …"))
        })
    }
}

/// A probability in millionths. Whole numbers keep both databases and every sum exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerMillion(pub u32);

impl PerMillion {
    /// Certainty.
    pub const ONE: PerMillion = PerMillion(1_000_000);

    /// From a share between 0 and 1; anything outside, NaN included, is clamped.
    pub fn from_share(share: f64) -> PerMillion {
        PerMillion((share.clamp(0.0, 1.0) * 1e6).round() as u32)
    }

    /// As a share between 0 and 1, for printing.
    pub fn share(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

/// How likely certified mail to a brand is a complaint: nobody pays for proof to say thanks, but
/// invoices and notices come that way too, and a person sorts those out.
const FORMAL: PerMillion = PerMillion(900_000);

/// One reason that carried the verdict, with the words it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The rule or cue by its catalogue name, for example `waiting.weeks` or `model.word`.
    pub cue: String,
    /// The words of the message it saw, as written there; empty for cues outside the text
    /// (a one-star rating, a missing text).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

/// What triage says of one mention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// About us, perhaps, not about us.
    pub relevance: Relevance,
    /// The most likely kind.
    pub kind: Kind,
    /// How likely this is a complaint.
    pub probability: PerMillion,
    /// 1 inconvenience, 2 serious, 3 critical; 0 where there is no complaint.
    pub severity: u8,
    /// What it is about.
    pub topic: Topic,
    /// The language it is written in.
    pub language: Lang,
    /// Raised stakes, sorted, each once.
    pub risk: Vec<Risk>,
    /// The reasons, strongest first.
    pub why: Vec<Why>,
    /// Nothing to judge (photo, sticker, stars only), or words that may hide from whoever judges
    /// them: a person must look.
    #[serde(default)]
    pub look: bool,
    /// Spam, automatic mail or thanks: sorted out, listed and reversible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sorted_out: Option<String>,
    /// Name and version of what judged, for example `rules-1`.
    pub model: String,
}

/// The cue of an exclusion that sorted a mention out; its words are those of the configuration.
pub const EXCLUDED: &str = "about.excluded";

impl Verdict {
    /// The exclusion by which this is not about the brand, as configured, if one was it.
    pub fn excluded_by(&self) -> Option<&str> {
        let by = self.why.iter().find(|why| why.cue == EXCLUDED);
        by.filter(|_| self.relevance == Relevance::NotAbout).map(|why| why.words.as_str())
    }

    /// The verdict with what the network knows beside the text.
    ///
    /// A formal complaint is one whatever its words are. Automatic mail is sorted out unless its
    /// text complains: many contact forms write as machines do, and only a machine that tells of
    /// a breach must be heard (invariant 8).
    pub fn with(mut self, marks: &[Mark]) -> Verdict {
        let why = |mark: Mark| Why { cue: format!("network.{mark}"), words: String::new() };
        if marks.contains(&Mark::Formal) {
            self.kind = Kind::Complaint;
            self.probability = self.probability.max(FORMAL);
            self.severity = 3;
            self.sorted_out = None;
            if !self.risk.contains(&Risk::Legal) {
                self.risk.push(Risk::Legal);
                self.risk.sort_unstable();
            }
            self.why.insert(0, why(Mark::Formal));
        } else if marks.contains(&Mark::Automatic) && self.kind != Kind::Complaint {
            self.look = false;
            self.sorted_out = Some(Mark::Automatic.to_string());
            self.why.insert(0, why(Mark::Automatic));
        }
        self
    }

    /// Whether triage calls this a complaint.
    pub fn is_complaint(&self) -> bool {
        self.kind == Kind::Complaint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_one_spelling() {
        for topic in Topic::ALL {
            assert_eq!(topic.as_str().parse::<Topic>().unwrap(), *topic);
            assert_eq!(serde_json::to_string(topic).unwrap(), format!("\"{topic}\""));
        }
        assert!("rage".parse::<Kind>().unwrap_err().contains("complaint, question"));
    }

    #[test]
    fn a_network_raises_by_what_it_knows_and_never_hides_a_complaint() {
        let verdict = |kind, look| Verdict {
            relevance: Relevance::About,
            kind,
            probability: PerMillion(300_000),
            severity: 0,
            topic: Topic::Other,
            language: Lang::IT,
            risk: vec![Risk::Repeat],
            why: vec![],
            look,
            sorted_out: Some("thanks".to_owned()),
            model: "t".to_owned(),
        };
        let formal = verdict(Kind::Other, false).with(&[Mark::Automatic, Mark::Formal]);
        assert!(formal.is_complaint() && formal.sorted_out.is_none());
        assert_eq!((formal.severity, formal.probability), (3, FORMAL));
        assert_eq!(formal.risk, [Risk::Legal, Risk::Repeat]);
        let form = Verdict { sorted_out: None, ..verdict(Kind::Complaint, false) };
        assert_eq!(form.clone().with(&[Mark::Automatic]), form);
        let letter = verdict(Kind::Other, true).with(&[Mark::Automatic]);
        assert_eq!((letter.sorted_out.as_deref(), letter.look), (Some("automatic"), false));
        assert_eq!(verdict(Kind::Praise, true).with(&[]), verdict(Kind::Praise, true));
    }

    #[test]
    fn languages_keep_the_primary_tag() {
        assert_eq!(Lang::parse("pt-BR"), Some(Lang::PT));
        assert_eq!(Lang::parse("fil").unwrap().as_str(), "fil");
        assert_eq!(Lang::parse("x"), None);
        assert_eq!(Lang::parse("è!"), None);
    }
}
