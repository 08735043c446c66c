//! `MentionRow`: a mention as the store holds it, read by every step that works on mentions.

use super::error::StoreError;
use crate::domain::ledger::Disposition;
use crate::domain::mention::Mark;
use crate::domain::{Lang, MentionId, Risk};

/// A stored mention.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MentionRow {
    /// Its id.
    pub id: String,
    /// The brand.
    pub brand: String,
    /// The channel that stored it first.
    pub channel: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The network's id.
    pub external_id: String,
    /// Its form there.
    pub kind: String,
    /// Who may see it.
    pub visibility: String,
    /// The author's id.
    pub author_id: String,
    /// The author's handle.
    pub author_handle: String,
    /// The author's name.
    pub author_name: String,
    /// What was written.
    pub text: String,
    /// The language that the network names.
    pub language: Option<String>,
    /// Stars.
    pub rating: Option<i64>,
    /// When it was written.
    pub created_at: i64,
    /// When its author last changed it.
    pub edited_at: Option<i64>,
    /// Where a person sees it.
    pub url: String,
    /// The conversation.
    pub thread_id: String,
    /// What it answers.
    pub parent_id: Option<String>,
    /// What hangs on it, JSON.
    pub attachments: String,
    /// What only the network knows of it, words with spaces between.
    pub marks: String,
    /// When it was stored.
    pub heard_at: i64,
    /// Heard in the first look at a channel's past.
    pub first_look: bool,
    /// Addressed to us.
    pub addressed: bool,
    /// Counts the texts it had.
    pub version: i64,
    /// When it was deleted there.
    pub gone_at: Option<i64>,
    /// Why its content was deleted, as its network asks: it is `gone` there, `stale`, not read again
    /// for too long, or its author `asked` for it.
    pub blanked: Option<String>,
    /// What became of it.
    pub disposition: String,
    /// How many events moved it.
    pub moves: i64,
    /// Its case.
    pub case_id: Option<String>,
    /// The verdict's kind.
    pub judged: Option<String>,
    /// The verdict's probability, per million.
    pub probability: Option<i64>,
    /// The verdict's severity.
    pub severity: Option<i64>,
    /// The verdict's topic.
    pub topic: Option<String>,
    /// The verdict's language.
    pub judged_language: Option<String>,
    /// The verdict's risk flags, JSON.
    pub risk: Option<String>,
    /// The verdict's reasons, JSON.
    pub why: Option<String>,
}

impl MentionRow {
    /// Its id as such.
    pub fn mention_id(&self) -> Result<MentionId, StoreError> {
        self.id.parse().map_err(|e| StoreError::broken(&self.id, e))
    }

    /// What became of it.
    pub fn disposition(&self) -> Result<Disposition, StoreError> {
        self.disposition.parse().map_err(|e| StoreError::broken(&self.id, e))
    }

    /// The language to answer in: as judged, else as the network says.
    pub fn language(&self) -> Lang {
        let tag = self.judged_language.as_deref().or(self.language.as_deref());
        tag.and_then(Lang::parse).unwrap_or(Lang::UNKNOWN)
    }

    /// The risks that its verdict flags.
    pub fn risks(&self) -> Vec<Risk> {
        self.risk.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// What only the network knows of it; words of a newer version are passed over.
    pub fn marks(&self) -> Vec<Mark> {
        self.marks.split(' ').filter_map(|word| word.parse().ok()).collect()
    }

    /// How many things hang on it.
    pub fn attachment_count(&self) -> usize {
        serde_json::from_str::<Vec<serde::de::IgnoredAny>>(&self.attachments).map_or(0, |a| a.len())
    }
}

/// The columns of a row, for a `SELECT` from `mentions m`.
macro_rules! mention_columns {
    () => {
        "m.id, m.brand, m.channel, m.network, m.origin, m.external_id, m.kind, m.visibility, \
         m.author_id, m.author_handle, m.author_name, m.text, m.language, m.rating, m.created_at, \
         m.edited_at, m.url, m.thread_id, m.parent_id, m.attachments, m.marks, m.heard_at, m.first_look, \
         m.addressed, m.version, m.gone_at, m.blanked, m.disposition, m.moves, m.case_id, m.judged, \
         m.probability, m.severity, m.topic, m.judged_language, m.risk, m.why"
    };
}
pub(super) use mention_columns;
