//! Deadlines: how long a brand may take to answer and to resolve, in business hours, the answer
//! capped in wall-clock time.
//!
//! A clock starts when the customer wrote, so the time in which we wait for the customer counts for
//! no answer; what that means for a resolution is told in `case/resolution.rs`.

mod rules;
#[cfg(test)]
mod tests;

pub use rules::{Doubt, SlaRule, Term};

use super::hours::Calendar;
use super::obligation::Owing;
use super::time::{HOUR, Instant};
use super::verdict::Lang;

/// What a brand promises itself. Durations are milliseconds.
#[derive(Clone, Debug)]
pub struct SlaPolicy {
    /// Business time to the first answer to a complaint of severity 1, 2, 3.
    pub first_response: [i64; 3],
    /// Business time to the first answer to a question, or to a look.
    pub question: i64,
    /// Business time to the answer to a complaint of severity 1, 2, 3 that follows an answer of ours
    /// in the same case; `None`: as for the first one.
    pub next_response: Option<[i64; 3]>,
    /// Business time in which a complaint is to be resolved, the waiting for the customer left out;
    /// `None`: that is not measured.
    pub resolution: Option<i64>,
    /// No answer is due later than this after the mention was written, whatever the calendar says.
    pub answer_at_latest: i64,
    /// What differs by network, kind, severity and language.
    pub rules: Vec<SlaRule>,
}

/// A debt, as far as a policy asks about it.
#[derive(Clone, Copy, Debug)]
pub struct Owed<'a> {
    /// The network.
    pub network: &'a str,
    /// The language it is written in.
    pub language: Lang,
    /// Why it is owed.
    pub owing: Owing,
    /// The verdict's severity.
    pub severity: u8,
    /// When the customer wrote it, or changed it.
    pub since: Instant,
    /// When we heard of that.
    pub heard_at: Instant,
    /// It follows an answer of ours in the same case.
    pub next: bool,
}

impl Owed<'_> {
    /// The severity by which a policy differs: a complaint has one at least, a question none.
    fn severity(&self) -> u8 {
        match self.owing {
            Owing::Complaint => self.severity.clamp(1, 3),
            Owing::Question => 0,
            Owing::Look => self.severity.min(3),
        }
    }
}

impl Default for SlaPolicy {
    /// Eight, four and one business hours, questions within sixteen; never more than three days. A
    /// later answer may take as long as the first one, and resolutions are not measured.
    fn default() -> SlaPolicy {
        SlaPolicy {
            first_response: [8 * HOUR, 4 * HOUR, HOUR],
            question: 16 * HOUR,
            next_response: None,
            resolution: None,
            answer_at_latest: 72 * HOUR,
            rules: Vec::new(),
        }
    }
}

impl SlaPolicy {
    /// When the answer is due.
    ///
    /// The clock starts when the customer wrote, not when we heard: that is what the customer
    /// waits for. A time in the future (a wrong clock at the source) counts from `heard_at`.
    pub fn due(&self, calendar: &Calendar, debt: &Owed<'_>) -> Instant {
        let start = debt.since.min(debt.heard_at);
        let cap = self.ruled(debt, Term::AnswerAtLatest).unwrap_or(self.answer_at_latest);
        calendar.after(start, self.response(debt)).min(start + cap)
    }

    /// The business time that an answer may take.
    pub fn response(&self, debt: &Owed<'_>) -> i64 {
        let complaint = debt.owing == Owing::Complaint;
        let by_severity = |three: [i64; 3]| three[usize::from(debt.severity().clamp(1, 3)) - 1];
        let first = self.ruled(debt, Term::FirstResponse).unwrap_or(match complaint {
            true => by_severity(self.first_response),
            false => self.question,
        });
        if !debt.next {
            return first;
        }
        let next = self.next_response.filter(|_| complaint).map(by_severity);
        self.ruled(debt, Term::NextResponse).or(next).unwrap_or(first)
    }

    /// The business time in which it is to be resolved, if that is measured. Only complaints are.
    pub fn resolution(&self, debt: &Owed<'_>) -> Option<i64> {
        let allowed = self.ruled(debt, Term::Resolution).or(self.resolution);
        allowed.filter(|_| debt.owing == Owing::Complaint)
    }

    /// What the most specific rule that fits says of a term. `check` refuses two that say it alike.
    fn ruled(&self, debt: &Owed<'_>, term: Term) -> Option<i64> {
        let fitting = self.rules.iter().filter(|rule| rule.fits(debt));
        let said = fitting.filter_map(|rule| Some((rule.conditions(), rule.says(term)?)));
        said.max_by_key(|(conditions, _)| *conditions).map(|(_, duration)| duration)
    }
}
