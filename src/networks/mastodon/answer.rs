//! Threads, replies, and the look whether a reply stands.

use super::super::html::{Invisible, to_text};
use super::super::json::{self, Id};
use super::wire::Status;
use super::{ONE, Settings, reply_visibility};
use crate::domain::time::MINUTE;
use crate::domain::{Instant, MentionRef};
use crate::wire::{
    Ask, Ctx, Fault, Got, Method, Part, Request, Seen, Sent, Step, Talk, ThreadEntry, ThreadView,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use unicode_normalization::UnicodeNormalization;

/// Tags of the two questions about a thread.
const POST: u8 = 0;
const CONTEXT: u8 = 1;
/// A context with a token shows at most so many descendants (docs.joinmastodon.org).
const CONTEXT_LIMIT: usize = 4_096;
/// How far the server's clock may lag behind ours when our own post is looked for.
const CLOCK_SLACK: i64 = MINUTE;

/// What stands around a post.
#[derive(Deserialize)]
struct Context {
    ancestors: Vec<Box<RawValue>>,
    descendants: Vec<Box<RawValue>>,
}

/// How a reply begins, so that its author is told of it; empty for a handle nobody could have.
pub(super) fn prefix(of: &MentionRef) -> String {
    let handle = of.author_handle.trim().trim_start_matches('@');
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@' | ':');
    if handle.is_empty() || !handle.chars().all(fits) {
        return String::new();
    }
    format!("@{handle} ")
}

/// Reads one post of a thread. An unreadable one of a stranger is left out; one of ours, or of
/// nobody knows whom, ends the reading, since it could be the answer that is looked for.
fn status(raw: &RawValue, cx: &Ctx<'_>) -> Result<Option<Status>, Fault> {
    #[derive(Deserialize)]
    struct Whose {
        account: Who,
    }
    #[derive(Deserialize)]
    struct Who {
        id: Id,
    }
    let why = match json::entry(raw) {
        Ok(status) => return Ok(Some(status)),
        Err(why) => why,
    };
    match json::entry::<Whose>(raw) {
        Ok(whose) if !Settings::is_own(&whose.account.id.0, cx) => Ok(None),
        _ => Err(Fault::bug(format!("a post of the thread cannot be read: {why}"))),
    }
}

/// Reads a thread anew.
pub(super) struct Thread {
    id: String,
    post: Option<Box<RawValue>>,
    around: Option<Context>,
}

impl Thread {
    /// The thread of that mention.
    pub(super) fn new(of: &MentionRef) -> Thread {
        Thread { id: of.external_id.clone(), post: None, around: None }
    }

    fn view(post: &RawValue, around: &Context, cx: &Ctx<'_>) -> Result<ThreadView, Fault> {
        let mut entries: Vec<ThreadEntry> = Vec::new();
        for raw in around
            .ancestors
            .iter()
            .map(AsRef::as_ref)
            .chain([post])
            .chain(around.descendants.iter().map(AsRef::as_ref))
        {
            entries.extend(status(raw, cx)?.map(|status| status.thread_entry()));
        }
        let mention = json::entry::<Status>(post)
            .and_then(|status| status.mention(&cx.settings::<Settings>().origin()))
            .map_err(|why| Fault::bug(format!("the post cannot be read: {why}")))?;
        Ok(ThreadView { entries, gone: false, mention: Some(Box::new(mention)) })
    }
}

impl Talk<ThreadView> for Thread {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<ThreadView> {
        let settings = cx.settings::<Settings>();
        let get = |path: &[&str], tag| Ask::http(Request::get(settings.at(path)), tag, ONE);
        Step::Ask(vec![
            get(&["v1", "statuses", &self.id], POST),
            get(&["v1", "statuses", &self.id, "context"], CONTEXT),
        ])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        let body = got.http()?.body;
        if tag == POST {
            self.post = Some(json::answer(&body, "the post")?);
        } else {
            self.around = Some(json::answer(&body, "the thread")?);
        }
        match (&self.post, &self.around) {
            (Some(post), Some(around)) => Ok(Step::Done(Thread::view(post, around, cx)?)),
            _ => Ok(Step::Ask(Vec::new())),
        }
    }
}

/// Posts one part of a reply.
pub(super) struct Post {
    body: Vec<u8>,
    key: String,
}

impl Post {
    /// The reply below `of`. The key keeps a repeated request from standing twice where the
    /// server honours it; nothing relies on that.
    pub(super) fn new(part: &Part, of: &MentionRef, key: &str) -> Post {
        #[derive(Serialize)]
        struct New<'a> {
            status: &'a str,
            in_reply_to_id: &'a str,
            visibility: &'a str,
        }
        let new = New {
            status: &part.text,
            in_reply_to_id: &of.external_id,
            visibility: reply_visibility(of),
        };
        Post { body: serde_json::to_vec(&new).unwrap_or_default(), key: key.to_owned() }
    }
}

impl Talk<Sent> for Post {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Sent> {
        let url = cx.settings::<Settings>().at(&["v1", "statuses"]);
        let mut request =
            Request::new(Method::Post, url).header("idempotency-key", self.key.clone());
        request.body = crate::wire::Body::Json(self.body.clone());
        Step::Ask(vec![Ask::http(request, POST, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        #[derive(Deserialize)]
        struct Stands {
            id: Id,
            url: Option<String>,
        }
        // An answer that cannot be read is no refusal: the post may stand, and is looked for.
        let stands: Stands = json::answer(&got.http()?.body, "the new post")?;
        Ok(Step::Done(Sent::Done { external_id: stands.id.0, url: stands.url.unwrap_or_default() }))
    }
}

/// Looks whether a part of a reply stands.
pub(super) struct Find {
    parent: String,
    text: String,
    since: Instant,
}

impl Find {
    /// Looks for `part` below `of`, posted about `since` or later.
    pub(super) fn new(part: &Part, of: &MentionRef, since: Instant) -> Find {
        Find { parent: of.external_id.clone(), text: plain(&part.text), since }
    }

    fn is_it(&self, status: &Status, cx: &Ctx<'_>) -> bool {
        let shown = || to_text(status.content.as_deref().unwrap_or_default(), Invisible::Keep);
        Settings::is_own(&status.account.id.0, cx)
            && status.in_reply_to_id.as_ref().is_some_and(|id| id.0 == self.parent)
            && status.created_at >= self.since - CLOCK_SLACK
            && plain(&shown()) == self.text
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        let url = cx.settings::<Settings>().at(&["v1", "statuses", &self.parent, "context"]);
        Step::Ask(vec![Ask::http(Request::get(url), CONTEXT, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let around: Context = json::answer(&got.http()?.body, "the thread")?;
        for raw in &around.descendants {
            let Some(status) = status(raw, cx)? else { continue };
            if self.is_it(&status, cx) {
                return Ok(Step::Done(Seen::There {
                    url: status.address(),
                    external_id: status.id.0,
                    at: status.created_at,
                }));
            }
        }
        let complete = around.descendants.len() < CONTEXT_LIMIT;
        Ok(Step::Done(Seen::Absent { complete }))
    }
}

/// A text as it can be compared: handles without their host (the server shows them so), the
/// handles that a reply begins with left out, white space folded, one Unicode form.
fn plain(text: &str) -> String {
    let text: String = text.nfc().collect();
    let words = text.split_whitespace().skip_while(|word| word.starts_with('@') && word.len() > 1);
    let short = |word: &str| match word.strip_prefix('@').and_then(|name| name.split_once('@')) {
        Some((name, host)) => {
            let tail = &host[host.trim_end_matches(|c: char| !c.is_alphanumeric()).len()..];
            format!("@{name}{tail}")
        }
        None => word.to_owned(),
    };
    words.map(short).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_compare_as_the_server_shows_them() {
        let posted = "@jo@other.example Ciao, scrivi a @care@brand.example:\nhttps://b.example/x";
        let shown = "@jo Ciao, scrivi a @care: https://b.example/x";
        assert_eq!(plain(posted), "Ciao, scrivi a @care: https://b.example/x");
        assert_eq!(plain(shown), plain(posted));
        assert_eq!(plain("perche\u{301}"), plain("perché"));
        assert_ne!(plain("yes"), plain("no"));
    }
}
