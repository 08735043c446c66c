//! What a Reddit channel is told: whose account, by which credentials, what to read.

use crate::wire::{Ctx, Key, KeyFault, KeyKind, Request, Secret, is_one_word, read_settings};
use serde::Deserialize;
use url::Url;

/// The longest search, in bytes: it stands in an address and names a lane.
const TERM_LIMIT: usize = 200;

/// What a Reddit channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub username: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub refresh_token: Secret,
    #[serde(default)]
    pub home: Vec<String>,
    #[serde(default)]
    pub subreddits: Vec<String>,
    #[serde(default)]
    pub search: Vec<String>,
    #[serde(default = "api")]
    api: Url,
    #[serde(default = "site")]
    site: Url,
}

fn api() -> Url {
    Url::parse("https://oauth.reddit.com").expect("it is an address")
}

fn site() -> Url {
    Url::parse("https://www.reddit.com").expect("it is an address")
}

impl Settings {
    /// An address of the API. Without `raw_json` texts come with HTML's escapes.
    pub fn at(&self, path: &[&str]) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path);
        }
        url.query_pairs_mut().append_pair("raw_json", "1");
        url
    }

    /// Where access tokens are handed out.
    pub fn token_url(&self) -> Url {
        let mut url = self.site.clone();
        url.set_path(super::login::PATH);
        url
    }

    /// The request under a name of its own: Reddit slows down what all programs call themselves.
    pub fn named(&self, request: Request) -> Request {
        let version = env!("CARGO_PKG_VERSION");
        request.header("user-agent", format!("linux:ascolto:{version} (by /u/{})", self.username))
    }

    /// Where a person sees what has that path.
    pub fn address(path: &str) -> String {
        format!("https://www.reddit.com{path}")
    }

    /// The id of an author by name: a name of ours as we write it, else in small letters.
    pub fn author_id(&self, name: &str, cx: &Ctx<'_>) -> String {
        let own = cx.own.iter().find(|own| own.eq_ignore_ascii_case(name));
        own.cloned().unwrap_or_else(|| name.to_lowercase())
    }

    /// Whether an author is the brand.
    pub fn is_own(&self, name: &str, cx: &Ctx<'_>) -> bool {
        self.username.eq_ignore_ascii_case(name)
            || cx.own.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Whether a text can be a name there: 3 to 20 letters, digits, `_` and `-`; some subreddits have
/// two letters or one.
fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=24).contains(&text.len()) && text.bytes().all(plain)
}

/// A name without what people write before it.
fn bare<'a>(text: &'a str, prefix: &str) -> &'a str {
    let text = text.trim().trim_matches('/');
    text.strip_prefix(prefix).unwrap_or(text)
}

/// Reads and checks the settings.
pub(super) fn read(table: &toml::Table) -> Result<Settings, KeyFault> {
    let mut settings: Settings = read_settings(table)?;
    let wrong = |key: &str, why: &str| Err(KeyFault { key: key.to_owned(), why: why.to_owned() });
    settings.username = bare(&settings.username, "u/").to_owned();
    if !is_name(&settings.username) {
        return wrong("username", "write the account's name, as in \"acme_help\"");
    }
    if !is_one_word(&settings.client_id) || settings.client_id.contains(':') {
        return wrong("client_id", "write the app's id as it stands below its name, no spaces");
    }
    if !is_one_word(settings.client_secret.expose()) {
        return wrong("client_secret", "write the app's secret as Reddit shows it, no spaces");
    }
    if !is_one_word(settings.refresh_token.expose()) {
        return wrong("refresh_token", "write the refresh token as it was handed out, no spaces");
    }
    let lists = [("home", &mut settings.home), ("subreddits", &mut settings.subreddits)];
    for (key, names) in lists {
        for name in names.iter_mut() {
            *name = bare(name, "r/").to_lowercase();
        }
        if !names.iter().all(|name| is_name(name)) {
            return wrong(key, "write names of subreddits, as in [\"acme\"]");
        }
        names.sort();
        names.dedup();
    }
    if settings.home.iter().any(|name| settings.subreddits.contains(name)) {
        return wrong("subreddits", "a subreddit stands here or in `home`, not in both");
    }
    for term in &mut settings.search {
        *term = term.trim().to_owned();
        if term.is_empty() || term.len() > TERM_LIMIT || term.chars().any(char::is_control) {
            return wrong("search", "a search is one line of up to 200 letters, as in \"acme\"");
        }
    }
    settings.search.sort();
    settings.search.dedup();
    for (key, url) in [("api", &settings.api), ("site", &settings.site)] {
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() || !bare {
            return wrong(key, "write the bare address; credentials have keys of their own");
        }
    }
    Ok(settings)
}

/// The keys of a channel.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "username",
        kind: KeyKind::Text,
        required: true,
        doc: "Name of the brand's account, with or without u/. Further accounts of the brand go \
              into own_ids.",
        example: "\"acme_help\"",
    },
    Key {
        name: "client_id",
        kind: KeyKind::Text,
        required: true,
        doc: "Id of your app, from Reddit's preferences, Apps.",
        example: "\"cl1ent\"",
    },
    Key {
        name: "client_secret",
        kind: KeyKind::Secret,
        required: true,
        doc: "Secret of your app.",
        example: "\"cl1ent-s3cret\"",
    },
    Key {
        name: "refresh_token",
        kind: KeyKind::Secret,
        required: true,
        doc: "Permanent refresh token by which the account allowed the app to act, with the \
              scopes identity, read, history, submit and privatemessages.",
        example: "\"r3fresh\"",
    },
    Key {
        name: "home",
        kind: KeyKind::List,
        required: false,
        doc: "Subreddits of the brand: what is written there is about it. Default none.",
        example: "[\"acme\"]",
    },
    Key {
        name: "subreddits",
        kind: KeyKind::List,
        required: false,
        doc: "Other subreddits to read whole. Default none.",
        example: "[\"italytravel\"]",
    },
    Key {
        name: "search",
        kind: KeyKind::List,
        required: false,
        doc: "Searches to read, each as you would type it on Reddit. They find posts, not \
              comments. Default none.",
        example: "[\"acme\", \"\\\"acme spa\\\"\"]",
    },
    Key {
        name: "api",
        kind: KeyKind::Url,
        required: false,
        doc: "Address of the API. Default https://oauth.reddit.com.",
        example: "\"https://oauth.reddit.com\"",
    },
    Key {
        name: "site",
        kind: KeyKind::Url,
        required: false,
        doc: "Address of the server that hands out access tokens. Default https://www.reddit.com.",
        example: "\"https://www.reddit.com\"",
    },
];
