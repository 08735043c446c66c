//! RSS and Atom, read by feed-rs; where it gives a feed up for one entry, entry by entry.
//!
//! feed-rs resolves no external entities. It can panic on hostile text (it cuts an author's
//! name at a byte beside an address, and multiplies durations unchecked), so it is called where
//! a panic is caught.

use super::super::html::{Invisible, to_text};
use super::item::{Document, Item};
use super::json_feed::kind_of;
use crate::domain::{Attachment, Instant, Lang};
use crate::wire::Fault;
use feed_rs::model::{Entry, Feed, FeedType, Text};
use std::borrow::Cow;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use url::Url;

/// Reading entry by entry repeats the frame for each: no further than these.
const FRAME_LIMIT: usize = 32 * 1024;
const ENTRIES_LIMIT: usize = 1_000;

/// Reads the feed.
pub(super) fn read(body: &[u8], charset: Option<&str>, base: &Url) -> Result<Document, Fault> {
    let body = readable(body, charset);
    if !is_whole(&body) {
        return Err(Fault::retry("the feed is cut off: its last closing tag is missing"));
    }
    let slices = entries(&body);
    match parse(&body, base) {
        // Fewer than stand there: a wrong name space hides entries instead of failing.
        Ok(feed) if feed.entries.len() >= slices.len() => {
            let is_rss = feed.feed_type != FeedType::Atom;
            let raw =
                |at: usize| slices.get(at).map(|r| body[r.clone()].to_vec()).unwrap_or_default();
            let mut document = head(&feed);
            let items = feed.entries.into_iter().enumerate();
            document.items =
                items.map(|(at, e)| item(e, is_rss).map_err(|why| (raw(at), why))).collect();
            Ok(document)
        }
        other => one_by_one(&body, &slices, base).ok_or_else(|| {
            let why = other.err().unwrap_or_else(|| "its entries are in no known form".to_owned());
            Fault::bug(format!("the feed cannot be read: {why}"))
        }),
    }
}

/// Reads each entry in a frame of its own; `None` if the frame itself is bad.
fn one_by_one(body: &[u8], slices: &[Range<usize>], base: &Url) -> Option<Document> {
    let (first, last) = (slices.first()?, slices.last()?);
    let (before, after) = (&body[..first.start], &body[last.end..]);
    if before.len() + after.len() > FRAME_LIMIT || slices.len() > ENTRIES_LIMIT {
        return None;
    }
    let mut document = head(&parse(&[before, after].concat(), base).ok()?);
    for range in slices {
        let raw = &body[range.clone()];
        let read = parse(&[before, raw, after].concat(), base).and_then(|feed| {
            let is_rss = feed.feed_type != FeedType::Atom;
            let entry = feed.entries.into_iter().next().ok_or("the entry is empty")?;
            item(entry, is_rss)
        });
        document.items.push(read.map_err(|why| (raw.to_vec(), why)));
    }
    // Where several are all unreadable, it is the frame that is wrong.
    let all_bad = document.items.len() > 1 && document.items.iter().all(Result::is_err);
    (!all_bad).then_some(document)
}

/// One run of feed-rs. The error is one line for a person.
fn parse(body: &[u8], base: &Url) -> Result<Feed, String> {
    let run = || {
        feed_rs::parser::Builder::new()
            .base_uri(Some(base.as_str()))
            // Entries without an id get one from us, which is the same at every look.
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(body)
    };
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(crate::domain::text::one_line(&error.to_string(), 200)),
        Err(_) => Err("it makes the feed reader fail".to_owned()),
    }
}

fn head(feed: &Feed) -> Document {
    Document {
        title: feed.title.as_ref().map(|title| plain(title, true)).unwrap_or_default(),
        language: feed.language.as_deref().and_then(Lang::parse),
        items: Vec::new(),
    }
}

fn item(entry: Entry, is_rss: bool) -> Result<Item, String> {
    let alternate = |rel: &Option<String>| rel.as_deref().is_none_or(|rel| rel == "alternate");
    let content = entry.content.as_ref().and_then(|content| {
        let body = content.body.as_deref().filter(|body| !body.trim().is_empty())?;
        let kind = content.content_type.to_string();
        let is = |name: &str| kind.starts_with(name);
        if is("text/plain") {
            Some(body.trim().to_owned())
        } else if is("text/html") || is("text/xml") || is("application/xhtml") {
            Some(to_text(body, Invisible::Drop))
        } else {
            None
        }
    });
    let summary = || entry.summary.as_ref().map(|text| plain(text, is_rss));
    let files = entry.media.iter().flat_map(|media| &media.content).filter_map(|content| {
        let kind = content.content_type.as_ref().map(ToString::to_string).unwrap_or_default();
        Some((kind, content.url.as_ref()?.to_string()))
    });
    let enclosed = entry.links.iter().filter(|link| link.rel.as_deref() == Some("enclosure"));
    let enclosed =
        enclosed.map(|link| (link.media_type.clone().unwrap_or_default(), link.href.clone()));
    let author = entry.authors.first();
    let name =
        author.and_then(|a| a.name.clone().or_else(|| a.uri.clone()).or_else(|| a.email.clone()));
    let mut item = Item {
        id: entry.id.trim().to_owned(),
        link: entry.links.iter().find(|link| alternate(&link.rel)).map(|link| link.href.clone()),
        title: entry.title.as_ref().map(|title| plain(title, is_rss)).unwrap_or_default(),
        text: content.or_else(summary).unwrap_or_default(),
        author: name.unwrap_or_default().trim().to_owned(),
        published: entry.published.map(|at| Instant(at.timestamp_millis())),
        updated: entry.updated.map(|at| Instant(at.timestamp_millis())),
        language: entry.language.as_deref().and_then(Lang::parse),
        attachments: files
            .chain(enclosed)
            .map(|(kind, url)| Attachment { kind: kind_of(&kind).to_owned(), url })
            .collect(),
    };
    if item.id.is_empty() {
        item.id = item.fallback_id().ok_or("the entry has neither id nor link nor text")?;
    }
    Ok(item)
}

/// A text construct as plain text. RSS does not tell whether a title is HTML, so it is read as
/// such: a lone `<` or `&` stays.
fn plain(text: &Text, is_rss: bool) -> String {
    if is_rss || text.content_type.to_string() != "text/plain" {
        to_text(&text.content, Invisible::Drop)
    } else {
        text.content.trim().to_owned()
    }
}

/// The body in a form that feed-rs reads. It goes by the XML declaration alone; the header's
/// charset stands above that, and Latin-1 without either is the usual slip.
fn readable<'a>(body: &'a [u8], charset: Option<&str>) -> Cow<'a, [u8]> {
    let declared =
        body[..body.len().min(200)].windows(9).any(|w| w.eq_ignore_ascii_case(b"encoding="));
    let latin = charset.is_none_or(|name| {
        ["iso-8859-1", "latin1", "windows-1252", "us-ascii"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    });
    let utf16 = body.starts_with(b"\xFE\xFF") || body.starts_with(b"\xFF\xFE");
    if declared || utf16 {
        return Cow::Borrowed(body);
    }
    match std::str::from_utf8(body) {
        Ok(_) => Cow::Borrowed(body),
        Err(_) if latin => {
            Cow::Owned(body.iter().map(|b| char::from(*b)).collect::<String>().into())
        }
        Err(_) => Cow::Owned(String::from_utf8_lossy(body).into_owned().into_bytes()),
    }
}

/// Whether the last tag closes the root. UTF-16 is left to the parser.
fn is_whole(body: &[u8]) -> bool {
    let end = &body[body.len().saturating_sub(4_096)..];
    let text = String::from_utf8_lossy(end);
    let name = text.rfind("</").map(|at| &text[at + 2..]).and_then(|rest| rest.split_once('>'));
    let local = name.map(|(name, _)| name.trim().rsplit(':').next().unwrap_or_default());
    end.contains(&0) || matches!(local, Some("rss" | "feed" | "RDF" | "entry"))
}

/// Where the entries stand, text in CDATA and comments not counted.
fn entries(body: &[u8]) -> Vec<Range<usize>> {
    let find = |from: usize, what: &[u8]| {
        body.get(from..)?.windows(what.len()).position(|w| w == what).map(|at| from + at)
    };
    let (mut found, mut open, mut at): (Vec<Range<usize>>, Option<usize>, usize) =
        (Vec::new(), None, 0);
    while let Some(tag) = find(at, b"<") {
        let rest = &body[tag..];
        let is = |name: &[u8]| {
            let end = rest.get(name.len()).copied().unwrap_or(b'x');
            rest.starts_with(name) && (end.is_ascii_whitespace() || end == b'>')
        };
        at = tag + 1;
        if rest.starts_with(b"<![CDATA[") {
            at = find(at, b"]]>").unwrap_or(body.len());
        } else if rest.starts_with(b"<!--") {
            at = find(at, b"-->").unwrap_or(body.len());
        } else if is(b"<item") || is(b"<entry") {
            // Entries hold no entries: the one before lost its end.
            found.extend(open.replace(tag).map(|start| start..tag));
        } else if is(b"</item") || is(b"</entry") {
            // Nothing but white space can stand in it; never look far.
            let near = rest.iter().take(64).position(|b| *b == b'>');
            let end = near.map_or(tag, |end| tag + end + 1);
            // An end without a beginning closes whatever stands behind the entry before.
            let start = open.take().or(found.last().map(|before| before.end));
            found.extend(start.map(|start| start..end));
        }
    }
    found
}
