//! One entry of a feed, whatever the format, and the mention it becomes.

use super::seen::digest;
use super::{META, Settings};
use crate::domain::{Attachment, Author, Instant, Lang, Mention, MentionKind, Visibility};
use crate::wire::Ctx;
use url::Url;

/// More attachments than this nobody looks at.
const ATTACHMENTS: usize = 20;

/// A feed as it came.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// The feed's own name.
    pub title: String,
    /// Its language.
    pub language: Option<Lang>,
    /// Its entries in its order; an unreadable one with its bytes and what is wrong.
    pub items: Vec<Result<Item, (Vec<u8>, String)>>,
}

/// One entry; texts are plain.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// What identifies it for ever: its id, else its link, else a digest of what it says.
    pub id: String,
    /// Where it stands, not yet resolved against the feed's address.
    pub link: Option<String>,
    pub title: String,
    pub text: String,
    pub author: String,
    pub published: Option<Instant>,
    pub updated: Option<Instant>,
    pub language: Option<Lang>,
    pub attachments: Vec<Attachment>,
}

impl Item {
    /// The id of an entry that has none of its own (RSS makes it optional). Dates alone are no
    /// identity.
    pub(super) fn fallback_id(&self) -> Option<String> {
        let link = self.link.as_deref().map(str::trim).filter(|link| !link.is_empty());
        if let Some(link) = link {
            return Some(link.to_owned());
        }
        if self.title.is_empty() && self.text.is_empty() {
            return None;
        }
        let date = self.published.map(|at| at.to_string()).unwrap_or_default();
        Some(format!("digest:{}", digest(&[&self.title, &self.text, &date])))
    }

    /// Title and text as one; a title that only repeats the beginning is left out.
    fn words(&self) -> String {
        let (title, text) = (self.title.trim(), self.text.trim());
        let start = title.trim_end_matches(['…', '.']);
        if title.is_empty() || (!start.is_empty() && text.starts_with(start)) {
            text.to_owned()
        } else {
            format!("{title}\n\n{text}").trim_end().to_owned()
        }
    }

    /// Changes with what a reader sees; dates do not count, many feeds touch them at every look.
    pub(super) fn content_digest(&self) -> String {
        let mut said = vec![self.title.as_str(), self.text.as_str()];
        said.extend(self.attachments.iter().map(|a| a.url.as_str()));
        digest(&said)
    }

    /// The mention. Without a date it was written when we first saw it, as far as anybody knows;
    /// a date in the future is a slip of the pen.
    pub(super) fn mention(
        self,
        document: &Document,
        base: &Url,
        settings: &Settings,
        cx: &Ctx<'_>,
    ) -> Result<Mention, String> {
        let text = self.words();
        let origin = settings.origin();
        let written = self.published.or(self.updated);
        let name = Some(self.author)
            .filter(|name| !name.is_empty())
            .or_else(|| settings.title.clone())
            .or_else(|| Some(document.title.clone()))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| origin.clone());
        let url =
            self.link.as_deref().and_then(|link| web_address(link, base)).unwrap_or_else(|| {
                let mut bare = settings.url.clone();
                bare.set_query(None);
                bare.into()
            });
        let attachments = self
            .attachments
            .into_iter()
            .take(ATTACHMENTS)
            .filter_map(|a| Some(Attachment { kind: a.kind, url: web_address(&a.url, base)? }));
        let mention = Mention {
            network: META.name.to_owned(),
            origin,
            thread_id: self.id.clone(),
            external_id: self.id,
            kind: MentionKind::Post,
            visibility: Visibility::Public,
            author: Author { id: name.clone(), name, ..Author::default() },
            text,
            language: self.language.or(document.language).or(settings.language),
            rating: None,
            created_at: written.map_or(cx.now, |at| at.min(cx.now)),
            edited_at: self.updated.filter(|at| written.is_some_and(|w| *at > w) && *at <= cx.now),
            url,
            parent_id: None,
            attachments: attachments.collect(),
            reach: None,
            marks: Vec::new(),
            native: None,
        };
        mention.checked()
    }
}

/// An absolute http(s) address; anything else (`javascript:`) is not shown to a person.
pub(super) fn web_address(link: &str, base: &Url) -> Option<String> {
    let url = base.join(link.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}
