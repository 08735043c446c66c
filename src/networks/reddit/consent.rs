//! Reddit's consent page: the brand's account allows the app to act in its name.
//!
//! Facts: the source of reddit-archive (controllers/oauth2.py) and its wiki (OAuth2): the address
//! must be the app's own to the letter, `duration=permanent` brings a refresh token, the app shows
//! who it is by `Basic`, and a refused code is answered with a 200. Of a challenge (PKCE) neither
//! speaks, so none is sent.

use crate::wire::{Address, App, Consent, Shows, Takes};

/// Where the page and the tokens are, unless the settings say otherwise.
const SITE: &str = "https://www.reddit.com";

pub(super) static CONSENT: Consent = Consent {
    page: Address { key: Some("site"), base: SITE, path: "/api/v1/authorize" },
    token: Address { key: Some("site"), base: SITE, path: super::login::PATH },
    app: App::Registered { id: "client_id", secret: "client_secret" },
    shows: Shows::Basic,
    pkce: false,
    scopes: &["identity", "read", "history", "submit", "privatemessages"],
    more: &[("duration", "permanent")],
    takes: Takes::Refresh,
    key: "refresh_token",
    before: "In Reddit's preferences, Apps, the app must be a web app whose redirect uri is exactly \
             {address}. Log in to Reddit as the brand's account before you open the page.",
};
