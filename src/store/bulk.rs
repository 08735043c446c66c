//! Many rows in one statement: the only place with dynamic SQL.
//!
//! One description becomes `VALUES` in chunks of 50, 8 and 1 on SQLite (each shape is prepared
//! once) and one `UNNEST` on PostgreSQL. The template holds no values, only column names and the
//! mark `{rows}`, which becomes a relation `v (c1, c2, …)`.

use super::error::StoreError;
use super::value::Value;
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use std::borrow::Cow;
use std::fmt::Write;

/// The type of a column, for the casts that PostgreSQL needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Big,
    Bool,
    Bytes,
}

/// A statement over many rows.
pub(super) struct Bulk<'a> {
    template: &'static str,
    types: &'static [Type],
    rows: Vec<Vec<Value<'a>>>,
}

/// Row counts of one statement on SQLite, largest first.
const CHUNKS: [usize; 3] = [50, 8, 1];

impl<'a> Bulk<'a> {
    /// `template` holds `{rows}` where the relation stands, for example
    /// `INSERT INTO t (a, b) SELECT * FROM {rows} WHERE TRUE ON CONFLICT DO NOTHING`.
    pub(super) fn new(
        template: &'static str,
        types: &'static [Type],
        rows: Vec<Vec<Value<'a>>>,
    ) -> Self {
        debug_assert!(rows.iter().all(|r| r.len() == types.len()), "a row of another width");
        Bulk { template, types, rows }
    }

    /// The statements for SQLite.
    pub(super) fn for_sqlite(self) -> Vec<(String, Vec<Value<'a>>)> {
        let mut statements = Vec::new();
        let mut rows = self.rows.into_iter();
        while rows.len() > 0 {
            let size = CHUNKS.into_iter().find(|c| *c <= rows.len()).unwrap_or(1);
            let sql = self.template.replace("{rows}", &values(size, self.types.len()));
            statements.push((sql, rows.by_ref().take(size).flatten().collect()));
        }
        statements
    }

    /// The statement for PostgreSQL, `None` without rows.
    pub(super) fn for_postgres(self) -> Result<Option<(String, PgArguments)>, StoreError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let mut args = PgArguments::default();
        for (column, kind) in self.types.iter().enumerate() {
            let cells = self.rows.iter().map(|row| &row[column]);
            match kind {
                Type::Text => args.add(cells.map(text).collect::<Result<Vec<_>, _>>()?),
                Type::Big => args.add(cells.map(big).collect::<Result<Vec<_>, _>>()?),
                Type::Bool => args.add(cells.map(boolean).collect::<Result<Vec<_>, _>>()?),
                Type::Bytes => args.add(cells.map(bytes).collect::<Result<Vec<_>, _>>()?),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(Some((self.template.replace("{rows}", &unnest(self.types)), args)))
    }
}

fn names(width: usize) -> String {
    (1..=width).map(|n| format!("c{n}")).collect::<Vec<_>>().join(", ")
}

fn values(rows: usize, width: usize) -> String {
    // SQLite cannot name the columns of VALUES; a select around the first row does it.
    let mut sql = String::from("(SELECT ");
    for n in 1..=width {
        let comma = if n > 1 { ", " } else { "" };
        let _ = write!(sql, "{comma}column{n} AS c{n}");
    }
    sql.push_str(" FROM (VALUES ");
    // Without numbers: SQLite looks numbered ones up by name, in a list of them all.
    let row = format!("({}?)", "?, ".repeat(width.saturating_sub(1)));
    sql.push_str(&vec![row; rows].join(", "));
    sql.push_str(")) AS v");
    sql
}

fn unnest(types: &[Type]) -> String {
    let arrays = types.iter().enumerate().map(|(i, kind)| {
        let name = match kind {
            Type::Text => "text",
            Type::Big => "bigint",
            Type::Bool => "boolean",
            Type::Bytes => "bytea",
        };
        format!("${}::{name}[]", i + 1)
    });
    format!("UNNEST({}) AS v ({})", arrays.collect::<Vec<_>>().join(", "), names(types.len()))
}

fn wrong(value: &Value<'_>) -> StoreError {
    StoreError::broken(
        "in a bulk statement",
        format!("{value:?} stands in a column of another type"),
    )
}

fn text<'v>(value: &'v Value<'_>) -> Result<Option<&'v str>, StoreError> {
    match value {
        Value::Text(v) => Ok(v.as_deref()),
        other => Err(wrong(other)),
    }
}

fn big(value: &Value<'_>) -> Result<Option<i64>, StoreError> {
    match value {
        Value::Big(v) => Ok(*v),
        other => Err(wrong(other)),
    }
}

fn boolean(value: &Value<'_>) -> Result<bool, StoreError> {
    match value {
        Value::Bool(v) => Ok(*v),
        other => Err(wrong(other)),
    }
}

fn bytes<'v>(value: &'v Value<'_>) -> Result<&'v [u8], StoreError> {
    match value {
        Value::Bytes(Cow::Borrowed(v)) => Ok(v),
        Value::Bytes(Cow::Owned(v)) => Ok(v),
        other => Err(wrong(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::value::args;

    #[test]
    fn chunks_have_three_shapes() {
        let rows: Vec<_> = (0..117i64).map(|n| args![n, "x"]).collect();
        let bulk = Bulk::new("SELECT c1 FROM {rows}", &[Type::Big, Type::Text], rows);
        let statements = bulk.for_sqlite();
        let sizes: Vec<usize> = statements.iter().map(|(_, a)| a.len() / 2).collect();
        assert_eq!(sizes, [50, 50, 8, 8, 1]);
        assert!(
            statements[4]
                .0
                .ends_with("(SELECT column1 AS c1, column2 AS c2 FROM (VALUES (?, ?))) AS v")
        );
    }

    #[test]
    fn postgres_gets_arrays() {
        let bulk =
            Bulk::new("SELECT c1 FROM {rows}", &[Type::Big, Type::Text], vec![args![1i64, "x"]]);
        let (sql, _) = bulk.for_postgres().unwrap().unwrap();
        assert_eq!(sql, "SELECT c1 FROM UNNEST($1::bigint[], $2::text[]) AS v (c1, c2)");
        let wrong = Bulk::new("{rows}", &[Type::Text], vec![args![1i64]]);
        assert!(wrong.for_postgres().is_err());
    }
}
