//! Tests of iCalendar files as other programs write them, and as nobody should.

use super::*;

/// A file of these events, as programs write them: with CRLF.
fn file(events: &str) -> String {
    let head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Bank//EN\n";
    format!("{head}{events}END:VCALENDAR\n").replace('\n', "\r\n")
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:1@bank.example\n{lines}\nEND:VEVENT\n")
}

fn good(events: &str) -> Shut {
    read(&file(events)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The faults as line and words.
fn wrong(text: &str) -> Vec<(usize, String)> {
    let faults = read(text).expect_err("something is wrong with it");
    faults.into_iter().map(|fault| (fault.line, fault.what)).collect()
}

fn days(shut: &Shut) -> Vec<String> {
    shut.days.iter().map(|(from, to, name)| format!("{from} {to} {name}")).collect()
}

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn whole_days_end_before_their_end() {
    let shut = good(
        &[
            event("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227\nSUMMARY:Christmas\\, closed"),
            event("DTSTART;VALUE=DATE:20260601\nSUMMARY:One day"),
            event("DTSTART;VALUE=DATE:20260602\nDTEND;VALUE=DATE:20260602\nSUMMARY:The same"),
            event("DTSTART:20260803\nDURATION:P2W"),
            event("DTSTART:20260901\nSTATUS:CANCELLED"),
        ]
        .concat(),
    );
    assert_eq!(
        days(&shut),
        [
            "2026-12-24 2026-12-26 Christmas, closed",
            "2026-06-01 2026-06-01 One day",
            "2026-06-02 2026-06-02 The same",
            "2026-08-03 2026-08-16 closed",
        ]
    );
    assert!(shut.timed.is_empty());
}

#[test]
fn hours_keep_their_zone() {
    let shut = good(
        &[
            event("DTSTART;TZID=\"Europe/Rome\":20261224T140000\nDTEND;TZID=Europe/Rome:20261224T180000\nSUMMARY:Afternoon"),
            event("DTSTART:20261231T120000Z\nDURATION:PT4H30M"),
            event("DTSTART:20261105T090000\nDTEND:20261105T100000"),
            event("DTSTART;TZID=Europe/Rome:20261106T090000\nDTEND:20261106T090000Z"),
        ]
        .concat(),
    );
    let rome = TimeZone::get("Europe/Rome").ok();
    let timed = |zone: Option<TimeZone>, from: &str, to: &str, name: &str| Timed {
        zone,
        from: time(from),
        to: time(to),
        name: name.to_owned(),
    };
    assert_eq!(
        shut.timed,
        [
            timed(rome.clone(), "2026-12-24T14:00", "2026-12-24T18:00", "Afternoon"),
            timed(Some(TimeZone::UTC), "2026-12-31T12:00", "2026-12-31T16:30", "closed"),
            timed(None, "2026-11-05T09:00", "2026-11-05T10:00", "closed"),
            timed(rome, "2026-11-06T09:00", "2026-11-06T10:00", "closed"),
        ]
    );
}

#[test]
fn years_repeat_with_days_added_and_taken_out() {
    let shut = good(&event(
        "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20271224\n\
         RDATE;VALUE=DATE:20270101,20280101\nSUMMARY:Eve",
    ));
    let from: Vec<_> = shut.days.iter().map(|(from, ..)| from.to_string()).collect();
    assert_eq!(from, ["2026-12-24", "2027-01-01", "2028-01-01", "2028-12-24"]);
    let shut = good(&event(
        "DTSTART;TZID=Europe/Rome:20261224T230000\nDTEND;TZID=Europe/Rome:20261225T010000\n\
         RRULE:FREQ=YEARLY;UNTIL=20281224T220000Z",
    ));
    let to: Vec<_> = shut.timed.iter().map(|timed| timed.to).collect();
    let last = time("2028-12-25T01:00");
    assert_eq!(to, [time("2026-12-25T01:00"), time("2027-12-25T01:00"), last]);
    let shut = good(&event(
        "DTSTART;TZID=Europe/Rome:20261224T230000\nDTEND;TZID=Europe/Rome:20261225T010000\n\
         RRULE:FREQ=YEARLY;UNTIL=20281224T215959Z",
    ));
    assert_eq!(shut.timed.len(), 2, "a second too early for the third");
}

#[test]
fn folds_zones_and_other_components_are_no_hindrance() {
    let text = "\u{feff}BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:Europe/Rome\n\
                BEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=WEEKLY\n\
                TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n\
                BEGIN:VTODO\nSUMMARY:no event\nEND:VTODO\n\
                BEGIN:VEVENT\nDTSTART:20261224\nDESCRIPTION:a long\n BEGIN:VEVENT\n\
                SUMMARY:Christ\n mas\nBEGIN:VALARM\nTRIGGER:-PT1H\nEND:VALARM\nEND:VEVENT\n\
                END:VCALENDAR\n";
    assert_eq!(days(&read(text).unwrap()), ["2026-12-24 2026-12-24 Christmas"]);
    assert!(good("").days.is_empty());
}

#[test]
fn what_is_refused_has_its_line() {
    let text = file(
        &[
            event("SUMMARY:a\nDTSTART:20261224T140000Z"),
            event("DTSTART:20261224\nRRULE:FREQ=WEEKLY"),
            event("DTSTART;TZID=W. Europe Standard Time:20261224T140000\nDURATION:PT1H"),
            event("SUMMARY:no beginning"),
        ]
        .concat(),
    );
    let all = wrong(&text);
    let lines: Vec<_> = all.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [7, 12, 16, 19], "{all:?}");
    assert!(all[0].1.contains("without an end"), "{all:?}");
    assert!(all[1].1.contains("FREQ=WEEKLY"), "{all:?}");
    assert!(all[2].1.contains("W. Europe Standard Time"), "{all:?}");
    assert!(all[3].1.contains("without a beginning"), "{all:?}");
}

#[test]
fn ends_that_are_none_are_refused() {
    for (lines, words) in [
        ("DTSTART:20261224\nDTEND:20261220", "ends before it lasts"),
        ("DTSTART:20261224T140000Z\nDTEND:20261224T140000Z", "ends before it lasts"),
        ("DTSTART:20261224\nDTEND:20261224T140000", "another way"),
        ("DTSTART:20261224T140000\nDTEND:20261224T150000Z", "another way"),
        ("DTSTART:20261224\nDTEND:20290101", "more than a year"),
        ("DTSTART:20261224\nDURATION:soon", "no time"),
        ("DTSTART:2026-12-24", "neither a day nor a time"),
        ("DTSTART:20261324", "neither a day nor a time"),
        ("DTSTART:20261224\nRECURRENCE-ID:20261223", "moved by itself"),
        ("DTSTART:20261224\nRRULE:FREQ=YEARLY\nRRULE:FREQ=YEARLY;COUNT=2", "two rules"),
        ("DTSTART:20261224\nRRULE:FREQ=YEARLY;UNTIL=later", "neither a day nor a time"),
    ] {
        let all = wrong(&file(&event(lines)));
        assert!(all.len() == 1 && all[0].1.contains(words), "{lines}: {all:?}");
    }
}

#[test]
fn no_calendar_is_told_and_many_faults_are_summed_up() {
    for text in
        ["", "hello", "-----BEGIN PRIVATE KEY-----\ntk_secret\n", "BEGIN:VEVENT\nEND:VEVENT\n"]
    {
        let all = wrong(text);
        assert!(all.len() == 1 && all[0].1.contains("no iCalendar"), "{text}: {all:?}");
        assert!(!all[0].1.contains("tk_secret"));
    }
    let broken = wrong("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:a\n  b\nEND:VTODO\n");
    assert!(broken[0].1.contains("no iCalendar from here"), "{broken:?}");
    let deep = wrong(&"BEGIN:VCALENDAR\n".repeat(100_000));
    assert!(deep[0].1.contains("stand in each other"), "{deep:?}");
    let many = wrong(&file(&event("SUMMARY:no beginning").repeat(9)));
    assert_eq!(many.len(), TOLD);
    assert!(many[4].1.ends_with("; and 4 more events are not read"), "{many:?}");
    let endless = event("DTSTART:20261224\nRRULE:FREQ=YEARLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10");
    assert!(wrong(&file(&endless.repeat(3)))[0].1.contains("more than 20000 times"));
}
