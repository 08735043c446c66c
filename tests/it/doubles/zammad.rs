//! Zammad's REST API: tickets are made, found, read and annotated, and no mail may leave.

use super::helpdesk::{Answer, Call, Held, Ticket, fields, no};
use serde_json::{Value, json};

/// The rules, as docs.zammad.org has them.
pub fn zammad(call: &Call, held: &mut Held) -> Answer {
    if call.header("authorization") != "Token token=z-t0ken" {
        return no(401, "Authentication required");
    }
    match call.what.as_str() {
        "POST /api/v1/tickets" => create(&call.body, held),
        "GET /api/v1/tickets/search" => {
            let query = call.query.get("query").cloned().unwrap_or_default();
            let found = held.tickets.iter().filter(|t| {
                t.body["title"].as_str().is_some_and(|title| title.contains(query.as_str()))
            });
            (200, found.map(told).collect())
        }
        "POST /api/v1/ticket_articles" => note(&call.body, held),
        _ => match call.rest("GET /api/v1/tickets/").and_then(|id| held.find(id)) {
            Some(ticket) if call.query.contains_key("expand") => (200, told(ticket)),
            Some(_) => no(422, "names are told with expand alone"),
            None => no(404, "Couldn't find Ticket"),
        },
    }
}

fn create(body: &Value, held: &mut Held) -> Answer {
    let may = ["customer_id", "priority", "tags", "state", "mentions"];
    let checked = fields(body, &["title", "group", "article", "customer_id"], &may)
        .and_then(|()| article(&body["article"], &["body"]));
    if let Err(why) = checked {
        return no(422, why);
    }
    let title = body["title"].as_str().unwrap_or_default();
    if title.chars().count() > 250 || title.contains('\n') {
        return no(422, "the title is too long, or has several lines");
    }
    if body["group"] != "Social" {
        return no(422, "No lookup value found for 'group'");
    }
    let customer = body["customer_id"].as_str().unwrap_or_default();
    if !customer.starts_with("guess:") || !customer.ends_with(".invalid") {
        return no(422, "a customer who could get mail");
    }
    let id = held.add(body.clone());
    (201, json!({ "id": id, "number": format!("2{id}"), "title": title }))
}

/// An article that no customer gets.
fn article(article: &Value, must: &[&str]) -> Result<(), String> {
    let may = ["subject", "content_type", "type", "internal", "ticket_id"];
    fields(article, must, &may)?;
    let inside = article["type"] == "note" && article["internal"] == true;
    let plain = article["content_type"] == "text/plain";
    if inside && plain { Ok(()) } else { Err("it would be mailed, or is no plain text".to_owned()) }
}

fn note(body: &Value, held: &mut Held) -> Answer {
    if let Err(why) = article(body, &["body", "ticket_id"]) {
        return no(422, why);
    }
    match held.find(&body["ticket_id"].to_string()) {
        Some(ticket) => {
            ticket.notes.push(body.clone());
            (201, json!({ "id": 1 }))
        }
        None => no(404, "Couldn't find Ticket"),
    }
}

fn told(ticket: &Ticket) -> Value {
    let state = if ticket.closed { "closed" } else { "open" };
    json!({ "id": ticket.id, "number": format!("2{}", ticket.id),
        "title": ticket.body["title"], "state": state })
}
