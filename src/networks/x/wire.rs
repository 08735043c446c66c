//! What X sends, by both families of names, and what it becomes.

use super::super::json::{self, Id};
use super::META;
use crate::domain::time::HOUR;
use crate::domain::{Attachment, Author, Instant, Lang, Mention, MentionKind, Visibility};
use crate::wire::ThreadEntry;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Since when ids count milliseconds (an id's upper 42 bits).
const EPOCH: i64 = 1_288_834_974_657;
/// The bits of an id below its milliseconds.
const SEQUENCE_BITS: u32 = 22;
/// A post can be edited for 30 minutes or an hour, by the page of the docs that one reads.
const EDIT_WINDOW: i64 = 2 * HOUR;

/// Whether a text is an id of X: up to 19 digits.
pub(super) fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text is a handle of X.
pub(super) fn is_handle(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// When the thing with that id came to be.
pub(super) fn time_of(id: &str) -> Option<Instant> {
    let number: u64 = id.parse().ok()?;
    Some(Instant(i64::try_from(number >> SEQUENCE_BITS).ok()?) + EPOCH)
}

/// The id that lies that many milliseconds before another one.
pub(super) fn earlier(id: &str, by_ms: i64) -> String {
    let number = id.parse::<u64>().ok().zip(u64::try_from(by_ms).ok());
    let moved = number.and_then(|(id, ms)| id.checked_sub(ms << SEQUENCE_BITS));
    moved.map_or_else(|| id.to_owned(), |id| id.to_string())
}

/// Where a person sees a post; without a handle X finds it by its id alone.
pub(super) fn address(handle: &str, id: &str) -> String {
    let handle = if handle.is_empty() { "i" } else { handle };
    format!("https://x.com/{handle}/status/{id}")
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    id: Id,
}

#[derive(Deserialize)]
struct Link {
    url: Option<String>,
    expanded_url: Option<String>,
    display_url: Option<String>,
    media_key: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<Id>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Entities {
    urls: Option<Vec<Link>>,
    mentions: Option<Vec<Named>>,
}

/// The whole text of a long post.
#[derive(Deserialize)]
struct Note {
    text: Option<String>,
    entities: Option<Entities>,
}

#[derive(Deserialize)]
struct Keys {
    media_keys: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Withheld {
    country_codes: Option<Vec<String>>,
}

/// A post. Whatever can be missing is optional; of what was renamed both names are read.
#[derive(Deserialize)]
pub(super) struct Post {
    pub id: Id,
    pub author_id: Id,
    pub created_at: Instant,
    text: Option<String>,
    conversation_id: Option<Id>,
    in_reply_to_user_id: Option<Id>,
    lang: Option<String>,
    entities: Option<Entities>,
    attachments: Option<Keys>,
    withheld: Option<Withheld>,
    note_tweet: Option<Note>,
    note_post: Option<Note>,
    referenced_tweets: Option<Vec<Reference>>,
    referenced_posts: Option<Vec<Reference>>,
    edit_history_tweet_ids: Option<Vec<Id>>,
    edit_history_post_ids: Option<Vec<Id>>,
}

/// A post that another one refers to.
#[derive(Deserialize)]
struct Brief {
    id: Id,
    author_id: Option<Id>,
    edit_history_tweet_ids: Option<Vec<Id>>,
    edit_history_post_ids: Option<Vec<Id>>,
}

#[derive(Deserialize)]
struct Metrics {
    followers_count: Option<i64>,
}

#[derive(Deserialize)]
struct User {
    id: Id,
    username: Option<String>,
    name: Option<String>,
    public_metrics: Option<Metrics>,
}

#[derive(Deserialize)]
struct Media {
    media_key: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    url: Option<String>,
    preview_image_url: Option<String>,
}

/// What stands beside the posts of an answer.
#[derive(Default)]
pub(super) struct Known {
    users: HashMap<String, User>,
    media: HashMap<String, Media>,
    posts: HashMap<String, Brief>,
}

impl Known {
    /// Reads each entry on its own: one bad profile costs no other.
    pub(super) fn read(raw: Option<Box<RawValue>>) -> Known {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Includes {
            users: Vec<Box<RawValue>>,
            media: Vec<Box<RawValue>>,
            tweets: Vec<Box<RawValue>>,
            posts: Vec<Box<RawValue>>,
        }
        fn by<T: DeserializeOwned>(
            raw: &[Box<RawValue>],
            key: impl Fn(&T) -> String,
        ) -> HashMap<String, T> {
            let entries = raw.iter().filter_map(|raw| json::entry::<T>(raw).ok());
            entries.map(|entry| (key(&entry), entry)).collect()
        }
        let read = raw.and_then(|raw| json::entry::<Includes>(&raw).ok());
        let Includes { users, media, mut tweets, posts } = read.unwrap_or_default();
        tweets.extend(posts);
        Known {
            users: by(&users, |user: &User| user.id.0.clone()),
            media: by(&media, |media: &Media| media.media_key.clone()),
            posts: by(&tweets, |post: &Brief| post.id.0.clone()),
        }
    }

    /// How many follow an author, where it is told.
    pub(super) fn followers(&self, author: &str) -> Option<u64> {
        let count = self.users.get(author)?.public_metrics.as_ref()?.followers_count?;
        u64::try_from(count).ok()
    }

    /// The handle of an author; empty where it is not told or is none.
    fn handle(&self, author: &str) -> &str {
        let name = self.users.get(author).and_then(|user| user.username.as_deref());
        name.filter(|name| is_handle(name)).unwrap_or_default()
    }

    /// The id that all versions of a post have in common, as far as it is known.
    pub(super) fn chain<'a>(&'a self, id: &'a str) -> &'a str {
        self.posts.get(id).map_or(id, |post| {
            let histories = [&post.edit_history_tweet_ids, &post.edit_history_post_ids];
            history(histories, id).first().map_or(id, |first| first.0.as_str())
        })
    }

    fn author_of(&self, post: &str) -> Option<&str> {
        Some(self.posts.get(post)?.author_id.as_ref()?.0.as_str())
    }
}

/// All versions of the post `id`, oldest first; empty where they are not told.
fn history<'a>(told: [&'a Option<Vec<Id>>; 2], id: &str) -> &'a [Id] {
    let told = told.into_iter().flatten().find(|ids| ids.iter().any(|version| version.0 == id));
    told.map(Vec::as_slice).unwrap_or_default()
}

impl Post {
    /// The versions of this post, oldest first; empty where they are not told.
    pub(super) fn versions(&self) -> &[Id] {
        history([&self.edit_history_tweet_ids, &self.edit_history_post_ids], &self.id.0)
    }

    /// The id of its first version: an edit makes a new id and stays the same post.
    pub(super) fn chain(&self) -> &str {
        self.versions().first().unwrap_or(&self.id).0.as_str()
    }

    /// The id of its newest version.
    pub(super) fn newest(&self) -> &str {
        self.versions().last().unwrap_or(&self.id).0.as_str()
    }

    /// Whether there is more than one version.
    pub(super) fn is_edited(&self) -> bool {
        self.versions().len() > 1
    }

    /// What it refers to in that way: `retweeted`, `quoted` or `replied_to`.
    pub(super) fn reference(&self, kind: &str) -> Option<&str> {
        let mut references = self.referenced_tweets.iter().chain(&self.referenced_posts).flatten();
        references.find(|reference| reference.kind == kind).map(|reference| reference.id.0.as_str())
    }

    /// Whether X shows it nowhere any more (XX: all countries, XY: a copyright claim).
    pub(super) fn is_withheld(&self) -> bool {
        let codes = self.withheld.as_ref().and_then(|withheld| withheld.country_codes.as_ref());
        codes.is_some_and(|codes| codes.iter().any(|code| code == "XX" || code == "XY"))
    }

    /// Whether its author turned to that profile: named it, answered it, or quoted a post of it.
    pub(super) fn summons(&self, id: &str, handle: &str, known: &Known) -> bool {
        let long = self.note().and_then(|note| note.entities.as_ref());
        let entities = self.entities.iter().chain(long);
        let mut named = entities.filter_map(|entities| entities.mentions.as_ref()).flatten();
        let is_us = |who: &Named| {
            who.id.as_ref().is_some_and(|who| who.0 == id)
                || who.username.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(handle))
        };
        named.any(is_us)
            || self.in_reply_to_user_id.as_ref().is_some_and(|user| user.0 == id)
            || self.reference("quoted").and_then(|post| known.author_of(post)) == Some(id)
    }

    fn note(&self) -> Option<&Note> {
        self.note_tweet.as_ref().or(self.note_post.as_ref())
    }

    /// The text as people see it: whole, with its links written out and without those to its own
    /// pictures. X escapes `&`, `<` and `>`.
    pub(super) fn text(&self) -> String {
        let note = self.note().filter(|note| note.text.is_some());
        let (text, entities) = match note {
            Some(note) => (note.text.as_deref(), note.entities.as_ref().or(self.entities.as_ref())),
            None => (self.text.as_deref(), self.entities.as_ref()),
        };
        let mut text = text.unwrap_or_default().to_owned();
        for link in entities.and_then(|entities| entities.urls.as_ref()).into_iter().flatten() {
            let Some(short) = link.url.as_deref().filter(|url| url.contains("://")) else {
                continue;
            };
            let shown = link.display_url.as_deref().unwrap_or_default();
            let of_media = link.media_key.is_some()
                || shown.starts_with("pic.x.com/")
                || shown.starts_with("pic.twitter.com/");
            let long = if of_media { "" } else { link.expanded_url.as_deref().unwrap_or(short) };
            text = text.replace(short, long);
        }
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        text.trim().to_owned()
    }

    /// The language, unless X says that there is none (und, zxx, art, qme …).
    fn language(&self) -> Option<Lang> {
        match self.lang.as_deref()? {
            "und" | "zxx" | "art" => None,
            // Codes that ISO 639 gave up.
            "in" => Lang::parse("id"),
            "iw" => Lang::parse("he"),
            special if special.len() == 3 && special.starts_with('q') => None,
            tag => Lang::parse(tag),
        }
    }

    /// When it was first written; `created_at` is that of this version.
    fn written(&self) -> Instant {
        let first = self.versions().first().filter(|_| self.is_edited());
        first
            .and_then(|first| time_of(&first.0))
            .filter(|at| (0..EDIT_WINDOW).contains(&(self.created_at - *at)))
            .unwrap_or(self.created_at)
    }

    fn edited_at(&self) -> Option<Instant> {
        self.is_edited().then_some(self.created_at)
    }

    /// Where a person sees it.
    fn address(&self, known: &Known) -> String {
        address(known.handle(&self.author_id.0), &self.id.0)
    }

    /// As one entry of a thread.
    pub(super) fn thread_entry(&self, known: &Known) -> ThreadEntry {
        ThreadEntry {
            external_id: self.chain().to_owned(),
            parent_id: self.reference("replied_to").map(str::to_owned),
            author_id: self.author_id.0.clone(),
            author_handle: known.handle(&self.author_id.0).to_owned(),
            text: self.text(),
            language: self.language(),
            created_at: self.written(),
            edited_at: self.edited_at(),
            url: self.address(known),
        }
    }

    /// As a mention. Ids are global, so there is no origin.
    pub(super) fn mention(&self, known: &Known) -> Result<Mention, String> {
        let author = &self.author_id.0;
        let user = known.users.get(author);
        let parent = self.reference("replied_to").map(|id| known.chain(id).to_owned());
        let conversation = self.conversation_id.as_ref().filter(|id| !id.0.is_empty());
        let media = self.attachments.iter().flat_map(|a| a.media_keys.iter().flatten());
        let attachments = media.filter_map(|key| {
            let media = known.media.get(key)?;
            let url = media.url.as_ref().or(media.preview_image_url.as_ref())?.clone();
            Some(Attachment { kind: media.kind.clone().unwrap_or_else(|| "file".to_owned()), url })
        });
        let mention = Mention {
            network: META.name.to_owned(),
            origin: String::new(),
            external_id: self.chain().to_owned(),
            kind: if parent.is_some() { MentionKind::Comment } else { MentionKind::Post },
            visibility: Visibility::Public,
            author: Author {
                id: author.clone(),
                handle: known.handle(author).to_owned(),
                name: user.and_then(|user| user.name.clone()).unwrap_or_default(),
                followers: known.followers(author),
            },
            text: self.text(),
            language: self.language(),
            rating: None,
            created_at: self.written(),
            edited_at: self.edited_at(),
            url: self.address(known),
            thread_id: conversation.map_or_else(|| self.chain().to_owned(), |id| id.0.clone()),
            parent_id: parent,
            attachments: attachments.collect(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked()
    }
}
