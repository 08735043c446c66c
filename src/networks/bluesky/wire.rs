//! What Bluesky's servers send, as far as we read it, and what it becomes.
//!
//! Shapes: the lexicons `app.bsky.feed.post`, `app.bsky.feed.defs`, `app.bsky.embed.*` and
//! `app.bsky.notification.listNotifications` (docs.bsky.app/docs/api). A notification and a post
//! in a search or thread share the fields that we read.

use super::super::json;
use super::login::Tokens;
use super::{META, Settings};
use crate::domain::text::one_line;
use crate::domain::{Attachment, Author, Instant, Lang, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Heard, ThreadEntry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The collection in which posts stand, and the type of their records.
pub(super) const POST: &str = "app.bsky.feed.post";
/// What stands in a notification in the place of a record that its author deleted.
const DELETED: &str = "app.bsky.notification.defs#recordDeleted";
/// What a handle is shown as while it does not resolve.
const INVALID_HANDLE: &str = "handle.invalid";

/// Who wrote.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    pub did: String,
    handle: Option<String>,
    display_name: Option<String>,
    viewer: Option<Between>,
}

/// What stands between the brand and an author.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Between {
    blocked_by: Option<bool>,
}

/// What the brand may do with a post.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct May {
    reply_disabled: Option<bool>,
}

/// A post or a notification, around its record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    pub uri: String,
    pub cid: String,
    pub author: Profile,
    pub record: Box<RawValue>,
    indexed_at: Option<String>,
    reason: Option<String>,
    viewer: Option<May>,
}

/// A post by address and content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StrongRef {
    pub uri: String,
    pub cid: String,
}

/// Where a reply stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reply {
    pub root: StrongRef,
    pub parent: StrongRef,
}

/// What the author wrote.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(rename = "$type")]
    kind: Option<String>,
    pub text: String,
    created_at: Option<String>,
    langs: Option<Vec<String>>,
    pub reply: Option<Reply>,
    embed: Option<Box<RawValue>>,
}

/// Only the place in the order, so that an unreadable entry still has one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    indexed_at: String,
}

/// The order's own time of an entry. Never `createdAt`: that is what the author's device claims.
pub(super) fn place(raw: &RawValue) -> Option<Instant> {
    let place: Place = json::entry(raw).ok()?;
    Instant::parse(&place.indexed_at).ok()
}

impl Record {
    /// When the author says that it was written.
    pub(super) fn created_at(&self) -> Option<Instant> {
        Instant::parse(self.created_at.as_deref()?).ok()
    }

    /// The language, where the author names just one: who names several wrote in one of them.
    fn language(&self) -> Option<Lang> {
        match self.langs.as_deref() {
            Some([one]) => Lang::parse(one),
            _ => None,
        }
    }
}

impl View {
    /// Its record, if that is a post.
    pub(super) fn post(&self) -> Result<Record, String> {
        let record: Record = json::entry(&self.record)?;
        match record.kind.as_deref() {
            None | Some(POST) => Ok(record),
            Some(other) => Err(format!("`{}` is no post", one_line(other, 60))),
        }
    }

    /// Whether its author has blocked the brand.
    pub(super) fn is_barred(&self) -> bool {
        self.author.viewer.as_ref().and_then(|v| v.blocked_by).unwrap_or(false)
    }

    /// Whether its author lets the brand not answer there.
    pub(super) fn takes_no_reply(&self) -> bool {
        self.viewer.as_ref().and_then(|v| v.reply_disabled).unwrap_or(false)
    }

    /// The handle, empty where it does not resolve.
    fn handle(&self) -> &str {
        self.author.handle.as_deref().filter(|handle| *handle != INVALID_HANDLE).unwrap_or_default()
    }

    /// When it was written: what the author says, but never later than the network saw it.
    fn written(&self, record: &Record, now: Instant) -> Result<Instant, String> {
        let seen = self.indexed_at.as_deref().and_then(|at| Instant::parse(at).ok());
        let times = [record.created_at(), seen].into_iter().flatten();
        times.min().map(|at| at.min(now)).ok_or_else(|| "no time of it can be read".to_owned())
    }

    /// As one entry of a thread.
    pub(super) fn thread_entry(&self, now: Instant) -> Result<ThreadEntry, String> {
        let record = self.post()?;
        Ok(ThreadEntry {
            external_id: self.uri.clone(),
            parent_id: record.reply.as_ref().map(|reply| reply.parent.uri.clone()),
            author_id: self.author.did.clone(),
            author_handle: self.handle().to_owned(),
            language: record.language(),
            created_at: self.written(&record, now)?,
            edited_at: None,
            url: address(self.handle(), &self.author.did, &self.uri),
            text: record.text,
        })
    }

    /// As a mention.
    pub(super) fn mention(&self, now: Instant) -> Result<Mention, String> {
        if !self.uri.starts_with("at://") {
            return Err("its id is no at:// address".to_owned());
        }
        let record = self.post()?;
        let did = &self.author.did;
        let (root, parent) = match &record.reply {
            None => (self.uri.clone(), None),
            Some(reply) => (reply.root.uri.clone(), Some(reply.parent.uri.clone())),
        };
        let mention = Mention {
            network: META.name.to_owned(),
            origin: String::new(),
            external_id: self.uri.clone(),
            kind: if parent.is_some() { MentionKind::Comment } else { MentionKind::Post },
            visibility: Visibility::Public,
            author: Author {
                id: did.clone(),
                handle: self.handle().to_owned(),
                name: self.author.display_name.clone().unwrap_or_default(),
                followers: None,
            },
            language: record.language(),
            rating: None,
            created_at: self.written(&record, now)?,
            edited_at: None,
            url: address(self.handle(), did, &self.uri),
            thread_id: root,
            parent_id: parent,
            attachments: record.embed.as_deref().map(|raw| attached(raw, did)).unwrap_or_default(),
            reach: None,
            marks: Vec::new(),
            native: None,
            text: record.text,
        };
        mention.checked()
    }
}

/// The last part of an at-uri: the record's key.
pub(super) fn rkey(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or_default()
}

/// Where a person sees a post. A handle can change, the did cannot; either leads there.
pub(super) fn address(handle: &str, did: &str, uri: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let named = handle.contains('.') && handle.chars().all(plain);
    let who = if named { handle } else { did };
    format!("https://bsky.app/profile/{who}/post/{}", rkey(uri))
}

/// What can hang on a post (`app.bsky.embed.*`), all kinds in one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Embed {
    images: Vec<Picture>,
    video: Option<Blob>,
    external: Option<External>,
    record: Option<Quoted>,
    media: Option<Box<Embed>>,
}

#[derive(Deserialize)]
struct Picture {
    image: Blob,
}

/// A file in the author's repository, by the digest of its content.
#[derive(Deserialize)]
struct Blob {
    #[serde(rename = "ref")]
    link: Link,
}

#[derive(Deserialize)]
struct Link {
    #[serde(rename = "$link")]
    cid: String,
}

#[derive(Deserialize)]
struct External {
    uri: String,
}

/// A quoted record; beside media it stands one level deeper.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Quoted {
    uri: Option<String>,
    record: Option<StrongRef>,
}

/// What hangs on a post of `did`. What cannot be read is left out: the text is what counts.
fn attached(raw: &RawValue, did: &str) -> Vec<Attachment> {
    let Ok(embed) = json::entry::<Embed>(raw) else { return Vec::new() };
    let mut found = Vec::new();
    let mut add = |kind: &str, url: String| found.push(Attachment { kind: kind.to_owned(), url });
    for part in [Some(&embed), embed.media.as_deref()].into_iter().flatten() {
        for picture in &part.images {
            let cid = &picture.image.link.cid;
            add("image", format!("https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg"));
        }
        if let Some(video) = &part.video {
            let cid = &video.link.cid;
            add("video", format!("https://video.bsky.app/watch/{did}/{cid}/playlist.m3u8"));
        }
        if let Some(External { uri }) = &part.external
            && (uri.starts_with("https://") || uri.starts_with("http://"))
        {
            add("link", uri.clone());
        }
    }
    let quoted = embed.record.and_then(|quoted| quoted.uri.or(quoted.record.map(|of| of.uri)));
    if let Some(uri) = quoted
        && let Some((of, _)) = uri.strip_prefix("at://").and_then(|rest| rest.split_once('/'))
        && uri.contains(POST)
    {
        add("quote", address("", of, &uri));
    }
    found
}

/// What one entry of the notifications or of a search is; `None` for kinds that carry no words
/// about the brand.
pub(super) fn heard(raw: &RawValue, cx: &Ctx<'_>) -> Result<Option<Heard>, String> {
    let view: View = json::entry(raw)?;
    match view.reason.as_deref() {
        None | Some("mention" | "reply" | "quote") => {}
        // Asked for the three only, an older server sends these too.
        Some(
            "like" | "repost" | "follow" | "starterpack-joined" | "verified" | "unverified"
            | "like-via-repost" | "repost-via-repost" | "subscribed-post" | "contact-match",
        ) => return Ok(None),
        Some(other) => {
            let other = one_line(other, 40);
            return Err(format!("notifications of the kind `{other}` are not known"));
        }
    }
    if cx.own.contains(&view.author.did) {
        return Ok(Some(Heard::Own { origin: String::new(), external_id: view.uri }));
    }
    if is_deleted(&view.record) {
        return Ok(Some(Heard::Gone { origin: String::new(), external_id: view.uri }));
    }
    let mut mention = view.mention(cx.now)?;
    // Kept only where it is sound JSON: a lone surrogate would trip whoever reads it again.
    if serde_json::from_str::<serde_json::Value>(raw.get()).is_ok() {
        mention.native = Some(raw.to_owned());
    }
    Ok(Some(Heard::Mention(mention)))
}

fn is_deleted(record: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "$type")]
        kind: String,
    }
    json::entry::<Kind>(record).is_ok_and(|record| record.kind == DELETED)
}

/// What a server says of an error.
pub(super) struct Said {
    /// The error's name, as the lexicons list them; empty where there is none.
    pub name: String,
    /// The server's own words, without our secrets should they repeat them.
    pub words: String,
}

/// Reads an error: `{"error":"Name","message":"…"}` (atproto.com/specs/xrpc).
pub(super) fn said(body: &[u8], cx: &Ctx<'_>) -> Said {
    #[derive(Deserialize)]
    struct Wrong {
        error: String,
        message: Option<String>,
    }
    let Ok(wrong) = json::answer::<Wrong>(body, "the error") else {
        return Said { name: String::new(), words: "no reason given".to_owned() };
    };
    let is_name = wrong.error.len() <= 60 && wrong.error.chars().all(|c| c.is_ascii_alphanumeric());
    let name = if is_name { wrong.error } else { String::new() };
    let mut words = wrong.message.unwrap_or_default();
    let tokens = Tokens::of(cx).map(|tokens| [tokens.access, tokens.refresh]).unwrap_or_default();
    let password = cx.settings::<Settings>().app_password.expose();
    let secrets = tokens.iter().map(String::as_str).chain([password]);
    for secret in secrets.filter(|secret| !secret.is_empty()) {
        words = words.replace(secret, "[secret]");
    }
    let words = match (one_line(&words, 200), name.as_str()) {
        (words, _) if !words.is_empty() => words,
        (_, "") => "no reason given".to_owned(),
        (_, name) => name.to_owned(),
    };
    Said { name, words }
}
