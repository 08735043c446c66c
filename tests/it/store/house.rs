//! A fresh database of either kind for one test, and a way past the store to break rows by hand.

use ascolto::domain::Instant;
use ascolto::ids::Ids;
use ascolto::store::{Store, Tx};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use std::path::Path;

/// When the tests begin: 2026-11-20T09:00:00Z.
pub const T0: Instant = Instant(1_795_165_200_000);

enum Raw {
    Sqlite(SqlitePool, tempfile::TempDir),
    Postgres { pool: PgPool, admin: PgPool, name: String },
}

/// A store of one test.
pub struct House {
    /// The store.
    pub store: Store,
    /// Ids, the same in every run.
    pub ids: Ids,
    raw: Raw,
}

impl House {
    /// A file in memory if the machine has such a folder.
    pub async fn sqlite() -> House {
        let shm = Path::new("/dev/shm");
        let folder = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
        let folder = folder.expect("a temporary folder can be made");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url).await.expect("a new file can be opened");
        // One connection: another one would learn late of a table made and dropped by hand.
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect(&url).await.expect("it can be opened twice");
        House { store, ids: Ids::seeded(7), raw: Raw::Sqlite(pool, folder) }
    }

    /// A database of its own in the cluster that the tests run.
    pub async fn postgres() -> House {
        let url = std::env::var("ASCOLTO_TEST_POSTGRES").unwrap_or_else(|_| {
            panic!("ASCOLTO_TEST_POSTGRES names no PostgreSQL; run the tests by ./tests/run")
        });
        let admin = PgPool::connect(&url).await.expect("the PostgreSQL of the tests runs");
        let name = format!("t_{:032x}", Ids::system().next(T0));
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&admin).await.expect("it may make databases");
        let (server, _) = url.rsplit_once('/').expect("the address ends with a database");
        let url = format!("{server}/{name}");
        let store = Store::open(&url).await.expect("a new database can be opened");
        let pool = PgPool::connect(&url).await.expect("it can be opened twice");
        House { store, ids: Ids::seeded(7), raw: Raw::Postgres { pool, admin, name } }
    }

    /// Closes and removes it; a test that failed leaves its database for a look.
    pub async fn leave(self) {
        self.store.close().await;
        match self.raw {
            Raw::Sqlite(pool, folder) => {
                pool.close().await;
                drop(folder);
            }
            Raw::Postgres { pool, admin, name } => {
                pool.close().await;
                let remove = format!("DROP DATABASE {name} WITH (FORCE)");
                sqlx::query(AssertSqlSafe(remove)).execute(&admin).await.expect("it was ours");
            }
        }
    }

    /// A new id.
    pub fn id(&self) -> u128 {
        self.ids.next(T0)
    }

    /// The folder of the SQLite file.
    pub fn folder(&self) -> Option<&Path> {
        match &self.raw {
            Raw::Sqlite(_, folder) => Some(folder.path()),
            Raw::Postgres { .. } => None,
        }
    }

    /// A transaction that writes.
    pub async fn begin(&self) -> Tx {
        self.store.begin().await.expect("a transaction can begin")
    }

    /// Runs SQL by hand; says how many rows it changed.
    pub async fn by_hand(&self, sql: &str) -> u64 {
        let safe = AssertSqlSafe(sql.to_owned());
        let changed = match &self.raw {
            Raw::Sqlite(pool, _) => {
                sqlx::query(safe).execute(pool).await.map(|r| r.rows_affected())
            }
            Raw::Postgres { pool, .. } => {
                sqlx::query(safe).execute(pool).await.map(|r| r.rows_affected())
            }
        };
        changed.unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    /// How the database would go about a statement, line by line.
    pub async fn plan(&self, sql: &str) -> Vec<String> {
        let rows = match &self.raw {
            Raw::Sqlite(pool, _) => {
                let asked = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                let rows = sqlx::query_as::<_, (i64, i64, i64, String)>(asked).fetch_all(pool);
                rows.await.map(|rows| rows.into_iter().map(|(.., line)| line).collect())
            }
            Raw::Postgres { pool, .. } => {
                let asked = AssertSqlSafe(format!("EXPLAIN {sql}"));
                let rows = sqlx::query_as::<_, (String,)>(asked).fetch_all(pool);
                rows.await.map(|rows| rows.into_iter().map(|(line,)| line).collect())
            }
        };
        rows.unwrap_or_else(|e| panic!("{sql}: {e}"))
    }

    /// One number by SQL.
    pub async fn number(&self, sql: &str) -> i64 {
        let safe = AssertSqlSafe(sql.to_owned());
        let found: Result<(i64,), _> = match &self.raw {
            Raw::Sqlite(pool, _) => sqlx::query_as(safe).fetch_one(pool).await,
            Raw::Postgres { pool, .. } => sqlx::query_as(safe).fetch_one(pool).await,
        };
        found.unwrap_or_else(|e| panic!("{sql}: {e}")).0
    }
}
