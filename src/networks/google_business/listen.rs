//! Walking the reviews from the one changed last, down to where the last walk began.
//!
//! The list is ordered by the time of the last change, so an edited review comes up again. The
//! cursor is the newest such time that was seen; it moves with the end of the walk only. What a
//! page needs to go on is the walk's token, kept with the page.

use super::super::json;
use super::ONE;
use super::settings::Settings;
use super::wire::{self, Review};
use crate::domain::Instant;
use crate::domain::time::DAY;
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Heard, Lane, Next, Page, Request, Step, Talk};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The one lane.
pub(super) const REVIEWS: &str = "reviews";
/// The most a page holds.
const PAGE: &str = "50";
/// How far a first look goes back.
const FIRST_LOOK: i64 = 30 * DAY;
/// Tags: a page, and the same page asked for again because it showed nothing.
const LIST: u8 = 0;
const AGAIN: u8 = 1;

/// How far down a walk is; as JSON it is the walk's token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Way {
    /// Nothing newer was seen.
    mark: Instant,
    /// What is from here on is heard.
    ceiling: Instant,
    /// What is older was heard before, or is not asked for.
    floor: Instant,
    /// Google's token of the next page.
    page: Option<String>,
    /// Nothing is left to ask.
    done: bool,
}

/// A walk in progress.
pub(super) struct Walker {
    /// The span to read again, if it is a backfill.
    gap: Option<(Instant, Instant)>,
    way: Way,
    /// The cursor or token cannot be read.
    expired: Option<Fault>,
}

/// One page of the list. A location without reviews is answered by an empty object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    reviews: Option<Vec<Box<RawValue>>>,
    next_page_token: Option<String>,
    total_review_count: Option<u64>,
    error: Option<IgnoredAny>,
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
        let known = cursor.map(|cursor| Instant::parse(&cursor.0));
        let mut broken = matches!(known, Some(Err(_))).then(|| expired("cursor"));
        let first = cx.now - FIRST_LOOK;
        let (floor, mark) = match (lane.gap, known.and_then(Result::ok)) {
            (Some((from, _)), _) => (from, from),
            (None, Some(known)) => (known - lane.overlap_ms, known),
            (None, None) => (first, first),
        };
        let ceiling = lane.gap.map_or(cx.now, |(_, to)| to);
        let set_out = Way { mark, ceiling, floor, page: None, done: false };
        let way = match resume.map(serde_json::from_str::<Way>) {
            None => set_out,
            Some(Ok(way)) => way,
            Some(Err(_)) => {
                broken = Some(expired("token of the walk"));
                set_out
            }
        };
        Walker { gap: lane.gap, way, expired: broken }
    }

    fn ask(&self, tag: u8, cx: &Ctx<'_>) -> Step<Cursor> {
        let mut url = cx.settings::<Settings>().at(&["reviews"]);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("pageSize", PAGE).append_pair("orderBy", "updateTime desc");
            if let Some(token) = &self.way.page {
                query.append_pair("pageToken", token);
            }
        }
        Step::Ask(vec![Ask::http(Request::get(url), tag, ONE)])
    }

    fn hear(&self, raw: &RawValue, settings: &Settings) -> Option<Heard> {
        if let Some((from, to)) = self.gap
            && wire::changed(raw).is_some_and(|at| !(from..to).contains(&at))
        {
            return None;
        }
        let heard = json::entry::<Review>(raw).and_then(|review| {
            let mention = review.mention(settings)?;
            let edited = review.is_edited();
            Ok(if edited { Heard::Edited(mention) } else { Heard::Mention(mention) })
        });
        let broken = |why| Heard::Broken { raw: raw.get().as_bytes().to_vec(), why };
        Some(heard.unwrap_or_else(broken))
    }
}

impl Talk<Cursor> for Walker {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        if self.way.done && self.expired.is_none() {
            return Step::Done(Cursor(self.way.mark.to_string()));
        }
        self.ask(LIST, cx)
    }

    fn read(&mut self, tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        if let Some(fault) = self.expired.take() {
            return Err(fault);
        }
        let listing: Listing = json::answer(&got.http()?.body, "the reviews")?;
        if listing.error.is_some() {
            return Err(Fault::retry("Google answers an error in place of the reviews"));
        }
        // An empty object is how Google shows that there is nothing. What stands between us may
        // answer one too, so it counts when it comes twice.
        if listing.reviews.is_none() && tag == LIST {
            return Ok(self.ask(AGAIN, cx));
        }
        let counted = listing.total_review_count.unwrap_or(0);
        if listing.reviews.is_none() && self.way.page.is_none() && counted > 0 {
            let why =
                format!("Google counts {counted} reviews and shows none; it may show them soon");
            return Err(Fault::retry(why));
        }
        let next = listing.next_page_token.filter(|token| !token.is_empty());
        if next.is_some() && next == self.way.page {
            return Err(Fault::bug("Google's pages turn in circles, so older ones cannot be read"));
        }
        let settings = cx.settings::<Settings>();
        let entries = listing.reviews.unwrap_or_default();
        let times: Vec<Instant> = entries.iter().filter_map(|raw| wire::changed(raw)).collect();
        let here = &self.way;
        let oldest = times.last().copied();
        let done = next.is_none() || oldest.is_some_and(|at| at < here.floor);
        let to = here.ceiling;
        // The rest of the page's last millisecond may stand on the next one.
        let from = if done { here.floor } else { oldest.map_or(to, |at| at + 1) }.min(to);
        // Our own clock bounds what a wrong one there can make us skip.
        let newest = times.iter().max().map_or(here.mark, |at| (*at).min(cx.now));
        let heard = entries.iter().filter_map(|raw| self.hear(raw, settings)).collect();
        self.way =
            Way { mark: here.mark.max(newest), ceiling: from, floor: here.floor, page: next, done };
        let resume = serde_json::to_string(&self.way).ok();
        Ok(Step::Page(Page { heard, resume, span: Some((from, to)), hole: None }))
    }
}
