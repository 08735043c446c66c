//! Jira's REST API, version 3: documents instead of texts, labels to search by.

use super::helpdesk::{Answer, Call, Held, Ticket, basic, fields, no};
use serde_json::{Value, json};

/// The rules, as developer.atlassian.com has them.
pub fn jira(call: &Call, held: &mut Held) -> Answer {
    if call.header("authorization") != basic("ascolto@acme.example", "jira-t0ken") {
        return no(401, "Client must be authenticated");
    }
    match call.what.as_str() {
        "POST /rest/api/3/issue" => create(&call.body["fields"], held),
        "POST /rest/api/3/search" => no(410, "The requested API has been removed"),
        "POST /rest/api/3/search/jql" => {
            let jql = call.body["jql"].as_str().unwrap_or_default();
            let label = jql.rsplit('"').nth(1).unwrap_or_default();
            if !jql.starts_with("project = \"CARE\" AND labels = \"") || label.is_empty() {
                return no(400, "the query is not understood");
            }
            let bears = |t: &&Ticket| {
                t.body["labels"].as_array().is_some_and(|all| all.iter().any(|l| l == label))
            };
            let found: Vec<Value> = held.tickets.iter().filter(bears).map(told).collect();
            (200, json!({ "issues": found, "isLast": true }))
        }
        what => {
            let Some(rest) = what.split("/rest/api/3/issue/").nth(1) else { return no(404, "") };
            let id = rest.trim_end_matches("/comment");
            let Some(issue) = held.find(id) else { return no(404, "Issue does not exist") };
            if what.starts_with("POST ") {
                let internal = &call.body["properties"][0]["value"]["internal"];
                if !is_document(&call.body["body"]) || internal != true {
                    return no(400, "a comment that customers see, or no document");
                }
                issue.notes.push(call.body.clone());
                return (201, json!({ "id": "1" }));
            }
            (200, told(issue))
        }
    }
}

/// Whether it is a document of paragraphs of plain text without ends of lines.
fn is_document(value: &Value) -> bool {
    let node = |node: &Value| {
        let text = node["text"].as_str().unwrap_or_default();
        node["type"] == "text" && !text.is_empty() && !text.contains('\n')
    };
    let paragraph = |one: &Value| {
        one["type"] == "paragraph" && one["content"].as_array().is_some_and(|c| c.iter().all(node))
    };
    value["type"] == "doc"
        && value["version"] == 1
        && value["content"].as_array().is_some_and(|all| all.iter().all(paragraph))
}

fn create(body: &Value, held: &mut Held) -> Answer {
    let must = ["project", "issuetype", "summary"];
    if let Err(why) = fields(body, &must, &["labels", "description"]) {
        return (400, json!({ "errorMessages": [], "errors": { "fields": why } }));
    }
    let summary = body["summary"].as_str().unwrap_or_default();
    if summary.encode_utf16().count() > 255 || summary.contains('\n') {
        return no(400, "The summary is invalid because it is too long or has several lines");
    }
    if body["project"]["key"] != "CARE" || !is_document(&body["description"]) {
        return no(400, "no such project, or no document");
    }
    let plain = |label: &Value| label.as_str().is_some_and(|l| !l.contains(' '));
    if !body["labels"].as_array().is_some_and(|all| all.iter().all(plain)) {
        return no(400, "The label contains spaces");
    }
    let id = held.add(body.clone());
    (201, json!({ "id": id.to_string(), "key": format!("CARE-{id}") }))
}

fn told(issue: &Ticket) -> Value {
    let category = if issue.closed { "done" } else { "indeterminate" };
    json!({ "id": issue.id.to_string(), "key": format!("CARE-{}", issue.id), "fields": {
        "labels": issue.body["labels"],
        "status": { "name": "In corso", "statusCategory": { "key": category } },
    }})
}
