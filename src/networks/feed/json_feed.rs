//! JSON Feed 1.0 and 1.1, entry by entry.
//!
//! Read here and not by feed-rs, for which one number as an id makes the whole feed unreadable.

use super::super::html::{Invisible, to_text};
use super::super::json::{self, Id};
use super::item::{Document, Item};
use crate::domain::{Attachment, Instant, Lang};
use crate::wire::Fault;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Head {
    version: String,
    title: Option<String>,
    language: Option<String>,
    items: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Person {
    name: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct File {
    url: Option<String>,
    mime_type: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    id: Option<Id>,
    url: Option<String>,
    external_url: Option<String>,
    title: Option<String>,
    content_html: Option<String>,
    content_text: Option<String>,
    summary: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    author: Option<Person>,
    authors: Option<Vec<Person>>,
    language: Option<String>,
    attachments: Option<Vec<File>>,
}

/// Reads the feed.
pub(super) fn read(body: &[u8]) -> Result<Document, Fault> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let head: Head = json::answer(body, "the JSON feed")?;
    if !head.version.contains("jsonfeed.org/version/1") {
        return Err(Fault::refused(
            "the address answers JSON that is no JSON Feed 1; write the feed's address",
        ));
    }
    let items = head.items.iter().map(|raw| {
        json::entry::<Raw>(raw).and_then(item).map_err(|why| (raw.get().as_bytes().to_vec(), why))
    });
    Ok(Document {
        items: items.collect(),
        title: head.title.unwrap_or_default(),
        language: head.language.as_deref().and_then(Lang::parse),
    })
}

fn item(raw: Raw) -> Result<Item, String> {
    // The format says to leave out what has no id; it is kept as unreadable, so that it counts.
    let id = raw.id.map(|id| id.0.trim().to_owned()).filter(|id| !id.is_empty());
    let id = id.ok_or("the entry has no id, which JSON Feed requires")?;
    let time = |text: Option<String>| text.and_then(|text| Instant::parse(text.trim()).ok());
    let html = |text: String| to_text(&text, Invisible::Drop);
    let text = raw.content_text.or_else(|| raw.content_html.map(html)).or(raw.summary);
    let author = raw.authors.into_iter().flatten().next().or(raw.author);
    let attachments = raw.attachments.into_iter().flatten().filter_map(|file| {
        let kind = file.mime_type.unwrap_or_default();
        Some(Attachment { kind: kind_of(&kind).to_owned(), url: file.url? })
    });
    Ok(Item {
        id,
        link: raw.url.or(raw.external_url),
        title: raw.title.unwrap_or_default(),
        text: text.unwrap_or_default(),
        author: author.and_then(|person| person.name.or(person.url)).unwrap_or_default(),
        published: time(raw.date_published),
        updated: time(raw.date_modified),
        language: raw.language.as_deref().and_then(Lang::parse),
        attachments: attachments.collect(),
    })
}

/// The kind of an attachment by its media type.
pub(super) fn kind_of(media_type: &str) -> &'static str {
    match media_type.split('/').next() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        _ => "file",
    }
}
