//! Hand-overs: which case goes to which ticket system, and how its ticket stands there.

use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements};
use crate::domain::{CaseId, HandoverId, Instant};
use crate::wire::Filed;

/// A hand-over to be stored.
#[derive(Clone, Debug)]
pub struct NewHandover {
    /// Its id.
    pub id: HandoverId,
    /// The case.
    pub case: CaseId,
    /// The case's brand.
    pub brand: String,
    /// The ticket system, by its name in configuration.
    pub system: String,
    /// By which the ticket is found there.
    pub key: String,
    /// What whoever handed it over wrote.
    pub note: String,
    /// Who that was.
    pub by: String,
}

/// A stored hand-over.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HandoverRow {
    /// Its id.
    pub id: String,
    /// The case.
    pub case_id: String,
    /// The case's brand.
    pub brand: String,
    /// The ticket system, by its name in configuration.
    pub system: String,
    /// By which the ticket is found there.
    pub key: String,
    /// `due`, `filed`, `closed`, `gone`, `failed`, `ended` (nothing more is asked or told).
    pub state: String,
    /// What whoever handed it over wrote.
    pub note: String,
    /// Who that was.
    pub by_agent: String,
    /// The ticket's id there.
    pub remote: String,
    /// What people call it there.
    pub name: String,
    /// Where people see it.
    pub url: String,
    /// When it is filed, or asked about next.
    pub due_at: Option<i64>,
    /// Tries in a row that came to nothing.
    pub tries: i64,
    /// It may stand there, though nobody said so.
    pub doubt: bool,
    /// How often it was looked for since then and not found.
    pub looks: i64,
    /// What went wrong last.
    pub fault: String,
    /// When it was handed over.
    pub created_at: i64,
    /// When the ticket was made.
    pub filed_at: Option<i64>,
    /// When the system last said how it stands.
    pub checked_at: Option<i64>,
    /// The lease.
    pub fence: i64,
}

impl HandoverRow {
    /// Whether it is on its way there, or stands there and nobody closed it.
    pub fn is_live(&self) -> bool {
        matches!(self.state.as_str(), "due" | "filed")
    }

    /// The ticket, as its system knows it.
    pub fn filed(&self) -> Filed {
        Filed { remote: self.remote.clone(), name: self.name.clone(), url: self.url.clone() }
    }
}

macro_rules! columns {
    () => {
        "id, case_id, brand, system, key, state, note, by_agent, remote, name, url, due_at, tries, \
         doubt, looks, fault, created_at, filed_at, checked_at, fence"
    };
}

/// What is due and in nobody's hands.
macro_rules! due {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM handovers WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 \
             ORDER BY due_at, id LIMIT $2"
        )
    };
}

statements! {
    ADD = Sql::same("INSERT INTO handovers (id, case_id, brand, system, key, state, note, by_agent, due_at, created_at) VALUES ($1, $2, $3, $4, $5, 'due', $6, $7, $8, $8) ON CONFLICT DO NOTHING");
    AGAIN = Sql::same("UPDATE handovers SET state = 'due', note = $3, by_agent = $4, due_at = $2, created_at = $2, tries = 0, looks = 0, fault = '' WHERE id = $1 AND state = 'failed'");
    OF_CASE = Sql::same(concat!("SELECT ", columns!(), " FROM handovers WHERE case_id = $1 ORDER BY created_at, id"));
    BY_REMOTE = Sql::same(concat!("SELECT ", columns!(), " FROM handovers WHERE system = $1 AND remote = $2 AND state IN ('filed', 'closed') LIMIT 1"));
    DUE = Sql { sqlite: due!(), postgres: concat!(due!(), " FOR UPDATE SKIP LOCKED") };
    LEASE_ONE = Sql::same("UPDATE handovers SET owner = $2, until = $3, fence = fence + 1 WHERE id = $1 AND fence = $4");
    SENDING = Sql::same("UPDATE handovers SET doubt = TRUE, looks = 0 WHERE id = $1 AND fence = $2");
    FILED = Sql::same("UPDATE handovers SET state = 'filed', remote = $3, name = $4, url = $5, filed_at = $6, due_at = $7, tries = 0, doubt = FALSE, looks = 0, fault = '', owner = '', until = 0 WHERE id = $1 AND fence = $2 AND state = 'due'");
    LATER = Sql::same("UPDATE handovers SET due_at = $3, tries = $4, doubt = $5, looks = $6, fault = $7, owner = '', until = 0 WHERE id = $1 AND fence = $2");
    SEEN = Sql::same("UPDATE handovers SET state = $3, checked_at = $4, due_at = $5, tries = 0, fault = '', owner = '', until = 0 WHERE id = $1 AND fence = $2");
    END = Sql::same("UPDATE handovers SET state = $3, fault = $4, due_at = NULL, owner = '', until = 0 WHERE id = $1 AND fence = $2");
    STIR = Sql::same("UPDATE handovers SET due_at = $2 WHERE case_id = $1 AND state IN ('due', 'filed', 'closed')");
    WAKE = Sql::same("UPDATE handovers SET due_at = $3 WHERE system = $1 AND remote = $2 AND state IN ('filed', 'closed') AND due_at > $3");
}

/// Stores a hand-over, due now. `false`: one of this case is on its way there already.
pub async fn add(tx: &mut Tx, new: &NewHandover, now: Instant) -> Result<bool, StoreError> {
    let args = args![new.id, new.case, &new.brand, &new.system, &new.key, &new.note, &new.by, now];
    Ok(tx.exec(ADD, args).await? > 0)
}

/// Tries a hand-over again that had failed for good.
pub async fn again(
    tx: &mut Tx,
    id: &str,
    note: &str,
    by: &str,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(AGAIN, args![id, now, note, by]).await? > 0)
}

/// The hand-overs of a case, oldest first.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<HandoverRow>, StoreError> {
    tx.all(OF_CASE, args![case]).await
}

/// The hand-over whose ticket a system knows by that id.
pub async fn by_remote(
    tx: &mut Tx,
    system: &str,
    remote: &str,
) -> Result<Option<HandoverRow>, StoreError> {
    tx.first(BY_REMOTE, args![system, remote]).await
}

/// Leases hand-overs that are due, the longest due first.
pub async fn take_due(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<HandoverRow>, StoreError> {
    let due: Vec<HandoverRow> = tx.all(DUE, args![now, limit]).await?;
    let mut taken = Vec::with_capacity(due.len());
    for mut row in due {
        let args = args![&row.id, owner, now + LEASE, row.fence];
        if tx.exec(LEASE_ONE, args).await? > 0 {
            row.fence += 1;
            taken.push(row);
        }
    }
    Ok(taken)
}

/// Notes, before a ticket is made, that it may stand there from now on: whoever dies before the
/// answer looks for it first. `false`: the lease was lost.
pub async fn sending(tx: &mut Tx, row: &HandoverRow) -> Result<bool, StoreError> {
    Ok(tx.exec(SENDING, args![&row.id, row.fence]).await? > 0)
}

/// The ticket stands there; it is asked about at `due_at`, if it can be. `false`: the lease was lost.
pub async fn filed(
    tx: &mut Tx,
    row: &HandoverRow,
    ticket: &Filed,
    due_at: Option<Instant>,
    now: Instant,
) -> Result<bool, StoreError> {
    let (remote, name, url) = (&ticket.remote, &ticket.name, &ticket.url);
    let args = args![&row.id, row.fence, remote, name, url, now, due_at];
    Ok(tx.exec(FILED, args).await? > 0)
}

/// Puts a hand-over off, with its tries, its doubt, its looks and its fault as they are in `row`.
/// `false`: the lease was lost.
pub async fn later(tx: &mut Tx, row: &HandoverRow, due_at: Instant) -> Result<bool, StoreError> {
    let HandoverRow { id, fence, tries, doubt, looks, fault, .. } = row;
    Ok(tx.exec(LATER, args![id, *fence, due_at, *tries, *doubt, *looks, fault]).await? > 0)
}

/// Keeps how the system says that a ticket stands. `false`: the lease was lost.
pub async fn seen(
    tx: &mut Tx,
    row: &HandoverRow,
    state: &str,
    due_at: Option<Instant>,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(tx.exec(SEEN, args![&row.id, row.fence, state, now, due_at]).await? > 0)
}

/// Ends a hand-over as `gone`, `failed` or `ended`. `false`: the lease was lost.
pub async fn end(
    tx: &mut Tx,
    row: &HandoverRow,
    state: &str,
    fault: &str,
) -> Result<bool, StoreError> {
    Ok(tx.exec(END, args![&row.id, row.fence, state, fault]).await? > 0)
}

/// Makes the hand-overs of a case due: something happened that concerns them.
pub async fn stir(tx: &mut Tx, case: CaseId, now: Instant) -> Result<(), StoreError> {
    tx.exec(STIR, args![case, now]).await?;
    Ok(())
}

/// Makes tickets due to be asked about, by their ids at a system. Gives how many it changed.
pub async fn wake(
    tx: &mut Tx,
    system: &str,
    remotes: &[String],
    now: Instant,
) -> Result<u64, StoreError> {
    let mut woken = 0;
    for remote in remotes {
        woken += tx.exec(WAKE, args![system, remote, now]).await?;
    }
    Ok(woken)
}
