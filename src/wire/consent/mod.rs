//! Consent pages: how the owner of an account has the network itself hand a credential out, in the
//! browser, without I/O.
//!
//! It is OAuth 2.0 by an authorization code (RFC 6749), with a proof that whoever exchanges the
//! code asked for it (PKCE, RFC 7636). A network says by a [`Consent`] where its page is and what
//! it hands out; an [`Errand`] is one person's way through it.
//!
//! | file | does |
//! |---|---|
//! | `mod` | what a network says of its page |
//! | `errand` | the address to open, and what the browser brings back |
//! | `talk` | the conversations: an app is registered, a code exchanged; what a refusal means |

mod errand;
mod talk;
#[cfg(test)]
mod tests;

pub use errand::{Errand, NoCode, Proofs};
pub use talk::consent_fault;

use super::ask::Talk;
use super::secret::Secret;
use super::settings::Given;
use std::collections::BTreeMap;
use url::Url;

/// An address of which the settings may change where it begins.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    /// The key that holds where it begins; without one it always begins at `base`.
    pub key: Option<&'static str>,
    /// Where it begins if the key has no value.
    pub base: &'static str,
    /// The whole path.
    pub path: &'static str,
}

impl Address {
    /// The address by these settings.
    ///
    /// # Errors
    /// When it begins at no address; the text names the key.
    pub fn by(&self, given: &Given) -> Result<Url, String> {
        let table = given.table(&BTreeMap::new());
        let set = self.key.and_then(|key| table.get(key)).and_then(|value| value.as_str());
        let wrong = || format!("{} is no http or https address", self.key.unwrap_or("the page"));
        let mut url = Url::parse(set.unwrap_or(self.base)).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
            return Err(wrong());
        }
        url.set_path(self.path);
        Ok(url)
    }
}

/// In whose name a network is asked.
#[derive(Clone, Copy, Debug)]
pub enum App {
    /// In that of an app which a person registered there.
    Registered {
        /// The key that holds its id.
        id: &'static str,
        /// The key that holds its secret; an app may have none.
        secret: &'static str,
    },
    /// The server registers one whenever it is asked to, and nobody needs it afterwards.
    OnTheSpot(Address),
}

/// How the app shows who it is when a code is exchanged (RFC 6749, 2.3.1). One without a secret
/// names itself in the form, whatever stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// In the header, as `Basic`.
    Basic,
    /// In the form.
    Form,
}

/// Which of the tokens that are handed out is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// The access token: it does not run out.
    Access,
    /// The refresh token: the access token runs out within hours.
    Refresh,
}

/// What a network says of its consent page.
#[derive(Debug)]
pub struct Consent {
    /// The page that the owner opens.
    pub page: Address,
    /// Where the code is exchanged.
    pub token: Address,
    /// In whose name.
    pub app: App,
    /// How the app shows who it is.
    pub shows: Shows,
    /// Whether the page takes a challenge (PKCE).
    pub pkce: bool,
    /// What is to be allowed.
    pub scopes: &'static [&'static str],
    /// What the page is told besides.
    pub more: &'static [(&'static str, &'static str)],
    /// What is kept of what it hands out.
    pub takes: Takes,
    /// The key that this goes into.
    pub key: &'static str,
    /// What to set up there before; `{address}` stands for where the browser is sent back to.
    /// Empty where there is nothing to do.
    pub before: &'static str,
}

impl Consent {
    /// Whether a key must be known before the page can be opened, be it required or not.
    pub fn needs(&self, key: &str) -> bool {
        match self.app {
            App::Registered { id, secret } => key == id || key == secret,
            App::OnTheSpot(_) => false,
        }
    }

    /// Whether a person registered the app: it may then name several addresses that browsers are
    /// sent back to, and what it is called lies in the settings. One that is registered on the spot
    /// is gone with the errand.
    pub fn is_registered(&self) -> bool {
        matches!(self.app, App::Registered { .. })
    }

    /// What to set up before, with the address that the browser is sent back to.
    pub fn before(&self, redirect: &str) -> String {
        self.before.replace("{address}", redirect)
    }

    /// The app that the settings name. `None`: it is registered on the spot, by
    /// [`Consent::register`].
    ///
    /// # Errors
    /// That its id is missing.
    pub fn client(&self, given: &Given) -> Result<Option<Client>, String> {
        let App::Registered { id, secret } = self.app else { return Ok(None) };
        let table = given.table(&BTreeMap::new());
        let value = |key: &str| table.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        if value(id).is_empty() {
            return Err(format!("{id} is missing: it names the app in whose name you are asked"));
        }
        let secret = Some(value(secret)).filter(|text| !text.is_empty()).map(Secret::new);
        Ok(Some(Client { id: value(id).to_owned(), secret }))
    }

    /// The conversation that registers an app on the spot; `None` where a person does that.
    ///
    /// # Errors
    /// As of [`Address::by`].
    pub fn register(
        &self,
        given: &Given,
        redirect: &str,
    ) -> Result<Option<Box<dyn Talk<Client>>>, String> {
        match self.app {
            App::Registered { .. } => Ok(None),
            App::OnTheSpot(at) => {
                let talk = talk::Register::new(at.by(given)?, redirect, self.scopes);
                Ok(Some(Box::new(talk)))
            }
        }
    }
}

/// An app as the network knows it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret, if it has one.
    pub secret: Option<Secret>,
}
