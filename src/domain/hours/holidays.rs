//! Public holidays of countries and regions, for any year, computed from `holidays.txt`.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

const DATA: &str = include_str!("holidays.txt");

static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| read(DATA).expect("the built-in holidays can be read: a test reads them"));

/// A country, or a part of one, whose public holidays are known.
#[derive(Clone, Copy)]
pub struct Region(&'static Table);

/// What a section of the data says.
struct Table {
    /// `de-by`.
    code: &'static str,
    /// Its name for people.
    title: &'static str,
    weekends: Option<Weekends>,
    rules: Vec<Rule>,
}

/// What follows a holiday that falls on a weekend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weekends {
    /// The next weekday that is no holiday yet.
    Next,
    /// The Friday before a Saturday, the Monday after a Sunday.
    Nearest,
    /// The Monday after a Sunday.
    Monday,
}

/// One holiday.
struct Rule {
    day: Day,
    /// The first and the last year.
    years: (i16, i16),
    /// Years without it.
    not: Vec<i16>,
    name: &'static str,
}

/// On which day of a year it falls.
#[derive(Debug, PartialEq, Eq)]
enum Day {
    Fixed {
        month: i8,
        day: i8,
    },
    Once(Date),
    Easter(i64),
    /// The nth of a month; -1 is the last.
    Nth {
        weekday: Weekday,
        nth: i8,
        month: i8,
    },
    Before {
        weekday: Weekday,
        month: i8,
        day: i8,
    },
}

impl Region {
    /// The region of a code as `it` or `de-by`, whatever its case.
    pub fn parse(code: &str) -> Option<Region> {
        let code = code.trim();
        TABLES.iter().find(|table| table.code.eq_ignore_ascii_case(code)).map(Region)
    }

    /// All codes, a country before its parts.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        TABLES.iter().map(|table| table.code)
    }

    /// Its code, in small letters.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// Its name, as its people say it.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// Its public holidays in a year, those of the whole country and substitute days included.
    pub fn year(self, year: i16) -> BTreeMap<Date, &'static str> {
        // A substitute day can lie in the year before: 31 December 2027 for 1 January 2028.
        let years = [year, year.saturating_add(1)];
        let mut days: BTreeMap<Date, &'static str> = BTreeMap::new();
        for rule in self.tables().flat_map(|table| &table.rules) {
            for day in years.iter().filter_map(|year| rule.on(*year)) {
                days.entry(day).or_insert(rule.name);
            }
        }
        // The part decides before its country.
        if let Some(weekends) = self.tables().filter_map(|table| table.weekends).last() {
            for (day, name) in days.clone() {
                if let Some(instead) = weekends.instead_of(day, &days) {
                    days.entry(instead).or_insert(name);
                }
            }
        }
        days.retain(|day, _| day.year() == year);
        days
    }

    /// Its own table behind those of what it is a part of.
    fn tables(self) -> impl Iterator<Item = &'static Table> {
        TABLES.iter().filter(move |table| {
            let rest = self.0.code.strip_prefix(table.code);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({})", self.code())
    }
}

impl PartialEq for Region {
    fn eq(&self, other: &Region) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Region {}

impl Weekends {
    /// The day that is free beside `day`, given all that are.
    fn instead_of(self, day: Date, days: &BTreeMap<Date, &'static str>) -> Option<Date> {
        let (saturday, sunday) =
            (day.weekday() == Weekday::Saturday, day.weekday() == Weekday::Sunday);
        match self {
            Weekends::Nearest if saturday => day.yesterday().ok(),
            Weekends::Nearest | Weekends::Monday if sunday => day.tomorrow().ok(),
            Weekends::Next if saturday || sunday => {
                let mut next = day.tomorrow().ok()?;
                while weekend(next) || days.contains_key(&next) {
                    next = next.tomorrow().ok()?;
                }
                Some(next)
            }
            _ => None,
        }
    }
}

fn weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

impl Rule {
    fn on(&self, year: i16) -> Option<Date> {
        if year < self.years.0 || year > self.years.1 || self.not.contains(&year) {
            return None;
        }
        match self.day {
            Day::Fixed { month, day } => Date::new(year, month, day).ok(),
            Day::Once(date) => (date.year() == year).then_some(date),
            Day::Easter(days) => easter(year)?.checked_add(days.days()).ok(),
            Day::Nth { weekday, nth, month } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
            Day::Before { weekday, month, day } => {
                Date::new(year, month, day).ok()?.nth_weekday(-1, weekday).ok()
            }
        }
    }
}

/// Easter Sunday of the western churches, by the rule of the Gregorian reform.
fn easter(year: i16) -> Option<Date> {
    let year = i64::from(year);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let golden = year.rem_euclid(19);
    // Days from 21 March to the full moon, with the century's corrections for sun and moon.
    let lunar = (century - (century + 8) / 25 + 1) / 3;
    let moon = (19 * golden + century - century / 4 - lunar + 15).rem_euclid(30);
    // From there to its Sunday.
    let sunday =
        (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4).rem_euclid(7);
    // In two cases the full moon is taken a day earlier, which moves Easter by a week.
    let early = (golden + 11 * moon + 22 * sunday) / 451;
    let first = Date::new(i16::try_from(year).ok()?, 3, 22).ok()?;
    first.checked_add((moon + sunday - 7 * early).days()).ok()
}

/// Reads the data.
fn read(data: &'static str) -> Result<Vec<Table>, String> {
    let mut tables: Vec<Table> = Vec::new();
    for (number, line) in data.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = || format!("line {}: `{line}` cannot be read", number + 1);
        if let Some(header) = line.strip_prefix('[') {
            let (code, title) = header.split_once("] ").ok_or_else(wrong)?;
            if tables.iter().any(|table| table.code == code) {
                return Err(format!("line {}: `{code}` stands there twice", number + 1));
            }
            tables.push(Table { code, title, weekends: None, rules: Vec::new() });
            continue;
        }
        let table = tables.last_mut().ok_or_else(wrong)?;
        let (when, name) = line.split_once(": ").ok_or_else(wrong)?;
        if when == "weekends" {
            table.weekends = Some(match name {
                "next" => Weekends::Next,
                "nearest" => Weekends::Nearest,
                "monday" => Weekends::Monday,
                _ => return Err(wrong()),
            });
        } else {
            table.rules.push(rule(when, name).ok_or_else(wrong)?);
        }
    }
    Ok(tables)
}

fn rule(when: &str, name: &'static str) -> Option<Rule> {
    let words: Vec<&str> = when.split(' ').collect();
    let (day, mut rest) = day(&words)?;
    let mut rule = Rule { day, years: (i16::MIN, i16::MAX), not: Vec::new(), name };
    while let [key, year, more @ ..] = rest {
        let year = year.parse().ok()?;
        match *key {
            "from" => rule.years.0 = year,
            "until" => rule.years.1 = year,
            "not" => rule.not.push(year),
            _ => return None,
        }
        rest = more;
        // More years follow `not`.
        while *key == "not"
            && let [year, more @ ..] = rest
            && let Ok(year) = year.parse()
        {
            rule.not.push(year);
            rest = more;
        }
    }
    rest.is_empty().then_some(rule)
}

/// Reads which day is meant, and gives the words behind it.
fn day<'w>(words: &'w [&'w str]) -> Option<(Day, &'w [&'w str])> {
    match words {
        [weekday, nth, "of", month, rest @ ..] => {
            let nth = if *nth == "last" { -1 } else { nth.parse().ok()? };
            Some((Day::Nth { weekday: named(weekday)?, nth, month: month.parse().ok()? }, rest))
        }
        [weekday, "before", date, rest @ ..] => {
            let (month, day) = month_day(date)?;
            Some((Day::Before { weekday: named(weekday)?, month, day }, rest))
        }
        [one, rest @ ..] => {
            let day = if let Some(days) = one.strip_prefix("easter") {
                Day::Easter(if days.is_empty() { 0 } else { days.parse().ok()? })
            } else if let Some((month, day)) = month_day(one) {
                Day::Fixed { month, day }
            } else {
                Day::Once(one.parse().ok()?)
            };
            Some((day, rest))
        }
        [] => None,
    }
}

fn month_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

fn named(weekday: &str) -> Option<Weekday> {
    Some(match weekday {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
