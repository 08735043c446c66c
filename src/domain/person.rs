//! Persons: authors that a human confirmed to be one customer, how often they complained, and the
//! traces by which an author may be known again elsewhere.
//!
//! A trace suggests and decides nothing: two authors are one person when a human says so, until one
//! says that it was a mistake.

use super::case::Case;
use super::obligation::Owing;
use super::time::Instant;
use super::verdict::words;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// An author as a brand knows one: an id in its name space on one network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthorKey {
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space there.
    pub origin: String,
    /// The author's id; empty where the network does not tell: then nobody is known.
    pub author: String,
}

impl AuthorKey {
    /// The author of a case.
    pub fn of(case: &Case) -> AuthorKey {
        AuthorKey {
            brand: case.brand.clone(),
            network: case.network.clone(),
            origin: case.origin.clone(),
            author: case.author.clone(),
        }
    }

    /// Whether the network tells who it is.
    pub fn is_known(&self) -> bool {
        !self.author.is_empty()
    }

    /// Whether both are authors of one place.
    pub fn is_beside(&self, other: &AuthorKey) -> bool {
        (&self.network, &self.origin) == (&other.network, &other.origin)
    }
}

/// How often somebody complained within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Strikes {
    /// How many cases with a complaint, this one included. More than [`MOST_STRIKES`] count as that.
    pub count: u32,
    /// When the oldest of them was written.
    pub since: Instant,
}

/// Nobody's complaints are counted beyond this: an author with very many holds up nobody.
pub const MOST_STRIKES: u32 = 20;

/// When the newest complaint of a case was written; `None` where there is none, or where a human
/// said that all of them were none. Several complaints in one talk are one strike: who asks again
/// after the same parcel was let down once.
pub fn complained_at(case: &Case) -> Option<Instant> {
    let complaints = case.obligations.iter().filter(|o| o.counts_as() == Owing::Complaint);
    complaints.filter(|o| !o.is_refuted()).map(|o| o.since).max()
}

words! {
    /// By what an author may be known again, the surest first.
    TraceKind {
        /// An address of mail, written in a text or written from.
        Mail = "mail",
        /// A number of an order, a customer or a telephone in a text.
        Number = "number",
        /// The handle, whatever the network.
        Handle = "handle",
        /// The name shown beside what was written.
        Name = "name",
    }
}

/// Something by which an author may be known again, in one form for all networks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// What it is.
    pub kind: TraceKind,
    /// How it reads, made alike.
    pub key: String,
}

/// What an author said, and under which names.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The handle; of a mail its address.
    pub handle: &'a str,
    /// The name shown.
    pub name: &'a str,
    /// What was written.
    pub text: &'a str,
    /// It is a mail.
    pub mail: bool,
    /// The brand's own domains: everybody writes its addresses.
    pub own: &'a [String],
}

/// What more authors bear than this tells nobody from another: a name that many have, the number of an offer.
pub const BORNE_BY_MANY: usize = 4;
/// So many addresses, and as many numbers, of one text are kept; who lists more is no customer.
const MOST: usize = 4;
/// A text is read this far, in bytes.
const READ: usize = 16 * 1024;
/// Shorter handles are taken by somebody else on every other network.
const SHORTEST_HANDLE: usize = 4;
/// A number of fewer digits is a price, a year or a house.
const FEWEST_DIGITS: usize = 6;
/// More letters and digits are a token of a program.
const LONGEST_NUMBER: usize = 24;
/// The letters that may stand before, in or behind a number (`IT-4711223`).
const MOST_LETTERS: usize = 6;

/// The traces of what somebody said.
pub fn traces(said: &Said<'_>) -> Vec<Trace> {
    let mut found = Vec::new();
    let mut add = |kind, key: Option<String>| {
        found.extend(key.map(|key| Trace { kind, key }));
    };
    if said.mail {
        add(TraceKind::Mail, mail(said.handle, said.own));
    } else {
        add(TraceKind::Handle, handle(said.handle));
    }
    add(TraceKind::Name, name(said.name));
    let mut end = said.text.len().min(READ);
    while !said.text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &said.text[..end];
    let outside = |c: char| !(c.is_alphanumeric() || "._%+-@".contains(c));
    let mails: BTreeSet<String> =
        text.split(outside).filter_map(|word| mail(word, said.own)).collect();
    for key in mails.into_iter().take(MOST) {
        add(TraceKind::Mail, Some(key));
    }
    // What stands in an address of the web or a handle numbers no order.
    let words = text.split_whitespace().filter(|w| {
        !w.contains("://") && !w.contains('@') && !w.to_ascii_lowercase().starts_with("www.")
    });
    let pieces = words.flat_map(|w| w.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')));
    let numbers: BTreeSet<String> = pieces.filter_map(number).collect();
    for key in numbers.into_iter().take(MOST) {
        add(TraceKind::Number, Some(key));
    }
    found.sort();
    found.dedup();
    found
}

/// A handle without what its network puts around it.
fn handle(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('@');
    let bare = bare.split('@').next().unwrap_or(bare).to_lowercase();
    let long = bare.chars().count() >= SHORTEST_HANDLE;
    (long && bare.chars().any(char::is_alphabetic)).then_some(bare)
}

/// A name of two words or more: a first name alone is everybody's.
fn name(text: &str) -> Option<String> {
    let folded: String = text.nfkc().collect::<String>().to_lowercase();
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| w.chars().filter(|c| c.is_alphabetic()).count() > 1)
        .collect();
    (words.len() > 1).then(|| words.join(" "))
}

/// An address of mail that is none of the brand's own.
fn mail(text: &str, own: &[String]) -> Option<String> {
    let text = text.trim_matches(['.', '-', '_']).to_lowercase();
    let (local, host) = text.split_once('@')?;
    let label = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || c == '-');
    let (_, top) = host.rsplit_once('.')?;
    let sound = !local.is_empty()
        && local.len() <= 64
        && host.split('.').all(label)
        && top.chars().count() > 1
        && top.chars().all(char::is_alphabetic);
    let ours = own.iter().any(|domain| {
        host == domain || host.strip_suffix(domain.as_str()).is_some_and(|h| h.ends_with('.'))
    });
    (sound && !ours).then_some(text)
}

/// A number long enough to be somebody's own.
fn number(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    let long = digits >= FEWEST_DIGITS && bare.len() <= LONGEST_NUMBER;
    let fits = long && bare.len() - digits <= MOST_LETTERS && !is_day(&bare);
    fits.then(|| bare.to_ascii_uppercase())
}

/// Whether eight digits are a day, whichever end the year stands at.
fn is_day(bare: &str) -> bool {
    if bare.len() != 8 || !bare.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let part = |from: usize, to: usize| bare[from..to].parse::<u32>().unwrap_or(0);
    let year = |y: u32| (1900..2100).contains(&y);
    let of_year = |a: u32, b: u32| (1..=31).contains(&a) && (1..=31).contains(&b) && a.min(b) <= 12;
    (year(part(0, 4)) && of_year(part(4, 6), part(6, 8)))
        || (year(part(4, 8)) && of_year(part(0, 2), part(2, 4)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(handle: &str, name: &str, text: &str, mail: bool) -> Vec<String> {
        let own = ["acme.example".to_owned()];
        let said = Said { handle, name, text, mail, own: &own };
        traces(&said).into_iter().map(|t| format!("{} {}", t.kind, t.key)).collect()
    }

    #[test]
    fn one_author_leaves_the_same_traces_everywhere() {
        let here = found("@Gino.Rossi@mastodon.social", "Gino  ROSSI", "", false);
        assert_eq!(here, ["handle gino.rossi", "name gino rossi"]);
        assert_eq!(found("gino.rossi", "Gino Rossi 🇮🇹", "", false), here);
        let mail = found("Gino@Posta.example", "Gino Rossi", "", true);
        assert_eq!(mail, ["mail gino@posta.example", "name gino rossi"]);
        let text = "scrivetemi a gino@posta.example. Ordine: #it-4711223, non 12345";
        assert_eq!(
            found("gr", "Gino", text, false),
            ["mail gino@posta.example", "number IT4711223"]
        );
    }

    #[test]
    fn what_is_everybodys_is_no_trace() {
        for text in [
            "ho scritto a aiuto@acme.example e a x@shop.acme.example",
            "dal 20/11/2026, dal 20112026 e dal 2026-11-20, costa 1.000.000 e 12345 euro",
            "https://t.example/status/1234567890 www.acme.example/1234567 @jo12345678",
            "@jo@mastodon.social a@b @ .@. x@y.1",
            "0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(found("jo", "Marco", text, false), [""; 0], "{text}");
        }
    }

    #[test]
    fn hostile_texts_are_read_to_a_bound() {
        let many: String = (0..50).map(|n| format!("u{n}@x.example {} ", 7_000_000 + n)).collect();
        assert_eq!(found("", "", &many, false).len(), 2 * MOST);
        let far = "è".repeat(READ) + " gino@posta.example";
        assert_eq!(found("", "", &far, false), [""; 0]);
    }
}
