//! Tickets in Freshdesk.
//!
//! Facts: developers.freshdesk.com (API v2). Freshdesk knows no idempotency, and its search shows a
//! ticket minutes after it was made; so the key stands in a field of the ticket, and where an answer
//! was lost it is looked for several times. A ticket made by the API mails its requester, whose
//! address here leads nowhere; notes are private.

use super::form::{
    address, answer, ask, at, at_with, basic, fault, html, lines, name, numbered, once, server,
    title, word,
};
use crate::domain::time::HOUR;
use crate::wire::{
    Bucket, BucketRule, Counts, Ctx, Fault, Filed, HookRequest, Key, KeyFault, KeyKind, Method,
    Request, Response, Secret, Talk, Ticket, TicketCall, TicketMeta, TicketState, TicketSystem,
    is_one_word, read_settings,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::any::Any;
use subtle::ConstantTimeEq;
use url::Url;

/// Makes tickets in Freshdesk.
pub(super) struct Freshdesk;

const NAME: &str = "Freshdesk";
/// What the smallest plan allows an account: 3,000 requests an hour.
const API: Bucket = Bucket("api");
const ONE: &[(Bucket, u32)] = &[(API, 1)];
/// The field that bears the key where the settings name no other.
const FIELD: &str = "cf_ascolto_case";
/// Status and source as Freshdesk numbers them.
const OPEN: u8 = 2;
const PORTAL: u8 = 2;

static META: TicketMeta = TicketMeta {
    name: "freshdesk",
    title: NAME,
    about: "Makes a ticket. It needs a ticket field of the type single-line text for the key.",
    docs: "https://developers.freshdesk.com/api/#tickets",
    buckets: &[BucketRule {
        bucket: API,
        counts: Counts::Host,
        limit: 3_000,
        window_ms: HOUR,
        reserve: 1_000,
    }],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of your Freshdesk.",
            example: "\"https://acme.freshdesk.com\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "The API key of the agent in whose name tickets are made.",
            example: "\"freshdesk-k3y\"",
        },
        Key {
            name: "case_field",
            kind: KeyKind::Text,
            required: false,
            doc: "The API name of the ticket field that bears the key. Default cf_ascolto_case.",
            example: "\"cf_ascolto_case\"",
        },
        Key {
            name: "hook_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "What calls must bear in the header X-Ascolto-Secret. Default: no calls are taken.",
            example: "\"hook-s3cret\"",
        },
    ],
    reads_back: true,
    dedups: false,
    calls: "Make an automation rule for ticket updates that triggers a webhook (POST, JSON) when \
            the status changes, with the header `X-Ascolto-Secret` and this body: \
            `{\"ticket\": {\"id\": \"{{ticket.id}}\"}}`. Freshdesk signs nothing, so the secret is \
            all that is checked.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: String,
    token: Secret,
    case_field: Option<String>,
    hook_secret: Option<Secret>,
}

struct Settings {
    server: Url,
    token: Secret,
    field: String,
    hook_secret: Option<Secret>,
}

impl Settings {
    fn sign(&self, request: Request) -> Request {
        basic(request, self.token.expose(), "X")
    }

    fn get(&self, parts: &[&str], query: &[(&str, &str)]) -> Request {
        self.sign(Request::get(at_with(&self.server, parts, query)))
    }

    fn post(&self, parts: &[&str], body: &Value) -> Request {
        self.sign(Request::post_json(at(&self.server, parts), body))
    }
}

/// A ticket as the API tells it.
#[derive(Deserialize)]
struct Told {
    id: u64,
    status: u8,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    spam: bool,
    #[serde(default)]
    custom_fields: Map<String, Value>,
}

#[derive(Deserialize)]
struct Found {
    results: Vec<Told>,
}

impl Told {
    fn filed(&self, server: &Url) -> Filed {
        numbered(server, &["a", "tickets"], self.id)
    }
}

impl TicketSystem for Freshdesk {
    fn meta(&self) -> &'static TicketMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        if !is_one_word(raw.token.expose()) {
            return Err(fault("token", "is no API key; write it as Freshdesk showed it"));
        }
        let field = raw.case_field.unwrap_or_else(|| FIELD.to_owned());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !field.starts_with("cf_") || !field.chars().all(plain) {
            return Err(fault("case_field", "is no API name of a field; it begins with cf_"));
        }
        let server = server(&raw.server)?;
        let Raw { token, hook_secret, .. } = raw;
        Ok(Box::new(Settings { server, token, field, hook_secret }))
    }

    fn find(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Option<Filed>> + '_>> {
        let settings: &Settings = cx.settings();
        let query = format!("\"{}:'{}'\"", settings.field, ticket.key);
        let parts = ["api", "v2", "search", "tickets"];
        let request = settings.get(&parts, &[("query", query.as_str())]);
        let (key, server) = (ticket.key.clone(), settings.server.clone());
        let field = settings.field.clone();
        Some(once(ask(request, 0, ONE), move |got| {
            let found: Found = answer(got, NAME)?;
            let bears = |told: &&Told| {
                told.custom_fields.get(&field).and_then(Value::as_str) == Some(key.as_str())
            };
            Ok(found.results.iter().find(bears).map(|told| told.filed(&server)))
        }))
    }

    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        let settings: &Settings = cx.settings();
        let mut fields = Map::new();
        fields.insert(settings.field.clone(), json!(ticket.key));
        let body = json!({
            "subject": title(ticket, 150),
            "description": html(&lines(ticket)),
            "name": name(ticket),
            "email": address(ticket),
            "priority": ticket.severity.clamp(1, 3),
            "status": OPEN,
            "source": PORTAL,
            "tags": ["ascolto"],
            "custom_fields": fields,
        });
        let server = settings.server.clone();
        once(ask(settings.post(&["api", "v2", "tickets"], &body), 0, ONE), move |got| {
            answer::<Told>(got, NAME).map(|told| told.filed(&server))
        })
    }

    fn state(&self, filed: &Filed, cx: &Ctx<'_>) -> Option<Box<dyn Talk<TicketState> + '_>> {
        let settings: &Settings = cx.settings();
        let request = settings.get(&["api", "v2", "tickets", &filed.remote], &[]);
        Some(once(ask(request, 0, ONE), |got| {
            let told: Told = answer(got, NAME)?;
            Ok(match told.status {
                _ if told.deleted || told.spam => TicketState::Gone,
                4 | 5 => TicketState::Closed,
                _ => TicketState::Open,
            })
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
        let body = json!({ "body": html(&word(text)), "private": true });
        let request = settings.post(&["api", "v2", "tickets", &filed.remote, "notes"], &body);
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
            return TicketCall::Refuse("a call came; write `hook_secret` to check it");
        };
        let said = req.header("x-ascolto-secret").unwrap_or_default();
        let same = bool::from(said.as_bytes().ct_eq(secret.expose().as_bytes()));
        if req.method != Method::Post || !same || secret.is_empty() {
            return TicketCall::Refuse("a call whose X-Ascolto-Secret is not `hook_secret`");
        }
        match serde_json::from_slice::<Call>(req.body) {
            Ok(call) => TicketCall::Moved(vec![call.ticket.id]),
            Err(_) => {
                TicketCall::Refuse("a call that names no ticket; give it the body of the docs")
            }
        }
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        fault(res, NAME, "`token`")
    }
}
