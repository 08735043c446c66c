//! `Commitment`: a date that we gave a customer, or set ourselves, and what became of it.

use super::case::{Case, State};
use super::hours::Calendar;
use super::id::ReplyId;
use super::obligation::{Evidence, Standing};
use super::promise::Promise;
use super::time::{DAY, HOUR, Instant, MINUTE};
use super::verdict::{Topic, words};
use serde::{Deserialize, Serialize};

/// The last fifth of the time that a promise gives is left for keeping it: a reminder comes before.
const LAST_PART: i64 = 5;
/// A reminder comes at least so long before, where half of the time is not less.
const LEAST_LEAD: i64 = HOUR;
/// What we say within this of a promise goes on with it (a reply in several posts) and keeps
/// nothing; of a short promise a quarter of its time counts.
const GOES_ON: i64 = 10 * MINUTE;
/// A follow-up is offered so long after an answer that brought no word back …
const OFFERED_AFTER: i64 = 3 * DAY;
/// … and no longer than this after it.
const OFFERED_UNTIL: i64 = 30 * DAY;
/// Of the words that carried a commitment, or of an agent's note, no more bytes are kept.
pub const WORDS_LIMIT: usize = 500;

words! {
    /// What kind of date it is.
    CommitmentKind {
        /// A reply of ours gave it.
        Promise = "promise",
        /// We want to get in touch again.
        FollowUp = "follow_up",
    }
}

/// Where a commitment comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A reply that was published here.
    Reply(ReplyId),
    /// A colleague's answer in the network's own app, by its id there.
    Native(String),
    /// An agent, by name.
    Agent(String),
    /// The brand's rule for a topic.
    Rule(Topic),
}

/// How a commitment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitmentState {
    /// It is still to be kept.
    Open,
    /// We got in touch; late, if that was after the date.
    Kept {
        /// What proves it.
        evidence: Evidence,
        /// When we did.
        at: Instant,
    },
    /// The date passed. An answer can still keep it, late.
    Broken {
        /// When that was noticed.
        at: Instant,
    },
    /// A person took it out.
    Dropped {
        /// Who.
        by: String,
        /// Why.
        note: String,
        /// When.
        at: Instant,
    },
}

/// A date that we gave a customer, or set ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// 1, 2, 3 … within the case.
    pub number: u32,
    /// What kind of date it is.
    pub kind: CommitmentKind,
    /// When it was given or set.
    pub made_at: Instant,
    /// By when, or when.
    pub due: Instant,
    /// The words that carried a promise, or what is to be done.
    pub words: String,
    /// Where it comes from.
    pub source: Source,
    /// When the team is reminded of a promise; `None` where there is no time for that.
    pub remind_at: Option<Instant>,
    /// When it was.
    pub reminded_at: Option<Instant>,
    /// When the team was last told that its date has come, or passed.
    pub told_at: Option<Instant>,
    /// How it stands.
    pub state: CommitmentState,
}

impl Commitment {
    /// A promise of a reply that was posted at `made_at`.
    pub fn promise(
        number: u32,
        promise: Promise,
        made_at: Instant,
        source: Source,
        calendar: &Calendar,
    ) -> Commitment {
        Commitment {
            remind_at: reminder(made_at, promise.due, calendar),
            ..Commitment::new(
                number,
                CommitmentKind::Promise,
                made_at,
                promise.due,
                promise.words,
                source,
            )
        }
    }

    /// A follow-up that is set at `made_at` for `due`.
    pub fn follow_up(
        number: u32,
        due: Instant,
        note: String,
        made_at: Instant,
        source: Source,
    ) -> Commitment {
        Commitment::new(number, CommitmentKind::FollowUp, made_at, due, note, source)
    }

    fn new(
        number: u32,
        kind: CommitmentKind,
        made_at: Instant,
        due: Instant,
        mut words: String,
        source: Source,
    ) -> Commitment {
        super::text::clean(&mut words);
        super::text::cut_bytes(&mut words, WORDS_LIMIT);
        let state = CommitmentState::Open;
        let (remind_at, reminded_at, told_at) = (None, None, None);
        Commitment {
            number,
            kind,
            made_at,
            due,
            words,
            source,
            remind_at,
            reminded_at,
            told_at,
            state,
        }
    }

    /// Whether it is still to be kept in time.
    pub fn is_open(&self) -> bool {
        self.state == CommitmentState::Open
    }

    /// Whether the customer still waits for what it says: open, or broken and not made good.
    pub fn is_awaited(&self) -> bool {
        matches!(self.state, CommitmentState::Open | CommitmentState::Broken { .. })
    }

    /// Whether it was kept after its date, or its date passed without that.
    pub fn is_late(&self) -> bool {
        match &self.state {
            CommitmentState::Kept { at, .. } => *at > self.due,
            CommitmentState::Broken { .. } => true,
            CommitmentState::Open | CommitmentState::Dropped { .. } => false,
        }
    }

    /// Whether an answer of that time keeps it.
    pub fn is_kept_by(&self, at: Instant) -> bool {
        let goes_on = GOES_ON.min((self.due - self.made_at) / 4).max(0);
        self.is_awaited() && at > self.made_at + goes_on
    }
}

/// When the team is reminded of a promise: before the last fifth of its time and at least an hour
/// before its end (of less than two hours half is left), at an hour when somebody works. `None`
/// where nobody works in between.
pub fn reminder(made_at: Instant, due: Instant, calendar: &Calendar) -> Option<Instant> {
    let span = due - made_at;
    let lead = (span / LAST_PART).max(LEAST_LEAD).min(span / 2);
    let wanted = due - lead;
    let least = due - LEAST_LEAD.min(lead);
    // `after` with no work to do gives the instant itself where somebody works, else the next
    // opening.
    let opening = calendar.after(wanted, 0);
    if opening <= least {
        return Some(opening).filter(|at| *at > made_at);
    }
    // Nobody works between then and an hour before the end: the last hour of work before counts.
    let mut at = wanted;
    while at > made_at {
        at = at - HOUR;
        if at > made_at && calendar.after(at, 0) == at {
            return Some(at);
        }
        if due - at > 14 * DAY {
            break;
        }
    }
    None
}

/// Between which instants our last word was given where a follow-up is offered at `now`: after the
/// first, and no later than the second.
pub fn offered_between(now: Instant) -> (Instant, Instant) {
    (now - OFFERED_UNTIL, now - OFFERED_AFTER)
}

/// Whether a follow-up is offered: the last word is ours since three days (and not for longer than
/// a month), and none is set. `last_heard` is when the customer last wrote.
pub fn offers_follow_up(case: &Case, last_heard: Instant, now: Instant) -> bool {
    let answered = case.obligations.iter().filter_map(|o| match &o.standing {
        Standing::Met { at, .. } => Some(*at),
        _ => None,
    });
    let Some(answered) = answered.max() else { return false };
    let (after, until) = offered_between(now);
    let silent = after < answered && answered <= until;
    let set = case.commitments.iter().any(|c| c.is_awaited() || c.made_at >= answered);
    case.state() == State::Answered && last_heard <= answered && silent && !set
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn at(text: &str) -> Instant {
        let zoned: jiff::Zoned = format!("{text}[Europe/Rome]").parse().unwrap();
        Instant(zoned.timestamp().as_millisecond())
    }

    fn office() -> Calendar {
        Calendar::office(TimeZone::get("Europe/Rome").unwrap())
    }

    #[test]
    fn a_reminder_leaves_time_and_comes_when_somebody_works() {
        let office = office();
        let remind = |made: &str, due: &str| reminder(at(made), at(due), &office);
        // Promised on Wednesday morning for Friday evening: 11.2 hours are a fifth of 56.
        let morning = remind("2026-11-18T10:00", "2026-11-20T18:00");
        assert_eq!(morning, Some(at("2026-11-20T09:00")), "not at 6:48");
        let noon = remind("2026-11-20T10:00", "2026-11-20T18:00");
        assert_eq!(noon, Some(at("2026-11-20T16:24")));
        let short = remind("2026-11-20T10:00", "2026-11-20T11:00");
        assert_eq!(short, Some(at("2026-11-20T10:30")), "half of an hour is left");
        // Due on Saturday: the last hour of Friday in which there is still a fifth of the time.
        let weekend = remind("2026-11-20T10:00", "2026-11-21T23:00").unwrap();
        assert!(weekend < at("2026-11-20T18:00") && weekend > at("2026-11-20T16:00"));
        assert_eq!(remind("2026-11-21T10:00", "2026-11-21T20:00"), None, "nobody works");
    }

    fn promised(due: &str) -> Commitment {
        let promise = Promise { due: at(due), words: "entro venerdì".to_owned() };
        let made = at("2026-11-18T10:00");
        Commitment::promise(1, promise, made, Source::Native("9".to_owned()), &office())
    }

    #[test]
    fn what_goes_on_with_a_promise_does_not_keep_it() {
        let promise = promised("2026-11-20T18:00");
        assert!(!promise.is_kept_by(at("2026-11-18T10:00")), "the reply itself");
        assert!(!promise.is_kept_by(at("2026-11-18T10:09")), "its second post");
        assert!(promise.is_kept_by(at("2026-11-18T10:11")));
        let short = promised("2026-11-18T10:20");
        assert!(short.is_kept_by(at("2026-11-18T10:06")));
        let dropped = CommitmentState::Dropped {
            by: "ada".to_owned(),
            note: "no date".to_owned(),
            at: at("2026-11-18T11:00"),
        };
        let dropped = Commitment { state: dropped, ..promise };
        assert!(!dropped.is_kept_by(at("2026-11-19T10:00")) && !dropped.is_late());
    }

    #[test]
    fn long_words_are_cut() {
        let source = Source::Agent("ada".to_owned());
        let long = Commitment::follow_up(1, Instant(9), "a\0".repeat(900), Instant(0), source);
        assert!(long.words.len() <= WORDS_LIMIT && !long.words.contains('\0'));
    }
}
