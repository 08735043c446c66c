//! What people do with persons: put authors together, take that back, mute somebody and end it.
//!
//! Whoever is meant is named by the id of a person, or of a case of one of its authors.

use super::acts::ActError;
use super::casework::Work;
use super::suggest;
use super::{Deps, standing};
use crate::domain::person::{AuthorKey, MOST_STRIKES, Strikes};
use crate::domain::{CaseId, Instant, LinkId, MuteId, PersonId};
use crate::store::mutes::MuteRow;
use crate::store::persons::LinkRow;
use crate::store::strikes::{self, Asked, NewestRow};
use crate::store::{StoreError, Tx, access, cases, mutes, persons};
use serde_json::json;
use std::collections::BTreeMap;

pub use super::suggest::Suggestion;

/// More authors than this are no person.
const MOST_AUTHORS: usize = 50;
/// The longest reason of a mute, in characters.
const LONGEST_REASON: usize = 500;

/// Somebody who may decide more than an agent: to mute a customer takes one.
#[derive(Clone, Debug)]
pub struct Lead(String);

impl Lead {
    /// An agent, if that one has the role.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(tx: &mut Tx, agent: &str) -> Result<Option<Lead>, StoreError> {
        let row = access::agent(tx, agent).await?;
        Ok(row.filter(|row| row.role == "lead").map(|row| Lead(row.name)))
    }

    /// Whoever may run commands where the store is: nothing there could keep them from anything.
    pub fn of_this_machine(agent: &str) -> Lead {
        Lead(agent.to_owned())
    }
}

/// Whom an id means.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Whose customer it is.
    pub brand: String,
    /// The person, if authors were put together.
    pub person: Option<PersonId>,
    /// The authors; empty where all of them were taken out again.
    pub authors: Vec<AuthorKey>,
    /// The persons that became part of it: what mutes one of them mutes all that it is.
    parts: Vec<PersonId>,
}

impl Customer {
    /// Finds whom an id means.
    ///
    /// # Errors
    /// `Unknown` where it names neither a person nor a case.
    pub async fn find(tx: &mut Tx, id: &str) -> Result<Customer, ActError> {
        let unknown = || ActError::Unknown(format!("person or case {id}"));
        let person: PersonId = id.parse().map_err(|_| unknown())?;
        if let Some(row) = persons::by_id(tx, person).await? {
            let members = persons::members(tx, &row.id).await?;
            let authors = members.iter().map(|m| m.key()).collect();
            let (person, parts) = (Some(person), parts(tx, Some(person)).await?);
            return Ok(Customer { brand: row.brand, person, authors, parts });
        }
        let case = cases::load(tx, &[CaseId(person.0)]).await?.pop().ok_or_else(unknown)?;
        Customer::of_author(tx, &AuthorKey::of(&case.case)).await.map_err(ActError::Store)
    }

    /// Whom an author belongs to.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of_author(tx: &mut Tx, author: &AuthorKey) -> Result<Customer, StoreError> {
        let (person, authors) = suggest::one_person(tx, author).await?;
        let broken = |why| StoreError::Broken { row: "a person's author".to_owned(), why };
        let person = person.map(|id| id.parse().map_err(broken)).transpose()?;
        let parts = parts(tx, person).await?;
        Ok(Customer { brand: author.brand.clone(), person, authors, parts })
    }

    /// Under which keys it is muted: as a whole, and each author who is known.
    fn keys(&self) -> Vec<AuthorKey> {
        let wholes = self.person.iter().chain(&self.parts);
        let wholes = wholes.map(|person| mutes::whole(&self.brand, *person));
        let all = wholes.chain(self.authors.iter().cloned());
        all.filter(AuthorKey::is_known).collect()
    }
}

/// The persons that became part of one.
async fn parts(tx: &mut Tx, person: Option<PersonId>) -> Result<Vec<PersonId>, StoreError> {
    let Some(person) = person else { return Ok(Vec::new()) };
    let found = persons::parts(tx, &[&person.to_string()]).await?;
    let read = |(_, part): (String, String)| {
        part.parse().map_err(|why| StoreError::Broken { row: format!("person {part}"), why })
    };
    found.into_iter().map(read).collect()
}

/// All that is known of a customer.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Who.
    pub customer: Customer,
    /// The newest case of each author, with its names.
    pub newest: Vec<NewestRow>,
    /// How many complaints count now, and since when; none: nobody has complained within the window.
    pub strikes: Option<Strikes>,
    /// The acts that put its authors together, the newest first; undone ones are among them.
    pub links: Vec<LinkRow>,
    /// Who silenced it, the newest first.
    pub mutes: Vec<MuteRow>,
    /// Who else it may be.
    pub suggestions: Vec<Suggestion>,
}

impl Folder {
    /// Reads it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(deps: &Deps, tx: &mut Tx, customer: Customer) -> Result<Folder, StoreError> {
        let within = standing::weights(deps, &customer.brand).strikes_within;
        let now = deps.now();
        Folder::as_of(tx, customer, within, now).await
    }

    /// The same without the house: complaints count for so many milliseconds.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn as_of(
        tx: &mut Tx,
        customer: Customer,
        within: i64,
        now: Instant,
    ) -> Result<Folder, StoreError> {
        let known: Vec<AuthorKey> =
            customer.authors.iter().filter(|a| a.is_known()).cloned().collect();
        let asked: Vec<Asked<'_>> = known
            .iter()
            .map(|author| Asked { case: CaseId(u128::MAX), author, from: now - within, to: now })
            .collect();
        let mut strikes: Option<Strikes> = None;
        for (_, n, since) in strikes::count(tx, &asked).await? {
            let before = strikes.unwrap_or(Strikes { count: 0, since });
            let count = before.count.saturating_add(n).min(MOST_STRIKES);
            strikes = Some(Strikes { count, since: before.since.min(since) });
        }
        let newest = strikes::newest_cases(tx, &known).await?;
        let links = persons::links_of(tx, &known).await?;
        let suggestions = suggest::of(tx, &customer.brand, &known).await?;
        let mut muted = Vec::new();
        for key in &customer.keys() {
            muted.extend(mutes::of(tx, key).await?);
        }
        muted.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        Ok(Folder { customer, newest, strikes, links, mutes: muted, suggestions })
    }

    /// What mutes it now.
    pub fn muted(&self, now: Instant) -> Option<&MuteRow> {
        self.mutes.iter().find(|m| m.ended_at.is_none() && m.until > now.0)
    }

    /// The acts that stand, each once, the newest first.
    pub fn standing_links(&self) -> Vec<&LinkRow> {
        let mut acts: BTreeMap<&str, &LinkRow> = BTreeMap::new();
        for row in self.links.iter().filter(|row| row.undone_at.is_none()) {
            acts.entry(&row.id).or_insert(row);
        }
        // Ids rise with time.
        acts.into_values().rev().collect()
    }
}

/// Says that two are one customer: from now on they are counted, muted and shown together. Gives the
/// act, by whose id it can be undone.
///
/// # Errors
/// `NotAllowed` where they are one already, belong to two brands or nobody knows who one is.
pub async fn link(deps: &Deps, id: &str, with: &str, agent: &str) -> Result<LinkId, ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let one = Customer::find(&mut tx, id).await?;
    let other = Customer::find(&mut tx, with).await?;
    may_be_one(&one, &other)?;
    let person = match one.person.or(other.person) {
        Some(person) => person,
        None => {
            let person = PersonId(deps.ids.next(now));
            persons::add(&mut tx, person, &one.brand, agent, now).await?;
            person
        }
    };
    let act = LinkId(deps.ids.next(now));
    let to = person.to_string();
    for customer in [&one, &other] {
        if customer.person == Some(person) {
            continue;
        }
        let from = customer.person.map(|p| p.to_string()).unwrap_or_default();
        let way = (from.as_str(), to.as_str());
        for author in &customer.authors {
            persons::shift(&mut tx, author, way, agent, now).await?;
            persons::log(&mut tx, act, author, way, agent, now).await?;
        }
    }
    let all: Vec<AuthorKey> = one.authors.iter().chain(&other.authors).cloned().collect();
    let note = Note { kind: "linked", agent, data: json!({ "link": act, "person": person }) };
    let touched = reweigh(deps, &mut tx, &all, &note, now).await?;
    hush(&mut tx, &touched, now).await?;
    tx.commit().await?;
    deps.tell(touched);
    Ok(act)
}

fn may_be_one(one: &Customer, other: &Customer) -> Result<(), ActError> {
    let refuse = |why: &str| Err(ActError::NotAllowed(why.to_owned()));
    let known = |c: &Customer| !c.authors.is_empty() && c.authors.iter().all(AuthorKey::is_known);
    if one.brand != other.brand {
        return refuse("they are customers of two brands, which know nothing of each other's");
    }
    if !known(one) || !known(other) {
        return refuse("the network does not tell who one of them is, so nobody can be linked");
    }
    let same = one.person.is_some() && one.person == other.person;
    if same || one.authors.iter().any(|a| other.authors.contains(a)) {
        return refuse("they are one customer already");
    }
    if one.authors.len() + other.authors.len() > MOST_AUTHORS {
        return refuse("these would be more than 50 authors; mute or close them one by one");
    }
    Ok(())
}

/// Takes an act back: each author whom it moved stands where it stood before. Without an act that is
/// the newest one that put an author of this customer where it is.
///
/// # Errors
/// `NotAllowed` where it was undone before, or where a later act moved one of its authors on.
pub async fn unlink(
    deps: &Deps,
    id: &str,
    act: Option<&str>,
    agent: &str,
) -> Result<LinkId, ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let customer = Customer::find(&mut tx, id).await?;
    let links = persons::links_of(&mut tx, &customer.authors).await?;
    let of_it = |row: &&LinkRow| match act {
        Some(act) => row.id == act,
        None => row.undone_at.is_none(),
    };
    let Some(found) = links.iter().find(of_it) else {
        return Err(match act {
            Some(act) => ActError::Unknown(format!("link {act} of this customer")),
            None => ActError::NotAllowed("nobody linked this customer to another".to_owned()),
        });
    };
    let act: LinkId =
        found.id.parse().map_err(|_| ActError::Unknown(format!("link {}", found.id)))?;
    let rows = persons::act(&mut tx, act).await?;
    if let Some(by) = rows.iter().find(|r| r.undone_at.is_some()).map(|r| &r.undone_by) {
        return Err(ActError::NotAllowed(format!("{by} has undone it already")));
    }
    let authors: Vec<AuthorKey> = rows.iter().map(LinkRow::key).collect();
    let stand: BTreeMap<AuthorKey, String> = persons::of_authors(&mut tx, &authors)
        .await?
        .into_iter()
        .map(|row| (row.key(), row.person))
        .collect();
    if rows.iter().any(|row| stand.get(&row.key()) != Some(&row.to_person)) {
        return Err(ActError::NotAllowed(
            "one of these authors was linked on since; undo the newer link first".to_owned(),
        ));
    }
    // Whom they were one with until now counts anew too.
    let mut all = authors;
    let persons_left: Vec<&str> = rows.iter().map(|row| row.to_person.as_str()).collect();
    all.extend(persons::members_of(&mut tx, &persons_left).await?.iter().map(|m| m.key()));
    all.sort();
    all.dedup();
    for row in &rows {
        let way = (row.to_person.as_str(), row.from_person.as_str());
        persons::shift(&mut tx, &row.key(), way, agent, now).await?;
    }
    if !persons::undo(&mut tx, act, agent, now).await? {
        return Err(ActError::Store(StoreError::Conflict));
    }
    let note = Note { kind: "unlinked", agent, data: json!({ "link": act }) };
    let touched = reweigh(deps, &mut tx, &all, &note, now).await?;
    tx.commit().await?;
    deps.tell(touched);
    Ok(act)
}

/// Lets nobody be told of a customer until an instant. What is written is still stored, owed and
/// counted, and where somebody may be harmed or a court is named people are told all the same.
///
/// # Errors
/// `Invalid` without a reason or with a time that has passed.
pub async fn mute(
    deps: &Deps,
    id: &str,
    lead: &Lead,
    reason: &str,
    until: Instant,
) -> Result<(), ActError> {
    let (now, reason) = (deps.now(), reason.trim());
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(ActError::Invalid(format!(
            "say why, in 1 to {LONGEST_REASON} characters: the reason stands beside each case"
        )));
    }
    if until <= now {
        return Err(ActError::Invalid(format!("{until} has passed; name a time after {now}")));
    }
    let mut tx = deps.store.begin().await?;
    let customer = Customer::find(&mut tx, id).await?;
    let keys = customer.keys();
    let Some(key) = keys.first() else {
        return Err(ActError::NotAllowed("nobody knows who this is".to_owned()));
    };
    mutes::end(&mut tx, key, &lead.0, now).await?;
    let mute = MuteId(deps.ids.next(now));
    mutes::add(&mut tx, mute, key, &lead.0, reason, until, now).await?;
    let data = json!({ "note": reason, "until": until });
    let note = Note { kind: "muted", agent: &lead.0, data };
    let touched = reweigh(deps, &mut tx, &customer.authors, &note, now).await?;
    hush(&mut tx, &touched, now).await?;
    tx.commit().await?;
    deps.tell(touched);
    Ok(())
}

/// Lets people be told of a customer again: of what is still owed when its clock next asks for it.
///
/// # Errors
/// `NotAllowed` where nothing mutes it.
pub async fn unmute(deps: &Deps, id: &str, lead: &Lead) -> Result<(), ActError> {
    let now = deps.now();
    let mut tx = deps.store.begin().await?;
    let customer = Customer::find(&mut tx, id).await?;
    let mut ended = false;
    for key in &customer.keys() {
        ended |= mutes::end(&mut tx, key, &lead.0, now).await?;
    }
    if !ended {
        return Err(ActError::NotAllowed("this customer is not muted".to_owned()));
    }
    let note = Note { kind: "unmuted", agent: &lead.0, data: json!({}) };
    let touched = reweigh(deps, &mut tx, &customer.authors, &note, now).await?;
    tx.commit().await?;
    deps.tell(touched);
    Ok(())
}

/// Withdraws what waits to be told of those cases of which nobody is told now.
async fn hush(tx: &mut Tx, touched: &[CaseId], now: Instant) -> Result<(), StoreError> {
    let files = cases::load(tx, touched).await?;
    let hushed = files.iter().filter(|f| standing::is_hushed(f, now)).map(|f| f.case.id);
    mutes::hush(tx, &hushed.collect::<Vec<_>>()).await
}

/// What the log of each case says of an act on its author.
struct Note<'a> {
    kind: &'static str,
    agent: &'a str,
    data: serde_json::Value,
}

/// Writes an act into the open cases of some authors, which are weighed anew as they are stored.
async fn reweigh(
    deps: &Deps,
    tx: &mut Tx,
    authors: &[AuthorKey],
    note: &Note<'_>,
    now: Instant,
) -> Result<Vec<CaseId>, StoreError> {
    let open = strikes::open_cases(tx, authors).await?;
    let mut work = Work::new(deps, now);
    work.load(tx, &open).await?;
    for case in &open {
        work.note(*case, note.kind, note.agent, note.data.clone());
    }
    work.save(tx, |_| false).await
}
