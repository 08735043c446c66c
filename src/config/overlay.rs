//! Lays environment variables (`ASCOLTO__CHANNEL__NAME__KEY`) over the files.

use super::problem::{Place, Problems, instead, nearest};
use super::section::{Entry, Raw, Section, Sections};
use super::tables::{SHAPES, Shape};

const PREFIX: &str = "ASCOLTO__";

/// The variables of this process that are meant for the configuration: the edge where `load` gets
/// its `env` from. A value that is not UTF-8 is passed on with U+FFFD, which `load` refuses.
pub fn from_env() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
        Some((name, value.to_string_lossy().into_owned()))
    })
}

/// Lays the variables over the sections. The value of a variable is never quoted.
pub(super) fn lay(
    sections: &mut Sections,
    env: impl Iterator<Item = (String, String)>,
    problems: &mut Problems,
) {
    let mut variables: Vec<_> = env.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    variables.sort();
    for (name, value) in variables {
        let place = Place::Variable(name.clone());
        let laid = find(&name[PREFIX.len()..], &place, sections).and_then(|(section, key)| {
            if value.contains('\u{FFFD}') {
                return Err(("not UTF-8".to_owned(), "Write it as UTF-8.".to_owned()));
            }
            section.entries.retain(|entry| entry.key != key);
            section.entries.push(Entry { key, place: place.clone(), raw: Raw::Variable(value) });
            Ok(())
        });
        if let Err((what, remedy)) = laid {
            problems.add(&place, "", what, remedy);
        }
    }
}

type Refusal = (String, String);

/// The section and key that a variable means.
fn find<'s>(
    rest: &str,
    place: &Place,
    sections: &'s mut Sections,
) -> Result<(&'s mut Section, String), Refusal> {
    let (kind, rest) = rest.split_once("__").unwrap_or((rest, ""));
    let Some(shape) = SHAPES.iter().find(|shape| upper(shape.kind) == kind) else {
        let kinds: Vec<_> = SHAPES.iter().map(|shape| upper(shape.kind)).collect();
        let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
        return Err((
            format!("there is no section `{}`", kind.to_lowercase()),
            instead(kind, &kinds),
        ));
    };
    // A key has no double underscore, but a name may.
    let (name, key) = match shape.named {
        true => rest.rsplit_once("__").unwrap_or((rest, "")),
        false => ("", rest),
    };
    if key.is_empty() {
        let name = if shape.named { "__NAME" } else { "" };
        let remedy = format!("Write {PREFIX}{}{name}__KEY, in capitals.", upper(shape.kind));
        return Err(("the variable names no key".to_owned(), remedy));
    }
    let key = key.to_lowercase();
    Ok((section(shape, name, place, sections)?, key))
}

fn section<'s>(
    shape: &'static Shape,
    name: &str,
    place: &Place,
    sections: &'s mut Sections,
) -> Result<&'s mut Section, Refusal> {
    let means = |s: &Section| s.shape.kind == shape.kind && upper(&s.name) == name;
    let meant: Vec<_> = sections.all.iter().enumerate().filter(|(_, s)| means(s)).collect();
    let index = match meant[..] {
        [(index, _)] => index,
        [] if !shape.named => {
            let entries = Vec::new();
            let section = Section { shape, name: String::new(), place: place.clone(), entries };
            sections.all.push(section);
            sections.all.len() - 1
        }
        [] => {
            let names: Vec<_> = sections.names(shape.kind).into_iter().map(upper).collect();
            let remedy = match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean {PREFIX}{}__{near}__…?", upper(shape.kind)),
                None => shape.how(),
            };
            return Err((format!("no {} is called like that", shape.kind), remedy));
        }
        [(_, one), (_, other), ..] => {
            let what = format!("it may mean {} or {}", one.path(), other.path());
            return Err((what, "Give one of the two another name.".to_owned()));
        }
    };
    Ok(&mut sections.all[index])
}

/// A name as it stands in a variable.
fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}
