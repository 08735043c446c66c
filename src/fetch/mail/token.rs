//! The pieces of an IMAP answer: atoms, texts and lists (RFC 9051, section 9).

/// Lists in lists deeper than this are no answer to anything we ask.
const DEEPEST: usize = 32;

/// One piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A word: `FETCH`, `172`, `\Sent`, `BODY[]`.
    Atom(String),
    /// A quoted text or a literal.
    Text(Vec<u8>),
    /// What stands in parentheses.
    List(Vec<Item>),
}

impl Item {
    /// A word, else nothing.
    pub(super) fn atom(&self) -> Option<&str> {
        match self {
            Item::Atom(word) => Some(word),
            Item::Text(_) | Item::List(_) => None,
        }
    }

    /// A word or a text, as text.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Item::Atom(word) => Some(word.clone()),
            Item::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Item::List(_) => None,
        }
    }

    /// A word that is a number.
    pub(super) fn number<T: std::str::FromStr>(&self) -> Option<T> {
        self.atom()?.parse().ok()
    }
}

/// Reads an answer line by line. A line that ends in `{n}` is followed by a literal of n bytes,
/// and the answer goes on behind that.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The open lists, outermost first, each with what stands in it so far.
    open: Vec<Vec<Item>>,
    done: Vec<Item>,
}

impl Reader {
    /// Takes a line. Gives the length of the literal behind it, if there is one.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Option<usize>, &'static str> {
        let mut at = 0;
        while at < line.len() {
            match line[at] {
                b' ' => at += 1,
                b'(' if self.open.len() >= DEEPEST => return Err("its lists are too deep"),
                b'(' => {
                    self.open.push(Vec::new());
                    at += 1;
                }
                b')' => {
                    let list = self.open.pop().ok_or("a list ends that never began")?;
                    self.push(Item::List(list));
                    at += 1;
                }
                b'"' => {
                    let (text, after) = quoted(line, at + 1).ok_or("a quoted text has no end")?;
                    self.push(Item::Text(text));
                    at = after;
                }
                b'{' => return literal(&line[at..]).map(Some).ok_or("a literal has no length"),
                _ => {
                    let end = atom_end(line, at);
                    self.push(Item::Atom(String::from_utf8_lossy(&line[at..end]).into_owned()));
                    at = end;
                }
            }
        }
        Ok(None)
    }

    /// Takes the literal that the last line announced.
    pub(super) fn literal(&mut self, bytes: Vec<u8>) {
        self.push(Item::Text(bytes));
    }

    /// The whole answer.
    ///
    /// # Errors
    /// When a list in it has no end.
    pub(super) fn end(self) -> Result<Vec<Item>, &'static str> {
        if self.open.is_empty() { Ok(self.done) } else { Err("a list in it has no end") }
    }

    fn push(&mut self, item: Item) {
        self.open.last_mut().unwrap_or(&mut self.done).push(item);
    }
}

/// The text up to the closing quote, and where it goes on.
fn quoted(line: &[u8], from: usize) -> Option<(Vec<u8>, usize)> {
    let (mut text, mut at) = (Vec::new(), from);
    loop {
        match *line.get(at)? {
            b'"' => return Some((text, at + 1)),
            b'\\' => {
                text.push(*line.get(at + 1)?);
                at += 2;
            }
            byte => {
                text.push(byte);
                at += 1;
            }
        }
    }
}

/// The length in `{n}` or `{n+}`, if that is all there is.
fn literal(rest: &[u8]) -> Option<usize> {
    let inside = rest.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let digits = inside.strip_suffix(b"+").unwrap_or(inside);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Where the word that begins at `from` ends. Brackets belong to it with all that is in them.
fn atom_end(line: &[u8], from: usize) -> usize {
    let mut inside = false;
    for (at, byte) in line.iter().enumerate().skip(from) {
        match byte {
            b'[' => inside = true,
            b']' => inside = false,
            b' ' | b'(' | b')' if !inside => return at.max(from + 1),
            _ => {}
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(word: &str) -> Item {
        Item::Atom(word.to_owned())
    }

    #[test]
    fn a_fetch_answer_with_a_literal_is_read_over_its_lines() {
        let mut reader = Reader::default();
        let first = b"* 12 FETCH (UID 172 FLAGS (\\Seen $x) BODY[]<0> {5}";
        assert_eq!(reader.line(first), Ok(Some(5)));
        reader.literal(b"a)\r\n(".to_vec());
        assert_eq!(reader.line(b" INTERNALDATE \"17-Jul-2026 02:44:25 \\\"x\")"), Ok(None));
        let items = reader.end().unwrap();
        assert_eq!(items[..3], [atom("*"), atom("12"), atom("FETCH")]);
        let Item::List(inside) = &items[3] else { panic!("{items:?}") };
        assert_eq!(inside[1].number(), Some(172u32));
        assert_eq!(inside[3], Item::List(vec![atom("\\Seen"), atom("$x")]));
        assert_eq!(inside[4], atom("BODY[]<0>"));
        assert_eq!(inside[5], Item::Text(b"a)\r\n(".to_vec()));
        assert_eq!(inside[7].text().unwrap(), "17-Jul-2026 02:44:25 \"x");
    }

    #[test]
    fn words_keep_what_stands_in_their_brackets() {
        let mut reader = Reader::default();
        assert_eq!(reader.line(b"BODY[HEADER.FIELDS (DATE FROM)] NIL ()"), Ok(None));
        let items = reader.end().unwrap();
        let whole = [atom("BODY[HEADER.FIELDS (DATE FROM)]"), atom("NIL"), Item::List(vec![])];
        assert_eq!(items, whole);
    }

    #[test]
    fn damaged_answers_are_refused_and_never_hang() {
        for line in [&b"\"open"[..], b")", b"{x}", b"{5} more", b"\"a\\"] {
            assert!(Reader::default().line(line).is_err(), "{line:?}");
        }
        let mut open = Reader::default();
        assert_eq!(open.line(b"(a"), Ok(None));
        assert!(open.end().is_err());
        assert!(Reader::default().line(&b"(".repeat(100)).is_err());
        for byte in 0..=255u8 {
            // Whatever a line holds, reading it ends.
            let _ = Reader::default().line(&[b'a', byte, b']', byte, b' ', byte]);
        }
    }
}
