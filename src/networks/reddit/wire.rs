//! What Reddit sends, and what it becomes.

use super::super::json;
use super::META;
use super::settings::Settings;
use crate::domain::{Attachment, Author, Instant, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Fault, Heard, ThreadEntry};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What stands where a deleted text or author stood.
const GONE: [&str; 2] = ["[deleted]", "[removed]"];

/// One page of things.
#[derive(Deserialize)]
pub(super) struct Listing {
    /// Its content.
    pub data: Page,
}

/// The content of a listing.
#[derive(Deserialize)]
pub(super) struct Page {
    /// Set where there is more below.
    pub after: Option<String>,
    /// The things as they came.
    pub children: Vec<Box<RawValue>>,
}

/// Anything that Reddit names, by its kind.
#[derive(Deserialize)]
pub(super) struct Thing {
    /// `t1`, `t3`, `t4`, or `more` where things are left out.
    pub kind: String,
    /// What it is.
    pub data: Box<RawValue>,
}

/// A post, comment or message. Whatever can be missing is optional.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub name: String,
    pub author: Option<String>,
    body: Option<String>,
    title: Option<String>,
    selftext: Option<String>,
    subject: Option<String>,
    created_utc: f64,
    /// `false`, or when: seconds as a fraction.
    edited: Option<Box<RawValue>>,
    permalink: Option<String>,
    /// The permalink of what stands in the inbox.
    context: Option<String>,
    pub parent_id: Option<String>,
    link_id: Option<String>,
    first_message_name: Option<String>,
    subreddit: Option<String>,
    is_self: Option<bool>,
    url: Option<String>,
    post_hint: Option<String>,
    removed_by_category: Option<String>,
    /// A listing, or an empty text.
    pub replies: Option<Box<RawValue>>,
}

/// A time in seconds as a fraction.
fn instant(seconds: f64) -> Option<Instant> {
    (0.0..1e11).contains(&seconds).then(|| Instant((seconds * 1_000.0).round() as i64))
}

/// Only the place in the order, so that an unreadable entry still has one.
pub(super) struct Place {
    pub name: String,
    pub at: Option<Instant>,
}

/// The place of an entry in the order, as far as it can be read.
pub(super) fn place(raw: &RawValue) -> Option<Place> {
    #[derive(Deserialize)]
    struct Whole {
        data: Named,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
        created_utc: Option<Box<RawValue>>,
    }
    let Whole { data } = json::entry(raw).ok()?;
    let seconds = data.created_utc.and_then(|raw| raw.get().parse().ok());
    Some(Place { name: data.name, at: seconds.and_then(instant) })
}

/// What one entry of a listing is.
pub(super) fn heard(raw: &RawValue, settings: &Settings, cx: &Ctx<'_>) -> Result<Heard, String> {
    let thing: Thing = json::entry(raw)?;
    if !matches!(thing.kind.as_str(), "t1" | "t3" | "t4") {
        return Err("it is neither a post nor a comment nor a message".to_owned());
    }
    let entry: Entry = json::entry(&thing.data)?;
    let (origin, external_id) = (String::new(), entry.name.clone());
    if entry.is_gone() {
        return Ok(Heard::Gone { origin, external_id });
    }
    if entry.author.as_ref().is_some_and(|name| settings.is_own(name, cx)) {
        return Ok(Heard::Own { origin, external_id });
    }
    let mention = entry.mention(settings, cx)?;
    Ok(if mention.edited_at.is_some() { Heard::Edited(mention) } else { Heard::Mention(mention) })
}

/// Reads one entry of a thread. An unreadable one of a stranger is left out; one of ours, or of
/// nobody knows whom, ends the reading, since it could be the answer that is looked for.
pub(super) fn known(
    raw: &RawValue,
    settings: &Settings,
    cx: &Ctx<'_>,
) -> Result<Option<Entry>, Fault> {
    #[derive(Deserialize)]
    struct Whose {
        author: String,
    }
    let why = match json::entry(raw) {
        Ok(entry) => return Ok(Some(entry)),
        Err(why) => why,
    };
    match json::entry::<Whose>(raw) {
        Ok(whose) if !settings.is_own(&whose.author, cx) => Ok(None),
        _ => Err(Fault::bug(format!("a part of the thread cannot be read: {why}"))),
    }
}

/// The post that a path leads to, as in `/r/acme/comments/1abcde/title/kabc12/`.
fn post_of(path: &str) -> Option<String> {
    let mut parts = path.split('/');
    parts.find(|part| *part == "comments")?;
    let id = parts.next().filter(|id| !id.is_empty())?;
    Some(format!("t3_{id}"))
}

impl Entry {
    fn is_post(&self) -> bool {
        self.name.starts_with("t3_")
    }

    fn is_message(&self) -> bool {
        self.name.starts_with("t4_")
    }

    /// When it was written.
    pub(super) fn created_at(&self) -> Result<Instant, String> {
        instant(self.created_utc).ok_or_else(|| "`created_utc` is no time".to_owned())
    }

    fn edited_at(&self) -> Option<Instant> {
        instant(self.edited.as_ref()?.get().parse().ok()?)
    }

    /// Whether its author deleted it, or moderators took it away. A person could write the same
    /// words, but not under that name.
    pub(super) fn is_gone(&self) -> bool {
        let unnamed = self.author.as_deref().is_none_or(|name| GONE.contains(&name));
        let text = if self.is_post() { &self.selftext } else { &self.body };
        let blank = text.as_deref().is_some_and(|text| GONE.contains(&text.trim()));
        (unnamed && blank) || (self.is_post() && self.removed_by_category.is_some())
    }

    /// Who wrote it: system messages have no author, but at times a subreddit.
    fn author(&self) -> String {
        match (&self.author, &self.subreddit) {
            (Some(name), _) => name.clone(),
            (None, Some(subreddit)) => format!("r/{subreddit}"),
            (None, None) => "reddit".to_owned(),
        }
    }

    /// What was written, as Markdown.
    pub(super) fn text(&self) -> String {
        let head = match (self.is_post(), self.is_message() && self.first_message_name.is_none()) {
            (true, _) => self.title.as_deref(),
            (_, true) => self.subject.as_deref(),
            _ => None,
        };
        let body = if self.is_post() { &self.selftext } else { &self.body };
        let parts = [head.unwrap_or_default().trim(), body.as_deref().unwrap_or_default().trim()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n\n")
    }

    fn path(&self) -> Option<&str> {
        let paths = [self.permalink.as_deref(), self.context.as_deref()];
        paths
            .into_iter()
            .flatten()
            .find(|path| path.starts_with("/r/") || path.starts_with("/user/"))
    }

    /// Where a person sees it.
    pub(super) fn address(&self) -> String {
        match (self.path(), self.name.strip_prefix("t4_")) {
            (Some(path), _) => Settings::address(path),
            (None, Some(id)) => Settings::address(&format!("/message/messages/{id}")),
            (None, None) => {
                let id = self.name.get(3..).unwrap_or_default();
                Settings::address(&format!("/comments/{id}"))
            }
        }
    }

    fn thread_id(&self) -> String {
        if self.is_post() {
            return self.name.clone();
        }
        let (first, post) = (self.first_message_name.as_ref(), self.link_id.as_ref());
        let named = if self.is_message() { first } else { post };
        let named = named.filter(|id| !id.is_empty());
        let by_path = || self.path().filter(|_| !self.is_message()).and_then(post_of);
        named.cloned().or_else(by_path).unwrap_or_else(|| self.name.clone())
    }

    fn attachment(&self) -> Option<Attachment> {
        let url = self.url.as_ref().filter(|_| self.is_post() && self.is_self == Some(false))?;
        let hint = self.post_hint.as_deref().unwrap_or_default();
        let kind = match hint {
            "image" => "image",
            hint if hint.contains("video") => "video",
            _ => "link",
        };
        url.starts_with("http").then(|| Attachment { kind: kind.to_owned(), url: url.clone() })
    }

    /// As one entry of a thread.
    pub(super) fn thread_entry(
        &self,
        settings: &Settings,
        cx: &Ctx<'_>,
    ) -> Result<ThreadEntry, String> {
        let author = self.author();
        Ok(ThreadEntry {
            external_id: self.name.clone(),
            parent_id: self.parent_id.clone(),
            author_id: settings.author_id(&author, cx),
            author_handle: author,
            text: self.text(),
            language: None,
            created_at: self.created_at()?,
            edited_at: self.edited_at(),
            url: self.address(),
        })
    }

    /// As a mention.
    pub(super) fn mention(&self, settings: &Settings, cx: &Ctx<'_>) -> Result<Mention, String> {
        let author = self.author();
        let (kind, visibility) = match (self.is_post(), self.is_message()) {
            (true, _) => (MentionKind::Post, Visibility::Public),
            (_, true) => (MentionKind::Direct, Visibility::Private),
            _ => (MentionKind::Comment, Visibility::Public),
        };
        let mention = Mention {
            network: META.name.to_owned(),
            origin: String::new(),
            external_id: self.name.clone(),
            kind,
            visibility,
            author: Author {
                id: settings.author_id(&author, cx),
                handle: author,
                ..Author::default()
            },
            text: self.text(),
            language: None,
            rating: None,
            created_at: self.created_at()?,
            edited_at: self.edited_at(),
            url: self.address(),
            thread_id: self.thread_id(),
            parent_id: self.parent_id.clone().filter(|id| !id.is_empty()),
            attachments: self.attachment().into_iter().collect(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(json: &str) -> Entry {
        serde_json::from_str(&format!("{{\"created_utc\":1763620000.0,{json}}}")).unwrap()
    }

    #[test]
    fn what_is_deleted_is_told_from_what_only_says_so() {
        let gone = |json: &str| entry(json).is_gone();
        let deleted = "\"author\":\"[deleted]\",\"body\":\"[removed]\"";
        assert!(gone(&format!("\"name\":\"t1_a\",{deleted}")));
        assert!(!gone("\"name\":\"t1_a\",\"author\":\"jo\",\"body\":\"[removed]\""));
        assert!(!gone("\"name\":\"t1_a\",\"author\":\"[deleted]\",\"body\":\"still here\""));
        let removed = "\"removed_by_category\":\"moderator\"";
        assert!(gone(&format!("\"name\":\"t3_a\",\"author\":\"jo\",\"title\":\"t\",{removed}")));
    }

    #[test]
    fn a_comment_in_the_inbox_finds_its_post_by_its_path() {
        let inbox = entry("\"name\":\"t1_k\",\"context\":\"/r/acme/comments/1ab/x/k/?context=3\"");
        assert_eq!(inbox.thread_id(), "t3_1ab");
        let hostile = entry("\"name\":\"t1_k\",\"permalink\":\"//evil.example/r/\"");
        assert_eq!(hostile.address(), "https://www.reddit.com/comments/k");
    }

    #[test]
    fn edits_are_a_time_or_nothing() {
        let edited =
            |json: &str| entry(&format!("\"name\":\"t1_k\",\"edited\":{json}")).edited_at();
        assert_eq!(edited("1763620001.5"), Some(Instant(1_763_620_001_500)));
        assert_eq!((edited("false"), edited("true"), edited("1e99")), (None, None, None));
    }
}
