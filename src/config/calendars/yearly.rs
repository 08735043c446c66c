//! What repeats each year in an iCalendar file: an RRULE of RFC 5545 with `FREQ=YEARLY`.

use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;

/// Rules without an end are followed up to this year.
const LAST_YEAR: i16 = 2099;

/// A rule by which something comes again each year, or every few years.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Yearly {
    every: usize,
    count: Option<usize>,
    /// As it is written: what it means depends on the zone of the event.
    pub until: Option<String>,
    months: Vec<i8>,
    /// Days of a month; -1 is its last.
    days: Vec<i8>,
    /// Weekdays, the nth of a month (-1 is the last) or each that is one of the days.
    weekdays: Vec<(Option<i8>, Weekday)>,
}

impl Yearly {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is not read, for a person.
    pub(super) fn parse(text: &str) -> Result<Yearly, String> {
        let mut rule = Yearly {
            every: 1,
            count: None,
            until: None,
            months: Vec::new(),
            days: Vec::new(),
            weekdays: Vec::new(),
        };
        let mut yearly = false;
        for part in text.trim().split(';') {
            let wrong = || format!("`{part}` in its rule is not read");
            let (key, value) = part.split_once('=').ok_or_else(wrong)?;
            let value = value.to_uppercase();
            match key.to_uppercase().as_str() {
                "FREQ" if value == "YEARLY" => yearly = true,
                "INTERVAL" => {
                    rule.every =
                        value.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(wrong)?;
                }
                "COUNT" => rule.count = Some(value.parse().map_err(|_| wrong())?),
                "UNTIL" => rule.until = Some(value),
                "BYMONTH" => {
                    rule.months = list(&value, |n| number(n, 1, 12)).ok_or_else(wrong)?;
                }
                "BYMONTHDAY" => {
                    rule.days = list(&value, |n| number(n, -31, 31)).ok_or_else(wrong)?;
                }
                "BYDAY" => rule.weekdays = list(&value, weekday).ok_or_else(wrong)?,
                // Where a week begins changes nothing within a month.
                "WKST" => {}
                _ => return Err(wrong()),
            }
        }
        if !yearly {
            return Err("it does not repeat each year".to_owned());
        }
        let nth = rule.weekdays.iter().filter(|(nth, _)| nth.is_some()).count();
        let by_nth = nth == rule.weekdays.len() && !rule.months.is_empty() && rule.days.is_empty();
        let by_day = nth == 0 && !rule.days.is_empty();
        if rule.weekdays.is_empty() || by_nth || by_day {
            Ok(rule)
        } else {
            Err("its BYDAY names neither the nth weekday of a month nor a day that is one"
                .to_owned())
        }
    }

    /// The days on which what first comes on `start` comes, up to `until`.
    pub(super) fn days(&self, start: Date, until: Option<Date>) -> Vec<Date> {
        let years = (start.year()..=LAST_YEAR.max(start.year())).step_by(self.every);
        let mut days: BTreeSet<Date> = years.flat_map(|year| self.in_year(year, start)).collect();
        days.insert(start);
        let due = |day: &Date| *day >= start && until.is_none_or(|until| *day <= until);
        days.into_iter().filter(due).take(self.count.unwrap_or(usize::MAX)).collect()
    }

    fn in_year(&self, year: i16, start: Date) -> Vec<Date> {
        let months = match (&self.months[..], &self.days[..]) {
            ([], []) => vec![start.month()],
            ([], _) => (1..=12).collect(),
            (months, _) => months.to_vec(),
        };
        months
            .into_iter()
            .filter_map(|month| Date::new(year, month, 1).ok())
            .flat_map(|first| self.in_month(first, start))
            .collect()
    }

    fn in_month(&self, first: Date, start: Date) -> Vec<Date> {
        let nth = |(nth, weekday): &(Option<i8>, Weekday)| {
            first.nth_weekday_of_month((*nth)?, *weekday).ok()
        };
        if self.days.is_empty() && !self.weekdays.is_empty() {
            return self.weekdays.iter().filter_map(nth).collect();
        }
        let days = if self.days.is_empty() { vec![start.day()] } else { self.days.clone() };
        let day = |day: i8| if day < 0 { first.days_in_month() + 1 + day } else { day };
        days.into_iter()
            .filter_map(|n| Date::new(first.year(), first.month(), day(n)).ok())
            .filter(|date| {
                let named = |(_, weekday): &(Option<i8>, Weekday)| *weekday == date.weekday();
                self.weekdays.is_empty() || self.weekdays.iter().any(named)
            })
            .collect()
    }
}

fn list<T>(value: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(read).collect()
}

fn number(text: &str, least: i8, most: i8) -> Option<i8> {
    text.parse::<i8>().ok().filter(|n| (least..=most).contains(n) && *n != 0)
}

fn weekday(text: &str) -> Option<(Option<i8>, Weekday)> {
    let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let weekday = match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let nth = if nth.is_empty() { None } else { Some(number(nth, -5, 5)?) };
    Some((nth, weekday))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// The days of the first few years.
    fn days(rule: &str, start: &str) -> Vec<String> {
        let days = Yearly::parse(rule).unwrap().days(date(start), None);
        days.iter().take(4).map(ToString::to_string).collect()
    }

    #[test]
    fn a_year_later_is_the_same_day() {
        assert_eq!(
            days("FREQ=YEARLY", "2026-12-24"),
            ["2026-12-24", "2027-12-24", "2028-12-24", "2029-12-24"]
        );
        assert_eq!(days("FREQ=YEARLY;COUNT=2;WKST=MO", "2026-12-24").len(), 2);
        assert_eq!(days("FREQ=YEARLY", "2024-02-29")[1], "2028-02-29");
        assert_eq!(days("freq=yearly;interval=3", "2026-12-24")[1], "2029-12-24");
        let endless = Yearly::parse("FREQ=YEARLY").unwrap().days(date("2026-12-24"), None);
        assert_eq!(endless.last().map(ToString::to_string).as_deref(), Some("2099-12-24"));
    }

    #[test]
    fn weekdays_and_days_of_a_month_are_found() {
        assert_eq!(
            days("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26"),
            ["2026-11-26", "2027-11-25", "2028-11-23", "2029-11-22"]
        );
        assert_eq!(
            days("FREQ=YEARLY;BYMONTH=5,8;BYDAY=-1MO", "2026-05-25"),
            ["2026-05-25", "2026-08-31", "2027-05-31", "2027-08-30"]
        );
        // The Monday before 25 May.
        let victoria = "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=18,19,20,21,22,23,24;BYDAY=MO";
        assert_eq!(days(victoria, "2026-05-18")[1..3], ["2027-05-24", "2028-05-22"]);
        assert_eq!(days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2027-02-28")[1], "2028-02-29");
    }

    #[test]
    fn an_end_ends_it() {
        let rule = Yearly::parse("FREQ=YEARLY;UNTIL=20281224").unwrap();
        assert_eq!(rule.until.as_deref(), Some("20281224"));
        assert_eq!(rule.days(date("2026-12-24"), Some(date("2028-12-24"))).len(), 3);
        assert_eq!(rule.days(date("2026-12-24"), Some(date("2028-12-23"))).len(), 2);
    }

    #[test]
    fn the_rest_is_refused() {
        for rule in [
            "FREQ=WEEKLY;BYDAY=FR",
            "FREQ=YEARLY;BYDAY=FR",
            "FREQ=YEARLY;BYDAY=20MO",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=YEARLY;BYMONTH=1;BYDAY=XX",
            "FREQ=YEARLY;BYWEEKNO=20",
            "FREQ=YEARLY;INTERVAL=0",
            "FREQ=YEARLY;COUNT=many",
            "FREQ=YEARLY;BYMONTH=5;BYDAY=1MO,TU",
            "YEARLY",
            "INTERVAL=1",
            "",
        ] {
            assert!(Yearly::parse(rule).is_err(), "{rule}");
        }
    }
}
