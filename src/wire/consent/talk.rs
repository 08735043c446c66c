//! The conversations with the server behind a consent page: an app is registered, a code exchanged.

use super::{Client, Consent, Shows, Takes};
use crate::domain::text::one_line;
use crate::wire::ask::{Ask, Got, Step, Talk};
use crate::wire::fault::Fault;
use crate::wire::http::{Body, Method, Request, Response};
use crate::wire::network::Ctx;
use crate::wire::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// What an app that is registered on the spot calls itself; people see it in their settings there.
const NAME: &str = "Ascolto";
/// How much of what a server says of its refusal is shown.
const LONGEST_SAID: usize = 200;

/// What a server says against a request (RFC 6749, 5.2). Some send a number or a sentence where the
/// standard wants a word.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    error: Value,
    error_description: Value,
}

impl Problem {
    fn of(body: &[u8]) -> Problem {
        serde_json::from_slice(body).unwrap_or_default()
    }

    fn word(&self) -> &str {
        self.error.as_str().unwrap_or_default()
    }

    /// What happened and what to do.
    fn why(&self, status: u16) -> String {
        let more = self.error_description.as_str().unwrap_or_default();
        let said = [self.word(), more].map(|part| one_line(part, LONGEST_SAID));
        let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
        let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(": ")) };
        let (what, remedy) = match (self.word(), status) {
            ("invalid_grant" | "redirect_uri_mismatch", _) => (
                "the code is refused",
                "a code works once, for a short time and for the address it was made for: check \
                 that the app names exactly that address, and open the page again",
            ),
            ("invalid_client" | "unauthorized_client", _) | (_, 401 | 403) => (
                "the app is refused",
                "copy its id and its secret once more from where it was registered",
            ),
            _ => {
                ("the server refuses it", "check the app's settings there, and open the page again")
            }
        };
        format!("{what}{said} (HTTP {status}); {remedy}")
    }
}

/// What an answer of the server behind a consent page means where it is not what RFC 9110 says.
pub fn consent_fault(res: &Response) -> Option<Fault> {
    match res.status {
        // Not there, busy, or too late: these mean what they mean elsewhere.
        404 | 408 | 410 | 425 | 429 => None,
        400..500 => Some(Fault::refused(Problem::of(&res.body).why(res.status))),
        _ => None,
    }
}

/// An answer as JSON. Some servers refuse with a 200.
fn read<T: serde::de::DeserializeOwned>(res: &Response, what: &str) -> Result<T, Fault> {
    let problem = Problem::of(&res.body);
    if !problem.error.is_null() {
        return Err(Fault::refused(problem.why(res.status)));
    }
    // Of serde's words nothing is told: they could quote a token.
    serde_json::from_slice(&res.body)
        .map_err(|_| Fault::bug(format!("{what} has another shape than documented")))
}

fn form<const N: usize>(fields: [(&str, &str); N]) -> Vec<(String, String)> {
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Registers an app (docs.joinmastodon.org/methods/apps).
pub(super) struct Register {
    request: Request,
}

impl Register {
    pub(super) fn new(at: Url, redirect: &str, scopes: &[&str]) -> Register {
        let scopes = scopes.join(" ");
        let fields =
            form([("client_name", NAME), ("redirect_uris", redirect), ("scopes", scopes.as_str())]);
        Register { request: Request { body: Body::Form(fields), ..Request::new(Method::Post, at) } }
    }
}

impl Talk<Client> for Register {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Client> {
        Step::Ask(vec![Ask::open(self.request.clone(), 0)])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Client>, Fault> {
        #[derive(Deserialize)]
        struct Registered {
            client_id: String,
            client_secret: Secret,
        }
        let app: Registered = read(&got.http()?, "the registered app")?;
        if app.client_id.is_empty() || app.client_secret.is_empty() {
            return Err(Fault::bug("the registered app has an empty id or secret"));
        }
        Ok(Step::Done(Client { id: app.client_id, secret: Some(app.client_secret) }))
    }
}

/// Exchanges a code (RFC 6749, 4.1.3).
pub(super) struct Exchange {
    request: Request,
    takes: Takes,
}

impl Exchange {
    pub(super) fn new(
        consent: &Consent,
        token: Url,
        client: &Client,
        redirect: &str,
        code: &Secret,
        verifier: Option<&Secret>,
    ) -> Exchange {
        let mut request = Request::new(Method::Post, token);
        let mut fields = form([
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect),
        ]);
        if let Some(verifier) = verifier {
            fields.extend(form([("code_verifier", verifier.expose())]));
        }
        match (&client.secret, consent.shows) {
            (Some(secret), Shows::Basic) => {
                let pair = STANDARD.encode(format!("{}:{}", client.id, secret.expose()));
                let basic = Secret::new(format!("Basic {pair}"));
                request = request.secret_header("authorization", basic);
            }
            (Some(secret), Shows::Form) => {
                let both = [("client_id", client.id.as_str()), ("client_secret", secret.expose())];
                fields.extend(form(both));
            }
            (None, _) => fields.extend(form([("client_id", client.id.as_str())])),
        }
        Exchange { request: Request { body: Body::Form(fields), ..request }, takes: consent.takes }
    }
}

impl Talk<Secret> for Exchange {
    fn start(&mut self, _cx: &Ctx<'_>) -> Step<Secret> {
        Step::Ask(vec![Ask::open(self.request.clone(), 0)])
    }

    fn read(&mut self, _tag: u8, got: Got, _cx: &Ctx<'_>) -> Result<Step<Secret>, Fault> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: Option<Secret>,
            refresh_token: Option<Secret>,
        }
        let granted: Granted = read(&got.http()?, "what the code was exchanged for")?;
        let token = match self.takes {
            Takes::Access => granted.access_token,
            Takes::Refresh => granted.refresh_token,
        };
        match token.filter(|token| !token.is_empty()) {
            Some(token) => Ok(Step::Done(token)),
            None => Err(Fault::refused(match self.takes {
                Takes::Access => "the server handed out no access token",
                Takes::Refresh => {
                    "the server handed out no refresh token; take back what the account allowed \
                     the app before, in the account's own settings, and open the page again"
                }
            })),
        }
    }
}
