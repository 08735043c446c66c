//! Which posts are our own, and which leases a restarted instance gives back.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::Instant;

statements! {
    OWN = Sql::same("INSERT INTO own_posts (network, origin, external_id, reply_id, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING");
    IS_OWN = Sql::same("SELECT external_id FROM own_posts WHERE network = $1 AND origin = $2 AND external_id = $3");
    FREE_LANES = Sql::same("UPDATE lanes SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_GAPS = Sql::same("UPDATE gaps SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_ALERTS = Sql::same("UPDATE outbox SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_PARTS = Sql::same("UPDATE reply_parts SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_CREDENTIALS = Sql::same("UPDATE credentials SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_RECHECKS = Sql::same("UPDATE rechecks SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_HINTS = Sql::same("UPDATE hints SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_LESSONS = Sql::same("UPDATE lessons SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_EARS = Sql::same("UPDATE ears SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
    FREE_REREADS = Sql::same("UPDATE rereads SET until = 0, owner = '', fence = fence + 1 WHERE owner = $1");
}

/// Gives back what this instance held before it died. Its fences are spent: a straggler of the
/// dead process can write nothing any more.
pub async fn free_leases(tx: &mut Tx, instance: &str) -> Result<(), StoreError> {
    let held = [
        FREE_LANES,
        FREE_GAPS,
        FREE_ALERTS,
        FREE_PARTS,
        FREE_CREDENTIALS,
        FREE_RECHECKS,
        FREE_HINTS,
        FREE_EARS,
        FREE_REREADS,
        FREE_LESSONS,
    ];
    for sql in held {
        tx.exec(sql, args![instance]).await?;
    }
    Ok(())
}

/// Remembers a post of our own.
pub async fn remember_own(
    tx: &mut Tx,
    network: &str,
    origin: &str,
    external_id: &str,
    reply: Option<String>,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(OWN, args![network, origin, external_id, reply, now]).await?;
    Ok(())
}

/// Whether a post is our own by its id.
pub async fn is_own(
    tx: &mut Tx,
    network: &str,
    origin: &str,
    external_id: &str,
) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(IS_OWN, args![network, origin, external_id]).await?;
    Ok(row.is_some())
}

/// Of some keys `(origin, external_id)`, those that are our own posts: origin, id, and the reply
/// of ours that it is, if it was published here.
pub async fn among(
    tx: &mut Tx,
    network: &str,
    keys: &[(&str, &str)],
) -> Result<Vec<(String, String, Option<String>)>, StoreError> {
    let rows = keys.iter().map(|(origin, id)| args![network, *origin, *id]).collect();
    let sql = "SELECT o.origin, o.external_id, o.reply_id FROM {rows} JOIN own_posts o \
               ON o.network = v.c1 AND o.origin = v.c2 AND o.external_id = v.c3";
    tx.bulk_all(Bulk::new(sql, &[Type::Text; 3], rows)).await
}
