//! The tickets of a case in other systems, as its page shows them.

use super::view::{self, When};
use crate::speech::Catalogue;
use crate::store::handovers::HandoverRow;
use jiff::tz::TimeZone;
use serde::Serialize;

/// One ticket.
#[derive(Serialize)]
pub struct Ticket {
    title: String,
    /// What it is called there; may be empty.
    name: String,
    /// Where it is seen; may be empty.
    url: String,
    state: String,
    /// What went wrong last; empty where nothing did.
    trouble: String,
    /// Somebody must do something about it.
    is_bad: bool,
    when: When,
}

/// The tickets, oldest first.
pub fn shown(rows: &[HandoverRow], words: &'static Catalogue, zone: &TimeZone) -> Vec<Ticket> {
    let ticket = |row: &HandoverRow| {
        let is_bad = row.state == "failed";
        let (key, value) = match row.state.as_str() {
            "due" => ("screen.ticket_due", [("name", row.system.as_str())]),
            "failed" => ("screen.ticket_failed", [("why", row.fault.as_str())]),
            "closed" => ("screen.ticket_closed_there", [("name", "")]),
            "gone" => ("screen.ticket_gone", [("name", "")]),
            "ended" => ("screen.ticket_ended", [("name", "")]),
            _ => ("screen.ticket_filed", [("name", "")]),
        };
        let trouble = match row.fault.as_str() {
            "" => String::new(),
            _ if is_bad => String::new(),
            why => words.fill("screen.ticket_trouble", &[("why", why)]),
        };
        Ticket {
            title: words.fill("screen.ticket", &[("name", &row.system)]),
            name: row.name.clone(),
            url: view::link(&row.url).to_owned(),
            state: words.fill(key, &value),
            trouble,
            is_bad,
            when: view::when(row.filed_at.unwrap_or(row.created_at), zone, words),
        }
    };
    rows.iter().map(ticket).collect()
}
