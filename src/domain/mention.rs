//! `Mention`: one post, comment, review or message that concerns a brand, as every network
//! hands it over and as the API takes it.

use super::time::Instant;
use super::verdict::{Lang, words};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

words! {
    /// What form the mention has on its network.
    MentionKind {
        /// A post of its own.
        Post = "post",
        /// A comment below something.
        Comment = "comment",
        /// A review, usually with stars.
        Review = "review",
        /// A direct message.
        Direct = "direct",
        /// An e-mail.
        Mail = "mail",
    }
}

words! {
    /// Who may see it there. Private text never appears in a public draft.
    Visibility {
        /// Anybody.
        Public = "public",
        /// Only the writer and the brand.
        Private = "private",
    }
}

words! {
    /// What a network knows of a mention that its text cannot say.
    Mark {
        /// A machine wrote it: an automatic answer, a newsletter, a report of a mail server.
        Automatic = "automatic",
        /// It came with legal weight: Italian certified mail (PEC).
        Formal = "formal",
    }
}

/// By which copies of a mention's text are found among many: two texts that have one of these at the
/// same place are worth a comparison. An empty place has none.
pub type Bands = [Option<i64>; 4];

/// Who wrote it, on one network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// The network's stable id; opaque.
    pub id: String,
    /// The handle without the leading `@`.
    #[serde(default)]
    pub handle: String,
    /// The name as shown.
    #[serde(default)]
    pub name: String,
    /// How many follow the author, where the network tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followers: Option<u64>,
}

/// Something attached. Only the address is kept, never the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// `image`, `video`, `audio`, `sticker`, `file` …, as the network calls it.
    pub kind: String,
    /// Where it lies.
    pub url: String,
}

/// One mention, in the JSON form of the API. Ids are opaque strings: they exceed 2^53 on
/// several networks and never pass through a float.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    /// Name of the network (`mastodon`, `feed` …).
    pub network: String,
    /// The ids' name space: empty where ids are global, else host, forum, feed or mailbox.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// The network's id of this mention.
    pub external_id: String,
    /// Its form there.
    pub kind: MentionKind,
    /// Who may see it.
    pub visibility: Visibility,
    /// Who wrote it.
    pub author: Author,
    /// What was written, as plain text. May be empty: then a person must look.
    #[serde(default)]
    pub text: String,
    /// The language that the network names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Lang>,
    /// Stars, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// When the author wrote it.
    pub created_at: Instant,
    /// When the author last changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Instant>,
    /// Where a person can see it.
    pub url: String,
    /// The conversation on the network; empty where there is none.
    pub thread_id: String,
    /// What it answers, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// What hangs on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// How many people it reached, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<u64>,
    /// What only the network knows; never taken from callers of the API.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// The network's own record, read only by the network's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Box<RawValue>>,
}

/// Longest text of one mention that is kept, in bytes. Networks cap posts at some tens of
/// kilobytes, mail and API callers do not; what is over is cut at a character and marked.
pub const TEXT_LIMIT: usize = 256 * 1024;
/// Longest id, handle, name or URL, in bytes.
pub const FIELD_LIMIT: usize = 2_048;

impl Mention {
    /// Checks what serde cannot and cleans what a database cannot hold: NUL becomes U+FFFD,
    /// over-long text is cut. The error names the field and what to send instead.
    pub fn checked(mut self) -> Result<Mention, String> {
        for (name, value) in [
            ("network", &self.network),
            ("external_id", &self.external_id),
            ("author.id", &self.author.id),
        ] {
            if value.trim().is_empty() {
                return Err(format!("`{name}` is empty; send the network's own id or name"));
            }
        }
        for (name, value) in [
            ("network", &mut self.network),
            ("origin", &mut self.origin),
            ("external_id", &mut self.external_id),
            ("author.id", &mut self.author.id),
            ("author.handle", &mut self.author.handle),
            ("author.name", &mut self.author.name),
            ("url", &mut self.url),
            ("thread_id", &mut self.thread_id),
        ] {
            if value.len() > FIELD_LIMIT {
                return Err(format!("`{name}` is longer than {FIELD_LIMIT} bytes; shorten it"));
            }
            super::text::clean(value);
        }
        if self.rating.is_some_and(|stars| !(1..=5).contains(&stars)) {
            return Err("`rating` is outside 1 to 5; scale the network's stars".to_owned());
        }
        if let Some(parent) = &mut self.parent_id {
            super::text::clean(parent);
        }
        super::text::clean(&mut self.text);
        super::text::cut_bytes(&mut self.text, TEXT_LIMIT);
        Ok(self)
    }
}

/// Where on a network something stands: enough to read its thread or to answer it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MentionRef {
    /// The ids' name space.
    pub origin: String,
    /// The network's id of the mention.
    pub external_id: String,
    /// The conversation.
    pub thread_id: String,
    /// Its author's id.
    pub author_id: String,
    /// Its author's handle.
    pub author_handle: String,
    /// Who may see it; a reply is never more public than this.
    pub visibility: Visibility,
    /// Where a person sees it.
    pub url: String,
    /// When it was written.
    pub created_at: Instant,
}
