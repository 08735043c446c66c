//! A folder of our own in the system's place for temporary files, removed when it is dropped.

use super::failure::Failure;
use std::fs::DirBuilder;
use std::path::{Path, PathBuf};

/// The folder.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes a folder that nobody else may read; `seed` keeps its name from being guessed.
    pub(super) fn make(seed: u64) -> Result<Scratch, Failure> {
        let path = std::env::temp_dir().join(format!("ascolto-{seed:016x}"));
        let mut folder = DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            folder.mode(0o700);
        }
        folder.create(&path).map_err(|e| {
            Failure::outside(format!(
                "no temporary folder can be made at {}: {e}. Set TMPDIR to a folder with room",
                path.display()
            ))
        })?;
        Ok(Scratch(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, which empties that place.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
