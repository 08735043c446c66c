//! Walking listings, new to old, down to where the last walk began.
//!
//! Reddit can be asked for what is newer than one thing, but answers nothing for ever once that
//! thing is deleted. So a walk goes down from the newest and ends by time, or where a whole page
//! is known; its cursor is the newest time and the names of the newest things seen. A listing
//! ends after about a thousand things; if it ends above the cursor's time and nothing of it is
//! known, what lies between is lost, and is said to be.
//!
//! For the same reason a page that is asked for below a thing that was deleted meanwhile comes
//! empty: it is asked for once more below each of the two things above.

use super::super::json;
use super::limits::ONE;
use super::settings::Settings;
use super::wire::{self, Listing, Place};
use crate::domain::Instant;
use crate::domain::time::DAY;
use crate::wire::{
    Ask, Ctx, Cursor, Fault, Got, Heard, Lane, Next, Page, Request, Step, Talk, Via,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashSet;

/// The lane of the inbox.
pub(super) const INBOX: &str = "inbox";
/// What the lanes of a subreddit's comments and posts begin with, and that of a search.
pub(super) const COMMENTS: &str = "comments:";
pub(super) const POSTS: &str = "posts:";
pub(super) const SEARCH: &str = "search:";
/// The most that a page holds.
const PAGE: &str = "100";
/// How many names a cursor remembers.
const SEEN: usize = 300;
/// A listing of so many things has more below that it does not show; a search ends earlier.
const WHOLE: u32 = 900;
const WHOLE_SEARCH: u32 = 200;
/// How far a first look goes back.
const FIRST_LOOK: i64 = 30 * DAY;
/// More pages than a listing has: a server that turns in circles is left.
const PAGES: u32 = 50;
/// How many things at the end of a page a walk can go on below.
const ANCHORS: usize = 3;
/// The tag of the question behind a backfill that could not reach all.
const END: u8 = 1;

/// Where a lane stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mark {
    /// Nothing newer was seen.
    newest: Instant,
    /// The names of the newest things.
    seen: Vec<String>,
}

/// How far down a walk is; as JSON it is the walk's token.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Way {
    /// Nothing newer was seen.
    newest: Instant,
    /// The names of the newest things of this walk.
    seen: Vec<String>,
    /// What is from here on is heard.
    ceiling: Instant,
    /// What is older was heard before, or is not asked for.
    floor: Instant,
    /// The things to go on below, the lowest last.
    anchors: Vec<String>,
    /// How many things and pages were read.
    count: u32,
    pages: u32,
    /// Something known was met.
    met: bool,
    /// Nothing is left to ask.
    done: bool,
    /// Why a backfill did not get all there was.
    lost: Option<String>,
}

/// A walk in progress.
pub(super) struct Walker {
    lane: Lane,
    /// What was seen before; `None` at a first look.
    before: Option<Vec<String>>,
    way: Way,
    /// The cursor or token cannot be read.
    expired: Option<Fault>,
}

fn expired(what: &str) -> Fault {
    Fault::new(Next::Expired, format!("the {what} cannot be read; the walk begins anew"))
}

impl Walker {
    /// A walk down to the cursor, a first look, or a backfill; on from `resume` if it broke off.
    pub(super) fn new(
        lane: &Lane,
        cursor: Option<&Cursor>,
        resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Walker {
        let known = cursor.map(|cursor| serde_json::from_str::<Mark>(&cursor.0));
        let mut broken = matches!(known, Some(Err(_))).then(|| expired("cursor"));
        let known = known.and_then(Result::ok);
        let first = cx.now - FIRST_LOOK;
        let (floor, newest) = match (lane.gap, &known) {
            (Some((from, _)), _) => (from, from),
            (None, Some(mark)) => (mark.newest - lane.overlap_ms, mark.newest),
            (None, None) => (first, first),
        };
        let set_out = Way {
            newest,
            seen: Vec::new(),
            ceiling: lane.gap.map_or(cx.now, |(_, to)| to),
            floor,
            anchors: Vec::new(),
            count: 0,
            pages: 0,
            met: false,
            done: false,
            lost: None,
        };
        let way = match resume.map(serde_json::from_str::<Way>) {
            None => set_out,
            Some(Ok(way)) => way,
            Some(Err(_)) => {
                broken = Some(expired("token of the walk"));
                set_out
            }
        };
        let before = known.map(|mark| mark.seen);
        Walker { lane: lane.clone(), before, way, expired: broken }
    }

    fn request(&self, settings: &Settings) -> Request {
        let id = self.lane.id.as_str();
        let (path, search) = if let Some(term) = id.strip_prefix(SEARCH) {
            (vec!["search"], Some(term))
        } else if let Some(name) = id.strip_prefix(COMMENTS) {
            (vec!["r", name, "comments"], None)
        } else if let Some(name) = id.strip_prefix(POSTS) {
            (vec!["r", name, "new"], None)
        } else {
            (vec!["message", "inbox"], None)
        };
        let mut url = settings.at(&path);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", PAGE);
            if let Some(term) = search {
                query.append_pair("q", term).append_pair("sort", "new");
                query.append_pair("t", "month").append_pair("type", "link");
            }
            if id == INBOX {
                // People read the same inbox: what is new to them stays so.
                query.append_pair("mark", "false");
            }
            if let Some(name) = self.way.anchors.last() {
                query.append_pair("after", name);
            }
        }
        settings.named(Request::get(url))
    }

    /// Why what lies below the end of the listing is not heard; `None` where all was shown.
    fn cut_off(&self, count: u32, met: bool) -> Option<String> {
        let whole = if self.lane.id.starts_with(SEARCH) { WHOLE_SEARCH } else { WHOLE };
        let missing = match (&self.before, self.lane.gap) {
            (_, Some(_)) => count >= whole,
            // What was seen last is not there: it is further down, or all of it was deleted.
            (Some(before), None) => !met && (!before.is_empty() || count >= whole),
            (None, None) => false,
        };
        let why = "Reddit's listing ended, after about a thousand things at most, before anything \
                   that was known came";
        missing.then(|| why.to_owned())
    }

    fn hear(&self, raw: &RawValue, at: Option<Instant>, cx: &Ctx<'_>) -> Option<Heard> {
        if let Some((from, to)) = self.lane.gap
            && at.is_some_and(|at| !(from..to).contains(&at))
        {
            return None;
        }
        let broken = |why| Heard::Broken { raw: raw.get().as_bytes().to_vec(), why };
        Some(wire::heard(raw, cx.settings(), cx).unwrap_or_else(broken))
    }

    /// The page below which the walk goes on, or its end.
    fn below(&self, places: &[Place], more: bool) -> Way {
        let here = &self.way;
        let names = places.iter().map(|place| place.name.clone());
        let known: HashSet<&String> = self.before.iter().flatten().collect();
        let is_known = |place: &Place| known.contains(&place.name);
        let oldest = places.iter().rev().find_map(|place| place.at);
        let deep = oldest.is_some_and(|at| at < here.floor);
        let all_known = !places.is_empty() && places.iter().all(is_known);
        let newest = places.iter().filter_map(|place| place.at).max().unwrap_or(here.newest);
        let mut anchors: Vec<String> = names.clone().collect();
        anchors.drain(..anchors.len().saturating_sub(ANCHORS));
        Way {
            // Of times from the future only as much counts as our own clock allows.
            newest: here.newest.max(newest.min(here.ceiling)),
            seen: here.seen.iter().cloned().chain(names).take(SEEN).collect(),
            anchors,
            count: here.count.saturating_add(u32::try_from(places.len()).unwrap_or(u32::MAX)),
            pages: here.pages + 1,
            met: here.met || places.iter().any(is_known),
            done: deep || all_known || !more,
            ..here.clone()
        }
    }
}

impl Talk<Cursor> for Walker {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        if !self.way.done || self.expired.is_some() {
            return Step::Ask(vec![Ask::http(self.request(cx.settings()), 0, ONE)]);
        }
        // What could be read is committed; only then is it said that this was not all.
        if self.way.lost.is_some() {
            return Step::Ask(vec![Ask { via: Via::Nothing, tag: END, spend: &[], auth: false }]);
        }
        let mut taken = HashSet::new();
        let seen = self.way.seen.iter().chain(self.before.iter().flatten());
        let seen = seen.filter(|name| taken.insert(name.as_str())).take(SEEN).cloned().collect();
        let mark = Mark { newest: self.way.newest, seen };
        Step::Done(Cursor(serde_json::to_string(&mark).unwrap_or_default()))
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        if let Some(fault) = self.expired.take() {
            return Err(fault);
        }
        if tag == END {
            return Err(Fault::refused(self.way.lost.clone().unwrap_or_default()));
        }
        let Listing { data } = json::answer(&got.http()?.body, "the listing")?;
        if data.children.is_empty() && self.way.anchors.len() > 1 {
            self.way.anchors.pop();
            return Ok(self.start(cx));
        }
        if self.way.pages >= PAGES {
            return Err(Fault::bug("Reddit's pages turn in circles, so older ones cannot be read"));
        }
        let all: Vec<Option<Place>> = data.children.iter().map(|raw| wire::place(raw)).collect();
        let heard = data.children.iter().zip(&all);
        let heard = heard.filter_map(|(raw, place)| {
            self.hear(raw, place.as_ref().and_then(|place| place.at), cx)
        });
        let heard: Vec<Heard> = heard.collect();
        let places: Vec<Place> = all.into_iter().flatten().collect();
        let more = data.after.is_some() && !data.children.is_empty();
        if more && places.is_empty() {
            return Err(Fault::bug("a page of the listing came without a single readable name"));
        }
        let mut way = self.below(&places, more);
        let oldest = places.iter().rev().find_map(|place| place.at);
        let ended = !more && oldest.is_none_or(|at| at >= way.floor);
        let cut_off = if ended { self.cut_off(way.count, way.met) } else { None };
        // A gap that is read again leaves no other one; its end says what it could not reach.
        let (hole, lost) = if self.lane.gap.is_some() { (None, cut_off) } else { (cut_off, None) };
        way.lost = lost;
        let to = self.way.ceiling;
        let from = if way.done && hole.is_none() {
            way.floor
        } else {
            // The rest of the page's last millisecond may stand on the next one.
            oldest.map_or(to, |at| at + 1)
        };
        let from = from.min(to);
        way.ceiling = from;
        let resume = serde_json::to_string(&way).ok();
        self.way = way;
        Ok(Step::Page(Page { heard, resume, span: Some((from, to)), hole }))
    }
}
