//! The consent page of a Mastodon server: the brand's profile allows an app that is made for it.
//!
//! Facts: docs.joinmastodon.org, methods apps and oauth: anybody may register an app, which may ask
//! for no more than the scopes it was registered with; an access token does not run out. Servers
//! since 4.3 take a challenge (mastodon/mastodon#31129), and others must pass over what they do
//! not know (RFC 6749, 3.1).

use crate::wire::{Address, App, Consent, Shows, Takes};

/// What lies below the server's address, which has no default.
const fn at(path: &'static str) -> Address {
    Address { key: Some("server"), base: "", path }
}

pub(super) static CONSENT: Consent = Consent {
    page: at("/oauth/authorize"),
    token: at("/oauth/token"),
    app: App::OnTheSpot(at("/api/v1/apps")),
    shows: Shows::Form,
    pkce: true,
    scopes: &["read:accounts", "read:notifications", "read:statuses", "write:statuses"],
    more: &[],
    takes: Takes::Access,
    key: "token",
    before: "",
};
