//! Chatwoot's application API: contacts, conversations and private notes.

use super::helpdesk::{Answer, Call, Held, Ticket, fields, no};
use serde_json::{Value, json};

/// The inbox of the type API.
const INBOX: u64 = 3;

/// The rules, as developers.chatwoot.com has them.
pub fn chatwoot(call: &Call, held: &mut Held) -> Answer {
    if call.header("api_access_token") != "cw-t0ken" {
        return no(401, "You need to sign in or sign up before continuing.");
    }
    let Some((method, path)) = call.what.split_once(" /api/v1/accounts/1/") else {
        return no(404, "Account not found");
    };
    let parts: Vec<&str> = path.split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["contacts", "search"]) => {
            let q = call.query.get("q").cloned().unwrap_or_default();
            let like =
                |c: &&Value| c["identifier"].as_str().is_some_and(|i| i.contains(q.as_str()));
            (200, json!({ "payload": held.contacts.iter().filter(like).collect::<Vec<_>>() }))
        }
        ("POST", ["contacts"]) => contact(&call.body, held),
        ("GET", ["contacts", id, "conversations"]) => {
            let of = |t: &&Ticket| t.body["contact_id"].as_u64() == id.parse().ok();
            let all: Vec<Value> = held.tickets.iter().filter(of).map(told).collect();
            (200, json!({ "payload": all }))
        }
        ("POST", ["conversations"]) => conversation(&call.body, held),
        ("GET", ["conversations", id]) => match held.find(id) {
            Some(ticket) => (200, told(ticket)),
            None => no(404, "Resource could not be found"),
        },
        ("GET", ["conversations", id, "messages"]) => match held.find(id) {
            Some(ticket) => (200, json!({ "payload": ticket.notes })),
            None => no(404, "Resource could not be found"),
        },
        ("POST", ["conversations", id, "messages"]) => {
            let checked = fields(&call.body, &["content", "private"], &["message_type"]);
            let Some(ticket) = held.find(id) else { return no(404, "no conversation") };
            if checked.is_err() || call.body["private"] != true {
                return no(422, "a message that the customer would get");
            }
            ticket.notes.push(call.body.clone());
            (200, json!({ "id": 1, "private": true, "content": call.body["content"] }))
        }
        _ => no(404, "no such address"),
    }
}

fn contact(body: &Value, held: &mut Held) -> Answer {
    let may = ["name", "email", "phone_number", "custom_attributes"];
    if let Err(why) = fields(body, &["inbox_id", "identifier"], &may) {
        return no(422, why);
    }
    if held.contacts.iter().any(|c| c["identifier"] == body["identifier"]) {
        return no(422, "Identifier has already been taken");
    }
    if body["inbox_id"] != INBOX {
        return no(404, "no such inbox");
    }
    let id = held.contacts.len() + 1;
    let source = json!({ "source_id": format!("source-{id}"), "inbox": { "id": INBOX } });
    let contact = json!({ "id": id, "identifier": body["identifier"], "name": body["name"],
        "contact_inboxes": [source] });
    held.contacts.push(contact.clone());
    (200, json!({ "payload": { "contact": contact, "contact_inbox": source } }))
}

fn conversation(body: &Value, held: &mut Held) -> Answer {
    let may = ["contact_id", "custom_attributes", "status", "message"];
    if let Err(why) = fields(body, &["source_id", "inbox_id"], &may) {
        return no(422, why);
    }
    let source = format!("source-{}", body["contact_id"]);
    if body["source_id"] != source.as_str() || body["inbox_id"] != INBOX {
        return no(404, "no such contact in this inbox");
    }
    held.add(body.clone());
    (200, told(held.tickets.last().expect("it was added")))
}

fn told(ticket: &Ticket) -> Value {
    let status = if ticket.closed { "resolved" } else { "open" };
    json!({ "id": ticket.id, "status": status,
        "custom_attributes": ticket.body["custom_attributes"] })
}
