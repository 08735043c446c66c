//! One case as text: what was written, what is owed, the draft, the replies, who was told, the log.

use super::level;
use crate::cli::failure::Failure;
use crate::cli::{Global, house, out};
use crate::config::Config;
use crate::domain::Lang;
use crate::domain::case::Attention;
use crate::domain::commitment::offers_follow_up;
use crate::domain::customer::CustomerFacts;
use crate::domain::person::AuthorKey;
use crate::domain::priority::{Weights, place};
use crate::domain::text::one_line;
use crate::domain::{CaseId, Commitment, CommitmentKind, CommitmentState, Instant};
use crate::pipeline::customer;
use crate::pipeline::likeness::{self, Alike, DAYS};
use crate::speech::Catalogue;
use crate::store::cases::{self, CaseFile, DraftRow};
use crate::store::customers;
use crate::store::events::{self, EventRow};
use crate::store::handovers::{self, HandoverRow};
use crate::store::mentions::{self, MentionRow};
use crate::store::outbox::{self, AlertRow};
use crate::store::replies::{self, PartRow, ReplyRow};
use std::fmt::Write;

/// All that is known of a case.
struct Folder {
    file: CaseFile,
    weights: Weights,
    /// What the company's own system says of its author.
    facts: CustomerFacts,
    mentions: Vec<MentionRow>,
    alike: Alike,
    draft: Option<DraftRow>,
    replies: Vec<(ReplyRow, Vec<PartRow>)>,
    alerts: Vec<AlertRow>,
    tickets: Vec<HandoverRow>,
    log: Vec<EventRow>,
    /// When it was read.
    now: Instant,
}

pub(super) fn run(global: &Global, id: CaseId) -> Result<(), Failure> {
    let config = house::load(global)?;
    let now = house::now();
    let folder = house::wait(house::over_store(&config, async |store| {
        let mut tx = store.read().await?;
        let Some(file) = cases::load(&mut tx, &[id]).await?.pop() else {
            return Err(Failure::no(format!("there is no case {id}; check the id")));
        };
        let mut sent = Vec::new();
        for reply in replies::of_case(&mut tx, id).await? {
            let parts = replies::parts(&mut tx, &reply.id).await?;
            sent.push((reply, parts));
        }
        let mentions = mentions::of_case(&mut tx, id).await?;
        let said: Vec<_> = mentions.iter().collect();
        let alike = likeness::of_case(&mut tx, &file.case, &said, now).await?;
        let brand = config.brands.get(&file.case.brand);
        let weights = brand.map_or_else(Weights::default, |b| b.priority.clone());
        let known = customers::of(&mut tx, &[AuthorKey::of(&file.case)]).await?;
        Ok(Folder {
            file,
            weights,
            facts: known.first().map(|row| row.facts()).unwrap_or_default(),
            mentions,
            alike,
            draft: cases::draft(&mut tx, id).await?,
            replies: sent,
            alerts: outbox::of_case(&mut tx, id).await?,
            tickets: handovers::of_case(&mut tx, id).await?,
            log: events::of_subject(&mut tx, &id.to_string()).await?,
            now,
        })
    }))?;
    out::text(&folder.shown(&config))
}

impl Folder {
    fn shown(&self, config: &Config) -> String {
        let mut out = String::new();
        self.head(&mut out);
        level::write(&mut out, config, &self.file.case);
        for mention in &self.mentions {
            written(&mut out, mention);
        }
        alike(&mut out, &self.alike);
        if let Some(draft) = &self.draft {
            let by = one_line(&draft.made_by, 60);
            let _ = writeln!(out, "\ndraft {} ({}, by {by})", draft.rev, draft.language);
            indented(&mut out, &draft.text);
        }
        for (reply, parts) in &self.replies {
            let by = one_line(&reply.by_agent, 60);
            let _ = writeln!(out, "\nreply {} by {by} at {}", reply.id, Instant(reply.created_at));
            for part in parts {
                let _ = writeln!(out, "  part {}: {}", part.part, fate(part));
                indented(&mut out, &part.text);
            }
        }
        for ticket in &self.tickets {
            ticketed(&mut out, ticket);
        }
        level::told(&mut out, &self.alerts);
        out.push_str("\nlog\n");
        for event in &self.log {
            let becomes = event.becomes.as_ref().map_or_else(String::new, |b| format!(" -> {b}"));
            let by = one_line(&event.actor, 60);
            let by = if by.is_empty() { by } else { format!(" by {by}") };
            let _ = writeln!(out, "  {} {}{by}{becomes}", Instant(event.at), event.kind);
        }
        out
    }

    fn head(&self, out: &mut String) {
        let case = &self.file.case;
        let _ = write!(out, "case {}: {}", case.id, case.state());
        match &case.attention {
            Attention::Free => {}
            Attention::Taken { by, until }
            | Attention::Snoozed { by, until }
            | Attention::Moved { by, until } => {
                let _ = write!(out, " by {} until {until}", one_line(by, 60));
            }
        }
        out.push('\n');
        if let Some(to) = &case.handed_over {
            let (name, by) = (one_line(&to.to, 60), one_line(&to.by, 60));
            let _ = write!(out, "handed over to {name} by {by} at {}", to.at);
            let known = one_line(&to.reference, 120);
            let known = if known.is_empty() { known } else { format!(", there {known}") };
            let _ = writeln!(out, "{known}; it stays owed");
        }
        let author = [&self.file.author_handle, &self.file.author_name, &case.author];
        let author = author.into_iter().find(|a| !a.is_empty()).unwrap_or(&case.author);
        let _ = writeln!(
            out,
            "{} on {} ({}), {}, since {}",
            one_line(author, 60),
            case.channel,
            case.network,
            case.brand,
            case.opened_at
        );
        for known in [customer::said(&self.facts, Catalogue::of(Lang::EN)), self.facts.link.clone()]
        {
            if !known.is_empty() {
                let _ = writeln!(out, "{known}");
            }
        }
        if let (Some(owing), Some(deadline)) = (case.owing(), case.deadline()) {
            let _ = writeln!(
                out,
                "owes an answer ({owing}, severity {}), due {deadline}",
                case.severity()
            );
        }
        if let Some(at) = case.resolution.due {
            let _ = writeln!(out, "to be resolved by {at}");
        }
        self.urgency(out);
        for c in &case.commitments {
            promised(out, c);
        }
        let newest = self.mentions.iter().map(|m| m.created_at).max().unwrap_or(0);
        if offers_follow_up(case, Instant(newest), self.now) {
            out.push_str("no word for three days since our answer: plan a follow-up?\n");
        }
    }

    /// How urgent it is, part by part.
    fn urgency(&self, out: &mut String) {
        let (case, stakes) = (&self.file.case, &self.file.stakes);
        if case.deadline().is_none() {
            return;
        }
        let priority = self.weights.priority(case, stakes);
        let urgent = place(case, self.file.points).1;
        let _ = writeln!(out, "priority {}: in line as if due {urgent}", priority.points);
        for weighed in &priority.parts {
            let (name, points) = (weighed.part.name(), weighed.points);
            let _ = writeln!(out, "  +{points} {name}: {}", weighed.part);
        }
        if self.file.muted_until.0 > 0 {
            let _ = writeln!(out, "muted until {}", self.file.muted_until);
        }
    }
}

/// A ticket in another system on one line.
fn ticketed(out: &mut String, ticket: &HandoverRow) {
    let (system, name) = (one_line(&ticket.system, 60), one_line(&ticket.name, 60));
    let known = format!("ticket in {system} {name} {}", one_line(&ticket.url, 300));
    let state = match ticket.state.as_str() {
        "due" => "on its way".to_owned(),
        "filed" => "open there".to_owned(),
        "closed" => "closed there: waits for the public answer or a person's word".to_owned(),
        "gone" => "not there any more".to_owned(),
        "failed" => "not handed over".to_owned(),
        other => other.to_owned(),
    };
    let _ = write!(out, "\n{}, {state}", known.trim());
    let fault = one_line(&ticket.fault, 300);
    let _ = if fault.is_empty() { writeln!(out) } else { writeln!(out, ": {fault}") };
}

/// A promise or follow-up on one line.
fn promised(out: &mut String, c: &Commitment) {
    let state = match (&c.state, c.is_late()) {
        (CommitmentState::Open, _) => "open".to_owned(),
        (CommitmentState::Kept { at, .. }, false) => format!("kept at {at}"),
        (CommitmentState::Kept { at, .. }, true) => format!("kept late, at {at}"),
        (CommitmentState::Broken { .. }, _) => "broken".to_owned(),
        (CommitmentState::Dropped { by, note, .. }, _) => {
            format!("taken out by {}: {}", one_line(by, 60), one_line(note, 200))
        }
    };
    let kind = match c.kind {
        CommitmentKind::Promise => "promise",
        CommitmentKind::FollowUp => "follow-up",
    };
    let words = one_line(&c.words, 200);
    let words = if words.is_empty() { words } else { format!(" \"{words}\"") };
    let _ = writeln!(out, "{kind} {}{words}, due {}: {state}", c.number, c.due);
}

fn written(out: &mut String, m: &MentionRow) {
    let judged = match (&m.judged, m.probability) {
        (Some(kind), Some(millionths)) => {
            let topic = m.topic.as_deref().unwrap_or("other");
            let language = m.judged_language.as_deref().unwrap_or("und");
            let chance = millionths as f64 / 10_000.0;
            format!(", {kind} ({topic}, {language}, complaint by {chance:.0} %)")
        }
        _ => String::new(),
    };
    let gone = match (m.blanked.as_deref(), m.gone_at) {
        (Some("stale"), _) => ", content deleted, as its network asks: not shown again in time",
        (Some("asked"), _) => ", content deleted, as its author asked",
        (Some(_), _) => ", deleted by its author, and its content here, as its network asks",
        (None, Some(_)) => ", deleted by its author",
        (None, None) => "",
    };
    let _ = writeln!(
        out,
        "\n{} {} [{}]{judged}{gone}",
        Instant(m.created_at),
        one_line(&m.author_handle, 60),
        m.disposition
    );
    if !m.url.is_empty() {
        let _ = writeln!(out, "  {}", one_line(&m.url, 300));
    }
    indented(out, if m.text.is_empty() { "(no text)" } else { &m.text });
}

/// So many like mentions are shown; the rest is counted.
const SHOWN: usize = 8;

/// Other cases that say the same.
fn alike(out: &mut String, found: &Alike) {
    if found.mentions.is_empty() {
        return;
    }
    let (count, authors) = (found.mentions.len(), found.authors);
    let more = if found.more { "at least " } else { "" };
    let _ = writeln!(
        out,
        "\nothers say the same: {more}{count} in other cases in the last {DAYS} days, by {authors} author(s)"
    );
    for like in found.mentions.iter().take(SHOWN) {
        let row = &like.row;
        let who = match (like.same_author, row.author_handle.as_str()) {
            (true, _) => "the same author",
            (_, "") => "somebody",
            (_, handle) => handle,
        };
        let (at, who) = (Instant(row.created_at), one_line(who, 60));
        let _ = writeln!(out, "  case {}: {who} on {} at {at}", row.case_id, row.channel);
        if !row.url.is_empty() {
            let _ = writeln!(out, "    {}", one_line(&row.url, 300));
        }
    }
    if count > SHOWN {
        let _ = writeln!(out, "  and {} more", count - SHOWN);
    }
}

fn fate(part: &PartRow) -> String {
    let more = [&part.url, &part.fault].into_iter().find(|t| !t.is_empty());
    more.map_or_else(|| part.state.clone(), |t| format!("{}, {}", part.state, one_line(t, 300)))
}

/// Text of strangers, line by line, without what a terminal would obey.
fn indented(out: &mut String, text: &str) {
    for line in text.lines() {
        let _ = writeln!(out, "    {}", one_line(line, 2_000));
    }
}
