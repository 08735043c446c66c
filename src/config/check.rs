//! Checks a section against its table: unknown keys, missing keys, wrong forms, secrets in files.

use super::form::{Field, Form, Value, Wrong};
use super::problem::{Place, Problems, instead};
use super::section::{Entry, Raw, Section};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No secret is longer, in bytes: who names a log file or a device by mistake is told.
const LONGEST_SECRET: u64 = 64 * 1024;

/// A section whose keys were read by their forms.
pub(super) struct Checked {
    /// `channel.masto`.
    pub path: String,
    /// Where the section begins.
    pub place: Place,
    /// Every key does: none is unknown, missing or of a wrong form.
    pub sound: bool,
    values: BTreeMap<&'static str, (Place, Value)>,
}

impl Checked {
    /// A key's value in its type; `None` if it is not there (or was refused).
    ///
    /// # Panics
    /// If the table gives the key a form of another type: every key is read in the tests.
    pub(super) fn get<T>(&self, key: &str) -> Option<T>
    where
        Option<T>: From<Value>,
    {
        let (_, value) = self.values.get(key).cloned()?;
        let read: Option<T> = value.into();
        Some(read.expect("the table gives the key the form that its reader asks for"))
    }

    /// Where a key stands; the section if it does not.
    pub(super) fn place(&self, key: &str) -> Place {
        self.values.get(key).map_or(&self.place, |(place, _)| place).clone()
    }

    /// `channel.masto.token`.
    pub(super) fn key(&self, key: &str) -> String {
        if key.is_empty() { self.path.clone() } else { format!("{}.{key}", self.path) }
    }

    /// The keys of a network or notifier as the plain table that it reads its settings from.
    pub(super) fn table(&self, fields: &[Field]) -> toml::Table {
        let plain = |value: &Value| match value.clone() {
            Value::Text(text) => Some(toml::Value::String(text)),
            Value::Secret(secret) => Some(toml::Value::String(secret.expose().to_owned())),
            Value::Number(n) => Some(toml::Value::Integer(n)),
            Value::Flag(flag) => Some(toml::Value::Boolean(flag)),
            Value::List(list) => Some(toml::Value::from(list)),
            // Forms of our own sections; no `wire::Key` has them.
            _ => None,
        };
        fields
            .iter()
            .filter_map(|f| Some((f.name.to_owned(), plain(&self.values.get(f.name)?.1)?)))
            .collect()
    }
}

/// Checks a section. With `open`, unknown keys pass: whose they are cannot be said.
pub(super) fn check(
    section: &Section,
    fields: &[Field],
    open: bool,
    problems: &mut Problems,
) -> Checked {
    let mut checked = Checked {
        path: section.path(),
        place: section.place.clone(),
        sound: true,
        values: BTreeMap::new(),
    };
    for entry in &section.entries {
        let Some((field, in_file)) = field_of(&entry.key, fields) else {
            if !open {
                let mut known: Vec<_> = fields.iter().map(|f| f.name.to_owned()).collect();
                known.extend(fields.iter().filter(|f| f.secret()).map(twin));
                let known: Vec<_> = known.iter().map(String::as_str).collect();
                let remedy = instead(&entry.key, &known);
                problems.add(&entry.place, checked.key(&entry.key), "unknown key", remedy);
                checked.sound = false;
            }
            continue;
        };
        if in_file && beaten(entry, field, section, &mut checked, problems) {
            continue;
        }
        let read = if in_file { from_file(field, entry) } else { field.form.read(&entry.raw) };
        match read.and_then(|value| filled(field, value)) {
            Ok(value) => {
                if let Value::Secret(secret) = &value {
                    problems.hide(secret);
                }
                checked.values.insert(field.name, (entry.place.clone(), value));
            }
            Err(Wrong { what, remedy }) => {
                let remedy = remedy.unwrap_or_else(|| {
                    let Field { name, form, example, .. } = field;
                    format!("Write {}, as in {name} = {example}", form.expected())
                });
                problems.add(&entry.place, checked.key(&entry.key), what, remedy);
                checked.sound = false;
            }
        }
    }
    for field in fields.iter().filter(|f| f.required) {
        let there = |e: &Entry| field_of(&e.key, fields).is_some_and(|(f, _)| f.name == field.name);
        if !section.entries.iter().any(there) {
            missing(field, &checked, problems);
            checked.sound = false;
        }
    }
    checked
}

/// The field that a key sets, and whether it does so by naming a file.
fn field_of<'f>(key: &str, fields: &'f [Field]) -> Option<(&'f Field, bool)> {
    let named = |name: &str| fields.iter().find(|f| f.name == name);
    named(key).map(|field| (field, false)).or_else(|| {
        let field = named(key.strip_suffix("_file")?)?;
        field.secret().then_some((field, true))
    })
}

fn twin(field: &Field) -> String {
    format!("{}_file", field.name)
}

/// Whether `KEY` stands beside `KEY_file`. What the environment says wins over a file; within one
/// of the two, both together are refused.
fn beaten(
    entry: &Entry,
    field: &Field,
    section: &Section,
    checked: &mut Checked,
    problems: &mut Problems,
) -> bool {
    let Some(plain) = section.entries.iter().find(|e| e.key == field.name) else {
        return false;
    };
    let outside = |e: &Entry| matches!(e.place, Place::Variable(_));
    if outside(plain) == outside(entry) {
        let what = format!("`{}` and `{}` are both given", field.name, entry.key);
        problems.add(&entry.place, checked.key(&entry.key), what, "Keep one of the two.");
        checked.sound = false;
        return true;
    }
    outside(plain)
}

/// Reads the secret that `KEY_file` names. The path is not quoted: it may be the secret itself,
/// written under the wrong key.
fn from_file(field: &Field, entry: &Entry) -> Result<Value, Wrong> {
    let wrong = |what: String, remedy: &str| Wrong { what, remedy: Some(remedy.to_owned()) };
    let (Raw::Text(name) | Raw::Variable(name)) = &entry.raw else {
        let remedy = format!(
            "Write the path of a file in quotes; the text itself belongs in {}.",
            field.name
        );
        return Err(wrong(format!("wrong form: {}", entry.raw.is()), &remedy));
    };
    let path = match entry.place.folder() {
        Some(folder) => folder.join(name),
        None => PathBuf::from(name),
    };
    let text = read_short(&path).map_err(|why| {
        let remedy = format!(
            "Name a file that Ascolto may read, with its path from the folder of this \
             configuration; the text itself belongs in `{}`.",
            field.name
        );
        wrong(format!("the file it names cannot be read ({why})"), &remedy)
    })?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(wrong("the file it names is empty".to_owned(), "Write the secret into it."));
    }
    field.form.read(&Raw::Text(text.to_owned()))
}

fn read_short(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|why| why.kind().to_string())?;
    let mut text = String::new();
    match file.take(LONGEST_SECRET + 1).read_to_string(&mut text) {
        Err(why) => Err(why.kind().to_string()),
        Ok(read) if read as u64 > LONGEST_SECRET => Err("it is no secret: too long".to_owned()),
        Ok(_) => Ok(text),
    }
}

/// A required text must say something.
fn filled(field: &Field, value: Value) -> Result<Value, Wrong> {
    match &value {
        Value::Text(text) if field.required && text.trim().is_empty() => {
            Err("empty".to_owned().into())
        }
        _ => Ok(value),
    }
}

fn missing(field: &Field, checked: &Checked, problems: &mut Problems) {
    let example = match (field.form, field.example) {
        (_, "") => "…",
        (Form::Plain(crate::wire::KeyKind::Secret), _) => "\"…\"",
        (_, example) => example,
    };
    let mut remedy = format!("Write {} = {example} below [{}]", field.name, checked.path);
    if field.secret() {
        remedy.push_str(&format!(", or name a file that holds it with {}", twin(field)));
    }
    problems.add(&checked.place, checked.key(field.name), "missing", remedy + ".");
}
