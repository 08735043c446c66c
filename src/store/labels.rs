//! Labels: what people said of mentions by what they did with them, one a mention, the newest.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::label::{Label, Source};
use crate::domain::{Instant, MentionId};
use std::collections::BTreeMap;

/// A labelled text, as learning reads it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TaughtRow {
    /// The mention.
    pub mention_id: String,
    /// Whether it complains.
    pub complaint: bool,
    /// By which act that was said.
    pub source: String,
    /// When.
    pub at: i64,
    /// What was written.
    pub text: String,
    /// The language that the network names.
    pub language: Option<String>,
    /// Stars.
    pub rating: Option<i64>,
}

impl TaughtRow {
    /// By which act it was said.
    pub fn source(&self) -> Result<Source, StoreError> {
        self.source.parse().map_err(|e| StoreError::broken(&self.mention_id, e))
    }
}

/// How often one thing was said by one sort of act.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CountRow {
    /// By which act.
    pub source: String,
    /// Whether it complains; `None`: nothing was said of that.
    pub complaint: Option<bool>,
    /// Whether it is about the brand; `None`: nothing was said of that.
    pub about: Option<bool>,
    /// How many mentions.
    pub labels: i64,
}

statements! {
    COUNTS = Sql::same("SELECT source, complaint, about, CAST(COUNT(*) AS BIGINT) AS labels FROM labels WHERE brand = $1 GROUP BY source, complaint, about ORDER BY source, labels DESC");
    SINCE = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM labels WHERE brand = $1 AND complaint IS NOT NULL AND at > $2");
    // Said of a text that was edited since, it says nothing of the one that stands there now.
    PAGE = Sql::same("SELECT l.mention_id, l.complaint, l.source, l.at, m.text, m.language, m.rating FROM labels l JOIN mentions m ON m.id = l.mention_id WHERE l.brand = $1 AND l.complaint IS NOT NULL AND l.version = m.version AND m.gone_at IS NULL AND m.blanked_at IS NULL AND (l.at < $2 OR (l.at = $2 AND l.mention_id < $3)) ORDER BY l.at DESC, l.mention_id DESC LIMIT $4");
}

/// Keeps what was said at `now`, each in place of what was said of its mention before; `None` takes
/// that back. The first label of a brand makes it due to be learned from at `learned_at`.
pub async fn keep(
    tx: &mut Tx,
    said: &BTreeMap<MentionId, Option<Label>>,
    now: Instant,
    learned_at: Instant,
) -> Result<(), StoreError> {
    let back = said.iter().filter(|(_, label)| label.is_none());
    let rows = back.map(|(mention, _)| args![*mention]).collect();
    let sql = "DELETE FROM labels WHERE mention_id IN (SELECT v.c1 FROM {rows})";
    tx.bulk(Bulk::new(sql, &[Type::Text], rows)).await?;
    let labels: Vec<(&MentionId, &Label)> =
        said.iter().filter_map(|(mention, label)| Some((mention, label.as_ref()?))).collect();
    let word = |said: Option<bool>| said.map(|yes| if yes { "yes" } else { "no" });
    let rows = labels
        .iter()
        .map(|(mention, label)| {
            args![
                **mention,
                word(label.complaint),
                word(label.about),
                label.kind.map(|kind| kind.as_str()),
                label.source.as_str(),
                &label.by,
                now,
            ]
        })
        .collect();
    let sql = "INSERT INTO labels (mention_id, brand, complaint, about, kind, source, by_agent, at, \
               version, model, probability) SELECT m.id, m.brand, \
               CASE v.c2 WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE END, \
               CASE v.c3 WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE END, \
               v.c4, v.c5, v.c6, v.c7, m.version, COALESCE(m.model, ''), m.probability \
               FROM {rows} JOIN mentions m ON m.id = v.c1 WHERE m.blanked_at IS NULL \
               ON CONFLICT (mention_id) DO UPDATE SET complaint = excluded.complaint, \
               about = excluded.about, kind = excluded.kind, source = excluded.source, \
               by_agent = excluded.by_agent, at = excluded.at, version = excluded.version, \
               model = excluded.model, probability = excluded.probability";
    const TYPES: &[Type] =
        &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Text, Type::Text, Type::Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    let rows = labels.iter().map(|(mention, _)| args![**mention, learned_at]).collect();
    let sql = "INSERT INTO lessons (brand, due_at) SELECT DISTINCT m.brand, v.c2 FROM {rows} \
               JOIN mentions m ON m.id = v.c1 WHERE TRUE ON CONFLICT (brand) DO NOTHING";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Big], rows)).await?;
    Ok(())
}

/// How much was said of a brand's mentions, by act and by what was said.
pub async fn counts(tx: &mut Tx, brand: &str) -> Result<Vec<CountRow>, StoreError> {
    tx.all(COUNTS, args![brand]).await
}

/// How many labels say whether a mention of the brand complains, and are younger than `since`.
pub async fn since(tx: &mut Tx, brand: &str, since: Instant) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(SINCE, args![brand, since]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// Up to `limit` labelled texts of a brand, newest label first, from below `(at, mention)` on.
/// Those of texts that were edited since, withdrawn or blanked are passed over.
pub async fn page(
    tx: &mut Tx,
    brand: &str,
    (at, mention): (Instant, &str),
    limit: i64,
) -> Result<Vec<TaughtRow>, StoreError> {
    tx.all(PAGE, args![brand, at, mention, limit]).await
}
