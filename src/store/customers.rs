//! Customers: what the company's own system says of authors, and of whom it is still to be asked.

use super::bulk::{Bulk, Type};
use super::db::Tx;
use super::error::StoreError;
use super::lanes::LEASE;
use super::value::{Sql, args, statements, taking};
use crate::domain::customer::{CustomerFacts, CustomerValue, Order};
use crate::domain::person::AuthorKey;
use crate::domain::{CaseId, Instant};
use Type::{Big, Text};
use std::collections::BTreeMap;

/// An author of whom the company's system is to be asked.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AskRow {
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The author's id.
    pub author_id: String,
    /// The newest case for which it is asked.
    pub case_id: String,
    /// Of which value the author was when it last answered.
    pub value: Option<String>,
    /// Tries in a row that brought no answer.
    pub tries: i64,
    /// The lease.
    pub fence: i64,
}

impl AskRow {
    /// Who it is.
    pub fn key(&self) -> AuthorKey {
        AuthorKey {
            brand: self.brand.clone(),
            network: self.network.clone(),
            origin: self.origin.clone(),
            author: self.author_id.clone(),
        }
    }
}

/// What is known of an author.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CustomerRow {
    /// The brand.
    pub brand: String,
    /// The network.
    pub network: String,
    /// The ids' name space.
    pub origin: String,
    /// The author's id.
    pub author_id: String,
    /// A day; empty where that is not known, and so are the others.
    pub since: String,
    /// Of which value.
    pub value: Option<String>,
    /// The number of an order.
    pub order_number: String,
    /// How it stands.
    pub order_state: String,
    /// Where a person sees the customer.
    pub link: String,
    /// What the company calls the customer.
    pub name: String,
    /// When it was told.
    pub fetched_at: i64,
}

impl CustomerRow {
    /// Who it is.
    pub fn key(&self) -> AuthorKey {
        AuthorKey {
            brand: self.brand.clone(),
            network: self.network.clone(),
            origin: self.origin.clone(),
            author: self.author_id.clone(),
        }
    }

    /// Of which value.
    pub fn value(&self) -> Option<CustomerValue> {
        self.value.as_deref()?.parse().ok()
    }

    /// What is known.
    pub fn facts(&self) -> CustomerFacts {
        let order = Order { number: self.order_number.clone(), state: self.order_state.clone() };
        CustomerFacts {
            since: self.since.parse().ok(),
            value: self.value(),
            order: (!order.number.is_empty()).then_some(order),
            link: self.link.clone(),
            name: self.name.clone(),
        }
    }
}

statements! {
    ANY_DUE = Sql::same("SELECT case_id FROM customers WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 LIMIT 1");
    DUE = taking!("SELECT brand, network, origin, author_id, case_id, value, tries, fence FROM customers WHERE due_at IS NOT NULL AND due_at <= $1 AND until < $1 ORDER BY due_at, case_id LIMIT $2");
    ERASE = Sql::same("DELETE FROM customers WHERE brand = $1 AND network = $2 AND author_id = $3");
}

/// Lets it be asked of some authors now, each for a case; not of those of whom what it said is fresh.
pub async fn want(
    tx: &mut Tx,
    authors: &BTreeMap<AuthorKey, CaseId>,
    now: Instant,
) -> Result<(), StoreError> {
    let rows = authors
        .iter()
        .map(|(k, case)| args![&k.brand, &k.network, &k.origin, &k.author, *case, now])
        .collect();
    let sql = "INSERT INTO customers (brand, network, origin, author_id, case_id, due_at) \
               SELECT * FROM {rows} WHERE TRUE ON CONFLICT (brand, network, origin, author_id) \
               DO UPDATE SET case_id = excluded.case_id, due_at = excluded.due_at \
               WHERE customers.fresh_until <= excluded.due_at";
    tx.bulk(Bulk::new(sql, &[Text, Text, Text, Text, Text, Big], rows)).await?;
    Ok(())
}

/// Whether it is to be asked of anybody.
pub async fn any_due(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    let row: Option<(String,)> = tx.first(ANY_DUE, args![now]).await?;
    Ok(row.is_some())
}

/// Leases authors of whom it is to be asked, those that have waited longest first.
pub async fn take(
    tx: &mut Tx,
    owner: &str,
    now: Instant,
    limit: i64,
) -> Result<Vec<AskRow>, StoreError> {
    let mut due: Vec<AskRow> = tx.all(DUE, args![now, limit]).await?;
    let rows = due
        .iter()
        .map(|r| args![&r.brand, &r.network, &r.origin, &r.author_id, owner, now + LEASE])
        .collect();
    let sql = "UPDATE customers SET owner = v.c5, until = v.c6, fence = fence + 1 FROM {rows} \
               WHERE customers.brand = v.c1 AND customers.network = v.c2 \
               AND customers.origin = v.c3 AND customers.author_id = v.c4";
    tx.bulk(Bulk::new(sql, &[Text, Text, Text, Text, Text, Big], rows)).await?;
    for row in &mut due {
        row.fence += 1;
    }
    Ok(due)
}

/// Keeps what was said of leased authors, each fresh for a while. Of a lost lease, or of who was erased
/// meanwhile, nothing is kept.
pub async fn keep(
    tx: &mut Tx,
    said: &[(&AskRow, &CustomerFacts, Instant)],
    now: Instant,
) -> Result<(), StoreError> {
    let rows = said
        .iter()
        .map(|(r, facts, fresh_until)| {
            let order = facts.order.as_ref();
            args![
                &r.brand,
                &r.network,
                &r.origin,
                &r.author_id,
                r.fence,
                facts.since.map_or_else(String::new, |day| day.to_string()),
                facts.value.map(CustomerValue::as_str),
                order.map_or("", |o| o.number.as_str()),
                order.map_or("", |o| o.state.as_str()),
                &facts.link,
                &facts.name,
                now,
                *fresh_until,
            ]
        })
        .collect();
    let sql = "UPDATE customers SET since = v.c6, value = v.c7, order_number = v.c8, \
               order_state = v.c9, link = v.c10, name = v.c11, fetched_at = v.c12, \
               fresh_until = v.c13, due_at = NULL, tries = 0, owner = '', until = 0 FROM {rows} \
               WHERE customers.brand = v.c1 AND customers.network = v.c2 \
               AND customers.origin = v.c3 AND customers.author_id = v.c4 \
               AND customers.fence = v.c5";
    const TYPES: &[Type] =
        &[Text, Text, Text, Text, Big, Text, Text, Text, Text, Text, Text, Big, Big];
    tx.bulk(Bulk::new(sql, TYPES, rows)).await?;
    Ok(())
}

/// Of leased authors nothing was said: each with when it is asked again, `None` for not at all.
pub async fn later(tx: &mut Tx, rows: &[(&AskRow, Option<Instant>)]) -> Result<(), StoreError> {
    let rows = rows
        .iter()
        .map(|(r, at)| args![&r.brand, &r.network, &r.origin, &r.author_id, r.fence, *at])
        .collect();
    let sql = "UPDATE customers SET due_at = v.c6, tries = tries + 1, owner = '', until = 0 \
               FROM {rows} WHERE customers.brand = v.c1 AND customers.network = v.c2 \
               AND customers.origin = v.c3 AND customers.author_id = v.c4 \
               AND customers.fence = v.c5";
    tx.bulk(Bulk::new(sql, &[Text, Text, Text, Text, Big, Big], rows)).await?;
    Ok(())
}

/// What is known of some authors; those of whom it never answered are left out.
pub async fn of(tx: &mut Tx, authors: &[AuthorKey]) -> Result<Vec<CustomerRow>, StoreError> {
    let rows = authors.iter().map(|k| args![&k.brand, &k.network, &k.origin, &k.author]).collect();
    let sql = "SELECT c.brand, c.network, c.origin, c.author_id, c.since, c.value, \
               c.order_number, c.order_state, c.link, c.name, c.fetched_at FROM {rows} \
               JOIN customers c ON c.brand = v.c1 AND c.network = v.c2 AND c.origin = v.c3 \
               AND c.author_id = v.c4 WHERE c.fetched_at IS NOT NULL";
    tx.bulk_all(Bulk::new(sql, &[Text; 4], rows)).await
}

/// Forgets an author of a brand, whatever the name space of the id.
pub async fn erase(
    tx: &mut Tx,
    brand: &str,
    network: &str,
    author: &str,
) -> Result<(), StoreError> {
    tx.exec(ERASE, args![brand, network, author]).await?;
    Ok(())
}
