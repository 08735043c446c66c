//! Tickets in Zendesk.
//!
//! Facts: developer.zendesk.com (ticketing API). A request to make a ticket bears an
//! `Idempotency-Key`, which Zendesk keeps for two hours; beyond that, and because `external_id` may
//! stand on several tickets, the key is looked for first. The first comment is internal, so nothing
//! is mailed to the requester, whose address leads nowhere besides.

use super::form::{
    address, answer, ask, at, at_with, basic, fault, html, lines, name, numbered, once, server,
    title, word,
};
use super::signed;
use crate::domain::Instant;
use crate::domain::time::MINUTE;
use crate::wire::{
    Bucket, BucketRule, Counts, Ctx, Fault, Filed, HookRequest, Key, KeyFault, KeyKind, Method,
    Next, Request, Response, Secret, Talk, Ticket, TicketCall, TicketMeta, TicketState,
    TicketSystem, is_one_word, read_settings,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use url::Url;

/// Makes tickets in Zendesk.
pub(super) struct Zendesk;

const NAME: &str = "Zendesk";
/// What the smallest plan allows an account: 200 requests a minute.
const API: Bucket = Bucket("api");
const ONE: &[(Bucket, u32)] = &[(API, 1)];

static META: TicketMeta = TicketMeta {
    name: "zendesk",
    title: NAME,
    about: "Makes a ticket with an internal comment.",
    docs: "https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/",
    buckets: &[BucketRule {
        bucket: API,
        counts: Counts::Host,
        limit: 200,
        window_ms: MINUTE,
        reserve: 100,
    }],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of your Zendesk.",
            example: "\"https://acme.zendesk.com\"",
        },
        Key {
            name: "email",
            kind: KeyKind::Text,
            required: true,
            doc: "The agent in whose name tickets are made.",
            example: "\"ascolto@acme.example\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "An API token (Admin Center, Apps and integrations, Zendesk API).",
            example: "\"zendesk-t0ken\"",
        },
        Key {
            name: "hook_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "The signing secret of a webhook that calls us. Default: no calls are taken.",
            example: "\"hook-s3cret\"",
        },
    ],
    reads_back: true,
    dedups: true,
    calls: "Make a webhook (POST, JSON) with the address, and a trigger that calls it when the \
            status of a ticket with the tag `ascolto` changes, with this body: \
            `{\"ticket\": {\"id\": \"{{ticket.id}}\"}}`.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: String,
    email: String,
    token: Secret,
    hook_secret: Option<Secret>,
}

struct Settings {
    server: Url,
    email: String,
    token: Secret,
    hook_secret: Option<Secret>,
}

impl Settings {
    fn sign(&self, request: Request) -> Request {
        basic(request, &format!("{}/token", self.email), self.token.expose())
    }

    fn get(&self, parts: &[&str], query: &[(&str, &str)]) -> Request {
        self.sign(Request::get(at_with(&self.server, parts, query)))
    }

    fn send(&self, method: Method, parts: &[&str], body: &Value) -> Request {
        let request = Request::post_json(at(&self.server, parts), body);
        self.sign(Request { method, ..request })
    }
}

/// A ticket as the API tells it.
#[derive(Deserialize)]
struct Told {
    id: u64,
    external_id: Option<String>,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct One {
    ticket: Told,
}

#[derive(Deserialize)]
struct Many {
    tickets: Vec<Told>,
}

impl Told {
    fn filed(&self, server: &Url) -> Filed {
        numbered(server, &["agent", "tickets"], self.id)
    }
}

impl TicketSystem for Zendesk {
    fn meta(&self) -> &'static TicketMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        if !is_one_word(&raw.email) || !raw.email.contains('@') || raw.email.contains(':') {
            return Err(fault("email", "is no address; write the one by which the agent logs in"));
        }
        if !is_one_word(raw.token.expose()) {
            return Err(fault("token", "is no token; write it as Zendesk showed it"));
        }
        let server = server(&raw.server)?;
        let Raw { email, token, hook_secret, .. } = raw;
        Ok(Box::new(Settings { server, email, token, hook_secret }))
    }

    fn find(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Option<Filed>> + '_>> {
        let settings: &Settings = cx.settings();
        let query = [("external_id", ticket.key.as_str())];
        let request = settings.get(&["api", "v2", "tickets.json"], &query);
        let (key, server) = (ticket.key.clone(), settings.server.clone());
        Some(once(ask(request, 0, ONE), move |got| {
            let found: Many = answer(got, NAME)?;
            let ours = found.tickets.iter().find(|told| told.external_id.as_ref() == Some(&key));
            Ok(ours.map(|told| told.filed(&server)))
        }))
    }

    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        let settings: &Settings = cx.settings();
        let body = json!({ "ticket": {
            "subject": title(ticket, 150),
            "comment": { "html_body": html(&lines(ticket)), "public": false },
            "requester": { "name": name(ticket), "email": address(ticket) },
            "external_id": ticket.key,
            "priority": if ticket.severity >= 3 { "high" } else { "normal" },
            "tags": ["ascolto"],
        }});
        let parts = ["api", "v2", "tickets.json"];
        let request = settings
            .send(Method::Post, &parts, &body)
            .header("idempotency-key", format!("{}-create", ticket.key));
        let server = settings.server.clone();
        once(ask(request, 0, ONE), move |got| {
            answer::<One>(got, NAME).map(|one| one.ticket.filed(&server))
        })
    }

    fn state(&self, filed: &Filed, cx: &Ctx<'_>) -> Option<Box<dyn Talk<TicketState> + '_>> {
        let settings: &Settings = cx.settings();
        let file = format!("{}.json", filed.remote);
        let request = settings.get(&["api", "v2", "tickets", &file], &[]);
        Some(once(ask(request, 0, ONE), |got| {
            let status = answer::<One>(got, NAME)?.ticket.status;
            match status.as_str() {
                "solved" | "closed" => Ok(TicketState::Closed),
                "deleted" => Ok(TicketState::Gone),
                "" => Err(Fault::bug("Zendesk does not say how the ticket stands")),
                _ => Ok(TicketState::Open),
            }
        }))
    }

    fn tell(
        &self,
        filed: &Filed,
        _key: &str,
        text: &str,
        cx: &Ctx<'_>,
    ) -> Option<Box<dyn Talk<()> + '_>> {
        let settings: &Settings = cx.settings();
        let comment = json!({ "html_body": html(&word(text)), "public": false });
        let body = json!({ "ticket": { "comment": comment } });
        let file = format!("{}.json", filed.remote);
        let request = settings.send(Method::Put, &["api", "v2", "tickets", &file], &body);
        Some(once(ask(request, 0, ONE), |got| got.http().map(drop)))
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> TicketCall {
        #[derive(Deserialize)]
        struct Call {
            ticket: Named,
        }
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        let settings: &Settings = cx.settings();
        let Some(secret) = &settings.hook_secret else {
            return TicketCall::Refuse("a call came; write `hook_secret` to check its signature");
        };
        let time = req.header("x-zendesk-webhook-signature-timestamp").unwrap_or_default();
        let tag = req.header("x-zendesk-webhook-signature").and_then(signed::base64);
        let key = secret.expose().as_bytes();
        let holds = |tag: Vec<u8>| signed::holds(key, &[time.as_bytes(), req.body], &tag);
        if req.method != Method::Post || !tag.is_some_and(holds) {
            return TicketCall::Refuse("a call whose signature is not that of `hook_secret`");
        }
        if !Instant::parse(time).is_ok_and(|made| signed::is_fresh(made, cx.now)) {
            return TicketCall::Refuse("a call that is older than five minutes");
        }
        match serde_json::from_slice::<Call>(req.body) {
            Ok(call) => TicketCall::Moved(vec![call.ticket.id]),
            Err(_) => {
                TicketCall::Refuse("a call that names no ticket; give it the body of the docs")
            }
        }
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        // The same key came with another text before: what that made is found by its key, or the
        // key runs out within two hours.
        let spent = res.status == 400
            && String::from_utf8_lossy(&res.body).contains("IdempotentRequestError");
        if spent {
            let why = "Zendesk has answered this key before with another text; it is looked for";
            return Some(Fault::new(Next::Retry { after: None }, why));
        }
        fault(res, NAME, "`email` and `token`")
    }
}
