//! Mentions that may say the same as another: what has a band in common with it, in a window of
//! time and at most so many.

use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::{Bands, CaseId, Instant};

/// The most mentions that one look-up gives; where it gives so many there may be more.
pub const MOST: i64 = 200;

/// A mention that may be like another, with its case.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LikeRow {
    /// Its id.
    pub id: String,
    /// Its case.
    pub case_id: String,
    /// The channel that stored it first.
    pub channel: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The author's id.
    pub author_id: String,
    /// The author's handle.
    pub author_handle: String,
    /// The author's name.
    pub author_name: String,
    /// When it was written.
    pub created_at: i64,
    /// Where a person sees it.
    pub url: String,
    /// What was written, as far as likeness looks at it: its first 16,384 characters.
    pub text: String,
}

// Each band brings its newest ones by its own index, so that a text which thousands copy costs no
// more than another. $1 brand, $2 to $5 bands, $6 since when, $7 how many, $8 the case left out.
macro_rules! of_band {
    ($column:literal, $band:literal, $name:literal) => {
        concat!(
            "SELECT id FROM (SELECT id FROM mentions WHERE brand = $1 AND ",
            $column,
            " = ",
            $band,
            " AND created_at >= $6 ORDER BY created_at DESC LIMIT $7) AS ",
            $name
        )
    };
}

statements! {
    LOOK_UP = Sql::same(concat!(
        "SELECT m.id, m.case_id, m.channel, m.network, m.origin, m.author_id, m.author_handle, \
         m.author_name, m.created_at, m.url, SUBSTR(m.text, 1, 16384) AS text FROM mentions m \
         WHERE m.id IN (",
        of_band!("like_1", "$2", "one"), " UNION ",
        of_band!("like_2", "$3", "two"), " UNION ",
        of_band!("like_3", "$4", "three"), " UNION ",
        of_band!("like_4", "$5", "four"),
        ") AND m.case_id IS NOT NULL AND m.case_id <> $8 AND m.gone_at IS NULL \
         AND m.blanked_at IS NULL ORDER BY m.created_at DESC, m.id DESC LIMIT $7"));
}

/// Mentions of a brand, written since then, that have one of these bands, the newest first and at
/// most [`MOST`]. Those of a case itself are left out, and so is what is gone.
pub async fn look_up(
    tx: &mut Tx,
    brand: &str,
    bands: &Bands,
    since: Instant,
    case: CaseId,
) -> Result<Vec<LikeRow>, StoreError> {
    let [one, two, three, four] = *bands;
    tx.all(LOOK_UP, args![brand, one, two, three, four, since, MOST, case]).await
}
