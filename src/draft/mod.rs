//! Reply drafts: templates per language and topic, fitted to the network's length. Pure.
//!
//! A draft is where an agent begins, never what is published by itself. It says nothing that we
//! do not know: no promise, no date, no refund, no cause. It never quotes the mention, so private
//! text cannot come into public through it; of the author it takes the name alone, disarmed. What the
//! company's own system knows of a customer is said in private alone, and never where a court may
//! read it.

mod author;
mod book;
#[cfg(test)]
mod tests;

use crate::domain::length::{Counting, LengthRule};
use crate::domain::obligation::Owing;
use crate::domain::{Lang, Risk, Topic};
use book::{Book, Facts};

/// What a draft is written for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The author's name as shown, or the handle; hostile.
    pub author: &'a str,
    /// The language to answer in; English where we have no templates.
    pub language: Lang,
    /// What it is about.
    pub topic: Topic,
    /// Why an answer is owed.
    pub owing: Owing,
    /// 1 to 3 for a complaint, else 0.
    pub severity: u8,
    /// Raised stakes.
    pub risk: &'a [Risk],
    /// The brand's name for people.
    pub brand_title: &'a str,
    /// What replies end with, empty for nothing.
    pub signature: &'a str,
    /// The conversation is private: details may be asked for right there.
    pub private: bool,
    /// What the company knows of the customer; it is said in private alone.
    pub known: Known<'a>,
    /// How the network counts, and its limit.
    pub rule: LengthRule,
    /// What the network puts before the text (a handle that must be named), as it counts it.
    pub prefix_len: usize,
    /// Picks among the variants; the same seed, the same draft.
    pub seed: u64,
}

/// What the company's own system says of a customer; each may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known<'a> {
    /// The year since when.
    pub since: Option<i16>,
    /// The number of an order, harmless in any markup.
    pub order: &'a str,
    /// How that stands, as harmless.
    pub state: &'a str,
}

/// A written draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The text; empty if the network leaves no room for any sentence.
    pub text: String,
    /// The language it is written in.
    pub language: Lang,
    /// The template of its first sentence, for example `it.complaint.delivery.long.1`.
    pub template: String,
}

/// The templates of all languages, ready to write.
pub struct Drafts(Book);

impl Drafts {
    /// Reads and tries every template.
    ///
    /// # Errors
    /// When one is missing, unknown or wrong; the text names it.
    pub fn new() -> Result<Drafts, String> {
        Book::read().map(Drafts)
    }

    /// Whether a draft was made by a template of ours, by what its row says of who made it.
    pub fn wrote(&self, made_by: &str) -> bool {
        self.0.has(made_by)
    }

    /// Writes a draft that the network takes in one piece.
    pub fn write(&self, request: &Request<'_>) -> Draft {
        let language = Some(request.language).filter(|l| Lang::SERVED.contains(l));
        let language = language.unwrap_or(Lang::EN);
        let (opening, step) = plot(request);
        let side = if request.private { "private" } else { "public" };
        let author = author::salutation(request.author);
        let known = request.known;
        let told = request.private && step != "holding";
        let year = known.since.filter(|_| told).map(|year| year.to_string()).unwrap_or_default();
        let facts = Facts {
            author: author.as_deref().unwrap_or_default(),
            brand: request.brand_title,
            topic: request.topic,
            since: &year,
            order: known.order,
            state: known.state,
        };
        let say = |path: &str| self.0.say(language, path, &facts, request.seed);
        let (greeting, _) = say(if author.is_some() { "greeting.named" } else { "greeting.plain" });
        let (long, long_name) = say(&format!("{opening}.long"));
        let (short, short_name) = say(&format!("{opening}.short"));
        let (ask, _) = say(&format!("step.{step}.{side}"));
        let (ask_short, _) = say(&format!("step.{step}.{side}_short"));
        let (closing, _) = say(&format!("closing.{step}"));
        let since = if year.is_empty() { String::new() } else { say("known.since").0 };
        // Whose order is known is not asked for its number.
        let ask = match (told && !known.order.is_empty(), known.state) {
            (false, _) => ask,
            (true, "") => say("known.order").0,
            (true, _) => say("known.order_state").0,
        };
        let signature = request.signature.trim();

        // From what we would like to say to what a narrow network still takes.
        let ladder: [(&str, &[&str]); 8] = [
            (&long_name, &[&greeting, &long, &since, &ask, &closing, signature]),
            (&long_name, &[&greeting, &long, &ask, &closing, signature]),
            (&long_name, &[&greeting, &long, &ask, signature]),
            (&long_name, &[&greeting, &long, &ask_short, signature]),
            (&short_name, &[&greeting, &short, &ask_short, signature]),
            (&short_name, &[&short, &ask_short, signature]),
            (&short_name, &[&short, &ask_short]),
            (&short_name, &[&short]),
        ];
        let rule = behind(request.rule, request.prefix_len);
        let written = ladder.iter().map(|(name, parts)| (*name, join(parts)));
        let whole = written.clone().find(|(_, text)| rule.fits(text));
        let (name, text) = whole.unwrap_or_else(|| (&short_name, first_sentences(&short, rule)));
        Draft { text, language, template: name.to_owned() }
    }
}

/// The tables of the opening sentence and of what follows it.
fn plot(request: &Request<'_>) -> (String, &'static str) {
    let complaint = request.owing == Owing::Complaint;
    if request.risk.contains(&Risk::Safety) || complaint && request.topic == Topic::Safety {
        return ("holding.safety".into(), "holding");
    }
    // Where a court may read it, an apology for a cause that nobody has looked into does harm.
    if request.severity >= 3 || request.risk.contains(&Risk::Legal) {
        return ("holding.serious".into(), "holding");
    }
    match request.owing {
        Owing::Complaint => (format!("complaint.{}", request.topic), "complaint"),
        Owing::Question => ("question".into(), "question"),
        Owing::Look => ("look".into(), "look"),
    }
}

/// The rule that is left behind a prefix.
fn behind(rule: LengthRule, prefix: usize) -> LengthRule {
    let counting = match rule.counting {
        Counting::GraphemesAndBytes { bytes } => {
            Counting::GraphemesAndBytes { bytes: bytes.saturating_sub(prefix) }
        }
        other => other,
    };
    LengthRule { counting, limit: rule.limit.saturating_sub(prefix) }
}

/// Parts with a blank between them. Templates are written to stand behind a greeting, in the
/// middle of a sentence; what comes first gets its capital here.
fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
    let text = parts.join(" ");
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// As many whole sentences from the start as fit.
fn first_sentences(text: &str, rule: LengthRule) -> String {
    let text = join(&[text]);
    let ends = text.match_indices(['.', '!', '?']).map(|(at, sign)| at + sign.len());
    let mut whole = ends.filter(|end| text[*end..].chars().next().is_none_or(char::is_whitespace));
    let fitting = whole.rfind(|end| rule.fits(&text[..*end]));
    fitting.map_or_else(String::new, |end| text[..end].to_owned())
}
