//! Delivery: when an alert goes to whom. Quiet hours and what breaks them, the rate of a recipient,
//! and what a live alert says of its case. An alert is made all the same: only its way waits.

use super::case::{Attention, Case};
use super::hours::Span;
use super::obligation::Owing;
use super::reason::Reason;
use super::rota::Stretch;
use super::time::{Instant, SECOND};
use super::verdict::{Risk, words};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

words! {
    /// What breaks quiet hours where a brand lists it.
    Wake {
        /// Somebody was or can be hurt.
        Safety = "safety",
        /// Many complain of the same at once.
        Storm = "storm",
        /// A channel hears nothing any more.
        Deaf = "deaf",
        /// A lawyer, a court or an authority is named.
        Legal = "legal",
        /// A customer complains for the third time.
        ThirdStrike = "third_strike",
        /// A date that a reply of ours gave has passed.
        BrokenPromise = "broken_promise",
    }
}

impl Wake {
    /// What wakes where a brand says nothing else.
    pub const USUAL: [Wake; 3] = [Wake::Safety, Wake::Storm, Wake::Deaf];

    /// Why an alert may break quiet hours: the first of what is `listed`, if any. `risks` are those
    /// of the complaints that stand in its case.
    pub fn of(listed: &[Wake], reason: Reason, risks: &[Risk]) -> Option<Wake> {
        let applies = |wake: Wake| match wake {
            Wake::Safety => risks.contains(&Risk::Safety),
            Wake::Legal => risks.contains(&Risk::Legal),
            Wake::Deaf => matches!(reason, Reason::ChannelDeaf | Reason::ChannelQuiet),
            Wake::Storm => reason == Reason::Storm,
            Wake::ThirdStrike => reason == Reason::ThirdStrike,
            Wake::BrokenPromise => reason == Reason::PromiseBroken,
        };
        Wake::ALL.iter().copied().find(|wake| listed.contains(wake) && applies(*wake))
    }
}

/// Quiet hours that follow on one another without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Night {
    /// Their first moment.
    pub from: Instant,
    /// The first moment that is no longer quiet.
    pub to: Instant,
}

/// No night is put together of more pieces; [`ends`] refuses what never ends.
const PIECES: usize = 64;

/// The quiet hours in which `now` lies, if any; `quiet` are times of day on the clocks of `zone`.
pub fn night(quiet: &[Span], zone: &TimeZone, now: Instant) -> Option<Night> {
    let mut night = piece(quiet, zone, now)?;
    for _ in 0..PIECES {
        let Some(next) = piece(quiet, zone, night.to) else { break };
        night.to = next.to;
    }
    for _ in 0..PIECES {
        let Some(before) = piece(quiet, zone, night.from - 1) else { break };
        night.from = before.from;
    }
    Some(night)
}

/// The longest of the spans around an instant, of today or of the night before.
fn piece(quiet: &[Span], zone: &TimeZone, at: Instant) -> Option<Night> {
    let today = at.timestamp().to_zoned(zone.clone()).date();
    let days = [today.yesterday().ok(), Some(today)];
    let spans = days.into_iter().flatten().flat_map(|day| quiet.iter().map(move |s| (day, s)));
    spans
        .filter_map(|(day, span)| on(day, span, zone))
        .filter(|(from, to)| (*from..*to).contains(&at))
        .map(|(from, to)| Night { from, to })
        .max_by_key(|night| night.to)
}

/// The hours of a span that begins on a day.
fn on(day: Date, span: &Span, zone: &TimeZone) -> Option<Stretch> {
    let end = if span.to <= span.from { day.tomorrow().ok()? } else { day };
    Some((shown(zone, day, span.from)?, shown(zone, end, span.to)?))
}

/// All quiet hours between two instants, a stretch for each span and day.
pub fn nights(quiet: &[Span], zone: &TimeZone, from: Instant, to: Instant) -> Vec<Stretch> {
    let day_of = |at: Instant| at.timestamp().to_zoned(zone.clone()).date();
    let (mut day, last) = (day_of(from).yesterday().ok(), day_of(to));
    let mut nights = Vec::new();
    while let Some(date) = day.filter(|day| !quiet.is_empty() && *day <= last) {
        let hours = quiet.iter().filter_map(|span| on(date, span, zone));
        let within = hours.map(|(begin, end)| (begin.max(from), end.min(to)));
        nights.extend(within.filter(|(begin, end)| begin < end));
        day = date.tomorrow().ok();
    }
    nights
}

/// When the clocks show a time; one that daylight saving skips comes later, of two the first is meant.
fn shown(zone: &TimeZone, date: Date, time: Time) -> Option<Instant> {
    let there = zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
    Some(Instant(there.timestamp().as_millisecond()))
}

/// Whether quiet hours end: some minute of the day is in none of them.
pub fn ends(quiet: &[Span]) -> bool {
    let minute = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
    let covers = |span: &Span, at: i32| {
        let (from, to) = (minute(span.from), minute(span.to));
        if to <= from { at >= from || at < to } else { from <= at && at < to }
    };
    (0..24 * 60).any(|at| !quiet.iter().any(|span| covers(span, at)))
}

/// What becomes of an alert that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes.
    Goes,
    /// It goes and may wake who gets it.
    Wakes(Wake, Night),
    /// It waits until the quiet hours end.
    Waits(Night),
    /// It waits too, and the person on call is woken in its place.
    WaitsBehind(Wake, Night),
}

/// What becomes of an alert to `recipient`. `night`: its quiet hours around now, if any; `wake`:
/// why it may break them. What wakes goes to the person on call alone, and where there is none to
/// everybody.
pub fn fate(
    night: Option<Night>,
    wake: Option<Wake>,
    recipient: &str,
    on_call: Option<&str>,
) -> Fate {
    match (night, wake) {
        (None, _) => Fate::Goes,
        (Some(night), None) => Fate::Waits(night),
        (Some(night), Some(wake)) if on_call.is_none_or(|name| name == recipient) => {
            Fate::Wakes(wake, night)
        }
        (Some(night), Some(wake)) => Fate::WaitsBehind(wake, night),
    }
}

/// So many alerts wake a person in one night, each by itself.
pub const WAKES_A_NIGHT: i64 = 3;

/// Whether an alert rings by itself after `before` others in one night; else it goes into the one
/// that is changed in place. Where somebody may be hurt it always rings.
pub fn rings_alone(wake: Wake, before: i64) -> bool {
    wake == Wake::Safety || before < WAKES_A_NIGHT
}

/// How many messages a recipient gets at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many; at least one.
    pub most: i64,
    /// Within any stretch of this length, in milliseconds.
    pub window_ms: i64,
}

impl Rate {
    /// How many more may go after `sent` within the last window.
    pub fn room(&self, sent: i64) -> usize {
        usize::try_from(self.most - sent).unwrap_or(0)
    }

    /// When there is room again: when the oldest of those in the window leaves it.
    pub fn next(&self, oldest: Option<Instant>, now: Instant) -> Instant {
        oldest.map_or(now, |at| at + self.window_ms).max(now + SECOND)
    }
}

/// How many of those that are due go one by one where there is room for so many messages. Where
/// they do not all fit, the last place is for one message that tells all others.
pub fn one_by_one(room: usize, due: usize) -> usize {
    if due <= room { due } else { room.saturating_sub(1) }
}

/// How a case stands, as far as a live alert tells of it: an alert that said this is up to date.
pub fn stands(case: &Case) -> String {
    // Until when is not told, so a take that is renewed changes nothing.
    let by = match &case.attention {
        Attention::Free => "",
        Attention::Taken { by, .. }
        | Attention::Snoozed { by, .. }
        | Attention::Moved { by, .. } => by,
    };
    let complaints = case.owed().filter(|o| o.owing == Owing::Complaint).count();
    let ticket = match &case.handed_over {
        Some(handed) if handed.closed_at.is_some() && complaints > 0 => " closed there",
        _ => "",
    };
    format!("{} {complaints} {by}{ticket}", case.state())
}

#[cfg(test)]
mod tests;
