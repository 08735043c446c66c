//! The ways to read the rehearsed lane: old to new, new to old, as a window, and the walk that
//! fills a gap.

use super::Settings;
use super::place::Mark;
use super::world::World;
use crate::domain::Instant;
use crate::wire::{Ask, Ctx, Cursor, Fault, Got, Next, Page, Step, Talk, Via};

/// Every page is asked for, as from a server, so that an outage can strike between two of them.
fn ask() -> Step<Cursor> {
    Step::Ask(vec![Ask { via: Via::Nothing, tag: 0, spend: &[], auth: true }])
}

/// The stage, unless an outage bars the way.
fn open<'a>(cx: &Ctx<'a>) -> Result<(&'a Settings, &'a World), Fault> {
    let settings: &Settings = cx.settings();
    match settings.world.outage(cx.now) {
        Some(fault) => Err(fault),
        None => Ok((settings, &settings.world)),
    }
}

fn expired(cursor: &str) -> Fault {
    Fault::new(
        Next::Expired,
        format!("`{cursor}` is no cursor of a rehearsal; the walk begins anew"),
    )
}

fn forgot(from: Instant, to: Instant) -> String {
    format!("the network no longer shows what it had between {from} and {to}")
}

/// What the stretch from `from` to `to` accounts for. An entry can be as late as `settle`, so all
/// of it is that much earlier, but never before `floor`, where a hole ends. Empty beside a hole
/// when nothing above the hole is settled yet: it still says where the hole ends.
fn span(
    (from, to): (Instant, Instant),
    settle: i64,
    floor: Instant,
    hole: &Option<String>,
) -> Option<(Instant, Instant)> {
    let shift = |at: Instant| (at - settle).max(floor);
    (shift(from) < shift(to) || hole.is_some()).then(|| (shift(from), shift(to)))
}

/// The end of the last hole that ends not after `at`.
fn floor(world: &World, now: Instant, at: Instant) -> Instant {
    let ends = world.forgotten(now).map(|window| window.to).filter(|to| *to <= at);
    ends.max().unwrap_or(Instant(i64::MIN))
}

/// Old to new; every page moves the cursor. Also fills gaps: then with a span, and without
/// forgetting anything.
pub(super) struct Ascend {
    /// Where to go on, as text of ours.
    from: Option<String>,
    /// The gap to fill.
    gap: Option<(Instant, Instant)>,
    /// Where the walk is, and where it ends; known from the first answer on.
    way: Option<(Mark, Mark)>,
}

impl Ascend {
    pub fn on(from: Option<String>) -> Ascend {
        Ascend { from, gap: None, way: None }
    }

    pub fn fill(gap: (Instant, Instant), from: Option<String>) -> Ascend {
        Ascend { from, gap: Some(gap), way: None }
    }

    fn set_out(&self, settings: &Settings, now: Instant) -> Result<(Mark, Mark), Fault> {
        let (begin, end) = match self.gap {
            None => (settings.start.min(now), now),
            Some((from, to)) => (from, now.min(to + settings.world.settle)),
        };
        let begin = match &self.from {
            None => Mark::before(begin),
            Some(text) => Mark::parse(text).ok_or_else(|| expired(text))?,
        };
        // A clock that fell back finds nothing new and loses nothing.
        Ok((begin, Mark::after(end).max(begin)))
    }
}

impl Talk<Cursor> for Ascend {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        match self.way {
            Some((at, end)) if at >= end => Step::Done(Cursor(end.to_string())),
            _ => ask(),
        }
    }

    fn read(&mut self, _tag: u8, _got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let (settings, world) = open(cx)?;
        let (mut at, mut end) = match self.way {
            Some(way) => way,
            None => self.set_out(settings, cx.now)?,
        };
        let (mut stop, mut hole) = (None, None);
        if self.gap.is_none() {
            for window in world.forgotten(cx.now) {
                let (from, to) = (Mark::before(window.from), Mark::before(window.to));
                if from <= at && at < to {
                    hole = Some(forgot(at.at, window.to));
                    // The window may have ended after the walk set out.
                    (at, end) = (to, end.max(to));
                } else if at < from {
                    stop = stop.or(Some(from));
                }
            }
        }
        let stop = stop.map_or(end, |stop| stop.min(end));
        let mut places = world.places(at, stop);
        let mut heard = Vec::new();
        let mut next = at;
        for place in places.by_ref().take(settings.page) {
            next = place.mark.behind();
            heard.extend(match self.gap {
                None => world.event(place, cx.now),
                Some((from, to)) => (from..to)
                    .contains(&world.created(place))
                    .then(|| world.refilled(place, cx.now))
                    .flatten(),
            });
        }
        if places.next().is_none() {
            next = stop;
        }
        let span = match self.gap {
            None => {
                let floor = floor(world, cx.now, at.at);
                span((at.at, next.at), world.settle, floor, &hole)
            }
            Some((from, to)) => {
                span((at.at, next.at.min(to + world.settle)), world.settle, from, &hole)
            }
        };
        self.way = Some((next, end));
        Ok(Step::Page(Page { heard, resume: Some(next.to_string()), span, hole }))
    }
}

/// New to old, down to the cursor; only its end moves the cursor.
pub(super) struct Descend {
    cursor: Option<String>,
    resume: Option<String>,
    way: Option<Descent>,
}

/// How far down a walk is.
#[derive(Clone, Copy)]
struct Descent {
    /// When the walk set out.
    top: Instant,
    /// What is above is heard.
    at: Mark,
    /// What is below was known before.
    bottom: Mark,
}

impl Descend {
    pub fn to(cursor: Option<String>, resume: Option<String>) -> Descend {
        Descend { cursor, resume, way: None }
    }

    fn set_out(&self, settings: &Settings, now: Instant) -> Result<Descent, Fault> {
        let bottom = match &self.cursor {
            None => Mark::before(settings.start.min(now)),
            Some(text) => Mark::parse(text).ok_or_else(|| expired(text))?,
        };
        let (top, at) = match &self.resume {
            None => (now, Mark::after(now)),
            Some(token) => token
                .split_once('/')
                .and_then(|(top, at)| Some((Instant(top.parse().ok()?), Mark::parse(at)?)))
                .ok_or_else(|| expired(token))?,
        };
        Ok(Descent { top, at, bottom })
    }
}

impl Talk<Cursor> for Descend {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        match self.way {
            Some(way) if way.at <= way.bottom => {
                Step::Done(Cursor(Mark::after(way.top).max(way.bottom).to_string()))
            }
            _ => ask(),
        }
    }

    fn read(&mut self, _tag: u8, _got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let (settings, world) = open(cx)?;
        let way = match self.way {
            Some(way) => way,
            None => self.set_out(settings, cx.now)?,
        };
        // The first window below that is forgotten by now ends this stretch.
        let lost = world
            .forgotten(cx.now)
            .rev()
            .find(|w| Mark::before(w.from) < way.at && way.bottom < Mark::before(w.to));
        let stop = match lost {
            None => way.bottom,
            Some(window) => Mark::before(window.to).min(way.at).max(way.bottom),
        };
        let mut places = world.places(stop, way.at).rev();
        let mut heard = Vec::new();
        let mut next = way.at;
        for place in places.by_ref().take(settings.page) {
            next = place.mark;
            heard.extend(world.event(place, cx.now));
        }
        let (mut hole, mut below) = (None, next);
        if places.next().is_none() {
            (next, below) = (stop, stop);
            if let Some(window) = lost {
                next = Mark::before(window.from).max(way.bottom);
                hole = Some(forgot(next.at, stop.at));
            }
        }
        // A millisecond that is read in part is accounted for by the page below, unless the
        // cursor says that its rest was known.
        let whole = |mark: Mark| mark.at + i64::from(mark.seq > 0 && mark > way.bottom);
        let stretch = (whole(below), whole(way.at).min(way.top));
        let span = span(stretch, world.settle, floor(world, cx.now, stop.at), &hole);
        self.way = Some(Descent { at: next, ..way });
        let resume = Some(format!("{}/{next}", way.top.0));
        Ok(Step::Page(Page { heard, resume, span, hole }))
    }
}

/// A window of what is newest now; edits and deletions do not show but in the state of things.
pub(super) struct Window {
    cursor: Option<String>,
    end: Option<Known>,
}

/// The cursor of a window: what was seen of it.
#[derive(Clone, Copy)]
struct Known {
    /// Everything that showed below this mark was in some window, or in a hole that was told.
    mark: Mark,
    /// Where the last hole ends.
    floor: Instant,
}

impl Known {
    fn parse(text: &str) -> Option<Known> {
        let (mark, floor) = text.split_once('/')?;
        Some(Known { mark: Mark::parse(mark)?, floor: Instant(floor.parse().ok()?) })
    }

    fn cursor(self) -> Cursor {
        Cursor(format!("{}/{}", self.mark, self.floor.0))
    }
}

impl Window {
    pub fn since(cursor: Option<String>) -> Window {
        Window { cursor, end: None }
    }
}

impl Talk<Cursor> for Window {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        self.end.map_or_else(ask, |end| Step::Done(end.cursor()))
    }

    fn read(&mut self, _tag: u8, _got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let (settings, world) = open(cx)?;
        let begin = settings.start.min(cx.now);
        let first = Known { mark: Mark::before(begin), floor: begin - world.settle };
        let known = match &self.cursor {
            None => first,
            Some(text) => Known::parse(text).ok_or_else(|| expired(text))?,
        };
        let lost =
            |mark: Mark| world.forgotten(cx.now).any(|w| w.from <= mark.at && mark.at < w.to);
        let mut heard = Vec::new();
        let mut oldest = None;
        let whole = world.places(Mark::before(begin), Mark::after(cx.now)).rev();
        for place in whole.filter(|place| !lost(place.mark)) {
            if heard.len() == settings.page {
                break;
            }
            if let Some(shown) = world.standing(place, cx.now) {
                heard.push(shown);
                oldest = Some(place.mark);
            }
        }
        let (mut from, mut floor, mut hole) = (known.mark.at, known.floor, None);
        // Full of what is new: nothing tells how much more there was.
        if let Some(oldest) = oldest
            && heard.len() == settings.page
            && oldest >= known.mark
        {
            (from, floor) = (oldest.at + 1, oldest.at + 1);
            hole = Some(forgot(known.mark.at, oldest.at));
        }
        if let Some(window) = world.forgotten(cx.now).rfind(|w| from < w.to) {
            hole = Some(forgot(from.min(window.from), window.to));
            (from, floor) = (window.to, window.to);
        }
        let span = span((from, cx.now), world.settle, floor, &hole);
        self.end = Some(Known { mark: Mark::after(cx.now).max(known.mark), floor });
        Ok(Step::Page(Page { heard, resume: None, span, hole }))
    }
}
