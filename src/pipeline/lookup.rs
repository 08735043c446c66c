//! Lookup: asks the company's own system who the author of a case is, and keeps what it says.
//!
//! A case that opens, or whose author complains again, leaves a row that is due at once, in its own
//! transaction. Alerts wait for the answer, two seconds at most, and go without it else. A system that
//! does not answer stops nothing: after five failures in a row it is left alone for ten minutes.

use super::casework::Work;
use super::standing::Who;
use super::thread::of_cases;
use super::{Deps, Did, StepResult, backoff, circuits};
use crate::domain::case::CaseEvent;
use crate::domain::circuit::{Asked, LOOKUP};
use crate::domain::customer::{CustomerFacts, CustomerValue};
use crate::domain::obligation::Owing;
use crate::domain::person::{AuthorKey, Said, TraceKind, traces};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{CaseId, Instant};
use crate::fetch::{Link, Peer, Purpose};
use crate::lookup::{Asking, BUCKETS, Question, Settings};
use crate::store::cases::{self, CaseFile};
use crate::store::circuits::{CircuitRow, keep as keep_circuit, one as circuit};
use crate::store::customers::{self, AskRow};
use crate::store::mentions::MentionRow;
use crate::store::{StoreError, Tx, strikes};
use crate::wire::{Next, Talk};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Under which name its circuit is kept.
pub const CIRCUIT: &str = "lookup";
/// That somebody is unknown is asked again sooner: an order or an account may be new.
const UNKNOWN_FOR: i64 = HOUR;
/// So many numbers are told; who lists more tells no order.
const MOST_NUMBERS: usize = 4;
/// So often cases are weighed anew that somebody else changes at the same time. Their next change does
/// it too.
const TRIES: usize = 3;

/// The company's own system as configured.
pub struct Lookup {
    link: Link,
    timeout: Duration,
    keep_ms: i64,
    /// Whether alerts tell what it said.
    pub(super) in_alerts: bool,
    /// Held while it is asked, so that whoever needs the answers can wait for them.
    asking: Mutex<()>,
}

impl Lookup {
    /// Asks by these settings, waits so long, keeps what was said so long (both in milliseconds).
    pub fn new(settings: Arc<Settings>, timeout_ms: i64, keep_ms: i64, in_alerts: bool) -> Lookup {
        // Limits are counted by name; no channel may bear one with a colon.
        let link = Link::new("lookup:", settings, Vec::new());
        let timeout = Duration::from_millis(timeout_ms.unsigned_abs());
        Lookup { link, timeout, keep_ms, in_alerts, asking: Mutex::new(()) }
    }
}

/// Whether it is asked about the author when this happens.
pub(super) fn is_asked_at(event: &CaseEvent) -> bool {
    match event {
        CaseEvent::Owed(o) => !o.first_look && o.owing != Owing::Look,
        CaseEvent::Raised { owing, .. } | CaseEvent::Called { owing, .. } => {
            *owing == Owing::Complaint
        }
        _ => false,
    }
}

/// Lets it be asked about the authors of some cases, in the transaction that stores these.
pub(super) async fn want(
    deps: &Deps,
    tx: &mut Tx,
    files: &[&CaseFile],
    now: Instant,
) -> Result<(), StoreError> {
    if deps.lookup.is_none() {
        return Ok(());
    }
    let authors: BTreeMap<AuthorKey, CaseId> = files
        .iter()
        .map(|file| (AuthorKey::of(&file.case), file.case.id))
        .filter(|(key, _)| key.is_known())
        .collect();
    customers::want(tx, &authors, now).await
}

/// Asks about the authors that are due.
pub async fn step(deps: &Deps) -> StepResult<Did> {
    let Some(lookup) = &deps.lookup else { return Ok(Did::default()) };
    let _one = lookup.asking.lock().await;
    ask(deps, lookup).await
}

/// Gives the answers that alerts are to tell their time, and no more than that: alarm wins.
pub(super) async fn before_alerts(deps: &Deps) -> StepResult<()> {
    let Some(lookup) = &deps.lookup else { return Ok(()) };
    if let Ok(_one) = lookup.asking.try_lock() {
        ask(deps, lookup).await?;
    } else {
        // It is being asked; whether the answer comes or not, nobody waits any longer.
        drop(tokio::time::timeout(lookup.timeout, lookup.asking.lock()).await);
    }
    Ok(())
}

/// Asks about as many authors as there are hands, so that all of it takes as long as one answer.
async fn ask(deps: &Deps, lookup: &Lookup) -> StepResult<Did> {
    let now = deps.now();
    let mut tx = deps.store.read().await?;
    if !customers::any_due(&mut tx, now).await? {
        return Ok(Did::default());
    }
    let stands = circuit(&mut tx, CIRCUIT).await?.unwrap_or_default().circuit();
    drop(tx);
    if stands.is_shut(now) {
        return Ok(Did::default());
    }
    let hands = i64::try_from(deps.hands.max(1)).unwrap_or(1);
    let most = if stands.is_doubted() { 1 } else { hands };
    let mut tx = deps.store.begin().await?;
    let rows = customers::take(&mut tx, &deps.instance, now, most).await?;
    if rows.is_empty() {
        return Ok(Did::default());
    }
    let count = rows.len();
    let ids: Vec<CaseId> = rows.iter().filter_map(|row| row.case_id.parse().ok()).collect();
    let files = cases::load(&mut tx, &ids).await?;
    let mentions = of_cases(&mut tx, &ids).await?;
    let (mut asked, mut needless) = (Vec::new(), Vec::new());
    for row in rows {
        let file = files.iter().find(|file| file.case.id.to_string() == row.case_id);
        let question = file.and_then(|f| question(deps, f, mentions.get(&f.case.id)?));
        match question {
            Some(question) => asked.push((row, question)),
            None => needless.push(row),
        }
    }
    let ends: Vec<(&AskRow, Option<Instant>)> = needless.iter().map(|row| (row, None)).collect();
    customers::later(&mut tx, &ends).await?;
    tx.commit().await?;
    let questions = asked.into_iter().map(|(row, question)| async move {
        let came = put(deps, lookup, question).await;
        (row, came)
    });
    let came = deps.side_by_side(questions.collect()).await;
    keep(deps, lookup, &came).await?;
    // While it fails nobody asks faster than the loop goes round.
    let answers = came.iter().all(|(_, came)| matches!(came, Came::Answer(_)));
    Ok(Did { rows: count, more: answers && Did::batch(count, most).more })
}

/// What is asked about the author of a case; `None` where nothing is owed any more.
fn question(deps: &Deps, file: &CaseFile, rows: &[MentionRow]) -> Option<Question> {
    file.case.owing()?;
    let own = &deps.brands.get(&file.case.brand)?.domains;
    let mut newest: Vec<&MentionRow> = rows.iter().filter(|row| row.gone_at.is_none()).collect();
    newest.sort_by_key(|row| std::cmp::Reverse(row.created_at));
    let (mut mail, mut numbers) = (None, Vec::new());
    for row in newest {
        let said = Said {
            handle: &row.author_handle,
            name: &row.author_name,
            text: &row.text,
            mail: row.kind == "mail",
            own,
        };
        for trace in traces(&said) {
            match trace.kind {
                TraceKind::Mail if mail.is_none() => mail = Some(trace.key),
                TraceKind::Number
                    if numbers.len() < MOST_NUMBERS && !numbers.contains(&trace.key) =>
                {
                    numbers.push(trace.key);
                }
                _ => {}
            }
        }
    }
    Some(Question {
        network: file.case.network.clone(),
        handle: file.author_handle.clone(),
        author_id: file.case.author.clone(),
        mail,
        order_numbers: numbers,
    })
}

/// What came of a question.
enum Came {
    /// This is known; it may be nothing.
    Answer(CustomerFacts),
    /// It is to be asked later.
    Later(Instant),
    /// It failed, and why.
    Failed(String),
}

async fn put(deps: &Deps, lookup: &Lookup, question: Question) -> Came {
    let id = format!("msg_{:032x}", deps.ids.next(deps.now()));
    let talk: Box<dyn Talk<CustomerFacts>> = Box::new(Asking::new(id, question));
    let peer = Peer::Lookup(BUCKETS);
    let talk = deps.engine.begin(peer, &lookup.link, talk, Purpose::Alert, None);
    let fault = match tokio::time::timeout(lookup.timeout, talk.finish()).await {
        Ok(Ok(facts)) => return Came::Answer(facts),
        Ok(Err(fault)) => fault,
        Err(_) => {
            let waited = lookup.timeout.as_millis();
            return Came::Failed(format!("no answer within {waited} ms"));
        }
    };
    match fault.next {
        // It knows nobody like that.
        Next::Gone => Came::Answer(CustomerFacts::default()),
        Next::Throttled { until, .. } => Came::Later(until.max(deps.now() + SECOND)),
        _ => Came::Failed(fault.why),
    }
}

/// Stores what came, and lets the cases of whom something else is known now stand elsewhere in line.
async fn keep(deps: &Deps, lookup: &Lookup, came: &[(AskRow, Came)]) -> StepResult<()> {
    let now = deps.now();
    let (mut said, mut later, mut asked) = (Vec::new(), Vec::new(), Vec::new());
    for (row, came) in came {
        match came {
            Came::Answer(facts) => {
                let holds = if facts.is_known() { lookup.keep_ms } else { UNKNOWN_FOR };
                said.push((row, facts, now + holds));
                asked.push((Asked::Answered, ""));
            }
            Came::Later(at) => later.push((row, Some(*at))),
            Came::Failed(why) => {
                let after = backoff(row.tries, MINUTE, LOOKUP.pause_ms, deps.ids.number());
                later.push((row, Some(now + after)));
                asked.push((Asked::Failed, why.as_str()));
            }
        }
    }
    let mut tx = deps.store.begin().await?;
    customers::keep(&mut tx, &said, now).await?;
    customers::later(&mut tx, &later).await?;
    let stands = circuits::note(&mut tx, CIRCUIT, LOOKUP, &asked, now).await?;
    say(&mut tx, stands, now).await?;
    tx.commit().await?;
    let news = |row: &AskRow, facts: &CustomerFacts| {
        facts.is_known() || row.value.as_deref() != facts.value.map(CustomerValue::as_str)
    };
    let news = said.iter().filter(|(row, facts, _)| news(row, facts));
    let authors: Vec<AuthorKey> = news.map(|(row, ..)| row.key()).collect();
    for _ in 0..TRIES {
        match weigh(deps, &authors, now).await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    Ok(())
}

/// Tells the log that it does not answer, once a day at most.
async fn say(tx: &mut Tx, stands: CircuitRow, now: Instant) -> StepResult<()> {
    if !stands.circuit().is_shut(now) || now - Instant(stands.said_at) < DAY {
        return Ok(());
    }
    tracing::warn!(
        failures = stands.failures,
        error = %stands.fault,
        "the lookup does not answer; cases and alerts go without it, and it is asked again each ten minutes"
    );
    keep_circuit(tx, &CircuitRow { said_at: now.0, ..stands }).await
}

/// Weighs the open cases of some authors anew, and lets a private draft of ours say what is known.
async fn weigh(deps: &Deps, authors: &[AuthorKey], now: Instant) -> StepResult<()> {
    if authors.is_empty() {
        return Ok(());
    }
    let mut tx = deps.store.begin().await?;
    let who = Who::of(&mut tx, authors).await?;
    let same: BTreeSet<&AuthorKey> = authors.iter().flat_map(|key| who.same(key)).collect();
    let same: Vec<AuthorKey> = same.into_iter().cloned().collect();
    let open = strikes::open_cases(&mut tx, &same).await?;
    let drafts = cases::drafts(&mut tx, &open).await?;
    let mentions = of_cases(&mut tx, &open).await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &open).await?;
    for id in open {
        work.update(id, |_| {});
        let rows = mentions.get(&id).map_or(&[][..], Vec::as_slice);
        let private = rows.iter().any(|row| row.visibility == "private");
        if private && drafts.get(&id).is_some_and(|d| deps.drafts.wrote(&d.made_by)) {
            work.want_draft(id);
        }
    }
    let changed = work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell(changed);
    Ok(())
}
