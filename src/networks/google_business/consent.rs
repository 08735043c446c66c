//! Google's consent page: an owner or manager of the profile allows the project to act.
//!
//! Facts: developers.google.com/identity/protocols/oauth2, native-app and web-server: a client of
//! the type Desktop app takes any port of 127.0.0.1 and has a secret that is no secret, so a
//! challenge goes with it; one of the type Web application names its addresses exactly. A refresh
//! token comes with `access_type=offline`, and a second time with `prompt=consent` alone.

use crate::wire::{Address, App, Consent, Shows, Takes};

pub(super) static CONSENT: Consent = Consent {
    page: Address { key: None, base: "https://accounts.google.com", path: "/o/oauth2/v2/auth" },
    token: Address {
        key: Some("oauth"),
        base: "https://oauth2.googleapis.com",
        path: super::login::PATH,
    },
    app: App::Registered { id: "client_id", secret: "client_secret" },
    shows: Shows::Form,
    pkce: true,
    scopes: &["https://www.googleapis.com/auth/business.manage"],
    more: &[("access_type", "offline"), ("prompt", "consent")],
    takes: Takes::Refresh,
    key: "refresh_token",
    before: "An OAuth client of the type Desktop app needs no address; one of the type Web \
             application must have exactly {address} among its redirect URIs.",
};
