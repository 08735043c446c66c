//! Storms: many like complaints at once, their members, and the alerts that they make needless.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::storm::StormKind;
use crate::domain::{CaseId, Instant, StormId, Topic};

/// A storm.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StormRow {
    /// Its id.
    pub id: String,
    /// The brand.
    pub brand: String,
    /// What makes it one: `like`, `topic` or `rate`.
    pub kind: String,
    /// The topic; empty where it is of none.
    pub topic: String,
    /// The campaign that its complaints name; empty where they name none with a threshold.
    pub campaign: String,
    /// The bands that its first members share, JSON: pairs of place and value. Only where they say
    /// the same.
    pub bands: String,
    /// When the first of them was written.
    pub began_at: i64,
    /// When something of it came last.
    pub last_at: i64,
    /// How many members were told last; 0 until it is told.
    pub told_members: i64,
    /// When that was.
    pub told_at: i64,
    /// A deadline of a member passed since then.
    pub stirred: bool,
    /// When it was over; then it takes no members any more.
    pub ended_at: Option<i64>,
}

impl StormRow {
    /// Its id as such.
    pub fn storm_id(&self) -> Result<StormId, StoreError> {
        self.id.parse().map_err(|e| StoreError::broken(&self.id, e))
    }

    /// What makes it one.
    pub fn kind(&self) -> Result<StormKind, StoreError> {
        self.kind.parse().map_err(|e| StoreError::broken(&self.id, e))
    }

    /// The topic, where it is of one.
    pub fn topic(&self) -> Option<Topic> {
        self.topic.parse().ok()
    }
}

/// How its members stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Figures {
    /// All of them.
    pub members: i64,
    /// Those that are owed an answer.
    pub owed: i64,
    /// Of these, those whose deadline has passed.
    pub overdue: i64,
}

macro_rules! columns {
    () => {
        "s.id, s.brand, s.kind, s.topic, s.campaign, s.bands, s.began_at, s.last_at, \
         s.told_members, s.told_at, s.stirred, s.ended_at"
    };
}

statements! {
    WAKE = Sql::same("UPDATE storm_watch SET due_at = $1 WHERE brand IN (SELECT brand FROM storms WHERE stirred) AND (due_at IS NULL OR due_at > $1)");
    BEGIN = Sql::same("INSERT INTO storms (id, brand, kind, topic, campaign, bands, began_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    LASTS = Sql::same("UPDATE storms SET last_at = $2 WHERE id = $1");
    TOLD = Sql::same("UPDATE storms SET told_members = $2, told_at = $3, ended_at = $4, stirred = FALSE WHERE id = $1");
    OF_BRAND = Sql::same(concat!("SELECT ", columns!(), " FROM storms s WHERE s.brand = $1 AND (s.ended_at IS NULL OR s.stirred) ORDER BY s.id"));
    STANDING = Sql::same(concat!("SELECT ", columns!(), " FROM storms s WHERE s.ended_at IS NULL AND ($1 = '' OR s.brand = $1) ORDER BY s.id DESC LIMIT $2"));
    NEWEST = Sql::same(concat!("SELECT ", columns!(), " FROM storms s WHERE ($1 = '' OR s.brand = $1) AND ($2 = '' OR s.id < $2) ORDER BY s.id DESC LIMIT $3"));
    BY_ID = Sql::same(concat!("SELECT ", columns!(), " FROM storms s WHERE s.id = $1"));
    OF_CASE = Sql::same(concat!("SELECT ", columns!(), " FROM storms s JOIN cases k ON k.storm = s.id WHERE k.id = $1"));
    HOW_MANY = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM storms WHERE ended_at IS NULL");
    FIGURES = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) AS members, CAST(COALESCE(SUM(CASE WHEN k.owing IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS owed, CAST(COALESCE(SUM(CASE WHEN k.owing IS NOT NULL AND k.deadline <= $2 THEN 1 ELSE 0 END), 0) AS BIGINT) AS overdue FROM cases k WHERE k.storm = $1");
    TOLD_OF = Sql::same("SELECT DISTINCT o.recipient FROM cases k JOIN outbox o ON o.case_id = k.id WHERE k.storm = $1 AND o.reason = 'in_storm' AND o.recipient <> '' ORDER BY o.recipient");
    RINGS = Sql::same("SELECT o.id FROM outbox o JOIN cases k ON k.id = o.case_id WHERE o.due_at IS NOT NULL AND o.due_at <= $1 AND o.until < $1 AND k.storm IS NOT NULL LIMIT 1");
    // What the clock says of a member is told by its storm's alert, as long as what stands there was
    // owed before the storm was over; what its customer says, while the storm lasts. What is grave
    // rings by itself.
    HUSH_LATE = Sql::same("UPDATE outbox SET state = 'silent', reason = 'in_storm', due_at = NULL, held = '' WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 AND reason IN ('overdue', 'still_owed', 'not_resolved', 'escalated') AND EXISTS (SELECT 1 FROM cases k JOIN storms s ON s.id = k.storm WHERE k.id = outbox.case_id AND NOT k.grave AND (s.ended_at IS NULL OR NOT EXISTS (SELECT 1 FROM obligations b WHERE b.case_id = k.id AND b.standing = 'owed' AND b.owing = 'complaint' AND b.since > s.ended_at))) RETURNING case_id");
    HUSH_NEW = Sql::same("UPDATE outbox SET state = 'silent', reason = 'in_storm', due_at = NULL, held = '' WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 AND reason IN ('new_complaint', 'again') AND EXISTS (SELECT 1 FROM cases k JOIN storms s ON s.id = k.storm WHERE k.id = outbox.case_id AND s.ended_at IS NULL AND NOT k.grave)");
}

/// A storm begins.
pub async fn begin(tx: &mut Tx, storm: &StormRow) -> Result<(), StoreError> {
    let s = storm;
    let args =
        args![&s.id, &s.brand, &s.kind, &s.topic, &s.campaign, &s.bands, s.began_at, s.last_at];
    tx.exec(BEGIN, args).await?;
    Ok(())
}

/// Cases become members: case, storm. A member of one storm stays its member.
pub async fn join(tx: &mut Tx, joined: &[(CaseId, String)]) -> Result<(), StoreError> {
    let rows = joined.iter().map(|(case, storm)| args![*case, storm]).collect();
    let sql = "UPDATE cases SET storm = v.c2 FROM {rows} WHERE cases.id = v.c1 \
               AND cases.storm IS NULL";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text], rows)).await?;
    Ok(())
}

/// Something of a storm came.
pub async fn lasts(tx: &mut Tx, storm: &str, at: Instant) -> Result<(), StoreError> {
    tx.exec(LASTS, args![storm, at]).await?;
    Ok(())
}

/// A storm was told of with so many members, and is over since `ended`, if it is.
pub async fn told(
    tx: &mut Tx,
    storm: &str,
    members: i64,
    at: Instant,
    ended: Option<Instant>,
) -> Result<(), StoreError> {
    tx.exec(TOLD, args![storm, members, at, ended]).await?;
    Ok(())
}

/// The storms of a brand that stand, and those that are over but of which something is to be told;
/// the oldest first.
pub async fn of_brand(tx: &mut Tx, brand: &str) -> Result<Vec<StormRow>, StoreError> {
    tx.all(OF_BRAND, args![brand]).await
}

/// The storms that stand, the newest first; `brand` empty for all.
pub async fn standing(tx: &mut Tx, brand: &str, limit: i64) -> Result<Vec<StormRow>, StoreError> {
    tx.all(STANDING, args![brand, limit]).await
}

/// Storms, the newest first, behind one of them; `brand` empty for all.
pub async fn newest(
    tx: &mut Tx,
    brand: &str,
    after: Option<StormId>,
    limit: i64,
) -> Result<Vec<StormRow>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    tx.all(NEWEST, args![brand, after, limit]).await
}

/// One storm.
pub async fn by_id(tx: &mut Tx, id: StormId) -> Result<Option<StormRow>, StoreError> {
    tx.first(BY_ID, args![id]).await
}

/// The storm that a case belongs to.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Option<StormRow>, StoreError> {
    tx.first(OF_CASE, args![case]).await
}

/// How many storms stand.
pub async fn count_standing(tx: &mut Tx) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(HOW_MANY, args![]).await?;
    Ok(row.map_or(0, |(n,)| n))
}

/// How a storm's members stand at `now`.
pub async fn figures(tx: &mut Tx, storm: &str, now: Instant) -> Result<Figures, StoreError> {
    Ok(tx.first(FIGURES, args![storm, now]).await?.unwrap_or_default())
}

/// Who would have been told of its members one by one.
pub async fn concerned(tx: &mut Tx, storm: &str) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = tx.all(TOLD_OF, args![storm]).await?;
    Ok(rows.into_iter().map(|(recipient,)| recipient).collect())
}

/// Whether an alert about a member is due; cheaper than to hush it.
pub async fn rings(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(RINGS, args![now]).await?.is_some())
}

/// Alerts of members that are due and that nobody has begun to deliver become non-sends. Where it
/// was the clock that told of a member, its storm is to be told of again.
pub async fn hush(tx: &mut Tx, now: Instant) -> Result<(), StoreError> {
    tx.exec(HUSH_NEW, args![now]).await?;
    let late: Vec<(Option<String>,)> = tx.all(HUSH_LATE, args![now]).await?;
    if late.is_empty() {
        return Ok(());
    }
    let rows = late.into_iter().map(|(case,)| args![case]).collect();
    let sql = "UPDATE storms SET stirred = TRUE FROM {rows} JOIN cases k ON k.id = v.c1 \
               WHERE storms.id = k.storm";
    tx.bulk(Bulk::new(sql, &[Type::Text], rows)).await?;
    tx.exec(WAKE, args![now]).await?;
    Ok(())
}
