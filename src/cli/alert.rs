//! `ascolto alert`: every alert and every non-send, with its reason: why did nobody hear of this?

use super::failure::Failure;
use super::{Global, house, out};
use crate::domain::text::one_line;
use crate::domain::{CaseId, Instant};
use crate::speech::Catalogue;
use crate::store::outbox::AlertRow;
use crate::store::{live, outbox};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::collections::BTreeSet;

/// List alerts
#[derive(Debug, Args)]
pub(super) struct AlertArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what was sent, what waits and what was not sent, the newest first, each with its reason
    List(List),
}

#[derive(Debug, Args)]
struct List {
    /// Of this case only, the oldest first
    #[arg(long, value_name = "ID")]
    case: Option<CaseId>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    at: Instant,
    recipient: &'a str,
    /// `due`, `held`, `sent`, `silent`, `failed`, `grouped`.
    state: &'a str,
    reason: &'a str,
    /// Until when it is held or tried again.
    until: Option<Instant>,
    /// How often it was tried.
    tries: i64,
    /// Why it is held: `quiet` or `rate`.
    held: &'a str,
    /// Why it broke quiet hours.
    woke: &'a str,
    /// Whoever it woke says that it should not have.
    in_vain: bool,
    /// What tells it, where it is told with others.
    told_in: &'a str,
    brand: &'a str,
    case: Option<&'a str>,
    channel: &'a str,
    fault: &'a str,
}

impl AlertArgs {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        match &self.what {
            What::List(list) => list.run(global),
        }
    }
}

impl List {
    fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        let (rows, vain) = house::wait(house::over_store(&config, async |store| {
            let mut tx = store.read().await?;
            let mut rows = match self.case {
                Some(case) => outbox::of_case(&mut tx, case).await?,
                None => outbox::newest(&mut tx, i64::from(self.limit)).await?,
            };
            rows.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
            let mut vain = BTreeSet::new();
            for row in rows.iter().filter(|row| !row.wake.is_empty()) {
                if live::in_vain(&mut tx, &row.id).await? {
                    vain.insert(row.id.clone());
                }
            }
            Ok((rows, vain))
        }))?;
        let shown: Vec<Shown<'_>> =
            rows.iter().map(|row| Shown::of(row, vain.contains(&row.id))).collect();
        if self.json { out::json(&shown) } else { out::text(&table(&shown)) }
    }
}

impl<'a> Shown<'a> {
    fn of(row: &'a AlertRow, in_vain: bool) -> Shown<'a> {
        Shown {
            id: &row.id,
            at: Instant(row.sent_at.unwrap_or(row.created_at)),
            recipient: &row.recipient,
            state: if row.held.is_empty() { &row.state } else { "held" },
            reason: &row.reason,
            until: row.due_at.map(Instant),
            tries: row.attempts,
            held: &row.held,
            woke: &row.wake,
            in_vain,
            told_in: &row.told_in,
            brand: &row.brand,
            case: row.case_id.as_deref(),
            channel: &row.channel,
            fault: &row.fault,
        }
    }

    /// The state with what belongs to it.
    fn stands(&self) -> String {
        let mut text = self.state.to_owned();
        if let Some(until) = self.until {
            let by =
                if self.held.is_empty() { String::new() } else { format!(" by {}", self.held) };
            text.push_str(&format!("{by} until {until}"));
        }
        // Once is the rule and needs no word.
        if self.tries > 1 || (self.tries == 1 && self.until.is_some()) {
            let tries = usize::try_from(self.tries).unwrap_or(usize::MAX);
            text.push_str(&format!(", tried {}", out::count(tries, "time")));
        }
        if !self.woke.is_empty() {
            let vain = if self.in_vain { ", should not have" } else { "" };
            text.push_str(&format!(" (woke: {}{vain})", self.woke));
        }
        text
    }
}

fn table(alerts: &[Shown<'_>]) -> String {
    if alerts.is_empty() {
        return "no alert\n".to_owned();
    }
    let words = Catalogue::of(crate::domain::Lang::EN);
    let head = ["at", "recipient", "state", "reason", "about", "fault"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for a in alerts {
        let reason = a.reason.parse().map_or(a.reason, |reason| words.reason(reason));
        let about = match (a.case, a.channel) {
            (Some(case), _) => case,
            (None, "") => a.brand,
            (None, channel) => channel,
        };
        rows.push(vec![
            a.at.to_string(),
            if a.recipient.is_empty() { "-".to_owned() } else { a.recipient.to_owned() },
            a.stands(),
            reason.to_owned(),
            about.to_owned(),
            one_line(a.fault, 80),
        ]);
    }
    out::table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &str, reason: &str) -> AlertRow {
        AlertRow {
            id: "01J".to_owned(),
            key: String::new(),
            brand: "acme".to_owned(),
            case_id: None,
            channel: String::new(),
            recipient: "room".to_owned(),
            reason: reason.to_owned(),
            state: state.to_owned(),
            title: String::new(),
            body: String::new(),
            created_at: 1_795_158_000_000,
            due_at: None,
            attempts: 0,
            sent_at: None,
            fault: String::new(),
            live: String::new(),
            held: String::new(),
            told_in: String::new(),
            wake: String::new(),
            night: None,
            fence: 0,
        }
    }

    #[test]
    fn what_waits_says_by_what_and_until_when_and_what_was_not_sent_says_why() {
        let mut held = row("due", "new_complaint");
        (held.held, held.due_at) = ("quiet".to_owned(), Some(1_795_158_060_000));
        let mut woke = row("sent", "channel_deaf");
        woke.wake = "deaf".to_owned();
        let silent = row("silent", "answered_meanwhile");
        let shown = [Shown::of(&held, false), Shown::of(&woke, true), Shown::of(&silent, false)];
        let table = table(&shown);
        for words in [
            "held by quiet until 2026-11-20T07:01:00.000Z",
            "sent (woke: deaf, should not have)",
            "Not sent: answered meanwhile",
        ] {
            assert!(table.contains(words), "{words} is not in\n{table}");
        }
        let again = row("due", "overdue");
        let again = AlertRow { due_at: Some(1_795_158_000_000), ..again };
        assert_eq!(Shown::of(&again, false).stands(), "due until 2026-11-20T07:00:00.000Z");
        let again = AlertRow { attempts: 1, ..again };
        let said = "due until 2026-11-20T07:00:00.000Z, tried 1 time";
        assert_eq!(Shown::of(&again, false).stands(), said);
        let sent = AlertRow { attempts: 1, ..row("sent", "overdue") };
        assert_eq!(Shown::of(&sent, false).stands(), "sent");
        let failed = AlertRow { attempts: 12, ..row("failed", "overdue") };
        assert_eq!(Shown::of(&failed, false).stands(), "failed, tried 12 times");
    }
}
