//! Silence: whether a lane's own history explains that nothing came for so long.
//!
//! A lane remembers in which hours it brought a mention, eight weeks back. From these comes how
//! many such hours each hour of the week brings on average, so nights and weekends are quiet by
//! themselves. If arrivals are a Poisson process with that rate, the chance of none over a stretch
//! of time is `exp(-expected)` (any textbook of probability; Poisson 1837). A silence with a chance
//! of less than 1 in 10,000 is not explained. An hour counts once however much it brought: what
//! comes in bursts is not independent, and a storm must not make a lane look busy.
//!
//! Hours are counted in UTC, so a change of clocks blurs a lane's week by an hour until the old
//! weeks are forgotten.

use super::coverage::TimeSpan;
use super::time::{DAY, HOUR, Instant};

/// How far back a history reaches, in milliseconds before its newest mention.
pub const MEMORY: i64 = 8 * 7 * DAY;

/// No shorter silence is doubted, in milliseconds of time that was heard.
const FLOOR: i64 = DAY;
/// Fewer hours with mentions than this are no history, and neither is a shorter time.
const LEAST_HOURS: usize = 20;
const LEAST_TIME: i64 = 7 * DAY;
/// One in so many silences of that length comes by chance.
const ODDS: f64 = 10_000.0;
/// Hours of a week.
const WEEK: usize = 168;

/// The hour of an instant, counted since 1970.
pub fn hour_of(at: Instant) -> i64 {
    at.0.div_euclid(HOUR)
}

fn slot(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(WEEK as i64)).unwrap_or(0)
}

/// In which hours a lane brought mentions, up to its newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    first: i64,
    newest: i64,
    heard: Vec<i64>,
}

impl History {
    /// The history of a lane that was added at `added`; `hours` are those in which it brought
    /// something, by [`hour_of`]. `None` if it never did: such a silence has no beginning.
    pub fn new(added: Instant, mut hours: Vec<i64>) -> Option<History> {
        let added = hour_of(added);
        hours.retain(|hour| *hour >= added);
        hours.sort_unstable();
        hours.dedup();
        let newest = *hours.last()?;
        let first = added.max(newest - MEMORY / HOUR + 1);
        hours.retain(|hour| *hour >= first);
        Some(History { first, newest, heard: hours })
    }

    /// Since when nothing came: the end of the last hour that brought something.
    pub fn quiet_since(&self) -> Instant {
        Instant((self.newest + 1).saturating_mul(HOUR))
    }

    /// Whether it does not explain the silence since then. Only time that was heard counts, the
    /// disjoint spans of `heard`: a hole in what was read is no silence of the lane's.
    pub fn leaves_unexplained(&self, heard: &[TimeSpan]) -> bool {
        let since = self.quiet_since();
        let clip = |span: &TimeSpan| TimeSpan::new(span.from.max(since), span.to);
        let silence: Vec<TimeSpan> = heard.iter().filter_map(clip).collect();
        let lasted: i64 = silence.iter().map(|span| span.to - span.from).sum();
        let enough = self.heard.len() >= LEAST_HOURS
            && since - Instant(self.first.saturating_mul(HOUR)) >= LEAST_TIME;
        enough && lasted >= FLOOR && self.expected(&silence) > ODDS.ln()
    }

    /// How many hours with mentions were to be expected in some spans.
    fn expected(&self, spans: &[TimeSpan]) -> f64 {
        let rates = self.rates();
        let mut sum = 0.0;
        for span in spans {
            for hour in hour_of(span.from)..=hour_of(span.to - 1) {
                let from = span.from.max(Instant(hour * HOUR));
                let to = span.to.min(Instant((hour + 1) * HOUR));
                sum += rates[slot(hour)] * (to - from) as f64 / HOUR as f64;
            }
        }
        sum
    }

    /// For each hour of the week, in which share of the weeks it brought something.
    fn rates(&self) -> [f64; WEEK] {
        let (mut heard, mut all) = ([0_i64; WEEK], [0_i64; WEEK]);
        for hour in self.first..=self.newest {
            all[slot(hour)] += 1;
        }
        for hour in &self.heard {
            heard[slot(*hour)] += 1;
        }
        std::array::from_fn(|n| heard[n] as f64 / all[n].max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A Monday, 00:00 UTC.
    const MONDAY: i64 = 1_795_392_000_000 / HOUR;

    fn at(hour: i64) -> Instant {
        Instant(hour * HOUR)
    }

    /// Whether the history explains nothing for so long a silence, all of it heard.
    fn doubted(history: &History, hours: i64) -> bool {
        let since = history.quiet_since();
        history.leaves_unexplained(&[TimeSpan { from: at(0), to: since + hours * HOUR }])
    }

    /// The shortest doubted silence, in hours.
    fn first_doubt(history: &History) -> Option<i64> {
        (1..2_000).find(|hours| doubted(history, *hours))
    }

    fn history(hours: impl Iterator<Item = i64>) -> History {
        History::new(at(MONDAY), hours.collect()).unwrap()
    }

    #[test]
    fn a_lane_that_never_rests_is_doubted_after_a_day() {
        assert_eq!(first_doubt(&history(MONDAY..MONDAY + 200)), Some(24));
    }

    #[test]
    fn a_day_now_and_then_is_doubted_by_the_poisson_law() {
        // An hour in 25 brings something: -25 ln(1/10000) hours, about 230, less what the grid of
        // the week makes of it.
        let rare = history((0..1_344).filter(|n| n % 25 == 0).map(|n| MONDAY + n));
        let doubt = first_doubt(&rare).unwrap();
        assert!((200..=260).contains(&doubt), "{doubt}");
    }

    #[test]
    fn nights_and_weekends_are_quiet_by_themselves() {
        let office = |n: &i64| n.rem_euclid(168) < 120 && (9..17).contains(&n.rem_euclid(24));
        // Four weeks, up to Friday 17:00; 64 hours later it is Monday 09:00.
        let worked = history((0..617).filter(office).map(|n| MONDAY + n));
        assert_eq!(worked.quiet_since(), at(MONDAY + 3 * 168 + 4 * 24 + 17));
        assert!(!doubted(&worked, 64));
        // Eight working hours on Monday and more than one on Tuesday.
        assert_eq!(first_doubt(&worked), Some(64 + 24 + 2));
    }

    #[test]
    fn too_little_history_explains_everything() {
        assert!(History::new(at(MONDAY), vec![]).is_none());
        assert!(History::new(at(MONDAY), vec![MONDAY - 5]).is_none(), "before it was added");
        let few = history((0..19).map(|n| MONDAY + n * 24));
        assert_eq!(first_doubt(&few), None);
        let young = history(MONDAY..MONDAY + 167);
        assert_eq!(first_doubt(&young), None);
    }

    #[test]
    fn what_was_not_heard_is_no_silence() {
        let busy = history(MONDAY..MONDAY + 200);
        let since = busy.quiet_since();
        let hole = [TimeSpan { from: since + 500 * HOUR, to: since + 523 * HOUR }];
        assert!(!busy.leaves_unexplained(&hole), "23 hours were heard");
        let more = [hole[0], TimeSpan { from: since + 600 * HOUR, to: since + 601 * HOUR }];
        assert!(busy.leaves_unexplained(&more));
    }

    #[test]
    fn what_is_long_past_is_forgotten() {
        let once = (0..400).map(|n| MONDAY + n);
        let later = (0..30).map(|n| MONDAY + 2_000 + n * 24);
        let slow = history(once.chain(later));
        assert_eq!(slow.heard.len(), 30);
        assert!(first_doubt(&slow).unwrap() > 100);
    }

    proptest! {
        #[test]
        fn doubt_grows_with_silence_and_never_comes_within_a_day(
            hours in proptest::collection::vec(0_i64..1_500, 1..300),
            silence in 0_i64..400,
        ) {
            let known = history(hours.iter().map(|n| MONDAY + n));
            if doubted(&known, silence) {
                prop_assert!(silence >= 24);
                prop_assert!(doubted(&known, silence + 1));
            }
            // The same a few weeks later.
            let moved = hours.iter().map(|n| MONDAY + 5 * 168 + n).collect();
            let moved = History::new(at(MONDAY + 5 * 168), moved).unwrap();
            prop_assert_eq!(doubted(&known, silence), doubted(&moved, silence));
        }
    }
}
