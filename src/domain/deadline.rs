//! First-response deadlines: how long a brand may take, in business hours, capped in wall-clock time.

use super::hours::Calendar;
use super::obligation::Owing;
use super::time::{HOUR, Instant};

/// What a brand promises itself. Durations are milliseconds.
#[derive(Clone, Debug)]
pub struct SlaPolicy {
    /// Business time to the first answer to a complaint of severity 1, 2, 3.
    pub first_response: [i64; 3],
    /// Business time to the first answer to a question, or to a look.
    pub question: i64,
    /// No deadline lies later than this after the mention was written, whatever the calendar says.
    pub answer_at_latest: i64,
}

impl Default for SlaPolicy {
    /// Eight, four and one business hours, questions within sixteen; never more than three days.
    fn default() -> SlaPolicy {
        SlaPolicy {
            first_response: [8 * HOUR, 4 * HOUR, HOUR],
            question: 16 * HOUR,
            answer_at_latest: 72 * HOUR,
        }
    }
}

impl SlaPolicy {
    /// When the first answer is due.
    ///
    /// The clock starts when the customer wrote, not when we heard: that is what the customer
    /// waits for. A time in the future (a wrong clock at the source) counts from `heard_at`.
    pub fn first_answer_due(
        &self,
        calendar: &Calendar,
        owing: Owing,
        severity: u8,
        since: Instant,
        heard_at: Instant,
    ) -> Instant {
        let start = since.min(heard_at);
        let work = match owing {
            Owing::Complaint => self.first_response[usize::from(severity.clamp(1, 3)) - 1],
            Owing::Question | Owing::Look => self.question,
        };
        calendar.after(start, work).min(start + self.answer_at_latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_shortens_and_the_cap_holds() {
        let zone = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
        let office = Calendar::office(zone);
        let sla = SlaPolicy { answer_at_latest: 20 * HOUR, ..SlaPolicy::default() };
        let friday = Instant::parse("2026-11-20T17:00:00+01:00").unwrap();
        let due = |owing, severity| sla.first_answer_due(&office, owing, severity, friday, friday);
        assert_eq!(due(Owing::Complaint, 3), friday + HOUR);
        assert_eq!(due(Owing::Complaint, 1), friday + 20 * HOUR, "Monday is too late");
        assert!(due(Owing::Question, 0) >= due(Owing::Complaint, 1));
    }

    #[test]
    fn a_date_in_the_future_counts_from_hearing() {
        let always = Calendar::always(jiff::tz::TimeZone::UTC);
        let sla = SlaPolicy::default();
        let heard = Instant(1_000_000);
        let due = sla.first_answer_due(&always, Owing::Complaint, 3, heard + 90 * HOUR, heard);
        assert_eq!(due, heard + HOUR);
    }
}
