//! What is known of a customer, for whoever shows it: pages, alerts, private drafts.

use super::standing::Who;
use super::{Deps, StepResult};
use crate::domain::CaseId;
use crate::domain::customer::CustomerFacts;
use crate::domain::person::AuthorKey;
use crate::speech::Catalogue;
use crate::store::Tx;
use crate::store::cases::CaseFile;
use crate::store::customers::{self, CustomerRow};
use std::collections::{BTreeSet, HashMap};

/// What is known of the authors of some cases, or of who is the same person; nothing where there is no
/// `[lookup]`.
pub(super) async fn of_files(
    deps: &Deps,
    tx: &mut Tx,
    files: &[&CaseFile],
) -> StepResult<HashMap<CaseId, CustomerFacts>> {
    if deps.lookup.is_none() || files.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: BTreeSet<AuthorKey> = files.iter().map(|file| AuthorKey::of(&file.case)).collect();
    let keys: Vec<AuthorKey> = keys.into_iter().filter(AuthorKey::is_known).collect();
    let who = Who::of(tx, &keys).await?;
    let all: BTreeSet<&AuthorKey> = keys.iter().flat_map(|key| who.same(key)).collect();
    let all: Vec<AuthorKey> = all.into_iter().cloned().collect();
    let rows = customers::of(tx, &all).await?;
    let rows: HashMap<AuthorKey, CustomerRow> = rows.into_iter().map(|r| (r.key(), r)).collect();
    let mut known = HashMap::new();
    for file in files {
        let key = AuthorKey::of(&file.case);
        let found = who.same(&key).into_iter().filter_map(|same| rows.get(same));
        // What is known of the author goes before what is known of the same person elsewhere.
        let found = found.filter(|row| row.facts().is_known());
        let best = found.max_by_key(|row| (row.key() == key, row.fetched_at));
        known.extend(best.map(|row| (file.case.id, row.facts())));
    }
    Ok(known)
}

/// What is known of the author of a case.
pub async fn of_file(
    deps: &Deps,
    tx: &mut Tx,
    file: &CaseFile,
) -> StepResult<Option<CustomerFacts>> {
    Ok(of_files(deps, tx, &[file]).await?.remove(&file.case.id))
}

/// The same for alerts, which may have to keep it to themselves.
pub(super) async fn for_alerts(
    deps: &Deps,
    tx: &mut Tx,
    files: &[&CaseFile],
) -> StepResult<HashMap<CaseId, CustomerFacts>> {
    match deps.lookup.as_ref().is_some_and(|lookup| lookup.in_alerts) {
        true => of_files(deps, tx, files).await,
        false => Ok(HashMap::new()),
    }
}

/// What is known of a customer on one line, for people; empty where that is only where to look.
pub fn said(facts: &CustomerFacts, words: &Catalogue) -> String {
    let mut parts = Vec::new();
    if let Some(value) = facts.value {
        parts.push(words.customer(value).to_owned());
    }
    if !facts.name.is_empty() {
        parts.push(facts.name.clone());
    }
    if let Some(day) = facts.since {
        parts.push(words.fill("customer.since", &[("time", &day.to_string())]));
    }
    if let Some(order) = &facts.order {
        let key = if order.state.is_empty() { "customer.order" } else { "customer.order_state" };
        let values = [("number", order.number.as_str()), ("state", &order.state)];
        parts.push(words.fill(key, &values));
    }
    if parts.is_empty() {
        return String::new();
    }
    words.fill("customer.known", &[("what", &parts.join(", "))])
}
