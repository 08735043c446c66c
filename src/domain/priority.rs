//! How urgent a case is: points that explain themselves, and the instant by which cases stand in line.
//!
//! A point is an hour: a case stands in line as if it were due that many hours before its deadline.
//! So the part that grows with time grows alike for all, and no row is touched while it passes.

use super::case::Case;
use super::customer::CustomerValue;
use super::obligation::Owing;
use super::time::{DAY, HOUR, Instant};
use super::verdict::{Risk, words};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a brand holds urgent, in points; each is an hour sooner in line.
///
/// The strikes rest on figures: of customers 17 % turn away after one bad episode, 40 % after two,
/// 85 % after three (studies of social customer care, mostly US, 2011 to 2014). The second is worth
/// 72 points because no deadline lies further away (`answer_at_latest`): it passes every first
/// complaint that nothing else weighs. All other weights are priors of ours that rest on no study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// A complaint of severity 1, 2, 3. The deadline is shorter already where it is graver.
    pub severity: [i64; 3],
    /// What the verdict flags; each counts once.
    pub risk: BTreeMap<Risk, i64>,
    /// Somebody's second complaint.
    pub second_strike: i64,
    /// The third and each later one.
    pub third_strike: i64,
    /// How long a complaint counts as a strike, in milliseconds.
    pub strikes_within: i64,
    /// Each power of ten of followers, or of people reached, from [`REACH`] on.
    pub reach: i64,
    /// So many hours before a network's reply window closes an answer must stand there.
    pub window: i64,
    /// What a customer is worth, as the company's own system says.
    pub customer: BTreeMap<CustomerValue, i64>,
}

/// From so many people on reach counts.
pub const REACH: u64 = 1_000;

impl Default for Weights {
    fn default() -> Weights {
        let risk = [
            (Risk::Safety, 144),
            (Risk::Legal, 24),
            (Risk::Press, 24),
            (Risk::Vulnerable, 24),
            (Risk::Privacy, 12),
            (Risk::Churn, 8),
            (Risk::Ignored, 8),
            (Risk::Repeat, 4),
            (Risk::Sarcasm, 0),
        ];
        Weights {
            severity: [0, 4, 12],
            risk: BTreeMap::from(risk),
            second_strike: 72,
            third_strike: 144,
            strikes_within: 365 * DAY,
            reach: 4,
            window: 4,
            customer: BTreeMap::from([(CustomerValue::High, 12), (CustomerValue::Vip, 24)]),
        }
    }
}

/// What beside its debts decides how urgent a case is, as it was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stakes {
    /// What its mentions raised since it owes something without a break; text lowers nothing
    /// (invariant 8).
    pub risk: BTreeSet<Risk>,
    /// How many follow its author or saw what was written, whichever is more.
    pub reach: u64,
    /// Which complaint of its author, or of the person, it is; 0 where it holds none.
    pub strikes: u32,
    /// When the first of them was written.
    pub strikes_since: Option<Instant>,
    /// The lead was told that it is a third strike.
    pub lead_told: bool,
    /// How long the network takes a reply, in milliseconds from what is answered.
    pub window: Option<i64>,
    /// What its author, or any of the person, is worth to the company; `None` where nobody said so.
    pub customer: Option<CustomerValue>,
}

impl Stakes {
    /// A debt begins of which the verdict named these. Where `case` owed nothing before it, what was
    /// named earlier is over: an answer or a person ended it, and no text.
    pub fn begin(&mut self, case: &Case, risk: &[Risk]) {
        if case.owed().next().is_none() {
            self.risk.clear();
        }
        self.raise(risk);
    }

    /// A verdict named these.
    pub fn raise(&mut self, risk: &[Risk]) {
        self.risk.extend(risk.iter().copied());
    }

    /// Whether it is told by itself although its author is muted, or a storm tells of its like:
    /// somebody may be harmed, or a court is named.
    pub fn breaks_through(&self) -> bool {
        self.risk.contains(&Risk::Safety) || self.risk.contains(&Risk::Legal)
    }
}

words! {
    /// The parts of a priority by name.
    PartName {
        /// How bad the complaint is.
        Severity = "severity",
        /// What the verdict flags.
        Risk = "risk",
        /// How often its author complained.
        Strikes = "strikes",
        /// How many people see it.
        Reach = "reach",
        /// The network takes no reply any more before the deadline, or soon after it.
        Window = "window",
        /// What its author is worth to the company.
        Customer = "customer",
    }
}

/// A part of a priority, with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The severity.
    Severity(u8),
    /// A flag.
    Risk(Risk),
    /// Which complaint it is, since when they are counted.
    Strikes(u32, Option<Instant>),
    /// How many people.
    Reach(u64),
    /// When the network takes no reply any more.
    Window(Instant),
    /// Of which value the customer is.
    Customer(CustomerValue),
}

impl Part {
    /// Its name.
    pub fn name(&self) -> PartName {
        match self {
            Part::Severity(_) => PartName::Severity,
            Part::Risk(_) => PartName::Risk,
            Part::Strikes(..) => PartName::Strikes,
            Part::Reach(_) => PartName::Reach,
            Part::Window(_) => PartName::Window,
            Part::Customer(_) => PartName::Customer,
        }
    }
}

impl fmt::Display for Part {
    /// What it rests on, for the API and the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Severity(n) => write!(f, "severity {n} of 3"),
            Part::Risk(risk) => write!(f, "the verdict flags {risk}"),
            Part::Strikes(n, Some(since)) => write!(f, "complaint {n} since {since}"),
            Part::Strikes(n, None) => write!(f, "complaint {n}"),
            Part::Reach(n) => write!(f, "{n} people follow or saw it"),
            Part::Window(at) => write!(f, "the network takes a reply until {at}"),
            Part::Customer(value) => write!(f, "the company's system says {value}"),
        }
    }
}

/// A part with its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The part.
    pub part: Part,
    /// What it is worth, in points.
    pub points: i64,
}

/// How urgent a case is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priority {
    /// The sum of its parts.
    pub points: i64,
    /// What it is made of; what is worth nothing is left out.
    pub parts: Vec<Weighed>,
}

impl Weights {
    /// What the parts of an open case are worth; of one that owes nothing, nothing.
    pub fn priority(&self, case: &Case, stakes: &Stakes) -> Priority {
        let mut parts = Vec::new();
        let mut add = |part, points: i64| {
            if points > 0 {
                parts.push(Weighed { part, points });
            }
        };
        if case.owing().is_some() {
            let severity = case.severity();
            if let Some(points) = usize::from(severity).checked_sub(1) {
                let points = self.severity.get(points).copied();
                add(Part::Severity(severity), points.unwrap_or(self.severity[2]));
            }
            for risk in &stakes.risk {
                add(Part::Risk(*risk), self.risk.get(risk).copied().unwrap_or(0));
            }
            let strikes = Part::Strikes(stakes.strikes, stakes.strikes_since);
            match stakes.strikes {
                0 | 1 => {}
                2 => add(strikes, self.second_strike),
                _ => add(strikes, self.third_strike),
            }
            add(Part::Reach(stakes.reach), self.reach.saturating_mul(steps(stakes.reach)));
            if let Some((closes, hours)) = self.closing(case, stakes) {
                add(Part::Window(closes), hours);
            }
            if let Some(value) = stakes.customer {
                add(Part::Customer(value), self.customer.get(&value).copied().unwrap_or(0));
            }
        }
        let points = parts.iter().fold(0, |sum: i64, p| sum.saturating_add(p.points));
        Priority { points, parts }
    }

    /// When the network takes no reply any more, and how many hours before the deadline an answer
    /// must stand there for that, rounded up. What had closed before we heard hurries nobody: opened
    /// out of a first look it would stand before all else.
    fn closing(&self, case: &Case, stakes: &Stakes) -> Option<(Instant, i64)> {
        let window = stakes.window?;
        let closes = case.opened().map(|o| (o.since + window, o.heard_at));
        let closes = closes.filter(|(at, heard)| at > heard).map(|(at, _)| at).min()?;
        let hours = (case.deadline()? - closes).saturating_add(HOUR - 1).div_euclid(HOUR);
        Some((closes, hours.saturating_add(self.window)))
    }
}

/// The powers of ten in a reach, from [`REACH`] on: 1 for 1,000, 2 for 10,000.
fn steps(reach: u64) -> i64 {
    (reach / REACH).checked_ilog10().map_or(0, |n| i64::from(n) + 1)
}

/// The classes of the line, the first before all others. They are stored.
const COMPLAINT: i64 = 0;
/// Questions.
const QUESTION: i64 = 1;
/// What a person must look at.
const LOOK: i64 = 2;
/// What waits in a first look.
const FIRST_LOOK: i64 = 3;
/// What owes nothing.
const ENDED: i64 = 4;

/// Where a case stands in line: its class, and within it by when. Complaints come before questions,
/// questions before looks; what waits in a first look stands behind all that has a deadline, the
/// oldest first; what has ended comes last, the newest first.
pub fn place(case: &Case, points: i64) -> (i64, Instant) {
    let Some(owing) = case.owing() else {
        return (ENDED, Instant(case.opened_at.0.saturating_neg()));
    };
    let Some(deadline) = case.deadline() else {
        return (FIRST_LOOK, case.opened_at);
    };
    let class = match owing {
        Owing::Complaint => COMPLAINT,
        Owing::Question => QUESTION,
        Owing::Look => LOOK,
    };
    (class, deadline - points.saturating_mul(HOUR))
}

#[cfg(test)]
mod tests;
