//! What goes wrong in the store, and what a person can do about it.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It could not be opened.
    #[error("{0}")]
    Opening(String),
    /// Somebody else changed the row meanwhile: reload it and apply the change again.
    #[error("the row was changed by somebody else meanwhile; reload and try again")]
    Conflict,
    /// The disk is full: nothing was stored, nothing accepted before is lost.
    #[error(
        "the disk is full; free space, and the work goes on by itself. Nothing accepted is lost"
    )]
    Full,
    /// A row holds what no version of the product writes.
    #[error("the row {row} is broken: {why}. Run `ascolto ledger` to see what else is")]
    Broken {
        /// Which.
        row: String,
        /// What is wrong with it.
        why: String,
    },
    /// A simulation ended the process here.
    #[error("crashed by the simulation")]
    Crashed,
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[source] sqlx::Error),
}

impl StoreError {
    /// A failure while opening, with the remedy.
    pub(super) fn opening(e: sqlx::Error) -> StoreError {
        StoreError::Opening(format!(
            "the store cannot be opened: {e}. Check [store] url, that its folder exists and is \
             writable, or that the database server runs"
        ))
    }

    /// A row that cannot be read.
    pub(super) fn broken(row: impl std::fmt::Display, why: impl std::fmt::Display) -> StoreError {
        StoreError::Broken { row: row.to_string(), why: why.to_string() }
    }

    /// Whether trying again, a little later, can help.
    pub fn is_passing(&self) -> bool {
        match self {
            StoreError::Conflict => true,
            StoreError::Database(e) => match e {
                sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
                sqlx::Error::Database(db) => {
                    // SQLITE_BUSY (5); serialization failure and deadlock of PostgreSQL.
                    matches!(db.code().as_deref(), Some("5" | "517" | "40001" | "40P01"))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(e: sqlx::Error) -> StoreError {
        if let sqlx::Error::Database(db) = &e {
            // SQLITE_FULL (13); disk_full of PostgreSQL.
            if matches!(db.code().as_deref(), Some("13" | "53100")) {
                return StoreError::Full;
            }
        }
        StoreError::Database(e)
    }
}
