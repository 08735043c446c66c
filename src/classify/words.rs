//! Cuts a text into folded words that know how and where they are written: for names, handles,
//! hashtags, hosts and exclusions.

use super::normal::is_invisible;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Begins with a small letter or a digit.
    Small,
    /// Begins with a capital.
    Capital,
    /// Two letters or more, all of them capitals.
    Capitals,
}

/// A word of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Where it begins in the folded text.
    pub(crate) at: usize,
    /// Where it begins as written.
    pub(crate) from: usize,
    /// Where it ends as written.
    pub(crate) to: usize,
    /// How it is written.
    pub(crate) shape: Shape,
    /// It is the first of a sentence, a line or a quotation.
    pub(crate) first: bool,
    /// A sign other than a hyphen or apostrophe stands between it and the word before.
    pub(crate) apart: bool,
    /// It stands in a hashtag or handle.
    pub(crate) tag: bool,
}

/// A text as its words.
pub(crate) struct Words {
    /// The folded words, a blank before, between and behind: ` non va `. What is looked up has
    /// blanks around it too, so it is found at the borders of words only.
    pub(crate) folded: String,
    /// The words in their order.
    pub(crate) words: Vec<Word>,
    /// Where the text names hosts: in web addresses, mail addresses, bare or as handles.
    pub(crate) hosts: Vec<(usize, usize)>,
}

impl Words {
    /// Cuts a text. A hashtag or handle stands there whole, and a hashtag also cut at capitals;
    /// web addresses give their host and no words.
    pub(crate) fn of(text: &str) -> Words {
        let folded = String::with_capacity(text.len() + text.len() / 8 + 16) + " ";
        let mut cut = Cut {
            text,
            out: Words { folded, words: Vec::with_capacity(text.len() / 6 + 1), hosts: Vec::new() },
            first: true,
            apart: true,
            known_to: 0,
        };
        let mut at = 0;
        while at < text.len() {
            at = cut.step(at);
        }
        cut.out
    }

    /// The words as written from one to another, the second exclusive.
    pub(crate) fn written<'t>(&self, text: &'t str, from: usize, to: usize) -> &'t str {
        match (self.words.get(from), self.words.get(to.wrapping_sub(1))) {
            (Some(first), Some(last)) => text.get(first.from..last.to).unwrap_or(""),
            _ => "",
        }
    }

    /// The words that a match from byte `start` to byte `end` of the folded text covers; both
    /// count the blanks around it.
    pub(crate) fn span(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.words.partition_point(|word| word.at <= start);
        let to = self.words.partition_point(|word| word.at < end);
        (from, to)
    }
}

/// Folds one word: compatibility forms, case and marks; what is no letter, no digit and no part of
/// a handle is dropped.
fn fold(word: &str, out: &mut String) {
    if word.is_ascii() {
        let seen = word.chars().filter(|c| !c.is_ascii_control());
        out.extend(seen.map(|c| c.to_ascii_lowercase()));
        return;
    }
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            c if c.is_alphanumeric() || matches!(c, '@' | '_' | '.' | '-') => out.push(c),
            _ => {}
        }
    }
}

/// The work on one text.
struct Cut<'t> {
    text: &'t str,
    out: Words,
    /// The next word is the first of a sentence.
    first: bool,
    /// A sign stands before the next word.
    apart: bool,
    /// Up to here hosts are known.
    known_to: usize,
}

impl Cut<'_> {
    /// Takes what stands at `at`; gives where the next thing stands.
    fn step(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        let Some(c) = rest.chars().next() else { return self.text.len() };
        let next = rest[c.len_utf8()..].chars().next();
        let goes_on = next.is_some_and(|n| n.is_alphanumeric() || n == '_');
        if matches!(c, 'h' | 'H' | 'w' | 'W')
            && let Some(head) = address(rest)
        {
            return self.address(at, head);
        }
        // Within a mail address it begins no handle.
        let fresh = !self.text[..at].ends_with(char::is_alphanumeric);
        match c {
            '@' | '＠' if goes_on && fresh => self.handle(at + c.len_utf8()),
            '#' | '＃' if goes_on && fresh => self.hashtag(at + c.len_utf8()),
            c if is_inside(c) => self.word(at),
            _ => {
                self.sign(c);
                at + c.len_utf8()
            }
        }
    }

    /// What a sign between two words says.
    fn sign(&mut self, c: char) {
        match c {
            '\n' | '\r' | '.' | '!' | '?' | '…' | ':' | '"' | '«' | '“' | '„' | '¿' | '¡' =>
            {
                self.first = true;
                self.apart = true;
            }
            c if c.is_whitespace() || is_apostrophe(c) || is_invisible(c) || c == '-' => {}
            _ => self.apart = true,
        }
    }

    /// A plain word. Where a bare domain or a mail address begins, its host is kept too.
    fn word(&mut self, at: usize) -> usize {
        if at >= self.known_to {
            let end = self.end(at, |c| is_inside(c) || matches!(c, '.' | '-' | '@' | '+'));
            let run = self.text[at..end].trim_end_matches(['.', '-', '@', '+']);
            self.known_to = at + run.len();
            if run.contains('.') {
                let host = run.rfind('@').map_or(at, |sign| at + sign + 1);
                self.out.hosts.push((host, self.known_to));
            }
        }
        let end = self.end(at, is_inside);
        let word = self.text[at..end].trim_start_matches('_');
        let from = end - word.len();
        self.push(from, from + word.trim_end_matches('_').len(), false);
        end
    }

    /// A web address: its host and nothing else.
    fn address(&mut self, at: usize, head: usize) -> usize {
        let end = self.end(at, |c| !c.is_whitespace() && !matches!(c, '<' | '>' | '"'));
        let from = at + head;
        let authority = &self.text[from..end];
        let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or(authority);
        let host = authority.rfind('@').map_or(0, |sign| sign + 1);
        let name = authority[host..].split(':').next().unwrap_or("");
        let name = name.trim_end_matches(|c: char| !c.is_alphanumeric());
        self.out.hosts.push((from + host, from + host + name.len()));
        self.apart = true;
        end
    }

    /// `@name`, `@name.host`, `@name@host`; as written, and its letters and digits as one word.
    fn handle(&mut self, at: usize) -> usize {
        let end = self.end(at, |c| is_inside(c) || matches!(c, '.' | '-'));
        let name = self.text[at..end].trim_end_matches(['.', '-']);
        let end = at + name.len();
        if name.contains('.') {
            self.out.hosts.push((at, end));
        }
        self.push_with(at, end, true, |word, out| {
            out.push('@');
            fold(word, out);
        });
        self.push_with(at, end, true, |word, out| {
            let mut folded = String::with_capacity(word.len());
            fold(word, &mut folded);
            out.extend(folded.chars().filter(|c| c.is_alphanumeric()));
        });
        self.apart = true;
        let host = self.text[end..].strip_prefix('@').map(|host| {
            let host = host.split(|c: char| !is_inside(c) && c != '.' && c != '-').next();
            host.unwrap_or("").trim_end_matches(['.', '-'])
        });
        match host {
            Some(host) if !host.is_empty() => {
                let from = end + 1;
                self.out.hosts.push((from, from + host.len()));
                from + host.len()
            }
            _ => end,
        }
    }

    /// `#TwoWords`: whole, then its pieces.
    fn hashtag(&mut self, at: usize) -> usize {
        let end = self.end(at, is_inside);
        self.push(at, end, true);
        let tag = &self.text[at..end];
        let mut from = at;
        let mut before = ' ';
        for (n, c) in tag.char_indices() {
            if c == '_' || c.is_uppercase() && before.is_lowercase() {
                if at + n > from {
                    self.push(from, at + n, true);
                }
                from = at + n + usize::from(c == '_');
            }
            before = c;
        }
        if from > at && end > from {
            self.push(from, end, true);
        }
        self.apart = true;
        end
    }

    /// Where what `inside` takes ends.
    fn end(&self, at: usize, inside: impl Fn(char) -> bool) -> usize {
        let rest = &self.text[at..];
        rest.find(|c: char| !inside(c)).map_or(self.text.len(), |n| at + n)
    }

    fn push(&mut self, from: usize, to: usize, tag: bool) {
        self.push_with(from, to, tag, fold);
    }

    fn push_with(&mut self, from: usize, to: usize, tag: bool, fold: impl Fn(&str, &mut String)) {
        let written = &self.text[from..to];
        let at = self.out.folded.len();
        fold(written, &mut self.out.folded);
        if self.out.folded.len() == at {
            return;
        }
        self.out.folded.push(' ');
        let (first, apart) = (self.first, self.apart);
        let shape = shape(written);
        self.out.words.push(Word { at, from, to, shape, first, apart, tag });
        self.first = false;
        self.apart = false;
    }
}

/// A character within a word. Marks belong to the letter before, and zero-width characters must
/// not hide a name.
fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c) || is_invisible(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´' | 'ʼ' | '′')
}

fn shape(word: &str) -> Shape {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    match letters.next() {
        Some(first) if first.is_uppercase() => match letters.next() {
            Some(second) if second.is_uppercase() && letters.all(char::is_uppercase) => {
                Shape::Capitals
            }
            _ => Shape::Capital,
        },
        _ => Shape::Small,
    }
}

/// How long the head of a web address that begins here is: what stands before its host.
fn address(rest: &str) -> Option<usize> {
    let begins = |head: &str| {
        let bytes = rest.as_bytes().get(..head.len());
        bytes.is_some_and(|bytes| bytes.eq_ignore_ascii_case(head.as_bytes()))
    };
    if begins("http://") {
        Some(7)
    } else if begins("https://") {
        Some(8)
    } else {
        begins("www.").then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_how_they_are_written() {
        let text = "L’App di VENTO è giù. Chiamo dell'Enel (Città)";
        let words = Words::of(text);
        assert_eq!(words.folded, " l app di vento e giu chiamo dell enel citta ");
        let first: Vec<_> = words.words.iter().filter(|w| w.first).map(|w| w.from).collect();
        assert_eq!(first, [0, text.find("Chiamo").unwrap()]);
        assert_eq!(words.words[3].shape, Shape::Capitals);
        assert!(words.words[9].apart && !words.words[8].apart);
        let at = words.folded.find(" vento ").unwrap();
        let (from, to) = words.span(at, at + " vento e ".len());
        assert_eq!((words.written(text, from, to), from, to), ("VENTO è", 3, 5));
    }

    #[test]
    fn hidden_characters_and_marks_do_not_hide_a_word() {
        assert_eq!(
            Words::of("Ven\u{200B}to ＶＥＮＴＯ Lume\u{301} Straße").folded,
            " vento vento lume strasse "
        );
        for nothing in ["", " \n", "\u{301}", "!!", "@", "#", "😡"] {
            assert_eq!(Words::of(nothing).folded.trim(), "", "{nothing:?}");
        }
    }

    #[test]
    fn hashtags_and_handles_are_whole_and_in_pieces() {
        let folded = |text: &str| Words::of(text).folded;
        assert_eq!(folded("#VentoVergogna"), " ventovergogna vento vergogna ");
        assert_eq!(folded("#lume_energia #Lume"), " lume_energia lume energia lume ");
        assert_eq!(folded("@vento_it."), " @vento_it ventoit ");
        assert_eq!(folded("ciao @Lume@social.example ok"), " ciao @lume lume ok ");
        assert_eq!(folded("non_va _Vento_"), " non_va vento ");
    }

    #[test]
    fn hosts_are_found_wherever_they_stand() {
        let hosts = |text: &str| -> Vec<String> {
            let words = Words::of(text);
            words.hosts.iter().map(|(from, to)| text[*from..*to].to_owned()).collect()
        };
        assert_eq!(hosts("vedi (https://www.Vento.example:8080/a?b) ok"), ["www.Vento.example"]);
        assert_eq!(hosts("http://vento.example@evil.example/x"), ["evil.example"]);
        assert_eq!(hosts("aiuto@vento.example, o vento.example."), ["vento.example"; 2]);
        assert_eq!(hosts("@a@b.example @c.d.example"), ["b.example", "c.d.example"]);
        assert_eq!(hosts("nessuno risponde"), [""; 0]);
        assert_eq!(Words::of("https://a.example/vento").folded, " ");
    }
}
