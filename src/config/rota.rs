//! Makes rotas of their sections: turns, hours, who stands in and who is away.

use super::brands::refer;
use super::calendars::DAYS;
use super::check::{Checked, check};
use super::form::Wrong;
use super::inner::Inner;
use super::problem::Problems;
use super::section::{Raw, Sections};
use crate::domain::Instant;
use crate::domain::rota::{Rota, Rotas, Stint};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A change-over as it is written: the day of the week (0 for Monday), if it is named, and when.
pub(super) type ChangeOver = (Option<usize>, Time);

/// Somebody there or away, as it is written: the times belong to no zone yet.
#[derive(Clone, Debug)]
pub(super) struct Written {
    who: String,
    from: DateTime,
    to: DateTime,
}

impl Written {
    /// With its times in a zone.
    fn in_zone(self, zone: &TimeZone) -> Stint {
        // Only times at the ends of the calendar are none.
        let at = |time: DateTime, else_at| {
            let there = zone.to_ambiguous_zoned(time).compatible();
            there.map_or(Instant(else_at), |t| Instant(t.timestamp().as_millisecond()))
        };
        Stint { from: at(self.from, i64::MIN), to: at(self.to, i64::MAX), who: self.who }
    }
}

/// Reads all rotas. One with a problem may be missing in what comes back.
pub(super) fn read(sections: &Sections, problems: &mut Problems) -> Rotas {
    let recipients = sections.names("recipient");
    let mut rotas = Rotas::new();
    for section in sections.of("rota") {
        let keys = check(section, section.shape.fields, false, problems);
        if recipients.contains(&section.name.as_str()) {
            let what = format!("[recipient.{}] has the same name", section.name);
            problems.add(&section.place, section.path(), what, "Give one of them another name.");
        }
        people(&keys, sections, problems);
        if let Some(rota) = rota(&section.name, &keys, problems) {
            rotas.insert(section.name.clone(), rota);
        }
    }
    rotas
}

/// Says so where somebody is no recipient, or there is nobody at all.
fn people(keys: &Checked, sections: &Sections, problems: &mut Problems) {
    let people: Option<Vec<String>> = keys.get("people");
    if people.as_ref().is_some_and(Vec::is_empty) {
        let remedy = "Name one recipient at least, as in people = [\"anna\"].";
        problems.add(&keys.place("people"), keys.key("people"), "a rota without people", remedy);
    }
    for name in people.unwrap_or_default() {
        refer(keys, "people", &name, "recipient", sections, problems);
    }
    for key in ["overrides", "absences"] {
        for stint in keys.get::<Vec<Written>>(key).unwrap_or_default() {
            refer(keys, key, &stint.who, "recipient", sections, problems);
            if stint.to <= stint.from {
                let what = format!("that of `{}` ends before it begins", stint.who);
                let remedy = "Write when it begins into from and when it ends into to.";
                problems.add(&keys.place(key), keys.key(key), what, remedy);
            }
        }
    }
}

fn rota(name: &str, keys: &Checked, problems: &mut Problems) -> Option<Rota> {
    let zone: TimeZone = keys.get("zone")?;
    let start: Date = keys.get("start")?;
    let every: i64 = keys.get("every").unwrap_or(7);
    let usual = (None, Time::constant(9, 0, 0, 0));
    let (weekday, change): ChangeOver = keys.get("change").unwrap_or(usual);
    if weekday.is_some() && every % 7 != 0 {
        problems.add(
            &keys.place("change"),
            keys.key("change"),
            format!("turns of {every} days cannot always change on the same day of the week"),
            "Write a time alone, as in change = \"09:00\", or turns of whole weeks into every.",
        );
    }
    let days = |date: Date| usize::try_from(date.weekday().to_monday_zero_offset()).ok();
    let first = match weekday {
        Some(_) => start.series(jiff::Span::new().days(1)).take(7).find(|d| days(*d) == weekday),
        None => Some(start),
    };
    let stints = |key: &str| {
        let written: Vec<Written> = keys.get(key).unwrap_or_default();
        written.into_iter().map(|w| w.in_zone(&zone)).collect()
    };
    Some(Rota {
        name: name.to_owned(),
        people: keys.get("people")?,
        first: first.unwrap_or(start),
        every,
        change,
        hours: keys.get("hours").unwrap_or_default(),
        overrides: stints("overrides"),
        absences: stints("absences"),
        zone,
    })
}

/// Reads the length of a turn, in days.
pub(super) fn turn(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is no turn");
    let (number, days) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 7),
        _ => return Err(wrong()),
    };
    // Longer than a year is no turn.
    let number = number.trim_end().parse::<i64>().ok().filter(|n| (1..=366).contains(n));
    number.map(|n| n * days).ok_or_else(wrong)
}

/// Reads when turns change: `09:00` or `monday 09:00`.
pub(super) fn change_over(text: &str) -> Result<ChangeOver, String> {
    let wrong = || format!("`{text}` is no day and time at which turns change");
    let mut words = text.split_whitespace().rev();
    let time = words.next().and_then(|time| Time::strptime("%H:%M", time).ok());
    let day = words.next().map(|day| {
        let day = day.to_lowercase();
        DAYS.iter().position(|name| *name == day).ok_or_else(wrong)
    });
    match (time, words.next()) {
        (Some(time), None) => Ok((day.transpose()?, time)),
        _ => Err(wrong()),
    }
}

/// Reads a list of who is there or away.
pub(super) fn stints(raw: &Raw) -> Result<Vec<Written>, Wrong> {
    Inner::list(raw, "an entry", &["who", "from", "to"], |inner| {
        let who = inner.must("who")?.to_owned();
        let (from, to) = (inner.must("from")?, inner.must("to")?);
        Ok(Written { from: moment(&who, from, false)?, to: moment(&who, to, true)?, who })
    })
}

/// A day or a day with a time; as an end, a day alone counts to its own end.
fn moment(who: &str, text: &str, end: bool) -> Result<DateTime, Wrong> {
    let wrong = || Wrong {
        what: format!("the entry of `{who}`: `{text}` is no time"),
        remedy: Some("Write a day, or a day and a time, as in \"2026-12-24 18:00\".".to_owned()),
    };
    // A day has ten characters; with a time it has more.
    if text.len() > "2026-12-24".len() {
        return text.parse().map_err(|_| wrong());
    }
    let day: Date = text.parse().map_err(|_| wrong())?;
    let day = if end { day.tomorrow().map_err(|_| wrong())? } else { day };
    Ok(day.to_datetime(Time::midnight()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_and_change_overs_are_read_or_refused() {
        assert_eq!((turn("1w"), turn("10 d")), (Ok(7), Ok(10)));
        for wrong in ["", "w", "0d", "1h", "-1w", "one week", "367d"] {
            assert!(turn(wrong).is_err(), "{wrong}");
        }
        let nine = Time::constant(9, 0, 0, 0);
        assert_eq!(change_over("09:00"), Ok((None, nine)));
        assert_eq!(change_over(" Sunday  09:00 "), Ok((Some(6), nine)));
        for wrong in ["", "monday", "09:00 monday", "moonday 09:00", "on monday 09:00", "25:00"] {
            assert!(change_over(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_end_that_is_a_day_counts_to_its_end() {
        let read = |text, end| moment("anna", text, end).map(|t| t.to_string()).ok();
        assert_eq!(read("2026-12-24", false).as_deref(), Some("2026-12-24T00:00:00"));
        assert_eq!(read("2026-12-24", true).as_deref(), Some("2026-12-25T00:00:00"));
        assert_eq!(read("2026-12-24 18:00", true).as_deref(), Some("2026-12-24T18:00:00"));
        assert_eq!(read("2026-12-24T18:00:00", true).as_deref(), Some("2026-12-24T18:00:00"));
        assert_eq!((read("2026-13-01", false), read("christmas", false)), (None, None));
    }
}
