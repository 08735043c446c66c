//! `Errand`: one way through a consent page: the address to open, and what the browser brings back.

use super::talk::Exchange;
use super::{Client, Consent};
use crate::domain::text::one_line;
use crate::wire::ask::Talk;
use crate::wire::secret::Secret;
use crate::wire::settings::Given;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;
use url::form_urlencoded;

/// How much of what a page says of its refusal is shown.
const LONGEST_WORD: usize = 80;
const LONGEST_SAID: usize = 200;

/// What tells an errand from every other. Both are random, or follow from a key that only we have.
pub struct Proofs {
    /// Comes back with the browser: whoever brings another one was sent by somebody else.
    pub state: String,
    /// Shows at the exchange that we asked for the code: 43 to 128 letters (RFC 7636, 4.1).
    pub verifier: Secret,
}

impl Proofs {
    /// Out of random bytes.
    pub fn new(state: [u8; 16], verifier: [u8; 32]) -> Proofs {
        Proofs {
            state: URL_SAFE_NO_PAD.encode(state),
            verifier: Secret::new(URL_SAFE_NO_PAD.encode(verifier)),
        }
    }

    /// What the page is shown of the verifier (RFC 7636, 4.2: `S256`).
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose().as_bytes()))
    }
}

/// Why a browser brought no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCode {
    /// It was not sent by the page that we had opened, or that page was opened for another errand.
    #[error(
        "this is no answer to what was asked here: its `state` is missing or another one; open \
         the address that is shown, and go on from there"
    )]
    Foreign,
    /// The owner said no.
    #[error("the permission was denied there; open the page again and allow what it asks for")]
    Denied,
    /// The page itself will not.
    #[error("the page hands out no code: {0}; check the app's settings there, and open it again")]
    Refused(String),
}

/// One person's way through a consent page.
pub struct Errand {
    consent: &'static Consent,
    page: Url,
    token: Url,
    client: Client,
    redirect: String,
    proofs: Proofs,
}

impl Errand {
    /// A way that ends at `redirect`, where the page sends the browser.
    ///
    /// # Errors
    /// When the settings name no address of the network; the text says which key does not do.
    pub fn new(
        consent: &'static Consent,
        given: &Given,
        client: Client,
        redirect: &str,
        proofs: Proofs,
    ) -> Result<Errand, String> {
        let (page, token) = (consent.page.by(given)?, consent.token.by(given)?);
        Ok(Errand { consent, page, token, client, redirect: redirect.to_owned(), proofs })
    }

    /// The address to open. It holds nothing that must be kept from the person who opens it.
    pub fn page(&self) -> Url {
        let mut url = self.page.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", &self.consent.scopes.join(" "))
            .append_pair("state", &self.proofs.state);
        if self.consent.pkce {
            query
                .append_pair("code_challenge", &self.proofs.challenge())
                .append_pair("code_challenge_method", "S256");
        }
        query.extend_pairs(self.consent.more);
        drop(query);
        // A form writes a blank as `+`; `%20` is read as one wherever addresses are.
        let plain = url.query().unwrap_or_default().replace('+', "%20");
        url.set_query(Some(&plain));
        url
    }

    /// The code out of the query with which the browser came back (RFC 6749, 4.1.2).
    ///
    /// # Errors
    /// Why there is none.
    pub fn code(&self, query: &str) -> Result<Secret, NoCode> {
        let one = |name: &str| {
            let mut values =
                form_urlencoded::parse(query.as_bytes()).filter(|(n, _)| n == name).map(|(_, v)| v);
            // What is said twice is not said (RFC 6749, 3.1).
            values.next().filter(|_| values.next().is_none()).map(|value| value.into_owned())
        };
        let state = one("state").unwrap_or_default();
        if !bool::from(state.as_bytes().ct_eq(self.proofs.state.as_bytes())) {
            return Err(NoCode::Foreign);
        }
        if let Some(error) = one("error") {
            if error == "access_denied" {
                return Err(NoCode::Denied);
            }
            let more = one("error_description").unwrap_or_default();
            let said = [one_line(&error, LONGEST_WORD), one_line(&more, LONGEST_SAID)];
            let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
            return Err(NoCode::Refused(said.join(": ")));
        }
        match one("code").filter(|code| !code.is_empty()) {
            Some(code) => Ok(Secret::new(code)),
            None => Err(NoCode::Refused("its answer holds none".to_owned())),
        }
    }

    /// The code out of the whole address at which a browser ended, as a person copies it.
    ///
    /// # Errors
    /// As of [`Errand::code`].
    pub fn pasted(&self, address: &str) -> Result<Secret, NoCode> {
        let address = address.trim();
        let query = address.split_once('?').map_or(address, |(_, query)| query);
        // Reddit puts `#_` behind it.
        self.code(query.split('#').next().unwrap_or_default())
    }

    /// The conversation that gives the code for the secret that is kept.
    pub fn exchange(&self, code: &Secret) -> Box<dyn Talk<Secret>> {
        let verifier = self.consent.pkce.then_some(&self.proofs.verifier);
        let token = self.token.clone();
        let (redirect, client) = (self.redirect.as_str(), &self.client);
        Box::new(Exchange::new(self.consent, token, client, redirect, code, verifier))
    }
}
