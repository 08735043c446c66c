//! The row of a case: how what it holds stands in its columns.

use super::bulk::Type;
use super::cases::CaseFile;
use super::error::StoreError;
use super::value::{Value, args};
use crate::domain::case::{Attention, Case, HandedOver, Resolution, next_due};
use crate::domain::escalation::Escalation;
use crate::domain::obligation::Obligation;
use crate::domain::person::complained_at;
use crate::domain::priority::place;
use crate::domain::{Commitment, Instant};
use Type::{Big, Bool, Text};
use std::collections::HashMap;

#[derive(sqlx::FromRow)]
pub(super) struct CaseRow {
    pub(super) id: String,
    brand: String,
    channel: String,
    network: String,
    origin: String,
    thread: String,
    author: String,
    author_handle: String,
    author_name: String,
    opened_at: i64,
    told_at: i64,
    attention: String,
    attention_by: String,
    attention_until: i64,
    handed_to: String,
    handed_by: String,
    handed_ref: String,
    handed_at: i64,
    handed_closed: Option<i64>,
    resolution_spent: i64,
    resolution_from: Option<i64>,
    resolution_stood: i64,
    resolution_due: Option<i64>,
    resolution_told: bool,
    events: i64,
    draft_rev: i64,
    draft_due: bool,
    checked_at: i64,
    reread_at: i64,
    rev: i64,
    escalation: String,
    stakes: String,
    points: i64,
    muted_until: i64,
}

/// The columns of a row, for a `SELECT` from `cases k`.
macro_rules! columns {
    () => {
        "k.id, k.brand, k.channel, k.network, k.origin, k.thread, k.author, k.author_handle, \
         k.author_name, k.opened_at, k.told_at, k.attention, k.attention_by, k.attention_until, \
         k.handed_to, k.handed_by, k.handed_ref, k.handed_at, k.handed_closed, k.resolution_spent, \
         k.resolution_from, k.resolution_stood, k.resolution_due, k.resolution_told, \
         k.events, k.draft_rev, k.draft_due, k.checked_at, k.reread_at, k.rev, k.escalation, \
         k.stakes, k.points, k.muted_until"
    };
}
pub(super) use columns;

/// A case of its row, its debts and its dates.
pub(super) fn read_case(
    row: CaseRow,
    debts: &mut HashMap<String, Vec<Obligation>>,
    dates: &mut HashMap<String, Vec<Commitment>>,
) -> Result<CaseFile, StoreError> {
    let by = row.attention_by;
    let until = Instant(row.attention_until);
    let attention = match row.attention.as_str() {
        "free" => Attention::Free,
        "taken" => Attention::Taken { by, until },
        "snoozed" => Attention::Snoozed { by, until },
        "moved" => Attention::Moved { by, until },
        other => return Err(StoreError::broken(&row.id, format!("attention {other}"))),
    };
    let handed_over = (!row.handed_to.is_empty()).then_some(HandedOver {
        by: row.handed_by,
        to: row.handed_to,
        at: Instant(row.handed_at),
        reference: row.handed_ref,
        closed_at: row.handed_closed.map(Instant),
    });
    let resolution = Resolution {
        spent: row.resolution_spent,
        runs_since: row.resolution_from.map(Instant),
        stood_at: Instant(row.resolution_stood),
        due: row.resolution_due.map(Instant),
        told: row.resolution_told,
    };
    let obligations = debts.remove(&row.id).unwrap_or_default();
    let commitments = dates.remove(&row.id).unwrap_or_default();
    let id = row.id.parse().map_err(|e| StoreError::broken(&row.id, e))?;
    let escalation = read_escalation(&row.id, &row.escalation)?;
    Ok(CaseFile {
        case: Case {
            id,
            brand: row.brand,
            channel: row.channel,
            network: row.network,
            origin: row.origin,
            thread: row.thread,
            author: row.author,
            opened_at: Instant(row.opened_at),
            told_at: Instant(row.told_at),
            attention,
            handed_over,
            resolution,
            obligations,
            escalation,
            commitments,
        },
        author_handle: row.author_handle,
        author_name: row.author_name,
        events: row.events,
        draft_rev: row.draft_rev,
        draft_due: row.draft_due,
        checked_at: Instant(row.checked_at),
        reread_at: Instant(row.reread_at),
        stakes: serde_json::from_str(&row.stakes)
            .map_err(|e| StoreError::broken(&row.id, format!("its stakes cannot be read: {e}")))?,
        points: row.points,
        muted_until: Instant(row.muted_until),
        rev: row.rev,
    })
}

/// An escalation stands as JSON, which nothing searches; most cases have none.
fn read_escalation(id: &str, json: &str) -> Result<Escalation, StoreError> {
    if json.is_empty() {
        return Ok(Escalation::default());
    }
    let wrong = |e| StoreError::broken(id, format!("its escalation cannot be read: {e}"));
    serde_json::from_str(json).map_err(wrong)
}

fn escalation(of: &Escalation) -> String {
    let none = *of == Escalation::default();
    if none { String::new() } else { serde_json::to_string(of).unwrap_or_default() }
}

/// The types of what `case_row` gives. Numbers are fixed: what is new comes last.
pub(super) const TYPES: &[Type] = &[
    Text, Text, Text, Text, Text, Text, Text, Text, Text, Big, Big, Text, Text, Text, Big, Text,
    Big, Big, Big, Text, Big, Big, Bool, Big, Big, Text, Text, Text, Big, Big, Big, Big, Big, Bool,
    Big, Text, Text, Big, Big, Big, Big, Big, Big, Bool,
];

/// Stores new cases.
pub(super) const INSERT: &str = "INSERT INTO cases (id, brand, channel, network, origin, thread, \
    author, author_handle, author_name, opened_at, told_at, state, attention, attention_by, \
    attention_until, owing, severity, deadline, due_at, due_kind, events, draft_rev, draft_due, \
    checked_at, reread_at, handed_to, handed_by, handed_ref, handed_at, resolution_spent, \
    resolution_from, resolution_stood, resolution_due, resolution_told, rev, escalation, stakes, \
    points, class, urgent_at, complained_at, muted_until, handed_closed, grave) \
    SELECT c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, \
    c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35 + 1, c36, c37, \
    c38, c39, c40, c41, c42, c43, c44 \
    FROM {rows} WHERE TRUE ON CONFLICT DO NOTHING";

/// Stores changed cases, of the revision that was loaded only.
pub(super) const UPDATE: &str = "UPDATE cases SET told_at = v.c11, state = v.c12, \
    attention = v.c13, attention_by = v.c14, attention_until = v.c15, owing = v.c16, \
    severity = v.c17, deadline = v.c18, due_at = v.c19, due_kind = v.c20, events = v.c21, \
    draft_rev = v.c22, draft_due = v.c23, checked_at = v.c24, reread_at = v.c25, \
    handed_to = v.c26, handed_by = v.c27, handed_ref = v.c28, handed_at = v.c29, \
    resolution_spent = v.c30, resolution_from = v.c31, resolution_stood = v.c32, \
    resolution_due = v.c33, resolution_told = v.c34, rev = cases.rev + 1, escalation = v.c36, \
    stakes = v.c37, points = v.c38, class = v.c39, urgent_at = v.c40, complained_at = v.c41, \
    muted_until = v.c42, handed_closed = v.c43, grave = v.c44 \
    FROM {rows} WHERE cases.id = v.c1 AND cases.rev = v.c35";

/// A case as its row holds it.
pub(super) fn case_row(file: &CaseFile) -> Vec<Value<'_>> {
    let c = &file.case;
    let (attention, by, until) = match &c.attention {
        Attention::Free => ("free", "", 0),
        Attention::Taken { by, until } => ("taken", by.as_str(), until.0),
        Attention::Snoozed { by, until } => ("snoozed", by.as_str(), until.0),
        Attention::Moved { by, until } => ("moved", by.as_str(), until.0),
    };
    let due = next_due(c);
    let (class, urgent_at) = place(c, file.points);
    let handed = c.handed_over.as_ref();
    let clock = &c.resolution;
    args![
        c.id,
        &c.brand,
        &c.channel,
        &c.network,
        &c.origin,
        &c.thread,
        &c.author,
        &file.author_handle,
        &file.author_name,
        c.opened_at,
        c.told_at,
        c.state().as_str(),
        attention,
        by,
        until,
        c.owing().map(|o| o.as_str()),
        i64::from(c.severity()),
        c.deadline(),
        due.map(|(at, _)| at),
        due.map(|(_, timer)| timer.as_str()),
        file.events,
        file.draft_rev,
        file.draft_due,
        file.checked_at,
        file.reread_at,
        handed.map_or("", |h| h.to.as_str()),
        handed.map_or("", |h| h.by.as_str()),
        handed.map_or("", |h| h.reference.as_str()),
        handed.map_or(0, |h| h.at.0),
        clock.spent,
        clock.runs_since,
        clock.stood_at,
        clock.due,
        clock.told,
        file.rev,
        escalation(&c.escalation),
        serde_json::to_string(&file.stakes).unwrap_or_else(|_| "{}".to_owned()),
        file.points,
        class,
        urgent_at,
        complained_at(c),
        file.muted_until,
        handed.and_then(|h| h.closed_at),
        file.stakes.breaks_through(),
    ]
}
