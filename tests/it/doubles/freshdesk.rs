//! Freshdesk's API: HTML in, a custom field to search by.

use super::helpdesk::{Answer, Call, Held, Ticket, basic, fields, no};
use serde_json::{Value, json};

/// The rules, as developers.freshdesk.com has them.
pub fn freshdesk(call: &Call, held: &mut Held) -> Answer {
    if call.header("authorization") != basic("fd-k3y", "X") {
        return (401, json!({ "code": "invalid_credentials" }));
    }
    match call.what.as_str() {
        "POST /api/v2/tickets" => create(&call.body, held),
        "GET /api/v2/search/tickets" => {
            let query = call.query.get("query").cloned().unwrap_or_default();
            let key = query.strip_prefix("\"cf_ascolto_case:'").and_then(|q| q.strip_suffix("'\""));
            let Some(key) = key else { return invalid("query") };
            let bears = |t: &&Ticket| t.body["custom_fields"]["cf_ascolto_case"] == key;
            let found: Vec<Value> = held.tickets.iter().filter(bears).map(told).collect();
            (200, json!({ "total": found.len(), "results": found }))
        }
        what => {
            let Some(rest) = what.split("/api/v2/tickets/").nth(1) else { return no(404, "") };
            let id = rest.trim_end_matches("/notes");
            let Some(ticket) = held.find(id) else { return no(404, "") };
            if what.starts_with("POST ") {
                if call.body["private"] != true || !is_html(&call.body["body"]) {
                    return invalid("private");
                }
                ticket.notes.push(call.body.clone());
                return (201, json!({ "id": 1 }));
            }
            (200, told(ticket))
        }
    }
}

fn invalid(field: &str) -> Answer {
    let errors = json!([{ "field": field, "message": "It should be a valid value" }]);
    (400, json!({ "description": "Validation failed", "errors": errors }))
}

/// Whether no other tags stand in it than our own ends of lines.
fn is_html(text: &Value) -> bool {
    let bare = text.as_str().unwrap_or_default().replace("<br>", "");
    !bare.is_empty() && !bare.contains('<') && !bare.contains("{{")
}

fn create(body: &Value, held: &mut Held) -> Answer {
    let must = ["subject", "description", "email", "priority", "status", "source"];
    if let Err(why) = fields(body, &must, &["name", "tags", "custom_fields"]) {
        return invalid(&why);
    }
    let within =
        |name: &str, most: u64| body[name].as_u64().is_some_and(|n| (1..=most).contains(&n));
    if !within("priority", 4) || body["status"] != 2 || !is_html(&body["description"]) {
        return invalid("description");
    }
    if !body["email"].as_str().is_some_and(|email| email.ends_with(".invalid")) {
        return invalid("email");
    }
    if body["custom_fields"]
        .as_object()
        .is_some_and(|all| all.keys().any(|k| k != "cf_ascolto_case"))
    {
        return invalid("custom_fields");
    }
    held.add(body.clone());
    (201, told(held.tickets.last().expect("it was added")))
}

fn told(ticket: &Ticket) -> Value {
    let status = if ticket.closed { 5 } else { 2 };
    json!({ "id": ticket.id, "status": status, "custom_fields": ticket.body["custom_fields"] })
}
