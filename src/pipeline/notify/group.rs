//! Alerts that tell of several others at once: what of them is still owed, the most urgent first.

use super::describe::{author, reader_zone, shown};
use super::ids;
use crate::domain::obligation::Owing;
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::domain::{CaseId, Instant};
use crate::pipeline::{Deps, StepResult, promises, thread};
use crate::speech::Catalogue;
use crate::store::cases::CaseFile;
use crate::store::mentions::MentionRow;
use crate::store::outbox::AlertRow;
use crate::store::{Tx, cases, held};
use crate::wire::AlertLine;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Graphemes of what was written.
const PREVIEW: usize = 80;
/// Graphemes of an author's name.
const NAME: usize = 40;

/// What such an alert tells of.
pub(super) struct Group {
    /// What is still to be told, the earliest deadline first.
    pub(super) lines: Vec<Line>,
    /// Cases that ended meanwhile.
    pub(super) ended: Vec<CaseId>,
}

/// One of the things.
pub(super) struct Line {
    /// By which the things are sorted: what has no deadline comes last.
    due: Instant,
    what: What,
    link: String,
}

enum What {
    /// A case: when it is due, who wrote, what was written; `None` where that is private.
    Case { due: String, author: String, network: String, text: Option<String> },
    /// Something else, by its reason and name.
    Other(Reason, String),
}

/// Reads what an alert tells together.
pub(super) async fn read(deps: &Deps, tx: &mut Tx, row: &AlertRow) -> StepResult<Group> {
    let members = held::members(tx, &row.live).await?;
    let ids = ids(members.iter());
    let mut files = cases::load(tx, &ids).await?;
    files.sort_by_key(|file| file.case.id);
    let mentions = thread::of_cases(tx, &ids).await?;
    let none = Vec::new();
    let reader = deps.recipients.get(&row.recipient);
    let mut group = Group { lines: Vec::new(), ended: Vec::new() };
    for file in &files {
        let id = file.case.id;
        // A reply of unknown fate is to be looked at whatever became of its case, and so is what we
        // promised.
        let text = id.to_string();
        let about = members.iter().filter(|m| m.case_id.as_deref() == Some(text.as_str()));
        let stays = about.filter_map(|m| m.reason.parse::<Reason>().ok()).any(|reason| {
            matches!(reason, Reason::ReplyUnknown | Reason::ReplyFailed)
                || promises::told(&file.case, reason).is_some()
        });
        if stays || file.case.owed().any(|o| o.owing == Owing::Complaint) {
            let reader = reader_zone(deps, reader, &file.case.brand);
            group.lines.push(line(deps, file, mentions.get(&id).unwrap_or(&none), &reader));
        } else {
            group.ended.push(id);
        }
    }
    let mut seen = BTreeSet::new();
    for member in members.iter().filter(|m| m.case_id.is_none()) {
        let Ok(reason) = member.reason.parse::<Reason>() else { continue };
        let name = if member.title.is_empty() { &member.channel } else { &member.title };
        if seen.insert((reason, name)) {
            let link = other(deps, member, reason);
            let what = What::Other(reason, name.clone());
            group.lines.push(Line { due: Instant(i64::MAX), what, link });
        }
    }
    // Stable: of the same deadline the older case comes first.
    group.lines.sort_by_key(|line| line.due);
    Ok(group)
}

fn line(deps: &Deps, file: &CaseFile, mentions: &[MentionRow], reader: &TimeZone) -> Line {
    let owed: BTreeMap<String, Instant> =
        file.case.owed().map(|o| (o.mention.to_string(), o.since)).collect();
    let newest = mentions
        .iter()
        .filter(|row| owed.contains_key(&row.id))
        .max_by_key(|row| owed.get(&row.id))
        .or(mentions.last());
    let text = newest.filter(|row| row.visibility != "private").map(|row| row.text.clone());
    let due = file.case.deadline();
    Line {
        due: due.unwrap_or(Instant(i64::MAX)),
        what: What::Case {
            due: due.map_or_else(String::new, |at| shown(reader, at)),
            author: one_line(&author(file), NAME),
            network: file.case.network.clone(),
            text,
        },
        link: deps.links.case(file.case.id),
    }
}

/// Where something is looked at that is no case.
fn other(deps: &Deps, member: &AlertRow, reason: Reason) -> String {
    match reason {
        Reason::ToLookAt => deps.links.tray(&member.brand),
        Reason::HeardLate => deps.links.inbox_of(&member.channel),
        Reason::FirstLook | Reason::FirstLookWaits => deps.links.first_look(&member.channel),
        _ if member.channel.is_empty() => deps.links.inbox(),
        _ => deps.links.coverage(),
    }
}

impl Group {
    /// Its title, and how much there is.
    pub(super) fn said(
        &self,
        deps: &Deps,
        row: &AlertRow,
        reason: Reason,
        words: &Catalogue,
    ) -> (String, String) {
        let brand = deps.brands.get(&row.brand).map_or(row.brand.as_str(), |b| b.title.as_str());
        let values = [("reason", words.reason(reason)), ("name", brand)];
        let (count, ended) = (self.lines.len().to_string(), self.ended.len().to_string());
        let link = deps.links.inbox();
        let body = words.fill(
            &format!("alert.{reason}"),
            &[("count", &count), ("ended", &ended), ("link", &link)],
        );
        (words.fill("alert.title_other", &values), body)
    }

    /// Each thing on a line.
    pub(super) fn lines(&self, words: &Catalogue) -> Vec<AlertLine> {
        let text = |line: &Line| match &line.what {
            What::Other(reason, name) => {
                let values = [("reason", words.reason(*reason)), ("name", name.as_str())];
                words.fill("alert.title_other", &values)
            }
            What::Case { due, author, network, text } => {
                let said = match text.as_deref().map(|text| one_line(text, PREVIEW)) {
                    None => words.get("alert.private").to_owned(),
                    Some(text) if text.is_empty() => words.get("alert.no_text").to_owned(),
                    Some(text) => format!("“{text}”"),
                };
                format!("{due} {author} ({network}): {said}").trim_start().to_owned()
            }
        };
        let lines = self.lines.iter();
        lines.map(|line| AlertLine { text: text(line), link: line.link.clone() }).collect()
    }
}
