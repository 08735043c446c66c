//! Calendars of several zones, and what iCalendar files bring and what of them is refused.

use super::{Folder, sound};
use ascolto::domain::Instant;
use ascolto::domain::time::HOUR;

const HEAD: &str = "[store]\nurl = \"sqlite:a.db\"\n[brand.acme]\nzone = \"Europe/Rome\"\n";

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

#[test]
fn a_company_in_several_zones_names_several_calendars() {
    let text = format!(
        "{HEAD}calendar = [\"rome\", \"chicago\"]\n\
         [calendar.rome]\nfriday = [\"09:00-18:00\"]\ncountry = \"it\"\n\
         [calendar.chicago]\nfriday = [\"09:00-17:00\"]\nzone = \"America/Chicago\"\n"
    );
    let folder = Folder::of(&[("a.toml", &text)]);
    let config = sound(folder.load("a.toml", &[]));
    let brand = &config.brands["acme"];
    assert_eq!(brand.calendar.zone.iana_name(), Some("Europe/Rome"));
    // Rome ends at 17:00 UTC, Chicago works from 15:00 to 23:00 UTC.
    let worked = |from: &str, to: &str| brand.calendar.worked(at(from), at(to));
    assert_eq!(worked("2026-11-20T00:00:00Z", "2026-11-21T12:00:00Z"), 15 * HOUR);
    assert_eq!(worked("2026-12-25T00:00:00Z", "2026-12-26T12:00:00Z"), 8 * HOUR, "not in Italy");
    let other = folder.load("a.toml", &[("ASCOLTO__BRAND__ACME__CALENDAR", "chicago")]);
    assert_eq!(sound(other).brands["acme"].calendar.zone.iana_name(), Some("America/Chicago"));
    let wrong = folder.wrong("a.toml", &[("ASCOLTO__BRAND__ACME__CALENDAR", "[\"chicag\"]")]);
    assert!(wrong[0].contains("there is no calendar `chicag`"), "{wrong:?}");
}

#[test]
fn a_file_closes_days_and_hours_in_the_zone_of_the_brand() {
    let text = format!(
        "{HEAD}calendar = \"shop\"\n[calendar.shop]\nthursday = [\"09:00-18:00\"]\n\
         files = [\"bank.ics\"]\n"
    );
    let bank = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20251224\r\n\
                RRULE:FREQ=YEARLY\r\nSUMMARY:Eve\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n\
                DTSTART:20261119T100000\r\nDURATION:PT3H\r\nSUMMARY:Assembly\r\nEND:VEVENT\r\n\
                END:VCALENDAR\r\n";
    let folder = Folder::of(&[("a.toml", &text), ("bank.ics", bank)]);
    let config = sound(folder.load("a.toml", &[]));
    let brand = &config.brands["acme"];
    let calendar = &brand.calendar;
    assert_eq!(calendar.closed_on("2026-12-24".parse().unwrap()).as_deref(), Some("Eve"));
    let day = (at("2026-11-19T00:00:00+01:00"), at("2026-11-20T00:00:00+01:00"));
    assert_eq!(calendar.worked(day.0, day.1), 6 * HOUR);
    assert!(!calendar.is_open(at("2026-11-19T10:00:00+01:00")));
    assert!(calendar.is_open(at("2026-11-19T13:00:00+01:00")));
}

#[test]
fn what_is_not_read_of_a_file_is_told_with_its_line() {
    let text =
        format!("{HEAD}[calendar.shop]\nmonday = [\"09:00-18:00\"]\nfiles = [\"bank.ics\"]\n");
    let bank = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261224\nRRULE:FREQ=DAILY\nEND:VEVENT\n\
                END:VCALENDAR\n";
    let folder = Folder::of(&[("a.toml", &text), ("bank.ics", bank)]);
    let wrong = folder.wrong("a.toml", &[]);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    let start =
        "bank.ics:4: calendar.shop.files: `FREQ=DAILY` in its rule is not read. Only events";
    assert!(wrong[0].starts_with(start), "{wrong:?}");
}
