//! What a Mastodon server sends, as far as we read it, and what it becomes.

use super::super::html::{Invisible, to_text};
use super::super::json::{self, Id};
use super::{META, Settings};
use crate::domain::text::one_line;
use crate::domain::{Attachment, Author, Instant, Lang, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Heard, Secret, ThreadEntry};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Who wrote. Whatever can be missing on some server is optional.
#[derive(Deserialize)]
pub(super) struct Profile {
    pub id: Id,
    pub acct: Option<String>,
    display_name: Option<String>,
    followers_count: Option<i64>,
}

#[derive(Deserialize)]
struct Media {
    #[serde(rename = "type")]
    kind: Option<String>,
    url: Option<String>,
    remote_url: Option<String>,
}

/// A post.
#[derive(Deserialize)]
pub(super) struct Status {
    pub id: Id,
    pub created_at: Instant,
    pub account: Profile,
    pub content: Option<String>,
    pub in_reply_to_id: Option<Id>,
    pub url: Option<String>,
    uri: Option<String>,
    edited_at: Option<Instant>,
    spoiler_text: Option<String>,
    visibility: Option<String>,
    language: Option<String>,
    reblog: Option<Box<Reblogged>>,
    media_attachments: Option<Vec<Media>>,
}

/// The post that a repost shows.
#[derive(Deserialize)]
struct Reblogged {
    id: Id,
}

/// A notification.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "type")]
    kind: String,
    account: Option<Profile>,
    status: Option<Status>,
}

/// Only the place in the order, so that an unreadable entry still has one.
#[derive(Deserialize)]
pub(super) struct Place {
    pub id: Id,
    pub created_at: Option<Instant>,
}

/// As [`Place`], for entries whose time is unreadable too.
#[derive(Deserialize)]
struct Named {
    id: Id,
}

/// The place of an entry in the order, as far as it can be read.
pub(super) fn place(raw: &RawValue) -> Option<Place> {
    json::entry(raw)
        .or_else(|_| json::entry(raw).map(|Named { id }| Place { id, created_at: None }))
        .ok()
        .filter(|place| !place.id.0.is_empty())
}

impl Status {
    /// Where a person sees it.
    pub(super) fn address(&self) -> String {
        let http = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
        self.url
            .as_ref()
            .filter(http)
            .or(self.uri.as_ref().filter(http))
            .cloned()
            .unwrap_or_default()
    }

    /// The text, behind its content warning.
    fn text(&self) -> String {
        let text = to_text(self.content.as_deref().unwrap_or_default(), Invisible::Drop);
        match self.spoiler_text.as_deref().map(str::trim) {
            None | Some("") => text,
            Some(warning) => format!("{warning}\n\n{text}").trim_end().to_owned(),
        }
    }

    fn visibility(&self) -> Visibility {
        match self.visibility.as_deref() {
            Some("public" | "unlisted") => Visibility::Public,
            // Followers only, direct, and whatever a fork invents: rather too private.
            _ => Visibility::Private,
        }
    }

    fn language(&self) -> Option<Lang> {
        self.language.as_deref().and_then(Lang::parse)
    }

    /// As one entry of a thread.
    pub(super) fn thread_entry(&self) -> ThreadEntry {
        ThreadEntry {
            external_id: self.id.0.clone(),
            parent_id: self.in_reply_to_id.as_ref().map(|id| id.0.clone()),
            author_id: self.account.id.0.clone(),
            author_handle: self.account.acct.clone().unwrap_or_default(),
            text: self.text(),
            language: self.language(),
            created_at: self.created_at,
            edited_at: self.edited_at,
            url: self.address(),
        }
    }

    /// As a mention.
    pub(super) fn mention(self, origin: &str) -> Result<Mention, String> {
        let direct = self.visibility.as_deref() == Some("direct");
        let parent = self.in_reply_to_id.as_ref().map(|id| id.0.clone());
        let mention = Mention {
            network: META.name.to_owned(),
            origin: origin.to_owned(),
            kind: match (direct, &parent) {
                (true, _) => MentionKind::Direct,
                (false, Some(_)) => MentionKind::Comment,
                (false, None) => MentionKind::Post,
            },
            visibility: self.visibility(),
            text: self.text(),
            language: self.language(),
            rating: None,
            created_at: self.created_at,
            edited_at: self.edited_at,
            url: self.address(),
            thread_id: parent.clone().unwrap_or_else(|| self.id.0.clone()),
            parent_id: parent,
            reach: None,
            marks: Vec::new(),
            native: None,
            external_id: self.id.0,
            author: Author {
                id: self.account.id.0,
                handle: self.account.acct.unwrap_or_default(),
                name: self.account.display_name.unwrap_or_default(),
                followers: self.account.followers_count.and_then(|n| u64::try_from(n).ok()),
            },
            attachments: self
                .media_attachments
                .into_iter()
                .flatten()
                .filter_map(|media| {
                    let url = media.url.or(media.remote_url)?;
                    Some(Attachment { kind: media.kind.unwrap_or_else(|| "file".to_owned()), url })
                })
                .collect(),
        };
        mention.checked()
    }
}

/// What one entry of a hashtag's timeline is.
pub(super) fn heard_status(
    status: Status,
    edited: bool,
    settings: &Settings,
    cx: &Ctx<'_>,
) -> Result<Heard, String> {
    let origin = settings.origin();
    if let Some(of) = status.reblog {
        let reach = status.account.followers_count.and_then(|n| u64::try_from(n).ok());
        return Ok(Heard::Repost { origin, of: of.id.0, reach: reach.unwrap_or(0) });
    }
    if Settings::is_own(&status.account.id.0, cx) {
        return Ok(Heard::Own { origin, external_id: status.id.0 });
    }
    let mention = status.mention(&origin)?;
    Ok(if edited { Heard::Edited(mention) } else { Heard::Mention(mention) })
}

/// What one notification is; `None` for kinds that carry no words about the brand.
pub(super) fn heard_notification(
    raw: &RawValue,
    settings: &Settings,
    cx: &Ctx<'_>,
) -> Result<Option<Heard>, String> {
    let Notification { kind, account, status } = json::entry(raw)?;
    let status = status.ok_or("the notification carries no post");
    match kind.as_str() {
        "mention" | "status" | "quote" => heard_status(status?, false, settings, cx).map(Some),
        "update" | "quoted_update" => heard_status(status?, true, settings, cx).map(Some),
        "reblog" => Ok(Some(Heard::Repost {
            origin: settings.origin(),
            of: status?.id.0,
            reach: account.and_then(|a| u64::try_from(a.followers_count?).ok()).unwrap_or(0),
        })),
        // Asked for mentions only, forks send these too.
        "favourite"
        | "follow"
        | "follow_request"
        | "poll"
        | "admin.sign_up"
        | "admin.report"
        | "severed_relationships"
        | "moderation_warning" => Ok(None),
        other => Err(format!("notifications of the kind `{}` are not known", one_line(other, 40))),
    }
}

/// The server's own words about an error, without the token should they repeat it.
pub(super) fn error_text(body: &[u8], token: &Secret) -> String {
    #[derive(Deserialize)]
    struct Said {
        error: String,
        error_description: Option<String>,
    }
    let said: Result<Said, _> = json::answer(body, "the error");
    let text = said.map_or_else(
        |_| "no reason given".to_owned(),
        |said| said.error_description.unwrap_or(said.error),
    );
    one_line(&text.replace(token.expose(), "[secret]"), 200)
}
