//! The walk over all mentions, page by page, each with its moves, its obligation and its case.

use super::book::Book;
use super::evidence;
use super::types::{Findings, MOST};
use crate::domain::Instant;
use crate::domain::ledger::{Disposition, fold};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::value::{Sql, args, statements};
use std::collections::HashMap;

statements! {
    PAGE = Sql::same("SELECT m.id, m.channel, m.heard_day, m.heard_at, m.gone_at, m.triage_due, m.disposition, m.moves, m.case_id, m.model, m.rule, o.case_id AS debt_case, o.standing, o.reason, o.actor, o.note, o.evidence, o.ended_at, o.first_look, k.id AS found_case, k.due_at, CASE WHEN o.first_look THEN (SELECT MIN(f.due_at) FROM first_looks f WHERE f.channel = m.channel) END AS look_due FROM mentions m LEFT JOIN obligations o ON o.mention_id = m.id LEFT JOIN cases k ON k.id = m.case_id WHERE m.id > $1 ORDER BY m.id LIMIT $2");
    MOVES = Sql::same("SELECT id, mention_id, mention_seq, becomes, at FROM events WHERE mention_seq IS NOT NULL AND mention_id > $1 AND mention_id <= $2 ORDER BY mention_id, mention_seq");
    // A debt whose mention was taken away.
    ORPHANS = Sql::same("SELECT o.mention_id, o.case_id FROM obligations o LEFT JOIN mentions m ON m.id = o.mention_id WHERE m.id IS NULL ORDER BY o.mention_id LIMIT $1");
}

/// Mentions read at a time: a few megabytes.
const PAGE_SIZE: i64 = 5_000;

/// Sorts behind every id: those begin with a digit up to 7.
const BEHIND_ALL: &str = "Z";

/// One mention with everything that must agree with it.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) channel: String,
    pub(super) heard_day: String,
    pub(super) heard_at: i64,
    pub(super) gone_at: Option<i64>,
    pub(super) triage_due: bool,
    pub(super) disposition: String,
    pub(super) moves: i64,
    pub(super) case_id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) rule: Option<String>,
    // The obligation, if there is one.
    pub(super) debt_case: Option<String>,
    pub(super) standing: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) note: Option<String>,
    pub(super) evidence: Option<String>,
    pub(super) ended_at: Option<i64>,
    pub(super) first_look: Option<bool>,
    // The case, if it is there.
    pub(super) found_case: Option<String>,
    pub(super) due_at: Option<i64>,
    // Of the first look that it waits in.
    pub(super) look_due: Option<i64>,
}

impl Line {
    fn name(&self) -> String {
        format!("mention {} (channel {}, day {})", self.id, self.channel, self.heard_day)
    }
}

#[derive(sqlx::FromRow)]
struct Move {
    id: String,
    mention_id: String,
    mention_seq: i64,
    becomes: Option<String>,
    at: i64,
}

/// Counts every mention into the book, and checks it.
pub(super) async fn mentions(
    tx: &mut Tx,
    as_of: Option<Instant>,
    book: &mut Book,
    broken: &mut Findings,
) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let page: Vec<Line> = tx.all(PAGE, args![&after, PAGE_SIZE]).await?;
        let is_last = i64::try_from(page.len()).is_ok_and(|n| n < PAGE_SIZE);
        let up_to = match page.last() {
            Some(line) if !is_last => line.id.clone(),
            _ => BEHIND_ALL.to_owned(),
        };
        let mut moves: HashMap<String, Vec<Move>> = HashMap::with_capacity(page.len());
        for one in tx.all::<Move>(MOVES, args![&after, &up_to]).await? {
            match moves.get_mut(&one.mention_id) {
                Some(of_mention) => of_mention.push(one),
                None => drop(moves.insert(one.mention_id.clone(), vec![one])),
            }
        }
        for line in &page {
            let moves = moves.remove(&line.id).unwrap_or_default();
            if let Err(why) = one(line, &moves, as_of, book) {
                broken.add(line.name(), why);
            }
        }
        let mut orphans: Vec<&Move> = moves.values().filter_map(|of| of.first()).collect();
        orphans.sort_by(|a, b| a.mention_id.cmp(&b.mention_id));
        for orphan in orphans {
            broken.add(
                format!("mention {}", orphan.mention_id),
                format!("the log moves it (event {}), but the mention is not there", orphan.id),
            );
        }
        if is_last {
            break;
        }
        after = up_to;
    }
    for (mention, case) in tx.all::<(String, String)>(ORPHANS, args![limit()]).await? {
        broken.add(
            format!("mention {mention}"),
            format!("case {case} has an obligation for it, but the mention is not there"),
        );
    }
    Ok(())
}

/// How many rows of one fault are read.
pub(super) fn limit() -> i64 {
    i64::try_from(MOST).unwrap_or(i64::MAX)
}

fn one(line: &Line, moves: &[Move], as_of: Option<Instant>, book: &mut Book) -> Result<(), String> {
    let stored: Disposition = line.disposition.parse()?;
    let log = moves.iter().map(becomes).collect::<Result<Vec<_>, _>>();
    match as_of {
        None => book.count(&line.channel, &line.heard_day, stored),
        Some(then) if line.heard_at <= then.0 => {
            let before = moves.iter().take_while(|m| m.at <= then.0).count();
            let log = log.as_deref().unwrap_or_default();
            let stood = log.get(..before).and_then(|l| l.last()).copied();
            book.count(&line.channel, &line.heard_day, stood.unwrap_or(Disposition::Untriaged));
        }
        Some(_) => {}
    }
    contiguous(line, moves)?;
    let folded = fold(log?)?;
    if folded != stored {
        return Err(format!("it is stored as {stored}, but its events make it {folded}"));
    }
    if as_of.is_none() { evidence::agrees(line, stored) } else { Ok(()) }
}

fn becomes(one: &Move) -> Result<Disposition, String> {
    let word = one.becomes.as_deref().unwrap_or_default();
    word.parse().map_err(|e| format!("event {} moves it nowhere: {e}", one.id))
}

/// Its moves are 1, 2, 3 … and as many as it counts.
fn contiguous(line: &Line, moves: &[Move]) -> Result<(), String> {
    for (expected, found) in (1i64..).zip(moves) {
        if found.mention_seq != expected {
            return Err(format!(
                "its move {expected} is missing from the log; event {} is move {}",
                found.id, found.mention_seq
            ));
        }
    }
    if i64::try_from(moves.len()) != Ok(line.moves) {
        return Err(format!(
            "it was moved {} times, but the log holds {} of its moves",
            line.moves,
            moves.len()
        ));
    }
    Ok(())
}
