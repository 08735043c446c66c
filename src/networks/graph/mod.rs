//! Meta's Graph API, as far as Facebook Pages and Instagram speak it alike.
//!
//! Facts: developers.facebook.com (Graph API: paging, rate limiting, error handling, webhooks).
//! Lists are newest first and turn pages by cursors that go stale, so every walk goes down to a
//! time of its own, see `walk`. Nearly every refusal has the status 400: what it means stands in
//! its code, see `limits`.
//!
//! | file | does |
//! |---|---|
//! | `mod` | the app and its credentials, addresses, lists, times |
//! | `limits` | buckets, usage headers, error codes |
//! | `walk` | reads posts and what stands below them, new to old |
//! | `thread` | whom an answer of ours is for |
//! | `reply` | posts one part of a reply |
//! | `hook` | checks what Meta's servers call us with |
//! | `callback` | checks what they call about a person: an app removed, data to delete |

mod callback;
pub(super) mod hook;
pub(super) mod limits;
pub(super) mod reply;
pub(super) mod thread;
pub(super) mod walk;

use super::json;
use crate::domain::Instant;
use crate::wire::{Fault, Key, KeyFault, KeyKind, Request, Secret};
use hmac::{Hmac, KeyInit, Mac};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sha2::Sha256;
use url::Url;

/// The version whose answers these files read; Meta keeps one for about two years.
pub(super) const VERSION: &str = "v26.0";
/// How many days back posts are read unless the settings say otherwise.
pub(super) const DAYS: u16 = 30;

/// By what a channel speaks to Meta.
#[derive(Clone, Copy)]
pub(super) struct App<'a> {
    /// Address of the API.
    pub api: &'a Url,
    /// Its version.
    pub version: &'a str,
    /// The channel's token.
    pub token: &'a Secret,
    /// The app's secret, if it was told.
    pub secret: Option<&'a Secret>,
    /// What Meta shows in the handshake, if it was told.
    pub verify: Option<&'a Secret>,
}

/// The signature of `message` by the app's secret.
fn mac(secret: &Secret, message: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    mac.expect("HMAC takes a key of any length").chain_update(message)
}

impl App<'_> {
    /// An address of the API.
    pub(super) fn at(&self, path: &[&str]) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push(self.version).extend(path);
        }
        url
    }

    /// The address of what reads those fields. Only questions name fields, see [`is_question`].
    pub(super) fn fields(&self, path: &[&str], fields: &str) -> Url {
        let mut url = self.at(path);
        url.query_pairs_mut().append_pair("fields", fields);
        url
    }

    /// Adds the token and, where the app's secret is known, the proof that we know it: a stolen
    /// token is then worth nothing to others, if the app demands the proof.
    pub(super) fn sign(&self, mut request: Request) -> Request {
        if let Some(secret) = self.secret {
            let proof = mac(secret, self.token.expose().as_bytes()).finalize().into_bytes();
            let proof: String = proof.iter().map(|byte| format!("{byte:02x}")).collect();
            request.url.query_pairs_mut().append_pair("appsecret_proof", &proof);
        }
        let bearer = format!("Bearer {}", self.token.expose());
        request.secret_header("authorization", Secret::new(bearer))
    }

    /// The text without any credential that it may repeat.
    fn redacted(&self, text: &str) -> String {
        let secrets = [Some(self.token), self.secret, self.verify];
        let secrets = secrets.into_iter().flatten().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "[secret]"))
    }

    /// Checks what every channel of the Graph API is told.
    ///
    /// # Errors
    /// The key that does not do, with what to write.
    pub(super) fn check(&self) -> Result<(), KeyFault> {
        let wrong =
            |key: &str, why: &str| Err(KeyFault { key: key.to_owned(), why: why.to_owned() });
        let plain = |secret: &Secret| {
            !secret.is_empty() && secret.expose().chars().all(|c| c.is_ascii_graphic())
        };
        if !plain(self.token) {
            return wrong("token", "write the access token as Meta shows it, without spaces");
        }
        if self.secret.is_some_and(|secret| !plain(secret)) {
            return wrong("app_secret", "write the app's secret from its basic settings");
        }
        if self.verify.is_some_and(|secret| !plain(secret)) {
            return wrong(
                "verify_token",
                "make up a text without spaces, and enter it at Meta too",
            );
        }
        if !matches!(self.api.scheme(), "https" | "http") || self.api.host_str().is_none() {
            return wrong("api", "write the API's address, as in \"https://graph.facebook.com\"");
        }
        let bare = self.api.username().is_empty() && self.api.password().is_none();
        if !bare || self.api.query().is_some() {
            return wrong("api", "write the bare address; credentials have keys of their own");
        }
        let number = self.version.strip_prefix('v').and_then(|rest| rest.split_once('.'));
        let digits =
            |text: &str| (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if !number.is_some_and(|(major, minor)| digits(major) && digits(minor)) {
            return wrong("version", "write the version of the API, as in \"v26.0\"");
        }
        Ok(())
    }
}

/// Whether a text is an id of one account or Page: digits.
pub(super) fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether an address asks for something; what writes names no fields.
fn is_question(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name == "fields")
}

/// The keys that both networks have.
pub(super) const APP_SECRET: Key = Key {
    name: "app_secret",
    kind: KeyKind::Secret,
    required: false,
    doc: "The app's secret, from App settings, Basic. Proves each request, and checks what Meta \
          sends to /hooks/channel/NAME of this server, or to /hooks/app/APP. Default none: no \
          hooks, polling only.",
    example: "\"app-s3cret\"",
};
/// What Meta shows in the handshake.
pub(super) const VERIFY_TOKEN: Key = Key {
    name: "verify_token",
    kind: KeyKind::Secret,
    required: false,
    doc: "A text that you make up and enter at Meta beside the address of the hook. Default none: \
          Meta cannot set up the hook.",
    example: "\"made-up-text\"",
};
/// The app that several channels share.
pub(super) const APP: Key = Key {
    name: "app",
    kind: KeyKind::Text,
    required: false,
    doc: "A name for the app, the same in every channel that it serves: Meta calls one address for \
          a whole app, and /hooks/app/APP passes each call on to all of them. Default none.",
    example: "\"acme-app\"",
};
/// How far back comments are read.
pub(super) const DAYS_KEY: Key = Key {
    name: "days",
    kind: KeyKind::Number,
    required: false,
    doc: "Comments are read below posts of so many days, 1 to 90; what is written below older ones \
          is not heard. Default 30.",
    example: "30",
};
/// The version of the API.
pub(super) const VERSION_KEY: Key = Key {
    name: "version",
    kind: KeyKind::Text,
    required: false,
    doc: "Version of the Graph API. Default v26.0.",
    example: "\"v26.0\"",
};
/// The address of the API.
pub(super) const API: Key = Key {
    name: "api",
    kind: KeyKind::Url,
    required: false,
    doc: "Address of the Graph API. Default https://graph.facebook.com.",
    example: "\"https://graph.facebook.com\"",
};

/// Where the API is.
pub(super) fn graph_facebook() -> Url {
    Url::parse("https://graph.facebook.com").expect("a constant address is one")
}

/// Checks how many days back posts are read.
///
/// # Errors
/// What to write.
pub(super) fn check_days(days: u16) -> Result<(), KeyFault> {
    if (1..=90).contains(&days) {
        return Ok(());
    }
    Err(KeyFault { key: "days".to_owned(), why: "write a number from 1 to 90".to_owned() })
}

/// A time as the Graph API writes it: RFC 3339, but with an offset without its colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub Instant);

impl Time {
    fn parse(text: &str) -> Result<Time, String> {
        let text = text.trim();
        let split = text.len().checked_sub(4).filter(|at| text.is_char_boundary(*at));
        let parts = split.map(|at| text.split_at(at));
        let colon = match parts {
            Some((head, zone))
                if head.ends_with(['+', '-']) && zone.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Some(format!("{head}{}:{}", &zone[..2], &zone[2..]))
            }
            _ => None,
        };
        Instant::parse(colon.as_deref().unwrap_or(text)).map(Time)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Time, D::Error> {
        Time::parse(&String::deserialize(d)?).map_err(D::Error::custom)
    }
}

/// What a list names its next page by.
pub(super) type Turn = Vec<(String, String)>;

/// One page of a list.
pub(super) struct Listing {
    /// The entries as they came; a page may be empty and not the last.
    pub entries: Vec<Box<RawValue>>,
    /// The next page, if there is one.
    pub next: Option<Turn>,
}

/// Where a list goes on.
#[derive(Deserialize)]
pub(super) struct Paging {
    next: Option<String>,
}

impl Paging {
    /// What names the next page. Of the address that Meta gives only this is taken: it holds the
    /// token too, and what is taken is stored.
    pub(super) fn turn(&self) -> Result<Option<Turn>, Fault> {
        let Some(next) = &self.next else { return Ok(None) };
        let fault = || Fault::bug("a list's next page cannot be named, so the rest is not read");
        let url = Url::parse(next).map_err(|_| fault())?;
        let named = |name: &str| matches!(name, "after" | "until" | "offset" | "__paging_token");
        let turn: Turn = url.query_pairs().into_owned().filter(|(name, _)| named(name)).collect();
        if turn.is_empty() { Err(fault()) } else { Ok(Some(turn)) }
    }
}

/// Reads one page of a list.
///
/// # Errors
/// As `json::answer`, and `Bug` where its next page cannot be named.
pub(super) fn listing(body: &[u8], what: &str) -> Result<Listing, Fault> {
    #[derive(Deserialize)]
    struct Envelope {
        data: Vec<Box<RawValue>>,
        paging: Option<Paging>,
    }
    let Envelope { data, paging } = json::answer(body, what)?;
    let next = paging.map_or(Ok(None), |paging| paging.turn())?;
    Ok(Listing { entries: data, next })
}

#[cfg(test)]
mod tests;
