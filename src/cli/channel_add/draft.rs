//! The channel as far as it was asked for: its answers, the check of them, its section and files.

use super::super::ask::Asker;
use super::super::failure::Failure;
use super::super::{Global, out};
use super::{Place, secret_file, write_new};
use crate::app;
use crate::config::{self, Config};
use crate::wire::{Key, KeyKind, Meta, Secret};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// What stands before the path of a file that holds a secret, in place of the secret.
const FILE: &str = "file:";

/// What was answered about one key.
enum Answer {
    Plain(toml::Value),
    Typed(Secret),
    /// The secret lies in this file.
    File(String),
}

/// The channel as far as it was asked for.
pub(super) struct Draft {
    pub name: String,
    pub brand: String,
    meta: &'static Meta,
    answers: BTreeMap<&'static str, Answer>,
}

impl Draft {
    /// A channel of which nothing was asked yet.
    pub(super) fn new(name: String, brand: String, meta: &'static Meta) -> Draft {
        Draft { name, brand, meta, answers: BTreeMap::new() }
    }

    /// Asks for one key, on a terminal until the answer has the key's form.
    pub(super) fn ask(&mut self, key: &'static Key, ask: &mut Asker) -> Result<(), Failure> {
        if ask.is_terminal() {
            let secret = key.kind == KeyKind::Secret;
            let how =
                if secret { " It is not shown; file:PATH names a file that holds it." } else { "" };
            let may = if key.required { "" } else { " May be left out." };
            out::say(&format!("\n{}{may} For example: {}.{how}", key.doc, shown(key)));
        }
        loop {
            let text = ask.answer(key.name, key.kind == KeyKind::Secret)?;
            if text.is_empty() && !key.required {
                self.answers.remove(key.name);
                return Ok(());
            }
            match read(key, &text) {
                Ok(answer) => {
                    self.answers.insert(key.name, answer);
                    return Ok(());
                }
                Err(why) if ask.is_terminal() => out::say(why),
                Err(why) => return Err(Failure::usage(format!("{}: {why}", key.name))),
            }
        }
    }

    /// Puts a secret that was not typed: what a consent page hands out, or what stands for it until
    /// then.
    pub(super) fn put(&mut self, key: &'static str, secret: Secret) {
        self.answers.insert(key, Answer::Typed(secret));
    }

    /// The whole configuration with this channel in it. On a terminal what does not do is asked
    /// for again.
    pub(super) fn checked(
        &mut self,
        global: &Global,
        place: &Place,
        ask: &mut Asker,
    ) -> Result<Config, Failure> {
        loop {
            let text = self.section(true);
            let draft = Some((place.file.as_path(), text.as_str()));
            let loaded =
                config::load_beside(&global.config, draft, config::from_env(), &app::registry());
            let problems = match loaded {
                Ok(config) => return Ok(config),
                Err(problems) => problems,
            };
            for problem in &problems {
                out::say(&format!("{}: {}. {}", problem.key, problem.what, problem.remedy));
            }
            let path = |key: &Key| format!("channel.{}.{}", self.name, key.name);
            let is_wrong = |key: &&'static Key| {
                let (plain, twin) = (path(key), format!("{}_file", path(key)));
                problems.iter().any(|problem| problem.key == plain || problem.key == twin)
            };
            let wrong: Vec<&'static Key> = self.meta.keys.iter().filter(is_wrong).collect();
            if wrong.is_empty() || !ask.is_terminal() {
                let count = out::count(problems.len(), "problem");
                return Err(Failure::usage(format!(
                    "with this channel the configuration has {count}; nothing was written"
                )));
            }
            for key in wrong {
                self.ask(key, ask)?;
            }
        }
    }

    /// The section as it is written; with `bare`, typed secrets stand in it, for the check alone.
    pub(super) fn section(&self, bare: bool) -> String {
        let mut out = format!(
            "[channel.{}]\nnetwork = {}\nbrand = {}\n",
            self.name,
            quoted(self.meta.name),
            quoted(&self.brand)
        );
        for key in self.meta.keys {
            let line = match self.answers.get(key.name) {
                None => continue,
                Some(Answer::Plain(value)) => format!("{} = {value}", key.name),
                Some(Answer::Typed(secret)) if bare => {
                    format!("{} = {}", key.name, quoted(secret.expose()))
                }
                Some(Answer::Typed(_)) => {
                    format!("{}_file = {}", key.name, quoted(&secret_file(&self.name, key)))
                }
                Some(Answer::File(path)) => format!("{}_file = {}", key.name, quoted(path)),
            };
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// Writes the secrets, and then the section where it gets a file: all of it or nothing.
    pub(super) fn write(&self, place: &Place) -> Result<Vec<PathBuf>, Failure> {
        let mut files: Vec<(PathBuf, Secret)> = Vec::new();
        for key in self.meta.keys {
            if let Some(Answer::Typed(secret)) = self.answers.get(key.name) {
                let text = Secret::new(format!("{}\n", secret.expose()));
                files.push((place.secret(&self.name, key), text));
            }
        }
        if place.is_folder {
            files.push((place.file.clone(), Secret::new(self.section(false))));
        }
        let mut written: Vec<PathBuf> = Vec::new();
        for (file, text) in files {
            if let Err(e) = write_new(&file, text.expose()) {
                // What cannot be removed either holds no more than it should.
                written.iter().for_each(|file| drop(fs::remove_file(file)));
                return Err(Failure::outside(format!(
                    "{} cannot be written: {e}. Run this as somebody who may write there",
                    file.display()
                )));
            }
            written.push(file);
        }
        Ok(written)
    }
}

/// Reads an answer by the form of its key.
fn read(key: &Key, text: &str) -> Result<Answer, &'static str> {
    if text.is_empty() {
        return Err("this must be given");
    }
    Ok(Answer::Plain(match key.kind {
        KeyKind::Secret => {
            return Ok(match text.strip_prefix(FILE) {
                Some(path) => Answer::File(path.trim().to_owned()),
                None => Answer::Typed(Secret::new(text)),
            });
        }
        KeyKind::Text | KeyKind::Url => toml::Value::from(text),
        KeyKind::Number => {
            let number: i64 = text.parse().map_err(|_| "write a whole number")?;
            toml::Value::from(number)
        }
        KeyKind::Flag => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" => toml::Value::from(true),
            "false" | "no" | "n" => toml::Value::from(false),
            _ => return Err("write yes or no"),
        },
        KeyKind::List => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            toml::Value::from(parts.map(str::to_owned).collect::<Vec<String>>())
        }
    }))
}

/// The example of a key as a person types it here.
fn shown(key: &Key) -> String {
    let table: Option<toml::Table> = format!("it = {}", key.example).parse().ok();
    match table.as_ref().and_then(|table| table.get("it")) {
        Some(toml::Value::String(text)) => text.clone(),
        Some(toml::Value::Array(list)) => {
            list.iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join(", ")
        }
        Some(toml::Value::Boolean(true)) => "yes".to_owned(),
        Some(toml::Value::Boolean(false)) => "no".to_owned(),
        _ => key.example.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
