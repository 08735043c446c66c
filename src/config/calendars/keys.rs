//! The keys of `[calendar.NAME]`.

use crate::config::form::{Field, Form};
use crate::config::tables::may;
use crate::wire::KeyKind;

const DAY: &str =
    "Working hours of the day; none when the day is not named. 22:00-06:00 ends on the next day.";
const HOURS: &str = r#"["09:00-13:00", "14:00-18:00"]"#;

const fn day(name: &'static str) -> Field {
    may(name, Form::Hours, DAY, HOURS)
}

/// The days of the week as keys, Monday first.
pub(in crate::config) const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// All of them.
pub(in crate::config) const CALENDAR: &[Field] = &[
    day(DAYS[0]),
    day(DAYS[1]),
    day(DAYS[2]),
    day(DAYS[3]),
    day(DAYS[4]),
    day(DAYS[5]),
    day(DAYS[6]),
    may(
        "country",
        Form::Regions,
        "Countries whose public holidays nobody works on: it, de, fr, es, pt, uk or us; or a part \
         of one, which has its own beside them: de-by, es-ct, uk-eng. Default none.",
        r#"["it", "de-by"]"#,
    ),
    may("holidays", Form::Days, "Days on which nobody works.", r#"["2026-12-25", "2026-12-26"]"#),
    may(
        "closures",
        Form::Closures,
        "Days on which the company is closed, each closure with its first and its last.",
        r#"[{ name = "summer", from = 2026-08-10, to = 2026-08-21 }]"#,
    ),
    may(
        "files",
        Form::Plain(KeyKind::List),
        "Holidays and closures of other programs: iCalendar files, from the folder of this file. \
         Nobody works while an event of theirs lasts. Events may repeat each year.",
        r#"["bank.ics"]"#,
    ),
    may("zone", Form::Zone, "Its time zone. Default: the brand's.", r#""Europe/Rome""#),
];
