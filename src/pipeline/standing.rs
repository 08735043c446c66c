//! What stands around a case beside its debts: which complaint of its author it is, how many people
//! see it, whether its author is muted. Looked up when a batch of changes is stored, in its own
//! transaction, so that the line, the alerts and the pages tell the same.

use super::Deps;
use super::casework::Work;
use crate::domain::customer::CustomerValue;
use crate::domain::obligation::Owing;
use crate::domain::person::{AuthorKey, MOST_STRIKES, complained_at};
use crate::domain::priority::{REACH, Weights};
use crate::domain::reason::Reason;
use crate::domain::{AlertId, CaseId, Instant, PersonId, Risk};
use crate::store::cases::CaseFile;
use crate::store::mentions::MentionRow;
use crate::store::outbox::NewAlert;
use crate::store::strikes::{self, Asked};
use crate::store::{StoreError, Tx, customers, mentions, mutes, persons};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

/// From the third complaint on the lead is told.
const THIRD: u32 = 3;

/// What is held urgent where nothing else is said.
static USUAL: LazyLock<Weights> = LazyLock::new(Weights::default);

/// What a brand holds urgent; the usual where it left the configuration.
pub fn weights<'d>(deps: &'d Deps, brand: &str) -> &'d Weights {
    deps.brands.get(brand).map_or(&*USUAL, |b| &b.priority)
}

/// Weighs the cases of a batch by what is known without the store, which most of the time is all
/// there is to it.
pub(super) fn estimate(
    deps: &Deps,
    files: &mut BTreeMap<CaseId, CaseFile>,
    touched: &BTreeSet<CaseId>,
) {
    for id in touched {
        let Some(file) = files.get_mut(id) else { continue };
        let channel = deps.channels.get(&file.case.channel);
        file.stakes.window = channel.and_then(|c| c.network.reply_window_ms());
        let first = complained_at(&file.case).filter(|_| file.stakes.strikes == 0);
        if first.is_some() {
            (file.stakes.strikes, file.stakes.strikes_since) = (1, first);
        }
        file.points = weights(deps, &file.case.brand).priority(&file.case, &file.stakes).points;
    }
}

/// Looks up what stands around the cases of a batch that owe something, stores what that changes,
/// and lets their alerts go to whom it concerns.
pub(super) async fn weigh(
    deps: &Deps,
    tx: &mut Tx,
    files: &mut BTreeMap<CaseId, CaseFile>,
    touched: &BTreeSet<CaseId>,
    alerts: &mut Vec<NewAlert>,
    now: Instant,
) -> Result<(), StoreError> {
    let open: Vec<&CaseFile> = touched
        .iter()
        .filter_map(|id| files.get(id))
        .filter(|f| f.case.owing().is_some())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let around = Around::of(deps, tx, &open, now).await?;
    let open: Vec<CaseId> = open.iter().map(|f| f.case.id).collect();
    let mut changed = Vec::new();
    for id in &open {
        let Some(file) = files.get_mut(id) else { continue };
        let before = (file.stakes.clone(), file.points, file.muted_until);
        around.put(file);
        file.points = weights(deps, &file.case.brand).priority(&file.case, &file.stakes).points;
        tell_lead(deps, file, alerts, now);
        if before != (file.stakes.clone(), file.points, file.muted_until) {
            changed.push(*id);
        }
    }
    let changed: Vec<&CaseFile> = changed.iter().filter_map(|id| files.get(id)).collect();
    strikes::weigh(tx, &changed).await?;
    hush(files, alerts, now);
    Ok(())
}

/// Raises the stakes of a case that a person opened again by what stands there now: a debt that began
/// meanwhile may have begun its risks anew.
pub(super) async fn raise_again(
    work: &mut Work<'_>,
    tx: &mut Tx,
    id: CaseId,
) -> Result<(), StoreError> {
    let Some(file) = work.file(id) else { return Ok(()) };
    let owed: BTreeSet<String> = file.case.owed().map(|o| o.mention.to_string()).collect();
    let rows = mentions::of_cases(tx, &[id]).await?;
    let stands = rows.iter().filter(|row| owed.contains(&row.id));
    let risk: Vec<Risk> = stands.flat_map(MentionRow::risks).collect();
    work.update(id, |file| file.stakes.raise(&risk));
    Ok(())
}

/// Whether nobody is told of a case now.
pub fn is_hushed(file: &CaseFile, now: Instant) -> bool {
    file.muted_until > now && !file.stakes.breaks_through()
}

/// What the store knows around some cases.
struct Around {
    /// Which complaint it is, since when.
    strikes: HashMap<CaseId, (u32, Instant)>,
    /// How many people see it.
    reach: HashMap<String, u64>,
    /// Until when it is muted.
    muted: HashMap<String, i64>,
    /// What the customer is worth.
    values: HashMap<CaseId, CustomerValue>,
}

impl Around {
    async fn of(
        deps: &Deps,
        tx: &mut Tx,
        open: &[&CaseFile],
        now: Instant,
    ) -> Result<Around, StoreError> {
        let own: Vec<(&CaseFile, AuthorKey)> = open
            .iter()
            .map(|f| (*f, AuthorKey::of(&f.case)))
            .filter(|(_, k)| k.is_known())
            .collect();
        let keys: BTreeSet<&AuthorKey> = own.iter().map(|(_, key)| key).collect();
        let keys: Vec<AuthorKey> = keys.into_iter().cloned().collect();
        let who = Who::of(tx, &keys).await?;
        let mut complaints = Vec::new();
        let mut silenced = Vec::new();
        for (file, key) in &own {
            let id = file.case.id;
            if let Some(to) = complained_at(&file.case) {
                let from = to - weights(deps, &file.case.brand).strikes_within;
                let all = who.same(key).into_iter();
                complaints.extend(all.map(|author| Asked { case: id, author, from, to }));
            }
            // Who was muted before somebody said who else it is stays muted, as all that it is.
            silenced.extend(who.same(key).into_iter().map(|same| (id, same.clone())));
            silenced.extend(who.wholes(key).into_iter().map(|whole| (id, whole)));
        }
        let mut counted: HashMap<CaseId, (u32, Instant)> = HashMap::new();
        for (id, n, since) in strikes::count(tx, &complaints).await? {
            let (sum, first) = counted.entry(id).or_insert((0, since));
            *sum = sum.saturating_add(n).min(MOST_STRIKES);
            *first = since.min(*first);
        }
        let owed = |f: &&CaseFile| {
            let id = f.case.id;
            f.case.owed().map(|o| (id, o.mention)).collect::<Vec<_>>()
        };
        let owed: Vec<_> = open.iter().flat_map(owed).collect();
        let mut reach: HashMap<String, u64> = HashMap::new();
        for (id, people) in strikes::reach(tx, &owed).await? {
            let most = reach.entry(id).or_default();
            *most = u64::try_from(people).unwrap_or(0).max(*most);
        }
        let mut muted: HashMap<String, i64> = HashMap::new();
        for (id, until) in mutes::until(tx, &silenced, now).await? {
            let last = muted.entry(id).or_default();
            *last = until.max(*last);
        }
        let values = values(deps, tx, &own, &who).await?;
        Ok(Around { strikes: counted, reach, muted, values })
    }

    /// Puts what is known around a case into its file.
    fn put(&self, file: &mut CaseFile) {
        let id = file.case.id.to_string();
        let complained = complained_at(&file.case);
        let alone = complained.map(|at| (1, at));
        let strikes = self.strikes.get(&file.case.id).copied().or(alone);
        let strikes = strikes.filter(|_| complained.is_some());
        file.stakes.strikes = strikes.map_or(0, |(n, _)| n);
        file.stakes.strikes_since = strikes.map(|(_, since)| since);
        let reach = self.reach.get(&id).copied().unwrap_or(0);
        file.stakes.reach = if reach < REACH { 0 } else { reach };
        file.muted_until = Instant(self.muted.get(&id).copied().unwrap_or(0));
        file.stakes.customer = self.values.get(&file.case.id).copied();
    }
}

/// What the customers of some cases are worth, as the company's own system said last of any of the
/// authors who are one person; of nobody where it is not asked.
async fn values(
    deps: &Deps,
    tx: &mut Tx,
    own: &[(&CaseFile, AuthorKey)],
    who: &Who,
) -> Result<HashMap<CaseId, CustomerValue>, StoreError> {
    if deps.lookup.is_none() || own.is_empty() {
        return Ok(HashMap::new());
    }
    let all: BTreeSet<&AuthorKey> = own.iter().flat_map(|(_, key)| who.same(key)).collect();
    let all: Vec<AuthorKey> = all.into_iter().cloned().collect();
    let known = customers::of(tx, &all).await?;
    let known: HashMap<AuthorKey, CustomerValue> =
        known.iter().filter_map(|row| Some((row.key(), row.value()?))).collect();
    let best = |key| who.same(key).into_iter().filter_map(|same| known.get(same)).max();
    let found = own.iter().filter_map(|(file, key)| Some((file.case.id, *best(key)?)));
    Ok(found.collect())
}

/// Which of some authors are one person.
pub(super) struct Who {
    persons: HashMap<AuthorKey, String>,
    members: HashMap<String, Vec<AuthorKey>>,
    /// What became part of each person, by links that stand.
    parts: HashMap<String, Vec<String>>,
}

impl Who {
    /// Asks the store once about the authors, and once about their persons.
    pub(super) async fn of(tx: &mut Tx, keys: &[AuthorKey]) -> Result<Who, StoreError> {
        let found = persons::of_authors(tx, keys).await?;
        let persons: HashMap<AuthorKey, String> =
            found.iter().map(|row| (row.key(), row.person.clone())).collect();
        let mut members: HashMap<String, Vec<AuthorKey>> = HashMap::new();
        let mut parts: HashMap<String, Vec<String>> = HashMap::new();
        if !persons.is_empty() {
            let ids: BTreeSet<&str> = persons.values().map(String::as_str).collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            for row in persons::members_of(tx, &ids).await? {
                members.entry(row.person.clone()).or_default().push(row.key());
            }
            for (person, part) in persons::parts(tx, &ids).await? {
                parts.entry(person).or_default().push(part);
            }
        }
        Ok(Who { persons, members, parts })
    }

    /// The person of an author.
    pub(super) fn person(&self, key: &AuthorKey) -> Option<&str> {
        self.persons.get(key).map(String::as_str)
    }

    /// The authors who are the same person as one, that one among them.
    pub(super) fn same<'w>(&'w self, key: &'w AuthorKey) -> Vec<&'w AuthorKey> {
        match self.person(key).and_then(|person| self.members.get(person)) {
            Some(members) => members.iter().collect(),
            None => vec![key],
        }
    }

    /// Under which keys the person of an author is muted as a whole: its own, and those of the
    /// persons that became part of it. The longest mute holds; who is taken out again takes its own
    /// along.
    fn wholes(&self, key: &AuthorKey) -> Vec<AuthorKey> {
        let Some(person) = self.person(key) else { return Vec::new() };
        let parts = self.parts.get(person).into_iter().flatten().map(String::as_str);
        let ids = std::iter::once(person).chain(parts).filter_map(|id| id.parse::<PersonId>().ok());
        ids.map(|person| mutes::whole(&key.brand, person)).collect()
    }
}

/// Tells the lead of a third complaint, once: who is told of the case anyway is told why.
fn tell_lead(deps: &Deps, file: &mut CaseFile, alerts: &mut Vec<NewAlert>, now: Instant) {
    if file.stakes.strikes < THIRD || file.stakes.lead_told || is_hushed(file, now) {
        return;
    }
    let brand = deps.brands.get(&file.case.brand).filter(|b| !b.lead.is_empty());
    let Some(brand) = brand else { return };
    let told = |since, heard_at| brand.silence(since, heard_at).is_none();
    let complaint =
        file.case.opened().any(|o| o.owing == Owing::Complaint && told(o.since, o.heard_at));
    if !complaint {
        return;
    }
    file.stakes.lead_told = true;
    let id = file.case.id;
    let known = alerts
        .iter_mut()
        .find(|a| a.case == Some(id) && a.due_at.is_some() && a.recipient == brand.lead);
    if let Some(alert) = known {
        alert.reason = Reason::ThirdStrike;
        return;
    }
    let (reason, lead) = (Reason::ThirdStrike, &brand.lead);
    alerts.push(NewAlert {
        id: AlertId(deps.ids.next(now)),
        key: format!("{id}.{}.{reason}.{lead}", file.events),
        brand: brand.name.clone(),
        case: Some(id),
        channel: String::new(),
        recipient: lead.clone(),
        reason,
        title: String::new(),
        body: String::new(),
        due_at: Some(now),
        live: id.to_string(),
    });
}

/// Puts one record that nobody is told in the place of a muted case's alerts. What concerns a reply
/// or a promise of ours is told all the same: it waits for a person's word, or for what we said.
fn hush(files: &BTreeMap<CaseId, CaseFile>, alerts: &mut Vec<NewAlert>, now: Instant) {
    let mut silent = Vec::new();
    alerts.retain(|alert| {
        let file = alert.case.and_then(|id| files.get(&id)).filter(|f| is_hushed(f, now));
        match file {
            Some(file) if alert.due_at.is_some() && !alert.reason.is_ours() => {
                silent.push((file.case.id, file.events, alert.clone()));
                false
            }
            _ => true,
        }
    });
    // Several events of one batch make several records; several recipients of one event make one,
    // by its key.
    silent.dedup_by_key(|(id, _, alert)| (*id, alert.reason));
    alerts.extend(silent.into_iter().map(|(id, events, alert)| NewAlert {
        key: format!("{id}.{events}.{}.{}", Reason::Muted, alert.reason),
        recipient: String::new(),
        reason: Reason::Muted,
        due_at: None,
        ..alert
    }));
}
