//! `Rota`: who of several people is on duty when, in turns, with overrides and absences.

#[cfg(test)]
mod tests;

use super::hours::Span;
use super::time::Instant;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// The rotas by name.
pub type Rotas = BTreeMap<String, Rota>;

/// A stretch of time: its first instant, and the first after it.
pub type Stretch = (Instant, Instant);

/// Somebody there, or away, for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stint {
    /// Who: the name of a recipient.
    pub who: String,
    /// From here on.
    pub from: Instant,
    /// Up to here, exclusive.
    pub to: Instant,
}

impl Stint {
    fn holds(&self, at: Instant) -> bool {
        self.from <= at && at < self.to
    }
}

/// People who are on duty in turns.
#[derive(Clone, Debug)]
pub struct Rota {
    /// Its name.
    pub name: String,
    /// Names of recipients in the order of their turns; one may stand there twice.
    pub people: Vec<String>,
    /// By whose clocks turns and hours go.
    pub zone: TimeZone,
    /// A day on which the first of the people takes over. Turns before it count backwards.
    pub first: Date,
    /// Days from one change-over to the next.
    pub every: i64,
    /// When turns change on such a day.
    pub change: Time,
    /// The hours of every day that it covers; none means all.
    pub hours: Vec<Span>,
    /// Who is on duty in place of whose turn it is; of two at once the later in the list holds.
    pub overrides: Vec<Stint>,
    /// Who is away. The next in turn who is there stands in, for an override too.
    pub absences: Vec<Stint>,
}

impl Rota {
    /// Who is on duty; `None` outside its hours, and where everybody is away.
    pub fn on_duty(&self, at: Instant) -> Option<&str> {
        if !self.covers(at) {
            return None;
        }
        let there = |who: &str| !self.absences.iter().any(|a| a.who == who && a.holds(at));
        let instead = self.overrides.iter().rev().filter(|o| o.holds(at)).map(|o| o.who.as_str());
        let turn = self.turn(at)?;
        let count = self.people.len();
        let in_turn = (0..count).map(|n| self.people[(turn + n) % count].as_str());
        instead.chain(in_turn).find(|who| there(who))
    }

    /// The stretches between two instants in which nobody is on duty, in their order.
    pub fn holes(&self, from: Instant, to: Instant) -> Vec<Stretch> {
        let edges = self.edges(from, to);
        let ends = edges.iter().copied().skip(1).chain([to]);
        let mut holes: Vec<Stretch> = Vec::new();
        for (begin, end) in edges.iter().copied().zip(ends) {
            if self.on_duty(begin).is_some() {
                continue;
            }
            match holes.last_mut() {
                Some(last) if last.1 == begin => last.1 = end,
                _ => holes.push((begin, end)),
            }
        }
        holes
    }

    /// Everybody who may be on duty at some time.
    pub fn everybody(&self) -> impl Iterator<Item = &str> {
        self.people.iter().chain(self.overrides.iter().map(|o| &o.who)).map(String::as_str)
    }

    /// The instants from `from` on and before `to` between which nobody comes and nobody goes. A
    /// change-over is none: it makes no hole, and closes none.
    fn edges(&self, from: Instant, to: Instant) -> BTreeSet<Instant> {
        let stints = self.overrides.iter().chain(&self.absences);
        let mut edges: BTreeSet<Instant> = stints.flat_map(|s| [s.from, s.to]).collect();
        if !self.hours.is_empty() {
            let last = self.day_of(to);
            let mut day = self.day_of(from).yesterday().ok();
            while let Some(at) = day.filter(|day| *day <= last) {
                edges.extend(self.spans(at).flat_map(|(begin, end)| [begin, end]));
                day = at.tomorrow().ok();
            }
        }
        edges.retain(|at| from < *at && *at < to);
        if from < to {
            edges.insert(from);
        }
        edges
    }

    /// Whether an instant lies in its hours.
    fn covers(&self, at: Instant) -> bool {
        let day = self.day_of(at);
        // A span of the day before may reach over midnight.
        let days = [day.yesterday().ok(), Some(day)].into_iter().flatten();
        self.hours.is_empty()
            || days.flat_map(|day| self.spans(day)).any(|(from, to)| from <= at && at < to)
    }

    /// Its hours that begin on `day`, as instants.
    fn spans(&self, day: Date) -> impl Iterator<Item = Stretch> {
        self.hours.iter().filter_map(move |span| {
            let end_day = if span.to <= span.from { day.tomorrow().ok()? } else { day };
            Some((self.at(day, span.from)?, self.at(end_day, span.to)?))
        })
    }

    /// Whose turn it is, by position; `None` without people and beyond the ends of the calendar.
    fn turn(&self, at: Instant) -> Option<usize> {
        let days = self.day_of(at).duration_since(self.first).as_hours().div_euclid(24);
        let near = days.div_euclid(self.every.max(1));
        // On the day of a change-over the hour decides; a zone may also skip a day.
        let turn =
            (near - 1..=near + 1).rev().find(|n| self.begins(*n).is_some_and(|t| t <= at))?;
        let count = i64::try_from(self.people.len()).ok().filter(|count| *count > 0)?;
        usize::try_from(turn.rem_euclid(count)).ok()
    }

    /// When the nth turn begins, counted from that of the first day.
    fn begins(&self, turn: i64) -> Option<Instant> {
        let hours = turn.checked_mul(self.every.max(1))?.checked_mul(24)?;
        let day = self.first.checked_add(SignedDuration::try_from_hours(hours)?).ok()?;
        self.at(day, self.change)
    }

    fn day_of(&self, at: Instant) -> Date {
        at.timestamp().to_zoned(self.zone.clone()).date()
    }

    /// When the clocks of the zone show `time` on `day`. A time that daylight saving skips comes
    /// later by what is skipped; of one that comes twice the first is meant.
    fn at(&self, day: Date, time: Time) -> Option<Instant> {
        let there = self.zone.to_ambiguous_zoned(day.to_datetime(time)).compatible().ok()?;
        Some(Instant(there.timestamp().as_millisecond()))
    }
}

/// The recipient that a name stands for: a rota's name for whom it has on duty, any other for
/// itself. `None` where the rota has nobody.
pub fn resolve(name: &str, rotas: &Rotas, now: Instant) -> Option<String> {
    match rotas.get(name) {
        Some(rota) => rota.on_duty(now).map(str::to_owned),
        None => Some(name.to_owned()),
    }
}

/// When some names stand for nobody, all of them at once.
pub fn nobody<'a>(
    names: impl IntoIterator<Item = &'a str>,
    rotas: &Rotas,
    from: Instant,
    to: Instant,
) -> Vec<Stretch> {
    let mut empty = vec![(from, to)];
    for name in names {
        let Some(rota) = rotas.get(name) else { return Vec::new() };
        empty = shared(&empty, &rota.holes(from, to));
    }
    empty
}

/// Some stretches in their order, those that touch or overlap as one.
pub fn joined(mut all: Vec<Stretch>) -> Vec<Stretch> {
    all.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::with_capacity(all.len());
    for (from, to) in all {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// What two lists of stretches share; each is in order and without overlaps.
pub fn shared(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    let (mut n, mut m, mut both) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (a.get(n), b.get(m)) {
        let (from, to) = (x.0.max(y.0), x.1.min(y.1));
        if from < to {
            both.push((from, to));
        }
        if x.1 <= y.1 { n += 1 } else { m += 1 }
    }
    both
}
