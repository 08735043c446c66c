//! Where a deadline by business hours alone would come later than a brand allows.

use super::Calendar;
use super::stretches::Stretch;
use crate::domain::Instant;
use crate::domain::time::DAY;

/// A stretch of time in which whoever writes would wait too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Who writes from here on waits too long.
    pub from: Instant,
    /// Up to here, exclusive.
    pub to: Instant,
    /// When the calendar alone has it due, for one who writes at the beginning.
    pub due: Instant,
    /// The closures and holidays between writing and then, each once.
    pub names: Vec<String>,
}

/// The stretches between two instants in which `work` milliseconds of business time take longer
/// than `at_latest` milliseconds.
pub fn waits(
    calendar: &Calendar,
    work: i64,
    at_latest: i64,
    from: Instant,
    to: Instant,
) -> Vec<Wait> {
    let work = work.max(1);
    let plan = Plan::of(calendar.open_between(from, calendar.after(to, work) + DAY));
    let mut found: Vec<Wait> = Vec::new();
    let turns = plan.turns(work, from, to);
    for (begin, end) in turns.iter().zip(turns.iter().skip(1)) {
        // Just behind a turn: exactly there, what was before it still counts.
        let Some(due) = plan.after(plan.before(*begin) + work) else { break };
        let (open, due) = match plan.open_at(*begin) {
            // As one writes later, it is due as much later.
            true => (true, plan.after(plan.before(*begin) + work + 1).map_or(due, |d| d - 1_i64)),
            false => (false, due),
        };
        if due - *begin <= at_latest {
            continue;
        }
        let end = if open { *end } else { (*end).min(due - at_latest) };
        match found.last_mut() {
            Some(last) if last.to == *begin => last.to = end,
            _ => found.push(Wait { from: *begin, to: end, due, names: Vec::new() }),
        }
    }
    for wait in &mut found {
        wait.names = names(calendar, wait.from, wait.due);
    }
    found
}

/// Working time with what was worked before each stretch of it.
struct Plan {
    open: Vec<(Stretch, i64)>,
}

impl Plan {
    fn of(open: Vec<Stretch>) -> Plan {
        let mut total = 0;
        let with_total = |stretch: Stretch| {
            let before = total;
            total += stretch.1 - stretch.0;
            (stretch, before)
        };
        Plan { open: open.into_iter().map(with_total).collect() }
    }

    /// What is worked before an instant.
    fn before(&self, at: Instant) -> i64 {
        let next = self.open.partition_point(|((open, _), _)| *open <= at);
        let Some(((open, close), before)) = next.checked_sub(1).map(|last| self.open[last]) else {
            return 0;
        };
        before + (at.min(close) - open)
    }

    fn open_at(&self, at: Instant) -> bool {
        let next = self.open.partition_point(|((open, _), _)| *open <= at);
        next.checked_sub(1).is_some_and(|last| at < self.open[last].0.1)
    }

    /// The first instant before which so much was worked.
    fn after(&self, total: i64) -> Option<Instant> {
        let at =
            self.open.partition_point(|((open, close), before)| before + (*close - *open) < total);
        let ((open, _), before) = *self.open.get(at)?;
        Some(open + (total - before))
    }

    /// The instants between which the wait neither jumps nor changes its pace: where people begin
    /// or end to work, and where that lies `work` ahead.
    fn turns(&self, work: i64, from: Instant, to: Instant) -> Vec<Instant> {
        let mut turns = vec![from, to];
        for ((open, close), before) in &self.open {
            turns.extend([*open, *close]);
            for total in [*before, before + (*close - *open)] {
                turns.extend((total > work).then(|| self.after(total - work)).flatten());
            }
        }
        turns.retain(|at| from <= *at && *at <= to);
        turns.sort_unstable();
        turns.dedup();
        turns
    }
}

/// What closes the days between two instants, each name once.
fn names(calendar: &Calendar, from: Instant, to: Instant) -> Vec<String> {
    let day = |at: Instant| at.timestamp().to_zoned(calendar.zone.clone()).date();
    let mut names: Vec<String> = Vec::new();
    let mut at = day(from);
    let last = day(to);
    while at <= last {
        let pauses =
            calendar.pauses.iter().filter(|p| day(p.from) <= at && at <= day(p.to - 1_i64));
        let found = calendar.closed_on(at).into_iter().chain(pauses.map(|p| p.name.clone()));
        for name in found.filter(|name| !name.is_empty()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match at.tomorrow() {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hours::Region;
    use crate::domain::time::{HOUR, MINUTE};
    use jiff::tz::TimeZone;

    fn at(text: &str) -> Instant {
        let zoned: jiff::Zoned = format!("{text}[Europe/Rome]").parse().unwrap();
        Instant(zoned.timestamp().as_millisecond())
    }

    fn italian() -> Calendar {
        let regions = vec![Region::parse("it").unwrap()];
        Calendar { regions, ..Calendar::office(TimeZone::get("Europe/Rome").unwrap()) }
    }

    #[test]
    fn a_long_weekend_waits_too_long_and_an_ordinary_one_does_not() {
        let (from, to) = (at("2026-12-07T00:00"), at("2026-12-30T00:00"));
        let all = waits(&italian(), 8 * HOUR, 72 * HOUR, from, to);
        // Friday is Christmas: who writes on Thursday after ten is not served before Monday.
        let [christmas] = &all[..] else { panic!("{all:?}") };
        assert_eq!(christmas.from, at("2026-12-24T10:00"));
        assert_eq!(christmas.to, at("2026-12-25T17:00"));
        assert_eq!(christmas.due, at("2026-12-28T09:00"));
        assert_eq!(christmas.names, ["Natale", "Santo Stefano"]);
        assert_eq!(waits(&italian(), HOUR, 72 * HOUR, from, to)[0].from, at("2026-12-24T17:00"));
        assert!(waits(&italian(), 8 * HOUR, 200 * HOUR, from, to).is_empty());
    }

    #[test]
    fn each_minute_is_in_a_wait_if_it_waits_too_long() {
        let calendar = italian();
        let (from, to) = (at("2026-12-18T07:00"), at("2027-01-11T12:00"));
        for (work, at_latest) in [(8 * HOUR, 60 * HOUR), (HOUR, 20 * HOUR), (16 * HOUR, 90 * HOUR)]
        {
            let all = waits(&calendar, work, at_latest, from, to);
            assert!(!all.is_empty());
            let mut now = from + 30_000;
            while now < to {
                let late = calendar.after(now, work) - now > at_latest;
                let listed = all.iter().any(|wait| wait.from <= now && now < wait.to);
                assert_eq!(late, listed, "{now} with {work} and {at_latest}");
                now = now + 7 * MINUTE;
            }
        }
    }
}
