//! The event log: whole within each subject, whole along each brand's chain.

use super::types::{Findings, SealAccount};
use super::walk::limit;
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::events::{Sealed, digest, link};
use crate::store::value::{Sql, args, statements};

statements! {
    SUBJECTS = Sql::same("SELECT subject, MIN(seq), MAX(seq), CAST(COUNT(*) AS BIGINT) FROM events GROUP BY subject HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*) ORDER BY subject LIMIT $1");
    CASES = Sql::same("SELECT k.id, k.events, CAST(COUNT(e.seq) AS BIGINT) FROM cases k LEFT JOIN events e ON e.subject = k.id GROUP BY k.id, k.events HAVING k.events <> COUNT(e.seq) ORDER BY k.id LIMIT $1");
    SEALS = Sql::same("SELECT b.name, b.salt, b.sealed, b.head, CAST(COUNT(e.position) AS BIGINT), CAST(COALESCE(MAX(e.position), 0) AS BIGINT) FROM brands b LEFT JOIN events e ON e.brand = b.name AND e.position IS NOT NULL GROUP BY b.name, b.salt, b.sealed, b.head ORDER BY b.name");
    FIRST_HOLE = Sql::same("SELECT MIN(c.p) + 1 FROM (SELECT CAST(0 AS BIGINT) AS p UNION ALL SELECT position FROM events WHERE brand = $1 AND position IS NOT NULL) AS c WHERE c.p < $2 AND NOT EXISTS (SELECT 1 FROM events n WHERE n.brand = $1 AND n.position = c.p + 1)");
    CHAIN = Sql::same("SELECT id, subject, seq, mention_id, mention_seq, kind, becomes, at, actor, digest, position, data, seal FROM events WHERE brand = $1 AND position > $2 ORDER BY position LIMIT $3");
    UNKNOWN_BRANDS = Sql::same("SELECT e.brand, MIN(e.id) FROM events e LEFT JOIN brands b ON b.name = e.brand WHERE b.name IS NULL GROUP BY e.brand ORDER BY e.brand LIMIT $1");
}

/// Sealed events read at a time.
const PAGE: i64 = 5_000;

/// Names each subject whose events are not 1, 2, 3 …, and each case that counts others than the
/// log holds.
pub(super) async fn subjects(tx: &mut Tx, broken: &mut Findings) -> Result<(), StoreError> {
    type Subject = (String, i64, i64, i64);
    for (subject, first, last, count) in tx.all::<Subject>(SUBJECTS, args![limit()]).await? {
        broken.add(
            format!("the log of {subject}"),
            format!("its events run from {first} to {last}, but {count} are there"),
        );
    }
    for (case, events, count) in tx.all::<(String, i64, i64)>(CASES, args![limit()]).await? {
        broken.add(
            format!("case {case}"),
            format!("it counts {events} events, but the log holds {count} of it"),
        );
    }
    for (brand, event) in tx.all::<(String, String)>(UNKNOWN_BRANDS, args![limit()]).await? {
        broken.add(format!("event {event}"), format!("its brand {brand} is not known"));
    }
    Ok(())
}

/// The seals of all brands: positions without a hole and, if asked for, the chain itself.
pub(super) async fn seals(
    tx: &mut Tx,
    verify: bool,
    broken: &mut Findings,
) -> Result<Vec<SealAccount>, StoreError> {
    type Seal = (String, Vec<u8>, i64, Vec<u8>, i64, i64);
    let mut accounts = Vec::new();
    for (brand, salt, sealed, head, count, last) in tx.all::<Seal>(SEALS, args![]).await? {
        if count != sealed || last != sealed {
            let up_to = sealed.max(last);
            let hole: Option<(Option<i64>,)> = tx.first(FIRST_HOLE, args![&brand, up_to]).await?;
            let hole = match hole.and_then(|(at,)| at) {
                Some(at) => format!("; the event at position {at} is missing"),
                None => String::new(),
            };
            broken.add(
                format!("the sealed log of brand {brand}"),
                format!("{sealed} events were sealed, {count} are there, the last at {last}{hole}"),
            );
        } else if verify && let Err((event, why)) = chain(tx, &brand, &salt, &head).await? {
            broken.add(event, why);
        }
        accounts.push(SealAccount { brand, sealed, verified: verify });
    }
    Ok(accounts)
}

#[derive(sqlx::FromRow)]
struct Link {
    #[sqlx(flatten)]
    event: Sealed,
    data: String,
    seal: Option<Vec<u8>>,
}

/// Computes the chain again. Inside: the first event that differs, and how.
async fn chain(
    tx: &mut Tx,
    brand: &str,
    salt: &[u8],
    sealed_head: &[u8],
) -> Result<Result<(), (String, String)>, StoreError> {
    let (mut head, mut position) = (Vec::new(), 0);
    loop {
        let page: Vec<Link> = tx.all(CHAIN, args![brand, position, PAGE]).await?;
        for Link { event, data, seal } in &page {
            let name = || format!("event {} of {} ({})", event.id, event.subject, event.kind);
            // Retention and erasure blank the data and leave its digest.
            if !data.is_empty() && event.digest != Some(digest(salt, data)) {
                return Ok(Err((name(), "its data is not what was sealed".to_owned())));
            }
            head = link(&head, event);
            if seal.as_ref() != Some(&head) {
                return Ok(Err((name(), "it is not the event that was sealed".to_owned())));
            }
            position = event.position;
        }
        if i64::try_from(page.len()).is_ok_and(|n| n < PAGE) {
            break;
        }
    }
    if head != sealed_head {
        let why = "the end of the chain is not the head that was stored".to_owned();
        return Ok(Err((format!("the sealed log of brand {brand}"), why)));
    }
    Ok(Ok(()))
}
