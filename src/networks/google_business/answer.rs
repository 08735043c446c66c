//! One review: read anew, replied to, and looked at for our own reply.

use super::super::json;
use super::settings::Settings;
use super::wire::{Reply, Review, reply_id};
use super::{ONE, REPLY};
use crate::domain::time::MINUTE;
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Ask, Ctx, Fault, Got, Heard, Method, Page, Part, Request, Seen, Sent, Step, Talk, ThreadView,
};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// How far Google's clock may lag behind ours when our own reply is looked for.
const CLOCK_SLACK: i64 = MINUTE;

/// The question about one review.
fn look_up(id: &str, cx: &Ctx<'_>) -> Ask {
    let url = cx.settings::<Settings>().at(&["reviews", id]);
    Ask::http(Request::get(url), 0, ONE)
}

/// Reads a review and its reply anew.
pub(super) struct Thread {
    id: String,
}

impl Thread {
    /// The thread of that mention.
    pub(super) fn new(of: &MentionRef) -> Thread {
        Thread { id: of.external_id.clone() }
    }
}

impl Talk<ThreadView> for Thread {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<ThreadView> {
        Step::Ask(vec![look_up(&self.id, cx)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        let settings = cx.settings::<Settings>();
        let review: Review = json::answer(&got.http()?.body, "the review")?;
        let mention = review
            .mention(settings)
            .map_err(|why| Fault::bug(format!("the review cannot be read: {why}")))?;
        let entries = review.thread(settings);
        Ok(Step::Done(ThreadView { entries, gone: false, mention: Some(Box::new(mention)) }))
    }
}

/// Reads one review again. Google tells of several at once only by whole locations, and says of one
/// that was removed that it is not there (404).
pub(super) struct Recheck {
    id: Option<String>,
}

impl Recheck {
    /// A look at the first of these.
    pub(super) fn new(of: &[MentionRef]) -> Recheck {
        Recheck { id: of.first().map(|one| one.external_id.clone()) }
    }
}

impl Talk<()> for Recheck {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<()> {
        match self.id.take() {
            Some(id) => Step::Ask(vec![look_up(&id, cx)]),
            None => Step::Done(()),
        }
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<()>, Fault> {
        let review: Review = json::answer(&got.http()?.body, "the review")?;
        let mention = review.mention(cx.settings::<Settings>());
        let mention =
            mention.map_err(|why| Fault::bug(format!("the review cannot be read: {why}")))?;
        let heard = vec![Heard::Mention(mention)];
        Ok(Step::Page(Page { heard, ..Page::default() }))
    }
}

/// Writes the reply to a review, in place of an older one if there is one.
pub(super) struct Post {
    id: String,
    url: String,
    text: String,
}

impl Post {
    /// The reply to `of`.
    pub(super) fn new(part: &Part, of: &MentionRef) -> Post {
        Post { id: of.external_id.clone(), url: of.url.clone(), text: part.text.clone() }
    }
}

impl Talk<Sent> for Post {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Sent> {
        #[derive(Serialize)]
        struct New<'a> {
            comment: &'a str,
        }
        let url = cx.settings::<Settings>().at(&["reviews", &self.id, "reply"]);
        let request = Request::post_json(url, &New { comment: &self.text });
        Step::Ask(vec![Ask::http(Request { method: Method::Put, ..request }, 0, REPLY)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        // An answer that cannot be read is no refusal: the reply may stand, and is looked for.
        let reply: Reply = json::answer(&got.http()?.body, "the new reply")?;
        if reply.is_rejected() {
            return Err(Fault::refused(
                "Google rejected the reply by its content policy; change the text",
            ));
        }
        if reply.is_pending() {
            return Ok(Step::Done(Sent::Queued));
        }
        let at = reply.update_time.unwrap_or(cx.now);
        let external_id = reply_id(&self.id, at);
        Ok(Step::Done(Sent::Done { external_id, url: self.url.clone() }))
    }
}

/// Looks whether our reply stands below a review.
pub(super) struct Find {
    id: String,
    url: String,
    text: String,
    since: Instant,
}

impl Find {
    /// Looks for `part` below `of`, written about `since` or later.
    pub(super) fn new(part: &Part, of: &MentionRef, since: Instant) -> Find {
        Find { id: of.external_id.clone(), url: of.url.clone(), text: plain(&part.text), since }
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        Step::Ask(vec![look_up(&self.id, cx)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let review: Review = json::answer(&got.http()?.body, "the review")?;
        let reply = review.review_reply.filter(|reply| {
            let at = reply.update_time.unwrap_or(cx.now);
            at >= self.since - CLOCK_SLACK && plain(&reply.comment) == self.text
        });
        Ok(Step::Done(match reply {
            Some(reply) if reply.is_pending() => Seen::Pending,
            Some(reply) if !reply.is_rejected() => {
                let at = reply.update_time.unwrap_or(cx.now);
                let external_id = reply_id(&self.id, at);
                Seen::There { external_id, url: self.url.clone(), at }
            }
            // A review has one reply, so there is no more to be shown.
            _ => Seen::Absent { complete: true },
        }))
    }
}

/// A text as it can be compared: white space folded, one Unicode form.
fn plain(text: &str) -> String {
    let text: String = text.nfc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
