//! Persons: which authors a human put together, and every act by which that was done or undone.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::value::{Sql, args, statements};
use crate::domain::person::AuthorKey;
use crate::domain::{Instant, LinkId, PersonId};

/// A person as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PersonRow {
    /// Its id.
    pub id: String,
    /// Whose customer it is.
    pub brand: String,
    /// When it was put together first.
    pub made_at: i64,
    /// By whom.
    pub made_by: String,
}

/// An author who belongs to a person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MemberRow {
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The author's id.
    pub author_id: String,
    /// The person.
    pub person: String,
}

impl MemberRow {
    /// Which author.
    pub fn key(&self) -> AuthorKey {
        AuthorKey {
            brand: self.brand.clone(),
            network: self.network.clone(),
            origin: self.origin.clone(),
            author: self.author_id.clone(),
        }
    }
}

/// An author whom an act moved.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LinkRow {
    /// The act.
    pub id: String,
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The author's id.
    pub author_id: String,
    /// From which person; empty where it stood alone.
    pub from_person: String,
    /// To which person.
    pub to_person: String,
    /// When.
    pub at: i64,
    /// Who did it.
    pub by_agent: String,
    /// When it was undone.
    pub undone_at: Option<i64>,
    /// Who undid it.
    pub undone_by: String,
}

impl LinkRow {
    /// Which author.
    pub fn key(&self) -> AuthorKey {
        AuthorKey {
            brand: self.brand.clone(),
            network: self.network.clone(),
            origin: self.origin.clone(),
            author: self.author_id.clone(),
        }
    }
}

macro_rules! link_columns {
    () => {
        "l.id, l.brand, l.network, l.origin, l.author_id, l.from_person, l.to_person, l.at, \
         l.by_agent, l.undone_at, l.undone_by"
    };
}

statements! {
    ADD = Sql::same("INSERT INTO persons (id, brand, made_at, made_by) VALUES ($1, $2, $3, $4)");
    BY_ID = Sql::same("SELECT id, brand, made_at, made_by FROM persons WHERE id = $1");
    MEMBERS = Sql::same("SELECT brand, network, origin, author_id, person FROM person_authors WHERE person = $1 ORDER BY network, origin, author_id");
    JOIN = Sql::same("INSERT INTO person_authors (brand, network, origin, author_id, person, linked_at, linked_by) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
    MOVE = Sql::same("UPDATE person_authors SET person = $6, linked_at = $7, linked_by = $8 WHERE brand = $1 AND network = $2 AND origin = $3 AND author_id = $4 AND person = $5");
    LEAVE = Sql::same("DELETE FROM person_authors WHERE brand = $1 AND network = $2 AND origin = $3 AND author_id = $4 AND person = $5");
    LOG = Sql::same("INSERT INTO person_links (id, brand, network, origin, author_id, from_person, to_person, at, by_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    ACT = Sql::same(concat!("SELECT ", link_columns!(), " FROM person_links l WHERE l.id = $1 ORDER BY l.network, l.origin, l.author_id"));
    UNDO = Sql::same("UPDATE person_links SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at IS NULL");
}

/// Keeps a new person, who has no authors yet.
pub async fn add(
    tx: &mut Tx,
    id: PersonId,
    brand: &str,
    by: &str,
    now: Instant,
) -> Result<(), StoreError> {
    tx.exec(ADD, args![id, brand, now, by]).await?;
    Ok(())
}

/// One person.
pub async fn by_id(tx: &mut Tx, id: PersonId) -> Result<Option<PersonRow>, StoreError> {
    tx.first(BY_ID, args![id]).await
}

/// The authors of a person.
pub async fn members(tx: &mut Tx, person: &str) -> Result<Vec<MemberRow>, StoreError> {
    tx.all(MEMBERS, args![person]).await
}

/// The persons of some authors; those who stand alone are left out.
pub async fn of_authors(tx: &mut Tx, keys: &[AuthorKey]) -> Result<Vec<MemberRow>, StoreError> {
    let rows = keys.iter().map(|k| args![&k.brand, &k.network, &k.origin, &k.author]).collect();
    let sql = "SELECT p.brand, p.network, p.origin, p.author_id, p.person FROM {rows} \
               JOIN person_authors p ON p.brand = v.c1 AND p.network = v.c2 AND p.origin = v.c3 \
               AND p.author_id = v.c4";
    tx.bulk_all(Bulk::new(sql, &[Type::Text; 4], rows)).await
}

/// The authors of some persons.
pub async fn members_of(tx: &mut Tx, persons: &[&str]) -> Result<Vec<MemberRow>, StoreError> {
    let rows = persons.iter().map(|id| args![*id]).collect();
    let sql = "SELECT p.brand, p.network, p.origin, p.author_id, p.person FROM {rows} \
               JOIN person_authors p ON p.person = v.c1";
    tx.bulk_all(Bulk::new(sql, &[Type::Text], rows)).await
}

/// The persons that became part of some persons, by links that stand, and those that had become part
/// of these: which was asked for, and which became part of it.
pub async fn parts(tx: &mut Tx, persons: &[&str]) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT DISTINCT v.c1, l.from_person FROM {rows} JOIN person_links l \
               ON l.to_person = v.c2 WHERE l.undone_at IS NULL AND l.from_person <> ''";
    let own = persons.iter().map(|id| ((*id).to_owned(), (*id).to_owned()));
    let mut next: Vec<(String, String)> = own.collect();
    let mut all: Vec<(String, String)> = Vec::new();
    while !next.is_empty() {
        let rows = next.iter().map(|(asked, part)| args![asked, part]).collect();
        let found: Vec<(String, String)> =
            tx.bulk_all(Bulk::new(sql, &[Type::Text; 2], rows)).await?;
        next = Vec::new();
        for pair in found {
            // Each once, so that this ends whatever stands there.
            if pair.0 != pair.1 && !all.contains(&pair) {
                all.push(pair.clone());
                next.push(pair);
            }
        }
    }
    Ok(all)
}

/// Moves an author from one person to another; empty stands for nobody.
///
/// # Errors
/// `Conflict` if the author is not there any more.
pub async fn shift(
    tx: &mut Tx,
    author: &AuthorKey,
    (from, to): (&str, &str),
    by: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let AuthorKey { brand, network, origin, author } = author;
    let moved = match (from, to) {
        ("", to) => tx.exec(JOIN, args![brand, network, origin, author, to, now, by]).await?,
        (from, "") => tx.exec(LEAVE, args![brand, network, origin, author, from]).await?,
        (from, to) => {
            tx.exec(MOVE, args![brand, network, origin, author, from, to, now, by]).await?
        }
    };
    if moved == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

/// Writes down that an act moved an author.
pub async fn log(
    tx: &mut Tx,
    act: LinkId,
    author: &AuthorKey,
    (from, to): (&str, &str),
    by: &str,
    now: Instant,
) -> Result<(), StoreError> {
    let AuthorKey { brand, network, origin, author } = author;
    tx.exec(LOG, args![act, brand, network, origin, author, from, to, now, by]).await?;
    Ok(())
}

/// Whom an act moved; nobody: there is no such act.
pub async fn act(tx: &mut Tx, id: LinkId) -> Result<Vec<LinkRow>, StoreError> {
    tx.all(ACT, args![id]).await
}

/// Writes down that an act was undone. `false`: it was before.
pub async fn undo(tx: &mut Tx, id: LinkId, by: &str, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.exec(UNDO, args![id, now, by]).await? > 0)
}

/// The acts that ever moved one of some authors, the newest first.
pub async fn links_of(tx: &mut Tx, keys: &[AuthorKey]) -> Result<Vec<LinkRow>, StoreError> {
    let rows = keys.iter().map(|k| args![&k.brand, &k.network, &k.origin, &k.author]).collect();
    let sql = concat!(
        "SELECT ",
        link_columns!(),
        " FROM {rows} JOIN person_links l ON l.brand = v.c1 AND l.network = v.c2 \
         AND l.origin = v.c3 AND l.author_id = v.c4"
    );
    let mut found: Vec<LinkRow> = tx.bulk_all(Bulk::new(sql, &[Type::Text; 4], rows)).await?;
    // SQLite reads a long list in pieces, each ordered for itself.
    found.sort_by(|a, b| (b.at, &b.id, &a.author_id).cmp(&(a.at, &a.id, &b.author_id)));
    Ok(found)
}
