//! What a Bluesky channel is told: read, cleaned and checked.

use super::{login, method};
use crate::wire::{Ctx, KeyFault, Secret, is_one_word, read_settings};
use serde::Deserialize;
use url::Url;

/// The longest search term, in bytes: it stands in an address and names a lane.
const TERM_LIMIT: usize = 200;

/// What a Bluesky channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Where the account logs in.
    #[serde(default = "bsky_social")]
    pub service: Url,
    /// The profile's handle or DID.
    pub handle: String,
    /// The app password.
    pub app_password: Secret,
    /// What is searched for, each as it is typed into the app.
    #[serde(default)]
    pub search: Vec<String>,
    /// A Jetstream as it is written; what is made of it is `stream`.
    #[serde(default)]
    jetstream: Option<String>,
    /// The stream of the whole network's posts, by `http` or `https` and with its whole path.
    #[serde(skip)]
    pub stream: Option<Url>,
}

/// Where accounts log in that have no server of their own.
pub(super) fn bsky_social() -> Url {
    Url::parse("https://bsky.social").expect("a constant address is one")
}

impl Settings {
    /// An address of the server where we log in.
    pub(super) fn entry(&self, name: &str) -> Url {
        method(&self.service, name)
    }

    /// An address of the server where the account's data lives.
    pub(super) fn at(&self, name: &str, cx: &Ctx<'_>) -> Url {
        method(login::Facts::of(cx).pds.as_ref().unwrap_or(&self.service), name)
    }
}

fn wrong(key: &str, why: &str) -> KeyFault {
    KeyFault { key: key.to_owned(), why: why.to_owned() }
}

/// Reads the settings of a channel.
///
/// # Errors
/// The key that does not do, and what to write.
pub(super) fn read(table: &toml::Table) -> Result<Settings, KeyFault> {
    let mut settings: Settings = read_settings(table)?;
    let service = &settings.service;
    if !matches!(service.scheme(), "https" | "http") || service.host_str().is_none() {
        return Err(wrong("service", "write the server's address, as in \"https://bsky.social\""));
    }
    if !is_bare(service) {
        return Err(wrong(
            "service",
            "write the bare address; the password goes into `app_password`",
        ));
    }
    let handle = settings.handle.trim().trim_start_matches('@');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    let named = handle.starts_with("did:") || (handle.contains('.') && !handle.contains(':'));
    if !named || !handle.chars().all(plain) {
        return Err(wrong(
            "handle",
            "write the profile's whole handle, as in \"acme.bsky.social\", or its DID",
        ));
    }
    settings.handle = handle.to_owned();
    if !is_one_word(settings.app_password.expose()) {
        return Err(wrong(
            "app_password",
            "write the app password as the app shows it, as in \"abcd-efgh-ijkl-mnop\"",
        ));
    }
    for term in &mut settings.search {
        *term = term.trim().to_owned();
        if term.is_empty() || term.len() > TERM_LIMIT || term.chars().any(char::is_control) {
            return Err(wrong(
                "search",
                "a search is one line of up to 200 letters, as in \"acme\"",
            ));
        }
    }
    settings.search.sort();
    settings.search.dedup();
    settings.stream = settings.jetstream.as_deref().map(jetstream).transpose()?;
    Ok(settings)
}

/// Neither a user nor a query stands in an address.
fn is_bare(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.query().is_none()
}

/// Where a Jetstream sends posts: its path is `/subscribe` (github.com/bluesky-social/jetstream).
/// A WebSocket is opened by a request of HTTP, so `wss` becomes `https`.
fn jetstream(told: &str) -> Result<Url, KeyFault> {
    let refused = || {
        wrong(
            "jetstream",
            "write the server's bare address, as in \"wss://jetstream2.us-east.bsky.network\"",
        )
    };
    let mut url = Url::parse(told.trim()).map_err(|_| refused())?;
    let scheme = match url.scheme() {
        "wss" | "https" => "https",
        "ws" | "http" => "http",
        _ => return Err(refused()),
    };
    if !is_bare(&url) || url.host_str().is_none() {
        return Err(refused());
    }
    url.set_scheme(scheme).map_err(|()| refused())?;
    url.set_fragment(None);
    if !url.path().ends_with("/subscribe") {
        url.path_segments_mut().map_err(|()| refused())?.pop_if_empty().push("subscribe");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(address: &str) -> Result<String, KeyFault> {
        let text =
            format!("handle = \"acme.example\"\napp_password = \"pw\"\njetstream = \"{address}\"");
        let url = read(&text.parse().unwrap())?.stream;
        Ok(url.expect("it is set").to_string())
    }

    #[test]
    fn the_address_of_a_jetstream_may_be_written_as_people_write_it() {
        for (told, meant) in [
            ("wss://j.example", "https://j.example/subscribe"),
            ("https://j.example:8443/", "https://j.example:8443/subscribe"),
            ("wss://j.example/subscribe", "https://j.example/subscribe"),
            ("ws://127.0.0.1:6008/sky", "http://127.0.0.1:6008/sky/subscribe"),
        ] {
            assert_eq!(given(told).unwrap(), meant);
        }
        for told in [
            "",
            "j.example",
            "ftp://j.example",
            "wss://me:pw@j.example",
            "wss://j.example?cursor=1",
        ] {
            assert_eq!(given(told).unwrap_err().key, "jetstream", "{told}");
        }
    }
}
