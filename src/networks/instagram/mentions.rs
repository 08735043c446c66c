//! Comments and captions of others that name the account, read by the ids that a hook told.
//!
//! Facts: developers.facebook.com (IG User mentioned_comment, mentioned_media; field `mentions` of
//! the webhooks). A hook names the post, and the comment where one names the account. Below posts
//! of others an app sees no thread, so each stands alone. A comment below a post of our own is
//! asked for itself, since there it belongs to a thread, and the lane of comments knows it too.

use super::super::graph::is_id;
use super::super::graph::limits::ASK;
use super::super::graph::walk::{Shape, broken};
use super::super::json::{self, Id};
use super::Facts;
use super::settings::Settings;
use super::wire::{COMMENT, Comment, TAGGED, Tags, heard};
use crate::wire::{Ask, Ctx, Fault, Got, Heard, Next, Request, Step, Talk};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is read of somebody's comment: `username`, and below which post it stands.
const TOLD: &str = "id,text,timestamp,username,media{id,permalink,username}";
/// Tags of the questions.
const MENTION: u8 = 0;
const OURS: u8 = 1;

/// By what a change of the field `mentions` is found again: its post and, behind a stroke, its
/// comment. What names neither stays as it came.
pub(super) fn key(value: &str) -> String {
    #[derive(Deserialize)]
    struct Change {
        media_id: Id,
        comment_id: Option<Id>,
    }
    let Ok(change) = serde_json::from_str::<Change>(value) else { return value.to_owned() };
    let told = match change.comment_id {
        Some(comment) => format!("{}/{}", change.media_id.0, comment.0),
        None => change.media_id.0,
    };
    if Told::of(&told).is_some() { told } else { value.to_owned() }
}

/// What a hook told of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    media: String,
    comment: Option<String>,
    /// Where a person sees the post, once a comment of our own post is asked for itself.
    url: Option<String>,
}

impl Told {
    /// What that key stands for; `None` where it holds no ids.
    pub(super) fn of(key: &str) -> Option<Told> {
        let (media, comment) = match key.split_once('/') {
            Some((media, comment)) => (media, Some(comment)),
            None => (key, None),
        };
        let whole = is_id(media) && comment.is_none_or(is_id);
        let (media, comment) = (media.to_owned(), comment.map(str::to_owned));
        whole.then_some(Told { media, comment, url: None })
    }

    fn question(&self, cx: &Ctx<'_>) -> Ask {
        let settings = cx.settings::<Settings>();
        let (path, fields, tag) = match (&self.comment, &self.url) {
            (Some(comment), Some(_)) => (comment, COMMENT.to_owned(), OURS),
            (Some(comment), None) => {
                let fields = format!("mentioned_comment.comment_id({comment}){{{TOLD}}}");
                (&settings.account, fields, MENTION)
            }
            (None, _) => {
                let fields = format!("mentioned_media.media_id({}){{{TAGGED}}}", self.media);
                (&settings.account, fields, MENTION)
            }
        };
        Ask::http(Request::get(settings.app().fields(&[path], &fields)), tag, ASK)
    }

    /// What the account shows of it.
    fn mention(&mut self, body: &[u8], cx: &Ctx<'_>) -> Result<Step<Vec<Heard>>, Fault> {
        #[derive(Deserialize)]
        struct Account {
            mentioned_comment: Option<Box<RawValue>>,
            mentioned_media: Option<Box<RawValue>>,
        }
        let account: Account = json::answer(body, "the account with what names it")?;
        let shown = match &self.comment {
            Some(_) => account.mentioned_comment,
            None => account.mentioned_media,
        };
        let Some(raw) = shown else {
            let why = "Meta shows nothing of it: it is gone, or not for this account";
            return Err(Fault::new(Next::Gone, why));
        };
        let Some(comment) = self.comment.clone() else {
            same(&raw, &self.media)?;
            let heard = Tags::post(&raw, cx).unwrap_or_else(|why| broken(&raw, why));
            return Ok(Step::Done(vec![heard]));
        };
        same(&raw, &comment)?;
        let post = Post::below(&raw);
        if post.is_ours(cx) {
            self.url = Some(post.permalink.unwrap_or_default());
            return Ok(Step::Ask(vec![self.question(cx)]));
        }
        let url = post.permalink.as_deref().unwrap_or_default();
        let told = heard(&raw, Some(""), &self.media, url, cx);
        Ok(Step::Done(vec![told.unwrap_or_else(|why| broken(&raw, why))]))
    }

    /// A comment below a post of our own: at the top it begins a thread.
    fn ours(&self, body: &[u8], cx: &Ctx<'_>) -> Result<Step<Vec<Heard>>, Fault> {
        let raw: Box<RawValue> = json::answer(body, "the comment that names the account")?;
        same(&raw, self.comment.as_deref().unwrap_or_default())?;
        let comment: Comment = json::answer(body, "the comment that names the account")?;
        let top = comment.parent_id.as_ref().map(|id| id.0.clone());
        let parent = top.as_ref().unwrap_or(&self.media);
        let thread = top.as_ref().unwrap_or(&comment.id.0);
        let url = self.url.as_deref().unwrap_or_default();
        let told = heard(&raw, Some(thread), parent, url, cx);
        Ok(Step::Done(vec![told.unwrap_or_else(|why| broken(&raw, why))]))
    }
}

/// The post below which a comment stands, as far as it is shown.
#[derive(Default, Deserialize)]
struct Post {
    permalink: Option<String>,
    username: Option<String>,
}

impl Post {
    fn below(comment: &RawValue) -> Post {
        #[derive(Deserialize)]
        struct Placed {
            media: Option<Post>,
        }
        json::entry::<Placed>(comment).ok().and_then(|placed| placed.media).unwrap_or_default()
    }

    fn is_ours(&self, cx: &Ctx<'_>) -> bool {
        let ours = Facts::of(cx).username;
        let name = self.username.as_deref().unwrap_or_default();
        !name.is_empty() && name.eq_ignore_ascii_case(&ours)
    }
}

/// Checks that it is what was asked for.
fn same(raw: &RawValue, id: &str) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Named {
        id: Id,
    }
    match json::entry::<Named>(raw) {
        Ok(named) if named.id.0 == id => Ok(()),
        _ => Err(Fault::bug("Meta answered about something else than was asked for")),
    }
}

impl Talk<Vec<Heard>> for Told {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Vec<Heard>> {
        Step::Ask(vec![self.question(cx)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Vec<Heard>>, Fault> {
        let body = got.http()?.body;
        if tag == OURS { self.ours(&body, cx) } else { self.mention(&body, cx) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_ids_and_nothing_else() {
        assert_eq!(key("{\"media_id\":\"18\"}"), "18");
        assert_eq!(key("{\"media_id\":18,\"comment_id\":\"17\",\"x\":[1]}"), "18/17");
        for other in [
            "null",
            "{}",
            "{\"comment_id\":\"17\"}",
            "{\"media_id\":\"\"}",
            "{\"media_id\":\"18){id}\"}",
            "{\"media_id\":\"18\",\"comment_id\":\"17/2\"}",
        ] {
            assert_eq!(key(other), other, "kept as it came");
            assert_eq!(Told::of(other), None, "and asked for by nobody");
        }
        for wrong in ["", "/", "18/", "/17", "18/17/1", "18 ", "18)"] {
            assert_eq!(Told::of(wrong), None, "{wrong}");
        }
    }
}
