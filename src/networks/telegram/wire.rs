//! What Telegram sends, and what it becomes.

use super::super::json::{self, Id};
use super::META;
use super::Settings;
use super::login::Facts;
use crate::domain::time::SECOND;
use crate::domain::{Attachment, Author, Instant, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Heard, Response};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What a person can send beside words, as the API calls it and as we do.
const CONTENT: &[(&str, &str)] = &[
    ("photo", "image"),
    ("animation", "video"),
    ("video", "video"),
    ("video_note", "video"),
    ("voice", "audio"),
    ("audio", "audio"),
    ("sticker", "sticker"),
    ("document", "file"),
    ("paid_media", "file"),
    ("story", "story"),
    ("location", "location"),
    ("contact", "contact"),
    ("poll", "poll"),
];

/// What only tells that something happened in a chat. Whatever is not listed here is a message,
/// so that a new kind of content is looked at by a person and not dropped.
const SERVICE: &[&str] = &[
    "boost_added",
    "channel_chat_created",
    "chat_background_set",
    "chat_shared",
    "checklist_tasks_added",
    "checklist_tasks_done",
    "connected_website",
    "delete_chat_photo",
    "direct_message_price_changed",
    "forum_topic_closed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway",
    "giveaway_completed",
    "giveaway_created",
    "giveaway_winners",
    "group_chat_created",
    "left_chat_member",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "migrate_to_chat_id",
    "new_chat_members",
    "new_chat_photo",
    "new_chat_title",
    "paid_message_price_changed",
    "passport_data",
    "pinned_message",
    "proximity_alert_triggered",
    "refunded_payment",
    "successful_payment",
    "supergroup_chat_created",
    "users_shared",
    "video_chat_ended",
    "video_chat_participants_invited",
    "video_chat_scheduled",
    "video_chat_started",
    "web_app_data",
    "write_access_allowed",
];

/// Kinds of updates that may still come for a while after others were asked for.
const UNASKED: &[&str] = &[
    "callback_query",
    "channel_post",
    "chat_boost",
    "chat_join_request",
    "chat_member",
    "chosen_inline_result",
    "edited_channel_post",
    "inline_query",
    "message_reaction",
    "message_reaction_count",
    "my_chat_member",
    "poll",
    "poll_answer",
    "pre_checkout_query",
    "removed_chat_boost",
    "shipping_query",
];

#[derive(Deserialize)]
struct Update {
    message: Option<Box<RawValue>>,
    edited_message: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct User {
    id: Id,
    first_name: Option<String>,
    last_name: Option<String>,
    username: Option<String>,
}

/// A chat: with one person, a group, or a channel.
#[derive(Deserialize)]
pub(super) struct Chat {
    id: Id,
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct Parent {
    message_id: Id,
}

/// A message. Whatever can be missing is optional.
#[derive(Deserialize)]
struct Message {
    message_id: Id,
    message_thread_id: Option<Id>,
    is_topic_message: Option<bool>,
    date: i64,
    edit_date: Option<i64>,
    chat: Chat,
    from: Option<User>,
    sender_chat: Option<Chat>,
    is_automatic_forward: Option<bool>,
    reply_to_message: Option<Parent>,
    text: Option<String>,
    caption: Option<String>,
}

/// The number of an update, so that an unreadable one can be passed.
pub(super) fn number(raw: &RawValue) -> Option<i64> {
    #[derive(Deserialize)]
    struct Numbered {
        update_id: i64,
    }
    json::entry(raw).ok().map(|Numbered { update_id }| update_id)
}

/// The names of the fields of an object.
fn fields(raw: &RawValue) -> Result<Vec<String>, String> {
    let fields: BTreeMap<String, IgnoredAny> = json::entry(raw)?;
    Ok(fields.into_keys().collect())
}

fn holds(fields: &[String], names: &[&str]) -> bool {
    fields.iter().any(|field| names.contains(&field.as_str()))
}

/// A time in seconds; before the year 5138, as nobody's clock is that wrong.
fn instant(seconds: i64) -> Option<Instant> {
    (0..100_000_000_000).contains(&seconds).then(|| Instant(seconds * SECOND))
}

/// Where a person sees a message: public groups have a name, others a number that opens for their
/// members only. Elsewhere it is the person that is shown, or the bot.
pub(super) fn address(chat: &Chat, message: &str, person: Option<&str>, cx: &Ctx<'_>) -> String {
    let plain = |name: &&str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let group = chat.kind.as_deref() == Some("supergroup");
    let name = chat.username.as_deref().filter(plain).filter(|_| group);
    let number = chat.id.0.strip_prefix("-100").filter(plain).filter(|_| group);
    match (name, number) {
        (Some(name), _) => format!("https://t.me/{name}/{message}"),
        (None, Some(number)) => format!("https://t.me/c/{number}/{message}"),
        (None, None) => {
            let bot = Facts::of(cx).username;
            let shown = person.filter(plain).unwrap_or(bot.as_str());
            format!("https://t.me/{shown}")
        }
    }
}

/// What one update is; `None` for what tells of no message.
pub(super) fn heard(raw: &RawValue, cx: &Ctx<'_>) -> Result<Option<Heard>, String> {
    let update: Update = json::entry(raw)?;
    let (raw, edited) = match (update.message, update.edited_message) {
        (Some(raw), _) => (raw, false),
        (None, Some(raw)) => (raw, true),
        (None, None) if holds(&fields(raw)?, UNASKED) => return Ok(None),
        (None, None) => return Err("it is an update of a kind that is not known".to_owned()),
    };
    let fields = fields(&raw)?;
    if holds(&fields, SERVICE) {
        return Ok(None);
    }
    let message: Message = json::entry(&raw)?;
    let author = message.author()?;
    if message.is_ours() || Settings::is_own(&author.id, cx) {
        let (origin, external_id) = (message.chat.id.0, message.message_id.0);
        return Ok(Some(Heard::Own { origin, external_id }));
    }
    let mention = message.mention(author, &fields, cx)?;
    Ok(Some(if edited { Heard::Edited(mention) } else { Heard::Mention(mention) }))
}

impl Message {
    fn is_private(&self) -> bool {
        self.chat.kind.as_deref() == Some("private")
    }

    /// Whether the brand wrote it, by what the message itself says: a post of the channel whose
    /// comments the group is, or an administrator who writes as the group.
    fn is_ours(&self) -> bool {
        let as_group = self.sender_chat.as_ref().is_some_and(|sender| sender.id == self.chat.id);
        self.is_automatic_forward == Some(true) || as_group
    }

    /// Who wrote it: a person, or a channel that a person writes as.
    fn author(&self) -> Result<Author, String> {
        if let Some(chat) = &self.sender_chat {
            return Ok(Author {
                id: chat.id.0.clone(),
                handle: chat.username.clone().unwrap_or_default(),
                name: chat.title.clone().unwrap_or_default(),
                followers: None,
            });
        }
        let Some(user) = &self.from else { return Err("it names no author".to_owned()) };
        let names = [user.first_name.as_deref(), user.last_name.as_deref()];
        Ok(Author {
            id: user.id.0.clone(),
            handle: user.username.clone().unwrap_or_default(),
            name: names.into_iter().flatten().collect::<Vec<_>>().join(" "),
            followers: None,
        })
    }

    /// The topic of a forum, the comments of a post, or the chat as a whole.
    fn thread_id(&self) -> String {
        match (&self.message_thread_id, self.is_topic_message) {
            (Some(topic), Some(true)) => format!("{TOPIC}{}", topic.0),
            (Some(thread), _) => thread.0.clone(),
            (None, _) => self.chat.id.0.clone(),
        }
    }

    fn mention(&self, author: Author, fields: &[String], cx: &Ctx<'_>) -> Result<Mention, String> {
        let id = &self.message_id.0;
        let person = Some(author.handle.as_str()).filter(|_| self.is_private());
        let url = address(&self.chat, id, person, cx);
        let parent = self.reply_to_message.as_ref().map(|parent| parent.message_id.0.clone());
        // Files have no address without the bot's token; the message shows them.
        let sent = CONTENT.iter().filter(|(name, _)| holds(fields, &[*name]));
        // An animation comes as a document too.
        let sent = sent.take(1);
        let attachments =
            sent.map(|(_, kind)| Attachment { kind: (*kind).to_owned(), url: url.clone() });
        let (kind, visibility) = match (self.is_private(), parent.is_some()) {
            (true, _) => (MentionKind::Direct, Visibility::Private),
            (false, true) => (MentionKind::Comment, Visibility::Public),
            (false, false) => (MentionKind::Post, Visibility::Public),
        };
        let mention = Mention {
            network: META.name.to_owned(),
            origin: self.chat.id.0.clone(),
            external_id: id.clone(),
            kind,
            visibility,
            author,
            text: self.text.as_ref().or(self.caption.as_ref()).cloned().unwrap_or_default(),
            language: None,
            rating: None,
            created_at: instant(self.date).ok_or("`date` is no time")?,
            edited_at: self.edit_date.and_then(instant),
            attachments: attachments.collect(),
            url,
            thread_id: self.thread_id(),
            parent_id: parent,
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked()
    }
}

/// What the thread of a forum's topic begins with; the rest is its number.
pub(super) const TOPIC: &str = "topic:";

/// Telegram's own words about what went wrong, and what it says beside them.
#[derive(Default)]
pub(super) struct Problem {
    /// Its words.
    pub description: String,
    /// How many seconds to wait.
    pub retry_after: Option<i64>,
    /// The id that a group has now.
    pub moved_to: Option<String>,
}

impl Problem {
    /// Reads the problem of an answer; nothing known if it carries none.
    pub(super) fn of(res: &Response) -> Problem {
        #[derive(Deserialize)]
        struct Answer {
            description: Option<String>,
            parameters: Option<Parameters>,
        }
        #[derive(Deserialize)]
        struct Parameters {
            retry_after: Option<i64>,
            migrate_to_chat_id: Option<Id>,
        }
        let Ok(answer) = json::answer::<Answer>(&res.body, "the problem") else {
            return Problem::default();
        };
        let told = answer.parameters;
        Problem {
            description: answer.description.unwrap_or_default(),
            retry_after: told.as_ref().and_then(|told| told.retry_after),
            moved_to: told.and_then(|told| told.migrate_to_chat_id).map(|id| id.0),
        }
    }
}
