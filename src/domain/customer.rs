//! `CustomerFacts`: what the company's own system says of who wrote: since when, of which value, with
//! which order. It comes from outside, so all of it is checked and made harmless when it is read.

use super::verdict::words;
use jiff::civil::Date;
use unicode_normalization::char::is_combining_mark;

words! {
    /// What a customer is worth to the company, the least first.
    CustomerValue {
        /// Less than most.
        Low = "low",
        /// As most are.
        Normal = "normal",
        /// More than most.
        High = "high",
        /// Whom the company wants to lose least of all.
        Vip = "vip",
    }
}

/// What is known of a customer; each part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFacts {
    /// Since when.
    pub since: Option<Date>,
    /// Of which value.
    pub value: Option<CustomerValue>,
    /// The order that matters now.
    pub order: Option<Order>,
    /// Where a person sees the customer in the company's system; an https address, or empty.
    pub link: String,
    /// What the company calls the customer.
    pub name: String,
}

/// An order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub number: String,
    /// How it stands; empty where that is not told.
    pub state: String,
}

impl CustomerFacts {
    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        *self != CustomerFacts::default()
    }
}

/// A short text on one line of letters, digits, blanks and a few signs between them, of at most `most`
/// characters: in no markup can it ping, link, or leave its place.
pub fn inert(text: &str, most: usize) -> String {
    let sign = |c: char| matches!(c, ',' | '\'' | '’' | '(' | ')' | '+' | '%' | '-' | '–' | '.');
    let mark = |c: char| is_combining_mark(c) && !matches!(c, '\u{FE00}'..='\u{FE0F}');
    let mut kept = String::new();
    for word in text.split_whitespace() {
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.extend(word.chars().filter(|c| c.is_alphanumeric() || mark(*c) || sign(*c)));
        if kept.len() > 8 * most {
            break;
        }
    }
    // A full stop within a word makes an address of it.
    let mut line = String::new();
    let mut signs = kept.chars().peekable();
    while let Some(c) = signs.next() {
        if c != '.' || signs.peek().is_none_or(|next| *next == ' ') {
            line.push(c);
        }
    }
    let short: String = line.chars().take(most).collect();
    short.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_made_harmless() {
        for (text, kept) in [
            ("in transit", "in transit"),
            ("  Anna\n Rossi-D’Amico  ", "Anna Rossi-D’Amico"),
            ("Straße 5, 2. Stock (links)", "Straße 5, 2. Stock (links)"),
            ("<!channel> @here <b>now</b>", "channel here bnowb"),
            ("[pay](https://evil.example/x?a=1#b)", "pay(httpsevilexamplexa1b)"),
            ("www.evil.example", "wwwevilexample"),
            ("*a* _b_ ~c~ `d` |e| \\f", "a b c d e f"),
            ("a\u{202e}b\u{200b}c\u{0}d\u{1b}[2J", "abcd2J"),
            ("❤️", ""),
            ("क्रि", "क्रि"),
        ] {
            assert_eq!(inert(text, 60), kept, "{text}");
        }
        assert_eq!(inert(&"é".repeat(1_000_000), 10), "é".repeat(10));
        assert_eq!(inert(&"a ".repeat(1_000_000), 5), "a a a");
    }

    #[test]
    fn values_stand_in_their_order() {
        assert!(CustomerValue::ALL.is_sorted());
        assert!(!CustomerFacts::default().is_known());
        assert!(CustomerFacts { name: "Anna".into(), ..CustomerFacts::default() }.is_known());
    }
}
