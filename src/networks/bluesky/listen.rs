//! Walking the notifications and the searches, new to old, and reading a span of the past again.
//!
//! Neither list can be asked for what is new: a walk goes down from the newest, page by page,
//! until it is below what the last one saw, less the lane's overlap. Its cursor is the newest
//! time that was seen; it moves with the end of the walk only. What a page needs to go on is the
//! walk's token, kept with the page, so a walk that broke off goes on where it was.
//!
//! The order is `indexedAt`, which is never later than the server's own clock. A post whose
//! author's clock is slow stands below newer ones; the overlap is for those.
//!
//! The network's cursor is a time where it can be read as one (so it is with notifications), and
//! what has that very time on the next page would be skipped. Such a page is asked for from a
//! millisecond later, so entries with equal times are heard twice rather than not at all.

use super::super::json;
use super::wire;
use super::{ONE, Settings};
use crate::domain::{Instant, first_look};
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Heard, Lane, Next, Page, Request, Step, Talk};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The lane of notifications.
pub(super) const MENTIONS: &str = "mentions";
/// What a search's lane begins with.
pub(super) const SEARCH: &str = "search:";
/// The most a page holds, by both lexicons.
const PAGE: usize = 100;
/// How much is asked for first where little is expected to be new.
const LOOK: usize = 30;
/// After so many pages that lead no further down a walk is given up: the server turns in circles.
const STILL: u32 = 50;

/// How far down a walk is; as JSON it is the walk's token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Way {
    /// Nothing newer was seen.
    mark: Instant,
    /// What is from here on is heard.
    ceiling: Instant,
    /// A search is asked for what is before this.
    until: Option<Instant>,
    /// The network's cursor of the next page.
    cursor: Option<String>,
    /// Nothing is left to ask.
    done: bool,
    /// Why a backfill did not get all there was.
    #[serde(default)]
    lost: Option<String>,
}

/// What a walk reads.
enum List {
    Notifications,
    Search(String),
}

/// A walk in progress.
pub(super) struct Walker {
    list: List,
    /// The span to read again, if it is a backfill.
    gap: Option<(Instant, Instant)>,
    /// There is no cursor yet.
    first: bool,
    /// How far back a first look goes.
    since: Option<Instant>,
    /// What is older was heard before, or is not asked for.
    floor: Instant,
    way: Way,
    /// The cursor or token cannot be read.
    expired: Option<Fault>,
    /// How many pages in a row led no further down.
    still: u32,
}

fn expired(what: &str) -> Fault {
    Fault::new(Next::Expired, format!("the {what} cannot be read; the walk begins anew"))
}

impl Walker {
    /// A walk down to the cursor, a first look back to `since`, or a backfill; on from `resume` if
    /// it broke off.
    pub(super) fn new(
        lane: &Lane,
        cursor: Option<&Cursor>,
        since: Option<Instant>,
        resume: Option<&str>,
        cx: &Ctx<'_>,
    ) -> Walker {
        let gap = lane.gap;
        let list = match lane.id.strip_prefix(SEARCH) {
            Some(term) => List::Search(term.to_owned()),
            None => List::Notifications,
        };
        let known = cursor.map(|cursor| Instant::parse(&cursor.0));
        let mut broken = matches!(known, Some(Err(_))).then(|| expired("cursor"));
        let known = known.and_then(Result::ok);
        let (floor, mark) = match (gap, known) {
            (Some((from, _)), _) => (from, from),
            (None, Some(known)) => (known - lane.overlap_ms, known),
            (None, None) => {
                let since = since.unwrap_or(cx.now - first_look::SPAN);
                (since, since)
            }
        };
        let top = gap.map_or(cx.now, |(_, to)| to);
        let until = gap.map(|(_, to)| to);
        let set_out = Way { mark, ceiling: top, until, cursor: None, done: false, lost: None };
        let way = match resume.map(serde_json::from_str::<Way>) {
            None => set_out,
            Some(Ok(way)) => way,
            Some(Err(_)) => {
                broken = Some(expired("token of the walk"));
                set_out
            }
        };
        let first = known.is_none() && gap.is_none();
        Walker { list, gap, first, since, floor, way, expired: broken, still: 0 }
    }

    fn limit(&self) -> usize {
        let begins = self.way.cursor.is_none() && self.way.until.is_none();
        if begins && !self.first { LOOK } else { PAGE }
    }

    fn request(&self, cx: &Ctx<'_>) -> Request {
        let settings = cx.settings::<Settings>();
        let limit = self.limit().to_string();
        let mut url = match self.list {
            List::Search(_) => settings.at("app.bsky.feed.searchPosts", cx),
            List::Notifications => settings.at("app.bsky.notification.listNotifications", cx),
        };
        {
            let mut query = url.query_pairs_mut();
            if let List::Search(term) = &self.list {
                query.append_pair("q", term).append_pair("sort", "latest");
                query.append_pair("since", &self.floor.to_string());
                if let Some(until) = self.way.until {
                    query.append_pair("until", &until.to_string());
                }
            } else {
                for reason in ["mention", "reply", "quote"] {
                    query.append_pair("reasons", reason);
                }
                // Else the account's own preference may hide all but those whom it follows.
                query.append_pair("priority", "false");
            }
            query.append_pair("limit", &limit);
            if let Some(cursor) = &self.way.cursor {
                query.append_pair("cursor", cursor);
            }
        }
        Request::get(url)
    }

    fn hear(&self, raw: &RawValue, cx: &Ctx<'_>) -> Option<Heard> {
        let back = self.since.map(|since| (since, Instant(i64::MAX)));
        if let Some((from, to)) = self.gap.or(back)
            && wire::place(raw).is_some_and(|at| !(from..to).contains(&at))
        {
            return None;
        }
        wire::heard(raw, cx)
            .unwrap_or_else(|why| Some(Heard::Broken { raw: raw.get().as_bytes().to_vec(), why }))
    }

    /// Where the walk goes below a page of `count` entries, the last of which is of `oldest`, and
    /// why something may be missing in between.
    fn below(
        &self,
        count: usize,
        oldest: Option<Instant>,
        cursor: Option<String>,
    ) -> Result<(Way, Option<String>), Fault> {
        let here = &self.way;
        let ceiling = oldest.map_or(here.ceiling, |at| at + 1).min(here.ceiling);
        let full = count >= self.limit();
        let on = Way { ceiling, ..here.clone() };
        if oldest.is_some_and(|at| at < self.floor) {
            return Ok((end(on), self.first.then(|| behind_us(self.floor))));
        }
        let Some(cursor) = cursor else {
            if !full || matches!(self.list, List::Notifications) {
                return Ok((end(on), None));
            }
            // A search shows only so much behind one question; the next asks for what is older.
            return match oldest.map(|at| at + 1).filter(|at| here.until.is_none_or(|u| *at < u)) {
                Some(until) => Ok((Way { until: Some(until), cursor: None, ..on }, None)),
                None => Ok((end(on), Some(no_further()))),
            };
        };
        let at = Instant::parse(&cursor).ok();
        let asked = here.cursor.as_deref();
        let stays = match (at, asked.map(Instant::parse)) {
            (Some(at), Some(Ok(asked))) => at >= asked,
            _ => asked == Some(cursor.as_str()),
        };
        if count == 0 && stays {
            return Ok((end(on), None));
        }
        let Some(at) = at else {
            if stays {
                return Err(Fault::bug("the server answers a cursor with that cursor again"));
            }
            return Ok((Way { cursor: Some(cursor), ..on }, None));
        };
        let again = self.gap.map_or(at + 1, |(_, to)| to.min(at + 1)).to_string();
        if here.cursor.as_ref() != Some(&again) {
            return Ok((Way { cursor: Some(again), ..on }, None));
        }
        // Nothing but this one millisecond: it is stepped over, and a full page tells not how
        // much more there is in it.
        let hole = full.then(|| "more entries have one time than a page holds".to_owned());
        let ceiling = if full { ceiling.min(at) } else { ceiling };
        Ok((Way { ceiling, cursor: Some(cursor), ..on }, hole))
    }
}

/// The end of the walk.
fn end(way: Way) -> Way {
    Way { done: true, ..way }
}

fn behind_us(floor: Instant) -> String {
    format!("a first look goes back to {floor}")
}

fn no_further() -> String {
    "the search shows no more of what it found".to_owned()
}

impl Talk<Cursor> for Walker {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        // A fault can only be told in answer to something, so what was lost costs one more ask.
        if self.way.done && self.way.lost.is_none() && self.expired.is_none() {
            return Step::Done(Cursor(self.way.mark.to_string()));
        }
        Step::Ask(vec![Ask::http(self.request(cx), 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        #[derive(Deserialize)]
        struct Notifications {
            notifications: Vec<Box<RawValue>>,
            cursor: Option<String>,
        }
        #[derive(Deserialize)]
        struct Found {
            posts: Vec<Box<RawValue>>,
            cursor: Option<String>,
        }
        if let Some(fault) = self.expired.take() {
            return Err(fault);
        }
        if let Some(why) = self.way.lost.as_ref().filter(|_| self.way.done) {
            return Err(Fault::refused(why.clone()));
        }
        let body = got.http()?.body;
        let (entries, cursor) = match self.list {
            List::Search(_) => {
                let found: Found = json::answer(&body, "the posts found")?;
                (found.posts, found.cursor)
            }
            List::Notifications => {
                let list: Notifications = json::answer(&body, "the notifications")?;
                (list.notifications, list.cursor)
            }
        };
        let times: Vec<Instant> = entries.iter().filter_map(|raw| wire::place(raw)).collect();
        let (mut way, hole) = self.below(entries.len(), times.last().copied(), cursor)?;
        if let Some(newest) = times.iter().max() {
            // Our own clock bounds what a wrong one there can make us skip.
            way.mark = way.mark.max((*newest).min(cx.now));
        }
        if self.gap.is_some() {
            way.lost = way.lost.or_else(|| hole.clone());
        }
        let advanced = way.done || way.ceiling < self.way.ceiling;
        self.still = if advanced { 0 } else { self.still + 1 };
        if self.still > STILL {
            return Err(Fault::bug("the server turns in circles: its pages lead no further down"));
        }
        let to = self.way.ceiling;
        // Below a page that ends in mid-millisecond the rest of that one is still to come; at the
        // end of the walk all down to its floor is heard, or as much as the hole says.
        let from = match (way.done, times.last()) {
            (true, Some(oldest)) if hole.is_some() && *oldest >= self.floor => *oldest + 1,
            (true, _) => self.floor,
            (false, Some(oldest)) => *oldest + 1,
            (false, None) => to,
        };
        let heard = entries.iter().filter_map(|raw| self.hear(raw, cx)).collect();
        let resume = serde_json::to_string(&way).ok();
        self.way = way;
        Ok(Step::Page(Page { heard, resume, span: Some((from.min(to), to)), hole }))
    }
}
