//! Live alerts: what stands of a case, a storm or a group at a recipient, and is changed in place;
//! and what people say of alerts that woke them.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::outbox::AlertRow;
use super::value::{Sql, args, statements};
use crate::domain::{AlertId, CaseId, Instant};

/// The alert that stands of something at a recipient.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LiveRow {
    /// What it is of: a case's id, a storm's id, a group.
    pub live: String,
    /// At whom.
    pub recipient: String,
    /// The brand.
    pub brand: String,
    /// The case.
    pub case_id: Option<String>,
    /// The key of the alert that began it.
    pub key: String,
    /// The receiver's id of it; empty where there is none.
    pub remote: String,
    /// How the case stood when it was told last.
    pub says: String,
}

statements! {
    SAY_WOKEN = Sql::same("INSERT INTO woken (alert_id, brand, recipient, wake, by_agent, at) SELECT o.id, o.brand, o.recipient, o.wake, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM outbox o WHERE o.id = $1 ON CONFLICT (alert_id) DO NOTHING");
    SEEN = Sql::same("SELECT MAX(seen) FROM live_alerts WHERE case_id = $1 AND recipient = $2");
    IN_VAIN = Sql::same("SELECT alert_id FROM woken WHERE alert_id = $1");
    IN_VAIN_SINCE = Sql::same("SELECT wake, CAST(COUNT(*) AS BIGINT) FROM woken WHERE brand = $1 AND at >= $2 GROUP BY wake ORDER BY wake");
}

/// What stands of some alerts, by what they are of and to whom they go.
pub async fn of_alerts(tx: &mut Tx, alerts: &[AlertRow]) -> Result<Vec<LiveRow>, StoreError> {
    let of = alerts.iter().filter(|a| !a.live.is_empty());
    let mut pairs: Vec<(&str, &str)> =
        of.map(|a| (a.live.as_str(), a.recipient.as_str())).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let rows = pairs.into_iter().map(|(live, recipient)| args![live, recipient]).collect();
    let sql = "SELECT l.live, l.recipient, l.brand, l.case_id, l.key, l.remote, l.says \
               FROM {rows} JOIN live_alerts l ON l.live = v.c1 AND l.recipient = v.c2";
    tx.bulk_all(Bulk::new(sql, &[Type::Text, Type::Text], rows)).await
}

/// What stands of some cases, but for what is about to be brought up to date anyhow.
pub async fn of_cases(
    tx: &mut Tx,
    cases: &[CaseId],
    now: Instant,
) -> Result<Vec<LiveRow>, StoreError> {
    let rows = cases.iter().map(|case| args![*case, now]).collect();
    let sql = "SELECT l.live, l.recipient, l.brand, l.case_id, l.key, l.remote, l.says \
               FROM {rows} JOIN live_alerts l ON l.case_id = v.c1 WHERE NOT EXISTS \
               (SELECT 1 FROM outbox o WHERE o.due_at IS NOT NULL AND o.live = l.live \
               AND o.recipient = l.recipient AND o.reason = 'case_moved' AND o.until < v.c2) \
               ORDER BY l.live, l.recipient";
    tx.bulk_all(Bulk::new(sql, &[Type::Text, Type::Big], rows)).await
}

/// An alert that was delivered, or could not be, and what stands at its recipient from now on.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The alert, as it was leased.
    pub alert: &'a AlertRow,
    /// The key of the alert that began it.
    pub key: String,
    /// The receiver's id.
    pub remote: String,
    /// How the case stood when it was told.
    pub says: String,
    /// How many entries the case's log had then; 0 where it is of no case.
    pub seen: i64,
}

/// Keeps what stands after alerts were delivered. Called behind [`super::outbox::settle`] in one
/// transaction: of an alert whose lease was lost nothing is kept.
pub async fn keep(tx: &mut Tx, told: &[Told<'_>], now: Instant) -> Result<(), StoreError> {
    let rows = told
        .iter()
        .map(|t| args![&t.alert.id, t.alert.fence, &t.key, &t.remote, &t.says, t.seen, now])
        .collect();
    let sql = "INSERT INTO live_alerts (live, recipient, brand, case_id, key, remote, says, seen, \
               told_at) SELECT o.live, o.recipient, o.brand, o.case_id, v.c3, v.c4, v.c5, v.c6, \
               v.c7 FROM {rows} JOIN outbox o ON o.id = v.c1 \
               WHERE o.fence = v.c2 AND o.state = 'sent' AND o.live <> '' \
               ON CONFLICT (live, recipient) DO UPDATE SET says = excluded.says, \
               seen = excluded.seen, told_at = excluded.told_at";
    const TYPES: &[Type] =
        &[Type::Text, Type::Big, Type::Text, Type::Text, Type::Text, Type::Big, Type::Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    // What waits for another try was told by a newer one meanwhile, but for what says something else:
    // what only brings up to date rings nobody, and a date stands beside what is owed.
    let rows = told.iter().map(|t| args![&t.alert.id, t.alert.fence, now]).collect();
    let sql = "UPDATE outbox SET state = 'silent', reason = 'superseded', due_at = NULL, held = '' \
               FROM {rows} JOIN outbox o ON o.id = v.c1 \
               WHERE o.fence = v.c2 AND o.state = 'sent' AND o.live <> '' \
               AND outbox.live = o.live AND outbox.recipient = o.recipient \
               AND outbox.due_at IS NOT NULL AND outbox.until < v.c3 AND outbox.id < o.id \
               AND o.reason NOT IN ('case_moved', 'promise_near', 'promise_broken', \
               'follow_up_due') AND outbox.reason NOT IN ('reply_unknown', 'reply_failed', \
               'case_moved', 'promise_near', 'promise_broken', 'follow_up_due')";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Big, Type::Big], rows)).await?;
    Ok(())
}

/// Forgets what stood where alerts were sent anew in its place. Called before [`keep`]; of an alert
/// whose lease was lost nothing is forgotten.
pub async fn replace(tx: &mut Tx, anew: &[&AlertRow]) -> Result<(), StoreError> {
    let rows = anew.iter().map(|row| args![&row.id, row.fence]).collect();
    let sql = "DELETE FROM live_alerts WHERE EXISTS (SELECT 1 FROM {rows} \
               JOIN outbox o ON o.id = v.c1 WHERE o.fence = v.c2 AND o.state = 'sent' \
               AND o.live = live_alerts.live AND o.recipient = live_alerts.recipient)";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Big], rows)).await?;
    Ok(())
}

/// Forgets what stands, by what it is of and at whom: it said its last.
pub async fn end(tx: &mut Tx, ended: &[(String, String)]) -> Result<(), StoreError> {
    let rows = ended.iter().map(|(live, recipient)| args![live, recipient]).collect();
    let sql = "DELETE FROM live_alerts WHERE EXISTS (SELECT 1 FROM {rows} \
               WHERE v.c1 = live_alerts.live AND v.c2 = live_alerts.recipient)";
    tx.bulk(Bulk::new(sql, &[Type::Text, Type::Text], rows)).await?;
    Ok(())
}

/// How far somebody can have read a case's log who has read all of its alert at a recipient: what
/// was told there last covers so many entries. 0: nothing stands there that tells of what is owed.
pub async fn seen(tx: &mut Tx, case: CaseId, recipient: &str) -> Result<i64, StoreError> {
    let row: Option<(Option<i64>,)> = tx.first(SEEN, args![case, recipient]).await?;
    Ok(row.and_then(|(seen,)| seen).unwrap_or(0))
}

/// Keeps a person's word that an alert should not have woken anybody. `false`: it was said before,
/// or there is no such alert.
pub async fn say_woken(
    tx: &mut Tx,
    alert: AlertId,
    agent: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(SAY_WOKEN, args![alert, agent, now]).await? > 0)
}

/// Whether somebody said that an alert should not have woken anybody.
pub async fn in_vain(tx: &mut Tx, alert: &str) -> Result<bool, StoreError> {
    Ok(tx.first::<(String,)>(IN_VAIN, args![alert]).await?.is_some())
}

/// How often that was said of a brand's alerts since `since`, by why they woke.
pub async fn in_vain_since(
    tx: &mut Tx,
    brand: &str,
    since: Instant,
) -> Result<Vec<(String, i64)>, StoreError> {
    tx.all(IN_VAIN_SINCE, args![brand, since]).await
}
