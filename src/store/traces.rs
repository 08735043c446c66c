//! Traces: by what the authors of owed mentions may be known again on another network.
//!
//! They are looked up by exact keys and at most so many, so that a name which thousands bear costs no
//! more than another.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::person::AuthorKey;
use crate::domain::{Instant, MentionId};

/// So many traces of one author are followed, the newest ones.
pub const MOST_OF_AUTHOR: i64 = 100;
/// So many mentions that bear one trace are looked at, the newest ones.
pub const MOST_BEARERS: i64 = 200;

/// The traces of one mention.
#[derive(Clone, Debug)]
pub struct NewTraces {
    /// The mention.
    pub mention: MentionId,
    /// Who wrote it.
    pub author: AuthorKey,
    /// When it was written.
    pub at: Instant,
    /// Kind and key of each.
    pub keys: Vec<(&'static str, String)>,
}

/// An author who bears a trace.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Bearer {
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The author's id.
    pub author_id: String,
}

statements! {
    OF_AUTHOR = Sql::same("SELECT DISTINCT t.kind, t.key FROM (SELECT kind, key FROM traces WHERE brand = $1 AND network = $2 AND origin = $3 AND author_id = $4 ORDER BY at DESC LIMIT $5) AS t ORDER BY t.kind, t.key");
    BEARERS = Sql::same("SELECT DISTINCT t.network, t.origin, t.author_id FROM (SELECT network, origin, author_id FROM traces WHERE brand = $1 AND kind = $2 AND key = $3 ORDER BY at DESC LIMIT $4) AS t ORDER BY t.network, t.origin, t.author_id");
}

/// Stores the traces of mentions in the place of those that they left before.
pub async fn keep(tx: &mut Tx, new: &[NewTraces]) -> Result<(), StoreError> {
    let ids = new.iter().map(|n| args![n.mention]).collect();
    let before = "DELETE FROM traces WHERE mention_id IN (SELECT v.c1 FROM {rows})";
    tx.bulk(Bulk::new(before, &[Type::Text], ids)).await?;
    let mut rows = Vec::new();
    for n in new {
        let k = &n.author;
        for (kind, key) in &n.keys {
            rows.push(args![
                n.mention, *kind, key, &k.brand, &k.network, &k.origin, &k.author, n.at
            ]);
        }
    }
    let sql = "INSERT INTO traces (mention_id, kind, key, brand, network, origin, author_id, at) \
               SELECT * FROM {rows} WHERE TRUE ON CONFLICT DO NOTHING";
    const TYPES: &[Type] = &[
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Big,
    ];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

/// The traces of an author: kind and key.
pub async fn of_author(tx: &mut Tx, k: &AuthorKey) -> Result<Vec<(String, String)>, StoreError> {
    let args = args![&k.brand, &k.network, &k.origin, &k.author, MOST_OF_AUTHOR];
    tx.all(OF_AUTHOR, args).await
}

/// The authors of a brand who bear a trace.
pub async fn bearers(
    tx: &mut Tx,
    brand: &str,
    kind: &str,
    key: &str,
) -> Result<Vec<Bearer>, StoreError> {
    tx.all(BEARERS, args![brand, kind, key, MOST_BEARERS]).await
}
