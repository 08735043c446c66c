//! What an Instagram channel is told: which account, which credentials, what its replies may be.

use super::super::graph::{self, App};
use crate::wire::{Ctx, Key, KeyFault, KeyKind, Secret, read_settings};
use serde::Deserialize;
use url::Url;

/// The longest comment by Instagram's rules for apps. Told by the docs of the API before this one
/// only; people can write more.
pub(super) const REPLY_LIMIT: usize = 300;
/// Less leaves no room beside a name; more not even the site takes.
const LEAST: u16 = 50;
const MOST: u16 = 2_200;

/// What an Instagram channel is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub account: String,
    token: Secret,
    app_secret: Option<Secret>,
    verify_token: Option<Secret>,
    pub app: Option<String>,
    #[serde(default = "yes")]
    pub tags: bool,
    #[serde(default = "days")]
    pub days: u16,
    #[serde(default = "reply_limit")]
    pub reply_limit: u16,
    #[serde(default = "yes")]
    pub text_rules: bool,
    #[serde(default = "version")]
    version: String,
    #[serde(default = "graph::graph_facebook")]
    api: Url,
}

fn yes() -> bool {
    true
}

fn days() -> u16 {
    graph::DAYS
}

fn reply_limit() -> u16 {
    REPLY_LIMIT as u16
}

fn version() -> String {
    graph::VERSION.to_owned()
}

impl Settings {
    /// By what the channel speaks to Meta.
    pub(super) fn app(&self) -> App<'_> {
        App {
            api: &self.api,
            version: &self.version,
            token: &self.token,
            secret: self.app_secret.as_ref(),
            verify: self.verify_token.as_ref(),
        }
    }

    /// Whether calls of Meta's servers can be believed.
    pub(super) fn takes_hooks(&self) -> bool {
        self.app_secret.is_some()
    }

    /// Whether an author is the brand.
    pub(super) fn is_own(&self, author: &str, cx: &Ctx<'_>) -> bool {
        author == self.account || cx.own.iter().any(|id| id == author)
    }
}

/// Reads and checks the settings.
pub(super) fn read(table: &toml::Table) -> Result<Settings, KeyFault> {
    let mut settings: Settings = read_settings(table)?;
    settings.account = settings.account.trim().to_owned();
    if !graph::is_id(&settings.account) {
        let why = "write the account's id, which has digits only, as in \"17841400000000001\"";
        return Err(KeyFault { key: "account".to_owned(), why: why.to_owned() });
    }
    settings.app().check()?;
    graph::check_days(settings.days)?;
    if !(LEAST..=MOST).contains(&settings.reply_limit) {
        let why = format!("write a number from {LEAST} to {MOST}");
        return Err(KeyFault { key: "reply_limit".to_owned(), why });
    }
    Ok(settings)
}

/// The keys of a channel.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "account",
        kind: KeyKind::Text,
        required: true,
        doc: "The professional account's id in the Graph API: digits, not its name. The Page that \
              it is linked to tells it as instagram_business_account.",
        example: "\"17841400000000001\"",
    },
    Key {
        name: "token",
        kind: KeyKind::Secret,
        required: true,
        doc: "Access token of the Page that the account is linked to, best of a system user: that \
              one does not run out.",
        example: "\"EAAGt0ken\"",
    },
    graph::APP_SECRET,
    graph::VERIFY_TOKEN,
    graph::APP,
    Key {
        name: "tags",
        kind: KeyKind::Flag,
        required: false,
        doc: "Whether to read the posts of others in which the account is tagged. Default true.",
        example: "true",
    },
    graph::DAYS_KEY,
    Key {
        name: "reply_limit",
        kind: KeyKind::Number,
        required: false,
        doc: "How many characters a reply may have before it is cut into several, 50 to 2200. \
              Default 300.",
        example: "300",
    },
    Key {
        name: "text_rules",
        kind: KeyKind::Flag,
        required: false,
        doc: "Whether replies are held to Instagram's old rules for apps, which it still applies \
              in part: at most 4 hashtags, 1 link, and not all in capitals. Default true.",
        example: "false",
    },
    graph::VERSION_KEY,
    graph::API,
];
