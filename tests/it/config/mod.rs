//! Configurations good and broken, read from files as people write them.

mod broken;
mod calendars;
mod consumers;
mod doubles;
mod duty;
mod example;
mod good;
mod outside;
mod pages;
mod shipped;

use ascolto::config::{Config, Problem, load};
use doubles::REGISTRY;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of files that go away with it.
struct Folder(TempDir);

impl Folder {
    fn of(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Folder(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str, env: &[(&str, &str)]) -> Result<Config, Vec<Problem>> {
        read(&self.path(name), env)
    }

    /// What is wrong, one text a problem, without the folder's path.
    fn wrong(&self, name: &str, env: &[(&str, &str)]) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        let problems = self.load(name, env).err().expect("something is wrong with it");
        problems.iter().map(|p| p.to_string().replace(&folder, "")).collect()
    }
}

fn read(path: &Path, env: &[(&str, &str)]) -> Result<Config, Vec<Problem>> {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(path, env, &REGISTRY)
}

/// The configuration, or all that is wrong with it as the failure of the test.
#[track_caller]
fn sound(config: Result<Config, Vec<Problem>>) -> Config {
    config.unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(|p| format!("{p}\n")).collect::<String>())
    })
}
