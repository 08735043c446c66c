//! `Work`: a batch of changes to cases, applied in memory and stored in one transaction.
//!
//! Every step that touches a case goes through here, so the case, its obligations, its entries in
//! the log, its mentions' dispositions and its alerts are always committed together.

mod key;
mod levels;
mod ring;

pub use key::key_for;

use super::logged::data_of;
use super::{Deps, contact, handover, learn, lookup, notify, standing};
use crate::domain::case::{
    Attention, Case, CaseEvent, Effect, NotAllowed, Resolution, apply, wind,
};
use crate::domain::delivery::stands;
use crate::domain::escalation::Escalation;
use crate::domain::label::{self, Label};
use crate::domain::ledger::Disposition;
use crate::domain::obligation::Evidence;
use crate::domain::priority::Stakes;
use crate::domain::reason::Reason;
use crate::domain::{CaseId, EventId, Instant, MentionId};
use crate::store::cases::{CaseFile, CaseKey};
use crate::store::events::Entry;
use crate::store::mentions::MentionRow;
use crate::store::outbox::NewAlert;
use crate::store::{StoreError, Tx, cases, digests, events, labels, mentions, outbox};
use key::key_of;
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
    /// Those that stand otherwise than before, so that alerts about them say it.
    shifted: BTreeSet<CaseId>,
    moves: HashMap<MentionId, i64>,
    moved: BTreeMap<MentionId, (Disposition, i64)>,
    entries: Vec<Entry>,
    alerts: Vec<NewAlert>,
    late: BTreeMap<(String, String), (i64, Instant)>,
    /// What people said of mentions; `None`: what was said before holds no more.
    said: BTreeMap<MentionId, Option<Label>>,
    /// Cases that were answered, or moved to private: one may be the contact that another waits for.
    contacts: BTreeSet<CaseId>,
    /// Cases about whose authors the company's own system is to be asked.
    unknown: BTreeSet<CaseId>,
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
            shifted: BTreeSet::new(),
            moves: HashMap::new(),
            moved: BTreeMap::new(),
            entries: Vec::new(),
            alerts: Vec::new(),
            late: BTreeMap::new(),
            said: BTreeMap::new(),
            contacts: BTreeSet::new(),
            unknown: BTreeSet::new(),
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
                handed_over: None,
                resolution: Resolution::default(),
                obligations: Vec::new(),
                escalation: Escalation::default(),
                commitments: Vec::new(),
            },
            author_handle: row.author_handle.clone(),
            author_name: row.author_name.clone(),
            events: 0,
            draft_rev: 0,
            draft_due: false,
            checked_at: Instant(0),
            reread_at: Instant(0),
            stakes: Stakes::default(),
            points: 0,
            muted_until: Instant(0),
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
        let actor = event.actor().to_owned();
        self.apply_as(id, event, &actor)
    }

    /// The same in the name of somebody whom the event does not name.
    pub fn apply_as(&mut self, id: CaseId, event: CaseEvent, by: &str) -> Result<(), NotAllowed> {
        let Some(file) = self.files.get_mut(&id) else {
            return Err(NotAllowed("there is no such case".to_owned()));
        };
        let (name, data) = (event.name(), data_of(&event));
        let begins = match &event {
            CaseEvent::Owed(o) => Some((o.since, o.heard_at, o.first_look)),
            _ => None,
        };
        let (mut case, mut effects) = apply(file.case.clone(), event.clone(), self.now)?;
        if let Some(brand) = self.deps.brands.get(&case.brand) {
            wind(&mut case, &event, &brand.sla, &brand.calendar, self.now);
        }
        if may_be_a_contact(&event) {
            self.contacts.insert(id);
        }
        if lookup::is_asked_at(&event) {
            self.unknown.insert(id);
        }
        self.said.extend(label::said(&event, &case, &effects));
        if file.rev > 0 && stands(&file.case) != stands(&case) {
            self.shifted.insert(id);
        }
        file.case = case;
        self.touched.insert(id);
        self.climb(id, &mut effects, begins);
        let mut logged = false;
        let mut rang = None;
        for effect in effects {
            match effect {
                Effect::Becomes { mention, disposition } => {
                    let n = self.step(mention);
                    self.moved.insert(mention, (disposition, n));
                    let moves = Some((mention, n, disposition));
                    self.log(id, name.as_str(), by, &data, moves);
                    logged = true;
                }
                Effect::Draft => self.want_draft(id),
                Effect::Alert(reason) => rang = Some(reason),
            }
        }
        if !logged {
            self.log(id, name.as_str(), by, &data, None);
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
        mut self,
        tx: &mut Tx,
        judged: impl Fn(&MentionId) -> bool,
    ) -> Result<Vec<CaseId>, StoreError> {
        let contacts = std::mem::take(&mut self.contacts);
        contact::settle(&mut self, tx, contacts).await?;
        standing::estimate(self.deps, &mut self.files, &self.touched);
        let touched: Vec<&CaseFile> =
            self.touched.iter().filter_map(|id| self.files.get(id)).collect();
        cases::save(tx, &touched).await?;
        let Work { deps, files, touched, alerts, now, .. } = &mut self;
        standing::weigh(deps, tx, files, touched, alerts, *now).await?;
        let unknown: Vec<&CaseFile> =
            self.unknown.iter().filter_map(|id| self.files.get(id)).collect();
        lookup::want(self.deps, tx, &unknown, self.now).await?;
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
        let shifted: Vec<CaseId> = self.shifted.iter().copied().collect();
        notify::live::moved(self.deps, tx, &shifted, self.now).await?;
        handover::ended(tx, &self.files, &self.shifted, self.now).await?;
        for ((channel, brand), (count, oldest)) in &self.late {
            digests::add(tx, channel, brand, *count, *oldest, self.now).await?;
        }
        Ok(self.touched.into_iter().collect())
    }
}

/// Whether a private contact that was waited for may have happened with it, or before it.
fn may_be_a_contact(event: &CaseEvent) -> bool {
    match event {
        CaseEvent::Moved { .. } => true,
        CaseEvent::Answered { evidence, .. } => !matches!(evidence, Evidence::Moved { .. }),
        _ => false,
    }
}
