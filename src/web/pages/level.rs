//! How far the escalation of a case has come, for its page: who was told when, and what comes next.

use super::case::Rows;
use super::view;
use crate::domain::Instant;
use crate::pipeline::Deps;
use crate::speech::Catalogue;
use jiff::tz::TimeZone;

/// Lines for the reader, none where nothing escalates; and whether somebody may acknowledge it.
pub(super) fn shown(
    deps: &Deps,
    rows: &Rows,
    words: &'static Catalogue,
    zone: &TimeZone,
) -> (Vec<String>, bool) {
    let case = &rows.file.case;
    let policy = deps.brands.get(&case.brand).and_then(|b| b.escalation.as_ref());
    let state = &case.escalation;
    let Some(policy) = policy.filter(|_| state.level > 0) else { return (Vec::new(), false) };
    let time = |at: Instant| view::when(at.0, zone, words).text;
    let (level, count) = (state.level.to_string(), policy.levels.len().to_string());
    let mut lines = vec![words.fill("screen.level_of", &[("level", &level), ("count", &count)])];
    lines.push(match state.told_at {
        Some(at) => {
            let then = rows.alerts.iter().filter(|a| a.created_at == at.0);
            // Several complaints of one case may have come at once.
            let mut names: Vec<&str> = then.map(|a| a.recipient.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let (at, names) = (time(at), names.join(", "));
            words.fill("screen.level_told", &[("time", &at), ("names", &names)])
        }
        None => words.get("screen.level_not_told").to_owned(),
    });
    if let Some(ack) = &state.acked {
        let at = time(ack.at);
        lines.push(words.fill("screen.level_acked", &[("name", &ack.by), ("time", &at)]));
    }
    if let Some(at) = state.repeat_at {
        lines.push(words.fill("screen.level_repeat", &[("time", &time(at))]));
    }
    lines.push(match state.next {
        Some(next) => {
            let known = |who: &str| deps.recipients.contains_key(who);
            let names = policy.told(next.level, &deps.rotas, known, next.at).join(", ");
            let (level, at) = (next.level.to_string(), time(next.at));
            words.fill("screen.level_next", &[("level", &level), ("time", &at), ("names", &names)])
        }
        None => words.get("screen.level_last").to_owned(),
    });
    (lines, state.acked.is_none())
}
