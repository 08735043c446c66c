//! X's consent page: the brand's profile allows the app to read and post in its name.
//!
//! Facts: docs.x.com, fundamentals/authentication/oauth-2-0 (authorization-code, user-access-token):
//! a challenge is demanded, a code lives 30 seconds, a refresh token comes with `offline.access`
//! alone; developer.x.com/en/docs/apps/callback-urls: an app must list the exact address, and
//! `127.0.0.1` stands where others write `localhost`.

use crate::wire::{Address, App, Consent, Shows, Takes};

pub(super) static CONSENT: Consent = Consent {
    page: Address { key: None, base: "https://x.com", path: "/i/oauth2/authorize" },
    token: Address { key: Some("api"), base: "https://api.x.com", path: "/2/oauth2/token" },
    app: App::Registered { id: "client_id", secret: "client_secret" },
    shows: Shows::Basic,
    pkce: true,
    scopes: &["tweet.read", "tweet.write", "users.read", "offline.access"],
    more: &[],
    takes: Takes::Refresh,
    key: "refresh_token",
    before: "In the developer console, in the app's user authentication settings, choose the \
             permission to read and write, and enter exactly {address} as callback address. Log \
             in to X as the brand's profile before you open the page.",
};
