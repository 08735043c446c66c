//! Connections and transactions: the one place that knows which database is below.

use super::bulk::Bulk;
use super::error::StoreError;
use super::value::{Sql, Value};
use crate::wire::BoxFuture;
use sqlx::postgres::{PgArguments, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Connection, FromRow, Postgres, Sqlite, Transaction,
};
use std::sync::Arc;

/// A row type that both databases can fill.
pub trait Record:
    Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>
{
}
impl<T> Record for T where
    T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>
{
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// Told of every commit boundary; a simulation crashes there.
pub trait Boundary: Send + Sync {
    /// Whether the process dies here.
    fn crashes(&self, at: &'static str) -> bool;
}

/// The store. Clones share the connections.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    boundary: Option<Arc<dyn Boundary>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_sqlite() { "Store(sqlite)" } else { "Store(postgres)" })
    }
}

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…` and brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached, opened or migrated; the text says what to do.
    pub async fn open(url: &str) -> Result<Store, StoreError> {
        let pool = match url.split_once(':') {
            Some(("sqlite", path)) => open_sqlite(path.strip_prefix("//").unwrap_or(path)).await?,
            Some(("postgres" | "postgresql", _)) => Pool::Postgres(
                PgPoolOptions::new()
                    .max_connections(12)
                    .acquire_timeout(std::time::Duration::from_secs(10))
                    .connect(url)
                    .await
                    .map_err(StoreError::opening)?,
            ),
            _ => return Err(StoreError::Opening(
                "the store's address begins neither with sqlite: nor with postgres://; write for example sqlite:ascolto.db".to_owned(),
            )),
        };
        let migrations = sqlx::migrate!("./migrations");
        match &pool {
            Pool::Sqlite { writer, .. } => migrations.run(writer).await,
            Pool::Postgres(pg) => migrations.run(pg).await,
        }
        .map_err(|e| {
            StoreError::Opening(format!("the schema cannot be brought up to date: {e}"))
        })?;
        Ok(Store { pool, boundary: None })
    }

    /// The same store with a watcher of commit boundaries.
    pub fn watched(self, boundary: Arc<dyn Boundary>) -> Store {
        Store { boundary: Some(boundary), ..self }
    }

    /// Whether SQLite is below.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.pool, Pool::Sqlite { .. })
    }

    /// A transaction that writes. On SQLite there is one at a time (`BEGIN IMMEDIATE`).
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pool {
            Pool::Sqlite { writer, .. } => {
                Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
            Pool::Postgres(pg) => Inner::Postgres(pg.begin().await?),
        };
        Ok(Tx { inner, boundary: self.boundary.clone() })
    }

    /// A transaction that reads one state of the whole database. It is dropped, not committed.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let inner = match &self.pool {
            Pool::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Pool::Postgres(pg) => Inner::Postgres(
                pg.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        };
        Ok(Tx { inner, boundary: None })
    }

    /// Writes a consistent copy into a new file while the product runs (SQLite only).
    ///
    /// # Errors
    /// On PostgreSQL (use `pg_dump`), and when the file exists or cannot be written.
    pub async fn copy_to(&self, file: &str) -> Result<(), StoreError> {
        match &self.pool {
            Pool::Sqlite { readers, .. } => {
                // The readers may not write, not even a file of their own; one beside them may.
                let options = SqliteConnectOptions::clone(&readers.connect_options());
                let mut copier = options.pragma("query_only", "false").connect().await?;
                sqlx::query("VACUUM INTO $1").bind(file).execute(&mut copier).await?;
                Ok(copier.close().await?)
            }
            Pool::Postgres(_) => Err(StoreError::Opening(
                "a PostgreSQL store is backed up with pg_dump --format=custom".to_owned(),
            )),
        }
    }

    /// Closes every connection; writes the SQLite journal back into the file.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pool::Postgres(pg) => pg.close().await,
        }
    }
}

/// A pool that gives out no connection on which a transaction is still open. SQLite itself rolls
/// back where a disk is full; the driver, which then cannot, would count that transaction for ever.
fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().before_acquire(|connection, _| {
        let clean = !connection.is_in_transaction();
        Box::pin(async move { Ok(clean) })
    })
}

async fn open_sqlite(path: &str) -> Result<Pool, StoreError> {
    // Not read as an address: `%`, `?` and `#` may stand in the name of a file.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // A mention takes 1 to 3 KB: of the usual pages of 4 KB each would fill one alone.
        // The journal, too, is then written back every 16 MB: most rows are judged before that.
        .page_size(16_384)
        .busy_timeout(std::time::Duration::from_secs(10))
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-16000")
        // Rows come from a thread of the driver's: in heaps, not each with a wake-up of its own.
        .row_buffer_size(1_000)
        .statement_cache_capacity(256);
    let writer = pool()
        .max_connections(1)
        .acquire_timeout(std::time::Duration::from_secs(30))
        .connect_with(options.clone())
        .await
        .map_err(StoreError::opening)?;
    let readers = pool()
        .max_connections(3)
        .min_connections(0)
        .connect_lazy_with(options.pragma("cache_size", "-4000").pragma("query_only", "true"));
    Ok(Pool::Sqlite { writer, readers })
}

/// What a statement will give. Boxed, so that what stands above is not compiled anew around the
/// whole of both drivers: that alone made optimised builds minutes longer.
type Boxed<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Rows as the driver gives them.
enum Rows {
    Sqlite(Vec<SqliteRow>),
    Postgres(Vec<PgRow>),
}

impl Rows {
    fn read<T: Record>(self) -> Result<Vec<T>, StoreError> {
        Ok(match self {
            Rows::Sqlite(rows) => rows.iter().map(T::from_row).collect::<Result<_, _>>()?,
            Rows::Postgres(rows) => rows.iter().map(T::from_row).collect::<Result<_, _>>()?,
        })
    }
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction; rolled back when dropped without `commit`.
pub struct Tx {
    inner: Inner,
    boundary: Option<Arc<dyn Boundary>>,
}

impl Tx {
    /// Makes everything in it last.
    pub async fn commit(self) -> Result<(), StoreError> {
        let crashes = |at| self.boundary.as_ref().is_some_and(|b| b.crashes(at));
        if crashes("before commit") {
            return Err(StoreError::Crashed);
        }
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        if self.boundary.as_ref().is_some_and(|b| b.crashes("after commit")) {
            return Err(StoreError::Crashed);
        }
        Ok(())
    }

    /// Runs a statement; says how many rows it changed.
    pub(super) fn exec<'a>(&'a mut self, sql: Sql, args: Vec<Value<'a>>) -> Boxed<'a, u64> {
        Box::pin(async move {
            Ok(match &mut self.inner {
                Inner::Sqlite(tx) => sqlx::query_with(sql.sqlite, sqlite_args(args)?)
                    .execute(&mut **tx)
                    .await?
                    .rows_affected(),
                Inner::Postgres(tx) => sqlx::query_with(sql.postgres, pg_args(args)?)
                    .execute(&mut **tx)
                    .await?
                    .rows_affected(),
            })
        })
    }

    /// All rows of a statement.
    pub(super) async fn all<T: Record>(
        &mut self,
        sql: Sql,
        args: Vec<Value<'_>>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(sql, args).await?.read()
    }

    /// The first row of a statement, if any. Statements that could give more say `LIMIT 1`.
    pub(super) async fn first<T: Record>(
        &mut self,
        sql: Sql,
        args: Vec<Value<'_>>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.rows(sql, args).await?.read()?.into_iter().next())
    }

    /// Runs a bulk statement in as many pieces as the database likes; says how many rows changed.
    pub(super) fn bulk<'a>(&'a mut self, bulk: Bulk<'a>) -> Boxed<'a, u64> {
        Box::pin(async move {
            let mut changed = 0;
            match &mut self.inner {
                Inner::Sqlite(tx) => {
                    for (sql, args) in bulk.for_sqlite() {
                        let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_args(args)?);
                        changed += query.execute(&mut **tx).await?.rows_affected();
                    }
                }
                Inner::Postgres(tx) => {
                    if let Some((sql, args)) = bulk.for_postgres()? {
                        let query = sqlx::query_with(AssertSqlSafe(sql), args);
                        changed = query.execute(&mut **tx).await?.rows_affected();
                    }
                }
            }
            Ok(changed)
        })
    }

    /// A bulk statement that gives rows back.
    pub(super) async fn bulk_all<T: Record>(
        &mut self,
        bulk: Bulk<'_>,
    ) -> Result<Vec<T>, StoreError> {
        self.bulk_rows(bulk).await?.read()
    }

    fn rows<'a>(&'a mut self, sql: Sql, args: Vec<Value<'a>>) -> Boxed<'a, Rows> {
        Box::pin(async move {
            Ok(match &mut self.inner {
                Inner::Sqlite(tx) => {
                    let query = sqlx::query_with(sql.sqlite, sqlite_args(args)?);
                    Rows::Sqlite(query.fetch_all(&mut **tx).await?)
                }
                Inner::Postgres(tx) => {
                    let query = sqlx::query_with(sql.postgres, pg_args(args)?);
                    Rows::Postgres(query.fetch_all(&mut **tx).await?)
                }
            })
        })
    }

    fn bulk_rows<'a>(&'a mut self, bulk: Bulk<'a>) -> Boxed<'a, Rows> {
        Box::pin(async move {
            match &mut self.inner {
                Inner::Sqlite(tx) => {
                    let mut rows = Vec::new();
                    for (sql, args) in bulk.for_sqlite() {
                        let query = sqlx::query_with(AssertSqlSafe(sql), sqlite_args(args)?);
                        rows.extend(query.fetch_all(&mut **tx).await?);
                    }
                    Ok(Rows::Sqlite(rows))
                }
                Inner::Postgres(tx) => {
                    let Some((sql, args)) = bulk.for_postgres()? else {
                        return Ok(Rows::Postgres(Vec::new()));
                    };
                    let query = sqlx::query_with(AssertSqlSafe(sql), args);
                    Ok(Rows::Postgres(query.fetch_all(&mut **tx).await?))
                }
            }
        })
    }

    /// Prepares a statement without running it; for the test that prepares them all.
    pub async fn prepare(&mut self, sql: Sql) -> Result<(), StoreError> {
        use sqlx::{Executor, SqlSafeStr};
        match &mut self.inner {
            Inner::Sqlite(tx) => drop((&mut **tx).prepare(sql.sqlite.into_sql_str()).await?),
            Inner::Postgres(tx) => drop((&mut **tx).prepare(sql.postgres.into_sql_str()).await?),
        }
        Ok(())
    }
}

/// Binds values to the arguments of one database; the only text that both need twice.
macro_rules! bound {
    ($arguments:ty, $values:expr) => {{
        let mut args = <$arguments>::default();
        for value in $values {
            match value {
                Value::Text(v) => args.add(v.map(|t| t.into_owned())),
                Value::Big(v) => args.add(v),
                Value::Bool(v) => args.add(v),
                Value::Bytes(v) => args.add(v.into_owned()),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(args)
    }};
}

fn sqlite_args(values: Vec<Value<'_>>) -> Result<SqliteArguments, StoreError> {
    bound!(SqliteArguments, values)
}

fn pg_args(values: Vec<Value<'_>>) -> Result<PgArguments, StoreError> {
    bound!(PgArguments, values)
}
