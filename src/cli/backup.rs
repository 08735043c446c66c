//! `ascolto backup`: a consistent copy of the store while it is in use.

use super::failure::Failure;
use super::{Global, house, out};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Write a consistent copy of the store while it is in use
///
/// The copy is a SQLite database. It holds what the store holds, the sessions of channels too: keep
/// it as safe as the store. A PostgreSQL store is backed up with pg_dump.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; there must be none of that name
    file: PathBuf,
}

impl Backup {
    pub(super) fn run(&self, global: &Global) -> Result<(), Failure> {
        let config = house::load(global)?;
        let Some(name) = self.file.to_str() else {
            return Err(Failure::usage("the name of the file is not UTF-8; choose another"));
        };
        house::wait(house::over_store(&config, async |store| {
            if !store.is_sqlite() {
                return Err(Failure::usage(
                    "the store is a PostgreSQL database; back it up with `pg_dump --format=custom`",
                ));
            }
            // Made before it is filled, so that nobody else can read it, not even for a moment.
            private(&self.file)?;
            let copied = match store.copy_to(name).await {
                Ok(()) => last(&self.file).map_err(|e| unwritable(&self.file, &e)),
                Err(e) => Err(e.into()),
            };
            if copied.is_err() {
                // A torn copy must not be taken for a backup.
                drop(std::fs::remove_file(&self.file));
            }
            copied
        }))?;
        out::line(&format!("the store is copied to {name}"))
    }
}

/// Makes an empty file that only its owner may read.
fn private(file: &Path) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(file).map(drop).map_err(|e| unwritable(file, &e))
}

/// Waits until the copy is on the disk.
fn last(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()
}

fn unwritable(file: &Path, e: &io::Error) -> Failure {
    let file = file.display();
    match e.kind() {
        io::ErrorKind::AlreadyExists => Failure::outside(format!(
            "{file} is there already; a backup overwrites nothing, choose another name"
        )),
        io::ErrorKind::NotFound => {
            Failure::outside(format!("the folder of {file} is not there; make it first"))
        }
        _ => Failure::outside(format!("{file} cannot be written: {e}")),
    }
}
