//! `Problem`: what is wrong with a configuration, where, and what to write instead.

use crate::wire::Secret;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One thing wrong, or hardly meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file; for a value from outside the files, `environment variable NAME`.
    pub file: PathBuf,
    /// The line, from 1; 0 where it is about the file as a whole or about a variable.
    pub line: usize,
    /// The full path of the key, as `channel.masto.token`; empty where it is about no key.
    pub key: String,
    /// What is wrong, without a full stop.
    pub what: String,
    /// What to do or write, a sentence.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}. {}", self.what, self.remedy)
    }
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A line of a file, from 1; 0 for the whole.
    Line(Arc<Path>, usize),
    /// An environment variable.
    Variable(String),
}

impl Place {
    /// The folder from which relative paths are meant, where a file says so.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Place::Line(file, _) => file.parent(),
            Place::Variable(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(file, line) => write!(f, "{}:{line}", file.display()),
            Place::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Problems {
    wrong: Vec<Problem>,
    doubtful: Vec<Problem>,
    hidden: Vec<Secret>,
}

impl Problems {
    /// Something is wrong.
    pub(super) fn add(
        &mut self,
        place: &Place,
        key: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.wrong.push(problem(place, key.into(), what.into(), remedy.into()));
    }

    /// Something is allowed, but hardly meant.
    pub(super) fn warn(
        &mut self,
        place: &Place,
        key: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.doubtful.push(problem(place, key.into(), what.into(), remedy.into()));
    }

    /// Keeps this text out of every problem, however it may get in (a network's own words about
    /// its settings, for one).
    pub(super) fn hide(&mut self, secret: &Secret) {
        // One or two characters would strike out half of every sentence, and protect nothing.
        if secret.expose().len() > 2 {
            self.hidden.push(secret.clone());
        }
    }

    /// Whether anything is wrong.
    pub(super) fn any(&self) -> bool {
        !self.wrong.is_empty()
    }

    /// All that is wrong, by file and line.
    pub(super) fn sorted(self) -> Vec<Problem> {
        tidy(self.wrong, &self.hidden)
    }

    /// All that is doubtful, by file and line.
    pub(super) fn warnings(self) -> Vec<Problem> {
        tidy(self.doubtful, &self.hidden)
    }
}

pub(super) fn problem(place: &Place, key: String, what: String, remedy: String) -> Problem {
    let (file, line) = match place {
        Place::Line(file, line) => (file.to_path_buf(), *line),
        Place::Variable(_) => (place.to_string().into(), 0),
    };
    Problem { file, line, key, what, remedy }
}

fn tidy(mut problems: Vec<Problem>, hidden: &[Secret]) -> Vec<Problem> {
    for text in problems.iter_mut().flat_map(|p| [&mut p.what, &mut p.remedy]) {
        for secret in hidden {
            if text.contains(secret.expose()) {
                *text = text.replace(secret.expose(), "[secret]");
            }
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

/// The known name that was most likely meant.
pub(super) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let unknown = unknown.to_lowercase();
    // A typing error or two; in longer words one more.
    let reach = 2.max(unknown.chars().count() / 4);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&unknown, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= reach && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// A remedy for an unknown name: the nearest, else all there are.
pub(super) fn instead(unknown: &str, known: &[&str]) -> String {
    match nearest(unknown, known.iter().copied()) {
        Some(name) => format!("Did you mean `{name}`?"),
        None => format!("Known here: {}.", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_struck_out_wherever_it_got_in() {
        let mut problems = Problems::default();
        problems.hide(&Secret::new("tk_123"));
        let place = Place::Line(Path::new("a.toml").into(), 3);
        problems.add(&place, "channel.a.token", "`tk_123` is odd", "Do not write tk_123.");
        let all = problems.sorted();
        assert_eq!(
            all[0].to_string(),
            "a.toml:3: channel.a.token: `[secret]` is odd. Do not write [secret]."
        );
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("tokn", ["instance", "token"]), Some("token"));
        assert_eq!(nearest("Brand", ["brand"]), Some("brand"));
        assert_eq!(nearest("colour", ["instance", "token"]), None);
        assert_eq!(nearest("x", ["a", "b"]), None, "one letter is like any other");
    }
}
