//! What the Graph API sends of an account's media and comments, and what it becomes.

use super::super::graph::walk::{Branch, Shape, Sight, broken};
use super::super::graph::{Paging, Time};
use super::super::json::{self, Id};
use super::settings::Settings;
use super::{Facts, META};
use crate::domain::time::DAY;
use crate::domain::{Attachment, Author, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Heard, ThreadEntry};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

/// What is read of our own media: whether anything may be new below it.
const OWN_MEDIA: &str = "id,timestamp,permalink,comments_count";
/// What is read of a post of others.
pub(super) const TAGGED: &str = "id,timestamp,permalink,caption,media_type,media_url,username";
/// What is read of a comment.
pub(super) const COMMENT: &str = "id,text,timestamp,username,from,parent_id";
/// The answers that come with a comment; more are asked for.
const ANSWERS: &str = "replies.limit(50)";
/// How many entries a page holds, of media and of comments.
const MEDIA_PAGE: &str = "50";
const COMMENTS_PAGE: &str = "50";

/// Who wrote. May be missing where a comment is old.
#[derive(Deserialize)]
struct Writer {
    id: Option<Id>,
    username: Option<String>,
}

/// A comment, or an answer to one.
#[derive(Deserialize)]
pub(super) struct Comment {
    pub id: Id,
    pub timestamp: Time,
    text: Option<String>,
    username: Option<String>,
    from: Option<Writer>,
    pub parent_id: Option<Id>,
}

/// The answers that came with a comment.
#[derive(Deserialize)]
struct Nest {
    replies: Option<Replies>,
}

#[derive(Deserialize)]
struct Replies {
    data: Vec<Box<RawValue>>,
    paging: Option<Paging>,
}

/// An id for an author of whom only the name is told.
fn by_name(name: &str) -> String {
    format!("username:{}", name.to_lowercase())
}

impl Comment {
    /// The author's name there; empty where it is not told.
    pub(super) fn handle(&self) -> &str {
        let names =
            [self.from.as_ref().and_then(|from| from.username.as_ref()), self.username.as_ref()];
        names.into_iter().flatten().map(String::as_str).find(|name| !name.is_empty()).unwrap_or("")
    }

    /// The author's id: the account's own by its name, since the id in a comment is not always
    /// that of the account; else the one that is told, else one by the name. Who is not told at
    /// all is nobody else than the writer of this one comment.
    pub(super) fn author(&self, cx: &Ctx<'_>) -> String {
        let (settings, handle) = (cx.settings::<Settings>(), self.handle());
        if !handle.is_empty() && handle.eq_ignore_ascii_case(&Facts::of(cx).username) {
            return settings.account.clone();
        }
        let told = self.from.as_ref().and_then(|from| from.id.as_ref());
        match told.filter(|id| !id.0.is_empty()) {
            Some(id) => id.0.clone(),
            None if handle.is_empty() => format!("unknown:{}", self.id.0),
            None => by_name(handle),
        }
    }

    /// The text as it stands there.
    pub(super) fn text(&self) -> String {
        self.text.as_deref().unwrap_or_default().trim().to_owned()
    }

    /// As one entry of the thread below `root`, which a person sees at `url`.
    pub(super) fn thread_entry(&self, root: &str, url: &str, cx: &Ctx<'_>) -> ThreadEntry {
        ThreadEntry {
            external_id: self.id.0.clone(),
            parent_id: (self.id.0 != root).then(|| root.to_owned()),
            author_id: self.author(cx),
            author_handle: self.handle().to_owned(),
            text: self.text(),
            language: None,
            created_at: self.timestamp.0,
            edited_at: None,
            url: url.to_owned(),
        }
    }

    /// As a mention of that thread; `parent` is what it stands below.
    pub(super) fn mention(
        &self,
        thread: &str,
        parent: Option<String>,
        url: &str,
        cx: &Ctx<'_>,
    ) -> Result<Mention, String> {
        let handle = self.handle().to_owned();
        let mention = Mention {
            network: META.name.to_owned(),
            origin: String::new(),
            external_id: self.id.0.clone(),
            kind: MentionKind::Comment,
            visibility: Visibility::Public,
            author: Author { id: self.author(cx), name: handle.clone(), handle, followers: None },
            text: self.text(),
            language: None,
            rating: None,
            created_at: self.timestamp.0,
            edited_at: None,
            url: url.to_owned(),
            thread_id: thread.to_owned(),
            parent_id: parent,
            attachments: Vec::new(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked()
    }
}

/// What a comment is that stands below `parent` and belongs to the thread of `thread`, or begins
/// one where that is `None`.
pub(super) fn heard(
    raw: &RawValue,
    thread: Option<&str>,
    parent: &str,
    url: &str,
    cx: &Ctx<'_>,
) -> Result<Heard, String> {
    let comment: Comment = json::entry(raw)?;
    if cx.settings::<Settings>().is_own(&comment.author(cx), cx) {
        return Ok(Heard::Own { origin: String::new(), external_id: comment.id.0 });
    }
    let thread = thread.unwrap_or(&comment.id.0);
    comment.mention(thread, Some(parent.to_owned()), url, cx).map(Heard::Mention)
}

/// The id alone, so that an unreadable entry still has one.
fn id(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: Id,
    }
    json::entry::<Named>(raw).ok().map(|named| named.id.0)
}

/// The list of answers below a comment.
pub(super) fn replies(id: &str, settings: &Settings) -> Url {
    let mut url = settings.app().fields(&[id, "replies"], COMMENT);
    url.query_pairs_mut().append_pair("limit", COMMENTS_PAGE);
    url
}

/// The list of an edge of the account.
fn edge(name: &str, fields: &str, cx: &Ctx<'_>) -> Url {
    let settings = cx.settings::<Settings>();
    let mut url = settings.app().fields(&[&settings.account, name], fields);
    url.query_pairs_mut().append_pair("limit", MEDIA_PAGE);
    url
}

/// The account's own media with the comments below. An answer does not bring its comment up, so
/// below changed media all is read.
pub(super) struct Media;

impl Shape for Media {
    const WHAT: &'static str = "the account's media or comments";
    const STREAM: bool = false;

    fn list(cx: &Ctx<'_>) -> Url {
        edge("media", OWN_MEDIA, cx)
    }

    fn window(cx: &Ctx<'_>) -> Option<i64> {
        Some(i64::from(cx.settings::<Settings>().days) * DAY)
    }

    fn below(branch: &Branch, cx: &Ctx<'_>) -> Url {
        let settings = cx.settings::<Settings>();
        if branch.deep {
            return replies(&branch.id, settings);
        }
        let fields = format!("{COMMENT},{ANSWERS}{{{COMMENT}}}");
        let mut url = settings.app().fields(&[&branch.id, "comments"], &fields);
        url.query_pairs_mut().append_pair("limit", COMMENTS_PAGE);
        url
    }

    fn sight(raw: &RawValue, _cx: &Ctx<'_>) -> Option<Sight> {
        #[derive(Deserialize)]
        struct Seen {
            timestamp: Time,
            permalink: Option<String>,
            comments_count: Option<u64>,
        }
        let id = id(raw)?;
        let seen = json::entry::<Seen>(raw).ok();
        let count = seen.as_ref().and_then(|seen| seen.comments_count);
        let at = seen.as_ref().map(|seen| seen.timestamp.0);
        let url = seen.and_then(|seen| seen.permalink).unwrap_or_default();
        let branch = Branch { id: id.clone(), ours: true, url, deep: false, next: None };
        let mark = count.map(|count| count.to_string());
        Some(Sight { branch: Some(branch), at, mark, bare: count == Some(0), id })
    }

    fn post(raw: &RawValue, _cx: &Ctx<'_>) -> Result<Heard, String> {
        let external_id = id(raw).ok_or("a post of ours without a readable id")?;
        Ok(Heard::Own { origin: String::new(), external_id })
    }

    fn comment(raw: &RawValue, branch: &Branch, cx: &Ctx<'_>) -> (Vec<Heard>, Option<Branch>) {
        let hear = |raw: &RawValue, thread: Option<&str>, parent: &str| {
            heard(raw, thread, parent, &branch.url, cx).unwrap_or_else(|why| broken(raw, why))
        };
        if branch.deep {
            return (vec![hear(raw, Some(&branch.id), &branch.id)], None);
        }
        let mut all = vec![hear(raw, None, &branch.id)];
        let Some(top) = id(raw) else {
            // Without its id nobody knows to whom the answers below it belong.
            return (all, None);
        };
        let deeper = |next| Branch { id: top.clone(), deep: true, next, ..branch.clone() };
        let deeper = match json::entry::<Nest>(raw) {
            Ok(Nest { replies: None }) => None,
            Ok(Nest { replies: Some(replies) }) => {
                all.extend(replies.data.iter().map(|raw| hear(raw, Some(&top), &top)));
                match replies.paging.map_or(Ok(None), |paging| paging.turn()) {
                    Ok(None) => None,
                    Ok(next) => Some(deeper(next)),
                    Err(_) => Some(deeper(None)),
                }
            }
            Err(_) => Some(deeper(None)),
        };
        (all, deeper)
    }
}

/// Posts of others in which the account is tagged. An app can neither read nor answer below them.
pub(super) struct Tags;

impl Shape for Tags {
    const WHAT: &'static str = "the posts that tag the account";
    const STREAM: bool = false;

    fn list(cx: &Ctx<'_>) -> Url {
        edge("tags", TAGGED, cx)
    }

    fn window(_cx: &Ctx<'_>) -> Option<i64> {
        None
    }

    fn below(branch: &Branch, cx: &Ctx<'_>) -> Url {
        replies(&branch.id, cx.settings())
    }

    fn sight(raw: &RawValue, _cx: &Ctx<'_>) -> Option<Sight> {
        #[derive(Deserialize)]
        struct Seen {
            timestamp: Time,
        }
        let id = id(raw)?;
        let at = json::entry::<Seen>(raw).ok().map(|seen| seen.timestamp.0);
        // Heard again only in a sweep, which also finds what was changed.
        Some(Sight { branch: None, at, mark: Some(String::new()), bare: true, id })
    }

    fn post(raw: &RawValue, cx: &Ctx<'_>) -> Result<Heard, String> {
        #[derive(Deserialize)]
        struct Tagging {
            id: Id,
            timestamp: Time,
            permalink: Option<String>,
            caption: Option<String>,
            media_type: Option<String>,
            media_url: Option<String>,
            username: Option<String>,
        }
        let post: Tagging = json::entry(raw)?;
        let handle = post.username.unwrap_or_default();
        if !handle.is_empty() && handle.eq_ignore_ascii_case(&Facts::of(cx).username) {
            return Ok(Heard::Own { origin: String::new(), external_id: post.id.0 });
        }
        let author = match handle.as_str() {
            "" => format!("unknown:{}", post.id.0),
            handle => by_name(handle),
        };
        let kind = post.media_type.unwrap_or_else(|| "image".to_owned()).to_lowercase();
        let attachments = post.media_url.map(|url| Attachment { kind, url });
        let mention = Mention {
            network: META.name.to_owned(),
            origin: String::new(),
            external_id: post.id.0,
            kind: MentionKind::Post,
            visibility: Visibility::Public,
            author: Author { id: author, name: handle.clone(), handle, followers: None },
            text: post.caption.unwrap_or_default().trim().to_owned(),
            language: None,
            rating: None,
            created_at: post.timestamp.0,
            edited_at: None,
            url: post.permalink.unwrap_or_default(),
            thread_id: String::new(),
            parent_id: None,
            attachments: attachments.into_iter().collect(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked().map(Heard::Mention)
    }

    fn comment(raw: &RawValue, _branch: &Branch, _cx: &Ctx<'_>) -> (Vec<Heard>, Option<Branch>) {
        let why = "comments below posts that tag the account are not asked for".to_owned();
        (vec![broken(raw, why)], None)
    }
}
