//! Makes escalations of their sections.

use super::brands::refer;
use super::check::{Checked, check};
use super::duration::parse_duration;
use super::form::Wrong;
use super::inner::Inner;
use super::problem::{Place, Problems, nearest};
use super::section::{Raw, Section, Sections};
use crate::domain::escalation::{At, EscalationPolicy, Level};
use std::collections::BTreeMap;

/// `[escalation.NAME]`.
#[derive(Debug)]
pub struct EscalationConfig {
    /// What it says.
    pub policy: EscalationPolicy,
    /// Where its levels stand.
    pub(super) place: Place,
}

/// Reads all escalations. One with a problem may be missing in what comes back.
pub(super) fn read(
    sections: &Sections,
    problems: &mut Problems,
) -> BTreeMap<String, EscalationConfig> {
    let all = sections.of("escalation");
    all.filter_map(|section| Some((section.name.clone(), one(section, sections, problems)?)))
        .collect()
}

fn one(
    section: &Section,
    sections: &Sections,
    problems: &mut Problems,
) -> Option<EscalationConfig> {
    let keys = check(section, section.shape.fields, false, problems);
    let (fallback, last_resort): (Option<String>, Option<String>) =
        (keys.get("fallback"), keys.get("last_resort"));
    if let Some(name) = &fallback {
        somebody(&keys, "fallback", name, sections, problems);
    }
    if let Some(name) = &last_resort {
        refer(&keys, "last_resort", name, "recipient", sections, problems);
    }
    let levels: Vec<Level> = keys.get("levels")?;
    order(&keys, &levels, problems);
    for name in levels.iter().flat_map(|level| &level.to) {
        somebody(&keys, "levels", name, sections, problems);
    }
    let policy = EscalationPolicy { name: section.name.clone(), levels, fallback, last_resort };
    Some(EscalationConfig { policy, place: keys.place("levels") })
}

/// Says so where levels stand in no order, or the first is not for everything at once.
fn order(keys: &Checked, levels: &[Level], problems: &mut Problems) {
    let mut wrong = |what: String, remedy: &str| {
        problems.add(&keys.place("levels"), keys.key("levels"), what, remedy);
    };
    match levels.first() {
        None => wrong(
            "an escalation without levels".to_owned(),
            "Write the first level, as in levels = [{ at = \"0%\", to = [\"desk\"] }].",
        ),
        Some(first) if first.at != At::Share(0) || first.severity_from > 1 => wrong(
            "the first level does not come at once for every complaint".to_owned(),
            "Give it at = \"0%\" and no severity_from: who hears first hears of everything.",
        ),
        Some(_) => {}
    }
    if levels.len() > usize::from(u8::MAX) {
        wrong(format!("{} levels", levels.len()), "Leave out those that nobody needs.");
    }
    let early = (2..).zip(levels.windows(2)).find(|(_, two)| two[1].at < two[0].at);
    if let Some((number, _)) = early {
        let before = number - 1;
        wrong(
            format!("level {number} comes before level {before}"),
            "Write the levels in the order in which they come: shares upwards, then overdue.",
        );
    }
}

/// Says so when `name`, which stands at `key`, is neither a recipient nor a rota.
pub(super) fn somebody(
    keys: &Checked,
    key: &str,
    name: &str,
    sections: &Sections,
    problems: &mut Problems,
) {
    let names = [sections.names("recipient"), sections.names("rota")].concat();
    if names.contains(&name) {
        return;
    }
    let remedy = match nearest(name, names.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Write a section [recipient.{name}] or [rota.{name}]."),
    };
    let what = format!("there is no recipient and no rota `{name}`");
    problems.add(&keys.place(key), keys.key(key), what, remedy);
}

/// The keys of one level.
const KEYS: [&str; 4] = ["at", "to", "repeat", "severity_from"];

/// Reads the levels.
pub(super) fn levels(raw: &Raw) -> Result<Vec<Level>, Wrong> {
    Inner::list(raw, "a level", &KEYS, |inner| {
        let severity = inner.number("severity_from")?.unwrap_or(1);
        let severity_from = u8::try_from(severity).ok().filter(|s| (1..=3).contains(s));
        Ok(Level {
            at: at(inner.must("at")?)?,
            to: inner.texts("to")?,
            repeat: inner.text("repeat")?.map(parse_duration).transpose()?,
            severity_from: severity_from
                .ok_or_else(|| format!("a level: {severity} is no severity from 1 to 3"))?,
        })
    })
}

/// Reads when a level comes: `50%`, `overdue`, `overdue+2h`.
fn at(text: &str) -> Result<At, Wrong> {
    let wrong = || Wrong {
        what: format!("`{text}` is no time of a level"),
        remedy: Some(
            "Write a share of the wait as \"50%\", or \"overdue\", or \"overdue+2h\".".into(),
        ),
    };
    if let Some(share) = text.strip_suffix('%') {
        return match share.trim().parse::<u8>() {
            Ok(100) => Ok(At::Overdue(0)),
            Ok(share) if share < 100 => Ok(At::Share(share)),
            _ => Err(wrong()),
        };
    }
    match text.strip_prefix("overdue").map(str::trim) {
        Some("") => Ok(At::Overdue(0)),
        Some(after) => {
            let after = after.strip_prefix('+').and_then(|span| parse_duration(span).ok());
            after.map(At::Overdue).ok_or_else(wrong)
        }
        None => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR;

    #[test]
    fn the_time_of_a_level_is_read_or_refused() {
        let read = |text| at(text).ok();
        assert_eq!((read("0%"), read("50 %")), (Some(At::Share(0)), Some(At::Share(50))));
        assert_eq!((read("100%"), read("overdue")), (Some(At::Overdue(0)), Some(At::Overdue(0))));
        assert_eq!(read("overdue+2h"), Some(At::Overdue(2 * HOUR)));
        assert_eq!(read("overdue + 2h"), Some(At::Overdue(2 * HOUR)));
        for wrong in ["", "50", "101%", "-1%", "overdue2h", "overdue+", "over", "overdue-2h"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
