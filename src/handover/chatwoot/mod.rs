//! Conversations in Chatwoot.
//!
//! Facts: developers.chatwoot.com (application API). What is written into an inbox of the type API
//! is mailed to nobody, and ours is a private note besides. Conversations know no idempotency: the
//! contact is found by its identifier, its conversations by an attribute that bears the key. Notes
//! are Markdown, in which a mention would call an agent; so nothing of a customer's is left marked up.

mod talk;

use super::form::{answer, ask, at, at_with, fault, markdown, once, server, word};
use crate::wire::{
    Ask, Ctx, Fault, Filed, HookRequest, Key, KeyFault, KeyKind, Method, Request, Response, Secret,
    Talk, Ticket, TicketCall, TicketMeta, TicketState, TicketSystem, is_one_word, read_settings,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use subtle::ConstantTimeEq;
use talk::{Conversation, Create, Find};
use url::Url;

/// Opens conversations in Chatwoot.
pub(super) struct Chatwoot;

const NAME: &str = "Chatwoot";

static META: TicketMeta = TicketMeta {
    name: "chatwoot",
    title: NAME,
    about: "Opens a conversation with a private note in an inbox of the type API.",
    docs: "https://developers.chatwoot.com/api-reference/introduction",
    buckets: &[],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of the server.",
            example: "\"https://app.chatwoot.com\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "The access token of an agent (Profile settings).",
            example: "\"chatwoot-t0ken\"",
        },
        Key {
            name: "account",
            kind: KeyKind::Number,
            required: true,
            doc: "The number of the account, as it stands in the addresses of its pages.",
            example: "1",
        },
        Key {
            name: "inbox",
            kind: KeyKind::Number,
            required: true,
            doc: "The number of an inbox of the type API. In one of the type e-mail a colleague's \
                  answer would be mailed.",
            example: "3",
        },
        Key {
            name: "hook_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "What calls must bear as `secret` in their address. Default: no calls are taken.",
            example: "\"hook-s3cret\"",
        },
    ],
    reads_back: true,
    dedups: false,
    calls: "Add a webhook (Settings, Integrations) for the event conversation_status_changed, with \
            `?secret=` and the `hook_secret` behind the address.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: String,
    token: Secret,
    account: u64,
    inbox: u64,
    hook_secret: Option<Secret>,
}

struct Settings {
    server: Url,
    token: Secret,
    account: String,
    inbox: u64,
    hook_secret: Option<Secret>,
}

impl Settings {
    fn parts<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        [["api", "v1", "accounts", self.account.as_str()].as_slice(), rest].concat()
    }

    fn sign(&self, request: Request) -> Request {
        request.secret_header("api_access_token", self.token.clone())
    }

    fn get(&self, rest: &[&str], query: &[(&str, &str)], tag: u8) -> Ask {
        let parts = self.parts(rest);
        let url = if query.is_empty() {
            at(&self.server, &parts)
        } else {
            at_with(&self.server, &parts, query)
        };
        ask(self.sign(Request::get(url)), tag, &[])
    }

    fn post(&self, rest: &[&str], body: &Value, tag: u8) -> Ask {
        let url = at(&self.server, &self.parts(rest));
        ask(self.sign(Request::post_json(url, body)), tag, &[])
    }

    /// The contact of that identifier, among others that are like it.
    fn search(&self, identifier: &str, tag: u8) -> Ask {
        self.get(&["contacts", "search"], &[("q", identifier)], tag)
    }

    /// A note that colleagues see and nobody else.
    fn note(&self, conversation: &str, text: &str, tag: u8) -> Ask {
        let body = json!({ "content": text, "message_type": "outgoing", "private": true });
        self.post(&["conversations", conversation, "messages"], &body, tag)
    }

    fn filed(&self, conversation: u64) -> Filed {
        let id = conversation.to_string();
        let parts = ["app", "accounts", self.account.as_str(), "conversations", id.as_str()];
        let url = at(&self.server, &parts).into();
        Filed { name: format!("#{id}"), url, remote: id }
    }
}

impl TicketSystem for Chatwoot {
    fn meta(&self) -> &'static TicketMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let raw: Raw = read_settings(table)?;
        if !is_one_word(raw.token.expose()) {
            let why = "is no token; write it as Chatwoot showed it".to_owned();
            return Err(KeyFault { key: "token".to_owned(), why });
        }
        let server = server(&raw.server)?;
        let Raw { token, account, inbox, hook_secret, .. } = raw;
        let account = account.to_string();
        Ok(Box::new(Settings { server, token, account, inbox, hook_secret }))
    }

    fn find(&self, ticket: &Ticket, _cx: &Ctx<'_>) -> Option<Box<dyn Talk<Option<Filed>> + '_>> {
        Some(Box::new(Find::new(ticket)))
    }

    fn create(&self, ticket: &Ticket, _cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        Box::new(Create::new(ticket))
    }

    fn state(&self, filed: &Filed, cx: &Ctx<'_>) -> Option<Box<dyn Talk<TicketState> + '_>> {
        let settings: &Settings = cx.settings();
        let ask = settings.get(&["conversations", &filed.remote], &[], 0);
        Some(once(ask, |got| {
            let told: Conversation = answer(got, NAME)?;
            match told.status.as_str() {
                "resolved" => Ok(TicketState::Closed),
                "" => Err(Fault::bug("Chatwoot does not say how the conversation stands")),
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
        let ask = settings.note(&filed.remote, &markdown(&word(text)), 0);
        Some(once(ask, |got| got.http().map(drop)))
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> TicketCall {
        #[derive(Deserialize)]
        struct Call {
            id: u64,
        }
        let settings: &Settings = cx.settings();
        let Some(secret) = &settings.hook_secret else {
            return TicketCall::Refuse("a call came; write `hook_secret` to check it");
        };
        let said = req.query("secret").unwrap_or_default();
        let same = bool::from(said.as_bytes().ct_eq(secret.expose().as_bytes()));
        if req.method != Method::Post || !same || secret.is_empty() {
            return TicketCall::Refuse("a call whose `secret` is not `hook_secret`");
        }
        match serde_json::from_slice::<Call>(req.body) {
            Ok(call) => TicketCall::Moved(vec![call.id.to_string()]),
            Err(_) => TicketCall::Refuse("a call that names no conversation"),
        }
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        fault(res, NAME, "`token`")
    }
}
