//! What an X channel is told: whose profile, which credentials, which searches, what it may cost.

use super::login::Facts;
use crate::wire::{Ctx, Key, KeyFault, KeyKind, Secret, is_one_word, read_settings};
use serde::Deserialize;
use url::Url;

/// The longest query of recent search: 512 characters on self-serve plans, 4,096 on Enterprise
/// ones (docs.x.com, rate limits and search/integrate/build-a-query).
const QUERY_LIMIT: usize = 512;
const ENTERPRISE_QUERY_LIMIT: usize = 4_096;
/// Below this a budget would be nothing but the reserve for replies.
const LEAST_BUDGET: u32 = 1_000;

/// What an X channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub handle: String,
    pub token: Secret,
    pub refresh_token: Option<Secret>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    #[serde(default)]
    pub search: Vec<String>,
    pub budget_reads: Option<u32>,
    #[serde(default = "five")]
    pub price_read: u32,
    #[serde(default = "fifteen")]
    pub price_reply: u32,
    #[serde(default = "yes")]
    pub links: bool,
    #[serde(default)]
    pub enterprise: bool,
    #[serde(default)]
    fields: Family,
    #[serde(default = "api")]
    api: Url,
}

fn yes() -> bool {
    true
}

fn five() -> u32 {
    5
}

fn fifteen() -> u32 {
    15
}

fn api() -> Url {
    Url::parse("https://api.x.com").expect("it is an address")
}

/// X is renaming its fields from tweets to posts; the names to ask by. Both are always read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Family {
    /// The names of the guides and of live answers.
    #[default]
    Tweet,
    /// The names of the OpenAPI document 2.167.
    Post,
}

impl Family {
    /// The parameter that names fields, and the fields of a post.
    fn fields(self) -> (&'static str, &'static str) {
        match self {
            Family::Tweet => (
                "tweet.fields",
                "attachments,author_id,conversation_id,created_at,entities,in_reply_to_user_id,\
                 lang,note_tweet,referenced_tweets,withheld",
            ),
            Family::Post => (
                "post.fields",
                "attachments,conversation_id,created_at,entities,lang,note_post,text,withheld",
            ),
        }
    }

    /// What is shown beside a post. What it refers to costs a read each, so it is asked for where
    /// it is needed only; by the new names the reference itself comes with it alone.
    fn expansions(self, referenced: bool) -> &'static str {
        match (self, referenced) {
            (Family::Tweet, false) => "author_id,attachments.media_keys",
            (Family::Tweet, true) => "author_id,attachments.media_keys,referenced_tweets.id",
            (Family::Post, _) => {
                "author_id,in_reply_to_user_id,attachments.media_keys,edit_history_post_ids,\
                 referenced_posts"
            }
        }
    }
}

impl Settings {
    /// An address of the API.
    pub fn at(&self, path: &[&str]) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["2"]).extend(path);
        }
        url
    }

    /// Asks for all that is read of a post, and for what it refers to where that matters.
    pub fn ask_for_posts(&self, url: &mut Url, referenced: bool) {
        let (name, fields) = self.fields.fields();
        url.query_pairs_mut()
            .append_pair(name, fields)
            .append_pair("expansions", self.fields.expansions(referenced))
            .append_pair("user.fields", "name,public_metrics,username")
            .append_pair("media.fields", "preview_image_url,type,url");
    }

    /// Whether an author is the brand.
    pub fn is_own(&self, author: &str, cx: &Ctx<'_>) -> bool {
        self.own(cx).iter().any(|id| id == author)
    }

    /// The brand's author ids, each once.
    pub fn own(&self, cx: &Ctx<'_>) -> Vec<String> {
        let known = Some(Facts::of(cx).user_id).filter(|id| !id.is_empty());
        let mut own: Vec<String> = known.iter().chain(cx.own).cloned().collect();
        own.sort();
        own.dedup();
        own
    }

    /// The id of the profile that is read, known since the log-in.
    pub fn profile(&self, cx: &Ctx<'_>) -> String {
        let known = Some(Facts::of(cx).user_id).filter(|id| !id.is_empty());
        known.or_else(|| cx.own.first().cloned()).unwrap_or_else(|| "0".to_owned())
    }

    /// The query behind a search term. The brand's own posts would be paid for and are known.
    pub fn query(&self, term: &str) -> String {
        format!("({term}) -from:{}", self.handle)
    }

    /// The text without any credential that it may repeat.
    pub fn redacted(&self, text: &str, cx: &Ctx<'_>) -> String {
        let tokens = super::login::Tokens::of(cx);
        let secrets = [
            Some(self.token.expose()),
            self.refresh_token.as_ref().map(Secret::expose),
            self.client_secret.as_ref().map(Secret::expose),
            tokens.as_ref().map(|tokens| tokens.access.as_str()),
            tokens.as_ref().map(|tokens| tokens.refresh.as_str()),
        ];
        let secrets = secrets.into_iter().flatten().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "[secret]"))
    }
}

/// Reads and checks the settings.
pub(super) fn read(table: &toml::Table) -> Result<Settings, KeyFault> {
    let mut settings: Settings = read_settings(table)?;
    let wrong = |key: &str, why: &str| Err(KeyFault { key: key.to_owned(), why: why.to_owned() });
    settings.handle = settings.handle.trim().trim_start_matches('@').to_owned();
    if !super::wire::is_handle(&settings.handle) {
        return wrong("handle", "a handle has 1 to 15 letters, digits and _, as in \"acme\"");
    }
    let plain = |secret: &Secret| is_one_word(secret.expose());
    if !plain(&settings.token) {
        return wrong("token", "write the app's Bearer Token as the console shows it, no spaces");
    }
    if settings.refresh_token.as_ref().is_some_and(|secret| !plain(secret)) {
        return wrong("refresh_token", "write the refresh token as it was handed out, no spaces");
    }
    if settings.client_secret.as_ref().is_some_and(|secret| !plain(secret)) {
        return wrong("client_secret", "write the client secret as the console shows it");
    }
    if settings.client_id.as_ref().is_some_and(|id| !is_one_word(id)) {
        return wrong("client_id", "write the OAuth 2.0 client id as the console shows it");
    }
    if !matches!(settings.api.scheme(), "https" | "http") || settings.api.host_str().is_none() {
        return wrong("api", "write the API's address, as in \"https://api.x.com\"");
    }
    let bare = settings.api.username().is_empty() && settings.api.password().is_none();
    if !bare || settings.api.query().is_some() {
        return wrong("api", "write the bare address; credentials have keys of their own");
    }
    if settings.budget_reads.is_some_and(|reads| reads < LEAST_BUDGET) {
        return wrong(
            "budget_reads",
            "1000 posts a month is the least; leave it out for no budget",
        );
    }
    let most = if settings.enterprise { ENTERPRISE_QUERY_LIMIT } else { QUERY_LIMIT };
    for term in &mut settings.search {
        *term = term.trim().to_owned();
        if term.is_empty() || term.chars().any(char::is_control) {
            return wrong(
                "search",
                "write words to look for, as in \"acme\" or \"\\\"acme spa\\\"\"",
            );
        }
    }
    settings.search.sort();
    settings.search.dedup();
    if settings.search.iter().any(|term| settings.query(term).chars().count() > most) {
        return wrong("search", "a query has 512 characters at most; cut it into several");
    }
    Ok(settings)
}

/// The keys of a channel. Prices: docs.x.com, pay-per-use since February 2026; the developer
/// console shows those that hold for an app.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "handle",
        kind: KeyKind::Text,
        required: true,
        doc: "The brand's handle, with or without @.",
        example: "\"acme\"",
    },
    Key {
        name: "token",
        kind: KeyKind::Secret,
        required: true,
        doc: "Bearer Token of your app, from the developer console, Keys and tokens. It reads; \
              it cannot post.",
        example: "\"AAAAb3arer\"",
    },
    Key {
        name: "refresh_token",
        kind: KeyKind::Secret,
        required: false,
        doc: "Refresh token by which the brand's profile allowed the app to post, with the scopes \
              tweet.read, tweet.write, users.read and offline.access. Where that profile owns the \
              app, reading its mentions costs a fifth. Write a new one here after reconnecting; \
              in between it renews itself. Default none: read only, replies by hand.",
        example: "\"r3fresh\"",
    },
    Key {
        name: "client_id",
        kind: KeyKind::Text,
        required: false,
        doc: "OAuth 2.0 client id of the app; goes with refresh_token.",
        example: "\"cl1ent\"",
    },
    Key {
        name: "client_secret",
        kind: KeyKind::Secret,
        required: false,
        doc: "OAuth 2.0 client secret, if the app is a confidential client. Default none.",
        example: "\"cl1ent-s3cret\"",
    },
    Key {
        name: "search",
        kind: KeyKind::List,
        required: false,
        doc: "What to search for besides the mentions, in X's query language, one lane each. \
              Reaches back 7 days. Each post found costs a read, 0.005 US dollars. Default none.",
        example: "[\"acme\", \"\\\"acme spa\\\" lang:it\"]",
    },
    Key {
        name: "budget_reads",
        kind: KeyKind::Number,
        required: false,
        doc: "How many posts the app may read in a billing month; 20000 are 100 US dollars at \
              0.005 each. Ahead of that plan lanes are read less often; the last 500 are kept for \
              replies. Up to half of what it allows sees whether stored posts still \
              stand, which X's terms ask; without it nobody looks. Default none: X's own spending \
              limit ends the reading.",
        example: "20000",
    },
    Key {
        name: "price_read",
        kind: KeyKind::Number,
        required: false,
        doc: "What a post read costs, in thousandths of a US dollar, for the cost that \
              `channel list` shows. Default 5.",
        example: "5",
    },
    Key {
        name: "price_reply",
        kind: KeyKind::Number,
        required: false,
        doc: "What a reply costs, in thousandths of a US dollar; one with a link costs more. \
              Default 15.",
        example: "15",
    },
    Key {
        name: "links",
        kind: KeyKind::Flag,
        required: false,
        doc: "Whether replies may hold links: such a reply costs 0.20 US dollars, one without \
              0.015. Default true.",
        example: "true",
    },
    Key {
        name: "enterprise",
        kind: KeyKind::Flag,
        required: false,
        doc: "Whether the app has an Enterprise contract: it may answer posts that neither \
              mention nor quote the brand, and search by longer queries. Default false.",
        example: "false",
    },
    Key {
        name: "fields",
        kind: KeyKind::Text,
        required: false,
        doc: "By which names to ask for fields while X renames them: tweet or post. Answers are \
              read by both. Default tweet.",
        example: "\"tweet\"",
    },
    Key {
        name: "api",
        kind: KeyKind::Url,
        required: false,
        doc: "Address of the API. Default https://api.x.com.",
        example: "\"https://api.x.com\"",
    },
];
