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
    /// Where a first look begins.
    since: Option<Instant>,
    /// Where the walk is, and where it ends; known from the first answer on.
    way: Option<(Mark, Mark)>,
}

impl Ascend {
    pub fn on(from: Option<String>) -> Ascend {
        Ascend { from, gap: None, since: None, way: None }
    }

    pub fn back_to(since: Instant, from: Option<String>) -> Ascend {
        Ascend { since: Some(since), ..Ascend::on(from) }
    }

    pub fn fill(gap: (Instant, Instant), from: Option<String>) -> Ascend {
        Ascend { gap: Some(gap), ..Ascend::on(from) }
    }

    fn set_out(&self, settings: &Settings, now: Instant) -> Result<(Mark, Mark), Fault> {
        let (begin, end) = match self.gap {
            None => (self.since.unwrap_or(settings.start).min(now), now),
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
    /// Where a first look ends.
    since: Option<Instant>,
    way: Option<(Descent, Mark)>,
}

/// How far down a walk is.
#[derive(Clone, Copy)]
struct Descent {
    /// When the walk set out.
    top: Instant,
    /// Where the stretch begins that is being read: at the top, or below the last hole.
    ceiling: Instant,
    /// What is above is heard.
    at: Mark,
}

impl Descent {
    fn parse(token: &str) -> Option<Descent> {
        let mut fields = token.splitn(3, '/');
        let mut instant = || fields.next()?.parse().ok().map(Instant);
        let (top, ceiling) = (instant()?, instant()?);
        Some(Descent { top, ceiling, at: Mark::parse(fields.next()?)? })
    }

    fn token(self) -> String {
        format!("{}/{}/{}", self.top.0, self.ceiling.0, self.at)
    }
}

impl Descend {
    pub fn to(cursor: Option<String>, resume: Option<String>) -> Descend {
        Descend { cursor, resume, since: None, way: None }
    }

    pub fn back_to(since: Instant, resume: Option<String>) -> Descend {
        Descend { since: Some(since), ..Descend::to(None, resume) }
    }

    /// The walk, and the mark below which all was known before.
    fn set_out(&self, settings: &Settings, now: Instant) -> Result<(Descent, Mark), Fault> {
        let bottom = match &self.cursor {
            None => Mark::before(self.since.unwrap_or(settings.start).min(now)),
            Some(text) => Mark::parse(text).ok_or_else(|| expired(text))?,
        };
        let way = match &self.resume {
            None => Descent { top: now, ceiling: now, at: Mark::after(now) },
            Some(token) => Descent::parse(token).ok_or_else(|| expired(token))?,
        };
        Ok((way, bottom))
    }
}

impl Talk<Cursor> for Descend {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Cursor> {
        match self.way {
            Some((way, bottom)) if way.at <= bottom => {
                Step::Done(Cursor(Mark::after(way.top).max(bottom).to_string()))
            }
            _ => ask(),
        }
    }

    fn read(&mut self, _tag: u8, _got: Got, cx: &Ctx<'_>) -> Result<Step<Cursor>, Fault> {
        let (settings, world) = open(cx)?;
        let (way, bottom) = match self.way {
            Some(way) => way,
            None => self.set_out(settings, cx.now)?,
        };
        // The first window below that is forgotten by now ends this stretch.
        let lost = world
            .forgotten(cx.now)
            .rfind(|w| Mark::before(w.from) < way.at && bottom < Mark::before(w.to));
        let stop = match lost {
            None => bottom,
            Some(window) => Mark::before(window.to).min(way.at).max(bottom),
        };
        let mut places = world.places(stop, way.at).rev();
        let mut heard = Vec::new();
        let mut next = way;
        for place in places.by_ref().take(settings.page) {
            next.at = place.mark;
            heard.extend(world.event(place, cx.now));
        }
        // A millisecond that is read in part is accounted for by the page below. What is later
        // than the page may still be on its way, so the stretch is good up to its ceiling less
        // the lateness; down at the cursor the walk before waited for just that.
        let whole = |mark: Mark| mark.at + i64::from(mark.seq > 0);
        let (mut from, mut hole) = (whole(next.at), None);
        if places.next().is_none() {
            (next.at, from) = (stop, whole(stop));
            match lost {
                None => from = (stop.at - world.settle).max(floor(world, cx.now, stop.at)),
                Some(window) => {
                    next.at = Mark::before(window.from).max(bottom);
                    next.ceiling = next.at.at;
                    hole = Some(forgot(next.at.at, stop.at));
                }
            }
        }
        let to = whole(way.at).min(way.ceiling - world.settle).max(from);
        let span = (from < to || hole.is_some()).then_some((from, to));
        self.way = Some((next, bottom));
        Ok(Step::Page(Page { heard, resume: Some(next.token()), span, hole }))
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
