//! `ascolto docs`: writes the pages about networks, notifiers, ticket systems and cases, or says
//! which are stale.

use super::failure::Failure;
use super::out;
use crate::app;
use crate::config::{self, DocsPage};
use crate::networks;
use clap::Args;
use std::io;
use std::path::{Path, PathBuf};

/// Write the pages about networks, notifiers, ticket systems and cases, or say which are stale
///
/// They are made from what this program knows of them, so they tell what this version does.
#[derive(Debug, Args)]
pub(super) struct Docs {
    /// Write nothing; name each page that is stale, and exit 1 if there is one
    #[arg(long)]
    check: bool,
    /// The folder that holds networks/, notifiers/, handover/ and cases/
    #[arg(long, value_name = "DIR", default_value = "docs")]
    out: PathBuf,
}

impl Docs {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let pages = config::pages(&app::registry(), networks::manual);
        let left = left_over(&self.out, &pages)?;
        let mut stale = Vec::new();
        for page in &pages {
            let file = self.out.join(&page.path);
            if read(&file)?.as_deref() != Some(page.text.as_str()) {
                stale.push((file, page));
            }
        }
        if !self.check {
            for (file, page) in &stale {
                write(file, &page.text)?;
            }
            for file in &left {
                out::say(&format!("{} belongs to nothing any more: remove it", file.display()));
            }
            let changed = out::count(stale.len(), "page");
            return out::line(&format!("{changed} of {} written", pages.len()));
        }
        for (file, _) in &stale {
            out::line(&format!("{} is stale", file.display()))?;
        }
        for file in &left {
            out::line(&format!("{} belongs to nothing any more", file.display()))?;
        }
        match stale.len() + left.len() {
            0 => out::line(&format!("{} are current", out::count(pages.len(), "page"))),
            count => Err(Failure::no(format!(
                "{} not current; write them anew with `ascolto docs --out {}`",
                if count == 1 { "1 page is".to_owned() } else { format!("{count} pages are") },
                self.out.display()
            ))),
        }
    }
}

/// Pages in the folders of the generated ones that nothing generates any more.
fn left_over(out: &Path, pages: &[DocsPage]) -> Result<Vec<PathBuf>, Failure> {
    let mut left = Vec::new();
    for folder in ["networks", "notifiers", "handover"] {
        let folder = out.join(folder);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(unreadable(&folder, &e)),
        };
        for entry in entries {
            let file = entry.map_err(|e| unreadable(&folder, &e))?.path();
            let is_page = file.extension().is_some_and(|end| end == "md");
            if is_page && !pages.iter().any(|page| out.join(&page.path) == file) {
                left.push(file);
            }
        }
    }
    left.sort();
    Ok(left)
}

/// The text of a file, if it is there.
fn read(file: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(file, &e)),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(file, text)).map_err(|e| {
        Failure::outside(format!(
            "{} cannot be written: {e}. Name a folder of yours with --out",
            file.display()
        ))
    })
}

fn unreadable(path: &Path, e: &io::Error) -> Failure {
    Failure::outside(format!("{} cannot be read: {e}. Check its rights", path.display()))
}
