//! Zendesk's ticketing API, with the idempotency of its creations.

use super::helpdesk::{Answer, Call, Held, Ticket, basic, fields, no};
use serde_json::{Value, json};

/// The rules, as developer.zendesk.com has them.
pub fn zendesk(call: &Call, held: &mut Held) -> Answer {
    if call.header("authorization") != basic("ascolto@acme.example/token", "zd-t0ken") {
        return (401, json!({ "error": "Couldn't authenticate you" }));
    }
    match call.what.as_str() {
        "POST /api/v2/tickets.json" => create(call, held),
        "GET /api/v2/tickets.json" => {
            let key = call.query.get("external_id").cloned().unwrap_or_default();
            let found = held.tickets.iter().filter(|t| t.body["external_id"] == key.as_str());
            (200, json!({ "tickets": found.map(told).collect::<Vec<_>>() }))
        }
        what => {
            let id = what.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
            let Some(ticket) = held.find(id) else { return no(404, "RecordNotFound") };
            if what.starts_with("PUT ") {
                let comment = &call.body["ticket"]["comment"];
                if comment["public"] != false {
                    return no(422, "a public comment would be mailed");
                }
                ticket.notes.push(comment.clone());
            }
            (200, json!({ "ticket": told(ticket) }))
        }
    }
}

fn create(call: &Call, held: &mut Held) -> Answer {
    let key = call.header("idempotency-key").to_owned();
    let body = &call.body["ticket"];
    if key.len() > 255 {
        return no(400, "IdempotentRequestError");
    }
    match held.keys.get(&key) {
        Some((sent, answered)) if sent == body => return (201, answered.clone()),
        Some(_) => return no(400, "IdempotentRequestError"),
        None => {}
    }
    let may = ["subject", "requester", "external_id", "priority", "tags"];
    if let Err(why) = fields(body, &["comment"], &may) {
        return (422, json!({ "error": "RecordInvalid", "details": why }));
    }
    let html = body["comment"]["html_body"].as_str().unwrap_or_default();
    if body["comment"]["public"] != false || html.is_empty() || html.contains("{{") {
        return no(422, "a public comment, or one with placeholders");
    }
    let id = held.add(body.clone());
    let answered = json!({ "ticket": { "id": id, "external_id": body["external_id"],
        "status": "new" } });
    if !key.is_empty() {
        held.keys.insert(key, (body.clone(), answered.clone()));
    }
    (201, answered)
}

fn told(ticket: &Ticket) -> Value {
    let status = if ticket.closed { "solved" } else { "open" };
    json!({ "id": ticket.id, "external_id": ticket.body["external_id"], "status": status })
}
