//! Reads iCalendar files (RFC 5545) as closures: each event closes while it lasts.
//!
//! Whether an event calls itself free or busy does not matter: most calendars of holidays say free.

use super::yearly::Yearly;
use icalendar::parser::{Component, Property, read_components, unfold};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What the events of a file close.
#[derive(Debug, Default)]
pub(super) struct Shut {
    /// Days, from the first to the last, with the name of the event.
    pub days: Vec<(Date, Date, String)>,
    /// Hours.
    pub timed: Vec<Timed>,
}

/// Hours that an event closes.
#[derive(Debug, PartialEq)]
pub(super) struct Timed {
    /// Where its clocks stand; `None` for the zone of who reads it.
    pub zone: Option<TimeZone>,
    pub from: DateTime,
    pub to: DateTime,
    pub name: String,
}

/// What of a file is not read.
#[derive(Debug)]
pub(super) struct Fault {
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    pub what: String,
    pub remedy: &'static str,
}

/// So many faults of a file are told one by one.
const TOLD: usize = 5;

/// So many closures come out of a file at most.
const MOST: usize = 20_000;

/// So deep components stand in each other at most; RFC 5545 needs three.
const DEEPEST: i32 = 8;

const EXPORT: &str = "Export it anew as iCalendar (RFC 5545), or write its days into holidays or \
                      closures.";
const BY_HAND: &str = "Only events that repeat each year are read: take it out and write its days \
                       into closures, or its hours into the days of the week.";
const TIMES: &str = "Write DTSTART and DTEND both as days (20261224) or both as times \
                     (20261224T140000), the end after the beginning.";
const ZONES: &str = "Use a name of the IANA database, as in TZID=Europe/Rome, or times in UTC, \
                     which end in Z.";

/// Reads the text of a file.
///
/// # Errors
/// Everything that is not read, with its line.
pub(super) fn read(text: &str) -> Result<Shut, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().collect();
    let unfolded = unfold(&text);
    let components = components(&unfolded, &lines).map_err(|fault| vec![fault])?;
    let mut events = Vec::new();
    components.iter().for_each(|component| gather(component, &mut events));
    let begins = (0..lines.len()).filter(|at| opens(lines[*at], "VEVENT"));

    let (mut shut, mut faults) = (Shut::default(), Vec::new());
    for (event, at) in events.into_iter().zip(begins) {
        let read = Event { of: event, lines: &lines, at }.read(&mut shut);
        faults.extend(read.err());
        if shut.days.len() + shut.timed.len() > MOST {
            let what = format!("the file closes more than {MOST} times");
            faults.push(Fault { line: at + 1, what, remedy: EXPORT });
            break;
        }
    }
    if faults.is_empty() {
        return Ok(shut);
    }
    let more = faults.len().saturating_sub(TOLD);
    faults.truncate(TOLD);
    if more > 0
        && let Some(last) = faults.last_mut()
    {
        last.what.push_str(&format!("; and {more} more events are not read"));
    }
    Err(faults)
}

/// The parsed file. `lines` are those that were not unfolded.
fn components<'t>(unfolded: &'t str, lines: &[&str]) -> Result<Vec<Component<'t>>, Fault> {
    let whole = |what: &str| Fault { line: 0, what: what.to_owned(), remedy: EXPORT };
    if !lines.iter().find(|line| !line.is_empty()).is_some_and(|line| opens(line, "VCALENDAR")) {
        return Err(whole("no iCalendar: it does not begin with BEGIN:VCALENDAR"));
    }
    // The parser goes as deep as the file does.
    let mut depth = 0;
    for line in unfolded.lines().map(str::to_ascii_uppercase) {
        depth += i32::from(line.trim_start().starts_with("BEGIN:"));
        depth -= i32::from(line.trim_start().starts_with("END:"));
        if depth > DEEPEST {
            return Err(whole("no iCalendar: too many components stand in each other"));
        }
    }
    read_components(unfolded).map_err(|why| {
        // It counts the lines of the unfolded text.
        let number = why.split_once("at line ").and_then(|(_, rest)| {
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
        });
        let mut whole_lines = (0..lines.len()).filter(|at| !lines[*at].starts_with([' ', '\t']));
        let line = number.and_then(|n| whole_lines.nth(n.checked_sub(1)?)).map_or(0, |at| at + 1);
        Fault { line, what: "no iCalendar from here on".to_owned(), remedy: EXPORT }
    })
}

/// Whether a line begins a component of this name.
fn opens(line: &str, name: &str) -> bool {
    let begin = line.trim_end().split_once(':');
    begin.is_some_and(|(key, of)| {
        key.eq_ignore_ascii_case("BEGIN") && of.trim().eq_ignore_ascii_case(name)
    })
}

/// All events, in the order of the file.
fn gather<'c, 't>(component: &'c Component<'t>, events: &mut Vec<&'c Component<'t>>) {
    if component.name.as_str().eq_ignore_ascii_case("VEVENT") {
        events.push(component);
    }
    component.components.iter().for_each(|inner| gather(inner, events));
}

/// One event, and where it stands.
struct Event<'e> {
    of: &'e Component<'e>,
    lines: &'e [&'e str],
    /// The index of the line that begins it.
    at: usize,
}

/// A date, or a time with its zone.
struct Moment {
    at: DateTime,
    whole_day: bool,
    zone: Option<TimeZone>,
}

impl Event<'_> {
    fn read(&self, shut: &mut Shut) -> Result<(), Fault> {
        if self.find("STATUS").is_some_and(|p| p.val.as_str().eq_ignore_ascii_case("CANCELLED")) {
            return Ok(());
        }
        let others = [
            ("RECURRENCE-ID", "an occurrence that was moved by itself"),
            ("EXRULE", "a rule of exceptions"),
        ];
        for (name, what) in others {
            if self.find(name).is_some() {
                return Err(self.fault(name, what, BY_HAND));
            }
        }
        let start = self.find("DTSTART").and_then(|p| moments(p).next());
        let start = match start {
            Some(Ok(start)) => start,
            Some(Err((what, remedy))) => return Err(self.fault("DTSTART", &what, remedy)),
            None => return Err(self.fault("DTSTART", "an event without a beginning", TIMES)),
        };
        let end = self.end(&start)?;
        let name = self.name();
        for day in self.days(&start)? {
            let ahead = day.duration_since(start.at.date());
            // At the end of the calendar of dates nothing is closed any more.
            let Ok(until) = end.checked_add(ahead) else { continue };
            if start.whole_day {
                let last = until.date().yesterday().unwrap_or(day);
                shut.days.push((day, last.max(day), name.clone()));
            } else {
                let (zone, from) = (start.zone.clone(), day.to_datetime(start.at.time()));
                shut.timed.push(Timed { zone, from, to: until, name: name.clone() });
            }
        }
        Ok(())
    }

    /// When it ends for the first time, on the clocks by which it begins.
    fn end(&self, start: &Moment) -> Result<DateTime, Fault> {
        let (key, end) = if let Some(end) = self.find("DTEND") {
            let end = match moments(end).next() {
                Some(Ok(end)) => end,
                Some(Err((what, remedy))) => return Err(self.fault("DTEND", &what, remedy)),
                None => return Err(self.fault("DTEND", "an event without an end", TIMES)),
            };
            if end.whole_day != start.whole_day || end.zone.is_some() != start.zone.is_some() {
                let what = "the end is written in another way than the beginning";
                return Err(self.fault("DTEND", what, TIMES));
            }
            ("DTEND", end.on(start))
        } else if let Some(length) = self.find("DURATION") {
            let span = length.val.as_str().trim().parse::<jiff::Span>().ok();
            ("DURATION", span.and_then(|span| start.at.checked_add(span).ok()))
        } else if start.whole_day {
            (
                "DTSTART",
                start.at.date().tomorrow().ok().map(|day| day.to_datetime(Time::midnight())),
            )
        } else {
            return Err(self.fault("DTSTART", "an event without an end", TIMES));
        };
        let end = end.ok_or_else(|| self.fault(key, "an end that is no time", TIMES))?;
        let days = end.duration_since(start.at).as_hours() / 24;
        // Some programs write one day as beginning and end.
        if end < start.at || (end == start.at && !start.whole_day) {
            Err(self.fault(key, "an event that ends before it lasts", TIMES))
        } else if days > 366 {
            let what = "an event of more than a year: nothing would ever be due";
            Err(self.fault(key, what, "Write when it really ends."))
        } else {
            Ok(end)
        }
    }

    /// The days on which it begins.
    fn days(&self, start: &Moment) -> Result<Vec<Date>, Fault> {
        let first = start.at.date();
        let mut days = BTreeSet::from([first]);
        if let Some(rule) = self.find("RRULE") {
            let wrong = |what: &str| self.fault("RRULE", what, BY_HAND);
            if self.of.properties.iter().filter(|p| is(p, "RRULE")).count() > 1 {
                return Err(wrong("an event with two rules"));
            }
            let rule = Yearly::parse(rule.val.as_str()).map_err(|what| wrong(&what))?;
            let until = match rule.until.as_deref().map(|text| moment(text, None)) {
                None => None,
                Some(Ok(until)) => Some(until.last_day(start)),
                Some(Err((what, _))) => return Err(wrong(&what)),
            };
            days.extend(rule.days(first, until));
        }
        for (name, more) in [("RDATE", true), ("EXDATE", false)] {
            for property in self.of.properties.iter().filter(|p| is(p, name)) {
                for moment in moments(property) {
                    let moment =
                        moment.map_err(|(what, remedy)| self.fault(name, &what, remedy))?;
                    let day = moment.on(start).unwrap_or(moment.at).date();
                    if more {
                        days.insert(day);
                    } else {
                        days.remove(&day);
                    }
                }
            }
        }
        Ok(days.into_iter().collect())
    }

    /// What it is called, on one line.
    fn name(&self) -> String {
        let summary = self.find("SUMMARY").map_or("", |p| p.val.as_str());
        let plain: String =
            summary.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
        if plain.trim().is_empty() { "closed".to_owned() } else { plain.trim().to_owned() }
    }

    fn find(&self, name: &str) -> Option<&Property<'_>> {
        self.of.properties.iter().find(|p| is(p, name))
    }

    /// What is wrong with a property; where it is missing, with the event.
    fn fault(&self, name: &str, what: &str, remedy: &'static str) -> Fault {
        let mut ours = self.lines[self.at + 1..]
            .iter()
            .take_while(|line| !line.trim().eq_ignore_ascii_case("END:VEVENT"));
        let named = |line: &&str| {
            let key = line.split([':', ';']).next().unwrap_or_default();
            key.trim_end().eq_ignore_ascii_case(name)
        };
        let below = ours.position(named).map_or(0, |at| at + 1);
        Fault { line: self.at + 1 + below, what: what.to_owned(), remedy }
    }
}

impl Moment {
    /// On the clocks by which `start` is written.
    fn on(&self, start: &Moment) -> Option<DateTime> {
        match (&self.zone, &start.zone) {
            (Some(here), Some(there)) => Some(there.to_datetime(here.to_timestamp(self.at).ok()?)),
            _ => Some(self.at),
        }
    }

    /// The last day on which something that repeats like `start` begins, if this is the end of it.
    fn last_day(&self, start: &Moment) -> Date {
        let end = self.on(start).unwrap_or(self.at);
        let over = !self.whole_day && end.time() < start.at.time();
        if over { end.date().yesterday().unwrap_or(end.date()) } else { end.date() }
    }
}

fn is(property: &Property<'_>, name: &str) -> bool {
    property.name.as_str().eq_ignore_ascii_case(name)
}

type NotRead = (String, &'static str);

/// The moments that a property lists.
fn moments<'p>(property: &'p Property<'_>) -> impl Iterator<Item = Result<Moment, NotRead>> {
    let zone: Option<&'p str> = property
        .params
        .iter()
        .find(|param| param.key.as_str().eq_ignore_ascii_case("TZID"))
        .and_then(|param| param.val.as_ref())
        .map(|zone| zone.as_str().trim_matches('"'));
    property.val.as_str().split(',').map(move |text| moment(text.trim(), zone))
}

/// Reads `20261224`, `20261224T140000` or `20261224T140000Z`.
fn moment(text: &str, zone: Option<&str>) -> Result<Moment, NotRead> {
    let wrong = || (format!("`{text}` is neither a day nor a time"), TIMES);
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let at = Date::strptime("%Y%m%d", text).map_err(|_| wrong())?;
        return Ok(Moment { at: at.to_datetime(Time::midnight()), whole_day: true, zone: None });
    }
    let (plain, utc) = match text.strip_suffix('Z') {
        Some(plain) => (plain, true),
        None => (text, false),
    };
    let at = DateTime::strptime("%Y%m%dT%H%M%S", plain).map_err(|_| wrong())?;
    let zone = match zone {
        _ if utc => Some(TimeZone::UTC),
        None => None,
        Some(name) => Some(
            TimeZone::get(name)
                .map_err(|_| (format!("`{name}` is no zone of the IANA database"), ZONES))?,
        ),
    };
    Ok(Moment { at, whole_day: false, zone })
}

#[cfg(test)]
mod tests;
