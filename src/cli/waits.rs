//! Notes of `ascolto check`: when a complaint would wait for business hours longer than allowed.

use crate::domain::hours::{Wait, waits};
use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{Brand, Instant};

/// How far ahead is looked.
const AHEAD: i64 = 365 * DAY;

/// So many stretches are told one by one.
const TOLD: usize = 12;

/// What a brand's people should know of the next 12 months, a line each; nothing where business
/// hours alone are always soon enough.
pub(super) fn notes(brand: &Brand, now: Instant) -> Vec<String> {
    let cap = brand.sla.answer_at_latest;
    let mut all: Vec<(usize, Wait)> = Vec::new();
    for (at, work) in brand.sla.first_response.into_iter().enumerate() {
        let found = waits(&brand.calendar, work, cap, now, now + AHEAD);
        all.extend(found.into_iter().map(|wait| (at + 1, wait)));
    }
    all.sort_by_key(|(severity, wait)| (wait.from, *severity));
    let all = joined(all);
    if all.is_empty() {
        return Vec::new();
    }
    let zone = &brand.calendar.zone;
    let head = format!(
        "note: brand {}: in the next 12 months answer_at_latest ({}) comes before the business \
         hours for who writes in these times of {}:",
        brand.name,
        length(cap),
        zone.iana_name().unwrap_or("its zone"),
    );
    let at =
        |at: Instant| at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let line = |(severity, wait): &(usize, Wait), why: &str| {
        format!(
            "{} to {}: {why}: a complaint of severity {severity} would be due {}; answer_at_latest \
             makes it {}",
            at(wait.from),
            at(wait.to),
            at(wait.due),
            at(wait.from + cap),
        )
    };
    // What has a name is told by it; the rest is the week as such, and comes again and again.
    let (named, usual): (Vec<_>, Vec<_>) = all.iter().partition(|(_, w)| !w.names.is_empty());
    let mut lines = vec![head];
    lines.extend(named.iter().copied().take(TOLD).map(|one| line(one, &one.1.names.join(", "))));
    if named.len() > TOLD {
        lines.push(format!("and {} more", named.len() - TOLD));
    }
    if let Some(first) = usual.first().copied() {
        let why = match usual.len() {
            1 => "outside its hours".to_owned(),
            n => format!("outside its hours, the first of {n}"),
        };
        lines.push(line(first, &why));
    }
    for line in lines.iter_mut().skip(1) {
        line.insert_str(0, "note:   ");
    }
    lines
}

/// Joins what overlaps, whatever its severity; the first to begin speaks for all.
fn joined(all: Vec<(usize, Wait)>) -> Vec<(usize, Wait)> {
    let mut joined: Vec<(usize, Wait)> = Vec::new();
    for (severity, wait) in all {
        match joined.last_mut() {
            Some((_, last)) if wait.from <= last.to => {
                last.to = last.to.max(wait.to);
                for name in wait.names {
                    if !last.names.contains(&name) {
                        last.names.push(name);
                    }
                }
            }
            _ => joined.push((severity, wait)),
        }
    }
    joined
}

/// As it would be written in the configuration, to the minute.
fn length(ms: i64) -> String {
    if ms % HOUR == 0 { format!("{}h", ms / HOUR) } else { format!("{}m", ms / MINUTE) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hours::Region;
    use jiff::tz::TimeZone;

    fn brand() -> Brand {
        Brand::new("acme", TimeZone::get("Europe/Rome").unwrap())
    }

    fn now() -> Instant {
        Instant::parse("2026-11-22T12:00:00Z").unwrap()
    }

    #[test]
    fn ordinary_weeks_are_nothing_to_note() {
        assert_eq!(notes(&brand(), now()), Vec::<String>::new());
    }

    #[test]
    fn holidays_are_told_by_their_names() {
        let mut brand = brand();
        brand.calendar.regions = vec![Region::parse("it").unwrap()];
        let notes = notes(&brand, now());
        assert!(notes[0].contains("brand acme") && notes[0].contains("(72h)"), "{notes:#?}");
        let christmas = "note:   2026-12-24 10:00 to 2026-12-25 17:00: Natale, Santo Stefano: a \
                         complaint of severity 1 would be due 2026-12-28 09:00; answer_at_latest \
                         makes it 2026-12-27 10:00";
        assert!(notes.iter().any(|note| note == christmas), "{notes:#?}");
        let easter = notes.iter().find(|note| note.contains("Lunedì dell'Angelo")).unwrap();
        assert!(easter.starts_with("note:   2027-03-26 10:00 to "), "{easter}");
        assert!(notes.len() <= TOLD + 3, "{notes:#?}");
    }

    #[test]
    fn what_comes_each_week_is_told_once() {
        let mut brand = brand();
        brand.sla.answer_at_latest = 24 * HOUR;
        let notes = notes(&brand, now());
        assert_eq!(notes.len(), 2, "{notes:#?}");
        assert!(notes[1].contains("outside its hours, the first of 5"), "{notes:#?}");
        // Each evening is longer than its night, and its Friday too.
        brand.sla.answer_at_latest = 12 * HOUR;
        assert_eq!(super::notes(&brand, now()).len(), 2);
    }
}
