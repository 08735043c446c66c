//! Who may be the same customer: authors who left the same traces. A suggestion is shown to people
//! and decides nothing: only a human puts authors together (row 20 of what other tools got wrong).

use super::Deps;
use super::standing::Who;
use crate::domain::person::{AuthorKey, BORNE_BY_MANY, Said, TraceKind, traces};
use crate::domain::{Instant, MentionId};
use crate::store::mentions::MentionRow;
use crate::store::strikes::{self, NewestRow};
use crate::store::traces::{self as rows, NewTraces};
use crate::store::{StoreError, Tx};
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// So many traces are looked up for one page.
const LOOKED_UP: usize = 24;
/// So many authors are suggested at most.
const SHOWN: usize = 8;

/// An author who may be the same customer.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// Who.
    pub author: AuthorKey,
    /// The newest case there, with the names that the author bears.
    pub newest: NewestRow,
    /// What both left, each with how many authors bear it, the surest first.
    pub because: Vec<(TraceKind, usize)>,
}

/// What the author of an owed mention leaves behind; `None` where nobody could be known by it.
pub(super) fn left(deps: &Deps, row: &MentionRow, mention: MentionId) -> Option<NewTraces> {
    let brand = deps.brands.get(&row.brand)?;
    let author = AuthorKey {
        brand: row.brand.clone(),
        network: row.network.clone(),
        origin: row.origin.clone(),
        author: row.author_id.clone(),
    };
    let said = Said {
        handle: &row.author_handle,
        name: &row.author_name,
        text: &row.text,
        mail: row.kind == "mail",
        own: &brand.domains,
    };
    let keys: Vec<(&'static str, String)> = traces(&said)
        .into_iter()
        .map(|t| (t.kind.as_str(), stored(&row.brand, t.kind, t.key)))
        .collect();
    // Where an edit leaves nothing, what was left before must still go.
    let known = author.is_known() && (!keys.is_empty() || row.version > 1);
    known.then_some(NewTraces { mention, author, at: Instant(row.created_at), keys })
}

/// A key as the store holds it. Handles and names stand beside every mention anyway; an address or a
/// number is kept as a digest, which finds the same one again and tells it to nobody.
fn stored(brand: &str, kind: TraceKind, key: String) -> String {
    if matches!(kind, TraceKind::Handle | TraceKind::Name) {
        return key;
    }
    let digest = Sha256::digest(format!("{brand}\n{kind}\n{key}").as_bytes());
    digest[..16].iter().map(|b| format!("{b:02x}")).collect()
}

/// Who may be the same customer as some authors of a brand, who are one already.
pub(super) async fn of(
    tx: &mut Tx,
    brand: &str,
    own: &[AuthorKey],
) -> Result<Vec<Suggestion>, StoreError> {
    let mut left: BTreeSet<(TraceKind, String)> = BTreeSet::new();
    for author in own {
        for (kind, key) in rows::of_author(tx, author).await? {
            left.extend(kind.parse::<TraceKind>().ok().map(|kind| (kind, key)));
        }
    }
    // The surest kinds stand first, so they are the ones that are looked up.
    let mut found: BTreeMap<AuthorKey, Vec<(TraceKind, usize)>> = BTreeMap::new();
    for (kind, key) in left.into_iter().take(LOOKED_UP) {
        let bearers: Vec<AuthorKey> = rows::bearers(tx, brand, kind.as_str(), &key)
            .await?
            .into_iter()
            .map(|b| AuthorKey {
                brand: brand.to_owned(),
                network: b.network,
                origin: b.origin,
                author: b.author_id,
            })
            .collect();
        if bearers.len() > BORNE_BY_MANY {
            continue;
        }
        let count = bearers.len();
        for other in bearers.into_iter().filter(|other| may_be(kind, own, other)) {
            found.entry(other).or_default().push((kind, count));
        }
    }
    let mut ranked: Vec<(AuthorKey, Vec<(TraceKind, usize)>)> = found.into_iter().collect();
    // The surest trace first, then those with the most of them.
    let rank = |because: &[(TraceKind, usize)]| {
        (because.iter().map(|(kind, _)| *kind).min(), Reverse(because.len()))
    };
    ranked.sort_by(|a, b| rank(&a.1).cmp(&rank(&b.1)).then_with(|| a.0.cmp(&b.0)));
    ranked.truncate(SHOWN);
    let keys: Vec<AuthorKey> = ranked.iter().map(|(author, _)| author.clone()).collect();
    let mut newest: BTreeMap<AuthorKey, NewestRow> =
        strikes::newest_cases(tx, &keys).await?.into_iter().map(|row| (row.key(), row)).collect();
    Ok(ranked
        .into_iter()
        .filter_map(|(author, because)| {
            let newest = newest.remove(&author)?;
            Some(Suggestion { author, newest, because })
        })
        .collect())
}

/// Whether somebody who bears a trace may be one of these. Two authors of one place with one name are
/// two people; with one order they may be one.
fn may_be(kind: TraceKind, own: &[AuthorKey], other: &AuthorKey) -> bool {
    let sure = matches!(kind, TraceKind::Mail | TraceKind::Number);
    !own.contains(other) && (sure || own.iter().any(|a| !a.is_beside(other)))
}

/// The authors who are the same person as one of these.
pub(super) async fn one_person(
    tx: &mut Tx,
    author: &AuthorKey,
) -> Result<(Option<String>, Vec<AuthorKey>), StoreError> {
    let who = Who::of(tx, std::slice::from_ref(author)).await?;
    let person = who.person(author).map(str::to_owned);
    Ok((person, who.same(author).into_iter().cloned().collect()))
}
