//! Replies: a comment below what is answered, and the look whether it stands.
//!
//! A repeated request makes a second comment, so what is uncertain is looked for in the account's
//! own newest comments, or among the messages it sent.

use super::super::json;
use super::limits::{COMMENT, Formal, ONE};
use super::settings::Settings;
use super::wire::{Entry, Listing, Thing, known};
use crate::domain::time::MINUTE;
use crate::domain::{Instant, MentionRef};
use crate::wire::{Ask, Body, Ctx, Fault, Got, Method, Part, Request, Seen, Sent, Step, Talk};
use serde::Deserialize;
use serde_json::value::RawValue;
use unicode_normalization::UnicodeNormalization;

/// How far Reddit's clock may lag behind ours when our own comment is looked for.
const CLOCK_SLACK: i64 = MINUTE;
/// So many pages of our own comments are looked through.
const PAGES: u32 = 3;

/// Posts one part of a reply.
pub(super) struct Reply {
    parent: String,
    text: String,
    url: String,
}

impl Reply {
    /// The reply below `of`.
    pub(super) fn new(part: &Part, of: &MentionRef) -> Reply {
        let (parent, url) = (of.external_id.clone(), of.url.clone());
        Reply { parent, text: part.text.clone(), url }
    }
}

impl Talk<Sent> for Reply {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Sent> {
        let settings = cx.settings::<Settings>();
        let (parent, text) = (self.parent.as_str(), self.text.as_str());
        let form = [("api_type", "json"), ("thing_id", parent), ("text", text)];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = Request::new(Method::Post, settings.at(&["api", "comment"]));
        let request = Request { body: Body::Form(form.into()), ..settings.named(request) };
        Step::Ask(vec![Ask::http(request, 0, COMMENT)])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Sent>, Fault> {
        #[derive(Deserialize)]
        struct Made {
            things: Vec<Box<RawValue>>,
        }
        #[derive(Deserialize)]
        struct Stands {
            name: String,
            permalink: Option<String>,
        }
        // An answer that cannot be read is no refusal: the comment may stand, and is looked for.
        let answer: Formal<Made> = json::answer(&got.http()?.body, "the new comment")?;
        let things = answer.json.data.map(|data| data.things).unwrap_or_default();
        let made = things.first().and_then(|raw| json::entry::<Thing>(raw).ok());
        let made = made.and_then(|thing| json::entry::<Stands>(&thing.data).ok());
        let Some(made) = made.filter(|made| !made.name.is_empty()) else {
            return Err(Fault::bug("the new comment was answered without its name"));
        };
        // Messages carry no path; then the place that was answered shows it.
        let path = made.permalink.filter(|path| path.starts_with("/r/"));
        let url = path.map_or_else(|| self.url.clone(), |path| Settings::address(&path));
        Ok(Step::Done(Sent::Done { external_id: made.name, url }))
    }
}

/// Looks whether a part of a reply stands.
pub(super) struct Find {
    parent: String,
    text: String,
    since: Instant,
    after: Option<String>,
    pages: u32,
}

impl Find {
    /// Looks for `part` below `of`, posted about `since` or later.
    pub(super) fn new(part: &Part, of: &MentionRef, since: Instant) -> Find {
        let parent = of.external_id.clone();
        Find { parent, text: plain(&part.text), since, after: None, pages: 0 }
    }

    fn is_it(&self, entry: &Entry, settings: &Settings, cx: &Ctx<'_>) -> Option<Instant> {
        let at = entry.created_at().ok().filter(|at| *at >= self.since - CLOCK_SLACK)?;
        let ours = entry.author.as_ref().is_some_and(|name| settings.is_own(name, cx));
        let here = entry.parent_id.as_deref() == Some(self.parent.as_str());
        (ours && here && plain(&entry.text()) == self.text).then_some(at)
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        let settings = cx.settings::<Settings>();
        let mut url = if self.parent.starts_with("t4_") {
            settings.at(&["message", "sent"])
        } else {
            settings.at(&["user", &settings.username, "comments"])
        };
        url.query_pairs_mut().append_pair("limit", "100").append_pair("sort", "new");
        if let Some(name) = &self.after {
            url.query_pairs_mut().append_pair("after", name);
        }
        Step::Ask(vec![Ask::http(settings.named(Request::get(url)), 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let settings = cx.settings::<Settings>();
        let Listing { data } = json::answer(&got.http()?.body, "our own comments")?;
        let mut reached = false;
        for raw in &data.children {
            let thing: Thing = json::entry(raw)
                .map_err(|why| Fault::bug(format!("a comment of ours cannot be read: {why}")))?;
            let Some(entry) = known(&thing.data, settings, cx)? else { continue };
            if let Some(at) = self.is_it(&entry, settings, cx) {
                let url = entry.address();
                return Ok(Step::Done(Seen::There { external_id: entry.name, url, at }));
            }
            reached |= entry.created_at().is_ok_and(|at| at < self.since - CLOCK_SLACK);
        }
        self.pages += 1;
        let more = data.after.filter(|name| self.after.as_ref() != Some(name));
        if !reached && more.is_some() && self.pages < PAGES {
            self.after = more;
            return Ok(self.start(cx));
        }
        Ok(Step::Done(Seen::Absent { complete: reached || more.is_none() }))
    }
}

/// A text as it can be compared: white space folded, one Unicode form.
fn plain(text: &str) -> String {
    let text: String = text.nfc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
