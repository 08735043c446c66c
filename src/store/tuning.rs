//! What was judged, with the labels that people gave by what they did about it.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::obligation::Evidence;
use crate::domain::{Instant, Kind, Lang, PerMillion, Relevance, Topic, Verdict};

/// The rule of what triage sorted out.
pub(super) const SORTED_OUT: &str = "sorted_out";

/// A mention as it was judged, and how its debt stands.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TunedRow {
    /// Its id.
    pub id: String,
    /// What was written.
    pub text: String,
    /// Why its content was deleted, if it was.
    pub blanked: Option<String>,
    /// When it was written.
    pub created_at: i64,
    /// When it was stored.
    pub heard_at: i64,
    /// Heard in the first look at a channel's past.
    pub first_look: bool,
    /// The verdict's relevance.
    pub relevance: String,
    /// The verdict's kind.
    pub judged: String,
    /// The verdict's probability, per million.
    pub probability: i64,
    /// The verdict's language.
    pub judged_language: String,
    /// The rule by which nothing is owed, empty where something is.
    pub rule: String,
    /// How a rule sorted it out, empty where none did.
    pub sorted_as: String,
    /// Why it is or was owed an answer.
    pub owing: Option<String>,
    /// `owed`, `met` or `void`.
    pub standing: Option<String>,
    /// Why it is void.
    pub reason: Option<String>,
    /// By what it is met, JSON.
    pub evidence: Option<String>,
}

statements! {
    PAGE = Sql::same("SELECT m.id, m.text, m.blanked, m.created_at, m.heard_at, m.first_look, m.relevance, m.judged, m.probability, m.judged_language, COALESCE(m.rule, '') AS rule, COALESCE(m.sorted_as, '') AS sorted_as, o.owing, o.standing, o.reason, o.evidence FROM mentions m LEFT JOIN obligations o ON o.mention_id = m.id WHERE m.brand = $1 AND m.heard_at >= $2 AND m.id > $3 AND m.probability IS NOT NULL ORDER BY m.id LIMIT $4");
}

/// Mentions of a brand that were heard since then and are judged, behind one of them.
pub async fn page(
    tx: &mut Tx,
    brand: &str,
    since: Instant,
    after: &str,
    limit: i64,
) -> Result<Vec<TunedRow>, StoreError> {
    tx.all(PAGE, args![brand, since, after, limit]).await
}

impl TunedRow {
    /// The verdict as far as thresholds ask for it; reasons, risks and topic are left out.
    ///
    /// # Errors
    /// `Broken` where the row holds words that no version wrote.
    pub fn verdict(&self) -> Result<Verdict, StoreError> {
        let broken = |why: String| StoreError::broken(&self.id, why);
        let kind: Kind = self.judged.parse().map_err(broken)?;
        let relevance: Relevance = self.relevance.parse().map_err(broken)?;
        let language = Lang::parse(&self.judged_language).unwrap_or(Lang::UNKNOWN);
        let sorted_out = (self.rule == SORTED_OUT).then(|| match self.sorted_as.as_str() {
            "" => SORTED_OUT.to_owned(),
            by => by.to_owned(),
        });
        Ok(Verdict {
            relevance,
            kind,
            probability: PerMillion(u32::try_from(self.probability).unwrap_or(0)),
            severity: 0,
            topic: Topic::Other,
            language,
            risk: Vec::new(),
            why: Vec::new(),
            look: sorted_out.is_none() && self.is_unread(language),
            sorted_out,
            model: String::new(),
        })
    }

    /// Whether nobody could judge the text, so that a person looks whatever the thresholds are.
    /// Only the text and its language say so: the verdict's own word on it is not stored.
    fn is_unread(&self, language: Lang) -> bool {
        let silent = !self.text.chars().any(char::is_alphanumeric);
        !Lang::SERVED.contains(&language) || (silent && self.blanked.is_none())
    }

    /// What a person says of it by what they did: a complaint or none; `None` where nobody did
    /// anything that tells.
    ///
    /// "Not a complaint" and "not about us" say no. An answer leaves standing what it was taken for:
    /// a complaint says yes, a question no. An answer to what was only to look at says yes, unless
    /// it was taken for a question, praise or a suggestion: people thank for these too. A colleague
    /// who answered in the network's own app never saw what it was taken for.
    pub fn label(&self) -> Option<bool> {
        let (owing, standing) = (self.owing.as_deref()?, self.standing.as_deref()?);
        match (standing, self.reason.as_deref()) {
            ("void", Some("not_complaint" | "not_about_us")) => Some(false),
            ("met", _) if self.was_answered_here() => match owing {
                "complaint" => Some(true),
                "question" => Some(false),
                _ => matches!(self.judged.as_str(), "complaint" | "other").then_some(true),
            },
            _ => None,
        }
    }

    fn was_answered_here(&self) -> bool {
        let evidence = self.evidence.as_deref().unwrap_or_default();
        let read = serde_json::from_str::<Evidence>(evidence);
        read.is_ok_and(|evidence| !matches!(evidence, Evidence::Native { .. }))
    }
}
