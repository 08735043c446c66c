//! Issues in Jira Cloud.
//!
//! Facts: developer.atlassian.com (REST API version 3). Texts are documents of Atlassian's format,
//! in which nothing that a customer wrote is markup. Jira knows no idempotency, so the key is a
//! label, and is looked for before an issue is made; the search lags behind. A comment in a service
//! project is public unless a property says otherwise: ours say so.

use super::form::{answer, ask, at, basic, document, fault, lines, once, server, title, word};
use super::signed;
use crate::wire::{
    Ctx, Fault, Filed, HookRequest, Key, KeyFault, KeyKind, Method, Next, Request, Response,
    Secret, Talk, Ticket, TicketCall, TicketMeta, TicketState, TicketSystem, is_one_word,
    read_settings,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::any::Any;
use url::Url;

/// Makes issues in Jira.
pub(super) struct Jira;

const NAME: &str = "Jira";
/// The longest summary.
const SUMMARY: usize = 255;

static META: TicketMeta = TicketMeta {
    name: "jira",
    title: "Jira Cloud",
    about: "Makes an issue in a project. A service project is used as such: nobody is mailed.",
    docs: "https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/",
    buckets: &[],
    keys: &[
        Key {
            name: "server",
            kind: KeyKind::Url,
            required: true,
            doc: "Address of your site.",
            example: "\"https://acme.atlassian.net\"",
        },
        Key {
            name: "email",
            kind: KeyKind::Text,
            required: true,
            doc: "The account in whose name issues are made.",
            example: "\"ascolto@acme.example\"",
        },
        Key {
            name: "token",
            kind: KeyKind::Secret,
            required: true,
            doc: "An API token of that account.",
            example: "\"jira-t0ken\"",
        },
        Key {
            name: "project",
            kind: KeyKind::Text,
            required: true,
            doc: "The key of the project.",
            example: "\"CARE\"",
        },
        Key {
            name: "issue_type",
            kind: KeyKind::Text,
            required: false,
            doc: "The type of the issues, as the project calls it. Default Task.",
            example: "\"Task\"",
        },
        Key {
            name: "hook_secret",
            kind: KeyKind::Secret,
            required: false,
            doc: "The secret of a webhook that calls us. Default: no calls are taken.",
            example: "\"hook-s3cret\"",
        },
    ],
    reads_back: true,
    dedups: false,
    calls: "Make a webhook (System, WebHooks) with the address and a secret, for the event issue \
            updated and the query `labels = ascolto`.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    server: String,
    email: String,
    token: Secret,
    project: String,
    issue_type: Option<String>,
    hook_secret: Option<Secret>,
}

struct Settings {
    server: Url,
    email: String,
    token: Secret,
    project: String,
    issue_type: String,
    hook_secret: Option<Secret>,
}

impl Settings {
    fn sign(&self, request: Request) -> Request {
        let request = basic(request, &self.email, self.token.expose());
        request.header("accept", "application/json")
    }

    fn post(&self, parts: &[&str], body: &Value) -> Request {
        self.sign(Request::post_json(at(&self.server, parts), body))
    }
}

/// An issue as the API tells it.
#[derive(Deserialize)]
struct Told {
    id: String,
    key: String,
    #[serde(default)]
    fields: Fields,
}

#[derive(Default, Deserialize)]
struct Fields {
    #[serde(default)]
    labels: Vec<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    status_category: Category,
}

#[derive(Deserialize)]
struct Category {
    key: String,
}

#[derive(Deserialize)]
struct Found {
    issues: Vec<Told>,
}

impl Told {
    fn filed(&self, server: &Url) -> Filed {
        let url = at(server, &["browse", &self.key]).into();
        Filed { remote: self.id.clone(), name: self.key.clone(), url }
    }
}

impl TicketSystem for Jira {
    fn meta(&self) -> &'static TicketMeta {
        &META
    }

    fn settings(&self, table: &toml::Table) -> Result<Box<dyn Any + Send + Sync>, KeyFault> {
        let fault = |key: &str, why: &str| KeyFault { key: key.into(), why: why.into() };
        let raw: Raw = read_settings(table)?;
        if !is_one_word(&raw.email) || !raw.email.contains('@') || raw.email.contains(':') {
            return Err(fault(
                "email",
                "is no address; write the one by which the account logs in",
            ));
        }
        if !is_one_word(raw.token.expose()) {
            return Err(fault("token", "is no token; write it as Atlassian showed it"));
        }
        let sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if raw.project.is_empty() || !raw.project.chars().all(sign) {
            return Err(fault("project", "is no key of a project; it is written in capitals"));
        }
        let server = server(&raw.server)?;
        let Raw { email, token, project, issue_type, hook_secret, .. } = raw;
        let issue_type = issue_type.unwrap_or_else(|| "Task".to_owned());
        Ok(Box::new(Settings { server, email, token, project, issue_type, hook_secret }))
    }

    fn find(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Option<Box<dyn Talk<Option<Filed>> + '_>> {
        let settings: &Settings = cx.settings();
        let body = json!({
            "jql": format!("project = \"{}\" AND labels = \"{}\"", settings.project, ticket.key),
            "fields": ["labels"],
            "maxResults": 10,
        });
        let request = settings.post(&["rest", "api", "3", "search", "jql"], &body);
        let (key, server) = (ticket.key.clone(), settings.server.clone());
        Some(once(ask(request, 0, &[]), move |got| {
            let found: Found = answer(got, NAME)?;
            let ours = found.issues.iter().find(|told| told.fields.labels.contains(&key));
            Ok(ours.map(|told| told.filed(&server)))
        }))
    }

    fn create(&self, ticket: &Ticket, cx: &Ctx<'_>) -> Box<dyn Talk<Filed> + '_> {
        let settings: &Settings = cx.settings();
        let body = json!({ "fields": {
            "project": { "key": settings.project },
            "issuetype": { "name": settings.issue_type },
            "summary": title(ticket, SUMMARY),
            "labels": ["ascolto", ticket.key],
            "description": document(&lines(ticket)),
        }});
        let server = settings.server.clone();
        once(ask(settings.post(&["rest", "api", "3", "issue"], &body), 0, &[]), move |got| {
            answer::<Told>(got, NAME).map(|told| told.filed(&server))
        })
    }

    fn state(&self, filed: &Filed, cx: &Ctx<'_>) -> Option<Box<dyn Talk<TicketState> + '_>> {
        let settings: &Settings = cx.settings();
        let mut url = at(&settings.server, &["rest", "api", "3", "issue", &filed.remote]);
        url.set_query(Some("fields=status"));
        Some(once(ask(settings.sign(Request::get(url)), 0, &[]), |got| {
            let told: Told = answer(got, NAME)?;
            let status = told.fields.status;
            let status = status.ok_or_else(|| Fault::bug("Jira does not say how the issue stands"));
            // The three categories are Jira's own, whatever a project calls its states.
            let is_done = status?.status_category.key == "done";
            Ok(if is_done { TicketState::Closed } else { TicketState::Open })
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
            "body": document(&word(text)),
            "properties": [{ "key": "sd.public.comment", "value": { "internal": true } }],
        });
        let parts = ["rest", "api", "3", "issue", filed.remote.as_str(), "comment"];
        Some(once(ask(settings.post(&parts, &body), 0, &[]), |got| got.http().map(drop)))
    }

    fn hook(&self, req: &HookRequest<'_>, cx: &Ctx<'_>) -> TicketCall {
        #[derive(Deserialize)]
        struct Call {
            issue: Named,
        }
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        let settings: &Settings = cx.settings();
        let Some(secret) = &settings.hook_secret else {
            return TicketCall::Refuse("a call came; write `hook_secret` to check its signature");
        };
        if req.method != Method::Post || !signed::sha256(req, "x-hub-signature", secret) {
            return TicketCall::Refuse("a call whose signature is not that of `hook_secret`");
        }
        match serde_json::from_slice::<Call>(req.body) {
            Ok(call) => TicketCall::Moved(vec![call.issue.id]),
            Err(_) => TicketCall::Refuse("a call that names no issue"),
        }
    }

    fn fault(&self, res: &Response, _cx: &Ctx<'_>) -> Option<Fault> {
        if res
            .header("x-seraph-loginreason")
            .is_some_and(|why| why.contains("AUTHENTICATION_DENIED"))
        {
            let why = "Jira asks for a CAPTCHA; log in there by hand as the account in `email`";
            return Some(Fault::new(Next::Auth, why));
        }
        fault(res, NAME, "`email` and `token`")
    }
}
