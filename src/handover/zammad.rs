//! Tickets in Zammad.
//!
//! Facts: docs.zammad.org (REST API). Zammad knows no idempotency, so the key stands in the title
//! and is looked for there before a ticket is made; the search takes words alone where no index is
//! installed, so what it finds is compared with the key. An article of the type `email` would be
//! mailed to the customer, so ours are notes, and internal.

use super::form::{
    address, answer, ask, at, at_with, cut, fault, lines, once, server, title, word,
};
use super::signed;
use crate::wire::{
    Ctx, Fault, Filed, HookRequest, Key, KeyFault, KeyKind, Method, Request, Response, Secret,
    Talk, Ticket, TicketCall, TicketMeta, TicketState, TicketSystem, is_one_word, read_settings,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use url::Url;

/// Makes tickets in Zammad.
pub(super) struct Zammad;

const NAME: &str = "Zammad";
/// Names of states that mean that they are done with it, as Zammad ships them.
const CLOSED: [&str; 3] = ["closed", "merged", "removed"];
/// So many tickets of a search are compared with the key.
const MOST: &str = "20";

static META: TicketMeta = TicketMeta {
    name: "zammad",
    title: NAME,
    about: "Makes a ticket with an internal note in a group, your own server's or a hosted one's.",
    docs: "https://docs.zammad.org/en/latest/api/ticket/index.html",
    buckets: &[],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of the server.",
            example: "\"https://zammad.example.com\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "Access token of a user with the permission ticket.agent and rights in the group.",
            example: "\"zammad-t0ken\"",
        },
        Key {
            name: "group",
            kind: KeyKind::Text,
            required: true,
            doc: "The group in which tickets are made.",
            example: "\"Social\"",
        },
        Key {
            name: "closed_states",
            kind: KeyKind::List,
            required: false,
            doc: "Names of the states that mean that a ticket is done with. Default closed, merged \
                  and removed.",
            example: "[\"closed\", \"merged\", \"removed\"]",
        },
        Key {
            name: "hook_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "The HMAC SHA1 signature token of a webhook that calls us. Default: no calls are \
                  taken.",
            example: "\"hook-s3cret\"",
        },
    ],
    reads_back: true,
    dedups: false,
    calls: "Make a webhook with the address, a signature token and the usual payload, and a trigger \
            that calls it when the state of a ticket with the tag `ascolto` changes.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: String,
    token: Secret,
    group: String,
    closed_states: Option<Vec<String>>,
    hook_secret: Option<Secret>,
}

struct Settings {
    server: Url,
    token: Secret,
    group: String,
    closed: Vec<String>,
    hook_secret: Option<Secret>,
}

impl Settings {
    fn sign(&self, request: Request) -> Request {
        let token = format!("Token token={}", self.token.expose());
        request.secret_header("authorization", Secret::new(token))
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
    number: String,
    #[serde(default)]
    title: String,
    /// The state by name; told where names are asked for.
    #[serde(default)]
    state: String,
}

impl Told {
    fn filed(&self, server: &Url) -> Filed {
        let mut url = server.clone();
        url.set_fragment(Some(&format!("ticket/zoom/{}", self.id)));
        Filed { remote: self.id.to_string(), name: format!("#{}", self.number), url: url.into() }
    }
}

impl TicketSystem for Zammad {
    fn meta(&self) -> &'static TicketMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        if !is_one_word(raw.token.expose()) {
            return Err(fault("token", "is no token; write it as Zammad showed it"));
        }
        if raw.group.trim().is_empty() {
            return Err(fault("group", "names no group"));
        }
        let closed = raw.closed_states.unwrap_or_else(|| CLOSED.map(str::to_owned).to_vec());
        Ok(Box::new(Settings {
            server: server(&raw.server)?,
            token: raw.token,
            group: raw.group,
            closed: closed.iter().map(|state| state.trim().to_lowercase()).collect(),
            hook_secret: raw.hook_secret,
        }))
    }

    fn find(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Option<Filed>> + '_>> {
        let settings: &Settings = cx.settings();
        let query = [("query", ticket.key.as_str()), ("limit", MOST), ("expand", "true")];
        let request = settings.get(&["api", "v1", "tickets", "search"], &query);
        let (key, server) = (ticket.key.clone(), settings.server.clone());
        Some(once(ask(request, 0, &[]), move |got| {
            let found: Vec<Told> = answer(got, NAME)?;
            let ours = found.iter().find(|told| told.title.ends_with(&format!("({key})")));
            Ok(ours.map(|told| told.filed(&server)))
        }))
    }

    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        let settings: &Settings = cx.settings();
        let body = json!({
            "title": format!("{} ({})", title(ticket, 150), ticket.key),
            "group": settings.group,
            "customer_id": format!("guess:{}", address(ticket)),
            "priority": if ticket.severity >= 3 { "3 high" } else { "2 normal" },
            "tags": "ascolto",
            "article": {
                "subject": title(ticket, 150),
                "body": lines(ticket).join("\n"),
                "content_type": "text/plain",
                "type": "note",
                "internal": true,
            },
        });
        let server = settings.server.clone();
        once(ask(settings.post(&["api", "v1", "tickets"], &body), 0, &[]), move |got| {
            answer::<Told>(got, NAME).map(|told| told.filed(&server))
        })
    }

    fn state(&self, filed: &Filed, cx: &Ctx<'_>) -> Option<Box<dyn Talk<TicketState> + '_>> {
        let settings: &Settings = cx.settings();
        let parts = ["api", "v1", "tickets", filed.remote.as_str()];
        let (request, closed) =
            (settings.get(&parts, &[("expand", "true")]), settings.closed.clone());
        Some(once(ask(request, 0, &[]), move |got| {
            let state = answer::<Told>(got, NAME)?.state.to_lowercase();
            if state.is_empty() {
                return Err(Fault::bug("Zammad does not say how the ticket stands"));
            }
            let is_closed = closed.contains(&state);
            Ok(if is_closed { TicketState::Closed } else { TicketState::Open })
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
        let body = json!({
            "ticket_id": filed.remote.parse::<u64>().ok()?,
            "subject": "Ascolto",
            "body": cut(&word(text).join("\n"), 2_000),
            "content_type": "text/plain",
            "type": "note",
            "internal": true,
        });
        let request = settings.post(&["api", "v1", "ticket_articles"], &body);
        Some(once(ask(request, 0, &[]), |got| got.http().map(drop)))
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> TicketCall {
        #[derive(Deserialize)]
        struct Call {
            ticket: Named,
        }
        #[derive(Deserialize)]
        struct Named {
            id: u64,
        }
        let settings: &Settings = cx.settings();
        let Some(secret) = &settings.hook_secret else {
            return TicketCall::Refuse("a call came; write `hook_secret` to check its signature");
        };
        if req.method != Method::Post || !signed::sha1(req, "x-hub-signature", secret) {
            return TicketCall::Refuse("a call whose signature is not that of `hook_secret`");
        }
        match serde_json::from_slice::<Call>(req.body) {
            Ok(call) => TicketCall::Moved(vec![call.ticket.id.to_string()]),
            Err(_) => TicketCall::Refuse("a call that names no ticket; leave its payload as usual"),
        }
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        fault(res, NAME, "`token`")
    }
}
