//! Threads: the post as it stands now, and what its author and the brand wrote around it.
//!
//! The search by conversation is asked for the posts of these two only: whatever answers the
//! author hangs on them, and every other post would be paid for. It shows the last 7 days, and
//! nothing younger than 30 seconds.

use super::super::json::{self, Id};
use super::limits::{LOOKUP_ONE, SEARCH_ONE};
use super::page;
use super::settings::Settings;
use super::wire::{Known, Post, is_id};
use crate::domain::{Mention, MentionRef};
use crate::wire::{Ask, Ctx, Fault, Got, Request, Step, Talk, ThreadEntry, ThreadView};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Tags of the two questions.
const LOOK: u8 = 0;
const TALK: u8 = 1;
/// A conversation of two that is longer than 500 posts in 7 days is read so far.
const PAGES: u32 = 5;
/// More own profiles than this do not fit into a query.
const AUTHORS: usize = 12;

/// The question about one post.
pub(super) fn look_up(id: &str, referenced: bool, tag: u8, settings: &Settings) -> Ask {
    let mut url = settings.at(&["tweets"]);
    url.query_pairs_mut().append_pair("ids", id);
    settings.ask_for_posts(&mut url, referenced);
    Ask::http(Request::get(url), tag, LOOKUP_ONE)
}

/// Reads a thread anew.
pub(super) struct Thread {
    id: String,
    conversation: String,
    author: String,
    mention: Option<Mention>,
    entries: Vec<ThreadEntry>,
    /// Which post a version belongs to.
    versions: HashMap<String, String>,
    /// The newest version was asked for.
    is_newest: bool,
    token: Option<String>,
    pages: u32,
}

impl Thread {
    /// The thread of that mention.
    pub(super) fn new(of: &MentionRef) -> Thread {
        let conversation = Some(&of.thread_id).filter(|id| !id.is_empty());
        Thread {
            id: of.external_id.clone(),
            conversation: conversation.unwrap_or(&of.external_id).clone(),
            author: of.author_id.clone(),
            mention: None,
            entries: Vec::new(),
            versions: HashMap::new(),
            is_newest: false,
            token: None,
            pages: 0,
        }
    }

    fn add(&mut self, post: &Post, known: &Known) {
        let chain = post.chain();
        for version in post.versions() {
            self.versions.insert(version.0.clone(), chain.to_owned());
        }
        if self.entries.iter().all(|entry| entry.external_id != chain) {
            self.entries.push(post.thread_entry(known));
        }
    }

    fn search(&self, settings: &Settings, cx: &Ctx<'_>) -> Ask {
        let own = settings.own(cx);
        let authors = own.iter().take(AUTHORS).chain([&self.author]).filter(|id| is_id(id));
        let authors: Vec<String> = authors.map(|id| format!("from:{id}")).collect();
        let query = format!("conversation_id:{} ({})", self.conversation, authors.join(" OR "));
        let mut url = settings.at(&["tweets", "search", "recent"]);
        {
            let mut pairs = url.query_pairs_mut();
            pairs.append_pair("query", &query).append_pair("sort_order", "recency");
            pairs.append_pair("max_results", "100");
            if let Some(token) = &self.token {
                pairs.append_pair("next_token", token);
            }
        }
        settings.ask_for_posts(&mut url, false);
        Ask::http(Request::get(url), TALK, SEARCH_ONE)
    }

    fn view(&mut self) -> ThreadView {
        let mut entries = std::mem::take(&mut self.entries);
        for entry in &mut entries {
            // An answer names the version that it answers.
            let parent = entry.parent_id.as_ref().and_then(|id| self.versions.get(id));
            if let Some(chain) = parent {
                entry.parent_id = Some(chain.clone());
            }
        }
        ThreadView { entries, gone: false, mention: self.mention.take().map(Box::new) }
    }
}

/// Reads one post of a thread. An unreadable one of a stranger is left out; one of ours, or of
/// nobody knows whom, ends the reading, since it could be the answer that is looked for.
pub(super) fn post(
    raw: &RawValue,
    settings: &Settings,
    cx: &Ctx<'_>,
) -> Result<Option<Post>, Fault> {
    #[derive(Deserialize)]
    struct Whose {
        author_id: Id,
    }
    let why = match json::entry(raw) {
        Ok(post) => return Ok(Some(post)),
        Err(why) => why,
    };
    match json::entry::<Whose>(raw) {
        Ok(whose) if !settings.is_own(&whose.author_id.0, cx) => Ok(None),
        _ => Err(Fault::bug(format!("a post of the thread cannot be read: {why}"))),
    }
}

impl Talk<ThreadView> for Thread {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<ThreadView> {
        Step::Ask(vec![look_up(&self.id, false, LOOK, cx.settings())])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        let settings = cx.settings::<Settings>();
        let body = got.http()?.body;
        if tag == LOOK {
            let Some((post, known)) = page::looked_up(&body)? else {
                return Ok(Step::Done(ThreadView { gone: true, ..ThreadView::default() }));
            };
            // An old id shows the old version.
            if post.newest() != post.id.0 && !self.is_newest {
                self.is_newest = true;
                return Ok(Step::Ask(vec![look_up(post.newest(), false, LOOK, settings)]));
            }
            let mention = post.mention(&known);
            let mention =
                mention.map_err(|why| Fault::bug(format!("the post cannot be read: {why}")))?;
            self.mention = Some(mention);
            self.add(&post, &known);
        } else {
            let listing = page::listing(&body, "the conversation")?;
            for raw in &listing.entries {
                if let Some(post) = post(raw, settings, cx)? {
                    self.add(&post, &listing.known);
                }
            }
            self.pages += 1;
            let more = listing.next.filter(|token| self.token.as_ref() != Some(token));
            self.token = more.filter(|_| self.pages < PAGES);
            if self.token.is_none() {
                return Ok(Step::Done(self.view()));
            }
        }
        Ok(Step::Ask(vec![self.search(settings, cx)]))
    }
}
