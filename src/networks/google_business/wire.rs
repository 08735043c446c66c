//! What the reviews API sends, and what it becomes.

use super::super::json::{self, Id};
use super::META;
use super::settings::Settings;
use crate::domain::text::one_line;
use crate::domain::{Attachment, Author, Instant, Mention, MentionKind, Visibility};
use crate::wire::{Ctx, Response, ThreadEntry};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What Google puts before its translation of a review, and before the review itself where that
/// stands behind the translation.
const TRANSLATED: &str = "(Translated by Google)";
const ORIGINAL: &str = "(Original)";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reviewer {
    display_name: Option<String>,
}

/// A picture or film; only its addresses are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Media {
    thumbnail_url: Option<String>,
    video_url: Option<String>,
}

/// The owner's reply.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reply {
    pub comment: String,
    pub update_time: Option<Instant>,
    review_reply_state: Option<String>,
}

impl Reply {
    /// Whether Google keeps it from people for good.
    pub(super) fn is_rejected(&self) -> bool {
        self.review_reply_state.as_deref() == Some("REJECTED")
    }

    /// Whether Google still looks at it before it shows it.
    pub(super) fn is_pending(&self) -> bool {
        self.review_reply_state.as_deref() == Some("PENDING")
    }
}

/// A review. Whatever can be missing is optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Review {
    pub review_id: Id,
    reviewer: Option<Reviewer>,
    star_rating: Option<String>,
    comment: Option<String>,
    create_time: Instant,
    update_time: Option<Instant>,
    pub review_reply: Option<Reply>,
    review_reply_url: Option<String>,
    review_media_items: Option<Vec<Box<RawValue>>>,
}

/// When an entry was last changed, so that an unreadable one still has its place in the order.
pub(super) fn changed(raw: &RawValue) -> Option<Instant> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Place {
        update_time: Instant,
    }
    json::entry(raw).ok().map(|Place { update_time }| update_time)
}

/// The id of a reply. As a reply is written over, the time at which this one was written is part
/// of it: else a colleague's later reply could not be told from ours.
pub(super) fn reply_id(review: &str, at: Instant) -> String {
    format!("{review}/reply/{at}")
}

/// What the customer wrote: Google may add its translation, before the original or behind it.
fn original(comment: &str) -> &str {
    let text = comment.trim();
    let at_line = |text: &str, mark: &str| {
        let mut places = text.match_indices(mark).map(|(at, _)| at);
        places.find(|at| *at == 0 || text.as_bytes()[*at - 1] == b'\n')
    };
    let Some(start) = at_line(text, TRANSLATED) else { return text };
    let own = match at_line(&text[start..], ORIGINAL) {
        Some(at) => &text[start + at + ORIGINAL.len()..],
        None => &text[..start],
    };
    // A mark without anything of the customer's is the customer's own words.
    if own.trim().is_empty() { text } else { own.trim() }
}

/// Stars as Google writes them.
fn stars(word: &str) -> Option<u8> {
    match word {
        "ONE" => Some(1),
        "TWO" => Some(2),
        "THREE" => Some(3),
        "FOUR" => Some(4),
        "FIVE" => Some(5),
        _ => None,
    }
}

impl Review {
    /// When the customer last changed it.
    fn changed(&self) -> Instant {
        self.update_time.unwrap_or(self.create_time)
    }

    fn edited_at(&self) -> Option<Instant> {
        self.update_time.filter(|at| *at > self.create_time)
    }

    fn text(&self) -> String {
        original(self.comment.as_deref().unwrap_or_default()).to_owned()
    }

    fn name(&self) -> String {
        let name = self.reviewer.as_ref().and_then(|reviewer| reviewer.display_name.clone());
        name.unwrap_or_default()
    }

    fn url(&self, settings: &Settings) -> String {
        let own = self.review_reply_url.as_deref().filter(|url| url.starts_with("https://"));
        own.unwrap_or(settings.page()).to_owned()
    }

    /// The reply, if it answers what stands there now: not one that Google rejected, nor one from
    /// before the customer's last edit.
    fn answer(&self) -> Option<&Reply> {
        let reply = self.review_reply.as_ref().filter(|reply| !reply.is_rejected())?;
        reply.update_time.is_none_or(|at| at >= self.changed()).then_some(reply)
    }

    /// The review and its answer as a thread.
    pub(super) fn thread(&self, settings: &Settings) -> Vec<ThreadEntry> {
        let id = &self.review_id.0;
        let mut entries = vec![ThreadEntry {
            external_id: id.clone(),
            parent_id: None,
            author_id: id.clone(),
            author_handle: self.name(),
            text: self.text(),
            language: None,
            created_at: self.create_time,
            edited_at: self.edited_at(),
            url: self.url(settings),
        }];
        entries.extend(self.answer().map(|reply| {
            let at = reply.update_time.unwrap_or(self.changed());
            ThreadEntry {
                external_id: reply_id(id, at),
                parent_id: Some(id.clone()),
                author_id: settings.origin(),
                author_handle: String::new(),
                text: reply.comment.clone(),
                language: None,
                created_at: at,
                edited_at: None,
                url: self.url(settings),
            }
        }));
        entries
    }

    /// As a mention; stars alone are one without text.
    pub(super) fn mention(&self, settings: &Settings) -> Result<Mention, String> {
        let id = &self.review_id.0;
        let media = self.review_media_items.iter().flatten();
        let attachments = media.filter_map(|raw| {
            let Media { thumbnail_url, video_url } = json::entry(raw).ok()?;
            let kind = if video_url.is_some() { "video" } else { "image" };
            Some(Attachment { kind: kind.to_owned(), url: video_url.or(thumbnail_url)? })
        });
        let mention = Mention {
            network: META.name.to_owned(),
            origin: settings.origin(),
            external_id: id.clone(),
            kind: MentionKind::Review,
            visibility: Visibility::Public,
            author: Author { id: id.clone(), name: self.name(), ..Author::default() },
            text: self.text(),
            language: None,
            rating: self.star_rating.as_deref().and_then(stars),
            created_at: self.create_time,
            edited_at: self.edited_at(),
            url: self.url(settings),
            thread_id: id.clone(),
            parent_id: None,
            attachments: attachments.collect(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked()
    }

    /// Whether the customer changed it since it was written.
    pub(super) fn is_edited(&self) -> bool {
        self.edited_at().is_some()
    }
}

/// Google's own words about what went wrong (cloud.google.com/apis/design/errors).
#[derive(Default)]
pub(super) struct Problem {
    status: String,
    message: String,
    no_quota: bool,
}

impl Problem {
    /// Reads the problem of an answer; nothing known if it carries none.
    pub(super) fn of(res: &Response) -> Problem {
        #[derive(Deserialize)]
        struct Answer {
            error: Box<RawValue>,
        }
        #[derive(Deserialize)]
        struct Words {
            status: Option<String>,
            message: Option<String>,
        }
        let Ok(Answer { error }) = json::answer(&res.body, "the problem") else {
            return Problem::default();
        };
        let Ok(Words { status, message }) = json::entry(&error) else {
            return Problem::default();
        };
        // The details name the limit that was met; a project without access has one of zero.
        let bare: String = error.get().split_whitespace().collect();
        let no_quota = bare.contains("\"quota_limit_value\":\"0\"");
        let (status, message) = (status.unwrap_or_default(), message.unwrap_or_default());
        Problem { status, message, no_quota }
    }

    /// Whether the project may ask nothing at all.
    pub(super) fn has_no_quota(&self) -> bool {
        self.no_quota
    }

    /// Its words for a person, without any credential that they may repeat.
    pub(super) fn shown(&self, settings: &Settings, cx: &Ctx<'_>) -> String {
        let text = one_line(&format!("{} {}", self.status, self.message), 200);
        if text.is_empty() { "no reason given".to_owned() } else { settings.redacted(&text, cx) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_not_what_the_customer_wrote() {
        assert_eq!(original("(Translated by Google) Slow\n\n(Original)\nLento"), "Lento");
        assert_eq!(original("Lento\n\n(Translated by Google)\nSlow"), "Lento");
        assert_eq!(original(" Lento (Original) "), "Lento (Original)");
        assert_eq!(original("(Translated by Google)"), "(Translated by Google)");
        assert_eq!(
            original("not (Translated by Google) at all"),
            "not (Translated by Google) at all"
        );
    }

    #[test]
    fn a_rejected_or_overtaken_reply_answers_nothing() {
        let answered = |reply: &str| {
            let review = format!(
                "{{\"reviewId\":\"a\",\"createTime\":\"2026-11-01T00:00:00Z\",\
                 \"updateTime\":\"2026-11-03T00:00:00Z\",\"reviewReply\":{reply}}}"
            );
            serde_json::from_str::<Review>(&review).unwrap().answer().is_some()
        };
        let later = "\"comment\":\"c\",\"updateTime\":\"2026-11-03T00:00:00Z\"";
        assert!(answered(&format!("{{{later}}}")));
        assert!(answered(&format!("{{{later},\"reviewReplyState\":\"PENDING\"}}")));
        assert!(!answered(&format!("{{{later},\"reviewReplyState\":\"REJECTED\"}}")));
        assert!(!answered("{\"comment\":\"c\",\"updateTime\":\"2026-11-02T00:00:00Z\"}"));
        assert!(!answered("null"));
    }
}
