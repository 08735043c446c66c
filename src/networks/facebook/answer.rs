//! Threads, replies, and the look whether a reply stands.
//!
//! What stands below a comment at the top is one flat list; an answer of the Page that names
//! somebody in it is for that one.

use super::super::graph::limits::ASK;
use super::super::graph::thread::{self, Wanted};
use super::super::graph::{Turn, listing};
use super::super::json::{self, Id};
use super::Settings;
use super::wire::{COMMENT, Entry, POST, comments};
use crate::domain::{Instant, MentionKind, MentionRef};
use crate::wire::{Ask, Ctx, Fault, Got, Part, Request, Seen, Step, Talk, ThreadEntry, ThreadView};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Tags of the questions.
const LOOK: u8 = 0;
const ROOT: u8 = 1;
const BELOW: u8 = 2;
/// A thread of more comments than 1,000 is read so far, from the newest down.
const PAGES: u32 = 10;

/// The question about one post or comment.
fn look(id: &str, tag: u8, settings: &Settings) -> Ask {
    let fields = if settings.is_post(id) { POST } else { COMMENT };
    Ask::http(Request::get(settings.app().fields(&[id], fields)), tag, ASK)
}

/// The question about a page of what stands below something.
fn below(id: &str, turn: Option<&Turn>, settings: &Settings) -> Ask {
    let mut url = comments(id, settings);
    if let Some(turn) = turn {
        url.query_pairs_mut().extend_pairs(turn);
    }
    Ask::http(Request::get(url), BELOW, ASK)
}

/// Whether an unreadable comment is surely not ours: it says who wrote it.
fn is_a_strangers(raw: &RawValue, settings: &Settings, cx: &Ctx<'_>) -> bool {
    #[derive(Deserialize)]
    struct Whose {
        from: Who,
    }
    #[derive(Deserialize)]
    struct Who {
        id: Id,
    }
    json::entry::<Whose>(raw).is_ok_and(|whose| !settings.is_own(&whose.from.id.0, cx))
}

/// Reads a thread anew.
pub(super) struct Thread {
    id: String,
    root: String,
    mention: Option<Entry>,
    entries: Vec<ThreadEntry>,
    /// Our comments, to see whom they name.
    ours: HashMap<String, Entry>,
    turn: Option<Turn>,
    pages: u32,
}

impl Thread {
    /// The thread of that mention.
    pub(super) fn new(of: &MentionRef) -> Thread {
        Thread {
            id: of.external_id.clone(),
            root: of.thread_id.clone(),
            mention: None,
            entries: Vec::new(),
            ours: HashMap::new(),
            turn: None,
            pages: 0,
        }
    }

    fn add(&mut self, entry: Entry, cx: &Ctx<'_>) {
        if self.entries.iter().any(|known| known.external_id == entry.id.0) {
            return;
        }
        self.entries.push(entry.thread_entry(&self.root));
        if cx.settings::<Settings>().is_own(&entry.author(), cx) {
            self.ours.insert(entry.id.0.clone(), entry);
        }
    }

    fn view(&mut self) -> Result<ThreadView, Fault> {
        let mut entries = std::mem::take(&mut self.entries);
        let ours = &self.ours;
        thread::address(
            &mut entries,
            |entry| ours.contains_key(&entry.external_id),
            |entry, other| {
                ours.get(&entry.external_id).is_some_and(|entry| entry.names(&other.author_id))
            },
        );
        let Some(mention) = self.mention.take() else {
            return Err(Fault::bug("a thread was read without its mention"));
        };
        let answers = mention.parent.as_ref().map(|parent| parent.id.0.clone());
        let kind = if answers.is_some() { MentionKind::Comment } else { MentionKind::Post };
        let mention = mention.mention(kind, &self.root, answers);
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
                let again: Entry = json::answer(&body, "the mention")?;
                self.add(again, cx);
                self.mention = Some(json::answer(&body, "the mention")?);
            }
            ROOT => self.add(json::answer(&body, "the top of the thread")?, cx),
            _ => {
                let page = listing(&body, "the comments of the thread")?;
                for raw in &page.entries {
                    let strange = |raw: &RawValue| is_a_strangers(raw, settings, cx);
                    if let Some(entry) = thread::comment::<Entry>(raw, strange)? {
                        self.add(entry, cx);
                    }
                }
                self.pages += 1;
                let more = page.next.filter(|next| self.turn.as_ref() != Some(next));
                self.turn = more.filter(|_| self.pages < PAGES);
                return Ok(match &self.turn {
                    Some(turn) => Step::Ask(vec![below(&self.root, Some(turn), settings)]),
                    None => Step::Done(self.view()?),
                });
            }
        }
        Ok(Step::Ask(Vec::new()))
    }
}

/// Looks whether a part of a reply stands: among the newest comments of the thread.
pub(super) struct Find {
    id: String,
    root: String,
    wanted: Wanted,
    /// What our comment hangs on where the mention is itself an answer.
    above: Option<String>,
    turn: Option<Turn>,
    pages: u32,
}

impl Find {
    /// Looks for `part` below `of`, posted about `since` or later.
    pub(super) fn new(part: &Part, of: &MentionRef, since: Instant) -> Find {
        Find {
            id: of.external_id.clone(),
            root: of.thread_id.clone(),
            wanted: Wanted::new(&part.text, since),
            above: None,
            turn: None,
            pages: 0,
        }
    }

    fn is_it(&self, entry: &Entry, settings: &Settings, cx: &Ctx<'_>) -> bool {
        let parent =
            entry.parent.as_ref().map_or(self.root.as_str(), |parent| parent.id.0.as_str());
        settings.is_own(&entry.author(), cx)
            && (parent == self.id || self.above.as_deref() == Some(parent))
            && self.wanted.is(&entry.text(), entry.created_time)
    }
}

impl Talk<Seen> for Find {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Seen> {
        let settings = cx.settings::<Settings>();
        if self.root == self.id {
            return Step::Ask(vec![below(&self.root, None, settings)]);
        }
        Step::Ask(vec![look(&self.id, LOOK, settings), below(&self.root, None, settings)])
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Seen>, Fault> {
        let settings = cx.settings::<Settings>();
        let body = got.http()?.body;
        if tag == LOOK {
            let mention: Entry = json::answer(&body, "the mention")?;
            self.above = mention.parent.map(|parent| parent.id.0);
            return Ok(Step::Ask(Vec::new()));
        }
        let page = listing(&body, "the comments of the thread")?;
        let mut passed = false;
        for raw in &page.entries {
            let strange = |raw: &RawValue| is_a_strangers(raw, settings, cx);
            let Some(entry) = thread::comment::<Entry>(raw, strange)? else { continue };
            if self.is_it(&entry, settings, cx) {
                let (url, at) = (entry.address(), entry.created_time.0);
                return Ok(Step::Done(Seen::There { external_id: entry.id.0, url, at }));
            }
            passed |= self.wanted.is_before(entry.created_time.0);
        }
        self.pages += 1;
        let more = page.next.filter(|next| !passed && self.turn.as_ref() != Some(next));
        let complete = more.is_none();
        self.turn = more.filter(|_| self.pages < PAGES);
        Ok(match &self.turn {
            Some(turn) => Step::Ask(vec![below(&self.root, Some(turn), settings)]),
            None => Step::Done(Seen::Absent { complete }),
        })
    }
}
