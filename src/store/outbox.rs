//! Alerts: what is to be told to whom, what was told, what was not and why.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements};
use crate::domain::reason::Reason;
use crate::domain::{AlertId, CaseId, Instant};

/// An alert to be stored.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// Its id.
    pub id: AlertId,
    /// The same for every duplicate: case, recipient, reason and what caused it.
    pub key: String,
    /// The brand.
    pub brand: String,
    /// The case it is about.
    pub case: Option<CaseId>,
    /// The channel it is about, where it is about no case.
    pub channel: String,
    /// To whom; empty where the brand has nobody (a non-send).
    pub recipient: String,
    /// Why.
    pub reason: Reason,
    /// A title, where it is about no case; the level, where a case came to one.
    pub title: String,
    /// What to do, where it is about no case.
    pub body: String,
    /// When; a non-send is stored as it is.
    pub due_at: Option<Instant>,
    /// What this is the live alert of: a case's id, a storm's id. Empty: it stands alone.
    pub live: String,
}

/// A stored alert.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AlertRow {
    /// Its id.
    pub id: String,
    /// Its key.
    pub key: String,
    /// The brand.
    pub brand: String,
    /// The case.
    pub case_id: Option<String>,
    /// The channel.
    pub channel: String,
    /// To whom.
    pub recipient: String,
    /// Why.
    pub reason: String,
    /// `due`, `sent`, `silent`, `failed`, `grouped` (told in one alert with others).
    pub state: String,
    /// A title.
    pub title: String,
    /// What to do.
    pub body: String,
    /// When it was made.
    pub created_at: i64,
    /// When it goes, unless it has gone.
    pub due_at: Option<i64>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was delivered.
    pub sent_at: Option<i64>,
    /// What went wrong last.
    pub fault: String,
    /// What it is the live alert of; empty: it stands alone.
    pub live: String,
    /// Why it waits until then: `quiet` hours, `rate`; empty where it only waits its turn.
    pub held: String,
    /// The `live` of the alert that told it, where it is `grouped`.
    pub told_in: String,
    /// Why it broke quiet hours; empty where it did not.
    pub wake: String,
    /// When those began.
    pub night: Option<i64>,
    /// The lease.
    pub fence: i64,
}

impl AlertRow {
    /// Whether it tells of several others at once.
    pub fn is_group(&self) -> bool {
        self.reason.parse().is_ok_and(Reason::is_group)
    }
}

macro_rules! columns {
    () => {
        "id, key, brand, case_id, channel, recipient, reason, state, title, body, created_at, \
         due_at, attempts, sent_at, fault, live, held, told_in, wake, night, fence"
    };
}
pub(super) use columns;

/// What is due and in nobody's hands; of one live alert nothing while something of it is on its way.
macro_rules! due {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM outbox WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 AND NOT \
             (live <> '' AND EXISTS (SELECT 1 FROM outbox o WHERE o.due_at IS NOT NULL \
             AND o.live = outbox.live AND o.recipient = outbox.recipient AND o.until >= $1)) \
             ORDER BY due_at, id LIMIT $2"
        )
    };
}

statements! {
    DUE = Sql { sqlite: due!(), postgres: concat!(due!(), " FOR UPDATE SKIP LOCKED") };
    OF_CASE = Sql::same(concat!("SELECT ", columns!(), " FROM outbox WHERE case_id = $1 ORDER BY created_at, id"));
    NEWEST = Sql::same(concat!("SELECT ", columns!(), " FROM outbox ORDER BY id DESC LIMIT $1"));
    BY_ID = Sql::same(concat!("SELECT ", columns!(), " FROM outbox WHERE id = $1"));
    ANY_DUE = Sql::same("SELECT id FROM outbox WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 LIMIT 1");
    HASTEN = Sql::same("UPDATE outbox SET due_at = $1 WHERE due_at IS NOT NULL AND due_at > $1 AND until < $1 AND recipient = $2 AND held = '' AND attempts > 0");
    WAITING = Sql::same("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox WHERE due_at IS NOT NULL");
}

/// Stores alerts. One with a key that is there already is the same alert and adds nothing.
pub async fn add(tx: &mut Tx, alerts: &[NewAlert], now: Instant) -> Result<(), StoreError> {
    let rows = alerts
        .iter()
        .map(|a| {
            let state = if a.due_at.is_some() { "due" } else { "silent" };
            args![
                a.id,
                &a.key,
                &a.brand,
                a.case.map(|c| c.to_string()),
                &a.channel,
                &a.recipient,
                a.reason.as_str(),
                state,
                &a.title,
                &a.body,
                now,
                a.due_at,
                &a.live,
            ]
        })
        .collect();
    let sql = "INSERT INTO outbox (id, key, brand, case_id, channel, recipient, reason, state, \
               title, body, created_at, due_at, live) SELECT * FROM {rows} WHERE TRUE \
               ON CONFLICT (key) DO NOTHING";
    const TYPES: &[Type] = &[
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Text,
        Type::Big,
        Type::Big,
        Type::Text,
    ];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

/// Whether any alert is due.
pub async fn any_due(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(ANY_DUE, args![now]).await?;
    Ok(row.is_some())
}

/// The alerts that are due, the oldest first.
pub async fn due(tx: &mut Tx, now: Instant, limit: i64) -> Result<Vec<AlertRow>, StoreError> {
    tx.all(DUE, args![now, limit]).await
}

/// Leases alerts, and keeps why they break quiet hours where they do.
pub async fn lease(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    due: &mut [AlertRow],
) -> Result<(), StoreError> {
    let rows = due.iter().map(|a| args![&a.id, owner, now + LEASE, &a.wake, a.night]).collect();
    let sql = "UPDATE outbox SET owner = v.c2, until = v.c3, fence = fence + 1, \
               attempts = attempts + 1, wake = v.c4, night = v.c5, held = '' FROM {rows} \
               WHERE outbox.id = v.c1";
    const TYPES: &[Type] = &[Type::Text, Type::Text, Type::Big, Type::Text, Type::Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    for row in due {
        row.fence += 1;
        row.attempts += 1;
    }
    Ok(())
}

/// Lets what waits to be tried again at a recipient go now: it can be reached again. What waits for the
/// morning or for room in its rate waits on.
pub async fn hasten(tx: &mut Tx, recipient: &str, now: Instant) -> Result<(), StoreError> {
    tx.exec(HASTEN, args![now, recipient]).await?;
    Ok(())
}

/// Leases the alerts that are due.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    let mut taken = due(tx, now, limit).await?;
    lease(tx, owner, now, &mut taken).await?;
    Ok(taken)
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Delivered; the receiver's id of it.
    Sent(String),
    /// Delivered as a change of the alert that stood there.
    Edited,
    /// Not sent, for a reason.
    Silent(Reason),
    /// To be tried again.
    Later(Instant, String),
    /// Given up.
    Failed(String),
}

/// Stores how attempts ended: alert, outcome. A lost lease changes nothing.
pub async fn settle(
    tx: &mut Tx,
    outcomes: &[(AlertRow, Outcome)],
    now: Instant,
) -> Result<(), StoreError> {
    let rows = outcomes
        .iter()
        .map(|(a, outcome)| {
            let edited = matches!(outcome, Outcome::Edited);
            let (state, reason, due, sent, remote, fault) = match outcome {
                Outcome::Sent(remote) => {
                    ("sent", a.reason.as_str(), None, Some(now), remote.as_str(), "")
                }
                Outcome::Edited => ("sent", a.reason.as_str(), None, Some(now), "", ""),
                Outcome::Silent(reason) => ("silent", reason.as_str(), None, None, "", ""),
                Outcome::Later(at, why) => {
                    ("due", a.reason.as_str(), Some(*at), None, "", why.as_str())
                }
                Outcome::Failed(why) => ("failed", a.reason.as_str(), None, None, "", why.as_str()),
            };
            args![&a.id, a.fence, state, reason, due, sent, remote, fault, edited]
        })
        .collect();
    let sql = "UPDATE outbox SET state = v.c3, reason = v.c4, due_at = v.c5, sent_at = v.c6, \
               remote = v.c7, fault = v.c8, edited = v.c9, owner = '', until = 0 FROM {rows} \
               WHERE outbox.id = v.c1 AND outbox.fence = v.c2";
    const TYPES: &[Type] = &[
        Type::Text,
        Type::Big,
        Type::Text,
        Type::Text,
        Type::Big,
        Type::Big,
        Type::Text,
        Type::Text,
        Type::Bool,
    ];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

/// The alerts of a case, oldest first.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<AlertRow>, StoreError> {
    tx.all(OF_CASE, args![case]).await
}

/// The newest alerts.
pub async fn newest(tx: &mut Tx, limit: i64) -> Result<Vec<AlertRow>, StoreError> {
    tx.all(NEWEST, args![limit]).await
}

/// One alert.
pub async fn by_id(tx: &mut Tx, id: AlertId) -> Result<Option<AlertRow>, StoreError> {
    tx.first(BY_ID, args![id]).await
}

/// How many alerts wait.
pub async fn waiting(tx: &mut Tx) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = tx.first(WAITING, args![]).await?;
    Ok(row.map_or(0, |(n,)| n))
}
