//! Walking a list of posts, new to old, and what was written below each of them.
//!
//! The Graph API has no list of all comments: a walk goes through the posts of a window and reads
//! the comments of each on which something changed. What changed is told by a mark of the post
//! (its count of comments, its time of change); the cursor holds the marks of the last walk, and
//! moves with the end of a walk only. A comment that came while another one went leaves the count
//! as it was; so now and then a walk is a sweep and reads below every post, down to where the last
//! sweep began.
//!
//! No page alone accounts for a span of time: below the next post may stand a newer comment. The
//! span is heard when the walk is over. What a page needs to go on is the walk's token.

use super::super::json;
use super::limits::ASK;
use super::{Listing, Time, Turn, listing};
use crate::domain::Instant;
use crate::domain::time::{DAY, HOUR};
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Heard, Lane, Page, Request, Step, Talk};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;
use url::Url;

/// How far back a first look goes in a list without a window.
const FIRST_LOOK: i64 = 30 * DAY;
/// How often a walk is a sweep.
const SWEEP_EVERY: i64 = 6 * HOUR;
/// More pages than any window has: a server that turns in circles is left.
const PAGES: u32 = 5_000;
/// Tags of the two questions.
const LIST: u8 = 0;
const BELOW: u8 = 1;

/// What is to be read below something, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::networks) struct Branch {
    /// What it stands below.
    pub id: String,
    /// The post at its root is our own: each comment there begins a conversation.
    pub ours: bool,
    /// Where a person sees the post.
    pub url: String,
    /// It stands below a comment and not below a post.
    pub deep: bool,
    /// Where its list goes on.
    pub next: Option<Turn>,
}

/// What the walk must know of a post; its words are another matter.
pub(in crate::networks) struct Sight {
    /// What may stand below it; `None` in a list without comments.
    pub branch: Option<Branch>,
    /// Its id.
    pub id: String,
    /// When it was posted.
    pub at: Option<Instant>,
    /// Changes with it and with what stands below it; `None` where that is not told.
    pub mark: Option<String>,
    /// Nothing stands below it.
    pub bare: bool,
}

/// What one network says of its posts and comments.
pub(in crate::networks) trait Shape: Send {
    /// The list, for messages.
    const WHAT: &'static str;
    /// What stands below a post is one list of all levels, newest first.
    const STREAM: bool;

    /// The list of posts.
    fn list(cx: &Ctx<'_>) -> Url;
    /// How old the posts may be below which is read, in milliseconds; `None` for a list that is
    /// read down to where the last walk began.
    fn window(cx: &Ctx<'_>) -> Option<i64>;
    /// The list of what stands below something.
    fn below(branch: &Branch, cx: &Ctx<'_>) -> Url;
    /// What the walk must know of a post; `None` if not even its id can be read.
    fn sight(raw: &RawValue, cx: &Ctx<'_>) -> Option<Sight>;
    /// What a post is.
    fn post(raw: &RawValue, cx: &Ctx<'_>) -> Result<Heard, String>;
    /// What a comment, with the answers that came with it, is, and what is still to be read
    /// below it.
    fn comment(raw: &RawValue, branch: &Branch, cx: &Ctx<'_>) -> (Vec<Heard>, Option<Branch>);
}

/// An entry that cannot be read, kept as it came.
pub(in crate::networks) fn broken(raw: &RawValue, why: String) -> Heard {
    Heard::Broken { raw: raw.get().as_bytes().to_vec(), why }
}

/// Where a lane stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mark {
    /// Up to then all was read.
    read_to: Instant,
    /// When the last sweep set out.
    swept: Instant,
    /// The marks of the posts.
    posts: BTreeMap<String, String>,
}

/// A walk on its way; as JSON it is the token that goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Way {
    /// When it set out, less what may still be on its way.
    top: Instant,
    /// The list is read down to here.
    floor: Instant,
    /// Comments are read down to here, where they come newest first.
    bottom: Instant,
    /// Every post is read below, and heard again.
    sweep: bool,
    /// Where the list goes on.
    next: Option<Turn>,
    /// The list is read.
    listed: bool,
    /// What is still to be read below posts.
    queue: VecDeque<Branch>,
    /// The marks that were seen.
    posts: BTreeMap<String, String>,
    /// How many pages were read.
    pages: u32,
}

/// A walk in progress.
pub(in crate::networks) struct Walker<S> {
    lane: Lane,
    known: Option<Mark>,
    way: Option<Way>,
    shape: PhantomData<S>,
}

impl<S: Shape> Walker<S> {
    /// A walk from what the cursor knows, a first look, or one that goes on at its token. A cursor
    /// or token of another make is as good as none: the walk begins at the top, and reads all.
    pub(in crate::networks) fn new(
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
    ) -> Walker<S> {
        Walker {
            lane: lane.clone(),
            known: cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok()),
            way: resume.and_then(|token| serde_json::from_str(token).ok()),
            shape: PhantomData,
        }
    }

    fn set_out(&self, cx: &Ctx<'_>) -> Way {
        let top = cx.now - self.lane.settle_ms;
        let window = S::window(cx);
        let begin = match (self.lane.gap, &self.known) {
            (Some((from, _)), _) => from,
            (None, Some(known)) if window.is_some() => known.swept - self.lane.overlap_ms,
            (None, Some(known)) => known.read_to - self.lane.overlap_ms,
            (None, None) => top - FIRST_LOOK,
        };
        // After a long silence the posts of that time count too, whatever the window.
        let below = self.known.as_ref().map_or(top, |known| known.read_to - self.lane.overlap_ms);
        let floor = match (self.lane.gap, window) {
            (_, None) => begin,
            (Some((from, _)), Some(window)) => from - window,
            (None, Some(window)) => below.min(top - window),
        };
        let due = |known: &Mark| top - known.swept >= SWEEP_EVERY;
        Way {
            top,
            floor,
            bottom: begin,
            sweep: self.lane.gap.is_some() || self.known.as_ref().is_some_and(due),
            next: None,
            listed: false,
            queue: VecDeque::new(),
            posts: BTreeMap::new(),
            pages: 0,
        }
    }

    fn question(way: &Way, cx: &Ctx<'_>) -> Option<Ask> {
        let (mut url, turn, tag) = match way.queue.front() {
            _ if !way.listed => (S::list(cx), &way.next, LIST),
            Some(branch) => (S::below(branch, cx), &branch.next, BELOW),
            None => return None,
        };
        if let Some(turn) = turn {
            url.query_pairs_mut().extend_pairs(turn);
        }
        Some(Ask::http(Request::get(url), tag, ASK))
    }

    /// Hears a page of the list and notes what is to be read below its posts. Gives why something
    /// below them may be missing.
    fn list(&self, way: &mut Way, page: Listing, cx: &Ctx<'_>) -> (Vec<Heard>, Option<String>) {
        let (mut heard, mut hole) = (Vec::new(), None);
        let mut newest: Option<Instant> = None;
        let mut blind = page.entries.is_empty();
        for raw in &page.entries {
            let sight = S::sight(raw, cx);
            let is_new = sight.as_ref().is_none_or(|sight| self.is_new(sight, way.sweep));
            if is_new {
                heard.push(S::post(raw, cx).unwrap_or_else(|why| broken(raw, why)));
            }
            let Some(sight) = sight else {
                blind = true;
                if S::window(cx).is_some() {
                    let why = "a post without a readable id: nothing below it was read";
                    hole = Some(why.to_owned());
                }
                continue;
            };
            match sight.at {
                Some(at) => newest = newest.max(Some(at)),
                None => blind = true,
            }
            if let Some(mark) = sight.mark {
                way.posts.insert(sight.id, mark);
            }
            let young = sight.at.is_none_or(|at| at >= way.floor);
            if is_new && young && (way.sweep || !sight.bare) {
                way.queue.extend(sight.branch);
            }
        }
        // A post that is pinned may stand above newer ones, so a page counts as a whole.
        let below = !blind && newest.is_some_and(|at| at < way.floor);
        way.next = page.next.filter(|_| !below);
        way.listed = way.next.is_none();
        (heard, hole)
    }

    /// Whether a post, or what stands below it, may be other than at the last walk.
    fn is_new(&self, sight: &Sight, sweep: bool) -> bool {
        let known = self.known.as_ref().and_then(|known| known.posts.get(&sight.id));
        sweep || known.is_none() || known != sight.mark.as_ref()
    }

    /// Hears a page of what stands below a post, and turns to the next page or the next post.
    fn below(&self, way: &mut Way, page: Listing, cx: &Ctx<'_>) -> Vec<Heard> {
        let Some(mut branch) = way.queue.pop_front() else { return Vec::new() };
        let mut heard = Vec::new();
        for raw in &page.entries {
            let (found, deeper) = S::comment(raw, &branch, cx);
            heard.extend(found);
            way.queue.extend(deeper);
        }
        let times: Vec<Option<Instant>> = page.entries.iter().map(|raw| time(raw)).collect();
        // Only where the list is in the order that was asked for does its end tell anything.
        let ordered = S::STREAM && times.is_sorted_by(|a, b| a.is_some() && a >= b);
        let oldest = times.last().copied().flatten();
        let below = ordered && oldest.is_some_and(|at| at < way.bottom);
        branch.next = page.next.filter(|_| !below);
        if branch.next.is_some() {
            way.queue.push_front(branch);
        }
        heard
    }

    /// Of a gap that is read again only what was written in it.
    fn is_wanted(&self, heard: &Heard) -> bool {
        match (heard, self.lane.gap) {
            (Heard::Mention(mention), Some((from, to))) => (from..to).contains(&mention.created_at),
            _ => true,
        }
    }

    fn end(&self, way: &Way) -> Cursor {
        let known = self.known.as_ref();
        let mark = Mark {
            read_to: known.map_or(way.top, |known| known.read_to.max(way.top)),
            swept: known.filter(|_| !way.sweep).map_or(way.top, |known| known.swept),
            posts: way.posts.clone(),
        };
        Cursor(serde_json::to_string(&mark).unwrap_or_default())
    }
}

/// When something was written, by either network's name for it.
fn time(raw: &RawValue) -> Option<Instant> {
    #[derive(Deserialize)]
    struct Place {
        #[serde(alias = "timestamp")]
        created_time: Time,
    }
    json::entry::<Place>(raw).ok().map(|place| place.created_time.0)
}

impl<S: Shape> Talk<Cursor> for Walker<S> {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        let way = match self.way.take() {
            Some(way) => way,
            None => self.set_out(cx),
        };
        let step = match Walker::<S>::question(&way, cx) {
            Some(ask) => Step::Ask(vec![ask]),
            None => Step::Done(self.end(&way)),
        };
        self.way = Some(way);
        step
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let Some(mut way) = self.way.clone() else {
            return Err(Fault::bug("an answer came before the question"));
        };
        let page = listing(&got.http()?.body, S::WHAT)?;
        let asked = if tag == LIST {
            way.next.as_ref()
        } else {
            way.queue.front().and_then(|branch| branch.next.as_ref())
        };
        if page.next.is_some() && (page.next.as_ref() == asked || way.pages >= PAGES) {
            return Err(Fault::bug("Meta's pages turn in circles, so older ones cannot be read"));
        }
        way.pages += 1;
        let (mut heard, hole) = match tag {
            LIST => self.list(&mut way, page, cx),
            _ => (self.below(&mut way, page, cx), None),
        };
        if let Some(why) = hole.as_ref().filter(|_| self.lane.gap.is_some()) {
            // A gap that is read again in part stays one.
            return Err(Fault::refused(why.clone()));
        }
        heard.retain(|heard| self.is_wanted(heard));
        let resume = serde_json::to_string(&way).ok();
        self.way = Some(way);
        Ok(Step::Page(Page { heard, resume, span: None, hole }))
    }
}
