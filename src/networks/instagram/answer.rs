//! Threads, replies, and the look whether a reply stands.
//!
//! All answers stand on one level below the comment at the top; the name at its beginning tells
//! for whom one is.

use super::super::graph::limits::ASK;
use super::super::graph::thread::{self, Wanted};
use super::super::graph::{Turn, listing};
use super::super::json;
use super::rules::is_for;
use super::settings::Settings;
use super::wire::{COMMENT, Comment, replies};
use crate::domain::{Instant, MentionRef};
use crate::wire::{Ask, Ctx, Fault, Got, Part, Request, Seen, Step, Talk, ThreadEntry, ThreadView};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Tags of the questions.
const LOOK: u8 = 0;
const ROOT: u8 = 1;
const BELOW: u8 = 2;
/// A thread of more answers than 1,000 is read so far.
const PAGES: u32 = 20;

/// The question about one comment.
fn look(id: &str, tag: u8, settings: &Settings) -> Ask {
    Ask::http(Request::get(settings.app().fields(&[id], COMMENT)), tag, ASK)
}

/// The question about a page of the answers below a comment.
fn below(id: &str, turn: Option<&Turn>, settings: &Settings) -> Ask {
    let mut url = replies(id, settings);
    if let Some(turn) = turn {
        url.query_pairs_mut().extend_pairs(turn);
    }
    Ask::http(Request::get(url), BELOW, ASK)
}

/// Whether an unreadable comment is surely not ours: it says who wrote it.
fn is_a_strangers(raw: &RawValue, cx: &Ctx<'_>) -> bool {
    #[derive(Deserialize)]
    struct Whose {
        username: String,
    }
    let ours = super::Facts::of(cx).username;
    json::entry::<Whose>(raw)
        .is_ok_and(|whose| !ours.is_empty() && !whose.username.eq_ignore_ascii_case(&ours))
}

/// Reads a thread anew.
pub(super) struct Thread {
    id: String,
    root: String,
    url: String,
    mention: Option<Comment>,
    entries: Vec<ThreadEntry>,
    turn: Option<Turn>,
    pages: u32,
}

impl Thread {
    /// The thread of that mention.
    pub(super) fn new(of: &MentionRef) -> Thread {
        Thread {
            id: of.external_id.clone(),
            root: of.thread_id.clone(),
            url: of.url.clone(),
            mention: None,
            entries: Vec::new(),
            turn: None,
            pages: 0,
        }
    }

    fn add(&mut self, comment: &Comment, cx: &Ctx<'_>) {
        if self.entries.iter().all(|known| known.external_id != comment.id.0) {
            self.entries.push(comment.thread_entry(&self.root, &self.url, cx));
        }
    }

    fn view(&mut self, cx: &Ctx<'_>) -> Result<ThreadView, Fault> {
        let settings = cx.settings::<Settings>();
        let mut entries = std::mem::take(&mut self.entries);
        thread::address(
            &mut entries,
            |entry| settings.is_own(&entry.author_id, cx),
            |entry, other| is_for(&entry.text, &other.author_handle),
        );
        let Some(mention) = self.mention.take() else {
            return Err(Fault::bug("a thread was read without its mention"));
        };
        let parent = mention.parent_id.as_ref().map(|id| id.0.clone());
        let mention = mention.mention(&self.root, parent, &self.url, cx);
        let mention =
            mention.map_err(|why| Fault::bug(format!("the mention cannot be read: {why}")))?;
        Ok(ThreadView { entries, gone: false, mention: Some(Box::new(mention)) })
    }
}

impl Talk<ThreadView> for Thread {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<ThreadView> {
        let settings = cx.settings::<Settings>();
        let mut asks = vec![look(&self.id, LOOK, settings)];
        if self.root != self.id {
            asks.push(look(&self.root, ROOT, settings));
        }
        asks.push(below(&self.root, None, settings));
        Step::Ask(asks)
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<ThreadView>, Fault> {
        let settings = cx.settings::<Settings>();
        let body = got.http()?.body;
        match tag {
            LOOK => {
                let mention: Comment = json::answer(&body, "the mention")?;
                self.add(&mention, cx);
                self.mention = Some(mention);
            }
            ROOT => {
                let root: Comment = json::answer(&body, "the top of the thread")?;
                self.add(&root, cx);
            }
            _ => {
                let page = listing(&body, "the answers of the thread")?;
                for raw in &page.entries {
                    let strange = |raw: &RawValue| is_a_strangers(raw, cx);
                    if let Some(comment) = thread::comment::<Comment>(raw, strange)? {
                        self.add(&comment, cx);
                    }
                }
                self.pages += 1;
                let more = page.next.filter(|next| self.turn.as_ref() != Some(next));
                self.turn = more.filter(|_| self.pages < PAGES);
                return Ok(match &self.turn {
                    Some(turn) => Step::Ask(vec![below(&self.root, Some(turn), settings)]),
                    None => Step::Done(self.view(cx)?),
                });
            }
        }
        Ok(Step::Ask(Vec::new()))
    }
}

/// Looks whether a part of a reply stands: among all answers of the thread, whose order is not
/// told. All of them have the same parent, so the text with the name in it must do.
pub(super) struct Find {
    root: String,
    url: String,
    wanted: Wanted,
    turn: Option<Turn>,
    pages: u32,
}

impl Find {
    /// Looks for `part` below `of`, posted about `since` or later.
    pub(super) fn new(part: &Part, of: &MentionRef, since: Instant) -> Find {
        Find {
            root: of.thread_id.clone(),
            url: of.url.clone(),
            wanted: Wanted::new(&part.text, since),
            turn: None,
            pages: 0,
        }
    }

    fn is_it(&self, comment: &Comment, cx: &Ctx<'_>) -> bool {
        let parent = comment.parent_id.as_ref().map_or(self.root.as_str(), |id| id.0.as_str());
        cx.settings::<Settings>().is_own(&comment.author(cx), cx)
            && parent == self.root
            && self.wanted.is(&comment.text(), comment.timestamp)
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        Step::Ask(vec![below(&self.root, self.turn.as_ref(), cx.settings())])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let page = listing(&got.http()?.body, "the answers of the thread")?;
        for raw in &page.entries {
            let strange = |raw: &RawValue| is_a_strangers(raw, cx);
            let Some(comment) = thread::comment::<Comment>(raw, strange)? else { continue };
            if self.is_it(&comment, cx) {
                let (url, at) = (self.url.clone(), comment.timestamp.0);
                return Ok(Step::Done(Seen::There { external_id: comment.id.0, url, at }));
            }
        }
        self.pages += 1;
        let more = page.next.filter(|next| self.turn.as_ref() != Some(next));
        let complete = more.is_none();
        self.turn = more.filter(|_| self.pages < PAGES);
        if self.turn.is_some() {
            return Ok(self.start(cx));
        }
        Ok(Step::Done(Seen::Absent { complete }))
    }
}
