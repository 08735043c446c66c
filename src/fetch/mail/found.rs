//! What IMAP answers say of mails and folders, and how a search for headers is written.

use super::said::quote;
use super::token::Item;
use crate::domain::Instant;
use crate::wire::{Fault, Folder, HeaderHolds};

/// The names that folders of sent mail usually have, where the server marks none.
const SENT_NAMES: [&str; 5] = ["Sent", "Sent Items", "Sent Messages", "Sent Mail", "Posta inviata"];

/// What an answer to FETCH says of one mail.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    pub uid: Option<u32>,
    pub size: u64,
    pub received: Option<Instant>,
    pub body: Option<Vec<u8>>,
}

impl Fetched {
    /// Reads an answer; `None` for one that speaks of no mail.
    pub(super) fn read(items: &[Item]) -> Option<Fetched> {
        let [_, _, word, Item::List(pairs)] = items else { return None };
        if !is(word, "FETCH") {
            return None;
        }
        let mut found = Fetched::default();
        for pair in pairs.chunks_exact(2) {
            let key = pair[0].atom()?.to_ascii_uppercase();
            match (key.as_str(), &pair[1]) {
                ("UID", value) => found.uid = value.number(),
                ("RFC822.SIZE", value) => found.size = value.number().unwrap_or(0),
                ("INTERNALDATE", value) => found.received = received(&value.text()?),
                (key, Item::Text(bytes)) if key.starts_with("BODY[") => {
                    found.body = Some(bytes.clone());
                }
                _ => {}
            }
        }
        Some(found)
    }
}

/// `17-Jul-1996 02:44:25 -0700`; the day may stand behind a space.
fn received(text: &str) -> Option<Instant> {
    let text = text.trim();
    let zero = if text.as_bytes().get(1) == Some(&b'-') { "0" } else { "" };
    let parsed = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", format!("{zero}{text}"));
    Some(Instant(parsed.ok()?.to_timestamp().ok()?.as_millisecond()))
}

/// Whether a piece is that word, in letters of either case.
pub(super) fn is(item: &Item, word: &str) -> bool {
    item.atom().is_some_and(|atom| atom.eq_ignore_ascii_case(word))
}

/// Some UIDs as a command names them.
pub(super) fn set(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// The search key by which one of several headers holds its value.
///
/// # Errors
/// When a value cannot stand in quotes.
pub(super) fn one_of(any: &[HeaderHolds]) -> Result<String, Fault> {
    let mut query = String::new();
    for (at, holds) in any.iter().enumerate() {
        let or = if at + 1 < any.len() { "OR " } else { "" };
        query += &format!("{or}HEADER {} {} ", holds.name, quote(&holds.value)?);
    }
    Ok(query.trim_end().to_owned())
}

/// Of a list of folders the one that is marked as what is asked for (RFC 6154), else for sent
/// mail the one that bears a usual name. A folder that is named stays as it is named.
pub(super) fn marked(list: &[Vec<Item>], folder: &Folder) -> Option<String> {
    let marks: &[&str] = match folder {
        Folder::Named(name) => return Some(name.clone()),
        Folder::Sent => &["\\Sent"],
        Folder::Archive => &["\\All", "\\Archive"],
    };
    let mut folders: Vec<(&[Item], String, String)> = Vec::new();
    for items in list {
        if let [_, word, Item::List(marks), between, name] = items.as_slice()
            && is(word, "LIST")
            && let Some(name) = name.text()
        {
            folders.push((marks.as_slice(), between.text().unwrap_or_default(), name));
        }
    }
    for mark in marks {
        let bears = |one: &&(&[Item], String, String)| one.0.iter().any(|item| is(item, mark));
        if let Some((_, _, name)) = folders.iter().find(bears) {
            return Some(name.clone());
        }
    }
    if *folder != Folder::Sent {
        return None;
    }
    SENT_NAMES.iter().find_map(|usual| {
        let called = folders.iter().find(|(_, between, name)| {
            let cut = if between.is_empty() { None } else { name.rsplit(between.as_str()).next() };
            cut.unwrap_or(name).eq_ignore_ascii_case(usual)
        });
        called.map(|(_, _, name)| name.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::super::token::Reader;
    use super::*;

    fn items(line: &str) -> Vec<Item> {
        let mut reader = Reader::default();
        assert_eq!(reader.line(line.as_bytes()), Ok(None));
        reader.end().unwrap()
    }

    #[test]
    fn a_mail_is_read_with_its_time_and_size() {
        let line = "* 2 FETCH (UID 9 RFC822.SIZE 120 INTERNALDATE \" 7-Nov-2026 10:00:00 +0100\" \
                    BODY[]<0> \"x\")";
        let found = Fetched::read(&items(line)).unwrap();
        assert_eq!((found.uid, found.size, found.body), (Some(9), 120, Some(b"x".to_vec())));
        assert_eq!(found.received, Instant::parse("2026-11-07T09:00:00Z").ok());
        assert_eq!(Fetched::read(&items("* 2 EXISTS")), None);
    }

    #[test]
    fn the_marked_folder_is_found_else_the_one_with_a_usual_name() {
        let list: Vec<_> = [
            "* LIST (\\HasNoChildren) \"/\" INBOX",
            "* LIST (\\HasNoChildren \\sent) \"/\" \"Out/Done\"",
            "* LIST () \".\" \"INBOX.Sent\"",
        ]
        .map(items)
        .to_vec();
        assert_eq!(marked(&list, &Folder::Sent).as_deref(), Some("Out/Done"));
        assert_eq!(marked(&list[2..], &Folder::Sent).as_deref(), Some("INBOX.Sent"));
        assert_eq!(marked(&list[..1], &Folder::Sent), None);
        assert_eq!(marked(&list, &Folder::Archive), None);
    }

    #[test]
    fn several_headers_are_searched_at_once() {
        let holds = |name, value: &str| HeaderHolds { name, value: value.to_owned() };
        let any = [holds("Message-ID", "<a@b>"), holds("References", "<a\"@b>")];
        let query = "OR HEADER Message-ID \"<a@b>\" HEADER References \"<a\\\"@b>\"";
        assert_eq!(one_of(&any).unwrap(), query);
        assert!(one_of(&[holds("Message-ID", "a\r\nb")]).is_err());
    }
}
