//! How far the escalation of a case has come, as text.

use crate::config::Config;
use crate::domain::Instant;
use crate::domain::case::Case;
use crate::domain::text::one_line;
use crate::store::outbox::AlertRow;
use std::fmt::Write;

/// The level that holds, who acknowledged it, and what comes next; nothing where nothing escalates.
pub(super) fn write(out: &mut String, config: &Config, case: &Case) {
    let policy = config.brands.get(&case.brand).and_then(|b| b.escalation.as_ref());
    let state = &case.escalation;
    let Some(policy) = policy.filter(|_| state.level > 0) else { return };
    let _ = write!(out, "level {} of {}", state.level, policy.levels.len());
    let _ = match state.told_at {
        Some(at) => write!(out, ", told at {at}"),
        None => write!(out, ", of which nobody was told"),
    };
    if let Some(ack) = &state.acked {
        let _ = write!(out, ", acknowledged by {} at {}", one_line(&ack.by, 60), ack.at);
    }
    if let Some(at) = state.repeat_at {
        let _ = write!(out, ", told again at {at}");
    }
    if let Some(next) = state.next {
        let known = |who: &str| config.recipients.contains_key(who);
        let names = policy.told(next.level, &config.rotas, known, next.at).join(", ");
        let _ = write!(out, "; level {} at {}: {names}", next.level, next.at);
    }
    out.push('\n');
}

/// Who was told of the case when, and what was not told and why.
pub(super) fn told(out: &mut String, alerts: &[AlertRow]) {
    if alerts.is_empty() {
        return;
    }
    out.push_str("\ntold\n");
    for alert in alerts {
        let at = Instant(alert.sent_at.unwrap_or(alert.created_at));
        let reason = match alert.reason.as_str() {
            "escalated" => format!("escalated to level {}", alert.title),
            reason => reason.to_owned(),
        };
        let to = match alert.recipient.as_str() {
            "" => String::new(),
            recipient => format!(" to {recipient}"),
        };
        let _ = writeln!(out, "  {at} {reason}{to}, {}", alert.state);
    }
}
