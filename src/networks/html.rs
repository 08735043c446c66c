//! HTML from outside to plain text: what a person would read, and nothing a machine would obey.
//!
//! Tolerant like a browser, in time that grows with the length only: every scan that fails is
//! remembered, so no input makes it look twice at the rest.

use crate::domain::mention::TEXT_LIMIT;
use std::collections::HashMap;
use std::sync::LazyLock;

/// More than this is not read: four times what is kept, since tags take room.
const INPUT_LIMIT: usize = 4 * TEXT_LIMIT;
/// Tags whose content is not for reading.
const SKIPPED: [&str; 7] = ["script", "style", "head", "template", "noscript", "svg", "iframe"];
/// Tags that begin and end a line.
const BLOCKS: [&str; 22] = [
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "table",
    "tr",
    "section",
    "article",
    "header",
    "footer",
    "hr",
    "figure",
    "dd",
];

/// Whether text marked `invisible` is kept. Mastodon hides the scheme and the tail of long
/// addresses so; a reader does without, a comparison with what was posted needs them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Invisible {
    /// As people see it.
    Drop,
    /// As it was written.
    Keep,
}

/// The text of a piece of HTML, its lines kept, white space folded.
pub(super) fn to_text(html: &str, invisible: Invisible) -> String {
    let mut end = html.len().min(INPUT_LIMIT);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let html = &html[..end];
    let mut reader = Reader::default();
    reader.read(html, invisible);
    if reader.hidden.is_some() && invisible == Invisible::Drop {
        // An unclosed span must not swallow what was said.
        reader = Reader::default();
        reader.read(html, Invisible::Keep);
    }
    let kept = reader.out.trim_end().len();
    reader.out.truncate(kept);
    reader.out
}

/// Looks through the tags of an HTML page; `see` gets each tag's name in lower case and what
/// stands behind it.
pub(super) fn each_tag(html: &str, mut see: impl FnMut(&str, &str)) {
    let (mut at, mut scan) = (0, Scan::default());
    while let Some(open) = html[at..].find('<').map(|found| at + found) {
        match scan.tag(html, open) {
            Some(tag) => {
                see(&tag.name, tag.attributes);
                at = tag.end;
            }
            None => at = open + 1,
        }
    }
}

/// The value of an attribute, entities resolved.
pub(super) fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('=').map(str::trim_start) {
            None => ("", after),
            Some(value) => match value.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    value[1..].split_once(quote).unwrap_or((&value[1..], ""))
                }
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            },
        };
        if !key.is_empty() && key.eq_ignore_ascii_case(name) {
            return Some(unescape(value));
        }
        // A stray `=` has no key; whatever comes, the rest gets shorter.
        if next.len() >= rest.len() || next.is_empty() {
            return None;
        }
        rest = next;
    }
}

/// Resolves character references.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (c, used) = reference(&rest[at..]);
        out.push(c);
        rest = &rest[at + used..];
    }
    out + rest
}

/// The character that a text beginning with `&` stands for, and how many bytes say so.
fn reference(text: &str) -> (char, usize) {
    static NAMED: LazyLock<HashMap<&str, char>> = LazyLock::new(|| {
        let (latin, others) = include_str!("entities.txt").split_once('\n').unwrap_or_default();
        let latin = latin.split(' ').zip('\u{A0}'..='\u{FF}');
        let others = others.split_whitespace().filter_map(|pair| pair.split_once('='));
        latin.chain(others.filter_map(|(n, c)| Some((n, c.chars().next()?)))).collect()
    });
    let body = &text[1..];
    // The longest name is `thetasym`; longer digits say no character.
    let end = body.bytes().take(12).position(|b| b == b';');
    let Some(end) = end else { return ('&', 1) };
    let name = &body[..end];
    let found = match name.strip_prefix('#') {
        None => NAMED.get(name).copied(),
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().map(|code| char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{FFFD}'))
        }
    };
    found.map_or(('&', 1), |c| (c, end + 2))
}

/// A tag, its name in lower case.
struct Tag<'a> {
    name: String,
    closes: bool,
    attributes: &'a str,
    end: usize,
}

/// What earlier scans found missing in the rest of the text.
#[derive(Default)]
struct Scan {
    no_end: bool,
    no_quoted_end: bool,
    no_comment_end: bool,
}

impl Scan {
    /// The tag that opens at `open`, `None` if the `<` is mere text.
    fn tag<'a>(&mut self, html: &'a str, open: usize) -> Option<Tag<'a>> {
        let rest = &html[open + 1..];
        if rest.starts_with("!--") && !self.no_comment_end {
            match rest.find("-->") {
                Some(end) => {
                    return Some(Tag {
                        name: String::new(),
                        closes: false,
                        attributes: "",
                        end: open + 1 + end + 3,
                    });
                }
                None => self.no_comment_end = true,
            }
        }
        let (closes, body) = rest.strip_prefix('/').map_or((false, rest), |body| (true, body));
        if self.no_end
            || !body.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?')
        {
            return None;
        }
        let len = self.end(body)?;
        let inside = &body[..len];
        let name_end = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(len);
        Some(Tag {
            name: inside[..name_end].to_ascii_lowercase(),
            closes,
            attributes: &inside[name_end..],
            end: html.len() - body.len() + len + 1,
        })
    }

    /// Where the `>` stands, not counting one in quotes.
    fn end(&mut self, body: &str) -> Option<usize> {
        if !self.no_quoted_end {
            let (mut quote, mut before) = (None, b' ');
            for (at, b) in body.bytes().enumerate() {
                match (quote, b) {
                    (None, b'>') => return Some(at),
                    // Elsewhere than after `=` a quote is only a character, as in browsers.
                    (None, b'"' | b'\'') if before == b'=' => quote = Some(b),
                    (Some(q), b) if q == b => quote = None,
                    _ => {}
                }
                before = if b.is_ascii_whitespace() { before } else { b };
            }
            self.no_quoted_end = true;
        }
        let end = body.find('>');
        self.no_end = end.is_none();
        end
    }
}

#[derive(Default)]
struct Reader {
    out: String,
    /// White space is due before the next character.
    space: bool,
    spans: u32,
    /// The depth of the span that hides.
    hidden: Option<u32>,
    /// The tag whose content is skipped.
    skipped: Option<&'static str>,
    /// Tags to skip that nothing closes.
    unclosed: Vec<&'static str>,
    preformatted: bool,
}

impl Reader {
    fn read(&mut self, html: &str, invisible: Invisible) {
        let (mut at, mut scan) = (0, Scan::default());
        while at < html.len() {
            if let Some(name) = self.skipped.take() {
                at = self.after(html, at, name).unwrap_or(at);
                continue;
            }
            let text_end = html[at..].find(['<', '&']).map_or(html.len(), |found| at + found);
            self.text(&html[at..text_end]);
            at = text_end;
            match html.as_bytes().get(at) {
                Some(b'<') => match scan.tag(html, at) {
                    Some(tag) => {
                        self.tag(&tag, invisible);
                        at = tag.end;
                    }
                    None => {
                        self.text("<");
                        at += 1;
                    }
                },
                Some(_) => {
                    let (c, used) = reference(&html[at..]);
                    self.text(c.encode_utf8(&mut [0; 4]));
                    at += used;
                }
                None => {}
            }
        }
    }

    /// Behind the tag that closes `name`; what stands in between is no HTML. `None` if nothing
    /// closes it: then it is read after all, and not searched again.
    fn after(&mut self, html: &str, at: usize, name: &'static str) -> Option<usize> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let closes = |rest: &str| {
            rest.get(2..2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let close = html[at..].match_indices("</").map(|(found, _)| at + found);
        let first = close.into_iter().find(|found| closes(&html[*found..]));
        let end = first.and_then(|found| Some(found + html[found..].find('>')? + 1));
        if end.is_none() {
            self.unclosed.push(name);
        }
        end
    }

    fn text(&mut self, text: &str) {
        if self.hidden.is_some() || self.out.len() > TEXT_LIMIT {
            return;
        }
        for c in text.chars() {
            if self.preformatted && c == '\n' {
                self.line(1);
            } else if c.is_whitespace() {
                self.space = true;
            } else {
                if std::mem::take(&mut self.space)
                    && !self.out.is_empty()
                    && !self.out.ends_with('\n')
                {
                    self.out.push(' ');
                }
                self.out.push(c);
            }
        }
    }

    /// Ends the line; two make an empty line between paragraphs, never more.
    fn line(&mut self, breaks: usize) {
        self.space = false;
        let have = self.out.bytes().rev().take_while(|b| *b == b'\n').count();
        if !self.out.is_empty() {
            self.out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(have)));
        }
    }

    fn tag(&mut self, tag: &Tag<'_>, invisible: Invisible) {
        let name = tag.name.as_str();
        if let Some(skipped) = SKIPPED.iter().find(|skipped| **skipped == name) {
            let empty = tag.closes || tag.attributes.ends_with('/');
            self.skipped = (!empty).then_some(*skipped);
        } else if name == "span" && !tag.closes {
            self.spans += 1;
            let class = attribute(tag.attributes, "class").unwrap_or_default();
            let hides = class.split_whitespace().any(|word| word == "invisible");
            if hides && invisible == Invisible::Drop && self.hidden.is_none() {
                self.hidden = Some(self.spans);
            }
        } else if name == "span" {
            if self.hidden == Some(self.spans) {
                self.hidden = None;
            }
            self.spans = self.spans.saturating_sub(1);
        } else if self.hidden.is_none() {
            self.layout(name, tag.closes);
        }
    }

    fn layout(&mut self, name: &str, closes: bool) {
        match name {
            "br" => {
                let have = self.out.bytes().rev().take_while(|b| *b == b'\n').count();
                self.line((have + 1).min(2));
            }
            "p" | "blockquote" => self.line(2),
            "td" | "th" => self.space = true,
            name if BLOCKS.contains(&name) => {
                self.preformatted = name == "pre" && !closes;
                self.line(1);
                if name == "li" && !closes {
                    self.out.push_str("- ");
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
