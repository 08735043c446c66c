//! The tray: what a person only has to look at is owed and alerted by nobody one by one, nor is a
//! question whose deadline passes; twice a day one digest a brand tells how much of both waits.
//!
//! The time of the next digest is a row. It moves on in the commit that stores the alerts, so each
//! time of day is told once, whoever restarts and however many instances there are.

use super::{Deps, Did, StepResult, health, notify};
use crate::domain::reason::Reason;
use crate::domain::text::one_line;
use crate::domain::time::DAY;
use crate::domain::{Brand, CaseId, Instant};
use crate::speech::Catalogue;
use crate::store::trays::{self, LateQuestions, TrayLine, TrayRow, Waiting};
use crate::store::{Tx, outbox};

/// How many mentions a digest shows: whoever reads it goes to the inbox for the rest.
const SHOWN: usize = 3;
/// So many are read for that: several may be of one case.
const READ: i64 = 20;
/// Graphemes of a text, so that all of them stay below what the shortest notifier takes.
const PREVIEW: usize = 120;
/// Graphemes of an author's name.
const NAME: usize = 40;
/// A millionth part in percent.
const PERCENT: i64 = 10_000;

/// Tells of the trays whose time has come.
pub(super) async fn step(deps: &Deps) -> StepResult<Did> {
    let now = deps.now();
    if !trays::any_due(&mut deps.store.read().await?, now).await? {
        return Ok(Did::default());
    }
    let mut tx = deps.store.begin().await?;
    let due = trays::take_due(&mut tx, now).await?;
    for tray in &due {
        tell(deps, &mut tx, tray, now).await?;
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(Did { rows: due.len(), more: false })
}

async fn tell(deps: &Deps, tx: &mut Tx, tray: &TrayRow, now: Instant) -> StepResult<()> {
    let told_at = Instant(tray.told_at);
    let brand = deps.brands.get(&tray.brand);
    let Some((brand, next)) = brand.and_then(|b| Some((b, b.next_look_digest(now)?))) else {
        // It wants no digest any more, or left the configuration; either may come back.
        return trays::again(tx, &tray.brand, now + DAY, told_at).await;
    };
    trays::again(tx, &tray.brand, next, now).await?;
    let waiting = trays::waiting(tx, &tray.brand, told_at).await?;
    let late = trays::late_questions(tx, &tray.brand, now).await?;
    if waiting.cases == 0 && late.cases == 0 {
        return Ok(());
    }
    let lines = likeliest(trays::likeliest(tx, &tray.brand, READ).await?);
    let body = |words: &'static Catalogue| {
        let looks = (waiting.cases > 0).then(|| looks(deps, brand, waiting, now, words));
        let late = (late.cases > 0).then(|| questions(deps, brand, late, now, words));
        let shown: Vec<String> = lines.iter().map(|line| said(deps, line, words)).collect();
        let shown = words.fill("alert.tray_likeliest", &[("lines", &shown.join("; "))]);
        // What is longest comes last: there a notifier cuts.
        let shown = Some(shown).filter(|_| !lines.is_empty());
        [looks, late, shown].into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    let slot = Instant(tray.due_at);
    let alerts = notify::about_brand(deps, brand, Reason::ToLookAt, slot, body);
    outbox::add(tx, &alerts, now).await
}

/// How much waits to be looked at.
fn looks(deps: &Deps, brand: &Brand, waiting: Waiting, now: Instant, words: &Catalogue) -> String {
    let (count, fresh) = (waiting.cases.to_string(), waiting.fresh.to_string());
    let oldest = health::time(waiting.oldest_at.map_or(now, Instant), brand);
    let link = deps.links.tray(&brand.name);
    words.fill(
        "alert.tray",
        &[("count", &count), ("new", &fresh), ("oldest", &oldest), ("link", &link)],
    )
}

/// How many questions are overdue.
fn questions(
    deps: &Deps,
    brand: &Brand,
    late: LateQuestions,
    now: Instant,
    words: &Catalogue,
) -> String {
    let count = late.cases.to_string();
    let oldest = health::time(late.oldest_at.map_or(now, Instant), brand);
    let link = deps.links.questions(&brand.name);
    words.fill("alert.tray_questions", &[("count", &count), ("oldest", &oldest), ("link", &link)])
}

/// The first line of each case, up to as many as are shown.
fn likeliest(all: Vec<TrayLine>) -> Vec<TrayLine> {
    let mut lines: Vec<TrayLine> = Vec::with_capacity(SHOWN);
    for line in all {
        if lines.len() < SHOWN && lines.iter().all(|l| l.case_id != line.case_id) {
            lines.push(line);
        }
    }
    lines
}

/// One mention with the link to its case; what is private is told by the link alone.
fn said(deps: &Deps, line: &TrayLine, words: &Catalogue) -> String {
    let percent = (line.probability + PERCENT / 2) / PERCENT;
    let what = if line.visibility == "private" {
        words.get("alert.private").to_owned()
    } else {
        let name = if line.author_handle.is_empty() {
            one_line(&line.author_name, NAME)
        } else {
            format!("@{}", one_line(&line.author_handle, NAME))
        };
        let text = match one_line(&line.text, PREVIEW) {
            text if text.is_empty() => words.get("alert.no_text").to_owned(),
            text => format!("“{text}”"),
        };
        if name.is_empty() { text } else { format!("{name}: {text}") }
    };
    let link = line.case_id.parse::<CaseId>().map(|id| deps.links.case(id));
    format!("{percent} % {what} {}", link.unwrap_or_default()).trim_end().to_owned()
}
