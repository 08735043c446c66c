//! Walking the notifications and the hashtags, old to new.
//!
//! `min_id` gives what comes right after an id, so nothing can lie between two pages; `since_id`
//! would give the newest page and skip the rest. Each answer stands newest first.
//!
//! The cursor is the id of the newest entry that has settled: it and all before it are older
//! than the lane's overlap. Every walk begins there, so what appears late below newer entries is
//! still found, and ids never have to be compared.
//!
//! A first look goes down from the newest page to where it is to begin, and hears nothing on the
//! way; from there it walks up like any other. Asked for no time, it begins on the newest page.
//! A lane where nothing stands yet is read from `0`, which lies before every id.

use super::super::json;
use super::wire::{self, Place};
use super::{ONE, Settings};
use crate::domain::Instant;
use crate::domain::time::HOUR;
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Heard, Lane, Page, Request, Step, Talk};
use serde_json::value::RawValue;

/// A first look ends after so many pages on its way down: 4,000 notifications.
const BACK_PAGES: u32 = 50;
/// The lane of notifications.
pub(super) const MENTIONS: &str = "mentions";
/// What a hashtag's lane begins with.
pub(super) const TAG: &str = "tag:";
/// The most a page holds, by the documentation.
const MENTIONS_PAGE: &str = "80";
const TAG_PAGE: &str = "40";
/// After so many pages a walk ends; the next poll goes on where it stopped. It bounds what a
/// server that turns in circles can make us read.
const PAGES: u32 = 250;
/// Before every id.
const BEGINNING: &str = "0";

/// A walk in progress.
pub(super) struct Walker {
    tag: Option<String>,
    overlap_ms: i64,
    /// The newest settled id: what is committed.
    settled: Option<String>,
    /// The newest id read in this walk.
    position: Option<String>,
    /// Nothing unsettled was met yet, so what comes may still settle.
    settling: bool,
    pages: u32,
    done: bool,
    /// The way down to where a first look begins.
    back: Option<Back>,
    /// Why a first look begins later than it should.
    lost: Option<String>,
}

/// A way down, page by page.
struct Back {
    since: Instant,
    /// What is asked for is older than this.
    below: Option<String>,
    pages: u32,
}

impl Walker {
    /// A first look back to `since`.
    pub(super) fn back_to(lane: &Lane, since: Instant) -> Walker {
        let back = Some(Back { since, below: None, pages: 0 });
        Walker { back, ..Walker::new(lane, None) }
    }

    /// A walk from the cursor, or from the newest page.
    pub(super) fn new(lane: &Lane, cursor: Option<&Cursor>) -> Walker {
        let settled = cursor.map(|cursor| cursor.0.clone());
        Walker {
            tag: lane.id.strip_prefix(TAG).map(str::to_owned),
            overlap_ms: lane.overlap_ms,
            position: settled.clone(),
            settled,
            settling: true,
            pages: 0,
            done: false,
            back: None,
            lost: None,
        }
    }

    /// Reads a page of the way down: where the first look begins, or what to ask for next.
    fn descend(&mut self, mut back: Back, entries: &[Box<RawValue>]) -> Result<(), Fault> {
        let places: Vec<Place> = entries.iter().filter_map(|raw| wire::place(raw)).collect();
        let old = |place: &&Place| place.created_at.is_some_and(|at| at < back.since);
        if let Some(place) = places.iter().find(old) {
            self.begin_behind(place.id.0.clone());
            return Ok(());
        }
        let Some(oldest) = places.last().map(|place| place.id.0.clone()) else {
            if !entries.is_empty() {
                return Err(Fault::bug("a page came without a single readable id"));
            }
            // Nothing stands below: all there is belongs to the first look, and so does what is
            // shown late below the oldest of it.
            self.begin_behind(BEGINNING.to_owned());
            return Ok(());
        };
        if back.below.as_ref() == Some(&oldest) {
            return Err(Fault::bug(
                "the server answers `max_id` with the same page again, so older ones cannot be read",
            ));
        }
        back.pages += 1;
        if back.pages >= BACK_PAGES {
            self.lost = Some(format!("a first look goes back {BACK_PAGES} pages"));
            self.begin_behind(oldest);
        } else {
            self.back = Some(Back { below: Some(oldest), ..back });
        }
        Ok(())
    }

    fn begin_behind(&mut self, id: String) {
        self.settled = Some(id.clone());
        self.position = Some(id);
    }

    fn request(&self, settings: &Settings) -> Request {
        let mut url = match &self.tag {
            None => settings.at(&["v1", "notifications"]),
            Some(tag) => settings.at(&["v1", "timelines", "tag", tag]),
        };
        {
            let mut query = url.query_pairs_mut();
            if self.tag.is_none() {
                // What the brand's own filters hide from its screen is still owed an answer.
                query.append_pair("types[]", "mention").append_pair("include_filtered", "true");
            }
            let page = if self.tag.is_none() { MENTIONS_PAGE } else { TAG_PAGE };
            query.append_pair("limit", page);
            if let Some(id) = &self.position {
                query.append_pair("min_id", id);
            }
            if let Some(id) = self.back.as_ref().and_then(|back| back.below.as_ref()) {
                query.append_pair("max_id", id);
            }
        }
        Request::get(url)
    }

    fn hear(&self, raw: &RawValue, settings: &Settings, cx: &Ctx<'_>) -> Option<Heard> {
        let heard = match self.tag {
            None => wire::heard_notification(raw, settings, cx),
            Some(_) => json::entry(raw)
                .and_then(|status| wire::heard_status(status, false, settings, cx))
                .map(Some),
        };
        heard.unwrap_or_else(|why| Some(Heard::Broken { raw: raw.get().as_bytes().to_vec(), why }))
    }

    /// Whether nothing can appear before this entry any more. Without a readable time it counts
    /// as settled, else one broken entry would hold the cursor for ever; so does a time from a
    /// server whose clock is far ahead.
    fn is_settled(&self, place: &Place, now: Instant) -> bool {
        place.created_at.is_none_or(|at| at <= now - self.overlap_ms || at > now + HOUR)
    }
}

impl Talk<Cursor> for Walker {
    fn start(&mut self, cx: &Ctx<'_>) -> Step<Cursor> {
        if self.done || self.pages >= PAGES {
            let settled = self.settled.take().unwrap_or_else(|| BEGINNING.to_owned());
            return Step::Done(Cursor(settled));
        }
        self.pages += u32::from(self.back.is_none());
        Step::Ask(vec![Ask::http(self.request(cx.settings()), 0, ONE)])
    }

    fn read(&mut self, _tag: u8, got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let settings = cx.settings::<Settings>();
        let what = if self.tag.is_none() { "the notifications" } else { "the hashtag's posts" };
        let entries = json::entries(&got.http()?.body, what)?;
        if let Some(back) = self.back.take() {
            self.descend(back, &entries)?;
            return Ok(self.start(cx));
        }
        if entries.is_empty() {
            self.done = true;
            return Ok(self.start(cx));
        }
        let places: Vec<Option<Place>> = entries.iter().rev().map(|raw| wire::place(raw)).collect();
        let Some(newest) = places.iter().rev().flatten().next().map(|place| place.id.0.clone())
        else {
            return Err(Fault::bug(format!("{what} came without a single readable id")));
        };
        if self.position.as_ref() == Some(&newest) {
            return Err(Fault::bug(format!(
                "{what}: the server answers `min_id` with the same page again, so newer ones cannot be read"
            )));
        }
        for place in places.iter().flatten() {
            self.settling &= self.is_settled(place, cx.now);
            if self.settling {
                self.settled = Some(place.id.0.clone());
            }
        }
        if self.settled.is_none() {
            // A first look on which all is fresh: go on behind its oldest.
            self.settled = places.iter().flatten().next().map(|place| place.id.0.clone());
        }
        self.position = Some(newest);
        // The notifications' times are the server's own; posts carry what their servers claim.
        let times = places.iter().flatten().filter_map(|place| place.created_at);
        let span = times.clone().min().zip(times.max()).filter(|_| self.tag.is_none());
        Ok(Step::Page(Page {
            heard: entries.iter().rev().filter_map(|raw| self.hear(raw, settings, cx)).collect(),
            resume: self.settled.clone(),
            span,
            hole: self.lost.take(),
        }))
    }
}
