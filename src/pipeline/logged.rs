//! What the log keeps of an event beside its name and its actor.

use super::promises;
use crate::domain::case::CaseEvent;
use crate::domain::obligation::{Evidence, VoidReason};
use serde_json::json;

/// What the log keeps of an event beside its name: never the customer's words.
pub(super) fn data_of(event: &CaseEvent) -> String {
    let data = match event {
        CaseEvent::Owed(o) => json!({ "owing": o.owing, "severity": o.severity, "due": o.due }),
        CaseEvent::Raised { owing, severity, due, .. } => {
            json!({ "owing": owing, "severity": severity, "due": due })
        }
        CaseEvent::Called { owing, note, .. } => json!({ "owing": owing, "note": note }),
        CaseEvent::Answered { evidence, at, .. } => match evidence {
            Evidence::Reply { reply, external_id, url } => {
                json!({ "by": "reply", "reply": reply, "external_id": external_id, "url": url, "at": at })
            }
            Evidence::Native { external_id, url } => {
                json!({ "by": "native", "external_id": external_id, "url": url, "at": at })
            }
            Evidence::Word { url, .. } => json!({ "by": "word", "url": url, "at": at }),
            Evidence::Moved { case, url, .. } => {
                json!({ "by": "moved", "case": case, "url": url, "at": at })
            }
        },
        CaseEvent::Taken { until, .. }
        | CaseEvent::Snoozed { until, .. }
        | CaseEvent::Moved { until, .. } => json!({ "until": until }),
        CaseEvent::Voided { reason, note, .. } => json!({ "reason": reason, "note": note }),
        CaseEvent::Reopened { note, due, .. } => json!({ "note": note, "due": due }),
        CaseEvent::HandedOver { to, reference, .. } | CaseEvent::TicketFiled { to, reference } => {
            json!({ "to": to, "reference": reference })
        }
        CaseEvent::TicketClosed { to } | CaseEvent::TicketOpened { to } => json!({ "to": to }),
        CaseEvent::Escalated { level } => json!({ "level": level }),
        CaseEvent::BeforeUs { note, .. } => json!({ "reason": VoidReason::Waived, "note": note }),
        CaseEvent::Commitment(event) => promises::data_of(event),
        _ => json!({}),
    };
    data.to_string()
}
