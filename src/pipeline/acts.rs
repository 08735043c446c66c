//! What agents do to cases: take, draft, publish, waive, reopen and the rest, from wherever they
//! do it (API, pages, action links, command line).

mod approve;
mod carried;
mod holder;
mod meanwhile;
mod voice;

pub use approve::{draft, publish};
pub use carried::{asks, carry_out};
pub use holder::{Barred, Holder, holder};
pub use meanwhile::{against, stands, stands_now, wanted};
pub use voice::publishing;

use super::casework::{Work, WorkError};
use super::publish::complete;
use super::{Deps, handover, promises, standing};
use crate::domain::case::{Case, CaseEvent, NotAllowed};
use crate::domain::obligation::{Evidence, Obligation, Owing, VoidReason};
use crate::domain::time::{DAY, MINUTE};
use crate::domain::{CaseId, Instant, MentionId};
use crate::store::cases::{CaseFile, DraftRow};
use crate::store::{StoreError, Tx, events, lanes, mentions, replies};
use serde_json::json;

/// How long a take holds without being renewed.
pub const TAKE: i64 = 30 * MINUTE;
/// How long a case waits for the private contact before it is owed again.
pub const MOVED: i64 = DAY;

/// Why an act was refused.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// There is no such case, reply or brand.
    #[error("there is no {0}; check the id")]
    Unknown(String),
    /// The case does not allow it now.
    #[error("{0}")]
    NotAllowed(String),
    /// The draft was changed meanwhile; this is the current one.
    #[error("the draft was changed meanwhile; read revision {}, then publish it", .0.rev)]
    Stale(DraftRow),
    /// What was sent does not do.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotAllowed> for ActError {
    fn from(e: NotAllowed) -> ActError {
        ActError::NotAllowed(e.0)
    }
}

impl From<WorkError> for ActError {
    fn from(e: WorkError) -> ActError {
        match e {
            WorkError::NotAllowed(e) => e.into(),
            WorkError::Store(e) => e.into(),
        }
    }
}

/// An act that changes a case by one event.
#[derive(Clone, Debug)]
pub enum Act {
    /// Take it, or renew the take.
    Take,
    /// Give it back.
    Release,
    /// Put it off until an instant.
    Snooze(Instant),
    /// No answer is needed, with the reason.
    Waive(String),
    /// Close it, with the reason.
    Close(String),
    /// It is this after all, a complaint or a question, with the reason, which may be empty.
    Called(Owing, String),
    /// It is no complaint.
    NotComplaint(String),
    /// It is not about us.
    NotAboutUs(String),
    /// The customer was asked into private.
    Moved,
    /// The private contact happened; where, if known.
    Contacted(String),
    /// It was handed over to somebody, under a reference that may be empty. Without one it goes to
    /// the ticket system of that name, if there is one.
    HandOver {
        /// To whom; empty for the brand's first ticket system.
        to: String,
        /// What it is called there.
        reference: String,
    },
    /// It goes to a ticket system.
    File {
        /// Its name in configuration; empty for the brand's first.
        system: String,
        /// What is said to the people there.
        note: String,
    },
    /// It was taken back from where it was handed over to.
    TakeBack,
    /// It was answered elsewhere; where, if known.
    Answered(String),
    /// Open it again, with the reason.
    Reopen(String),
    /// A word for the colleagues.
    Note(String),
    /// Seen: the level that its escalation has come to is told no more, the next one still comes.
    Acknowledge,
    /// Something about a promise or follow-up.
    Date(promises::DateAct),
}

impl Act {
    /// Whether it ends debts, or says what they are: then it means what its agent can have seen, and
    /// no more.
    fn means_debts(&self) -> bool {
        matches!(
            self,
            Act::Waive(_)
                | Act::Close(_)
                | Act::Called(..)
                | Act::NotComplaint(_)
                | Act::NotAboutUs(_)
                | Act::Answered(_)
                | Act::Contacted(_)
        )
    }
}

/// How often an act is tried when somebody else changes the case at the same moment.
const TRIES: usize = 5;

/// Does one act on behalf of an agent who knows the case as it stands now.
///
/// # Errors
/// `Unknown`, `NotAllowed` with what to do instead, or a failure of the store.
pub async fn act(deps: &Deps, id: CaseId, agent: &str, act: Act) -> Result<(), ActError> {
    act_as_seen(deps, id, agent, act, None).await
}

/// Does one act on behalf of an agent who had read the case's log up to entry `seen` (`CaseFile`'s
/// `events` when it was shown). What came to be owed behind that stays owed, like what is stored
/// after a reply.
///
/// # Errors
/// As `act`; `NotAllowed` too where all that the agent has seen is ended, and `Invalid` where the
/// log is not that long.
pub async fn act_as_seen(
    deps: &Deps,
    id: CaseId,
    agent: &str,
    act: Act,
    seen: Option<i64>,
) -> Result<(), ActError> {
    for _ in 1..TRIES {
        match once(deps, id, agent, act.clone(), seen).await {
            Err(ActError::Store(StoreError::Conflict)) => {}
            done => return done,
        }
    }
    once(deps, id, agent, act, seen).await
}

async fn once(
    deps: &Deps,
    id: CaseId,
    agent: &str,
    act: Act,
    seen: Option<i64>,
) -> Result<(), ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[id]).await?;
    let Some(file) = work.file(id) else { return Err(ActError::Unknown(format!("case {id}"))) };
    if let Some((system, note)) = handover::ticket(deps, &file.case.brand, &act)? {
        let (to, said) = (system, note.as_str());
        if handover::hand_over(deps, &mut tx, &mut work, id, agent, to, said, now).await? {
            work.save(&mut tx, |_| false).await?;
            tx.commit().await?;
            deps.tell([id]);
        }
        return Ok(());
    }
    let spares = match seen.filter(|_| act.means_debts()) {
        Some(seen) => unseen(&mut tx, file, seen).await?,
        None => Vec::new(),
    };
    let covers = || -> Vec<MentionId> {
        file.case.owed().map(|o| o.mention).filter(|m| !spares.contains(m)).collect()
    };
    let by = agent.to_owned();
    let void =
        |reason, note| CaseEvent::Voided { reason, by: by.clone(), note, spares: spares.clone() };
    let event = match act {
        Act::Take => CaseEvent::Taken { by, until: now + TAKE },
        Act::Release => CaseEvent::Released { by },
        Act::Snooze(until) => CaseEvent::Snoozed { by, until },
        Act::Waive(note) => void(VoidReason::Waived, note),
        Act::Close(note) => void(VoidReason::Closed, note),
        Act::Called(owing, note) => called(deps, &file.case, by, owing, note, &spares, now),
        Act::NotComplaint(note) => void(VoidReason::NotComplaint, note),
        Act::NotAboutUs(note) => void(VoidReason::NotAboutUs, note),
        Act::Moved => CaseEvent::Moved { by, until: now + MOVED },
        Act::Contacted(url) => {
            let evidence = Evidence::Moved { by, case: None, url };
            CaseEvent::Answered { evidence, at: now, covers: covers() }
        }
        Act::HandOver { to, reference } => CaseEvent::HandedOver { by, to, reference },
        // Carried out above.
        Act::File { system, .. } => {
            CaseEvent::HandedOver { by, to: system, reference: String::new() }
        }
        Act::TakeBack => CaseEvent::TakenBack { by },
        Act::Acknowledge => CaseEvent::Acknowledged { by },
        Act::Answered(url) => {
            CaseEvent::Answered { evidence: Evidence::Word { by, url }, at: now, covers: covers() }
        }
        Act::Reopen(note) => {
            let due = reopened_due(deps, &file.case, now);
            CaseEvent::Reopened { by, note, due }
        }
        Act::Date(act) => promises::event(deps, &file.case, by, act, now),
        Act::Note(text) => {
            if text.trim().is_empty() {
                return Err(ActError::Invalid("a note needs a text".to_owned()));
            }
            work.note(id, "note", agent, json!({ "text": text }));
            work.save(&mut tx, |_| false).await?;
            tx.commit().await?;
            deps.tell([id]);
            return Ok(());
        }
    };
    let word = match &event {
        CaseEvent::Answered { evidence, at, .. } => Some((evidence.clone(), *at)),
        _ => None,
    };
    let back = matches!(event, CaseEvent::TakenBack { .. });
    let reopened = matches!(event, CaseEvent::Reopened { .. });
    work.apply(id, event)?;
    if reopened {
        standing::raise_again(&mut work, &mut tx, id).await?;
    }
    if back {
        handover::taken_back(&mut tx, id, now).await?;
    }
    if let Some((evidence, at)) = word {
        promises::keep(&mut work, id, evidence, at);
    }
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([id]);
    Ok(())
}

/// The mentions of a case that somebody who read its log up to there cannot have seen as they are
/// owed now.
async fn unseen(tx: &mut Tx, file: &CaseFile, seen: i64) -> Result<Vec<MentionId>, ActError> {
    if !(0..=file.events).contains(&seen) {
        return Err(ActError::Invalid(format!(
            "`seen` is {seen}, but the case's log has {} entries; send the `seen` with which the \
             case was shown, or leave it out to mean the case as it stands now",
            file.events
        )));
    }
    let later = events::opened_since(tx, file.case.id, seen).await?;
    let mut owed = file.case.owed().peekable();
    if owed.peek().is_some() && owed.all(|o| later.contains(&o.mention)) {
        return Err(ActError::NotAllowed(
            "the customer wrote again after you opened this case, or somebody opened it again, and \
             what you saw is ended already; reload it and read what is new"
                .to_owned(),
        ));
    }
    Ok(later)
}

/// A person says what debts are. Each is due as that, as if it came now: until now nobody was to answer
/// it as that.
fn called(
    deps: &Deps,
    case: &Case,
    by: String,
    owing: Owing,
    note: String,
    spares: &[MentionId],
    now: Instant,
) -> CaseEvent {
    let brand = deps.brands.get(&case.brand);
    let due = |o: &Obligation| {
        let o = Obligation { owing, ..o.clone() };
        brand.map_or(now + DAY, |b| b.sla.due(&b.calendar, &case.owed_anew(&o, now)))
    };
    let meant = case.callable(owing).filter(|o| !spares.contains(&o.mention));
    let debts = meant.map(|o| (o.mention, due(o))).collect();
    CaseEvent::Called { by, owing, note: note.trim().to_owned(), debts }
}

/// What is opened again is due as what follows an answer, if there was one; the most urgent of it
/// counts.
fn reopened_due(deps: &Deps, case: &Case, now: Instant) -> Instant {
    let brand = deps.brands.get(&case.brand);
    let due = |o| brand.map(|b| b.sla.due(&b.calendar, &case.owed_anew(o, now)));
    case.obligations.iter().filter_map(due).min().unwrap_or(now + DAY)
}

/// A person's word on a reply of which nobody knows whether it stands there.
pub async fn decide(
    deps: &Deps,
    reply: &str,
    agent: &str,
    posted: bool,
    url: &str,
) -> Result<(), ActError> {
    let unknown = || ActError::Unknown(format!("reply {reply}"));
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let row = replies::by_id(&mut tx, reply).await?.ok_or_else(unknown)?;
    let case: CaseId = row.case_id.parse().map_err(|_| unknown())?;
    let parts = replies::parts(&mut tx, reply).await?;
    let open = parts.iter().find(|p| matches!(p.state.as_str(), "unknown" | "pending"));
    let Some(part) = open else {
        return Err(ActError::NotAllowed(
            "nothing about this reply is in doubt any more".to_owned(),
        ));
    };
    if !replies::decide(&mut tx, part, posted, url, agent, now).await? {
        return Err(ActError::Store(StoreError::Conflict));
    }
    let mention: MentionId = row.mention_id.parse().map_err(|_| unknown())?;
    let mention = mentions::by_id(&mut tx, mention).await?.ok_or_else(unknown)?;
    if posted {
        let part = crate::store::replies::PartRow {
            url: url.to_owned(),
            posted_at: Some(now.0),
            ..part.clone()
        };
        complete(deps, &mut tx, &row, &mention, &part, now).await?;
    } else {
        replies::end(&mut tx, reply, "a person says that it is not there", now).await?;
    }
    let mut work = Work::new(deps, now);
    work.load(&mut tx, &[case]).await?;
    work.note(case, "decided", agent, json!({ "reply": reply, "posted": posted, "url": url }));
    work.save(&mut tx, |_| false).await?;
    tx.commit().await?;
    deps.tell([case]);
    Ok(())
}

/// Stops or resumes all publishing of a brand.
pub async fn hold(
    deps: &Deps,
    brand: &str,
    held: bool,
    agent: &str,
    why: &str,
) -> Result<(), ActError> {
    let mut tx = deps.store.begin().await?;
    if !lanes::hold(&mut tx, brand, held, agent, why).await? {
        return Err(ActError::Unknown(format!("brand {brand}")));
    }
    tx.commit().await?;
    deps.bell.notify_waiters();
    Ok(())
}
