//! What is stored around mentions: the texts that they answer, and what their authors wrote before.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::args;
use crate::domain::Instant;

/// The key of a post that a mention answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParentKey<'a> {
    /// The brand that the mention concerns.
    pub brand: &'a str,
    /// The network.
    pub network: &'a str,
    /// The ids' name space.
    pub origin: &'a str,
    /// The network's id of what is answered.
    pub id: &'a str,
}

/// A post that a mention answers, as far as it is known here.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ParentRow {
    /// The brand that was asked about.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The network's id.
    pub external_id: String,
    /// The first 4,000 characters of its text, enough to tell what it is; of our own posts only
    /// those that were published here have one.
    pub text: Option<String>,
    /// Whether it is a post of our own; what was published here is its own brand's alone.
    pub ours: bool,
}

impl ParentRow {
    /// The key that was asked about.
    pub fn key(&self) -> ParentKey<'_> {
        let (brand, network) = (self.brand.as_str(), self.network.as_str());
        ParentKey { brand, network, origin: &self.origin, id: &self.external_id }
    }
}

/// An author and the time before which complaints are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The mention; it does not count itself.
    pub mention: &'a str,
    /// The brand.
    pub brand: &'a str,
    /// The network.
    pub network: &'a str,
    /// The ids' name space.
    pub origin: &'a str,
    /// The author's id there.
    pub author: &'a str,
    /// Older complaints do not count.
    pub from: Instant,
    /// Nor do younger ones.
    pub to: Instant,
}

/// Of some posts those that are stored: mentions, and posts of our own.
pub async fn parents(tx: &mut Tx, keys: &[ParentKey<'_>]) -> Result<Vec<ParentRow>, StoreError> {
    let rows = keys.iter().map(|k| args![k.brand, k.network, k.origin, k.id]).collect();
    let sql = "SELECT v.c1 AS brand, v.c2 AS network, v.c3 AS origin, v.c4 AS external_id, \
               SUBSTR(COALESCE(m.text, p.text), 1, 4000) AS text, (o.external_id IS NOT NULL \
               AND (o.reply_id IS NULL OR COALESCE(r.brand, '') = v.c1)) AS ours \
               FROM {rows} \
               LEFT JOIN mentions m ON m.brand = v.c1 AND m.network = v.c2 AND m.origin = v.c3 \
               AND m.external_id = v.c4 \
               LEFT JOIN own_posts o ON o.network = v.c2 AND o.origin = v.c3 \
               AND o.external_id = v.c4 \
               LEFT JOIN replies r ON r.id = o.reply_id \
               LEFT JOIN reply_parts p ON p.reply_id = o.reply_id AND p.external_id = v.c4 \
               WHERE m.id IS NOT NULL OR o.external_id IS NOT NULL";
    tx.bulk_all(Bulk::new(sql, &[Type::Text; 4], rows)).await
}

/// How many complaints came before some mentions from the same author to the same brand: mention
/// and count, none where there are none. What a person called no complaint, or not about the brand,
/// does not count. Nobody's are counted beyond ten: an author with very many holds up no batch.
pub async fn earlier(tx: &mut Tx, of: &[Before<'_>]) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = of
        .iter()
        .map(|b| args![b.mention, b.brand, b.network, b.origin, b.author, b.from, b.to])
        .collect();
    let sql = "SELECT t.id, t.n FROM (SELECT v.c1 AS id, (SELECT CAST(COUNT(*) AS BIGINT) FROM (\
               SELECT 1 AS one FROM mentions m WHERE m.brand = v.c2 AND m.network = v.c3 \
               AND m.origin = v.c4 AND m.author_id = v.c5 AND m.judged = 'complaint' \
               AND m.created_at >= v.c6 AND m.created_at <= v.c7 \
               AND m.disposition <> 'not_owed' AND m.id <> v.c1 LIMIT 10) AS e) AS n \
               FROM {rows}) AS t WHERE t.n > 0";
    const TYPES: &[Type] =
        &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Text, Type::Big, Type::Big];
    tx.bulk_all(Bulk::new(sql, TYPES, rows)).await
}
