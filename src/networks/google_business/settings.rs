//! What a Google Business Profile channel is told: which location, by which credentials.

use crate::wire::{Ctx, Key, KeyFault, KeyKind, Secret, is_one_word, read_settings};
use serde::Deserialize;
use url::Url;

/// What a Google Business Profile channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    location: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub refresh_token: Secret,
    #[serde(default = "page")]
    page: Url,
    #[serde(default = "api")]
    api: Url,
    #[serde(default = "oauth")]
    oauth: Url,
}

fn page() -> Url {
    Url::parse("https://business.google.com/reviews").expect("it is an address")
}

fn api() -> Url {
    Url::parse("https://mybusiness.googleapis.com").expect("it is an address")
}

fn oauth() -> Url {
    Url::parse("https://oauth2.googleapis.com").expect("it is an address")
}

impl Settings {
    /// The location's whole name.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The name space of its ids, which also names us as the author of replies: the location
    /// alone, since it may pass from one account to another.
    pub fn origin(&self) -> String {
        let at = self.location.find("locations/").unwrap_or_default();
        self.location[at..].to_owned()
    }

    /// An address of the API below the location.
    pub fn at(&self, path: &[&str]) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().push("v4").extend(self.location.split('/')).extend(path);
        }
        url
    }

    /// Where access tokens are handed out.
    pub fn token_url(&self) -> Url {
        let mut url = self.oauth.clone();
        url.set_path(super::login::PATH);
        url
    }

    /// Where a person sees the reviews, if Google does not tell where it shows one.
    pub fn page(&self) -> &str {
        self.page.as_str()
    }

    /// The text without any credential that it may repeat.
    pub fn redacted(&self, text: &str, cx: &Ctx<'_>) -> String {
        let session = cx.session.and_then(|session| session.secret.as_ref());
        let secrets = [Some(&self.client_secret), Some(&self.refresh_token), session];
        let secrets = secrets.into_iter().flatten().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "[secret]"))
    }
}

/// Whether a text is `accounts/ID/locations/ID`.
fn is_location(text: &str) -> bool {
    let plain = |id: &str| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let parts: Vec<&str> = text.split('/').collect();
    matches!(parts[..], ["accounts", account, "locations", location] if plain(account) && plain(location))
}

/// Reads and checks the settings.
pub(super) fn read(table: &toml::Table) -> Result<Settings, KeyFault> {
    let mut settings: Settings = read_settings(table)?;
    let wrong = |key: &str, why: &str| Err(KeyFault { key: key.to_owned(), why: why.to_owned() });
    settings.location = settings.location.trim().trim_matches('/').to_owned();
    if !is_location(&settings.location) {
        return wrong(
            "location",
            "write the location's whole name, as in \"accounts/112233/locations/445566\"",
        );
    }
    if !is_one_word(&settings.client_id) {
        return wrong("client_id", "write the OAuth client id as the Cloud console shows it");
    }
    if !is_one_word(settings.client_secret.expose()) {
        return wrong("client_secret", "write the client secret as the Cloud console shows it");
    }
    if !is_one_word(settings.refresh_token.expose()) {
        return wrong("refresh_token", "write the refresh token as it was handed out, no spaces");
    }
    for (key, url) in [("page", &settings.page), ("api", &settings.api), ("oauth", &settings.oauth)]
    {
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
            return wrong(key, "write an address that begins with https://");
        }
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare || (key != "page" && url.query().is_some()) {
            return wrong(key, "write the bare address; credentials have keys of their own");
        }
    }
    Ok(settings)
}

/// The keys of a channel.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "location",
        kind: KeyKind::Text,
        required: true,
        doc: "Whole name of the location, with its account, as the Business Profile APIs list it.",
        example: "\"accounts/112233/locations/445566\"",
    },
    Key {
        name: "client_id",
        kind: KeyKind::Text,
        required: true,
        doc: "OAuth client id of your Google Cloud project.",
        example: "\"1234-abc.apps.googleusercontent.com\"",
    },
    Key {
        name: "client_secret",
        kind: KeyKind::Secret,
        required: true,
        doc: "Client secret that goes with it.",
        example: "\"cl1ent-s3cret\"",
    },
    Key {
        name: "refresh_token",
        kind: KeyKind::Secret,
        required: true,
        doc: "Refresh token by which an owner or manager of the profile allowed the project to \
              act, with the scope https://www.googleapis.com/auth/business.manage.",
        example: "\"1//r3fresh\"",
    },
    Key {
        name: "page",
        kind: KeyKind::Url,
        required: false,
        doc: "Where people see the reviews, for links where Google names none; the location's \
              address on Google Maps does well. Default https://business.google.com/reviews.",
        example: "\"https://maps.google.com/?cid=1234\"",
    },
    Key {
        name: "api",
        kind: KeyKind::Url,
        required: false,
        doc: "Address of the API. Default https://mybusiness.googleapis.com.",
        example: "\"https://mybusiness.googleapis.com\"",
    },
    Key {
        name: "oauth",
        kind: KeyKind::Url,
        required: false,
        doc: "Address of the server that hands out access tokens. Default \
              https://oauth2.googleapis.com.",
        example: "\"https://oauth2.googleapis.com\"",
    },
];
