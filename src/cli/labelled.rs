//! Files of labelled lines, as `eval` and `train` read them.

use super::failure::Failure;
use super::lines::{self, LONGEST, Line, Lines};
use crate::classify::Labelled;
use crate::domain::text;
use std::io;
use std::path::Path;

/// The labelled lines of a file with their places in it, from 0. Empty lines are passed over.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<(usize, Labelled)>, Failure> {
    let mut lines = Lines::new(bytes);
    let mut read = Vec::new();
    while let Some(line) = lines.next().map_err(|e| unreadable(path, &e))? {
        let place = usize::try_from(lines.number()).unwrap_or(usize::MAX) - 1;
        let wrong =
            |why: &str| Failure::usage(format!("{}, line {}: {why}", path.display(), place + 1));
        match line {
            Line::TooLong => return Err(wrong(&format!("longer than {LONGEST} bytes; cut it"))),
            Line::Text(line) if line.trim().is_empty() => {}
            Line::Text(line) => {
                let mut labelled: Labelled = lines::parse(&line).map_err(|why| wrong(&why))?;
                text::clean(&mut labelled.text);
                read.push((place, labelled));
            }
        }
    }
    Ok(read)
}

/// The bytes of a file.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| unreadable(path, &e))
}

pub(super) fn unreadable(path: &Path, e: &io::Error) -> Failure {
    Failure::outside(format!(
        "{} cannot be read: {e}. Check that it is there and that you may read it",
        path.display()
    ))
}
