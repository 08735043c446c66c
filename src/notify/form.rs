//! What several notifiers share: labels, cuts, the one-shot conversation.

use crate::domain::text::{is_printable, one_line};
use crate::speech::Catalogue;
use crate::wire::{Alert, AlertCase, Ask, Ctx, Delivered, Fault, Got, Response, Step, Talk};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use url::Url;

/// A longer address is no address of a post; a cut one would be a false one.
const MOST_URL: usize = 2_000;
/// The word joiner, which nobody sees: it parts a sign from what a receiver would read with it.
const JOINER: char = '\u{2060}';

/// The words around an alert.
pub(super) fn words(alert: &Alert) -> &'static Catalogue {
    Catalogue::of(alert.language)
}

/// The head of an alert on one line: its title and, for a case, where and how bad.
pub(super) fn heading(alert: &Alert, words: &Catalogue) -> String {
    let title = one_line(&alert.title, 200);
    let Some(case) = &alert.case else { return title };
    let key = if case.severity == 0 { "alert.title_plain" } else { "alert.title" };
    words.fill(
        key,
        &[
            ("title", &title),
            ("brand", &case.brand),
            ("network", &case.network),
            ("topic", words.topic(case.topic)),
            ("severity", words.severity(case.severity)),
        ],
    )
}

/// Who wrote and what was said, on one line of at most `limit` graphemes of text. What the
/// recipient may not see is said so.
pub(super) fn said(case: &AlertCase, words: &Catalogue, limit: usize) -> String {
    if case.text.trim().is_empty() {
        return words.get("alert.private").to_owned();
    }
    format!("{}: {}", one_line(&case.author, 60), one_line(&case.text, limit))
}

/// Who complains: which complaint it is, from somebody's second on, and what the company knows of the
/// customer.
pub(super) fn strikes(case: &AlertCase, words: &Catalogue) -> String {
    let known = one_line(&case.customer, 300);
    if case.strikes < 2 {
        return known;
    }
    let (count, time) = (case.strikes.to_string(), one_line(&case.strikes_since, 20));
    let repeated = words.fill("alert.strikes", &[("count", &count), ("time", &time)]);
    if known.is_empty() { repeated } else { format!("{repeated}. {known}") }
}

/// The risks by name, separated by commas.
pub(super) fn risks(case: &AlertCase, words: &Catalogue) -> String {
    case.risk.iter().map(|r| words.risk(*r)).collect::<Vec<_>>().join(", ")
}

/// What carried the verdict, each with the words it rests on, quoted; at most six.
pub(super) fn whys(case: &AlertCase, words: &Catalogue) -> String {
    let told = case.why.iter().take(6).map(|why| {
        let cue = one_line(words.cue(&why.cue), 60);
        match one_line(&why.words, 60) {
            seen if seen.is_empty() => cue,
            seen => format!("{cue} “{seen}”"),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// At most `limit` bytes, cut at a grapheme border and marked with `…`. A limit too short for
/// the mark gives nothing.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub('…'.len_utf8()) else {
        return String::new();
    };
    let ends = text.grapheme_indices(true).map(|(at, g)| at + g.len());
    let end = ends.take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}…", text[..end].trim_end())
}

/// How many letters a text has by the longest way in which a receiver may count them: UTF-16.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// At most `limit` [`units`], each grapheme as `write` puts it into the receiver's markup, cut
/// between graphemes and marked with `…`. So no cut leaves half of an escape. Of a limit of 0
/// nothing is left.
pub(super) fn fitted(text: &str, limit: usize, write: impl Fn(&str) -> String) -> String {
    let (mut written, mut taken, mut room_for_mark) = (String::new(), 0, 0);
    for grapheme in text.graphemes(true) {
        let piece = write(grapheme);
        taken += units(&piece);
        if taken > limit {
            written.truncate(room_for_mark);
            let kept = written.trim_end();
            return if limit == 0 { String::new() } else { format!("{kept}…") };
        }
        written.push_str(&piece);
        if taken < limit {
            room_for_mark = written.len();
        }
    }
    written
}

/// A line of ours in which `link` makes links of addresses and `write` escapes all else, of at most
/// so many [`units`]: where there is too much, words go and links stay.
pub(super) fn linked(
    line: &str,
    most: usize,
    link: impl Fn(&str) -> Option<String>,
    write: impl Fn(&str) -> String,
) -> String {
    let links = line.split(' ').filter_map(&link).map(|link| units(&link) + 1);
    let mut room = most.saturating_sub(links.sum());
    let mut out = String::new();
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let shown = link(word).filter(|link| units(&out) + units(link) < most);
        let shown = shown.unwrap_or_else(|| {
            let shown = fitted(word, room.saturating_sub(1), &write);
            room = room.saturating_sub(units(&shown) + 1);
            shown
        });
        if !out.is_empty() && !shown.is_empty() {
            out.push(' ');
        }
        out.push_str(&shown);
    }
    out
}

/// A text of ours with its lines, without what moves a cursor.
pub(super) fn lines_of(text: &str) -> String {
    text.trim().chars().filter(|c| *c == '\n' || is_printable(*c)).collect()
}

/// What people wrote, so that no receiver finds in it somebody to call or an order: behind `@` and `/`
/// before a name, and behind `<` before what begins a mention (`<@`, `<!`, `<#`), stands a [`JOINER`].
pub(super) fn calm(text: &str) -> String {
    let mut calm = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        calm.push(letter);
        let read = letters.peek().is_some_and(|next| match letter {
            '@' | '/' => next.is_ascii_alphanumeric() || *next == '_',
            '<' => matches!(*next, '@' | '!' | '#'),
            _ => false,
        });
        if read {
            calm.push(JOINER);
        }
    }
    calm
}

/// An address of the web of at most so many letters.
pub(super) fn address(link: &str, most: usize) -> Option<String> {
    let url = Url::parse(link).ok().filter(|u| matches!(u.scheme(), "http" | "https"))?;
    (units(url.as_str()) <= most).then(|| url.to_string())
}

/// A conversation that tells an alert by one question or several, in order.
pub(super) struct InOrder {
    asks: Vec<Ask>,
    answered: usize,
    /// What stands; known from the first answer where it was not before.
    remote: Option<String>,
    /// Reads from an answer the receiver's id of what it was about.
    read: fn(Got) -> Result<String, Fault>,
}

impl InOrder {
    /// These questions about what stands there already, if anything does.
    pub(super) fn new(
        asks: Vec<Ask>,
        remote: Option<String>,
        read: fn(Got) -> Result<String, Fault>,
    ) -> InOrder {
        InOrder { asks, answered: 0, remote, read }
    }
}

impl Talk<Delivered> for InOrder {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Delivered> {
        Step::Ask(self.asks.clone())
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Delivered>, Fault> {
        let told = (self.read)(got)?;
        self.answered += 1;
        let remote = self.remote.get_or_insert(told).clone();
        if self.answered < self.asks.len() {
            return Ok(Step::Ask(Vec::new()));
        }
        Ok(Step::Done(Delivered { remote }))
    }
}

/// A harmless question, and what its answer must be.
pub(super) struct Tries<F> {
    /// What is asked.
    pub(super) ask: Ask,
    /// Whether the answer shows that the settings do.
    pub(super) judge: F,
}

impl<F: FnMut(&Response) -> Result<(), Fault> + Send> Talk<()> for Tries<F> {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<()> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        (self.judge)(&got.http()?).map(Step::Done)
    }
}

/// A conversation of one question and one answer.
pub(super) struct Once {
    /// What is asked.
    pub(super) ask: Ask,
    /// Reads the answer.
    pub(super) read: fn(Got) -> Result<Delivered, Fault>,
}

impl Talk<Delivered> for Once {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Delivered> {
        Step::Ask(vec![self.ask.clone()])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Delivered>, Fault> {
        (self.read)(got).map(Step::Done)
    }
}

/// A piece of a text of ours: an address in it is a link.
#[derive(Serialize)]
pub(super) struct Piece {
    /// What stands there; of a link its address.
    pub(super) text: String,
    /// Whether it is one.
    pub(super) link: bool,
}

/// A text with the addresses in it apart: not every program makes links of them. One that was cut,
/// which `…` ends, is none.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |text: &str, link: bool| {
        if let Some(last) = pieces.last_mut().filter(|last| !last.link && !link) {
            last.text.push_str(text);
        } else if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), link });
        }
    };
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches([' ', '.', ',', ';', ':', ')']);
        let link = is_link(bare);
        let (bare, rest) = word.split_at(if link { bare.len() } else { 0 });
        add(bare, true);
        add(rest, false);
    }
    pieces
}

/// Whether a text is a web address that says where it leads: whole, and without a name before `@`.
pub(super) fn is_link(text: &str) -> bool {
    let web = text.starts_with("https://") || text.starts_with("http://");
    let plain = text.len() <= MOST_URL && text.chars().all(|c| c.is_ascii_graphic());
    web && plain && Url::parse(text).is_ok_and(|url| url.username().is_empty())
}
