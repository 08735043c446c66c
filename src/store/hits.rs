//! Past mentions of a brand with what became of them, for looking at its names and exclusions.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Lang;

/// A mention as it was judged, and what people made of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HitRow {
    /// Its id.
    pub id: String,
    /// The channel that stored it.
    pub channel: String,
    /// Its form on its network.
    pub kind: String,
    /// Who may see it.
    pub visibility: String,
    /// What was written.
    pub text: String,
    /// The language that the network names.
    pub language: Option<String>,
    /// The verdict's language; `None` before triage, as all of the verdict.
    pub judged_language: Option<String>,
    /// When it was written.
    pub created_at: i64,
    /// Addressed to us.
    pub addressed: bool,
    /// The verdict's relevance.
    pub relevance: Option<String>,
    /// What became of it.
    pub disposition: String,
    /// Why nothing is owed for it any more, where a person or the customer said so.
    pub reason: Option<String>,
}

impl HitRow {
    /// The language: as judged, else as the network says.
    pub fn language(&self) -> Lang {
        let tag = self.judged_language.as_deref().or(self.language.as_deref());
        tag.and_then(Lang::parse).unwrap_or(Lang::UNKNOWN)
    }

    /// Whether a person said that it is not about the brand.
    pub fn is_not_about_us(&self) -> bool {
        self.reason.as_deref() == Some("not_about_us")
    }
}

statements! {
    LAST = Sql::same("SELECT m.id, m.channel, m.kind, m.visibility, m.text, m.language, m.judged_language, m.created_at, m.addressed, m.relevance, m.disposition, CASE WHEN o.standing = 'void' THEN o.reason END AS reason FROM mentions m LEFT JOIN obligations o ON o.mention_id = m.id WHERE m.brand = $1 AND m.gone_at IS NULL AND m.blanked_at IS NULL ORDER BY m.id DESC LIMIT $2");
}

/// The mentions of a brand that were heard last, newest first; tombstones and blanked ones are
/// passed over.
pub async fn last(tx: &mut Tx, brand: &str, limit: i64) -> Result<Vec<HitRow>, StoreError> {
    tx.all(LAST, args![brand, limit]).await
}
