//! `Tide`: how many complaints each hour brought a brand; `Usual`: what that makes usual now.

use super::WINDOW;
use crate::domain::silence::hour_of;
use crate::domain::time::{HOUR, Instant};
use crate::domain::verdict::Topic;
use std::collections::{BTreeMap, BTreeSet};

/// How many weeks back the same hour of the week is looked at.
pub const WEEKS: i64 = 8;

/// Hours of a week.
const WEEK: i64 = 168;
/// Of fewer hours nobody knows what is usual.
const YOUNG: i64 = 24;
/// From so many weeks on the highest is left out.
const ENOUGH: usize = 4;
/// How much more than the mean the busiest hours bring.
const PEAK: f64 = 3.0;
/// Less than this times the usual is no storm.
const FACTOR: f64 = 3.0;
/// An hour comes by chance if it is at least so likely.
const ODDS: f64 = 1e-6;

/// How many complaints came in how many spans of one hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    complaints: f64,
    spans: f64,
}

impl Usual {
    /// So many complaints in so many hours of the week that are like the one in question; at least
    /// one hour.
    pub fn new(complaints: f64, spans: f64) -> Usual {
        Usual { complaints: complaints.max(0.0), spans: spans.max(1.0) }
    }

    /// So many in so many hours of any sort, as if they had come in the busiest of them; `None` where
    /// these are too few to tell.
    pub fn of_any(complaints: i64, hours: i64) -> Option<Usual> {
        (hours >= YOUNG).then(|| Usual::new(complaints as f64, hours as f64 / PEAK))
    }

    /// How many an hour brings.
    pub fn expected(self) -> f64 {
        self.complaints / self.spans
    }

    /// Whether so many people within an hour are nothing unusual.
    pub fn explains(self, people: u32) -> bool {
        f64::from(people) < FACTOR * self.expected() || self.chance(people) > ODDS
    }

    /// How likely an hour brings at least so many, which must be more than are expected.
    pub(super) fn chance(self, people: u32) -> f64 {
        let (shape, count) = (self.complaints + 0.5, f64::from(people));
        let hit = self.spans / (self.spans + 1.0);
        let log = libm::lgamma(count + shape) - libm::lgamma(shape) - libm::lgamma(count + 1.0)
            + shape * hit.ln()
            + count * (1.0 - hit).ln();
        // Beyond the mean each term is smaller than the one before, so the sum ends.
        let (mut term, mut sum, mut n) = (log.exp(), 0.0, count);
        for _ in 0..10_000 {
            sum += term;
            term *= (n + shape) / (n + 1.0) * (1.0 - hit);
            n += 1.0;
            if term < sum * 1e-9 {
                break;
            }
        }
        sum
    }
}

/// How many complaints the hours of the past brought a brand.
#[derive(Clone, Debug, Default)]
pub struct Tide {
    /// The first hour that was heard from its beginning.
    first: i64,
    hours: BTreeMap<i64, BTreeMap<Topic, i64>>,
}

impl Tide {
    /// The history of a brand that was added at `added`. `rows` are hours by
    /// [`hour_of`](crate::domain::silence::hour_of) with a topic and its complaints, at least those
    /// of [`Tide::needs`]; an hour that is not among them brought nothing.
    pub fn new(added: Instant, rows: impl IntoIterator<Item = (i64, Topic, i64)>) -> Tide {
        let mut hours: BTreeMap<i64, BTreeMap<Topic, i64>> = BTreeMap::new();
        for (hour, topic, complaints) in rows {
            *hours.entry(hour).or_default().entry(topic).or_default() += complaints;
        }
        Tide { first: hour_of(added) + 1, hours }
    }

    /// The hours that must be known to say what is usual between two instants.
    pub fn needs(added: Instant, from: Instant, to: Instant) -> BTreeSet<i64> {
        let (first, from, to) = (hour_of(added) + 1, hour_of(from), hour_of(to) + 1);
        let weeks = (from..=to).flat_map(|hour| (1..=WEEKS).map(move |week| hour - week * WEEK));
        let mut hours: BTreeSet<i64> = weeks.filter(|hour| *hour >= first).collect();
        if from - WEEK < first {
            hours.extend(first..to);
        }
        hours
    }

    /// What is usual in the hour from then on, of one topic or of all. `None`: nobody knows yet.
    pub fn usual(&self, from: Instant, topic: Option<Topic>) -> Option<Usual> {
        let hour = hour_of(from);
        // The window begins within one hour of the clock and ends within the next.
        let later = (from.0 - hour * HOUR) as f64 / WINDOW as f64;
        let known = (1..=WEEKS).map(|week| hour - week * WEEK).take_while(|h| *h >= self.first);
        let weeks = known.map(|h| {
            let (one, two) = (self.heard(h, topic), self.heard(h + 1, topic));
            one as f64 * (1.0 - later) + two as f64 * later
        });
        let mut weeks: Vec<f64> = weeks.collect();
        if weeks.is_empty() {
            let so_far: i64 = (self.first..hour).map(|h| self.heard(h, topic)).sum();
            return Usual::of_any(so_far, hour - self.first);
        }
        weeks.sort_by(f64::total_cmp);
        if weeks.len() >= ENOUGH {
            weeks.pop();
        }
        Some(Usual::new(weeks.iter().sum(), weeks.len() as f64))
    }

    fn heard(&self, hour: i64, topic: Option<Topic>) -> i64 {
        let Some(hour) = self.hours.get(&hour) else { return 0 };
        match topic {
            Some(topic) => hour.get(&topic).copied().unwrap_or(0),
            None => hour.values().sum(),
        }
    }
}
