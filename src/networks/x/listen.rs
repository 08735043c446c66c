//! Walking the mentions and the searches, new to old, down to where the last walk began.
//!
//! The cursor is the newest id of a walk's first page and the time up to which all was read; only
//! the walk's end hands it on, so a walk that breaks off loses nothing. Between its pages a walk
//! carries on by its token, which remembers all that the walk set out with.
//!
//! Each walk goes a little below the cursor: search indexes late, and a post that is read twice
//! in a day is paid for once. Ids count milliseconds, so the id to stop at can be reckoned. Where
//! it is too old for the search (7 days) the walk begins at a time instead, and says what it lost.

use super::super::json;
use super::limits::{MENTIONS_ONE, SEARCH_ONE};
use super::page::{self, Place};
use super::settings::Settings;
use super::wire::{Known, Post, earlier, time_of};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Instant, first_look};
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Heard, Lane, Page, Request, Step, Talk, Via};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The lane of mentions.
pub(super) const MENTIONS: &str = "mentions";
/// What the lane of a search begins with.
pub(super) const SEARCH: &str = "search:";
/// The most that a page holds, by the documentation.
const PAGE: &str = "100";
/// Recent search reaches back 7 days; a walk must not hit the edge while it goes on.
const SEARCH_REACH: i64 = 7 * DAY - 10 * MINUTE;
/// The mention timeline shows the latest 800 posts: so many pages.
const MENTION_PAGES: u32 = 8;
/// A first look at a search ends after so many pages: 1,000 posts, 5 US dollars.
const FIRST_LOOK_PAGES: u32 = 10;
/// More pages than a search has in 7 days: a server that turns in circles is left.
const PAGES: u32 = 2_000;
/// Search shows nothing younger than 30 seconds.
const INDEX_LAG: i64 = 30 * SECOND;
/// The tag of the question behind a backfill that could not reach all.
const END: u8 = 1;

/// Where a lane stands.
struct Mark {
    /// The newest id that was read; empty if there was none yet.
    newest: String,
    /// Up to then all was read.
    read_to: Instant,
}

impl Mark {
    fn parse(cursor: &Cursor) -> Option<Mark> {
        let (newest, read_to) = cursor.0.split_once('/')?;
        Some(Mark { newest: newest.to_owned(), read_to: Instant(read_to.parse().ok()?) })
    }
}

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Source {
    /// The mention timeline.
    Mentions,
    /// Recent search by a query.
    Search(String),
}

/// A walk on its way; as text it is the token that goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Way {
    /// What is read; `None` when the walk is over.
    source: Option<Source>,
    /// The id below which the walk ends.
    since_id: Option<String>,
    /// The time before which it ends, where there is no such id.
    start: Option<Instant>,
    /// The time at which it begins, if not now.
    end: Option<Instant>,
    /// X's own token of the next page.
    token: Option<String>,
    /// How many pages were read.
    pages: u32,
    /// The newest id of the first page.
    newest: String,
    /// The time at which the walk set out, less what may still be on its way.
    top: Instant,
    /// Everything from here to the top is read.
    floor: Instant,
    /// Everything from here on is read at the end.
    bottom: Instant,
    /// Why what lies below the bottom is lost.
    lost: Option<String>,
    /// Edited posts of which the newest version was heard.
    edited: BTreeSet<String>,
}

/// A walk in progress.
pub(super) struct Walker {
    lane: Lane,
    cursor: Option<Mark>,
    /// The span of a gap, if one is read again.
    gap: Option<(Instant, Instant)>,
    /// How far back a first look goes.
    since: Option<Instant>,
    way: Option<Way>,
}

impl Walker {
    /// A walk down to the cursor, a first look back to `since`, or one that goes on at its token. A
    /// token of another make is as good as none: the walk begins at the top again.
    pub(super) fn new(
        lane: &Lane,
        cursor: Option<&Cursor>,
        since: Option<Instant>,
        resume: Option<&str>,
    ) -> Walker {
        Walker {
            lane: lane.clone(),
            cursor: cursor.and_then(Mark::parse),
            gap: lane.gap,
            since,
            way: resume.and_then(|token| serde_json::from_str(token).ok()),
        }
    }

    fn set_out(&self, settings: &Settings, now: Instant) -> Way {
        let way = |source: Option<Source>, start: Instant, top: Instant| Way {
            source,
            since_id: None,
            start: Some(start),
            end: None,
            token: None,
            pages: 0,
            newest: String::new(),
            top,
            floor: top,
            bottom: start,
            lost: None,
            edited: BTreeSet::new(),
        };
        let reach = now - SEARCH_REACH;
        if let Some((from, to)) = self.gap {
            return self.refill(settings, (from, to.min(now - INDEX_LAG)), reach, way);
        }
        let top = now - self.lane.settle_ms;
        let source = match self.lane.id.strip_prefix(SEARCH) {
            Some(term) => Source::Search(settings.query(term)),
            None => Source::Mentions,
        };
        let is_search = source != Source::Mentions;
        let Some(mark) = &self.cursor else {
            let since = self.since.unwrap_or(now - first_look::SPAN).min(now - MINUTE);
            let start = if is_search { since.max(reach) } else { since };
            let mut way = way(Some(source), start, top);
            // Only where it was asked for so far back is the rest worth a word.
            way.lost = self.since.filter(|at| *at < start).map(|at| too_old(at, start));
            return way;
        };
        let since = earlier(&mark.newest, self.lane.overlap_ms);
        let since_at = time_of(&since);
        let from = (mark.read_to - self.lane.overlap_ms).min(now - MINUTE);
        let usable = match since_at {
            Some(at) if is_search => reach < at && at < now,
            other => other.is_some(),
        };
        let mut way = way(Some(source), from, top);
        way.newest = mark.newest.clone();
        if usable {
            way.bottom = since_at.map_or(from, |at| at.min(from));
            (way.since_id, way.start) = (Some(since), None);
        } else if is_search && from < reach {
            (way.start, way.bottom) = (Some(reach), reach);
            if mark.read_to < reach {
                way.lost = Some(too_old(mark.read_to, reach));
            }
        }
        way
    }

    /// The way through a gap. Mentions are searched for, since the timeline shows the latest 800
    /// only; what is older than the search reaches is looked for there all the same.
    fn refill(
        &self,
        settings: &Settings,
        (from, to): (Instant, Instant),
        reach: Instant,
        way: impl Fn(Option<Source>, Instant, Instant) -> Way,
    ) -> Way {
        let late = from < reach;
        let (source, start) = match (self.lane.id.strip_prefix(SEARCH), late) {
            (None, true) => (Source::Mentions, from),
            (None, false) => {
                (Source::Search(settings.query(&format!("@{}", settings.handle))), from)
            }
            (Some(term), _) => (Source::Search(settings.query(term)), from.max(reach)),
        };
        let mut way = way((start < to).then_some(source), start, to);
        way.end = Some(to);
        way.lost = late.then(|| too_old(from, reach));
        way
    }

    fn ask(way: &Way, settings: &Settings, cx: &Ctx<'_>) -> Option<Ask> {
        let (mut url, token, cost) = match way.source.as_ref()? {
            Source::Mentions => {
                let url = settings.at(&["users", &settings.profile(cx), "mentions"]);
                (url, "pagination_token", MENTIONS_ONE)
            }
            Source::Search(query) => {
                let mut url = settings.at(&["tweets", "search", "recent"]);
                url.query_pairs_mut()
                    .append_pair("query", query)
                    .append_pair("sort_order", "recency");
                (url, "next_token", SEARCH_ONE)
            }
        };
        let optional = [
            ("since_id", way.since_id.clone()),
            ("start_time", way.start.map(|at| seconds(at, 0))),
            ("end_time", way.end.map(|at| seconds(at, SECOND - 1))),
            (token, way.token.clone()),
        ];
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("max_results", PAGE);
            for (name, value) in optional {
                if let Some(value) = value {
                    query.append_pair(name, &value);
                }
            }
        }
        settings.ask_for_posts(&mut url, false);
        Some(Ask::http(Request::get(url), 0, cost))
    }

    /// Where the span of a page begins, and why nothing is heard below it.
    fn reached(&self, way: &Way, oldest: Option<Instant>) -> (Instant, Option<String>) {
        // A second that is read in part is accounted for by the page below.
        let so_far = oldest.map_or(way.floor, |at| at + SECOND).min(way.floor);
        if way.token.is_some() {
            return (so_far, None);
        }
        let of_mentions = way.source == Some(Source::Mentions);
        let goes_back = self.cursor.is_some() || self.since.is_some();
        if of_mentions && way.pages >= MENTION_PAGES && goes_back {
            let why = format!(
                "X shows the latest 800 mentions only; nothing between {} and {so_far} was read",
                way.bottom
            );
            return (so_far, Some(why));
        }
        if self.is_cut_short(way) {
            return (so_far, Some("a first look at a search reads 1,000 posts".to_owned()));
        }
        // A gap that is read again leaves no other one; its end says what it could not reach.
        (way.bottom.min(way.floor), way.lost.clone().filter(|_| self.gap.is_none()))
    }

    /// A first look at a search ends before all is read: it is the past, and it costs.
    fn is_cut_short(&self, way: &Way) -> bool {
        let first_look = self.cursor.is_none() && self.gap.is_none();
        first_look && way.pages >= FIRST_LOOK_PAGES
    }
}

/// What one entry is. Of an edited post only the newest version counts; the walk meets it first,
/// so an older one that comes behind it is passed over.
fn hear(
    raw: &RawValue,
    known: &Known,
    edited: &mut BTreeSet<String>,
    settings: &Settings,
    cx: &Ctx<'_>,
) -> Option<Heard> {
    let heard = json::entry::<Post>(raw).and_then(|post| {
        if post.is_edited() && !edited.insert(post.chain().to_owned()) {
            return Ok(None);
        }
        page::heard(&post, known, settings, cx).map(Some)
    });
    heard.unwrap_or_else(|why| Some(Heard::Broken { raw: raw.get().as_bytes().to_vec(), why }))
}

/// Why a walk cannot go down to where the last one ended.
fn too_old(from: Instant, reach: Instant) -> String {
    format!("X's search reaches back 7 days; nothing between {from} and {reach} was read")
}

/// A time in whole seconds, as X takes it.
pub(super) fn seconds(at: Instant, up: i64) -> String {
    let at = at + up;
    Instant(at.0 - at.0.rem_euclid(SECOND)).to_string().replace(".000Z", "Z")
}

/// The newer of two ids: longer or, of the same length, greater.
fn newer<'a>(one: &'a str, other: &'a str) -> &'a str {
    if (one.len(), one) < (other.len(), other) { other } else { one }
}

/// The newest id of a page. One from the future is damaged, and would silence the lane.
fn newest<'a>(places: &'a [Place], known: &'a str, now: Instant) -> &'a str {
    let sound = |id: &&str| time_of(id).is_some_and(|at| at < now + HOUR);
    places.iter().map(|place| place.id.as_str()).filter(sound).fold(known, newer)
}

impl Talk<Cursor> for Walker {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        let settings = cx.settings::<Settings>();
        let way = match self.way.take() {
            Some(way) => way,
            None => self.set_out(settings, cx.now),
        };
        let step = match Walker::ask(&way, settings, cx) {
            Some(ask) => Step::Ask(vec![ask]),
            // What could be read is committed; only then is it said that this was not all.
            None if self.gap.is_some() && way.lost.is_some() => {
                Step::Ask(vec![Ask { via: Via::Nothing, tag: END, spend: &[], auth: false }])
            }
            None => {
                let known = self.cursor.as_ref().map_or(way.top, |mark| mark.read_to.max(way.top));
                Step::Done(Cursor(format!("{}/{}", way.newest, known.0)))
            }
        };
        self.way = Some(way);
        step
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let settings = cx.settings::<Settings>();
        let Some(mut way) = self.way.clone() else {
            return Err(Fault::bug("an answer came before the question"));
        };
        if tag == END {
            return Err(Fault::refused(way.lost.unwrap_or_default()));
        }
        let listing = page::listing(&got.http()?.body, "X's list of posts")?;
        if listing.next.is_some() && (listing.next == way.token || way.pages >= PAGES) {
            return Err(Fault::bug("X's pages turn in circles, so older ones cannot be read"));
        }
        let places: Vec<Place> =
            listing.entries.iter().filter_map(|raw| page::place(raw)).collect();
        if way.pages == 0 {
            way.newest = newest(&places, &way.newest, cx.now).to_owned();
        }
        way.pages += 1;
        way.token = listing.next.filter(|_| !self.is_cut_short(&way));
        let above = way.floor;
        let (from, hole) = self.reached(&way, places.iter().filter_map(|p| p.created_at).min());
        way.floor = from;
        if way.token.is_none() {
            way.source = None;
        }
        let mut heard: Vec<Heard> = Vec::new();
        for raw in &listing.entries {
            heard.extend(hear(raw, &listing.known, &mut way.edited, settings, cx));
        }
        // Old to new, so that of two versions the newer one is stored last.
        heard.reverse();
        let resume = serde_json::to_string(&way).ok();
        self.way = Some(way);
        if heard.is_empty() && hole.is_none() {
            return Ok(self.start(cx));
        }
        let span = (from < above || hole.is_some()).then_some((from, above));
        Ok(Step::Page(Page { heard, resume, span, hole }))
    }
}
