//! Drafting: a reply draft for every case that is owed an answer, within the network's limit.

use super::casework::Work;
use super::thread::of_cases;
use super::{Deps, Did, StepResult, customer};
use crate::domain::customer::CustomerFacts;
use crate::domain::length::{Counting, LengthRule};
use crate::domain::obligation::Owing;
use crate::domain::{CaseId, Topic};
use crate::draft::{Known, Request};
use crate::fetch::Peer;
use crate::store::cases::{CaseFile, DraftRow};
use crate::store::mentions::MentionRow;
use crate::store::{StoreError, cases};

/// How many cases one transaction handles.
const BATCH: i64 = 200;

/// Writes drafts for the cases that want one.
///
/// The limit where a reply will stand may have to be asked for, so the texts are written between
/// two transactions; a case that changed meanwhile is drafted again in the next round.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.read().await?;
    let ids = cases::draft_due(&mut tx, BATCH).await?;
    if ids.is_empty() {
        return Ok(Did::default());
    }
    let mentions = of_cases(&mut tx, &ids).await?;
    let files = cases::load(&mut tx, &ids).await?;
    let all: Vec<&CaseFile> = files.iter().collect();
    let known = customer::of_files(deps, &mut tx, &all).await?;
    drop(tx);
    let mut written: Vec<(CaseId, i64, Option<DraftRow>)> = Vec::with_capacity(files.len());
    for file in files {
        let rows = mentions.get(&file.case.id).map_or(&[][..], Vec::as_slice);
        let draft = write(deps, &file, rows, known.get(&file.case.id)).await;
        written.push((file.case.id, file.rev, draft));
    }
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &ids).await?;
    let mut drafts = Vec::with_capacity(written.len());
    for (id, rev, draft) in written {
        if work.file(id).is_none_or(|f| f.rev != rev) {
            continue;
        }
        work.update(id, |file| {
            file.draft_due = false;
            file.draft_rev = draft.as_ref().map_or(file.draft_rev, |d| d.rev);
        });
        drafts.extend(draft.map(|d| (id, d)));
    }
    cases::keep_drafts(&mut tx, &drafts, now).await?;
    let changed = work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell(changed);
    Ok(Did::batch(ids.len(), BATCH))
}

/// A draft for a case from its newest owed mention; `None` where nothing is owed any more.
async fn write(
    deps: &Deps,
    file: &CaseFile,
    rows: &[MentionRow],
    facts: Option<&CustomerFacts>,
) -> Option<DraftRow> {
    let owed = file.case.owed().max_by_key(|o| o.since)?;
    let id = owed.mention.to_string();
    let row = rows.iter().find(|r| r.id == id)?;
    let brand = deps.brands.get(&file.case.brand)?;
    let (rule, prefix) = limit(deps, row).await;
    let risk = row.risks();
    let draft = deps.drafts.write(&Request {
        author: if row.author_name.is_empty() { &row.author_handle } else { &row.author_name },
        language: row.language(),
        topic: row.topic.as_deref().and_then(|t| t.parse().ok()).unwrap_or(Topic::Other),
        owing: file.case.owing().unwrap_or(Owing::Look),
        severity: file.case.severity(),
        risk: &risk,
        brand_title: &brand.title,
        signature: &brand.signature,
        private: row.visibility == "private",
        known: facts.map_or_else(Known::default, known),
        rule,
        prefix_len: prefix,
        seed: u64::try_from(file.case.id.0 >> 64).unwrap_or(0) ^ file.case.id.0 as u64,
    });
    Some(DraftRow {
        text: draft.text,
        language: draft.language.to_string(),
        made_by: draft.template,
        rev: file.draft_rev + 1,
    })
}

/// What a draft may say of a customer: nothing of what the customer is worth to us.
fn known(facts: &CustomerFacts) -> Known<'_> {
    let order = facts.order.as_ref();
    Known {
        since: facts.since.map(|day| day.year()),
        order: order.map_or("", |o| o.number.as_str()),
        state: order.map_or("", |o| o.state.as_str()),
    }
}

/// The length rule where a mention stands, and what the network itself puts before a reply.
async fn limit(deps: &Deps, row: &MentionRow) -> (LengthRule, usize) {
    // A channel that left the configuration takes no reply; a short draft can be copied anywhere.
    let fallback = LengthRule { counting: Counting::Graphemes, limit: 280 };
    let Some(channel) = deps.channels.get(&row.channel) else { return (fallback, 0) };
    let peer = Peer::Network(channel.network);
    let Ok(owned) = deps.engine.ctx(peer, &channel.link).await else {
        return (channel.network.meta().length, 0);
    };
    let cx = owned.cx();
    let rule = channel.network.length(&cx);
    let of = super::thread::reference(row);
    // What the network's file adds is measured on the shortest reply there is.
    let prefix = channel
        .network
        .fit("x", &of, &cx)
        .ok()
        .and_then(|parts| parts.first().map(|p| rule.count(&p.text).saturating_sub(1)))
        .unwrap_or(0);
    (rule, prefix)
}

/// Stores a draft that an agent wrote, as the next revision.
pub async fn keep(
    tx: &mut crate::store::Tx,
    work: &mut Work<'_>,
    case: CaseId,
    text: &str,
    language: &str,
    by: &str,
    now: crate::domain::Instant,
) -> Result<i64, StoreError> {
    let rev = work.file(case).map_or(1, |f| f.draft_rev + 1);
    let draft = DraftRow {
        text: text.to_owned(),
        language: language.to_owned(),
        made_by: by.to_owned(),
        rev,
    };
    cases::keep_drafts(tx, &[(case, draft)], now).await?;
    work.update(case, |file| {
        file.draft_rev = rev;
        file.draft_due = false;
    });
    Ok(rev)
}
