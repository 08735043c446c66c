//! What the Graph API sends of a Page's posts and comments, and what it becomes.

use super::super::graph::Time;
use super::super::graph::walk::{Branch, Shape, Sight, broken};
use super::super::json::{self, Id};
use super::{META, Settings};
use crate::domain::time::DAY;
use crate::domain::{Attachment, Author, Instant, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Heard, ThreadEntry};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

/// What is read of a post in the feed; how many comments there are, without any of them.
const LISTED: &str = "id,created_time,updated_time,from,message,permalink_url,full_picture,\
                      comments.filter(stream).limit(0).summary(total_count)";
/// What is read of a post alone.
pub(super) const POST: &str = "id,created_time,from,message,permalink_url,full_picture";
/// What is read of a comment.
pub(super) const COMMENT: &str =
    "id,created_time,from,message,parent{id},permalink_url,attachment,is_private,message_tags";
/// How many posts a page holds; Meta refuses pages that are too much work.
const POSTS: &str = "50";
/// How many comments a page holds, by the documentation at most.
const COMMENTS: &str = "100";

/// Who wrote, as far as Meta shows it.
#[derive(Deserialize)]
struct Writer {
    id: Id,
    name: Option<String>,
}

/// What a comment answers.
#[derive(Deserialize)]
pub(super) struct Parent {
    pub id: Id,
}

/// Somebody named in a text.
#[derive(Deserialize)]
struct Tag {
    id: Option<Id>,
}

/// A picture, video or sticker in a comment.
#[derive(Deserialize)]
struct Attached {
    #[serde(rename = "type")]
    kind: Option<String>,
    url: Option<String>,
    media: Option<Media>,
}

#[derive(Deserialize)]
struct Media {
    image: Option<Image>,
}

#[derive(Deserialize)]
struct Image {
    src: Option<String>,
}

/// A post or a comment: what the two share, and what only one has.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub id: Id,
    pub created_time: Time,
    from: Option<Writer>,
    message: Option<String>,
    permalink_url: Option<String>,
    full_picture: Option<String>,
    pub parent: Option<Parent>,
    attachment: Option<Box<RawValue>>,
    is_private: Option<bool>,
    message_tags: Option<Vec<Box<RawValue>>>,
}

impl Entry {
    /// The author's id. Who is not shown is nobody else than the writer of this one comment.
    pub(super) fn author(&self) -> String {
        match &self.from {
            Some(from) if !from.id.0.is_empty() => from.id.0.clone(),
            _ => format!("unknown:{}", self.id.0),
        }
    }

    /// The text as it stands there.
    pub(super) fn text(&self) -> String {
        self.message.as_deref().unwrap_or_default().trim().to_owned()
    }

    /// Whether the text names that author.
    pub(super) fn names(&self, author: &str) -> bool {
        let tags = self.message_tags.iter().flatten();
        tags.filter_map(|raw| json::entry::<Tag>(raw).ok())
            .any(|tag| tag.id.is_some_and(|id| id.0 == author))
    }

    /// Where a person sees it.
    pub(super) fn address(&self) -> String {
        match &self.permalink_url {
            Some(url) if url.starts_with("https://") => url.clone(),
            _ => format!("https://www.facebook.com/{}", self.id.0),
        }
    }

    fn attachments(&self) -> Vec<Attachment> {
        let attached = self.attachment.as_ref().and_then(|raw| json::entry::<Attached>(raw).ok());
        let attached = attached.and_then(|a| {
            let shown = a.media.and_then(|media| media.image).and_then(|image| image.src);
            let url = shown.or(a.url)?;
            Some(Attachment { kind: a.kind.unwrap_or_else(|| "file".to_owned()), url })
        });
        let picture = self.full_picture.clone();
        let picture = picture.map(|url| Attachment { kind: "image".to_owned(), url });
        picture.into_iter().chain(attached).collect()
    }

    /// As one entry of the thread below `root`.
    pub(super) fn thread_entry(&self, root: &str) -> ThreadEntry {
        let parent = self.parent.as_ref().map_or(root, |parent| parent.id.0.as_str());
        ThreadEntry {
            parent_id: (self.id.0 != root).then(|| parent.to_owned()),
            external_id: self.id.0.clone(),
            author_id: self.author(),
            author_handle: String::new(),
            text: self.text(),
            language: None,
            created_at: self.created_time.0,
            edited_at: None,
            url: self.address(),
        }
    }

    /// As a mention of that thread; `parent` is what it answers.
    pub(super) fn mention(
        &self,
        kind: MentionKind,
        thread: &str,
        parent: Option<String>,
    ) -> Result<Mention, String> {
        let private = self.is_private.unwrap_or(false);
        let name = self.from.as_ref().and_then(|from| from.name.clone()).unwrap_or_default();
        let mention = Mention {
            network: META.name.to_owned(),
            origin: String::new(),
            external_id: self.id.0.clone(),
            kind,
            visibility: if private { Visibility::Private } else { Visibility::Public },
            author: Author { id: self.author(), handle: String::new(), name, followers: None },
            text: self.text(),
            language: None,
            rating: None,
            created_at: self.created_time.0,
            edited_at: None,
            url: self.address(),
            thread_id: thread.to_owned(),
            parent_id: parent,
            attachments: self.attachments(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked()
    }
}

fn own(entry: &Entry) -> Heard {
    Heard::Own { origin: String::new(), external_id: entry.id.0.clone() }
}

/// The list of comments below something: of all levels, newest first.
pub(super) fn comments(id: &str, settings: &Settings) -> Url {
    let mut url = settings.app().fields(&[id, "comments"], COMMENT);
    url.query_pairs_mut()
        .append_pair("filter", "stream")
        .append_pair("order", "reverse_chronological")
        .append_pair("limit", COMMENTS);
    url
}

/// The list of an edge of the Page.
fn edge(name: &str, fields: &str, cx: &Ctx<'_>) -> Url {
    let settings = cx.settings::<Settings>();
    let mut url = settings.app().fields(&[&settings.page, name], fields);
    url.query_pairs_mut().append_pair("limit", POSTS);
    url
}

/// The Page's feed: its own posts and those of visitors, with the comments below.
pub(super) struct Feed;

impl Shape for Feed {
    const WHAT: &'static str = "the Page's posts or comments";
    const STREAM: bool = true;

    fn list(cx: &Ctx<'_>) -> Url {
        let mut url = edge("feed", LISTED, cx);
        // What the Page hides from its visitors is still owed an answer.
        url.query_pairs_mut().append_pair("include_hidden", "true");
        url
    }

    fn window(cx: &Ctx<'_>) -> Option<i64> {
        Some(i64::from(cx.settings::<Settings>().days) * DAY)
    }

    fn below(branch: &Branch, cx: &Ctx<'_>) -> Url {
        comments(&branch.id, cx.settings())
    }

    fn sight(raw: &RawValue, cx: &Ctx<'_>) -> Option<Sight> {
        let id = id(raw)?;
        let post = json::entry::<Entry>(raw).ok();
        let change = change(raw);
        let settings = cx.settings::<Settings>();
        let branch = Branch {
            id: id.clone(),
            ours: post.as_ref().is_some_and(|post| settings.is_own(&post.author(), cx)),
            url: post.as_ref().map(Entry::address).unwrap_or_default(),
            deep: false,
            next: None,
        };
        Some(Sight {
            branch: Some(branch),
            at: post.map(|post| post.created_time.0),
            bare: change.as_ref().is_some_and(|(count, _)| *count == 0),
            mark: change.map(|(count, at)| format!("{count}/{}", at.0)),
            id,
        })
    }

    fn post(raw: &RawValue, cx: &Ctx<'_>) -> Result<Heard, String> {
        let post: Entry = json::entry(raw)?;
        if cx.settings::<Settings>().is_own(&post.author(), cx) {
            return Ok(own(&post));
        }
        post.mention(MentionKind::Post, &post.id.0, None).map(Heard::Mention)
    }

    fn comment(raw: &RawValue, branch: &Branch, cx: &Ctx<'_>) -> (Vec<Heard>, Option<Branch>) {
        let heard = json::entry::<Entry>(raw).and_then(|comment| {
            if cx.settings::<Settings>().is_own(&comment.author(), cx) {
                return Ok(own(&comment));
            }
            let parent = comment.parent.as_ref().map(|parent| parent.id.0.clone());
            let top = parent.as_deref().unwrap_or(&comment.id.0).to_owned();
            let thread = if branch.ours { &top } else { &branch.id };
            let parent = parent.or_else(|| Some(branch.id.clone()));
            comment.mention(MentionKind::Comment, thread, parent).map(Heard::Mention)
        });
        (vec![heard.unwrap_or_else(|why| broken(raw, why))], None)
    }
}

/// The id alone, so that an unreadable entry still has one.
fn id(raw: &RawValue) -> Option<String> {
    json::entry::<Parent>(raw).ok().map(|named| named.id.0)
}

/// How many comments a post has, and when something last happened there: together they change
/// with every comment.
fn change(raw: &RawValue) -> Option<(u64, Instant)> {
    #[derive(Deserialize)]
    struct Counted {
        updated_time: Time,
        comments: Comments,
    }
    #[derive(Deserialize)]
    struct Comments {
        summary: Summary,
    }
    #[derive(Deserialize)]
    struct Summary {
        total_count: u64,
    }
    let counted: Counted = json::entry(raw).ok()?;
    Some((counted.comments.summary.total_count, counted.updated_time.0))
}

/// Public posts elsewhere that name the Page. Their authors are mostly not shown, and an app can
/// neither read nor answer below them.
pub(super) struct Tagged;

impl Shape for Tagged {
    const WHAT: &'static str = "the posts that name the Page";
    const STREAM: bool = false;

    fn list(cx: &Ctx<'_>) -> Url {
        edge("tagged", POST, cx)
    }

    fn window(_cx: &Ctx<'_>) -> Option<i64> {
        None
    }

    fn below(branch: &Branch, cx: &Ctx<'_>) -> Url {
        comments(&branch.id, cx.settings())
    }

    fn sight(raw: &RawValue, _cx: &Ctx<'_>) -> Option<Sight> {
        let id = id(raw)?;
        let at = json::entry::<Entry>(raw).ok().map(|post| post.created_time.0);
        // Heard again only in a sweep, which also finds what was changed.
        Some(Sight { branch: None, at, mark: Some(String::new()), bare: true, id })
    }

    fn post(raw: &RawValue, cx: &Ctx<'_>) -> Result<Heard, String> {
        let post: Entry = json::entry(raw)?;
        if cx.settings::<Settings>().is_own(&post.author(), cx) {
            return Ok(own(&post));
        }
        post.mention(MentionKind::Post, "", None).map(Heard::Mention)
    }

    fn comment(raw: &RawValue, _branch: &Branch, _cx: &Ctx<'_>) -> (Vec<Heard>, Option<Branch>) {
        let why = "comments below posts that name the Page are not asked for".to_owned();
        (vec![broken(raw, why)], None)
    }
}
