//! `Work`: a batch of changes to cases, applied in memory and stored in one transaction.
//!
//! Every step that touches a case goes through here, so the case, its obligations, its entries in
//! the log, its mentions' dispositions and its alerts are always committed together.

use super::{Deps, learn, promises};
use crate::domain::case::{Attention, Case, CaseEvent, Effect, NotAllowed, apply};
use crate::domain::label::{self, Label};
use crate::domain::ledger::Disposition;
use crate::domain::obligation::{Evidence, VoidReason};
use crate::domain::reason::Reason;
use crate::domain::{AlertId, CaseId, EventId, Instant, MentionId};
use crate::store::cases::{CaseFile, CaseKey};
use crate::store::events::Entry;
use crate::store::mentions::MentionRow;
use crate::store::outbox::NewAlert;
use crate::store::{StoreError, Tx, cases, digests, events, labels, mentions, outbox};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Why a change could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The case does not allow it now.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A batch of changes to cases.
pub struct Work<'d> {
    deps: &'d Deps,
    now: Instant,
    files: BTreeMap<CaseId, CaseFile>,
    keys: HashMap<CaseKey, CaseId>,
    touched: BTreeSet<CaseId>,
    moves: HashMap<MentionId, i64>,
    moved: BTreeMap<MentionId, (Disposition, i64)>,
    entries: Vec<Entry>,
    alerts: Vec<NewAlert>,
    late: BTreeMap<(String, String), (i64, Instant)>,
    /// What people said of mentions; `None`: what was said before holds no more.
    said: BTreeMap<MentionId, Option<Label>>,
}

impl<'d> Work<'d> {
    /// An empty batch at `now`.
    pub fn new(deps: &'d Deps, now: Instant) -> Work<'d> {
        Work {
            deps,
            now,
            files: BTreeMap::new(),
            keys: HashMap::new(),
            touched: BTreeSet::new(),
            moves: HashMap::new(),
            moved: BTreeMap::new(),
            entries: Vec::new(),
            alerts: Vec::new(),
            late: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    /// Loads cases by id.
    pub async fn load(&mut self, tx: &mut Tx, ids: &[CaseId]) -> Result<(), StoreError> {
        let loaded = cases::load(tx, ids).await?;
        self.admit(tx, loaded).await
    }

    /// Loads the cases that stand under some keys.
    pub async fn find(&mut self, tx: &mut Tx, keys: &[CaseKey]) -> Result<(), StoreError> {
        let loaded = cases::find(tx, keys).await?;
        self.admit(tx, loaded).await
    }

    async fn admit(&mut self, tx: &mut Tx, loaded: Vec<CaseFile>) -> Result<(), StoreError> {
        let fresh = |m: &MentionId| !self.moves.contains_key(m);
        let ids: Vec<MentionId> = loaded
            .iter()
            .flat_map(|f| f.case.obligations.iter().map(|o| o.mention))
            .filter(fresh)
            .collect();
        for (id, n) in mentions::moves_of(tx, &ids).await? {
            let id: MentionId = id.parse().map_err(|why| StoreError::Broken { row: id, why })?;
            self.moves.insert(id, n);
        }
        for file in loaded {
            self.keys.insert(key_of(&file.case), file.case.id);
            self.files.entry(file.case.id).or_insert(file);
        }
        Ok(())
    }

    /// The case of a mention, begun in memory if there is none yet.
    pub fn case_of(&mut self, row: &MentionRow) -> CaseId {
        let key = key_for(row);
        if let Some(id) = self.keys.get(&key) {
            return *id;
        }
        let id = CaseId(self.deps.ids.next(self.now));
        let file = CaseFile {
            case: Case {
                id,
                brand: key.brand.clone(),
                channel: row.channel.clone(),
                network: key.network.clone(),
                origin: key.origin.clone(),
                thread: key.thread.clone(),
                author: key.author.clone(),
                opened_at: self.now,
                told_at: self.now,
                attention: Attention::Free,
                obligations: Vec::new(),
                commitments: Vec::new(),
            },
            author_handle: row.author_handle.clone(),
            author_name: row.author_name.clone(),
            events: 0,
            draft_rev: 0,
            draft_due: false,
            checked_at: Instant(0),
            reread_at: Instant(0),
            rev: 0,
        };
        self.keys.insert(key, id);
        self.files.insert(id, file);
        id
    }

    /// A loaded case.
    pub fn file(&self, id: CaseId) -> Option<&CaseFile> {
        self.files.get(&id)
    }

    /// Says how often a mention's disposition has moved so far.
    pub fn know(&mut self, mention: MentionId, moves: i64) {
        self.moves.entry(mention).or_insert(moves);
    }

    /// Where a mention stands if this batch moved it.
    pub fn moved(&self, mention: MentionId) -> Option<(Disposition, i64)> {
        self.moved.get(&mention).copied()
    }

    /// Lets something happen to a case.
    ///
    /// # Errors
    /// `NotAllowed` with the reason for a person; the case is then unchanged.
    pub fn apply(&mut self, id: CaseId, event: CaseEvent) -> Result<(), NotAllowed> {
        let Some(file) = self.files.get_mut(&id) else {
            return Err(NotAllowed("there is no such case".to_owned()));
        };
        let (name, actor, data) = (event.name(), event.actor().to_owned(), data_of(&event));
        let begins = match &event {
            CaseEvent::Owed(o) => Some((o.since, o.heard_at, o.first_look)),
            _ => None,
        };
        let (case, effects) = apply(file.case.clone(), event.clone(), self.now)?;
        self.said.extend(label::said(&event, &case, &effects));
        file.case = case;
        self.touched.insert(id);
        let mut logged = false;
        let mut rang = None;
        for effect in effects {
            match effect {
                Effect::Becomes { mention, disposition } => {
                    let n = self.step(mention);
                    self.moved.insert(mention, (disposition, n));
                    let moves = Some((mention, n, disposition));
                    self.log(id, name.as_str(), &actor, &data, moves);
                    logged = true;
                }
                Effect::Draft => self.want_draft(id),
                Effect::Alert(reason) => rang = Some(reason),
            }
        }
        if !logged {
            self.log(id, name.as_str(), &actor, &data, None);
        }
        match (rang, begins) {
            (Some(reason), begins) => self.ring(id, reason, begins),
            (None, Some((.., first_look))) => {
                let reason =
                    if first_look { Reason::BeforeOurTime } else { Reason::NotAlertedKind };
                self.alert(id, "", reason, None);
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Writes into the log of a case what changes nothing about it.
    pub fn note(&mut self, id: CaseId, kind: &str, actor: &str, data: serde_json::Value) {
        self.touched.insert(id);
        self.log(id, kind, actor, &data.to_string(), None);
    }

    /// Moves a mention that has no case.
    pub fn move_mention(
        &mut self,
        row: &MentionRow,
        id: MentionId,
        to: Disposition,
        kind: &str,
        data: &str,
    ) {
        let n = self.step(id);
        self.moved.insert(id, (to, n));
        self.entries.push(Entry {
            id: EventId(self.deps.ids.next(self.now)),
            brand: row.brand.clone(),
            subject: row.id.clone(),
            seq: n,
            moves: Some((id, n, to)),
            kind: kind.to_owned(),
            at: self.now,
            actor: "triage".to_owned(),
            data: data.to_owned(),
        });
    }

    /// Asks for a new draft.
    pub fn want_draft(&mut self, id: CaseId) {
        if let Some(file) = self.files.get_mut(&id) {
            file.draft_due = true;
            self.touched.insert(id);
        }
    }

    /// Changes what stands beside the case in its row.
    pub fn update(&mut self, id: CaseId, change: impl FnOnce(&mut CaseFile)) {
        if let Some(file) = self.files.get_mut(&id) {
            change(file);
            self.touched.insert(id);
        }
    }

    /// Alerts every recipient of the brand, or records why nobody is alerted.
    pub fn ring(&mut self, id: CaseId, reason: Reason, begins: Option<(Instant, Instant, bool)>) {
        let Some(brand) = self.files.get(&id).map(|f| f.case.brand.clone()) else { return };
        let Some(brand) = self.deps.brands.get(&brand) else {
            return self.alert(id, "", Reason::NoRecipient, None);
        };
        if let Some((since, heard, _)) = begins
            && let Some(silence) = brand.silence(since, heard)
        {
            self.sum_up(id, since);
            return self.alert(id, "", silence, None);
        }
        if brand.recipients.is_empty() {
            return self.alert(id, "", Reason::NoRecipient, None);
        }
        for recipient in &brand.recipients {
            self.alert(id, recipient, reason, Some(self.now));
        }
    }

    /// A complaint that was too old for an alert of its own goes into its channel's digest.
    fn sum_up(&mut self, id: CaseId, since: Instant) {
        let Some(file) = self.files.get(&id) else { return };
        let of = (file.case.channel.clone(), file.case.brand.clone());
        let (count, oldest) = self.late.entry(of).or_insert((0, since));
        *count += 1;
        *oldest = since.min(*oldest);
    }

    fn alert(&mut self, id: CaseId, recipient: &str, reason: Reason, due_at: Option<Instant>) {
        let Some(file) = self.files.get(&id) else { return };
        self.alerts.push(NewAlert {
            id: AlertId(self.deps.ids.next(self.now)),
            key: format!("{id}.{}.{reason}.{recipient}", file.events),
            brand: file.case.brand.clone(),
            case: Some(id),
            channel: String::new(),
            recipient: recipient.to_owned(),
            reason,
            title: String::new(),
            body: String::new(),
            due_at,
        });
    }

    fn step(&mut self, mention: MentionId) -> i64 {
        let n = self.moves.entry(mention).or_insert(0);
        *n += 1;
        *n
    }

    fn log(
        &mut self,
        id: CaseId,
        kind: &str,
        actor: &str,
        data: &str,
        moves: Option<(MentionId, i64, Disposition)>,
    ) {
        let Some(file) = self.files.get_mut(&id) else { return };
        file.events += 1;
        self.entries.push(Entry {
            id: EventId(self.deps.ids.next(self.now)),
            brand: file.case.brand.clone(),
            subject: id.to_string(),
            seq: file.events,
            moves,
            kind: kind.to_owned(),
            at: self.now,
            actor: actor.to_owned(),
            data: data.to_owned(),
        });
    }

    /// Stores the batch. Mentions for which `judged` says so are stored by triage itself.
    ///
    /// # Errors
    /// `Conflict` if a case was changed by somebody else meanwhile: begin anew.
    pub async fn save(
        self,
        tx: &mut Tx,
        judged: impl Fn(&MentionId) -> bool,
    ) -> Result<Vec<CaseId>, StoreError> {
        let touched: Vec<&CaseFile> =
            self.touched.iter().filter_map(|id| self.files.get(id)).collect();
        cases::save(tx, &touched).await?;
        events::append(tx, &self.entries).await?;
        let moves: Vec<_> = self
            .moved
            .iter()
            .filter(|(id, _)| !judged(id))
            .map(|(id, (disposition, n))| (*id, *disposition, *n))
            .collect();
        mentions::save_moves(tx, &moves).await?;
        labels::keep(tx, &self.said, self.now, self.now + learn::EVERY).await?;
        outbox::add(tx, &self.alerts, self.now).await?;
        for ((channel, brand), (count, oldest)) in &self.late {
            digests::add(tx, channel, brand, *count, *oldest, self.now).await?;
        }
        Ok(self.touched.into_iter().collect())
    }
}

/// The key of a case as stored.
fn key_of(case: &Case) -> CaseKey {
    CaseKey {
        brand: case.brand.clone(),
        network: case.network.clone(),
        origin: case.origin.clone(),
        thread: case.thread.clone(),
        author: case.author.clone(),
    }
}

/// The key of the case to which a mention belongs. Without a thread each mention is its own.
pub fn key_for(row: &MentionRow) -> CaseKey {
    let thread = if row.thread_id.is_empty() { &row.external_id } else { &row.thread_id };
    CaseKey {
        brand: row.brand.clone(),
        network: row.network.clone(),
        origin: row.origin.clone(),
        thread: thread.clone(),
        author: row.author_id.clone(),
    }
}

/// What the log keeps of an event beside its name: never the customer's words.
fn data_of(event: &CaseEvent) -> String {
    let data = match event {
        CaseEvent::Owed(o) => json!({ "owing": o.owing, "severity": o.severity, "due": o.due }),
        CaseEvent::Raised { owing, severity, due, .. } => {
            json!({ "owing": owing, "severity": severity, "due": due })
        }
        CaseEvent::Answered { evidence, at, .. } => match evidence {
            Evidence::Reply { reply, external_id, url } => {
                json!({ "by": "reply", "reply": reply, "external_id": external_id, "url": url, "at": at })
            }
            Evidence::Native { external_id, url } => {
                json!({ "by": "native", "external_id": external_id, "url": url, "at": at })
            }
            Evidence::Word { url, .. } => json!({ "by": "word", "url": url, "at": at }),
        },
        CaseEvent::Taken { until, .. }
        | CaseEvent::Snoozed { until, .. }
        | CaseEvent::Moved { until, .. } => json!({ "until": until }),
        CaseEvent::Voided { reason, note, .. } => json!({ "reason": reason, "note": note }),
        CaseEvent::Reopened { note, due, .. } => json!({ "note": note, "due": due }),
        CaseEvent::BeforeUs { note, .. } => json!({ "reason": VoidReason::Waived, "note": note }),
        CaseEvent::Commitment(event) => promises::data_of(event),
        _ => json!({}),
    };
    data.to_string()
}
