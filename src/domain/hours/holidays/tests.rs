//! Tests of public holidays against published lists, and of how the data is read.

use super::*;

fn days(region: Region, year: i16) -> String {
    let days = region.year(year);
    days.keys().map(|day| day.strftime("%m-%d").to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_year_has_the_days_that_were_published() {
    let lines = include_str!("golden.txt").lines().filter(|line| !line.starts_with('#'));
    let mut told = 0;
    for line in lines {
        let (code, rest) = line.split_once(' ').unwrap();
        let (year, expected) = rest.split_once(' ').unwrap();
        let region = Region::parse(code).unwrap_or_else(|| panic!("{code} is not known"));
        assert_eq!(days(region, year.parse().unwrap()), expected, "{code} {year}");
        told += 1;
    }
    assert!(told >= 70, "only {told} years");
}

#[test]
fn the_data_can_be_read_and_every_part_has_its_country() {
    let tables = read(DATA).unwrap();
    for table in &tables {
        assert!(!table.rules.is_empty(), "{} has no day", table.code);
        let whole = table.code.split('-').next().unwrap();
        assert!(tables.iter().any(|t| t.code == whole), "{} is a part of nothing", table.code);
        assert!(table.code.bytes().all(|b| b.is_ascii_lowercase() || b"-0123456789".contains(&b)));
    }
    for country in ["it", "de", "fr", "es", "pt", "uk", "us"] {
        assert_eq!(Region::parse(country).unwrap().code(), country);
    }
    assert_eq!(Region::parse(" IT ").unwrap().title(), "Italia");
    assert!(Region::parse("it-xx").is_none() && Region::parse("").is_none());
}

#[test]
fn what_is_no_holiday_is_refused_with_its_line() {
    for wrong in [
        "01-01: A",
        "[xx] X\n13-x: A",
        "[xx] X\nmonday 3 in 01: A",
        "[xx] X\nfunday 3 of 01: A",
        "[xx] X\n01-01 since 2026: A",
        "[xx] X\n01-01 from: A",
        "[xx] X\nweekends: never",
        "[xx] X\n[xx] X",
        "[xx]",
    ] {
        let why = read(wrong).err().unwrap_or_else(|| panic!("{wrong} is taken"));
        assert!(why.starts_with(&format!("line {}: ", wrong.lines().count())), "{why}");
    }
}

#[test]
fn years_and_single_days_are_kept_apart() {
    let data = "[xx] X\n10-04 from 2026: A\n05-01 until 2001: B\n2026-06-15: C\n\
                monday 1 of 03 not 2026 2027: D";
    let rules = read(data).unwrap().remove(0).rules;
    let on = |year: i16| -> Vec<&str> {
        rules.iter().filter(|rule| rule.on(year).is_some()).map(|rule| rule.name).collect()
    };
    assert_eq!(on(2001), ["B", "D"]);
    assert_eq!(on(2026), ["A", "C"]);
    assert_eq!(on(2028), ["A", "D"]);
}

#[test]
fn easter_is_found_in_the_years_that_are_easily_missed() {
    // The earliest and the latest there can be, the two exceptions of the rule, and a far year.
    for (year, month, day) in
        [(1818, 3, 22), (1943, 4, 25), (1954, 4, 18), (1981, 4, 19), (2285, 3, 22)]
    {
        assert_eq!(easter(year), Date::new(year, month, day).ok());
    }
}

#[test]
fn every_year_can_be_asked_for() {
    for region in Region::codes().filter_map(Region::parse) {
        for year in [i16::MIN, -9999, 0, 1583, 9999, i16::MAX] {
            assert!(region.year(year).keys().all(|day| day.year() == year));
        }
        assert!(!region.year(2026).is_empty());
    }
}
