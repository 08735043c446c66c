//! Reads `[calendar.NAME]`: the hours of the week, and what closes in spite of them.
//!
//! | file | does |
//! |---|---|
//! | `mod` | makes calendars of their sections, and refuses hours that never open |
//! | `keys` | which keys there are |
//! | `closures` | the values of `closures` and `country` |
//! | `ics` | iCalendar files (RFC 5545), as far as they close something |
//! | `yearly` | what repeats each year in them |

mod closures;
mod ics;
mod keys;
mod yearly;

pub(super) use closures::{Closure, read as closures, regions};
pub(super) use keys::{CALENDAR, DAYS};

use super::check::{Checked, check};
use super::problem::{Place, Problems};
use super::section::{Section, Sections};
use crate::domain::Instant;
use crate::domain::hours::{Calendar, Pause, Region, Span};
use crate::domain::time::DAY;
use ics::Timed;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Hours that do not open for so long never open, in milliseconds.
const LONGEST: i64 = 366 * DAY;

/// No iCalendar file is longer, in bytes: who names something else by mistake is told.
const LONGEST_FILE: u64 = 4 * 1024 * 1024;

/// A calendar that takes the zone of the brand that uses it, unless it has its own.
pub(super) struct Week {
    zone: Option<TimeZone>,
    days: [Vec<Span>; 7],
    holidays: BTreeSet<Date>,
    regions: Vec<Region>,
    closures: BTreeMap<Date, String>,
    timed: Vec<Timed>,
}

/// Reads all calendars, by name.
pub(super) fn read<'s>(sections: &'s Sections, problems: &mut Problems) -> BTreeMap<&'s str, Week> {
    sections.of("calendar").map(|s| (s.name.as_str(), week(s, problems))).collect()
}

/// The calendar of a brand that names these; `None` where it names none that there is. The first
/// gives the zone, and what is worked after the others counts too.
pub(super) fn of(
    names: &[String],
    weeks: &BTreeMap<&str, Week>,
    zone: &TimeZone,
) -> Option<Calendar> {
    let mut all =
        names.iter().filter_map(|name| weeks.get(name.as_str())).map(|week| week.in_zone(zone));
    let mut first = all.next()?;
    first.also = all.collect();
    Some(first)
}

impl Week {
    fn in_zone(&self, zone: &TimeZone) -> Calendar {
        let zone = self.zone.as_ref().unwrap_or(zone);
        let pauses = self.timed.iter().filter_map(|timed| {
            let there = timed.zone.as_ref().unwrap_or(zone);
            let at = |moment| Some(Instant(there.to_timestamp(moment).ok()?.as_millisecond()));
            Some(Pause { from: at(timed.from)?, to: at(timed.to)?, name: timed.name.clone() })
        });
        Calendar {
            week: self.days.clone(),
            holidays: self.holidays.clone(),
            regions: self.regions.clone(),
            closures: self.closures.clone(),
            pauses: pauses.collect(),
            ..Calendar::empty(zone.clone())
        }
    }

    /// Closes all days from the first to the last.
    fn close(&mut self, from: Date, to: Date, name: &str) {
        for day in from.series(1.day()).take_while(|day| *day <= to) {
            self.closures.entry(day).or_insert_with(|| name.to_owned());
        }
    }
}

fn week(section: &Section, problems: &mut Problems) -> Week {
    let keys = check(section, section.shape.fields, false, problems);
    let mut week = Week {
        zone: keys.get("zone"),
        days: DAYS.map(|day| keys.get(day).unwrap_or_default()),
        holidays: keys.get("holidays").unwrap_or_default(),
        regions: keys.get("country").unwrap_or_default(),
        closures: BTreeMap::new(),
        timed: Vec::new(),
    };
    for Closure { name, from, to } in keys.get::<Vec<Closure>>("closures").unwrap_or_default() {
        if (to - from).get_days() >= 366 {
            never(&keys, "closures", &format!("closure `{name}`"), from, to, problems);
        } else {
            week.close(from, to, &name);
        }
    }
    for name in keys.get::<Vec<String>>("files").unwrap_or_default() {
        file(&keys, &name, &mut week, problems);
    }
    if keys.sound {
        opens(&keys, &week, problems);
    }
    week
}

/// Says where a calendar would never let anything be due.
fn opens(keys: &Checked, week: &Week, problems: &mut Problems) {
    let calendar = week.in_zone(&TimeZone::UTC);
    if !calendar.works() {
        problems.add(
            &keys.place,
            keys.key(""),
            "a calendar without working time: nothing would ever be due",
            "Write the hours of at least one day, as in monday = [\"09:00-18:00\"].",
        );
    } else if let Some((from, to)) = calendar.hole(LONGEST) {
        let day = |at: Instant| at.timestamp().to_zoned(calendar.zone.clone()).date();
        let what = "what is written down as closed";
        never(keys, "", what, day(from), day(to), problems);
    }
}

fn never(keys: &Checked, key: &str, what: &str, from: Date, to: Date, problems: &mut Problems) {
    problems.add(
        &keys.place(key),
        keys.key(key),
        format!("its hours never open from {from} to {to}: {what} leaves nothing of them"),
        "Take days out of it: a calendar may be closed for a year at most.",
    );
}

/// Reads an iCalendar file into the calendar that names it.
fn file(keys: &Checked, name: &str, week: &mut Week, problems: &mut Problems) {
    let place = keys.place("files");
    let path = place.folder().map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
    let text = match read_short(&path) {
        Ok(text) => text,
        Err(why) => {
            let remedy = "Name an iCalendar file (.ics) that Ascolto may read, with its path from \
                          the folder of this configuration.";
            let what = format!("`{name}` cannot be read ({why})");
            return problems.add(&place, keys.key("files"), what, remedy);
        }
    };
    match ics::read(&text) {
        Ok(shut) => {
            for (from, to, name) in shut.days {
                week.close(from, to, &name);
            }
            week.timed.extend(shut.timed);
        }
        Err(faults) => {
            for fault in faults {
                let place = Place::Line(path.as_path().into(), fault.line);
                problems.add(&place, keys.key("files"), fault.what, fault.remedy);
            }
        }
    }
}

fn read_short(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|why| why.kind().to_string())?;
    let mut text = String::new();
    match file.take(LONGEST_FILE + 1).read_to_string(&mut text) {
        Err(why) => Err(why.kind().to_string()),
        Ok(read) if read as u64 > LONGEST_FILE => Err("it is no calendar: too long".to_owned()),
        Ok(_) => Ok(text),
    }
}
