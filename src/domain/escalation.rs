//! Escalation: who hears of a complaint as its deadline comes near and passes, and when.
//!
//! A policy is a list of levels, each at a point of the wait. `plan` brings what a case stores up
//! to date with it after everything that happens, so that the next level is an instant on the row.
//! Each complaint of a case climbs by its own wait: what comes later on a case that is late already is
//! told as its own deadline comes near and passes. The case stands at the highest of their levels.
//! An acknowledgement stops the level, not the clock. Questions have no levels: they wake nobody.

#[cfg(test)]
mod tests;

use super::case::Case;
use super::hours::Calendar;
use super::id::MentionId;
use super::obligation::{Obligation, Owing};
use super::rota::{Rotas, Stretch, nobody};
use super::time::{Instant, MINUTE};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use super::rota::resolve;

/// What comes to a level so soon after another complaint of its case comes to it with that one: whoever
/// writes three posts in a row is told of once. A figure of ours.
const NEAR: i64 = 15 * MINUTE;

/// So many complaints of a case climb at once, those that are due first; the next begins where one has
/// come to its last level, or ended. Who floods a thread keeps no processor busy.
const MOST: usize = 8;

/// When a level comes. The order is that of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// When so many hundredths of the wait are over; 0 is at once.
    Share(u8),
    /// So many milliseconds after the deadline; 0 is with it.
    Overdue(i64),
}

impl At {
    /// The instant, in a wait that began at `from` for a deadline.
    ///
    /// Shares count business time, as the deadline does; of a wait that holds none they count the
    /// time on the wall. What comes after the deadline counts by the wall: it is late already.
    fn instant(self, calendar: &Calendar, from: Instant, due: Instant) -> Instant {
        match self {
            At::Overdue(after) => due + after,
            At::Share(0) => from,
            At::Share(share) => {
                let part = |whole: i64| whole.max(0) / 100 * i64::from(share);
                match calendar.worked(from, due) {
                    0 => (from + part(due - from)).min(due),
                    work => calendar.after(from, part(work)).min(due),
                }
            }
        }
    }
}

/// One level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// When it comes.
    pub at: At,
    /// Who is told then: names of recipients and rotas.
    pub to: Vec<String>,
    /// They are told again each so many milliseconds until somebody acknowledges it.
    pub repeat: Option<i64>,
    /// From this severity on a complaint comes to it, 1 to 3.
    pub severity_from: u8,
}

/// Who hears of a complaint when. Levels are counted from 1; the first is for every complaint, at
/// once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationPolicy {
    /// Its name.
    pub name: String,
    /// The levels in the order in which they come. Never empty.
    pub levels: Vec<Level>,
    /// Who is told where a level has nobody, or one of its recipients cannot be reached.
    pub fallback: Option<String>,
    /// Who is told where the fallback is not there either: a recipient.
    pub last_resort: Option<String>,
}

impl EscalationPolicy {
    /// A level by its number.
    pub fn level(&self, number: u8) -> Option<&Level> {
        self.levels.get(usize::from(number).checked_sub(1)?)
    }

    /// Who hears of what happens while this level holds; before the first one its people do.
    /// `known` says whether there is a recipient of that name still. Empty where nobody is there,
    /// not even as a last resort.
    pub fn told(
        &self,
        level: u8,
        rotas: &Rotas,
        known: impl Fn(&str) -> bool,
        now: Instant,
    ) -> Vec<String> {
        let names = self.level(level.max(1)).map_or(&[][..], |level| level.to.as_slice());
        let ways = [names, self.fallback.as_slice(), self.last_resort.as_slice()];
        let there = |names: &[String]| {
            let mut all: Vec<String> = Vec::new();
            for who in names.iter().filter_map(|name| resolve(name, rotas, now)) {
                if known(&who) && !all.contains(&who) {
                    all.push(who);
                }
            }
            all
        };
        ways.into_iter().map(there).find(|all| !all.is_empty()).unwrap_or_default()
    }

    /// Every name in it, with those of the rotas' people.
    pub fn everybody<'a>(&'a self, rotas: &'a Rotas) -> impl Iterator<Item = &'a str> {
        let named = self.levels.iter().flat_map(|level| &level.to);
        let named = named.chain(&self.fallback).chain(&self.last_resort).map(String::as_str);
        let behind = move |name: &'a str| rotas.get(name).into_iter().flat_map(|r| r.everybody());
        named.flat_map(move |name| std::iter::once(name).chain(behind(name)))
    }

    /// When a level, its fallback and the last resort are nobody, all at once.
    pub fn holes(&self, level: &Level, rotas: &Rotas, from: Instant, to: Instant) -> Vec<Stretch> {
        let names = level.to.iter().chain(&self.fallback).chain(&self.last_resort);
        nobody(names.map(String::as_str), rotas, from, to)
    }

    /// Whether of every complaint whose deadline has passed a level of its own has said so: one that
    /// comes with the deadline or after it.
    pub fn told_overdue(&self, case: &Case, now: Instant) -> bool {
        let late = |debt: &Obligation| {
            let own = case.escalation.own.get(&debt.mention);
            let level = own.and_then(|own| self.level(own.level));
            level.is_some_and(|level| level.at >= At::Overdue(0))
        };
        complaints(case).filter(|debt| debt.due <= now).all(late)
    }

    /// The last level to which a debt of this severity comes.
    fn last(&self, severity: u8) -> u8 {
        let numbered = (1..=u8::MAX).zip(&self.levels);
        let reached = numbered.filter(|(_, level)| level.severity_from <= severity.max(1));
        reached.map(|(number, _)| number).max().unwrap_or(1)
    }

    /// The level that hears of a date that passed beside the debts: of those to which a complaint of this
    /// severity comes, the first that comes with the deadline or after it, else the last.
    pub fn late(&self, severity: u8) -> u8 {
        let last = self.last(severity);
        let reached = (1..=last).zip(&self.levels);
        let mut reached = reached.filter(|(_, level)| level.severity_from <= severity.max(1));
        reached.find(|(_, level)| level.at >= At::Overdue(0)).map_or(last, |(number, _)| number)
    }

    /// When each level comes that a debt of this severity has.
    fn times(&self, calendar: &Calendar, from: Instant, due: Instant, severity: u8) -> Vec<Coming> {
        let numbered = (1..=u8::MAX).zip(&self.levels);
        numbered
            .filter(|(_, level)| level.severity_from <= severity.max(1))
            .map(|(number, level)| Coming {
                level: number,
                at: level.at.instant(calendar, from, due),
            })
            .collect()
    }
}

/// A level and when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coming {
    /// The level.
    pub level: u8,
    /// When.
    pub at: Instant,
}

/// Somebody has seen it and goes after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The agent.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// How far one complaint has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// Its level; 0: it is new.
    pub level: u8,
    /// From when on its wait counts: when there was something to escalate.
    pub from: Instant,
}

/// How far the escalation of one case has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Escalation {
    /// The level that holds, the highest of its complaints'; 0 where nothing escalates.
    pub level: u8,
    /// How far each complaint has come by itself.
    pub own: BTreeMap<MentionId, Own>,
    /// The level that the clock brought last: lower than the one that holds where a later complaint
    /// came to it.
    pub rang: u8,
    /// When those of the level were told last; `None`: they were not, it was left to others.
    pub told_at: Option<Instant>,
    /// Who acknowledged the level.
    pub acked: Option<Ack>,
    /// The level that comes next.
    pub next: Option<Coming>,
    /// When those of the level are told again.
    pub repeat_at: Option<Instant>,
}

impl Escalation {
    /// When the clock acts on it next.
    pub fn due(&self) -> Option<Instant> {
        self.next.map(|next| next.at).into_iter().chain(self.repeat_at).min()
    }
}

/// The escalation of a case as a policy and its calendar want it at `now`; without them what is
/// left of it does nothing. `told`: what just happened is told to the people of its level.
///
/// A case comes in at the first level. Being told moves it on to the level that holds by then, and
/// a deadline that moved away takes it back; else only the clock does (`rises`). What was late
/// before anybody could know of it stands at its level without having been told of. All this goes
/// for each of its complaints.
pub fn plan(
    policy: Option<(&EscalationPolicy, &Calendar)>,
    case: &Case,
    told: bool,
    now: Instant,
) -> Escalation {
    let old = &case.escalation;
    let Some((policy, calendar)) = policy.filter(|_| case.pressing().is_some()) else {
        let acked = old.acked.clone();
        return Escalation { acked, ..Escalation::default() };
    };
    let (mut own, mut next) = (BTreeMap::new(), None::<Coming>);
    for climber in climbers(policy, calendar, case, now) {
        let stood = climber.own.level;
        let level = climber.times.map_or(stood, |times| {
            let holds = holding(&times, now);
            let level = match (stood, told) {
                (0, true) => 1,
                (level, false) if level > 0 => level.min(holds),
                _ => holds,
            };
            let coming = times.into_iter().find(|coming| coming.level > level);
            next = next.into_iter().chain(coming).min_by_key(|coming| coming.at);
            level
        });
        own.insert(climber.mention, Own { level, ..climber.own });
    }
    let level = own.values().map(|own| own.level).max().unwrap_or(1);
    let same = level == old.level;
    let acked = old.acked.clone().filter(|_| same || old.level == 0);
    let told_at = if told { Some(now) } else { old.told_at.filter(|_| same) };
    let every = policy.level(level).and_then(|level| level.repeat);
    let repeat_at = told_at.zip(every).filter(|_| acked.is_none()).map(|(at, every)| at + every);
    Escalation { level, own, rang: old.rang, told_at, acked, next, repeat_at }
}

/// The level that the clock brings a case to now, if the time of one has come: that of a complaint
/// which comes to a higher one of its own, or the one that holds once more.
pub fn rises(
    policy: &EscalationPolicy,
    calendar: &Calendar,
    case: &Case,
    now: Instant,
) -> Option<u8> {
    case.pressing()?;
    case.escalation.due().filter(|at| *at <= now)?;
    let higher = |climber: Climber| {
        let holds = holding(&climber.times?, now);
        (holds > climber.own.level).then_some(holds)
    };
    let highest = climbers(policy, calendar, case, now).into_iter().filter_map(higher).max();
    Some(highest.unwrap_or(case.escalation.level.max(1)))
}

/// A complaint on its way.
struct Climber {
    mention: MentionId,
    /// How far it has come.
    own: Own,
    /// When its levels come; `None`: it stays where it is until others are done.
    times: Option<Vec<Coming>>,
}

/// The complaints of a case, those that are due first in front.
fn climbers(
    policy: &EscalationPolicy,
    calendar: &Calendar,
    case: &Case,
    now: Instant,
) -> Vec<Climber> {
    let severity = case.severity();
    let last = policy.last(severity);
    let mut debts: Vec<&Obligation> = complaints(case).collect();
    debts.sort_by_key(|debt| debt.due);
    let mut room = MOST;
    let mut seen: Vec<Coming> = Vec::new();
    let mut all = Vec::with_capacity(debts.len());
    for (place, debt) in debts.into_iter().enumerate() {
        let own = case.escalation.own.get(&debt.mention).copied();
        let own = own.unwrap_or(Own { level: 0, from: now });
        let waits = own.level < last && room > 0;
        room -= usize::from(waits);
        let times = (waits || place == 0 || own.level == 0).then(|| {
            // What was heard later than the rest has not waited longer than since then.
            let from = own.from.max(debt.heard_at);
            let mut times = policy.times(calendar, from, debt.due, severity);
            for coming in &mut times {
                let (level, at) = (coming.level, coming.at);
                let near =
                    seen.iter().find(|c| c.level == level && (0..NEAR).contains(&(at - c.at)));
                match near.map(|other| other.at) {
                    Some(with) => coming.at = with,
                    None => seen.push(*coming),
                }
            }
            times
        });
        all.push(Climber { mention: debt.mention, own, times });
    }
    all
}

/// What climbs: the complaints that are owed, but for what waits of a first look.
fn complaints(case: &Case) -> impl Iterator<Item = &Obligation> {
    case.opened().filter(|debt| debt.owing == Owing::Complaint)
}

/// The highest level whose time has come; the first has always.
fn holding(times: &[Coming], now: Instant) -> u8 {
    times.iter().rev().find(|coming| coming.at <= now).map_or(1, |coming| coming.level)
}
