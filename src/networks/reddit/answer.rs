//! Threads: the post and its comments, or a private exchange, as Reddit shows them now.
//!
//! A comment is asked for with what stands above and below it, a post with its newest comments.
//! Where Reddit leaves comments out it names them, and they are asked for, as far as there is
//! patience. Things are read one by one from raw JSON, so neither depth nor one bad thing costs
//! the others.

use super::super::json;
use super::limits::{Formal, ONE};
use super::settings::Settings;
use super::wire::{Entry, Listing, Thing, known};
use crate::domain::{Mention, MentionRef};
use crate::wire::{Ask, Ctx, Fault, Got, Request, Step, Talk, ThreadEntry, ThreadView};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Tags of the questions.
const TREE: u8 = 0;
const MORE: u8 = 1;
/// How many comments are asked for by name at once, and how often.
const AT_ONCE: usize = 100;
const ROUNDS: u32 = 3;

/// The tail of a name: what addresses are made of.
fn bare(name: &str) -> &str {
    name.split_once('_').map_or(name, |(_, id)| id)
}

/// Reads a thread anew.
pub(super) struct Thread {
    id: String,
    root: String,
    entries: Vec<ThreadEntry>,
    mention: Option<Mention>,
    gone: bool,
    /// Comments that were left out.
    left_out: Vec<String>,
    rounds: u32,
}

impl Thread {
    /// The thread of that mention.
    pub(super) fn new(of: &MentionRef) -> Thread {
        let root = if of.thread_id.is_empty() { &of.external_id } else { &of.thread_id };
        Thread {
            id: of.external_id.clone(),
            root: root.clone(),
            entries: Vec::new(),
            mention: None,
            gone: false,
            left_out: Vec::new(),
            rounds: 0,
        }
    }

    fn is_private(&self) -> bool {
        self.id.starts_with("t4_")
    }

    /// Takes things with all that hangs on them.
    fn take(&mut self, mut things: Vec<Box<RawValue>>, cx: &Ctx<'_>) -> Result<(), Fault> {
        #[derive(Deserialize)]
        struct More {
            children: Vec<String>,
        }
        let settings = cx.settings::<Settings>();
        let broken =
            |why: String| Fault::bug(format!("a part of the thread cannot be read: {why}"));
        things.reverse();
        while let Some(raw) = things.pop() {
            let Thing { kind, data } = json::entry(&raw).map_err(broken)?;
            if kind == "more" {
                let More { children } = json::entry(&data).map_err(broken)?;
                self.left_out.extend(children.into_iter().map(|id| bare(&id).to_owned()));
                continue;
            }
            let Some(entry) = known(&data, settings, cx)? else { continue };
            self.entries.push(entry.thread_entry(settings, cx).map_err(broken)?);
            if entry.name == self.id {
                self.gone = entry.is_gone();
                self.mention = Some(entry.mention(settings, cx).map_err(broken)?);
            }
            things.extend(below(&entry)?.into_iter().rev());
        }
        Ok(())
    }

    fn tree(&self, settings: &Settings) -> Ask {
        let root = bare(&self.root);
        let mut url = if self.is_private() {
            settings.at(&["message", "messages", root])
        } else {
            settings.at(&["comments", root])
        };
        if !self.is_private() {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", "500").append_pair("depth", "10").append_pair("sort", "new");
            if self.id.starts_with("t1_") {
                query.append_pair("comment", bare(&self.id)).append_pair("context", "8");
            }
        }
        Ask::http(settings.named(Request::get(url)), TREE, ONE)
    }

    /// The question for what was left out, if there is patience for one.
    fn more(&mut self, settings: &Settings) -> Option<Ask> {
        if self.left_out.is_empty() || self.rounds >= ROUNDS {
            return None;
        }
        self.rounds += 1;
        let now: Vec<String> = self.left_out.drain(..self.left_out.len().min(AT_ONCE)).collect();
        let mut url = settings.at(&["api", "morechildren"]);
        url.query_pairs_mut()
            .append_pair("api_type", "json")
            .append_pair("link_id", &self.root)
            .append_pair("children", &now.join(","))
            .append_pair("sort", "new");
        Some(Ask::http(settings.named(Request::get(url)), MORE, ONE))
    }

    fn view(&mut self) -> ThreadView {
        let entries = std::mem::take(&mut self.entries);
        // What a person deleted in a private exchange still stands in the other's.
        let missing = self.mention.is_none() && self.left_out.is_empty() && !self.is_private();
        if self.gone || missing {
            return ThreadView { gone: true, ..ThreadView::default() };
        }
        ThreadView { entries, gone: false, mention: self.mention.take().map(Box::new) }
    }
}

/// What hangs on an entry.
fn below(entry: &Entry) -> Result<Vec<Box<RawValue>>, Fault> {
    match entry.replies.as_ref().filter(|raw| raw.get().starts_with('{')) {
        None => Ok(Vec::new()),
        Some(raw) => match json::entry::<Listing>(raw) {
            Ok(listing) => Ok(listing.data.children),
            Err(why) => Err(Fault::bug(format!("a part of the thread cannot be read: {why}"))),
        },
    }
}

impl Talk<ThreadView> for Thread {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<ThreadView> {
        Step::Ask(vec![self.tree(cx.settings())])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        #[derive(Deserialize)]
        struct Things {
            things: Vec<Box<RawValue>>,
        }
        let body = got.http()?.body;
        let things = match (tag, self.is_private()) {
            (MORE, _) => {
                let answer: Formal<Things> = json::answer(&body, "more of the thread")?;
                answer.json.data.map(|data| data.things).unwrap_or_default()
            }
            (_, true) => json::answer::<Listing>(&body, "the messages")?.data.children,
            (_, false) => {
                let listings: Vec<Listing> = json::answer(&body, "the thread")?;
                listings.into_iter().flat_map(|listing| listing.data.children).collect()
            }
        };
        self.take(things, cx)?;
        if !self.gone
            && let Some(ask) = self.more(cx.settings())
        {
            return Ok(Step::Ask(vec![ask]));
        }
        Ok(Step::Done(self.view()))
    }
}
